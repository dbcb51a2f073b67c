"""A drawing of our own layout as one SVG element."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from viz.drawing.picture import Curve, Part, Picture, Polygon, Rect, Text
from viz.graphs.wording import legible

__all__ = ["PIXELS_PER_POINT", "SVG", "XLINK", "svg_text"]

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
PIXELS_PER_POINT = 96 / 72  # CSS

_FONT = "Helvetica,Arial,sans-serif"
_DASHES = {
    "solid": "",
    "dashed": ' stroke-dasharray="5,3"',
    "dotted": ' stroke-dasharray="1.2,3.2" stroke-linecap="round"',
}


def svg_text(drawn: Picture, summary: str, note: str = "") -> str:
    """The ``<svg>`` element, with words for a screen reader: a ``summary`` and a further ``note``."""
    return "".join(_written(drawn, legible(summary), legible(note)))


def _written(drawn: Picture, summary: str, note: str) -> Iterator[str]:
    width, height = drawn.width, drawn.height
    yield (
        f'<svg xmlns="{SVG}" width="{width * PIXELS_PER_POINT:.0f}" height="{height * PIXELS_PER_POINT:.0f}" '
        f'viewBox="0.00 0.00 {width:.2f} {height:.2f}" role="img" aria-label={quoteattr(summary)} '
        f'class="computation-graph" font-family="{_FONT}">\n<title>{escape(summary)}</title>\n'
    )
    if note:
        yield f"<desc>{escape(note)}</desc>\n"
    for part in drawn.parts:
        yield from _part(part)
    yield "</svg>"


def _part(part: Part) -> Iterator[str]:
    yield f'<g class="{" ".join(part.kinds)}">'
    if part.title:
        yield f"<title>{escape(legible(part.title))}</title>"
    for shape in part.shapes:
        match shape:
            case Rect():
                yield _rect(shape)
            case Curve():
                yield _curve(shape)
            case Polygon():
                yield f'<polygon points="{_joined(shape.points)}" fill="{shape.fill}"/>'
            case Text():
                yield _text(shape)
    yield "</g>\n"


def _rect(shape: Rect) -> str:
    faint = "" if shape.opacity == 1 else f' opacity="{shape.opacity:g}"'
    stroke = "" if shape.stroke is None else f' stroke="{shape.stroke}" stroke-width="{shape.thickness:g}"'
    corners = f' rx="{shape.radius:g}"' if shape.radius > 0 else ""
    return (
        f'<rect x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.width:.1f}" height="{shape.height:.1f}"{corners} '
        f'fill="{shape.fill or "none"}"{stroke}{_DASHES[shape.dash]}{faint}/>'
    )


def _curve(shape: Curve) -> str:
    (x, y), *rest = shape.points
    return (
        f'<path d="M{x:.1f},{y:.1f}C{_joined(rest)}" fill="none" stroke="{shape.stroke}" '
        f'stroke-width="{shape.thickness:g}"{_DASHES[shape.dash]}/>'
    )


def _text(shape: Text) -> str:
    anchor = ' text-anchor="middle"' if shape.anchor == "middle" else ""
    weight = ' font-weight="bold"' if shape.bold else ""
    slant = ' font-style="italic"' if shape.italic else ""
    return (
        f'<text x="{shape.x:.1f}" y="{shape.y:.1f}" font-size="{shape.size:.2f}" fill="{shape.fill}"'
        f"{anchor}{weight}{slant}>{escape(legible(shape.text))}</text>"
    )


def _joined(points: list[tuple[float, float]] | tuple[tuple[float, float], ...]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
