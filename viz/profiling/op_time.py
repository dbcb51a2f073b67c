"""The time of one op in one pass, all its runs together, and the rates that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from viz.profiling.steps import Phase, TimedStep

__all__ = ["OpTime", "op_times"]


@dataclass(frozen=True, slots=True)
class OpTime:
    """What all runs of one op took in one pass.

    ``seconds``    without what ran inside of it
    ``flops``      None where they are not known of every run; ``estimated`` from the forward pass for steps backward
    ``nbytes``     what it read and wrote
    """

    op: str
    kind: str
    phase: Phase
    calls: int
    seconds: float
    flops: int | None
    estimated: bool
    nbytes: int

    @property
    def flops_per_second(self) -> float | None:
        """The rate that was reached; None where the FLOPs or the time are not known."""
        return self.flops / self.seconds if self.flops is not None and self.seconds > 0 else None

    @property
    def bytes_per_second(self) -> float | None:
        """The rate at which memory was read and written; None where the time is not known."""
        return self.nbytes / self.seconds if self.seconds > 0 else None

    @property
    def intensity(self) -> float | None:
        """FLOP for each byte; None where there are no bytes or the FLOPs are not known."""
        return self.flops / self.nbytes if self.flops is not None and self.nbytes else None


def op_times(steps: Iterable[TimedStep], part_of: Callable[[TimedStep], str]) -> dict[str, tuple[OpTime, ...]]:
    """The time of each op and pass in each part of a program, which ``part_of`` says of a step; longest first."""
    groups: dict[tuple[str, str, Phase], list[TimedStep]] = {}
    for step in steps:
        groups.setdefault((part_of(step), step.op, step.phase), []).append(step)
    found: dict[str, list[OpTime]] = {}
    for (part, op, phase), runs in groups.items():
        flops = [step.flops for step in runs if step.flops is not None]
        found.setdefault(part, []).append(
            OpTime(
                op, runs[0].kind, phase, len(runs), sum(step.exclusive for step in runs),
                sum(flops) if len(flops) == len(runs) else None, any(step.estimated for step in runs),
                sum(step.nbytes for step in runs),
            )
        )  # fmt: skip
    return {part: tuple(sorted(rows, key=lambda row: -row.seconds)) for part, rows in found.items()}
