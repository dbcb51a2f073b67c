"""Pointing things out in a drawing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from autograd.errors import ArgumentError
from viz.graphs.view import GraphView

__all__ = ["mark"]


def mark(view: GraphView, what: Any) -> GraphView:
    """Mark nodes: their cards stand out, and so do the wires between them. Groups that hide one are opened.

    ``what``  an :class:`~viz.Explanation` of :func:`viz.why`, whose path is marked; or ids or names of nodes, one or
              several; or None, which takes all marks away

    Raises ArgumentError for an id or a name that is not in the view.
    """
    if what is None:
        return replace(view, marked=frozenset())
    seqs = getattr(what, "seqs", None)
    if seqs is not None:
        wanted = set(seqs)
        found = {node.id for node in view.nodes if node.seq in wanted and node.kind not in ("backward", "gradient")}
    else:
        found = set()
        for one in [what] if isinstance(what, (int, str)) else what:
            found.update(_find(view, one))
    hiding: set[int] = set()
    for node in found:
        group = view.nodes[node].group
        while group is not None:
            hiding.add(group)
            group = view.groups[group].parent
    return replace(view, marked=frozenset(found), closed=view.closed - hiding)


def _find(view: GraphView, one: int | str) -> Iterable[int]:
    if isinstance(one, str):
        found = [node.id for node in view.nodes if node.name == one]
    else:
        found = [one] if 0 <= one < len(view.nodes) else []
    if not found:
        raise ArgumentError(f"mark: there is no node {one!r} in this view of {len(view.nodes)} nodes.")
    return found
