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

__all__ = [
    "Line", "Scope", "Summary", "close_scope", "open_scope", "scope", "scope_path", "source_line", "summarize",
]  # fmt: skip

_HOUSE = tuple(
    str(Path(__file__).parent.parent / name) + "/" for name in ("autograd", "nn", "optim", "viz", "glassgrad")
)
_is_ours: dict[str, bool] = {}  # by file: whether its frames are passed over


class Line(NamedTuple):
    """A line of a program."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} in {self.function}"

    @property
    def short(self) -> str:
        """The file's name without its folders, and the line: what a picture tells, wherever it is shown."""
        return f"{self.file.replace(chr(92), '/').rpartition('/')[2]}:{self.line}"


def source_line(depth: int = 1) -> Line | None:
    """The innermost line of the caller's program that is not of this library; of the library where there is none.

    ``depth``  how many frames are known to be of this library, so that they need not be looked at
    """
    frame: Any = sys._getframe(depth)
    last = frame
    while frame is not None:
        file = frame.f_code.co_filename
        ours = _is_ours.get(file)
        if ours is None:
            ours = _is_ours[file] = file.startswith(_HOUSE) or "functools" in file
        last = frame
        if not ours:
            break
        frame = frame.f_back
    return Line(last.f_code.co_filename, last.f_lineno, last.f_code.co_name)


# ----------------------------------------------------------------------------------------------------------- scopes


class Scope:
    """A call of a module that is going on, or an open block of :func:`scope`.

    ``name``    what it is called within ``parent``; ``path`` joins the names from the outermost on
    ``module``  the class name of the module; empty for a block
    ``owner``   the module. ``names`` and ``complete`` are the module's, for what it calls the modules inside it
    """

    __slots__ = ("complete", "module", "name", "names", "owner", "parent", "path")

    def __init__(self, name: str, module: str, owner: Any, parent: Scope | None):
        self.name = name
        self.module = module
        self.owner = owner
        self.parent = parent
        self.path: str = name if parent is None else f"{parent.path}.{name}"
        self.names: dict[int, str] | None = None
        self.complete = False


def open_scope(name: str, module: str = "", owner: Any = None) -> Scope:
    """Enter a scope, and let those who watch know; :func:`close_scope` leaves it."""
    here = levels.here
    opened = Scope(name, module, owner, here.scopes[-1] if here.scopes else None)
    here.scopes.append(opened)
    for watcher in here.watchers:
        watcher.entering(opened)
    return opened


def close_scope(opened: Scope) -> None:
    """Leave a scope."""
    levels.here.scopes.remove(opened)
    for watcher in levels.here.watchers:
        watcher.leaving(opened)


@contextmanager
def scope(name: str) -> Iterator[None]:
    """Ops inside the block belong to this scope: a part of a model, as recordings and error messages name it."""
    opened = open_scope(name)
    try:
        yield
    finally:
        close_scope(opened)


def scope_path() -> str:
    """The scopes that are open, joined by dots."""
    scopes = levels.here.scopes
    return scopes[-1].path if scopes else ""


# -------------------------------------------------------------------------------------------------------- summaries


class Summary(NamedTuple):
    """What is worth knowing of an array: its extremes, mean, norm, and how many elements are not finite.

    The extremes, the mean and the norm are those of the finite elements; of complex ones they are of their magnitudes.
    ``data``       the elements themselves, of a small array
    ``histogram``  how many elements lie in each of 16 equal parts of the range from ``minimum`` to ``maximum``: of
                   finite ones, at most 4,096 of them, evenly strided. All are in the first part where the two are equal
    """

    shape: tuple[int, ...]
    dtype: str
    nbytes: int
    minimum: float | None
    maximum: float | None
    mean: float | None
    norm: float | None
    nonfinite: int
    data: Any
    histogram: tuple[int, ...] | None = None

    def __str__(self) -> str:
        text = f"{self.shape} {self.dtype}"
        if self.minimum is not None:
            text += f", from {self.minimum:.6g} to {self.maximum:.6g}, mean {self.mean:.6g}"
        if self.nonfinite:
            text += f", {self.nonfinite} not finite"
        return text


_Facts = tuple[float, float, float, float]  # minimum, maximum, mean, norm
_BINS = 16
_IN_HISTOGRAM = 4096
_ARGMIN = 16384  # as far as here argmin is quicker than min
_BLOCK = 8192  # BLAS wakes threads for longer products, which costs more than they save where others compute too
_DTYPES: dict[np.dtype, tuple[str, np.ndarray | None, float]] = {
    np.dtype(kind): (kind, np.ones(_BLOCK, kind), float(np.finfo(kind).max) / 2) for kind in ("float32", "float64")
}  # their names; and of those that need no conversion ones, and the largest sum of squares


