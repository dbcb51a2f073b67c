"""The log of a run: one JSON object a line, and figures that are averaged over an epoch."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

__all__ = ["Average", "MetricsLog"]


class Average:
    """The mean loss and the accuracy over the batches seen so far; its state is plain numbers, so it can be resumed."""

    def __init__(self) -> None:
        self.count = 0
        self.loss_sum = 0.0
        self.correct = 0

    def add(self, loss: float, correct: int, count: int) -> None:
        """Take in a batch: its mean loss, how many were right, and how many there were."""
        self.count += count
        self.loss_sum += loss * count
        self.correct += correct

    @property
    def figures(self) -> dict[str, float]:
        """``{"loss": ..., "accuracy": ...}``; empty before the first batch."""
        if not self.count:
            return {}
        return {"loss": self.loss_sum / self.count, "accuracy": self.correct / self.count}

    def state_dict(self) -> dict[str, Any]:
        """The numbers to go on from."""
        return dict(self.__dict__)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from :meth:`state_dict`."""
        self.__dict__.update(state)


class MetricsLog:
    """A file ``metrics.jsonl``, one record a line, on disk as soon as it is written.

    ``position`` is the length in bytes; :meth:`cut` takes the file back to an earlier one, so that a run which goes on
    from a checkpoint does not keep records that it is about to write again.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch()

    @property
    def position(self) -> int:
        """The length of the file in bytes."""
        return self.path.stat().st_size

    def write(self, record: dict[str, Any]) -> None:
        """Add a record."""
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def cut(self, position: int) -> None:
        """Drop what was written after ``position``."""
        if position < self.position:
            os.truncate(self.path, position)

    def records(self) -> list[dict[str, Any]]:
        """All records; half a line at the end, from a kill in the middle of a write, does not count."""
        records = []
        for line in self.path.read_text(encoding="utf-8").splitlines(keepends=True):
            if line.endswith("\n"):
                records.append(json.loads(line))
        return records
