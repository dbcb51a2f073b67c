"""PyTorch as the oracle of reductions, scans and order statistics: rows of the table of test_torch_hypothesis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd as ag
from tests.autograd.torch_oracle import Draw, Fixed, Table, against_pytorch, dims

torch = pytest.importorskip("torch", reason="PyTorch is the oracle of these tests")
F = torch.nn.functional
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # PyTorch on its own plans and history
row = Table()

# One row, one line: the formatter would make a page of it.
# fmt: off

# ------------------------------------------------------------------------------------------- reductions and scans


def over(f: Any, **named: Any) -> Any:
    """PyTorch's reduction with our arguments."""
    return lambda x, axis, keep: f(x, dim=dims(x, axis), keepdim=keep, **named)


def prod(x: Any, axis: Any, keep: Any = True) -> Any:
    """PyTorch multiplies along one axis only."""
    for a in sorted((d % x.ndim for d in dims(x, axis)), reverse=True):
        x = x.prod(a, keepdim=keep)
    return x


def reduced(d: Draw, least: int = 1, side: int = 1, **domain: Any) -> tuple[Any, ...]:
    return (x := d.xs(least, side, **domain), d.axes(x), d.bool())


def filled(value: float, f: Any) -> Any:
    """A function of an array in which NaN is replaced."""
    return lambda x, *rest: f(torch.where(x.isnan(), value, x), *rest)


def nanvar(x: Any, axis: Any, correction: int, keep: Any) -> Any:
    there, along = ~x.isnan(), dims(x, axis)
    n = there.sum(along, keepdim=True)
    centred = x - torch.nanmean(x, along, keepdim=True)
    squares = torch.where(there, centred, 0) ** 2 / (n - correction)
    return squares.sum(along, keepdim=keep)


row("sum", ag.sum, over(torch.sum), reduced, "dD")
row("mean", ag.mean, over(torch.mean), reduced, "dD")
row("prod", ag.prod, prod, reduced, "dD")
row("max", ag.max, over(torch.amax), lambda d: reduced(d, distinct=True))
row("min", ag.min, over(torch.amin), lambda d: reduced(d, distinct=True))
TIES = lambda d: (np.round((a := reduced(d))[0]), *a[1:])  # noqa: E731
row("max: ties", ag.max, over(torch.amax), TIES)
row("min: ties", ag.min, over(torch.amin), TIES)
row("max: argmax", ag.argmax, torch.argmax, lambda d: (x := d.xs(1, distinct=True), d.one(None, d.axis(x))))
row("ptp", ag.ptp, lambda *a: over(torch.amax)(*a) - over(torch.amin)(*a), lambda d: reduced(d, distinct=True))
row("logsumexp", ag.logsumexp, over(torch.logsumexp), reduced)
for name in ("var", "std"):
    row(name, getattr(ag, name), lambda x, axis, c, keep, name=name: over(getattr(torch, name), correction=c)(x, axis, keep),
        lambda d: (x := d.xs(1, 2), d.axes(x), d.int(0, 1), d.bool()), "d" if name == "std" else "dD")
for order in (1, 2, 3, 3.5, -1, np.inf, -np.inf, 0.5):
    row(f"vector_norm: {order}", lambda x, axis, keep, p=order: ag.vector_norm(x, p, axis, keep),
        over(torch.linalg.vector_norm, ord=order), lambda d: reduced(d, distinct=True, high=2.21), "dD",
        second=True)
row("average", ag.average, lambda x, axis, w, keep: (x * w).sum(dims(x, axis), keepdim=keep) / w.sum(dims(x, axis), keepdim=keep),
    lambda d: (x := d.xs(1), d.axes(x), d.x(*x.shape, low=0.3), d.bool()))
HOLED = lambda d: (x := d.holed(d.shape(1, 3, 2)), d.one(None, *range(-x.ndim, x.ndim)), d.bool())  # noqa: E731
row("nansum", ag.nansum, over(torch.nansum), HOLED)
row("nanmean", ag.nanmean, over(torch.nanmean), HOLED)
row("nanprod", ag.nanprod, filled(1, prod), HOLED)
row("nanmax", ag.nanmax, filled(-np.inf, over(torch.amax)), HOLED)
row("nanmin", ag.nanmin, filled(np.inf, over(torch.amin)), HOLED)
row("nanvar", ag.nanvar, nanvar, lambda d: (*(a := HOLED(d))[:2], 0, a[2]))
row("nanstd", ag.nanstd, lambda *a: nanvar(*a).sqrt(), lambda d: (d.holed((4, 5)), None, 1, d.bool()))
ALONG = lambda d: (x := d.xs(1), d.axis(x))  # noqa: E731
DISTINCT = lambda d: (x := d.xs(1, distinct=True), d.axis(x))  # noqa: E731
HOLED_ALONG = lambda d: HOLED(d)[:1] + (-1,)  # noqa: E731
for name, dtypes in [("softmax", "d"), ("log_softmax", "d"), ("cumsum", "dD"), ("cumprod", "dD"), ("logcumsumexp", "d")]:
    row(name, getattr(ag, name), getattr(torch, name), ALONG, dtypes)
