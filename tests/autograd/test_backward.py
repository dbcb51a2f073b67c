"""The backward walk: accumulation, hooks, retained graphs, higher orders, memory, deep graphs, overwritten values."""

from __future__ import annotations

import gc
import threading
import tracemalloc
import weakref

import numpy as np
import pytest

import autograd as ag
from autograd import backward
from autograd.errors import GradientError, ShapeError


def leaf(values, device="cpu", dtype="float64"):
    return ag.tensor(values, dtype=dtype, device=device, requires_grad=True)


def host(t):
    return t.to("cpu").tolist()


def test_gradients_add_up_over_uses_and_over_passes(device):
    x = leaf([1.0, 2.0], device)
    (x * x + 3 * x).sum().backward()
    assert host(x.grad) == [5.0, 7.0]
    (x * x).sum().backward()
    assert host(x.grad) == [7.0, 11.0]
    x.grad = None
    x.sum().backward()
    assert host(x.grad) == [1.0, 1.0]


def test_gradients_of_two_leaves_never_share_memory(device):
    a, b = leaf([1.0, 2.0], device), leaf([3.0, 4.0], device)
    cotangent = ag.ones(2, dtype="float64", device=device)
    (a + b).backward(cotangent)
    assert not np.shares_memory(a.grad.array, b.grad.array)
    assert not np.shares_memory(a.grad.array, cotangent.array)
    with ag.no_grad():
        a.grad *= 10
    assert host(b.grad) == [1.0, 1.0]
    assert host(cotangent) == [1.0, 1.0]


def test_a_gradient_that_is_a_view_or_a_broadcast_becomes_memory_of_its_own(device):
    x = leaf(np.ones((3, 4)), device)
    x.sum().backward()
    x.grad.array[0, 0] = 7  # a broadcast view would be read-only, or change every element
    assert x.grad.array.sum() == 18
    y, z = leaf(np.ones(6), device), leaf(np.ones((2, 3)), device)
    (y.reshape(2, 3) * z).sum().backward()
    assert not np.shares_memory(y.grad.array, z.array)
    first = z.grad
    (2 * z).sum().backward()
    assert first is not z.grad
    assert host(first) == [[1.0] * 3] * 2, "an earlier gradient that somebody kept does not change"


def test_grad_is_a_tensor_and_checks_what_is_assigned():
    x = leaf([1.0, 2.0])
    x.sum().backward()
    assert isinstance(x.grad, ag.Tensor)
    assert x.grad.dtype == x.dtype
    with pytest.raises(ShapeError, match=r"grad: is \(3,\).*wants \(2,\)"):
        x.grad = ag.ones(3, dtype="float64")
    with pytest.raises(TypeError, match="must be a Tensor"):
        x.grad = np.ones(2)


def test_backward_twice_needs_retain_graph():
    for make in (lambda x: (x * x).sum(), lambda x: (x + 1).sum()):
        x = leaf([1.0, 2.0])
        y = make(x)
        y.backward(retain_graph=True)
        once = np.array(x.grad.tolist())
        y.backward()
        np.testing.assert_array_equal(x.grad.array, 2 * once)
        with pytest.raises(GradientError, match="retain_graph=True"):
            y.backward()
        np.testing.assert_array_equal(x.grad.array, 2 * once)  # a failed pass leaves the gradients as they were


def test_backward_of_several_numbers_needs_a_cotangent():
    x = leaf([1.0, 2.0])
    with pytest.raises(GradientError, match=r"(?s)\(2,\) and holds 2 elements.*sum\(\)"):
        (x * 2).backward()
    (x * 2).backward(ag.tensor([1.0, 10.0]))
    assert x.grad.tolist() == [2.0, 20.0]
    with pytest.raises(ShapeError, match=r"gradient is \(3,\); the output wants \(2,\)"):
        (x * 2).backward(ag.ones(3))


