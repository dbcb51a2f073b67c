"""Graphviz's SVG made into an element of a page: sized in pixels, titled, with words instead of ids on hover."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import defaultdict

from viz.drawing.faces import Faces, WireFace
from viz.drawing.svg import PIXELS_PER_POINT, SVG, XLINK
from viz.graphs.scene import Scene
from viz.graphs.wording import legible

__all__ = ["described", "to_text"]


def described(drawn: bytes, shown: Scene, told: Faces, summary: str) -> str:
    """What Graphviz drew of a scene, as one ``<svg>`` element without ids, so that several can share a page."""
    root = ET.fromstring(drawn.decode("utf-8"))
    width, height = root.get("viewBox", "0 0 0 0").split()[2:]
    root.set("width", f"{float(width) * PIXELS_PER_POINT:.0f}")
    root.set("height", f"{float(height) * PIXELS_PER_POINT:.0f}")
    root.set("role", "img")
    summary = legible(summary)
    root.set("aria-label", summary)
    root.set("class", "computation-graph")
    wires: defaultdict[str, list[WireFace]] = defaultdict(list)
    for wire, face in reversed(list(zip(shown.wires, told.wires, strict=True))):
        wires[f"{wire.source}->{wire.target}"].append(face)
    for group in root.iter(f"{{{SVG}}}g"):
        group.attrib.pop("id", None)
        _centre_text(group)
        _halo(group)
        title = group.find(f"{{{SVG}}}title")
        if title is None:
            continue
        if text := _title(title.text or "", told, wires):
            title.text = legible(text)
        else:
            group.remove(title)
    first = root.find(f"{{{SVG}}}g")
    if first is not None:
        caption = ET.Element(f"{{{SVG}}}title")
        caption.text = summary
        first.insert(0, caption)
    return to_text(root)


def _title(drawn: str, told: Faces, wires: dict[str, list[WireFace]]) -> str:
    """What to say of the thing that Graphviz titled ``n3`` or ``n3->n5``; empty for anything else."""
    if drawn in told.cards:
        return told.cards[drawn].title
    tail, arrow, head = drawn.partition("->")
    for name in (drawn, f"{head}->{tail}"):  # the backward pass is drawn against its direction
        if arrow and wires.get(name):
            found = wires[name]
            return (found.pop() if len(found) > 1 else found[0]).title
    return ""


_X = re.compile(r"(-?[\d.]+),-?[\d.]+")


def _centre_text(group: ET.Element) -> None:
    """Tie each line of text to the middle of its card: the reader's font may be narrower than the layout's."""
    if not group.get("class", "").startswith("node"):
        return
    middle = None
    for element in group:
        if outline := element.get("points") or element.get("d"):
            across = [float(x) for x in _X.findall(outline)]
            middle = (min(across) + max(across)) / 2
        elif element.tag == f"{{{SVG}}}text" and middle is not None:
            element.set("text-anchor", "middle")
            element.set("x", f"{middle:.2f}")


def _halo(group: ET.Element) -> None:
    """A wide faint outline around a marked card: Graphviz has none."""
    if "marked" not in group.get("class", "").split() or not group.get("class", "").startswith("node"):
        return
    for number, element in enumerate(group):
        if element.get("points") or element.get("d"):
            halo = ET.Element(element.tag, dict(element.attrib))
            halo.attrib.pop("stroke-dasharray", None)
            halo.set("fill", "none")
            halo.set("stroke-width", "11")
            halo.set("stroke-opacity", "0.35")
            group.insert(number, halo)
            return


def to_text(root: ET.Element) -> str:
    """An SVG element as text, with the usual prefixes."""
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", XLINK)
    return ET.tostring(root, encoding="unicode")
