"""The roofline of a profile: how fast each op was, against what the machine can do.

Source: Williams, Waterman and Patterson, 2009, "Roofline: an insightful visual performance model", CACM 52(4).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from viz.ceilings import Ceilings, measure_ceilings
from viz.figure import axes_or_new
from viz.fitting_text import TextRuler, place_labels
from viz.kind_looks import look_of
from viz.op_time import OpTime
from viz.quantities import rate_text, seconds_text
from viz.theme import LIGHT, Theme

__all__ = ["draw"]

_LABELLED = 8
_SMALLEST, _LARGEST = 16.0, 420.0  # areas of dots, in square points


def draw(
    rows: Sequence[tuple[str, OpTime]], ax: Any = None, *, ceilings: Ceilings | None = None, theme: Theme = LIGHT
) -> Any:
    """Draw a dot for each op of each part of a model, with its path. Returns the Axes."""
    ceilings = measure_ceilings() if ceilings is None else ceilings
    axes = axes_or_new(ax, 8, 5.2, theme)
    theme.style(axes)
    axes.set_xscale("log")
    axes.set_yscale("log")
    dots = sorted(
        ((path, row, row.intensity, row.flops_per_second) for path, row in rows if row.intensity and row.flops_per_second),
        key=lambda dot: -dot[1].seconds,
    )
    _limits(axes, [(x, y) for _, _, x, y in dots], ceilings)
    roof = _draw_roof(axes, ceilings, theme)
    longest = max((row.seconds for _, row, _, _ in dots), default=1.0)
    areas = [max(_SMALLEST, _LARGEST * row.seconds / longest) for _, row, _, _ in dots]
    legend: dict[tuple[str, bool], Any] = {}
    for (_, row, x, y), area in zip(dots, areas, strict=True):
        look, estimated = look_of(row.kind), row.phase == "backward"
        axes.scatter(
            x, y, s=area, marker=look.marker, zorder=4, linewidths=1.4, edgecolors=look.of(theme),
            facecolors="none" if estimated else look.of(theme) + "b0",
        )  # fmt: skip
        legend[(look.label, estimated)] = look
    _write_legend(axes, legend, theme)
    labels = [
        (x, y, math.sqrt(area / math.pi), f"{path}{'.' if path else ''}{row.op}{' (backward)' * (row.phase == 'backward')}")
        for (path, row, x, y), area in zip(dots[:_LABELLED], areas, strict=False)
    ]
    ruler = TextRuler(axes.figure)
    place_labels(axes, labels, colour=theme.text, size=8.5, taken=[ruler.box(artist) for artist in roof])
    _write_caption(axes, [row for _, row in rows if not (row.intensity and row.flops_per_second)], dots, theme)
    return axes


def _limits(axes: Any, points: Sequence[tuple[float, float]], ceilings: Ceilings) -> None:
    """Room for all points and for the corner of the roof."""
    xs = [x for x, _ in points] + [ceilings.ridge]
    ys = [y for _, y in points] + [ceilings.flops_per_second]
    low, high = min(xs) / 4, max(xs) * 8
    axes.set_xlim(low, high)
    axes.set_ylim(min(*ys, ceilings.at(low)) / 2.5, max(ys) * 3)
    axes.set_xlabel("arithmetic intensity, in FLOP per byte read or written")
    axes.set_ylabel("FLOP/s")
    axes.yaxis.set_major_formatter(lambda value, _: rate_text(value, ""). removesuffix("/s"))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")


def _draw_roof(axes: Any, ceilings: Ceilings, theme: Theme) -> list[Any]:
    """The two ceilings and what they are; returns their labels."""
    (low, high), ridge = axes.get_xlim(), ceilings.ridge
    axes.plot(
        [low, ridge, high], [ceilings.at(low), ceilings.flops_per_second, ceilings.flops_per_second], color=theme.text,
        linewidth=1.6, zorder=3,
    )  # fmt: skip
    axes.axvline(ridge, color=theme.muted, linewidth=0.8, linestyle=(0, (4, 4)), zorder=1)
    flat = axes.annotate(
        f"{rate_text(ceilings.flops_per_second, 'FLOP')}, matrix product", (high, ceilings.flops_per_second),
        xytext=(-4, 5), textcoords="offset points", ha="right", va="bottom", fontsize=9, color=theme.text,
    )  # fmt: skip
    slope = axes.annotate(
        f"{rate_text(ceilings.bytes_per_second, 'B')}, memory", (low, ceilings.at(low)), xytext=(4, 8),
        textcoords="offset points", ha="left", va="bottom", fontsize=9, color=theme.text, rotation=45,
        rotation_mode="anchor", transform_rotates_text=True,
    )  # fmt: skip
    below = [
        axes.annotate(
            text, (ridge, 0), xycoords=axes.get_xaxis_transform(), xytext=(offset, 6), textcoords="offset points",
            ha=side, va="bottom", fontsize=8.5, color=theme.muted, style="italic",
        )
        for text, offset, side in (("bound by memory", -6, "right"), ("bound by arithmetic", 6, "left"))
    ]  # fmt: skip
    return [flat, slope, *below]


def _write_legend(axes: Any, looks: dict[tuple[str, bool], Any], theme: Theme) -> None:
    handles = []
    for (label, estimated), look in sorted(looks.items(), key=lambda item: (item[0][1], item[0][0])):
        handles.append(
            axes.scatter(
                [], [], s=40, marker=look.marker, edgecolors=look.of(theme), linewidths=1.4,
                facecolors="none" if estimated else look.of(theme) + "b0",
                label=f"{label}, backward (≈)" if estimated else label,
            )
        )  # fmt: skip
    if handles:
        axes.legend(
            handles=handles, frameon=False, labelcolor=theme.text, fontsize=9, ncols=min(3, len(handles)),
            loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, handletextpad=0.2, columnspacing=1.4,
        )  # fmt: skip


def _write_caption(axes: Any, without: Sequence[OpTime], dots: Sequence[Any], theme: Theme) -> None:
    """What is not on the chart."""
    lines = ["Area is time." + (" ≈ FLOP estimated from the forward pass." if any(d[1].estimated for d in dots) else "")]
    if without:
        names = ", ".join(dict.fromkeys(row.op for row in without[:40]))
        names = names if len(names) < 70 else names[:70].rsplit(", ", 1)[0] + ", …"
        lines.append(f"Not shown, no FLOP known: {names} ({seconds_text(sum(row.seconds for row in without))}).")
    axes.annotate(
        "\n".join(lines), (0, 0), xycoords="axes fraction", xytext=(0, -38), textcoords="offset points", ha="left",
        va="top", fontsize=8.5, color=theme.muted, annotation_clip=False,
    )  # fmt: skip
