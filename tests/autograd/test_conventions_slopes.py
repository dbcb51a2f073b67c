"""Edge conventions of slopes that are infinite, of products and powers of zero, and of exponentials of -inf."""

from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
from autograd import linalg
from tests.autograd.conventions import AT_THE_EDGES, INF, NAN, cases, line, reverse, settle

pytestmark = AT_THE_EDGES

# -------------------------------------------------------------------------------------------- infinite slopes


@line("`sqrt` and its like at the ends of their domains")
@cases({
    "sqrt": (ag.sqrt, 0), "cbrt": (ag.cbrt, 0), "rsqrt": (ag.rsqrt, 0), "log": (ag.log, 0), "log2": (ag.log2, 0), "log10": (ag.log10, 0),
    "log1p": (ag.log1p, -1), "power": (lambda x: x**0.5, 0), "power of an array": (lambda x: ag.power(x, np.full(2, 0.5)), 0),
    "negative power": (lambda x: x**-1, 0), "arcsin": (ag.arcsin, 1), "arccos": (ag.arccos, -1), "arccosh": (ag.arccosh, 1), "arctanh": (ag.arctanh, 1),
    "erfinv": (ag.erfinv, 1), "erfcinv": (ag.erfcinv, 0), "ndtri": (ag.ndtri, 0), "logit": (ag.logit, 1), "entr": (ag.entr, 0),
    "xlogy": (lambda x: ag.xlogy(1.0 + 0 * x.detach(), x), 0), "xlog1py": (lambda x: ag.xlog1py(1.0 + 0 * x.detach(), x), -1),
})  # fmt: skip
def test_an_infinite_slope_times_no_gradient_is_none(case):
    f, end = case
    x = ag.tensor(np.array([end, end], float), requires_grad=True)
    with np.errstate(all="ignore"):
        y = f(x)
        (g,) = ag.gradients(y, [x], ag.tensor(np.array([1.0, 0.0])), create_graph=True)
        assert np.isinf(g.array[0])
        assert g.array[1] == 0
        (h,) = ag.gradients(g[1], [x], allow_unused=True)
        assert h is None or not h.array[1]
        tangent = ag.jvp(f, (x.detach(),), (ag.tensor(np.array([1.0, 0.0])),))[1].array
        assert np.isinf(tangent[0])
        assert tangent[1] == 0


@line("`hypot`, `atan2`, norms and distances at 0")
@cases({
    "hypot": (ag.hypot, (0.0, 0.0)), "atan2": (ag.atan2, (0.0, 0.0)), "pairwise_distance": (lambda a, b: ag.pairwise_distance(a, b, eps=0.0), (np.ones((2, 3)), np.ones((2, 3)))),
    **{f"vector_norm {p}": (lambda x, p=p: ag.vector_norm(x, p), (np.zeros(3),)) for p in (0.5, 1, 1.5, 2, 3, -1, INF, -INF)},
    **{f"vector_norm {p} of axes": (lambda x, p=p: ag.vector_norm(x, p, 1), (np.zeros((2, 3)),)) for p in (1, 2, 3)},
    **{f"matrix_norm {p}": (lambda x, p=p: linalg.matrix_norm(x, p), (np.zeros((2, 3)),)) for p in ("fro", 1, -1, INF, -INF)},
    **{f"cdist {p}": (lambda a, b, p=p: ag.cdist(a, b, p), (np.ones((1, 3)), np.ones((1, 3)))) for p in (1.0, 2.0, 3.0)},
    **{f"pdist {p}": (lambda x, p=p: ag.pdist(x, p), (np.ones((3, 2)),)) for p in (1.0, 2.0, 3.0)},
    "lp_pool": (lambda x: ag.lp_pool1d(x, 3.0, 2), (np.zeros((1, 1, 4)),)),
    "triplet": (lambda x: ag.triplet_margin_loss(x, 1 * x, 1 * x, eps=0.0), (np.ones((2, 3)),)), "complex abs": (ag.abs, (np.zeros(2, complex),)),
    "complex norm": (ag.vector_norm, (np.zeros(2, complex),)), "cosine_similarity": (lambda x: ag.cosine_similarity(x, 1 * x), (np.zeros((2, 3)),)),
})  # fmt: skip
def test_tips_of_cones(case):
    f, xs = case
    settle(f, xs, (0,) * len(xs))


