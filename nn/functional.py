"""The layers' computations as functions, with PyTorch's names, arguments and strictness; each runs ops of autograd.

They differ from the ops in two ways: an axis is called ``dim``, and an input whose dtype differs from the weight's is
an error instead of a silent computation in the wider of the two.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd as ag
from autograd import Generator, Tensor
from autograd.errors import DtypeError, RangeError, ShapeError
from autograd.ops.convolution import pair

__all__ = [
    "alpha_dropout", "avg_pool2d", "conv2d", "cross_entropy", "dropout", "dropout1d", "dropout2d", "dropout3d",
    "feature_alpha_dropout", "flatten", "gelu", "gumbel_softmax", "leaky_relu", "linear", "log_softmax", "max_pool2d",
    "mse_loss", "nll_loss", "one_hot", "relu", "rrelu", "sigmoid", "silu", "softmax", "softplus", "tanh",
]  # fmt: skip

# ------------------------------------------------------------------------------------------------------------ layers


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    r"""The affine map :math:`y = x W^\top + b` of the last axis.

    Shape: ``input (..., in)``, ``weight (out, in)``, ``bias (out,)``; result ``(..., out)``. Raises ``ShapeError``, and
    ``DtypeError`` if input and weight differ in dtype.
    """
    if getattr(input, "dtype", None) is not weight.dtype:
        _check_same_dtype("linear", input, weight)
    return ag.linear(input, weight, bias)


def conv2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """2-D convolution (cross-correlation: the kernel is not flipped); see :func:`autograd.conv2d`.

    Shape: ``input (N, C, H, W)``, ``weight (out, C / groups, kernel height, kernel width)``, ``bias (out,)``.
    ``padding`` is a number, a pair, ``"valid"`` (none) or ``"same"`` (stride 1, a result as large as the image; for an
    even kernel the odd pixel is added at the end, as in PyTorch). Raises ``ShapeError``, and ``DtypeError`` if the
    dtypes of input and weight differ.
    """
    _check_same_dtype("conv2d", input, weight)
    if padding == "valid":
        padding = 0
    elif padding == "same":
        input, padding = _padded_to_same(input, weight, stride, dilation)
    return ag.conv2d(input, weight, bias, stride, padding, dilation, groups)


def _padded_to_same(input: Tensor, weight: Tensor, stride: Any, dilation: Any) -> tuple[Tensor, tuple[int, int]]:
    """The input and the padding that keep the size; where the two sides differ, the input has the extra pixel."""
    if pair("conv2d", "stride", stride, 1) != (1, 1):
        raise ShapeError(f'conv2d: padding="same" needs stride 1, not {stride}. Give the padding as numbers.')
    steps = pair("conv2d", "dilation", dilation, 1)
    reach = [(k - 1) * d for k, d in zip(weight.shape[2:], steps, strict=True)]
    if any(n % 2 for n in reach):
        input = ag.pad(input, ((0, 0), (0, 0), (0, reach[0] % 2), (0, reach[1] % 2)))
    return input, (reach[0] // 2, reach[1] // 2)


def max_pool2d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0) -> Tensor:
    """The maximum of each window of ``(N, C, H, W)``; ``stride`` is the kernel size by default, padding never wins."""
    return ag.max_pool2d(input, kernel_size, stride, padding)


def avg_pool2d(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0) -> Tensor:
    """The mean of each window of ``(N, C, H, W)``; ``stride`` is the kernel size by default, padding counts as 0."""
    return ag.avg_pool2d(input, kernel_size, stride, padding)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Merge the axes from ``start_dim`` to ``end_dim``, both included, into one."""
    return ag.flatten(input, start_dim, end_dim)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    """In training, set elements to 0 with probability ``p`` and scale the rest (Srivastava et al., 2014, JMLR 15)."""
    return ag.dropout(input, p, training, generator)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    """:func:`dropout` of whole channels of ``(N, C, L)`` or ``(C, L)`` (Tompson et al., 2015, arXiv:1411.4280)."""
    return ag.dropout1d(input, p, training, generator)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    """:func:`dropout` of whole channels of ``(N, C, H, W)`` or ``(N, C, L)`` (Tompson et al., 2015)."""
    return ag.dropout2d(input, p, training, generator)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Tensor:
    """:func:`dropout` of whole channels of ``(N, C, D, H, W)`` or ``(C, D, H, W)`` (Tompson et al., 2015)."""
    return ag.dropout3d(input, p, training, generator)


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, generator: Generator | None = None) -> Tensor:
    """Dropout that keeps mean 0 and variance 1, for selu networks (Klambauer et al., 2017, arXiv:1706.02515)."""
    return ag.alpha_dropout(input, p, training, generator)


def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, generator: Generator | None = None
) -> Tensor:  # fmt: skip
    """:func:`alpha_dropout` of whole channels of ``(N, C, ...)``."""
    return ag.feature_alpha_dropout(input, p, training, generator)


