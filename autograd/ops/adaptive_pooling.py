"""Pooling to a size that is given: windows chosen for it, evenly or at random places."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.backend import device_of
from autograd.composite import composite
from autograd.errors import ArgumentError, ShapeError
from autograd.ops.convolution import Sizes, check_image, several, unbatched
from autograd.ops.halves import in_single
from autograd.ops.indexing import getitem, take_along_axis
from autograd.ops.linalg import matmul
from autograd.ops.pooling import no_image
from autograd.ops.reduce import argmax
from autograd.ops.shape import broadcast_to, moveaxis, squeeze
from autograd.random import Generator, default_generator
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec
from autograd.tape import innermost, module_of

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "fractional_max_pool1d",
    "fractional_max_pool2d",
    "fractional_max_pool3d",
]


def _edges(size: int, out: int) -> list[tuple[int, int]]:
    """Start and end of each of ``out`` windows that together cover ``size`` elements."""
    return [(i * size // out, -(-(i + 1) * size // out)) for i in range(out)]


def _output_sizes(op: str, x: Any, output_size: Any, n: int) -> Sizes:
    check_image(op, x, n)
    given = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * n
    if len(given) != n or any(k is not None and (not isinstance(k, (int, np.integer)) or k < 1) for k in given):
        raise ShapeError(
            f"{op}: output_size must hold {n} positive integers (None keeps a length), not {output_size!r}."
        )
    return tuple(x.shape[2 + i] if k is None else int(k) for i, k in enumerate(given))


def _along_each(x: Any, sizes: Sizes, step: Callable[[Any, int, int], Any]) -> Any:
    for i, out in enumerate(sizes):
        if x.shape[2 + i] != out:
            x = moveaxis(step(moveaxis(x, 2 + i, -1), x.shape[2 + i], out), -1, 2 + i)
    return x


def _mean_windows(x: Any, size: int, out: int) -> Any:
    """Means of adaptive windows of the last axis, as a product with a matrix of weights."""
    weights = np.zeros((size, out))
    for i, (start, stop) in enumerate(_edges(size, out)):
        weights[start:stop, i] = 1 / (stop - start)
    xp = module_of(x)
    return matmul(x, xp.asarray(weights.astype(x.dtype)))


def _largest(x: Any, edges: list[list[tuple[int, int]] | None], return_indices: bool) -> Any:
    """The first maximum of each window, axis by axis, the last one first; and its place in the flattened image.

    ``edges`` are the windows of each axis; None leaves it as it is.
    """
    size = x.shape[2:]
    place = module_of(x).arange(math.prod(size)).reshape(1, 1, *size) if return_indices else None
    for axis, windows in reversed(list(enumerate(edges, 2))):
        if windows is None:
            continue
        longest = max(stop - start for start, stop in windows)
        inside = np.array([[min(start + k, stop - 1) for k in range(longest)] for start, stop in windows])
        gathered = getitem(moveaxis(x, axis, -1), (..., inside))
        best = argmax(gathered, -1, keepdims=True)
        x = moveaxis(squeeze(take_along_axis(gathered, best, -1), -1), -1, axis)
        if return_indices:
            candidates = broadcast_to(getitem(moveaxis(place, axis, -1), (..., inside)), gathered.shape)
            place = moveaxis(squeeze(take_along_axis(candidates, best, -1), -1), -1, axis)
    return (x, broadcast_to(place, x.shape)) if return_indices else x


@in_single
@unbatched
def _adaptive_avg(n: int, x: Any, output_size: Any) -> Any:
    return _along_each(x, _output_sizes(f"adaptive_avg_pool{n}d", x, output_size, n), _mean_windows)


@unbatched
def _adaptive_max(n: int, x: Any, output_size: Any, return_indices: bool) -> Any:
    sizes = _output_sizes(f"adaptive_max_pool{n}d", x, output_size, n)
    edges = [
        None if m == out and not return_indices else _edges(m, out) for m, out in zip(x.shape[2:], sizes, strict=True)
    ]
    return _largest(x, edges, return_indices)


@composite(r"\operatorname{{avgpool}}({0})", [sample(spec(1, 2, 7), output_size=3)], errors=no_image(output_size=2))
def adaptive_avg_pool1d(x: Any, output_size: Any) -> Any:
    """Means of windows chosen so that the result has ``output_size``."""
    return _adaptive_avg(1, x, output_size)


@composite(
    r"\operatorname{{avgpool}}({0})",
    [
        sample(spec(1, 2, 5, 4), output_size=(2, 3)),
        sample(spec(1, 2, 3, 3), output_size=(1, None)),
        sample(spec(0, 2, 3, 3), output_size=2),
        sample(spec(2, 1, 2, 2), output_size=(3, 1)),
    ],
    errors=no_image(output_size=2),
)
def adaptive_avg_pool2d(x: Any, output_size: Any) -> Any:
    """Means of windows chosen so that the result has ``output_size``; None keeps a length."""
    return _adaptive_avg(2, x, output_size)


@composite(
    r"\operatorname{{avgpool}}({0})",
    [sample(spec(1, 1, 3, 4, 3), output_size=(2, 3, 2))],
    errors=no_image(output_size=2),
)
def adaptive_avg_pool3d(x: Any, output_size: Any) -> Any:
    """Means of windows chosen so that the result has ``output_size``."""
    return _adaptive_avg(3, x, output_size)


@composite(
    r"\operatorname{{maxpool}}({0})",
    [sample(spec(1, 2, 7, distinct=True), output_size=3)],
    errors=no_image(output_size=2),
)
def adaptive_max_pool1d(x: Any, output_size: Any, return_indices: bool = False) -> Any:
    """Maxima of windows chosen so that the result has ``output_size``."""
    return _adaptive_max(1, x, output_size, return_indices)


@composite(
    r"\operatorname{{maxpool}}({0})",
    [
        sample(spec(1, 2, 5, 4, distinct=True), output_size=(2, 3)),
        sample(spec(0, 2, 3, 3), output_size=2),
        sample(spec(2, 1, 2, 2, distinct=True), output_size=(3, None)),
    ],
    errors=no_image(output_size=2),
)
def adaptive_max_pool2d(x: Any, output_size: Any, return_indices: bool = False) -> Any:
    """Maxima of windows chosen so that the result has ``output_size``; None keeps a length.

    ``return_indices`` gives their places in the flattened image too.
    """
    return _adaptive_max(2, x, output_size, return_indices)


@composite(
    r"\operatorname{{maxpool}}({0})",
    [sample(spec(1, 1, 3, 4, 3, distinct=True), output_size=(2, 3, 2))],
    errors=no_image(output_size=2),
)
def adaptive_max_pool3d(x: Any, output_size: Any, return_indices: bool = False) -> Any:
    """Maxima of windows chosen so that the result has ``output_size``."""
    return _adaptive_max(3, x, output_size, return_indices)


# Windows at random places. The samples leave chance no room: one window, or as many as there are places.


@unbatched
def _fractional(
    n: int, x: Any, kernel_size: Any, output_size: Any, output_ratio: Any, return_indices: bool,
    generator: Generator | None,
) -> Any:  # fmt: skip
    op = f"fractional_max_pool{n}d"
    check_image(op, x, n)
    kernel = several(op, "kernel_size", kernel_size, n, 1)
    if (output_size is None) == (output_ratio is None):
        raise ArgumentError(f"{op}: give either output_size or output_ratio.")
    if output_size is None:
        ratios = output_ratio if isinstance(output_ratio, (tuple, list)) else (output_ratio,) * n
        output_size = tuple(int(m * r) for m, r in zip(x.shape[2:], ratios, strict=True))
    sizes = several(op, "output_size", output_size, n, 1)
    if any(k + o - 1 > m for k, o, m in zip(kernel, sizes, x.shape[2:], strict=True)):
        raise ShapeError(f"{op}: {sizes} windows of {kernel} do not fit into x {tuple(x.shape)}.")
    generator = generator or default_generator(device_of(innermost(x)))
    shifts = np.asarray(generator.uniform((n,), dtype=np.float64).tolist())
    edges: list[Any] = []
    for size, k, out, u in zip(x.shape[2:], kernel, sizes, shifts, strict=True):
        alpha = (size - k) / (out - 1) if out > 1 else 0.0
        starts = [int((j + u) * alpha) - int(u * alpha) for j in range(out - 1)] + [size - k]
        edges.append([(start, start + k) for start in starts])
    return _largest(x, edges, return_indices)


@composite(
    r"\operatorname{{maxpool}}({0})",
    [
        sample(spec(2, 3, 5, distinct=True), kernel_size=2, output_size=4),
        sample(spec(2, 3, 5, distinct=True), kernel_size=4, output_size=1),
        sample(spec(0, 3, 5, distinct=True), kernel_size=2, output_size=4),
    ],
    errors=[
        *no_image(kernel_size=2, output_size=2),
        ErrorSample((np.ones((1, 1, 3)),), ArgumentError, "either output_size or output_ratio", {"kernel_size": 2}),
        ErrorSample((np.ones((1, 1, 3)),), ShapeError, "do not fit", {"kernel_size": 2, "output_size": 3}),
    ],
)
def fractional_max_pool1d(
    x: Any, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
    generator: Generator | None = None, return_indices: bool = False,
) -> Any:  # fmt: skip
    """See :func:`fractional_max_pool2d`."""
    return _fractional(1, x, kernel_size, output_size, output_ratio, return_indices, generator)


@composite(
    r"\operatorname{{maxpool}}({0})",
    [
        sample(spec(2, 3, 5, 4, distinct=True), kernel_size=2, output_size=(4, 3)),
        sample(spec(2, 3, 5, 4, distinct=True), kernel_size=(4, 2), output_size=1),
        sample(spec(0, 3, 5, 4, distinct=True), kernel_size=2, output_size=(4, 3)),
    ],
    errors=[
        *no_image(kernel_size=2, output_size=2),
        ErrorSample((np.ones((1, 1, 3, 3)),), ArgumentError, "either output_size or output_ratio", {"kernel_size": 2}),
        ErrorSample((np.ones((1, 1, 3, 3)),), ShapeError, "do not fit", {"kernel_size": 2, "output_size": 3}),
    ],
)
def fractional_max_pool2d(
    x: Any, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
    generator: Generator | None = None, return_indices: bool = False,
) -> Any:  # fmt: skip
    """Maxima of windows at pseudo-random places: the size shrinks by a fraction (Graham, 2014, arXiv:1412.6071)."""
    return _fractional(2, x, kernel_size, output_size, output_ratio, return_indices, generator)


@composite(
    r"\operatorname{{maxpool}}({0})",
    [
        sample(spec(1, 2, 3, 4, 3, distinct=True), kernel_size=2, output_size=(2, 3, 2)),
        sample(spec(1, 2, 3, 4, 3, distinct=True), kernel_size=(2, 3, 1), output_size=1),
        sample(spec(0, 2, 3, 4, 3, distinct=True), kernel_size=2, output_size=(2, 3, 2)),
    ],
    errors=[
        *no_image(kernel_size=2, output_size=2),
        ErrorSample(
            (np.ones((1, 1, 3, 3, 3)),), ArgumentError, "either output_size or output_ratio", {"kernel_size": 2}
        ),
        ErrorSample((np.ones((1, 1, 3, 3, 3)),), ShapeError, "do not fit", {"kernel_size": 2, "output_size": 3}),
    ],
)
def fractional_max_pool3d(
    x: Any, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
    generator: Generator | None = None, return_indices: bool = False,
) -> Any:  # fmt: skip
    """See :func:`fractional_max_pool2d`."""
    return _fractional(3, x, kernel_size, output_size, output_ratio, return_indices, generator)
