"""Dropout: of elements, of whole channels, and in the form that keeps the statistics of selu networks.

All of them give their input back in evaluation. Masks are drawn from the default generator of the input's device, so
``autograd.manual_seed`` makes them the same in every run.
"""

from __future__ import annotations

from autograd import Tensor
from nn import functional as F
from nn.module import ArgumentError, Module

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class Dropout(Module):
    r"""In training :math:`y = m \, x / (1 - p)`, where each :math:`m` is 0 with probability ``p``, else 1.

    Shape: any. Source: Srivastava et al., 2014, JMLR 15.
    """

    def __init__(self, p: float = 0.5):
        super().__init__()
        if not isinstance(p, (int, float)) or not 0 <= p <= 1:
            raise ArgumentError(f"{type(self).__name__}: p must be a probability in [0, 1], not {p!r}.")
        self.p = p

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class Dropout1d(Dropout):
    """:class:`Dropout` of whole channels.

    Shape: ``(N, C, L)`` or ``(C, L)``. Source: Tompson et al., 2015, arXiv:1411.4280.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training)


class Dropout2d(Dropout):
    """:class:`Dropout` of whole channels.

    Shape: ``(N, C, H, W)`` or ``(N, C, L)``. Source: Tompson et al., 2015, arXiv:1411.4280.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training)


class Dropout3d(Dropout):
    """:class:`Dropout` of whole channels.

    Shape: ``(N, C, D, H, W)`` or ``(C, D, H, W)``. Source: Tompson et al., 2015, arXiv:1411.4280.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout3d(input, self.p, self.training)


class AlphaDropout(Dropout):
    """Sets elements to the floor of selu, then shifts and scales: mean 0 and variance 1 stay.

    Shape: any. Source: Klambauer et al., 2017, arXiv:1706.02515.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(Dropout):
    """:class:`AlphaDropout` of whole channels.

    Shape: ``(N, C, ...)``. Source: Klambauer et al., 2017, arXiv:1706.02515.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training)
