"""How fast this machine is at its best: the two ceilings of a roofline, measured."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from autograd.errors import ArgumentError
from viz.graphs.wording import amount_text

__all__ = ["Ceilings", "measure_ceilings"]

_WIDTHS = (512, 1024)  # of the square matrices
_VECTOR = 1 << 26  # bytes of each vector of the triad, beyond every cache
_BLOCK = 1 << 14  # of them at a time, so that the product in between stays in the cache
_STRETCH = 64  # blocks that are timed together
_BUDGET = 0.3  # seconds for each measurement


@dataclass(frozen=True, slots=True)
class Ceilings:
    """The peaks of a machine: floating-point operations per second and bytes per second, for one dtype.

    Raises ArgumentError for a peak that is not a positive number.
    """

    flops_per_second: float
    bytes_per_second: float
    dtype: str = "float32"

    def __post_init__(self) -> None:
        for name in ("flops_per_second", "bytes_per_second"):
            value = getattr(self, name)
            if not (isinstance(value, (int, float)) and math.isfinite(value) and value > 0):
                raise ArgumentError(f"Ceilings: {name} must be a positive number, not {value!r}.")

    @property
    def ridge(self) -> float:
        """The arithmetic intensity, in FLOP per byte, from which on arithmetic is the bound and no longer memory."""
        return self.flops_per_second / self.bytes_per_second

    def at(self, intensity: float) -> float:
        """The best rate, in FLOP/s, of an op that does so many FLOP for each byte."""
        return min(self.flops_per_second, intensity * self.bytes_per_second)

    def __str__(self) -> str:
        return (
            f"{amount_text(self.flops_per_second, 'FLOP/s')} in a matrix product and "
            f"{amount_text(self.bytes_per_second, 'B/s')} from memory, in {self.dtype}"
        )


_lock = threading.Lock()
_measured: dict[str, Ceilings] = {}


def measure_ceilings(dtype: str = "float32", *, again: bool = False) -> Ceilings:
    """Measure the peaks of this machine's processor, as NumPy reaches them, in about a second.

    The floating-point peak is that of a product of two square matrices of 512 or of 1,024 rows, with as many threads as
    NumPy's BLAS uses. The bandwidth is that of a triad, ``a = b + s * c`` over vectors of 64 MiB, in which each of the
    three goes through memory once; arrays that stay in a cache are faster than that. Both are the best of several runs,
    each of a few milliseconds, so that other programs on the machine disturb them little. The result is kept for the
    length of the process; ``again=True`` measures anew.

    ``dtype``  ``"float32"`` or ``"float64"``; ArgumentError for others

    Source: Williams, Waterman and Patterson, 2009, "Roofline", CACM 52(4); McCalpin, 1995, the STREAM benchmark.
    """
    name = str(np.dtype(dtype)) if dtype in ("float32", "float64", np.float32, np.float64) else repr(dtype)
    if name not in ("float32", "float64"):
        raise ArgumentError(
            f"measure_ceilings: dtype must be 'float32' or 'float64', not {name}: NumPy has fast matrix products for "
            "these. Give other peaks by hand: viz.Ceilings(flops_per_second, bytes_per_second)."
        )
    with _lock:
        if again or name not in _measured:
            _measured[name] = Ceilings(_matmul_peak(name), _triad_peak(name), name)
        return _measured[name]


def _matmul_peak(dtype: str) -> float:
    return max(2.0 * width**3 / sum(_best(_product(width, dtype))) for width in _WIDTHS)


def _product(width: int, dtype: str) -> list[Callable[[], object]]:
    draw = np.random.default_rng(0)
    a, b = (draw.random((width, width)).astype(dtype) for _ in range(2))
    out = np.empty_like(a)
    return [lambda: np.matmul(a, b, out=out)]


def _triad_peak(dtype: str) -> float:
    a, b, c = (np.ones(_VECTOR // np.dtype(dtype).itemsize, dtype) for _ in range(3))
    product = np.empty(_BLOCK, dtype)
    scale = a.dtype.type(3)
    pieces = [tuple(x[i : i + _BLOCK] for x in (a, b, c)) for i in range(0, a.size, _BLOCK)]

    def triad(some: list[tuple[np.ndarray, ...]]) -> Callable[[], object]:
        def run() -> None:
            for out, first, second in some:
                np.multiply(second, scale, out=product)
                np.add(first, product, out=out)

        return run

    stretches = [triad(pieces[i : i + _STRETCH]) for i in range(0, len(pieces), _STRETCH)]
    return 3.0 * a.nbytes / sum(_best(stretches))


def _best(runs: list[Callable[[], object]]) -> list[float]:
    """The shortest time of each of these, in seconds, when they run one after the other again and again; the first
    round only warms up."""
    best = [math.inf] * len(runs)
    end = time.perf_counter() + _BUDGET
    rounds = 0
    while rounds < 2 or time.perf_counter() < end:
        for number, run in enumerate(runs):
            started = time.perf_counter()
            run()
            if rounds:
                best[number] = min(best[number], time.perf_counter() - started)
        rounds += 1
    return best
