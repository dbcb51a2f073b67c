"""The distribution of an array in a few numbers, which can be redrawn on any scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.errors import ArgumentError
from viz.arrays import host_array

__all__ = ["Histogram", "histogram_of"]

_SAMPLE = 1 << 13  # elements that are counted at most; the shape of a distribution needs no more
_MOST_BINS = 48
_DEVIATIONS = 5.0  # a few elements far outside would leave one bin for all others


@dataclass(frozen=True, slots=True)
class Histogram:
    """How the elements of an array are spread: ``counts`` in bins of equal width between ``low`` and ``high``.

    Exact zeros stand apart in ``zeros``, for behind a relu they would tower over the rest; so do elements ``outside``
    of the bins and those that are ``not_finite``. All elements counted are ``total``: of a large array it is a sample.
    """

    low: float
    high: float
    counts: tuple[int, ...]
    zeros: int
    outside: int
    not_finite: int

    @property
    def total(self) -> int:
        """The number of elements counted."""
        return sum(self.counts) + self.zeros + self.outside + self.not_finite

    @property
    def edges(self) -> NDArray[np.float64]:
        """The borders of the bins, one more than there are bins."""
        return np.linspace(self.low, self.high, len(self.counts) + 1)

    def density(self, edges: NDArray[np.float64]) -> NDArray[np.float64]:
        """The density over bins with other ``edges``, as if each own bin were evenly filled.

        It integrates to at most 1; what it lacks lies outside of the edges, or apart.
        """
        if not self.total or not sum(self.counts):
            return np.zeros(len(edges) - 1)
        reached = np.concatenate([[0.0], np.cumsum(self.counts)]) / self.total
        mass: NDArray[np.float64] = np.diff(np.interp(edges, self.edges, reached))
        return mass / np.diff(edges)


def histogram_of(array: Any, bins: int | None = None) -> Histogram:
    """The :class:`Histogram` of a Tensor or an array of any shape; complex elements count by their modulus.

    The bins reach from the smallest to the largest element, at most five standard deviations from the mean. Of more
    than 8,192 elements an even sample is counted. By default there are ``2 n^{1/3}`` bins for ``n`` elements (the rule
    of Rice University), at least 4 and at most 48. Raises ArgumentError for fewer than one bin.
    """
    if bins is not None and bins < 1:
        raise ArgumentError(f"histogram_of: bins is {bins}; at least 1 is needed.")
    values = _sample(host_array(array))
    finite = values[np.isfinite(values)]
    counted = finite[finite != 0]
    not_finite, zeros = len(values) - len(finite), len(finite) - len(counted)
    if bins is None:
        bins = min(_MOST_BINS, max(4, math.ceil(2 * len(counted) ** (1 / 3))))
    if not len(counted):
        return Histogram(-1.0, 1.0, (0,) * bins, zeros, 0, not_finite)
    low, high = _range(counted)
    counts, _ = np.histogram(counted, bins, (low, high))
    return Histogram(low, high, tuple(counts.tolist()), zeros, len(counted) - int(counts.sum()), not_finite)


def _sample(array: NDArray[Any]) -> NDArray[np.float64]:
    flat = array.reshape(-1)
    if flat.size > _SAMPLE:
        stride = flat.size // _SAMPLE
        while math.gcd(stride, flat.size) > 1:  # else it would visit some columns of a matrix only
            stride += 1
        flat = flat[::stride]
    return (np.abs(flat) if flat.dtype.kind == "c" else flat).astype(np.float64)


def _range(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    largest = max(abs(low), abs(high))
    scaled = values / largest  # the square of a large number is none
    mean, deviation = largest * float(scaled.mean()), largest * float(scaled.std())
    reach = max(_DEVIATIONS * deviation, 1e-6 * largest)
    low, high = max(low, mean - reach), min(high, mean + reach)
    if high - low < 2e-6 * largest:  # all alike: one narrow peak
        low, high = low - 1e-3 * largest, high + 1e-3 * largest
    return low, high
