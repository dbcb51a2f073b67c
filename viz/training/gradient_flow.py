"""How large the gradient of each parameter is, layer by layer: where it vanishes, explodes, or never arrives."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.naming import named_tensors
from viz.arrays import host_array
from viz.figure import axes_or_new
from viz.graphs.graph import HasNamedParameters
from viz.theme import LIGHT, Theme
from viz.training.history import norm
from viz.training.panels import name_rows

__all__ = ["GradientStatistics", "gradient_flow", "gradient_statistics"]


@dataclass(frozen=True, slots=True)
class GradientStatistics:
    """The size of one parameter's gradient: Euclidean norm, mean and maximum of the absolute values.

    All three are None where there is no gradient, which is another thing than a gradient of zeros.
    """

    name: str
    norm: float | None
    mean: float | None
    maximum: float | None


def gradient_statistics(named: HasNamedParameters | Mapping[str, Any]) -> tuple[GradientStatistics, ...]:
    """The size of every gradient of a model, in the order of its parameters.

    ``named``  a model, whose parameters' ``.grad`` count; or a dict from names to gradients (Tensors, arrays or None),
               in which a leaf that requires gradients stands for its ``.grad``

    Raises DtypeError for anything else.
    """
    is_model = not isinstance(named, Mapping)
    return tuple(_statistics(name, value, is_model) for name, value in named_tensors(named, "gradient_flow: the model"))


def _statistics(name: str, value: Any, is_parameter: bool) -> GradientStatistics:
    if is_parameter or (getattr(value, "requires_grad", False) and getattr(value, "is_leaf", False)):
        value = value.grad
    if value is None:
        return GradientStatistics(name, None, None, None)
    array = host_array(value)
    if array.size == 0:
        return GradientStatistics(name, 0.0, 0.0, 0.0)
    sizes = np.abs(array.astype(np.complex128 if array.dtype.kind == "c" else np.float64))
    return GradientStatistics(name, norm(sizes), float(sizes.mean()), float(sizes.max()))


def gradient_flow(
    model_or_named: HasNamedParameters | Mapping[str, Any] | Sequence[GradientStatistics],
    ax: Any = None,
    *,
    theme: Theme = LIGHT,
) -> Any:
    """Draw the size of each parameter's gradient on a logarithmic scale, from the first layer at the top to the last.

    ``model_or_named``  a model, a dict from names to gradients, or what :func:`gradient_statistics` made of one
    ``ax``              the matplotlib Axes to draw on; a new figure otherwise

    Gradients of zeros, gradients that are not finite and parameters without a gradient have no place on such a scale;
    each says so in words, in a mark of its own. Returns the Axes (``.figure`` shows it); raises MissingExtraError
    without matplotlib.
    """
    rows = _as_statistics(model_or_named)
    axes = axes_or_new(ax, 7, 1.1 + 0.3 * max(len(rows), 2), theme)
    theme.style(axes, grid="x")
    drawn = [(place, row) for place, row in enumerate(rows) if _problem(row) is None]
    axes.set_xscale("log")
    if drawn:
        places = [place for place, _ in drawn]
        for key, look in _MARKS.items():
            axes.plot(
                [getattr(row, key) for _, row in drawn], places, linestyle="", color=getattr(theme, look.colour),
                marker=look.marker, markersize=6.5, label=look.label, zorder=3,
            )  # fmt: skip
        for place, row in drawn:
            sizes = [row.mean, row.maximum, row.norm]
            axes.plot([min(sizes), max(sizes)], [place, place], color=theme.grid, linewidth=2.5, zorder=2)  # type: ignore[type-var]
        axes.legend(
            frameon=False, labelcolor=theme.text, fontsize=9, ncols=3, loc="lower left", bbox_to_anchor=(0, 1),
            borderaxespad=0.2, handletextpad=0.2,
        )  # fmt: skip
    for place, row in enumerate(rows):
        if problem := _problem(row):
            axes.text(
                0.02, place, f"{_SIGNS[problem]} {problem}", transform=axes.get_yaxis_transform(), va="center",
                color=theme.muted if problem == "no gradient" else theme.orange, fontsize=9,
                style="italic" if problem == "no gradient" else "normal",
                fontweight="normal" if problem == "no gradient" else "bold",
            )  # fmt: skip
    if not drawn:
        axes.set_xticks([])  # there is no scale without a size
        axes.minorticks_off()
    name_rows(axes, [row.name for row in rows], theme)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel("size of the gradient")
    return axes


@dataclass(frozen=True, slots=True)
class _Mark:
    label: str
    marker: str
    colour: str


_MARKS = {
    "norm": _Mark("norm", "o", "blue"),
    "maximum": _Mark("max |g|", "^", "orange"),
    "mean": _Mark("mean |g|", "s", "green"),
}
_SIGNS = {"no gradient": "–", "zero": "×", "not finite": "!"}


def _as_statistics(source: Any) -> tuple[GradientStatistics, ...]:
    if isinstance(source, Iterable) and not isinstance(source, Mapping):
        rows = tuple(source)
        if all(isinstance(row, GradientStatistics) for row in rows):
            return rows
    return gradient_statistics(source)


def _problem(row: GradientStatistics) -> str | None:
    """Why a gradient has no place on a logarithmic scale, if it has none."""
    if row.norm is None or row.mean is None or row.maximum is None:
        return "no gradient"
    if not all(map(math.isfinite, (row.norm, row.mean, row.maximum))):
        return "not finite"
    return "zero" if row.maximum == 0 else None
