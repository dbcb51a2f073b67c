"""Scalars to tensors: a graph of single numbers becomes a program of a few ops on arrays.

A model that was written with Values, one multiplication after the other, is compiled: what lies equally deep and is
computed alike is one op on an array, and sums of products are matrix products. A network of 60,000 Values is some
thirty ops, and so trains at the speed of arrays::

    program = ag.scalar.vectorize(loss, params)      # loss and params are Values
    p = ag.tensor([v.data for v in params], dtype="float64", requires_grad=True)
    program(p).backward()
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.collection import no_collection
from autograd.dispatch import OPS, bound
from autograd.errors import ArgumentError, DtypeError, GradientError, ShapeError
from autograd.lifting.graph import ScalarGraph
from autograd.lifting.steps import Register, Steps
from autograd.lifting.sums import compute
from autograd.tape import Variable

__all__ = ["Program", "Step", "vectorize"]

_SHOWN = 60  # more steps are printed in part


@dataclass(frozen=True)
class Step:
    """One op of a lifted program.

    ``op``      its name in the op table
    ``inputs``  what it reads: ``"x0"`` is the first argument, ``"v7"`` what a step wrote; a plain number; or
                ``"constant"`` for an array of numbers that do not change
    ``shapes``  the shapes of these
    ``outputs``, ``output_shapes``  what it writes
    ``params``  its static parameters
    """

    op: str
    inputs: tuple[str | float, ...]
    shapes: tuple[tuple[int, ...], ...]
    outputs: tuple[str, ...]
    output_shapes: tuple[tuple[int, ...], ...]
    params: dict[str, Any]

    def __str__(self) -> str:
        sign = " @ " if self.op == "matmul" else ", "
        seen = sign.join(
            str(shape) if isinstance(x, str) else repr(x) for x, shape in zip(self.inputs, self.shapes, strict=True)
        )
        if len(self.inputs) > 8:
            seen = f"{len(self.inputs)} arrays"
        written = f"{len(self.outputs)} arrays" if len(self.outputs) > 8 else ", ".join(map(str, self.output_shapes))
        return f"{self.op} {seen} -> {written}"


class Program:
    """A scalar graph as ops on arrays; call it with arrays, Tensors, or nested lists of numbers, one for each argument.

    It gives a Tensor: of no axes for one root, else of the shape of the nested list of roots. It runs the ordinary ops,
    so it records on Tensors that want gradients, and ``ag.grad``, ``ag.hessian``, ``ag.vmap`` and ``ag.jvp`` take it as
    a function. Called without arguments it takes the numbers that the leaves hold now. All arithmetic is float64.

    ``leaves``  the Values that the arguments stand for, in order
    ``shapes``  the shape of each argument
    ``steps``   what it does, one :class:`Step` for each op

    What it replays is the graph, not the Python code that built it: a branch that was taken stays taken, numbers that
    are in no argument stay as they were when it was lifted, and so does what an op without gradient gave, as ``sign``,
    ``//`` and comparisons, because no graph leads there. Where a factor is infinite or NaN, more gradients can be NaN
    than in the graph: a matrix product also multiplies by it the zeros of what was not used.
    """

    def __init__(
        self,
        steps: Steps,
        arguments: Sequence[Register],
        result: Register,
        leaves: Sequence[Any],
        values: int,
    ):
        self.leaves = tuple(leaves)
        self.shapes = tuple([x.shape for x in arguments])
        self.values = values
        # Each register has a place in memory: the arguments first. Where its contents are known they stand there.
        self._memory: list[Any] = []
        self._shapes: list[tuple[int, ...]] = []
        place: dict[Register, int] = {}

        def placed(registers: Iterable[Register]) -> tuple[int, ...]:
            for register in registers:
                if register not in place:
                    place[register] = len(place)
                    self._memory.append(register.array)
                    self._shapes.append(register.shape)
            return tuple([place[register] for register in registers])

        placed(arguments)
        # What is read for the last time is dropped then: without a tape the memory of a long program goes back.
        self._code: list[tuple[Any, ...]] = [
            (op, placed(reads), params, placed(writes), placed(last))
            for (op, reads, params, writes), last in steps.plan(arguments, result)
        ]
        (self._answer,) = placed([result])

    def __call__(self, *arguments: Any) -> Any:
        """The value at these arguments, a Tensor; without any, at the numbers that the leaves hold now."""
        memory = self._memory.copy()
        if not arguments:
            memory[: len(self.shapes)] = self._present()
        else:
            if len(arguments) != len(self.shapes):
                wanted = ", ".join(map(str, self.shapes))
                raise ArgumentError(
                    f"Program: got {len(arguments)} arguments, but it was lifted with {len(self.shapes)}, of shapes "
                    f"{wanted}. Give one array for each, or none at all for the numbers that the Values hold now."
                )
            for i, x in enumerate(arguments):
                memory[i] = self._bound(i, x)
        for op, reads, params, writes, last in self._code:
            y = op(*[memory[i] for i in reads], **params)
            for i in last:
                memory[i] = None
            if len(writes) == 1 and not op.outputs:
                memory[writes[0]] = y
            else:
                for i, part in zip(writes, y, strict=True):
                    memory[i] = part
        y = memory[self._answer]
        # a copy: it may be an argument, or a constant of the program, and what is done to a result must not reach these
        return y if isinstance(y, Variable) else bound(np.array(y), None)

    def _present(self) -> list[Any]:
        """The arguments as the leaves have them."""
        numbers = np.array([leaf.array for leaf in self.leaves], dtype=np.float64)
        sizes = np.cumsum([int(np.prod(shape)) for shape in self.shapes])
        parts = np.split(numbers, sizes[:-1])
        return [part.reshape(shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def _bound(self, i: int, x: Any) -> Any:
        """An argument of a call as an array or Tensor of float64 and of the right shape."""
        if not hasattr(x, "dtype"):
            try:
                x = np.asarray(x)
            except GradientError as error:  # Tensors, or Values
                raise DtypeError(
                    f"Program: argument {i} holds Tensors or Values one by one. Give numbers, or one Tensor; several "
                    "Tensors or Values are joined by ag.stack, so that they get gradients."
                ) from error
            except (ValueError, TypeError) as error:
                raise DtypeError(
                    f"Program: argument {i} is no array of numbers ({error}). Give one of shape {self.shapes[i]}."
                ) from error
        if x.dtype.kind == "O":
            raise DtypeError(
                f"Program: argument {i} holds {np.ravel(x)[0]!r}, which is no plain number. Give numbers, or one "
                "Tensor; several Tensors or Values are joined by ag.stack, so that they get gradients."
            )
        if x.dtype.kind not in "fiubV":
            raise DtypeError(f"Program: argument {i} is {x.dtype}; Values are real numbers. Give float64.")
        if tuple(x.shape) != self.shapes[i]:
            raise ShapeError(
                f"Program: argument {i} is {tuple(x.shape)}, but the Values that it stands for are {self.shapes[i]}. "
                "Give one number for each of them, in their order."
            )
        if x.dtype == np.float64:
            return x
        return x.astype("float64")

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled and copied: of the ops of the table their names."""
        code = [(op.name if op.name in OPS and OPS[op.name] is op else op, *rest) for op, *rest in self._code]
        return self.__dict__ | {"_code": code}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._code = [(OPS[op] if op.__class__ is str else op, *rest) for op, *rest in state["_code"]]

    # --------------------------------------------------------------------------------------------------- to look at

    def __len__(self) -> int:
        return len(self._code)

    @property
    def steps(self) -> tuple[Step, ...]:
        """What the program does, op by op."""
        return tuple([self._step(k) for k in range(len(self._code))])

    def _step(self, k: int) -> Step:
        op, reads, params, writes, _ = self._code[k]
        return Step(
            op.name,
            tuple(map(self._name, reads)),
            tuple([self._shapes[i] for i in reads]),
            tuple([f"v{i}" for i in writes]),
            tuple([self._shapes[i] for i in writes]),
            params,
        )

    def _name(self, place: int) -> str | float:
        array = self._memory[place]
        if array is not None:
            return array if array.__class__ is float else "constant"
        return f"x{place}" if place < len(self.shapes) else f"v{place}"

    def __repr__(self) -> str:
        count = len(self._code)
        lines = [f"{self.values:,} values -> {count:,} tensor ops"]
        for k in range(count):
            if count > _SHOWN and _SHOWN // 2 <= k < count - _SHOWN // 2:
                if k == _SHOWN // 2:
                    lines.append(f"  ... {count - 2 * (_SHOWN // 2):,} more")
                continue
            step = self._step(k)
            reads = ", ".join(x for x in step.inputs[:8] if isinstance(x, str))
            writes = ", ".join(step.outputs[:8]) + (", ..." if len(step.outputs) > 8 else "")
            lines.append(f"  {writes} = {step}  ({reads}{', ...' if len(step.inputs) > 8 else ''})")
        return "\n".join(lines)


