"""Gradients of random numbers with respect to the parameters of their distribution."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import special
from tests.autograd.distributions import host

# ---------------------------------------------------------------------------------- the gamma distribution's order

# (a, ln z, d/da of the logarithm of a variate): minus dP/da over the density, in 60 digits (mpmath)
PRECISE: list[tuple[float, float, float]] = [
    (0.05, -138.6921670296879, 2763.8864407677606),
    (0.05, -24.61651753654451, 482.37345091462464),
    (0.05, -2.572858068212416, 46.09660172634458),
    (0.05, 1.8911764768115438, 3.0116736052986535),
    (0.5, -41.688096149163314, 83.44917224628378),
    (0.5, -1.4807447797617292, 3.7735709919981835),
    (0.5, 1.1991959032325945, 0.9087800787086544),
    (1.0, -4.600149226776581, 5.050786078819972),
    (1.0, -0.08742157179075517, 1.2246851377041446),
    (7.5, -0.49758046618216845, 0.37121308735857866),
    (7.5, 1.9698261194372992, 0.1394273017477632),
    (7.5, 3.6059053736970927, 0.055407939845318166),
    (100.0, 3.9346315401060146, 0.013747151231620305),
    (100.0, 4.576355674837382, 0.010161688480377507),
    (100.0, 4.896123880179726, 0.008630012526429842),
    (1000.0, 6.8080684054398946, 0.001050846492902295),
    (1000.0, 6.907421909847787, 0.0010003334049339134),
    (1000.0, 7.054085093421951, 0.0009287735001757648),
    (100000.0, 11.510259506841356, 1.0013352402326516e-05),
]


@pytest.mark.parametrize(("a", "x", "slope"), PRECISE)
def test_slopes_of_gamma_variates_have_thirteen_digits(a: float, x: float, slope: float) -> None:
    found = -special.gamma_order_derivative(np.array(a), np.array(x))
    assert found == pytest.approx(slope, rel=1e-12)


def test_slopes_of_gamma_variates_against_high_precision() -> None:
    mp = pytest.importorskip("mpmath", reason="compares with mpmath, which is not installed")
    rng = np.random.default_rng(1)
    for a in 10 ** rng.uniform(math.log10(0.05), 3, 12):
        x = math.log(max(rng.standard_gamma(a), 1e-290))
        with mp.workdps(50):
            order, z = mp.mpf(float(a)), mp.e ** mp.mpf(x)
            step = order * mp.mpf(10) ** -15
            upper = mp.gammainc(order, z, mp.inf, regularized=True) < 0.5
            ends = [
                mp.gammainc(b, z, mp.inf, regularized=True) if upper else -mp.gammainc(b, 0, z, regularized=True)
                for b in (order - step, order + step)
            ]
            wanted = float((ends[1] - ends[0]) / (2 * step) / mp.exp(order * x - z - mp.loggamma(order)))
        assert -special.gamma_order_derivative(np.array(a), np.array(x)) == pytest.approx(wanted, rel=1e-11)


def test_slopes_of_gamma_variates_against_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    rng = np.random.default_rng(0)
    a = 10 ** rng.uniform(math.log10(0.05), 3, 5000)
    z = np.maximum(rng.standard_gamma(a), 1e-300)
    ours = -special.gamma_order_derivative(a, np.log(z)) * z
    theirs = torch._standard_gamma_grad(torch.tensor(a), torch.tensor(z)).numpy()
    np.testing.assert_allclose(ours, theirs, rtol=2e-3)  # PyTorch's approximation has three digits in places
    assert np.median(np.abs(ours / theirs - 1)) < 2e-5


def test_slopes_follow_the_inverse_distribution_function() -> None:
    sc = pytest.importorskip("scipy.special")
    a, u = np.meshgrid([0.2, 1.0, 7.0, 200.0], [0.01, 0.3, 0.7, 0.99])
    z = sc.gammaincinv(a, u)
    h = 1e-5 * a
    numeric = (np.log(sc.gammaincinv(a + h, u)) - np.log(sc.gammaincinv(a - h, u))) / (2 * h)
    np.testing.assert_allclose(-special.gamma_order_derivative(a, np.log(z)), numeric, rtol=1e-7)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_order_derivatives_are_the_same_on_both_sides_of_the_switch(n: int) -> None:
    a = np.array([0.05, 0.7, 4.0, 500.0])
    at = special.call("digamma", a + 1)
    left, right = (special.gamma_order_derivative(a, at + d, n) for d in (-1e-13, 1e-13))
    np.testing.assert_allclose(left, right, rtol=1e-6)


def test_the_first_slope_at_the_ends() -> None:
    a = np.array([0.01, 1.0, 30.0])
    assert np.isfinite(special.gamma_order_derivative(a, np.full(3, -5000.0))).all()
    np.testing.assert_allclose(
        -special.gamma_order_derivative(a, np.full(3, -5000.0)), (special.call("digamma", a + 1) + 5000) / a
    )
    assert (-special.gamma_order_derivative(a, np.full(3, 7.0)) > 0).all()


# ------------------------------------------------------------------------------------- gradients of reparameterised samples


def expected(function: Callable[..., Any], *parameters: float, n: int = 40000) -> list[tuple[float, float]]:
    """For each parameter the mean of the gradient of a sample, and its standard error."""
    points = [ag.tensor(np.full(n, p), requires_grad=True) for p in parameters]
    found = ag.gradients(function(*points).sum(), points)
    return [(float(host(g).mean()), float(host(g).std() / math.sqrt(n))) for g in found]


TRUTHS: list[tuple[str, Callable[..., Any], tuple[float, ...], tuple[float, ...]]] = [
    ("mean of gamma", lambda a, r: ag.gamma(a, r), (2.5, 2.0), (1 / 2, -2.5 / 4)),
    ("mean of gamma, small", lambda a: ag.gamma(a), (0.1,), (1.0,)),
    ("square of gamma", lambda a: ag.gamma(a) ** 2, (3.0,), (7.0,)),
    ("log of gamma", lambda a: ag.log(ag.gamma(a)), (0.5,), (math.pi**2 / 2,)),
    ("mean of beta", ag.beta, (2.0, 3.0), (3 / 25, -2 / 25)),
    ("square of beta", lambda a, b: ag.beta(a, b) ** 2, (0.7, 0.4), ()),
    ("mean of chi2", ag.chi2, (3.0,), (1.0,)),
    ("square of t", lambda n: ag.student_t(n) ** 2, (9.0,), (-2 / 49,)),
    ("exponential", ag.exponential, (2.0,), (-1 / 4,)),
    ("square of laplace", lambda m, s: ag.laplace(m, s) ** 2, (1.0, 0.5), (2.0, 2.0)),
    ("square of logistic", lambda m, s: ag.logistic(m, s) ** 2, (1.0, 0.5), (2.0, math.pi**2 / 3)),
    ("gumbel", ag.gumbel, (1.0, 2.0), (1.0, 0.5772156649)),
    ("square of normal", lambda m, s: ag.normal(mean=m, std=s) ** 2, (1.0, 2.0), (2.0, 4.0)),
    ("square of uniform", lambda a, b: ag.uniform(low=a, high=b) ** 2, (1.0, 3.0), (5 / 3, 7 / 3)),
]


@pytest.mark.parametrize(("function", "parameters", "truths"), [t[1:] for t in TRUTHS], ids=[t[0] for t in TRUTHS])
def test_mean_gradients_are_gradients_of_the_mean(function: Any, parameters: Any, truths: Any) -> None:
    if not truths:  # E x^2 = a (a + 1) / ((a + b) (a + b + 1))
        a, b = (ag.tensor(np.array(p), requires_grad=True) for p in parameters)
        truths = [float(host(g)) for g in ag.gradients(a * (a + 1) / ((a + b) * (a + b + 1)), [a, b])]
    for (mean, error), truth in zip(expected(function, *parameters), truths, strict=True):
        assert abs(mean - truth) < 4.5 * error + 1e-12, (mean, truth, error)


def test_dirichlet_mean_gradient() -> None:
    c = ag.tensor(np.array([0.5, 1.5, 2.0]), requires_grad=True)
    n = 40000
    for k in range(3):
        (g,) = ag.gradients(ag.dirichlet(c, (n,))[..., k].mean(), [c])
        wanted = (np.eye(3)[k] * 4 - host(c.detach())[k]) / 16
        np.testing.assert_allclose(host(g), wanted, atol=0.006)


def test_second_derivatives_of_a_gamma_sample_are_the_curvature_of_the_mean() -> None:
    a = ag.tensor(np.full(40000, 1.7), requires_grad=True)
    (g,) = ag.gradients((ag.gamma(a) ** 3).sum(), [a], create_graph=True)
    (h,) = ag.gradients(g.sum(), [a])
    assert abs(host(h).mean() - (6 * 1.7 + 6)) < 4.5 * host(h).std() / 200  # E z^3 = a (a + 1) (a + 2)


@pytest.mark.parametrize(
    "function",
    [
        lambda a, b: ag.gamma(a, b), lambda a, b: ag.beta(a, b), lambda a, b: ag.student_t(a, b, b), lambda a, b: ag.chi2(a) * b,
        lambda a, b: ag.dirichlet(ag.stack([a, b], -1)), lambda a, b: ag.normal(mean=a, std=b), lambda a, b: ag.uniform(low=a, high=a + b),
        lambda a, b: ag.laplace(a, b), lambda a, b: ag.gumbel(a, b), lambda a, b: ag.logistic(a, b), lambda a, b: ag.cauchy(a, b),
        lambda a, b: ag.exponential(a) * b, lambda a, b: ag.truncated_normal(a, b, -1.0, 1.5),
        lambda a, b: ag.truncated_normal(a, b, low=0.0, high=math.inf), lambda a, b: ag.truncated_normal(0.0, 1.0, low=a, high=a + b),
        lambda a, b: ag.gumbel_softmax(a * b, 0.7), lambda a, b: ag.alpha_dropout(a * b, 0.4, True), lambda a, b: ag.rrelu(a - b * 3, training=True),
    ],
)  # fmt: skip
def test_gradcheck_at_fixed_noise(function: Any) -> None:
    """The noise is that of fixed quantiles: a draw at the original parameters, carried along as they move."""
    a0, b0 = np.array([0.7, 1.3, 2.6]), np.array([1.1, 0.6, 1.9])

    def seeded(a: Any, b: Any) -> Any:
        ag.manual_seed(8)
        return function(a, b)

    points = [ag.tensor(v, requires_grad=True) for v in (a0, b0)]
    if not {"gamma", "beta", "student_t", "chi2", "dirichlet"} & set(function.__code__.co_names):
        assert ag.gradcheck(seeded, points)
        assert ag.gradgradcheck(seeded, points)
        return
    # gamma variates are drawn by rejection, so the seed does not fix the quantile: difference quotients in vmap with
    # one draw do, which carries it from the first example's parameters to the others'
    h = 1e-5
    for k in range(2):
        steps = np.array([0.0, -h, h])
        stacked = [ag.tensor(v + (steps[:, None] if i == k else 0 * steps[:, None])) for i, v in enumerate((a0, b0))]
        ag.manual_seed(8)
        centre, down, up = host(ag.vmap(function, randomness="same")(*stacked))
        ag.manual_seed(8)
        y = function(*points)
        np.testing.assert_allclose(host(y.detach()), centre, rtol=1e-12)
        (g,) = ag.gradients(y.sum(), [points[k]])
        slope = (up - down) / (2 * h)
        np.testing.assert_allclose(host(g), slope.sum(-1) if slope.ndim > 1 else slope, rtol=1e-6, atol=1e-9)


def test_gammainc_is_differentiable_in_its_order() -> None:
    a, x = np.array([0.5, 2.0, 30.0]), np.array([0.0, 1.5, 25.0])
    order = ag.tensor(a, requires_grad=True)
    (g,) = ag.gradients(ag.gammainc(order, ag.tensor(x)).sum(), [order])
    h = 1e-6
    numeric = (special.call("gammainc", a + h, x) - special.call("gammainc", a - h, x)) / (2 * h)
    np.testing.assert_allclose(host(g), numeric, rtol=1e-7, atol=1e-12)
