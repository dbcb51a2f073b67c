"""Convolution layers."""

from __future__ import annotations

import math
from typing import Any

import autograd as ag
from autograd import Tensor
from autograd.ops.convolution import pair
from nn import functional as F
from nn import init
from nn.module import ArgumentError, Module, checked_size
from nn.parameter import Parameter

__all__ = ["Conv2d"]


class Conv2d(Module):
    r"""2-D convolution (cross-correlation) of an image, with a kernel for each pair of channels.

    :math:`y_{o} = b_o + \sum_{c} W_{o c} \star x_{c}`, where :math:`c` runs over the ``in_channels / groups`` channels
    of the group of :math:`o`. ``kernel_size``, ``stride``, ``padding`` and ``dilation`` are a number or a
    (height, width) pair; ``padding`` may be ``"same"`` (with stride 1) or ``"valid"``.

    Shape: input ``(N, in_channels, H, W)``, output ``(N, out_channels, H_out, W_out)``, with
    ``H_out = (H + 2 padding - dilation (kernel_size - 1) - 1) // stride + 1``; ``weight (out_channels,
    in_channels / groups, kernel height, kernel width)``, ``bias (out_channels,)``. Both start uniform in
    :math:`\pm 1 / \sqrt{\text{fan\_in}}`, as in PyTorch, ``fan_in`` being the size of one kernel over all its channels.
    Source: LeCun et al., 1998, Proceedings of the IEEE 86(11).
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
        self.in_channels = checked_size("Conv2d", "in_channels", in_channels, 1)
        self.out_channels = checked_size("Conv2d", "out_channels", out_channels, 1)
        self.groups = checked_size("Conv2d", "groups", groups, 1)
        if in_channels % groups or out_channels % groups:
            raise ArgumentError(
                f"Conv2d: groups={groups} must divide in_channels={in_channels} and out_channels={out_channels}."
            )
        self.kernel_size = pair("Conv2d", "kernel_size", kernel_size, 1)
        self.stride = pair("Conv2d", "stride", stride, 1)
        self.padding = padding if padding in ("same", "valid") else pair("Conv2d", "padding", padding, 0)
        self.dilation = pair("Conv2d", "dilation", dilation, 1)
        if padding == "same" and self.stride != (1, 1):
            raise ArgumentError(f'Conv2d: padding="same" needs stride 1, not {stride!r}. Give the padding as numbers.')
        self.weight = Parameter(
            ag.empty(out_channels, in_channels // groups, *self.kernel_size, device=device, dtype=dtype)
        )
        self.bias = Parameter(ag.empty(out_channels, device=device, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(math.prod(self.weight.shape[1:]))
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        return F.conv2d(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        text += f", padding={self.padding!r}" if self.padding != (0, 0) else ""
        text += f", dilation={self.dilation}" if self.dilation != (1, 1) else ""
        text += f", groups={self.groups}" if self.groups != 1 else ""
        return text + ("" if self.bias is not None else ", bias=False")