def vectorize(root: Any, *arguments: Any) -> Program:
    """The program that computes ``root``, or a nested list of roots, on arrays.

    Each of ``arguments`` is a leaf Value, or a nested list or tuple of them with equally many entries throughout: the
    program takes an array of that shape in its place. Without any there is one argument, all leaves in order of
    creation (``program.leaves``). Leaves that are in no argument keep the numbers that they have.

    Linear in the size of the graph. The program adds up in another order, so its result is that of the graph to
    rounding only. Python branches are not replayed.

    >>> program = ag.scalar.vectorize(loss, params, xs)
    >>> program(p, x)
    """
    roots, result_shape = _flattened(root, "the root")
    for value in roots:
        _check_value(value, "the root", "It is what a formula with Values gives")
    with no_collection():
        return _lifted(roots, result_shape, arguments)


def _lifted(roots: Sequence[Any], result_shape: tuple[int, ...], arguments: Sequence[Any]) -> Program:
    graph = ScalarGraph(roots)
    given = [_flattened(argument, f"argument {i}") for i, argument in enumerate(arguments)]
    for i, (values, _) in enumerate(given):
        for value in values:
            _check_leaf(value, i)
    if not arguments:
        leaves = [node for node in graph.nodes if node.op is None]
        given = [(leaves, (len(leaves),))]
    _check_distinct(given)

    listed = [value for values, _ in given for value in values]
    groups = graph.groups()
    count = len(graph.nodes)
    steps = Steps(count + len(graph.literals))
    literals = steps.register((len(graph.literals),), np.array(graph.literals, dtype=np.float64))
    if graph.literals:
        steps.hold(literals, range(count, count + len(graph.literals)))
    arguments_read = set(listed)
    fixed = [i for i, node in enumerate(graph.nodes) if node.op is None and node not in arguments_read]
    if fixed:
        numbers = np.array([graph.nodes[i].array for i in fixed], dtype=np.float64)
        steps.hold(steps.register((len(fixed),), numbers), fixed)
    registers = []
    for values, shape in given:
        register = steps.register(shape)
        registers.append(register)
        steps.hold_some(register, [graph.place.get(value, -1) for value in values])
    steps.inputs = len(steps.registers)
    for group in groups:
        compute(steps, group)
    names = np.array(graph.roots, dtype=np.int64).reshape(result_shape)
    result = steps.result(names)
    return Program(steps, registers, result, listed, count)


