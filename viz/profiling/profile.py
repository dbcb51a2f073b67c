"""Where the time of a step goes: by op and by part of the model, forward and backward, and between the ops."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograd.recording import Call, Recording
from viz.graphs.wording import amount_text
from viz.profiling import flame, roofline, trace_events
from viz.profiling.ceilings import Ceilings
from viz.profiling.op_time import OpTime, op_times
from viz.profiling.recorded import checked_recording
from viz.profiling.steps import Gap, TimedStep, call_chain, gaps_between, steps_of
from viz.profiling.text_table import text_table
from viz.theme import LIGHT, Theme

__all__ = ["Profile", "ScopeTime", "profile"]

_ROWS = 20  # of a printed table


@dataclass(frozen=True, slots=True)
class ScopeTime:
    """What one part of the model took, all its calls together; the root, with path ``""``, is the whole program.

    ``forward``, ``backward``            seconds in ops of this part and of those inside of it
    ``forward_self``, ``backward_self``  seconds in ops that belong to it directly
    ``outside``                          seconds of its calls in no op and in no part inside of it
    ``flops``                            of the forward pass, with the parts inside; ``nbytes`` likewise
    """

    path: str
    name: str
    module: str
    parent: str | None
    depth: int
    calls: int
    forward: float
    backward: float
    forward_self: float
    backward_self: float
    outside: float
    flops: int
    nbytes: int

    @property
    def seconds(self) -> float:
        """In ops, forward and backward, with the parts inside."""
        return self.forward + self.backward

    @property
    def exclusive(self) -> float:
        """In ops, forward and backward, without the parts inside."""
        return self.forward_self + self.backward_self


@dataclass(frozen=True, slots=True, repr=False)
class Profile:
    """Times of a recording; made by :func:`viz.profile`. ``str()`` is a table, :meth:`flame` and :meth:`roofline` draw.

    ``steps``   every op and every step backward, in order of time
    ``gaps``    the time between them, in which Python ran
    ``scopes``  the parts of the model as a tree: each follows its parent
    ``calls``   the calls of modules and the scopes that were entered
    """

    steps: tuple[TimedStep, ...]
    gaps: tuple[Gap, ...]
    scopes: tuple[ScopeTime, ...]
    calls: tuple[Call, ...]

    @property
    def in_ops(self) -> float:
        """Seconds in any op, forward or backward."""
        return sum(step.exclusive for step in self.steps)

    @property
    def outside(self) -> float:
        """Seconds in no op: Python between the ops."""
        return sum(gap.seconds for gap in self.gaps)

    @property
    def seconds(self) -> float:
        """From the beginning of the first thing that was recorded to the end of the last."""
        return self.in_ops + self.outside

    @property
    def has_backward(self) -> bool:
        """Whether a backward pass was recorded."""
        return any(step.phase == "backward" for step in self.steps)

    @property
    def ops(self) -> tuple[OpTime, ...]:
        """The time of each op in each pass, longest first."""
        return op_times(self.steps, lambda step: "")[""]

    def ops_by_scope(self) -> dict[str, tuple[OpTime, ...]]:
        """The same for each part of the model, by its path; ``""`` is what belongs to none."""
        return op_times(self.steps, lambda step: self.path_of(step.call))

    def path_of(self, call: int | None) -> str:
        """The dotted path of a call; ``""`` outside of all."""
        return "" if call is None else self.calls[call].path

    def seconds_by_op_event(self) -> dict[int, float]:
        """The seconds of each op event of the recording, forward and backward together, to colour a graph by.

        They are exclusive, so that they add up to :attr:`in_ops` (but for steps whose op was not recorded).
        """
        found: dict[int, float] = {}
        for step in self.steps:
            if step.event is not None:
                found[step.event] = found.get(step.event, 0.0) + step.exclusive
        return found

    def flame(self, ax: Any = None, *, gaps: bool = True, theme: Theme = LIGHT) -> Any:
        """Draw what ran when: time from left to right, and below each part of the model the parts and ops inside it.

        Time in no op is hatched. With ``gaps=False`` it is cut out, so that widths compare ops alone. Returns the Axes;
        raises MissingExtraError without matplotlib.
        """
        return flame.draw(self.steps, self.gaps, self.calls, ax, show_gaps=gaps, theme=theme)

    def roofline(self, ax: Any = None, *, ceilings: Ceilings | None = None, theme: Theme = LIGHT) -> Any:
        """Draw how fast each op of each part of the model was, against what the machine can do.

        ``ceilings``  the machine's peaks; measured (:func:`viz.measure_ceilings`, about a second) where none are given

        Ops that do no floating-point operations, or whose FLOPs are not known, have no place on it and are named below.
        Returns the Axes; raises MissingExtraError without matplotlib.
        """
        rows = [(path, row) for path, rows in self.ops_by_scope().items() for row in rows]
        return roofline.draw(rows, ax, ceilings=ceilings, theme=theme)

    def to_trace_events(self) -> dict[str, Any]:
        """The profile in the Chrome trace-event format, as plain data for ``json.dump``."""
        return trace_events.as_trace(self.steps, self.gaps, self.calls)

    def save(self, path: str | Path) -> Path:
        """Write :meth:`to_trace_events` as JSON, for ui.perfetto.dev, speedscope.app or chrome://tracing to open."""
        return trace_events.save(self.to_trace_events(), Path(path))

    def to_dict(self) -> dict[str, Any]:
        """The totals, by op and by scope, as plain data."""
        return {
            "seconds": self.seconds,
            "in_ops": self.in_ops,
            "outside": self.outside,
            "ops": [
                dataclasses.asdict(row)
                | {name: getattr(row, name) for name in ("flops_per_second", "bytes_per_second")}
                for row in self.ops
            ],
            "scopes": [dataclasses.asdict(scope) for scope in self.scopes],
        }

    def __repr__(self) -> str:
        return f"<Profile of {len(self.steps)} steps, {amount_text(self.seconds, 's')}>"

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def profile(recording: Recording) -> Profile:
    """Say where the time of a recording went, by op and by part of the model.

    >>> with ag.record() as tape:
    ...     loss = model(x)
    ...     loss.backward()
    >>> print(viz.profile(tape.recording))

    The recorder takes the time of its own work (it sums every array up) off the clock, so times are about those of the
    program without it. Caches and the allocator do notice it: where microseconds count, record several steps.

    Raises DtypeError for anything else than a Recording and ArgumentError for one without ops. A backward pass may be
    missing.
    """
    recording = checked_recording(recording, "viz.profile")
    steps = steps_of(recording)
    gaps = gaps_between(steps, recording.calls)
    return Profile(steps, gaps, _scopes(steps, gaps, recording.calls), recording.calls)


