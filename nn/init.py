r"""Initialisation of parameters, in place, as in PyTorch.

``fan_in`` is the number of inputs that an output sums over: for a weight ``(out, in, *kernel)`` it is ``in`` times the
kernel's size; ``fan_out`` is ``out`` times it. Random functions take ``generator=`` (default: the device's own).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import Generator, Tensor, default_generator, no_grad
from autograd.errors import DtypeError, ShapeError

__all__ = [
    "calculate_gain", "constant_", "eye_", "kaiming_normal_", "kaiming_uniform_", "normal_", "ones_", "orthogonal_",
    "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that keeps the variance through a nonlinearity; ``param`` is the slope of ``leaky_relu``."""
    gains = {
        "linear": 1.0, "conv1d": 1.0, "conv2d": 1.0, "conv3d": 1.0, "sigmoid": 1.0, "tanh": 5 / 3,
        "relu": math.sqrt(2), "selu": 0.75,
        "leaky_relu": math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2)),
    }  # fmt: skip
    if nonlinearity not in gains:
        raise DtypeError(f"calculate_gain: unknown nonlinearity {nonlinearity!r}. Known: {', '.join(sorted(gains))}.")
    return gains[nonlinearity]


def _fill(tensor: Tensor, values: Any) -> Tensor:
    with no_grad():
        tensor[...] = values
    return tensor


def _generator(tensor: Tensor, generator: Generator | None) -> Generator:
    return default_generator(tensor.device) if generator is None else generator


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with numbers drawn evenly from ``[a, b)``."""
    return _fill(tensor, _generator(tensor, generator).uniform(tensor.shape, a, b, tensor.dtype))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with numbers from the normal distribution."""
    return _fill(tensor, _generator(tensor, generator).normal(tensor.shape, mean, std, tensor.dtype))


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Fill from the normal distribution cut off at ``a`` and ``b`` (absolute values); what falls outside is redrawn."""
    if not a < b or not a < mean + 4 * std or not b > mean - 4 * std:
        raise DtypeError(f"trunc_normal_: [{a}, {b}] holds hardly any of the normal distribution {mean} +- {std}.")
    generator = _generator(tensor, generator)
    values = generator.normal(tensor.shape, mean, std, tensor.dtype)
    while (outside := (values < a) | (values > b)).any():
        values[outside] = generator.normal((int(outside.sum()),), mean, std, tensor.dtype)
    return _fill(tensor, values)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one value."""
    return _fill(tensor, val)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros."""
    return _fill(tensor, 0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    return _fill(tensor, 1)


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with the identity."""
    if tensor.ndim != 2:
        raise ShapeError(f"eye_: needs a matrix, the tensor is {tensor.shape}.")
    with no_grad():
        tensor[...] = 0
        for i in range(min(tensor.shape)):
            tensor[i, i] = 1
    return tensor


def _fans(name: str, tensor: Tensor) -> tuple[int, int]:
    if tensor.ndim < 2:
        raise ShapeError(f"{name}: needs a weight (out, in, ...) of two axes at least, the tensor is {tensor.shape}.")
    kernel = math.prod(tensor.shape[2:])
    return tensor.shape[1] * kernel, tensor.shape[0] * kernel


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform with variance ``2 gain^2 / (fan_in + fan_out)`` (Glorot and Bengio, 2010, AISTATS)."""
    bound = gain * math.sqrt(6 / sum(_fans("xavier_uniform_", tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with variance ``2 gain^2 / (fan_in + fan_out)`` (Glorot and Bengio, 2010, AISTATS)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(_fans("xavier_normal_", tensor))), generator)


def _kaiming_std(name: str, tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise DtypeError(f'{name}: mode must be "fan_in" or "fan_out", not {mode!r}.')
    fan_in, fan_out = _fans(name, tensor)
    return calculate_gain(nonlinearity, a) / math.sqrt(max(fan_in if mode == "fan_in" else fan_out, 1))


def kaiming_uniform_(
    tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Uniform with variance ``gain^2 / fan`` (He et al., 2015, arXiv:1502.01852); ``a`` is leaky_relu's slope."""
    bound = math.sqrt(3) * _kaiming_std("kaiming_uniform_", tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Normal with variance ``gain^2 / fan`` (He et al., 2015, arXiv:1502.01852); ``a`` is leaky_relu's slope."""
    return normal_(tensor, 0.0, _kaiming_std("kaiming_normal_", tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """A matrix (axes after the first merged) with orthonormal rows or columns (Saxe et al., 2013, arXiv:1312.6120)."""
    _fans("orthogonal_", tensor)
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    values = _generator(tensor, generator).normal((max(rows, columns), min(rows, columns)), dtype=np.float64)
    q, r = np.linalg.qr(values)
    q = q * np.sign(np.diagonal(r))  # makes the distribution uniform over orthogonal matrices
    return _fill(tensor, gain * (q if rows >= columns else q.T).reshape(tensor.shape))
