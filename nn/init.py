r"""Initialisation of parameters, in place, as in PyTorch; each function returns the Tensor that it filled.

``fan_in`` is the number of inputs that an output sums over: for a weight ``(out, in, *kernel)`` it is ``in`` times the
kernel's size; ``fan_out`` is ``out`` times it. Random functions take ``generator=`` (default: the device's own).
Every function here raises ``DtypeError`` for integers, ``ShapeError`` for a Tensor with too few axes, and
``ArgumentError`` for arguments that make no sense.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np

from autograd import Generator, Tensor, default_generator, no_grad
from autograd.backend import is_differentiable
from autograd.errors import DtypeError, ShapeError
from nn.module import ArgumentError

__all__ = [
    "calculate_gain", "constant_", "dirac_", "eye_", "kaiming_normal_", "kaiming_uniform_", "normal_", "ones_",
    "orthogonal_", "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that keeps the variance through a nonlinearity; ``param`` is the slope of ``leaky_relu``."""
    gains = {
        "linear": 1.0, "conv1d": 1.0, "conv2d": 1.0, "conv3d": 1.0, "sigmoid": 1.0, "tanh": 5 / 3,
        "relu": math.sqrt(2), "selu": 0.75,
        "leaky_relu": math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2)),
    }  # fmt: skip
    if nonlinearity not in gains:
        raise ArgumentError(
            f"calculate_gain: unknown nonlinearity {nonlinearity!r}. Known: {', '.join(sorted(gains))}."
        )
    return gains[nonlinearity]


