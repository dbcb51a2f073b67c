"""Optimizers step by step: against PyTorch over 200 steps with every combination of options, and against NumPy."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
import nn
import optim
from optim.optimizer import _BLOCK

STEPS = 201
LOOK = 10  # compare every tenth step, from the first to the last: a comparison costs more than a step


def combinations(**choices: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [dict(zip(choices, picked, strict=True)) for picked in itertools.product(*choices.values())]


SGD = [
    ("SGD", options)
    for options in combinations(
        momentum=(0.0, 0.9), dampening=(0.0, 0.3), weight_decay=(0.0, 0.05), nesterov=(False, True),
        maximize=(False, True),
    )
    if not options["nesterov"] or (options["momentum"] and not options["dampening"])
]  # fmt: skip
ADAM = [
    (name, options)
    for name in ("Adam", "AdamW")
    for options in combinations(weight_decay=(0.0, 0.05), amsgrad=(False, True), maximize=(False, True))
] + [("Adam", {"betas": (0.5, 0.8), "eps": 1e-3})]
NETWORK_CASES = SGD + ADAM
# Without a first moment the step is nearly the sign of the gradient. In a network that amplifies rounding: after 200
# steps PyTorch differs by 12 % from itself started 2e-16 away. In a bowl it converges.
CASES = [*NETWORK_CASES, ("AdamW", {"betas": (0.0, 0.9)})]


def names(cases: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [f"{name}-" + "-".join(k if v is True else f"{k}={v}" for k, v in o.items() if v) for name, o in cases]


def quadratic(w: np.ndarray) -> np.ndarray:
    """The gradient of an ill-conditioned bowl that is not centred."""
    return np.geomspace(0.1, 10, w.size) * (w - 1)


def rosenbrock(w: np.ndarray) -> np.ndarray:
    x, y = w
    return np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])


RATES = {
    "quadratic": {"SGD": 0.02, "Adam": 0.05, "AdamW": 0.05},
    "rosenbrock": {"SGD": 2e-4, "Adam": 0.02, "AdamW": 0.02},
}


@pytest.mark.parametrize(("problem", "start"), [(quadratic, [5.0, -3.0, 2.0]), (rosenbrock, [-1.2, 1.0])])
@pytest.mark.parametrize(("name", "options"), CASES, ids=names(CASES))
def test_functions_of_few_numbers(
    torch: Any, name: str, options: dict[str, Any], problem: Callable[[np.ndarray], np.ndarray], start: list[float]
) -> None:
    lr = RATES[problem.__name__][name]
    ours = ag.tensor(np.array(start), requires_grad=True)
    theirs = torch.tensor(np.array(start), requires_grad=True)
    optimizer = getattr(optim, name)([ours], lr=lr, **options)
    reference = getattr(torch.optim, name)([theirs], lr=lr, foreach=False, **options)
    sign = -1 if options.get("maximize") else 1
    for step in range(STEPS):
        ours.grad = ag.tensor(sign * problem(ours.array))
        theirs.grad = torch.tensor(sign * problem(theirs.detach().numpy()))
        optimizer.step()
        reference.step()
        if step % LOOK == 0:
            np.testing.assert_allclose(ours.array, theirs.detach().numpy(), rtol=1e-6, err_msg=f"step {step}")
    assert np.linalg.norm(problem(ours.array)) < np.linalg.norm(problem(np.array(start)))  # and it went downhill


@pytest.mark.parametrize(("name", "options"), NETWORK_CASES, ids=names(NETWORK_CASES))
def test_small_network(torch: Any, name: str, options: dict[str, Any]) -> None:
    rng = np.random.default_rng(1)
    x, t = rng.normal(size=(8, 2)), rng.normal(size=(8, 1))
    theirs = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1)).double()
    ours = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1)).to("float64")
    start = [rng.normal(size=p.shape) for p in ours.parameters()]
    for p, q, value in zip(ours.parameters(), theirs.parameters(), start, strict=True):
        p.data[...] = value
        q.data.copy_(torch.tensor(value))
    lr = 0.02 if name == "SGD" else 0.01
    optimizer = getattr(optim, name)(ours.parameters(), lr=lr, **options)
    reference = getattr(torch.optim, name)(theirs.parameters(), lr=lr, foreach=False, **options)
    sign = -1.0 if options.get("maximize") else 1.0
    x_ours, t_ours, x_theirs, t_theirs = ag.tensor(x), ag.tensor(t), torch.tensor(x), torch.tensor(t)
    for step in range(STEPS):
        optimizer.zero_grad()
        (sign * nn.functional.mse_loss(ours(x_ours), t_ours)).backward()
        optimizer.step()
        reference.zero_grad()
        (sign * torch.nn.functional.mse_loss(theirs(x_theirs), t_theirs)).backward()
        reference.step()
        if step % LOOK == 0:
            for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
                np.testing.assert_allclose(p.array, q.detach().numpy(), rtol=1e-6, err_msg=f"step {step}")
    for p, value in zip(ours.parameters(), start, strict=True):
        assert (p.array != value).all()


# ------------------------------------------------------------------------------------------------- without PyTorch


def sgd_by_hand(p: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    """Nesterov's momentum with weight decay, in the order of Sutskever's formula as PyTorch has it."""
    lr, mu, decay, v = 0.1, 0.9, 0.01, None
    for g in gradients:
        g = g + decay * p
        v = g if v is None else mu * v + g
        p = p - lr * (g + mu * v)
    return p


def adam_by_hand(p: np.ndarray, gradients: list[np.ndarray], decoupled: bool) -> np.ndarray:
    """Algorithm 1 of Kingma and Ba, with the decay of Adam or of AdamW."""
    lr, beta1, beta2, eps, decay = 0.1, 0.9, 0.999, 1e-8, 0.01
    m = v = np.zeros_like(p)
    for t, g in enumerate(gradients, 1):
        if decoupled:
            p = p - lr * decay * p
        else:
            g = g + decay * p
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        p = p - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return p


@settings(max_examples=20)
@given(st.lists(st.integers(0, 3), max_size=3), st.integers(0, 1000))
def test_formulas(device: str, shape: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    start, gradients = rng.normal(size=shape), [rng.normal(size=shape) for _ in range(5)]
    for make, wanted in [
        (lambda p: optim.SGD(p, 0.1, 0.9, weight_decay=0.01, nesterov=True), sgd_by_hand(start, gradients)),
        (lambda p: optim.Adam(p, 0.1, weight_decay=0.01), adam_by_hand(start, gradients, False)),
        (lambda p: optim.AdamW(p, 0.1, weight_decay=0.01), adam_by_hand(start, gradients, True)),
    ]:
        p = ag.tensor(np.asarray(start), device=device, requires_grad=True)
        optimizer = make([p])
        for g in gradients:
            p.grad = ag.tensor(np.asarray(g), device=device)
            optimizer.step()
        np.testing.assert_allclose(p.detach().to("cpu").numpy(), wanted, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("make", [
    lambda p: optim.SGD(p, 0.1, weight_decay=0.1), lambda p: optim.SGD(p, 0.1, 0.9, dampening=0.1),
    lambda p: optim.Adam(p, amsgrad=True, weight_decay=0.1), lambda p: optim.AdamW(p),
])  # fmt: skip
@pytest.mark.parametrize("layout", ["contiguous", "transposed gradient", "transposed parameter"])
def test_large_arrays_step_as_small_ones(make: Any, layout: str) -> None:
    """A large array is taken in blocks: every element must move as it would alone."""
    rng = np.random.default_rng(0)
    shape = (5, _BLOCK // 2 + 5)  # two blocks and a half
    start = rng.normal(size=shape)
    gradients = [rng.normal(size=shape) for _ in range(3)]
    edges = [0, _BLOCK - 1, _BLOCK, 2 * _BLOCK - 1, 2 * _BLOCK, start.size - 1]
    picked = np.concatenate([edges, rng.choice(start.size, 500)])
    large = ag.asarray(np.asfortranarray(start) if layout == "transposed parameter" else start.copy()).requires_grad_()
    small = ag.tensor(start.reshape(-1)[picked], requires_grad=True)
    optimizers = make([large]), make([small])
    for g in gradients:
        kept = g.copy()
        large.grad = ag.asarray(np.asfortranarray(g) if layout == "transposed gradient" else g)
        small.grad = ag.tensor(g.reshape(-1)[picked])
        for optimizer in optimizers:
            optimizer.step()
        np.testing.assert_array_equal(large.grad.array, kept)  # a step does not touch the gradient
    np.testing.assert_array_equal(large.array.reshape(-1)[picked], small.array)


def test_a_rate_from_numpy_computes_in_float32_too(device: str) -> None:
    start, gradient = np.random.default_rng(0).normal(size=(2, 1000)).astype(np.float32)
    for make in (lambda p: optim.SGD(p), lambda p: optim.SGD(p, momentum=0.9, nesterov=True), optim.Adam, optim.AdamW):
        results = []
        for number in (float, np.float64):
            p = ag.tensor(start, device=device, requires_grad=True)
            optimizer = make([p])
            optimizer.param_groups[0]["lr"] = number(0.1)
            p.grad = ag.tensor(gradient, device=device)
            optimizer.step()
            assert p.dtype == np.float32
            assert all(v.dtype == np.float32 for v in optimizer.state[p].values() if hasattr(v, "dtype"))
            results.append(p.detach().to("cpu").numpy())
        np.testing.assert_array_equal(*results)


def test_adams_first_step_has_the_size_of_the_rate() -> None:
    p = ag.tensor(np.array([1.0, -2.0]), requires_grad=True)
    optimizer = optim.Adam([p], lr=0.01)
    p.grad = ag.tensor(np.array([1e-3, -1e3]))
    optimizer.step()
    np.testing.assert_allclose(p.array, [1 - 0.01, -2 + 0.01], rtol=1e-6)
    assert math.isclose(optimizer.state[p]["exp_avg"][1], -100.0)
