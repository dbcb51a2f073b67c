"""Matplotlib figures without its global state, and their SVG as an element of a page, light or dark."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from dataclasses import fields
from typing import Any

from autograd.extras import import_extra
from viz.drawing.export import PIXELS_PER_POINT, SVG, XLINK, to_text
from viz.theme import LIGHT, THEMEABLE, Theme

__all__ = ["axes_or_new", "figure_svg", "new_figure"]


def new_figure(width: float, height: float, theme: Theme = LIGHT) -> Any:
    """An empty matplotlib Figure of so many inches, which pyplot does not know of: no window, no state, no backend.

    Raises :class:`~autograd.errors.MissingExtraError` without matplotlib.
    """
    figure_module = import_extra("matplotlib.figure", extra="viz", purpose="draw charts")
    figure = figure_module.Figure(figsize=(width, height), layout="constrained", facecolor=theme.page)
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    return figure


def axes_or_new(axes: Any, width: float, height: float, theme: Theme) -> Any:
    """The caller's Axes, or the only Axes of a new figure."""
    return new_figure(width, height, theme).add_subplot() if axes is None else axes


def figure_svg(figure: Any, description: str) -> str:
    """A figure as one ``<svg>`` element with ``description`` for screen readers.

    Text stays text. The colours of :data:`~viz.THEMEABLE` become ``var(--chart-text)``, ``var(--chart-blue)`` and
    so on, for a page to set. The same figure gives the same text.
    """
    matplotlib = import_extra("matplotlib", extra="viz", purpose="draw charts")
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": description}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _embedded(ET.fromstring(buffer.getvalue()), description)


def _embedded(root: ET.Element, description: str) -> str:
    for metadata in root.findall(f"{{{SVG}}}metadata"):
        root.remove(metadata)
    for side in ("width", "height"):
        root.set(side, f"{float(root.get(side, '0pt').removesuffix('pt')) * PIXELS_PER_POINT:.0f}")
    root.set("role", "img")
    root.set("aria-label", description)
    root.set("class", "chart")
    used = {target for element in root.iter() for target in _references(element)}
    for element in root.iter():
        if element.get("id") not in used:
            element.attrib.pop("id", None)  # "axes_1" in every chart of a page would be one id many times
        if "style" in element.attrib:
            element.set("style", _FONT.sub(_font, element.attrib["style"]))
    text = to_text(root)
    for field in fields(Theme):
        text = text.replace(getattr(THEMEABLE, field.name), f"var(--chart-{field.name})")
    return text


def _references(element: ET.Element) -> list[str]:
    link = element.get(f"{{{XLINK}}}href", "")
    found = [link[1:]] if link.startswith("#") else []
    return found + [target for value in element.attrib.values() for target in re.findall(r"url\(#([^)]+)\)", value)]


_FONT = re.compile(r"font: ([^;]*?)([\d.]+px) [^;]*")


def _font(match: re.Match[str]) -> str:
    """The page's own font at the chart's size and weight."""
    return f"font: {match[1]}{match[2]} var(--chart-font, sans-serif)"