def gumbel_softmax(
    logits: Tensor, tau: float = 1.0, hard: bool = False, dim: int = -1, generator: Generator | None = None
) -> Tensor:  # fmt: skip
    """Relaxed or, if ``hard``, one-hot samples of a categorical distribution (Jang et al., 2017, arXiv:1611.01144)."""
    return ag.gumbel_softmax(logits, tau, hard, dim, generator)


# ------------------------------------------------------------------------------------------------------- activations


def relu(input: Tensor) -> Tensor:
    """``max(x, 0)``; gradient 0 at 0."""
    return ag.relu(input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """``x`` where it is positive, else ``negative_slope x`` (Maas et al., 2013, ICML)."""
    return ag.where(input > 0, input, input * negative_slope)


def rrelu(
    input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """``x`` where positive, else a slope from ``[lower, upper]`` times ``x``; see :func:`autograd.rrelu`."""
    return ag.rrelu(input, lower, upper, training, generator)


def sigmoid(input: Tensor) -> Tensor:
    r"""The logistic function :math:`1 / (1 + e^{-x})`."""
    return ag.sigmoid(input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return ag.tanh(input)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    r""":math:`x \, \Phi(x)`, or its approximation ``"tanh"`` (Hendrycks and Gimpel, 2016, arXiv:1606.08415)."""
    return ag.gelu(input, approximate)


def silu(input: Tensor) -> Tensor:
    r""":math:`x \, \sigma(x)` (Elfwing et al., 2017, arXiv:1702.03118)."""
    return ag.silu(input)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    r""":math:`\ln(1 + e^{\beta x}) / \beta`; where ``beta x`` exceeds ``threshold`` it is ``x`` itself."""
    return ag.softplus(input, beta, threshold)


def softmax(input: Tensor, dim: int = -1) -> Tensor:
    r""":math:`e^x / \sum e^x` along an axis."""
    return ag.softmax(input, dim)


def log_softmax(input: Tensor, dim: int = -1) -> Tensor:
    """The logarithm of :func:`softmax`."""
    return ag.log_softmax(input, dim)


# ------------------------------------------------------------------------------------------------------------ losses
# Options come by keyword: between weight and ignore_index PyTorch has a deprecated argument.


def cross_entropy(
    input: Tensor, target: Any, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:  # fmt: skip
    """Cross-entropy of logits ``(N, C)`` or ``(N, C, d1, ...)``; see :func:`autograd.cross_entropy`.

    ``target``: integer labels in the shape of ``input`` without the class axis, or probabilities in its whole shape.
    """
    return ag.cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)


def nll_loss(
    input: Tensor, target: Any, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    """Negative log-likelihood of labels under log-probabilities ``(N, C)`` or ``(N, C, d1, ...)``."""
    return ag.nll_loss(input, target, weight, ignore_index, reduction)


def mse_loss(input: Tensor, target: Any, *, reduction: str = "mean") -> Tensor:
    """Mean squared error of two Tensors of one shape; ``reduction`` may be ``"sum"`` or ``"none"``."""
    return ag.mse_loss(input, target, reduction)


# ------------------------------------------------------------------------------------------------------------ labels


def one_hot(tensor: Any, num_classes: int = -1) -> Tensor:
    """Integer labels ``(...)`` as rows of zeros with a one at the label: ``(..., num_classes)``, int64.

    By default there are as many classes as the largest label needs. Raises ``DtypeError`` and ``RangeError``.
    """
    tensor = ag.asarray(tensor)
    labels = tensor.array
    if labels.dtype.kind not in "iu":
        raise DtypeError(f"one_hot: labels are integers, not {labels.dtype}. Convert them: labels.astype('int64').")
    low, high = (int(labels.min()), int(labels.max())) if labels.size else (0, -1)
    if num_classes == -1:
        num_classes = high + 1
    if low < 0 or high >= num_classes:
        raise RangeError(
            f"one_hot: labels run from {low} to {high}; num_classes={num_classes} takes 0 to {num_classes - 1}."
        )
    return ag.asarray((labels[..., None] == ag.arange(num_classes, device=tensor.device).array).astype(np.int64))


def _check_same_dtype(op: str, input: Any, weight: Any) -> None:
    seen = getattr(input, "dtype", None)
    if seen != weight.dtype:
        if seen is None:
            raise DtypeError(f"{op}: the input is a {type(input).__name__}, not a Tensor. Write ag.tensor(input).")
        raise DtypeError(
            f"{op}: the input is {seen} {tuple(input.shape)}, the weight {weight.dtype} {tuple(weight.shape)}.\n"
            f"  Convert one of them: x.astype('{weight.dtype}'), or model.to('{seen}') if it is floating point."
        )
