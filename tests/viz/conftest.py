"""A small model for the drawings to show (viz knows modules only by their named_parameters()), and a look at charts."""

from __future__ import annotations

import warnings
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


def _overlap(labels, renderer):
    """Whether two of these labels overlap; the boxes of tilted ones tell nothing."""
    shown = [label for label in labels if label.get_text() and label.get_visible() and label.get_rotation() % 90 == 0]
    boxes = [label.get_window_extent(renderer) for label in shown]
    return any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


@pytest.fixture
def well_drawn():
    """Draw the figure of one Axes or several, with every warning an error, and see that no tick labels overlap.

    A plain Figure has a canvas that draws nothing, so it gets one of Agg first. Arranging the figure is three quarters
    of the work: with ``arranged=False`` it is only drawn, for data that are odd in what they hold and not in their size.
    """
    agg = pytest.importorskip("matplotlib.backends.backend_agg")

    def check(axes, *, arranged=True):
        axes = np.ravel(np.array(axes, dtype=object))
        figure = axes[0].figure
        canvas = agg.FigureCanvasAgg(figure)
        if not arranged:
            figure.set_layout_engine("none")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            canvas.draw()
        renderer = canvas.get_renderer()
        for one in axes if arranged else ():
            assert not _overlap(one.get_yticklabels(), renderer), "labels of the vertical axis overlap"
            assert not _overlap(one.get_xticklabels(), renderer), "labels of the horizontal axis overlap"
        return figure

    return check
