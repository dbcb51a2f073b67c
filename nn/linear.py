"""Affine layers."""

from __future__ import annotations

import math
from typing import Any

import autograd as ag
from autograd import Tensor
from nn import init
from nn.module import Module
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

    Shape: input ``(..., in_features)``, output ``(..., out_features)``; ``weight (out_features, in_features)``,
    ``bias (out_features,)``. Both start uniform in :math:`\pm 1 / \sqrt{\text{in\_features}}`, as in PyTorch.
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: str | None = None, dtype: Any = None
    ):
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(ag.empty(out_features, in_features, device=device, dtype=dtype))
        self.bias = Parameter(ag.empty(out_features, device=device, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        if self.in_features:
            init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features else 0.0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        return ag.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"{self.in_features}, {self.out_features}" + ("" if self.bias is not None else ", bias=False")
