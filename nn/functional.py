"""The layers' computations as functions, with PyTorch's names, arguments and strictness; each runs ops of autograd.

What is written here differs from the ops in two ways: an axis is called ``dim``, and to ``linear`` and ``conv2d`` an
input whose dtype differs from the weight's is an error instead of a silent computation in the wider of the two. Ops
that take PyTorch's arguments in PyTorch's order are passed on as they are, under PyTorch's names (``input=``).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autograd as ag
from autograd import (
    Generator,
    Tensor,
    affine_grid,
    ctc_loss,
    scaled_dot_product_attention,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)
from autograd.errors import DtypeError, RangeError, ShapeError
from autograd.ops.convolution import pair

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool2d", "adaptive_max_pool3d", "affine_grid", "alpha_dropout", "avg_pool1d", "avg_pool2d",
    "avg_pool3d", "batch_norm", "bilinear", "binary_cross_entropy", "binary_cross_entropy_with_logits", "celu",
    "channel_shuffle", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "cosine_embedding_loss", "cosine_similarity", "cross_entropy", "ctc_loss", "dropout", "dropout1d", "dropout2d",
    "dropout3d", "elu", "embedding", "embedding_bag", "feature_alpha_dropout", "flatten", "fold",
    "fractional_max_pool2d", "fractional_max_pool3d", "gaussian_nll_loss", "gelu", "glu", "grid_sample",
    "group_norm", "gumbel_softmax", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "hinge_embedding_loss",
    "huber_loss", "interpolate", "kl_div", "l1_loss", "layer_norm", "leaky_relu", "linear", "local_response_norm",
    "log_softmax", "logsigmoid", "lp_pool1d", "lp_pool2d", "lp_pool3d", "margin_ranking_loss", "max_pool1d",
    "max_pool2d", "max_pool3d", "max_unpool1d", "max_unpool2d", "max_unpool3d", "mish", "mse_loss",
    "multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss", "nll_loss", "normalize",
    "one_hot", "pad", "pairwise_distance", "pdist", "pixel_shuffle", "pixel_unshuffle", "poisson_nll_loss", "prelu",
    "relu", "relu6", "rms_norm", "rrelu", "scaled_dot_product_attention", "selu", "sigmoid", "silu",
    "smooth_l1_loss", "soft_margin_loss", "softmax", "softmin", "softplus", "softshrink", "softsign", "tanh",
    "tanhshrink", "threshold", "triplet_margin_loss", "triplet_margin_with_distance_loss", "unfold", "upsample",
]  # fmt: skip

# --------------------------------------------------------------------------------------- ops under PyTorch's names


def _named(op: Callable[..., Any], *names: str) -> Callable[..., Any]:
    """An op with PyTorch's names for its first arguments, which are ``names``, or ``input`` alone."""
    own = list(inspect.signature(op).parameters.values())
    renamed = {new: old.name for new, old in zip(names or ("input",), own, strict=False)}

    @functools.wraps(op)
    def function(*args: Any, **options: Any) -> Any:
        if options:
            options = {renamed.get(name, name): value for name, value in options.items()}
        return op(*args, **options)

    parameters = [p.replace(name=new) for p, new in zip(own, renamed, strict=False)] + own[len(renamed) :]
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    function.__module__ = __name__  # where pickle finds it
    return function


