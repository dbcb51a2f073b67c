"""What is measured during training, and the file that it goes to: one JSON object a line."""

from __future__ import annotations

import json
import math
import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograd import Tensor

__all__ = ["Averages", "Metric", "MetricsLog", "accuracy"]

Metric = Callable[[Tensor, Tensor], float]
"""``metric(output, target)``: the mean over one batch, as a number."""


def accuracy(logits: Tensor, target: Tensor) -> float:
    """The fraction of rows whose largest logit is that of the label. Shapes ``(N, C)`` and ``(N,)`` of integers."""
    right = int((logits.argmax(axis=1) == target).sum().item())
    return right / target.shape[0]


@dataclass
class Averages:
    """Means over examples, gathered batch by batch in float64.

    Its fields are plain numbers, so that a half-filled one can be stored and filled on, to the same bits.
    """

    examples: int = 0
    totals: dict[str, float] = field(default_factory=dict)

    def add(self, means: Mapping[str, float], examples: int) -> None:
        """Count the means over a batch in."""
        self.examples += examples
        for name, mean in means.items():
            self.totals[name] = self.totals.get(name, 0.0) + mean * examples

    def means(self) -> dict[str, float]:
        """The means over everything added so far."""
        return {name: total / self.examples for name, total in self.totals.items()}


class MetricsLog:
    """``metrics.jsonl``: records are appended and flushed one by one, and cut back to a known length on resume.

    A number that is not finite is written as null, since JSON has no NaN.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one record as a line of its own."""
        finite = {key: None if _is_not_finite(value) else value for key, value in record.items()}
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(finite, allow_nan=False) + "\n")

    def read(self) -> list[dict[str, Any]]:
        """Every record; none if there is no file yet."""
        if not self.path.exists():
            return []
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]

    def sync(self) -> int:
        """Force everything written to disk, and return the length of the file in bytes."""
        with open(self.path, "ab") as file:
            os.fsync(file.fileno())
            return file.tell()

    def truncate(self, length: int) -> None:
        """Cut away what stands after ``length`` bytes: the records that a resumed run is going to write again."""
        with open(self.path, "ab") as file:
            if file.tell() < length:
                warnings.warn(
                    f"{self.path} has {file.tell()} bytes, and had {length} when the checkpoint was saved: "
                    "records are missing from it. Training goes on; its curves will have a gap.",
                    RuntimeWarning,
                    stacklevel=2,
                )
                return
            file.truncate(length)


def _is_not_finite(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