def test_backward_without_a_graph_says_why():
    with pytest.raises(GradientError, match="requires_grad=True"):
        ag.tensor([1.0]).sum().backward()
    x = leaf([1.0])
    with ag.no_grad():
        y = x * 2
    with pytest.raises(GradientError, match=r"no_grad\(\)"):
        y.backward()


def test_intermediate_gradients_only_where_asked_for():
    x = leaf([1.0, 2.0])
    h = x * 3
    k = h * 2
    h.retain_grad()
    k.sum().backward()
    assert h.grad.tolist() == [2.0, 2.0]
    assert k.grad is None
    with pytest.raises(GradientError, match="retain_grad"):
        ag.ones(2).retain_grad()


def test_hooks_see_and_replace_the_complete_gradient():
    x = leaf([1.0, 2.0])
    h = x * 3
    seen = []
    first = h.register_hook(lambda g: seen.append(g.tolist()))
    second = h.register_hook(lambda g: g * 10)
    (h + h).sum().backward(retain_graph=True)
    assert seen == [[2.0, 2.0]]
    assert x.grad.tolist() == [60.0, 60.0]
    first.remove()
    second.remove()
    second.remove()
    x.grad = None
    (h * 1).sum().backward()
    assert seen == [[2.0, 2.0]]
    assert x.grad.tolist() == [3.0, 3.0]
    x.register_hook(lambda g: g + 1)
    x.grad = None
    (x * 1).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]
    with pytest.raises(GradientError, match="hook"):
        ag.ones(2).register_hook(print)


def test_a_hook_outlives_a_change_of_dtype_and_its_handle_still_removes_it():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    handle = x.register_hook(lambda g: g * 10)
    x.data = x.array.astype(np.float64)
    (x * 3).sum().backward()
    assert x.grad.dtype == np.float64
    assert x.grad.tolist() == [30.0, 30.0]
    handle.remove()
    x.grad = None
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_a_hook_that_is_registered_during_the_walk_loses_no_gradient():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    h = x * 3
    h.register_hook(lambda g: x.register_hook(lambda g: g * 10) and None)  # when x has the gradient of y * 5 already
    (h + x * 5).sum().backward()
    assert x.grad.tolist() in ([8.0, 8.0], [80.0, 80.0])


def test_a_hook_that_returns_the_wrong_thing_is_named():
    x = leaf([1.0, 2.0])
    h = x * 3
    h.register_hook(lambda g: g.sum())
    with pytest.raises(GradientError, match=r"returned \(\); return a Tensor of shape \(2,\)"):
        h.sum().backward()
    assert x.grad is None


def test_create_graph_gives_every_order(device):
    x = leaf([0.3, -0.7], device)
    (first,) = ag.gradients(ag.tanh(x).sum(), x, create_graph=True)
    (second,) = ag.gradients(first.sum(), x, create_graph=True)
    (third,) = ag.gradients(second.sum(), x)
    t = np.tanh([0.3, -0.7])
    np.testing.assert_allclose(first.to("cpu").detach().numpy(), 1 - t**2)
    np.testing.assert_allclose(second.to("cpu").detach().numpy(), -2 * t * (1 - t**2))
    np.testing.assert_allclose(third.to("cpu").numpy(), -2 * (1 - t**2) * (1 - 3 * t**2))
    assert not third.requires_grad


def test_third_derivative_of_tanh_through_grad():
    third = ag.grad(ag.grad(ag.grad(ag.tanh)))
    t = np.tanh(0.5)
    assert float(third(np.float64(0.5))) == pytest.approx(-2 * (1 - t**2) * (1 - 3 * t**2), rel=1e-12)


def test_gradient_penalty_flows_into_leaves():
    w, x = leaf([2.0]), leaf([3.0])
    y = (w * x * x).sum()
    (gx,) = ag.gradients(y, x, create_graph=True)
    (gx * gx).sum().backward()  # (2 w x)^2: derivative 8 w x^2
    assert w.grad.tolist() == [144.0]
    assert x.grad.tolist() == [96.0]


