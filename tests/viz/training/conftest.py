"""Small models in training, and what every chart must keep to."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

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


def _overlap(labels, renderer):
    boxes = [label.get_window_extent(renderer) for label in labels if label.get_text() and label.get_visible()]
    return any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


@pytest.fixture
def well_drawn():
    """Draw the figure of one Axes or several, with every warning an error, and see that no tick labels overlap."""

    def check(axes):
        axes = np.ravel(np.array(axes, dtype=object))
        figure = axes[0].figure
        canvas = FigureCanvasAgg(figure)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            canvas.draw()
        renderer = canvas.get_renderer()
        for one in axes:
            assert not _overlap(one.get_yticklabels(), renderer), "labels of the vertical axis overlap"
            assert not _overlap(one.get_xticklabels(), renderer), "labels of the horizontal axis overlap"
        return figure

    return check
