"""Special functions against SciPy's, to the ends of their domains; the op table checks their derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd as ag

scipy_special = pytest.importorskip("scipy.special", reason="the functions come from SciPy")

X = np.array([1e-300, 1e-8, 0.1, 1.0, 2.4048255576957724, 15.0, 90.0, 700.0, 1e4])


@pytest.mark.parametrize("name", ["i0e", "i1e", "j0", "j1", "y0", "y1", "k0", "k1", "k0e", "k1e", "exp1"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_functions_of_one_argument(name: str, dtype: Any) -> None:
    x = X.astype(dtype)
    y = getattr(ag, name)(ag.tensor(x))
    assert y.dtype == dtype
    np.testing.assert_allclose(y.array, getattr(scipy_special, name)(x), rtol=1e-5 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("v", [-2, -0.5, 0, 1, 2.5, 30])
def test_bessel_functions_of_any_order(v: float) -> None:
    x = X[2:]
    np.testing.assert_allclose(ag.jv(v, x), scipy_special.jv(v, x), rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(ag.yv(v, x), scipy_special.yv(v, x), rtol=1e-9, atol=1e-14)
    slope = ag.grad(lambda x: ag.sum(ag.jv(v, x)))(ag.tensor(x))
    np.testing.assert_allclose(slope.array, scipy_special.jvp(v, x), rtol=1e-8, atol=1e-13)


@pytest.mark.parametrize(("name", "wanted"), [("j0", 0), ("j1", 0.5), ("i0", 0), ("i1", 0.5)])
def test_slopes_at_zero(name: str, wanted: float) -> None:
    assert ag.grad(getattr(ag, name))(ag.tensor(0.0)).item() == pytest.approx(wanted, rel=1e-6)


def test_exponential_integrals() -> None:
    x = X[2:-1]
    for n in (0, 1, 2, 7):
        np.testing.assert_allclose(ag.expn(n, x), scipy_special.expn(n, x), rtol=1e-12)
        slope = ag.grad(lambda x, n=n: ag.sum(ag.expn(n, x)))(ag.tensor(x))
        wanted = -scipy_special.expn(n - 1, x) if n else -np.exp(-x) * (1 + 1 / x) / x
        np.testing.assert_allclose(slope.array, wanted, rtol=1e-12)
    for n in (-1, 0.5):
        with pytest.raises(ag.ArgumentError, match="expn: n must be an integer from 0"):
            ag.expn(n, x)


def test_incomplete_beta_function() -> None:
    x = ag.tensor([0.0, 0.2, 0.7, 1.0], requires_grad=True, dtype="float64")
    for a, b in ((1.0, 1.0), (2.5, 0.5), (40.0, 60.0), (1.0, 3.0)):
        y = ag.betainc(a, b, x)
        np.testing.assert_allclose(y.array, scipy_special.betainc(a, b, x.array), rtol=1e-12)
        with np.errstate(divide="ignore"):
            (slope,) = ag.gradients(y.sum(), [x])
        density = pytest.importorskip("scipy.stats").beta(a, b).pdf(x.array)
        np.testing.assert_allclose(slope.array, density, rtol=1e-10)


@pytest.mark.parametrize(("a", "b", "x"), [
    (2.5, 0.5, 0.2), (0.3, 0.7, 0.9), (40.0, 60.0, 0.4), (40.0, 60.0, 0.2), (1.0, 3.0, 0.01), (3.0, 1.0, 0.999),
    (0.05, 8.0, 0.1), (200.0, 0.5, 0.99),
])  # fmt: skip
def test_derivatives_of_the_incomplete_beta_function_in_everything(a: float, b: float, x: float) -> None:
    mpmath = pytest.importorskip("mpmath")
    leaves = [ag.tensor(v, requires_grad=True, dtype="float64") for v in (a, b, x)]

    def wanted(*variables: int) -> float:
        orders = tuple(variables.count(i) for i in range(3))
        with mpmath.workdps(30):
            return float(mpmath.diff(lambda a, b, x: mpmath.betainc(a, b, 0, x, regularized=True), (a, b, x), orders))

    first = ag.gradients(ag.betainc(*leaves), leaves, create_graph=True)
    np.testing.assert_allclose([g.item() for g in first], [wanted(i) for i in range(3)], rtol=5e-13)
    for i, g in enumerate(first):
        second = ag.gradients(g, leaves, retain_graph=True)
        np.testing.assert_allclose([h.item() for h in second], [wanted(i, j) for j in range(3)], rtol=1e-11)
    tangent = ag.jvp(ag.betainc, (a, b, x), (1.0, 0.0, 0.0))[1]
    np.testing.assert_allclose(tangent.item(), wanted(0), rtol=1e-4)  # Python numbers are float32


# (a, b, logit(x), the slope in a over the density of logit(x)), by quadrature in 30 digits (mpmath)
BETA_SLOPES = [
    (0.006447, 0.08145, -7.1591, -2855.894913892736), (0.06606, 0.1543, -62.724, -1015.0176065926354), (1530.0, 22.33, 3.8901, -0.00065568694948844445),
    (1079.0, 4441.0, -1.4928, -0.00095657752839709452), (0.3, 1e4, -9.0, -2.4148989548707594), (1e4, 0.3, 14.0, -0.00010000354162405752), (1e5, 1e5, 0.01, -9.9751165000949643e-6),
    (5.0, 3.0, 40.0, -0.16984126984126984), (5.0, 1e-3, 30.0, -0.22129856444172158),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b", "s", "wanted"), BETA_SLOPES)
def test_slope_of_the_incomplete_beta_function_far_out(a: float, b: float, s: float, wanted: float) -> None:
    at = [np.asarray(v) for v in (a, b, s)]
    np.testing.assert_allclose(ag.beta_order_derivative(*at, n=1, m=0), wanted, rtol=1e-12)
    np.testing.assert_allclose(-ag.beta_order_derivative(at[1], at[0], -at[2], n=0, m=1), wanted, rtol=1e-12)


def test_incomplete_beta_function_does_not_move_at_its_ends() -> None:
    a, b = (ag.tensor([2.0, 2.0, 0.5], requires_grad=True, dtype=d) for d in ("float32", "float64"))
    slopes = ag.gradients(ag.betainc(a, b, np.array([0.0, 1.0, 0.0])).sum(), [a, b])
    assert [(g.dtype, g.tolist()) for g in slopes] == [(np.float32, [0.0] * 3), (np.float64, [0.0] * 3)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_slope_of_the_logarithm_of_the_normal_distribution_far_out(dtype: Any) -> None:
    x = ag.tensor(np.array([-1e8, -1e4, -50.0, 50.0], dtype), requires_grad=True)
    ag.log_ndtr(x).sum().backward()
    np.testing.assert_allclose(x.grad.array, [1e8, 1e4, 50.01998403, 0], rtol=1e-6)
