"""Edge conventions of selections: at kinks and ties, and in branches that are not taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd as ag
from tests.autograd.conventions import AT_THE_EDGES, INF, NAN, cases, line, reverse, settle, total

pytestmark = AT_THE_EDGES

# -------------------------------------------------------------------------------------------------------- kinks


@line("`abs`, `relu`, `sign` at 0")
@cases({
    "abs": ag.abs, "relu": ag.relu, "sign": ag.sign, "l1_loss": lambda x: ag.l1_loss(x, ag.zeros_like(x)),
    "smooth_l1_loss": lambda x: ag.smooth_l1_loss(x, ag.zeros_like(x), beta=0.0),
    "margin_ranking_loss": lambda x: ag.margin_ranking_loss(x, 2 * x, np.ones(3)),
    "i0e": ag.i0e, "copysign": lambda x: ag.copysign(x, 1.0),
})  # fmt: skip
def test_kinks_at_zero(case):
    settle(case, np.zeros(3), 0)


@line("`clip` at and outside its bounds")
def test_clip():
    settle(lambda x: ag.clip(x, -1, 2), [-3, -1, 0, 2, 5, INF], [0, 1, 1, 1, 0, 0])
    xs = [-3, -1, 0, 2, 5, INF]
    settle(ag.clip, (xs, np.full(6, -1), np.full(6, 2)), ([0, 1, 1, 1, 0, 0], [1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 1]))
    settle(ag.clip, ([0, 2, 5], np.full(3, 3), np.full(3, 1)), ([0, 0, 0], [0, 0, 0], [1, 1, 1]))


@line("`hardtanh`, `relu6`, `hardsigmoid`, `hardswish` at their kinks")
@cases({
    "hardtanh": (ag.hardtanh, [-1, 1], 0), "relu6": (ag.relu6, [0, 6], 0), "hardsigmoid": (ag.hardsigmoid, [-3, 3], 0),
    "hardswish": (ag.hardswish, [-3, 3], [0, 1]),
})  # fmt: skip
def test_kinks_of_limited_activations(case):
    settle(*case)
    assert np.isnan(case[0](np.array([NAN])))[0]


@line("`softshrink`, `hardshrink`, `threshold` at their kinks")
@cases({
    "softshrink": (ag.softshrink, [-0.5, 0, 0.5]), "hardshrink": (ag.hardshrink, [-0.5, 0, 0.5]),
    "threshold": (lambda x: ag.threshold(x, 0.3, 7.0), [0.3]),
})  # fmt: skip
def test_kinks_of_shrinking_activations(case):
    settle(*case, 0)
    assert np.isnan(case[0](np.array([NAN])))[0]


@line("`clip`, `relu`, `relu6`, `hardtanh`, `softshrink`, `hardshrink`, `threshold`, `leaky_relu` of NaN")
@cases({
    "clip": (lambda x: ag.clip(x, -1, 1), 1), "one bound": (lambda x: ag.clip(x, None, 1), 1), "relu": (ag.relu, 1),
    "relu6": (ag.relu6, 1), "hardtanh": (ag.hardtanh, 1), "softshrink": (ag.softshrink, 1),
    "hardshrink": (ag.hardshrink, 1), "threshold": (lambda x: ag.threshold(x, 0.3, 7.0), 1),
    "hardsigmoid": (ag.hardsigmoid, 1 / 6), "maximum": (lambda x: ag.maximum(x, 0.0), 1),
    "leaky_relu": (lambda x: ag.leaky_relu(x, 1.0), 1),
})  # fmt: skip
def test_a_nan_takes_the_gradient(case):
    f, slope = case
    settle(f, [NAN], slope, orders=1)
    assert np.isnan(f(np.array([NAN])))[0]


@line("`leaky_relu`, `prelu`, `elu`, `celu`, `selu` at 0")
@cases({
    "leaky_relu": (ag.leaky_relu, 0.01), "prelu": (lambda x: ag.prelu(x, ag.tensor(np.array([0.3]))), 0.3),
    "elu": (lambda x: ag.elu(x, 0.7), 0.7), "celu": (lambda x: ag.celu(x, 0.7), 1.0),
    "selu": (ag.selu, 1.0507009873554805 * 1.6732632423543772),
})  # fmt: skip
def test_kinks_that_take_the_negative_side(case):
    settle(case[0], np.zeros(2), case[1])


@line("`floor`, `ceil`, `round`, `trunc`")
@pytest.mark.parametrize("name", ["floor", "ceil", "round", "trunc", "rint", "fix"])
def test_steps_have_gradient_zero_not_none(name):
    x = ag.tensor(np.array([-1.5, 0.0, 0.5, 2.0]), requires_grad=True)
    (g,) = ag.gradients(getattr(ag, name)(x).sum(), [x])  # None would raise here
    np.testing.assert_array_equal(g.array, 0)
    settle(getattr(ag, name), x.array, 0)


# --------------------------------------------------------------------------------------------------------- ties

TIED = np.array([[2.0, 1.0, 2.0], [0.0, 0.0, 0.0]])


@line("`maximum`, `minimum`, `fmax`, `fmin` of two equal values")
@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax", "fmin"])
def test_two_equal_values(name):
    settle(getattr(ag, name), ([1.0, 0.0], [1.0, 0.0]), (0.5, 0.5))


@line("`maximum`, `minimum`, `max`, `min`, `cummax`, `cummin` with NaN")
@cases({
    **{name: (getattr(ag, name), ([NAN, 1, NAN], [1, NAN, NAN]), ([1, 0, 0.5], [0, 1, 0.5])) for name in ("maximum", "minimum")},
    **{name: (getattr(ag, name), ([1, NAN, 3, NAN],), ([0, 0.5, 0, 0.5],)) for name in ("max", "min")},
    **{name: (lambda x, name=name: getattr(ag, name)(x)[0], ([1, NAN, 3],), ([1, 2, 0],)) for name in ("cummax", "cummin")},
})  # fmt: skip
def test_a_nan_is_the_extreme_and_takes_the_gradient(case):
    settle(*case)


@line("`fmax`, `fmin`, `nanmax`, `nanmin` and the other nan-functions with NaN")
@cases({
    **{name: (getattr(ag, name), ([NAN, 1, NAN], [1, NAN, NAN]), ([0, 1, 0], [1, 0, 0])) for name in ("fmax", "fmin")},
    "nanmax": (ag.nanmax, ([1, NAN, 3, 3],), ([0, 0, 0.5, 0.5],)), "nanmin": (ag.nanmin, ([1, NAN, 3, 1],), ([0.5, 0, 0, 0.5],)),
    "nansum": (ag.nansum, ([1, NAN],), ([1, 0],)), "nanmean": (ag.nanmean, ([1, NAN, 2],), ([0.5, 0, 0.5],)),
    "nanprod": (ag.nanprod, ([2, NAN, 3],), ([3, 0, 2],)), "nanvar": (ag.nanvar, ([1, NAN, 3],), ([-1, 0, 1],)),
    "nanstd": (ag.nanstd, ([1, NAN, 3],), ([-0.5, 0, 0.5],)), "nancumsum": (lambda x: ag.nancumsum(x, 0), ([1, NAN, 3],), ([3, 0, 1],)),
    "nancumprod": (lambda x: ag.nancumprod(x, 0), ([2, NAN, 3],), ([5, 0, 2],)), "nanmedian": (ag.nanmedian, ([1, NAN, 3],), ([0.5, 0, 0.5],)),
    "nan_to_num": (ag.nan_to_num, ([1, NAN, INF],), ([1, 0, 0],)),
})  # fmt: skip
def test_a_nan_that_is_passed_over_gets_no_gradient(case):
    settle(*case)


@line("`max`, `min`, `amax`, `amin` over axes with tied elements")
@cases({
    "max": (lambda x: ag.max(x, 1), TIED, [[0.5, 0, 0.5], [1 / 3] * 3]), "amax": (ag.amax, TIED, [[0.5, 0, 0.5], [0] * 3]),
    "min": (lambda x: ag.min(x, 1), TIED, [[0, 1, 0], [1 / 3] * 3]), "amin": (ag.amin, TIED, [[0] * 3, [1 / 3] * 3]),
    "max of columns": (lambda x: ag.max(x, 0), [[1, 2], [1, 0]], [[0.5, 1], [0.5, 0]]),
    "max of axes": (lambda x: ag.max(x, (0, 2)), np.ones((2, 2, 2)), 0.25), "nanmax": (lambda x: ag.nanmax(x, 1), TIED, [[0.5, 0, 0.5], [1 / 3] * 3]),
    "ptp": (ag.ptp, [1.0, 0, 1, 0], [0.5, -0.5, 0.5, -0.5]), "norm inf": (lambda x: ag.vector_norm(x, INF), [1.0, -1, 0], [0.5, -0.5, 0]),
    "norm -inf": (lambda x: ag.vector_norm(x, -INF), [1.0, -1, 2], [0.5, -0.5, 0]),
    "scatter_reduce": (lambda x: ag.scatter_reduce(x, 0, np.array([0, 0]), ag.ones(2, dtype="float64"), "amax"), [1.0, 0], [1 / 3, 1]),
    "embedding_bag": (lambda w: ag.embedding_bag(np.array([[0, 1]]), w, mode="max"), [[1.0, 2], [1, 0]], [[0.5, 1], [0.5, 0]]),
})  # fmt: skip
def test_ties_over_axes(case):
    settle(*case)


@line("`max_pool`, `adaptive_max_pool` with tied elements")
@cases({
    "1d": (lambda x: ag.max_pool1d(x, 2), np.ones((1, 1, 4)), [[[1, 0, 1, 0]]]),
    "2d": (lambda x: ag.max_pool2d(x, 2), np.ones((1, 1, 2, 2)), [[[[1, 0], [0, 0]]]]),
    "3d": (lambda x: ag.max_pool3d(x, 2), np.ones((1, 1, 2, 2, 2)), [[[[[1, 0], [0, 0]], [[0, 0], [0, 0]]]]]),
    "adaptive": (lambda x: ag.adaptive_max_pool1d(x, 2), np.ones((1, 1, 4)), [[[1, 0, 1, 0]]]),
    "adaptive 2d": (lambda x: ag.adaptive_max_pool2d(x, 1), np.ones((1, 1, 2, 2)), [[[[1, 0], [0, 0]]]]),
})  # fmt: skip
def test_pooling_takes_the_first(case):
    settle(*case)


@line("`quantile`, `percentile` in `q`, at an element")
@cases({
    "quantile": (ag.quantile, 1), "nanquantile": (ag.nanquantile, 1),
    "percentile": (ag.percentile, 100), "nanpercentile": (ag.nanpercentile, 100),
})  # fmt: skip
def test_slopes_of_quantiles_in_q(case):
    quantile, scale = case
    x, q = np.array([4.0, 1.0, 2.0]), scale * np.array([0, 0.25, 0.5, 0.75, 1])
    settle(lambda q: quantile(x, q), q, np.array([2, 2, 4, 4, 4]) / scale)
    settle(lambda q: quantile(x, q, method="lower"), q, 0)
    settle(lambda q: quantile(np.array([1.0, 2.0, INF]), q), scale * np.array([0, 0.25]), 2 / scale)


@line("`median`, `quantile`, `percentile` with tied elements")
@cases({
    "median": (ag.median, [1, 2, 2, 2, 5], [0, 1 / 3, 1 / 3, 1 / 3, 0]), "median of two": (ag.median, [1, 1, 3, 3], 0.25),
    "quantile": (lambda x: ag.quantile(x, 0.5), [2, 2, 2], 1 / 3), "percentile": (lambda x: ag.percentile(x, 25), [1, 1, 1, 5, 6], [1 / 3] * 3 + [0, 0]),
    "along an axis": (lambda x: ag.median(x, 1), [[1, 1, 1], [0, 2, 4]], [[1 / 3] * 3, [0, 1, 0]]),
    "nanmedian": (ag.nanmedian, [2, NAN, 2, 2], [1 / 3, 0, 1 / 3, 1 / 3]), "nanquantile": (lambda x: ag.nanquantile(x, 0.0), [1, 1, NAN, 3], [0.5, 0.5, 0, 0]),
})  # fmt: skip
def test_order_statistics_share(case):
    settle(*case)


@line("`sort`, `topk`, `kthvalue` with tied elements")
@cases({
    "sort": (lambda x: ag.sort(x)[:2], [3, 1, 1, 1], [0, 1, 1, 0]), "topk": (lambda x: ag.topk(x, 2).values, [3, 1, 3, 3], [1, 0, 1, 0]),
    "sort down": (lambda x: ag.sort(x, descending=True)[0], [3, 1, 3, 3], [1, 0, 0, 0]),
    "kthvalue": (lambda x: ag.kthvalue(x, 2).values, [1, 1, 1], [0, 1, 0]),
})  # fmt: skip
def test_ordered_elements_keep_their_order(case):
    settle(*case)


@line("`cummax`, `cummin` with tied elements")
@cases(
    {
        "cummax": (lambda x: ag.cummax(x)[0], [1, 1, 0], [1, 2, 0]),
        "cummin": (lambda x: ag.cummin(x)[0], [1, 1, 2], [1, 2, 0]),
    }
)
def test_running_extremes_take_the_last(case):
    settle(*case)


# ------------------------------------------------------------------------------------------ branches not taken

BAD = np.array([-1.0, 0.0, 4.0])  # sqrt and log are NaN, or infinitely steep, at the first two
GOOD = np.array([False, False, True])
SELECTIONS = {
    "where": lambda y: ag.where(GOOD, y, 0.0), "where, other side": lambda y: ag.where(~GOOD, 0.0, y),
    "masked_fill": lambda y: ag.masked_fill(y, ~GOOD, 0.0), "nested": lambda y: ag.where(GOOD, 2 * ag.where(GOOD, y, 1.0), 3.0),
}  # fmt: skip
PICKS = {
    "a slice": lambda y: y[2:], "a number": lambda y: y[-1], "a mask": lambda y: y[GOOD], "an array": lambda y: y[np.array([2, 2])],
    "take": lambda y: ag.take(y, np.array([2])), "gather": lambda y: ag.gather(y, 0, np.array([2])),
    "take_along_axis": lambda y: ag.take_along_axis(y, np.array([2]), 0), "index_select": lambda y: ag.index_select(y, 0, np.array([2])),
    "masked_select": lambda y: ag.masked_select(y, GOOD), "split": lambda y: ag.split(y, [2])[1], "narrow": lambda y: ag.narrow(y, 0, 2, 1),
    "setitem": lambda y: ag.setitem(y, slice(0, 2), 0.0), "index_fill": lambda y: ag.index_fill(y, 0, np.array([0, 1]), 0.0),
    "index_copy": lambda y: ag.index_copy(y, 0, np.array([0, 1]), ag.zeros(2, dtype="float64")), "put": lambda y: ag.put(y, np.array([0, 1]), ag.zeros(2, dtype="float64")),
    "scatter": lambda y: ag.scatter(y, 0, np.array([0, 1]), ag.zeros(2, dtype="float64")),
    "masked_scatter": lambda y: ag.masked_scatter(y, ag.zeros(2, dtype="float64"), ~GOOD), "diagonal": lambda y: ag.diagonal(y.reshape(1, 3), 2),
    "diagonal of many": lambda y: ag.diagonal(ag.broadcast_to(y, (3, 3)), 2), "tril": lambda y: ag.tril(y.reshape(3, 1), -2),
    "triu": lambda y: ag.triu(y.reshape(1, 3), 2), "sliding_windows": lambda y: ag.sliding_windows(ag.flip(y), 1, 3),
    "reshaped first": lambda y: y.reshape(3, 1)[2:], "embedding": lambda y: ag.embedding(np.array([2]), y.reshape(3, 1)),
}  # fmt: skip


def check_no_leak(select: Callable[[Any], Any]) -> None:
    for inner, slope, bend in ((ag.sqrt, 0.25, -1 / 32), (ag.log, 0.25, -1 / 16)):
        f = lambda x, inner=inner: select(inner(x) * x)  # noqa: E731
        scale = total(select(ag.tensor(np.ones(3)))).item() - total(select(ag.tensor(np.array([1.0, 1.0, 0.0])))).item()
        first = scale * (inner(4.0 + np.zeros(())) + 4 * slope)
        settle(f, BAD, [0, 0, first], [0, 0, 3 * scale * (2 * slope + 4 * bend)])
        settle(lambda x, inner=inner: select(inner(x)), BAD, [0, 0, scale * slope], [0, 0, 3 * scale * bend])


@line("`where(c, a, b)`")
@cases(SELECTIONS)
def test_a_branch_not_taken_does_not_leak(case):
    check_no_leak(case)


@line("`choose`, `select`, `compress`, `extract`")
@cases({
    "choose": lambda y: ag.choose(np.array([0, 0, 1]), [ag.zeros(3, dtype="float64"), y]), "choose first": lambda y: ag.choose(np.array([1, 2, 0]), [y, 0.0, 1.0]),
    "select": lambda y: ag.select([GOOD], [y], 0.5), "select later": lambda y: ag.select([~GOOD, GOOD], [ag.zeros(3, dtype="float64"), y]),
    "overruled": lambda y: ag.select([~GOOD, np.ones(3, bool)], [ag.zeros(3, dtype="float64"), y]),
    "compress": lambda y: ag.compress(GOOD, y), "compress an axis": lambda y: ag.compress(GOOD, y.reshape(1, 3), 1), "extract": lambda y: ag.extract(GOOD, y),
})  # fmt: skip
def test_what_is_not_chosen_does_not_leak(case):
    check_no_leak(case)


@line("indexing, `x[i] = v`")
@cases(PICKS)
def test_elements_not_picked_do_not_leak(case):
    check_no_leak(case)


@line("indexing, `x[i] = v`")
def test_of_several_writes_the_last_one_counts():
    settle(lambda v: ag.setitem(ag.zeros(2, dtype="float64"), np.array([0, 0]), v), [3.0, 4.0], [0, 1])


@line("selections in forward mode")
@cases({
    "max": lambda x: ag.max(ag.sqrt(x)), "maximum": lambda x: ag.maximum(ag.sqrt(x), 1.0)[1:] + ag.maximum(ag.sqrt(x), 1.0)[:1] * 0 + ag.sqrt(x[1:]) * 0,
    "median": lambda x: ag.quantile(ag.sqrt(x), 1.0), "sort": lambda x: ag.sort(ag.sqrt(x))[-1], "relu": lambda x: ag.relu(ag.log(x))[1:],
    "relu of all": lambda x: ag.relu(ag.log(x)), "clip": lambda x: ag.clip(ag.log(x), 0, 5), "cummax": lambda x: ag.cummax(ag.flip(ag.sqrt(x)))[0][-1],
    "max_pool1d": lambda x: ag.max_pool1d(ag.sqrt(x).reshape(1, 1, 2), 2), "norm": lambda x: ag.vector_norm(ag.sqrt(x), INF), "nanmax": lambda x: ag.nanmax(ag.sqrt(x)),
    "logaddexp": lambda x: ag.logaddexp(ag.log(x), -INF)[1:],
})  # fmt: skip
def test_an_infinite_tangent_of_what_is_not_selected_does_not_leak(case):
    g = reverse(case, np.array([0.0, 4.0]))[1][0].array
    assert np.isfinite(g).all()
    with np.errstate(all="ignore"):
        t = ag.jvp(lambda x: total(case(x)), (ag.tensor(np.array([0.0, 4.0])),), (ag.tensor(np.ones(2)),))[1]
    np.testing.assert_allclose(t.array, g.sum())


ROWS = np.array([[0.0, 2.0], [4.0, 1.0], [0.5, 3.0]])  # the logarithm of the first row is not finite
TAKEN = np.array([False, True, True])
PRODUCTS = {
    "matmul": lambda y, w: y @ w, "matrix": lambda y, w: (y @ ag.stack([w, w * w], 1)).sum(axis=1),
    "from the left": lambda y, w: w @ y.mT, "einsum": lambda y, w: ag.einsum("ij,j->i", y, w),
    "sum of products": lambda y, w: (y * w).sum(axis=1), "mean": lambda y, w: (y * w).mean(axis=-1),
    "convolution": lambda y, w: ag.conv1d(y.reshape(3, 1, 2), w.reshape(1, 1, 2))[:, 0, 0],
    "bilinear": lambda y, w: ((y @ ag.stack([w, w * 2])) * y).sum(axis=1),
    "concat": lambda y, w: ag.concat([y, w[None] * y], axis=1) @ ag.concat([w, w]), "linear": lambda y, w: ag.linear(y, w[None])[:, 0],
}  # fmt: skip
JOINED = PRODUCTS["concat"]  # of finite factors at the second order, where a mask ends
CHOICES = {
    "where": lambda y: ag.where(TAKEN, y, 0.0).sum(), "rows": lambda y: (y[1:] ** 2).sum(), "mask": lambda y: (y[TAKEN] * 3).sum(),
    "one number": lambda y: ag.where(np.array(False), y.sum(), y[1:].sum()),
}  # fmt: skip


@line("`where(c, a, b)`")
@cases({f"{choice}, {product}": (CHOICES[choice], PRODUCTS[product]) for choice in CHOICES for product in PRODUCTS})
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_no_product_of_several_leaks(case):
    choose, product = case
    found = []
    for rows in (ROWS, np.where(ROWS == 0, 7.0, ROWS)):  # what is not chosen makes no difference
        x, w = (ag.tensor(a, requires_grad=True) for a in (rows, np.array([0.7, -1.2])))
        y = choose(product(ag.log(x), w))
        first = ag.gradients(y, [x, w], create_graph=True)
        second = (
            ag.gradients((first[0][1:] ** 2).sum() + (first[1] ** 2).sum(), [x, w]) if product is not JOINED else ()
        )
        plain = ag.gradients(choose(product(ag.log(x), w)), [x, w])
        found.append([g.array for g in (*first, *second, *plain)])
    assert not found[0][0][0].any()
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


@line("`where(c, a, b)`")
def test_a_product_of_constants_may_have_a_bias_alone():
    bias = ag.tensor(np.zeros(3), requires_grad=True)
    ag.linear(np.ones((4, 2)), np.ones((3, 2)), bias)[1:].sum().backward()  # nothing is saved, and a mask arrives
    assert bias.grad.tolist() == [3.0, 3.0, 3.0]
