"""Put the sections of a report into one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

from glassgrad.report import sections
from glassgrad.report.evaluation import Evaluation
from viz.export import write_whole
from viz.theme import DARK, LIGHT, Theme
from viz.view import GraphView

__all__ = ["write_report"]

# The page may load nothing, not even by accident: the browser enforces it.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


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
    page = _page(title, sections.final_figures(records, figures or {}), body)
    return write_whole(Path(path), page.encode("utf-8", "replace"))  # a file name may hold what UTF-8 cannot


def _page(title: str, header: str, body: str) -> str:
    assets = resources.files("glassgrad.report")
    style = _variables() + assets.joinpath("style.css").read_text(encoding="utf-8")
    script = assets.joinpath("explore.js").read_text(encoding="utf-8")
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)} · glassgrad</title>
<link rel="icon" href="data:,">
<style>
{style}</style>
</head>
<body>
<header>
<p class="brand">glassgrad training report</p>
<h1>{escape(title)}</h1>
{header}
</header>
<main>
{body}
</main>
<script>
{script}</script>
</body>
</html>
"""


def _variables() -> str:
    """The colours of the charts' themes as CSS variables, for charts and page alike."""

    def declarations(theme: Theme) -> str:
        return " ".join(f"--chart-{field.name}: {getattr(theme, field.name)};" for field in fields(theme))

    dark = f"@media (prefers-color-scheme: dark) {{ :root {{ {declarations(DARK)} }} }}"
    return f":root {{ {declarations(LIGHT)} }}\n{dark}\n"
