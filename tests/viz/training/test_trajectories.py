from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
import optim
import viz
from autograd.errors import ArgumentError, DtypeError
from viz.training import Trajectory


class Descent:
    """Gradient descent in three lines, for the charts know an optimizer by step() and zero_grad()."""

    def __init__(self, params, lr):
        self.params, self.lr = params, lr

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        with ag.no_grad():
            for p in self.params:
                p[...] = p - self.lr * p.grad


MAKERS = {
    "SGD": lambda params: optim.SGD(params, lr=0.01),
    "momentum": lambda params: optim.SGD(params, lr=0.01, momentum=0.9),
    "Adam": lambda params: optim.Adam(params, lr=0.1),
    "own": lambda params: Descent(params, 0.01),
}


@pytest.mark.parametrize("surface", viz.TEST_SURFACES.values(), ids=lambda surface: surface.name)
def test_minima_are_minima(surface):
    for minimum in surface.minima:
        assert surface(*minimum) == pytest.approx(surface.minimum, abs=1e-12)
        x, y = (ag.tensor(np.array(side), requires_grad=True) for side in minimum)
        surface(x, y).backward()
        assert [x.grad.item(), y.grad.item()] == pytest.approx([0, 0], abs=1e-9)
    grid = np.meshgrid(*(np.linspace(*side, 60) for side in surface.domain))
    assert surface(*grid).min() >= (surface.minimum if surface.minimum is not None else -np.inf)
    for place in (*surface.minima, surface.start):
        assert all(low <= side <= high for side, (low, high) in zip(place, surface.domain, strict=True))
    assert surface.source
    assert (surface.minimum is None) == (not surface.minima)


@pytest.mark.parametrize(
    ("name", "at", "value"),
    [
        ("rosenbrock", (-1.2, 1.0), 24.2), ("beale", (1.0, 1.0), 14.203125), ("himmelblau", (0.0, 0.0), 170.0),
        ("saddle", (2.0, 1.0), 3.0), ("ill-conditioned", (1.0, 1.0), 25.5),
    ],
)  # fmt: skip
def test_values_of_the_literature(name, at, value):
    assert viz.TEST_SURFACES[name](*at) == pytest.approx(value)


def test_the_way_of_gradient_descent_by_hand():
    (row,) = viz.trajectories("ill-conditioned", {"own": MAKERS["own"]}, steps=7, start=(2.0, 1.0))
    step = np.arange(8)
    np.testing.assert_allclose(row.points[:, 0], 2 * 0.99**step)
    np.testing.assert_allclose(row.points[:, 1], 0.5**step)
    np.testing.assert_allclose(row.values, (row.points[:, 0] ** 2 + 50 * row.points[:, 1] ** 2) / 2)
    assert not row.diverged


def test_optimizers_of_optim_and_others_walk_alike():
    sgd, own = viz.trajectories("himmelblau", {"a": MAKERS["SGD"], "b": MAKERS["own"]}, steps=20)
    np.testing.assert_allclose(sgd.points, own.points)


def test_walking_works_where_gradients_are_switched_off():
    with ag.no_grad():
        (row,) = viz.trajectories("saddle", {"own": MAKERS["own"]}, steps=2)
    assert len(row.points) == 3


def test_what_runs_away_is_stopped_and_called_so(well_drawn):
    (row,) = viz.trajectories("rosenbrock", {"wild": lambda p: Descent(p, 1.0)}, steps=50)
    assert row.diverged
    assert len(row.points) < 10
    assert np.isfinite(row.points).all()
    axes = viz.optimizer_trajectories("rosenbrock", [row])
    assert axes.get_legend().get_texts()[0].get_text() == f"wild: diverged, step {len(row.points)}"
    well_drawn(axes)


@pytest.mark.parametrize(("surface", "theme"), list(zip(viz.TEST_SURFACES, [viz.LIGHT, viz.DARK] * 3, strict=False)))
def test_ways_are_told_apart_without_colour(surface, theme, well_drawn):
    rows = viz.trajectories(surface, MAKERS, steps=15)
    axes = viz.optimizer_trajectories(surface, rows, theme=theme)
    lines = {line.get_label().partition(":")[0]: line for line in axes.get_lines()}
    looks = {(lines[name].get_linestyle(), lines[name].get_marker()) for name in MAKERS}
    assert len(looks) == len(MAKERS)
    for row in rows:
        np.testing.assert_allclose(lines[row.name].get_xydata(), row.points)
    assert len(axes.get_legend().get_texts()) == len(MAKERS)
    assert axes.get_xlim() == viz.TEST_SURFACES[surface].domain[0]
    figure = well_drawn(axes)
    box = axes.get_legend().get_window_extent()
    assert box.x1 <= figure.bbox.x1
    assert box.y1 <= figure.bbox.y1


def test_edge_cases(well_drawn):
    well_drawn(viz.optimizer_trajectories("saddle", []), arranged=False)
    well_drawn(
        viz.optimizer_trajectories("beale", [Trajectory("still", np.zeros((1, 2)), np.zeros(1), False)]), arranged=False
    )
    bowl = viz.TestSurface(
        "bowl", lambda x, y: x**2 + y**2, "x^2 + y^2", ((-1, 1), (-1, 1)), ((0, 0),), 0.0, (1, 1), "ours"
    )
    well_drawn(viz.optimizer_trajectories(bowl, MAKERS, steps=1), arranged=False)


def test_bad_arguments_are_refused():
    with pytest.raises(ArgumentError, match="no surface 'rastrigin'. There are: rosenbrock, beale"):
        viz.trajectories("rastrigin", MAKERS)
    with pytest.raises(ArgumentError, match="steps is 0"):
        viz.trajectories("beale", MAKERS, steps=0)
    with pytest.raises(ArgumentError, match="there are 0 optimizers"):
        viz.trajectories("beale", {})
    with pytest.raises(DtypeError, match=r"'list' makes a list; an optimizer with step\(\)"):
        viz.trajectories("beale", {"list": list})