def test_gradients_leave_grad_alone_and_walk_only_what_they_need():
    x, w = leaf([1.0]), leaf([5.0])
    h = x * 2
    seen = []
    side = w * 3
    side.register_hook(lambda g: seen.append(g))
    y = (h * side).sum()
    (gh,) = ag.gradients(y, h, retain_graph=True)
    assert gh.tolist() == [15.0]
    assert not seen, "the branch of w does not lead to h"
    assert x.grad is None
    assert w.grad is None
    gx, gw = ag.gradients(y, [x, w])
    assert (gx.tolist(), gw.tolist()) == ([30.0], [6.0])


def test_gradients_name_an_input_that_is_not_used():
    x, unused = leaf([1.0]), leaf([1.0, 2.0])
    with pytest.raises(GradientError, match=r"inputs\[1\] of shape \(2,\).*\n?.*allow_unused=True"):
        ag.gradients((x * 2).sum(), [x, unused], retain_graph=True)
    found = ag.gradients((x * 2).sum(), [x, unused], allow_unused=True)
    assert found[1] is None
    with pytest.raises(GradientError, match=r"inputs\[0\] does not want gradients"):
        ag.gradients((x * 2).sum(), [ag.ones(1)])


def test_several_outputs_are_weighed():
    x = leaf([1.0, 2.0])
    (g,) = ag.gradients([x * x, x], x, grad_outputs=[ag.tensor([1.0, 1.0]), ag.tensor([10.0, 20.0])])
    assert g.tolist() == [12.0, 24.0]
    with pytest.raises(ShapeError, match="1 grad_outputs for 2 outputs"):
        ag.gradients([x * x, x], x, grad_outputs=[ag.ones(2)])


def test_an_output_of_split_that_is_not_used_counts_as_zero():
    x = leaf(np.arange(6.0))
    a, _, c = ag.split(x, 3)
    (a * 2 + c * c).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0, 0.0, 0.0, 8.0, 10.0]


@pytest.mark.parametrize("n", [1_000_000])
def test_a_chain_of_a_million_adds_goes_forward_and_backward(n):
    x = ag.ones(2, requires_grad=True)
    y = x
    for _ in range(n):
        y = y + 1.0
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]
    del y  # a recursive release of a million nodes would end the process


def test_a_wide_fan_in_is_summed_once_each():
    x = leaf([1.0])
    total = x * 0
    for _ in range(2000):
        total = total + x
    total.sum().backward()
    assert x.grad.tolist() == [2000.0]


def test_a_dropped_loss_leaves_no_memory_behind_without_the_garbage_collector():
    x = leaf(np.ones(10_000))

    def step(order: int) -> None:
        y = ag.tanh(x * 2)
        if order == 2:
            (g,) = ag.gradients(y.sum(), x, create_graph=True)
            y = g
        for part in ag.split(y, 2):
            y = y[: len(part)] + part
        y.sum().backward(retain_graph=order == 1)
        x.grad = None

    step(1), step(2)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        step(1), step(2)
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(20):
            step(1), step(2)
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
        gc.enable()
    assert after - before < 80_000, f"{after - before} bytes stayed after 40 steps; one array of a step has 80,000"


def test_nodes_die_with_the_loss_even_after_backward_with_create_graph():
    gc.collect()
    gc.disable()
    try:
        x = leaf([1.0])
        y = (x * x * x).sum()
        reference = weakref.ref(y)
        y.backward(create_graph=True)
        assert x.grad.requires_grad
        gone = weakref.ref(x)
        del x, y
        assert reference() is None
        assert gone() is None, "x.grad refers to the graph, and the graph must not own x"
    finally:
        gc.enable()


