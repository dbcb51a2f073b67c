from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autograd as ag

rng = np.random.default_rng(0)
W, X = rng.normal(size=(3, 3)), rng.normal(size=(4, 3))


def contraction(op):
    return op.kind == "contraction"


@pytest.mark.parametrize("keep", [None, contraction])
@pytest.mark.parametrize("order", [1, 2])
def test_checkpoint_equals_no_checkpoint(keep, order):
    results = []
    for checkpointed in (False, True):
        ag.manual_seed(3)
        w, x = ag.tensor(W, requires_grad=True), ag.tensor(X, requires_grad=True)

        def part(z, w=w):
            return ag.dropout(ag.tanh(z @ w), 0.3) @ w  # closes over w, and draws random numbers

        y = (ag.checkpoint(part, x, keep=keep) if checkpointed else part(x)).sum()
        found = ag.gradients(y, [x, w], create_graph=order == 2)
        if order == 2:
            found = ag.gradients(sum((g * g).sum() for g in found), [x, w])
        results.append([g.array for g in found] + [y.detach().array, ag.rand(3).array])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def saved_arrays(y):
    """The arrays that the graph of ``y`` keeps for backward, apart from its leaves."""
    stack, found, seen = [y.node], [], set()
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        stack.extend(node.inputs)
        if isinstance(node.saved, tuple):
            found += [value for value in node.saved if isinstance(value, np.ndarray)]
    return found


def test_memory_of_the_inside_is_not_kept():
    calls = []

    def part(x):
        calls.append(1)
        return ag.exp(ag.sin(x))

    x = ag.tensor([0.5], requires_grad=True)
    y = ag.checkpoint(part, x)
    assert saved_arrays(part(x)) != []
    assert saved_arrays(y) == []
    calls.clear()
    y.sum().backward(retain_graph=True)
    assert len(calls) == 1  # all that one pass asks for is computed at once
    assert saved_arrays(y) == []
    np.testing.assert_allclose(x.grad.array, np.exp(np.sin(0.5)) * np.cos(0.5), rtol=1e-6)
    y.sum().backward()
    assert len(calls) == 2


# Each program computes something from an input and a parameter that it closes over, and does more on the way. It must
# leave the same values, gradients and contents of the caller's arrays with checkpoint and without.


def writes_its_argument(z, w):
    z += w
    return z * z


def writes_an_inner_value(z, w):
    y = z * w
    y *= 3
    y[0] = z[1]
    return y * z


def writes_under_no_grad(z, w):
    y = (z * w).detach()
    with ag.no_grad():
        y[0] = 5.0
    return y * z + w


def returns_what_it_closes_over(z, w):
    return z * 2, w


def takes_a_derivative(z, w):
    return ag.grad(lambda q: (ag.sin(q) * w * q).sum())(z) * z


def takes_a_derivative_of_constants(z, w):
    return ag.grad(lambda q: (ag.sin(q) * q).sum())(z.detach()) * w * z


def takes_forward_derivatives(z, w):
    return ag.vmap(lambda q: ag.jvp(lambda r: ag.exp(r) * q, (q,), (q * q,))[1])(z) * w


def is_nested(z, w):
    return ag.checkpoint(lambda q: ag.exp(ag.checkpoint(ag.sin, q) * w), z) * z


def draws(z, w):
    return ag.dropout(z, 0.5) * w + ag.checkpoint(lambda q: ag.dropout(q, 0.5), z)


PROGRAMS = [
    writes_its_argument, writes_an_inner_value, writes_under_no_grad, returns_what_it_closes_over, takes_a_derivative,
    takes_a_derivative_of_constants, takes_forward_derivatives, is_nested, draws,
]  # fmt: skip


@pytest.mark.parametrize("keep", [None, lambda op: op.name in ("sin", "multiply")], ids=["nothing", "some"])
@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("program", PROGRAMS)
def test_what_a_part_does_on_the_way(program, create_graph, keep):
    results = []
    for checkpointed in (False, True):
        ag.manual_seed(0)
        z0, w = ag.tensor(X[0], requires_grad=True), ag.tensor(W[0], requires_grad=True)
        memory = X[1].copy()
        z = z0 * ag.tensor(memory)
        part = lambda q, w=w: program(q, w)  # noqa: E731
        outs = ag.tree_leaves(ag.checkpoint(part, z, keep=keep) if checkpointed else part(z))
        total = sum((y * y).sum() for y in outs)
        found = ag.gradients(total, [z0, w], create_graph=create_graph)
        if create_graph:
            found += ag.gradients(sum((g * g).sum() for g in found), [z0, w])
        results.append([*(y.detach().array for y in outs), z.detach().array, memory, *(g.array for g in found)])
        results[-1].append(ag.rand(2).array)
    for plain, again in zip(*results, strict=True):
        np.testing.assert_array_equal(plain, again)


def test_hooks_and_gradients_of_inner_values():
    seen = []

    def part(z):
        inner = z * 3
        inner.register_hook(lambda g: seen.append(g.tolist()) or g * 2)
        return inner * z

    z = ag.tensor([2.0], requires_grad=True)
    ag.checkpoint(part, z).sum().backward()
    assert seen == [[2.0]]
    assert z.grad.tolist() == [2 * 2.0 * 3 + 6.0]


