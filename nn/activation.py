"""Activations as modules, elementwise but for the softmaxes; each is the op of that name."""

from __future__ import annotations

import autograd as ag
from autograd import Tensor
from nn import functional as F
from nn.module import Module

__all__ = ["GELU", "LeakyReLU", "LogSoftmax", "ReLU", "SiLU", "Sigmoid", "Softmax", "Softplus", "Tanh"]


class ReLU(Module):
    """``max(x, 0)``; gradient 0 at 0."""

    def forward(self, input: Tensor) -> Tensor:
        return ag.relu(input)


class LeakyReLU(Module):
    """``x`` where positive, else ``negative_slope x`` (Maas et al., 2013, ICML)."""

    def __init__(self, negative_slope: float = 0.01):
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}"


class Sigmoid(Module):
    r"""The logistic function :math:`1 / (1 + e^{-x})`."""

    def forward(self, input: Tensor) -> Tensor:
        return ag.sigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent."""

    def forward(self, input: Tensor) -> Tensor:
        return ag.tanh(input)


class SiLU(Module):
    r""":math:`x \, \sigma(x)` (Elfwing et al., 2017, arXiv:1702.03118)."""

    def forward(self, input: Tensor) -> Tensor:
        return ag.silu(input)


class GELU(Module):
    r""":math:`x \, \Phi(x)` (Hendrycks and Gimpel, 2016, arXiv:1606.08415); ``approximate="tanh"`` as in GPT-2."""

    def __init__(self, approximate: str = "none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return ag.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class Softplus(Module):
    r""":math:`\ln(1 + e^{\beta x}) / \beta`; the identity where ``beta x`` exceeds ``threshold``."""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0):
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class Softmax(Module):
    r""":math:`e^x / \sum e^x` along the axis ``dim``."""

    def __init__(self, dim: int = -1):
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return ag.softmax(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSoftmax(Softmax):
    """The logarithm of :class:`Softmax`."""

    def forward(self, input: Tensor) -> Tensor:
        return ag.log_softmax(input, self.dim)