def _scopes(steps: Iterable[TimedStep], gaps: Iterable[Gap], calls: tuple[Call, ...]) -> tuple[ScopeTime, ...]:
    """The tree of scopes, each after its parent, in the order of first entering. Calls of one path are one scope."""
    paths: dict[str, list[Call]] = {}
    for call in calls:
        if call.path:
            paths.setdefault(call.path, []).append(call)
    parents = {path: _parent(same[0], calls) for path, same in paths.items()}
    totals: dict[str, dict[str, float]] = {path: dict.fromkeys(_SUMMED, 0) for path in ["", *paths]}

    def add(call: int | None, name: str, amount: float, *, upwards: bool = False) -> None:
        path: str | None = "" if call is None else calls[call].path
        while path is not None:
            totals[path][name] += amount
            path = parents.get(path) if upwards else None

    for step in steps:
        add(step.call, f"{step.phase}_self", step.exclusive)
        add(step.call, step.phase, step.exclusive, upwards=True)
        if step.phase == "forward":
            add(step.call, "flops", step.flops or 0, upwards=True)
            add(step.call, "nbytes", step.nbytes, upwards=True)
    for gap in gaps:
        add(gap.call, "outside", gap.seconds)

    inside: dict[str, list[str]] = {}
    for path, parent in parents.items():
        inside.setdefault(parent, []).append(path)
    found = [ScopeTime("", "", "", None, 0, 1, **totals[""])]  # type: ignore[arg-type]
    stack = [(path, 1) for path in reversed(inside.get("", []))]
    while stack:
        path, depth = stack.pop()
        first = paths[path][0]
        found.append(
            ScopeTime(path, first.name, first.module, parents[path], depth, len(paths[path]), **totals[path])  # type: ignore[arg-type]
        )
        stack.extend((child, depth + 1) for child in reversed(inside.get(path, [])))
    return tuple(found)