@line("`hypot`, `atan2`, norms and distances at 0")
def test_atan2_of_tiny_and_huge_numbers():
    for size in (1e-200, 1e200):
        settle(ag.atan2, (size, size), (0.5 / size, -0.5 / size), orders=1)


@line("the spectral norms of a matrix that lacks rank")
def test_spectral_norms_of_a_matrix_that_lacks_rank():
    u, v = np.array([[0.6], [0.8]]), np.array([[1.0, 0.0, 0.0]])
    settle(lambda x: linalg.matrix_norm(x, "nuc"), 3 * u @ v, u @ v, orders=1)
    for p in ("nuc", 2, -2):
        np.testing.assert_array_equal(reverse(lambda x, p=p: linalg.matrix_norm(x, p), np.zeros((2, 3)))[1][0].array, 0)


@line("`angle` at 0")
def test_angle_at_zero():
    settle(ag.angle, np.zeros(2, complex), 0)
    settle(ag.angle, [0.0, -2.0, 3.0], 0)


@line("`polar` at 0")
def test_polar_is_smooth_at_zero():
    for part, in_modulus in ((ag.real, np.cos(0.7)), (ag.imag, np.sin(0.7))):
        settle(lambda r, a, part=part: part(ag.polar(r, a)), (np.zeros(2), np.full(2, 0.7)), (in_modulus, 0))
    assert ag.gradgradcheck(ag.polar, [np.zeros(2), np.full(2, 0.7)])


KNOTS, HEIGHTS = np.array([0.0, 1.0, 3.0]), np.array([2.0, 5.0, 4.0])


@line("`interp` at its knots")
def test_interp_at_its_knots():
    settle(lambda x: ag.interp(x, KNOTS, HEIGHTS), KNOTS, [3, -0.5, -0.5])
    settle(lambda fp: ag.interp(KNOTS, KNOTS, fp), HEIGHTS, 1)


@line("`interp` at its knots")
@cases({
    "nan beside the last": (KNOTS, [2, NAN, 4], [0, 3], [2, 4], [1, 0, 1]), "inf beside it": (KNOTS, [2, 5, INF], [0, 1], [2, 5], [1, 1, 0]),
    "the last one twice": ([0, 1, 1], [2, 5, 4], [0, 1], [2, 4], [1, 0, 1]), "one twice": ([0, 1, 1, 2], [2, 5, 4, 1], [1, 2], [4, 1], [0, 0, 1, 1]),
})  # fmt: skip
def test_interp_at_a_knot_is_its_value_whatever_is_beside_it(case):
    xp, fp, x, want, slopes = (np.asarray(v, float) for v in case)
    np.testing.assert_array_equal(ag.interp(ag.tensor(x), xp, fp).array, want)
    np.testing.assert_array_equal(np.interp(x, xp, fp), want)
    settle(lambda f: ag.interp(ag.tensor(x), xp, f), fp, slopes)


@line("`interp` outside its range")
def test_interp_outside_its_range():
    x = np.array([-INF, -1.0, 4.0])
    settle(lambda v: ag.interp(v, KNOTS, HEIGHTS), x, 0)
    settle(lambda fp: ag.interp(x, KNOTS, fp), HEIGHTS, [2, 0, 1])
    settle(lambda fp: ag.interp(x, KNOTS, fp, left=7.0, right=7.0), np.full(3, NAN), 0)


@line("`normalize` of a vector 0")
def test_normalize_of_nothing():
    settle(lambda x: ag.normalize(x, eps=1e-3), np.zeros((1, 2)), 1e3)


# ---------------------------------------------------------------------------------------------- products, powers


