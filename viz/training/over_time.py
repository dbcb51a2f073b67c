"""Gradients and updates of every parameter over the steps of a training run."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.extras import import_extra
from viz.figure import axes_or_new
from viz.theme import LIGHT, Theme
from viz.training.history import ModelHistory, Observation, observations_of
from viz.training.panels import colour_bar, count_steps, elided_alike, name_rows, say_instead, sequential, solid, spread

__all__ = ["GradientTable", "gradient_flow_over_time", "gradient_table", "update_ratio_table", "update_ratios"]

_GUIDE = 1e-3
_STYLES = ("-", "--", "-.", ":")
_LABELLED_LINES = 40


@dataclass(frozen=True, eq=False)
class GradientTable:
    """One number for each parameter (row) and step (column), ``(parameters, steps)`` float64.

    ``present`` is False where there was none. The names stand in the order in which they were first seen.
    """

    names: tuple[str, ...]
    steps: tuple[int, ...]
    values: NDArray[np.float64]
    present: NDArray[np.bool_]


def gradient_table(history: ModelHistory | Iterable[Observation] | str) -> GradientTable:
    """The norm of each parameter's gradient at each observed step; not ``present`` where there was no gradient.

    Raises DtypeError where ``history`` is none, and ArgumentError for text that is not the JSON of one.
    """
    return _table(observations_of(history, "gradient_flow_over_time"), "gradient_norm")


def update_ratio_table(history: ModelHistory | Iterable[Observation] | str, *, vectors: bool = False) -> GradientTable:
    """The norm of each step's update over that of the weights, for matrices and larger; of ``vectors`` too if asked.

    Raises what :func:`gradient_table` does.
    """
    rows = observations_of(history, "update_ratios")
    return _table(rows, "update_ratio", least_axes=0 if vectors else 2)


def _table(rows: tuple[Observation, ...], field: str, least_axes: int = 0) -> GradientTable:
    names = list(dict.fromkeys(p.name for row in rows for p in row.parameters if len(p.shape) >= least_axes))
    places = {name: i for i, name in enumerate(names)}
    values = np.full((len(names), len(rows)), np.nan)
    present = np.zeros(values.shape, dtype=bool)
    for column, row in enumerate(rows):
        for parameter in row.parameters:
            number = getattr(parameter, field)
            if parameter.name in places and number is not None:
                values[places[parameter.name], column] = number
                present[places[parameter.name], column] = True
    return GradientTable(tuple(names), tuple(row.step for row in rows), values, present)


def gradient_flow_over_time(
    history: ModelHistory | Iterable[Observation] | str, ax: Any = None, *, theme: Theme = LIGHT
) -> Any:
    """Draw the norm of every gradient as a heat map: parameters from first (top) to last, steps from left to right.

    ``history``  a :class:`ModelHistory`, its observations, or its JSON
    ``ax``       the matplotlib Axes to draw on; a new figure otherwise

    The colour is logarithmic. Zero, not finite and no gradient at all have no place on such a scale, and a hatching of
    their own. Returns the Axes; raises DtypeError for another ``history``, MissingExtraError without matplotlib.
    """
    table = gradient_table(history)
    axes = axes_or_new(ax, 8, 1.5 + min(0.24 * max(len(table.names), 3), 16), theme)
    if not table.values.size:
        say_instead(axes, "no step was observed", theme)
        return axes
    theme.style(axes, grid="")
    edges = _edges(table.steps)
    with np.errstate(invalid="ignore"):
        finite = table.present & np.isfinite(table.values) & (table.values > 0)
    states = np.where(
        finite, "", np.where(~table.present, "no gradient", np.where(table.values == 0, "zero", "not finite"))
    )
    if finite.any():
        colors = import_extra("matplotlib.colors", extra="viz", purpose="draw charts")
        low, high = table.values[finite].min(), table.values[finite].max()
        if high < 1.001 * low:
            low, high = low / 3, high * 3
        mesh = axes.pcolormesh(
            edges, np.arange(len(table.names) + 1) - 0.5, np.ma.array(table.values, mask=~finite), cmap=sequential(),
            norm=colors.LogNorm(low, high), rasterized=True,
        )  # fmt: skip
        colour_bar(mesh, axes, "norm of the gradient", theme)
    _draw_states(axes, states, edges, theme)
    name_rows(axes, table.names, theme)
    axes.set(xlim=(edges[0], edges[-1]), ylim=(len(table.names) - 0.5, -0.5))
    count_steps(axes, table.steps)
    return axes


def _draw_states(axes: Any, states: NDArray[Any], edges: NDArray[np.float64], theme: Theme) -> None:
    """Hatch the cells without a colour, and say in a legend above what each hatching means."""
    patches = import_extra("matplotlib.patches", extra="viz", purpose="draw charts")
    paint = solid(theme)
    looks = {
        "zero": {"facecolor": paint.grid, "edgecolor": paint.muted, "hatch": "////"},
        "not finite": {"facecolor": paint.orange, "edgecolor": paint.page, "hatch": "xxxx"},
        "no gradient": {"facecolor": paint.page, "edgecolor": paint.muted, "hatch": "..."},
    }
    shown = [state for state in looks if (states == state).any()]
    for row, line in enumerate(states):
        start = 0
        for state, cells in groupby(line):
            stop = start + len(list(cells))
            if state:
                axes.broken_barh(
                    [(edges[start], edges[stop] - edges[start])], (row - 0.5, 1), linewidth=0, **looks[state]
                )
            start = stop
    if shown:
        axes.legend(
            handles=[patches.Patch(label=state, linewidth=0, **looks[state]) for state in shown], frameon=False,
            labelcolor=theme.text, fontsize=9, ncols=3, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2,
        )  # fmt: skip


def update_ratios(
    history: ModelHistory | Iterable[Observation] | str,
    ax: Any = None,
    *,
    vectors: bool = False,
    theme: Theme = LIGHT,
) -> Any:
    """Draw how large each step's update is beside the weights, ``‖Δw‖ / ‖w‖``, parameter by parameter over the steps.

    ``vectors``  draw biases and other vectors too; their ratios say little, for they start at or near zero

    The dashed line at 10⁻³ is where healthy training often lies: far above it steps may be too large, far below it
    little is learned (Karpathy, "CS231n: Neural Networks Part 3", cs231n.github.io/neural-networks-3). Updates of zero
    and ratios that are not finite leave a gap. Labels stand at the ends of the lines, from the first parameter (dark)
    to the last. Returns the Axes; errors as :func:`gradient_flow_over_time`.
    """
    table = update_ratio_table(history, vectors=vectors)
    with np.errstate(invalid="ignore"):
        drawn = table.present & np.isfinite(table.values) & (table.values > 0)
    lines = [row for row in range(len(table.names)) if drawn[row].any()]
    axes = axes_or_new(ax, 8, max(3.8, 1.2 + 0.17 * min(len(lines), _LABELLED_LINES)), theme)
    if not lines:
        say_instead(axes, "no update was observed", theme)
        return axes
    theme.style(axes, grid="y")
    axes.set_yscale("log")
    colours = _line_colours(len(lines), theme)
    ends = []
    for number, row in enumerate(lines):
        values = np.where(drawn[row], table.values[row], np.nan)
        axes.plot(
            table.steps, values, color=colours[number], linewidth=1.6, label=table.names[row],
            linestyle=_STYLES[number % len(_STYLES)], marker="o" if len(table.steps) <= 2 else "", markersize=4,
            zorder=3,
        )  # fmt: skip
        ends.append(values[drawn[row]][-1])
    seen = table.values[drawn]
    low, high = min(seen.min(), _GUIDE / 2), max(seen.max(), _GUIDE * 2)
    axes.set_ylim(low / 1.6, high * 1.6)
    axes.axhline(_GUIDE, color=theme.muted, linewidth=1, linestyle=(0, (5, 4)), zorder=2)
    axes.annotate(
        "10⁻³, a rule of thumb", (0, _GUIDE), xycoords=axes.get_yaxis_transform(), xytext=(4, 3),
        textcoords="offset points", color=theme.muted, fontsize=8.5, zorder=5,
        bbox={"facecolor": theme.page, "edgecolor": "none", "pad": 0.8, "alpha": 0.8},
    )  # fmt: skip
    count_steps(axes, table.steps)
    axes.set_ylabel("size of update / size of weights")
    axes.margins(x=0.01)
    _label_ends(axes, table, lines, ends, colours, theme)
    return axes


def _line_colours(count: int, theme: Theme) -> list[Any]:
    """A colour for each line, by depth, of those that stand out from the page."""
    dark = int(solid(theme).page[1:3], 16) < 128
    low, high = (0.3, 0.98) if dark else (0.0, 0.78)
    return [sequential()(place) for place in np.linspace(low, high, count)]


def _label_ends(
    axes: Any, table: GradientTable, lines: list[int], ends: list[float], colours: list[Any], theme: Theme
) -> None:
    """Write each line's name to the right of its end, moved apart where they would overlap."""
    bottom, top = axes.get_ylim()
    height = 72 * axes.bbox.height / axes.figure.dpi
    wanted = [(math.log(end) - math.log(bottom)) / (math.log(top) - math.log(bottom)) for end in ends]
    gap = 9.5 / height
    if gap * (len(lines) - 1) > 1:  # no room for all: every second, third, ... line has a name
        every = math.ceil(gap * len(lines))
        lines, wanted, ends, colours = lines[::every], wanted[::every], ends[::every], colours[::every]
    right, short = table.steps[-1], elided_alike(table.names, 30)
    for row, place, end, colour in zip(lines, spread(wanted, gap, 0.0, 1.0), ends, colours, strict=True):
        axes.annotate(
            short[row], (right, end), xytext=(1.035, place), textcoords="axes fraction", va="center",
            fontsize=8.5, color=theme.text, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.9, "shrinkA": 2, "relpos": (0, 0.5)},
        )  # fmt: skip


def _edges(steps: tuple[int, ...]) -> NDArray[np.float64]:
    """The borders between columns, halfway between steps; the outer ones as far out as their neighbours."""
    centres = np.asarray(steps, dtype=np.float64)
    if len(centres) == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middle = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[centres[0] - (middle[0] - centres[0])], middle, [2 * centres[-1] - middle[-1]]])
