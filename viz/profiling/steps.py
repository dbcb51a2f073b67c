"""A Recording as steps on one time axis: what ran when, within what, and the time that no op accounts for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from autograd.recording import Call, OpEvent, Recording
from autograd.watching import Line
from viz.profiling.backward_cost import backward_bytes, backward_flops

__all__ = ["Gap", "Phase", "TimedStep", "call_chain", "gaps_between", "steps_of"]

Phase = Literal["forward", "backward"]


@dataclass(frozen=True, slots=True)
class TimedStep:
    """One op at work, in the forward or in the backward pass.

    ``event``      the op event: the op itself, or for a step backward the one that it goes back through; None where the
                   recording does not have it
    ``call``       the id of the call of a module that it belongs to; None outside of all
    ``within``     the position of the step that it ran in: an op in the rule of another
    ``start``      seconds since the recording began
    ``seconds``    its time, and ``exclusive`` without the steps that ran in it
    ``flops``      floating-point operations; None where they are not known, ``estimated`` for steps backward
    ``nbytes``     what it reads and writes
    """

    phase: Phase
    op: str
    kind: str
    event: int | None
    call: int | None
    within: int | None
    start: float
    seconds: float
    exclusive: float
    flops: int | None
    estimated: bool
    nbytes: int
    line: Line | None = None

    @property
    def end(self) -> float:
        """Seconds since the recording began."""
        return self.start + self.seconds


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time in no op, and the innermost call that was open in it."""

    start: float
    seconds: float
    call: int | None

    @property
    def end(self) -> float:
        """Seconds since the recording began."""
        return self.start + self.seconds


def steps_of(recording: Recording) -> tuple[TimedStep, ...]:
    """Every op and every step backward in order of time. The exclusive times add up to the time in any step at all."""
    found = [
        TimedStep(
            "forward" if event.origin is None else "backward", event.op, event.kind, event.id,
            _call_of(recording, event.id), None, event.start, event.seconds, event.seconds, event.flops, False,
            0 if _is_view(recording, event) else event.nbytes, event.line,
        )
        for event in recording.ops
    ]  # fmt: skip
    for event in recording.backward:
        forward = None if event.op is None else recording.ops[event.op]
        found.append(
            TimedStep(
                "backward", event.name, forward.kind if forward else "", event.op, _call_of(recording, event.op), None,
                event.start, event.seconds, event.seconds, backward_flops(recording, event), True,
                backward_bytes(recording, event), forward.line if forward else None,
            )
        )  # fmt: skip
    return _nested(sorted(found, key=lambda step: (step.start, -step.seconds)))


def _is_view(recording: Recording, event: OpEvent) -> bool:
    """Whether an op only looked at memory in another way, and moved none of it."""
    into = {recording.values[value].buffer for value in event.inputs if value is not None}
    out = {recording.values[value].buffer for value in event.outputs}
    return event.kind == "view" and None not in out and out <= into


def _call_of(recording: Recording, event: int | None) -> int | None:
    """The call that an op belongs to; what a rule computed belongs to the call of the op whose rule it is."""
    while event is not None:
        op = recording.ops[event]
        if op.call is not None or op.origin is None or op.origin >= event:
            return op.call
        event = op.origin
    return None


def _nested(steps: Sequence[TimedStep]) -> tuple[TimedStep, ...]:
    """The steps with what runs in what: each moment belongs to the step that began last and is not over."""
    within: list[int | None] = []
    exclusive = [step.seconds for step in steps]
    open_: list[int] = []
    for i, step in enumerate(steps):
        while open_ and steps[open_[-1]].end <= step.start:
            open_.pop()
        outer = open_[-1] if open_ else None
        within.append(outer)
        reached = step.start
        for around in reversed(open_):  # nearly always one, in which it lies to its end
            if (end := min(step.end, steps[around].end)) > reached:
                exclusive[around] -= end - reached
                reached = end
        open_.append(i)
    return tuple(replace(step, within=within[i], exclusive=max(exclusive[i], 0.0)) for i, step in enumerate(steps))


def call_chain(calls: Sequence[Call], call: int | None) -> tuple[int, ...]:
    """The ids of a call and of those around it, the outermost first."""
    chain: list[int] = []
    while call is not None:
        chain.append(call)
        call = calls[call].parent
    return tuple(reversed(chain))


def gaps_between(steps: Sequence[TimedStep], calls: Sequence[Call]) -> tuple[Gap, ...]:
    """The time from the first to the last thing recorded in which no step ran, cut where calls begin and end."""
    starts = [*(step.start for step in steps), *(call.start for call in calls)]
    ends = [*(step.end for step in steps), *(call.start + call.seconds for call in calls)]
    if not starts:
        return ()
    lasting = [call for call in calls if call.start + call.seconds > call.start]
    marks = sorted(
        [(call.start + call.seconds, 0, call.id) for call in lasting] + [(call.start, 1, call.id) for call in lasting]
    )
    found: list[Gap] = []
    open_: list[int] = []
    place = 0
    for start, end in _free(steps, min(starts), max(ends)):
        at = start
        while place < len(marks) and marks[place][0] < end:
            time, enters, call = marks[place]
            if time > at:
                found.append(Gap(at, time - at, open_[-1] if open_ else None))
                at = time
            if enters:
                open_.append(call)
            else:
                open_.remove(call)
            place += 1
        if end > at:
            found.append(Gap(at, end - at, open_[-1] if open_ else None))
    return tuple(found)


def _free(steps: Sequence[TimedStep], start: float, end: float) -> list[tuple[float, float]]:
    """The stretches between ``start`` and ``end`` that no step covers; the steps are in order of their starts."""
    found = []
    reached = start
    for step in steps:
        if step.start > reached:
            found.append((reached, step.start))
        reached = max(reached, step.end)
    if end > reached:
        found.append((reached, end))
    return found
