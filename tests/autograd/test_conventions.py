"""The published table of edge conventions (docs/conventions.md), line by line and op by op.

``@line`` names the line of the table that a test is of, word for word; the last test holds the two together. Most tests
hand functions to ``settle``, which checks the gradient in reverse, the tangent in forward mode, and that the second
derivatives are finite.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import fft, linalg

TABLE = Path(__file__).parents[2] / "docs" / "conventions.md"
TESTED: set[str] = set()
INF, NAN = np.inf, np.nan


def line(where: str) -> Callable[[Any], Any]:
    """This test is of the line of the table whose first cell is ``where``."""
    TESTED.add(where)
    return lambda test: test


def cases(table: dict[str, Any]) -> Any:
    """Parametrise with functions and what else their entries hold, by name."""
    return pytest.mark.parametrize("case", list(table.values()), ids=list(table))


def total(y: Any) -> Any:
    """The sum of all floating outputs."""
    parts = [p for p in (y if isinstance(y, (tuple, list)) else (y,)) if p.dtype.kind in "fc"]
    return sum((ag.sum(ag.real(p) if p.dtype.kind == "c" else p) for p in parts), ag.tensor(0.0))


def reverse(f: Any, *xs: Any, create_graph: bool = False) -> tuple[list[Any], list[Any]]:
    leaves = [ag.tensor(np.asarray(x), requires_grad=True) for x in xs]
    g = ag.gradients(total(f(*leaves)), leaves, create_graph=create_graph, allow_unused=True)
    return leaves, [ag.zeros_like(x) if p is None else p for p, x in zip(g, leaves, strict=True)]


def settle(f: Any, xs: Any, wanted: Any, second: Any = None, orders: int = 2) -> None:
    """The gradient of the sum is as wanted, forward mode agrees, and second derivatives are finite (or as wanted)."""
    xs = [np.asarray(x, complex if np.iscomplexobj(x) else float) for x in (xs if isinstance(xs, tuple) else (xs,))]
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    for got, want in zip(reverse(f, *xs)[1], wanted, strict=True):
        np.testing.assert_allclose(got.array, np.broadcast_to(want, got.shape), atol=1e-12, err_msg="reverse mode")
    with np.errstate(all="ignore"):
        for i, (x, want) in enumerate(zip(xs, wanted, strict=True)):
            for place in np.ndindex(x.shape):  # one direction after the other, as the columns of a Jacobian
                tangents = [np.zeros_like(v) for v in xs]
                tangents[i][place] = 1
                pushed = ag.jvp(lambda *v: total(f(*v)), tuple(map(ag.tensor, xs)), tuple(map(ag.tensor, tangents)))[1]
                want_here = np.real(np.broadcast_to(want, x.shape)[place])
                np.testing.assert_allclose(pushed.array, want_here, atol=1e-12, err_msg=f"forward mode, {i} at {place}")
    if orders < 2:
        return
    leaves, first = reverse(f, *xs, create_graph=True)
    loss = sum((total(g * (1 + ag.arange(g.size).reshape(g.shape))) for g in first if g.requires_grad), ag.tensor(0.0))
    if loss.requires_grad:
        again = ag.gradients(loss, leaves, allow_unused=True)
        for g in again:
            assert g is None or np.isfinite(g.array).all(), f"second order: {again}"
        if second is not None:
            np.testing.assert_allclose(again[0].array, second, atol=1e-12, err_msg="second order")


@pytest.fixture(autouse=True)
def _edges_overflow_in_silence():
    with np.errstate(all="ignore"):
        yield


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


# --------------------------------------------------------------------------------------------- linear algebra

SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])


@line("`det` of a singular matrix")
def test_det_of_singular_matrices():
    settle(linalg.det, SINGULAR, [[4, -2], [-2, 1]])
    for x in (SINGULAR, np.zeros((2, 2)), np.zeros((3, 3)), np.diag([1.0, 0.0, 0.0]), np.array([SINGULAR, np.eye(2)])):
        assert ag.gradcheck(linalg.det, [x])
        assert ag.gradgradcheck(linalg.det, [x])


@line("`slogdet`, `inv`, `solve` of a singular matrix")
def test_singular_matrices_are_errors():
    x = ag.tensor(SINGULAR, requires_grad=True)
    assert linalg.slogdet(x).logabsdet.item() == -INF
    for create_graph in (False, True):
        with pytest.raises(ag.GradientError, match="slogdet: a matrix is singular"):
            ag.gradients(linalg.slogdet(x).logabsdet, [x], create_graph=create_graph)
    with pytest.raises(ag.GradientError, match="slogdet: a matrix is singular"):
        ag.jvp(lambda v: linalg.slogdet(v).logabsdet, (x.detach(),), (x.detach(),))
    for f in (linalg.inv, lambda a: linalg.solve(a, np.ones((2, 1)))):
        with pytest.raises(ag.LinAlgError, match=r"ingular"):
            f(x)


@line("`eigh`, `eig`, `svd` with equal values")
@cases({
    "eigvalsh": (lambda x: linalg.eigvalsh(x), np.eye(3), np.eye(3)), "trace of a square": (lambda x: linalg.eigvalsh(x) ** 2, 2 * np.eye(2), 4 * np.eye(2)),
    "svdvals": (linalg.svdvals, np.eye(2), np.eye(2)), "eigvals": (linalg.eigvals, np.eye(2), np.eye(2)),
})  # fmt: skip
def test_functions_that_treat_equal_values_alike(case):
    f, x, want = case
    np.testing.assert_allclose(reverse(f, x)[1][0].array, want, atol=1e-12)
    with pytest.raises(ag.GradientError, match="vectors of equal values"):  # forward mode moves the vectors too
        ag.jvp(f, (ag.tensor(x),), (ag.tensor(np.ones_like(x)),))


@line("`eigh`, `eig`, `svd` with equal values")
@cases({
    "one eigenvalue": lambda x: linalg.eigvalsh(x)[0], "an eigenvector": lambda x: linalg.eigh(x).eigenvectors[:, 0],
    "a singular value": lambda x: linalg.svdvals(x)[0], "a singular vector": lambda x: linalg.svd(x).U[:, 0], "eig": lambda x: linalg.eigvals(x)[0],
    "a product": lambda x: (lambda w, v: (v * w) @ v.mT)(*linalg.eigh(x)),
})  # fmt: skip
def test_what_has_no_derivative_is_an_error(case):
    with pytest.raises(ag.GradientError, match="equal values|values of equal|vectors of"):
        reverse(case, np.eye(2))


@line("`cholesky`, `eigh`")
@cases(
    {
        "cholesky": linalg.cholesky,
        "eigvalsh": lambda x: linalg.eigvalsh(x) ** 2,
        "eigh": lambda x: linalg.eigh(x).eigenvectors ** 2 * np.arange(3.0),
    }
)
def test_functions_of_the_hermitian_part(case):
    x = np.array([[4.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 2.0]])
    skew = np.array([[0.0, 1.0, 2.0], [-1.0, 0.0, 1.0], [-2.0, -1.0, 0.0]])
    np.testing.assert_allclose(case(ag.tensor(x)).array, case(ag.tensor(x + skew)).array, atol=1e-12)
    g = reverse(case, x)[1][0].array
    np.testing.assert_allclose(g, g.T)


# ---------------------------------------------------------------------------------------------- numbers and dtypes


@line("complex values")
def test_complex_gradients_point_uphill():
    z = np.array([1.0 + 2.0j, -0.5j])
    settle(lambda x: ag.real(x * x.conj()), z, 2 * z)
    settle(ag.abs, z, z / np.abs(z))
    settle(lambda x: ag.real(ag.exp(x)), z, np.conj(np.exp(z)), orders=1)
    np.testing.assert_allclose(reverse(ag.imag, z)[1][0].array, 1j)


@line("complex values")
@cases(
    {
        "real": ag.real,
        "imag": ag.imag,
        "abs": ag.abs,
        "angle": ag.angle,
        "product": lambda x: ag.real(ag.conj(x) * (1 + 2j)),
    }
)
def test_a_step_against_the_gradient_descends(case):
    z = np.array([1.0 + 2.0j, -0.5 - 1.2j, 1.6 - 0.3j])
    (g,) = reverse(lambda x: case(x) ** 2, z)[1]
    assert total(case(ag.tensor(z - 1e-3 * g.array)) ** 2).item() < total(case(ag.tensor(z)) ** 2).item()


@line("`logsumexp`, `logaddexp` with infinite elements")
@cases({
    "logsumexp": (ag.logsumexp, [INF, INF, 1.0], [0.5, 0.5, 0]), "one": (ag.logsumexp, [INF, 1.0], [1, 0]),
    "large": (ag.logsumexp, [1e30, 1e30, -1e30], [0.5, 0.5, 0]), "nothing": (ag.logsumexp, [-INF, 1.0], [0, 1]),
    "logaddexp": (lambda x: ag.logaddexp(x[:2], x[2:]), [INF, INF, INF, 1.0], [0.5, 1, 0.5, 0]),
    "logaddexp2": (lambda x: ag.logaddexp2(x[:2], x[2:]), [1e30, -INF, 1e30, 1.0], [0.5, 0, 0.5, 1]),
})  # fmt: skip
def test_shares_of_infinities(case):
    settle(*case)


@line('`vector_norm` of order 0, `cdist` with `p=0`, the grid of `grid_sample(mode="nearest")`')
@cases({
    "vector_norm": lambda x: ag.vector_norm(x, ord=0), "cdist": lambda x: ag.cdist(x[None], x[None] + 1, p=0),
    "grid_sample": lambda x: ag.grid_sample(ag.ones((1, 1, 3, 3)), x.reshape(1, 1, 1, 2), mode="nearest"),
})  # fmt: skip
def test_counts_have_gradient_zero_not_none(case):
    x = ag.tensor(np.array([0.0, 0.7]), requires_grad=True)
    (g,) = ag.gradients(case(x).sum(), [x])  # None would raise here
    np.testing.assert_array_equal(g.array, 0)


@line("`grid_sample` at a NaN")
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_grid_sample_at_a_nan(mode):
    image, grid = np.ones((1, 1, 2, 2)), np.array([[[[NAN, 0.0], [0.3, 0.0]]]])
    leaves, (g, _) = reverse(lambda x, at: ag.grid_sample(x, at, mode=mode), image, grid)
    np.testing.assert_array_equal(np.isnan(ag.grid_sample(*leaves, mode=mode).array[0, 0, 0]), [True, False])
    np.testing.assert_allclose(g.array.sum(), 1)


@line("`ctc_loss` of an input of length 0")
@pytest.mark.parametrize(("length", "loss"), [(0, 0.0), (1, INF)])
def test_ctc_loss_of_no_input(length, loss):
    def f(x):
        return ag.ctc_loss(x, np.array([[1]]), (0,), (length,), reduction="sum")

    settle(f, np.zeros((2, 1, 2)), 0)
    assert f(np.zeros((2, 1, 2))) == loss


@line("`nan_to_num` of complex numbers")
def test_replaced_parts_get_no_gradient():
    x = np.array([complex(NAN, 1), complex(2, INF), 1 + 1j])
    settle(lambda x: ag.real(ag.nan_to_num(x)), x, [0, 1, 1])
    settle(lambda x: ag.imag(ag.nan_to_num(x)), x, [1j, 0, 1j])


@line("complex values")
@cases({"abs": ag.abs, "sign": ag.sign, "vector_norm": ag.vector_norm})
def test_the_origin_of_the_complex_plane(case):
    _, (g,) = reverse(case, np.zeros(2, complex), create_graph=True)
    assert np.isfinite(g.array).all()


@line("`grad` and `backward` of a complex result")
def test_a_complex_result_has_no_gradient():
    z = ag.tensor(1 + 2j, requires_grad=True)
    for call in (lambda: ag.grad(ag.exp)(1 + 2j), ag.exp(z).backward, lambda: ag.gradients(ag.exp(z), z)):
        with pytest.raises(ag.GradientError, match="gradient is of a real number"):
            call()


@line("`jacobian` of complex inputs")
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_the_jacobian_of_a_holomorphic_function(mode):
    z, x = np.array([1.0 + 2.0j, -0.5j]), np.array([0.3, -0.7])
    np.testing.assert_allclose(ag.jacobian(ag.exp, mode=mode, holomorphic=True)(z).array, np.diag(np.exp(z)))
    np.testing.assert_allclose(ag.jacobian(lambda x: ag.exp(1j * x), mode=mode)(x).array, np.diag(1j * np.exp(1j * x)))
    with pytest.raises(ag.DtypeError, match="holomorphic=True"):
        ag.jacobian(ag.exp, mode=mode)(z)


@line("integers and booleans")
@pytest.mark.parametrize("values", [[1, 2], [True, False]])
def test_integers_are_never_differentiable(values):
    with pytest.raises(ag.DtypeError, match="float32"):
        ag.tensor(values, requires_grad=True)
    with pytest.raises(ag.DtypeError, match="float32"):
        ag.grad(lambda x: (x * 1.0).sum())(ag.tensor(values))
    with pytest.raises(ag.DtypeError, match="float32"):
        ag.jvp(lambda x: x * 1.0, (ag.tensor(values),), (ag.tensor(values),))
    x = ag.tensor(np.array([1.5, 2.5]), requires_grad=True)
    for y in (x.astype("int64"), ag.argmax(x), ag.argsort(x), x > 0, ag.isnan(x), ag.floor_divide(x, 2.0)):
        assert not y.requires_grad


@line("mixed dtypes")
def test_gradients_have_the_dtype_of_their_value():
    a, b = ag.tensor(np.ones(2, np.float32), requires_grad=True), ag.tensor(np.ones(2), requires_grad=True)
    c = ag.tensor(np.ones(2, np.complex64), requires_grad=True)
    y = a * b * c * 2.0
    assert y.dtype == np.complex128
    assert (a * 2.0).dtype == np.float32
    for create_graph in (False, True):
        g = ag.gradients(total(y), [a, b, c], create_graph=create_graph, retain_graph=True)
        assert [x.dtype for x in g] == [np.float32, np.float64, np.complex64]


@line("mixed dtypes")
@pytest.mark.filterwarnings("error")
def test_the_imaginary_part_of_a_gradient_is_dropped_without_a_warning():
    for create_graph in (False, True):
        x = ag.tensor(np.ones(3), requires_grad=True)
        (g,) = ag.gradients(total(fft.fft(x)), [x], create_graph=create_graph)
        assert g.dtype == np.float64


@line("16-bit floats")
def test_half_precision_sums_are_accumulated_in_float32():
    x = ag.tensor(np.full(4096, 0.1, np.float16), requires_grad=True)
    for f, want in ((ag.sum, 409.5), (ag.mean, 0.1)):
        y = f(x)
        assert y.dtype == np.float16
        np.testing.assert_allclose(float(y.item()), want, rtol=2e-3)


# ------------------------------------------------------------------------------------------------- the table itself


def test_each_line_of_the_published_table_has_a_test():
    rows = re.findall(r"^\| (.+?) \| .+ \|$", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows.pop(0) == "where"
    assert len(set(rows)) == len(rows)
    assert set(rows) - TESTED == set(), "lines of docs/conventions.md without a test"
    assert TESTED - set(rows) == set(), "tests of lines that docs/conventions.md does not have"
