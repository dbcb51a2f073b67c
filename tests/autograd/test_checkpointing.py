from __future__ import annotations

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


def test_memory_of_the_inside_is_not_kept():
    calls = []

    def part(x):
        calls.append(1)
        return ag.exp(ag.sin(x))

    x = ag.tensor([0.5], requires_grad=True)
    y = ag.checkpoint(part, x)
    assert y.node.op.kind == "item"
    assert y.node.inputs[0].inputs == (x.node,)
    y.sum().backward()
    assert len(calls) == 2
    np.testing.assert_allclose(x.grad.array, np.exp(np.sin(0.5)) * np.cos(0.5), rtol=1e-6)


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
