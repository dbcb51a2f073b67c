"""Who holds which bytes when, where the peak is, and what would lower it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from autograd.errors import ArgumentError
from autograd.recording import Recording
from autograd.watching import Line
from viz.graphs.wording import amount_text, shape_text
from viz.profiling import memory_chart
from viz.profiling.buffer_use import CATEGORIES, BufferUse, Category, Moment, Saver, moments_of, uses_of
from viz.profiling.checkpoint_savings import CheckpointSaving, Replay, live_bytes
from viz.profiling.recorded import checked_recording
from viz.profiling.text_table import text_table
from viz.theme import LIGHT, Theme

__all__ = ["Holder", "MemoryReport", "memory"]

_ROWS = 15  # of a printed table
_CANDIDATES = 64  # parts of a model that are tried for a checkpoint: those that hold most at the peak


@dataclass(frozen=True, slots=True)
class Holder:
    """Memory that one array owns, and what is known of it.

    ``name``      of the value; of a gradient that of the value that it belongs to, or the op that made that value;
                  empty where there is none
    ``op``        the op that made it, or that was gone back through; ``"parameter"`` or ``"input"`` for what was there
    ``scope``     the part of the model in which it was made, or first read; ``line`` is that of the program
    ``shape``, ``dtype``  of the array; None for what an op saved besides its inputs and outputs
    ``born``, ``died``  it is there from event ``born`` (-1: from before) to before event ``died`` (None: to the end)
    ``savers``    the ops that keep it for backward, and until when
    ``readers``   the events that read it in the forward pass
    ``recomputed``  whether a checkpoint computed it again for backward
    """

    buffer: int
    nbytes: int
    category: Category
    name: str
    op: str
    scope: str
    line: Line | None
    shape: tuple[int, ...] | None
    dtype: str | None
    born: int
    died: int | None
    savers: tuple[Saver, ...] = ()
    readers: tuple[int, ...] = ()
    recomputed: bool = False

    @property
    def what(self) -> str:
        """It in a few words: its name, or what made it."""
        if self.category == "gradients":
            return f"gradient of {self.name}" if self.name else f"gradient, from {self.op}"
        if self.recomputed:
            return "computed again"
        if self.name:
            return self.name
        return self.op if self.shape is not None or self.born < 0 else f"{self.op}, saved besides"

    def is_alive(self, at: int) -> bool:
        """Whether it is there during an event."""
        return self.born <= at and (self.died is None or at < self.died)

    def why(self, at: int) -> str:
        """Why it is there during an event."""
        if self.category == "parameters":
            return "a parameter"
        if self.recomputed:
            return "computed again for backward by a checkpoint"
        ops = [s.op for s in self.savers if s.at <= at and (s.until is None or at <= s.until)]
        if ops:
            names = list(dict.fromkeys(ops))
            more = f" and {len(names) - 2} more" if len(names) > 2 else ""
            return f"saved by {', '.join(names[:2])}{more} for backward"
        if self.category == "gradients":
            return "a gradient that stays" if self.died is None else "a gradient on its way"
        if at == self.born:
            return f"{self.op} makes it"
        if at in self.readers:
            return "read by the op at work"
        return "alive in the program"


@dataclass(frozen=True, slots=True, repr=False)
class MemoryReport:
    """Memory over a recording; made by :func:`viz.memory`. ``str()`` is a table, :meth:`plot` draws it.

    ``moments``    the events of the recording, forward and backward: the clock of the report
    ``holders``    all memory that was ever there, in the order of coming
    ``peak``       the most bytes that were there at once, during event ``peak_at``
    ``savings``    what checkpointing each part of the model would save, the largest saving first; empty without a
                   backward pass
    """

    moments: tuple[Moment, ...]
    holders: tuple[Holder, ...]
    peak: int
    peak_at: int
    savings: tuple[CheckpointSaving, ...]
    _replay: Replay = field(compare=False)

    @property
    def total(self) -> tuple[int, ...]:
        """The bytes that are there during each event."""
        return _live(self.holders, len(self.moments))

    @property
    def peak_moment(self) -> Moment:
        """The event at the peak."""
        return self.moments[self.peak_at]

    @property
    def has_backward(self) -> bool:
        """Whether a backward pass was recorded."""
        return any(moment.phase == "backward" for moment in self.moments)

    def timeline(self, by: Literal["category", "scope", "op"] = "category") -> dict[str, tuple[int, ...]]:
        """The bytes that are there during each event by category, part of the model, or op; they add up to ``total``.

        Raises ArgumentError for another word.
        """
        groups: dict[str, list[Holder]] = {name: [] for name in CATEGORIES} if by == "category" else {}
        key = _key(by)
        for holder in self.holders:
            groups.setdefault(key(holder), []).append(holder)
        return {name: _live(members, len(self.moments)) for name, members in groups.items()}

    def alive(self, at: int | None = None) -> tuple[Holder, ...]:
        """Who holds memory during an event (by default at the peak), the largest first.

        Raises ArgumentError for an event that the recording does not have.
        """
        at = self.peak_at if at is None else at
        if not 0 <= at < len(self.moments):
            raise ArgumentError(
                f"MemoryReport.alive: there is no event {at}; they go from 0 to {len(self.moments) - 1}."
            )
        return tuple(sorted((h for h in self.holders if h.is_alive(at)), key=lambda h: (-h.nbytes, h.buffer)))

    def checkpointing(self, *scopes: str) -> CheckpointSaving:
        """What checkpointing every call of these parts of the model at once would save.

        ``scopes``  dotted paths, as the table of the report and the calls of the recording have them

        Raises ArgumentError for a path that is not in the recording, or that no backward pass went through.
        """
        known = self._replay.paths
        for path in scopes or ("",):
            if path not in known:
                there = ", ".join(known[:12]) + ", ..." * (len(known) > 12) if known else "none"
                raise ArgumentError(
                    f"MemoryReport.checkpointing: {path!r} is no part of the model that a backward pass went through. "
                    f"A part is the call of a module, or a block of ag.scope(name); there are: {there}."
                )
        return self._replay.checkpointed(scopes)

    def plot(self, ax: Any = None, *, theme: Theme = LIGHT) -> Any:
        """Draw the bytes by category over the events, with the peak and who holds most of it.

        Returns the Axes; raises MissingExtraError without matplotlib.
        """
        return memory_chart.draw(self, ax, theme=theme)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "peak": self.peak,
            "peak_at": self.peak_at,
            "moments": [dataclasses.asdict(m) | {"line": m.line and list(m.line)} for m in self.moments],
            "timeline": {name: list(values) for name, values in self.timeline().items()},
            "at_peak": [
                dataclasses.asdict(holder)
                | {"line": holder.line and list(holder.line), "why": holder.why(self.peak_at)}
                for holder in self.alive()
            ],
            "savings": [dataclasses.asdict(saving) for saving in self.savings],
        }

    def __repr__(self) -> str:
        return f"<MemoryReport: peak {amount_text(self.peak, 'B')} at event {self.peak_at} of {len(self.moments)}>"

    def __str__(self) -> str:
        return "\n".join([*_peak_lines(self), "", *_saving_lines(self)])


def memory(recording: Recording) -> MemoryReport:
    """Say who holds which bytes when, where the peak is, and what checkpointing a part of the model would save.

    >>> with ag.record(names=model) as tape:
    ...     loss = model(x)
    ...     loss.backward()
    >>> print(viz.memory(tape.recording))

    Counted is memory that an array owns which went into or came out of an op, was saved for backward or is a gradient,
    from when it comes to when nothing holds it any more; not what an op allocates and frees while it runs.

    Raises DtypeError for anything else than a Recording and ArgumentError for one without ops. A backward pass may be
    missing: then what is saved for one counts as it does at the end of the forward pass.
    """
    recording = checked_recording(recording, "viz.memory")
    moments = moments_of(recording)
    uses = uses_of(recording, moments)
    holders = tuple(_holder(recording, use) for use in uses)
    total = _live(holders, len(moments))
    peak_at = max(range(len(total)), key=total.__getitem__)
    replay = Replay(recording, uses, len(moments))
    held = _held_at(holders, peak_at)
    heaviest = sorted(replay.paths, key=lambda path: -held.get(path, 0))[:_CANDIDATES]
    savings = sorted(
        (saving for path in heaviest if (saving := replay.checkpointed((path,))).freed > 0),
        key=lambda saving: (-saving.saved, -saving.freed, saving.flops),
    )
    return MemoryReport(moments, holders, total[peak_at], peak_at, tuple(savings), replay)


def _live(holders: Any, length: int) -> tuple[int, ...]:
    spans = [(h.born, length if h.died is None else h.died, h.nbytes) for h in holders]
    return tuple(live_bytes(spans, length).tolist())


def _held_at(holders: Iterable[Holder], at: int) -> dict[str, int]:
    """The bytes that each part of the model holds during an event, with the parts inside of it."""
    found: dict[str, int] = {}
    for holder in holders:
        path = holder.scope if holder.is_alive(at) else ""
        while path:
            found[path] = found.get(path, 0) + holder.nbytes
            path = path.rpartition(".")[0]
    return found


def _holder(recording: Recording, use: BufferUse) -> Holder:
    made, buffer, shown = use.maker, use.buffer, use.shown
    name = shown.name if shown else ""
    if not name and use.category == "gradients" and shown and shown.producer is not None:
        name = recording.ops[shown.producer].op
    op = made.op if made is not None else use.category.removesuffix("s")
    return Holder(
        buffer.id, buffer.nbytes, use.category, name, op, use.scope,
        made.line if made else None, use.summary.shape if use.summary else None,
        use.summary.dtype if use.summary else None, buffer.born, buffer.died, tuple(use.savers), tuple(use.readers),
        buffer.recomputed,
    )  # fmt: skip


def _key(by: str) -> Callable[[Holder], str]:
    if by not in ("category", "scope", "op"):
        raise ArgumentError(f"MemoryReport.timeline: by must be 'category', 'scope' or 'op', not {by!r}.")
    return lambda holder: str(getattr(holder, by))


def _peak_lines(report: MemoryReport) -> list[str]:
    """Where the peak is, and who holds it."""
    at = report.peak_at
    lines = [
        f"Peak: {amount_text(report.peak, 'B')} at event {at} of {len(report.moments)}, {report.peak_moment}",
        "  " + ", ".join(f"{name} {amount_text(v[at], 'B')}" for name, v in report.timeline().items() if v[at]),
        "",
    ]
    alive = report.alive()
    rows = [
        [
            amount_text(holder.nbytes, "B"), _share(holder.nbytes, report.peak), holder.what,
            "" if holder.shape is None else shape_text(holder.shape), holder.dtype or "", holder.scope,
            "before" if holder.born < 0 else str(holder.born), "end" if holder.died is None else str(holder.died),
            holder.why(at),
        ]
        for holder in alive[:_ROWS]
    ]  # fmt: skip
    if len(alive) > _ROWS:
        rest = sum(holder.nbytes for holder in alive[_ROWS:])
        rows.append([amount_text(rest, "B"), _share(rest, report.peak), f"{len(alive) - _ROWS} more", *[""] * 6])
    head = ["size", "share", "what", "shape", "dtype", "scope", "born", "died", "why it is there"]
    return [*lines, text_table(head, rows, left="rrllllrrl")]


def _saving_lines(report: MemoryReport) -> list[str]:
    """What checkpoints would save."""
    if not report.has_backward:
        return ["No backward pass was recorded, so what a checkpoint would save is not known."]
    if not report.savings:
        return ["No part of the model holds anything at the peak that a checkpoint would free."]
    head = ["checkpoint", "calls", "frees at peak", "keeps", "new peak", "saves", "share", "FLOP again", "time again"]
    rows = [
        [
            ", ".join(saving.scopes), str(saving.calls), amount_text(saving.freed, "B"), amount_text(saving.kept, "B"),
            amount_text(saving.peak, "B"), amount_text(saving.saved, "B"), _share(saving.saved, report.peak),
            amount_text(saving.flops, ""), amount_text(saving.seconds, "s"),
        ]
        for saving in report.savings[:_ROWS]
    ]  # fmt: skip
    return [text_table(head, rows, left="l")]


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"
