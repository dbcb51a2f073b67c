"""Parameter: a Tensor that a Module owns and an optimizer changes."""

from __future__ import annotations

from typing import Any

from autograd import Tensor

__all__ = ["Parameter"]


class Parameter(Tensor):
    """A Tensor that wants gradients and that a :class:`nn.Module` finds among its attributes.

    ``data`` is a Tensor or an array of floating dtype; memory is shared, not copied.
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True):
        super().__init__(data, requires_grad)

    def __repr__(self) -> str:
        return f"Parameter({super().__repr__()})"
