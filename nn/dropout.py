"""Dropout."""

from __future__ import annotations

from autograd import Tensor
from nn import functional as F
from nn.module import ArgumentError, Module

__all__ = ["Dropout"]


class Dropout(Module):
    r"""In training :math:`y = m \, x / (1 - p)`, where each :math:`m` is 0 with probability ``p``, else 1.

    In evaluation it gives its input back. The mask is drawn from the default generator of the input's device, so
    ``autograd.manual_seed`` makes it the same in every run.

    Shape: any. Source: Srivastava et al., 2014, JMLR 15.
    """

    def __init__(self, p: float = 0.5):
        super().__init__()
        if not isinstance(p, (int, float)) or not 0 <= p <= 1:
            raise ArgumentError(f"Dropout: p must be a probability in [0, 1], not {p!r}.")
        self.p = p

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}"
