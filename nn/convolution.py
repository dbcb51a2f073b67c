"""Convolution layers."""

from __future__ import annotations

import math
from typing import Any

import autograd as ag
from autograd import Tensor
from autograd.errors import ShapeError
from autograd.ops.convolution import pair
from nn import init
from nn.module import Module
from nn.parameter import Parameter

__all__ = ["Conv2d"]


class Conv2d(Module):
    r"""2-D convolution (cross-correlation) of an image, with a kernel for each pair of channels.

    Shape: input ``(N, in_channels, H, W)``, output ``(N, out_channels, H_out, W_out)``, with
    ``H_out = (H + 2 padding - dilation (kernel_size - 1) - 1) // stride + 1``; ``weight (out_channels,
    in_channels / groups, kernel height, kernel width)``, ``bias (out_channels,)``. ``kernel_size``, ``stride``,
    ``padding`` and ``dilation`` are a number or a (height, width) pair; ``padding`` may be ``"same"`` (stride 1) or
    ``"valid"``. Source: LeCun et al., 1998, Proc. IEEE 86; initial values as in PyTorch.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        device: str | None = None,
        dtype: Any = None,
    ):
        super().__init__()
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ShapeError(
                f"Conv2d: groups={groups} must divide in_channels={in_channels} and out_channels={out_channels}."
            )
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = pair("Conv2d", "kernel_size", kernel_size, 1)
        self.stride = pair("Conv2d", "stride", stride, 1)
        self.dilation = pair("Conv2d", "dilation", dilation, 1)
        self.padding = self._resolved(padding)
        self.groups = groups
        self.weight = Parameter(
            ag.empty(out_channels, in_channels // groups, *self.kernel_size, device=device, dtype=dtype)
        )
        self.bias = Parameter(ag.empty(out_channels, device=device, dtype=dtype)) if bias else None
        self.reset_parameters()

    def _resolved(self, padding: Any) -> tuple[int, int]:
        if padding == "valid":
            return 0, 0
        if padding != "same":
            return pair("Conv2d", "padding", padding, 0)
        reach = [(k - 1) * d for k, d in zip(self.kernel_size, self.dilation, strict=True)]
        if self.stride != (1, 1) or any(n % 2 for n in reach):
            raise ShapeError(
                f'Conv2d: padding="same" needs stride 1 and an odd kernel, not stride {self.stride} and '
                f"kernel_size {self.kernel_size}. Give the padding as numbers."
            )
        return reach[0] // 2, reach[1] // 2

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(math.prod(self.weight.shape[1:]))
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        return ag.conv2d(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        text += f", padding={self.padding}" if self.padding != (0, 0) else ""
        text += f", dilation={self.dilation}" if self.dilation != (1, 1) else ""
        text += f", groups={self.groups}" if self.groups != 1 else ""
        return text + ("" if self.bias is not None else ", bias=False")
