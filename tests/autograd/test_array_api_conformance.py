"""Our namespace against the array API standard 2024.12: a development check, and the page that publishes it.

The reference is ``array-api-strict``, which implements the standard and nothing else. A row of ``CASES`` says what a
function takes by the standard; Hypothesis draws calls, and value, shape, dtype and the type of the result must agree.
``python tests/autograd/test_array_api_conformance.py``
prints docs/array-api.md.

Source: https://data-apis.org/array-api/2024.12
"""

from __future__ import annotations

import inspect
import math
import operator
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.array_api import make_strategies_namespace

import autograd as ag
from autograd import array_api as xp
from autograd.primitive import Primitive

strict = pytest.importorskip("array_api_strict", reason="the reference implementation comes with the extra 'dev'")
VERSION = "2024.12"
PAGE = Path(__file__).parents[2] / "docs" / "array-api.md"
COMMAND = "python tests/autograd/test_array_api_conformance.py > docs/array-api.md"
draws = make_strategies_namespace(xp, api_version=VERSION)
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, from the reference over no element


@pytest.fixture(autouse=True)
def _standard():
    """The reference follows this version of the standard, not the newest that it knows."""
    with strict.ArrayAPIStrictFlags(api_version=VERSION), np.errstate(all="ignore"):
        yield


# ------------------------------------------------------------------------------------------------ what the names are

_NOT_OF_THE_STANDARD = {"ArrayAPIStrictFlags", "Device", "__version__", "get_array_api_strict_flags",
                        "reset_array_api_strict_flags", "set_array_api_strict_flags"}  # fmt: skip
_OF_A_LATER_VERSION = {"broadcast_shapes", "isin", "linalg.eig", "linalg.eigvals"}


def _public(namespace: Any, prefix: str) -> dict[str, Any]:
    names = set(getattr(namespace, "__all__", ())) - _NOT_OF_THE_STANDARD
    found = {f"{prefix}{name}": getattr(namespace, name) for name in names if hasattr(namespace, name)}
    return {name: value for name, value in found.items() if name not in _OF_A_LATER_VERSION}


STANDARD = _public(strict, "") | _public(strict.linalg, "linalg.") | _public(strict.fft, "fft.")
"""What the standard names, by dotted name."""
FUNCTIONS = sorted(
    name for name, value in STANDARD.items() if inspect.isroutine(value) or name == "__array_namespace_info__"
)
ATTRIBUTES = ["T", "device", "dtype", "mT", "ndim", "shape", "size"]
_BOTH_SIDES = [
    "add",
    "floordiv",
    "matmul",
    "mod",
    "mul",
    "pow",
    "sub",
    "truediv",
    "and",
    "lshift",
    "or",
    "rshift",
    "xor",
]
_SPECIAL_METHODS = [
    "array_namespace", "bool", "complex", "dlpack", "dlpack_device", "float", "getitem", "index", "int", "setitem",
    "abs", "neg", "pos", "invert", "eq", "ge", "gt", "le", "lt", "ne",
    *(f"{kind}{name}" for name in _BOTH_SIDES for kind in ("", "r", "i")),
]  # fmt: skip
METHODS = [*(f"__{name}__" for name in _SPECIAL_METHODS), "to_device"]


def _of(namespace: Any, dotted: str) -> Any:
    return operator.attrgetter(dotted)(namespace)


def _signature(function: Any) -> inspect.Signature:
    if isinstance(function, Primitive) and not function.variadic and not function.static:
        # A primitive answers any call; its entry says how many arguments the op has.
        return inspect.Signature(
            [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in function.arguments]
        )
    return inspect.signature(function)


_SAME_DEFAULT = {("norm", "backward"): None, ("correction", 0.0): 0, ("dtype", None): np.float32}


def _misfits(standard: inspect.Signature, ours: inspect.Signature) -> list[str]:
    """Why a call that the standard allows would fail with ours, or mean something else."""
    p = inspect.Parameter
    places = [x for x in ours.parameters.values() if x.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = any(x.kind is p.VAR_POSITIONAL for x in ours.parameters.values())
    wrong, used = [], set()
    for i, (name, wanted) in enumerate(standard.parameters.items()):
        if wanted.kind is p.VAR_POSITIONAL:
            if not rest:
                wrong.append(f"no *{name}")
            continue
        found = None
        if wanted.kind is not p.KEYWORD_ONLY:
            found = places[i] if i < len(places) else None
            if found is None and not rest:
                wrong.append(f"no place for {name}")
        if wanted.kind is not p.POSITIONAL_ONLY:
            found = ours.parameters.get(name)
            if found is None or found.kind not in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY):
                wrong.append(f"no keyword {name}")
                continue
        if found is not None:
            used.add(found.name)
        known = wanted.default is not p.empty and type(wanted.default).__name__ != "Undef"
        if found is not None and wanted.default is not p.empty and found.default is p.empty:
            wrong.append(f"{name} has no default")
        elif known and found is not None and found.default != wanted.default:
            key = (name, wanted.default)
            if key not in _SAME_DEFAULT or found.default != _SAME_DEFAULT[key]:
                wrong.append(f"{name} defaults to {found.default!r}, not {wanted.default!r}")
    for name, extra in ours.parameters.items():
        if name not in used and extra.default is p.empty and extra.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            wrong.append(f"{name} is required")
    return wrong


def test_the_namespace_has_every_name_of_the_standard():
    missing = [name for name in STANDARD if not _has(xp, name)]
    assert missing == []
    assert xp.__array_api_version__ == VERSION
    assert len(FUNCTIONS) > 170


def _has(namespace: Any, dotted: str) -> bool:
    try:
        _of(namespace, dotted)
    except AttributeError:
        return False
    return True


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_call_that_the_standard_allows_is_a_call_of_ours(name):
    assert _misfits(inspect.signature(STANDARD[name]), _signature(_of(xp, name))) == []


def test_tensors_have_every_attribute_and_method_of_the_standard():
    x = ag.ones((2, 2))
    assert [name for name in ATTRIBUTES if not hasattr(x, name)] == []
    assert [name for name in METHODS if not hasattr(ag.Tensor, name)] == []
    array = type(strict.ones(2))
    for name in METHODS[:-1]:  # the reference takes to_device's stream by place, the standard by keyword only
        standard = inspect.signature(getattr(array, name))
        assert _misfits(standard, inspect.signature(getattr(ag.Tensor, name))) == [], name


def test_constants_and_dtypes():
    assert (xp.e, xp.pi, xp.inf, xp.newaxis) == (math.e, math.pi, math.inf, None)
    assert math.isnan(xp.nan)
    for name in ALL:
        assert xp.ones(1, dtype=getattr(xp, name)).dtype == getattr(xp, name)
        assert getattr(xp, name).name == name


def test_the_inspection_api():
    info, reference = xp.__array_namespace_info__(), strict.__array_namespace_info__()
    assert info.capabilities() == reference.capabilities()
    assert info.default_device() == "cpu" == info.devices()[0]
    assert set(info.default_dtypes()) == set(reference.default_dtypes())
    kinds = [*("bool", "signed integer", "unsigned integer", "integral", "real floating", "complex floating")]
    for kind in [None, *kinds, "numeric", ("bool", "integral")]:
        assert set(info.dtypes(kind=kind)) == set(reference.dtypes(kind=kind)), kind
        assert info.dtypes(kind=kind, device="cpu") == info.dtypes(kind=kind)
    for kind in (*kinds, "numeric"):
        for name in ALL:
            assert xp.isdtype(getattr(xp, name), kind) is strict.isdtype(getattr(strict, name), kind)
    assert xp.isdtype(xp.int8, (xp.int16, xp.int8)) is True
    with pytest.raises(ag.ArgumentError, match="real floating"):
        xp.isdtype(xp.int8, "float")


