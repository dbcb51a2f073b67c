"""Graphviz, wherever it is: the system's ``dot``, or else the library inside the ``pygraphviz`` wheel.

Both run in a process of their own, because a layout can take for ever and must be stopped then.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape

from autograd.errors import GlassgradError, MissingExtraError

__all__ = ["TIME_LIMIT", "DrawingError", "Format", "render"]

Format = Literal["svg", "png", "pdf"]

TIME_LIMIT = 30.0
"""Seconds that a layout may take, unless the caller says otherwise."""

# The wheel has Graphviz as a library and no ``dot`` program, so this is the missing program.
_DOT_OF_THE_WHEEL = """
import sys
import pygraphviz
source = sys.stdin.buffer.read().decode("utf-8")
picture = pygraphviz.AGraph(string=source).draw(format=sys.argv[1], prog="dot")
sys.stdout.buffer.write(picture)
"""


class DrawingError(GlassgradError, RuntimeError):
    """Graphviz refused a graph, or did not finish it in time."""


def render(dot: str, format: Format, *, nodes: int, time_limit: float = TIME_LIMIT) -> bytes:
    """Lay out and draw a DOT graph of so many ``nodes``.

    Raises :class:`~autograd.errors.MissingExtraError` where there is no Graphviz, and :class:`DrawingError` where it
    takes longer than ``time_limit`` seconds or fails.
    """
    command = _command(format)
    try:
        with tempfile.TemporaryDirectory(prefix="glassgrad-") as folder:
            result = subprocess.run(
                command,
                input=dot.encode("utf-8"),
                capture_output=True,
                timeout=time_limit,
                check=False,
                env=os.environ | _fonts(Path(folder)),
            )
    except subprocess.TimeoutExpired as error:
        raise DrawingError(
            f"Graphviz did not lay out {nodes:,} nodes within {time_limit:g} s.\n"
            "  Draw a smaller graph (a shorter chain, or an output of one layer), give it longer with time_limit=..., "
            "or write the graph alone with to_dot() or save('graph.dot')."
        ) from error
    if result.returncode != 0 or not result.stdout:
        raise DrawingError(_failure(result, format, nodes))
    return result.stdout


def _command(format: Format) -> list[str]:
    if dot := shutil.which("dot"):
        return [dot, f"-T{format}"]
    if importlib.util.find_spec("pygraphviz") is not None:
        return [sys.executable, "-P", "-c", _DOT_OF_THE_WHEEL, format]
    raise MissingExtraError(
        "Graphviz is needed to lay out graphs: there is no program 'dot' on the PATH and no package pygraphviz.\n"
        "  Install it with: pip install 'glassgrad[viz]' (or your system's package graphviz). "
        "to_dot() and save('graph.dot') work without it."
    )


_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">{system}</include>
  <dir>{folder}</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""


def _fonts(folder: Path) -> dict[str, str]:
    """Settings that add matplotlib's own font to the system's: a bare machine has none, and text would be boxes."""
    matplotlib = importlib.util.find_spec("matplotlib")
    if not sys.platform.startswith("linux") or matplotlib is None or matplotlib.origin is None:
        return {}
    added = Path(matplotlib.origin).with_name("mpl-data") / "fonts" / "ttf"
    system = os.environ.get("FONTCONFIG_FILE", "/etc/fonts/fonts.conf")
    settings = folder / "fonts.conf"
    settings.write_text(_FONTS.format(system=escape(system), folder=escape(str(added))), encoding="utf-8")
    return {"FONTCONFIG_FILE": str(settings)}


def _failure(result: subprocess.CompletedProcess[bytes], format: Format, nodes: int) -> str:
    said = result.stderr.decode("utf-8", "replace").strip().splitlines()
    how = f"was ended by signal {-result.returncode}" if result.returncode < 0 else "failed"
    message = f"Graphviz {how} on {nodes:,} nodes, format {format}"
    message += f": {said[-1]}" if said else "."
    if result.returncode < 0:
        message += "\n  The graph is too large or too deep for it: draw a smaller one, or write it with to_dot()."
    return message
