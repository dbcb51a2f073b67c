"""Losses of regression, of probabilities, of margins and distances, with PyTorch's names.

Every one reduces by ``reduction``: ``"mean"``, ``"sum"`` or ``"none"``.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from autograd.composite import composite
from autograd.errors import ArgumentError, DtypeError, RangeError, ShapeError
from autograd.ops.activation import logsigmoid, relu, softplus
from autograd.ops.elementwise import abs as absolute
from autograd.ops.elementwise import exp, log, maximum, minimum, rsqrt, square, where
from autograd.ops.halves import in_floats
from autograd.ops.indexing import getitem, take_along_axis
from autograd.ops.loss import reduced
from autograd.ops.reduce import any as any_of
from autograd.ops.reduce import mean, sum, vector_norm
from autograd.ops.scan import cumprod
from autograd.ops.shape import expand_dims, squeeze
from autograd.ops.special import xlogy
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec
from autograd.tape import constant, innermost, module_of, refuse_gradient

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cosine_embedding_loss",
    "cosine_similarity",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "margin_ranking_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "pairwise_distance",
    "pdist",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]

_pair = [
    sample(spec(2, 3, low=-2, high=0.3), spec(2, 3, low=0.9, high=1.9), reduction=r) for r in ("mean", "sum", "none")
]
_unlike = ErrorSample((np.ones((2, 3)), np.ones((2, 4))), ShapeError, r"\(2, 3\).*\(2, 4\)")
_pair_errors = [
    _unlike,
    ErrorSample((np.ones(2), np.ones(2)), ArgumentError, "reduction must be", {"reduction": "most"}),
]


def _alike(op: str, x: Any, target: Any) -> None:
    if tuple(x.shape) != tuple(target.shape):
        raise ShapeError(
            f"{op}: x is {tuple(x.shape)} and target is {tuple(target.shape)}; they must be equal. "
            "Add or drop an axis: target[:, None], or x.squeeze(-1)."
        )


@composite(r"|{0} - {1}|", _pair, errors=_pair_errors)
@in_floats
def l1_loss(x: Any, target: Any, reduction: str = "mean") -> Any:
    """Mean absolute error."""
    _alike("l1_loss", x, target)
    return reduced("l1_loss", absolute(x - target), reduction)


@composite(r"\operatorname{{huber}}({0} - {1})", _pair, errors=_pair_errors)
@in_floats
def huber_loss(x: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """Half the square of small errors, and ``delta (|e| - delta / 2)`` of large ones (Huber, 1964)."""
    _alike("huber_loss", x, target)
    if delta <= 0:
        raise ArgumentError(f"huber_loss: delta must be positive, not {delta!r}.")
    size = absolute(x - target)
    return reduced("huber_loss", where(size < delta, 0.5 * square(size), delta * (size - 0.5 * delta)), reduction)


@composite(r"\operatorname{{huber}}({0} - {1}) / \beta", _pair, errors=_pair_errors)
@in_floats
def smooth_l1_loss(x: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
    """:func:`huber_loss` divided by ``beta``; at 0 it is :func:`l1_loss`."""
    if beta == 0:
        return l1_loss(x, target, reduction)
    _alike("smooth_l1_loss", x, target)
    if beta < 0:
        raise ArgumentError(f"smooth_l1_loss: beta must be from 0, not {beta!r}.")
    size = absolute(x - target)
    return reduced("smooth_l1_loss", where(size < beta, 0.5 * square(size) / beta, size - 0.5 * beta), reduction)


# ------------------------------------------------------------------------------------------------- probabilities

_probabilities = [sample(spec(2, 3, low=0.1, high=0.9), spec(2, 3, low=0.1, high=0.9))]


@composite(
    r"-{1} \ln {0} - (1 - {1}) \ln(1 - {0})",
    _probabilities,
    errors=[_unlike],
)
@in_floats
def binary_cross_entropy(x: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """Cross-entropy of probabilities ``x`` in [0, 1]; logarithms are limited to -100, as in PyTorch.

    Prefer :func:`binary_cross_entropy_with_logits`, which loses nothing.
    """
    _alike("binary_cross_entropy", x, target)
    plain = innermost(x)
    if plain.size and not (plain.min() >= 0 and plain.max() <= 1):
        raise RangeError(
            "binary_cross_entropy: x must hold probabilities in [0, 1]. For logits use "
            "binary_cross_entropy_with_logits."
        )
    loss = -(target * maximum(log(x), -100.0) + (1 - target) * maximum(log(1 - x), -100.0))
    return reduced("binary_cross_entropy", loss if weight is None else loss * weight, reduction)


@composite(
    r"\operatorname{{softplus}}({0}) - {1} {0}",
    [sample(spec(2, 3), spec(2, 3, low=0.0, high=1.0))],
    errors=[_unlike],
)
@in_floats
def binary_cross_entropy_with_logits(
    x: Any, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Any:
    """Cross-entropy of the probabilities ``sigmoid(x)``, without overflow; ``pos_weight`` scales the positive class."""
    _alike("binary_cross_entropy_with_logits", x, target)
    if pos_weight is None:
        loss = softplus(x) - target * x
    else:
        loss = (1 - target) * x + (1 + (pos_weight - 1) * target) * softplus(-x)
    return reduced("binary_cross_entropy_with_logits", loss if weight is None else loss * weight, reduction)


@composite(
    r"{1} (\ln {1} - {0})",
    _probabilities,
    errors=[_unlike],
)
@in_floats
def kl_div(x: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """The Kullback-Leibler divergence of log-probabilities ``x`` from ``target`` (log-probabilities if ``log_target``).

    ``"batchmean"`` divides the sum by the length of the first axis, which is the divergence itself.
    """
    _alike("kl_div", x, target)
    loss = exp(target) * (target - x) if log_target else xlogy(target, target) - target * x
    if reduction == "batchmean":
        return sum(loss) / max(x.shape[0] if x.ndim else 1, 1)
    return reduced("kl_div", loss, reduction)


@composite(
    r"e^{{{0}}} - {1} {0}",
    [sample(spec(2, 3), spec(2, 3, low=1.5, high=3.0))],
    errors=[_unlike],
)
@in_floats
def poisson_nll_loss(
    x: Any, target: Any, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean"
) -> Any:
    """The negative log-likelihood of counts under a Poisson distribution; ``full`` adds Stirling's term."""
    _alike("poisson_nll_loss", x, target)
    if log_input:
        refuse_gradient("poisson_nll_loss", "eps", eps, "with log_input=True it plays no part")
    loss = exp(x) - target * x if log_input else x - target * log(x + eps)
    if full:
        large = target > 1
        safe = where(large, target, 2)
        loss = loss + where(large, safe * log(safe) - safe + 0.5 * log(2 * math.pi * safe), 0)
    return reduced("poisson_nll_loss", loss, reduction)