def test_saved_arrays_are_given_back_as_the_walk_passes():
    x = leaf(np.ones(100))
    y = x * 2
    z = ag.tanh(y)
    reference = weakref.ref(z.array)
    loss = z.sum()
    del z
    assert reference() is not None, "tanh saves its output"
    loss.backward()
    assert reference() is None
    assert loss.node.op.name == "sum", "the structure of the graph stays, to be looked at"


def test_an_overwritten_value_is_an_error_that_names_op_and_shape(device):
    w, x = leaf([[1.0, 2.0]], device), leaf([[3.0], [4.0]], device)
    y = (w @ x).sum()
    with ag.no_grad():
        w += 1
    with pytest.raises(GradientError, match=r"matmul: backward needs its argument a, of shape \(1, 2\)"):
        y.backward()
    out = ag.exp(x)
    with ag.no_grad():
        out[0] = 0.0
    with pytest.raises(GradientError, match=r"exp: backward needs its output, of shape \(2, 1\)"):
        out.sum().backward()


def test_overwriting_through_a_view_or_data_is_seen():
    x = leaf(np.arange(4.0))
    y = (x * x).sum()
    view = x.detach().reshape(2, 2)
    with ag.no_grad():
        view[0, 0] = 9.0
    with pytest.raises(GradientError, match="written in place"):
        y.backward()
    y = (x * x).sum()
    x.data[0] = 1.0
    with pytest.raises(GradientError, match="written in place"):
        y.backward()
    y = (x * x).sum()
    x.array[0] = 5.0
    ag.mark_written(x)
    with pytest.raises(GradientError, match="written in place"):
        y.backward()


def test_writes_that_nobody_needs_are_allowed():
    w, x = leaf([1.0, 2.0]), ag.tensor([3.0, 4.0], dtype="float64")
    y = (w * x).sum()
    with ag.no_grad():
        w += 1  # multiply saved x alone, since x wants no gradient
    y.backward()
    assert w.grad.tolist() == [3.0, 4.0]
    z = (w + 1).sum()
    with ag.no_grad():
        w *= 0
    z.backward()


def test_in_place_arithmetic_on_a_computed_tensor_is_recorded():
    x = leaf([1.0, 2.0])
    y = x * 3
    old = y * y  # stands for the value before
    y += x
    y *= 2
    y -= 1.0
    y /= 2
    (old + y).sum().backward()
    assert y.tolist() == [3.5, 7.5]
    np.testing.assert_allclose(x.grad.array, 18 * np.array([1.0, 2.0]) + 4)


def test_recorded_assignment():
    x, v = leaf([1.0, 2.0, 3.0]), leaf(10.0)
    y = x * x
    kept = y + 0
    y[1] = v
    (y * y).sum().backward()
    assert y.tolist() == [1.0, 10.0, 9.0]
    assert kept.tolist() == [1.0, 4.0, 9.0]
    assert x.grad.tolist() == [4.0, 0.0, 108.0]
    assert v.grad.item() == 20.0
    constant = ag.zeros(3, dtype="float64")
    constant[0] = v
    constant.sum().backward()
    assert v.grad.item() == 21.0


def test_in_place_on_a_leaf_is_an_error_outside_no_grad():
    x = leaf([1.0, 2.0])
    for write in (lambda: x.__iadd__(1), lambda: x.__setitem__(0, 1.0)):
        with pytest.raises(GradientError, match=r"no_grad\(\)"):
            write()
    assert x.tolist() == [1.0, 2.0]


@pytest.mark.filterwarnings("ignore:.* encountered in:RuntimeWarning")  # the branch not taken is computed too
def test_where_does_not_leak_from_the_branch_not_taken(device):
    x = leaf([0.0, 1.0, -2.0], device)
    ag.where(x > 0, ag.log(x) + ag.sqrt(x) + 1 / x, x * 2).sum().backward()
    np.testing.assert_allclose(x.grad.to("cpu").array, [2.0, 1 + 0.5 - 1, 2.0])
    z = leaf([1000.0, 0.0])
    ag.where(z > 10, z, ag.log1p(ag.exp(z))).sum().backward()
    np.testing.assert_allclose(z.grad.array, [1.0, 0.5])
    (g,) = ag.gradients(ag.where(z > 10, z, ag.exp(z) * z).sum(), z, create_graph=True)
    (second,) = ag.gradients(g.sum(), z)
    np.testing.assert_allclose(second.array, [0.0, 2.0])


