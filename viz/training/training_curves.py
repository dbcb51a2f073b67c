"""Loss and accuracy over the course of training."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from viz.figure import new_figure
from viz.theme import LIGHT, Theme
from viz.training.panels import count_steps

__all__ = ["training_curves"]

_LOOKS = (("-", "o"), ("--", "s"), (":", "^"))  # a line style and a marker for each series, besides its colour
_MARKED_POINTS = 40


def training_curves(
    records: Iterable[Mapping[str, Any]],
    *,
    metrics: Sequence[str] = ("loss", "accuracy"),
    theme: Theme = LIGHT,
) -> Any:
    """Draw the metrics of a run: a figure with one Axes for each metric, and in it one line for each split.

    ``records``  the lines of ``metrics.jsonl``: ``{"epoch": 1, "step": 120, "split": "train", "loss": 0.4,
                 "accuracy": 0.9}``; accuracies are fractions. A record may lack a metric, and keys beyond these are
                 left alone
    ``metrics``  the keys to draw, from left to right; one that ends in ``accuracy`` is drawn in percent

    The horizontal axis counts epochs, or steps where a split has several records in one epoch. Values that are not
    finite, which the file has as null, leave a gap. Returns the matplotlib Figure; raises MissingExtraError without
    matplotlib.
    """
    rows = list(records)
    figure = new_figure(4.5 * len(metrics), 3.4, theme)
    position = _position(rows)
    for axes, metric in zip(figure.subplots(1, len(metrics), squeeze=False)[0], metrics, strict=True):
        _draw(axes, rows, metric, position, theme)
    return figure


def _position(rows: list[Mapping[str, Any]]) -> str:
    """The key to draw against."""
    per_epoch = Counter((row.get("split"), row.get("epoch")) for row in rows)
    has_steps = all("step" in row for row in rows)
    return "step" if has_steps and any(count > 1 for count in per_epoch.values()) else "epoch"


def _draw(axes: Any, rows: list[Mapping[str, Any]], metric: str, position: str, theme: Theme) -> None:
    splits: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in rows:
        if metric in row and row.get(position) is not None:
            value = row[metric]
            finite = float(value) if value is not None and math.isfinite(value) else math.nan
            splits[str(row.get("split", "train"))].append((row[position], finite))
    theme.style(axes, grid="y")
    axes.set_title(metric.capitalize(), loc="left", fontsize=11, fontweight="bold", color=theme.text)
    if metric.endswith("accuracy"):
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.4g} %")
    count_steps(axes, [place for points in splits.values() for place, _ in points], position)
    for number, (split, points) in enumerate(splits.items()):
        line, marker = _LOOKS[number % len(_LOOKS)]
        x, y = zip(*points, strict=True)
        axes.plot(
            x, y, linestyle=line, color=theme.lines[number % len(theme.lines)], linewidth=1.8, label=split,
            marker=marker if len(points) <= _MARKED_POINTS else "", markersize=4.5, clip_on=False, zorder=3,
        )  # fmt: skip
    if any(math.isfinite(y) for points in splits.values() for _, y in points):
        axes.legend(frameon=False, labelcolor=theme.text, fontsize=9, handlelength=2.6)
    else:
        axes.text(
            0.5, 0.5, f"no finite {metric} was recorded", transform=axes.transAxes, ha="center", va="center",
            color=theme.muted,
        )  # fmt: skip
