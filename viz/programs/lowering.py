"""From a live graph to the scalar arithmetic behind its view (:class:`viz.Program`).

An elementwise op is its own scalar code, once for each element. Any other op is opened by
:func:`autograd.expanding.expand_op` into the Values behind its elements. What is opened must be the same arithmetic
whatever the numbers are; an op that selects by them can be looked into, but not computed again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from autograd.backend import is_floating
from autograd.dispatch import OPS
from autograd.errors import ArgumentError, GlassgradError
from autograd.expanding import expand_op
from autograd.expanding.numbers import Numbers
from autograd.scalar import Value
from autograd.tape import Variable, ancestors, maker_of
from viz.graphs.view import EdgeView, GraphView, NodeView
from viz.programs.program import Application, Kernel, Program, Recipe
from viz.programs.rows import NORMALISED, extreme, normalised
from viz.programs.scalar_code import has_code, kernel_of

__all__ = ["EDITABLE", "STEPS", "lower"]

EDITABLE = 2_000  # numbers in a graph that a page computes again at each change
STEPS = 20_000  # scalar instructions in a page
_OPENED = 64  # elements that a result may have to be opened one by one


class _Refused(Exception):
    """Why an op is not in the program."""


def lower(
    view: GraphView,
    target: Any,
    *,
    budget: int = STEPS,
    constants: Mapping[int, tuple[float | None, ...]] = MappingProxyType({}),
) -> Program:
    """The arithmetic behind a view of what ``target``, a recorded Tensor or Value, was computed from.

    It is ``editable`` where all of it is there: at most 2,000 numbers, and ops that have scalar code or that
    :func:`autograd.scalar.expand` opens into the same arithmetic whatever the numbers are. Otherwise ``reason`` says
    why not, and what is there are ops with small results, for at most ``budget`` instructions. ``constants`` are the
    plain numbers that ops without a gradient took, by their event in the recording (``ag.record().constants``).
    """
    if not isinstance(target, Variable) or target.node is None:
        return Program(reason="Nothing was recorded for the output, so there is nothing to compute again.")
    return _Lowering(view, target, budget, constants).program()


class _Lowering:
    """The parts of a program while they are gathered."""

    def __init__(self, view: GraphView, target: Any, budget: int, constants: Mapping[int, tuple[float | None, ...]]):
        self.view = view
        self.budget = budget
        self.kernels: list[Kernel] = []
        self.kernel_places: dict[Any, int] = {}
        self.recipes: dict[Recipe, int] = {}
        self.left = budget
        self.constants = constants
        self.numbers = Numbers()
        self.live: dict[int, Any] = {}
        for node in ancestors([target.node]):
            self.live[node.seq] = node
            if not isinstance(node, Value) and node.op is not None:
                self.numbers.used(node)
        if not isinstance(target, Value):
            self.numbers.enter(target.node, target.array)
        self.incoming: dict[int, dict[int, EdgeView]] = {}
        for edge in view.edges:
            if edge.kind == "data":
                self.incoming.setdefault(edge.target, {})[edge.slot] = edge

    def program(self) -> Program:
        """The whole of it, or what fits."""
        sizes = [_size(node) for node in self.view.nodes]
        drawn = [node for node in self.view.nodes if node.kind in ("op", "output")]
        total = sum(
            size for node, size in zip(self.view.nodes, sizes, strict=True) if node.kind not in ("backward", "gradient")
        )
        reason = ""
        if total > EDITABLE:
            reason = f"It holds {total:,} numbers; up to {EDITABLE:,} are computed again in the page."
        if not reason and not _is_one_pass(self.view):
            reason = "More than one backward pass went through it."
        found: list[Application] = []
        for node in drawn:
            try:
                if reason and (self.left <= 0 or sizes[node.id] > _OPENED or node.op_kind == "elementwise"):
                    continue
                application, cost, fixed = self._application(node)
            except _Refused as refusal:
                reason = reason or str(refusal)
                continue
            if cost > self.left:
                reason = reason or self._too_much()
                continue
            self.left -= cost
            found.append(application)
            if fixed and not reason:
                reason = f"{node.label} picks elements by their numbers, so other numbers would take another way."
        if reason:  # each stands alone then
            found = [alone for a in found if (alone := self._with_numbers(a)) is not None]
        leaves = self._leaves(found) if not reason else ()
        return Program(tuple(self.kernels), tuple(self.recipes), tuple(found), leaves, not reason, reason)

    def _too_much(self) -> str:
        return f"It takes more than {self.budget:,} scalar instructions."

    # ------------------------------------------------------------------------------------------------ one node

    def _live(self, node: NodeView) -> Any:
        found = self.live.get(node.seq) if node.seq is not None else None
        if found is not None and found.op is not None and node.op != found.op.name:
            found = maker_of(found)
        return found if found is not None and found.op is not None and found.op.name == node.op else None

    def _application(self, node: NodeView) -> tuple[Application, int, bool]:
        """A node's recipe, with where its numbers come from; its cost, and whether it is bound to these numbers."""
        live = self._live(node)
        edges = self.incoming.get(node.id, {})
        if live is None:
            op, params = OPS.get(node.op or ""), {}
            if node.params or op is None or not has_code(op, {}):
                raise _Refused(f"{node.label} was not recorded for gradients, and it has no scalar code.")
            plain = self.constants.get(-1 if node.event is None else node.event, (None,) * len(op.arguments))
            if any(number is None and place not in edges for place, number in enumerate(plain)):
                raise _Refused(
                    f"{node.label} was not recorded for gradients, and the drawing does not show all it takes."
                )
            operands: list[Any] = [
                np.zeros(_shape(self.view.nodes[edges[place].source])) if place in edges else np.float64(number)
                for place, number in enumerate(plain)
            ]
            given = [() if place in edges else _flat(x) for place, x in enumerate(operands)]
        else:
            op, params = live.op, live.params
            operands = self._operands(live)
            given = [() if place in edges else _flat(x) for place, x in enumerate(operands)]
        if op.kind == "item":
            return self._item(node, edges)
        recipe, cost, fixed = self._recipe(op, params, operands)
        sources: list[tuple[int, int] | None] = []
        for place in range(len(operands)):
            edge = edges.get(place)
            if (
                edge is not None
                and not recipe.inputs[place]
                and operands[place] is not None
                and not self._is_fixed(edge.source)
            ):
                chooser = self.view.nodes[edge.source].label
                raise _Refused(f"{op.name} is told by {chooser} which elements to take, and that may change.")
            begins = 0 if edge is None else _begins(self.view.nodes[edge.source], edge.output)
            sources.append(None if edge is None or not recipe.inputs[place] else (edge.source, begins))
            if sources[-1] is None and recipe.inputs[place] and not given[place]:
                given[place] = _flat(operands[place])
            if not recipe.inputs[place]:
                given[place] = ()
        return (
            Application(node.id, self.recipes.setdefault(recipe, len(self.recipes)), tuple(sources), tuple(given)),
            cost,
            fixed,
        )

    def _item(self, node: NodeView, edges: dict[int, EdgeView]) -> tuple[Application, int, bool]:
        """One of several results of an op: its elements as they are."""
        index = int(dict(node.params).get("index", "0"))
        size = _size(node)
        recipe = Recipe((size,), (), (), tuple(range(size)))
        source = edges[0].source
        place = source, _begins(self.view.nodes[source], index)
        return Application(node.id, self.recipes.setdefault(recipe, len(self.recipes)), (place,), ((),)), size, False

    def _is_fixed(self, node: int) -> bool:
        """Whether the value of a node is that of a leaf of no real numbers, which nobody can change."""
        source = self.view.nodes[node]
        return source.op is None and not _is_real(source)

    def _operands(self, live: Any) -> list[Any]:
        if isinstance(live, Value):
            return [np.float64(x) for x in live.operands]
        try:
            return [self.numbers.operand(live, place) for place in range(len(live.inputs))]
        except GlassgradError as error:
            raise _Refused(str(error).partition("\n")[0]) from error

    def _with_numbers(self, application: Application) -> Application | None:
        """The application with the numbers of all its arguments, for it stands alone."""
        node = self.view.nodes[application.node]
        live = self._live(node)
        if live is None or live.op.kind == "item":
            return None
        recipe = list(self.recipes)[application.recipe]
        given = tuple(_flat(x) if n else () for x, n in zip(self._operands(live), recipe.inputs, strict=True))
        return Application(application.node, application.recipe, application.sources, given)

    def _leaves(self, found: Sequence[Application]) -> tuple[tuple[int, tuple[float, ...]], ...]:
        """The numbers of what no op made, as the ops that read them were given them."""
        leaves: dict[int, tuple[float, ...]] = {}
        for application in found:
            live = self._live(self.view.nodes[application.node])
            operands = None
            for place, source in enumerate(application.sources):
                if source is not None and self.view.nodes[source[0]].op is None and source[0] not in leaves:
                    if live is None:
                        value = self.view.nodes[source[0]].value
                        numbers = (
                            np.asarray(value.data, np.float64) if value is not None and value.data is not None else None
                        )
                    else:
                        operands = operands or self._operands(live)
                        numbers = operands[place]
                    if numbers is not None:
                        leaves[source[0]] = _flat(numbers)
        return tuple(sorted(leaves.items()))

    # ---------------------------------------------------------------------------------------------- one recipe

    def of(self, op: Any, params: dict[str, Any]) -> int:
        key = op, tuple(sorted((name, str(value)) for name, value in params.items()))
        if key not in self.kernel_places:
            try:
                kernel = kernel_of(op, params)
            except ArgumentError as error:
                raise _Refused(str(error)) from error
            self.kernel_places[key] = len(self.kernels)
            self.kernels.append(kernel)
        return self.kernel_places[key]

    def _recipe(self, op: Any, params: dict[str, Any], operands: list[Any]) -> tuple[Recipe, int, bool]:
        shapes = tuple(None if x is None else np.shape(x) for x in operands)
        if op.kind == "elementwise" and has_code(op, params) and None not in shapes:
            return self._elementwise(op, params, operands)
        if op.name in ("max", "min") and len(operands) == 1:
            return extreme(self, op, params, operands[0])
        if op.name in NORMALISED and np.size(operands[0]) and np.ndim(operands[0]):
            return normalised(self, op, params, operands[0])
        made, fixed = self._opened(op, params, operands)
        return made, len(made.instructions) + len(made.outputs), fixed

    def _elementwise(self, op: Any, params: dict[str, Any], operands: list[Any]) -> tuple[Recipe, int, bool]:
        kernel = self.of(op, params)
        arrays = [np.asarray(x) for x in operands]
        shape = np.broadcast_shapes(*(x.shape for x in arrays))
        places, first = [], 0
        for x in arrays:
            places.append(
                np.broadcast_to(np.arange(first, first + x.size).reshape(x.shape), shape).reshape(-1).tolist()
            )
            first += x.size
        size = math.prod(shape)
        instructions = tuple((kernel, *refs) for refs in zip(*places, strict=True))
        recipe = Recipe(tuple(x.size for x in arrays), (), instructions, tuple(range(first, first + size)))
        return recipe, size, False

    def whole(self, kernel: Kernel) -> int:
        """The place of a kernel that stands for no op of the table."""
        key = kernel.name, kernel.arguments, kernel.pulls
        if key not in self.kernel_places:
            self.kernel_places[key] = len(self.kernels)
            self.kernels.append(kernel)
        return self.kernel_places[key]

    def _opened(self, op: Any, params: dict[str, Any], operands: list[Any]) -> tuple[Recipe, bool]:
        """The arithmetic that the op is opened into, and whether it is right at these numbers alone."""
        shapes = [np.shape(x) for x in operands if x is not None]
        if op.kind == "contraction" and sum(map(math.prod, shapes)) > self.left:
            raise _Refused(self._too_much())
        try:
            outputs, leaves = expand_op(op, operands, params, limit=self.left + sum(map(math.prod, shapes)) + 1)
        except (GlassgradError, ValueError, TypeError, ArithmeticError) as error:
            raise _Refused(
                f"{op.name}: " + str(error).partition("\n")[0].removeprefix("expand: ").removeprefix(f"{op.name}: ")
            ) from error
        own = [np.size(x) if any(place == i for place, _ in leaves) else 0 for i, x in enumerate(operands)]
        starts = np.cumsum([0, *own]).tolist()
        cells: dict[int, int] = {}
        for (place, flat), values in leaves.items():
            cells |= {id(value): starts[place] + flat for value in values}
        constants: dict[float, int] = {}

        def constant(number: float) -> int:
            return -1 - constants.setdefault(float(number), len(constants))

        instructions: list[tuple[int, ...]] = []
        roots = [y for y in outputs if isinstance(y, Value)]
        for value in ancestors(roots):
            if id(value) in cells:
                continue
            if value.op is None:
                cells[id(value)] = constant(value.array)
                continue
            kernel = self.of(value.op, value.params)
            refs = [
                constant(x) if parent is None else cells[id(parent)]
                for parent, x in zip(value.inputs, value.operands, strict=True)
            ]
            cells[id(value)] = starts[-1] + len(instructions)
            instructions.append((kernel, *refs))
        outs = tuple(cells[id(y)] if isinstance(y, Value) else constant(y) for y in outputs)
        recipe = Recipe(tuple(own), tuple(constants), tuple(instructions), outs)
        return recipe, not _holds_elsewhere(op, params, operands, outputs, leaves)


