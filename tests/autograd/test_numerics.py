"""Values and gradients at the ends of the range of a dtype: far tails, ties of large numbers, long sums of halves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd import ops


def value_and_gradient(f: Callable[..., Any], *arrays: Any) -> tuple[Any, ...]:
    xs = [ag.tensor(a, requires_grad=True) for a in arrays]
    y = f(*xs)
    return (y.array, *(g.array for g in ag.gradients(y, xs, grad_outputs=ag.ones_like(y))))


@pytest.fixture(autouse=True)
def _extremes_overflow_in_silence():
    with np.errstate(all="ignore"):
        yield


# ------------------------------------------------------------------------------------------------------- far tails


@pytest.mark.parametrize("x", [-20.0, -100.0, -1e4, -1e10])
def test_slope_of_log_ndtr_far_in_the_left_tail(x: float) -> None:
    _, slope = value_and_gradient(ops.log_ndtr, np.float32(x).reshape(1))
    np.testing.assert_allclose(slope, -x + -1 / x, rtol=2e-5)  # phi / Phi = -x - 1/x + O(x^-3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_derivatives_of_erfcx_do_not_cancel(dtype: Any) -> None:
    mpmath = pytest.importorskip("mpmath")
    xs = np.array([-3.0, -0.5, 0.25, 1.875, 2.125, 5.0, 30.0, 1e4], dtype)
    function: Any = ag.ops.erfcx
    rtol = 2e-6 if dtype == np.float32 else 1e-11
    with mpmath.workdps(60):
        for order in range(4):
            wanted = [float(_erfcx_derivative(mpmath, float(x), order)) for x in xs]
            np.testing.assert_allclose(function(ag.tensor(xs)).array, wanted, rtol=rtol)
            function = ag.grad(lambda x, f=function: f(x).sum())


def _erfcx_derivative(mpmath: Any, x: Any, order: int) -> Any:
    """y' = 2 x y - 2 / sqrt(pi), differentiated again and again."""
    x = mpmath.mpf(x)
    values = [mpmath.exp(x * x) * mpmath.erfc(x)]
    for n in range(order):
        last = 2 * n * values[n - 1] if n else -2 / mpmath.sqrt(mpmath.pi)
        values.append(2 * x * values[n] + last)
    return values[order]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_scaled_bessel_functions_of_large_numbers(dtype: Any) -> None:
    x = np.array([60000.0, -60000.0] if dtype == np.float16 else [1e6, -1e10, 1e30], dtype)
    wanted = 1 / np.sqrt(2 * np.pi * np.abs(x.astype(np.float64)))
    rtol = {np.float16: 2e-3, np.float32: 1e-6, np.float64: 1e-6}[dtype]
    np.testing.assert_allclose(ops.i0e(ag.tensor(x)).array, wanted, rtol=rtol)
    np.testing.assert_allclose(ops.i1e(ag.tensor(x)).array, np.sign(x) * wanted, rtol=rtol)
    assert np.isfinite(value_and_gradient(ops.i0e, x)[1]).all()
    assert (ops.i0e(ag.tensor(np.array([np.inf, -np.inf], dtype))).array == 0).all()


@pytest.mark.parametrize("x", [1e3, 1e5, 1e8])
def test_slope_of_a_scaled_bessel_function_in_float32(x: float) -> None:
    """The difference of orders 1 and 0, which agree in all digits of float32."""
    _, slope = value_and_gradient(ops.i0e, np.array(x, np.float32))
    np.testing.assert_allclose(slope, -0.5 / np.sqrt(2 * np.pi) * x**-1.5, rtol=1e-3)


# -------------------------------------------------------------------------------------------------------- ties


@pytest.mark.parametrize("op", [ops.logaddexp, ops.logaddexp2])
@given(st.sampled_from([np.float16, np.float32]), st.floats(-6e4, 6e4, width=16))
def test_equal_arguments_of_logaddexp_share_the_gradient(op: Any, dtype: Any, x: float) -> None:
    _, a, b = value_and_gradient(op, np.array(x, dtype), np.array(x, dtype))
    assert a == b == 0.5


