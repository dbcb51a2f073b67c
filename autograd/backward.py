"""The backward walk: reverse-mode differentiation of a recorded graph.

Nodes are visited in decreasing creation number, so every gradient is complete before it is passed on; there is no
recursion, and the time is linear in the graph. Five things happen here and nowhere in a rule: un-broadcasting, casting
to the dtype of the value, conjugation for complex values, keeping "no gradient" apart from "zero gradient", and joining
the gradients of an op with several outputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from heapq import heapify, heappop, heappush, heappushpop
from typing import Any

import numpy as np

from autograd import levels
from autograd.backend import Array, is_complex
from autograd.dispatch import bound, item_node
from autograd.errors import GradientError
from autograd.fitting import fitted_dtype, unbroadcast
from autograd.masks import guarded, is_of_use, is_product, multiplies_infinity, reached
from autograd.mode import enable_grad, is_grad_enabled, set_grad_enabled
from autograd.ops.elementwise import where
from autograd.primitive import ITEM
from autograd.tape import FREED, Node, Variable, ancestors, arrays_in, by_age, writes

__all__ = ["check_not_overwritten", "walk"]

_UNSEEN = nullcontext()
_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)


def walk(
    roots: Sequence[tuple[Any, Any]],
    *,
    retain_graph: bool,
    create_graph: bool,
    targets: Iterable[Node] | None = None,
    record: bool | None = None,
    everywhere: bool = False,
) -> dict[Any, Any]:
    """Differentiate from ``roots``, pairs of a node and its cotangent; return the gradients of leaves or ``targets``.

    Without ``create_graph`` cotangents are arrays and rules run on arrays; with it they are Tensors and rules record.
    With ``targets`` only the part of the graph that leads to them is walked. ``record=False`` with ``create_graph``
    runs the rules on Tensors without recording them (for cotangents that belong to a vmap or a jvp). ``everywhere``
    returns the gradients of all nodes.

    The nodes of a graph of scalar Values are the Values. Its cotangents are Values here, and Python floats in
    :func:`_walk_numbers`, where nothing is recorded.
    """
    if roots and all(g.__class__ is float for _, g in roots):
        return _walk_numbers(roots, targets, everywhere)
    watchers = levels.here.watchers if levels.active else ()
    wanted = None if targets is None else frozenset(targets)
    needed = None if wanted is None else _leading_to(wanted, [node for node, _ in roots])
    found: dict[Node, Any] = {}
    pending: dict[Node, Any] = {}
    for node, g in roots:
        if needed is None or node in needed:
            pending[node] = pending[node] + g if node in pending else g
    heap = [(-node.seq, node) for node in pending]
    heapify(heap)
    following = heappop(heap) if heap else None
    masks: dict[Node, Array] = {}  # which elements of a pending cotangent got any gradient, where not all did

    seen = levels.walk_seen_by(watchers) if watchers else _UNSEEN
    with set_grad_enabled(create_graph if record is None else record), np.errstate(all="ignore"), seen:
        while following is not None:
            node = following[1]
            following = None
            g = pending.pop(node)
            if node.hooks is not None:
                if watchers:
                    _begin(watchers, None, None)
                g = _run_hooks(node, g)
            op = node.op
            inputs = node.inputs
            if op is None or everywhere or (wanted is not None and node in wanted):
                found[node] = g
            if needed is not None:
                inputs = tuple([p if p in needed else None for p in inputs])
            if op is not None and (needed is None or any(p is not None for p in inputs)):
                if watchers:
                    _begin(watchers, node, g)
                saved = node.saved
                if saved.__class__ is not tuple and saved is not None:
                    saved = saved.values(node)  # unpacks them, or raises because they are gone
                if node.seq < writes.last:
                    check_not_overwritten(node, saved)
                if not retain_graph and node.__class__ is Node:  # a scalar Value keeps its graph
                    node.saved = FREED
                dtype = node.dtype
                mask = masks.pop(node, None) if masks else None
                if mask is not None and is_product(op) and not multiplies_infinity(op, saved):
                    mask = None  # nothing can leak here, and following it further would cost as much as the product
                # Most nodes are plain: their rules are called below, one by one. The others go through _pull.
                plainly = op.direct and not create_graph and mask is None and (dtype is _FLOAT32 or dtype is _FLOAT64)
                try:
                    if plainly:
                        each: Sequence[Any] = op.rules or ()
                    else:
                        g = _complete(g)
                        each = _pull(node, g, inputs, saved, create_graph, mask)
                    for parent, pulled in zip(inputs, each):  # noqa: B905  (strict= would cost a tenth of the loop)
                        if parent is None or pulled is None:
                            continue
                        if not plainly:
                            gi = pulled
                        elif (arity := pulled.arity) == 1:
                            gi = pulled.function(g, pulled.pick(saved))
                        elif not arity:
                            gi = pulled.function(g)
                        elif arity < 0:
                            gi = pulled(g, saved, node.params)
                        else:
                            gi = pulled.function(g, *pulled.pick(saved))
                        if gi is None:
                            continue
                        if op is ITEM:
                            gi = _Slots(gi, node.params["index"], len(parent.shape))
                        else:
                            if gi.shape != parent.shape:
                                gi = unbroadcast(gi, node, parent)
                            if gi.dtype is not parent.dtype:
                                gi = fitted_dtype(gi, parent.dtype)
                            if masks or op.selects or mask is not None:
                                _pass_mask(masks, mask, node, g, saved, parent, parent not in pending)
                        if watchers:
                            _show(watchers, node, saved, parent, g, gi, pending.get(parent, found.get(parent)))
                        if parent in pending:
                            pending[parent] = pending[parent] + gi
                        elif parent.op is None and (parent.hooks is None or parent in found):
                            # a leaf: no rule waits for it
                            found[parent] = found[parent] + gi if parent in found else gi
                        else:
                            pending[parent] = gi
                            if following is None:
                                following = (-parent.seq, parent)
                            else:
                                heappush(heap, (-parent.seq, parent))
                except Exception as error:
                    error.add_note(f"in the backward pass of {node!r}")
                    raise
                g = gi = saved = None  # memory goes back before the next rule runs
            if heap:
                following = heappop(heap) if following is None else heappushpop(heap, following)
    return found


def _walk_numbers(
    roots: Sequence[tuple[Any, float]], targets: Iterable[Any] | None, everywhere: bool
) -> dict[Any, float]:
    """What :func:`walk` does on a graph of scalar Values, written out: a number has no shape, dtype, mask or hook.

    Very many of them wait at a time, so all are found first and sorted, which is faster than a heap.
    """
    wanted = None if targets is None else frozenset(targets)
    needed = None if wanted is None else _leading_to(wanted, [node for node, _ in roots])
    watchers = levels.here.watchers if levels.active else ()
    found: dict[Any, float] = {}
    for node, g in roots:
        found[node] = found[node] + g if node in found else g
    seen = levels.walk_seen_by(watchers) if watchers else _UNSEEN
    with set_grad_enabled(False), np.errstate(all="ignore"), seen:
        for node in reversed(ancestors(found) if needed is None else by_age(needed)):
            op, saved = node.op, node.saved
            if op is None or node not in found:
                continue
            g = found[node]
            if watchers:
                _begin(watchers, node, g)
            try:
                plainly = saved.__class__ is tuple  # it holds Python's numbers, for ops that need no more
                if not plainly:
                    saved = saved.values(node)
                each = op.rules if plainly else _pull(node, np.float64(g), node.inputs, saved, False, None)
                for parent, pulled in zip(node.inputs, each):  # noqa: B905  (as in walk)
                    if parent is None or pulled is None or (needed is not None and parent not in needed):
                        continue
                    if not plainly:
                        gi = _number(pulled, node, parent)
                        if op.selects and not (gi or _reaches(node, parent)):
                            continue
                    elif (arity := pulled.arity) == 1:
                        gi = pulled.function(g, pulled.pick(saved))
                    elif not arity:
                        gi = pulled.function(g)
                    else:
                        gi = pulled.function(g, *pulled.pick(saved))
                    if gi.__class__ is not float:
                        gi = float(gi)
                    if watchers:
                        _show(watchers, node, saved, parent, g, gi, found.get(parent))
                    found[parent] = found[parent] + gi if parent in found else gi
            except Exception as error:
                error.add_note(f"in the backward pass of {node!r}")
                raise
    if everywhere:
        return found
    if wanted is None or needed is None:
        return {node: g for node, g in found.items() if node.op is None}
    return {node: found.get(node, 0.0) for node in wanted & needed}  # 0 behind a branch that was not taken


def _number(g: Any, node: Any, parent: Any) -> float:
    """The gradient that a rule gave for a scalar Value, as a Python float."""
    if g.shape:
        g = unbroadcast(g, node, parent)
    return float(g.real)


def _reaches(node: Any, parent: Any) -> bool:
    """Whether an op that selects let a number through at all."""
    places = [i for i, x in enumerate(node.inputs) if x is parent]
    if len(places) != 1 or node.op.rules is None:  # where(c, x, x) always does
        return True
    return bool(node.op.rules[places[0]](np.float64(1.0), node.saved.values(node), node.params))


def _begin(watchers: Sequence[Any], node: Any, g: Any) -> None:
    """Let watchers know that the walk goes on to a node, whose gradient is complete."""
    for watcher in watchers:
        watcher.pulling(node, _complete(g))


def _show(watchers: Sequence[Any], node: Any, saved: Any, parent: Any, g: Any, gi: Any, before: Any) -> None:
    """Let watchers see a gradient on its way, and what the rule had for it."""
    node.saved, kept = saved, node.saved
    try:
        for watcher in watchers:
            watcher.pulled(node, parent, g, _complete(gi), _complete(before))
    finally:
        node.saved = kept


class _Slots:
    """The cotangents of an op with several outputs, as they arrive from one output after the other.

    Only those that did are held, so that gathering those of very many outputs takes no longer than making them.
    """

    __slots__ = ("length", "parts")

    def __init__(self, g: Any, index: int, length: int):
        self.parts = {index: g}
        self.length = length

    def __add__(self, other: _Slots) -> _Slots:
        parts = self.parts
        for i, g in other.parts.items():
            parts[i] = parts[i] + g if i in parts else g
        return self


def _complete(g: Any) -> Any:
    """A cotangent as rules take it: of an op with several outputs a list, with None for an output that was not used."""
    if g.__class__ is not _Slots:
        return g
    return [g.parts.get(i) for i in range(g.length)]


def _pass_mask(
    masks: dict[Node, Array], mask: Array | None, node: Node, g: Any, saved: Any, parent: Node, first: bool
) -> None:
    """Note which elements of the parent's cotangent got no gradient from this node (:mod:`autograd.masks`)."""
    share: Any = None
    if is_of_use(parent):
        share = reached(node.op, node.inputs, parent, mask, g, saved, node.params)
    if share is not None:
        if share.shape != parent.shape:
            share = unbroadcast(share.astype(np.float32) if share.dtype == bool else share, node, parent)
        share = share != 0
        if share.all():
            share = None
    if first:
        if share is not None:
            masks[parent] = share
    elif share is None:
        masks.pop(parent, None)  # some other use gives every element a gradient
    elif parent in masks:
        masks[parent] = masks[parent] | share


