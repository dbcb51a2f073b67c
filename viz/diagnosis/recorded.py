"""The trace of a recording: what it holds of values, ops and the contributions of one backward pass."""

from __future__ import annotations

from autograd.recording import BackwardEvent, OpEvent, Recording
from viz.diagnosis.facts import facts_of
from viz.diagnosis.trace import Operation, Passage, Quantity, Trace

__all__ = ["trace_of_recording"]


def trace_of_recording(recording: Recording, value: int) -> Trace:
    """The trace of a recording with the gradients of the last backward pass that reached ``value``.

    Of the ops that a backward pass recorded in turn (``create_graph``) those count too, as any other.
    """
    quantities = {
        v.id: Quantity(v.id, v.seq, tuple(v.summary.shape), v.summary.dtype, v.name, v.requires_grad, value=v.summary)
        for v in recording.values
    }
    operations = [_operation(event, quantities) for event in recording.ops]
    trace = Trace(quantities, operations, None, live=False)
    passes = _passes(recording)
    chosen = next((events for events in reversed(passes) if _reaches(recording, events, value)), None)
    if chosen is None and passes:
        chosen = passes[-1]
    if chosen:
        _add_gradients(trace, chosen)
    return trace


def _operation(event: OpEvent, quantities: dict[int, Quantity]) -> Operation:
    arguments = tuple(None if i is None else quantities[i] for i in event.inputs)
    results = tuple(quantities[i] for i in event.outputs)
    seq = next((result.seq for result in results if result.seq is not None), None)
    operation = Operation(
        event.id, event.op, event.kind, dict(event.params), seq, event.scope, event.line, arguments,
        tuple(None if argument is None else argument.value for argument in arguments), results,
    )  # fmt: skip
    for result in results:
        result.producer = operation
    for slot, argument in enumerate(arguments):
        if argument is not None:
            argument.uses.append((operation, slot))
    return operation


def _passes(recording: Recording) -> list[list[BackwardEvent]]:
    """The backward events by pass: a walk goes down in creation numbers, so one that is higher begins the next."""
    passes: list[list[BackwardEvent]] = []
    reached: set[int] = set()
    before = -1
    for event in recording.backward:
        if event.op is None:
            continue
        outputs = recording.ops[event.op].outputs
        seq = max((s for i in outputs if (s := recording.values[i].seq) is not None), default=-1)
        if not passes or (seq >= before and reached.isdisjoint(outputs)):
            passes.append([])
            reached = set()
        passes[-1].append(event)
        reached.update(c.value for c in event.contributions if c.value is not None)
        before = seq
    return passes


def _reaches(recording: Recording, events: list[BackwardEvent], value: int) -> bool:
    return any(
        (event.op is not None and value in recording.ops[event.op].outputs)
        or any(contribution.value == value for contribution in event.contributions)
        for event in events
    )


def _add_gradients(trace: Trace, events: list[BackwardEvent]) -> None:
    for event in events:
        operation = trace.operations[event.op] if event.op is not None else None
        if operation is None or (event.name == "item" and operation.op != "item"):
            continue  # a place among the outputs of an op, which has an event of its own
        operation.incoming = facts_of(event.incoming)
        if len(operation.results) == 1:
            operation.result.gradient = operation.incoming
        if trace.root is None:
            trace.root = operation.result
        for contribution in event.contributions:
            passed = facts_of(contribution.gradient)
            if contribution.value is None or passed is None:
                continue
            to = trace.quantities[contribution.value]
            passage = Passage(operation, contribution.slot, to, passed)
            operation.passages.append(passage)
            to.received.append(passage)
            to.arrived = facts_of(contribution.after)
