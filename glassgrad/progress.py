"""What a training run shows in the terminal: a progress bar, or plain lines where there is no terminal."""

from __future__ import annotations

import sys
import time
from typing import Any

from autograd.extras import import_extra

__all__ = ["Lines", "progress"]


def progress(show: bool = True) -> Any:
    """A progress bar by rich on a terminal, else one line for each epoch."""
    return Bar() if show and sys.stdout.isatty() else Lines()


def summary(records: list[dict[str, Any]]) -> str:
    """The figures of an epoch in a few words."""
    parts = []
    for record in records:
        parts.append(f"{record['split']} loss {record['loss']:.4f}, accuracy {100 * record['accuracy']:5.2f} %")
    return "   ".join(parts)


class Lines:
    """One line for each epoch."""

    def start_epoch(self, epoch: int, epochs: int, done: int, batches: int) -> None:
        """Remember what the line is about."""
        self._label = f"epoch {epoch:>{len(str(epochs))}}/{epochs}"
        self._start = time.perf_counter()

    def step(self, figures: dict[str, float]) -> None:
        """Nothing: a step has no line."""

    def end_epoch(self, records: list[dict[str, Any]]) -> None:
        """Print the line."""
        seconds = time.perf_counter() - self._start
        print(f"{self._label}   {summary(records)}   {seconds:.1f} s", flush=True)


class Bar(Lines):
    """A bar for the current epoch, with the loss, the accuracy and the time left; then its line."""

    def __init__(self) -> None:
        columns = import_extra("rich.progress", extra="train", purpose="show a progress bar")
        self._make = lambda: columns.Progress(
            columns.TextColumn("{task.description}"),
            columns.BarColumn(),
            columns.MofNCompleteColumn(),
            columns.TextColumn("{task.fields[figures]}"),
            columns.TimeRemainingColumn(),
            transient=True,
        )
        self._bar: Any = None

    def start_epoch(self, epoch: int, epochs: int, done: int, batches: int) -> None:
        """Show an empty bar, or one filled as far as a resumed epoch had got."""
        super().start_epoch(epoch, epochs, done, batches)
        self.close()
        self._bar = self._make()
        self._task = self._bar.add_task(self._label, total=batches, completed=done, figures="")
        self._bar.start()

    def step(self, figures: dict[str, float]) -> None:
        """Move the bar by a batch."""
        text = f"loss {figures['loss']:.4f}  accuracy {100 * figures['accuracy']:.1f} %"
        self._bar.update(self._task, advance=1, figures=text)

    def end_epoch(self, records: list[dict[str, Any]]) -> None:
        """Put the line in place of the bar."""
        self.close()
        super().end_epoch(records)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
