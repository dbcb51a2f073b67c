"""The layers' computations as functions, with PyTorch's names and arguments; each is an op of autograd."""

from __future__ import annotations

import numpy as np

import autograd as ag
from autograd import Generator, Tensor
from autograd.errors import DtypeError, RangeError

__all__ = [
    "avg_pool2d", "conv2d", "cross_entropy", "dropout", "flatten", "gelu", "leaky_relu", "linear", "log_softmax",
    "max_pool2d", "mse_loss", "nll_loss", "one_hot", "relu", "sigmoid", "silu", "softmax", "softplus", "tanh",
]  # fmt: skip

linear = ag.linear
conv2d = ag.conv2d
max_pool2d = ag.max_pool2d
avg_pool2d = ag.avg_pool2d
relu = ag.relu
sigmoid = ag.sigmoid
tanh = ag.tanh
silu = ag.silu
gelu = ag.gelu
cross_entropy = ag.cross_entropy
nll_loss = ag.nll_loss
mse_loss = ag.mse_loss


def leaky_relu(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """``x`` where it is positive, else ``negative_slope x`` (Maas et al., 2013, ICML)."""
    return ag.where(input > 0, input, input * negative_slope)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    r""":math:`\ln(1 + e^{\beta x}) / \beta`; where ``beta x`` exceeds ``threshold`` it is ``x`` itself."""
    scaled = input * beta
    return ag.where(scaled > threshold, input, ag.softplus(scaled) / beta)


def softmax(input: Tensor, dim: int = -1) -> Tensor:
    r""":math:`e^x / \sum e^x` along an axis."""
    return ag.softmax(input, dim)


def log_softmax(input: Tensor, dim: int = -1) -> Tensor:
    """The logarithm of :func:`softmax`."""
    return ag.log_softmax(input, dim)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Merge the axes from ``start_dim`` to ``end_dim``, both included, into one."""
    return ag.flatten(input, start_dim, end_dim)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    """In training, set elements to 0 with probability ``p`` and scale the rest (Srivastava et al., 2014, JMLR 15)."""
    return ag.dropout(input, p, training, generator)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Integer labels ``(...)`` as rows of zeros with a one at the label: ``(..., num_classes)``, int64."""
    labels = tensor.array
    if labels.dtype.kind not in "iu":
        raise DtypeError(f"one_hot: labels are integers, not {labels.dtype}.")
    if num_classes == -1:
        num_classes = int(labels.max()) + 1 if labels.size else 0
    if labels.size and not 0 <= int(labels.min()) <= int(labels.max()) < num_classes:
        raise RangeError(
            f"one_hot: labels run from {int(labels.min())} to {int(labels.max())}; "
            f"num_classes={num_classes} takes 0 to {num_classes - 1}."
        )
    return ag.asarray((labels[..., None] == ag.arange(num_classes, device=tensor.device).array).astype(np.int64))
