"""Dropout."""

from __future__ import annotations

import autograd as ag
from autograd import Tensor
from autograd.errors import DtypeError
from nn.module import Module

__all__ = ["Dropout"]


class Dropout(Module):
    """In training, each element is 0 with probability ``p`` and else scaled by ``1 / (1 - p)``; nothing in evaluation.

    Shape: any. Source: Srivastava et al., 2014, JMLR 15. Numbers come from the device's default generator.
    """

    def __init__(self, p: float = 0.5):
        super().__init__()
        if not 0 <= p <= 1:
            raise DtypeError(f"Dropout: p must be a probability in [0, 1], not {p!r}.")
        self.p = p

    def forward(self, input: Tensor) -> Tensor:
        return ag.dropout(input, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}"