@pytest.mark.parametrize("x", [1e8, -1e8, 1e30, np.inf])
def test_shares_of_logsumexp_add_up_to_one(x: float) -> None:
    _, slope = value_and_gradient(ops.logsumexp, np.array([x, x, x, -np.inf], np.float32))
    np.testing.assert_allclose(slope, [1 / 3, 1 / 3, 1 / 3, 0], rtol=1e-6)
    _, a, b = value_and_gradient(ops.logaddexp, np.array(x, np.float32), np.array(x, np.float32))
    assert a == b == 0.5


# -------------------------------------------------------------------------------------------------------- norms


@pytest.mark.parametrize("scale", [1e-30, 1e30])
@pytest.mark.parametrize("ord", [2, 3, 4, 10, 1000, 0.5, -1, -3])
def test_norms_neither_overflow_nor_underflow(ord: float, scale: float) -> None:
    x = np.array([[1.0, -2.0, 1.5], [3.0, 1.0, 0.25]])
    wanted, slope = value_and_gradient(lambda v: ops.vector_norm(v, ord=ord, axis=1), x)
    y, g = value_and_gradient(lambda v: ops.vector_norm(v, ord=ord, axis=1), (x * scale).astype(np.float32))
    np.testing.assert_allclose(y, wanted * scale, rtol=1e-5)
    np.testing.assert_allclose(g, slope, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(("ord", "value"), [(3, np.inf), (0.5, np.inf), (2, np.inf), (-1, 2.0)])
def test_norms_of_infinity(ord: float, value: float) -> None:
    assert ops.vector_norm(ag.tensor([np.inf, 2.0]), ord=ord).item() == value


def test_counting_norm_has_gradient_zero() -> None:
    x = np.array([[0.0, 2.0, np.inf], [np.nan, 0.0, 0.0]])
    y, g = value_and_gradient(lambda v: ops.vector_norm(v, ord=0, axis=1), x)
    assert (y == [2, 1]).all()
    assert not g.any()
    _, a, b = value_and_gradient(lambda a, b: ops.cdist(a, b, p=0), np.eye(2), np.ones((3, 2)))
    assert not a.any()
    assert not b.any()


@pytest.mark.parametrize("shape", [(2, 2), (3, 3), (3, 2), (2, 3)])
def test_spectral_norm_is_smooth_where_rank_is_lacking(shape: tuple[int, int]) -> None:
    x = np.outer([1.0, 2.0, -0.5][: shape[0]], [3.0, 1.0, 2.0][: shape[1]])
    f = lambda v: ops.matrix_norm(v, ord=2)  # noqa: E731
    assert ag.gradcheck(f, [ag.tensor(x, requires_grad=True)])
    assert ag.gradgradcheck(f, [ag.tensor(x, requires_grad=True)])
    y, g = value_and_gradient(f, (x * 1e25).astype(np.float32))
    np.testing.assert_allclose(y, 1e25 * np.linalg.norm(x, 2), rtol=1e-6)
    np.testing.assert_allclose(g, value_and_gradient(f, x)[1], rtol=1e-5)


# ------------------------------------------------------------------------------------------------- losses, images


def test_ctc_loss_of_no_steps() -> None:
    """No step emits nothing: the loss is 0 of an empty target, and infinite of any other."""
    scores = np.log(np.full((4, 2, 3), 1 / 3))
    for length, loss in ((0, 0.0), (1, np.inf)):
        y, g = value_and_gradient(
            lambda v, n=length: ops.ctc_loss(v, np.array([[1, 2], [1, 2]]), (4, 0), (2, n), reduction="none"), scores
        )
        assert y[1] == loss
        assert (g[:, 1] == 0).all()
    with pytest.raises(ag.ShapeError, match="from 0 to the 4 steps"):
        ops.ctc_loss(scores, np.array([[1], [2]]), (4, -1), (1, 1))


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
def test_grid_sample_at_places_that_are_no_numbers(mode: str, padding_mode: str) -> None:
    image, grid = np.arange(1.0, 5.0).reshape(1, 1, 2, 2), np.array([[[[np.nan, 0.0], [0.1, -0.2], [np.inf, -0.2]]]])
    y, g_image, g_grid = value_and_gradient(
        lambda x, g: ops.grid_sample(x, g, mode=mode, padding_mode=padding_mode), image, grid
    )
    beyond = {"zeros": 0.0, "border": y[0, 0, 0, 2], "reflection": np.nan}[padding_mode]
    np.testing.assert_array_equal(np.isnan(y[0, 0, 0]), [True, False, padding_mode == "reflection"])
    np.testing.assert_array_equal(y[0, 0, 0, 2], beyond)
    if padding_mode == "border":
        assert 2 <= beyond <= 4  # the right border
    assert np.isfinite(g_grid[0, 0, 1]).all()
    if mode == "nearest":
        assert np.isfinite(g_image).all()
        assert not g_grid.any()


def test_parts_of_complex_numbers_that_are_replaced_get_no_gradient() -> None:
    x = np.array([complex(np.nan, 1), complex(2, np.inf), 1 + 1j])
    _, g = value_and_gradient(ops.nan_to_num, x)
    _, turned = value_and_gradient(lambda v: 1j * ops.nan_to_num(v), x)
    assert (g == [0, 1, 1]).all()
    assert (turned == [-1j, 0, -1j]).all()  # conjugate Wirtinger: the gradient through a factor is its conjugate


# -------------------------------------------------------------------------------------------- long sums of halves


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp", "mean", "var", "std", "vector_norm"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_over_more_elements_than_they_can_count(name: str, dtype: str) -> None:
    pytest.importorskip("ml_dtypes")
    x = ag.tensor(np.linspace(-1, 1, 70_000), dtype=dtype)
    results = []
    for v in (x.requires_grad_(), x.detach().astype("float64").requires_grad_()):
        y = getattr(ops, name)(v)
        (g,) = ag.gradients(y, [v], grad_outputs=ag.ones_like(y))
        assert y.dtype == g.dtype == v.dtype
        results.append([np.asarray(a.array, np.float64) for a in (y, g)])
    for low, high in zip(*results, strict=True):
        # the slope of log_softmax is 1 less the number of elements times a probability, which is known to a step
        np.testing.assert_allclose(low, high, rtol=1e-2, atol=0.1 if name == "log_softmax" else 4e-7)


# --------------------------------------------------------------------------------------------------- other slopes


def test_quotients_of_remainders_are_whole() -> None:
    """10 / 0.001 rounds up to 10000 in float32, but 0.001 lies a little above a thousandth: it fits 9999 times."""
    a, b = np.array(10, np.float32), np.array(0.001, np.float32)
    for op in (ops.remainder, ops.fmod):
        assert value_and_gradient(op, a, b)[2] == -9999
    quotient, left = ops.divmod(ag.tensor(a), ag.tensor(b))
    assert quotient.item() == np.divmod(a, b)[0] == 9999
    assert left.item() == np.divmod(a, b)[1]


def test_shares_of_running_sums_are_right_for_large_numbers() -> None:
    _, g = value_and_gradient(lambda x: ops.logcumsumexp(x, 0), np.full(2, 1e10, np.float32))
    np.testing.assert_allclose(g, [1.5, 0.5])
    for x in (np.array([np.inf, 0, np.inf]), np.array([-np.inf, -np.inf, 0])):
        assert np.isfinite(value_and_gradient(lambda v: ops.logcumsumexp(v, 0), x)[1]).all()


def test_small_differences_of_large_gamma_functions() -> None:
    a = np.array([1e5, 1e8], np.float32)
    value, slope, _ = value_and_gradient(ops.betaln, a, np.ones(2, np.float32))
    np.testing.assert_allclose(value, -np.log(a), rtol=1e-6)  # B(a, 1) = 1 / a
    np.testing.assert_allclose(slope, -1 / a, rtol=1e-4)
    _, _, density = value_and_gradient(ops.gammainc, a, a)
    np.testing.assert_allclose(density, 1 / np.sqrt(2 * np.pi * a), rtol=1e-4)  # the density at the mean, a**-0.5


def test_entropy_of_nan_is_nan() -> None:
    np.testing.assert_array_equal(ops.entr(np.array([np.nan, -1.0, 0.0, 1.0])), [np.nan, -np.inf, 0, 0])


def test_slopes_of_log_ndtr_and_k1_at_the_ends():
    for dtype in (np.float32, np.float64):
        x = np.array([10.0, 20.0, 40.0, 100.0], dtype)
        assert np.isfinite(ag.vmap(ag.hessian(ag.log_ndtr))(x).array).all()
    slope = ag.grad(ag.log_ndtr)(np.float32(3.0)).item()
    assert slope == pytest.approx(0.004437841, rel=1e-5)
    assert ag.grad(ag.k1)(np.float64(700.0)).item() == pytest.approx(-4.6735e-306, rel=1e-2)
