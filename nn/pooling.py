"""Pooling layers."""

from __future__ import annotations

from typing import Any

import autograd as ag
from autograd import Tensor
from autograd.ops.convolution import pair
from nn.module import Module

__all__ = ["AvgPool2d", "MaxPool2d"]


class _Pool2d(Module):
    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0):
        super().__init__()
        name = type(self).__name__
        pair(name, "kernel_size", kernel_size, 1)  # refuses what is wrong here, not in the middle of a model
        pair(name, "stride", 1 if stride is None else stride, 1)
        pair(name, "padding", padding, 0)
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxPool2d(_Pool2d):
    """The maximum of each window. Padding never wins; of tied elements the first takes the gradient.

    Shape: input ``(N, C, H, W)``, output ``(N, C, H_out, W_out)`` with
    ``H_out = (H + 2 padding - kernel_size) // stride + 1``; ``stride`` is the kernel size by default. Each argument is
    a number or a (height, width) pair.
    """

    def forward(self, input: Tensor) -> Tensor:
        return ag.max_pool2d(input, self.kernel_size, self.stride, self.padding)


class AvgPool2d(_Pool2d):
    """The mean of each window; padding counts as zeros. Arguments and shapes as :class:`MaxPool2d`."""

    def forward(self, input: Tensor) -> Tensor:
        return ag.avg_pool2d(input, self.kernel_size, self.stride, self.padding)
