"""Hypothesis strategies for what ops take: shapes, arrays, axes, index expressions, matrices, values at kinks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from autograd.extras import import_extra
from autograd.samples import Spec

_st: Any = import_extra("hypothesis.strategies", extra="test", purpose="draw test inputs")

__all__ = [
    "arrays",
    "axes",
    "broadcastable_arrays",
    "broadcastable_shapes",
    "index_expressions",
    "kinked",
    "matmul_arrays",
    "matrices",
    "shapes",
]

_SEEDS = _st.integers(0, 2**16)
_DECIMALS = _st.sampled_from([1, 2, 15])  # a failing example shrinks to short numbers if they fail too


class Several(tuple[Any, ...]):
    """A tuple that stands for several arguments of a function under ``check_gradients``, not for one."""


def shapes(min_dims: int = 0, max_dims: int = 3, min_side: int = 1, max_side: int = 4) -> Any:
    """Shapes: tuples of ``min_dims`` to ``max_dims`` sides. ``min_side=0`` also draws empty ones."""
    return _st.lists(_st.integers(min_side, max_side), min_size=min_dims, max_size=max_dims).map(tuple)


def arrays(shape: Any = None, dtype: Any = np.float64, **domain: Any) -> Any:
    """Arrays of a shape (or of shapes drawn from a strategy).

    ``domain`` is that of :class:`autograd.samples.Spec`: ``low``, ``high``, ``avoid`` (kinks and poles to stay
    ``margin`` away from), ``distinct``. The values come from a drawn seed and are rounded to a drawn number of
    decimals, so that a failing example shrinks to few and short numbers.
    """
    return _st.builds(
        lambda s, seed, decimals: Spec(s, **domain).draw(np.random.default_rng(seed), dtype, decimals),
        _chosen(shape), _SEEDS, _DECIMALS,
    )  # fmt: skip


def _chosen(shape: Any) -> Any:
    """A strategy for shapes: any, a given one, or the strategy that was given."""
    return shapes() if shape is None else _st.just(shape) if isinstance(shape, tuple) else shape


def broadcastable_shapes(n: int = 2, max_dims: int = 3, max_side: int = 4) -> Any:
    """Tuples of ``n`` shapes that broadcast together: axes are left out or set to 1 at random."""

    def reduced(full: tuple[int, ...], cuts: list[tuple[int, list[bool]]]) -> tuple[tuple[int, ...], ...]:
        out = []
        for dropped, ones in cuts:
            kept = full[min(dropped, len(full)) :]
            out.append(tuple(1 if one else side for side, one in zip(kept, ones, strict=False)))
        return tuple(out)

    cut = _st.tuples(_st.integers(0, max_dims), _st.lists(_st.booleans(), min_size=max_dims, max_size=max_dims))
    return _st.builds(reduced, shapes(0, max_dims, 1, max_side), _st.lists(cut, min_size=n, max_size=n))


def broadcastable_arrays(n: int = 2, dtype: Any = np.float64, **domain: Any) -> Any:
    """Tuples of ``n`` arrays whose shapes broadcast together; ``domain`` as in :func:`arrays`."""
    return _st.builds(
        lambda chosen, seed, decimals: Several(
            Spec(s, **domain).draw(np.random.default_rng([seed, i]), dtype, decimals) for i, s in enumerate(chosen)
        ),
        broadcastable_shapes(n), _SEEDS, _DECIMALS,
    )  # fmt: skip


def matmul_arrays(dtype: Any = np.float64) -> Any:
    """Pairs of arrays that have a matrix product: vectors, matrices and stacks that broadcast."""

    def made(
        batch: tuple[tuple[int, ...], ...], sides: tuple[int, int, int], vectors: tuple[bool, bool], seed: int
    ) -> Any:
        n, k, m = sides
        a = (k,) if vectors[0] else (*batch[0], n, k)
        b = (k,) if vectors[1] else (*batch[1], k, m)
        rng = np.random.default_rng(seed)
        return Several((Spec(a).draw(rng, dtype), Spec(b).draw(rng, dtype)))

    side = _st.integers(1, 4)
    return _st.builds(
        made, broadcastable_shapes(2, 2, 3), _st.tuples(side, side, side), _st.tuples(_st.booleans(), _st.booleans()),
        _SEEDS,
    )  # fmt: skip


def axes(ndim: int) -> Any:
    """An ``axis`` argument for an array of so many dimensions: None, a number (negative too), or a tuple of them."""
    if not ndim:
        return _st.none()
    one = _st.integers(-ndim, ndim - 1)
    return _st.one_of(
        _st.none(), one, _st.lists(_st.integers(0, ndim - 1), min_size=1, max_size=ndim, unique=True).map(tuple)
    )


def matrices(
    kind: Literal["regular", "symmetric", "positive", "singular", "degenerate"] = "regular",
    max_side: int = 4,
    square: bool = True,
    batched: bool = False,
    dtype: Any = np.float64,
    gap: float = 0.0,
) -> Any:
    """Matrices with singular values (or eigenvalues) spread from 1 to 3, so that nothing is close to degenerate.

    ``"symmetric"`` ones have eigenvalues of both signs, ``"positive"`` ones are positive-definite, ``"singular"`` ones
    lack one rank, ``"degenerate"`` ones are positive-definite with two eigenvalues that are ``gap`` apart: equal, or
    nearly so. Complex ones are Hermitian where real ones are symmetric. ``batched`` draws stacks too.
    """
    least = 2 if kind in ("singular", "degenerate") else 1
    side = _st.integers(least, max_side)
    batch = _st.lists(_st.integers(1, 3), max_size=2 if batched else 0)
    other = _st.integers(least, max_side)

    def made(b: list[int], n: int, m: int, seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        if kind != "degenerate":
            columns = n if square or kind in ("symmetric", "positive") else m
            return Spec((*b, n, columns), matrix=kind).draw(rng, dtype)
        vectors = np.linalg.qr(Spec((*b, n, n), matrix="regular").draw(rng, dtype))[0]
        values = np.linspace(1.0, 3.0, n)
        values[1] = values[0] + gap
        x = (vectors * values) @ np.conj(np.swapaxes(vectors, -1, -2))
        return (0.5 * (x + np.conj(np.swapaxes(x, -1, -2)))).astype(dtype)

    return _st.builds(made, batch, side, other, _SEEDS)


def kinked(points: Sequence[float], shape: Any = None, on: float = 0.5, low: float = -2.0, high: float = 2.0) -> Any:
    """Arrays some of whose elements lie exactly on kinks: about the share ``on`` of them, at ``points``.

    For tests of what a rule does there (a subgradient, a convention); finite differences do not apply.
    """

    def made(s: tuple[int, ...], seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        return np.where(rng.random(s) < on, rng.choice(np.asarray(points, float), s), rng.uniform(low, high, s))

    return _st.builds(made, _chosen(shape), _SEEDS)


def index_expressions(shape: tuple[int, ...], advanced: bool = True) -> Any:
    """What may stand in ``x[...]`` for an array of this shape: integers, slices, None, ``...``, arrays, masks.

    Several arrays in one index have the same length, and then stand for points; without ``advanced`` there are no
    arrays and no masks.
    """

    def of_axis(n: int, length: int) -> Any:
        bounds = _st.one_of(_st.none(), _st.integers(-n - 1, n + 1))
        options = [_st.builds(slice, bounds, bounds, _st.sampled_from([None, 1, 2, -1]))]
        if n:
            options.append(_st.integers(-n, n - 1))
        if n and advanced:
            options.append(_st.lists(_st.integers(-n, n - 1), min_size=length, max_size=length).map(np.array))
        return _st.one_of(*options)

    def assembled(parts: tuple[Any, ...], kept: int, new: bool, dots: bool) -> Any:
        index = list(parts[:kept])
        if new:
            index.insert(0, None)
        if dots:
            index.append(Ellipsis)
        return tuple(index)

    def of_length(length: int) -> Any:
        parts = _st.tuples(*(of_axis(n, length) for n in shape))
        return _st.builds(assembled, parts, _st.integers(0, len(shape)), _st.booleans(), _st.booleans())

    basic = _st.integers(1, 4).flatmap(of_length)
    if not advanced or not shape:
        return basic
    mask = _SEEDS.map(lambda seed: np.random.default_rng(seed).random(shape) < 0.5)
    return _st.one_of(basic, mask)
