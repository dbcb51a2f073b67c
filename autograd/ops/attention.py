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
from autograd.ops.elementwise import where
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


@composite(
    r"\operatorname{{softmax}}\left(\frac{{{0} {1}^\top}}{{\sqrt d}}\right) {2}",
    [
        sample(spec(2, 3, 4), spec(2, 5, 4), spec(2, 5, 2)),
        sample(spec(1, 2, 4, 3), spec(1, 2, 4, 3), spec(1, 2, 4, 3), is_causal=True),
        sample(spec(1, 4, 2, 3), spec(1, 2, 3, 3), spec(1, 2, 3, 3), enable_gqa=True),
    ],
    errors=[
        ErrorSample((np.ones((2, 3, 4)), np.ones((2, 5, 3)), np.ones((2, 5, 2))), ShapeError, "same number of features")
    ],
)
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


@composite(
    r"{1}[{0}]",
    [sample(integers(2, 3, high=5), spec(5, 4)), sample(integers(3, high=5), spec(5, 2))],
    errors=[
        ErrorSample((np.array([9]), np.ones((5, 2))), RangeError, "indices hold 9; the table has rows 0 to 4"),
        ErrorSample((np.ones(2), np.ones((5, 2))), DtypeError, "indices must be integers, not float64"),
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
    padding = (places == padding_idx % weight.shape[0])[..., None]
    constant = weight.detach() if hasattr(weight, "detach") else weight
    return where(padding, getitem(constant, places), rows)


@composite(
    r"\textstyle\sum {1}[{0}]",
    [
        *(sample(integers(2, 3, high=5), spec(5, 4, distinct=True), mode=m) for m in ("sum", "mean", "max")),
        *(sample(integers(2, 5, high=3), spec(3, 2, distinct=True), mode=m, padding_idx=-1) for m in ("mean", "max")),
        *(
            sample(integers(5, high=3), spec(3, 2, distinct=True), offsets=[0, 2, 2], mode=m, padding_idx=0)
            for m in ("sum", "mean", "max")
        ),
    ],
    errors=[
        ErrorSample((np.array([[0]]), np.ones((5, 2))), ArgumentError, "mode must be", {"mode": "most"}),
        ErrorSample((np.array([[0]]), np.ones((5, 2))), RangeError, "padding_idx 5 is outside", {"padding_idx": 5}),
    ],
)
def embedding_bag(
    indices: Any, weight: Any, offsets: Any = None, mode: str = "mean", per_sample_weights: Any = None,
    padding_idx: int | None = None,
) -> Any:  # fmt: skip
    """The sum, mean or maximum of rows of a table over bags of indices; of an empty bag it is 0.

    ``indices`` is ``(bags, n)``, or a vector that is cut into bags at ``offsets``; ``weight (rows, features)``. With
    ``mode="sum"`` each row can be weighed by ``per_sample_weights``, of the shape of ``indices``. Rows at
    ``padding_idx`` (from the end, if negative) count for nothing: not in the mean, and without a gradient.
    """
    if mode not in ("sum", "mean", "max"):
        raise ArgumentError(f'embedding_bag: mode must be "sum", "mean" or "max", not {mode!r}.')
    if per_sample_weights is not None and mode != "sum":
        raise ArgumentError('embedding_bag: per_sample_weights need mode="sum".')
    places = _indices("embedding_bag", indices, weight.shape[0])
    if padding_idx is not None and not -weight.shape[0] <= padding_idx < weight.shape[0]:
        raise RangeError(
            f"embedding_bag: padding_idx {padding_idx} is outside of the {weight.shape[0]} rows of weight."
        )
    rows = getitem(weight, places)
    if per_sample_weights is not None:
        rows = rows * per_sample_weights[..., None]
    counts = places == places if padding_idx is None else places != padding_idx % weight.shape[0]
    nothing = -np.inf if mode == "max" else 0
    if padding_idx is not None:
        rows = where(counts[..., None], rows, nothing)
    if places.ndim == 2:
        sizes = counts.sum(1)
        total = maximum_of(rows, 1) if mode == "max" else sum(rows, 1)
    else:
        starts = _starts(offsets, places.shape[0])
        lengths = np.diff([*starts, places.shape[0]])
        bags = module_of(rows).asarray(np.repeat(np.arange(len(starts)), lengths))
        empty = module_of(rows).zeros((len(starts), weight.shape[1]), dtype=rows.dtype)
        sizes = index_add(module_of(rows).zeros(len(starts), dtype=np.int64), 0, bags, counts.astype(np.int64))
        if mode == "max":
            edges = pairwise([*starts, places.shape[0]])
            total = stack([maximum_of(rows[a:b], 0) if b > a else empty[0] for a, b in edges], 0)
        else:
            total = index_add(empty, 0, bags, rows)
    if mode == "mean":
        return total / where(sizes == 0, 1, sizes)[:, None].astype(rows.dtype)
    return where((sizes == 0)[:, None], 0, total) if mode == "max" else total


def _starts(offsets: Any, n: int) -> list[int]:
    """Where each bag of a vector of ``n`` indices begins."""
    if offsets is None:
        raise ArgumentError("embedding_bag: a vector of indices needs offsets, where each bag starts.")
    starts = [int(o) for o in np.asarray(constant(offsets)).tolist()]
    if starts[:1] != [0] or any(a > b for a, b in pairwise([*starts, n])):
        raise ShapeError(f"embedding_bag: offsets {starts} must start with 0, not decrease, and stay within {n}.")
    return starts


def one_hot(indices: Any, num_classes: int = -1) -> Any:
    """Integers as vectors with a 1 in their place; ``num_classes`` is one more than the largest by default. int64."""
    array = innermost(indices)
    array = array if is_array(array) else np.asarray(array)
    n = (int(array.max()) + 1 if array.size else 0) if num_classes < 0 else num_classes
    places = _indices("one_hot", indices, n)
    made = (places[..., None] == module_of(places).arange(n)).astype(np.int64)
    return bound(made, None) if isinstance(indices, Variable) and not isinstance(made, Variable) else made
