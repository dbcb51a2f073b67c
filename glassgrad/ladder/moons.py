"""The data of the ladder: two half circles that no straight line can part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Moons", "two_moons"]


@dataclass(frozen=True)
class Moons:
    """``points`` of shape ``(N, 2)`` and their ``labels`` ``(N,)``: −1 on the upper moon and +1 on the lower."""

    points: NDArray[np.float64]
    labels: NDArray[np.float64]


def two_moons(count: int, noise: float, draw: np.random.Generator) -> Moons:
    """``count`` points along two interleaved half circles of radius 1, each moved by normal ``noise``."""
    upper, lower = (np.linspace(0, np.pi, n) for n in (count - count // 2, count // 2))
    points = np.concatenate(
        [
            np.stack([np.cos(upper), np.sin(upper)], axis=1),
            np.stack([1 - np.cos(lower), 0.5 - np.sin(lower)], axis=1),
        ]
    )
    labels = np.concatenate([np.full(len(upper), -1.0), np.full(len(lower), 1.0)])
    return Moons(points + noise * draw.normal(size=points.shape), labels)
