"""NumPy's functions on Tensors: for every public name of NumPy, the value that NumPy gives, or an error that helps."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd.errors import GlassgradError

rng = np.random.default_rng(0)
matrix, vector = rng.uniform(0.3, 0.9, (3, 3)), np.array([0.3, 0.5, 0.8])
mask = matrix > 0.5
index = np.array([[0, 1, 2], [2, 1, 0], [0, 0, 1]])

# Arguments that suit most functions of one array, of two, or of a list; the first that NumPy takes is used.
GUESSES: list[tuple[Any, ...]] = [
    (matrix,), (matrix, matrix), (vector,), (vector, vector), ([matrix, matrix],), (index,), (index, index), (matrix, 1),
]  # fmt: skip
ARGUMENTS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "append": ((matrix, matrix), {"axis": 1}),
    "argpartition": ((vector, 1), {}),
    "array_split": ((vector, 2), {}),
    "average": ((matrix,), {"axis": 1, "weights": vector}),
    "bincount": ((index[0],), {}),
    "einsum": (("ij,jk->ik", matrix, matrix), {}),
    "broadcast_to": ((vector, (3, 3)), {}),
    "choose": ((index, [matrix, matrix + 1, matrix + 2]), {}),
    "clip": ((matrix, 0.4, 0.6), {}),
    "compress": ((mask[0], matrix), {"axis": 1}),
    "concatenate": (([matrix, matrix],), {"axis": 1}),
    "convolve": ((vector, vector), {"mode": "same"}),
    "copyto": ((matrix.copy(), matrix), {}),
    "cross": ((matrix, vector), {}),
    "delete": ((matrix, 1), {"axis": 1}),
    "digitize": ((matrix, vector), {}),
    "dsplit": ((matrix[None].reshape(1, 3, 3), 3), {}),
    "dstack": (([matrix, matrix],), {}),
    "expand_dims": ((matrix, 1), {}),
    "extract": ((mask, matrix), {}),
    "full_like": ((matrix, 2.0), {}),
    "gradient": ((matrix,), {"axis": 1}),
    "hsplit": ((matrix, 3), {}),
    "insert": ((matrix, 1, vector), {"axis": 0}),
    "interp": ((matrix, vector, np.array([1.0, 2.0, 0.0])), {}),
    "ldexp": ((matrix, index), {}),
    "meshgrid": ((vector, vector), {"indexing": "ij"}),
    "moveaxis": ((matrix, 0, 1), {}),
    "nanpercentile": ((matrix, 30), {}),
    "nanquantile": ((matrix, 0.3), {}),
    "pad": ((matrix, 1), {}),
    "percentile": ((matrix, 30), {"axis": 1}),
    "polyval": ((vector, matrix), {}),
    "put_along_axis": ((matrix.copy(), index, 1.0, 1), {}),
    "quantile": ((matrix, 0.3), {"axis": 1, "keepdims": True}),
    "repeat": ((matrix, 2), {"axis": 1}),
    "reshape": ((matrix, (9,)), {}),
    "roll": ((matrix, 1), {"axis": 0}),
    "round": ((matrix,), {"decimals": 1}),
    "searchsorted": ((vector, matrix), {}),
    "select": (([mask, ~mask], [matrix, -matrix]), {}),
    "split": ((matrix, 3), {}),
    "std": ((matrix,), {"axis": 1, "ddof": 1, "keepdims": True}),
    "sum": ((matrix,), {"axis": 0, "keepdims": True}),
    "swapaxes": ((matrix, 0, 1), {}),
    "take": ((matrix, index), {}),
    "take_along_axis": ((matrix, index), {"axis": 1}),
    "tensordot": ((matrix, matrix), {"axes": 1}),
    "tile": ((matrix, (2, 1)), {}),
    "trapezoid": ((matrix, vector), {}),
    "vander": ((vector, 3), {}),
    "var": ((matrix,), {"ddof": 1}),
    "vsplit": ((matrix, 3), {}),
    "where": ((mask, matrix, 0.0), {}),
    "linalg.cholesky": ((matrix @ matrix.T + np.eye(3),), {}),
    "linalg.cond": ((matrix,), {}),
    "linalg.eigvalsh": ((matrix + matrix.T,), {}),
    "linalg.matrix_power": ((matrix, 3), {}),
    "linalg.norm": ((matrix,), {"ord": "fro", "axis": (0, 1)}),
    "linalg.solve": ((matrix, vector), {}),
    "linalg.svd": ((matrix,), {"full_matrices": False}),
}
# The signs of vectors are free, so values differ: tested through what does not depend on them.
FREE_SIGNS = {"linalg.eig", "linalg.eigh", "linalg.qr", "linalg.svd"}
# What they give is arbitrary, or no value: text, a dtype, a fact about memory, or something written into an argument.
NO_VALUE = {
    "empty_like", "array2string", "array_repr", "array_str", "common_type", "copyto", "fill_diagonal", "is_busday",
    "may_share_memory", "min_scalar_type", "put_along_axis", "result_type", "shares_memory",
}  # fmt: skip


def dispatching() -> list[str]:
    """The public names of NumPy that hand their call to a Tensor."""
    names = []
    for module, prefix in ((np, ""), (np.linalg, "linalg."), (np.fft, "fft.")):
        for name in dir(module):
            function = getattr(module, name)
            if not name.startswith("_") and (isinstance(function, np.ufunc) or hasattr(function, "_implementation")):
                names.append(prefix + name)
    return names


def found(name: str) -> Any:
    function: Any = np
    for part in name.split("."):
        function = getattr(function, part)
    return function


def call_of(name: str) -> tuple[Any, Any, Any] | None:
    """Arguments that NumPy's function takes, and its value."""
    function = found(name)
    for args, options in [ARGUMENTS[name]] if name in ARGUMENTS else [(guess, {}) for guess in GUESSES]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return args, options, function(*args, **options)
        except Exception:
            continue
    return None


