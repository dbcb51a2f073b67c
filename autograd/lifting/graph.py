"""A scalar graph taken apart into groups: numbers that can be computed side by side, by one op on arrays.

A chain or a tree of additions whose intermediate results nobody else uses is one sum. Its terms that are products are
pairs, so that the sum is a dot product and a rest: what a neuron computes. Every other op stays what it is. Two
numbers are in one group if they lie equally deep and are computed in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from autograd.dispatch import OPS
from autograd.errors import ArgumentError
from autograd.tape import ancestors

__all__ = ["Applications", "ScalarGraph", "Sums"]

_ADD, _SUBTRACT, _NEGATIVE, _MULTIPLY = (OPS[n] for n in ("add", "subtract", "negative", "multiply"))
_ADDITIVE = frozenset({_ADD, _SUBTRACT, _NEGATIVE})
_ADDED_UP = _ADDITIVE | {_MULTIPLY}


class Applications:
    """Numbers that one op gives, each from operands of its own.

    ``members``   the number of each node
    ``operands``  the operands of the first, of the second ...: ``arity`` for each member
    """

    __slots__ = ("arity", "members", "op", "operands", "params")

    def __init__(self, op: Any, params: dict[str, Any], arity: int):
        self.op = op
        self.params = params
        self.arity = arity
        self.members: list[int] = []
        self.operands: list[int] = []
        if op.kind != "elementwise":
            raise ArgumentError(
                f"vectorize: the graph holds {op.name}, a {op.kind}, which does not work element by element on arrays. "
                "Write the formula with elementwise ops."
            )

    def add(self, member: int, operands: Sequence[int]) -> None:
        """One more number."""
        self.members.append(member)
        self.operands.extend(operands)


class Sums:
    """Numbers that are sums of equally many products, terms and a constant: added (0) and subtracted (1).

    ``pairs``      the factors of the products of the first member, of the second ...: added ones, subtracted ones
    ``terms``      likewise what is added or subtracted as it is
    ``constants``  the plain number in each sum; empty where there is none
    """

    __slots__ = ("constants", "counts", "members", "pairs", "terms")

    def __init__(self, counts: tuple[int, int, int, int]):
        self.counts = counts  # pairs added, pairs subtracted, terms added, terms subtracted; of each member
        self.members: list[int] = []
        self.pairs: tuple[list[int], list[int]] = ([], [])
        self.terms: tuple[list[int], list[int]] = ([], [])
        self.constants: list[float] = []

    def add(self, member: int, parts: Sequence[Sequence[int]], constant: float | None) -> None:
        """One more number; ``parts`` are pairs added and subtracted, terms added and subtracted."""
        self.members.append(member)
        for mine, new in zip((*self.pairs, *self.terms), parts, strict=True):
            mine.extend(new)
        if constant is not None:
            self.constants.append(constant)

    @property
    def adds(self) -> bool:
        """Whether anything but the constant is added. If not, all is subtracted from that."""
        return bool(self.counts[0] or self.counts[2])


class ScalarGraph:
    """The nodes that some numbers were computed from, inputs first.

    A number is named by an integer: its place among ``nodes``, or ``len(nodes)`` and more for a plain number among
    ``literals`` (each is there once).
    """

    def __init__(self, roots: Sequence[Any]):
        self.nodes = ancestors(roots)
        self.place = {node: i for i, node in enumerate(self.nodes)}
        self.roots = [self.place[root] for root in roots]
        self.literals: list[float] = []
        self._known_literals: dict[Any, int] = {}

    def literal(self, number: float) -> int:
        """What a plain number is named."""
        key = number or str(number)  # 0.0 equals -0.0, and divides differently
        name = self._known_literals.get(key)
        if name is None:
            name = self._known_literals[key] = len(self.nodes) + len(self.literals)
            self.literals.append(number)
        return name

    def groups(self) -> list[Applications | Sums]:
        """What there is to compute, in an order in which it can be."""
        operands = [self._operands(node) for node in self.nodes]
        inside = self._inside_sums(operands)
        level = [0] * (len(self.nodes) + len(self.literals))
        found: dict[Any, Any] = {}
        depths: list[int] = []
        for i, node in enumerate(self.nodes):
            if node.op is None or inside[i]:
                continue
            if node.op in _ADDED_UP:
                pairs, terms, constant = self._terms_of(i, operands, inside)
                parts = (*pairs, *terms)
                depth = 1 + max([level[j] for part in parts for j in part], default=0)
                counts = len(pairs[0]) // 2, len(pairs[1]) // 2, len(terms[0]), len(terms[1])
                key: Any = (depth, counts, constant is None)
                group = found.get(key) or Sums(counts)
                group.add(i, parts, constant)
            else:
                own = operands[i]
                depth = 1 + max([level[j] for j in own], default=0)
                key = (depth, node.op, repr(sorted(node.params.items())) if node.params else "", len(own))
                group = found.get(key) or Applications(node.op, node.params, len(own))
                group.add(i, own)
            if key not in found:
                found[key] = group
                depths.append(depth)
            level[i] = depth
        return [group for _, group in sorted(zip(depths, found.values(), strict=True), key=itemgetter(0))]

    def _operands(self, node: Any) -> tuple[int, ...]:
        """What the operands of a node are named."""
        inputs = node.inputs
        place = self.place
        if all(x is not None for x in inputs):
            return tuple([place[x] for x in inputs])
        return tuple(
            [self.literal(float(y)) if x is None else place[x] for x, y in zip(inputs, node.operands, strict=True)]
        )

    def _inside_sums(self, operands: Sequence[tuple[int, ...]]) -> bytearray:
        """Which nodes are but a part of one sum: sums themselves, and products."""
        count = len(self.nodes)
        uses = [0] * count
        summed = bytearray(count)
        for root in self.roots:
            uses[root] = 2
        for node, own in zip(self.nodes, operands, strict=True):
            additive = node.op in _ADDITIVE
            for j in own:
                if j < count:
                    uses[j] += 1
                    if additive:
                        summed[j] = 1
        inside = bytearray(count)
        for i, node in enumerate(self.nodes):
            inside[i] = summed[i] and uses[i] == 1 and node.op in _ADDED_UP
        return inside

    def _terms_of(
        self, root: int, operands: Sequence[tuple[int, ...]], inside: bytearray
    ) -> tuple[tuple[list[int], list[int]], tuple[list[int], list[int]], float | None]:
        """The pairs, the terms and the constant of the sum that ``root`` is, each added or subtracted."""
        pairs: tuple[list[int], list[int]] = ([], [])
        terms: tuple[list[int], list[int]] = ([], [])
        constant: float | None = None
        count = len(self.nodes)
        waiting = [(root, 0)]
        while waiting:
            i, sign = waiting.pop()
            if i >= count:
                number = self.literals[i - count]
                constant = (constant or 0.0) + (-number if sign else number)
                continue
            if not inside[i] and i != root:
                terms[sign].append(i)
                continue
            op = self.nodes[i].op
            own = operands[i]
            if op is _MULTIPLY:
                pairs[sign].extend(own)
            elif op is _NEGATIVE:
                waiting.append((own[0], 1 - sign))
            else:
                waiting.append((own[1], 1 - sign if op is _SUBTRACT else sign))
                waiting.append((own[0], sign))
        return pairs, terms, constant
