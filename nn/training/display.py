"""How a run shows where it is: a bar on a terminal, plain lines everywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any, Protocol

from autograd.errors import MissingExtraError
from autograd.extras import import_extra

__all__ = ["BarDisplay", "Display", "LineDisplay", "Silence", "choose_display"]

_SECONDS_BETWEEN_LINES = 10.0


class Display(Protocol):
    """What :class:`nn.training.Trainer` tells while it trains. Epochs and batches count from 1."""

    def begin_epoch(self, epoch: int, epochs: int, batches: int, done: int) -> None:
        """Epoch ``epoch`` of ``epochs`` starts, or goes on after ``done`` of its ``batches``."""

    def advance(self, loss: float) -> None:
        """One more batch is done, and this was its loss."""

    def end_epoch(self, summary: str) -> None:
        """The epoch is over, with these figures."""

    def close(self) -> None:
        """Training is over, or was stopped."""


class Silence:
    """Shows nothing."""

    def begin_epoch(self, epoch: int, epochs: int, batches: int, done: int) -> None: ...

    def advance(self, loss: float) -> None: ...

    def end_epoch(self, summary: str) -> None: ...

    def close(self) -> None: ...


class LineDisplay:
    """A line for each epoch, and one every ten seconds within a long one: made for logs and pipes."""

    def begin_epoch(self, epoch: int, epochs: int, batches: int, done: int) -> None:
        self._label, self._batches, self._done = f"epoch {epoch}/{epochs}", batches, done
        self._last_line = time.monotonic()

    def advance(self, loss: float) -> None:
        self._done += 1
        if time.monotonic() - self._last_line >= _SECONDS_BETWEEN_LINES:
            print(f"{self._label}  batch {self._done}/{self._batches}  loss {loss:.4f}", flush=True)
            self._last_line = time.monotonic()

    def end_epoch(self, summary: str) -> None:
        print(f"{self._label}  {summary}", flush=True)

    def close(self) -> None: ...


class BarDisplay:
    """A bar with the remaining time for the epoch under way, and a line for each one that is done (rich)."""

    def __init__(self) -> None:
        rich = import_extra("rich.progress", extra="train", purpose="draw a progress bar")
        self._progress: Any = rich.Progress(
            rich.TextColumn("{task.description}"), rich.BarColumn(), rich.MofNCompleteColumn(),
            rich.TextColumn("loss {task.fields[loss]}"), rich.TimeRemainingColumn(), transient=True,
        )  # fmt: skip
        self._task: Any = None

    def begin_epoch(self, epoch: int, epochs: int, batches: int, done: int) -> None:
        self._label = f"epoch {epoch}/{epochs}"
        self._task = self._progress.add_task(self._label, total=batches, completed=done, loss="–")
        self._progress.start()

    def advance(self, loss: float) -> None:
        self._progress.update(self._task, advance=1, loss=f"{loss:.4f}")

    def end_epoch(self, summary: str) -> None:
        self._progress.remove_task(self._task)
        # without markup and highlighting, which would read brackets and colour numbers
        self._progress.console.print(f"{self._label}  {summary}", markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        self._progress.stop()


def choose_display() -> Display:
    """A bar if standard output is a terminal and rich is installed, else plain lines."""
    if not sys.stdout.isatty():
        return LineDisplay()
    try:
        return BarDisplay()
    except MissingExtraError:
        return LineDisplay()


def summary_of(records: Mapping[str, Mapping[str, Any]], metrics: list[str], seconds: float) -> str:
    """The figures of an epoch on one line, from the last record of each split."""
    parts = [
        f"{split} {name} {100 * record[name]:.2f} %" if name == "accuracy" else f"{split} {name} {record[name]:.4f}"
        for split, record in records.items()
        for name in metrics
    ]
    return "  ".join([*parts, f"({seconds:.1f} s)"])
