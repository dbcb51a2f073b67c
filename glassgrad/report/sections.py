"""The sections of a report, each as HTML: a heading, a picture, and the same facts as a table."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

import viz
from autograd.extras import import_extra
from glassgrad.report import markup
from glassgrad.report.evaluation import Evaluation
from viz.training.images import pixels

__all__ = ["computation_graph", "configuration", "confusion", "curves", "final_figures", "gradient_flow", "mistakes"]

_MISTAKES_SHOWN = 24
_TABULATED_CLASSES = 20


def final_figures(records: Sequence[Mapping[str, Any]], more: Mapping[str, str]) -> str:
    """The numbers that the run ended with, held-out data first."""
    last = {str(row.get("split", "train")): row for row in records}
    figures: list[tuple[str, str]] = []
    for split in sorted(last, key="train".__eq__):
        figures += [
            (f"{split} {metric}", _number(metric, last[split][metric]))
            for metric in ("accuracy", "loss")
            if last[split].get(metric) is not None
        ]
    epochs = [row["epoch"] for row in records if row.get("epoch") is not None]
    if epochs:
        figures.append(("epochs", f"{max(epochs):,}"))
    figures += more.items()
    items = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in figures)
    return f'<dl class="figures">{items}</dl>' if items else ""


def curves(records: Sequence[Mapping[str, Any]]) -> str:
    """Loss and accuracy as charts, and the last record of each epoch as a table."""
    if not records:
        return markup.section("curves", "Loss and accuracy", "<p>No metrics were recorded.</p>")

    def draw() -> str:
        charts = (
            viz.figure_svg(
                viz.training_curves(records, metrics=(metric,), theme=viz.THEMEABLE), _trend(records, metric)
            )
            for metric in ("loss", "accuracy")
        )
        return f'<div class="pair">{"".join(f"<div class=scroll>{chart}</div>" for chart in charts)}</div>'

    per_epoch = {(row.get("epoch"), str(row.get("split", "train"))): row for row in records}
    table = markup.table(
        ("epoch", "split", "loss", "accuracy"),
        (
            (_text(epoch), split, _number("loss", row.get("loss")), _number("accuracy", row.get("accuracy")))
            for (epoch, split), row in per_epoch.items()
        ),
    )
    return markup.section(
        "curves", "Loss and accuracy", markup.or_reason(draw) + markup.details("Each epoch as a table", table)
    )


def computation_graph(view: viz.GraphView) -> str:
    """The graph in a box that scrolls, pans and zooms."""

    intro = (
        f"<p>One training step, from its parameters to the loss: {len(view.nodes):,} nodes and {len(view.edges):,} "
        "edges. A backward pass walks the same arrows the other way.</p>"
    )
    return markup.section("graph", "Computation graph of one step", intro + markup.explorer(view))


def gradient_flow(gradients: Any) -> str:
    """The size of each parameter's gradient as a chart and as a table."""
    rows = gradients if _is_statistics(gradients) else viz.gradient_statistics(gradients)
    table = markup.table(
        ("parameter", "norm", "max |g|", "mean |g|"),
        (
            (row.name, *("no gradient" if size is None else f"{size:.3g}" for size in sizes))
            for row in rows
            for sizes in [(row.norm, row.maximum, row.mean)]
        ),
    )

    def draw() -> str:
        axes = viz.gradient_flow(rows, theme=viz.THEMEABLE)
        return f'<div class="scroll">{viz.figure_svg(axes.figure, "Size of the gradient of each parameter")}</div>'

    intro = "<p>The gradient of each parameter at the end of the run, from the first layer to the last.</p>"
    return markup.section(
        "gradients",
        "Gradient flow by layer",
        intro + markup.or_reason(draw) + markup.details("Gradients as a table", table),
    )


