"""Arguments of functions of the array API standard, drawn by Hypothesis: dtypes that promote, arrays, axes, numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.array_api import make_strategies_namespace

import autograd as ag
from autograd import array_api as xp
from tests.autograd.conftest import VERSION

draws = make_strategies_namespace(xp, api_version=VERSION)

SIGNED = ["int8", "int16", "int32", "int64"]
UNSIGNED = ["uint8", "uint16", "uint32", "uint64"]
INTEGER = SIGNED + UNSIGNED
REAL_FLOATING = ["float32", "float64"]
COMPLEX = ["complex64", "complex128"]
FLOATING = REAL_FLOATING + COMPLEX
REAL = INTEGER + REAL_FLOATING
NUMERIC = REAL + COMPLEX
ALL = ["bool", *NUMERIC]
INTEGER_OR_BOOL = ["bool", *INTEGER]


class Dtype(NamedTuple):
    """A dtype among the arguments of a call."""

    name: str


def promoted_with(dtype: str, allowed: list[str]) -> list[str]:
    """The dtypes that the standard's promotion table pairs with one."""
    if dtype in FLOATING:
        return [d for d in allowed if d in FLOATING]
    if dtype == "bool":
        return ["bool"]
    kept = [d for d in allowed if d in INTEGER]
    if dtype == "uint64":
        return [d for d in kept if d in UNSIGNED]
    return [d for d in kept if d != "uint64"] if dtype in SIGNED else kept


_SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, math.nan, math.inf, -math.inf]


def _elements(dtype: str, low: float | None, high: float | None, special: bool) -> st.SearchStrategy[Any]:
    """Numbers of a dtype, from ``low`` to ``high``; ``special``: all of them, NaN and infinities too."""
    if dtype == "bool":
        return st.booleans()
    if dtype in INTEGER:
        info = xp.iinfo(getattr(xp, dtype))
        return st.integers(
            info.min if low is None else max(info.min, int(low)), info.max if high is None else min(info.max, int(high))
        )
    if special and low is None and high is None:
        part = st.sampled_from(_SPECIAL) | st.floats(width=32 if dtype in ("float32", "complex64") else 64)
    else:
        part = st.floats(low, high, width=32) | st.integers(int(low or 0), int(high or 9)).map(float)
    return st.builds(complex, part, part) if dtype in COMPLEX else part


@st.composite
def arrays(
    draw: Any, dtypes: list[str], shapes: Any = None, low: float | None = None, high: float | None = None,
    special: bool = False,
) -> Any:  # fmt: skip
    """A Tensor of one of the dtypes; ``special``: with NaN, infinities and the largest numbers."""
    dtype = draw(st.sampled_from(dtypes))
    shape = draw(shapes) if isinstance(shapes, st.SearchStrategy) else SHAPES if shapes is None else shapes
    shape = draw(shape) if isinstance(shape, st.SearchStrategy) else shape
    if not special and low is None and high is None:
        low, high = -9, 9
    size = math.prod(shape)
    elements = draw(st.lists(_elements(dtype, low, high, special), min_size=size, max_size=size))
    return ag.tensor(np.array(elements, dtype).reshape(shape))


SHAPES = draws.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
FULL_SHAPES = draws.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3)
"""Shapes with an element."""
AXIS_SHAPES = draws.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=3)


@st.composite
def scalars(draw: Any, dtype: str, low: float | None = None, high: float | None = None) -> Any:
    """A Python number that may stand beside an array of a dtype."""
    if dtype == "bool":
        return draw(st.booleans())
    if dtype in INTEGER:
        info = xp.iinfo(getattr(xp, dtype))
        least, most = max(info.min, int(-9 if low is None else low)), min(info.max, int(9 if high is None else high))
        return draw(st.integers(least, most))
    real = st.floats(-9 if low is None else low, 9 if high is None else high, width=32) | st.integers(1, 9)
    return draw(real | st.builds(complex, real, real) if dtype in COMPLEX else real)


@st.composite
def unary(draw: Any, dtypes: list[str], **limits: Any) -> Any:
    return (draw(arrays(dtypes, special=not limits, **limits)),), {}


@st.composite
def binary(draw: Any, dtypes: list[str], second: dict[str, Any] | None = None, scalar: bool = True) -> Any:
    """Two arrays that broadcast and promote, or one of them a Python number."""
    first = draw(st.sampled_from(dtypes))
    limits = second or {}
    shapes = draw(draws.mutually_broadcastable_shapes(2, max_dims=2, max_side=3, min_side=0)).input_shapes
    a = draw(arrays([first], shapes[0], special=not limits, **({"low": 0, "high": 9} if limits else {})))
    form = draw(st.sampled_from(["array", "array", "right", "left"] if scalar else ["array"]))
    if form == "array":
        mate = draw(st.sampled_from(promoted_with(first, dtypes)))
        return (a, draw(arrays([mate], shapes[1], special=not limits, **limits))), {}
    number = draw(scalars(first, **limits))
    return ((a, number) if form == "right" else (number, a)), {}


@st.composite
def reduction(
    draw: Any, dtypes: list[str], several: bool = True, empty: bool = True, typed: bool = False, **options: Any
) -> Any:
    """An array, an axis (or ``several``) or none, keepdims, and where it is ``typed`` a dtype."""
    x = draw(arrays(dtypes, SHAPES if empty else FULL_SHAPES))
    axis = st.none()
    if x.ndim:
        axis |= st.integers(-x.ndim, x.ndim - 1)
    if several:
        axis |= draws.valid_tuple_axes(x.ndim)
    chosen = {"axis": axis, "keepdims": st.booleans()} | options
    params = draw(st.fixed_dictionaries({}, optional=chosen))
    if typed and draw(st.booleans()):
        kind = next(k for k in (SIGNED, UNSIGNED, REAL_FLOATING, COMPLEX) if x.dtype.name in k)
        params["dtype"] = Dtype(draw(st.sampled_from(kind[kind.index(x.dtype.name) :])))
    return (x,), params


@st.composite
def along(
    draw: Any, dtypes: list[str], shapes: Any = AXIS_SHAPES, low: Any = None, high: Any = None,
    **options: Any,
) -> Any:  # fmt: skip
    """An array with an axis at least, and one of its axes."""
    x = draw(arrays(dtypes, shapes, low, high))
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    return (x,), {"axis": axis} | draw(st.fixed_dictionaries({}, optional=options))


@st.composite
def running(draw: Any) -> Any:
    (x,), params = draw(reduction(NUMERIC, several=False, typed=True, include_initial=st.booleans()))
    params.pop("keepdims", None)
    if not x.ndim:
        x = x[None]
    if x.ndim > 1 or params.get("axis", None) not in (None, 0, -1):
        params["axis"] = draw(st.integers(-x.ndim, x.ndim - 1))
    return (x,), params


@st.composite
def several(draw: Any, dtypes: list[str], **options: Any) -> Any:
    """A list of arrays of one shape, of dtypes that promote: each with every other."""
    first = draw(arrays(dtypes, AXIS_SHAPES))
    mates = st.lists(arrays(promoted_with(first.dtype.name, dtypes), first.shape), max_size=2)
    mates = mates.filter(lambda xs: all(b.dtype.name in promoted_with(a.dtype.name, dtypes) for a in xs for b in xs))
    return ([first, *draw(mates)],), draw(st.fixed_dictionaries({}, optional=options))


@st.composite
def call(draw: Any, build: Callable[[Any], Any]) -> Any:
    """A call put together by a function of ``draw``."""
    return build(draw)
