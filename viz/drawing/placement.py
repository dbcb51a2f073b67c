"""What a layout is made of: where cards, boxes and wires are, in points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from viz.drawing.spacing import Point

__all__ = ["Direction", "Layout", "Rectangle", "Route"]

Direction = Literal["down", "right"]


class Rectangle(NamedTuple):
    """The left and upper edge and the size of something drawn, in points; y grows downwards."""

    x: float
    y: float
    width: float
    height: float


class Route(NamedTuple):
    """A wire as cubic Bézier curves that join: a point, then two control points and a point for each curve.

    ``label`` is the centre of the wire's label, where it has one.
    """

    points: tuple[Point, ...]
    label: Point | None


@dataclass(frozen=True)
class Layout:
    """Places of the cards by key, of the boxes by the number of their group, and of the wires in the scene's order."""

    cards: Mapping[str, Rectangle]
    boxes: Mapping[int, Rectangle]
    wires: tuple[Route, ...]
    width: float
    height: float