def confusion(evaluation: Evaluation) -> str:
    """The confusion matrix as a chart and as a table, and the most frequent mistake in words."""
    classes = evaluation.classes
    counts = viz.confusion_counts(evaluation.targets, evaluation.predictions, len(classes))
    wrong = np.where(np.eye(len(classes), dtype=bool), 0, counts)
    right = int(np.trace(counts))
    words = f"{right:,} of {counts.sum():,} examples are classified right."
    if wrong.any():
        true, predicted = map(int, np.unravel_index(wrong.argmax(), wrong.shape))
        words += (
            f" The most frequent mistake: {classes[true]} taken for {classes[predicted]}, "
            f"{_times(int(wrong[true, predicted]))}."
        )

    def draw() -> str:
        axes = viz.confusion_matrix(evaluation.targets, evaluation.predictions, classes, theme=viz.THEMEABLE)
        return f'<div class="scroll square">{viz.figure_svg(axes.figure, f"Confusion matrix. {words}")}</div>'

    table = ""
    if len(classes) <= _TABULATED_CLASSES:
        rows = ((name, *map(str, row)) for name, row in zip(classes, counts.tolist(), strict=True))
        table = markup.details("Counts as a table", markup.table(("true \\ predicted", *classes), rows))
    return markup.section("confusion", "Confusion matrix", f"<p>{escape(words)}</p>{markup.or_reason(draw)}{table}")


def mistakes(evaluation: Evaluation) -> str:
    """The pictures that the model got wrong with the most confidence."""
    if evaluation.images is None:
        return ""
    total = int((evaluation.predictions != evaluation.targets).sum())
    worst = evaluation.worst_mistakes(_MISTAKES_SHOWN)
    if total == 0:
        body = f"<p>There are none: all {len(evaluation.targets):,} images are classified right.</p>"
        return markup.section("mistakes", "Worst mistakes", body)

    def draw() -> str:
        pictures = map(_png, pixels(evaluation.images[worst]))
        return f'<ul class="grid">{"".join(map(_mistake, worst.tolist(), pictures))}</ul>'

    def _mistake(place: int, picture: str) -> str:
        true = str(evaluation.classes[int(evaluation.targets[place])])
        predicted = str(evaluation.classes[int(evaluation.predictions[place])])
        confidence = f"{100 * evaluation.confidences[place]:.0f} %"
        alt = escape(f"image {place}: {true}, taken for {predicted} with confidence {confidence}")
        return (
            f'<li><img src="data:image/png;base64,{picture}" alt="{alt}">'
            f"<p>true <b>{escape(true)}</b></p><p>predicted <b>{escape(predicted)}</b></p>"
            f'<p class="confidence">{confidence} sure</p></li>'
        )

    shown = f"The {len(worst)} most confident of {total:,} mistakes" if total > len(worst) else f"All {total} mistakes"
    if total == 1:
        shown = "The one mistake"
    words = f"<p>{shown} on {len(evaluation.targets):,} images, the most confident first.</p>"
    return markup.section("mistakes", "Worst mistakes", words + markup.or_reason(draw))


def configuration(config: Mapping[str, Any]) -> str:
    """Every setting of the run."""
    table = markup.table(("setting", "value"), ((name, _text(value)) for name, value in _flat(config)))
    return markup.section("config", "Configuration", f'<div class="scroll">{table}</div>') if config else ""


# --------------------------------------------------------------------------------------------------- building


def _is_statistics(gradients: Any) -> bool:
    return isinstance(gradients, (list, tuple)) and all(isinstance(row, viz.GradientStatistics) for row in gradients)


def _png(picture: Any) -> str:
    image = import_extra("PIL.Image", extra="viz", purpose="show pictures in a report")
    buffer = io.BytesIO()
    image.fromarray(picture).save(buffer, format="PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _flat(config: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in config.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _text(value: Any) -> str:
    return "–" if value is None else str(value)


def _number(metric: str, value: float | None) -> str:
    if value is None:
        return "–"
    if not math.isfinite(value):
        return str(value)
    return f"{100 * value:.2f} %" if metric.endswith("accuracy") else f"{value:.4g}"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _trend(records: Sequence[Mapping[str, Any]], metric: str) -> str:
    """A chart in words: where each split started and where it ended."""
    splits: dict[str, list[float]] = {}
    for row in records:
        if row.get(metric) is not None:
            splits.setdefault(str(row.get("split", "train")), []).append(row[metric])
    trends = [
        f"{split} from {_number(metric, values[0])} to {_number(metric, values[-1])}"
        for split, values in splits.items()
    ]
    return f"{metric.capitalize()} during training: " + ("; ".join(trends) or "nothing was recorded")
