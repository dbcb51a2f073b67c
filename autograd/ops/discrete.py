"""Random counts, indices and orders. Their numbers are integers or choices, so no gradient flows to the parameters.

Parameters broadcast, and ``shape`` (by default what they broadcast to) is that of the whole result. ``generator`` is
the default one of the device if None. Parameters outside their domain raise ``ArgumentError``, shapes that do not
broadcast ``ShapeError``. Inside ``vmap`` each example of a batched parameter draws its own numbers.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from autograd.backend import as_array, device_of, is_array, parse_dtype
from autograd.dispatch import bound
from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.ops.axes import normalize_axis
from autograd.ops.indexing import take
from autograd.parameters import full_shape, require
from autograd.random import Generator, default_generator
from autograd.sampler import Sampler
from autograd.tape import Variable, innermost

__all__ = [
    "bernoulli", "binomial", "categorical", "choice", "multinomial", "permutation", "poisson", "randint", "randperm",
    "shuffle",
]  # fmt: skip


def bernoulli(
    p: Any = 0.5, shape: Any = None, *, dtype: Any = None, device: str | None = None,
    generator: Generator | None = None,
) -> Any:  # fmt: skip
    """Ones with probability ``p``, else zeros; by default in the dtype of ``p`` if it is floating, else float32."""
    sampler = Sampler("bernoulli", {"p": p}, shape, None, device, generator)
    return sampler.draw("bernoulli", p, alike=True, dtype=sampler.dtype if dtype is None else dtype)


def poisson(
    rate: Any, shape: Any = None, *, dtype: Any = np.int64, device: str | None = None,
    generator: Generator | None = None,
) -> Any:  # fmt: skip
    """Numbers of events at a mean of ``rate``; int64 by default."""
    return Sampler("poisson", {"rate": rate}, shape, None, device, generator).draw(
        "poisson", rate, alike=True, dtype=dtype
    )


def binomial(
    n: Any, p: Any, shape: Any = None, *, dtype: Any = np.int64, device: str | None = None,
    generator: Generator | None = None,
) -> Any:  # fmt: skip
    """Numbers of successes in ``n`` trials that succeed with probability ``p``; int64 by default."""
    sampler = Sampler("binomial", {"n": n, "p": p}, shape, None, device, generator)
    return sampler.draw("binomial", n, p, alike=True, dtype=dtype)


def multinomial(
    n: Any, p: Any, shape: Any = None, *, dtype: Any = np.int64, device: str | None = None,
    generator: Generator | None = None,
) -> Any:  # fmt: skip
    """How often each outcome came up in ``n`` trials: weights ``p (..., k)`` give counts ``(*shape, k)``, as in NumPy.

    ``n`` is one integer. PyTorch's ``multinomial``, which gives indices, is :func:`categorical` here, and without
    replacement :func:`choice`.
    """
    try:
        n = operator.index(n)
    except TypeError:
        raise DtypeError(f"multinomial: n must be one integer, not {n!r}.") from None
    p = _vector("p", p)
    sampler = Sampler("multinomial", {"p": p}, shape, None, device, generator, vectors=1)
    return sampler.draw("multinomial", n, p, vectors=1, alike=True, dtype=dtype)


def categorical(
    p: Any = None, shape: Any = None, *, logits: Any = None, dtype: Any = np.int64, device: str | None = None,
    generator: Generator | None = None,
) -> Any:  # fmt: skip
    """Indices of outcomes with weights ``p (..., k)``, or with logarithms of weights ``logits``.

    The result has ``shape``, ``(...)`` by default; int64. Weights need not sum to 1; an outcome of weight 0 never
    comes up.
    """
    if (p is None) == (logits is None):
        raise ArgumentError("categorical: give either weights p or logits.")
    given = _vector("p" if logits is None else "logits", p if logits is None else logits)
    sampler = Sampler("categorical", {"p": given}, shape, None, device, generator, vectors=1)
    if logits is None:
        return sampler.draw("categorical", given, vectors=1, alike=True, dtype=dtype)
    values = sampler.numbers(given, 1, alike=True).astype(np.float64)
    largest = np.max(values, axis=-1, keepdims=True) if values.shape[-1] else values
    require("categorical", "finite", logits=largest)  # minus infinity is a weight of 0, unless all are
    drawn = sampler.generator.categorical((*sampler.sizes, *sampler.shape), np.exp(values - largest), dtype)
    return sampler.wrap(drawn)


def _vector(argument: str, p: Any) -> Any:
    return p if hasattr(p, "shape") else np.asarray(p, np.float64)


def randint(
    low: int, high: int | None = None, shape: Any = (), *, dtype: Any = np.int64, device: str = "cpu",
    generator: Generator | None = None,
) -> Any:  # fmt: skip
    """Integers from ``[low, high)``, or from ``[0, low)`` if ``high`` is None; int64 by default."""
    if high is None:
        low, high = 0, low
    if not low < high:
        raise ArgumentError(f"randint: low must be below high, not low={low!r} and high={high!r}.")
    generator = generator or default_generator(device)
    return bound(as_array(generator.integers(low, high, full_shape("randint", shape))).astype(parse_dtype(dtype)), None)


def randperm(n: int, *, dtype: Any = np.int64, device: str = "cpu", generator: Generator | None = None) -> Any:
    """The numbers from 0 to ``n - 1`` in random order; int64 by default."""
    return bound((generator or default_generator(device)).permutation(n).astype(parse_dtype(dtype)), None)


def permutation(x: Any, axis: int = 0, *, device: str = "cpu", generator: Generator | None = None) -> Any:
    """The slices of ``x`` along an axis in random order, as a new Tensor through which gradients flow.

    An integer stands for the numbers below it, as in :func:`randperm`.
    """
    if not hasattr(x, "shape") or (not x.shape and not isinstance(x, Variable)):
        return randperm(x, device=device, generator=generator)
    if not x.shape:
        raise ShapeError("permutation: x has no axes to permute.")
    axis = normalize_axis("permutation", axis, len(x.shape), x.shape)
    generator = generator or default_generator(device_of(innermost(x)))
    x = x if isinstance(x, Variable) else bound(x, None)
    return take(x, generator.permutation(x.shape[axis]), axis)


def shuffle(x: Any, axis: int = 0, generator: Generator | None = None) -> None:
    """Put the slices of ``x`` along an axis in random order, in place; see :func:`permutation` for a new Tensor.

    A Tensor that is part of a graph is rebound to its new order, so gradients stay right.
    """
    if not isinstance(x, Variable):
        raise DtypeError(f"shuffle: x must be a Tensor, not a {type(x).__name__}.")
    axis = normalize_axis("shuffle", axis, len(x.shape), x.shape)  # type: ignore[attr-defined]
    x[...] = permutation(x, axis, generator=generator)  # type: ignore[index]


def choice(
    x: Any, shape: Any = (), replace: bool = True, p: Any = None, *, axis: int = 0, device: str = "cpu",
    generator: Generator | None = None,
) -> Any:  # fmt: skip
    """Slices of ``x`` along an axis, chosen at random; gradients flow to ``x``. An integer is the numbers below it.

    ``replace=False`` chooses each at most once; ``p`` are their weights, equal ones by default. The axes ``shape`` take
    the place of the axis. Raises ``ArgumentError`` where there is too little to choose from.
    """
    if isinstance(p, Variable):
        p = p.array
    if isinstance(x, Variable) or (is_array(x) and x.ndim):
        axis = normalize_axis("choice", axis, len(x.shape), x.shape)
        generator = generator or default_generator(device_of(innermost(x)))
        sizes = full_shape("choice", shape)
        index = generator.choice(x.shape[axis], (math.prod(sizes),), replace, p)
        chosen = take(x if isinstance(x, Variable) else bound(x, None), index, axis)
        return chosen.reshape(*x.shape[:axis], *sizes, *x.shape[axis + 1 :])
    return bound(as_array((generator or default_generator(device)).choice(x, shape, replace, p)), None)
