"""Pictures side by side."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.errors import ArgumentError, ShapeError
from viz.arrays import host_array
from viz.figure import new_figure
from viz.theme import LIGHT, Theme

__all__ = ["image_grid", "pixels"]

_LONGEST_LINE = 24  # letters of a title
_INCHES_PER_LETTER = 0.09


def image_grid(images: Any, titles: Sequence[str] | None = None, *, columns: int = 8, theme: Theme = LIGHT) -> Any:
    """Draw images in rows of ``columns``, each under its title.

    ``images``  ``(N, H, W)``, ``(N, 1, H, W)`` or ``(N, 3, H, W)``, array or Tensor; floats in [0, 1] (what lies
                outside is cut off) or uint8
    ``titles``  N short texts; a line break is kept, and a long line is broken

    Returns the matplotlib Figure. Raises ShapeError for other shapes, ArgumentError where the number of titles is not
    N, and MissingExtraError without matplotlib.
    """
    pictures = pixels(images)
    if titles is not None and len(titles) != len(pictures):
        raise ArgumentError(
            f"image_grid: {len(titles)} titles for {len(pictures)} images; give one title for each image."
        )
    columns = max(1, min(columns, len(pictures)))
    rows = max(1, math.ceil(len(pictures) / columns))
    written = [_wrapped(title) for title in titles or ()]
    letters = max((len(line) for title in written for line in title.splitlines()), default=0)
    lines = max((title.count("\n") + 1 for title in written), default=0)
    side = max(1.35, _INCHES_PER_LETTER * letters)
    figure = new_figure(side * columns, (1.35 + 0.4 * (lines > 0) + 0.16 * max(lines - 2, 0)) * rows, theme)
    for place, axes in enumerate(np.ravel(figure.subplots(rows, columns, squeeze=False))):
        axes.axis("off")
        if place >= len(pictures):
            continue
        picture = pictures[place]
        if picture.ndim == 2:
            axes.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        else:
            axes.imshow(picture, interpolation="nearest")
        if titles is not None:
            axes.set_title(written[place], fontsize=9, color=theme.text)
    return figure


def _wrapped(title: str) -> str:
    """A title in lines that fit over a picture."""
    return "\n".join("\n".join(textwrap.wrap(line, _LONGEST_LINE) or [""]) for line in str(title).split("\n"))


def pixels(images: Any) -> NDArray[np.uint8]:
    """Images as :func:`image_grid` takes them, as bytes ``(N, H, W)`` or ``(N, H, W, 3)``."""
    array = host_array(images)
    if array.ndim == 4 and array.shape[1] == 1:
        array = array[:, 0]
    elif array.ndim == 4 and array.shape[1] == 3:
        array = array.transpose(0, 2, 3, 1)
    elif array.ndim != 3:
        raise ShapeError(
            f"image_grid: images is {array.shape}; it must be (N, H, W), (N, 1, H, W) or (N, 3, H, W). "
            "For one image add an axis: image[None]."
        )
    if array.dtype == np.uint8:
        return array
    scaled = np.rint(255 * np.clip(np.nan_to_num(array.astype(np.float64)), 0, 1))
    return scaled.astype(np.uint8)