def _pull(
    node: Node, g: Any, inputs: Sequence[Node | None], saved: Any, create_graph: bool, mask: Array | None
) -> Sequence[Any]:
    """The gradient for each input (None: no gradient), from the cotangent of the output."""
    op: Any = node.op
    if create_graph:
        if op.plain is not None:
            return _pull_through_plain(node, g, inputs, saved)
        saved = _joined_to_graph(node, saved)
    conjugate = op.holomorphic and is_complex(node.dtype)
    if conjugate:
        g = [part if part is None else part.conj() for part in g] if op.outputs else g.conj()
    if op.joint is not None:
        needs = tuple(p is not None for p in inputs)  # position 0 of the layout, which stands empty until now
        gradients = list(op.joint(g, (needs, *(saved or ())[1:]), node.params))
        if op.custom and len(gradients) != len(inputs):
            raise GradientError(
                f"{op.name}: the joint vjp rule returned {len(gradients)} gradients for {len(inputs)} arguments. "
                "Return one for each, None where there is none."
            )
    else:
        gradients = [
            None if rule is None or parent is None else rule(g, saved, node.params)
            for rule, parent in zip(op.rules, inputs, strict=True)
        ]
        if mask is not None and op.kind == "elementwise":  # 0 times the infinite slope of a branch not taken is 0
            gradients = [gi if gi is None else where(mask, gi, 0) for gi in gradients]
    if mask is not None and is_product(op):
        gradients = guarded(op, inputs, gradients, mask, g, saved, node.params)
    if conjugate:
        gradients = [gi if gi is None else gi.conj() for gi in gradients]
    return gradients