row("cummax", ag.cummax, lambda x, a: tuple(torch.cummax(x, a)), DISTINCT)
row("cummax: cummin", ag.cummin, lambda x, a: tuple(torch.cummin(x, a)), DISTINCT)
row("nancumsum", ag.nancumsum, filled(0, torch.cumsum), HOLED_ALONG)
row("nancumprod", ag.nancumprod, filled(1, torch.cumprod), HOLED_ALONG)
row("cumulative_sum", ag.cumulative_sum, lambda x, a: x.cumsum(a), ALONG, "dD")
row("cumulative_prod", lambda x, a: ag.cumulative_prod(x, a, include_initial=True),
    lambda x, a: torch.cat([torch.ones_like(x.narrow(a, 0, 1)), x], a).cumprod(a), ALONG)
row("diff", ag.diff, torch.diff, lambda d: (x := d.xs(1, 3), d.int(0, 2), d.axis(x)), "dD")
row("trapezoid", ag.trapezoid, torch.trapezoid, lambda d: (y := d.xs(1, 2), d.x(y.shape[-1])))
row("cumulative_trapezoid", ag.cumulative_trapezoid, torch.cumulative_trapezoid, lambda d: (y := d.xs(1, 2), d.x(*y.shape)))


def recurrence(a: Any, b: Any, axis: int) -> Any:
    y, out = 0, []
    for s, t in zip(a.unbind(axis), b.unbind(axis), strict=True):
        out.append(y := s * y + t)
    return torch.stack(out, axis)


row("linear_recurrence", ag.linear_recurrence, recurrence, lambda d: (b := d.xs(1), d.x(*b.shape), d.axis(b)), "dD")


# --------------------------------------------------------------------------------------------------------- order


def ordered(d: Draw) -> tuple[Any, ...]:
    x = d.xs(1, distinct=True)
    axis = d.axis(x)
    return x, d.int(1, x.shape[axis]), axis, d.bool()


def quantile(x: Any, q: Any, axis: Any, keep: Any, method: str = "linear") -> Any:
    return torch.quantile(x, q, axis, keep, interpolation=method)


QUANTILE = lambda d: (x := d.xs(1, distinct=True), d.one(0.0, 0.2, 0.5, 0.77, 1.0), d.one(None, *range(x.ndim)), d.bool())  # noqa: E731
row("sort", ag.sort, lambda x, a, down: torch.sort(x, a, down)[0], lambda d: (x := d.xs(1, distinct=True), d.axis(x), d.bool()))
row("topk", ag.topk, lambda *a: tuple(torch.topk(*a)), ordered)
row("kthvalue", ag.kthvalue, lambda *a: tuple(torch.kthvalue(*a)), ordered)
row("quantile", ag.quantile, quantile, lambda d: (*QUANTILE(d), d.one("linear", "lower", "higher", "nearest", "midpoint")))
row("quantile: several", ag.quantile, quantile, lambda d: ((a := QUANTILE(d))[0], Fixed(np.array([0.3, 0.9])), *a[2:]))
row("percentile", lambda x, q, *a: ag.percentile(x, 100 * q, *a), quantile, QUANTILE)
row("median", ag.median, lambda x, *a: quantile(x, 0.5, *a), lambda d: ((a := QUANTILE(d))[0], *a[2:]))
row("nanmedian", ag.nanmedian, lambda x, *a: torch.nanquantile(x, 0.5, *a), HOLED)
row("nanquantile", ag.nanquantile, torch.nanquantile, lambda d: ((a := HOLED(d))[0], d.one(0.0, 0.4, 1.0), *a[1:]))


row("aminmax", ag.aminmax, lambda x, a: tuple(torch.aminmax(x, dim=a)), lambda d: (x := d.xs(1, distinct=True), d.axis(x)))
row("var_mean", ag.var_mean, lambda x, a, c, k: torch.var_mean(x, a, correction=c, keepdim=k), lambda d: (x := d.xs(1, 2), d.axis(x), d.int(0, 1), d.bool()), "d")
row("std_mean", ag.std_mean, lambda x, a, c, k: torch.std_mean(x, a, correction=c, keepdim=k), lambda d: (x := d.xs(1, 2), d.axis(x), d.int(0, 1), d.bool()), "d")
row("softmin", ag.softmin, F.softmin, lambda d: (x := d.xs(1), d.axis(x)))

# fmt: on

test_against_pytorch = against_pytorch(row)
