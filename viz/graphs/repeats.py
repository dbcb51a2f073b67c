"""What repeats in a graph, found and rolled up: identical blocks become ``Block × 12``, an unrolled loop its one step.

The ops of a group, and the groups inside it, stand in a row on the tape. A stretch of the row that is followed by
copies of itself is a repetition. Two copies are alike when their ops, arguments, shapes and the edges inside them are;
where their inputs come from and where their outputs go may differ.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from viz.graphs.regroup import regrouped
from viz.graphs.view import EdgeView, GraphView, GroupView, NodeView

__all__ = ["roll", "unroll"]

_LONGEST_PERIOD = 256  # items of a row that one repetition may have; a longer body is hardly found by eye either
_PARALLEL = 6  # so few things side by side, with nothing going from one to the next, are told apart: q, k and v
_OPTIONAL = ("input", "constant")  # leaves that may feed one repetition and not another


def roll(view: GraphView, at_least: int = 3) -> GraphView:
    """Find what repeats at least so many times in a row, and draw the first repetition for all of them.

    Repeated groups of one module become a group of kind ``"fold"``, other stretches of one of kind ``"loop"``, whose
    repetitions are groups in turn. ``viz.expand`` does not open them; :func:`viz.unroll` does.
    """
    parents = _long_rows(view, at_least)
    while parents and (found := _Finder(view, at_least).rows(parents)):
        view = _Rebuilt(view, found).view()
        # inside what was found there may be more, and beside it; the other rows are as they were
        parents = _long_rows(view, at_least) & {
            group.id if group.kind == "repetition" else group.parent
            for group in view.groups
            if group.kind in ("fold", "loop", "repetition")
        }
    return view


def _long_rows(view: GraphView, at_least: int) -> set[int | None]:
    """The groups (None: the whole view) in whose row something may repeat; folds and loops hold repetitions already."""
    length = Counter(node.group for node in view.nodes if node.kind not in (*_OPTIONAL, "parameter"))
    length.update(group.parent for group in view.groups)
    return {
        parent
        for parent, items in length.items()
        if items >= max(2, at_least) and (parent is None or view.groups[parent].kind not in ("fold", "loop"))
    }


def unroll(view: GraphView, where: Callable[[GroupView], bool] | None = None) -> GraphView:
    """Draw every repetition of the rolled groups for which ``where`` is true, or of all."""
    kept = frozenset(g for g in view.rolled if where is not None and not where(view.groups[g]))
    return replace(view, rolled=kept)


class _Item(NamedTuple):
    """One op of a row with the parameters that it alone uses, or one group."""

    key: int
    is_group: bool
    body: tuple[int, ...]  # the nodes that must be alike, in tape order
    first: int


@dataclass(frozen=True, slots=True)
class _Run:
    """Repetitions in the row of ``parent``: each is a list of items."""

    parent: int | None
    units: tuple[tuple[_Item, ...], ...]


class _Finder:
    def __init__(self, view: GraphView, at_least: int):
        self.view = view
        self.at_least = max(2, at_least)
        self.tokens: dict[Any, int] = {}  # what was seen -> a number, equal for what is alike
        self.into: list[list[tuple[int, int]]] = [[] for _ in view.nodes]  # how an edge arrives, and its source
        self.users: list[list[int]] = [[] for _ in view.nodes]
        for edge in sorted(view.edges, key=lambda edge: edge.slot):
            if edge.kind != "link":
                self.into[edge.target].append((self._number(("edge", edge.slot, edge.output, edge.kind)), edge.source))
                self.users[edge.source].append(edge.target)
        self.places = self._places()
        self.facts = [self._number(self._facts(node)) for node in view.nodes]

    def rows(self, parents: Iterable[int | None]) -> list[_Run]:
        """The runs in the rows of these groups (None: of the whole view), those of outer groups first."""
        direct: dict[int | None, list[NodeView]] = {}
        for node in self.view.nodes:
            direct.setdefault(node.group, []).append(node)
        inside: dict[int | None, list[int]] = {}
        for group in self.view.groups:
            inside.setdefault(group.parent, []).append(group.id)
        runs: list[_Run] = []
        for parent in sorted(parents, key=lambda parent: -1 if parent is None else parent):
            items = [item for node in direct.get(parent, ()) if (item := self._op_item(node)) is not None]
            items += [item for group in inside.get(parent, ()) if (item := self._group_item(group)) is not None]
            items.sort(key=lambda item: item.first)
            runs += (_Run(parent, units) for units in self._repeats(items))
        return runs

    def _op_item(self, node: NodeView) -> _Item | None:
        if node.kind in (*_OPTIONAL, "parameter"):
            return None
        own = [
            source
            for _, source in self.into[node.id]
            if self.view.nodes[source].kind == "parameter" and set(self.users[source]) == {node.id}
            and self.view.nodes[source].group == node.group
        ]  # fmt: skip
        return _Item(node.id, False, tuple(sorted({*own, node.id})), node.id)

    def _group_item(self, group: int) -> _Item | None:
        nodes = self.view.nodes
        body = tuple([i for i in self.view.members[group] if nodes[i].kind not in _OPTIONAL])
        first = next((i for i in body if nodes[i].kind != "parameter"), None)
        return None if first is None else _Item(group, True, body, first)

    def _repeats(self, items: Sequence[_Item]) -> Iterator[tuple[tuple[_Item, ...], ...]]:
        """The repeated stretches of a row that do not overlap, those that cover most first."""
        if len(items) < self.at_least:
            return
        row = np.array([self._token(item) for item in items])
        free = np.ones(len(row), bool)
        for start, period, count in self._candidates(row):
            while count >= self.at_least and not free[start : start + period * count].all():
                taken = np.flatnonzero(~free[start : start + period * count])
                if taken[0] >= period * self.at_least:  # what comes before may do
                    count = int(taken[0]) // period
                else:
                    skip = -(-int(taken[0] + 1) // period)
                    start, count = start + skip * period, count - skip
            if count < self.at_least:
                continue
            units = [tuple(items[start + k * period : start + (k + 1) * period]) for k in range(count)]
            for alike in self._alike(units):
                if len(alike) < _PARALLEL and not self._is_chain(alike):
                    continue
                begin = start + units.index(alike[0]) * period
                free[begin : begin + period * len(alike)] = False
                yield tuple(alike)

    def _candidates(self, row: np.ndarray) -> list[tuple[int, int, int]]:
        """Where the row repeats: start, period and count, those that cover most first, short periods before long."""
        found = []
        for period in range(1, min(_LONGEST_PERIOD, len(row) // self.at_least) + 1):
            same = row[:-period] == row[period:]
            edges = np.flatnonzero(np.diff(np.concatenate(([0], same.view(np.int8), [0]))))
            for begin, end in zip(edges[::2], edges[1::2], strict=True):
                count = int(end - begin) // period + 1
                if count >= self.at_least:
                    found.append((int(begin), period, count))
            if found and found[-1][1] * found[-1][2] == len(row):
                break  # the whole row: no longer period covers more
        return sorted(found, key=lambda c: (-c[1] * c[2], c[1], c[0]))

    def _alike(self, units: list[tuple[_Item, ...]]) -> Iterator[list[tuple[_Item, ...]]]:
        """Stretches of units whose insides are alike, edges too."""
        if len(units[0]) == 1:  # their tokens agree, so they are alike
            yield units
            return
        shapes = [self._structure([i for item in unit for i in item.body]) for unit in units]
        start = 0
        for k in range(1, len(units) + 1):
            if k == len(units) or shapes[k] != shapes[start]:
                if k - start >= self.at_least:
                    yield units[start:k]
                start = k

    def _is_chain(self, units: Sequence[tuple[_Item, ...]]) -> bool:
        """Whether each repetition takes something from the one before."""
        bodies = [{node for item in unit for node in item.body} for unit in units]
        return all(
            any(source in before for node in body for _, source in self.into[node])
            for before, body in itertools.pairwise(bodies)
        )

    def _token(self, item: _Item) -> int:
        what: Any = self.places[item.key] if item.is_group else self.view.nodes[item.key].line
        return self._number((item.is_group, what, self._structure(item.body)))

    def _number(self, seen: Any) -> int:
        return self.tokens.setdefault(seen, len(self.tokens))

    def _structure(self, body: Sequence[int]) -> tuple[int, ...]:
        """What must agree between two copies: the nodes, and which of them feeds which, along which argument."""
        places = {node: place for place, node in enumerate(sorted(body))}
        place_of, facts, into = places.get, self.facts, self.into
        found: list[int] = []
        for node in places:
            found.append(facts[node])  # these tell how many edges follow
            for edge, source in into[node]:
                found += (edge, place_of(source, -1))
        return tuple(found)

    def _places(self) -> list[int]:
        """Of each group what it is and what it is inside of.

        Names may differ in their numbers: "step 3" is one of "step 0" to "step 49". Modules "q", "k" and "v" of one
        class are not the same thing three times.
        """
        places: list[int] = []
        for group in self.view.groups:
            around = -1 if group.parent is None else places[group.parent]
            name = re.sub(r"\d+", "#", group.label)
            places.append(self._number(("group", group.kind, group.module, name, group.count, around)))
        return places

    def _facts(self, node: NodeView) -> tuple[Any, ...]:
        place = None if node.group is None else self.places[node.group]
        last = (node.name or "").rpartition(".")[2] if node.kind == "parameter" else None
        kind = "op" if node.kind == "output" else node.kind
        params = tuple(param for param in node.params if param[0] != "index")  # x[0], x[1], ... are the steps of a loop
        return "node", kind, node.op, node.shape, node.dtype, params, last, place, len(self.into[node.id])


class _Rebuilt:
    """The view with groups for the repetitions."""

    def __init__(self, view: GraphView, runs: list[_Run]):
        self.old = view
        self.runs = runs
        self.group_of: list[int | None] = [node.group for node in view.nodes]
        self.parent_of: list[int | None] = [group.parent for group in view.groups]
        self.made: list[GroupView] = list(view.groups)
        self.rolled: list[int] = []
        self.users: dict[int, set[int]] = {}  # of a leaf that may be left outside: who uses it
        self.fed: dict[int, list[EdgeView]] = {}  # and of each of those the edges from such leaves
        for edge in view.edges:
            if view.nodes[edge.source].kind in _OPTIONAL:
                self.users.setdefault(edge.source, set()).add(edge.target)
                self.fed.setdefault(edge.target, []).append(edge)

    def view(self) -> GraphView:
        """Add the runs one by one, those of outer groups first."""
        for run in self.runs:
            self._add(run)
        return regrouped(
            self.old, self.made, self.parent_of, self.group_of, closed=self.old.closed,
            rolled=(*self.old.rolled, *self.rolled),
        )  # fmt: skip

    def _add(self, run: _Run) -> None:
        single = all(len(unit) == 1 and unit[0].is_group for unit in run.units)
        holder = self._new("fold" if single else "loop", self._label(run.units[0]), run.parent, len(run.units))
        self.rolled.append(holder)
        for number, unit in enumerate(run.units):
            repetition = unit[0].key if single else self._new("repetition", str(number), holder)
            if single:
                self.parent_of[repetition] = holder
            for item in unit:
                if item.is_group:
                    if not single:
                        self.parent_of[item.key] = repetition
                else:
                    for node in item.body:
                        self.group_of[node] = repetition
        self._place_leaves(run, holder)

    def _new(self, kind: Any, label: str, parent: int | None, count: int = 1) -> int:
        self.made.append(GroupView(len(self.made), kind, label, parent=parent, count=count))
        self.parent_of.append(parent)
        return len(self.made) - 1

    def _label(self, unit: tuple[_Item, ...]) -> str:
        names = []
        for item in unit:
            group = self.old.groups[item.key] if item.is_group else None
            names.append((group.module or group.label) if group else self.old.nodes[item.key].label)
        return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")

    def _place_leaves(self, run: _Run, holder: int) -> None:
        """Leaves that feed each repetition at the same place are drawn with it; those that feed only some, outside."""
        bodies = [sorted(i for item in unit for i in item.body) for unit in run.units]
        repetition = {node: k for k, body in enumerate(bodies) for node in body}
        feeds: dict[tuple[int, int], dict[int, int]] = {}  # place and slot -> repetition -> leaf
        for k, body in enumerate(bodies):
            for place, node in enumerate(body):
                for edge in self.fed.get(node, ()):
                    feeds.setdefault((place, edge.slot), {})[k] = edge.source
        outside = self.parent_of[holder]
        for leaf in {leaf for leaves in feeds.values() for leaf in leaves.values()}:
            if self._is_inside(self.group_of[leaf], holder):
                self.group_of[leaf] = outside
        placed: set[int] = set()
        for (place, _), leaves in feeds.items():
            ids = list(leaves.values())
            alike = {(self.old.nodes[i].kind, self.old.nodes[i].shape, self.old.nodes[i].dtype) for i in ids}
            if (
                len(leaves) == len(bodies) == len(set(ids)) and len(alike) == 1 and not placed.intersection(ids)
                and all(repetition.get(user) == k for k, leaf in leaves.items() for user in self.users[leaf])
            ):  # fmt: skip
                placed.update(ids)
                for k, leaf in leaves.items():
                    self.group_of[leaf] = self.group_of[bodies[k][place]]

    def _is_inside(self, group: int | None, holder: int) -> bool:
        while group is not None and group != holder:
            group = self.parent_of[group]
        return group is not None
