"""A small model for the drawings to show: viz knows modules only by their named_parameters()."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

import autograd as ag


class Parameter(ag.Tensor):
    __slots__ = ()


class TwoLayers:
    """64 → 8 → 4, with a ReLU in between."""

    def __init__(self) -> None:
        draw = np.random.default_rng(0)
        self.parameters = {
            name: Parameter(draw.normal(size=shape).astype(np.float32), requires_grad=True)
            for name, shape in {
                "hidden.weight": (8, 6), "hidden.bias": (8,), "out.weight": (4, 8), "out.bias": (4,),
            }.items()
        }  # fmt: skip

    def named_parameters(self) -> Iterable[tuple[str, ag.Tensor]]:
        return self.parameters.items()

    def loss(self) -> ag.Tensor:
        p = self.parameters
        x = ag.tensor(np.linspace(-1, 1, 18, dtype=np.float32).reshape(3, 6))
        hidden = ag.relu(ag.linear(x, p["hidden.weight"], p["hidden.bias"]))
        logits = ag.linear(hidden, p["out.weight"], p["out.bias"])
        return (logits * logits).mean()


@pytest.fixture
def model() -> TwoLayers:
    return TwoLayers()