def with_tensors(value: Any, grad: bool = False) -> Any:
    if isinstance(value, np.ndarray):
        return ag.tensor(value, requires_grad=grad and value.dtype.kind == "f")
    return [with_tensors(v, grad) for v in value] if isinstance(value, list) else value


def assert_equal(got: Any, want: Any) -> None:
    if isinstance(want, (tuple, list)):
        assert len(got) == len(want)
        for g, w in zip(got, want, strict=True):
            assert_equal(g, w)
        return
    value = got.detach().array if isinstance(got, ag.Tensor) else np.asarray(got)
    np.testing.assert_allclose(value, np.asarray(want), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("grad", [False, True], ids=["constant", "graph"])
@pytest.mark.parametrize("name", [name for name in dispatching() if name not in NO_VALUE and call_of(name) is not None])
def test_a_function_of_numpy_gives_its_value_or_says_what_to_do(name: str, grad: bool) -> None:
    args, options, want = call_of(name) or ((), {}, None)
    caught: Exception | None = None
    try:
        got = found(name)(*with_tensors(list(args), grad), **options)
    except GlassgradError as error:
        caught = error
    if caught is not None:
        assert grad, "on constants a function of NumPy is NumPy's own"
        assert str(caught).startswith("np.")
        assert any(remedy in str(caught) for remedy in ("x.detach()", "take the result", "Convert first"))
    elif name not in FREE_SIGNS:
        assert_equal(got, want)


# What must work, and with a gradient: a function that silently went back to plain arrays would pass the test above.
WORKS = [
    "abs",
    "absolute",
    "add",
    "amax",
    "amin",
    "angle",
    "append",
    "arccos",
    "arcsin",
    "arctan",
    "arctan2",
    "around",
    "array_split",
    "atleast_2d",
    "average",
    "broadcast_to",
    "cbrt",
    "choose",
    "clip",
    "column_stack",
    "compress",
    "concatenate",
    "conj",
    "convolve",
    "copysign",
    "corrcoef",
    "correlate",
    "cos",
    "cosh",
    "cov",
    "cross",
    "cumprod",
    "cumsum",
    "deg2rad",
    "delete",
    "diag",
    "diagonal",
    "diff",
    "divide",
    "dot",
    "dsplit",
    "dstack",
    "ediff1d",
    "einsum",
    "exp",
    "exp2",
    "expand_dims",
    "expm1",
    "extract",
    "fabs",
    "flip",
    "fliplr",
    "flipud",
    "float_power",
    "fmax",
    "fmin",
    "fmod",
    "gradient",
    "heaviside",
    "hsplit",
    "hstack",
    "hypot",
    "i0",
    "inner",
    "insert",
    "interp",
    "kron",
    "log",
    "log10",
    "log1p",
    "log2",
    "logaddexp",
    "logaddexp2",
    "matmul",
    "matrix_transpose",
    "max",
    "maximum",
    "mean",
    "median",
    "min",
    "minimum",
    "mod",
    "moveaxis",
    "multiply",
    "nan_to_num",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmedian",
    "nanmin",
    "nanprod",
    "nanquantile",
    "nanstd",
    "nansum",
    "nanvar",
    "negative",
    "outer",
    "pad",
    "percentile",
    "permute_dims",
    "polyval",
    "positive",
    "pow",
    "power",
    "prod",
    "ptp",
    "quantile",
    "ravel",
    "real",
    "reciprocal",
    "remainder",
    "repeat",
    "reshape",
    "roll",
    "rot90",
    "select",
    "sin",
    "sinc",
    "sinh",
    "sort",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "subtract",
    "sum",
    "swapaxes",
    "take",
    "take_along_axis",
    "tan",
    "tanh",
    "tensordot",
    "tile",
    "trace",
    "transpose",
    "trapezoid",
    "tril",
    "triu",
    "true_divide",
    "unstack",
    "vander",
    "var",
    "vdot",
    "vecdot",
    "vsplit",
    "vstack",
    "where",
    "linalg.cholesky",
    "linalg.cond",
    "linalg.det",
    "linalg.eigvalsh",
    "linalg.inv",
    "linalg.matrix_norm",
    "linalg.matrix_power",
    "linalg.multi_dot",
    "linalg.norm",
    "linalg.pinv",
    "linalg.slogdet",
    "linalg.solve",
    "linalg.svd",
    "linalg.svdvals",
    "linalg.trace",
    "linalg.vector_norm",
    "fft.fft",
    "fft.fft2",
    "fft.fftn",
    "fft.fftshift",
    "fft.hfft",
    "fft.ifft",
    "fft.ifftshift",
    "fft.ihfft",
    "fft.irfft",
    "fft.rfft",
    "fft.rfftn",
]


@pytest.mark.parametrize("name", WORKS)
def test_a_namesake_in_the_table_works_with_a_gradient(name: str) -> None:
    args, options = (("ij,jk->ik", matrix, matrix), {}) if name == "einsum" else (call_of(name) or ((), {}, None))[:2]
    tensors = with_tensors(list(args), grad=True)
    y = found(name)(*tensors, **options)
    parts = [part for part in (y if isinstance(y, (tuple, list)) else [y]) if part.dtype.kind in "fc"]
    assert parts
    assert all(isinstance(part, ag.Tensor) for part in parts)
    assert any(part.requires_grad for part in parts)
    total = sum(ag.abs(part).sum() for part in parts if part.requires_grad)
    flat = [t for t in tensors if isinstance(t, ag.Tensor)] + [
        u for t in tensors if isinstance(t, list) for u in t if isinstance(u, ag.Tensor)
    ]
    wanting = [t for t in flat if t.requires_grad]
    assert any(g is not None for g in ag.gradients(total, wanting, allow_unused=True))


def test_the_gradient_is_the_one_of_the_op() -> None:
    t = ag.tensor(matrix, requires_grad=True)
    (g,) = ag.gradients(np.sum(np.exp(np.concatenate([t, 2 * t])), axis=0).sum(), [t])
    np.testing.assert_allclose(g.array, np.exp(matrix) + 2 * np.exp(2 * matrix), rtol=1e-12)
    (h,) = ag.gradients(np.linalg.norm(t), [t])
    np.testing.assert_allclose(h.array, matrix / np.linalg.norm(matrix), rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "pattern"),
    [
        (lambda t: np.logaddexp.reduce(t), r"np\.logaddexp\.reduce: .*autograd\.logsumexp\(x, axis\).*detach"),
        (lambda t: np.multiply.accumulate(t), r"np\.multiply\.accumulate: .*autograd\.cumprod"),
        (lambda t: np.add.outer(t, t), r"np\.add\.outer: .*detach"),
        (lambda t: np.exp(t, out=np.empty((3, 3))), r"np\.exp: out= .*y = np\.exp\(x\)"),
        (lambda t: np.exp(t, where=mask), r"np\.exp: where= .*autograd\.where"),
        (lambda t: np.exp(t, dtype="float32"), r"np\.exp: dtype= .*astype"),
        (lambda t: np.sum(t, out=np.empty(())), r"np\.sum: out= .*y = np\.sum\(x\)"),
        (lambda t: np.sum(t, where=mask), r"np\.sum: where= .*autograd\.where"),
        (lambda t: np.fill_diagonal(t, 0.0), r"np\.fill_diagonal: .*not an op"),
        (lambda t: np.apply_over_axes(np.sum, t, [0]), r"np\.apply_over_axes: .*custom_op"),
        (lambda t: np.linalg.tensorinv(t), r"np\.linalg\.tensorinv: .*custom_op"),
        (lambda t: np.copyto(np.empty((3, 3)), t), r"np\.copyto: "),
    ],
)
def test_what_would_lose_a_gradient_names_the_remedy(call: Any, pattern: str) -> None:
    with pytest.raises(ag.errors.GradientError, match=f"(?s)^{pattern}"):
        call(ag.tensor(matrix, requires_grad=True))


def test_a_sum_by_a_method_of_a_ufunc_carries_a_gradient() -> None:
    t = ag.tensor(matrix, requires_grad=True)
    (g,) = ag.gradients(np.add.reduce(t, axis=1).sum(), [t])
    np.testing.assert_array_equal(g.array, np.ones((3, 3)))
