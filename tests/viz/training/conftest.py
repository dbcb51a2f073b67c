"""A small model in training."""

from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
import nn
import optim
import viz


@pytest.fixture
def history():
    """An MLP over six steps, observed at each."""
    ag.manual_seed(0)
    model = nn.models.MLP(6, [8], 4)
    optimizer = optim.SGD(list(model.parameters()), lr=0.1)
    draw = np.random.default_rng(0)
    with viz.ModelHistory(model) as watched:
        for step in range(6):
            optimizer.zero_grad()
            inputs = ag.tensor(draw.normal(size=(16, 6)).astype(np.float32))
            nn.CrossEntropyLoss()(model(inputs), ag.tensor(draw.integers(0, 4, 16))).backward()
            optimizer.step()
            watched.observe(step)
    return watched
