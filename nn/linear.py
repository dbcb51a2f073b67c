"""Affine layers."""

from __future__ import annotations

import math
from typing import Any

import autograd as ag
from autograd import Tensor
from nn import functional as F
from nn import init
from nn.module import Module, checked_size
from nn.parameter import Parameter

__all__ = ["Identity", "Linear"]


class Identity(Module):
    """Gives its input back; a place to put another module later. Arguments are accepted and ignored."""

    def __init__(self, *args: Any, **options: Any):
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input


class Linear(Module):
    r"""An affine map of the last axis: :math:`y = x W^\top + b`.

    ``in_features``, ``out_features``  the length of the last axis before and after
    ``bias``                           False leaves :math:`b` out

    Shape: input ``(..., in_features)``, output ``(..., out_features)``; ``weight (out_features, in_features)``,
    ``bias (out_features,)``. Both start uniform in :math:`\pm 1 / \sqrt{\text{in\_features}}`, as in PyTorch.
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: str | None = None, dtype: Any = None
    ):
        super().__init__()
        self.in_features = checked_size("Linear", "in_features", in_features, 0)
        self.out_features = checked_size("Linear", "out_features", out_features, 0)
        self.weight = Parameter(ag.empty(self.out_features, self.in_features, device=device, dtype=dtype))
        self.bias = Parameter(ag.empty(self.out_features, device=device, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(max(self.in_features, 1))
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"{self.in_features}, {self.out_features}" + ("" if self.bias is not None else ", bias=False")
