"""The pictures of the ladder that the page's own script moves, and the bars that grow shorter rung by rung."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from glassgrad.ladder.frames import Frames, boundary_frames, scores
from glassgrad.ladder.race import Outcome, Race
from glassgrad.report import markup

__all__ = ["bars", "duration", "player", "small", "times"]

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_WIDTH, _HEIGHT = 420, 280  # of both pictures, in their own units; 3 to 2, as the plane of the frames
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 12, 14, 34  # room for the ticks of the loss curve


def player(race: Race) -> str:
    """The boundary and the loss curve side by side, with the slider that moves both.

    Without its script the slider is hidden, and the pictures show the end of training.
    """
    frames = boundary_frames(race.history, race.data)
    losses = race.outcomes[0].losses
    right = [_right(race, step) for step in frames.steps]
    count = len(race.data.labels)
    state = {
        "side": frames.side, "steps": frames.steps, "cells": frames.base64(), "losses": losses.tolist(),
        "right": right, "points": count,
    }  # fmt: skip
    rows = [(f"{step}", f"{losses[step]:.4f}", f"{n} of {count}") for step, n in zip(frames.steps, right, strict=True)]
    table = markup.details("Training as a table", markup.table(("step", "loss", "points on the right side"), rows))
    last = len(frames.steps) - 1
    return f"""<div class="player">
<div class="pair">
<figure><div class="plane"><canvas width="{_WIDTH}" height="{_HEIGHT}"></canvas>{_points(race, frames)}</div>
<figcaption><span class="key upper">● upper moon</span> <span class="key lower">■ lower moon</span>
<span class="key boundary">━ where the network is undecided</span></figcaption></figure>
<figure>{_loss_curve(losses)}
<figcaption>The loss at each step. All four rungs follow this line.</figcaption></figure>
</div>
<p class="controls" hidden>
<button type="button" class="play" aria-label="play">▶</button>
<input type="range" min="0" max="{last}" value="{last}" step="1" aria-label="training step">
<output aria-live="off"></output>
</p>
<noscript><p>The colours behind the points and the slider need JavaScript; the numbers are in the table.</p></noscript>
</div>
{table}
<script type="application/json" id="training-data">{json.dumps(state)}</script>"""


def bars(outcomes: Sequence[Outcome], upto: int) -> str:
    """The time of a step as bars on a logarithmic scale, of the rungs up to number ``upto``; the others are to come."""
    low = math.floor(math.log10(min(outcome.seconds for outcome in outcomes)))
    high = math.ceil(math.log10(max(outcome.seconds for outcome in outcomes)))
    decades = max(1, high - low)
    rows = []
    for number, outcome in enumerate(outcomes):
        name = f'<span class="name">{number + 1} {escape(outcome.rung.name)}</span>'
        if number > upto:
            rows.append(f'<li class="to-come">{name}<span class="track"></span><span class="time">…</span></li>')
            continue
        share = (math.log10(outcome.seconds) - low) / decades
        this = ' class="this"' if number == upto else ""
        ratio = times(outcomes[0].seconds / outcome.seconds)
        rows.append(
            f'<li{this}>{name}<span class="track"><span class="fill" style="width: {100 * share:.1f}%"></span></span>'
            f'<span class="time">{duration(outcome.seconds)}</span><span class="ratio">{ratio}</span></li>'
        )
    stride = 1 if decades <= 3 else 2  # more labels would touch on a narrow screen
    ticks = "".join(
        f"<span>{duration(10.0 ** (low + i)) if i % stride == 0 else ''}</span>" for i in range(decades + 1)
    )
    return (
        f'<ol class="bars" style="--decades: {decades}">{"".join(rows)}'
        f'<li class="ticks" aria-hidden="true"><span class="track">{ticks}</span></li></ol>'
    )


def duration(seconds: float) -> str:
    """A time in three digits and the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size * 0.9995:
            return f"{_three_digits(seconds / size)} {unit}"
    return f"{_three_digits(seconds / 1e-9)} ns"


