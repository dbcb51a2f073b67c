"""A GraphView as a networkx ``MultiDiGraph``, for everything that graph theory knows."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from autograd.extras import import_extra
from viz.graphs.scene import scene

if TYPE_CHECKING:
    from viz.graphs.view import GraphView

__all__ = ["networkx_graph"]


def networkx_graph(view: GraphView, *, flat: bool = False) -> Any:
    """The drawing as a MultiDiGraph of cards (``"n3"``, ``"g2"``) and wires; with ``flat`` all nodes (3) and edges.

    Attributes are those of :class:`~viz.NodeView` and :class:`~viz.Card`, or of :class:`~viz.EdgeView` and
    :class:`~viz.Wire`, as far as they are known, and each node's ``label``; ``value`` and ``gradient`` are Summaries,
    ``line`` is a source line, ``group`` the number of a group. The graph has ``title`` and ``groups``. Its nodes are in
    tape order. Without ``flat`` it can have loops and cycles: what one repetition of a rolled group hands to the next
    (``carried``), and what leaves a closed group and comes back into it.

    Raises MissingExtraError where networkx is not installed.
    """
    networkx = import_extra("networkx", extra="viz", purpose="hand a graph to networkx")
    graph = networkx.MultiDiGraph(title=view.title, groups=view.groups)
    if flat:
        for node in view.nodes:
            graph.add_node(node.id, label=node.label, **_node_facts(view, node))
        for edge in view.edges:
            graph.add_edge(edge.source, edge.target, **_known(edge, skip=("source", "target")))
        return graph
    shown = scene(view)
    for card in shown.cards:
        facts = {} if card.node is None else _node_facts(view, card.node)
        label = card.node.label if card.node is not None else card.group.label if card.group is not None else card.key
        facts |= _known(card, skip=("key", "node", "group"))
        if card.group is not None:
            facts |= {"kind": "group", "group": card.group.id, "count": card.group.count}
        graph.add_node(card.key, label=label, **facts)
    for wire in shown.wires:
        facts = _known(wire.edge, skip=("source", "target")) | {"count": wire.count, "carried": wire.carried}
        graph.add_edge(wire.source, wire.target, **facts)
    return graph


def _node_facts(view: GraphView, node: Any) -> dict[str, Any]:
    facts = _known(node, skip=("params", "line"))
    facts["params"] = dict(node.params)
    if node.line is not None:
        facts["line"] = view.lines[node.line]
    return facts


def _known(x: Any, *, skip: tuple[str, ...]) -> dict[str, Any]:
    """The fields of a dataclass that say something."""
    return {f.name: getattr(x, f.name) for f in fields(x) if f.name not in skip and getattr(x, f.name) is not None}
