"""Sizes, times and rates in words: 1.5 MiB, 320 µs, 41.2 GFLOP/s."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

__all__ = ["bytes_text", "rate_text", "seconds_text", "table", "with_prefix"]

_PREFIXES = ("", "k", "M", "G", "T", "P", "E")


def bytes_text(n: float) -> str:
    """A number of bytes with a binary unit, to three digits: ``"1.5 MiB"``."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(n) < 1024 or (unit != "B" and abs(n) < 1000):
            break
        n /= 1024
    else:
        unit = "TiB"
    return f"{n:.0f} B" if unit == "B" else f"{_three_digits(n)} {unit}"


def seconds_text(seconds: float) -> str:
    """A time to three digits, in seconds, ms, µs or ns."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if abs(seconds) >= size:
            return f"{_three_digits(seconds / size)} {unit}"
    return f"{seconds * 1e9:.0f} ns" if seconds else "0 s"


def with_prefix(n: float) -> str:
    """A count to three digits with a decimal prefix: ``"2.1 G"``; below a thousand it is the number alone."""
    place = 0
    while abs(n) >= 999.5 and place + 1 < len(_PREFIXES):
        n, place = n / 1000, place + 1
    return f"{_three_digits(n)} {_PREFIXES[place]}".rstrip()


def rate_text(per_second: float | None, unit: str) -> str:
    """A rate, ``"41.2 GFLOP/s"``; a dash where it is not known."""
    if per_second is None or not math.isfinite(per_second):
        return "–"
    number, _, prefix = with_prefix(per_second).partition(" ")
    return f"{number} {prefix}{unit}/s"


def _three_digits(n: float) -> str:
    return f"{n:.0f}" if abs(n) >= 99.95 or n == int(n) else f"{n:.1f}" if abs(n) >= 9.995 else f"{n:.2f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Lines of text with aligned columns; the first ``left`` columns stand to the left, the others to the right."""
    cells = [list(head), *map(list, rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]

    def line(row: Sequence[str]) -> str:
        return "  ".join(
            text.ljust(width) if i < left else text.rjust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()

    return "\n".join([line(cells[0]), "  ".join("─" * width for width in widths), *map(line, cells[1:])])
