"""A part of a graph, as a view of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from autograd.errors import ArgumentError
from viz.graphs.regroup import rollable
from viz.graphs.view import GraphView, NodeView, Step

__all__ = ["focus", "subview", "without_state"]


def subview(view: GraphView, nodes: Iterable[int]) -> GraphView:
    """The view of some of the nodes and the edges between them, with the groups that still hold any.

    The ids are numbered anew, in the same order. A rolled group stays rolled if its repetitions are still alike.
    """
    kept = sorted(set(nodes))
    places = {old: new for new, old in enumerate(kept)}
    used: set[int] = set()
    for old in kept:
        group = view.nodes[old].group
        while group is not None and group not in used:
            used.add(group)
            group = view.groups[group].parent
    groups = {old: new for new, old in enumerate(sorted(used))}

    def renumbered(node: NodeView, new: int) -> NodeView:
        origin = None if node.origin is None else places.get(node.origin)
        return node.at(new, None if node.group is None else groups[node.group], origin)

    part = GraphView(
        tuple(renumbered(view.nodes[old], new) for new, old in enumerate(kept)),
        tuple(
            edge.between(places[edge.source], places[edge.target])
            for edge in view.edges
            if edge.source in places and edge.target in places
        ),
        view.title,
        tuple(
            group.at(groups[group.id], None if group.parent is None else groups[group.parent])
            for group in view.groups
            if group.id in used
        ),
        view.lines,
        tuple(_step(step, places) for step in view.steps if step.node in places),
        frozenset(groups[group] for group in view.closed if group in used),
        overlay=view.overlay and replace(view.overlay, values=tuple(view.overlay.values[old] for old in kept)),
        marked=frozenset(places[node] for node in view.marked if node in places),
        values=view.values,
    )
    alike = (groups[group] for group in view.rolled if group in used)
    return replace(part, rolled=rollable(part, alike))


def focus(view: GraphView, node: int | str, radius: int = 2) -> GraphView:
    """The neighbourhood of a node: what is at most ``radius`` edges away from it, in either direction.

    ``node``  its id, or its name. The node is marked. Raises ArgumentError for a node that is not in the view, a name
    that several have (but for the copies of one parameter, of which all are in focus), and a negative radius.
    """
    if radius < 0:
        raise ArgumentError(f"focus: radius is {radius}; it must be 0 or more.")
    centre = _find(view, node)
    near: list[list[int]] = [[] for _ in view.nodes]
    for edge in view.edges:
        near[edge.source].append(edge.target)
        near[edge.target].append(edge.source)
    found = set(centre)
    front = found
    for _ in range(radius):
        front = {there for here in front for there in near[here]} - found
        found |= front
    return subview(replace(view, marked=frozenset(centre)), found)


def _find(view: GraphView, node: int | str) -> set[int]:
    if isinstance(node, str):
        found = [candidate for candidate in view.nodes if candidate.name == node]
        if not found:
            named = ", ".join(sorted({n.name for n in view.nodes if n.name})[:8]) or "none"
            raise ArgumentError(f"focus: no node is named {node!r}. Named nodes: {named}.")
        if len({(n.kind, n.seq) for n in found}) > 1:
            raise ArgumentError(f"focus: nodes {', '.join(str(n.id) for n in found)} are named {node!r}. Give an id.")
        return {candidate.id for candidate in found}
    if not 0 <= node < len(view.nodes):
        raise ArgumentError(f"focus: node {node} of a view of {len(view.nodes)} nodes.")
    return {node}


def _step(step: Step, places: dict[int, int]) -> Step:
    contributions = tuple(c.at(None if c.node is None else places.get(c.node)) for c in step.contributions)
    return replace(step, node=places[step.node], contributions=contributions)


def without_state(view: GraphView) -> GraphView:
    """The view with every group open and unrolled, and nothing coloured or marked."""
    return replace(view, closed=frozenset(), rolled=frozenset(), overlay=None, marked=frozenset())