adaptive_avg_pool1d = _named(ag.adaptive_avg_pool1d)
adaptive_avg_pool2d = _named(ag.adaptive_avg_pool2d)
adaptive_avg_pool3d = _named(ag.adaptive_avg_pool3d)
adaptive_max_pool1d = _named(ag.adaptive_max_pool1d)
adaptive_max_pool2d = _named(ag.adaptive_max_pool2d)
adaptive_max_pool3d = _named(ag.adaptive_max_pool3d)
avg_pool1d = _named(ag.avg_pool1d)
avg_pool2d = _named(ag.avg_pool2d)
avg_pool3d = _named(ag.avg_pool3d)
batch_norm = _named(ag.batch_norm)
bilinear = _named(ag.bilinear, "input1", "input2")
binary_cross_entropy = _named(ag.binary_cross_entropy)
binary_cross_entropy_with_logits = _named(ag.binary_cross_entropy_with_logits)
celu = _named(ag.celu)
channel_shuffle = _named(ag.channel_shuffle)
conv1d = _named(ag.conv1d)
conv3d = _named(ag.conv3d)
conv_transpose1d = _named(ag.conv_transpose1d)
conv_transpose2d = _named(ag.conv_transpose2d)
conv_transpose3d = _named(ag.conv_transpose3d)
cosine_embedding_loss = _named(ag.cosine_embedding_loss, "input1", "input2")
elu = _named(ag.elu)
embedding = _named(ag.embedding)
embedding_bag = _named(ag.embedding_bag)
fold = _named(ag.fold)
fractional_max_pool2d = _named(ag.fractional_max_pool2d)
fractional_max_pool3d = _named(ag.fractional_max_pool3d)
gaussian_nll_loss = _named(ag.gaussian_nll_loss)
grid_sample = _named(ag.grid_sample)
group_norm = _named(ag.group_norm)
hardshrink = _named(ag.hardshrink)
hardsigmoid = _named(ag.hardsigmoid)
hardswish = _named(ag.hardswish)
hardtanh = _named(ag.hardtanh)
hinge_embedding_loss = _named(ag.hinge_embedding_loss)
huber_loss = _named(ag.huber_loss)
interpolate = _named(ag.interpolate)
kl_div = _named(ag.kl_div)
l1_loss = _named(ag.l1_loss)
layer_norm = _named(ag.layer_norm)
local_response_norm = _named(ag.local_response_norm)
lp_pool1d = _named(ag.lp_pool1d)
lp_pool2d = _named(ag.lp_pool2d)
lp_pool3d = _named(ag.lp_pool3d)
margin_ranking_loss = _named(ag.margin_ranking_loss, "input1", "input2")
max_pool1d = _named(ag.max_pool1d)
max_pool2d = _named(ag.max_pool2d)
max_pool3d = _named(ag.max_pool3d)
max_unpool1d = _named(ag.max_unpool1d)
max_unpool2d = _named(ag.max_unpool2d)
max_unpool3d = _named(ag.max_unpool3d)
mish = _named(ag.mish)
multi_margin_loss = _named(ag.multi_margin_loss)
multilabel_margin_loss = _named(ag.multilabel_margin_loss)
multilabel_soft_margin_loss = _named(ag.multilabel_soft_margin_loss)
pdist = _named(ag.pdist)
pixel_shuffle = _named(ag.pixel_shuffle)
pixel_unshuffle = _named(ag.pixel_unshuffle)
poisson_nll_loss = _named(ag.poisson_nll_loss)
prelu = _named(ag.prelu)
relu6 = _named(ag.relu6)
rms_norm = _named(ag.rms_norm)
selu = _named(ag.selu)
smooth_l1_loss = _named(ag.smooth_l1_loss)
soft_margin_loss = _named(ag.soft_margin_loss)
softshrink = _named(ag.softshrink)
softsign = _named(ag.softsign)
tanhshrink = _named(ag.tanhshrink)
threshold = _named(ag.threshold)
unfold = _named(ag.unfold)
upsample = _named(ag.upsample)

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


def logsigmoid(input: Tensor) -> Tensor:
    """The logarithm of :func:`sigmoid`, without overflow."""
    return ag.logsigmoid(input)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    r""":math:`\ln(1 + e^{\beta x}) / \beta`; where ``beta x`` exceeds ``threshold`` it is ``x`` itself."""
    return ag.softplus(input, beta, threshold)


def softmax(input: Tensor, dim: int = -1, dtype: Any = None) -> Tensor:
    r""":math:`e^x / \sum e^x` along an axis; ``dtype`` converts the input first."""
    return ag.softmax(input if dtype is None else ag.astype(input, dtype), dim)


def log_softmax(input: Tensor, dim: int = -1, dtype: Any = None) -> Tensor:
    """The logarithm of :func:`softmax`."""
    return ag.log_softmax(input if dtype is None else ag.astype(input, dtype), dim)


def softmin(input: Tensor, dim: int = -1, dtype: Any = None) -> Tensor:
    """:func:`softmax` of ``-x``: the smallest takes the largest share."""
    return ag.softmin(input if dtype is None else ag.astype(input, dtype), dim)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half of an axis times the sigmoid of the second (Dauphin et al., 2016, arXiv:1612.08083)."""
    return ag.glu(input, dim)


# ----------------------------------------------------------------------------------------------- padding and distances


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float = 0.0) -> Tensor:
    """More elements around the last axes: ``pad`` has a pair (before, after) for each, the last axis first.

    A negative width cuts. ``mode``: ``"constant"`` (of ``value``), ``"reflect"``, ``"replicate"`` or ``"circular"``, as
    in :func:`autograd.pad`. Raises ``ShapeError`` for an odd number of widths, or more than the axes have.
    """
    pairs = [(int(a), int(b)) for a, b in zip(pad[::2], pad[1::2], strict=False)][::-1]
    if len(pad) % 2 or len(pairs) > input.ndim:
        raise ShapeError(
            f"pad: pad={tuple(pad)} holds {len(pad)} widths; input {tuple(input.shape)} takes an even number of them, "
            f"{2 * input.ndim} at most: (before, after) of the last axis, then of the one before it."
        )
    widths = [(0, 0)] * (input.ndim - len(pairs)) + pairs
    return ag.pad(input, widths, value, mode) if widths else input


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """Vectors along an axis scaled to norm 1; a norm counts as ``eps`` at least."""
    return ag.normalize(input, p, dim, eps)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along an axis; lengths count as ``eps`` at least."""
    return ag.cosine_similarity(x1, x2, dim, eps)


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The distance in the p-norm between corresponding vectors ``(..., D)``; ``eps`` is added to the difference."""
    return ag.pairwise_distance(x1, x2, p, eps, keepdim)


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
