"""What recorders and anomaly mode share: where in a program an op stands, and how a value is summed up."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from autograd import levels
from autograd.backend import is_differentiable, to_numpy

__all__ = ["Line", "Summary", "scope", "scope_path", "source_line", "summarize"]

_HOUSE = tuple(
    str(Path(__file__).parent.parent / name) + "/" for name in ("autograd", "nn", "optim", "viz", "glassgrad")
)


class Line(NamedTuple):
    """A line of a program."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} in {self.function}"


def source_line() -> Line | None:
    """The innermost line of the caller's program that is not of this library; of the library where there is none."""
    frame: Any = sys._getframe(1)
    last = None
    while frame is not None:
        code = frame.f_code
        last = Line(code.co_filename, frame.f_lineno, code.co_name)
        if not code.co_filename.startswith(_HOUSE) and "functools" not in code.co_filename:
            return last
        frame = frame.f_back
    return last


@contextmanager
def scope(name: str) -> Iterator[None]:
    """Ops inside the block belong to this scope: a part of a model, as recordings and error messages name it."""
    levels.here.scopes.append(name)
    try:
        yield
    finally:
        levels.here.scopes.pop()


def scope_path() -> str:
    """The scopes that are open, joined by dots."""
    return ".".join(levels.here.scopes)


class Summary(NamedTuple):
    """What is worth knowing of an array: its extremes, mean, norm, and how many elements are not finite."""

    shape: tuple[int, ...]
    dtype: str
    nbytes: int
    minimum: float | None
    maximum: float | None
    mean: float | None
    norm: float | None
    nonfinite: int
    data: Any

    def __str__(self) -> str:
        text = f"{self.shape} {self.dtype}"
        if self.minimum is not None:
            text += f", from {self.minimum:.6g} to {self.maximum:.6g}, mean {self.mean:.6g}"
        if self.nonfinite:
            text += f", {self.nonfinite} not finite"
        return text


def summarize(array: Any, small: int = 16) -> Summary:
    """The summary of an array, with the elements themselves if there are at most ``small``."""
    x = to_numpy(array)
    data = x.tolist() if x.size <= small else None
    facts: list[Any] = [None, None, None, None]
    nonfinite = 0
    if x.size and (is_differentiable(x.dtype) or x.dtype.kind in "iub"):
        sizes = np.abs(x).astype(np.float64) if x.dtype.kind == "c" else x.astype(np.float64)
        finite = np.isfinite(sizes)
        nonfinite = int(x.size - np.count_nonzero(finite))
        if nonfinite:
            sizes = sizes[finite]
        if sizes.size:
            facts = [
                float(sizes.min()),
                float(sizes.max()),
                float(sizes.mean()),
                math.sqrt(float(np.vdot(sizes, sizes))),
            ]
    low, high, mean, norm = facts
    return Summary(tuple(x.shape), str(x.dtype), int(x.nbytes), low, high, mean, norm, nonfinite, data)
