"""The scalar graph behind one element of a Tensor: how the numbers of a tensor op combine, one by one.

>>> with ag.record():
...     y = ag.softmax(x @ w)
>>> p = ag.scalar.expand(y, (0, 2), depth=None)   # a Value: the third probability of the first row
>>> p.backward()                                   # fills .grad of Values labelled x[0, 0], w[3, 2], ...

First it is planned which elements stand behind which (:mod:`autograd.expanding.rules`), so that a graph that is too
large is refused before it is built; then the Values are made, inputs first. Neither recurses, so the depth of the graph
does not matter.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.backend import is_complex, is_floating
from autograd.collection import no_collection
from autograd.dispatch import bound, scalar_leaf
from autograd.errors import ArgumentError, DtypeError, GradientError, RangeError, ShapeError
from autograd.expanding.definitions import definition_of
from autograd.expanding.element import Element, Key, Rule
from autograd.expanding.numbers import Numbers, argument_name, places_in
from autograd.expanding.rules import only_moves, rule_of
from autograd.levels import Watcher, suspended
from autograd.mode import enable_grad
from autograd.naming import named_tensors
from autograd.primitive import ITEM
from autograd.tape import Leaf, Node, Variable, innermost, maker_of, next_seq

__all__ = ["expand", "expand_op"]


def expand(
    tensor: Any, index: int | Sequence[int], depth: int | None = 1, *, names: Any = None, limit: int = 1_000_000
) -> Any:
    """The graph of scalar Values that ends in one element of a recorded Tensor, with the numbers that it was made from.

    ``tensor``  a real Tensor that an op made, while gradients were recorded
    ``index``   of the element: one integer for each axis; ``()`` for a Tensor without axes
    ``depth``   how many ops to open, from the tensor upwards. What stands behind them are leaves: with 1 the arguments
                of the op that made the tensor, with None the Tensors that nothing was recorded for. Ops that only move
                elements (a reshape, indexing, a cast) are always opened, and do not count. A function that is made of
                several ops, such as ``layer_norm`` or attention, takes as many
    ``names``   a model, or a dict from names to Tensors, for the labels
    ``limit``   how many Values there may be

    Returns a Value. After its ``backward()`` the ``.grad`` of each leaf is the gradient of the Tensor's element by the
    element that its label names, with the other leaves held fixed. An element that is used several times is one Value;
    an op that only moves elements adds none. A constant array has leaves as well (their gradient is what it would be if
    the array asked for one); a plain number has not.

    The numbers come from what the ops saved for backward and from leaf Tensors that are alive. To be sure of them,
    and to expand after a backward pass, run the forward pass under ``with ag.record():``.

    Raises DtypeError where the tensor is no real Tensor, GradientError where nothing was recorded or the numbers are
    gone, ShapeError or RangeError where the index does not fit, and ArgumentError where there would be more than
    ``limit`` Values or an op has no scalar definition.
    """
    node = _node_of(tensor)
    if depth is not None and not _is_count(depth):
        raise ArgumentError(f"expand: depth must be a number of ops, or None for all of them, not {depth!r}.")
    if not _is_count(limit):
        raise ArgumentError(f"expand: limit must be a number of Values, not {limit!r}.")
    flat = _flat(index, tensor.shape)
    expansion = _Expansion(node, depth, limit, _known_tensors(names))
    expansion.numbers.enter(node, tensor.array)
    with suspended(transforms=True), enable_grad(), np.errstate(all="ignore"), no_collection():
        return expansion.value((node, 0, flat))


def expand_op(
    op: Any, operands: Sequence[Any], params: dict[str, Any], *, limit: int = 1_000_000
) -> tuple[list[Any], dict[tuple[int, int], list[Any]]]:
    """The scalar graph of one op, applied to these arrays and numbers: of all elements of its result at once.

    Returns a Value (or a plain number, where no operand has a part in it) for each element of the result, of several
    results one after another; and the Values that stand for elements of the operands, by argument and flat position:
    one in each result. Operands of no real numbers (indices, masks) are constants. Raises what :func:`expand` raises.
    """
    with suspended(transforms=True), enable_grad(), np.errstate(all="ignore"), no_collection():
        args: list[Any] = []
        places: dict[Any, int] = {}
        for place, x in enumerate(operands):
            if hasattr(x, "dtype") and is_floating(x.dtype) and _has_rule(op, place):
                tensor = bound(np.array(x, np.float64), None)
                tensor.node = Leaf(tensor)
                places[tensor.node] = place
                args.append(tensor)
            else:
                args.append(x)
        with _Keeper():
            y = op(*args, **params)
        outputs: list[Any] = []
        leaves: dict[tuple[int, int], list[Any]] = {}
        for out in y if isinstance(y, tuple) else (y,):
            array = np.asarray(innermost(out))
            if getattr(out, "node", None) is None:
                outputs += array.astype(np.float64).reshape(-1).tolist()
                continue
            expansion = _Expansion(out.node, None, limit, [])
            expansion.numbers.enter(out.node, array)
            roots = [(out.node, 0, flat) for flat in range(array.size)]
            values = expansion.values(roots)
            outputs += [values[root] for root in roots]
            for key, value in values.items():
                if key[0] in places:
                    leaves.setdefault((places[key[0]], key[2]), []).append(value)
    return outputs, leaves


def _has_rule(op: Any, place: int) -> bool:
    """Whether a derivative may be taken by an argument."""
    return op.joint is not None or op.variadic is not None or (op.rules is not None and op.rules[place] is not None)


def _node_of(tensor: Any) -> Node:
    if not isinstance(tensor, Variable) or not hasattr(tensor, "array") or isinstance(tensor.node, Variable):
        raise DtypeError(f"expand: tensor is a {type(tensor).__name__}; it must be a Tensor that an op made.")
    if not is_floating(tensor.array.dtype):
        raise DtypeError(f"expand: tensor is {tensor.array.dtype}; an element must be a real number to be a Value.")
    if tensor.node is None:
        raise GradientError(
            "expand: nothing was recorded for this Tensor: it is a constant.\n"
            "  Give an argument of its op requires_grad=True, and compute it outside of no_grad()."
        )
    return tensor.node


def _is_count(number: Any) -> bool:
    return isinstance(number, (int, np.integer)) and not isinstance(number, bool) and bool(number >= 0)


def _flat(index: Any, shape: tuple[int, ...]) -> int:
    """The position in the flattened array."""
    places = tuple(index) if isinstance(index, (tuple, list)) else (index,)
    if not all(isinstance(i, (int, np.integer)) and not isinstance(i, bool) for i in places):
        raise DtypeError(f"expand: index must be integers, one for each axis of {tuple(shape)}, not {index!r}.")
    if len(places) != len(shape):
        raise ShapeError(
            f"expand: index {index!r} has {len(places)} number(s), but the tensor is {tuple(shape)}: "
            f"it takes {len(shape)}{', that is ()' * (not shape)}."
        )
    flat = 0
    for axis, (i, n) in enumerate(zip(places, shape, strict=True)):
        if not -n <= i < n:
            raise RangeError(f"expand: index {i} is out of range for axis {axis} of the tensor {tuple(shape)}.")
        flat = flat * n + int(i) % n
    return flat


def _known_tensors(names: Any) -> list[tuple[str, Any]]:
    """The Tensors that the caller has names for."""
    pairs = list(named_tensors(names, "expand: names"))
    for name, tensor in pairs:
        if not isinstance(tensor, Variable):
            raise DtypeError(f"expand: names: {name!r} stands for a {type(tensor).__name__}; it must be a Tensor.")
    return [(str(name), tensor) for name, tensor in pairs]


class _Constant:
    """A constant array among the operands; it stands in keys where a node would."""

    op = None

    def __init__(self, array: Any):
        self.array = array
        self.shape = array.shape
        self.seq = next_seq()


class _Keeper(Watcher):
    """Keeps the operands of each op that is recorded under it."""

    def see(self, op: Any, args: tuple[Any, ...], params: dict[str, Any], run: Any) -> Any:
        result = run(op, args, params)
        for y in result if isinstance(result, tuple) else (result,):
            if y.node is not None and y.node.op is not None:
                maker_of(y.node).operands = tuple(a.array if isinstance(a, Variable) else a for a in args)
        return result


class _Opened:
    """One op that is opened: what its rule sees of it (:class:`autograd.expanding.element.Opened`)."""

    def __init__(self, expansion: _Expansion, node: Node, within: bool):
        self.node = node
        self.op: Any = node.op
        self.params = node.params
        self._expansion = expansion
        self.within = within  # a definition, whose constants are plain numbers
        self._constants: dict[int, Any] = {}

    def count(self) -> int:
        return len(self.node.inputs)

    def shape(self, place: int) -> tuple[int, ...]:
        source = self.node.inputs[place]
        return np.shape(self.numbers(place)) if source is None else source.shape

    def numbers(self, place: int) -> Any:
        return self._expansion.numbers.operand(self.node, place)

    def absent(self, place: int) -> bool:
        return self._expansion.numbers.absent(self.node, place)

    def is_data(self, place: int) -> bool:
        source = self.node.inputs[place]
        if source is not None:
            return True
        if self.op.rules is not None and self.op.variadic is None and self.op.rules[place] is None:
            return False
        numbers = self.numbers(place)
        return isinstance(numbers, float) or (hasattr(numbers, "dtype") and is_floating(numbers.dtype))

    def part(self, place: int, flat: int) -> Any:
        source = self.node.inputs[place]
        if source is not None:
            return source, 0, flat
        if place not in self._constants:
            numbers = self.numbers(place)
            plain = self.within or not isinstance(numbers, np.ndarray) or not self.is_data(place)
            self._constants[place] = np.asarray(numbers).reshape(-1).tolist() if plain else numbers
        numbers = self._constants[place]
        if isinstance(numbers, list):
            return numbers[flat]
        return self._expansion.constant(numbers, argument_name(self.op, place), flat)


class _Expansion:
    """One call of :func:`expand`."""

    def __init__(self, root: Node, depth: int | None, limit: int, named: list[tuple[str, Any]]):
        self.numbers = Numbers()
        self._limit = limit
        self._depth = depth
        self._known = {id(x.array if x.node is None else x.node): name for name, x in named}
        self._named_arrays = [x.array for _, x in named if x.node is None]
        self._started = next_seq()  # nodes after it belong to definitions
        self._rules: dict[Node, Rule] = {}
        self._plans: dict[Key, Element] = {}
        self._constants: dict[int, _Constant] = {}
        self._origins: dict[int, tuple[_Constant, Any]] = {}  # of constant arrays: where their elements are from
        self._stands_for: dict[Node, Any] = {}  # a leaf of a definition: the argument of the op that is defined
        self._base_names: dict[Any, str] = {}
        self._names: dict[Any, str] = {}
        self._flattened: dict[Any, Any] = {}  # the numbers of leaves
        self._distance = self._measure(root)

    def _measure(self, root: Node) -> dict[Node, int]:
        """How many ops stand between each op and the root, on the shortest way; those at ``depth`` are not opened.

        Ops that only move elements do not count.
        """
        distance: dict[Node, int] = {}
        waiting = deque([(maker_of(root), 0)])  # the nearest first
        while waiting:
            node, steps = waiting.popleft()
            if node in distance:
                continue
            distance[node] = steps
            if node.op is None or self._is_closed(node, steps):
                continue
            self.numbers.used(node)
            for place, source in enumerate(node.inputs):
                if source is None:
                    continue
                maker = maker_of(source)
                if not only_moves(node.op):
                    self._set_base_name(source, argument_name(node.op, place))
                    waiting.append((maker, steps + 1))
                    continue
                if node in self._base_names:  # what is moved is still the argument of the op beyond
                    self._set_base_name(source, self._base_names[node])
                elif source.op is None:
                    self._set_base_name(source, argument_name(node.op, place))
                waiting.appendleft((maker, steps))
        return distance

    def _set_base_name(self, source: Node, name: str) -> None:
        self._base_names.setdefault(source, name)
        self._base_names.setdefault(maker_of(source), name)

    def _is_closed(self, maker: Node, distance: int) -> bool:
        return self._depth is not None and distance >= self._depth and not only_moves(maker.op)

    def _is_leaf(self, source: Any) -> bool:
        if source.op is None:
            return source not in self._stands_for
        if source.seq > self._started:
            return False
        maker = maker_of(source)
        return self._is_closed(maker, self._distance[maker])

    def constant(self, array: Any, name: str, flat: int) -> Key:
        """The element of a constant array; of the named array that it is a view of, if there is one."""
        if id(array) not in self._origins:
            for named in self._named_arrays:
                if named is not array and (places := places_in(named, array)) is not None:
                    self._origins[id(array)] = self._stand_in(named, name), places
                    break
            else:
                self._origins[id(array)] = self._stand_in(array, name), None
        source, places = self._origins[id(array)]
        return source, 0, flat if places is None else places[flat]

    def _stand_in(self, array: Any, name: str) -> _Constant:
        if id(array) not in self._constants:
            made = self._constants[id(array)] = _Constant(array)
            self._base_names[made] = name
        return self._constants[id(array)]

    def remedy(self, node: Node) -> str:
        """What to do about an op that cannot be opened."""
        distance = self._distance.get(node, 0)
        if not distance:
            return "Expand an element of one of its arguments instead."
        return f"With depth={distance} its output stays a leaf."

    # ------------------------------------------------------------------------------------------------------ planning

    def values(self, roots: Sequence[Key]) -> dict[Key, Any]:
        """The Values (or plain numbers) of several elements, and of all that stand behind them."""
        self._plan(roots)
        return self._build(roots)

    def value(self, root: Key) -> Any:
        """The Value of an element."""
        self._plan([root])
        self._name_sources(root)
        values = self._build([root])
        result = values[root]
        return result if isinstance(result, Variable) else scalar_leaf(float(result), self._label(root))

    def _plan(self, roots: Sequence[Key]) -> None:
        """Find which elements stand behind which."""
        waiting: deque[Key] = deque(roots)
        planned, cost = set(roots), 0
        while waiting:
            key = waiting.popleft()
            if self._is_leaf(key[0]):
                cost += 1
            else:
                element = self._plans[key] = self._element(key)
                cost += element.cost
                for part in element.parts:
                    if part.__class__ is tuple and part not in planned:
                        planned.add(part)
                        waiting.append(part)
            if cost + len(waiting) > self._limit:
                raise ArgumentError(
                    f"expand: depth={self._depth} would make {cost + len(waiting):,} Values or more; the limit is "
                    f"{self._limit:,}.\n"
                    f"  {self._smaller_depth(key[0])}, or raise the limit with limit=."
                )

    def _smaller_depth(self, source: Any) -> str:
        if source in self._stands_for:
            source = self._stands_for[source][0].node
        deepest = max(self._distance.values()) if self._depth is None else self._depth
        reached = self._distance.get(maker_of(source), deepest) if isinstance(source, Node) else deepest
        smaller = max(1, min(reached, deepest - 1))
        return f"Open fewer ops, such as depth={smaller}" if deepest > 1 else "Expand an element with fewer terms"

    def _element(self, key: Key) -> Element:
        """What stands behind an element."""
        source, output, flat = key
        if source in self._stands_for:
            opened, place = self._stands_for[source]
            return Element([opened.part(place, flat)])
        if source.op is ITEM:
            return Element([(source.inputs[0], source.params["index"], flat)])
        if source not in self._rules:
            self._rules[source] = self._open(source)
        return self._rules[source](output, flat)

    def _open(self, node: Node) -> Rule:
        """The rule of an op, ready for its elements."""
        op: Any = node.op
        for place, source in enumerate(node.inputs):
            if source is not None and is_complex(source.dtype):
                raise DtypeError(
                    f"expand: {op.name}: argument {argument_name(op, place)} is {source.dtype}, and a Value is a real "
                    f"number. {self.remedy(node)}"
                )
        opened = _Opened(self, node, within=node.seq > self._started)
        if opened.within:
            self.numbers.used(node)
        definition = definition_of(op)
        rule = rule_of(opened) if definition is None else self._define(opened, definition)
        if rule is None:
            raise ArgumentError(f"expand: {op.name} has no scalar definition. {self.remedy(node)}")
        return rule

    def _define(self, opened: _Opened, definition: Any) -> Rule:
        """Run the definition of an op on Tensors of its own, and go on in the graph that it records."""
        args: list[Any] = []
        for place in range(opened.count()):
            numbers = opened.numbers(place)
            if numbers is not None and opened.is_data(place):
                tensor = bound(np.array(numbers, np.float64), None)
                tensor.node = leaf = Leaf(tensor)
                self._stands_for[leaf] = opened, place
                args.append(tensor)
            else:
                args.append(numbers)
        with _Keeper():
            y = definition(*args, **opened.params)
        outputs = y if isinstance(y, tuple) else (y,)

        def element(output: int, flat: int) -> Element:
            made = outputs[output]
            if getattr(made, "node", None) is None:  # a constant
                return Element([float(np.asarray(innermost(made)).reshape(-1)[flat])])
            return Element([(made.node, 0, flat)])

        return element

    # ------------------------------------------------------------------------------------------------------ building

    def _build(self, roots: Sequence[Key]) -> dict[Key, Any]:
        """Make the Values, inputs first."""
        values: dict[Key, Any] = {}
        stack = list(reversed(roots))
        while stack:
            key = stack[-1]
            if key in values:
                stack.pop()
                continue
            element = self._plans.get(key)
            if element is None:
                values[key] = scalar_leaf(self._number(key), self._label(key))
                continue
            missing = [part for part in element.parts if part.__class__ is tuple and part not in values]
            if missing:
                stack.extend(reversed(missing))
                continue
            parts = [values[part] if part.__class__ is tuple else part for part in element.parts]
            made = parts[0] if element.combine is None else element.combine(*parts)
            if not hasattr(made, "label"):  # of constants alone
                made = float(made)
            elif not made.label and key[0] in self._names:  # what stands in a definition has none
                made.label = self._label(key)
            values[key] = made
        return values

    def _number(self, key: Key) -> float:
        source, _, flat = key
        if source not in self._flattened:
            array = source.array if isinstance(source, _Constant) else self.numbers.of(source)
            self._flattened[source] = np.asarray(array).reshape(-1)
        return float(self._flattened[source][flat])

    # -------------------------------------------------------------------------------------------------------- labels

    def _name_sources(self, root: Key) -> None:
        """A name for each thing that has elements here; those that would share one are numbered."""
        by_name: dict[str, list[Any]] = {}
        seen = {part[0] for e in self._plans.values() for part in e.parts if part.__class__ is tuple}
        for source in sorted(seen | {root[0]} | {key[0] for key in self._plans}, key=lambda s: s.seq):
            if source in self._stands_for or (isinstance(source, Node) and source.seq > self._started):
                continue
            if source.op is not None and source.op.outputs:  # each of its outputs has a name
                continue
            identity = id(source.array) if isinstance(source, _Constant) else id(source)
            if identity in self._known:
                self._names[source] = self._known[identity]
                continue
            made = maker_of(source).op.name if source.op is not None else "x"
            name = self._base_names.get(source, made) if self._is_leaf(source) else made
            by_name.setdefault(name, []).append(source)
        given = set(self._names.values())
        for name, sources in by_name.items():
            if len(sources) == 1 and name not in given:
                self._names[sources[0]] = name
                continue
            numbered = (f"{name}·{i}" for i in itertools.count(1))
            self._names.update(zip(sources, (n for n in numbered if n not in given), strict=False))

    def _label(self, key: Key) -> str:
        source, _, flat = key
        name = self._names.get(source, "")
        places: list[str] = []
        for n in reversed(source.shape):
            flat, i = divmod(flat, n)
            places.insert(0, str(i))
        return f"{name}[{', '.join(places)}]" if places else name