# ------------------------------------------------------------------------------------------------- drawing a call

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


def _mates(dtype: str, allowed: list[str]) -> list[str]:
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
        mate = draw(st.sampled_from(_mates(first, dtypes)))
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
    """A list of arrays of one shape, of dtypes that promote."""
    first = draw(arrays(dtypes, AXIS_SHAPES))
    mates = draw(st.lists(arrays(_mates(first.dtype.name, dtypes), first.shape), max_size=2))
    return ([first, *mates],), draw(st.fixed_dictionaries({}, optional=options))


@st.composite
def call(draw: Any, build: Callable[[Any], Any]) -> Any:
    """A call put together by a function of ``draw``."""
    return build(draw)


def _clip(draw: Any) -> Any:
    x = draw(arrays(REAL))
    name = x.dtype.name
    low = draw(st.none() | scalars(name, high=0) | arrays([name], (), low=-9, high=0))
    high = draw(st.none() | scalars(name, low=1) | arrays([name], (), low=1, high=9))
    if draw(st.booleans()):
        return (x, low, high), {}
    return (x,), {"min": low, "max": high}


def _where(draw: Any) -> Any:
    (a, b), _ = draw(binary(ALL))
    shape = a.shape if hasattr(a, "shape") else b.shape
    return (draw(arrays(["bool"], st.sampled_from([shape, ()]))), a, b), {}


def _diff(draw: Any) -> Any:
    (x,), params = draw(along(NUMERIC, n=st.integers(0, 3)))
    shape = tuple(1 if i == params["axis"] % x.ndim else n for i, n in enumerate(x.shape))
    for name in draw(st.lists(st.sampled_from(["prepend", "append"]), unique=True)):
        params[name] = draw(arrays([x.dtype.name], shape))
    return (x,), params


def _broadcast_to(draw: Any) -> Any:
    shapes = draw(draws.mutually_broadcastable_shapes(2, max_dims=3, max_side=3))
    return (draw(arrays(ALL, shapes.input_shapes[0])), shapes.result_shape), {}


def _broadcast_arrays(draw: Any) -> Any:
    shapes = draw(draws.mutually_broadcastable_shapes(draw(st.integers(1, 3)), max_dims=3, max_side=3))
    return tuple(draw(arrays(ALL, shape)) for shape in shapes.input_shapes), {}


def _expand_dims(draw: Any) -> Any:
    x = draw(arrays(ALL))
    return (x,), {"axis": draw(st.integers(-x.ndim - 1, x.ndim))}


def _moveaxis(draw: Any) -> Any:
    x = draw(arrays(ALL, AXIS_SHAPES))
    if draw(st.booleans()):
        return (x, *(draw(st.integers(-x.ndim, x.ndim - 1)) for _ in range(2))), {}
    some = draw(draws.valid_tuple_axes(x.ndim))
    return (x, some, tuple(draw(st.permutations(range(x.ndim)))[: len(some)])), {}


def _permute_dims(draw: Any) -> Any:
    x = draw(arrays(ALL))
    return (x, tuple(draw(st.permutations(range(x.ndim))))), {}


def _repeat(draw: Any) -> Any:
    x = draw(arrays(ALL, FULL_SHAPES))
    axis = draw(st.none() | st.integers(-x.ndim, x.ndim - 1))
    length = x.size if axis is None else x.shape[axis]
    counts = st.integers(0, 3) | arrays(["int64"], (length,), 0, 3)
    return (x, draw(counts)), {"axis": axis}


def _reshape(draw: Any) -> Any:
    x = draw(arrays(ALL))
    shapes = [(x.size,), (1, x.size), x.shape[::-1], (*x.shape, 1)] + ([(-1,), (-1, 1)] if x.size else [])
    params = draw(st.fixed_dictionaries({}, optional={"copy": st.sampled_from([None, True])}))
    return (x, draw(st.sampled_from(shapes))), params


def _roll(draw: Any) -> Any:
    x = draw(arrays(ALL))
    shift = st.integers(-4, 4)
    if not x.ndim or draw(st.booleans()):
        return (x, draw(shift)), {}
    axes = draw(draws.valid_tuple_axes(x.ndim, min_size=1))
    single = {"shift": draw(shift), "axis": axes[0]}
    return (x,), draw(st.sampled_from([single, {"shift": tuple(draw(shift) for _ in axes), "axis": axes}]))


def _squeeze(draw: Any) -> Any:
    x = draw(arrays(ALL, draws.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=2)))
    ones = [i for i, n in enumerate(x.shape) if n == 1]
    axes = tuple(draw(st.lists(st.sampled_from(ones), unique=True))) if ones else ()
    return (x, axes[0] if len(axes) == 1 and draw(st.booleans()) else axes), {}


def _tile(draw: Any) -> Any:
    return (draw(arrays(ALL)), tuple(draw(st.lists(st.integers(0, 2), max_size=3)))), {}


def _meshgrid(draw: Any) -> Any:
    dtype = draw(st.sampled_from(NUMERIC))
    vectors = [draw(arrays([dtype], (draw(st.integers(0, 3)),))) for _ in range(draw(st.integers(1, 3)))]
    return tuple(vectors), draw(st.fixed_dictionaries({}, optional={"indexing": st.sampled_from(["xy", "ij"])}))


def _matrices(draw: Any, dtypes: list[str], square: bool = False) -> Any:
    batch = draw(st.sampled_from([(), (), (2,), (0,)]))
    m, n = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    return draw(arrays(dtypes, (*batch, m, m if square else n), -4, 4))


def _regular(draw: Any) -> Any:
    """Square matrices with a heavy diagonal."""
    x = _matrices(draw, FLOATING, square=True)
    return x + xp.eye(x.shape[-1], dtype=x.dtype) * 16


def _hermitian(draw: Any) -> Any:
    x = _regular(draw)
    return (x + xp.conj(x.mT)) / 2


def _triangle(draw: Any) -> Any:
    return (_matrices(draw, ALL),), draw(st.fixed_dictionaries({}, optional={"k": st.integers(-2, 2)}))


def _searchsorted(draw: Any) -> Any:
    name = draw(st.sampled_from(REAL))
    x = draw(arrays([name], (draw(st.integers(0, 4)),)))
    v = draw(arrays(_mates(name, REAL)))
    params = draw(st.fixed_dictionaries({}, optional={"side": st.sampled_from(["left", "right"])}))
    if draw(st.booleans()):
        return (x, v), params | {"sorter": xp.argsort(x)}
    return (xp.sort(x), v), params


def _take(draw: Any) -> Any:
    x = draw(arrays(ALL, FULL_SHAPES))
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    index = draw(arrays(["int64", "int32", "uint8"], (draw(st.integers(0, 3)),), 0, x.shape[axis] - 1))
    return (x, index), ({} if x.ndim == 1 and draw(st.booleans()) else {"axis": axis})


def _take_along_axis(draw: Any) -> Any:
    x = draw(arrays(ALL, FULL_SHAPES))
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    shape = tuple(draw(st.integers(0, 3)) if i == axis % x.ndim else n for i, n in enumerate(x.shape))
    index = draw(arrays(["int64"], shape, 0, x.shape[axis] - 1))
    return (x, index), ({} if axis == -1 and draw(st.booleans()) else {"axis": axis})