@line("`prod`, `cumprod` with zeros")
@pytest.mark.parametrize("zeros", [0, 1, 2, 3])
@cases({"prod": ag.prod, "prod of axes": lambda x: ag.prod(x.reshape(2, 2), (0, 1)), "cumprod": lambda x: ag.cumprod(x, 0),
        "nanprod": ag.nanprod, "scatter_reduce": lambda x: ag.scatter_reduce(ag.ones(1, dtype="float64"), 0, np.zeros(4, int), x, "prod")})  # fmt: skip
def test_products_with_zeros(case, zeros):
    x = np.array([2.0, -3.0, 0.5, 4.0])
    x[[1, 3, 0][:zeros]] = 0
    assert ag.gradcheck(case, [x])
    assert ag.gradgradcheck(case, [x])
    want = [np.prod(np.delete(x, i)) for i in range(4)]
    if case is ag.prod:
        settle(case, x, want)


@line("`power(a, b)` at `b = 0`")
@cases({
    "a number": (lambda a: a**0, [0.0, 2.0], 0), "an array": (lambda a: ag.power(a, np.zeros(2)), [0.0, 2.0], 0),
    "float_power": (lambda a: ag.float_power(a, np.zeros(2)), [0.0, 2.0], 0), "square": (lambda a: a**2, [0.0], [0.0]),
    "the third order": (lambda a: ag.grad(lambda v: (v**3).sum())(a), [0.0, 1.0], [0, 6]),
})  # fmt: skip
def test_power_with_exponent_zero(case):
    settle(*case)


@line("`power(a, b)` at `a = 0`")
@pytest.mark.parametrize("b", [0.0, 0.5, 2.0])
def test_power_of_zero(b):
    settle(lambda e: ag.power(np.zeros(1), e), [b], 0)


@line("`xlogy(0, 0)`, `xlog1py(0, -1)`, `entr(0)`, `kl_div` of a target 0")
@cases({
    "xlogy": (ag.xlogy, (0.0, 0.0), (0, 0)), "xlogy in a": (ag.xlogy, (0.0, 2.0), (np.log(2), 0)), "xlog1py": (ag.xlog1py, (0.0, -1.0), (0, 0)),
    "kl_div": (lambda x, t: ag.kl_div(x, t, "sum"), ([-1.0], [0.0]), (0, 2)),
})  # fmt: skip
def test_values_and_slopes_where_a_factor_vanishes(case):
    f, xs, wanted = case
    if f is not ag.xlogy and f is not ag.xlog1py:  # t ln t falls with an infinite slope: only x is checked
        settle(lambda x: f(x, ag.tensor(np.array(xs[1]))), xs[0], wanted[0])
    else:
        settle(f, xs, wanted)
    assert f(*map(np.asarray, xs)) == 0
    assert ag.entr(np.array(0.0)) == 0
    assert ag.entr(np.array(-1.0)) == -INF


@line("`xlogy(0, 0)`, `xlog1py(0, -1)`, `entr(0)`, `kl_div` of a target 0")
@pytest.mark.parametrize("f", [ag.xlogy, ag.xlog1py])
def test_mixed_derivatives_of_xlogy_where_the_factor_is_zero(f):
    hessian = ag.hessian(lambda v: f(v[0], v[1]))(ag.tensor(np.array([0.0, 2.0]))).array
    mixed = 0.5 if f is ag.xlogy else 1 / 3
    np.testing.assert_allclose(hessian, [[0, mixed], [mixed, 0]], atol=1e-12)


@line("`sinc` at 0")
def test_sinc_at_zero():
    settle(ag.sinc, [0.0], 0, [-(np.pi**2) / 3])
    third = ag.grad(ag.grad(ag.grad(ag.grad(ag.sinc))))(ag.tensor(0.0, dtype="float64"))
    np.testing.assert_allclose(third.array, np.pi**4 / 5)