def _joined_to_graph(node: Any, saved: Any) -> Any:
    """The saved values as Tensors that stand where they stood in the graph, so that rules record themselves."""
    op: Any = node.op
    if hasattr(node, "array") and node.saved.__class__ is tuple:  # of a Value all operands, named by a rule or not
        keep = op.keeper(sum(1 << i for i, parent in enumerate(node.inputs) if parent is not None))
        saved = None if keep is None else keep(saved)
    if saved is None:
        return None
    values = list(saved)
    layout = op.layout
    if values[1] is not None:
        if op.outputs:
            values[1] = tuple(bound(part, item_node(node, i, part)) for i, part in enumerate(values[1]))
        else:
            values[1] = _standing(values[1], node)
    for argument, parent in zip(op.arguments, node.inputs, strict=False):
        position = layout[argument]
        if parent is not None and values[position] is not None:
            values[position] = _standing(values[position], parent)
    if op.variadic is not None and values[layout[op.variadic]] is not None:
        arrays = values[layout[op.variadic]]
        values[layout[op.variadic]] = tuple(
            a if parent is None else _standing(a, parent) for a, parent in zip(arrays, node.inputs, strict=True)
        )
    return values


def _standing(value: Any, node: Any) -> Any:
    """A saved value in its place in the graph: a Tensor, or the scalar Value that is its own node."""
    if not isinstance(node, Variable):
        return bound(value, node)
    if value != node.array and (value == value or node.array == node.array):  # unless both are NaN
        raise GradientError(
            f"backward: {node!r} was {value} when it was used, and its data was replaced since. Second derivatives "
            "need it: compute the result again after writing data."
        )
    return node


