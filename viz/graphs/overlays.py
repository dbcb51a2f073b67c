"""What the cards of a drawing can be coloured by: time, memory, work, the size of gradients, quantities of your own.

Each overlay has a value for every node of the view, or None where it is not known, which is not 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

from autograd.errors import ArgumentError
from viz.graphs.view import GraphView, NodeView, Overlay

__all__ = ["OVERLAYS", "overlay"]


def _gradient_norm(node: NodeView) -> float | None:
    if node.gradient is None:
        return None
    if node.gradient.nonfinite:
        return math.nan if node.gradient.norm is None else math.inf
    return node.gradient.norm


def _first_nonfinite(view: GraphView) -> tuple[str | None, ...]:
    """Where infinities and NaN begin: forward in the order of the tape, then backward in the order of the steps."""
    order = [node.id for node in view.nodes if node.value is not None and node.value.nonfinite]
    order += [step.node for step in view.steps if step.incoming.nonfinite]
    order += [node.id for node in view.nodes if node.gradient is not None and node.gradient.nonfinite]
    bad = set(order)
    known = [node.id in bad or node.value is not None or node.gradient is not None for node in view.nodes]
    return tuple(
        "first not finite" if order and node.id == order[0]
        else "not finite" if node.id in bad
        else "finite" if known[node.id] else None
        for node in view.nodes
    )  # fmt: skip


_Getter = Callable[[NodeView], Any]

OVERLAYS: dict[str, tuple[str, _Getter | None, dict[str, Any]]] = {
    "time": ("time", lambda node: node.seconds, {"unit": "s"}),
    "bytes": ("bytes read and written", lambda node: node.nbytes, {"unit": "B"}),
    "flops": ("floating-point operations", lambda node: node.flops, {"unit": "FLOP"}),
    "saved": ("bytes saved for backward", lambda node: node.saved, {"unit": "B"}),
    "gradient norm": ("norm of the gradient", _gradient_norm, {"total": "max"}),
    "dtype": ("dtype", lambda node: node.dtype, {"scale": "category", "total": "mixed"}),
    "first non-finite": ("infinities and NaN", None, {"scale": "category", "total": "mixed"}),
}
"""The overlays that have a name: what the legend says, where the value of a node is found, and how it is shown."""


def overlay(
    view: GraphView,
    by: str | Mapping[int | str, Any] | Callable[[NodeView], Any] | None,
    *,
    label: str | None = None,
    unit: str = "",
    scale: Literal["linear", "log", "category", "flag"] = "linear",
    total: Literal["sum", "max", "mixed"] = "sum",
) -> GraphView:
    """Colour the cards by a quantity.

    ``by``     the name of one of :data:`OVERLAYS` (``"time"``, ``"bytes"``, ``"flops"``, ``"saved"``,
               ``"gradient norm"``, ``"dtype"``, ``"first non-finite"``); a dict from node ids or names to values; a
               function of a :class:`~viz.NodeView`; or None for the colours of the kinds of ops
    ``label``, ``unit``, ``scale``, ``total``  of a quantity of your own: what the legend says, and, as
               :class:`~viz.Overlay` explains, how values are shown and what the value of a closed group is

    A value of None is not known, which is drawn otherwise than 0. Raises ArgumentError for an unknown name, and for a
    dict that names a node which is not in the view.
    """
    if by is None:
        return replace(view, overlay=None)
    if isinstance(by, str):
        if by not in OVERLAYS:
            raise ArgumentError(f"overlay: by is {by!r}; it must be one of {', '.join(map(repr, OVERLAYS))}.")
        words, get, facts = OVERLAYS[by]
        values = _first_nonfinite(view) if get is None else tuple(map(get, view.nodes))
        return replace(view, overlay=Overlay(by, label or words, values, **facts))
    name = label or "overlay"
    values = _looked_up(view, by) if isinstance(by, Mapping) else tuple(map(by, view.nodes))
    return replace(view, overlay=Overlay(name, name, values, scale, total, unit))


def _looked_up(view: GraphView, by: Mapping[int | str, Any]) -> tuple[Any, ...]:
    names = {node.name for node in view.nodes} | {node.id for node in view.nodes}
    if unknown := [key for key in by if key not in names]:
        raise ArgumentError(f"overlay: {unknown[0]!r} is neither the id nor the name of a node of this view.")
    return tuple(by.get(node.id, by.get(node.name) if node.name else None) for node in view.nodes)
