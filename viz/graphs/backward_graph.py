"""The backward pass as a graph of its own: beside the forward graph, or alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from autograd.watching import Summary
from viz.graphs.subview import subview
from viz.graphs.view import Contribution, EdgeView, GraphView, GroupView, NodeView, Step

__all__ = ["only_backward", "with_backward"]


def with_backward(view: GraphView) -> GraphView:
    """Add the backward pass to a forward graph: a node for each op that it goes through, in the order in which it does,
    and one for each leaf that it ends at.

    A gradient edge carries what one op gives to another, along the argument slot it came through; a link joins each op
    to its backward pass. Where the view has recorded ``steps`` the nodes hold their gradients and times; otherwise the
    graph is the mirror image of the forward one. Groups are mirrored too.
    """
    return _Mirror(view).view()


def only_backward(view: GraphView) -> GraphView:
    """The backward pass without the forward graph."""
    view = with_backward(view)
    return replace(subview(view, [node.id for node in view.nodes if node.kind in ("backward", "gradient")]), steps=())


class _Mirror:
    """The backward nodes, edges and groups while they are gathered."""

    def __init__(self, view: GraphView):
        self.forward = view
        self.nodes = list(view.nodes)
        self.edges = list(view.edges)
        self.groups = list(view.groups)
        self.open_now: list[tuple[int, int]] = []  # forward groups whose mirror images are open, and those

    def view(self) -> GraphView:
        """The two graphs together."""
        forward = self.forward
        steps = list(forward.steps or _mirrored(forward))
        backward: dict[int, list[tuple[int, int]]] = {}  # forward node -> its backward nodes, each with its step
        for number, step in enumerate(steps):
            node = forward.nodes[step.node]
            backward.setdefault(step.node, []).append((number, len(self.nodes)))
            self.nodes.append(
                NodeView(
                    len(self.nodes), "backward", node.op, node.op_kind, node.name, node.shape, node.dtype, node.seq,
                    node.params, self._group(node.group), node.line, step.incoming if forward.steps else None,
                    seconds=step.seconds, origin=node.id, event=node.event,
                )
            )  # fmt: skip
            self.edges.append(EdgeView(node.id, len(self.nodes) - 1, 0, kind="link"))
        arguments = {(edge.target, edge.slot): edge.argument for edge in forward.edges}
        leaves: dict[int, int] = {}  # the creation number of a leaf, or its node -> where its gradient is gathered
        for number, step in enumerate(steps):
            source = _next(backward[step.node], number - 1)
            for c in step.contributions:
                if c.node is None or source is None:
                    continue
                target = _next(backward.get(c.node, []), number)
                if target is None:
                    target = self._leaf(forward.nodes[c.node], self.nodes[source].group, leaves)
                if target is not None:
                    self.edges.append(
                        EdgeView(
                            source, target, c.slot, arguments.get((step.node, c.slot), ""), kind="gradient",
                            value=c.gradient if forward.steps else None,
                        )
                    )  # fmt: skip
        overlay = forward.overlay
        if overlay is not None:
            unknown = (None,) * (len(self.nodes) - len(overlay.values))
            overlay = replace(overlay, values=(*overlay.values, *unknown))
        return replace(
            forward, nodes=tuple(self.nodes), edges=tuple(self.edges), groups=tuple(self.groups), overlay=overlay
        )

    def _leaf(self, node: NodeView, group: int | None, leaves: dict[int, int]) -> int | None:
        """Where the gradient of a leaf is gathered, in the group that gives the first part of it; the copies of one
        parameter share it."""
        if node.op is not None:
            return None  # an op whose backward pass was not recorded
        key = node.seq if node.seq is not None else -1 - node.id
        if key not in leaves:
            leaves[key] = len(self.nodes)
            self.nodes.append(
                NodeView(
                    len(self.nodes), "gradient", name=node.name, shape=node.shape, dtype=node.dtype, seq=node.seq,
                    group=group, value=node.gradient, origin=node.id,
                )
            )  # fmt: skip
        return leaves[key]

    def _group(self, group: int | None) -> int | None:
        """The mirror image of a forward group. Backward goes through each in one stretch, unless the program left it
        and came back; then there is one for each stretch."""
        chain: list[int] = []
        while group is not None:
            chain.append(group)
            group = self.forward.groups[group].parent
        chain.reverse()
        same = 0
        while same < min(len(chain), len(self.open_now)) and chain[same] == self.open_now[same][0]:
            same += 1
        del self.open_now[same:]
        for forward in chain[same:]:
            image = self.forward.groups[forward]
            parent = self.open_now[-1][1] if self.open_now else None
            label = image.label if image.label.startswith("∇") else f"∇ {image.label}"
            self.groups.append(GroupView(len(self.groups), "backward", label, image.path, image.module, parent))
            self.open_now.append((forward, len(self.groups) - 1))
        return self.open_now[-1][1] if self.open_now else None


def _next(nodes: list[tuple[int, int]], number: int) -> int | None:
    """The first backward node of a later step than this: an op may be gone through in several passes."""
    return next((node for step, node in nodes if step > number), None)


def _mirrored(view: GraphView) -> Iterator[Step]:
    """The steps of a backward pass from the shape of the graph alone; their numbers say nothing."""
    from_inputs: dict[int, list[EdgeView]] = {}
    for edge in view.edges:
        if edge.kind == "data" and view.nodes[edge.source].kind != "constant":
            from_inputs.setdefault(edge.target, []).append(edge)
    for node in reversed(view.nodes):
        if node.kind in ("op", "output") and node.id in from_inputs:
            contributions = (
                Contribution(edge.source, edge.slot, _UNKNOWN, None, _UNKNOWN) for edge in from_inputs[node.id]
            )
            yield Step(node.id, _UNKNOWN, tuple(contributions))


_UNKNOWN = Summary((), "", 0, None, None, None, None, 0, None)
