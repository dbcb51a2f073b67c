"""Optimizers against PyTorch's: 200 steps in float64 on a quadratic, Rosenbrock and an MLP; state dicts; errors."""

from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
import nn
import optim
from autograd.errors import GlassgradError, GradientError

OPTIONS = [
    ("SGD", {"lr": 1e-3}), ("SGD", {"lr": 1e-3, "momentum": 0.9}),
    ("SGD", {"lr": 1e-3, "momentum": 0.9, "nesterov": True}), ("Adam", {"lr": 1e-2, "amsgrad": True}),
    ("SGD", {"lr": 1e-3, "momentum": 0.8, "dampening": 0.3, "weight_decay": 0.1}), ("Adam", {"lr": 1e-2}),
    ("Adam", {"lr": 1e-2, "betas": (0.8, 0.99), "eps": 1e-6, "weight_decay": 0.1}),
    ("AdamW", {"lr": 1e-2}), ("AdamW", {"lr": 1e-2, "weight_decay": 0.2, "amsgrad": True}),
]  # fmt: skip


def quadratic(x, lib):
    a = np.random.default_rng(0).normal(size=(6, 6))
    q = a @ a.T / 6
    q = ag.tensor(q) if lib is ag else lib.tensor(q)
    return 0.5 * (x * (q @ x)).sum()


def rosenbrock(x, lib):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum() * 0.01


def mlp(x, lib):
    rng = np.random.default_rng(1)
    data, target = rng.normal(size=(8, 1)), rng.normal(size=(8, 1))
    data, target = (ag.tensor(v) if lib is ag else lib.tensor(v) for v in (data, target))
    return ((lib.tanh(data * x[:3] + x[3:6]).sum(1) - target[:, 0]) ** 2).mean()


@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=str)
@pytest.mark.parametrize("problem", [quadratic, rosenbrock, mlp], ids=lambda f: f.__name__)
@pytest.mark.parametrize("maximize", [False, True])
def test_the_trajectory_is_pytorchs(name, options, problem, maximize):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle of this test")
    start = np.random.default_rng(2).normal(size=6) * 0.5
    ours, theirs = ag.tensor(start, requires_grad=True), torch.tensor(start, requires_grad=True)
    a = getattr(optim, name)([ours], **options, maximize=maximize)
    b = getattr(torch.optim, name)([theirs], **options, maximize=maximize)
    sign = -1 if maximize else 1
    for step in range(200):
        a.zero_grad()
        b.zero_grad()
        (sign * problem(ours, ag)).backward()
        (sign * problem(theirs, torch)).backward()
        a.step()
        b.step()
        if step == 100:  # a state dict in the middle of the way continues it exactly, and so does PyTorch's own
            fresh = getattr(optim, name)([ours], lr=123.0)
            fresh.load_state_dict(a.state_dict())
            a = fresh
            if name != "SGD":
                state = b.state_dict()
                state["state"] = {
                    i: {k: ag.tensor(v.numpy()) for k, v in values.items()} for i, values in state["state"].items()
                }
                from_torch = getattr(optim, name)([ours], lr=123.0)
                from_torch.load_state_dict(state)
                assert from_torch.param_groups[0]["lr"] == options["lr"]
    np.testing.assert_allclose(ours.array, theirs.detach().numpy(), rtol=1e-6)


def test_adam_by_the_formula():
    p, m, v = np.array([1.0, -2.0]), np.zeros(2), np.zeros(2)
    x = ag.tensor(p, requires_grad=True)
    adam = optim.Adam([x], lr=0.1, betas=(0.5, 0.75), eps=1e-3)
    for t in range(1, 6):
        adam.zero_grad()
        (x**4).sum().backward()
        adam.step()
        g = 4 * p**3
        m, v = 0.5 * m + 0.5 * g, 0.75 * v + 0.25 * g * g
        p = p - 0.1 * (m / (1 - 0.5**t)) / (np.sqrt(v / (1 - 0.75**t)) + 1e-3)
    np.testing.assert_allclose(x.array, p, rtol=1e-12)


def test_large_arrays_are_updated_as_small_ones():
    start = np.random.default_rng(0).normal(size=200_000)
    big, small = ag.tensor(start, requires_grad=True), ag.tensor(start[-5:], requires_grad=True)
    one, two = optim.AdamW([big], lr=0.1), optim.AdamW([small], lr=0.1)
    for _ in range(3):
        for x, o in ((big, one), (small, two)):
            o.zero_grad()
            (x * x).sum().backward()
            o.step()
    np.testing.assert_allclose(big.array[-5:], small.array, rtol=1e-12)


def test_groups_have_their_own_options_and_a_missing_gradient_leaves_a_parameter_alone():
    a, b, c = (ag.tensor([1.0], requires_grad=True) for _ in range(3))
    sgd = optim.SGD([{"params": [a]}, {"params": b, "lr": 1.0}], lr=0.1)
    sgd.add_param_group({"params": [c], "lr": 0.01})
    (a + b).sum().backward()
    sgd.step()
    assert [round(t.item(), 6) for t in (a, b, c)] == [0.9, 0.0, 1.0]
    sgd.zero_grad(set_to_none=False)
    assert a.grad.tolist() == [0.0]
    sgd.zero_grad()
    assert a.grad is None


def test_a_closure_is_called_and_its_loss_returned():
    x = ag.tensor([2.0], requires_grad=True)
    sgd = optim.SGD([x], lr=0.5)

    def closure():
        sgd.zero_grad()
        loss = (x * x).sum()
        loss.backward()
        return loss

    with ag.no_grad():
        assert sgd.step(closure).item() == 4.0
    assert x.tolist() == [0.0]


def test_a_graph_recorded_before_the_step_is_refused_afterwards():
    model = nn.Linear(2, 2)
    sgd = optim.SGD(model.parameters(), lr=0.1)
    x = ag.ones(1, 2, requires_grad=True)
    loss = model(x).sum()
    loss.backward(retain_graph=True)
    sgd.step()
    with pytest.raises(GradientError, match="linear: backward needs its argument weight"):
        loss.backward()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: optim.SGD([p], lr=-1), "lr"), (lambda p: optim.Adam([p], betas=(1.0, 0.9)), "beta"),
        (lambda p: optim.SGD([p], nesterov=True), "nesterov"), (lambda p: optim.SGD([]), "no parameters"),
        (lambda p: optim.SGD(p), r"\[tensor\]"), (lambda p: optim.SGD([p, p]), "stands twice"),
        (lambda p: optim.SGD([p * 2]), "only leaves"), (lambda p: optim.SGD([1.0]), "not a Tensor"),
        (lambda p: optim.SGD([{"params": [p], "speed": 1}]), "unknown option speed"),
        (lambda p: optim.AdamW([p], weight_decay=float("nan")), "weight_decay"),
        (lambda p: optim.SGD([p]).load_state_dict(optim.SGD([p, p.clone().detach().requires_grad_()]).state_dict()),
         "parameters"),
    ],
)  # fmt: skip
def test_errors_name_what_is_wrong(make, message):
    with pytest.raises(GlassgradError, match=message):
        make(ag.ones(2, requires_grad=True))
