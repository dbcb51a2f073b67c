"""Pure rewrites of a GraphView: each takes a view and gives another."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from viz.view import EdgeView, GraphView, NodeView

__all__ = ["one_node_per_use"]


def one_node_per_use(view: GraphView) -> GraphView:
    """Draw a parameter beside each op that uses it, instead of once with long edges to all of them.

    A shared parameter ties distant parts of a drawing together, which makes a layout slow and hard to read. Every
    edge stays: an op that takes the same parameter twice keeps two edges from one copy. The copies share their
    ``seq``. A parameter that nothing uses stays as it is.
    """
    used = {edge.source for edge in view.edges}
    shared = {node.id for node in view.nodes if node.kind == "parameter" and node.id in used}
    incoming: defaultdict[int, list[EdgeView]] = defaultdict(list)
    for edge in view.edges:
        incoming[edge.target].append(edge)

    nodes: list[NodeView] = []
    edges: list[EdgeView] = []
    moved: dict[int, int] = {}  # old id -> new id, of what is not copied

    def add(node: NodeView) -> int:
        nodes.append(replace(node, id=len(nodes)))
        return len(nodes) - 1

    for node in view.nodes:
        if node.id in shared:
            continue  # its copies come just before the ops that use them
        copies = {
            source: add(view.nodes[source])
            for source in dict.fromkeys(edge.source for edge in incoming[node.id])
            if source in shared
        }
        moved[node.id] = add(node)
        for edge in incoming[node.id]:
            source = copies[edge.source] if edge.source in shared else moved[edge.source]
            edges.append(replace(edge, source=source, target=moved[node.id]))
    return replace(view, nodes=tuple(nodes), edges=tuple(edges))
