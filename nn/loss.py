"""Losses as modules."""

from __future__ import annotations

from typing import Any

import autograd as ag
from autograd import Tensor
from nn.module import Module

__all__ = ["CrossEntropyLoss", "MSELoss", "NLLLoss"]


class MSELoss(Module):
    """Mean squared error. Shape: ``input`` and ``target`` equal; a number, or that shape with ``reduction="none"``."""

    def __init__(self, reduction: str = "mean"):
        super().__init__()
        self.reduction = reduction

    def forward(self, input: Tensor, target: Any) -> Tensor:
        return ag.mse_loss(input, target, self.reduction)

    def extra_repr(self) -> str:
        return f"reduction={self.reduction!r}"


class CrossEntropyLoss(Module):
    r"""Cross-entropy of logits, :math:`-\ln \operatorname{softmax}(x)_t`; see :func:`autograd.cross_entropy`.

    Shape: ``input (N, C)`` or ``(N, C, d1, ...)``, ``target`` integer labels without the class axis, or probabilities
    in the shape of ``input``.
    """

    def __init__(
        self, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean",
        label_smoothing: float = 0.0,
    ):  # fmt: skip
        super().__init__()
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.reduction = reduction
        self.label_smoothing = label_smoothing

    weight: Tensor | None

    def forward(self, input: Tensor, target: Any) -> Tensor:
        return ag.cross_entropy(
            input, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing
        )  # fmt: skip

    def extra_repr(self) -> str:
        return f"reduction={self.reduction!r}" + (
            f", label_smoothing={self.label_smoothing}" if self.label_smoothing else ""
        )


class NLLLoss(Module):
    """Negative log-likelihood of labels under log-probabilities; see :func:`autograd.nll_loss`."""

    def __init__(self, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean"):
        super().__init__()
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.reduction = reduction

    weight: Tensor | None

    def forward(self, input: Tensor, target: Any) -> Tensor:
        return ag.nll_loss(input, target, self.weight, self.ignore_index, self.reduction)
