"""Losses. Cross-entropy is fused with its softmax; the plain definition beside it serves higher orders."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from autograd.backend import Array, array_module, floating, is_floating, single
from autograd.composite import composite
from autograd.errors import ArgumentError, DtypeError, RangeError, ShapeError
from autograd.ops.elementwise import exp, where
from autograd.ops.halves import in_floats, in_single, widened
from autograd.ops.indexing import take_along_axis
from autograd.ops.reduce import log_softmax, mean, sum
from autograd.ops.shape import moveaxis, reshape, squeeze
from autograd.primitive import per_input_element, primitive
from autograd.samples import ErrorSample, integers, sample
from autograd.samples import array as spec
from autograd.tape import constant, innermost, module_of

__all__ = ["cross_entropy", "mse_loss", "nll_loss"]


def _ce_forward(logits: Array, labels: Array) -> tuple[Array, Array]:
    logits = floating(logits)
    wide = single(logits)
    shifted = wide - wide.max(axis=1, keepdims=True)
    probabilities = np.exp(shifted)
    total = probabilities.sum(axis=1, keepdims=True)
    picked = np.take_along_axis(shifted, labels[:, None], 1)
    probabilities /= total
    return (np.log(total) - picked)[:, 0].astype(logits.dtype, copy=False), probabilities


def _ce_plain(logits: Any, labels: Any) -> Any:
    return -squeeze(take_along_axis(log_softmax(logits, 1), labels.reshape(-1, 1), 1), 1)


def _ce_vjp(g: Any, aux: Any, labels: Any) -> Any:
    """(softmax - one-hot) scaled by the cotangent. ``aux`` is the softmax; it stays as it is for a second pass."""
    gradient = aux * g[:, None]
    rows = array_module(aux).arange(len(labels))
    gradient[rows, labels] -= g
    return gradient


def _ce_jvp(primals: Any, tangents: Any) -> Any:
    (logits, labels), t = primals, tangents[0]
    expected = sum(exp(log_softmax(logits, 1)) * t, 1)
    return expected - squeeze(take_along_axis(t, labels.reshape(-1, 1), 1), 1)


_softmax_cross_entropy = primitive(
    "softmax_cross_entropy", _ce_forward, kind="composite", aux=True, plain=_ce_plain,
    vjp=[_ce_vjp, None], jvp=_ce_jvp,
    latex=r"-\ln \operatorname{{softmax}}({0})_{{{1}}}",
    vjp_latex=[
        r"\operatorname{broadcast}_{A}(\bar y) \odot (\operatorname{softmax}(x) - \operatorname{onehot}(t))", None,
    ],
    flops=per_input_element(12),
    samples=[sample(spec(3, 4), integers(3, high=4)), sample(spec(0, 4), integers(0, high=4)),
             sample(spec(2, 1), integers(2, high=1))],
    reference=lambda x, t: np.log(np.exp(x).sum(1)) - x[np.arange(len(t)), t],
)  # fmt: skip


def reduced(op: str, loss: Any, reduction: str, weights: Any = None) -> Any:
    """The losses of the elements, as they are, summed, or averaged (by weight where there are weights)."""
    if reduction == "none":
        return loss
    if reduction == "sum":
        return sum(loss)
    if reduction == "mean":
        return mean(loss) if weights is None else sum(loss) / weights.sum()
    raise ArgumentError(f'{op}: reduction must be "mean", "sum" or "none", not {reduction!r}.')


def _labels(op: str, logits: Any, target: Any, ignore_index: int) -> tuple[Any, Any]:
    """The labels in range, and which of them count (None: all); inside vmap those of every example."""
    labels = constant(target)
    if not hasattr(labels, "dtype"):
        labels = module_of(logits).asarray(labels)
    if labels.dtype.kind not in "iu":
        raise DtypeError(
            f"{op}: labels are integers of shape {_label_shape(logits)}, not {labels.dtype} {labels.shape}. "
            "Convert them with .astype('int64'), or give class probabilities in the shape of the logits."
        )
    if labels.shape != _label_shape(logits):
        raise ShapeError(
            f"{op}: logits are {tuple(logits.shape)}, so labels must be {_label_shape(logits)}, not {labels.shape}."
        )
    classes = logits.shape[1 if logits.ndim > 1 else 0]
    counted = labels != ignore_index
    wrong = innermost(((labels < 0) | (labels >= classes)) & counted)
    if wrong.any():
        place = np.argwhere(wrong)[0]  # inside vmap with the number of the example in front
        label = int(innermost(labels + 0)[tuple(place)])
        where_ = "[" + ", ".join(str(int(i)) for i in place) + "]" if wrong.ndim else ""
        raise RangeError(
            f"{op}: target{where_} is {label}, but logits {tuple(logits.shape)} have {classes} "
            f"classes, labelled 0 to {classes - 1}. Give the model an output for each class, or mend the label "
            f"(ignore_index={ignore_index} marks labels to leave out)."
        )
    if innermost(counted).all():
        return labels, None
    return where(counted, labels, 0), counted


def _label_shape(logits: Any) -> tuple[int, ...]:
    return tuple(logits.shape[:1] + logits.shape[2:]) if logits.ndim > 1 else ()


@in_single
def cross_entropy(
    logits: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    r"""Cross-entropy between logits and labels: :math:`-\ln \operatorname{softmax}(x)_t`, as in PyTorch.

    Shape: ``logits (N, C)``, ``(N, C, d1, ...)`` or ``(C,)``; ``target`` integer labels of that shape without the
    class axis, or probabilities of the same shape as ``logits``. ``weight (C,)`` scales the classes, ``ignore_index``
    marks labels that do not count, ``label_smoothing`` mixes in so much of the uniform distribution
    (Szegedy et al., 2016, arXiv:1512.00567).
    """
    if logits.ndim == 0:
        raise ShapeError("cross_entropy: logits need a class axis, got a number. Shape (N, C) is wanted.")
    if not is_floating(logits.dtype):
        raise DtypeError(f"cross_entropy: logits must be floating point, not {logits.dtype}.")
    if not 0 <= label_smoothing <= 1:
        raise ArgumentError(f"cross_entropy: label_smoothing must lie in [0, 1], not {label_smoothing!r}.")
    if weight is not None and tuple(weight.shape) != (_classes(logits),):
        raise ShapeError(
            f"cross_entropy: weight is {tuple(weight.shape)}; logits {tuple(logits.shape)} want ({_classes(logits)},)."
        )
    if is_floating(getattr(target, "dtype", np.dtype(int))):
        return _soft_cross_entropy(logits, target, weight, reduction, label_smoothing)
    labels, counted = _labels("cross_entropy", logits, target, ignore_index)
    shape = labels.shape
    rows = _rows(logits)
    flat = labels.reshape(-1)
    if not label_smoothing:
        loss = _softmax_cross_entropy(rows, flat)
        weights = None if weight is None else weight[flat]
        if weights is not None:
            loss = loss * weights
    else:
        log_p = log_softmax(rows, 1)
        smooth = -(log_p if weight is None else log_p * weight)
        weights = None if weight is None else weight[flat]
        nll = squeeze(take_along_axis(smooth, flat[:, None], 1), 1)
        loss = (1 - label_smoothing) * nll + (label_smoothing / rows.shape[1]) * sum(smooth, 1)
    if counted is not None:
        loss, weights = _without_ignored(loss, weights, counted.reshape(-1))
    return reduced("cross_entropy", _shaped(loss, shape), reduction, weights)


def _without_ignored(loss: Any, weights: Any, counted: Any) -> tuple[Any, Any]:
    """Losses and weights with 0 for what is ignored, whose gradient is 0 even where nothing counts at all."""
    mask = counted.astype(loss.dtype)
    return where(counted, loss, 0), mask if weights is None else weights * mask


def _shaped(loss: Any, shape: tuple[int, ...]) -> Any:
    """The losses of the rows in the shape of the labels."""
    return loss if loss.shape == shape else reshape(loss, shape)


def _classes(logits: Any) -> int:
    return logits.shape[1 if logits.ndim > 1 else 0]


def _rows(logits: Any) -> Any:
    """The logits as rows (everything but classes, C)."""
    if logits.ndim > 2:
        logits = moveaxis(logits, 1, -1)
    return logits if logits.ndim == 2 else reshape(logits, math.prod(logits.shape[:-1]), logits.shape[-1])


def _soft_cross_entropy(logits: Any, target: Any, weight: Any, reduction: str, label_smoothing: float) -> Any:
    """The target is a distribution over the classes."""
    if tuple(target.shape) != tuple(logits.shape):
        raise ShapeError(
            f"cross_entropy: class probabilities have the shape of the logits {tuple(logits.shape)}, "
            f"not {tuple(target.shape)}. Labels are integers."
        )
    axis = 1 if logits.ndim > 1 else 0
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / logits.shape[axis]
    terms = target * log_softmax(logits, axis)
    if weight is not None:
        terms = terms * weight.reshape(tuple(-1 if i == axis else 1 for i in range(logits.ndim)))
    loss = -sum(terms, axis)
    if reduction == "mean":
        return sum(loss) / max(loss.size, 1)
    return reduced("cross_entropy", loss, reduction)


@functools.partial(in_floats, keep=("target",))
def nll_loss(
    log_probabilities: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean"
) -> Any:
    """Negative log-likelihood of labels under log-probabilities ``(N, C)`` or ``(N, C, d1, ...)``, as in PyTorch."""
    labels, counted = _labels("nll_loss", log_probabilities, target, ignore_index)
    flat = labels.reshape(-1)
    loss = -squeeze(take_along_axis(_rows(log_probabilities), flat[:, None], 1), 1)
    weights = None if weight is None else weight[flat]
    if weights is not None:
        loss = loss * weights
    if counted is not None:
        loss, weights = _without_ignored(loss, weights, counted.reshape(-1))
    return reduced("nll_loss", _shaped(loss, labels.shape), reduction, weights)


@composite(
    r"-\ln \operatorname{{softmax}}({0})_t",
    [
        sample(spec(3, 4), None, target=np.array([1, 3, 0]), label_smoothing=0.1),
        sample(spec(2, 4, 2), spec(4, low=0.3), target=np.array([[1, 0], [3, -100]])),
        sample(spec(2, 3), spec(3, low=0.3), spec(2, 3, low=0.1, high=0.5), reduction="sum"),
    ],
    errors=[
        ErrorSample((np.ones((2, 3)), None), RangeError, "target.1. is 7", {"target": np.array([0, 7])}),
        ErrorSample((np.ones((2, 3)), np.ones(2)), ShapeError, r"want \(3,\)", {"target": np.array([0, 1])}),
        ErrorSample((np.ones((2, 3)), None), DtypeError, "labels are integers", {"target": np.array([True, False])}),
    ],
)
def _cross_entropy(logits: Any, weight: Any, target: Any, label_smoothing: float = 0.0, reduction: str = "mean") -> Any:
    return cross_entropy(logits, target, weight, reduction=reduction, label_smoothing=label_smoothing)


@composite(
    r"-{0}_t",
    [
        sample(spec(3, 4), None, target=np.array([1, 3, 0])),
        sample(spec(2, 4, 2), spec(4, low=0.3), target=np.array([[1, 0], [3, -100]]), reduction="none"),
    ],
    errors=[ErrorSample((np.ones((2, 3)), None), ShapeError, r"labels must be \(2,\)", {"target": np.zeros(3, int)})],
)
def _nll_loss(log_probabilities: Any, weight: Any, target: Any, reduction: str = "mean") -> Any:
    return nll_loss(log_probabilities, target, weight, reduction=reduction)


def _mse_forward(x: Array, target: Array, *, reduction: str) -> Array:
    error = floating(x) - target
    if reduction == "none":
        return error * error
    wide = error if error.dtype.itemsize > 2 else single(error)
    total = np.vdot(wide, wide)
    return (total / max(error.size, 1) if reduction == "mean" else total).astype(error.dtype)


def _mse_vjp(g: Any, x: Any, target: Any, reduction: str) -> Any:
    scale = 2 / max(x.size, 1) if reduction == "mean" else 2
    return (x - target) * (scale * widened(g))


_mse = primitive(
    "mse_loss", _mse_forward, kind="composite",
    vjp=[_mse_vjp, lambda g, x, target, reduction: -_mse_vjp(g, x, target, reduction)],
    jvp=lambda primals, tangents, reduction: _mse_jvp(primals, tangents, reduction),
    latex=r"\tfrac{{1}}{{N}} \cdot \textstyle\sum_{{A}} ({0} - {1})^2",
    vjp_latex=[
        r"\tfrac{2}{N} \cdot \operatorname{broadcast}_{A}(\bar y) \odot (x - t)",
        r"-\tfrac{2}{N} \cdot \operatorname{broadcast}_{A}(\bar y) \odot (x - t)",
    ],
    flops=per_input_element(3),
    samples=[sample(spec(2, 3), spec(2, 3), reduction=reduction) for reduction in ("mean", "sum", "none")],
    reference=lambda x, t, reduction: (x - t) ** 2 if reduction == "none" else getattr(np, reduction)((x - t) ** 2),
)  # fmt: skip


def _mse_jvp(primals: Any, tangents: Any, reduction: str) -> Any:
    (x, target), (t_x, t_target) = primals, tangents
    change = -t_target if t_x is None else t_x if t_target is None else t_x - t_target
    terms = 2 * (widened(x) - target) * change
    return terms if reduction == "none" else reduced("mse_loss", terms, reduction)


def mse_loss(x: Any, target: Any, reduction: str = "mean") -> Any:
    """Mean squared error. Shapes must be equal: ``(n, 1)`` against ``(n,)`` would silently broadcast to n times n."""
    shape = target.shape if hasattr(target, "shape") else np.shape(target)
    if x.shape != shape:
        raise ShapeError(
            f"mse_loss: x is {tuple(x.shape)} and target is {tuple(shape)}; "
            "they must be equal. Add or drop an axis: target[:, None], or x.squeeze(-1)."
        )
    if x.dtype.kind == "c":
        raise DtypeError("mse_loss: x is complex; take the squared error of abs(x - target), or of both parts.")
    if reduction not in ("mean", "sum", "none"):
        raise ArgumentError(f'mse_loss: reduction must be "mean", "sum" or "none", not {reduction!r}.')
    return _mse(x, target, reduction=reduction)