# --------------------------------------------------------------------------------------------------- one value


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one value."""
    return _fill("constant_", tensor, val)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros."""
    return _fill("zeros_", tensor, 0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    return _fill("ones_", tensor, 1)


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with the identity, so that a Linear layer keeps as many of its inputs as it can."""
    if tensor.ndim != 2:
        raise ShapeError(f"eye_: needs a matrix, the tensor is {tensor.shape}.")
    _fill("eye_", tensor, 0)
    return _fill("eye_", tensor, 1, np.arange(min(tensor.shape)), np.arange(min(tensor.shape)))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill a convolution's weight ``(out, in, *kernel)`` so that it passes on as many channels of each group as it can.

    The middle of the kernel from channel i to channel i is 1, the rest is 0.
    """
    if not 3 <= tensor.ndim <= 5:
        raise ShapeError(f"dirac_: needs a weight (out, in, *kernel) of 3 to 5 axes, the tensor is {tensor.shape}.")
    if groups < 1 or tensor.shape[0] % groups:
        raise ArgumentError(f"dirac_: groups={groups} must divide the {tensor.shape[0]} output channels.")
    of_group = tensor.shape[0] // groups
    kept = np.arange(min(of_group, tensor.shape[1]))
    middle = [n // 2 for n in tensor.shape[2:]]
    _fill("dirac_", tensor, 0)
    for first in range(0, tensor.shape[0], of_group):
        _fill("dirac_", tensor, 1, first + kept, kept, *middle)
    return tensor


def _fill(name: str, tensor: Tensor, values: Any, *index: Any) -> Tensor:
    """Write values into the Tensor, or into the part of it that an index selects."""
    if not isinstance(tensor, Tensor):
        raise DtypeError(f"{name}: fills a Tensor, not a {type(tensor).__name__}.")
    with no_grad():
        tensor[index or ...] = values
    return tensor


# ------------------------------------------------------------------------------------------- independent numbers


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with numbers drawn evenly from ``[a, b)``."""
    if not a <= b:
        raise ArgumentError(f"uniform_: wants a <= b, not a={a!r} and b={b!r}.")
    return _fill("uniform_", tensor, _source("uniform_", tensor, generator).uniform(tensor.shape, a, b, tensor.dtype))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with numbers from the normal distribution."""
    if not std >= 0:
        raise ArgumentError(f"normal_: std must be a number from 0 on, not {std!r}.")
    source = _source("normal_", tensor, generator)
    return _fill("normal_", tensor, source.normal(tensor.shape, mean, std, tensor.dtype))


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Fill from the normal distribution cut off at ``a`` and ``b`` (values, not multiples of ``std``).

    What falls outside is drawn again; so ``[a, b]`` must hold at least a hundredth of the distribution.
    """
    if not std > 0 or not a < b:
        raise ArgumentError(f"trunc_normal_: wants std > 0 and a < b, not std={std!r}, a={a!r}, b={b!r}.")
    share = NormalDist(mean, std).cdf(b) - NormalDist(mean, std).cdf(a)
    if share < 0.01:
        raise ArgumentError(
            f"trunc_normal_: [{a}, {b}] holds {share:.2g} of the normal distribution with mean {mean} and std {std}; "
            "0.01 is wanted. In a narrow interval uniform_ is nearly the same; else move the mean into it."
        )
    source = _source("trunc_normal_", tensor, generator)
    values = source.normal(tensor.shape, mean, std, tensor.dtype)
    while (outside := (values < a) | (values > b)).any():
        values[outside] = source.normal((int(outside.sum()),), mean, std, tensor.dtype)
    return _fill("trunc_normal_", tensor, values)


def _source(name: str, tensor: Tensor, generator: Generator | None) -> Generator:
    """Where random numbers for the Tensor come from."""
    if not isinstance(tensor, Tensor):
        raise DtypeError(f"{name}: fills a Tensor, not a {type(tensor).__name__}.")
    if not is_differentiable(tensor.dtype):
        raise DtypeError(f"{name}: fills a floating-point Tensor, not {tensor.dtype}.")
    return default_generator(tensor.device) if generator is None else generator


# ------------------------------------------------------------------------------------------------ scaled by the fans


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform with variance ``2 gain^2 / (fan_in + fan_out)`` (Glorot and Bengio, 2010, AISTATS)."""
    bound = math.sqrt(3) * _xavier_std("xavier_uniform_", tensor, gain)
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with variance ``2 gain^2 / (fan_in + fan_out)`` (Glorot and Bengio, 2010, AISTATS)."""
    return normal_(tensor, 0.0, _xavier_std("xavier_normal_", tensor, gain), generator)


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


def _fans(name: str, tensor: Tensor) -> tuple[int, int]:
    if tensor.ndim < 2:
        raise ShapeError(
            f"{name}: needs a weight (out, in, ...) of two axes at least, the tensor is {tensor.shape}. "
            "A bias is filled with zeros_, uniform_ or normal_."
        )
    kernel = math.prod(tensor.shape[2:])
    return tensor.shape[1] * kernel, tensor.shape[0] * kernel


def _xavier_std(name: str, tensor: Tensor, gain: float) -> float:
    return gain * math.sqrt(2 / max(sum(_fans(name, tensor)), 1))


def _kaiming_std(name: str, tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ArgumentError(f'{name}: mode must be "fan_in" or "fan_out", not {mode!r}.')
    fan_in, fan_out = _fans(name, tensor)
    return calculate_gain(nonlinearity, a) / math.sqrt(max(fan_in if mode == "fan_in" else fan_out, 1))


# ------------------------------------------------------------------------------------------------------- orthogonal


def orthogonal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """A matrix (axes after the first merged) with orthonormal rows or columns, times ``gain``.

    Source: Saxe et al., 2013, arXiv:1312.6120.
    """
    _fans("orthogonal_", tensor)
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    source = _source("orthogonal_", tensor, generator)
    q, r = np.linalg.qr(source.normal((max(rows, columns), min(rows, columns)), dtype=np.float64))
    q = q * np.sign(np.diagonal(r))  # makes the distribution uniform over orthogonal matrices
    return _fill("orthogonal_", tensor, gain * (q if rows >= columns else q.T).reshape(tensor.shape))
