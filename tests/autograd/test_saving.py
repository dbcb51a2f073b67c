"""Hooks see what is saved for backward, and decide how it is kept."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import autograd as ag
import nn


def loss_of(w, x):
    hidden = ag.tanh(x @ w)
    return (ag.softmax(hidden, 1) * hidden).sum() + ag.concat([hidden, w], 0).std()


def gradient(w, x, **options):
    loss = loss_of(w, x)
    return ag.gradients(loss, [w], **options)[0]


def test_what_is_packed_comes_back_as_it_was():
    w = ag.tensor(np.linspace(-1, 1, 12).reshape(3, 4), requires_grad=True)
    x = np.linspace(0, 1, 6).reshape(2, 3)
    shapes = []

    def pack(t):
        assert isinstance(t, ag.Tensor)
        assert not t.requires_grad
        shapes.append(t.shape)
        return t.detach().numpy().tobytes(), t.shape, t.dtype

    def unpack(kept):
        return np.frombuffer(kept[0], kept[2]).reshape(kept[1])

    with ag.saved_tensor_hooks(pack, unpack):
        packed = gradient(w, x)
        third = ag.gradients((gradient(w, x, create_graph=True) ** 2).sum(), [w])[0]
    assert (2, 4) in shapes
    np.testing.assert_array_equal(packed.array, gradient(w, x).array)
    plain = ag.gradients((gradient(w, x, create_graph=True) ** 2).sum(), [w])[0]
    np.testing.assert_array_equal(third.array, plain.array)


def test_ops_inside_the_hooks_are_neither_recorded_nor_packed_again():
    x = ag.tensor([0.3, 0.7], requires_grad=True)
    with ag.saved_tensor_hooks(lambda t: ag.exp(t), lambda t: ag.log(t)):
        y = ag.sin(x).sum()
    y.backward()
    np.testing.assert_allclose(x.grad.array, np.cos([0.3, 0.7]), rtol=1e-6)


def test_half_precision_halves_the_memory_between_the_passes():
    x = ag.tensor(np.linspace(0, 1, 1000, dtype=np.float32), requires_grad=True)

    def run():
        with ag.record() as tape:
            loss = ag.sin(ag.exp(x)).sum()
        loss.backward()
        return sum(tape.recording.saved_by_op().values())

    full = run()
    exact, x.grad = x.grad, None
    with ag.saved_tensor_hooks(lambda t: t.astype("float16"), lambda t: t.astype("float32")):
        half = run()
    assert half <= full / 2
    np.testing.assert_allclose(x.grad.array, exact.array, atol=5e-3)
    assert (x.grad.array != exact.array).any()


def test_retained_graphs_unpack_each_time_and_others_once():
    count = 0

    def unpack(t):
        nonlocal count
        count += 1
        return t

    x = ag.tensor(0.5, requires_grad=True)
    with ag.saved_tensor_hooks(lambda t: t, unpack):
        y = ag.sin(x)
    for k in (1, 2):
        y.backward(retain_graph=True)
        assert count == k
    y.backward()
    with pytest.raises(ag.GradientError, match="given back"):
        y.backward()
    assert count == 3


def test_wrong_shapes_written_memory_and_nesting():
    x = ag.tensor([0.5, 1.0], requires_grad=True)
    with ag.saved_tensor_hooks(lambda t: t, lambda t: t[:1]):
        y = ag.sin(x).sum()
    with pytest.raises(ag.GradientError, match=r"unpack returned \(1,\) float32 .*sin.* saved as \(2,\) float32"):
        y.backward()
    constant = ag.tensor([1.0, 2.0])
    with ag.saved_tensor_hooks(lambda t: t, lambda t: t):
        z = (x * constant).sum()
    constant[0] = 7.0
    with pytest.raises(ag.GradientError, match="written in place"):
        z.backward()
    seen = []
    with ag.saved_tensor_hooks(lambda t: seen.append("outer") or t, lambda t: t):  # noqa: SIM117
        with ag.saved_tensor_hooks(lambda t: seen.append("inner") or t, lambda t: t):
            ag.sin(x)
    assert seen == ["inner"]


def test_memory_goes_back_and_modules_work(device):
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).to(device)
    with ag.save_on_cpu():
        loss = model(ag.ones((5, 3), device=device)).sum()
    watched = weakref.ref(loss)
    kept = weakref.ref(loss.node.inputs[0].saved)
    gc.disable()
    try:
        loss.backward()
        assert kept() is None
        del loss
        assert watched() is None
    finally:
        gc.enable()
    assert all(p.grad is not None and p.grad.device == p.device for p in model.parameters())


def test_forward_mode_and_vmap_need_no_saving():
    with ag.saved_tensor_hooks(lambda t: pytest.fail("nothing is saved"), lambda t: t):
        assert ag.jvp(ag.sin, (0.5,), (1.0,))[1].item() == pytest.approx(np.cos(0.5))
    with ag.saved_tensor_hooks(lambda t: t, lambda t: t):
        rows = ag.vmap(ag.grad(lambda x: ag.sin(x) * x))(np.linspace(0, 1, 3))
    np.testing.assert_allclose(rows.array, [np.sin(v) + v * np.cos(v) for v in np.linspace(0, 1, 3)])


def test_a_context_that_is_entered_again_inside_another_ends_as_the_innermost():
    packed = []
    outer, inner = (ag.saved_tensor_hooks(lambda x, name=name: packed.append(name) or x, lambda x: x) for name in "AB")
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    with outer, inner:
        with outer:
            ag.exp(x)
        ag.exp(x)
    assert packed == ["A", "B"]
