"""Geometry of the layered layout: things in a row that keep apart, and straight paths with round corners."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["Point", "rounded", "spread"]

Point = tuple[float, float]


def spread(wishes: Sequence[float], offsets: Sequence[float], weights: Sequence[float]) -> Iterable[float]:
    """The places nearest to the wishes, by weighted least squares, that are as far apart as the offsets at least.

    Less the offsets this is isotonic regression: neighbours that would collide are pooled at their mean.
    """
    means: list[float] = []
    sums: list[float] = []
    counts: list[int] = []
    for wish, offset, weight in zip(wishes, offsets, weights, strict=True):
        mean, total, count = wish - offset, weight, 1
        while means and means[-1] > mean:
            other = sums.pop()
            mean = (mean * total + means.pop() * other) / (total + other)
            total += other
            count += counts.pop()
        means.append(mean)
        sums.append(total)
        counts.append(count)
    flat = [mean for mean, count in zip(means, counts, strict=True) for _ in range(count)]
    return (mean + offset for mean, offset in zip(flat, offsets, strict=True))


def rounded(corners: Sequence[Point], radius: float = 5.0) -> list[Point]:
    """A path along straight lines, with round corners, as Bézier points."""
    points = [corners[0]]

    def line(to: Point) -> None:
        (x, y), (to_x, to_y) = points[-1], to
        points.extend([(x + (to_x - x) / 3, y + (to_y - y) / 3), (x + 2 * (to_x - x) / 3, y + 2 * (to_y - y) / 3), to])

    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        (x, y) = corner
        into = min(radius, (abs(x - before[0]) + abs(y - before[1])) / 2)
        out = min(radius, (abs(after[0] - x) + abs(after[1] - y)) / 2)
        line((x + _sign(before[0] - x) * into, y + _sign(before[1] - y) * into))
        end = (x + _sign(after[0] - x) * out, y + _sign(after[1] - y) * out)
        points.extend([corner, corner, end])
    line(corners[-1])
    return points


def _sign(x: float) -> int:
    return (x > 0) - (x < 0)
