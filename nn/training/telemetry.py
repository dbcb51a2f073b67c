"""Telemetry: what happens inside the layers during training, at a cost that it measures and keeps small itself.

``telemetry.jsonl`` has one JSON object a line. The key ``kind`` says which:

``begin``       a call of ``fit``: ``format`` and ``version`` of the file, ``run`` (a random name of the run), ``time``
                (seconds since 1970), ``step``, ``epochs`` (planned), ``batches`` (in an epoch), ``groups`` (the number
                of learning rates) and ``parameters``, a list of ``{"name", "shape"}`` that gives the order of the lists
                below
``sample``      one step: ``step``, ``epoch`` (2.5 is the middle of the third), ``seconds`` (in training), ``loss`` of
                the step and ``mean_loss`` since the last sample, ``learning_rates`` of the groups, ``step_seconds`` and
                ``examples_per_second`` since the last sample (evaluation left out), ``cost`` (telemetry's share of the
                time of the steps so far), and for each parameter ``gradient_norms`` and ``weight_norms`` (Euclidean,
                before the update) and ``update_ratios``, :math:`\\lVert \\Delta w \\rVert / \\lVert w \\rVert`
``histograms``  more rarely: ``step``, and ``weights`` and ``gradients``, for each parameter ``[low, high, counts]``:
                counts in equal bins from the smallest to the largest of at most 4,096 elements, evenly spread
``end``         ``step``, ``time``, ``outcome`` (``finished``, ``stopped`` or ``failed``) and ``detail`` in words

null stands for what there is not: a parameter without a gradient, the ratio of one that is zero. A number that is not
finite is the string ``"NaN"``, ``"Infinity"`` or ``"-Infinity"``. Readers pass over kinds and keys that they do not
know.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import time
import warnings
from pathlib import Path
from typing import IO, Any

import numpy as np

from nn.module import Module
from nn.training.liveness import hold

__all__ = ["FORMAT", "VERSION", "Telemetry"]

FORMAT, VERSION = "glassgrad-telemetry", 1

_BUDGET = 0.008  # of the time of the steps; what it does to caches is not in the measure, so far below 3 %
_CREDIT = 0.004  # seconds to spend before the budget counts: the first steps are those in which most happens
_DISTURBED = 10  # a sample that took longer than that many times the cheapest was disturbed
_SECOND_LOOK = 0.25  # seconds after the first sample: only then is it known what one costs
_POINTS = 1000  # samples are at least 1/1000 of the run so far apart, so that a long run's file grows like a logarithm
_HISTOGRAM_POINTS, _HISTOGRAM_SHARE = 60, 0.4  # the same for histograms, and their share of the budget
_BINS, _HISTOGRAM_ELEMENTS = 32, 4096
_RATIO_ELEMENTS = 1 << 18  # a larger parameter is copied in part: its update ratio is estimated from that many elements


class Telemetry:
    """Writes ``telemetry.jsonl`` for a model and its optimizer. It only reads: training has the same bits without it.

    A sample that took ``c`` seconds is followed by ``c / 0.008`` seconds of training without one (the first four
    milliseconds are free). So it adapts to the model and the machine: a small MLP has about one step in twenty sampled,
    a slow network every one. A disk that refuses ends the telemetry with a ``RuntimeWarning``, never the training.
    """

    def __init__(self, path: str | os.PathLike[str], model: Module, optimizer: Any):
        self.path = Path(path)
        named = list(model.named_parameters())
        self._names = [name for name, _ in named]
        self._parameters = [parameter for _, parameter in named]
        self._optimizer = optimizer
        self._file: IO[bytes] | None = None
        self._is_sampling = False
        self._before: list[Any] = []  # the weights before the update of a step that is sampled, and their norms
        self._weight_norms: list[float] = []
        self._clock = self._cost = 0.0  # seconds of steps, and of telemetry
        self._due = self._histograms_due = 0.0  # by the clock
        self._origin = self._last_tick = self._copying = 0.0
        self._least = math.inf  # seconds of the cheapest sample
        self._restart_window()

    # ------------------------------------------------------------------------------------------------- a session

    def clear(self) -> None:
        """Forget an earlier run in the same folder."""
        self.path.unlink(missing_ok=True)

    def begin(self, step: int, seconds: float, epochs: int, batches: int) -> None:
        """Open the file for a call of ``fit``, and cut away what stands after ``step``: it is going to happen anew."""
        self._origin = time.perf_counter() - seconds
        self._is_sampling = False
        try:
            self._cut(step)
            self._file = open(self.path, "ab", buffering=0)  # noqa: SIM115
        except OSError as error:
            self._give_up(error)
            return
        hold(self._file)
        shapes = [list(parameter.shape) for parameter in self._parameters]
        self._write({
            "kind": "begin", "format": FORMAT, "version": VERSION, "run": secrets.token_hex(8),
            "time": int(time.time()), "step": step, "epochs": epochs, "batches": batches,
            "groups": len(self._optimizer.param_groups),
            "parameters": [{"name": n, "shape": s} for n, s in zip(self._names, shapes, strict=True)],
        })  # fmt: skip

    def end(self, step: int, outcome: str, detail: str = "") -> None:
        """Say how it ended, and close the file."""
        self._write({"kind": "end", "step": step, "time": int(time.time()), "outcome": outcome, "detail": detail})
        if self._file is not None:
            self._file.close()
            self._file = None

    # -------------------------------------------------------------------------------------------------- each step

    def rest(self) -> None:
        """Steps begin again after something else, such as an evaluation, whose time is not theirs."""
        self._last_tick = time.perf_counter()
        self._is_sampling = False

    def before_update(self) -> None:
        """To be called between the backward pass and the optimizer's step."""
        if self._clock < self._due or self._file is None:
            return
        started = time.perf_counter()
        self._is_sampling = True
        arrays = [p.array for p in self._parameters]
        with np.errstate(over="ignore", invalid="ignore"):
            self._weight_norms = [_norm(array) for array in arrays]
        self._before = [_spread(array, _RATIO_ELEMENTS).copy() for array in arrays]
        self._copying = time.perf_counter() - started

    def after_update(self, step: int, epoch: float, loss: float, examples: int) -> None:
        """To be called after the optimizer's step, with the numbers of that step, which is the ``step``-th."""
        now = time.perf_counter()
        self._clock += now - self._last_tick
        self._last_tick = now
        self._steps += 1
        self._losses += loss
        self._examples += examples
        if self._is_sampling:
            with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is said in the file
                self._sample(step, epoch, loss)

    # ---------------------------------------------------------------------------------------------------- inside

    def _sample(self, step: int, epoch: float, loss: float) -> None:
        now = self._last_tick
        elapsed = max(self._clock - self._window_start, 1e-9)
        arrays = [(None if p.grad is None else p.grad.array, p.array) for p in self._parameters]
        record = {
            "kind": "sample", "step": step, "epoch": epoch, "seconds": now - self._origin,
            "loss": loss, "mean_loss": self._losses / self._steps,
            "learning_rates": [float(group["lr"]) for group in self._optimizer.param_groups],
            "step_seconds": elapsed / self._steps, "examples_per_second": self._examples / elapsed,
            "cost": self._cost / self._clock,
            "gradient_norms": [None if g is None else _norm(g) for g, _ in arrays],
            "weight_norms": self._weight_norms, "update_ratios": list(map(self._ratio, range(len(arrays)))),
        }  # fmt: skip
        self._is_sampling, self._before = False, []
        self._write(record)
        self._spend(now)
        if self._clock >= self._histograms_due:
            started = time.perf_counter()
            self._write({
                "kind": "histograms", "step": step, "weights": [_histogram(w) for _, w in arrays],
                "gradients": [None if g is None else _histogram(g) for g, _ in arrays],
            })  # fmt: skip
            cost = min(time.perf_counter() - started, _DISTURBED * self._least)
            share = cost / (_BUDGET * _HISTOGRAM_SHARE)
            self._histograms_due = self._clock + max(share, (now - self._origin) / _HISTOGRAM_POINTS)
            self._spend(now)

    def _ratio(self, i: int) -> float | None:
        """How far the update has moved a parameter, against its size before; its copy is used up."""
        before, parameter = self._before[i], self._parameters[i]
        if parameter.grad is None:
            return None
        is_whole = before.size == parameter.size
        size = self._weight_norms[i] if is_whole else _norm(before)
        before -= _spread(parameter.array, _RATIO_ELEMENTS)
        return _norm(before) / size if size else None

    def _spend(self, started: float) -> None:
        """Count what was spent since the step ended, and put off the next sample until it is paid for."""
        now = time.perf_counter()
        cost = self._copying + now - started
        self._cost += self._copying + now - self._last_tick
        self._copying = 0.0
        if self._cost > _CREDIT:
            # Another program may have taken the processor in the middle of a sample, which costs no more for that.
            fair = min(cost, _DISTURBED * self._least) / _BUDGET
            pause = fair if self._least < math.inf else min(fair, _SECOND_LOOK)
            self._due = self._clock + max(pause, (now - self._origin) / _POINTS)
        self._least = min(self._least, cost)
        self._last_tick = now
        self._restart_window()

    def _restart_window(self) -> None:
        self._steps = self._examples = 0
        self._losses = 0.0
        self._window_start = self._clock

    def _write(self, record: dict[str, Any]) -> None:
        """One line in one write, so that a kill tears the last line at most."""
        if self._file is None:
            return
        try:
            self._file.write(_encoded(record))
        except OSError as error:
            self._file.close()
            self._file = None
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        warnings.warn(
            f"{self.path} cannot be written ({error.strerror or error}): training goes on without telemetry.",
            RuntimeWarning,
            stacklevel=3,
        )

    def _cut(self, step: int) -> None:
        """Keep the whole lines up to ``step``; a line that a kill has torn goes."""
        if not self.path.exists():
            return
        keep = 0
        with open(self.path, "r+b") as file:
            for line in file:
                if not line.endswith(b"\n") or _step_of(line) > step:
                    break
                keep += len(line)
            file.truncate(keep)


