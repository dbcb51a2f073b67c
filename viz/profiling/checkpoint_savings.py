"""What checkpointing parts of a model would do to its peak of memory, worked out from one recording without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autograd.recording import OpEvent, Recording
from viz.profiling.buffer_use import BufferUse
from viz.profiling.steps import call_chain

__all__ = ["CheckpointSaving", "Replay", "live_bytes"]

_LAG = 3  # a buffer goes at most so many events after the last that needs it; one that stays longer is held otherwise


@dataclass(frozen=True, slots=True)
class CheckpointSaving:
    """What ``ag.checkpoint`` around each call of one part of the model, or of several, would do.

    ``freed``    bytes that would not be there at what is the peak now
    ``kept``     bytes of the inputs of the calls, which stay until they are computed again (parameters stay anyway)
    ``peak``     the peak of memory that there would be, ``saved`` less than now; a part whose recomputation is at the
                 peak itself saves little
    ``flops``    of computing it again; ``seconds`` is the time that its ops took
    """

    scopes: tuple[str, ...]
    calls: int
    freed: int
    kept: int
    peak: int
    saved: int
    flops: int
    seconds: float


def live_bytes(intervals: Sequence[tuple[int, int, int]], length: int) -> np.ndarray:
    """The bytes that are there during each of ``length`` events, from triples of first event, event of death, bytes."""
    change = np.zeros(length + 1, dtype=np.int64)
    for first, died, nbytes in intervals:
        first, died = max(first, 0), min(died, length)
        if first < died:
            change[first] += nbytes
            change[died] -= nbytes
    return np.cumsum(change[:-1])


@dataclass
class _Part:
    """The ops of one call, and when they run: forward from ``first`` to ``last``, backward ``begins`` to ``ends``."""

    ops: list[OpEvent]
    first: int
    last: int
    begins: int
    ends: int


class Replay:
    """A recording, to be played again with some of its calls checkpointed."""

    def __init__(self, recording: Recording, uses: Sequence[BufferUse], length: int):
        self._length = length
        self._now = live_bytes([(u.buffer.born, self._died(u), u.buffer.nbytes) for u in uses], length)
        self._back: dict[int, list[int]] = {}
        for step in recording.backward:
            if step.op is not None:
                self._back.setdefault(step.op, []).append(step.at)
        self._made_at: dict[int, list[BufferUse]] = {}
        self._read_by: dict[int, list[BufferUse]] = {}
        for use in uses:
            self._made_at.setdefault(use.buffer.born, []).append(use)
            for reader in use.reading:
                self._read_by.setdefault(reader, []).append(use)
        self._calls_of: dict[str, list[int]] = {}
        for call in recording.calls:
            self._calls_of.setdefault(call.path, []).append(call.id)
        self._ops_of: dict[int, list[OpEvent]] = {}
        for event in recording.ops:
            if event.origin is None:
                for call_id in call_chain(recording.calls, event.call):
                    self._ops_of.setdefault(call_id, []).append(event)
        self._chains = {call.id: call_chain(recording.calls, call.id) for call in recording.calls}

    @property
    def paths(self) -> tuple[str, ...]:
        """The parts of the model that a backward pass went through."""
        return tuple(path for path, calls in self._calls_of.items() if any(self._part(call) for call in calls))

    def _died(self, use: BufferUse) -> int:
        return self._length if use.buffer.died is None else use.buffer.died

    def _part(self, call: int) -> _Part | None:
        """The ops of a call; None where no backward pass goes through them."""
        ops = self._ops_of.get(call, [])
        back = [at for event in ops for at in self._back.get(event.id, ())]
        if not back:
            return None
        return _Part(ops, min(e.at for e in ops), max(e.at for e in ops), min(back), max(back))

    def checkpointed(self, paths: Sequence[str]) -> CheckpointSaving:
        """What checkpointing every call of these parts would do; of nested ones the outermost is checkpointed."""
        chosen = {call for path in paths for call in self._calls_of[path]}
        outermost = [call for call in sorted(chosen) if not chosen & set(self._chains[call][:-1])]
        parts = [part for call in outermost if (part := self._part(call)) is not None]
        op_of = {event.id: number for number, part in enumerate(parts) for event in part.ops}
        made_in = {event.at: number for number, part in enumerate(parts) for event in part.ops}
        before: list[tuple[int, int, int]] = []  # the buffers that these parts make or read, as they live now
        after: list[tuple[int, int, int]] = []  # and as they would
        inside: list[list[tuple[int, int, int]]] = [[] for _ in parts]
        saved_again = [0] * len(parts)
        kept = 0
        for use in self._touched_by(parts):
            born, died, nbytes = use.buffer.born, self._died(use), use.buffer.nbytes
            home = made_in.get(born)
            readers = {op_of[event] for event in use.reading if event in op_of} - {home}
            if readers and use.category != "parameters":
                kept += nbytes
            first_life = self._first_life(use, parts, op_of, home, readers)
            before.append((born, died, nbytes))
            after.append((born, first_life, nbytes))
            if home is None:
                continue
            inside[home].append((born, died, nbytes))
            needed = [s.until for s in use.savers if op_of.get(s.event) == home and s.until is not None]
            begins = parts[home].begins
            if needed and max(needed) >= begins and died > begins and first_life <= max(needed):
                after.append((max(begins, first_life), died, nbytes))
                saved_again[home] += nbytes
        then = self._now - live_bytes(before, self._length) + live_bytes(after, self._length)
        for part, live, saved in zip(parts, inside, saved_again, strict=True):
            shifted = [(born - part.first, died - part.first, nbytes) for born, died, nbytes in live]
            highest = int(live_bytes(shifted, part.last - part.first + 1).max(initial=0))
            gradients = sum(use.buffer.nbytes for use in self._made_at.get(part.begins, ()))
            # It is gone when the step that asked for it makes its gradients.
            then[part.begins] += max(highest - saved - gradients, 0)
        top = int(self._now.argmax())
        peak = int(then.max())
        return CheckpointSaving(
            tuple(paths), len(parts), int(self._now[top] - then[top]), kept, peak, int(self._now[top]) - peak,
            sum(event.flops for part in parts for event in part.ops),
            sum(event.seconds for part in parts for event in part.ops),
        )  # fmt: skip

    def _touched_by(self, parts: Sequence[_Part]) -> list[BufferUse]:
        """The buffers that ops of these parts make or read, each once."""
        found = {}
        for part in parts:
            for event in part.ops:
                for use in (*self._made_at.get(event.at, ()), *self._read_by.get(event.id, ())):
                    found[use.buffer.id] = use
        return list(found.values())

    def _first_life(
        self, use: BufferUse, parts: Sequence[_Part], op_of: dict[int, int], home: int | None, readers: set[int]
    ) -> int:
        """When a buffer dies for the first time, if these parts are checkpointed."""
        died = self._died(use)
        reason = use.last_reason
        lag = max(died - reason, 1)
        if use.buffer.died is None or lag > _LAG:
            held = died  # something else holds it, as it does now
        else:
            needs = [use.buffer.born, *use.readers]
            for saver in use.savers:
                number = op_of.get(saver.event)
                if number is None and saver.until is not None:
                    needs.append(saver.until)
                elif number is not None and number == home:
                    needs.append(parts[number].last)  # what a part saves is let go when it ends
            held = max(needs) + lag
        return max([held, *(parts[number].ends + 1 for number in readers)])
