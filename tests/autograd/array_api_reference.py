"""The reference of the array API standard, what it names, and the comparison of ours with it.

Source: https://data-apis.org/array-api/2024.12
"""

from __future__ import annotations

import inspect
import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

import autograd as ag
from autograd import array_api as xp
from tests.autograd.array_api_draws import Dtype
from tests.autograd.conftest import REASON

strict = pytest.importorskip("array_api_strict", reason=REASON)
AGAINST_THE_REFERENCE = [
    pytest.mark.usefixtures("standard"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),  # NumPy's, from the reference over no element
]

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


def member(namespace: Any, dotted: str) -> Any:
    return operator.attrgetter(dotted)(namespace)


steady = settings(
    max_examples=15, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def taken_by(namespace: Any, x: Any) -> Any:
    """An argument as a namespace takes it; neither may change what the other sees."""
    if isinstance(x, Dtype):
        return getattr(namespace, x.name)
    if isinstance(x, ag.Tensor):
        return ag.tensor(x.array.copy()) if namespace is xp else strict.asarray(x.array.copy())
    if isinstance(x, (list, tuple)):
        return type(x)(taken_by(namespace, item) for item in x)
    return x


def same(ours: Any, theirs: Any, name: str, values: bool = True) -> None:
    """Shape, dtype and value, or what stands for them outside of arrays."""
    if isinstance(theirs, (list, tuple)):
        assert isinstance(ours, (list, tuple))
        assert len(ours) == len(theirs)
        assert [f for f in getattr(theirs, "_fields", ()) if not hasattr(ours, f)] == []
        for a, b in zip(ours, theirs, strict=True):
            same(a, b, name, values)
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
                same(getattr(ours, field), getattr(theirs, field), name)
        assert ours.dtype.name == str(theirs.dtype).rpartition(".")[2]
    else:
        assert ours.name == str(theirs).rpartition(".")[2]


SIGNED_ZEROS = {
    "add", "atan2", "ceil", "copysign", "divide", "floor", "multiply", "negative", "round", "sin", "sqrt", "subtract",
    "tan", "tanh", "trunc", "asin", "atan", "expm1", "log1p", "positive",
}  # fmt: skip


def _tolerance(expected: np.ndarray) -> dict[str, float]:
    eps = float(np.finfo(expected.dtype).eps)
    size = np.abs(expected[np.isfinite(expected)]).max(initial=0)
    return {"rtol": 64 * eps, "atol": 64 * eps * float(min(size, 1e3))}