def _matmul(draw: Any) -> Any:
    n, k, m = (draw(st.integers(0, 3)) for _ in range(3))
    first = draw(st.sampled_from([(k,), (n, k), (2, n, k)]))
    second = draw(st.sampled_from([(k,), (k, m), (2, k, m), (1, k, m)]))
    a = draw(arrays(NUMERIC, first))
    return (a, draw(arrays(_mates(a.dtype.name, NUMERIC), second))), {}


def _tensordot(draw: Any) -> Any:
    a = draw(arrays(NUMERIC, (2, 3)))
    shape, axes = draw(st.sampled_from([((2, 3), 2), ((3, 2), 1), ((2,), 0), ((4, 2), ((0,), (1,))),
                                        ((3, 2), ((0, 1), (1, 0)))]))  # fmt: skip
    return (a, draw(arrays(_mates(a.dtype.name, NUMERIC), shape))), ({} if axes == 2 else {"axes": axes})


def _vecdot(draw: Any) -> Any:
    first, second = draw(draws.mutually_broadcastable_shapes(2, max_dims=2, max_side=2)).input_shapes
    n, axis = draw(st.integers(0, 3)), draw(st.sampled_from([-1, -2]))
    ends = [(n,), (n,)] if axis == -1 else [(n, 2), (n, 1)]
    a = draw(arrays(NUMERIC, (*first, *ends[0])))
    b = draw(arrays(_mates(a.dtype.name, NUMERIC), (*second, *ends[1])))
    return (a, b), ({} if axis == -1 else {"axis": axis})


def _cross(draw: Any) -> Any:
    a = draw(arrays(NUMERIC, st.sampled_from([(3,), (2, 3), (1, 3)])))
    return (a, draw(arrays(_mates(a.dtype.name, NUMERIC), st.sampled_from([(3,), (2, 3)])))), {}


def _solve(draw: Any) -> Any:
    a = _regular(draw)
    n, mates = a.shape[-1], REAL_FLOATING if a.dtype.name in REAL_FLOATING else FLOATING
    return (a, draw(arrays(mates, st.sampled_from([(n,), (n, 2), (*a.shape[:-1], 1)])))), {}


def _outer(draw: Any) -> Any:
    a = draw(arrays(NUMERIC, (draw(st.integers(0, 3)),)))
    return (a, draw(arrays(_mates(a.dtype.name, NUMERIC), (draw(st.integers(0, 3)),)))), {}