def test_complex_gradients_follow_the_convention_of_descent(device):
    z = ag.tensor(np.array([1 + 2j, -0.5j]), device=device, requires_grad=True)
    w = ag.tensor(np.array([0.3 - 1j, 2.0 + 0j]), device=device, requires_grad=True)
    loss = (abs(z * w + ag.exp(z)) ** 2).sum()
    loss.backward()
    assert z.grad.dtype == np.complex128
    before = loss.item()
    with ag.no_grad():
        z -= 1e-3 * z.grad
        w -= 1e-3 * w.grad
        assert (abs(z * w + ag.exp(z)) ** 2).sum().item() < before
    assert ag.gradcheck(lambda a, b: a * b + ag.sin(a) / b, [z, w])
    assert ag.gradcheck(lambda a, b: abs(a @ b), [z, w])
    real = leaf([1.0, 2.0], device)
    (real * w.detach()).sum().backward(ag.tensor(1 + 0j, dtype="complex128", device=device))
    assert real.grad.dtype == np.float64


def test_threads_have_a_mode_of_their_own_and_record_at_once():
    results: dict[int, list[float]] = {}

    def work(k: int) -> None:
        assert ag.is_grad_enabled(), "a new thread starts with gradients on"
        x = leaf([float(k)])
        for _ in range(200):
            y = (x * x * k).sum()
            x.grad = None
            y.backward()
        results[k] = x.grad.tolist()

    with ag.no_grad():
        threads = [threading.Thread(target=work, args=(k,)) for k in range(1, 5)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    assert results == {k: [2.0 * k * k] for k in range(1, 5)}


def test_an_error_in_a_rule_names_the_node_and_a_wrong_shape_the_rule():
    broken = ag.primitive("broken_for_a_test", np.negative, kind="elementwise", vjp=[lambda g: g.no_such_thing])
    wrong = ag.primitive("wrong_for_a_test", np.negative, kind="elementwise", vjp=[lambda g: g[:2]])
    x = leaf([1.0, 2.0, 3.0])
    try:
        with pytest.raises(AttributeError) as caught:
            broken(x).sum().backward()
        assert any("broken_for_a_test" in note for note in caught.value.__notes__)
        with pytest.raises(GradientError, match=r"wrong_for_a_test.*\(2,\) for an input of shape \(3,\).*bug"):
            wrong(x).sum().backward()
        assert x.grad is None
    finally:
        for name in ("broken_for_a_test", "wrong_for_a_test"):
            ag.OPS.pop(name)


@pytest.mark.parametrize("count", [10, 1000])
def test_the_cotangents_of_many_outputs_are_gathered_in_work_that_grows_as_their_number(count):
    seen = []

    class Slots(backward._Slots):
        __slots__ = ()

        def __add__(self, other):
            seen.append(len(other.parts))
            return super().__add__(other)

    x = leaf(np.arange(float(count)))
    parts = ag.split(x, count)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backward, "_Slots", Slots)
        total = parts[0] * 1.0
        for i, part in enumerate(parts[1:-1], 1):  # the last is not used
            total = total + i * part
        total.sum().backward()
    assert sum(seen) == count - 2, "each joins the others alone, whatever their number"
    expected = np.arange(float(count))
    expected[0], expected[-1] = 1, 0
    assert host(x.grad) == expected.tolist()


def test_two_uses_of_one_output_add_up():
    x = leaf([1.0, 2.0, 3.0])
    a, b, c = ag.split(x, 3)
    (a * b + b * c).sum().backward()
    assert host(x.grad) == [2.0, 4.0, 2.0]
