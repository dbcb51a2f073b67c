"""What a diagnosis asks of an array, in float64 and without overflow: how large it is, and what in it is no number."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.tape import Variable
from autograd.watching import Summary
from viz.arrays import host_array

__all__ = ["Facts", "dtype_name", "facts_of", "number", "plain_array", "share_of"]


@dataclass(frozen=True, slots=True)
class Facts:
    """The extremes and the Euclidean norm of the finite elements, and how many others there are.

    ``zeros``  how many elements are exactly 0; None where only a summary is known and does not tell
    ``odd``    one of the elements that are not finite: NaN if there is one, else an infinity; None where all are finite
    """

    shape: tuple[int, ...]
    dtype: str
    size: int
    minimum: float
    maximum: float
    norm: float
    nonfinite: int = 0
    zeros: int | None = None
    odd: float | None = None

    @property
    def rms(self) -> float:
        """The root mean square of the finite elements; 0 where there are none."""
        count = self.size - self.nonfinite
        return self.norm / math.sqrt(count) if count > 0 else 0.0

    @property
    def length(self) -> float:
        """The Euclidean norm of all elements: NaN or infinite where one of them is."""
        return self.norm if not self.nonfinite else math.nan if self.odd is None else abs(self.odd)

    @property
    def largest(self) -> float:
        """The largest absolute value of a finite element."""
        return max(abs(self.minimum), abs(self.maximum))

    @property
    def is_zero(self) -> bool:
        """Whether there is nothing but zeros; an empty array is none of them."""
        return self.size > 0 and not self.nonfinite and self.minimum == 0 == self.maximum

    @property
    def is_finite(self) -> bool:
        """Whether every element is a finite number."""
        return not self.nonfinite

    def __str__(self) -> str:
        if not self.size:
            return "no elements"
        finite = number(self.minimum) if self.minimum == self.maximum else ""
        finite = finite or f"{number(self.minimum)} to {number(self.maximum)}"
        if not self.nonfinite:
            return finite
        odd = "not finite" if self.odd is None else number(self.odd)
        return odd if self.nonfinite == self.size else f"{finite} and {odd} at {self.nonfinite} of {self.size}"


def number(x: float) -> str:
    """A number in four digits, with a minus sign that is one."""
    return f"{x + 0.0:.4g}".replace("-", "−")  # 0 is added to make one of −0


dtype_name = functools.lru_cache(str)
"""The name of a dtype. NumPy takes long to tell it."""


def plain_array(x: Any) -> NDArray[Any]:
    """A value on its way through the tape as a NumPy array; of several (the cotangents of outputs) all in a row."""
    if isinstance(x, (list, tuple)):
        return np.concatenate([np.ravel(plain_array(part)) for part in x if part is not None] or [np.zeros(0)])
    while isinstance(x, Variable):
        x = x.array
    return host_array(x)


def facts_of(x: Any) -> Facts | None:
    """The facts of an array, a Tensor, a number, or the Summary of a recording; None of None."""
    if x is None or isinstance(x, Facts):
        return x
    if isinstance(x, Summary):
        return _of_summary(x)
    if x.__class__ is float:  # of a scalar Value; graphs of them are large
        if math.isfinite(x):
            return Facts((), "float64", 1, x, x, abs(x), 0, int(x == 0))
        return Facts((), "float64", 1, 0.0, 0.0, 0.0, 1, 0, x)
    array = plain_array(x)
    shape, dtype = tuple(array.shape), dtype_name(array.dtype)
    if array.dtype.kind not in "biufcV" or not array.size:
        return Facts(shape, dtype, array.size, 0.0, 0.0, 0.0, zeros=0)
    wide = np.abs(array.astype(np.complex128)) if array.dtype.kind == "c" else array.astype(np.float64)
    low, high = float(wide.min()), float(wide.max())
    odd, nonfinite = None, 0
    if not (math.isfinite(low) and math.isfinite(high)):
        finite = np.isfinite(wide)
        odd = math.nan if math.isnan(low) else high if math.isinf(high) else low
        nonfinite = int(array.size - np.count_nonzero(finite))
        wide = wide[finite]
        if not wide.size:
            return Facts(shape, dtype, array.size, 0.0, 0.0, 0.0, nonfinite, 0, odd)
        low, high = float(wide.min()), float(wide.max())
    zeros = int(wide.size - np.count_nonzero(wide))
    return Facts(shape, dtype, array.size, low, high, _norm(wide, max(abs(low), abs(high))), nonfinite, zeros, odd)


def _norm(x: NDArray[np.float64], largest: float) -> float:
    if not 1e-100 < largest < 1e100:  # squares would overflow, or vanish
        return largest and largest * math.sqrt(float(np.square(x / largest).sum()))
    flat = x.ravel()
    return math.sqrt(float(np.dot(flat, flat)))


def _of_summary(summary: Summary) -> Facts:
    if summary.data is not None:
        whole = facts_of(np.array(summary.data).reshape(summary.shape))
        if whole is not None and whole.size:
            return Facts(
                summary.shape, summary.dtype, whole.size, whole.minimum, whole.maximum, whole.norm, whole.nonfinite,
                whole.zeros, whole.odd,
            )  # fmt: skip
    low, high = summary.minimum or 0.0, summary.maximum or 0.0
    norm, size = summary.norm or 0.0, math.prod(summary.shape)
    if not 0 < norm < math.inf:  # squares of the smallest numbers are 0, and those of the largest infinite
        norm = max(abs(low), abs(high))
    zeros = size if low == high == 0 and not summary.nonfinite else 0 if low > 0 or high < 0 else None
    return Facts(summary.shape, summary.dtype, size, low, high, norm, summary.nonfinite, zeros)


def share_of(count: int | None, size: int) -> str:
    """``"128 of 256"``, or "all 256"; "some" where it is not known."""
    if count is None:
        return "some"
    return f"all {size}" if count == size else f"{count} of {size}"
