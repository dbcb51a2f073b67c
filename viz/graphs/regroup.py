"""Putting nodes and groups into other groups, with everything numbered anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from viz.graphs.view import GraphView, GroupView

__all__ = ["regrouped", "rollable"]


def regrouped(
    view: GraphView,
    groups: Sequence[GroupView],
    parent_of: Sequence[int | None],
    group_of: Sequence[int | None],
    *,
    closed: Iterable[int],
    rolled: Iterable[int],
) -> GraphView:
    """The view with these groups in the place of its own.

    ``groups``     the groups, whose ``id`` and ``parent`` do not matter; the other arguments number them by position
    ``parent_of``  of each group the one that it is in; ``group_of`` of each node its innermost group

    Groups are numbered from the outside in and in the order of the tape. A group whose repetitions are not alike, node
    by node, is not rolled.
    """
    first: dict[int, int] = {}
    for node, inside in enumerate(group_of):
        while inside is not None and inside not in first:
            first[inside] = node
            inside = parent_of[inside]
    children: dict[int | None, list[int]] = {}
    for group, parent in enumerate(parent_of):
        children.setdefault(parent, []).append(group)
    for row in children.values():
        row.sort(key=lambda group: first.get(group, len(group_of)), reverse=True)  # the last is taken first
    order: list[int] = []
    stack = list(children.get(None, ()))
    while stack:
        order.append(stack.pop())
        stack += children.get(order[-1], ())
    number: dict[int | None, int | None] = {old: new for new, old in enumerate(order)}
    number[None] = None
    view = replace(
        view,
        nodes=tuple(
            node if node.group == number[group] else node.at(node.id, number[group], node.origin)
            for node, group in zip(view.nodes, group_of, strict=True)
        ),
        groups=tuple(groups[old].at(new, number[parent_of[old]]) for new, old in enumerate(order)),
        closed=_numbers(number, closed),
        rolled=frozenset(),
    )
    return replace(view, rolled=rollable(view, _numbers(number, rolled)))


def _numbers(number: dict[int | None, int | None], groups: Iterable[int]) -> frozenset[int]:
    return frozenset(new for group in groups if (new := number[group]) is not None)


def rollable(view: GraphView, groups: Iterable[int]) -> frozenset[int]:
    """Those of the groups whose repetitions are all there and have the same nodes in the same order, so that one can
    stand for all."""
    kinds: dict[Any, int] = {}
    look = [kinds.setdefault((node.op, node.shape), len(kinds)) for node in view.nodes].__getitem__
    return frozenset(
        group
        for group in groups
        if len(view.children[group]) == view.groups[group].count
        and len({tuple(map(look, view.members[child])) for child in view.children[group]}) == 1
    )