def _matrix_norm(draw: Any) -> Any:
    orders = st.sampled_from(["fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf])
    return (_matrices(draw, FLOATING),), draw(
        st.fixed_dictionaries({}, optional={"ord": orders, "keepdims": st.booleans()})
    )


def _trace(draw: Any) -> Any:
    x = _matrices(draw, NUMERIC)
    params: dict[str, Any] = draw(st.fixed_dictionaries({}, optional={"offset": st.integers(-2, 2)}))
    return (x,), params | ({"dtype": Dtype(x.dtype.name)} if draw(st.booleans()) else {})


def _fft(real: bool = False, several: bool = False, half: bool = False) -> Any:
    """A call of a transform; ``half``: of half a spectrum, whose full length must be even to be known."""

    def build(draw: Any) -> Any:
        x = draw(arrays(REAL_FLOATING if real else COMPLEX, draws.array_shapes(min_dims=1, max_dims=2, min_side=2, max_side=4)))  # fmt: skip
        params = draw(st.fixed_dictionaries({}, optional={"norm": st.sampled_from(["backward", "ortho", "forward"])}))
        if several:
            axes = tuple(draw(st.permutations(range(x.ndim))))
            params |= draw(st.sampled_from([{}, {"axes": axes}, {"axes": axes, "s": tuple(4 for _ in axes)}]))
        else:
            options = {"n": st.sampled_from([2, 4] if half else [1, 3, 4]), "axis": st.integers(-x.ndim, x.ndim - 1)}
            params |= draw(st.fixed_dictionaries({}, optional=options))
        return (x,), params

    return call(build)


def _shift(draw: Any) -> Any:
    x = draw(arrays(FLOATING, AXIS_SHAPES))
    return (x,), draw(st.fixed_dictionaries({}, optional={"axes": draws.valid_tuple_axes(x.ndim, min_size=1)}))


def _frequencies(draw: Any) -> Any:
    """The default dtype of the reference is float64: ours is asked for by name."""
    return (draw(st.integers(1, 6)),), {"d": draw(st.floats(0.5, 4)), "dtype": Dtype(draw(st.sampled_from(REAL_FLOATING)))}  # fmt: skip


def _arange(draw: Any) -> Any:
    dtype = draw(st.sampled_from(["int8", "int32", "int64", "uint16", "float32", "float64"]))
    start, stop, step = draw(st.integers(0, 9)), draw(st.integers(0, 9)), draw(st.integers(1, 4))
    args: Any = draw(st.sampled_from([(stop,), (start, stop), (start, stop, step)]))
    if dtype in REAL_FLOATING and len(args) == 3:
        args = (start / 2, stop / 2, step / 2)
    if dtype == "int64" and draw(st.booleans()):
        return args, {}
    return args, {"dtype": Dtype(dtype)}


def _asarray(draw: Any) -> Any:
    dtype = draw(st.sampled_from(ALL))
    nested = draw(st.sampled_from([True, 3, [1, 2], [[0, 1], [1, 0]], [], [True, False]]))
    if draw(st.booleans()):
        x = draw(arrays(ALL))
        return (x,), draw(st.fixed_dictionaries({}, optional={"copy": st.sampled_from([None, True])}))
    return (nested,), {"dtype": Dtype(dtype), "copy": draw(st.sampled_from([None, True]))}


def _linspace(draw: Any) -> Any:
    dtype = draw(st.sampled_from(FLOATING))
    ends = [draw(scalars(dtype)) for _ in range(2)]
    params = {"dtype": Dtype(dtype)} | draw(st.fixed_dictionaries({}, optional={"endpoint": st.booleans()}))
    return (*ends, draw(st.integers(0, 5))), params


def _eye(draw: Any) -> Any:
    sides = tuple(draw(st.lists(st.integers(0, 4), min_size=1, max_size=2)))
    return sides, {"k": draw(st.integers(-3, 3)), "dtype": Dtype(draw(st.sampled_from(ALL)))}


def _filled(value: bool = False) -> Any:
    def build(draw: Any) -> Any:
        dtype = draw(st.sampled_from(ALL))
        shape = draw(SHAPES | st.integers(0, 4))
        return (shape, *((draw(scalars(dtype, low=0)),) if value else ())), {"dtype": Dtype(dtype)}

    return call(build)


def _like(value: bool = False) -> Any:
    def build(draw: Any) -> Any:
        x = draw(arrays(ALL))
        dtype = draw(st.sampled_from([None, *ALL]))
        number = (draw(scalars(dtype or x.dtype.name, low=0)),) if value else ()
        return (x, *number), {} if dtype is None else {"dtype": Dtype(dtype)}

    return call(build)


def _astype(draw: Any) -> Any:
    source, target = draw(st.sampled_from(ALL)), draw(st.sampled_from(ALL))
    if source in COMPLEX and target not in COMPLEX:
        target = source
    x = draw(arrays([source], low=0, high=9))
    return (x, Dtype(target)), draw(st.fixed_dictionaries({}, optional={"copy": st.booleans()}))


def _dtype_pair(draw: Any) -> Any:
    """Two dtypes of one kind; between kinds the standard leaves promotion open."""
    first = draw(st.sampled_from(ALL))
    return (Dtype(first), Dtype(draw(st.sampled_from(_mates(first, ALL))))), {}


def _result_type(draw: Any) -> Any:
    first = draw(st.sampled_from(ALL))
    second = Dtype(draw(st.sampled_from(_mates(first, ALL))))
    return (draw(arrays([first], ())), draw(st.sampled_from([second, draw(scalars(first))]))), {}


def _sorting(draw: Any) -> Any:
    options = {"descending": st.booleans(), "stable": st.just(True)}
    return draw(along(REAL, **options))


_shift_counts = {"low": 0, "high": 7}
FAMILIES: dict[str, dict[str, Any]] = {
    "Elementwise": {
        **dict.fromkeys(["abs", "negative", "positive", "sign", "square"], unary(NUMERIC)),
        **dict.fromkeys(["acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "exp", "expm1", "log", "log10",
                         "log1p", "log2", "reciprocal", "sin", "sinh", "sqrt", "tan", "tanh"], unary(FLOATING)),
        **dict.fromkeys(["ceil", "floor", "trunc"], unary(REAL)),
        **dict.fromkeys(["isfinite", "isinf", "isnan", "round"], unary(NUMERIC)),
        **dict.fromkeys(["conj", "imag", "real"], unary(COMPLEX)),
        "bitwise_invert": unary(INTEGER_OR_BOOL), "logical_not": unary(["bool"]), "signbit": unary(REAL_FLOATING),
        **dict.fromkeys(["add", "multiply", "subtract"], binary(NUMERIC)),
        **dict.fromkeys(["equal", "not_equal"], binary(ALL)),
        **dict.fromkeys(["greater", "greater_equal", "less", "less_equal", "maximum", "minimum"], binary(REAL)),
        **dict.fromkeys(["bitwise_and", "bitwise_or", "bitwise_xor"], binary(INTEGER_OR_BOOL)),
        **dict.fromkeys(["bitwise_left_shift", "bitwise_right_shift"], binary(INTEGER, _shift_counts)),
        **dict.fromkeys(["logical_and", "logical_or", "logical_xor"], binary(["bool"])),
        **dict.fromkeys(["atan2", "copysign", "hypot", "logaddexp", "nextafter"], binary(REAL_FLOATING)),
        "divide": binary(FLOATING), "pow": binary(NUMERIC, {"low": 0, "high": 4}),
        **dict.fromkeys(["floor_divide", "remainder"], binary(REAL, {"low": 1, "high": 5})),
        "clip": call(_clip), "where": call(_where),
    },
    "Statistics": {
        **dict.fromkeys(["all", "any", "count_nonzero"], reduction(ALL)),
        **dict.fromkeys(["sum", "prod"], reduction(NUMERIC, typed=True)),
        **dict.fromkeys(["max", "min"], reduction(REAL, empty=False)),
        **dict.fromkeys(["argmax", "argmin"], reduction(REAL, several=False, empty=False)),
        "mean": reduction(FLOATING), **dict.fromkeys(["std", "var"], reduction(REAL_FLOATING, correction=st.just(0.0))),
        **dict.fromkeys(["cumulative_sum", "cumulative_prod"], running()), "diff": call(_diff),
    },
    "Manipulation": {
        "broadcast_arrays": call(_broadcast_arrays), "broadcast_to": call(_broadcast_to),
        "concat": several(ALL, axis=st.sampled_from([None, 0, -1])), "stack": several(ALL, axis=st.sampled_from([0, 1, -1])),
        "expand_dims": call(_expand_dims), "flip": reduction(ALL, keepdims=st.nothing()),
        "moveaxis": call(_moveaxis), "permute_dims": call(_permute_dims), "repeat": call(_repeat),
        "reshape": call(_reshape), "roll": call(_roll), "squeeze": call(_squeeze), "tile": call(_tile),
        "unstack": along(ALL), "meshgrid": call(_meshgrid), "tril": call(_triangle), "triu": call(_triangle),
        "matrix_transpose": call(lambda draw: ((_matrices(draw, ALL),), {})),
    },
    "Searching, sorting, sets": {
        "argsort": call(_sorting), "sort": call(_sorting), "searchsorted": call(_searchsorted),
        "nonzero": call(lambda draw: ((draw(arrays(ALL, AXIS_SHAPES)),), {})),
        **dict.fromkeys(["unique_all", "unique_counts", "unique_inverse", "unique_values"],
                        unary(["bool", *INTEGER, *REAL_FLOATING], low=0, high=3)),
        "take": call(_take), "take_along_axis": call(_take_along_axis),
    },
    "Linear algebra": {
        **dict.fromkeys(["matmul", "linalg.matmul"], call(_matmul)),
        **dict.fromkeys(["tensordot", "linalg.tensordot"], call(_tensordot)),
        **dict.fromkeys(["vecdot", "linalg.vecdot"], call(_vecdot)),
        "linalg.matrix_transpose": call(lambda draw: ((_matrices(draw, ALL),), {})),
        "linalg.cholesky": call(lambda draw: ((_hermitian(draw),), {"upper": draw(st.booleans())})),
        "linalg.cross": call(_cross),
        **dict.fromkeys(["linalg.det", "linalg.inv", "linalg.slogdet"], call(lambda draw: ((_regular(draw),), {}))),
        **dict.fromkeys(["linalg.eigh", "linalg.eigvalsh"], call(lambda draw: ((_hermitian(draw),), {}))),
        "linalg.diagonal": call(lambda draw: ((_matrices(draw, ALL),), {"offset": draw(st.integers(-2, 2))})),
        "linalg.trace": call(_trace), "linalg.matrix_norm": call(_matrix_norm),
        "linalg.matrix_power": call(lambda draw: ((_regular(draw), draw(st.integers(-2, 3))), {})),
        **dict.fromkeys(["linalg.matrix_rank", "linalg.pinv"],
                        call(lambda draw: ((_matrices(draw, FLOATING),), draw(st.sampled_from([{}, {"rtol": 0.25}]))))),
        "linalg.outer": call(_outer), "linalg.solve": call(_solve),
        "linalg.qr": call(lambda draw: ((_matrices(draw, FLOATING),),
                                        draw(st.sampled_from([{}, {"mode": "reduced"}, {"mode": "complete"}])))),
        "linalg.svd": call(lambda draw: ((_matrices(draw, FLOATING),), draw(st.sampled_from([{}, {"full_matrices": False}])))),
        "linalg.svdvals": call(lambda draw: ((_matrices(draw, FLOATING),), {})),
        "linalg.vector_norm": reduction(FLOATING, empty=False, ord=st.sampled_from([0, 1, 2, 3, -1, math.inf, -math.inf])),
    },
    "Fourier transforms": {
        **dict.fromkeys(["fft.fft", "fft.ifft"], _fft()), **dict.fromkeys(["fft.fftn", "fft.ifftn"], _fft(several=True)),
        "fft.rfft": _fft(real=True), "fft.ihfft": _fft(real=True), "fft.rfftn": _fft(real=True, several=True),
        "fft.irfft": _fft(half=True), "fft.hfft": _fft(half=True), "fft.irfftn": _fft(several=True),
        **dict.fromkeys(["fft.fftshift", "fft.ifftshift"], call(_shift)),
        **dict.fromkeys(["fft.fftfreq", "fft.rfftfreq"], call(_frequencies)),
    },
    "Creation and dtypes": {
        "arange": call(_arange), "asarray": call(_asarray), "linspace": call(_linspace), "eye": call(_eye),
        "from_dlpack": call(lambda draw: ((draw(arrays(NUMERIC)),), draw(st.sampled_from([{}, {"copy": True}])))),
        **dict.fromkeys(["empty", "ones", "zeros"], _filled()), "full": _filled(value=True),
        **dict.fromkeys(["empty_like", "ones_like", "zeros_like"], _like()), "full_like": _like(value=True),
        "astype": call(_astype), "can_cast": call(_dtype_pair), "result_type": call(_result_type),
        "isdtype": call(lambda draw: (tuple(Dtype(draw(st.sampled_from(ALL))) for _ in range(2)), {})),
        "finfo": call(lambda draw: ((Dtype(draw(st.sampled_from(FLOATING))),), {})),
        "iinfo": call(lambda draw: ((Dtype(draw(st.sampled_from(INTEGER))),), {})),
    },
}  # fmt: skip
CASES = {name: case for family in FAMILIES.values() for name, case in family.items()}


def test_every_function_of_the_standard_is_compared():
    assert sorted({*CASES, "__array_namespace_info__"}) == FUNCTIONS  # the latter by test_the_inspection_api


# ----------------------------------------------------------------------------------------------------- comparing


def _for(namespace: Any, x: Any) -> Any:
    """An argument as a namespace takes it; neither may change what the other sees."""
    if isinstance(x, Dtype):
        return getattr(namespace, x.name)
    if isinstance(x, ag.Tensor):
        return ag.tensor(x.array.copy()) if namespace is xp else strict.asarray(x.array.copy())
    if isinstance(x, (list, tuple)):
        return type(x)(_for(namespace, item) for item in x)
    return x


def _same(ours: Any, theirs: Any, name: str, values: bool = True) -> None:
    """Shape, dtype and value, or what stands for them outside of arrays."""
    if isinstance(theirs, (list, tuple)):
        assert isinstance(ours, (list, tuple))
        assert len(ours) == len(theirs)
        assert [f for f in getattr(theirs, "_fields", ()) if not hasattr(ours, f)] == []
        for a, b in zip(ours, theirs, strict=True):
            _same(a, b, name, values)
    elif isinstance(theirs, type(strict.ones(()))):
        assert isinstance(ours, ag.Tensor)
        expected = np.asarray(theirs)
        assert ours.shape == expected.shape
        assert ours.dtype == expected.dtype
        if values:
            exact = {"rtol": 0, "atol": 0} if expected.dtype.kind in "biu" else _tolerance(expected)
            np.testing.assert_allclose(ours.array, expected, **exact, equal_nan=True)
            if name in SIGNED_ZEROS and expected.dtype.kind == "f":
                zero = expected == 0
                np.testing.assert_array_equal(np.signbit(ours.array[zero]), np.signbit(expected[zero]))
    elif isinstance(theirs, (bool, int, float)):
        assert type(ours) is type(theirs)
        assert ours == theirs
    elif hasattr(theirs, "eps") or hasattr(theirs, "bits"):
        for field in ("bits", "eps", "max", "min", "smallest_normal"):
            if hasattr(theirs, field):
                _same(getattr(ours, field), getattr(theirs, field), name)
        assert ours.dtype.name == str(theirs.dtype).rpartition(".")[2]
    else:
        assert ours.name == str(theirs).rpartition(".")[2]


SIGNED_ZEROS = {name for name, case in CASES.items() if name in {
    "add", "atan2", "ceil", "copysign", "divide", "floor", "multiply", "negative", "round", "sin", "sqrt", "subtract",
    "tan", "tanh", "trunc", "asin", "atan", "expm1", "log1p", "positive"}}  # fmt: skip


def _tolerance(expected: np.ndarray) -> dict[str, float]:
    eps = float(np.finfo(expected.dtype).eps)
    size = np.abs(expected[np.isfinite(expected)]).max(initial=0)
    return {"rtol": 64 * eps, "atol": 64 * eps * float(min(size, 1e3))}


def compare(name: str, examples: int) -> None:
    """Draw so many calls of a function, and compare what comes out."""
    ours, theirs = _of(xp, name), _of(strict, name)

    @settings(
        max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(CASES[name])
    def run(drawn: Any) -> None:
        args, params = drawn
        expected = theirs(*_for(strict, list(args)), **{k: _for(strict, v) for k, v in params.items()})
        result = ours(*_for(xp, list(args)), **{k: _for(xp, v) for k, v in params.items()})
        _same(result, expected, name, values=not name.startswith("empty"))

    run()


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_function_gives_what_the_reference_gives(name):
    compare(name, 12)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(CASES))
def test_a_function_gives_what_the_reference_gives_at_length(name):
    compare(name, 100)


# ------------------------------------------------------------------------------------------ operators and indexing

OPERATORS = {
    **dict.fromkeys(["add", "mul", "sub"], binary(NUMERIC)), "truediv": binary(FLOATING),
    "pow": binary(NUMERIC, {"low": 0, "high": 4}),
    **dict.fromkeys(["floordiv", "mod"], binary(REAL, {"low": 1, "high": 5})),
    **dict.fromkeys(["and_", "or_", "xor"], binary(INTEGER_OR_BOOL)),
    **dict.fromkeys(["lshift", "rshift"], binary(INTEGER, _shift_counts)),
    **dict.fromkeys(["eq", "ne"], binary(ALL)), **dict.fromkeys(["lt", "le", "gt", "ge"], binary(REAL)),
    "matmul": call(_matmul), **dict.fromkeys(["neg", "pos", "abs"], unary(NUMERIC)), "invert": unary(INTEGER_OR_BOOL),
}  # fmt: skip
steady = settings(
    max_examples=15, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_an_operator_gives_what_the_reference_gives(name):
    """``x + y``, ``2 + x`` (the drawn calls hold both), and ``x += y`` where the result fits into x."""
    plain = getattr(operator, name)
    in_place = getattr(operator, "i" + name.rstrip("_"), None)

    @steady
    @given(OPERATORS[name])
    def run(drawn: Any) -> None:
        args = list(drawn[0])
        expected = plain(*_for(strict, args))
        _same(plain(*_for(xp, args)), expected, name)
        first = args[0]
        fits = isinstance(first, ag.Tensor) and (expected.shape, np.asarray(expected).dtype) == (
            first.shape,
            first.dtype,
        )
        if in_place is not None and fits:
            target, *rest = _for(xp, args)
            assert in_place(target, *rest) is target
            _same(target, expected, name)

    run()


@st.composite
def indices(draw: Any, assign: bool = False) -> Any:
    """An array and what may stand between its brackets: basic, a mask, or arrays of integers for every axis."""
    x = draw(arrays(ALL, draws.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3)))
    form = draw(st.sampled_from(["basic", "basic", "mask"] + ([] if assign else ["integers"])))
    if form == "mask":
        index: Any = draw(arrays(["bool"], x.shape[: draw(st.integers(1, x.ndim))] if not assign else x.shape))
    elif form == "integers":
        shape = draw(st.sampled_from([(), (2,), (2, 1)]))
        index = tuple(draw(arrays(["int64"], shape, -n, n - 1)) for n in x.shape)
    else:
        index = draw(draws.indices(x.shape, allow_newaxis=not assign, allow_ellipsis=True))
    return x, index


def test_indexing_gives_what_the_reference_gives():
    @settings(steady, max_examples=80)
    @given(indices())
    def run(drawn: Any) -> None:
        x, index = drawn
        _same(x[_for(xp, index)], _for(strict, x)[_for(strict, index)], "[]")

    run()


def test_assignment_gives_what_the_reference_gives():
    @settings(steady, max_examples=80)
    @given(st.data())
    def run(data: Any) -> None:
        x, index = data.draw(indices(assign=True))
        ours, theirs = _for(xp, x), _for(strict, x)
        shape = x[index].shape if not isinstance(index, ag.Tensor) else ()
        value = data.draw(scalars(x.dtype.name) | arrays([x.dtype.name], st.sampled_from([shape, ()])))
        ours[_for(xp, index)] = _for(xp, value)
        theirs[_for(strict, index)] = _for(strict, value)
        _same(ours, theirs, "[]=")

    run()


@pytest.mark.parametrize("dtype", ALL)
def test_hypothesis_draws_arrays_through_our_namespace(dtype):
    @settings(steady, max_examples=5)
    @given(draws.arrays(dtype, SHAPES))
    def run(x: Any) -> None:
        assert isinstance(x, ag.Tensor)
        assert x.dtype == getattr(xp, dtype)

    run()


# ----------------------------------------------------------------------------- the tables of special cases, by hand

N, I = math.nan, math.inf  # noqa: E741
_odd = [(N, N), (0.0, 0.0), (-0.0, -0.0)]
_whole = [*_odd, (I, I), (-I, -I), (2.0, 2.0)]
_log = [(N, N), (-1.0, N), (0.0, -I), (-0.0, -I), (1.0, 0.0), (I, I)]
_quarter, _half, _pi = math.pi / 4, math.pi / 2, math.pi
SPECIAL_CASES: dict[str, list[tuple[Any, ...]]] = {
    "abs": [(N, N), (-0.0, 0.0), (I, I), (-I, I)],
    "acos": [(N, N), (1.5, N), (-1.5, N), (1.0, 0.0)], "acosh": [(N, N), (0.5, N), (1.0, 0.0), (I, I)],
    "asin": [*_odd, (1.5, N), (-1.5, N)], "asinh": [*_odd, (I, I), (-I, -I)],
    "atan": [*_odd, (I, _half), (-I, -_half)], "atanh": [*_odd, (-1.5, N), (1.5, N), (-1.0, -I), (1.0, I)],
    "ceil": _whole, "floor": _whole, "trunc": _whole,
    "round": [*_whole, (0.5, 0.0), (1.5, 2.0), (2.5, 2.0), (-0.5, -0.0), (-1.5, -2.0)],
    "cos": [(N, N), (0.0, 1.0), (-0.0, 1.0), (I, N), (-I, N)],
    "cosh": [(N, N), (0.0, 1.0), (-0.0, 1.0), (I, I), (-I, I)],
    "exp": [(N, N), (0.0, 1.0), (-0.0, 1.0), (I, I), (-I, 0.0)], "expm1": [*_odd, (I, I), (-I, -1.0)],
    "log": _log, "log2": _log, "log10": _log, "log1p": [*_odd, (-2.0, N), (-1.0, -I), (I, I)],
    "reciprocal": [(N, N), (0.0, I), (-0.0, -I), (I, 0.0), (-I, -0.0)], "sign": [(N, N), (-2.0, -1.0), (0.0, 0.0), (I, 1.0)],
    "signbit": [(0.0, False), (-0.0, True), (I, False), (-I, True), (2.0, False), (-2.0, True)],
    "sin": [*_odd, (I, N), (-I, N)], "sinh": [*_odd, (I, I), (-I, -I)], "sqrt": [*_odd, (-1.0, N), (I, I)],
    "tan": [*_odd, (I, N), (-I, N)], "tanh": [*_odd, (I, 1.0), (-I, -1.0)],
    "isnan": [(N, True), (I, False), (0.0, False)], "isinf": [(I, True), (-I, True), (N, False)],
    "isfinite": [(N, False), (I, False), (-I, False), (-0.0, True)],
    "add": [(N, 1.0, N), (I, -I, N), (-I, I, N), (I, I, I), (-I, 1.0, -I), (-0.0, -0.0, -0.0), (-0.0, 0.0, 0.0),
            (0.0, -0.0, 0.0), (2.0, -2.0, 0.0)],
    "subtract": [(N, 1.0, N), (I, I, N), (-I, -I, N), (I, -I, I), (-0.0, 0.0, -0.0), (-0.0, -0.0, 0.0)],
    "multiply": [(N, 0.0, N), (I, 0.0, N), (-0.0, I, N), (I, -I, -I), (-2.0, I, -I), (-2.0, 0.0, -0.0), (-0.0, -2.0, 0.0)],
    "divide": [(N, 1.0, N), (I, -I, N), (0.0, -0.0, N), (1.0, 0.0, I), (1.0, -0.0, -I), (-1.0, 0.0, -I), (0.0, 1.0, 0.0),
               (0.0, -1.0, -0.0), (I, -2.0, -I), (2.0, I, 0.0), (2.0, -I, -0.0)],
    "floor_divide": [(N, 1.0, N), (I, I, N), (0.0, 0.0, N), (1.0, 0.0, I), (1.0, -0.0, -I), (0.0, 1.0, 0.0),
                     (0.0, -1.0, -0.0), (1.0, I, 0.0)],
    "remainder": [(N, 1.0, N), (1.0, 0.0, N), (I, 1.0, N), (0.0, 1.0, 0.0), (-0.0, 1.0, 0.0), (0.0, -1.0, -0.0),
                  (-0.0, -1.0, -0.0), (1.0, I, 1.0), (1.0, -I, -I), (-1.0, I, I), (-1.0, -I, -1.0)],
    "pow": [(N, 0.0, 1.0), (N, 2.0, N), (2.0, N, N), (2.0, I, I), (2.0, -I, 0.0), (0.5, I, 0.0), (0.5, -I, I), (1.0, I, 1.0),
            (I, 1.0, I), (I, -1.0, 0.0), (-I, 3.0, -I), (-I, 2.0, I), (-I, -3.0, -0.0), (-I, -2.0, 0.0), (0.0, 1.0, 0.0),
            (0.0, -1.0, I), (-0.0, 3.0, -0.0), (-0.0, 2.0, 0.0), (-0.0, -3.0, -I), (-0.0, -2.0, I), (-2.0, 0.5, N)],
    "atan2": [(N, 1.0, N), (1.0, N, N), (1.0, 0.0, _half), (1.0, -0.0, _half), (0.0, 1.0, 0.0), (0.0, 0.0, 0.0),
              (0.0, -0.0, _pi), (0.0, -1.0, _pi), (-0.0, 1.0, -0.0), (-0.0, 0.0, -0.0), (-0.0, -0.0, -_pi),
              (-0.0, -1.0, -_pi), (-1.0, 0.0, -_half), (1.0, I, 0.0), (1.0, -I, _pi), (-1.0, I, -0.0), (-1.0, -I, -_pi),
              (I, 1.0, _half), (-I, 1.0, -_half), (I, I, _quarter), (I, -I, 3 * _quarter), (-I, I, -_quarter),
              (-I, -I, -3 * _quarter)],
    "copysign": [(1.0, -0.0, -1.0), (0.0, -1.0, -0.0), (-2.0, 1.0, 2.0), (I, -1.0, -I)],
    "hypot": [(I, N, I), (N, -I, I), (-I, 1.0, I), (N, 1.0, N)], "logaddexp": [(N, 1.0, N), (I, 1.0, I), (1.0, I, I)],
    "maximum": [(N, 1.0, N), (1.0, N, N), (-I, 1.0, 1.0)], "minimum": [(N, 1.0, N), (1.0, N, N), (-I, 1.0, -I)],
    "nextafter": [(N, 1.0, N), (1.0, N, N), (0.0, -0.0, -0.0), (-0.0, 0.0, 0.0)],
    "equal": [(N, N, False), (0.0, -0.0, True), (I, I, True), (I, -I, False)], "not_equal": [(N, N, True), (-0.0, 0.0, False)],
    "less": [(N, 1.0, False), (-0.0, 0.0, False), (-I, I, True)], "greater": [(1.0, N, False), (I, 1.0, True)],
    "less_equal": [(N, N, False), (0.0, -0.0, True)], "greater_equal": [(N, N, False), (-0.0, 0.0, True)],
}  # fmt: skip


@pytest.mark.parametrize("dtype", REAL_FLOATING)
@pytest.mark.parametrize("name", sorted(SPECIAL_CASES))
def test_special_cases_of_the_standard(name, dtype):
    *columns, expected = zip(*SPECIAL_CASES[name], strict=True)
    result = getattr(xp, name)(*(xp.asarray(list(column), dtype=getattr(xp, dtype)) for column in columns)).array
    assert result.dtype == (bool if isinstance(expected[0], bool) else dtype)
    np.testing.assert_allclose(result.astype(float), np.array(expected, float), rtol=1e-6, equal_nan=True)
    zero = np.array(expected, float) == 0
    np.testing.assert_array_equal(np.signbit(result[zero].astype(float)), np.signbit(np.array(expected, float)[zero]))


def test_reductions_over_nothing_and_over_nan():
    nothing, missing = xp.zeros((0, 2)), xp.asarray([1.0, math.nan])
    assert xp.sum(nothing).item() == 0
    assert xp.prod(nothing, axis=0).tolist() == [1, 1]
    assert not xp.any(nothing).item()
    assert xp.all(nothing).item()
    for function in (xp.mean, xp.var, xp.std):
        y = function(nothing, axis=0, keepdims=True)
        assert (y.shape, y.dtype) == ((1, 2), xp.float32)
        assert xp.all(xp.isnan(y)).item()
    assert xp.isnan(xp.var(xp.ones(2), correction=2)).item()  # n - correction is not positive
    assert xp.isnan(xp.std(xp.ones(2), correction=2.5)).item()
    assert xp.var(xp.asarray([1.0, 3.0]), correction=1).item() == 2
    for function in (xp.sum, xp.prod, xp.mean, xp.max, xp.min, xp.var, xp.std):
        assert xp.isnan(function(missing)).item()
    assert xp.any(missing).item()
    assert xp.unique_values(xp.asarray([math.nan, math.nan])).shape == (2,)


def test_singular_values_are_lost_below_the_rounding_of_the_dtype():
    exact = np.outer([0.1, 0.7, 0.3], [0.2, 0.9, 0.4])  # of rank 1; rounding to float32 gives it rank 3
    x = xp.asarray(exact, dtype=xp.float32)
    np.testing.assert_allclose(xp.linalg.pinv(x).array, np.linalg.pinv(exact), rtol=1e-5)
    assert xp.linalg.matrix_rank(x).item() == 1
    pair = xp.stack([xp.asarray([[4.0, 0.0], [0.0, 1.0]])] * 2)
    cut = xp.asarray([0.1, 0.5])  # one for each matrix
    assert xp.linalg.matrix_rank(pair, rtol=cut).tolist() == [2, 1]
    assert xp.linalg.pinv(pair, rtol=cut)[:, 1, 1].tolist() == [1.0, 0.0]


# ------------------------------------------------------------------------------------------------------- creation


def test_python_numbers_take_the_default_dtypes():
    kinds = xp.__array_namespace_info__().default_dtypes()
    for value, kind in ((True, xp.bool), (1, kinds["integral"]), (1.0, kinds["real floating"]), (1j, kinds["complex floating"])):  # fmt: skip
        assert xp.asarray(value).dtype == kind
        assert xp.asarray([[value]]).dtype == kind
        assert xp.full((2,), value).dtype == kind
        assert xp.full_like(xp.ones(2, dtype=kind), fill_value=value).dtype == kind
    assert xp.asarray([1, 2.0]).dtype == kinds["real floating"]
    assert xp.arange(3).dtype == xp.argmax(xp.ones(2)).dtype == kinds["integral"]
    assert xp.arange(3.0).dtype == xp.linspace(0, 1, 3).dtype == kinds["real floating"]
    assert xp.linspace(0, 1j, 3).dtype == kinds["complex floating"]
    for function in (xp.zeros, xp.ones, xp.empty, lambda shape: xp.eye(*shape)):
        assert function(shape=(2, 2)).dtype == kinds["real floating"] if function in (xp.zeros, xp.ones) else True
        assert function((2, 2)).dtype == kinds["real floating"]


def test_copies_are_made_as_asked_for():
    plain, x = np.arange(3.0), ag.tensor([1.0, 2.0])
    assert xp.asarray(x) is x is xp.asarray(x, copy=False)
    assert np.shares_memory(xp.asarray(plain).array, plain)
    for source, y in ((x.array, xp.asarray(x, copy=True)), (plain, xp.asarray(plain, copy=True))):
        assert not np.shares_memory(y.array, source)
    for call in (lambda: xp.asarray([1.0], copy=False), lambda: xp.asarray(x, dtype=xp.float64, copy=False)):
        with pytest.raises(ValueError, match="copy=False"):
            call()
    assert xp.astype(x, xp.float32, copy=False) is x
    assert not np.shares_memory(xp.astype(x, xp.float32).array, x.array)
    assert xp.astype(x, xp.float64, device="cpu").dtype == xp.float64
    with pytest.raises(TypeError, match="imaginary"):
        xp.astype(xp.ones(2, dtype=xp.complex64), xp.float32)
    grid = xp.reshape(xp.arange(6), (2, 3))
    assert np.shares_memory(xp.reshape(grid, (3, 2), copy=False).array, grid.array)
    assert not np.shares_memory(xp.reshape(grid, (3, 2), copy=True).array, grid.array)
    with pytest.raises(ValueError, match="copy=False"):
        xp.reshape(grid.mT, (6,), copy=False)
    assert xp.reshape(grid.mT, (6,)).tolist() == [0, 3, 1, 4, 2, 5]


def test_copies_pass_gradients_on():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    copies = xp.asarray(x, copy=True) + xp.astype(x, xp.float32) + xp.reshape(x, (2,), copy=True) + xp.clip(x)
    (copies + xp.sum(x, dtype=xp.float64) + xp.take(x, xp.asarray([0, 0]))).sum().backward()
    assert x.grad.tolist() == [8.0, 6.0]
    low = ag.tensor(1.5, requires_grad=True)
    xp.clip(x, low, xp.asarray(3.0)).sum().backward()
    assert (x.grad.tolist(), low.grad.item()) == ([8.0, 7.0], 1.0)


# ---------------------------------------------------------------------- where we differ on purpose, and what is open


class Note(NamedTuple):
    """A line of the page: what happens, why, and the test that it is exactly so."""

    what: str
    why: str
    check: Callable[[], None]


def _leaf() -> None:
    x = ag.ones(2, requires_grad=True)
    for write in (lambda: operator.iadd(x, 1), lambda: operator.setitem(x, 0, 1.0), lambda: operator.imatmul(x, x)):
        with pytest.raises(ag.GradientError, match="leaf"):
            write()
    with ag.no_grad():
        x += 1
    assert x.tolist() == [2.0, 2.0]


def _rebound() -> None:
    x = ag.ones(2, requires_grad=True) * 1
    view = x[:]
    x += 1
    x[0] = 5.0
    assert (x.tolist(), view.tolist()) == ([5.0, 2.0], [1.0, 1.0])


def _out_of_a_graph() -> None:
    x = ag.ones(2, requires_grad=True)
    for leave in (lambda: np.from_dlpack(x), lambda: np.asarray(x)):
        with pytest.raises(ag.GradientError, match="detach"):
            leave()


def _no_derivative() -> None:
    x = ag.ones((3, 2), requires_grad=True)
    for call in (lambda: xp.linalg.svd(x), lambda: xp.linalg.qr(x, mode="complete")):
        with pytest.raises(ag.GradientError, match="no derivative"):
            call()


DEVIATIONS = [
    Note("`x += y` and `x[i] = v` on a leaf that wants gradients are an error",
         "it would no longer be the leaf whose gradient was asked for; inside `with no_grad():` they write", _leaf),
    Note("`x += y` and `x[i] = v` on a Tensor computed from such a leaf let `x` stand for a new value: views taken "
         "before keep the old one", "a write to memory that the backward pass needs would give wrong gradients", _rebound),
    Note("`x.__dlpack__()` and `np.asarray(x)` are an error within a graph",
         "another library's writes would go unseen; `x.detach()` goes out", _out_of_a_graph),
    Note("`linalg.svd(x)` with square factors and `linalg.qr(x, mode=\"complete\")` of a matrix that is not square are "
         "an error where `x` wants gradients", "the added columns are arbitrary and have no derivative", _no_derivative),
]  # fmt: skip


def _default_float() -> None:
    assert xp.__array_namespace_info__().default_dtypes()["real floating"] == xp.asarray(1.0).dtype == xp.float32


def _mixed_kinds() -> None:
    assert (xp.ones(2, dtype=xp.int64) + xp.ones(2, dtype=xp.float32)).dtype == xp.float64
    assert xp.can_cast(xp.int64, xp.float64)
    assert not xp.can_cast(xp.float64, xp.int64)
    assert xp.result_type(xp.int8, xp.uint64) == xp.float64


def _no_extreme() -> None:
    for function in (xp.max, xp.min, xp.argmax, xp.argmin):
        with pytest.raises(ValueError, match="no element"):
            function(xp.zeros((0,)))


def _one_element() -> None:
    assert bool(xp.ones((1, 1)))
    assert (float(xp.ones((1,))), int(xp.ones((1,))), complex(xp.ones((1,)))) == (1.0, 1, 1 + 0j)
    with pytest.raises(ValueError, match="any"):
        bool(xp.ones(2))
    with pytest.raises(TypeError, match="."):
        operator.index(xp.ones(()))
    assert [10, 11][xp.asarray(1)] == 11


def _reversed_axes() -> None:
    assert xp.zeros((2, 3, 4)).T.shape == (4, 3, 2)


def _itself() -> None:
    x = xp.ones(2)
    assert +x is x


def _python_division() -> None:
    assert xp.isnan(xp.floor_divide(xp.asarray(math.inf), 2.0)).item()
    assert xp.floor_divide(xp.asarray(1.0), -math.inf).item() == -1


def _read_only() -> None:
    frozen = np.arange(3.0)
    frozen.flags.writeable = False
    x = xp.from_dlpack(frozen)
    x += 1
    assert (frozen.tolist(), x.tolist()) == ([0, 1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="read-only"):
        xp.from_dlpack(frozen, copy=False)


OPEN = [
    Note("Python floats become float32", "as in PyTorch; `default_dtypes()` says so", _default_float),
    Note("Integers and floats mix, and promote as in NumPy", "`can_cast` and `result_type` follow it", _mixed_kinds),
    Note("`max`, `min`, `argmax` and `argmin` over no element are an error", "there is no such element", _no_extreme),
    Note("`bool`, `float`, `int` and `complex` take any Tensor of one element", "losses may be `(1,)`", _one_element),
    Note("`x.T` reverses the axes of any Tensor", "as in NumPy", _reversed_axes),
    Note("`+x` is `x` itself", "as in PyTorch", _itself),
    Note("`floor_divide` with infinities gives what Python's `//` gives", "as in NumPy", _python_division),
    Note("`from_dlpack` copies memory that is read-only", "Tensors can be written", _read_only),
]  # fmt: skip


@pytest.mark.parametrize("note", [*DEVIATIONS, *OPEN], ids=lambda note: note.check.__name__.strip("_"))
def test_what_the_page_says_of_the_standard_is_so(note):
    note.check()


# ---------------------------------------------------------------------------------------------------------- the page


def as_markdown() -> str:
    """docs/array-api.md, counted from the tables above."""
    names = len(STANDARD)
    special = sum(map(len, SPECIAL_CASES.values()))
    lines = [
        "# The array API standard",
        "",
        f"`x.__array_namespace__()` gives `autograd.array_api`, the namespace of the Python array API standard {VERSION}",
        "(<https://data-apis.org/array-api/2024.12>), with the extensions `linalg` and `fft`. Code written against the",
        "standard runs on Tensors, and gradients flow through it.",
        "",
        "## What conforms",
        "",
        f"All {names} names of the namespace are there: {len(FUNCTIONS)} functions, {len(ALL)} dtypes, the constants. All of "
        f"the {len(FUNCTIONS)} signatures allow",
        f"every call that the standard allows, and so do {len(METHODS)} methods of a Tensor; its {len(ATTRIBUTES)} attributes are there.",
        f"{len(CASES)} functions and {len(OPERATORS)} operators are compared with `array-api-strict`, the standard's reference",
        "implementation, on calls that Hypothesis draws: every dtype that the standard says the function takes, shapes with",
        "no axis and no element, broadcasting, Python numbers on either side. Value, shape, dtype and type must be the same.",
        f"So must {special} special cases (NaN, infinities, signed zeros) of {len(SPECIAL_CASES)} functions, which are written out from the",
        "standard's text, in float32 and in float64.",
        "",
        "| family | functions compared | agree |",
        "|---|---|---|",
    ]
    lines += [f"| {family} | {len(cases)} | {len(cases)} |" for family, cases in FAMILIES.items()]
    lines += [f"| Operators | {len(OPERATORS)} | {len(OPERATORS)} |", "| Indexing and assignment | 2 | 2 |", ""]
    lines += ["## Where we differ", "", "| what happens | why |", "|---|---|"]
    lines += [f"| {note.what} | {note.why} |" for note in DEVIATIONS]
    lines += ["", "Each of these concerns Tensors that want gradients, of which the standard does not speak.", ""]
    lines += ["## What the standard leaves open", "", "| what happens | why |", "|---|---|"]
    lines += [f"| {note.what} | {note.why} |" for note in OPEN]
    lines += [
        "",
        "## Other libraries",
        "",
        "| what | how |",
        "|---|---|",
        "| DLPack | `np.from_dlpack(x)`, `torch.from_dlpack(x)` and `ag.from_dlpack(a)` share memory; on a GPU "
        "`__cuda_array_interface__` does too |",
        "| NumPy and SciPy | functions of constants are NumPy's own and give Tensors; of Tensors that want gradients they "
        "are the op of that name, and an error where there is none |",
        "| einops | `import autograd.einops_backend`, and `einops` takes Tensors; `einops.array_api` does without it |",
        "| pickle, deepcopy | leaves, parameters and modules, with gradients and shared parameters, without hooks |",
        "",
        "Each line is tested in `tests/autograd/test_interoperability.py`.",
        "",
        "## Run the check",
        "",
        "```console",
        "pytest tests/autograd/test_array_api_conformance.py            # 12 calls of each function",
        "pytest tests/autograd/test_array_api_conformance.py -m slow    # 100 calls of each function",
        f"{COMMAND}    # this page",
        "```",
        "",
        "`array-api-strict` comes with the extra `dev`.",
    ]
    return "\n".join(lines) + "\n"


def test_the_page_is_what_the_tables_say():
    assert PAGE.read_text(encoding="utf-8") == as_markdown(), f"run: {COMMAND}"


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