def _pull_through_plain(node: Node, g: Any, inputs: Sequence[Node | None], saved: Any) -> Sequence[Any]:
    """Higher orders of a fused op: differentiate its plain definition at the same inputs."""
    op: Any = node.op
    values = _joined_to_graph(node, saved)
    arguments = [values[op.layout[argument]] for argument in op.arguments]
    recording = is_grad_enabled()
    with enable_grad():  # the definition has to be recorded for its own walk, even where the pull is not
        y = op.plain(*arguments, **node.params)
    found = walk(
        [(y.node, g)],
        retain_graph=True,
        create_graph=True,
        record=recording,
        targets=[parent for parent in inputs if parent is not None],
    )
    return [None if parent is None else found.get(parent) for parent in inputs]


def _leading_to(targets: frozenset[Node], roots: Sequence[Node]) -> set[Node]:
    """The nodes between ``roots`` and ``targets``, both included."""
    oldest = min((target.seq for target in targets), default=0)
    reached: set[Node] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node in reached or node.seq < oldest:
            continue
        reached.add(node)
        stack.extend(parent for parent in node.inputs if parent is not None)
    needed: set[Node] = set()
    for node in by_age(reached):
        if node in targets or any(parent in needed for parent in node.inputs):
            needed.add(node)
    return needed


def _run_hooks(node: Node, g: Any) -> Any:
    """Show the gradient to the hooks of its Tensor; what a hook returns takes its place."""
    tensor = g if isinstance(g, Variable) else bound(np.asanyarray(g), None)
    for hook in list((node.hooks or {}).values()):
        replaced = hook(tensor)
        if replaced is None:
            continue
        if not isinstance(replaced, Variable) or replaced.array.shape != node.shape:
            seen = tuple(replaced.array.shape) if isinstance(replaced, Variable) else type(replaced).__name__
            raise GradientError(
                f"a gradient hook of {node!r} returned {seen}; return a Tensor of shape {node.shape}, "
                "or None to leave the gradient as it is."
            )
        tensor = replaced
    return tensor if isinstance(g, Variable) else tensor.array


def check_not_overwritten(node: Node, saved: Any) -> None:
    """Raise if an array that this node needs, saved or in a parameter, was written in place after it was recorded."""
    op: Any = node.op
    held = [] if saved is None else list(zip(op.layout, saved, strict=True))
    for place, (name, value) in enumerate(
        held + [(name, node.params[name]) for name in op.read if name in node.params]
    ):
        for array in arrays_in(value):
            if not writes.after(array, node.seq):
                continue
            role = "its output" if held and place == 1 else f"its argument {name}"
            recorded = next(filter(None, (w.line_of(node) for w in levels.here.watchers)), None)
            written = writes.line(array)
            raise GradientError(
                f"{op.name}: backward needs {role}, of shape {tuple(array.shape)}, but that memory was written in "
                f"place after the op was recorded (op #{node.seq}).\n"
                + (f"  recorded at {recorded}\n" if recorded else "")
                + (f"  written at {written}\n" if written else "")
                + "  Write before the forward pass or after backward, or keep a copy: op(x.clone())."
                + ("" if recorded and written else " Run it under detect_anomaly() to see both lines.")
            )
