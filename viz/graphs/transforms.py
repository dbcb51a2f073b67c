"""Pure rewrites of a GraphView: each takes a view and gives another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

from autograd.errors import ArgumentError
from viz.graphs.view import EdgeView, GraphView, GroupView, NodeView, Step

__all__ = ["collapse", "expand", "one_node_per_use"]


def one_node_per_use(view: GraphView) -> GraphView:
    """Draw a parameter beside each op that uses it, instead of once with long edges to all of them.

    A shared parameter ties distant parts of a drawing together, which makes a layout slow and hard to read. Every
    edge stays: an op that takes the same parameter twice keeps two edges from one copy. The copies share their
    ``seq``, and each belongs to the group of the op that uses it. A parameter that nothing uses stays as it is.
    """
    used = {edge.source for edge in view.edges}
    shared = {node.id for node in view.nodes if node.kind == "parameter" and node.id in used}
    if not shared or _is_per_use(view, shared):
        return view
    incoming: defaultdict[int, list[EdgeView]] = defaultdict(list)
    for edge in view.edges:
        incoming[edge.target].append(edge)

    nodes: list[NodeView] = []
    edges: list[EdgeView] = []
    came_from: list[int] = []  # new id -> old id
    moved: dict[int, int] = {}  # old id -> new id; of what is copied the first copy
    copied: dict[tuple[int, int], int] = {}  # parameter and op that uses it, by old ids -> the new id of that copy

    def add(node: NodeView, group: int | None) -> int:
        here = node.id == len(nodes) and node.group == group
        nodes.append(node if here else node.at(len(nodes), group, node.origin))
        came_from.append(node.id)
        return len(nodes) - 1

    for node in view.nodes:
        if node.id in shared:
            continue  # its copies come just before the ops that use them
        for source in dict.fromkeys(edge.source for edge in incoming[node.id]):
            if source in shared:
                copied[source, node.id] = add(view.nodes[source], node.group)
                moved.setdefault(source, copied[source, node.id])
        moved[node.id] = add(node, node.group)
        for edge in incoming[node.id]:
            source = copied[edge.source, node.id] if edge.source in shared else moved[edge.source]
            edges.append(edge.between(source, moved[node.id]))
    nodes = [n if n.origin is None else n.at(n.id, n.group, moved[n.origin]) for n in nodes]
    steps = tuple(
        Step(
            moved[step.node],
            step.incoming,
            tuple(
                c if c.node is None else c.at(copied.get((c.node, step.node), moved[c.node]))
                for c in step.contributions
            ),
            step.seconds,
        )
        for step in view.steps
    )
    overlay = view.overlay and replace(view.overlay, values=tuple(view.overlay.values[old] for old in came_from))
    marked = frozenset(new for new, old in enumerate(came_from) if old in view.marked)
    return replace(
        view, nodes=tuple(nodes), edges=tuple(edges), steps=steps, overlay=overlay, marked=marked, program=None
    )


def _is_per_use(view: GraphView, parameters: set[int]) -> bool:
    """Whether each parameter has one op that uses it, in its own group, and stands just before it."""
    user: dict[int, int] = {}
    for edge in view.edges:
        if edge.source in parameters and user.setdefault(edge.source, edge.target) != edge.target:
            return False
    return all(
        (op == parameter + 1 or user.get(parameter + 1) == op) and view.nodes[parameter].group == view.nodes[op].group
        for parameter, op in user.items()
    )


def collapse(view: GraphView, depth: int | None = None, where: Callable[[GroupView], bool] | None = None) -> GraphView:
    """Close groups, so that each is drawn as one card.

    ``depth``  close the groups inside so many others and those deeper: with 0 every group, with 1 all but the outermost
    ``where``  close the groups for which this is true; with ``depth`` too, those for which both hold

    Without either every group is closed. What is closed already stays closed. Raises ArgumentError for a negative
    ``depth``.
    """
    if depth is not None and depth < 0:
        raise ArgumentError(f"collapse: depth is {depth}; it must be 0 (close every group) or more.")
    found = (
        group.id
        for group in view.groups
        if (depth is None or view.depths[group.id] >= depth) and (where is None or where(group))
    )
    return replace(view, closed=view.closed | frozenset(found))


def expand(view: GraphView, where: Callable[[GroupView], bool] | None = None) -> GraphView:
    """Open the groups for which ``where`` is true, or all of them; rolled ones stay rolled."""
    kept = frozenset(g for g in view.closed if where is not None and not where(view.groups[g]))
    return replace(view, closed=kept)
