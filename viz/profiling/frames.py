"""The boxes of a flame chart: passes, in them parts of the model, in them ops, and between these time in no op."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograd.recording import Call
from viz.profiling.steps import Gap, Phase, TimedStep, call_chain

__all__ = ["Frame", "frames_of"]


@dataclass(frozen=True, slots=True)
class Frame:
    """A box from ``start`` on, ``seconds`` long, in row ``depth``.

    ``kind``  ``"pass"``, ``"scope"``, ``"gap"`` (time in no op), or the kind of the op
    ``path``  the part of the model that it is, or is in
    ``step``  the position of the step that it shows; None for what is no op
    """

    start: float
    seconds: float
    depth: int
    label: str
    kind: str
    path: str
    step: int | None = None

    @property
    def end(self) -> float:
        """Where the next box may begin."""
        return self.start + self.seconds


@dataclass
class _Run:
    """A box that is still growing."""

    key: Any
    start: float
    end: float


def frames_of(steps: Sequence[TimedStep], gaps: Sequence[Gap], calls: Sequence[Call]) -> tuple[Frame, ...]:
    """Every box of a profile, row by row. Boxes of one row do not overlap; each lies below the one that it is in.

    In the backward pass, where no module is called, a part of the model is a run of steps through its ops.
    """
    passes = tuple(_passes(steps, calls))
    chains = _chains_backward(steps, calls)
    found = [
        *passes,
        *(
            Frame(call.start, call.seconds, 1 + len(call_chain(calls, call.parent)), call.name, "scope", call.path)
            for call in calls
        ),
        *_scopes_backward(steps, calls, chains),
    ]
    depths: list[int] = []
    for i, step in enumerate(steps):
        if step.within is not None:
            depths.append(depths[step.within] + 1)
        else:
            depths.append(1 + len(chains[i] if i in chains else call_chain(calls, step.call)))
        path = "" if step.call is None else calls[step.call].path
        found.append(Frame(step.start, step.seconds, depths[i], step.op, step.kind or "other", path, i))
    found += _gap_frames(steps, gaps, calls, passes, chains)
    return tuple(sorted(found, key=lambda frame: (frame.depth, frame.start)))


def _passes(steps: Sequence[TimedStep], calls: Sequence[Call]) -> Iterator[Frame]:
    """Row 0: a box for each stretch of one pass."""
    spans: list[tuple[float, float, Phase]] = [(s.start, s.end, s.phase) for s in steps if s.within is None]
    spans += [(call.start, call.start + call.seconds, "forward") for call in calls if call.parent is None]
    runs: list[_Run] = []
    for start, end, phase in sorted(spans):
        if runs and runs[-1].key == phase:
            runs[-1].end = max(runs[-1].end, end)
            continue
        if runs:  # a module may differentiate, in the middle of its call
            runs[-1].end = min(runs[-1].end, start)
        runs.append(_Run(phase, start, end))
    return (Frame(run.start, run.end - run.start, 0, run.key, "pass", "") for run in runs)


_Chain = tuple[tuple[str, int], ...]


def _chains_backward(steps: Sequence[TimedStep], calls: Sequence[Call]) -> dict[int, _Chain]:
    """What each step of the backward pass lies in, by its position: calls that are open at the time, which is rare, and
    then those that its op belongs to."""
    found: dict[int, _Chain] = {}
    starts = sorted((call.start, call.id) for call in calls)
    place, open_ = 0, list[int]()
    for i, step in enumerate(steps):
        while place < len(starts) and starts[place][0] <= step.start:
            open_.append(starts[place][1])
            place += 1
        open_ = [call for call in open_ if calls[call].start + calls[call].seconds > step.start]
        if step.within is None and step.phase == "backward":
            chain = call_chain(calls, step.call)
            found[i] = (*(("open", call) for call in open_), *(("through", call) for call in chain))
    return found


def _scopes_backward(
    steps: Sequence[TimedStep], calls: Sequence[Call], chains: Mapping[int, _Chain]
) -> Iterator[Frame]:
    """A box for each stretch of steps backward through the ops of one call."""
    runs: list[_Run] = []

    def close(down_to: int) -> Iterator[Frame]:
        while len(runs) > down_to:
            run = runs.pop()
            how, call = run.key
            if how == "through":
                yield Frame(run.start, run.end - run.start, 1 + len(runs), calls[call].name, "scope", calls[call].path)

    for i, step in enumerate(steps):
        if step.within is not None:
            continue
        chain = chains.get(i, ())
        same = _common([run.key for run in runs], chain)
        yield from close(same)
        for run in runs:
            run.end = max(run.end, step.end)
        runs += [_Run(key, step.start, step.end) for key in chain[same:]]
    yield from close(0)


def _gap_frames(
    steps: Sequence[TimedStep], gaps: Sequence[Gap], calls: Sequence[Call], passes: Sequence[Frame],
    chains: Mapping[int, _Chain],
) -> Iterator[Frame]:  # fmt: skip
    """The gaps, each one row below what surrounds it."""
    outer = [i for i, step in enumerate(steps) if step.within is None]
    place = 0
    for gap in gaps:
        while place < len(outer) and steps[outer[place]].start < gap.end:
            place += 1
        chain: Sequence[object] = call_chain(calls, gap.call)
        path = "" if gap.call is None else calls[gap.call].path
        if 0 < place < len(outer):
            before, after = (chains.get(i, ()) for i in outer[place - 1 : place + 1])
            shared = before[: _common(before, after)]
            if len(shared) > len(chain):  # between two steps backward through the same part
                chain, path = shared, calls[shared[-1][1]].path
        inside = chain or any(one.start <= gap.start and gap.end <= one.end for one in passes)
        yield Frame(gap.start, gap.seconds, 1 + len(chain) if inside else 0, "in no op", "gap", path)


def _common(a: Sequence[object], b: Sequence[object]) -> int:
    """How long the beginning is that two sequences share."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
