"""A GraphView as SVG, PNG, PDF and DOT, in memory and on disk."""

from __future__ import annotations

import os
import re
import secrets
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from autograd.errors import ArgumentError
from viz.dot import Direction, dot_text, legible
from viz.render import TIME_LIMIT, Format, render
from viz.wording import numbers_text, shape_text

if TYPE_CHECKING:
    from viz.view import GraphView, NodeView

__all__ = ["PIXELS_PER_POINT", "SVG", "XLINK", "pdf", "png", "save", "svg", "to_text", "write_whole"]

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
PIXELS_PER_POINT = 96 / 72  # CSS
_PIXELS_PER_INCH = 144  # two pixels to the point: sharp on a dense screen


def svg(view: GraphView, *, direction: Direction = "down", legend: bool = True, time_limit: float = TIME_LIMIT) -> str:
    """One ``<svg>`` element to put into a page: described for screen readers, and each card tells more on hover."""
    drawn = render(
        dot_text(view, direction=direction, legend=legend), "svg", nodes=len(view.nodes), time_limit=time_limit
    )
    return _described(ET.fromstring(drawn.decode("utf-8")), view)


def png(
    view: GraphView, *, direction: Direction = "down", legend: bool = True, time_limit: float = TIME_LIMIT
) -> bytes:
    """A picture with a transparent background."""
    return _picture(view, "png", direction, legend, time_limit)


def pdf(
    view: GraphView, *, direction: Direction = "down", legend: bool = True, time_limit: float = TIME_LIMIT
) -> bytes:
    """A document of one page."""
    return _picture(view, "pdf", direction, legend, time_limit)


def _picture(view: GraphView, format: Format, direction: Direction, legend: bool, time_limit: float) -> bytes:
    dots_per_inch = _PIXELS_PER_INCH if format == "png" else None
    dot = dot_text(view, direction=direction, legend=legend, dots_per_inch=dots_per_inch)
    return render(dot, format, nodes=len(view.nodes), time_limit=time_limit)


def save(view: GraphView, path: Path, *, direction: Direction, legend: bool, time_limit: float) -> Path:
    """Write the drawing to ``path`` in the format that its suffix names."""
    writers: dict[str, Callable[[], str | bytes]] = {
        ".svg": lambda: svg(view, direction=direction, legend=legend, time_limit=time_limit),
        ".png": lambda: png(view, direction=direction, legend=legend, time_limit=time_limit),
        ".pdf": lambda: pdf(view, direction=direction, legend=legend, time_limit=time_limit),
        ".dot": lambda: dot_text(view, direction=direction, legend=legend),
    }
    suffix = path.suffix.lower()
    if suffix not in writers:
        raise ArgumentError(
            f"save: {path.name!r} ends in {suffix or 'no suffix'!r}; a graph is written as {', '.join(writers)}. "
            f"Try {path.with_suffix('.svg').name!r}."
        )
    return write_whole(path, writers[suffix]())


def write_whole(path: Path, content: str | bytes) -> Path:
    """Write a file so that ``path`` holds the old content or the new, whatever happens in between."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    if not path.parent.is_dir():
        raise ArgumentError(f"cannot write {path}: there is no folder {path.parent}. Make it first, or name another.")
    try:
        with open(beside, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return path


# ------------------------------------------------------------------------------------------------ describing


def _described(root: ET.Element, view: GraphView) -> str:
    """Graphviz's SVG as an element of a page: sized in pixels, titled, with words instead of ids on hover."""
    width, height = root.get("viewBox", "0 0 0 0").split()[2:]
    root.set("width", f"{float(width) * PIXELS_PER_POINT:.0f}")
    root.set("height", f"{float(height) * PIXELS_PER_POINT:.0f}")
    root.set("role", "img")
    summary = legible(_summary(view))
    root.set("aria-label", summary)
    root.set("class", "computation-graph")
    for group in root.iter(f"{{{SVG}}}g"):
        group.attrib.pop("id", None)  # several drawings may share a page
        _centre_text(group)
        title = group.find(f"{{{SVG}}}title")
        if title is None:
            continue
        text = _title(title.text or "", group.get("class", ""), view)
        if text:
            title.text = legible(text)
        else:
            group.remove(title)
    first = root.find(f"{{{SVG}}}g")
    if first is not None:
        caption = ET.Element(f"{{{SVG}}}title")
        caption.text = summary
        first.insert(0, caption)
    return to_text(root)


_X = re.compile(r"(-?[\d.]+),-?[\d.]+")


def _centre_text(group: ET.Element) -> None:
    """Tie each line of text to the middle of its card: the reader's font may be narrower than the layout's."""
    middle = None
    for element in group:
        if outline := element.get("points") or element.get("d"):
            across = [float(x) for x in _X.findall(outline)]
            middle = (min(across) + max(across)) / 2
        elif element.tag == f"{{{SVG}}}text" and middle is not None:
            element.set("text-anchor", "middle")
            element.set("x", f"{middle:.2f}")


def to_text(root: ET.Element) -> str:
    """An SVG element as text, with the usual prefixes."""
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", XLINK)
    return ET.tostring(root, encoding="unicode")


_CARD = re.compile(r"([ng])(\d+)")


def _title(drawn: str, kind: str, view: GraphView) -> str:
    """What to say of the thing that Graphviz titled ``n3`` or ``n3->n5``; empty for anything else."""
    ends = _CARD.findall(drawn)
    if kind.startswith("node") and len(ends) == 1:
        return _name(ends[0], view, _sentence)
    if kind.startswith("edge") and len(ends) == 2:
        return " → ".join(_name(end, view, lambda node: node.label) for end in ends)
    return ""


def _name(end: tuple[str, str], view: GraphView, of_node: Callable[[NodeView], str]) -> str:
    letter, number = end
    if letter == "n":
        return of_node(view.nodes[int(number)])
    group = view.groups[int(number)]
    return f"{group.label} × {group.count}" if group.count > 1 else group.label


def _sentence(node: NodeView) -> str:
    parts = [node.label if node.kind in ("op", "output") else f"{node.kind} {node.name or ''}".strip()]
    if node.op and node.name:
        parts.append(node.name)
    if node.shape is not None:
        parts.append(f"{shape_text(node.shape)} {node.dtype or ''}".strip())
    parts += [f"{name}={value}" for name, value in node.params]
    parts += numbers_text(node)
    return ", ".join(parts)


def _summary(view: GraphView) -> str:
    title = f" of {view.title}" if view.title else ""
    text = f"Computation graph{title}: {len(view.nodes):,} nodes, {len(view.edges):,} edges"
    outputs = [_sentence(node) for node in view.nodes if node.kind == "output"]
    return f"{text}; it ends in {outputs[0]}" if outputs else text
