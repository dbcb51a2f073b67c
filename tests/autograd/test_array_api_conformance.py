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
ATTRIBUTES = "T device dtype mT ndim shape size".split()
METHODS = (
    "__array_namespace__ __bool__ __complex__ __dlpack__ __dlpack_device__ __float__ __getitem__ __index__ __int__ "
    "__setitem__ __abs__ __neg__ __pos__ __invert__"
).split()
ARITHMETIC = "add floordiv matmul mod mul pow sub truediv and lshift or rshift xor".split()
METHODS += [f"__{kind}{name}__" for name in ARITHMETIC for kind in ("", "r", "i")]
METHODS += [f"__{name}__" for name in "eq ge gt le lt ne".split()] + ["to_device"]


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
        kind = [k for k in (SIGNED, UNSIGNED, REAL_FLOATING, COMPLEX) if x.dtype.name in k][0]
        params["dtype"] = Dtype(draw(st.sampled_from(kind[kind.index(x.dtype.name) :])))
    return (x,), params


@st.composite
def along(
    draw: Any, dtypes: list[str], shapes: Any = AXIS_SHAPES, keyword: bool = True, low: Any = None, high: Any = None,
    **options: Any,
) -> Any:  # fmt: skip
    """An array with an axis at least, and one of its axes."""
    x = draw(arrays(dtypes, shapes, low, high))
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    return (x, *(() if keyword else (axis,))), ({"axis": axis} if keyword else {}) | {
        name: value for name, value in draw(st.fixed_dictionaries({}, optional=options)).items()
    }


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
CASES: dict[str, Any] = {
    # -------------------------------------------------------------------------------------------------- elementwise
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
    # --------------------------------------------------------------------------------------------------- statistics
    **dict.fromkeys(["all", "any", "count_nonzero"], reduction(ALL)),
    **dict.fromkeys(["sum", "prod"], reduction(NUMERIC, typed=True)),
    **dict.fromkeys(["max", "min"], reduction(REAL, empty=False)),
    **dict.fromkeys(["argmax", "argmin"], reduction(REAL, several=False, empty=False)),
    "mean": reduction(FLOATING), **dict.fromkeys(["std", "var"], reduction(REAL_FLOATING, correction=st.just(0.0))),
    **dict.fromkeys(["cumulative_sum", "cumulative_prod"], running()), "diff": call(_diff),
    # ------------------------------------------------------------------------------------------------- manipulation
    "broadcast_arrays": call(_broadcast_arrays), "broadcast_to": call(_broadcast_to),
    "concat": several(ALL, axis=st.sampled_from([None, 0, -1])), "stack": several(ALL, axis=st.sampled_from([0, 1, -1])),
    "expand_dims": call(_expand_dims), "flip": reduction(ALL, keepdims=st.nothing()),
    "moveaxis": call(_moveaxis), "permute_dims": call(_permute_dims), "repeat": call(_repeat),
    "reshape": call(_reshape), "roll": call(_roll), "squeeze": call(_squeeze), "tile": call(_tile),
    "unstack": along(ALL), "meshgrid": call(_meshgrid), "tril": call(_triangle), "triu": call(_triangle),
    "matrix_transpose": call(lambda draw: ((_matrices(draw, ALL),), {})),
    # ------------------------------------------------------------------------------------ searching, sorting, sets
    "argsort": call(_sorting), "sort": call(_sorting), "searchsorted": call(_searchsorted),
    "nonzero": call(lambda draw: ((draw(arrays(ALL, AXIS_SHAPES)),), {})),
    **dict.fromkeys(["unique_all", "unique_counts", "unique_inverse", "unique_values"],
                    unary(["bool", *INTEGER, *REAL_FLOATING], low=0, high=3)),
    "take": call(_take), "take_along_axis": call(_take_along_axis),
    # ---------------------------------------------------------------------------------------------- linear algebra
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
    # ------------------------------------------------------------------------------------------------------ Fourier
    **dict.fromkeys(["fft.fft", "fft.ifft"], _fft()), **dict.fromkeys(["fft.fftn", "fft.ifftn"], _fft(several=True)),
    "fft.rfft": _fft(real=True), "fft.ihfft": _fft(real=True), "fft.rfftn": _fft(real=True, several=True),
    "fft.irfft": _fft(half=True), "fft.hfft": _fft(half=True), "fft.irfftn": _fft(several=True),
    **dict.fromkeys(["fft.fftshift", "fft.ifftshift"], call(_shift)),
    **dict.fromkeys(["fft.fftfreq", "fft.rfftfreq"], call(_frequencies)),
    # -------------------------------------------------------------------------------------------- creation, dtypes
    "arange": call(_arange), "asarray": call(_asarray), "linspace": call(_linspace), "eye": call(_eye),
    "from_dlpack": call(lambda draw: ((draw(arrays(NUMERIC)),), draw(st.sampled_from([{}, {"copy": True}])))),
    **dict.fromkeys(["empty", "ones", "zeros"], _filled()), "full": _filled(value=True),
    **dict.fromkeys(["empty_like", "ones_like", "zeros_like"], _like()), "full_like": _like(value=True),
    "astype": call(_astype), "can_cast": call(_dtype_pair), "result_type": call(_result_type),
    "isdtype": call(lambda draw: (tuple(Dtype(draw(st.sampled_from(ALL))) for _ in range(2)), {})),
    "finfo": call(lambda draw: ((Dtype(draw(st.sampled_from(FLOATING))),), {})),
    "iinfo": call(lambda draw: ((Dtype(draw(st.sampled_from(INTEGER))),), {})),
}  # fmt: skip
ELSEWHERE = {"__array_namespace_info__": "test_the_inspection_api"}


def test_every_function_of_the_standard_is_compared():
    assert sorted({*CASES, *ELSEWHERE}) == FUNCTIONS


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
    compare(name, 400)
