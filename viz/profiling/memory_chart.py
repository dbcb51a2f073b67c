"""The chart of a memory report: what is there over the two passes, stacked."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd.extras import import_extra
from viz.figure import axes_or_new
from viz.graphs.wording import amount_text, shape_text
from viz.profiling.fitting_text import TextRuler
from viz.theme import LIGHT, Theme

if TYPE_CHECKING:
    from viz.profiling.buffer_use import Category
    from viz.profiling.memory import Holder, MemoryReport

__all__ = ["draw"]

# From the bottom up: what stays lies below what comes and goes. A colour of the theme, and a hatch against confusion.
_LOOKS: dict[Category, tuple[str, str]] = {
    "parameters": ("muted", ""),
    "inputs": ("muted", "...."),
    "activations": ("blue", ""),
    "gradients": ("orange", ""),
    "temporaries": ("green", "////"),
}
_NAMED = 8  # of the largest at the peak
_COLUMNS = 1000  # of the chart: more than that are narrower than a pixel
_LEAST_PASS = 12  # pixels that a pass is wide on average, where passes are marked
_LONGEST = 44  # characters of a name beside the chart


def draw(report: MemoryReport, ax: Any = None, *, theme: Theme = LIGHT) -> Any:
    """Draw a memory report. Returns the Axes."""
    patches = import_extra("matplotlib.patches", extra="viz", purpose="draw charts")
    axes = axes_or_new(ax, 10, 4.6, theme)
    theme.style(axes, grid="y")
    timeline = report.timeline()
    columns = _columns(report.total)
    edges = np.append(columns.starts, len(report.moments))
    below = np.zeros(len(edges))
    scale, unit = _scale(report.peak)
    handles = []
    for name, (colour, hatch) in _LOOKS.items():
        if not any(timeline[name]):
            continue
        held = np.array(timeline[name])[columns.shown] / scale
        held = np.append(held, held[-1])  # the last step needs its right edge
        fill = getattr(theme, colour)
        style = {
            "facecolor": fill if not hatch else fill + "38", "edgecolor": fill if hatch else "none", "hatch": hatch,
            "linewidth": 0,
        }  # fmt: skip
        axes.fill_between(edges, below, below + held, step="post", zorder=2, **style)
        below = below + held
        axes.plot(edges, below, drawstyle="steps-post", color=theme.page, linewidth=0.7, zorder=3)
        handles.append(
            patches.Patch(label=f"{name}, {amount_text(timeline[name][report.peak_at], 'B')} at the peak", **style)
        )
    axes.set_xlim(0, edges[-1])
    axes.set_ylim(0, 1.24 * report.peak / scale)
    axes.set_ylabel(unit)
    axes.set_xlabel("event, in the order of the program")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(
        handles=handles[::-1], frameon=False, labelcolor=theme.text, fontsize=9, ncols=3, loc="lower left",
        bbox_to_anchor=(0, 1), borderaxespad=0.2, handlelength=1.4, handletextpad=0.5, columnspacing=1.6,
    )  # fmt: skip
    _name_holders(axes, report, theme)
    ruler = TextRuler(axes.figure)
    _mark_passes(axes, report, ruler, theme)
    _annotate_peak(axes, report, report.peak / scale, ruler, theme)
    return axes


class _Columns(NamedTuple):
    """The steps of the chart: where each begins, and the event that it shows."""

    starts: np.ndarray
    shown: np.ndarray


def _columns(total: Sequence[int]) -> _Columns:
    """One for each event; of very many, each shows the one in its stretch during which most was there."""
    count = min(len(total), _COLUMNS)
    bounds = np.linspace(0, len(total), count + 1).astype(int)
    shown = [start + int(np.argmax(total[start:end])) for start, end in itertools.pairwise(bounds)]
    return _Columns(bounds[:-1], np.array(shown))


def _scale(peak: int) -> tuple[float, str]:
    """The unit of the axis."""
    power = min((max(peak, 1).bit_length() - 1) // 10, 4)
    return 1024.0**power, ("B", "KiB", "MiB", "GiB", "TiB")[power]


def _mark_passes(axes: Any, report: MemoryReport, ruler: TextRuler, theme: Theme) -> None:
    """The names of the passes, at the head of each stretch of one, and lines between them."""
    starts = [i for i, m in enumerate(report.moments) if i == 0 or m.phase != report.moments[i - 1].phase]
    ends = [*starts[1:], len(report.moments)]
    pixels = axes.get_window_extent().width / len(report.moments)
    if len(starts) * _LEAST_PASS > len(report.moments) * pixels:  # lines would cover what they divide
        return
    for start, end in zip(starts, ends, strict=True):
        if start:
            axes.axvline(start, color=theme.muted, linewidth=0.8, linestyle=(0, (4, 4)), zorder=4)
        name = report.moments[start].phase
        if ruler.width(name, 9) < (end - start) * pixels:
            axes.text(
                (start + end) / 2, 0.985, name, transform=axes.get_xaxis_transform(), ha="center", va="top", fontsize=9,
                color=theme.muted, style="italic",
            )  # fmt: skip


def _annotate_peak(axes: Any, report: MemoryReport, height: float, ruler: TextRuler, theme: Theme) -> None:
    """A mark at the peak, and above it where it is."""
    x = report.peak_at + 0.5
    axes.plot([x], [height], marker="v", markersize=7, color=theme.text, zorder=6, clip_on=False)
    words = f"peak {amount_text(report.peak, 'B')}, {report.peak_moment}"
    inside = axes.get_window_extent()
    half = 0.55 * ruler.width(words, 9) * len(report.moments) / inside.width  # bold is wider
    axes.annotate(
        words, (min(max(x, half), max(len(report.moments) - half, half)), height), xytext=(0, 8),
        textcoords="offset points", ha="center", va="bottom", fontsize=9, fontweight="bold", color=theme.text, zorder=7,
        bbox={"facecolor": theme.page, "edgecolor": "none", "pad": 1.5},
    )  # fmt: skip


def _name_holders(axes: Any, report: MemoryReport, theme: Theme) -> None:
    """Beside the chart, who holds most at the peak."""
    alive = report.alive()
    lines = [line for holder in alive[:_NAMED] for line in _named(holder)]
    if len(alive) > _NAMED:
        lines.append(f"and {len(alive) - _NAMED} more")
    axes.text(
        1.02, 1.0, "at the peak", transform=axes.transAxes, va="top", fontsize=9, fontweight="bold", color=theme.text
    )
    axes.text(
        1.02, 0.94, "\n".join(lines), transform=axes.transAxes, va="top", fontsize=8.5, color=theme.muted,
        linespacing=1.35,
    )  # fmt: skip


def _named(holder: Holder) -> tuple[str, str]:
    """Two lines about a holder: how much of what, and where."""
    shape = "" if holder.shape is None else f"  {shape_text(holder.shape)}"
    where = holder.what + (f" in {holder.scope}" if holder.scope and not holder.name else "")
    where = where if len(where) <= _LONGEST else f"{where[: _LONGEST // 2]}…{where[-_LONGEST // 2 :]}"
    return f"{amount_text(holder.nbytes, 'B')}{shape}", f"   {where}"
