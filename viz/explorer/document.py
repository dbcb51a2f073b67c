"""The page of the explorer: markup, style, script and data in one file that may load nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from autograd.collection import no_collection
from viz.drawing.colour_scale import CATEGORIES, FLAGGED, MIXED, NOT_A_NUMBER, RAMP
from viz.drawing.export import write_whole
from viz.drawing.faces import CARDS
from viz.explorer.encode import encode
from viz.explorer.javascript import kernels_script
from viz.graphs.segments import segment
from viz.graphs.wording import legible

if TYPE_CHECKING:
    from viz.graphs.view import GraphView

__all__ = ["page", "write"]

# In this order: a file may use at once what those before it define, and in its functions everything.
_SCRIPTS = (
    "base", "data", "wording", "scene", "axes", "layering", "layout", "cards", "overlays", "camera", "far", "draw",
    "minimap", "theme", "permalink", "summaries", "panel", "search", "keys", "table", "live", "rules", "scrubber",
    "predict", "evaluator", "edit", "badges", "zoom", "main",
)  # fmt: skip


_LONG = 5000  # nodes from which on a row of nodes is cut into stretches


def page(view: GraphView, *, title: str | None = None) -> str:
    """The view as one HTML page to explore it in: it opens from disk, loads nothing, and needs no network.

    ``title`` is the heading; by default the view's own. A page never opens with more cards than can be looked at: it
    closes groups first, and a long row of nodes without groups is cut into stretches (:func:`viz.segment`).
    """
    with no_collection():
        return _page(segment(view) if len(view.nodes) > _LONG else view, title)


def _page(view: GraphView, title: str | None) -> str:
    heading = escape(legible(title or view.title or "Computation graph"))
    style, script = _asset("explorer.css"), _script(view)
    policy = f"default-src 'none'; img-src data:; script-src '{_digest(script)}'; style-src '{_digest(style)}'"
    looks = {
        "cards": {key: look._asdict() for key, look in CARDS.items()},
        "scale": {
            "ramp": RAMP, "categories": CATEGORIES, "mixed": MIXED, "flagged": FLAGGED, "notANumber": NOT_A_NUMBER,
        },
    }  # fmt: skip
    parts = {
        "POLICY": policy,
        "TITLE": heading,
        "STYLE": style,
        "LOOKS": json.dumps(looks, ensure_ascii=False),
        "DATA": encode(view),
        "SCRIPT": script,
    }
    pieces = _asset("page.html").split("@")  # every second piece is the name of a part
    return "".join(parts[piece] if i % 2 else piece for i, piece in enumerate(pieces))


def write(view: GraphView, path: str | Path, *, title: str | None = None) -> Path:
    """Write the page to ``path``, whole or not at all. Returns the path.

    Raises ArgumentError where there is no such folder.
    """
    return write_whole(Path(path), page(view, title=title))


def _script(view: GraphView) -> str:
    """The files as one strict function, so that the page's only global is ``glass``; and the arithmetic of the view."""
    body = kernels_script(view.program.kernels if view.program else ())
    body += "\n".join(_asset(f"js/{name}.js") for name in _SCRIPTS)
    return f'(() => {{\n"use strict";\n{body}\nbegin();\n}})();\n'


def _asset(name: str) -> str:
    return resources.files("viz.explorer").joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """What a Content Security Policy knows the text of an element by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