def _holds_elsewhere(
    op: Any, params: dict[str, Any], operands: Sequence[Any], outputs: Sequence[Any], leaves: dict[tuple[int, int], Any]
) -> bool:
    """Whether the same arithmetic gives what the op gives at other numbers: in another order of size, with another
    sign, and nearby."""
    draw = np.random.default_rng(0)
    order = ancestors([y for y in outputs if isinstance(y, Value)])
    for change in (lambda x: 0.21 - 0.83 * x, lambda x: x * (1 + 0.2 * draw.random(x.shape)), np.abs):
        others = [
            change(np.asarray(x, np.float64)) if hasattr(x, "dtype") and is_floating(x.dtype) else x for x in operands
        ]
        numbers: dict[int, Any] = {}
        for (place, flat), values in leaves.items():
            numbers |= {id(value): others[place].reshape(-1)[flat] for value in values}
        with np.errstate(all="ignore"):
            for value in order:
                if value.op is None:
                    numbers.setdefault(id(value), value.array)
                    continue
                pairs = zip(value.inputs, value.operands, strict=True)
                args = [np.float64(x if parent is None else numbers[id(parent)]) for parent, x in pairs]
                numbers[id(value)] = value.op.forward(*args, **value.params)
            try:
                y = op.compute(others, params)
            except GlassgradError:
                return False
        found = [numbers[id(x)] if isinstance(x, Value) else x for x in outputs]
        parts = y if op.outputs else (y[0] if op.aux else y,)
        wanted = np.concatenate([np.asarray(part, np.float64).reshape(-1) for part in parts])
        if not np.allclose(found, wanted, rtol=1e-7, atol=1e-9, equal_nan=True):
            return False
    return True


