"""What the memory of a recording is for: which values lie in a buffer, which ops read it, and which keep it for
backward until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from autograd.dispatch import OPS
from autograd.recording import BackwardEvent, Buffer, OpEvent, Recording, ValueInfo
from autograd.watching import Line, Summary
from viz.profiling.kept_values import kept_values

__all__ = ["CATEGORIES", "BufferUse", "Category", "Moment", "Saver", "moments_of", "uses_of"]

Category = Literal["parameters", "inputs", "activations", "temporaries", "gradients"]
CATEGORIES: tuple[Category, ...] = ("parameters", "inputs", "activations", "temporaries", "gradients")


@dataclass(frozen=True, slots=True)
class Moment:
    """One event on the clock of a recording: an op, or the step backward through one.

    ``event``  the op event, or the one that the step backward goes through; None where it was not recorded
    """

    at: int
    phase: Literal["forward", "backward"]
    op: str
    scope: str
    event: int | None
    line: Line | None

    def __str__(self) -> str:
        what = self.op if self.phase == "forward" else f"backward of {self.op}"
        return what + (f" in {self.scope}" if self.scope else "") + (f" ({self.line.short})" if self.line else "")


@dataclass(frozen=True, slots=True)
class Saver:
    """An op that keeps a buffer for its step backward: from event ``at`` to event ``until``; None if none was
    recorded."""

    op: str
    event: int
    at: int
    until: int | None


@dataclass(slots=True)
class BufferUse:
    """A buffer and what it is for.

    ``values``   the values in it, the first one first; none for a gradient, or for what an op saved besides
    ``readers``  the positions of the forward ops that take a value in it, and their ids in ``reading``
    ``savers``   the ops that keep it for backward
    ``maker``    where it was made; None if it was there before
    ``shown``    the value that it holds, or whose gradient it holds, and the summary of what it holds
    """

    buffer: Buffer
    category: Category = "temporaries"
    values: list[ValueInfo] = field(default_factory=list)
    readers: list[int] = field(default_factory=list)
    reading: list[int] = field(default_factory=list)
    savers: list[Saver] = field(default_factory=list)
    maker: Moment | None = None
    shown: ValueInfo | None = None
    summary: Summary | None = None
    scope: str = ""

    @property
    def last_reason(self) -> int:
        """The last event that is known to need it: one that reads it, makes it, or was what an op kept it for."""
        untils = [saver.until for saver in self.savers if saver.until is not None]
        return max([self.buffer.born, *self.readers, *untils])


def moments_of(recording: Recording) -> tuple[Moment, ...]:
    """The events of a recording by their position on its clock."""
    found = {}
    for event in recording.ops:
        phase: Literal["forward", "backward"] = "forward" if event.origin is None else "backward"
        found[event.at] = Moment(event.at, phase, event.op, _scope(recording, event), event.id, event.line)
    for step in recording.backward:
        forward = None if step.op is None else recording.ops[step.op]
        scope, line = ("", None) if forward is None else (_scope(recording, forward), forward.line)
        found[step.at] = Moment(step.at, "backward", step.name, scope, step.op, line)
    return tuple(found[at] for at in sorted(found))


def _scope(recording: Recording, event: OpEvent) -> str:
    return event.scope if event.call is None else recording.calls[event.call].path


def uses_of(recording: Recording, moments: Sequence[Moment]) -> list[BufferUse]:
    """Every buffer of a recording with what it is for."""
    at = {moment.at: moment for moment in moments}
    uses = [BufferUse(buffer) for buffer in recording.buffers]
    for value in recording.values:
        if value.buffer is not None:
            uses[value.buffer].values.append(value)
    steps = _steps_through(recording)
    for event in recording.ops:
        if event.origin is None:
            _note(recording, event, uses, steps.get(event.id, []))
    made_at: dict[int, list[BufferUse]] = {}
    for use in uses:
        use.maker = at.get(use.buffer.born)
        made_at.setdefault(use.buffer.born, []).append(use)
    for step in recording.backward:
        _match_gradients(recording, step, made_at.get(step.at, []))
    forward_ops = {event.at: event for event in recording.ops if event.origin is None}
    for use in uses:
        _classify(use, forward_ops.get(use.buffer.born), steps)
        first = min(use.readers, default=None) if use.buffer.born < 0 else None
        place = at.get(use.buffer.born if first is None else first)
        use.scope = place.scope if place else ""
    return uses


def _steps_through(recording: Recording) -> dict[int, list[BackwardEvent]]:
    found: dict[int, list[BackwardEvent]] = {}
    for step in recording.backward:
        if step.op is not None:
            found.setdefault(step.op, []).append(step)
    return found


def _note(recording: Recording, event: OpEvent, uses: list[BufferUse], steps: Sequence[BackwardEvent]) -> None:
    """Enter an op as reader of its inputs and as saver of what it keeps."""
    values = recording.values
    for value in dict.fromkeys(event.inputs):
        buffer = None if value is None else values[value].buffer
        if buffer is not None:
            uses[buffer].readers.append(event.at)
            uses[buffer].reading.append(event.id)
    until = max((step.at for step in steps), default=None)
    kept: tuple[int | None, ...] = kept_values(recording, event)
    if event.op not in OPS and event.saved:  # an op of a user: what of it lived to its step backward
        kept = (*event.inputs, *event.outputs)
    for number in {values[value].buffer: None for value in kept if value is not None}:
        if number is not None and _lives_to(recording.buffers[number], until):
            uses[number].savers.append(Saver(event.op, event.id, event.at, until))


def _lives_to(buffer: Buffer, until: int | None) -> bool:
    """Whether a buffer is there until an event; else the op let it go before (a checkpoint, a hook that packs)."""
    return buffer.died is None or (until is not None and buffer.died > until)


def _match_gradients(recording: Recording, step: BackwardEvent, made: Sequence[BufferUse]) -> None:
    """Say whose gradients the buffers hold that a step backward made: by their sizes, in the order of arriving."""
    outputs = () if step.op is None else recording.ops[step.op].outputs
    waiting = [(outputs[0] if outputs else None, step.incoming)]
    waiting += [(contribution.value, contribution.gradient) for contribution in step.contributions]
    for use in made:
        if use.values or use.buffer.recomputed:
            continue
        for place, (value, summary) in enumerate(waiting):
            if summary.nbytes == use.buffer.nbytes:
                use.shown = None if value is None else recording.values[value]
                use.summary = summary
                del waiting[place]
                break


def _classify(use: BufferUse, made_by: OpEvent | None, steps: dict[int, list[BackwardEvent]]) -> None:
    """Fill in the category, and what there is to show."""
    first = use.values[0] if use.values else None
    if first is not None:
        use.shown, use.summary = first, first.summary
    if any(value.parameter for value in use.values):
        use.category = "parameters"
    elif use.buffer.recomputed:
        use.category = "activations"
    elif use.maker is not None and use.maker.phase == "backward":
        use.category = "gradients"
    elif first is not None and first.producer is None:
        use.category = "inputs"
    elif first is None and made_by is not None:  # what an op saved besides its inputs and outputs
        until = max((step.at for step in steps.get(made_by.id, ())), default=None)
        use.savers.append(Saver(made_by.op, made_by.id, made_by.at, until))
        use.category = "activations"
    elif first is None:
        use.category = "gradients"
    elif use.savers:
        use.category = "activations"
