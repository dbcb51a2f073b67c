"""Attention, and tables of vectors: scaled dot products, embeddings, one-hot codes."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from autograd.backend import is_array
from autograd.composite import composite
from autograd.dispatch import bound
from autograd.errors import ArgumentError, DtypeError, RangeError, ShapeError
from autograd.ops.elementwise import clip, where
from autograd.ops.halves import in_single
from autograd.ops.indexing import getitem
from autograd.ops.linalg import matmul
from autograd.ops.random import dropout
from autograd.ops.rearrange import repeat
from autograd.ops.reduce import any as any_of
from autograd.ops.reduce import max as maximum_of
from autograd.ops.reduce import softmax, sum
from autograd.ops.scattering import index_add
from autograd.ops.shape import stack
from autograd.samples import ErrorSample, integers, sample
from autograd.samples import array as spec
from autograd.tape import Variable, constant, innermost, module_of

__all__ = ["embedding", "embedding_bag", "one_hot", "scaled_dot_product_attention"]


_WEIGHTS = r"\quad P = \operatorname{softmax}(\tfrac{1}{\sqrt{d}} \cdot q \, k^\top)"
_SCORES = (
    r"\quad S = P \odot (u - \operatorname{broadcast}_{A}(\textstyle\sum_{A} (u \odot P))), "
    rf"\quad u = \bar y \, v^\top, {_WEIGHTS}"
)


@composite(
    r"\operatorname{{softmax}}(\tfrac{{1}}{{\sqrt{{d}}}} \cdot {0} \, {1}^\top) \, {2}",
    [
        sample(spec(2, 3, 4), spec(2, 5, 4), spec(2, 5, 2)),
        sample(spec(1, 2, 4, 3), spec(1, 2, 4, 3), spec(1, 2, 4, 3), is_causal=True),
        sample(spec(1, 4, 2, 3), spec(1, 2, 3, 3), spec(1, 2, 3, 3), enable_gqa=True),
    ],
    errors=[
        ErrorSample((np.ones((2, 3, 4)), np.ones((2, 5, 3)), np.ones((2, 5, 2))), ShapeError, "same number of features")
    ],
    vjp_latex=[
        rf"\tfrac{{1}}{{\sqrt{{d}}}} \cdot S \, k, {_SCORES}",
        rf"\tfrac{{1}}{{\sqrt{{d}}}} \cdot S^\top \, q, {_SCORES}",
        rf"P^\top \, \bar y, {_WEIGHTS}",
    ],
)
@in_single
def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    r""":math:`\operatorname{softmax}(q k^\top / \sqrt d + m) \, v` (Vaswani et al., 2017, arXiv:1706.03762).

    Shape: ``query (..., L, d)``, ``key (..., S, d)``, ``value (..., S, dv)``; the result ``(..., L, dv)``.
    ``attn_mask`` broadcasts to ``(..., L, S)``: Boolean (True takes part) or added to the scores (-inf takes none). A
    row in which nothing takes part gives 0. ``is_causal`` lets position i see positions up to i. ``enable_gqa``
    shares each key and value head among several query heads (axis -3) (Ainslie et al., 2023, arXiv:2305.13245).
    """
    if query.ndim < 2 or key.ndim < 2 or query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ShapeError(
            f"scaled_dot_product_attention: query {tuple(query.shape)} and key {tuple(key.shape)} must end with the "
            f"same number of features, and key and value {tuple(value.shape)} must have the same length."
        )
    if enable_gqa:
        if query.ndim < 3 or query.shape[-3] % key.shape[-3]:
            raise ShapeError(
                f"scaled_dot_product_attention: {key.shape[-3]} key heads do not divide {query.shape[-3]} query heads."
            )
        groups = query.shape[-3] // key.shape[-3]
        key, value = repeat(key, groups, key.ndim - 3), repeat(value, groups, value.ndim - 3)
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = matmul(query * scale, key.swapaxes(-1, -2))
    allowed = None
    if is_causal:
        if attn_mask is not None:
            raise ArgumentError("scaled_dot_product_attention: give either attn_mask or is_causal, not both.")
        allowed = np.tril(np.ones((query.shape[-2], key.shape[-2]), dtype=bool))
        allowed = module_of(scores).asarray(allowed)
    elif attn_mask is not None and attn_mask.dtype.kind == "b":
        allowed = attn_mask
    elif attn_mask is not None:
        finite = constant(attn_mask) != -np.inf  # -inf says the same as False
        if not innermost(finite).all():
            allowed, attn_mask = finite, where(finite, attn_mask, 0)
        scores = scores + attn_mask
    if allowed is None:
        weights = softmax(scores, -1)
    else:
        plain = constant(allowed)
        some = any_of(plain, -1, keepdims=True)
        if innermost(some).all():
            weights = softmax(where(allowed, scores, -np.inf), -1)
        else:  # softmax over nothing is 0/0; such a row takes nothing from anywhere
            weights = where(some, softmax(where(plain | ~some, scores, -np.inf), -1), 0)
    return matmul(dropout(weights, dropout_p) if dropout_p else weights, value)


def _indices(op: str, indices: Any, n: int) -> Any:
    indices = constant(indices)
    indices = indices if hasattr(indices, "dtype") else np.asarray(indices)
    if indices.dtype.kind not in "iu":
        raise DtypeError(f"{op}: indices must be integers, not {indices.dtype}. Convert them with .astype('int64').")
    array = innermost(indices)
    if array.size and not (array.min() >= 0 and array.max() < n):
        bad = int(array[(array < 0) | (array >= n)].reshape(-1)[0])
        raise RangeError(f"{op}: indices hold {bad}; the table has rows 0 to {n - 1}.")
    return indices


def _row(op: str, padding_idx: int, weight: Any) -> int:
    """The row that ``padding_idx`` names, from the end where it is negative."""
    n = weight.shape[0]
    if not -n <= padding_idx < n:
        raise RangeError(f"{op}: padding_idx={padding_idx} is no row; the table has rows 0 to {n - 1}.")
    return padding_idx % n


@composite(
    r"{1}[{0}]",
    [sample(integers(2, 3, high=5), spec(5, 4)), sample(integers(3, high=5), spec(5, 2))],
    errors=[
        ErrorSample((np.array([9]), np.ones((5, 2))), RangeError, "indices hold 9; the table has rows 0 to 4"),
        ErrorSample((np.ones(2), np.ones((5, 2))), DtypeError, "indices must be integers, not float64"),
        ErrorSample((np.array([0]), np.ones((5, 2))), RangeError, "padding_idx=5 .* rows 0 to 4", {"padding_idx": 5}),
    ],
)
def embedding(indices: Any, weight: Any, padding_idx: int | None = None) -> Any:
    """The rows of a table at integer indices: ``(...)`` and ``(rows, d)`` give ``(..., d)``.

    The row ``padding_idx`` gets no gradient.
    """
    if weight.ndim != 2:
        raise ShapeError(f"embedding: weight must be (rows, features), not {tuple(weight.shape)}.")
    places = _indices("embedding", indices, weight.shape[0])
    rows = getitem(weight, places)
    if padding_idx is None:
        return rows
    padding = (places == _row("embedding", padding_idx, weight))[..., None]
    constant = weight.detach() if hasattr(weight, "detach") else weight
    return where(padding, getitem(constant, places), rows)


@composite(
    r"\textstyle\sum {1}[{0}]",
    [
        sample(integers(2, 3, high=5), spec(5, 4, distinct=True), mode=m, padding_idx=p)
        for m in ("sum", "mean", "max")
        for p in (None, -1)
    ],
    errors=[
        ErrorSample((np.array([[0]]), np.ones((5, 2))), ArgumentError, "mode must be", {"mode": "most"}),
        ErrorSample((np.array([[0]]), np.ones((5, 2))), RangeError, "padding_idx=-6", {"padding_idx": -6}),
        ErrorSample((np.array([[0]]), np.ones(5)), ShapeError, "weight must be"),
        ErrorSample((np.zeros((1, 1, 1), int), np.ones((5, 2))), ShapeError, "indices must be"),
        ErrorSample((np.array([[0]]), np.ones((5, 2))), ArgumentError, "offsets", {"offsets": np.array([0])}),
        ErrorSample(
            (np.array([[0]]), np.ones((5, 2))),
            ShapeError,
            r"per_sample_weights are \(2,\)",
            {"mode": "sum", "per_sample_weights": np.ones(2)},
        ),
    ],
)
def embedding_bag(
    indices: Any,
    weight: Any,
    offsets: Any = None,
    mode: str = "mean",
    per_sample_weights: Any = None,
    padding_idx: int | None = None,
) -> Any:
    """The sum, mean or maximum of rows of a table over bags of indices.

    ``indices`` is ``(bags, n)``, or a vector that is cut into bags at ``offsets``. ``per_sample_weights``, of the shape
    of ``indices``, scale the rows of a sum. The row ``padding_idx`` counts in no bag; a bag without rows gives 0.
    """
    if weight.ndim != 2:
        raise ShapeError(f"embedding_bag: weight must be (rows, features), not {tuple(weight.shape)}.")
    if mode not in ("sum", "mean", "max"):
        raise ArgumentError(f'embedding_bag: mode must be "sum", "mean" or "max", not {mode!r}.')
    if per_sample_weights is not None and mode != "sum":
        raise ArgumentError(f'embedding_bag: per_sample_weights need mode="sum", not {mode!r}.')
    places = _indices("embedding_bag", indices, weight.shape[0])
    if places.ndim not in (1, 2):
        raise ShapeError(
            f"embedding_bag: indices must be (bags, n), or a vector with offsets, not {tuple(places.shape)}."
        )
    if (offsets is None) == (places.ndim == 1):
        raise ArgumentError(
            f"embedding_bag: indices are {tuple(places.shape)}; a vector needs offsets, where each bag starts, and a "
            "matrix of bags takes none."
        )
    rows = getitem(weight, places)
    if per_sample_weights is not None:
        if tuple(per_sample_weights.shape) != tuple(places.shape):
            raise ShapeError(
                f"embedding_bag: per_sample_weights are {tuple(per_sample_weights.shape)}; indices "
                f"{tuple(places.shape)} want their own shape."
            )
        rows = rows * per_sample_weights[..., None]
    counted = None
    if padding_idx is not None:
        counted = (places != _row("embedding_bag", padding_idx, weight))[..., None]
        rows = where(counted, rows, -np.inf if mode == "max" else 0)
        counted = where(counted, module_of(rows).ones((), dtype=rows.dtype), 0)
    if places.ndim == 2:
        if mode == "max":
            return _largest(rows, counted)
        total = sum(rows, 1)
        if mode == "sum":
            return total
        return total / (places.shape[1] if counted is None else clip(sum(counted, 1), 1, None))
    starts = [int(o) for o in np.asarray(constant(offsets)).tolist()]
    edges = [*starts, places.shape[0]]
    if starts[:1] != [0] or any(a > b for a, b in pairwise(edges)):
        raise ShapeError(
            f"embedding_bag: offsets {starts} must start with 0, not decrease, and stay within {places.shape[0]}."
        )
    sizes = np.diff(edges)
    bag = np.repeat(np.arange(len(starts)), sizes)
    empty = module_of(rows).zeros((len(starts), weight.shape[1]), dtype=rows.dtype)
    if mode == "max":
        return stack([_largest_bag(rows, counted, a, b) if b > a else empty[0] for a, b in pairwise(edges)], 0)
    total = index_add(empty, 0, bag, rows)
    if mode == "sum":
        return total
    if counted is None:
        return total / np.maximum(sizes, 1)[:, None].astype(rows.dtype)
    return total / clip(index_add(empty[:, :1], 0, bag, counted), 1, None)


def _largest(rows: Any, counted: Any) -> Any:
    """The maxima of bags ``(bags, n, features)``; 0 for those in which nothing counts."""
    largest = maximum_of(rows, 1)
    return largest if counted is None else where(sum(counted, 1) > 0, largest, 0)


def _largest_bag(rows: Any, counted: Any, start: int, stop: int) -> Any:
    return _largest(rows[start:stop][None], None if counted is None else counted[start:stop][None])[0]


def one_hot(indices: Any, num_classes: int = -1) -> Any:
    """Integers as vectors with a 1 in their place; ``num_classes`` is one more than the largest by default. int64."""
    array = innermost(indices)
    array = array if is_array(array) else np.asarray(array)
    n = (int(array.max()) + 1 if array.size else 0) if num_classes < 0 else num_classes
    places = _indices("one_hot", indices, n)
    made = (places[..., None] == module_of(places).arange(n)).astype(np.int64)
    return bound(made, None) if isinstance(indices, Variable) and not isinstance(made, Variable) else made
