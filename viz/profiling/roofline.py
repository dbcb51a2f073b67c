"""The roofline of a profile: how fast each op was, against what the machine can do.

Source: Williams, Waterman and Patterson, 2009, "Roofline: an insightful visual performance model", CACM 52(4).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from viz.figure import axes_or_new
from viz.graphs.wording import amount_text
from viz.profiling.ceilings import Ceilings, measure_ceilings
from viz.profiling.fitting_text import Label, TextRuler, mark_boxes, pixel_box, place_labels
from viz.profiling.kind_looks import KindLook, look_of
from viz.profiling.op_time import OpTime
from viz.theme import LIGHT, Theme

__all__ = ["draw"]

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
        (
            (path, row, row.intensity, row.flops_per_second)
            for path, row in rows
            if row.intensity and row.flops_per_second
        ),
        key=lambda dot: -dot[1].seconds,
    )
    _limits(axes, [(x, y) for _, _, x, y in dots], ceilings)
    longest = max((row.seconds for _, row, _, _ in dots), default=1.0)
    areas = [max(_SMALLEST, _LARGEST * row.seconds / longest) for _, row, _, _ in dots]
    groups: dict[tuple[bool, KindLook], list[tuple[float, float, float]]] = {}
    for (_, row, x, y), area in zip(dots, areas, strict=True):
        groups.setdefault((row.phase == "backward", look_of(row.kind)), []).append((x, y, area))
    for (backward, look), members in groups.items():
        xs, ys, sizes = zip(*members, strict=True)
        axes.scatter(xs, ys, s=sizes, zorder=4, **_mark(look, backward, theme))
    _write_legend(axes, sorted(groups, key=lambda group: (group[0], group[1].label)), theme)
    common = _common_part([path for path, *_ in dots])
    labels = [
        Label(x, y, math.sqrt(area / math.pi), _name(path[common:], row), (row.op, row.phase))
        for (path, row, x, y), area in zip(dots, areas, strict=True)
    ]
    _write_caption(axes, [row for _, row in rows if not (row.intensity and row.flops_per_second)], dots, theme)
    ruler = TextRuler(axes.figure)
    taken = _draw_roof(axes, ceilings, ruler, labels, theme)
    place_labels(axes, labels, ruler, colour=theme.text, size=8.5, taken=taken)
    return axes


def _name(path: str, row: OpTime) -> str:
    return f"{path}{'.' * bool(path)}{row.op}{' (backward)' * (row.phase == 'backward')}"


def _common_part(paths: Sequence[str]) -> int:
    """How many characters at the beginning of all paths name one module around everything."""
    first = {path.partition(".")[0] for path in paths if path}
    return len(first.pop()) + 1 if len(first) == 1 else 0


def _limits(axes: Any, points: Sequence[tuple[float, float]], ceilings: Ceilings) -> None:
    """Room for all points and for the corner of the roof."""
    xs = [x for x, _ in points] + [ceilings.ridge]
    ys = [y for _, y in points] + [ceilings.flops_per_second]
    low, high = min(xs) / 4, max(xs) * 8
    axes.set_xlim(low, high)
    axes.set_ylim(min(*ys, ceilings.at(low)) / 2.5, max(ys) * 3)
    axes.set_xlabel("arithmetic intensity, in FLOP per byte read or written")
    axes.set_ylabel("FLOP/s")
    axes.yaxis.set_major_formatter(lambda value, _: amount_text(value, ""))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.minorticks_off()


def _draw_roof(axes: Any, ceilings: Ceilings, ruler: TextRuler, dots: Sequence[Label], theme: Theme) -> list[Any]:
    """The two ceilings and what they are; returns the boxes in pixels that no other text may cover."""
    (low, high), ridge, peak = axes.get_xlim(), ceilings.ridge, ceilings.flops_per_second
    axes.plot([low, ridge, high], [ceilings.at(low), peak, peak], color=theme.text, linewidth=1.6, zorder=3)
    axes.axvline(ridge, color=theme.muted, linewidth=0.8, linestyle=(0, (4, 4)), zorder=1)
    texts = [
        axes.annotate(
            f"{amount_text(ceilings.bytes_per_second, 'B/s')}, memory", (1.5 * low, ceilings.at(1.5 * low)),
            xytext=(4, 8), textcoords="offset points", ha="left", va="bottom", fontsize=9, color=theme.text,
            rotation=45, rotation_mode="anchor", transform_rotates_text=True,
        )
    ]  # fmt: skip
    texts += [
        axes.annotate(
            text, (ridge, 0), xycoords=axes.get_xaxis_transform(), xytext=(offset, 6), textcoords="offset points",
            ha=side, va="bottom", fontsize=8.5, color=theme.muted, style="italic",
        )
        for text, offset, side in (("bound by memory", -6, "right"), ("bound by arithmetic", 6, "left"))
    ]  # fmt: skip
    marks = mark_boxes(axes, dots)
    for x, side in ((high, "right"), (ridge, "left"), (math.sqrt(ridge * high), "center"), (high, "right")):
        away = {"left": 6, "right": -4, "center": 0}[side]
        flat = axes.annotate(
            f"{amount_text(peak, 'FLOP/s')}, matrix product", (x, peak), xytext=(away, 5), textcoords="offset points",
            ha=side, va="bottom", fontsize=9, color=theme.text, zorder=7,
        )  # fmt: skip
        if not any(ruler.box(flat).overlaps(mark) for mark in marks):
            break
        flat.remove()
    else:  # no room anywhere: it may cover a dot
        axes.add_artist(flat)
    steps = [low * (high / low) ** (i / 100) for i in range(101)]
    line = mark_boxes(axes, [Label(x, ceilings.at(x), 2, "") for x in steps])
    middle = axes.transData.transform((ridge, peak))[0]
    inside = axes.get_window_extent()
    return [
        *(ruler.box(text) for text in (*texts, flat)),
        *line,
        pixel_box(middle - 1, inside.y0, middle + 1, inside.y1),
    ]


def _mark(look: KindLook, backward: bool, theme: Theme) -> dict[str, Any]:
    """How the dots of one kind and pass look: those of the backward pass are hollow."""
    colour = look.of(theme)
    face = "none" if backward else colour + "b0"
    return {"marker": look.marker, "edgecolors": colour, "facecolors": face, "linewidths": 1.4}


def _write_legend(axes: Any, groups: Sequence[tuple[bool, KindLook]], theme: Theme) -> None:
    handles = [
        axes.scatter([], [], s=40, label=look.label + ", backward (≈)" * backward, **_mark(look, backward, theme))
        for backward, look in groups
    ]
    if handles:
        axes.legend(
            handles=handles, frameon=False, labelcolor=theme.text, fontsize=9, ncols=min(3, len(handles)),
            loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, handletextpad=0.2, columnspacing=1.4,
        )  # fmt: skip


def _write_caption(axes: Any, without: Sequence[OpTime], dots: Sequence[Any], theme: Theme) -> None:
    """What is not on the chart."""
    lines = [
        "Area is time." + (" ≈ FLOP estimated from the forward pass." if any(d[1].estimated for d in dots) else "")
    ]
    if without:
        names = ", ".join(dict.fromkeys(row.op for row in without[:40]))
        names = names if len(names) < 70 else names[:70].rsplit(", ", 1)[0] + ", …"
        lines.append(f"Not shown, no FLOP known: {names} ({amount_text(sum(row.seconds for row in without), 's')}).")
    axes.annotate(
        "\n".join(lines), (0, 0), xycoords="axes fraction", xytext=(0, -38), textcoords="offset points", ha="left",
        va="top", fontsize=8.5, color=theme.muted, annotation_clip=False,
    )  # fmt: skip
