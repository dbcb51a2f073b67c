"""Put the sections of a report into one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from glassgrad.report import markup, sections
from glassgrad.report.evaluation import Evaluation
from viz.drawing.export import write_whole
from viz.graphs.view import GraphView

__all__ = ["write_report"]


def write_report(
    path: str | Path,
    *,
    title: str,
    config: Mapping[str, Any],
    records: Sequence[Mapping[str, Any]],
    graph: GraphView | None = None,
    gradients: Any = None,
    evaluation: Evaluation | None = None,
    figures: Mapping[str, str] | None = None,
) -> Path:
    """Write the page of a run to ``path`` (such as ``runs/first/index.html``) and return the path.

    ``title``       the heading: ``"mlp on digits"``
    ``config``      what the run was asked to do; shown as a table, nested dicts with dotted names
    ``records``     the lines of ``metrics.jsonl``, as :func:`viz.training_curves` takes them; the header shows the last
    ``graph``       the computation of one step, from :func:`viz.graph`
    ``gradients``   a model, a dict from names to gradients, or the outcome of :func:`viz.gradient_statistics`
    ``evaluation``  the answers on held-out data, for the confusion matrix and the grid of the worst mistakes
    ``figures``     more numbers for the header, as text: ``{"parameters": "4,810"}``

    The page follows the reader's light or dark setting, needs no network and holds no reference to one. A section
    whose optional dependency is missing, or whose graph is too large to lay out, says so in its place; the page is
    written all the same. The file appears whole or not at all.
    """
    parts = [
        sections.curves(records),
        sections.computation_graph(graph) if graph is not None else "",
        sections.gradient_flow(gradients) if gradients is not None else "",
        sections.confusion(evaluation) if evaluation is not None else "",
        sections.mistakes(evaluation) if evaluation is not None else "",
        sections.configuration(config),
    ]
    body = "\n".join(part for part in parts if part)
    header = sections.final_figures(records, figures or {})
    page = markup.document(title=title, brand="glassgrad training report", header=header, body=body)
    return write_whole(Path(path), page.encode("utf-8", "replace"))  # a file name may hold what UTF-8 cannot
