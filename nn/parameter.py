"""Parameter: a Tensor that a Module owns and an optimizer changes."""

from __future__ import annotations

from typing import Any

from autograd import Tensor, asarray

__all__ = ["Parameter"]


class Parameter(Tensor):
    """A Tensor that wants gradients and that a :class:`nn.Module` finds among its attributes.

    ``data``           a Tensor or an array of floating or complex dtype, whose memory is shared, not copied; or numbers
    ``requires_grad``  False for a parameter that is frozen

    Raises ``DtypeError`` for integers that are to have gradients.
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True):
        super().__init__(asarray(data), requires_grad)

    def __copy__(self) -> Parameter:
        """A Parameter of its own over the same memory, as in PyTorch."""
        return Parameter(self.detach(), self.requires_grad)

    def __repr__(self) -> str:
        return f"Parameter({super().__repr__()})"
