"""What the classifier says all over the plane, step after step, in few bytes."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glassgrad.ladder.moons import Moons

__all__ = ["Frames", "boundary_frames", "scores"]

_SIDE = 40  # cells along each axis; the page smooths between them
_MOST = 61  # frames; more would not be seen, and each is 2 kB of the page
_MARGIN = 0.3  # around the data
_ASPECT = 1.5  # width over height


@dataclass(frozen=True)
class Frames:
    """Probabilities on a grid of ``side`` × ``side`` cells, one picture for each of some training steps.

    ``low``, ``high``  the corners of the plane that the grid covers, ``(x0, x1)`` each; a cell shows its middle
    ``steps``          how many steps of training each frame has behind it
    ``cells``         uint8 ``(frames, side, side)``: 255 times the probability of the label +1, from the top row down
    """

    side: int
    low: tuple[float, float]
    high: tuple[float, float]
    steps: tuple[int, ...]
    cells: NDArray[np.uint8]

    def base64(self) -> str:
        """All frames as text, one after the other."""
        return base64.b64encode(self.cells.tobytes()).decode("ascii")


def scores(numbers: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The classifier's score of each point ``(N, 2)``, from all its parameters one after the other."""
    hidden = (len(numbers) - 1) // 4
    weight, bias, out, shift = np.split(numbers, [2 * hidden, 3 * hidden, 4 * hidden])
    return np.tanh(points @ weight.reshape(hidden, 2).T + bias) @ out + shift


def boundary_frames(history: NDArray[np.float64], data: Moons) -> Frames:
    """Frames of all parameters ``(steps + 1, P)``, before each step and after the last; if many, of some of them."""
    steps = np.unique(np.linspace(0, len(history) - 1, min(len(history), _MOST)).round().astype(int))
    low, high = _extent(data)
    middles = (np.arange(_SIDE) + 0.5) / _SIDE
    x, y = np.meshgrid(low[0] + middles * (high[0] - low[0]), high[1] - middles * (high[1] - low[1]))
    plane = np.stack([x.ravel(), y.ravel()], axis=1)
    probabilities = [0.5 + 0.5 * np.tanh(scores(history[step], plane) / 2) for step in steps]
    cells = np.round(255 * np.array(probabilities)).astype(np.uint8).reshape(len(steps), _SIDE, _SIDE)
    return Frames(_SIDE, (low[0], low[1]), (high[0], high[1]), tuple(steps.tolist()), cells)


def _extent(data: Moons) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The corners of the least plane of that aspect around the data."""
    low, high = data.points.min(axis=0) - _MARGIN, data.points.max(axis=0) + _MARGIN
    middle, size = (low + high) / 2, high - low
    height = max(size[1], size[0] / _ASPECT)
    half = np.array([_ASPECT * height, height]) / 2
    return middle - half, middle + half