def test_running_statistics_change_once():
    mean = ag.zeros(3)

    def part(z):
        with ag.no_grad():
            mean[...] = 0.5 * mean + 0.5 * z.mean(0)
        return ag.exp(z)

    z = ag.tensor(np.ones((2, 3), "float32"), requires_grad=True)
    y = ag.checkpoint(part, z)
    later = mean * ag.tensor([2.0, 2, 2], requires_grad=True)  # saves the statistics
    (y.sum() + later.sum()).backward()
    assert mean.tolist() == [0.5, 0.5, 0.5]


def test_what_changed_before_backward_is_an_error():
    w = ag.tensor([2.0], requires_grad=True)
    z = ag.tensor([3.0], requires_grad=True)
    y = ag.checkpoint(lambda q: ag.exp(q * w), z)
    w.data = np.array([4.0], "float32")
    with pytest.raises(
        ag.GradientError, match="a Tensor of shape \\(1,\\) that it closes over holds another array now"
    ):
        y.sum().backward()
    calls = []

    def moody(q):
        calls.append(1)
        return ag.exp(q) if len(calls) == 1 else ag.sin(q)

    with pytest.raises(
        ag.GradientError, match=r"moody cannot be computed again as it was: op 0 was exp .*, and now is sin"
    ):
        ag.checkpoint(moody, z).sum().backward()
    calls.clear()
    with pytest.raises(ag.GradientError, match=r"it had 2 recorded ops, and now 1"):
        ag.checkpoint(
            lambda q: ag.exp(q) if calls.append(1) or len(calls) == 2 else ag.exp(ag.exp(q)), z
        ).sum().backward()


def test_an_error_inside_leaves_nothing_behind():
    with pytest.raises(ag.ShapeError):
        ag.checkpoint(lambda q: q @ q, ag.tensor(X, requires_grad=True))
    with ag.record() as tape:
        ag.sin(ag.tensor([1.0], requires_grad=True))
    assert [op.op for op in tape.recording.ops] == ["sin"]


def test_threads_go_backward_through_one_part():
    z = ag.tensor(np.linspace(0, 1, 50), requires_grad=True)
    y = ag.checkpoint(lambda q: ag.exp(ag.sin(q * 2) * q), z)
    want = ag.gradients(ag.exp(ag.sin(z * 2) * z).sum(), z)[0].array
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: ag.gradients(y.sum(), z, retain_graph=True)[0].array, range(16)))
    for g in found:
        np.testing.assert_array_equal(g, want)


def test_containers_and_several_results():
    x = {"a": ag.tensor([2.0], requires_grad=True), "b": [3.0]}
    y = ag.checkpoint(lambda d: {"p": d["a"] * d["b"][0], "q": (d["a"] ** 2, 7)}, x)
    assert y["q"][1] == 7
    (y["p"] + y["q"][0]).sum().backward()
    assert x["a"].grad.tolist() == [7.0]


def test_writing_an_input_before_backward_is_an_error():
    x = ag.tensor([2.0], requires_grad=True)
    y = ag.checkpoint(lambda z: z * z, x)
    with ag.no_grad():
        x += 1
    with pytest.raises(ag.GradientError, match="written in place"):
        y.sum().backward()


def test_complex_values():
    z = np.array([0.5 - 0.9j, -0.9 - 1j])
    function = lambda z: (z * ag.conj(z) + ag.exp(z), ag.abs(z + 3))  # noqa: E731
    assert ag.gradcheck(lambda z: ag.checkpoint(function, z), [z])
    assert ag.gradgradcheck(lambda z: ag.checkpoint(function, z), [z])


def test_hooks_around_a_part_do_not_pack_what_it_forgets():
    packed = []
    z = ag.tensor([1.0, 2.0], requires_grad=True)
    with ag.saved_tensor_hooks(lambda x: packed.append(x) or x, lambda x: x):
        y = ag.checkpoint(lambda q: ag.exp(q) * q, z)
    assert packed == []
    y.sum().backward()
    np.testing.assert_allclose(z.grad.array, np.exp([1, 2]) * [2, 3], rtol=1e-6)


