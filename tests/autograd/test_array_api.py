from __future__ import annotations

import numpy as np
import pytest

import autograd as ag

STANDARD = [
    "abs",
    "acos",
    "acosh",
    "add",
    "all",
    "any",
    "arange",
    "argmax",
    "argmin",
    "argsort",
    "asarray",
    "asin",
    "asinh",
    "astype",
    "atan",
    "atan2",
    "atanh",
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "bool",
    "broadcast_arrays",
    "broadcast_to",
    "can_cast",
    "ceil",
    "clip",
    "complex128",
    "complex64",
    "concat",
    "conj",
    "copysign",
    "cos",
    "cosh",
    "count_nonzero",
    "cumulative_prod",
    "cumulative_sum",
    "diff",
    "divide",
    "e",
    "empty",
    "empty_like",
    "equal",
    "exp",
    "expand_dims",
    "expm1",
    "eye",
    "finfo",
    "flip",
    "float32",
    "float64",
    "floor",
    "floor_divide",
    "from_dlpack",
    "full",
    "full_like",
    "greater",
    "greater_equal",
    "hypot",
    "iinfo",
    "imag",
    "inf",
    "int16",
    "int32",
    "int64",
    "int8",
    "isdtype",
    "isfinite",
    "isinf",
    "isnan",
    "less",
    "less_equal",
    "linspace",
    "log",
    "log10",
    "log1p",
    "log2",
    "logaddexp",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "matmul",
    "matrix_transpose",
    "max",
    "maximum",
    "mean",
    "meshgrid",
    "min",
    "minimum",
    "moveaxis",
    "multiply",
    "nan",
    "negative",
    "newaxis",
    "nextafter",
    "nonzero",
    "not_equal",
    "ones",
    "ones_like",
    "permute_dims",
    "pi",
    "positive",
    "pow",
    "prod",
    "real",
    "reciprocal",
    "remainder",
    "repeat",
    "reshape",
    "result_type",
    "roll",
    "round",
    "searchsorted",
    "sign",
    "signbit",
    "sin",
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
    "take",
    "take_along_axis",
    "tan",
    "tanh",
    "tensordot",
    "tile",
    "tril",
    "triu",
    "trunc",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
    "unstack",
    "var",
    "vecdot",
    "where",
    "zeros",
    "zeros_like",
    "__array_namespace_info__",
    "fft",
    "linalg",
]


def test_the_namespace_has_every_name_of_the_standard():
    xp = ag.ones(2).__array_namespace__()
    assert [name for name in STANDARD if not hasattr(xp, name)] == []
    assert xp.__array_api_version__ == "2024.12"
    with pytest.raises(ag.ArgumentError, match="1999"):
        ag.ones(2).__array_namespace__(api_version="1999")


def test_the_namespace_computes():
    x = ag.tensor([[1.0, 2.0], [3.0, 5.0]])
    xp = x.__array_namespace__()
    assert xp.result_type(x, xp.float64) == np.float64
    assert xp.isdtype(x.dtype, "real floating")
    assert xp.finfo(x).eps == np.finfo(np.float32).eps
    assert xp.can_cast(xp.int8, xp.int16)
    assert xp.linalg.det(x).item() == pytest.approx(-1)
    assert xp.fft.fft(x).shape == (2, 2)
    info = xp.__array_namespace_info__()
    assert info.default_dtypes()["real floating"] == np.float32
    assert set(info.dtypes(kind="bool")) == {"bool"}
    assert [p.tolist() for p in xp.nonzero(x > 2)] == [[1, 1], [0, 1]]
    assert xp.empty_like(x).shape == (2, 2)


def test_dlpack_shares_memory():
    x = ag.tensor([1.0, 2.0])
    view = np.from_dlpack(x)
    x[0] = 7.0
    assert view.tolist() == [7.0, 2.0]
    back = ag.from_dlpack(np.arange(3.0))
    assert back.tolist() == [0.0, 1.0, 2.0]
    with pytest.raises(ag.GradientError, match="detach"):
        np.from_dlpack(ag.tensor([1.0], requires_grad=True))
    with pytest.raises(ag.DtypeError, match="no __dlpack__"):
        ag.from_dlpack([1.0])


def test_dlpack_with_pytorch():
    torch = pytest.importorskip("torch", reason="the other side of the exchange")
    x = ag.tensor([1.0, 2.0])
    t = torch.from_dlpack(x)
    t += 1
    assert x.tolist() == [2.0, 3.0]
    assert ag.from_dlpack(torch.ones(2)).tolist() == [1.0, 1.0]


def test_copies_on_demand():
    a = np.arange(3.0)
    assert np.shares_memory(ag.asarray(a, copy=False).array, a)
    assert not np.shares_memory(ag.asarray(a, copy=True).array, a)
    with pytest.raises(ag.ArgumentError, match="copy=False"):
        ag.asarray(a, dtype="float32", copy=False)


def test_einops_rearranges_tensors_and_gradients_flow():
    einops = pytest.importorskip("einops.array_api", reason="einops is a development extra")
    x = ag.tensor(np.arange(24.0).reshape(2, 3, 4), requires_grad=True)
    y = einops.rearrange(x, "a b c -> c (a b)")
    assert y.shape == (4, 6)
    (einops.reduce(y, "c d -> c", "sum") ** 2).sum().backward()
    np.testing.assert_allclose(x.grad.array[0, 0], 2 * np.arange(24.0).reshape(2, 3, 4).sum((0, 1)))
