"""Reductions that leave NaN out: what is no number counts as missing."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.backend import floating, is_complex
from autograd.composite import composite
from autograd.ops.axes import Axis
from autograd.ops.elementwise import abs as absolute
from autograd.ops.elementwise import square, where
from autograd.ops.logic import isnan
from autograd.ops.product import prod
from autograd.ops.reduce import all, distinct_reduced, max, min, reduced_samples, safe_sqrt, sum

__all__ = ["nanmax", "nanmean", "nanmin", "nanprod", "nanstd", "nansum", "nanvar"]


def _without_nan(x: Any, value: float) -> Any:
    return where(isnan(x), value, x)


@composite(r"\textstyle\sum_{{{0} \ne \text{{NaN}}}} {0}", reduced_samples, reference=np.nansum)
def nansum(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The sum over axes of what is a number."""
    return sum(_without_nan(x, 0), axis, keepdims)


@composite(r"\textstyle\prod_{{{0} \ne \text{{NaN}}}} {0}", reduced_samples, reference=np.nanprod)
def nanprod(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The product over axes of what is a number."""
    return prod(_without_nan(x, 1), axis, keepdims)


@composite(r"\operatorname{{nanmean}} {0}", reduced_samples, reference=np.nanmean)
def nanmean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The mean over axes of what is a number; NaN where there is none."""
    x = floating(x)
    counted = sum(~isnan(x), axis, keepdims).astype(x.dtype)
    return nansum(x, axis, keepdims) / counted


@composite(r"\operatorname{{nanvar}} {0}", reduced_samples, reference=np.nanvar)
def nanvar(x: Any, axis: Axis = None, correction: float = 0, keepdims: bool = False) -> Any:
    """The variance over axes of what is a number."""
    x = floating(x)
    centred = where(isnan(x), 0, x - nanmean(x, axis, keepdims=True))
    size = absolute(centred) if is_complex(x.dtype) else centred
    counted = sum(~isnan(x), axis, keepdims).astype(size.dtype)
    return sum(square(size), axis, keepdims) / (counted - correction)


@composite(r"\operatorname{{nanstd}} {0}", reduced_samples, reference=np.nanstd)
def nanstd(x: Any, axis: Axis = None, correction: float = 0, keepdims: bool = False) -> Any:
    """The standard deviation over axes of what is a number; gradient 0 where all are equal."""
    return safe_sqrt(nanvar(x, axis, correction, keepdims))


def _nan_extreme(op: Any, x: Any, axis: Axis, keepdims: bool, worst: float) -> Any:
    """The extreme of what is a number; NaN where nothing is."""
    missing = isnan(x)
    best = op(where(missing, worst, x), axis, keepdims)
    return where(all(missing, axis, keepdims), np.nan, best)


@composite(r"\operatorname{{nanmax}} {0}", distinct_reduced, reference=np.nanmax)
def nanmax(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The largest element over axes of what is a number; ties share the gradient evenly."""
    return _nan_extreme(max, x, axis, keepdims, -np.inf)


@composite(r"\operatorname{{nanmin}} {0}", distinct_reduced, reference=np.nanmin)
def nanmin(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The smallest element over axes of what is a number; ties share the gradient evenly."""
    return _nan_extreme(min, x, axis, keepdims, np.inf)