def test_what_writes_an_array_that_it_reads_is_an_error():
    w, buffer = ag.tensor([1.0, 1.0], requires_grad=True), ag.tensor([0.0, 0.0])

    def counts(w):
        with ag.no_grad():
            shared = buffer
            shared += 1.0
        return w * ag.exp(buffer)

    with pytest.raises(ag.GradientError, match=r"it writes an array of shape \(2,\) that it also reads"):
        ag.checkpoint(counts, w).sum().backward()
    mask = ag.tensor([1.0, -1.0])
    y = ag.checkpoint(lambda w: ag.where(mask > 0, w * w, 0 * w), w)
    with ag.no_grad():
        mask[...] = -mask
    with pytest.raises(ag.GradientError, match="was written in place before backward"):
        y.sum().backward()
    index, table = ag.tensor(np.array([0, 1])), ag.tensor([2.0, 3.0, 4.0])
    y = ag.checkpoint(lambda w: ag.exp(w * table[index]), w)
    index += 1
    with pytest.raises(ag.GradientError, match="an index of shape .* was written in place before backward"):
        y.sum().backward()

    def moves_on(w):
        at = index
        at -= 1
        return ag.exp(w * table[at])

    with pytest.raises(ag.GradientError, match=r"it writes an array of shape \(2,\) that it also reads"):
        ag.checkpoint(moves_on, w).sum().backward()
    rows = [2]
    y = ag.checkpoint(lambda w: ag.exp(w[: rows[0]]).sum(), w)
    rows[0] = 1
    with pytest.raises(ag.GradientError, match=r"op 0 was getitem \(2,\) float32, and now is getitem \(1,\) float32"):
        y.backward()


def test_random_numbers_are_drawn_again_whatever_other_threads_draw():
    x = ag.tensor(np.linspace(0.1, 1, 1000), requires_grad=True)

    def wrong(_):
        y = ag.checkpoint(lambda z: ag.dropout(ag.exp(z), 0.5) * z + ag.dropout(z * z, 0.5), x)
        kept, g = y.detach().array, ag.gradients(y.sum(), x)[0].array
        z = x.array  # y is a sum of terms that are there or not, so its gradient is known from it
        both = [(a * 2 * np.exp(z) * z + b * 2 * z * z, 2 * a * np.exp(z) * (1 + z) + 4 * b * z)
                for a in (0, 1) for b in (0, 1)]  # fmt: skip
        wanted = np.select([np.isclose(kept, value) for value, _ in both], [slope for _, slope in both], np.nan)
        return not np.allclose(g, wanted)

    with ThreadPoolExecutor(4) as pool:
        assert not any(pool.map(wrong, range(100)))


def test_a_generator_of_ones_own_goes_on_where_the_plain_call_leaves_it():
    def part(z, generator):
        made = ag.Generator(7)  # one that the part makes starts anew in each run
        return z * ag.randn(3, generator=generator) * ag.randn(3, generator=made)

    found = []
    for call in (lambda f, *args: f(*args), ag.checkpoint):
        generator = ag.Generator(5)
        x = ag.tensor([1.0, 2, 3], requires_grad=True)
        y = call(part, x, generator)
        ag.randn(4, generator=generator)
        y.sum().backward()
        found.append(x.grad.tolist() + ag.randn(2, generator=generator).tolist())
    assert found[0] == found[1]


def test_more_draws_than_the_first_time_are_an_error():
    calls = []
    x = ag.tensor([1.0], requires_grad=True)
    y = ag.checkpoint(
        lambda z: z * ag.rand(1) if calls.append(1) or len(calls) == 1 else z * ag.rand(1) * ag.rand(1), x
    )
    with pytest.raises(ag.GradientError, match="it had 1 draws of random numbers, and now has more or others"):
        y.backward()


def test_numbers_that_are_not_those_of_the_first_run_are_an_error():
    factor, buffer = [2.0], ag.tensor([1.0, 2.0])
    x = ag.tensor([1.0, 3.0], requires_grad=True)
    y = ag.checkpoint(lambda z: ag.exp(z * factor[0]), x)
    factor[0] = 3.0
    with pytest.raises(ag.GradientError, match=r"op 0, multiply \(2,\) float32, gives other numbers now"):
        y.sum().backward()

    def reads_without_gradient(z):
        with ag.no_grad():
            scale = buffer * 2
        return ag.exp(z * scale)

    y = ag.checkpoint(reads_without_gradient, x)
    with ag.no_grad():
        buffer += 1
    with pytest.raises(ag.GradientError, match="gives other numbers now"):
        y.sum().backward()


def test_what_would_happen_twice_is_an_error():
    w, x = ag.tensor([2.0], requires_grad=True), ag.tensor([3.0], requires_grad=True)

    def hooks(z):
        w.register_hook(lambda g: 2 * g)
        return z * w

    def goes_backward(z):
        (w * 2).sum().backward()
        return z * w

    with pytest.raises(ag.GradientError, match="hooks registers a hook on a Tensor of shape .* Register it before"):
        ag.checkpoint(hooks, x)
    with pytest.raises(ag.GradientError, match="goes_backward adds to .grad of a Tensor .* Take it with ag.gradients"):
        ag.checkpoint(goes_backward, x)
    assert w.grad is None


def test_what_computes_later_is_an_error():
    x = ag.tensor([3.0], requires_grad=True)

    def lazy(z):
        yield z * z

    with pytest.raises(ag.ArgumentError, match="lazy returned a generator, so it has computed nothing yet"):
        ag.checkpoint(lazy, x)


def test_wide_floats_are_compared_too():
    x = ag.tensor(np.ones(3, np.longdouble)).requires_grad_()
    (found,) = ag.gradients(ag.checkpoint(lambda x: ag.exp(x) * x, x).sum(), [x])
    np.testing.assert_allclose(found.array, 2 * np.exp(np.ones(3, np.longdouble)))