def times(ratio: float) -> str:
    """How many times faster, in two digits: ``1×``, ``3.4×``, ``140×``."""
    digits = max(0, 1 - math.floor(math.log10(ratio)))
    rounded = round(ratio, 1 - math.floor(math.log10(ratio)))
    return f"{rounded:,.{digits}f}×".replace(".0×", "×")


def small(number: float) -> str:
    """A tiny number as it is printed, on one line: ``1.4 × 10⁻¹⁵``."""
    if number == 0:
        return "0"
    digits, power = f"{number:.1e}".split("e")
    return f"{digits}\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}10{str(int(power)).translate(_RAISED)}"


def _three_digits(number: float) -> str:
    return f"{number:.3g}" if number < 999.5 else f"{number:,.0f}"


def _right(race: Race, step: int) -> int:
    """How many points are on the right side after so many steps."""
    return int((scores(race.history[step], race.data.points) * race.data.labels > 0).sum())


def _points(race: Race, frames: Frames) -> str:
    """The data as an SVG over the canvas: discs and squares, told apart without their colours."""
    scale = (_WIDTH, _HEIGHT) / (np.array(frames.high) - frames.low)
    places = (race.data.points - frames.low) * scale
    marks = []
    for (x, y), label in zip(places, race.data.labels, strict=True):
        if label < 0:
            marks.append(f'<circle class="upper" cx="{x:.1f}" cy="{_HEIGHT - y:.1f}" r="4.2"/>')
        else:
            marks.append(
                f'<rect class="lower" x="{x - 3.8:.1f}" y="{_HEIGHT - y - 3.8:.1f}" width="7.6" height="7.6"/>'
            )
    text = (
        f"{len(places)} points on two interleaved half circles, and the boundary that the network draws between them. "
        f"Before training {_right(race, 0)} points are on the right side, after it {_right(race, -1)}."
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{text}">'
        f'<path class="boundary" d=""/>{"".join(marks)}</svg>'
    )


def _loss_curve(losses: NDArray[np.float64]) -> str:
    across, down = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    tick = _round_number(losses.max() / 4)
    top = tick * math.ceil(losses.max() / tick)
    last = len(losses) - 1
    x = _LEFT + across * np.arange(len(losses)) / last
    y = _TOP + down * (1 - losses / top)
    grid = []
    for k in range(round(top / tick) + 1):
        height = _TOP + down * (1 - k * tick / top)
        grid.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{height:.1f}" y2="{height:.1f}"/>')
        grid.append(f'<text x="{_LEFT - 6}" y="{height + 4:.1f}" text-anchor="end">{k * tick:.4g}</text>')
    stride = max(1, round(_round_number(last / 6)))
    for step in range(0, last + 1, stride):
        grid.append(f'<text x="{x[step]:.1f}" y="{_HEIGHT - 18}" text-anchor="middle">{step}</text>')
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    text = f"The loss falls from {losses[0]:.4f} to {losses[-1]:.4f} in {last} steps."
    return f"""<svg class="curve" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{text}">
<g class="axes">{"".join(grid)}<text x="{_LEFT + across / 2}" y="{_HEIGHT - 2}" text-anchor="middle">step</text></g>
<polyline points="{points}"/>
<line class="now" x1="{x[-1]:.1f}" x2="{x[-1]:.1f}" y1="{_TOP}" y2="{_TOP + down}"/>
<circle class="now" cx="{x[-1]:.1f}" cy="{y[-1]:.1f}" r="5"/>
</svg>"""


def _round_number(number: float) -> float:
    """The least of 1, 2, 2.5, 5 and 10 times a power of ten that is not below ``number``."""
    power = 10.0 ** math.floor(math.log10(number))
    return next(power * digit for digit in (1, 2, 2.5, 5, 10) if power * digit >= number * (1 - 1e-9))
