"""What each function of the array API standard takes: a table of the calls that Hypothesis draws."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

from autograd import array_api as xp
from tests.autograd.array_api_draws import (
    ALL,
    AXIS_SHAPES,
    COMPLEX,
    FLOATING,
    FULL_SHAPES,
    INTEGER,
    INTEGER_OR_BOOL,
    NUMERIC,
    REAL,
    REAL_FLOATING,
    SHAPES,
    Dtype,
    along,
    arrays,
    binary,
    call,
    draws,
    promoted_with,
    reduction,
    running,
    scalars,
    several,
    unary,
)


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
    v = draw(arrays(promoted_with(name, REAL)))
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


def matmul_call(draw: Any) -> Any:
    n, k, m = (draw(st.integers(0, 3)) for _ in range(3))
    first = draw(st.sampled_from([(k,), (n, k), (2, n, k)]))
    second = draw(st.sampled_from([(k,), (k, m), (2, k, m), (1, k, m)]))
    a = draw(arrays(NUMERIC, first))
    return (a, draw(arrays(promoted_with(a.dtype.name, NUMERIC), second))), {}


def _tensordot(draw: Any) -> Any:
    a = draw(arrays(NUMERIC, (2, 3)))
    shape, axes = draw(st.sampled_from([((2, 3), 2), ((3, 2), 1), ((2,), 0), ((4, 2), ((0,), (1,))),
                                        ((3, 2), ((0, 1), (1, 0)))]))  # fmt: skip
    return (a, draw(arrays(promoted_with(a.dtype.name, NUMERIC), shape))), ({} if axes == 2 else {"axes": axes})


def _vecdot(draw: Any) -> Any:
    first, second = draw(draws.mutually_broadcastable_shapes(2, max_dims=2, max_side=2)).input_shapes
    n, axis = draw(st.integers(0, 3)), draw(st.sampled_from([-1, -2]))
    ends = [(n,), (n,)] if axis == -1 else [(n, 2), (n, 1)]
    a = draw(arrays(NUMERIC, (*first, *ends[0])))
    b = draw(arrays(promoted_with(a.dtype.name, NUMERIC), (*second, *ends[1])))
    return (a, b), ({} if axis == -1 else {"axis": axis})


def _cross(draw: Any) -> Any:
    a = draw(arrays(NUMERIC, st.sampled_from([(3,), (2, 3), (1, 3)])))
    return (a, draw(arrays(promoted_with(a.dtype.name, NUMERIC), st.sampled_from([(3,), (2, 3)])))), {}


def _solve(draw: Any) -> Any:
    a = _regular(draw)
    n, mates = a.shape[-1], REAL_FLOATING if a.dtype.name in REAL_FLOATING else FLOATING
    return (a, draw(arrays(mates, st.sampled_from([(n,), (n, 2), (*a.shape[:-1], 1)])))), {}


def _outer(draw: Any) -> Any:
    a = draw(arrays(NUMERIC, (draw(st.integers(0, 3)),)))
    return (a, draw(arrays(promoted_with(a.dtype.name, NUMERIC), (draw(st.integers(0, 3)),)))), {}


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
    return (Dtype(first), Dtype(draw(st.sampled_from(promoted_with(first, ALL))))), {}


def _result_type(draw: Any) -> Any:
    first = draw(st.sampled_from(ALL))
    second = Dtype(draw(st.sampled_from(promoted_with(first, ALL))))
    return (draw(arrays([first], ())), draw(st.sampled_from([second, draw(scalars(first))]))), {}


def _sorting(draw: Any) -> Any:
    options = {"descending": st.booleans(), "stable": st.just(True)}
    return draw(along(REAL, **options))


SHIFT_COUNTS = {"low": 0, "high": 7}
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
        **dict.fromkeys(["bitwise_left_shift", "bitwise_right_shift"], binary(INTEGER, SHIFT_COUNTS)),
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
        **dict.fromkeys(["matmul", "linalg.matmul"], call(matmul_call)),
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
