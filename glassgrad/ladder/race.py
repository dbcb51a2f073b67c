"""Train the four rungs from the same start, watch the clock and the tape, and hold their losses against each other."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import viz
from autograd.errors import ArgumentError, GlassgradError
from autograd.extras import import_extra
from autograd.scalar import Program
from glassgrad.ladder.moons import Moons, two_moons
from glassgrad.ladder.rungs import RUNGS, Rung, Trainee, draw_model

__all__ = ["DisagreementError", "Outcome", "Race", "Settings", "run_race"]

NOISE = 0.1
TOLERANCE = 1e-9
_DISTURBED = 1.25
_LIMITS = {"steps": (1, 1_000), "points": (2, 1_000), "hidden": (1, 64), "seed": (0, 2**32 - 1)}  # minutes, not hours


class DisagreementError(GlassgradError, ArithmeticError):
    """Two rungs that compute the same thing got different losses: one of them is wrong."""


@dataclass(frozen=True)
class Settings:
    """How long to train (``steps``), on how many ``points``, with how many ``hidden`` units, from which ``seed``."""

    steps: int = 60
    points: int = 100
    hidden: int = 16
    seed: int = 0

    def __post_init__(self) -> None:
        for name, (least, most) in _LIMITS.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise ArgumentError(f"--{name} must lie between {least:,} and {most:,}, not {value:,}.")

    @property
    def rate(self) -> float:
        """The learning rate; a wide hidden layer sums more slopes, and wants smaller steps."""
        return min(3.0, 48.0 / self.hidden)


@dataclass(frozen=True)
class Outcome:
    """What was seen of one rung.

    ``losses``   before each step, and after the last: ``(steps + 1,)``
    ``seconds``  a training step takes, the median of all: forward, backward and update
    ``nodes``    that one step records
    ``view``     a part of its graph that fits on a page
    ``program``  what was compiled, and ``capture_seconds`` it took; None for the rungs that record every step anew
    """

    rung: Rung
    losses: NDArray[np.float64]
    seconds: float
    nodes: int
    view: viz.GraphView
    program: Program | None = None
    capture_seconds: float | None = None


@dataclass(frozen=True)
class Race:
    """The four outcomes, from the first rung to the last.

    ``history``     the parameters before each step and after the last, ``(steps + 1, P)``
    ``difference``  the largest relative difference between two rungs' losses at the same step
    ``stretch``     how many times longer the race took than the processor worked on it: well above 1 where other
                    programs had their turns, which makes long steps look longer, and short ones not
    """

    settings: Settings
    data: Moons
    outcomes: tuple[Outcome, ...]
    history: NDArray[np.float64]
    difference: float
    stretch: float

    @property
    def disturbed(self) -> bool:
        """Whether the times are not to be trusted."""
        return self.stretch > _DISTURBED


def run_race(settings: Settings, say: Callable[[str], None] = print, rungs: Iterable[Rung] = RUNGS) -> Race:
    """Train every rung and compare. Raises DisagreementError where their losses are not the same to 1e-9."""
    draw = np.random.default_rng(settings.seed)
    data = two_moons(settings.points, NOISE, draw)
    start = draw_model(settings.hidden, draw)
    outcomes = []
    race_began, worked_before = time.perf_counter(), time.process_time()
    for rung in rungs:
        began = time.perf_counter()
        trainee = rung.start(start, data)
        prepared = time.perf_counter() - began
        nodes = _recorded(trainee.loss())
        view = rung.draw(trainee, data)
        losses, history, seconds = _train(rung, trainee, settings)
        compiled = trainee.program is not None
        outcomes.append(Outcome(rung, losses, seconds, nodes, view, trainee.program, prepared if compiled else None))
        say(f"{rung.name:<9} {nodes:>7,} nodes  {1e3 * seconds:9.3f} ms a step  final loss {losses[-1]:.6f}")
    stretch = (time.perf_counter() - race_began) / (time.process_time() - worked_before)
    return Race(settings, data, tuple(outcomes), history, _largest_difference(outcomes), stretch)


def _train(rung: Rung, trainee: Trainee, settings: Settings) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """The losses and the parameters before each step and after the last, and the median time of a step."""
    progress = import_extra("rich.progress", extra="train", purpose="show progress")
    losses, seconds, history = [], [], [trainee.numbers()]
    steps = range(settings.steps)
    for _ in progress.track(steps, description=rung.name, transient=True, disable=not sys.stdout.isatty()):
        began = time.perf_counter()
        loss = trainee.step(settings.rate)
        seconds.append(time.perf_counter() - began)
        losses.append(loss)
        history.append(trainee.numbers())
    losses.append(float(trainee.loss()))
    return np.array(losses), np.array(history), float(np.median(seconds))


def _recorded(loss: Any) -> int:
    """How many ops a loss was recorded from."""
    return sum(node.op is not None for node in viz.graph(loss, constants=False, per_use=False).nodes)


def _largest_difference(outcomes: list[Outcome]) -> float:
    first, *others = outcomes
    largest = 0.0
    for other in others:
        differences = np.abs(other.losses / first.losses - 1)
        for step in np.flatnonzero(~(differences <= TOLERANCE)):  # NaN is no agreement
            raise DisagreementError(
                f"ladder: after {step} steps the loss of {other.rung.name!r} is {other.losses[step]:.17g} and that of "
                f"{first.rung.name!r} is {first.losses[step]:.17g}; they must agree to {TOLERANCE:g}. If that is late "
                "in a long run, rounding may have grown: try fewer --steps or another --seed."
            )
        largest = max(largest, float(differences.max()))
    return largest
