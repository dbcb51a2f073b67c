"""The flame chart of a profile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.extras import import_extra
from autograd.recording import Call
from viz.figure import axes_or_new
from viz.graphs.wording import amount_text
from viz.profiling.fitting_text import TextRuler
from viz.profiling.frames import Frame, frames_of
from viz.profiling.kind_looks import look_of
from viz.profiling.steps import Gap, TimedStep
from viz.theme import LIGHT, Theme

__all__ = ["draw"]

_HEIGHT = 0.92  # of a box in its row
_SLIVER = 1 / 600  # of the whole time
_OUTLINED = 1 / 300  # of the whole time: boxes from that width on have an outline
_PADDING = 5  # pixels that a label leaves free at both sides of its box, together


def draw(
    steps: Sequence[TimedStep], gaps: Sequence[Gap], calls: Sequence[Call], ax: Any = None, *, show_gaps: bool = True,
    theme: Theme = LIGHT,
) -> Any:  # fmt: skip
    """Draw the boxes of a profile, time from left to right, the outermost at the top. Returns the Axes."""
    patches = import_extra("matplotlib.patches", extra="viz", purpose="draw charts")
    frames = frames_of(steps, gaps, calls)
    shown = [frame for frame in frames if show_gaps or frame.kind != "gap"]
    rows = 1 + max(frame.depth for frame in shown)
    axes = axes_or_new(ax, 11, 1.2 + 0.27 * rows, theme)
    theme.style(axes, grid="x")
    place = _time(frames[0].start if frames else 0.0) if show_gaps else _time_in_ops(steps)
    end = max(place(frame.end) for frame in shown)
    scale, unit = next((s, u) for s, u in ((1, "s"), (1e3, "ms"), (1e6, "µs")) if end * s >= 1 or u == "µs")

    groups: dict[str, list[Frame]] = {}
    for frame in shown:
        look = frame.kind if frame.kind in ("pass", "scope", "gap") else look_of(frame.kind).label
        groups.setdefault(look, []).append(frame)
    handles = []
    for look, members in groups.items():
        style = _style(look, members[0], theme)
        for depth in sorted({frame.depth for frame in members}):
            edges = [(place(f.start) * scale, place(f.end) * scale) for f in members if f.depth == depth]
            spans = _worth_drawing(edges, end * scale, look == "gap")
            for outlined in (True, False):  # the outline of a very narrow box would hide it
                some = [span for span in spans if (span[1] >= _OUTLINED * end * scale) == outlined]
                look_of_some = style if outlined else style | {"linewidth": 0}
                if some:
                    axes.broken_barh(some, (depth + (1 - _HEIGHT) / 2, _HEIGHT), **look_of_some)
        if look not in ("pass", "scope"):
            label = look if look != "gap" else f"in no op ({amount_text(sum(f.seconds for f in members), 's')})"
            handles.append(patches.Patch(label=label, **style))
    axes.set_ylim(rows, 0)
    axes.set_xlim(0, end * scale)
    axes.set_yticks([])
    axes.set_xlabel(f"time in {unit}" if show_gaps else f"time in ops, in {unit}")
    axes.legend(
        handles=handles, frameon=False, labelcolor=theme.text, fontsize=9, ncols=len(handles), loc="lower left",
        bbox_to_anchor=(0, 1), borderaxespad=0.2, handlelength=1.2, handletextpad=0.5, columnspacing=1.6,
    )  # fmt: skip
    _write_labels(axes, shown, lambda t: place(t) * scale, theme)
    return axes


def _worth_drawing(edges: Sequence[tuple[float, float]], whole: float, gaps: bool) -> list[tuple[float, float]]:
    """Starts and lengths of boxes of one row and look: slivers that touch are drawn as one, and gaps that are slivers
    are left empty."""
    if gaps:
        return [(start, end - start) for start, end in edges if end - start > _SLIVER * whole]
    found: list[tuple[float, float]] = []
    least = 0.2 * _SLIVER * whole
    for start, end in edges:
        if found and end - start < least and start - sum(found[-1]) < least:
            found[-1] = found[-1][0], end - found[-1][0]
        else:
            found.append((start, end - start))
    return found


def _time(zero: float) -> Callable[[float], float]:
    return lambda t: t - zero


def _time_in_ops(steps: Sequence[TimedStep]) -> Callable[[float], float]:
    """The map from a moment to the time that was spent in ops before it."""
    times, spent = [0.0], [0.0]
    for step in steps:
        if step.within is None and step.seconds > 0 and step.end > times[-1]:
            start = max(step.start, times[-1])
            times += [start, step.end]
            spent += [spent[-1], spent[-1] + step.end - start]
    return lambda t: float(np.interp(t, times, spent))


def _style(look: str, example: Frame, theme: Theme) -> dict[str, Any]:
    """How boxes of one group are filled."""
    if look == "gap":
        return {"facecolor": "none", "edgecolor": theme.muted, "hatch": "////", "linewidth": 0, "alpha": 0.55}
    if look == "pass":
        return {"facecolor": theme.muted, "edgecolor": theme.page, "linewidth": 0.5}
    if look == "scope":
        return {"facecolor": theme.grid, "edgecolor": theme.page, "linewidth": 0.5}
    return {"facecolor": look_of(example.kind).of(theme), "edgecolor": theme.page, "linewidth": 0.5}


def _write_labels(axes: Any, frames: Sequence[Frame], place: Callable[[float], float], theme: Theme) -> None:
    """A name in each box that it fits into."""
    ruler = TextRuler(axes.figure)
    low, high = axes.get_xlim()
    pixels = axes.get_window_extent().width / (high - low)
    for frame in frames:
        start, end = place(frame.start), place(frame.end)
        size = 8.5
        room = (end - start) * pixels - _PADDING
        if frame.kind == "gap" or room < 8 or ruler.width(frame.label, size) > room:
            continue
        axes.text(
            (start + end) / 2, frame.depth + 0.5, frame.label, ha="center", va="center", fontsize=size, clip_on=True,
            color=theme.text if frame.kind == "scope" else theme.page,
        )  # fmt: skip