@line("`std`, `var` of equal elements")
@cases({
    "std": (ag.std, np.ones(4)), "var": (ag.var, np.ones(4)), "std of axes": (lambda x: ag.std(x, 1), np.ones((2, 3))), "std of one": (ag.std, [3.0]),
    "var of one": (ag.var, [3.0]), "corrected": (lambda x: ag.std(x, correction=1), np.zeros(3)), "nanstd": (ag.nanstd, [1.0, 1.0]),
})  # fmt: skip
def test_spread_of_constants(case):
    settle(*case, 0)


@line("`std`, `var` of equal elements")
@pytest.mark.parametrize("f", [ag.std, ag.var])
def test_corrected_spread_of_one_element_is_an_error(f):
    with pytest.raises(ag.ShapeError, match="leave nothing to divide by"):
        f(ag.tensor(np.ones(1)), correction=1)


# --------------------------------------------------------------------------------------- exponentials and -inf


@line("`logsumexp`, `logaddexp`, `logcumsumexp` of `-inf` only")
@cases({
    "logsumexp": (ag.logsumexp, ([-INF, -INF],), (0,)), "of axes": (lambda x: ag.logsumexp(x, 1), ([[-INF, -INF], [0, 0]],), ([[0, 0], [0.5, 0.5]],)),
    "partly": (ag.logsumexp, ([-INF, 0, 0],), ([0, 0.5, 0.5],)), "logaddexp": (ag.logaddexp, (-INF, -INF), (0, 0)), "logaddexp2": (ag.logaddexp2, (-INF, -INF), (0, 0)),
    "logaddexp partly": (ag.logaddexp, (-INF, 1.0), (0, 1)), "logcumsumexp": (lambda x: ag.logcumsumexp(x, 0), ([-INF, -INF, 0],), ([0, 0, 1],)),
})  # fmt: skip
def test_logarithms_of_empty_sums(case):
    settle(*case)


@line("`softmax`, `log_softmax` with `-inf`")
def test_softmax_leaves_out_minus_infinity():
    settle(lambda x: ag.softmax(x)[1:2], [-INF, 0.0, 0.0], [0, 0.25, -0.25])
    settle(lambda x: ag.log_softmax(x)[1:2], [-INF, 0.0, 0.0], [0, 0.5, -0.5])
    with np.errstate(invalid="ignore"):
        assert np.isnan(ag.softmax(np.array([-INF, -INF]))).all()


@line("`cross_entropy`, `nll_loss` of labels that are ignored")
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_ignored_labels(smoothing):
    ignored, some = np.array([-100, -100]), np.array([1, -100])
    for f in (lambda x: ag.cross_entropy(x, ignored, label_smoothing=smoothing), lambda x: ag.nll_loss(x, ignored)):
        np.testing.assert_array_equal(reverse(f, np.zeros((2, 3)))[1][0].array, 0)
    settle(lambda x: ag.nll_loss(x, some), [[0, -1, 0], [-INF, 0, 0]], [[0, -1, 0], [0, 0, 0]])
    assert np.isnan(ag.cross_entropy(np.zeros((2, 3)), ignored))
    assert ag.cross_entropy(np.array([[0.0, 0.0], [-INF, 0.0]]), some) == pytest.approx(np.log(2))


@line("attention with a row in which nothing takes part")
@pytest.mark.parametrize("additive", [False, True])
def test_attention_of_nothing(additive):
    mask = np.array([[True, False], [False, False]])
    mask = np.where(mask, 0.0, -INF) if additive else mask
    q, k, v = (np.random.default_rng(i).normal(size=(2, 3)) for i in range(3))
    np.seterr(all="raise", under="ignore")  # until the end of this test: no NaN is made on the way
    attend = lambda *x: ag.scaled_dot_product_attention(*x, ag.tensor(mask))  # noqa: E731
    np.testing.assert_array_equal(attend(q, k, v)[1], 0)
    np.testing.assert_allclose(attend(q, k, v)[0], v[0])
    settle(attend, (q, k, v), (0, 0, [[1] * 3, [0] * 3]))
