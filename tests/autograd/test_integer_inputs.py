"""Every op of the table with integers and Booleans: what is no whole number is computed in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd.composite import COMPOSITES
from autograd.errors import GlassgradError
from autograd.primitive import OPS
from autograd.samples import Sample

# Whole numbers in, whole numbers out, as in NumPy: they wrap where the dtype is too narrow.
WHOLE = {
    "add", "add_rows", "affine_grid", "baddbmm", "addmm", "bilinear", "bmm", "convolve", "correlate", "cross",
    "cumprod", "diff", "divmod", "dot", "ediff1d", "einsum", "fmod", "fold", "index_fill", "index_put", "inner",
    "kron", "linear", "linear_recurrence", "matmul", "matrix_power", "matvec", "mm", "multi_dot", "multiply", "mv",
    "nancumprod", "nanprod", "negative", "outer", "overlap_add", "pad", "polyval", "power", "prod", "ptp",
    "put_along_axis_add", "reciprocal", "remainder", "scatter", "scatter_add", "scatter_reduce", "square", "subtract",
    "tensordot", "vander", "vdot", "vecdot", "vecmat",
    *(f"conv{n}d{end}" for n in (1, 2, 3) for end in ("", "_input_gradient", "_weight_gradient")),
}  # fmt: skip
# NumPy's own functions, whose dtype follows the width of the integers (float16 of 8 bits).
NUMPYS = {
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cbrt", "copysign", "cos", "cosh",
    "deg2rad", "exp", "exp2", "expm1", "frexp", "heaviside", "hypot", "log", "log10", "log1p", "log2", "logaddexp",
    "logaddexp2", "rad2deg", "rint", "round", "sin", "sinh", "sqrt", "tan", "tanh", "around",
}  # fmt: skip
# Random ones draw in float32 beside integers; "ctc" starts with NumPy's exp; pooling refuses integers before its op.
OTHERS = {
    "ctc", "max_pool1d", "max_pool2d", "max_pool3d", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout",
    "feature_alpha_dropout",
    "rrelu",
}  # fmt: skip

CASES = [
    pytest.param(op, sample, id=f"{op.name}({sample})")
    for op in [*OPS.values(), *COMPOSITES.values()]
    for sample in op.samples
    if op.differentiable and op.name not in NUMPYS | OTHERS and "dtype" not in sample.params
]


def _integers(sample: Sample, dtype: str) -> list[Any]:
    rng = np.random.default_rng(0)
    low, high = {"uint8": (180, 220), "int8": (-120, 120), "bool": (0, 2)}[dtype]
    arrays = sample.draw(rng)
    return [
        a if spec is None or spec.kind != "float" else rng.integers(low, high, a.shape).astype(dtype)
        for a, spec in zip(arrays, sample.args, strict=True)
    ]


def _value(op: Any, arrays: list[Any], params: dict[str, Any]) -> list[np.ndarray]:
    y = op(*(None if a is None else ag.tensor(a) for a in arrays), **params)
    return [part.array for part in (y if isinstance(y, (tuple, list)) else (y,))]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # many of these lie outside of the domain
@pytest.mark.parametrize(("op", "sample"), CASES)
def test_integers_are_computed_as_floats(op: Any, sample: Sample) -> None:
    """The value is that of the same numbers in float64, whole or not; or an error of ours says what is wanted."""
    for dtype in ("uint8", "int8", "bool"):
        _compare(op, sample, dtype)


def _compare(op: Any, sample: Sample, dtype: str) -> None:
    integers = _integers(sample, dtype)
    floats = [a if a is None or a.dtype != dtype else a.astype(np.float64) for a in integers]
    try:
        seen = _value(op, integers, sample.params)
    except GlassgradError:
        return
    wanted = _value(op, floats, sample.params)
    for y, w in zip(seen, wanted, strict=True):
        if op.name in WHOLE:
            assert y.dtype.kind in "iub" or y.dtype == w.dtype
            continue
        if y.dtype.kind not in "iub":
            assert y.dtype == w.dtype
        np.testing.assert_allclose(y, w, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("f", "wanted"),
    [
        (lambda x: ag.sigmoid(x), 1.0),
        (lambda x: ag.softmin(ag.stack([x, x + 1]), 0)[0], 0.7310585786300049),
        (lambda x: ag.average(ag.stack([x, x - 100]), weights=ag.stack([x, x - 100])), 500 / 3),
        (lambda x: ag.cosine_similarity(ag.stack([x, x]), ag.stack([x, x]), axis=0), 1.0),
        (lambda x: ag.l1_loss(x - 100, x), 100.0),
        (lambda x: ag.mse_loss(x - 100, x), 10000.0),
        (lambda x: ag.lerp(x, x - 100, 0.5), 150.0),
        (lambda x: ag.softsign(x + 55), 255 / 256),
        (lambda x: ag.polygamma(1, x - 199), np.pi**2 / 6),
        (lambda x: ag.soft_margin_loss(ag.tensor(2.0), x - 199), np.log1p(np.exp(-2))),
        (lambda x: ag.nanmean(ag.stack([x, x - 200]) > 0), 0.5),
    ],
)  # fmt: skip
def test_small_unsigned_numbers(f: Any, wanted: float) -> None:
    """Values that wrapped or lost their sign."""
    np.testing.assert_allclose(f(ag.tensor(np.array(200, np.uint8))).array, wanted, rtol=1e-6)


@pytest.mark.parametrize("number", [2, 2.0, True])
@pytest.mark.parametrize("f", [ag.sigmoid, ag.silu, ag.gelu, ag.logsigmoid, ag.lgamma, ag.i0, ag.entr])
def test_python_numbers_are_taken_as_by_exp(f: Any, number: Any) -> None:
    """Without an array beside them."""
    np.testing.assert_allclose(f(number), f(np.array(float(number))))


def test_the_dtype_beside_floats_is_theirs() -> None:
    """Small integers beside float32 stay float32, as NumPy promotes them."""
    x, target = ag.tensor([1.0, 2.0]), ag.tensor(np.array([1, 0], np.uint8))
    assert ag.l1_loss(x, target).dtype == np.float32
    assert ag.soft_margin_loss(x, target).dtype == np.float32
