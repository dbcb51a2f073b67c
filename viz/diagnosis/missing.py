"""Why there is no gradient at all: where every way from a value to the loss is cut."""

from __future__ import annotations

from typing import Any, NamedTuple

from autograd.backend import is_differentiable
from autograd.dispatch import OPS
from autograd.tape import ancestors, arrays_in, owner_of
from viz.diagnosis.causes import is_flat
from viz.diagnosis.trace import Operation, Quantity, Trace

__all__ = ["Cut", "certain_cut", "cut_of", "cut_of_stranger", "integer"]


class Cut(NamedTuple):
    """Where a way ends: the kind of :class:`~viz.diagnosis.explanation.Explanation`, why, what to do, and the op."""

    kind: str
    reason: str
    remedy: str
    operation: Operation | None = None


def integer(dtype: Any) -> Cut:
    """Why integers and truth values have no gradient."""
    return Cut("integer", f"it holds {dtype}, which has no derivative", "Convert it: x.astype('float32').")


_ORDER = ("integer_path", "detached", "branch_not_taken", "disconnected")
_ASK = "Compute the loss from it with recording on"


def cut_of(quantity: Quantity, trace: Trace) -> Cut:
    """Why no gradient arrived at a value of the trace: the cut that is nearest to being a path."""
    cuts = [cut for use in _ends(quantity) if (cut := _cut_at(*use))]
    if cuts:
        return min(cuts, key=lambda cut: _ORDER.index(cut.kind))
    if not quantity.uses:
        return Cut("disconnected", "no op has used it", f"{_ASK}; perhaps a copy of it was used, or another value.")
    last = _last(quantity)
    return Cut(
        "disconnected",
        f"what was computed from it ends at {last.place()}, and the loss was not computed from that",
        "Use that result in the loss, or leave the value out of what is trained.",
        last,
    )


def certain_cut(quantity: Quantity) -> Cut | None:
    """The cut of a value all of whose ways are cut, where no backward pass tells which lead to the loss; else None."""
    cuts = [_cut_at(*use) for use in _ends(quantity)]
    found = [cut for cut in cuts if cut is not None]
    if not found:
        return None
    waiting, seen = [quantity], {quantity.id}
    for here in waiting:
        if not here.uses:
            return None  # this may be the loss
        for operation, slot in here.uses:
            if _cut_at(operation, slot) is None:
                waiting += [r for r in operation.results if r.requires_grad and r.id not in seen]
                seen.update(r.id for r in operation.results)
    return min(found, key=lambda cut: _ORDER.index(cut.kind))


def _ends(quantity: Quantity) -> list[tuple[Operation, int]]:
    """The uses of a value, and of what came of it, as far as gradients could flow."""
    waiting, seen, uses = [quantity], {quantity.id}, []
    for here in waiting:
        for operation, slot in here.uses:
            uses.append((operation, slot))
            if operation.incoming is not None:
                continue
            for result in operation.results:
                if result.requires_grad and result.id not in seen:
                    seen.add(result.id)
                    waiting.append(result)
    return uses


def _cut_at(operation: Operation, slot: int) -> Cut | None:
    """Why a use of a value gives it no gradient; None where it may, further on."""
    name = operation.op
    results = operation.results
    if is_flat(name) or not any(_can_move(result) for result in results):
        dtype = results[0].dtype if results else "nothing"
        return Cut(
            "integer_path",
            f"{operation.place()} makes {dtype} of it, and has no derivative",
            "Compare with something smooth in its place: softmax for argmax, sigmoid for a comparison, no cast to int.",
            operation,
        )
    if not any(result.requires_grad for result in results):
        return Cut(
            "detached",
            f"{operation.place()} used it under no_grad(), or after detach(), so the tape holds nothing of it",
            "Take the detach() or the no_grad() away, if a gradient is meant to flow.",
            operation,
        )
    if operation.incoming is None or any(passage.slot == slot for passage in operation.passages):
        return None
    rules = OPS[name].rules if name in OPS else None
    if rules is not None and slot < len(rules) and rules[slot] is None:
        return Cut(
            "integer_path",
            f"{operation.place()} has no derivative in its argument {OPS[name].arguments[slot]}",
            "Give it to another argument, or write its effect with ops that have a derivative.",
            operation,
        )
    if name in OPS and OPS[name].selects and operation.arguments[slot] is not None and not operation.passages:
        return Cut(
            "branch_not_taken",
            f"{operation.place()} takes other elements than these",
            "Look at its condition or index.",
            operation,
        )
    return Cut(
        "detached",
        f"{operation.place()} used it as a constant, after detach() or as a plain array",
        "Take the detach() away, if a gradient is meant to flow.",
        operation,
    )


def _can_move(quantity: Quantity) -> bool:
    return quantity.dtype.startswith(("float", "complex", "bfloat"))


def _last(quantity: Quantity) -> Operation:
    """The latest op that a value went into, through others or not."""
    waiting, seen = [quantity], {quantity.id}
    last = quantity.uses[0][0]
    for here in waiting:
        for operation, _ in here.uses:
            if operation.id > last.id:
                last = operation
            for result in operation.results:
                if result.id not in seen:
                    seen.add(result.id)
                    waiting.append(result)
    return last


def cut_of_stranger(tensor: Any, loss: Any, trace: Trace) -> Cut:
    """Why the graph of ``loss`` does not hold ``tensor``: whether an op of it reads the same memory as a constant."""
    hint = "Run it again under `with ag.record() as tape:` and give why(tensor, tape), which sees where the path ends."
    if tensor.node is None and not is_differentiable(tensor.dtype):
        return integer(tensor.dtype)
    memory = owner_of(tensor.array) if hasattr(tensor.array, "dtype") else None
    by_seq = {operation.seq: operation for operation in trace.operations}
    for node in ancestors([loss.node]) if memory is not None else ():
        operation = by_seq.get(node.seq)
        for source in operation.operands if operation is not None else ():
            if any(owner_of(array) is memory for array in arrays_in(source)):
                assert operation is not None
                return Cut(
                    "detached",
                    f"{operation.place()} read its memory as a constant, after detach() or as a plain array",
                    "Take the detach() away, if a gradient is meant to flow.",
                    operation,
                )
    if tensor.node is None:
        return Cut("not_required", "it does not ask for a gradient", "Make it with requires_grad=True.")
    return Cut(
        "disconnected",
        "the graph of the loss does not hold it: it was not used, or only detached, under no_grad() or as integers",
        hint,
    )
