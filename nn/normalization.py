"""Layers that bring values to a common scale."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError
from nn.module import Module

__all__ = ["Standardize"]


class Standardize(Module):
    r"""Subtract a fixed mean and divide by a fixed standard deviation: :math:`y = (x - \mu) / \sigma`.

    As a part of the model it lets the rest of the world keep raw pixels in [0, 1]. ``mean`` and ``std`` are numbers,
    or one for each channel of an image ``(N, C, H, W)``; they are buffers, saved with the model and not trained.

    Shape: any; with a number for each channel ``(N, C, H, W)``.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Any, std: Any):
        super().__init__()
        mean, std = (np.asarray(value, dtype=np.float32) for value in (mean, std))
        if mean.shape != std.shape or mean.ndim > 1:
            raise ShapeError(
                f"Standardize: mean is {mean.shape} and std is {std.shape}; give two numbers, or two lists "
                "with one for each channel."
            )
        if not (std > 0).all():
            raise ArgumentError(f"Standardize: std must be above 0, not {std.tolist()}.")
        channels = mean.shape + (1, 1) if mean.ndim else ()
        self.register_buffer("mean", ag.tensor(mean.reshape(channels)))
        self.register_buffer("std", ag.tensor(std.reshape(channels)))

    def forward(self, input: Tensor) -> Tensor:
        return (input - self.mean) / self.std

    def extra_repr(self) -> str:
        if self.mean.ndim:
            return f"{len(self.mean)} channels"
        return f"mean={self.mean.item():.4g}, std={self.std.item():.4g}"