def summarize(array: Any, small: int = 16, histogram: bool = False) -> Summary:
    """The summary of an array, with the elements themselves if there are at most ``small``."""
    if array.__class__ is float:
        if histogram or not math.isfinite(array):
            array = np.asarray(array)
        else:
            return Summary((), "float64", 8, array, array, array, abs(array), 0, array if small > 0 else None)
    x = array if array.__class__ is np.ndarray else to_numpy(array)
    size, dtype = x.size, x.dtype
    if (known := _DTYPES.get(dtype)) is None:
        known = _DTYPES[dtype] = (str(dtype), None, 0.0)
    name, ones, most = known
    data = x.tolist() if size <= small else None
    facts: _Facts | None = None
    if size and ones is not None:
        if size <= 16:
            facts = _of_few(data if data is not None and x.ndim == 1 else x.ravel().tolist())
        else:
            facts = _of_many(x.ravel(order="K"), ones, most)
    if facts is not None:
        counts = _histogram(x.ravel(order="K"), facts) if histogram else None
        return tuple.__new__(Summary, (x.shape, name, x.nbytes, *facts, 0, data, counts))  # half the time
    none: tuple[None, None, None, None] = (None, None, None, None)
    nonfinite, counts = 0, None
    if size and (is_differentiable(dtype) or dtype.kind in "iub"):
        sizes = np.abs(x).astype(np.float64) if dtype.kind == "c" else x.astype(np.float64)
        finite = np.isfinite(sizes)
        nonfinite = int(size - np.count_nonzero(finite))
        sizes = sizes[finite] if nonfinite else sizes.ravel()
        if sizes.size:
            with np.errstate(all="ignore"):
                facts = (
                    float(sizes.min()),
                    float(sizes.max()),
                    float(sizes.mean()),
                    math.sqrt(float(np.vdot(sizes, sizes))),
                )
            counts = _histogram(sizes, facts) if histogram else None
    low, high, mean, norm = facts or none
    return Summary(tuple(x.shape), name, int(x.nbytes), low, high, mean, norm, nonfinite, data, counts)


def _of_few(numbers: list[float]) -> _Facts | None:
    """Minimum, maximum, mean and norm, by Python's own functions; None where one is not finite."""
    total = sum(numbers)
    if not math.isfinite(total):
        return None
    return min(numbers), max(numbers), total / len(numbers), math.hypot(*numbers)


def _of_many(x: np.ndarray, ones: np.ndarray, most: float) -> _Facts | None:
    """The same of many numbers, without a copy in double precision; None where that would lose too much.

    That is where one is not finite, or where the sum of the squares would go beyond ``most`` or vanish.
    """
    size = x.size
    if size <= _ARGMIN:
        low, high = x.item(x.argmin()), x.item(x.argmax())
    else:
        low, high = float(x.min()), float(x.max())
    largest = high if high > -low else -low
    if not (largest > 1e-12 and largest * largest * size < most):  # NaN is neither
        return (0.0, 0.0, 0.0, 0.0) if low == high == 0 else None
    try:
        # Sums are products with ones: quicker than np.add.reduce, and about as exact, for blocks are short.
        rest = x if size <= _BLOCK else x[size - size % _BLOCK :]
        total, squares = rest.dot(ones[: rest.size]).item(), rest.dot(rest).item()
        if size > _BLOCK:
            blocks = x[: size - rest.size].reshape(-1, _BLOCK)
            total += sum(np.vecdot(blocks, ones).tolist())
            squares += sum(np.vecdot(blocks, blocks).tolist())
        return low, high, total / size, math.sqrt(squares)
    except FloatingPointError:  # np.seterr(under="raise")
        return None


def _histogram(x: np.ndarray, facts: _Facts) -> tuple[int, ...]:
    """How many of these finite numbers, strided if they are many, lie in each equal part of their range."""
    low, high = facts[:2]
    some = x[:: -(-x.size // _IN_HISTOGRAM)].astype(np.float64)
    width = high / 2 - low / 2  # halves: the range of very large numbers overflows
    if not width:
        return (len(some), *[0] * (_BINS - 1))
    places = (some / 2 - low / 2) * (_BINS / width) if width >= 1e-290 else (some - low) / (high - low) * _BINS
    return tuple(np.bincount(places.astype(np.int64).clip(0, _BINS - 1), minlength=_BINS).tolist())
