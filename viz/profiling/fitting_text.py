"""Labels in charts that go where there is room for them, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from autograd.extras import import_extra

__all__ = ["Label", "TextRuler", "mark_boxes", "pixel_box", "place_labels"]


class TextRuler:
    """Measures text in pixels of a figure, once its layout is settled."""

    def __init__(self, figure: Any):
        figure.draw_without_rendering()  # a constrained layout moves the axes when it is drawn first
        root = figure.get_figure(root=True)
        agg = import_extra("matplotlib.backends.backend_agg", extra="viz", purpose="draw charts")
        width, height = root.get_size_inches() * root.dpi
        self._renderer = agg.RendererAgg(width, height, root.dpi)
        self._properties = import_extra("matplotlib.font_manager", extra="viz", purpose="draw charts").FontProperties
        self._known: dict[tuple[str, float], float] = {}

    def width(self, text: str, size: float) -> float:
        """The width of a line of text at a font size, in pixels."""
        key = (text, size)
        if key not in self._known:
            properties = self._properties(size=size)
            self._known[key] = self._renderer.get_text_width_height_descent(text, properties, ismath=False)[0]
        return self._known[key]

    def box(self, artist: Any) -> Any:
        """The box of a text or annotation in pixels."""
        return artist.get_window_extent(self._renderer)


@dataclass(frozen=True, slots=True)
class Label:
    """Text for a mark at ``x`` and ``y`` in data coordinates, whose radius is in points. A ``group`` is what several
    labels are alike in."""

    x: float
    y: float
    radius: float
    text: str
    group: object = None


_SPOTS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))


def place_labels(
    axes: Any, labels: Sequence[Label], ruler: TextRuler, *, colour: str, size: float = 9, most: int = 8,
    most_of_group: int = 2, taken: Iterable[Any] = (),
) -> list[Label]:  # fmt: skip
    """Write labels beside their marks, the first ones first, ``most`` of them and so many of each group; those without
    room are passed over. Returns the labels that were written.

    ``taken``  boxes in pixels that no label may cover; the marks of all labels are taken anyway
    """
    inside = axes.get_window_extent()
    marks = mark_boxes(axes, labels)
    boxes = list(taken)
    written: list[Label] = []
    for number, label in enumerate(labels):
        if len(written) == most:
            break
        if sum(other.group == label.group for other in written) >= most_of_group:
            continue
        others = [*marks[:number], *marks[number + 1 :], *boxes]
        for dx, dy in _SPOTS:
            away = label.radius * (0.85 if dx and dy else 1) + 3
            artist = axes.annotate(
                label.text, (label.x, label.y), xytext=(dx * away, dy * away), textcoords="offset points",
                fontsize=size, color=colour, ha=("right", "center", "left")[dx + 1],
                va=("top", "center", "bottom")[dy + 1], zorder=6,
            )  # fmt: skip
            box = ruler.box(artist)
            fits = inside.x0 <= box.x0 and box.x1 <= inside.x1 and inside.y0 <= box.y0 and box.y1 <= inside.y1
            if fits and not any(box.overlaps(other) for other in others):
                boxes.append(box)
                written.append(label)
                break
            artist.remove()
    return written


def mark_boxes(axes: Any, labels: Sequence[Label]) -> list[Any]:
    """The boxes in pixels of the marks of labels."""
    scale = axes.figure.get_figure(root=True).dpi / 72
    found = []
    for label in labels:
        px, py = axes.transData.transform((label.x, label.y))
        r = label.radius * scale * 0.9  # the corners of the box around a disc are free
        found.append(pixel_box(px - r, py - r, px + r, py + r))
    return found


def pixel_box(left: float, bottom: float, right: float, top: float) -> Any:
    """A box in pixels of a figure."""
    transforms = import_extra("matplotlib.transforms", extra="viz", purpose="draw charts")
    return transforms.Bbox.from_extents(left, bottom, right, top)