@composite(
    r"\tfrac12 \left(\ln {2} + \frac{{({0} - {1})^2}}{{{2}}}\right)",
    [
        sample(spec(2, 3), spec(2, 3), spec(2, 3, low=0.5)),
        sample(spec(2, 3), spec(2, 3), spec(2, low=0.5)),
        sample(spec(2, 3), spec(2, 3), spec(2, 1, low=0.5), reduction="none"),
    ],
    errors=[ErrorSample((np.ones((2, 3)), np.ones((2, 3)), np.ones(3)), ShapeError, r"var is \(3,\) and x is")],
)
@in_floats
def gaussian_nll_loss(
    x: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Any:
    """The negative log-likelihood under a normal distribution of mean ``x`` and variance ``var``, at least ``eps``.

    ``var`` is a number, or an array in the shape of ``x``, of ``x`` with lengths of 1, or of ``x`` without its last
    axis. Its gradient takes no notice of ``eps`` (as in PyTorch), so that a variance that is too small can grow again.
    """
    _alike("gaussian_nll_loss", x, target)
    var = _variance(x, var)
    plain = innermost(var)
    if plain.size and plain.min() < 0:
        raise RangeError("gaussian_nll_loss: var holds a negative number.")
    safe = var + constant(where(var < eps, eps - var, 0))
    loss = 0.5 * (log(safe) + square(x - target) / safe)
    return reduced("gaussian_nll_loss", loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


def _variance(x: Any, var: Any) -> Any:
    """A variance that broadcasts to ``x``."""
    if not hasattr(var, "shape"):
        return module_of(x).asarray(var, dtype=x.dtype)
    shape, wanted = tuple(var.shape), tuple(x.shape)
    if shape == wanted[:-1] and wanted:
        return expand_dims(var, -1)
    if len(shape) != len(wanted) or any(n not in (1, m) for n, m in zip(shape, wanted, strict=True)):
        raise ShapeError(
            f"gaussian_nll_loss: var is {shape} and x is {wanted}; give one variance for each element {wanted}, for "
            f"each row {wanted[:-1]}, or a length of 1 where it is shared."
        )
    return var


# ---------------------------------------------------------------------------------------------- margins, distances


def _margin(op: str, loss: Any, reduction: str) -> Any:
    return reduced(op, loss, reduction)


@composite(
    r"\max(0, -{2}({0} - {1}) + m)",
    [sample(spec(4, low=1.0), spec(4, high=0.5), spec(4, low=0.5, high=1.0), margin=0.3)],
)
@in_floats
def margin_ranking_loss(x1: Any, x2: Any, target: Any, margin: float = 0.0, reduction: str = "mean") -> Any:
    """``x1`` should exceed ``x2`` by ``margin`` where ``target`` is 1, and fall below where it is -1."""
    return _margin("margin_ranking_loss", relu(-target * (x1 - x2) + margin), reduction)


@composite(
    r"\operatorname{{hinge}}({0})",
    [sample(spec(4, low=0.2, high=0.8), target=np.array([1, -1, 1, -1]))],
    errors=[ErrorSample((np.ones((2, 3)), np.ones((2, 4))), ShapeError, "do not broadcast")],
)
@in_floats
def hinge_embedding_loss(x: Any, target: Any, margin: float = 1.0, reduction: str = "mean") -> Any:
    """``x`` where ``target`` is 1, ``max(0, margin - x)`` where it is -1."""
    return _margin("hinge_embedding_loss", where(target == 1, x, relu(margin - x)), reduction)


@composite(
    r"\ln(1 + e^{{-{1} {0}}})",
    [sample(spec(2, 3), spec(2, 3))],
    errors=[_unlike],
)
@in_floats
def soft_margin_loss(x: Any, target: Any, reduction: str = "mean") -> Any:
    """The logistic loss of targets 1 and -1."""
    _alike("soft_margin_loss", x, target)
    return _margin("soft_margin_loss", softplus(-target * x), reduction)


@composite(
    r"\overline{{\operatorname{{bce}}({0}, {1})}}",
    [sample(spec(2, 3), spec(2, 3, low=0.0, high=1.0))],
    errors=[_unlike],
)
@in_floats
def multilabel_soft_margin_loss(x: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """Cross-entropy of several labels at once, each with its own sigmoid; the mean over classes."""
    _alike("multilabel_soft_margin_loss", x, target)
    loss = -(target * logsigmoid(x) + (1 - target) * logsigmoid(-x))
    return _margin("multilabel_soft_margin_loss", mean(loss if weight is None else loss * weight, -1), reduction)


def _rows(op: str, x: Any, target: Any) -> tuple[Any, Any]:
    labels = constant(target)
    labels = np.asarray(labels) if not hasattr(labels, "dtype") else labels
    if labels.dtype.kind not in "iu":
        raise DtypeError(f"{op}: target must hold integers, not {labels.dtype}.")
    return (expand_dims(x, 0), labels.reshape(1, *labels.shape)) if x.ndim == 1 else (x, labels)


@composite(
    r"\tfrac1C \textstyle\sum_{{j \ne t}} \max(0, m - {0}_t + {0}_j)^p",
    [sample(spec(3, 4, distinct=True, high=0.4, low=-0.4), target=np.array([0, 3, 1]))],
)
@functools.partial(in_floats, keep=("target",))
def multi_margin_loss(
    x: Any, target: Any, p: int = 1, margin: float = 1.0, weight: Any = None, reduction: str = "mean"
) -> Any:
    """The score of the right class should exceed every other by ``margin``."""
    single = x.ndim == 1
    x, labels = _rows("multi_margin_loss", x, target)
    seen = innermost(labels)
    if labels.shape != (x.shape[0],) or (seen.size and not (seen.min() >= 0 and seen.max() < x.shape[1])):
        raise RangeError(f"multi_margin_loss: target must hold {x.shape[0]} classes from 0 to {x.shape[1] - 1}.")
    right = take_along_axis(x, labels[:, None], 1)
    loss = relu(margin - right + x) ** p
    if weight is not None:
        loss = loss * getitem(weight, labels)[:, None]
    others = np.arange(x.shape[1])[None] != labels[:, None]
    loss = sum(where(others, loss, 0), 1) / x.shape[1]
    return _margin("multi_margin_loss", squeeze(loss, 0) if single and reduction == "none" else loss, reduction)


@composite(
    r"\tfrac1C \textstyle\sum_{{j, \, i \notin t}} \max(0, 1 - {0}_{{t_j}} + {0}_i)",
    [sample(spec(2, 4, distinct=True, high=0.4, low=-0.4), target=np.array([[3, 0, -1, 1], [1, -1, 2, 0]]))],
)
@functools.partial(in_floats, keep=("target",))
def multilabel_margin_loss(x: Any, target: Any, reduction: str = "mean") -> Any:
    """Every right class, listed in ``target`` up to the first -1, should exceed every wrong one by 1."""
    single = x.ndim == 1
    x, labels = _rows("multilabel_margin_loss", x, target)
    if labels.shape != tuple(x.shape):
        raise ShapeError(f"multilabel_margin_loss: target is {labels.shape}; x {tuple(x.shape)} wants its own shape.")
    seen = innermost(labels)
    if seen.size and seen.max() >= x.shape[1]:
        raise RangeError(f"multilabel_margin_loss: target must hold classes up to {x.shape[1] - 1}, not {seen.max()}.")
    listed = cumprod((labels >= 0).astype(np.int64), 1) > 0
    right = any_of(listed[:, :, None] & (labels[:, :, None] == np.arange(x.shape[1])), 1)
    scores = take_along_axis(x, where(listed, labels, 0), 1)
    terms = relu(1 - expand_dims(scores, 2) + expand_dims(x, 1))
    loss = sum(where(listed[:, :, None] & ~right[:, None, :], terms, 0), (1, 2)) / x.shape[1]
    return _margin("multilabel_margin_loss", squeeze(loss, 0) if single and reduction == "none" else loss, reduction)


@composite(
    r"\frac{{{0} \cdot {1}}}{{\lVert {0} \rVert \lVert {1} \rVert}}",
    [sample(spec(2, 3, low=0.3), spec(2, 3, low=0.3)), sample(spec(3, 2, low=0.3), spec(3, 2, low=0.3), axis=0)],
    errors=[_unlike],
)
@in_floats
def cosine_similarity(x1: Any, x2: Any, axis: int = 1, eps: float = 1e-8) -> Any:
    """The cosine of the angle between vectors along an axis; lengths count as ``eps`` at least."""
    lengths = maximum(vector_norm(x1, 2, axis), eps) * maximum(vector_norm(x2, 2, axis), eps)
    return sum(x1 * x2, axis) / lengths


@composite(
    r"\operatorname{{cosloss}}({0}, {1})",
    [sample(spec(4, 3, low=0.3), spec(4, 3, low=0.3), target=np.array([1, -1, 1, -1]), margin=0.1)],
)
@in_floats
def cosine_embedding_loss(x1: Any, x2: Any, target: Any, margin: float = 0.0, reduction: str = "mean") -> Any:
    """``1 - cos`` where ``target`` is 1, ``max(0, cos - margin)`` where it is -1."""
    # PyTorch adds its epsilon to the squared lengths here, and so do we
    axis = x1.ndim - 1
    cosine = sum(x1 * x2, axis) * rsqrt((sum(square(x1), axis) + 1e-12) * (sum(square(x2), axis) + 1e-12))
    return _margin("cosine_embedding_loss", where(target == 1, 1 - cosine, relu(cosine - margin)), reduction)


@composite(
    r"\lVert {0} - {1} + \epsilon \rVert_p",
    [sample(spec(2, 3), spec(2, 3)), sample(spec(2, 3), spec(2, 3), p=1.0, keepdims=True)],
    errors=[_unlike],
)
@in_floats
def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdims: bool = False) -> Any:
    """The distance in the p-norm between corresponding vectors (last axis)."""
    return vector_norm(x1 - x2 + eps, p, -1, keepdims)


@composite(
    r"\lVert x_i - x_j \rVert_p",
    [sample(spec(4, 3, distinct=True))],
    errors=[ErrorSample((np.ones(3),), ShapeError, "must be")],
)
@in_floats
def pdist(x: Any, p: float = 2.0) -> Any:
    """The distances between all pairs of rows, i < j, as a vector."""
    if x.ndim != 2:
        raise ShapeError(f"pdist: x must be (rows, features), not {tuple(x.shape)}.")
    i, j = np.triu_indices(x.shape[0], 1)
    return vector_norm(getitem(x, i) - getitem(x, j), p, -1)


@composite(
    r"\max(0, d({0}, {1}) - d({0}, {2}) + m)",
    [
        sample(spec(4, 3), spec(4, 3), spec(4, 3, low=-2.1, high=-2.0), margin=3.0),
        sample(spec(4, 3), spec(4, 3), spec(4, 3), margin=9.0, swap=True),
    ],
    errors=[ErrorSample((np.ones((2, 3)), np.ones((2, 4)), np.ones((2, 3))), ShapeError, "do not broadcast")],
)
@in_floats
def triplet_margin_loss(
    anchor: Any, positive: Any, negative: Any, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6,
    swap: bool = False, reduction: str = "mean",
) -> Any:  # fmt: skip
    """The negative should be further from the anchor than the positive by ``margin``.

    Source: Schroff et al., 2015, arXiv:1503.03832.
    """
    near, far = pairwise_distance(anchor, positive, p, eps), pairwise_distance(anchor, negative, p, eps)
    if swap:
        other = pairwise_distance(positive, negative, p, eps)
        far = where(other < far, other, far)
    return _margin("triplet_margin_loss", relu(near - far + margin), reduction)


@composite(
    r"\max(0, d({0}, {1}) - d({0}, {2}) + m)",
    [
        sample(spec(4, 3), spec(4, 3), spec(4, 3, low=-2.1, high=-2.0), margin=3.0),
        sample(
            spec(4, 3), spec(4, 3), spec(4, 3), distance_function=lambda a, b: vector_norm(a - b, 1, -1), margin=9.0
        ),
    ],
    errors=[ErrorSample((np.ones((2, 3)), np.ones((2, 4)), np.ones((2, 3))), ShapeError, "do not broadcast")],
)
@in_floats
def triplet_margin_with_distance_loss(
    anchor: Any, positive: Any, negative: Any, distance_function: Any = None, margin: float = 1.0,
    swap: bool = False, reduction: str = "mean",
) -> Any:  # fmt: skip
    """:func:`triplet_margin_loss` with any distance of two batches (:func:`pairwise_distance` by default)."""
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return _margin("triplet_margin_with_distance_loss", relu(near - far + margin), reduction)
