"""The steps of a lifted program as they are put together: registers, and how numbers are fetched from them.

A register is an array that holds the numbers of one group. What an op needs lies in the order in which it was computed,
or not: then it is fetched, by a reshape, a slice or a transpose where that will do, by index where it will not.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import prod
from typing import Any

import numpy as np

from autograd.dispatch import OPS

__all__ = ["Operand", "Plan", "Register", "Steps"]

_FEW = 4  # so many fetches by index from one register stay apart; of more, their gradients would be scattered in one
_PLACE = 1 << 40  # more than a register holds: a register and a place in it are one integer

_NO_PARAMS: dict[str, Any] = {}


class Register:
    """An array of a program. ``array`` is what it holds if that is known beforehand."""

    __slots__ = ("array", "index", "shape", "size")

    def __init__(self, index: int, shape: tuple[int, ...], array: Any = None):
        self.index = index
        self.shape = shape
        self.size = prod(shape)
        self.array = array


Operand = Register | float

# An op, the registers that it reads, its static parameters, and the registers that it writes.
Plan = tuple[Any, tuple[Register, ...], dict[str, Any], tuple[Register, ...]]


class _Gather:
    """A fetch of some places of a register: the op is chosen once all fetches from that register are known."""

    __slots__ = ("index", "out", "places", "source")

    def __init__(self, source: Register, places: np.ndarray, index: Any, out: Register):
        self.source = source
        self.places = places
        self.index = index  # of the register as it is; None if only flattened it can be indexed
        self.out = out


class Steps:
    """A program that is being written. ``where`` says in which register a number lies, and at which place."""

    def __init__(self, count: int):
        self.registers: list[Register] = []
        self.inputs = 0  # so many registers hold numbers that no step computed
        self.where = np.full(count, -1, dtype=np.int64)  # the number of the register times 2^40, plus the place
        self._steps: list[Plan | _Gather] = []
        self._known: dict[Any, Register] = {}  # what was fetched before
        self._gathers: dict[Register, list[_Gather]] = {}

    # ---------------------------------------------------------------------------------------------------- registers

    def register(self, shape: tuple[int, ...], array: Any = None) -> Register:
        """A new register."""
        made = Register(len(self.registers), shape, array)
        self.registers.append(made)
        return made

    def hold(self, register: Operand, members: Any) -> None:
        """Note that a register holds these numbers, in this order."""
        if not isinstance(register, Register):
            register = self.register((), np.float64(register))
        base = register.index * _PLACE
        if len(members) == 1:
            self.where[members[0]] = base
        else:
            self.where[np.asarray(members).ravel()] = base + np.arange(len(members))

    def hold_some(self, register: Register, members: Sequence[int]) -> None:
        """As :meth:`hold`, where a place of the register may hold no number of the graph: -1."""
        names = np.array(members, dtype=np.int64)
        places = np.flatnonzero(names >= 0)
        self.where[names[places]] = register.index * _PLACE + places

    def register_of(self, names: Any) -> Any:
        """The number of the register that each number lies in."""
        return self.where[names] // _PLACE

    def place_of(self, names: Any) -> Any:
        """Where in its register each number lies."""
        return self.where[names] % _PLACE

    # -------------------------------------------------------------------------------------------------------- steps

    def apply(self, op: Any, *inputs: Operand, gives: tuple[int, ...] | None = None, **params: Any) -> Operand:
        """One more op, or that of the table with this name, on registers and numbers; computed at once if it can be."""
        if op.__class__ is str:
            op = OPS[op]
        known, alike = True, True
        shape: tuple[int, ...] | None = None
        reads = []
        for x in inputs:
            if not isinstance(x, Register):
                x = self.number(x)
            elif shape is None:
                shape = x.shape
            elif x.shape != shape:
                alike = False
            known = known and x.array is not None
            reads.append(x)
        if known:
            return self._constant(op(*[x.array for x in reads], **params))
        if gives is None:
            gives = shape if alike else np.broadcast_shapes(*[x.shape for x in reads])
        out = self.register(gives or ())
        self._steps.append((op, tuple(reads), params or _NO_PARAMS, (out,)))
        return out

    def number(self, x: float) -> Register:
        """A register for a plain number."""
        key = ("number", x or str(x))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self.register((), float(x))
        return found

    def _constant(self, array: Any) -> Operand:
        array = np.asarray(array, dtype=np.float64)
        return float(array.reshape(())) if array.size == 1 else self.register(array.shape, array)

    def reshape(self, x: Operand, shape: tuple[int, ...]) -> Operand:
        """The register in another shape."""
        if not isinstance(x, Register):
            return x if prod(shape) == 1 else self.register(shape, np.full(shape, x))
        if x.shape == shape:
            return x
        key = ("reshape", x.index, shape)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self.register(shape, None if x.array is None else np.reshape(x.array, shape))
            if x.array is None:
                self._steps.append((OPS["reshape"], (x,), {"shape": shape}, (found,)))
        return found

    # ------------------------------------------------------------------------------------------------------ fetches

    def scalar(self, name: int) -> Operand:
        """One number, as an operand of any shape of size 1."""
        register, place = divmod(int(self.where[name]), _PLACE)
        source = self.registers[register]
        if source.array is not None:
            return float(np.ravel(source.array)[place])
        if source.size == 1:
            return source
        key = (register, place)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._gather(source, np.array([place]), (1,))
        return found

    def fetch(self, names: np.ndarray, exact: bool = False) -> Operand:
        """The numbers of these names, in an array that broadcasts to the shape of ``names``; ``exact``: in that."""
        if not exact:
            for axis in range(names.ndim):
                first = names.take([0], axis)
                if names.shape[axis] > 1 and (names == first).all():
                    names = first
            axes = len(self.registers[self.register_of(names.flat[0])].shape)
            while names.ndim > axes and names.ndim > 1 and names.shape[0] == 1:
                names = names[0]  # broadcasting adds it again
        if names.size == 1:
            return self.reshape(self.scalar(names.item()), names.shape) if exact else self.scalar(names.item())
        spots = self.where[names]
        registers = spots // _PLACE
        first = registers.flat[0]
        if (registers == first).all():
            return self.pick(self.registers[first], spots - first * _PLACE)
        return self._join(registers, spots, names.shape)

    def _join(self, registers: np.ndarray, spots: np.ndarray, shape: tuple[int, ...]) -> Operand:
        """Numbers from several registers: those of each, one after the other, and then in the order that is wanted."""
        if len(shape) == 2 and (registers == registers[:1]).all():  # whole columns from one register each
            cuts = [0, *(np.flatnonzero(np.diff(registers[0])) + 1), shape[1]]
            if len(cuts) <= _FEW + 1:
                blocks = [
                    self.pick(self.registers[registers[0, a]], spots[:, a:b] - registers[0, a] * _PLACE)
                    for a, b in pairwise(cuts)
                ]
                return self._concat(blocks, shape, 1)
        registers, spots = registers.ravel(), spots.ravel()
        order = np.argsort(registers, kind="stable")
        present, starts = np.unique(registers[order], return_index=True)
        parts = [
            self.pick(self.registers[r], spots[order[a:b]] - r * _PLACE)
            for r, a, b in zip(present.tolist(), starts, [*starts[1:], order.size], strict=True)
        ]
        joined = self._concat(parts, (order.size,), 0)
        if (order[1:] > order[:-1]).all():
            return self.reshape(joined, shape)
        back = np.empty_like(order)
        back[order] = np.arange(order.size)
        return self.pick(joined, back.reshape(shape)) if isinstance(joined, Register) else joined

    def _concat(self, parts: list[Operand], shape: tuple[int, ...], axis: int) -> Operand:
        filled = [
            x if isinstance(x, Register) else self.register((1,) * len(shape), np.full((1,) * len(shape), x))
            for x in parts
        ]
        return self.apply("concat", *filled, gives=shape, axis=axis)

    def pick(self, source: Register, places: np.ndarray) -> Operand:
        """Some places of a register, in an array of the shape of ``places``."""
        if source.array is not None:
            return self.register(places.shape, np.ravel(source.array)[places])
        key = (source.index, places.shape, places.tobytes())
        found = self._known.get(key)
        if found is None:
            picked = self._picked(source, places)
            if not isinstance(picked, Register):
                return picked
            found = self._known[key] = picked
        return found

    def _picked(self, source: Register, places: np.ndarray) -> Operand:
        if places.size == source.size:
            # If it is the register turned, its axes are those of the register in the order of their strides.
            axes = tuple(sorted(range(places.ndim), key=_strides(places).__getitem__, reverse=True))
            moved = places.transpose(axes)
            if _counts(moved.ravel()):
                whole = self.reshape(source, moved.shape)
                if axes == tuple(range(places.ndim)):
                    return whole
                back = tuple(sorted(range(places.ndim), key=axes.__getitem__))
                return self.apply("permute_dims", whole, gives=places.shape, axes=back)
        if len(source.shape) == 2 and places.ndim == 2 and places.size > 1:
            for moved in (places, places.T):
                box = _box(moved, source.shape)
                if box is not None:
                    block = self._gather(source, moved, moved.shape, box)
                    return (
                        block if moved is places else self.apply("permute_dims", block, gives=places.shape, axes=(1, 0))
                    )
        return self._gather(source, places, places.shape)

    def _gather(self, source: Register, places: np.ndarray, shape: tuple[int, ...], index: Any = None) -> Register:
        out = self.register(shape)
        made = _Gather(source, places, index, out)
        self._steps.append(made)
        self._gathers.setdefault(source, []).append(made)
        return out

    def result(self, names: np.ndarray) -> Register:
        """The register of the numbers that the program is for, in an array of just this shape."""
        result = self.fetch(names, exact=True) if names.ndim else self.reshape(self.scalar(names.item()), ())
        return result if isinstance(result, Register) else self.register(names.shape, np.full(names.shape, result))

    # ---------------------------------------------------------------------------------------------------- the plan

    def plan(self, arguments: Sequence[Register], result: Operand) -> list[tuple[Plan, list[Register]]]:
        """The steps in an order in which they can run, without those that the result does not need.

        Where many fetch a few numbers each from one register, all of them are fetched at once, and the result is cut
        apart: else each one's gradient would fill an array of the size of the register.
        """
        written: list[Plan] = []
        for source in arguments:
            written += self._fetched_together(source)
        for step in self._steps:
            outs: tuple[Register, ...]
            if isinstance(step, _Gather):
                if self._fetched_often(step.source):
                    continue  # that was written with its source
                written += self._fetched(step)
                outs = (step.out,)
            else:
                written.append(step)
                outs = step[3]
            for out in outs:
                written += self._fetched_together(out)
        return _needed(written, result)

    def _fetched(self, gather: _Gather) -> list[Plan]:
        source, index = gather.source, gather.index
        if index is not None:
            return [(OPS["getitem"], (source,), {"index": index}, (gather.out,))]
        first: list[Plan] = []
        source = self._flat(source, first)
        places = gather.places
        flat = places.ravel()
        if _counts(flat - flat[0]):
            index = slice(int(flat[0]), int(flat[-1]) + 1)
        if index is None or places.ndim == 1:
            step: Plan = (
                OPS["getitem"],
                (source,),
                {"index": places if index is None else index},
                (gather.out,),
            )
            return [*first, step]
        part = self.register(flat.shape)
        cut: Plan = (OPS["getitem"], (source,), {"index": index}, (part,))
        return [*first, cut, (OPS["reshape"], (part,), {"shape": gather.out.shape}, (gather.out,))]

    def _flat(self, source: Register, steps: list[Plan]) -> Register:
        if len(source.shape) == 1:
            return source
        flat = self.register((source.size,))
        steps.append((OPS["reshape"], (source,), {"shape": flat.shape}, (flat,)))
        return flat

    def _fetched_often(self, source: Register) -> bool:
        """Whether all fetches from this register are one."""
        return len(self._gathers.get(source, ())) > _FEW

    def _fetched_together(self, source: Register) -> list[Plan]:
        """The fetches from a register, where there are many: one, cut apart; nothing where there are few."""
        steps: list[Plan] = []
        waiting = [source]
        while waiting:
            source = waiting.pop()
            if not self._fetched_often(source):
                continue
            gathers = self._gathers[source]
            flat = self._flat(source, steps)
            index = np.concatenate([gather.places.ravel() for gather in gathers])
            if index.size != source.size or not _counts(index):
                taken = self.register(index.shape)
                steps.append((OPS["getitem"], (flat,), {"index": index}, (taken,)))
                flat = taken
            ends = list(accumulate(gather.places.size for gather in gathers))
            parts = [g.out if len(g.out.shape) == 1 else self.register((g.places.size,)) for g in gathers]
            steps.append((OPS["split"], (flat,), {"points": tuple(ends[:-1]), "axis": 0}, tuple(parts)))
            for gather, part in zip(gathers, parts, strict=True):
                if part is not gather.out:
                    steps.append((OPS["reshape"], (part,), {"shape": gather.out.shape}, (gather.out,)))
            waiting += [gather.out for gather in gathers]  # what was fetched may be fetched from in turn
        return steps


def _needed(steps: list[Plan], result: Operand) -> list[tuple[Plan, list[Register]]]:
    """The steps that lead to the result, and with each what it is the last to read."""
    needed = {result}
    kept = []
    for step in reversed(steps):
        if not needed.isdisjoint(step[3]):
            last = [x for x in step[1] if x not in needed]
            needed.update(last)
            kept.append((step, last))
    kept.reverse()
    return kept


def _counts(places: np.ndarray) -> bool:
    """Whether these are 0, 1, 2 ..."""
    return bool(places[0] == 0 and places[-1] == places.size - 1 and (places[1:] - places[:-1] == 1).all())


def _strides(places: np.ndarray) -> list[int]:
    """How far apart the first two places along each axis are; along an axis of one, far enough for any order."""
    first = int(places.flat[0])
    return [int(np.moveaxis(places, axis, 0)[1].flat[0]) - first if n > 1 else 0 for axis, n in enumerate(places.shape)]


def _box(places: np.ndarray, shape: tuple[int, ...]) -> tuple[slice, slice] | None:
    """The rows and columns of an array of this shape that ``places`` are, if they are a rectangle of it."""
    row, column = divmod(int(places[0, 0]), shape[1])
    n, m = places.shape
    if row + n > shape[0] or column + m > shape[1]:
        return None
    box = (row + np.arange(n))[:, None] * shape[1] + column + np.arange(m)
    if not (places == box).all():
        return None
    return slice(row, row + n), slice(column, column + m)
