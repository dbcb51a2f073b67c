"""Which values an op keeps for backward, by the rules that the op table has for it."""

from __future__ import annotations

from autograd.dispatch import OPS
from autograd.recording import OpEvent, Recording

__all__ = ["kept_values"]

_OUTPUT, _ALL = -1, -2


def kept_values(recording: Recording, event: OpEvent) -> tuple[int, ...]:
    """The ids of the inputs and outputs that the rules of this op name, so that the tape holds them until backward.

    Empty where no gradient flows through the op, and for ops that the table does not have (those of a user).
    """
    op = OPS.get(event.op)
    if op is None or not any(recording.values[y].requires_grad for y in event.outputs):
        return ()
    wants = [value is not None and recording.values[value].requires_grad for value in event.inputs]
    keep = op.keeper(sum(1 << i for i, wanted in enumerate(wants) if wanted) if op.variadic is None else 1)
    if keep is None:
        return ()
    places: list[int | None] = [None] * len(op.layout)  # what stands at each position of the saved values
    places[1] = _OUTPUT
    for i, argument in enumerate(op.arguments):
        places[op.layout[argument]] = i
    if op.variadic is not None:
        places[op.layout[op.variadic]] = _ALL
    found: dict[int, None] = {}
    for place in keep(places):
        values = event.outputs if place == _OUTPUT else event.inputs if place == _ALL else ()
        if place is not None and place >= 0 and place < len(event.inputs):
            values = (event.inputs[place],)
        found.update((value, None) for value in values if value is not None)
    return tuple(found)
