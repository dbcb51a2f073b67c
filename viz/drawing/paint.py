"""A drawing of our own layout as PNG and PDF, by matplotlib."""

from __future__ import annotations

import io
import logging
import math
import warnings
from typing import Any

from autograd.extras import import_extra
from viz.drawing.picture import Curve, Picture, Rect, Text
from viz.drawing.render import DrawingError, Format
from viz.graphs.wording import legible

__all__ = ["MOST_PIXELS", "paint"]

MOST_PIXELS = 50_000_000
"""Of a PNG; and no side is longer than 32,000. A larger drawing is painted at a lower resolution."""

_LEAST_PIXELS_PER_POINT = 0.4  # below which nobody can read a word

_LONGEST_SIDE = 32_000
_PIXELS_PER_INCH = 144  # two pixels to the point: sharp on a dense screen
_LONGEST_PAGE = 14_400  # points; no PDF reader shows more
_DASHES: dict[str, tuple[float, ...] | None] = {"solid": None, "dashed": (5.0, 3.0), "dotted": (1.2, 3.2)}


def paint(drawn: Picture, format: Format) -> bytes:
    """The picture as a PNG with a transparent background, or as a PDF of one page of its size.

    What is too large for the format is painted smaller. Raises MissingExtraError where there is no matplotlib, and
    DrawingError where a PNG would be too small to read.
    """
    import_extra("matplotlib", extra="viz", purpose="draw large graphs, and graphs without Graphviz, as PNG and PDF")
    figure_module = import_extra("matplotlib.figure", extra="viz", purpose="draw graphs as PNG and PDF")
    scale = 1.0
    dots_per_inch: float = _PIXELS_PER_INCH
    if format == "pdf":
        scale = min(1.0, _LONGEST_PAGE / max(drawn.width, drawn.height))
    else:
        per_point = dots_per_inch / 72
        across = math.sqrt(MOST_PIXELS / (drawn.width * drawn.height))
        per_point = min(per_point, across, _LONGEST_SIDE / max(drawn.width, drawn.height))
        if per_point < _LEAST_PIXELS_PER_POINT:
            raise DrawingError(
                f"The drawing is {drawn.width:,.0f} × {drawn.height:,.0f} points: as a PNG of at most "
                f"{MOST_PIXELS // 10**6} million pixels nothing in it could be read.\n"
                "  Close groups first (viz.collapse), or write it as .svg, .pdf or .html."
            )
        dots_per_inch = 72 * per_point
    figure = figure_module.Figure(figsize=(drawn.width * scale / 72, drawn.height * scale / 72), dpi=dots_per_inch)
    figure.patch.set_alpha(0.0)
    figure.add_artist(_artist(drawn, scale))
    out = io.BytesIO()
    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of characters that its font does not have
            metadata = {"CreationDate": None} if format == "pdf" else {"Software": None}
            figure.savefig(out, format=format, dpi=dots_per_inch, transparent=True, metadata=metadata)
    finally:
        log.setLevel(level)
    return out.getvalue()


def _artist(drawn: Picture, scale: float) -> Any:
    """The picture as one matplotlib Artist: ten times faster than an Artist for each of its shapes."""
    artist_module = import_extra("matplotlib.artist", extra="viz", purpose="draw graphs")
    path = import_extra("matplotlib.path", extra="viz", purpose="draw graphs").Path
    transforms = import_extra("matplotlib.transforms", extra="viz", purpose="draw graphs")
    colours = import_extra("matplotlib.colors", extra="viz", purpose="draw graphs")
    font = import_extra("matplotlib.font_manager", extra="viz", purpose="draw graphs").FontProperties
    fonts: dict[tuple[float, bool, bool], Any] = {}

    def font_of(text: Text) -> Any:
        key = (text.size, text.bold, text.italic)
        if key not in fonts:
            fonts[key] = font(
                "DejaVu Sans", style="italic" if text.italic else "normal", weight="bold" if text.bold else "normal",
                size=text.size * scale * _NARROWER,
            )  # fmt: skip
        return fonts[key]

    class Drawn(artist_module.Artist):  # type: ignore[name-defined]
        def draw(self, renderer: Any) -> None:
            pixels = renderer.points_to_pixels(1.0)
            height = drawn.height * scale * pixels
            to_page = transforms.Affine2D().scale(scale * pixels, -scale * pixels).translate(0, height)

            def pen(colour: str | None, thickness: float, dash: str, opacity: float = 1.0) -> Any:
                gc = renderer.new_gc()
                if colour is None:
                    gc.set_linewidth(0.0)
                else:
                    gc.set_foreground(colours.to_rgba(colour, opacity), isRGBA=True)
                    gc.set_linewidth(thickness * scale)
                gc.set_alpha(opacity)
                if (pattern := _DASHES[dash]) is not None:
                    gc.set_dashes(0, [step * scale for step in pattern])
                    if dash == "dotted":
                        gc.set_capstyle("round")
                gc.set_antialiased(True)
                return gc

            for part in drawn.parts:
                for shape in part.shapes:
                    if isinstance(shape, Text):
                        gc = pen(shape.fill, 1.0, "solid")
                        properties, words = font_of(shape), legible(shape.text)
                        x, y = to_page.transform((shape.x, shape.y))
                        if shape.anchor == "middle":
                            x -= renderer.get_text_width_height_descent(words, properties, False)[0] / 2
                        if renderer.flipy():
                            y = height - y
                        renderer.draw_text(gc, x, y, words, properties, 0.0)
                    elif isinstance(shape, Rect):
                        gc = pen(shape.stroke, shape.thickness, shape.dash, shape.opacity)
                        fill = None if shape.fill is None else colours.to_rgba(shape.fill, shape.opacity)
                        renderer.draw_path(gc, _rounded(path, shape), to_page, fill)
                    elif isinstance(shape, Curve):
                        gc = pen(shape.stroke, shape.thickness, shape.dash)
                        codes = [path.MOVETO, *[path.CURVE4] * (len(shape.points) - 1)]
                        renderer.draw_path(gc, path(shape.points, codes), to_page, None)
                    else:
                        gc = pen(None, 0.0, "solid")
                        outline = path([*shape.points, shape.points[0]], closed=True)
                        renderer.draw_path(gc, outline, to_page, colours.to_rgba(shape.fill))
                    gc.restore()

    return Drawn()


_NARROWER = 0.93  # DejaVu is wider than the fonts that the sizes of the text are meant for


def _rounded(path: Any, shape: Rect) -> Any:
    x, y, width, height = shape[:4]
    r = max(0.0, min(shape.radius, width / 2, height / 2))
    right, bottom = x + width, y + height
    points = [
        (x + r, y), (right - r, y), (right, y), (right, y + r), (right, bottom - r), (right, bottom),
        (right - r, bottom), (x + r, bottom), (x, bottom), (x, bottom - r), (x, y + r), (x, y), (x + r, y), (x + r, y),
    ]  # fmt: skip
    line, curve = path.LINETO, path.CURVE3
    codes = [path.MOVETO, *(line, curve, curve) * 4, path.CLOSEPOLY]
    return path(points, codes)