_SUMMED = ("forward", "backward", "forward_self", "backward_self", "outside", "flops", "nbytes")


def _parent(call: Call, calls: tuple[Call, ...]) -> str:
    """The path of the scope that a call is in: never its own, for a path that occurs in itself would have no end."""
    chain = [calls[i].path for i in call_chain(calls, call.id)]
    return next((path for path in reversed(chain[:-1]) if path != call.path and len(path) < len(call.path)), "")


def _lines(profile: Profile) -> list[str]:
    """The tables of a profile."""
    total = profile.seconds
    forward = sum(step.exclusive for step in profile.steps if step.phase == "forward")

    def share(seconds: float) -> str:
        return f"{100 * seconds / total:.1f} %" if total else "–"

    lines = [
        f"{amount_text(total, 's')}: {amount_text(forward, 's')} in ops forward, "
        f"{amount_text(profile.in_ops - forward, 's')} in ops backward, "
        f"{amount_text(profile.outside, 's')} in no op (Python between the ops)",
        *([] if profile.has_backward else ["No backward pass was recorded."]),
        "",
    ]
    ops = profile.ops
    rows = [
        [
            row.op, row.phase, str(row.calls), amount_text(row.seconds, "s"), share(row.seconds), _flops(row),
            _rate(row.flops_per_second, "FLOP/s"), amount_text(row.nbytes, "B"), _rate(row.bytes_per_second, "B/s"),
            "–" if not row.intensity else f"{row.intensity:.2g}",
        ]
        for row in ops[:_ROWS]
    ]  # fmt: skip
    if len(ops) > _ROWS:
        rest = ops[_ROWS:]
        seconds = sum(row.seconds for row in rest)
        rows.append(
            [
                f"{len(rest)} more",
                "",
                str(sum(r.calls for r in rest)),
                amount_text(seconds, "s"),
                share(seconds),
                *[""] * 5,
            ]
        )
    rows.append(["in no op", "", "", amount_text(profile.outside, "s"), share(profile.outside), *[""] * 5])
    head = ["op", "pass", "calls", "time", "share", "FLOP", "rate", "moved", "rate", "FLOP/B"]
    lines.append(text_table(head, rows, left="ll"))
    if any(row.estimated and row.flops for row in ops):
        lines.append("≈ FLOP of the backward pass are estimated from those of the forward pass.")
    if len(profile.scopes) > 1:
        head = ["scope", "module", "calls", "forward", "backward", "share", "own ops", "in no op", "FLOP forward"]
        rows = [
            [
                "  " * max(scope.depth - 1, 0) + (scope.name or "(all)"), scope.module, str(scope.calls),
                amount_text(scope.forward, "s"), amount_text(scope.backward, "s"), share(scope.seconds),
                amount_text(scope.exclusive, "s"), amount_text(scope.outside, "s"), amount_text(scope.flops, ""),
            ]
            for scope in profile.scopes
        ]  # fmt: skip
        lines += ["", text_table(head, rows, left="ll")]
    return lines


def _flops(row: OpTime) -> str:
    return "–" if row.flops is None else ("≈" if row.estimated and row.flops else "") + amount_text(row.flops, "")


def _rate(per_second: float | None, unit: str) -> str:
    return "–" if not per_second else amount_text(per_second, unit)
