"""Losses as modules. Options come by keyword, as in :mod:`nn.functional`."""

from __future__ import annotations

from typing import Any

from autograd import Tensor
from nn import functional as F
from nn.module import ArgumentError, Module

__all__ = ["CrossEntropyLoss", "MSELoss", "NLLLoss"]


class _Loss(Module):
    def __init__(self, reduction: str):
        super().__init__()
        if reduction not in ("mean", "sum", "none"):
            raise ArgumentError(f'{type(self).__name__}: reduction must be "mean", "sum" or "none", not {reduction!r}.')
        self.reduction = reduction

    def extra_repr(self) -> str:
        return f"reduction={self.reduction!r}"


class MSELoss(_Loss):
    r"""Mean squared error :math:`\frac{1}{n} \sum (x - t)^2`.

    Shape: ``input`` and ``target`` equal (``(n, 1)`` against ``(n,)`` is an error); the result is a number, or of their
    shape with ``reduction="none"``.
    """

    def __init__(self, *, reduction: str = "mean"):
        super().__init__(reduction)

    def forward(self, input: Tensor, target: Any) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class CrossEntropyLoss(_Loss):
    r"""Cross-entropy of logits, :math:`-\ln \operatorname{softmax}(x)_t`, averaged over what counts.

    ``weight``           a factor for each class, ``(C,)``; the mean is then a weighted one
    ``ignore_index``     the label of what does not count
    ``label_smoothing``  how much of the uniform distribution is mixed in (Szegedy et al., 2016, arXiv:1512.00567)

    Shape: ``input (N, C)`` or ``(N, C, d1, ...)``, ``target`` integer labels without the class axis, or probabilities
    in the shape of ``input``.
    """

    weight: Tensor | None

    def __init__(
        self, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean",
        label_smoothing: float = 0.0,
    ):  # fmt: skip
        super().__init__(reduction)
        if not 0 <= label_smoothing <= 1:
            raise ArgumentError(f"CrossEntropyLoss: label_smoothing must lie in [0, 1], not {label_smoothing!r}.")
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Any) -> Tensor:
        return F.cross_entropy(
            input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return super().extra_repr() + (f", label_smoothing={self.label_smoothing}" if self.label_smoothing else "")


class NLLLoss(_Loss):
    """Negative log-likelihood of labels under log-probabilities: what follows :class:`nn.LogSoftmax`.

    Arguments and shapes as :class:`CrossEntropyLoss`, without probabilities for a target.
    """

    weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean"):
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Any) -> Tensor:
        return F.nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)
