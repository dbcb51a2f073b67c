"""A view drawn with our own layout, as plain shapes in points: what SVG, PNG and PDF are made of."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from viz.drawing.faces import CHIP, LINE, MARK, Face, FaceLine, Faces, Look, WireFace, faces
from viz.drawing.layered_box import HEADER, Point
from viz.drawing.layout import Direction, Layout, Rectangle, Route, layout
from viz.drawing.text_width import text_width
from viz.graphs.scene import Scene, scene

if TYPE_CHECKING:
    from viz.drawing.colour_scale import ColourScale
    from viz.graphs.view import GraphView

__all__ = ["Curve", "Dash", "Part", "Picture", "Polygon", "Rect", "Text", "picture"]

Dash = Literal["solid", "dashed", "dotted"]

_MARGIN = 11.0
_LEGEND_WIDTH = 420.0
_BAR_STEPS, _BAR_STEP = 24, 5.0
_ARROW_LENGTH, _ARROW_WIDTH = 7.0, 6.0


class Rect(NamedTuple):
    """A rectangle with round corners; a fill or stroke of None is not painted."""

    x: float
    y: float
    width: float
    height: float
    radius: float
    fill: str | None
    stroke: str | None
    thickness: float = 1.0
    dash: Dash = "solid"
    opacity: float = 1.0


class Curve(NamedTuple):
    """Cubic Bézier curves that join."""

    points: tuple[Point, ...]
    stroke: str
    thickness: float
    dash: Dash = "solid"


class Polygon(NamedTuple):
    """A filled polygon: an arrowhead."""

    points: tuple[Point, ...]
    fill: str


class Text(NamedTuple):
    """A line of text in the middle of ``x``, or from there on, standing on the line ``y``."""

    x: float
    y: float
    text: str
    size: float
    fill: str
    bold: bool = False
    italic: bool = False
    anchor: Literal["middle", "start"] = "middle"


class Part(NamedTuple):
    """Shapes that belong together: a card, a wire, a box. ``title`` is for hovering; it may be empty."""

    kinds: tuple[str, ...]
    title: str
    shapes: tuple[Rect | Curve | Polygon | Text, ...]


@dataclass(frozen=True)
class Picture:
    """The whole drawing: what comes later in ``parts`` lies above what comes before."""

    width: float
    height: float
    parts: tuple[Part, ...]


def picture(
    view: GraphView,
    *,
    direction: Direction = "down",
    legend: bool = True,
    details: bool = False,
    edge_shapes: bool = False,
) -> Picture:
    """Draw a view. Raises ArgumentError for an unknown ``direction``."""
    shown = scene(view)
    told = faces(view, shown, details=details, edge_shapes=edge_shapes)
    sizes = {key: _size(face) for key, face in told.cards.items()}
    labels = {i: (text_width(face.label, 9) + 6, 13.0) for i, face in enumerate(told.wires) if face.label}
    headers = {group: text_width(name, 10, bold=True) + 16 for group, name in told.boxes.items()}
    placed = layout(shown, sizes, direction, labels=labels, headers=headers)
    heading, heading_width, heading_height = _heading(view.title, told if legend else None, placed.width)
    width = max(placed.width, heading_width) + 2 * _MARGIN
    parts = [_moved(part, (width - heading_width) / 2, _MARGIN) for part in heading]
    dx, dy = (width - placed.width) / 2, _MARGIN + heading_height
    # Wires lie over the boxes and under the cards, and their labels over everything.
    drawn = [
        *(_box(placed.boxes[box.group.id]) for box in shown.boxes),
        *(_wire(route, face) for route, face in zip(placed.wires, told.wires, strict=True)),
        *(_card(placed.cards[card.key], told.cards[card.key]) for card in shown.cards),
        *_box_labels(shown, placed, told),
        *_wire_labels(placed, told, labels),
    ]
    parts += [_moved(part, dx, dy) for part in drawn]
    return Picture(width, placed.height + heading_height + 2 * _MARGIN, tuple(parts))


# ------------------------------------------------------------------------------------------------ cards

_HEIGHTS = {"role": 11.0, "name": 15.0, "alias": 14.0, "fact": 12.5, "value": 12.5, "stub": 12.0}
_SIZES = {"role": 9.0, "name": 12.0, "alias": 11.0, "fact": 10.0, "value": 10.0, "stub": 10.0}


def _size(face: Face) -> tuple[float, float]:
    width = max((text_width(line.text, _SIZES[line.style], bold=_bold(line)) for line in face.lines), default=0.0)
    height = sum(_HEIGHTS[line.style] for line in face.lines)
    if face.kinds[0] == "constant":
        return max(width + 12, 20.0), height + 4
    return max(width + 22, 54.0), max(height + 9, 22.0)


def _bold(line: FaceLine) -> bool:
    return line.style in ("role", "name")


def _card(place: Rectangle, face: Face) -> Part:
    x, y, width, height = place
    shapes: list[Rect | Curve | Polygon | Text] = []
    radius = 0.0 if face.corners == "square" else 6.0
    if face.marked:
        shapes.append(Rect(x - 4, y - 4, width + 8, height + 8, radius + 4, None, MARK, 4.0, opacity=0.35))
    dash: Dash = "dashed" if face.dashed else "solid"
    shapes.append(Rect(x, y, width, height, radius, face.fill, face.stroke, face.thickness, dash))
    if face.corners == "double":
        inset = 2.5 + face.thickness / 2
        shapes.append(
            Rect(x + inset, y + inset, width - 2 * inset, height - 2 * inset, radius - 2, None, face.stroke, 1.0)
        )
    baseline = y + (height - sum(_HEIGHTS[line.style] for line in face.lines)) / 2
    for line in face.lines:
        size = _SIZES[line.style]
        shapes.append(
            Text(
                x + width / 2, baseline + (_HEIGHTS[line.style] + size * 0.72) / 2, line.text, size, face.text,
                bold=_bold(line), italic=line.style == "alias",
            )
        )  # fmt: skip
        baseline += _HEIGHTS[line.style]
    return Part(("node", *face.kinds), face.title, tuple(shapes))


# ------------------------------------------------------------------------------------------------ boxes and wires


def _box(place: Rectangle) -> Part:
    # A little grey over the page and over the boxes around: darker on a light page, lighter on a dark one.
    fill = Rect(*place, 7.0, LINE, None, opacity=0.08)
    return Part(("box",), "", (fill, Rect(*place, 7.0, None, LINE, 1.0, opacity=0.6)))


def _box_labels(shown: Scene, placed: Layout, told: Faces) -> Iterator[Part]:
    """The label of each box at its upper left corner, on a chip where a wire runs through it."""
    entering: defaultdict[int, list[Point]] = defaultdict(list)
    for route in placed.wires:
        for x, y in route.points[::3]:
            entering[round(y)].append((x, y))
    for box in shown.boxes:
        x, y, *_ = placed.boxes[box.group.id]
        name = told.boxes[box.group.id]
        end = x + 12 + text_width(name, 10, bold=True)
        crossed = any(abs(at[1] - y) < 0.1 and x < at[0] < end for at in entering[round(y)])
        text = Text(x + 9, y + 13.3, name, 10, CHIP[1] if crossed else LINE, bold=True, anchor="start")
        chip = [Rect(x + 4, y + 3, end - x - 2, HEADER - 4, 3.0, CHIP[0], None)] if crossed else []
        yield Part(("box-label",), "", (*chip, text))


def _wire(route: Route, face: WireFace) -> Part:
    points, arrow = _with_arrow(route.points, face)
    curve = Curve(points, face.colour, face.thickness, face.style)
    return Part(("edge", *face.kinds), face.title, (curve, arrow))


def _with_arrow(points: tuple[Point, ...], face: WireFace) -> tuple[tuple[Point, ...], Polygon]:
    """The curve up to the arrowhead, and the arrowhead that ends where it ended."""
    scale = 1.0 + (face.thickness - 1.3) * 0.25
    (tip_x, tip_y) = points[-1]
    back = next(((x, y) for x, y in reversed(points) if math.hypot(tip_x - x, tip_y - y) > 0.5), (tip_x, tip_y - 1))
    distance = math.hypot(tip_x - back[0], tip_y - back[1]) or 1.0
    ux, uy = (tip_x - back[0]) / distance, (tip_y - back[1]) / distance
    length, half = _ARROW_LENGTH * scale, _ARROW_WIDTH * scale / 2
    base = (tip_x - ux * length, tip_y - uy * length)
    corners = ((tip_x, tip_y), (base[0] - uy * half, base[1] + ux * half), (base[0] + uy * half, base[1] - ux * half))
    moved = (base[0] + ux * 0.5, base[1] + uy * 0.5)
    dx, dy = moved[0] - tip_x, moved[1] - tip_y
    control = (points[-2][0] + dx, points[-2][1] + dy)  # the tangent at the end stays what it was
    return (*points[:-2], control, moved), Polygon(corners, face.colour)


def _wire_labels(placed: Layout, told: Faces, labels: dict[int, tuple[float, float]]) -> Iterator[Part]:
    """Each on its wire; one that would hide another moves along the wire."""
    taken: dict[tuple[int, int], list[tuple[float, float, float, float]]] = {}
    for i, (width, height) in labels.items():
        route, face = placed.wires[i], told.wires[i]
        middle = route.label or route.points[-1]
        tries = (
            [middle, *(_along(route.points[-4:], t) for t in (0.35, 0.65, 0.2, 0.8))]
            if len(route.points) >= 4
            else [middle]
        )
        for x, y in tries:
            box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
            near = [other for cell in _cells(box) for other in taken.get(cell, ())]
            if not any(
                box[0] < r and left < box[2] and box[1] < bottom and top < box[3] for left, top, r, bottom in near
            ):
                break
        else:
            x, y = middle
            box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        for cell in _cells(box):
            taken.setdefault(cell, []).append(box)
        chip = Rect(box[0], box[1], width, height, 3.0, CHIP[0], face.colour if face.colour != LINE else None, 0.8)
        yield Part(("label",), face.title, (chip, Text(x, y + 3.2, face.label, 9, CHIP[1])))


def _cells(box: tuple[float, float, float, float], size: float = 120.0) -> Iterator[tuple[int, int]]:
    left, top, right, bottom = (int(side // size) for side in box)
    return ((column, row) for column in range(left, right + 1) for row in range(top, bottom + 1))


def _along(points: tuple[Point, ...], t: float) -> Point:
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    return (
        sum(w * x for w, (x, _) in zip(weights, points, strict=True)),
        sum(w * y for w, (_, y) in zip(weights, points, strict=True)),
    )


# ------------------------------------------------------------------------------------------------ the heading


def _heading(title: str | None, told: Faces | None, room: float) -> tuple[list[Part], float, float]:
    """The title, the colour bar and the legend, each row in the middle; with their width and height."""
    rows: list[tuple[float, float, list[Rect | Curve | Polygon | Text]]] = []
    if title:
        rows.append(
            (text_width(title, 15, bold=True), 24.0, [Text(0.0, 16.0, title, 15, LINE, bold=True, anchor="start")])
        )
    if told is not None:
        if told.scale is not None:
            rows.append(_bar(told.scale))
        rows += _legend_rows(told.legend, max(room, _LEGEND_WIDTH))
    if not rows:
        return [], 0.0, 0.0
    width = max(row[0] for row in rows)
    y, parts = 0.0, []
    for row_width, height, shapes in rows:
        parts.append(_moved(Part(("legend",), "", tuple(shapes)), (width - row_width) / 2, y))
        y += height
    return parts, width, y + 8


def _bar(scale: ColourScale) -> tuple[float, float, list[Rect | Curve | Polygon | Text]]:
    name = scale.overlay.label
    shapes: list[Rect | Curve | Polygon | Text] = [Text(0.0, 11.0, name, 10, LINE, bold=True, anchor="start")]
    x = text_width(name, 10, bold=True)
    if not scale.is_continuous:
        return x, 18.0, shapes
    x += 14
    low, high, kind = scale.text(scale.low), scale.text(scale.high), f"({scale.overlay.scale})"
    shapes.append(Text(x, 11.0, low, 10, LINE, anchor="start"))
    x += text_width(low, 10) + 6
    for colour in scale.steps(_BAR_STEPS):
        shapes.append(Rect(x, 1.0, _BAR_STEP + 0.3, 12.0, 0.0, colour, None))  # a hair over the next one: no seams
        x += _BAR_STEP
    shapes.append(Rect(x - _BAR_STEPS * _BAR_STEP, 1.0, _BAR_STEPS * _BAR_STEP, 12.0, 0.0, None, LINE, 0.8))
    x += 6
    for words in (high, kind):
        shapes.append(Text(x, 11.0, words, 10, LINE, anchor="start"))
        x += text_width(words, 10) + 6
    return x - 6, 20.0, shapes


def _legend_rows(
    looks: tuple[Look, ...], room: float
) -> Iterator[tuple[float, float, list[Rect | Curve | Polygon | Text]]]:
    x, shapes = 0.0, list[Rect | Curve | Polygon | Text]()
    for look in looks:
        width = text_width(look.legend, 10) + 10
        if shapes and x + width > room:
            yield x - 6, 23.0, shapes
            x, shapes = 0.0, []
        shapes.append(Rect(x, 0.0, width, 17.0, 0.0, look.fill, look.stroke))
        shapes.append(Text(x + width / 2, 12.0, look.legend, 10, look.text))
        x += width + 6
    if shapes:
        yield x - 6, 23.0, shapes


def _moved(part: Part, dx: float, dy: float) -> Part:
    moved: list[Rect | Curve | Polygon | Text] = []
    for shape in part.shapes:
        if isinstance(shape, Rect | Text):
            moved.append(shape._replace(x=shape.x + dx, y=shape.y + dy))
        else:
            moved.append(shape._replace(points=tuple((x + dx, y + dy) for x, y in shape.points)))
    return part._replace(shapes=tuple(moved))
