"""Which classes a classifier takes for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.extras import import_extra
from viz.arrays import host_array
from viz.figure import axes_or_new
from viz.theme import LIGHT, Theme
from viz.training.panels import solid

__all__ = ["confusion_counts", "confusion_matrix"]

_RIGHT, _WRONG = "#0072b2", "#d55e00"  # blue and vermillion of Okabe and Ito's palette
_STRONGEST = 0.75  # opacity of the fullest cell; text in the page's colour stays readable on it
_POINTS_PER_LETTER = 6.0  # of the names below the matrix; where they need more room than there is, they are tilted
_NUMBERED_CLASSES = 20  # more classes than this leave no room for numbers


def confusion_counts(targets: Any, predictions: Any, classes: int) -> NDArray[np.int64]:
    """The number of examples of each class (row) that were taken for each class (column), ``(classes, classes)``.

    ``targets`` and ``predictions`` are integer labels of shape ``(N,)``, arrays or Tensors. Raises ShapeError where
    their shapes differ, and ArgumentError where a label is outside ``0 <= label < classes``.
    """
    true, predicted = _labels(targets), _labels(predictions)
    if true.shape != predicted.shape:
        raise ShapeError(
            f"confusion_matrix: targets is {true.shape} and predictions is {predicted.shape}; both must be (N,). "
            "For scores (N, classes) take scores.argmax(axis=1)."
        )
    for name, labels in (("targets", true), ("predictions", predicted)):
        wrong = labels[(labels < 0) | (labels >= classes)]
        if wrong.size:
            raise ArgumentError(
                f"confusion_matrix: {name} holds {wrong[0]}, and there are {classes} classes from 0 on."
            )
    return np.bincount(true * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def confusion_matrix(
    targets: Any,
    predictions: Any,
    classes: Sequence[str],
    ax: Any = None,
    *,
    normalised: bool = False,
    theme: Theme = LIGHT,
) -> Any:
    """Draw the confusion matrix: right answers in blue along the diagonal, mistakes in orange beside it.

    ``targets``, ``predictions``  integer labels of shape ``(N,)``, arrays or Tensors
    ``classes``                   the name of each label
    ``ax``                        the matplotlib Axes to draw on; a new figure otherwise
    ``normalised``                write percentages of the true class, which add up to 100 along a row, in place of
                                  counts; a mistake below half a percent is "<1"

    The blue is as strong as the share of the class that was right; the orange is relative to the most frequent
    mistake, so that mistakes show in a good classifier too. Returns the Axes; errors as :func:`confusion_counts`, and
    MissingExtraError without matplotlib.
    """
    counts = confusion_counts(targets, predictions, len(classes))
    names = [str(name) for name in classes]
    numbered = len(classes) <= _NUMBERED_CLASSES
    size = max(3.4, 0.42 * len(classes) + 1.2) if numbered else 7.0
    axes = axes_or_new(ax, size, size, theme)
    theme.style(axes, grid="")
    axes.spines["bottom"].set_visible(False)
    axes.set(xlim=(-0.5, len(classes) - 0.5), ylim=(len(classes) - 0.5, -0.5), aspect="equal")
    if numbered:
        _draw_cells(axes, counts, normalised, theme)
    else:
        axes.imshow(_coloured(counts, theme), interpolation="nearest", zorder=1)
    axes.set_xlabel("predicted, in % of the true class" if normalised else "predicted")
    axes.set_ylabel("true")
    if numbered:
        room = 72 * axes.bbox.width / axes.figure.dpi / max(len(names), 1)
        axes.set_xticks(range(len(names)), names)
        if max(map(len, names), default=0) * _POINTS_PER_LETTER > room:
            for label in axes.get_xticklabels():
                label.set(rotation=45, ha="right", va="center", rotation_mode="anchor")
        axes.set_yticks(range(len(names)), names)
        axes.tick_params(colors=theme.text)
    return axes


def _draw_cells(axes: Any, counts: NDArray[np.int64], normalised: bool, theme: Theme) -> None:
    """A tile for each cell with its number on it."""
    patches = import_extra("matplotlib.patches", extra="viz", purpose="draw charts")
    opacity = _opacity(counts)
    for (row, column), count in np.ndenumerate(counts):
        colour = (_RIGHT if row == column else _WRONG) if count else theme.grid
        cell = (column - 0.47, row - 0.47), 0.94, 0.94
        axes.add_patch(patches.Rectangle(*cell, facecolor=colour, alpha=opacity[row, column], linewidth=0))
        if count:
            written = _percent(count / counts[row].sum()) if normalised else f"{count}"
            axes.text(column, row, written, ha="center", va="center", fontsize=9, color=theme.text)


def _coloured(counts: NDArray[np.int64], theme: Theme) -> NDArray[np.float64]:
    """The matrix as one picture ``(classes, classes, 4)`` in full colours, for there is no text on it to be read."""
    colors = import_extra("matplotlib.colors", extra="viz", purpose="draw charts")
    paint = solid(theme)
    picture = np.empty((*counts.shape, 4))
    picture[:] = colors.to_rgba(paint.orange)
    picture[np.eye(len(counts), dtype=bool)] = colors.to_rgba(paint.blue)
    picture[..., 3] = np.where(counts > 0, np.minimum(_opacity(counts) / _STRONGEST, 1.0), 0.0)
    return picture


def _percent(share: float) -> str:
    return "<1" if share < 0.005 else f"{100 * share:.0f}"


def _opacity(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """How strongly to fill each cell: right answers by their share of the class, mistakes against the most frequent."""
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    right = np.eye(len(counts), dtype=bool)
    wrong = np.where(right, 0, counts)
    strength = np.where(right, share, np.sqrt(wrong / max(wrong.max(initial=0), 1)))
    return np.where(counts > 0, 0.12 + (_STRONGEST - 0.12) * strength, 0.35)


def _labels(values: Any) -> NDArray[np.int64]:
    array = host_array(values)
    if array.dtype.kind not in "iub":
        raise DtypeError(
            f"confusion_matrix: the labels are {array.dtype}; they must be integers. "
            "For scores (N, classes) take scores.argmax(axis=1)."
        )
    return array.astype(np.int64)
