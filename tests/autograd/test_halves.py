"""Every op of the table in float16 and bfloat16: the dtype is kept, values and gradients are those of float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import ops
from autograd.backend import is_differentiable
from autograd.composite import COMPOSITES
from autograd.primitive import OPS
from autograd.samples import Sample

pytest.importorskip("ml_dtypes")

# What there is no 16-bit version of, and why.
NO_HALVES = {
    **dict.fromkeys(("astype", "float_power"), "the result has the dtype that is asked for, or float64"),
    **dict.fromkeys(
        (
            "fft",
            "ifft",
            "rfft",
            "fftn",
            "ifftn",
            "rfftn",
            "irfftn",
            "stft",
            "fft2",
            "ifft2",
            "rfft2",
            "irfft2",
            "ihfft",
            "hfftn",
            "ihfftn",
            "hfft2",
            "ihfft2",
            "hfft",
            "hfft2",
            "hfftn",
            "ihfft2",
            "ihfftn",
            "complex",
            "polar",
            "view_as_complex",
        ),
        "complex numbers of halves do not exist",
    ),
}
# LAPACK has no 16-bit floats, and linear algebra in them loses too much: an error says how to convert.
LINEAR_ALGEBRA = {
    "inv", "solve", "solve_triangular", "pinv", "det", "slogdet", "cholesky", "qr", "eigh", "svd", "matrix_exp",
    "lstsq", "cholesky_solve", "eigh_invariant", "eig_invariant", "svd_invariant", "cond", "eigvals",
    "eigvalsh", "svdvals",
}  # fmt: skip
REFUSED = "16-bit floats are unsupported in linalg"

CASES = [
    pytest.param(op, sample, id=f"{op.name}({sample})")
    for op in [*OPS.values(), *COMPOSITES.values()]
    for sample in op.samples
    if op.differentiable and op.name not in NO_HALVES and op.name not in LINEAR_ALGEBRA and "dtype" not in sample.params
]


def values_and_gradients(op: Any, params: dict[str, Any], arrays: list[Any]) -> list[Any]:
    inputs = [None if a is None else ag.tensor(a) for a in arrays]
    wanting = [x.requires_grad_() for x in inputs if x is not None and is_differentiable(x.dtype)]
    y = op(*inputs, **params)
    outputs = [part for part in (y if isinstance(y, tuple) else (y,)) if is_differentiable(part.dtype)]
    found = ag.gradients(outputs, wanting, [ag.ones_like(part) for part in outputs], allow_unused=True)
    return [*outputs, *(g for g in found if g is not None)]


def in_dtype(a: Any, dtype: Any) -> Any:
    return a.astype(dtype) if isinstance(a, np.ndarray) and is_differentiable(a.dtype) else a


@pytest.mark.parametrize(("op", "sample"), CASES)
@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_halves_keep_their_dtype_and_follow_float64(op: Any, sample: Sample, name: str) -> None:
    dtype = np.dtype(name)
    low = [in_dtype(a, dtype) for a in sample.draw(np.random.default_rng(len(op.name)))]
    params = {key: in_dtype(value, dtype) for key, value in sample.params.items()}
    try:
        results = values_and_gradients(op, params, low)
    except ag.DtypeError as error:
        if REFUSED in str(error):  # norms and powers of matrices: some need a decomposition
            assert op.name.startswith("matrix_") or op.name == "norm"
            return
        raise
    wide = {key: in_dtype(value, np.float64) for key, value in params.items()}
    step = 2.0 ** (-10 if name == "float16" else -7)
    for a, b in zip(results, values_and_gradients(op, wide, [in_dtype(a, np.float64) for a in low]), strict=True):
        assert a.dtype == dtype
        scale = np.abs(b.array).max(initial=1.0)
        np.testing.assert_allclose(a.array.astype(np.float64), b.array, rtol=16 * step, atol=8 * step * scale)


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
@pytest.mark.parametrize("op", ["inv", "det", "slogdet", "cholesky", "qr", "eigh", "eig", "svd", "pinv", "matrix_exp"])
def test_linear_algebra_says_how_to_convert_halves(op: str, name: str) -> None:
    with pytest.raises(ag.DtypeError, match=rf"{op}: x is {name}: {REFUSED}.*astype\('float32'\)"):
        getattr(ops, op)(ag.eye(2, dtype=name))


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_what_is_written_to_one_place_is_added_up_in_float32(name: str) -> None:
    """In halves a sum of ones soon stands still: 2048 + 1 is 2048 in float16, 256 + 1 is 256 in bfloat16."""
    n = 3000
    x, ones = ag.zeros(2, dtype=name, requires_grad=True), ag.ones(n, dtype=name)
    index = np.zeros(n, int)
    for y in (ops.index_add(x, 0, index, ones), ops.scatter_add(x, 0, index, ones)):
        assert y.dtype == x.dtype
        assert abs(float(y.array[0]) - n) <= n * 2.0**-8
    for picked in (x[index], ops.take_along_axis(x, index, 0), ops.gather(x, 0, index)):
        (g,) = ag.gradients(picked.sum(), [x])
        assert g.dtype == x.dtype
        assert abs(float(g.array[0]) - n) <= n * 2.0**-8


@pytest.mark.parametrize("number", [2, 0.5, True])
def test_python_numbers_are_weak_beside_bfloat16(number: Any) -> None:
    x = ag.ones(3, dtype="bfloat16", requires_grad=True)
    for y in (x * number, number * x, x + number, number / x, x**number, ag.where(x > 0, x, number)):
        assert y.dtype == x.dtype
        (g,) = ag.gradients(y.sum(), [x])
        assert g.dtype == x.dtype
    assert (x * 0.5 * ag.ones(3)).dtype == np.float32
    assert ag.where(x > 0, ag.ones(3), 0.5).dtype == np.float32


def test_cross_entropy_of_halves_adds_up_in_float32() -> None:
    logits = ag.zeros((1, 70_000), dtype="float16", requires_grad=True)
    loss = ops.cross_entropy(logits, np.array([0]))
    assert float(loss.array) == pytest.approx(np.log(70_000), rel=1e-3)
    (g,) = ag.gradients(loss, [logits])
    assert float(g.array[0, 0]) == -1
    np.testing.assert_allclose(g.array[0, 1:].astype(float), 1 / 70_000, rtol=1e-2)


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_a_whole_number_in_where_keeps_the_tangent_of_halves(name: str) -> None:
    x = ag.ones(3, dtype=name)
    for function in (lambda x: ops.where(x > 0, x, 0), lambda x: ops.where(x < 0, 1, x), ops.nansum):
        y, t = ag.jvp(function, (x,), (x,))
        assert y.dtype == t.dtype == x.dtype
        np.testing.assert_array_equal(t.array.astype(float), y.array.astype(float))