def _is_one_pass(view: GraphView) -> bool:
    """Whether no op was gone through twice; one with several results may be, once for each."""
    gone = [step.node for step in view.steps if not _has_several(view.nodes[step.node])]
    return len(set(gone)) == len(gone)


def _has_several(node: NodeView) -> bool:
    return bool(node.shape) and isinstance(node.shape[0], tuple)  # type: ignore[index]


def _shape(node: NodeView) -> tuple[int, ...]:
    return tuple(node.shape) if node.shape is not None and all(isinstance(n, int) for n in node.shape) else ()  # type: ignore[arg-type]


def _size(node: NodeView) -> int:
    shape: Any = node.shape or ()
    return sum(map(math.prod, shape)) if shape and isinstance(shape[0], tuple) else math.prod(shape)


def _begins(node: NodeView, output: int) -> int:
    """Where among the elements of a node one of its results begins."""
    shape: Any = node.shape or ()
    return sum(map(math.prod, shape[:output])) if shape and isinstance(shape[0], tuple) else 0


def _is_real(node: NodeView) -> bool:
    return node.dtype is None or node.dtype.startswith(("float", "bfloat"))


def _flat(x: Any) -> tuple[float, ...]:
    if x is None:
        return ()
    array = np.asarray(x)
    return tuple(array.astype(np.float64).reshape(-1).tolist()) if array.dtype.kind in "fiub" else ()
