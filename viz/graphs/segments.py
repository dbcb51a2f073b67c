"""A long row of ops cut into stretches, so that a graph with no modules can be closed and opened too."""

from __future__ import annotations

import math

from viz.graphs.regroup import regrouped
from viz.graphs.view import GraphView, GroupView

__all__ = ["segment"]


def segment(view: GraphView, at_most: int = 100) -> GraphView:
    """Cut every row of more than ``at_most`` ops and groups into stretches of the tape, and close those.

    A stretch of the tape can be closed without making a cycle. The stretches are of equal length and nested, until no
    row has more than ``at_most`` items, so that 100,000 ops are 10 stretches of 100 stretches of 100 ops.
    """
    rows: dict[int | None, list[tuple[int, bool, int]]] = {}  # parent -> first node, is a group, number
    first: dict[int, int] = {}
    for node in view.nodes:
        if node.kind not in ("parameter", "input", "constant"):
            group = node.group
            rows.setdefault(group, []).append((node.id, False, node.id))
            while group is not None and group not in first:
                first[group] = node.id
                group = view.groups[group].parent
    for number, begins in first.items():
        rows.setdefault(view.groups[number].parent, []).append((begins, True, number))
    long = {
        parent: sorted(row)
        for parent, row in rows.items()
        if len(row) > max(2, at_most)
        and (parent is None or view.groups[parent].kind not in ("fold", "loop"))  # those hold repetitions, all alike
    }
    if not long:
        return view

    groups = list(view.groups)
    parents = [group.parent for group in view.groups]
    group_of = [node.group for node in view.nodes]
    closed = set(view.closed)

    def add(row: list[tuple[int, bool, int]], parent: int | None, begin: int) -> None:
        """Put a row into a group, cut into smaller ones where it is long."""
        if len(row) <= at_most:
            for _, is_group, number in row:
                if is_group:
                    parents[number] = parent
                else:
                    group_of[number] = parent
            return
        levels = math.ceil(math.log(len(row)) / math.log(max(2, at_most)) - 1e-9)
        size = max(2, at_most) ** (levels - 1)
        for start in range(0, len(row), size):
            part = row[start : start + size]
            label = f"{begin + start:,} to {begin + start + len(part) - 1:,}"
            groups.append(GroupView(len(groups), "segment", label, parent=parent))
            parents.append(parent)
            closed.add(len(groups) - 1)
            add(part, len(groups) - 1, begin + start)

    for parent, row in long.items():
        add(row, parent, 0)

    users: dict[int, int] = {}
    for edge in view.edges:
        users[edge.source] = edge.target if users.get(edge.source, edge.target) == edge.target else -1
    for node in view.nodes:  # a leaf that one op uses goes along with it
        user = users.get(node.id, -1)
        if node.kind in ("parameter", "input", "constant") and user >= 0 and node.group == view.nodes[user].group:
            group_of[node.id] = group_of[user]

    return regrouped(view, groups, parents, group_of, closed=closed, rolled=view.rolled)
