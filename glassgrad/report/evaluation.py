"""What a classifier answered on held-out examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.errors import ShapeError
from viz.arrays import host_array

__all__ = ["Evaluation"]


@dataclass(frozen=True)
class Evaluation:
    """The answers of a classifier, and what it was asked.

    ``targets``        the true labels, integers ``(N,)``, array or Tensor
    ``probabilities``  the classifier's softmax output ``(N, classes)``, array or Tensor
    ``classes``        the name of each class
    ``images``         what it saw, ``(N, H, W)``, ``(N, 1, H, W)`` or ``(N, 3, H, W)`` with floats in [0, 1] or uint8;
                       None where the examples are no pictures

    Raises ShapeError where the lengths do not agree.
    """

    targets: Any
    probabilities: Any
    classes: Sequence[str]
    images: Any = None
    predictions: NDArray[np.int64] = field(init=False)
    confidences: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        for name in ("targets", "probabilities", "images"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, host_array(value))
        count = len(self.targets)
        if self.probabilities.shape != (count, len(self.classes)):
            raise ShapeError(
                f"Evaluation: probabilities is {self.probabilities.shape}; for {count} targets and "
                f"{len(self.classes)} classes it must be ({count}, {len(self.classes)})."
            )
        if self.images is not None and len(self.images) != count:
            raise ShapeError(f"Evaluation: {len(self.images)} images for {count} targets; give one for each.")
        object.__setattr__(self, "predictions", self.probabilities.argmax(axis=1))
        object.__setattr__(self, "confidences", self.probabilities.max(axis=1, initial=0).astype(np.float64))

    def worst_mistakes(self, count: int) -> NDArray[np.int64]:
        """The positions of wrong answers, the most confident one first."""
        wrong = np.flatnonzero(self.predictions != self.targets)
        return wrong[np.argsort(-self.confidences[wrong], kind="stable")][:count]