def _step_of(line: bytes) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, TypeError, KeyError):
        return math.inf  # no line of ours: nothing after it can be trusted


def _spread(array: Any, count: int) -> Any:
    """At most about ``count`` elements as a flat array, evenly spread; a view where the array is contiguous."""
    flat = array.reshape(-1)
    stride = -(-flat.size // count)
    return flat if stride <= 1 else flat[:: stride | 1]  # odd, so that it does not keep to one column of a matrix


def _norm(array: Any) -> float:
    """The Euclidean norm; added up in float32 at least, and in float64 if that overflows or vanishes."""
    flat = array.reshape(-1)
    if flat.dtype.kind == "c":
        flat = abs(flat)
    if flat.dtype.itemsize < 4:
        flat = flat.astype(np.float32)
    total = float(flat.dot(flat))
    if total > 1e-30 and total < math.inf:
        return math.sqrt(total)
    wide = flat.astype(np.float64)
    return math.sqrt(float(wide.dot(wide)))


def _histogram(array: Any) -> list[Any] | None:
    """``[low, high, counts]`` of the finite ones of the elements looked at; None if there are none."""
    values = _spread(array, _HISTOGRAM_ELEMENTS)
    values = values.get() if hasattr(values, "get") else values
    values = (abs(values) if values.dtype.kind == "c" else values).astype(np.float64)
    values = values[np.isfinite(values)]
    if not values.size:
        return None
    low, high = float(values.min()), float(values.max())
    # the same as np.histogram(values, _BINS, (low, high)), at a third of its time
    places = ((values - low) * (_BINS / ((high - low) or 1.0))).astype(np.intp)
    counts = np.bincount(np.minimum(places, _BINS - 1), minlength=_BINS)
    return [low, high, counts.tolist()]


def _encoded(record: dict[str, Any]) -> bytes:
    return ("{" + ",".join([f'"{key}":{_text(value)}' for key, value in record.items()]) + "}\n").encode()


def _text(value: Any) -> str:
    """A value as JSON: floats to five digits, which is what an eye can use, and in quotes where JSON has no number."""
    if isinstance(value, float):
        return f"{value:.5g}" if math.isfinite(value) else _NOT_FINITE.get(value, '"NaN"')
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_text, value)) + "]"
    return str(value) if type(value) is int else json.dumps(value)


_NOT_FINITE = {math.inf: '"Infinity"', -math.inf: '"-Infinity"'}
