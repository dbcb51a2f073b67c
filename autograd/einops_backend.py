"""Teaches einops to take Tensors: after ``import autograd.einops_backend`` comes ``einops.rearrange(x, "a b -> b a")``.

So do ``reduce``, ``repeat``, ``einsum``, ``pack``, ``unpack`` and ``parse_shape``, and gradients flow through them all.
(The module ``einops.array_api`` takes Tensors without this, through the array API standard; it has no einsum.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import creation, ops
from autograd.backend import is_differentiable
from autograd.extras import import_extra
from autograd.tensor import Tensor

__all__ = ["TensorBackend"]

_backends: Any = import_extra("einops._backends", extra="dev", purpose="rearrange Tensors by patterns")


class TensorBackend(_backends.AbstractBackend):
    """What einops asks of a library of arrays. It finds this class by itself, as a subclass of its own."""

    framework_name = "autograd"

    def is_appropriate_type(self, tensor: Any) -> bool:
        """Whether this is a Tensor."""
        return isinstance(tensor, Tensor)

    def from_numpy(self, x: np.ndarray) -> Tensor:
        """A Tensor over an array."""
        return creation.asarray(x)

    def to_numpy(self, x: Tensor) -> np.ndarray:
        """The array of a Tensor."""
        return x.numpy()

    def arange(self, start: int, stop: int) -> Tensor:
        """Integers from ``start`` to below ``stop``."""
        return creation.arange(start, stop)

    def transpose(self, x: Tensor, axes: Sequence[int]) -> Tensor:
        """The axes in another order."""
        return ops.permute_dims(x, tuple(axes))

    def reduce(self, x: Tensor, operation: str, axes: Sequence[int]) -> Tensor:
        """A reduction by its name: ``min``, ``max``, ``sum``, ``mean``, ``prod``, ``any`` or ``all``."""
        return getattr(ops, operation)(x, axis=tuple(axes))

    def stack_on_zeroth_dimension(self, tensors: list[Tensor]) -> Tensor:
        """Tensors of one shape along a new first axis."""
        return ops.stack(tensors, 0)

    def add_axis(self, x: Tensor, new_position: int) -> Tensor:
        """A new axis of length 1."""
        return ops.expand_dims(x, new_position)

    def tile(self, x: Tensor, repeats: Sequence[int]) -> Tensor:
        """The whole repeated along each axis."""
        return ops.tile(x, tuple(repeats))

    def concat(self, tensors: Sequence[Tensor], axis: int) -> Tensor:
        """Tensors along an axis that they have."""
        return ops.concat(list(tensors), axis)

    def is_float_type(self, x: Tensor) -> bool:
        """Whether a mean can be taken."""
        return is_differentiable(x.dtype)

    def einsum(self, pattern: str, *x: Tensor) -> Tensor:
        """Einstein's summation."""
        return ops.einsum(pattern, *x)
