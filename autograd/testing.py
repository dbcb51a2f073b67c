"""Property-based tests of gradients: Hypothesis strategies for arrays and shapes, and one assertion for all orders.

>>> @given(x=arrays(low=0.1, high=4.0))
... def test_my_op(x):
...     assert_gradients(my_op, x)

Needs Hypothesis (``pip install hypothesis``); ``import autograd`` alone does not load this module.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.extras import import_extra
from autograd.gradcheck import gradcheck, gradgradcheck
from autograd.samples import Spec

_st: Any = import_extra("hypothesis.strategies", extra="dev", purpose="draw test inputs")

__all__ = [
    "arrays",
    "assert_gradients",
    "axes",
    "broadcastable_arrays",
    "broadcastable_shapes",
    "matmul_arrays",
    "shapes",
]


def shapes(min_dims: int = 0, max_dims: int = 3, min_side: int = 1, max_side: int = 4) -> Any:
    """Shapes: tuples of ``min_dims`` to ``max_dims`` sides. ``min_side=0`` also draws empty ones."""
    return _st.lists(_st.integers(min_side, max_side), min_size=min_dims, max_size=max_dims).map(tuple)


def arrays(shape: Any = None, dtype: Any = np.float64, **domain: Any) -> Any:
    """Arrays of a shape (or of shapes drawn from a strategy).

    ``domain`` is that of :class:`autograd.samples.Spec`: ``low``, ``high``, ``avoid`` (kinks and poles to stay
    ``margin`` away from), ``distinct``. The values come from a drawn seed, so a failing example is short to print.
    """
    chosen = shapes() if shape is None else _st.just(shape) if isinstance(shape, tuple) else shape
    return _st.builds(
        lambda s, seed: Spec(s, **domain).draw(np.random.default_rng(seed), dtype), chosen, _st.integers(0, 2**16)
    )


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
        lambda chosen, seed: tuple(
            Spec(s, **domain).draw(np.random.default_rng([seed, i]), dtype) for i, s in enumerate(chosen)
        ),
        broadcastable_shapes(n),
        _st.integers(0, 2**16),
    )


def matmul_arrays(dtype: Any = np.float64) -> Any:
    """Pairs of arrays that have a matrix product: vectors, matrices and stacks that broadcast."""

    def made(
        batch: tuple[tuple[int, ...], ...], sides: tuple[int, int, int], vectors: tuple[bool, bool], seed: int
    ) -> Any:
        n, k, m = sides
        a = (k,) if vectors[0] else (*batch[0], n, k)
        b = (k,) if vectors[1] else (*batch[1], k, m)
        rng = np.random.default_rng(seed)
        return Spec(a).draw(rng, dtype), Spec(b).draw(rng, dtype)

    side = _st.integers(1, 4)
    return _st.builds(
        made, broadcastable_shapes(2, 2, 3), _st.tuples(side, side, side), _st.tuples(_st.booleans(), _st.booleans()),
        _st.integers(0, 2**16),
    )  # fmt: skip


def axes(ndim: int) -> Any:
    """An ``axis`` argument for an array of so many dimensions: None, a number (negative too), or a tuple of them."""
    if not ndim:
        return _st.none()
    one = _st.integers(-ndim, ndim - 1)
    return _st.one_of(
        _st.none(), one, _st.lists(_st.integers(0, ndim - 1), min_size=1, max_size=ndim, unique=True).map(tuple)
    )


def assert_gradients(function: Callable[..., Any], *inputs: Any, order: int = 2, **tolerances: Any) -> None:
    """Raise :class:`autograd.GradcheckError` unless derivatives agree with finite differences, up to ``order`` 1 or 2.

    ``inputs`` are float64 or complex128 arrays or Tensors; integer arrays are passed on as they are.
    """
    gradcheck(function, list(inputs), **tolerances)
    if order > 1:
        gradgradcheck(function, list(inputs), **tolerances)