def _flattened(x: Any, what: str) -> tuple[list[Any], tuple[int, ...]]:
    """What a nested list holds, in order, and its shape."""
    shape: list[int] = []
    parts = [x]
    while True:
        parts = [p.tolist() if isinstance(p, np.ndarray) and p.dtype == object else p for p in parts]
        nested = [isinstance(p, (list, tuple)) for p in parts]
        if not any(nested):
            return parts, tuple(shape)
        sizes = {len(p) if deeper else -1 for p, deeper in zip(parts, nested, strict=True)}
        if len(sizes) > 1:
            raise ArgumentError(
                f"vectorize: {what} is ragged: at depth {len(shape)} there are "
                + " and ".join("single Values" if n < 0 else f"lists of {n}" for n in sorted(sizes))
                + ". It stands for an array: give lists of one length, or several arguments."
            )
        shape.append(sizes.pop())
        if not shape[-1]:
            raise ArgumentError(f"vectorize: {what} holds an empty list. Leave it out, or put Values into it.")
        parts = [entry for p in parts for entry in p]


def _check_value(x: Any, what: str, hint: str) -> None:
    if not isinstance(x, Variable) or getattr(x, "node", None) is not x:  # a Value is its own node
        raise ArgumentError(
            f"vectorize: {what} is or holds {x!r}, a {type(x).__name__}; it must be a Value. {hint}, or a list of "
            "these."
        )


def _check_leaf(x: Any, i: int) -> None:
    _check_value(x, f"argument {i}", "An argument is a leaf that the root was computed from")
    if x.op is not None:
        raise ArgumentError(
            f"vectorize: argument {i} holds {x!r}, which {x.op.name} computed; only leaves can be replaced. "
            "Give the Values that you made with Value(...)."
        )


def _check_distinct(given: Sequence[tuple[Sequence[Any], tuple[int, ...]]]) -> None:
    """Raise if a Value would be bound twice."""
    known: dict[Any, int] = {}
    for i, (values, _) in enumerate(given):
        for value in values:
            if value in known:
                raise ArgumentError(
                    f"vectorize: {value!r} is in argument {known[value]} and again in argument {i}. "
                    "Name each Value once: it can have but one number."
                )
            known[value] = i
