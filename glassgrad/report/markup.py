"""What pages are built of: the shell that loads nothing, sections, tables, and a box to explore a graph in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from html import escape
from importlib import resources

import viz
from autograd.errors import MissingExtraError
from viz.theme import DARK, LIGHT, Theme

__all__ = ["details", "document", "explorer", "or_reason", "section", "table"]

# The page may load nothing, not even by accident: the browser enforces it.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def document(
    *, title: str, brand: str, header: str, body: str, style: str = "", script: str = "", connect: bool = False
) -> str:
    """A whole page that follows the reader's light or dark setting and needs no network.

    ``brand``   a line above the title: what made the page
    ``header``  markup below the title
    ``style``, ``script``  what this page needs besides the style of all pages and the script of :func:`explorer`
    ``connect``  whether the page may ask the server that it came from for more
    """
    policy = _POLICY + ("; connect-src 'self'" if connect else "")
    assets = resources.files("glassgrad.report")
    style = _variables() + assets.joinpath("style.css").read_text(encoding="utf-8") + style
    script = assets.joinpath("explore.js").read_text(encoding="utf-8") + script
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)} · glassgrad</title>
<link rel="icon" href="data:,">
<style>
{style}</style>
</head>
<body>
<header>
<p class="brand">{escape(brand)}</p>
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


def section(name: str, heading: str, body: str) -> str:
    """A part of the page with a heading that links may point to."""
    return f'<section aria-labelledby="{name}">\n<h2 id="{name}">{escape(heading)}</h2>\n{body}\n</section>'


def details(summary: str, body: str) -> str:
    """Something that opens on demand."""
    return f'<details><summary>{escape(summary)}</summary><div class="scroll">{body}</div></details>'


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of texts; the first cell of each row is its heading."""
    head = "".join(f'<th scope="col">{escape(str(cell))}</th>' for cell in header)
    body = "".join(
        f'<tr><th scope="row">{escape(str(first))}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def or_reason(draw: Callable[[], str]) -> str:
    """A drawing, or why there is none: a run that took hours must not lose its report to a missing package."""
    try:
        return draw()
    except (MissingExtraError, viz.DrawingError) as error:
        return f'<p class="missing">This drawing is missing. {escape(str(error))}</p>'


def explorer(view: viz.GraphView, label: str = "computation graph", *, fit: bool = False) -> str:
    """A graph in a box that scrolls, pans and zooms, or why it cannot be drawn.

    ``label`` is for screen readers. With ``fit`` a graph that is a little too wide for the box begins smaller.
    """

    def draw() -> str:
        # The buttons need the script, which shows them; without it the box scrolls.
        return f"""<div class="explorer"{" data-fit" if fit else ""}>
<p class="tools" hidden>
<button type="button" data-zoom="in" aria-label="zoom in">+</button>
<button type="button" data-zoom="out" aria-label="zoom out">−</button>
<button type="button" data-zoom="reset">100 %</button>
<button type="button" data-zoom="fit">whole graph</button>
<span>drag to pan, Ctrl and wheel to zoom, hover over a card for its details</span>
</p>
<div class="canvas" tabindex="0" role="region" aria-label="{escape(label)}, scrollable">{view.to_svg()}</div>
</div>"""

    return or_reason(draw)


def _variables() -> str:
    """The colours of the charts' themes as CSS variables, for charts and page alike."""

    def declarations(theme: Theme) -> str:
        return " ".join(f"--chart-{field.name}: {getattr(theme, field.name)};" for field in fields(theme))

    dark = f"@media (prefers-color-scheme: dark) {{ :root {{ {declarations(DARK)} }} }}"
    return f":root {{ {declarations(LIGHT)} }}\n{dark}\n"
