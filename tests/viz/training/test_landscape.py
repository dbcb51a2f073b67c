from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
import nn
import viz
from autograd.errors import ArgumentError, DtypeError, ShapeError
from viz.training import filter_normalised, principal_directions


@pytest.fixture
def fitted():
    ag.manual_seed(0)
    model = nn.models.MLP(3, [4], 2)
    inputs = ag.tensor(np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32))
    return model, lambda: (model(inputs) ** 2).mean()


def state(model):
    return [
        (p.array.tobytes(), p.dtype, None if p.grad is None else p.grad.array.tobytes()) for p in model.parameters()
    ]


def test_each_filter_of_a_direction_has_the_norm_of_that_of_the_weights():
    draw = np.random.default_rng(0)
    weights = [draw.normal(size=(4, 2, 3, 3)), draw.normal(size=(5, 7)), draw.normal(size=6)]
    direction = filter_normalised([draw.normal(size=w.shape) for w in weights], weights)
    for w, d in zip(weights[:2], direction[:2], strict=True):
        for one, other in zip(w, d, strict=True):
            assert np.linalg.norm(other) == pytest.approx(np.linalg.norm(one))
    assert not direction[2].any()
    assert not filter_normalised([np.zeros((2, 2))], [np.ones((2, 2))])[0].any()


def test_a_quadratic_loss_gives_the_quadratic_of_the_steps():
    w = ag.tensor(np.random.default_rng(1).normal(size=(3, 4)), requires_grad=True)
    landscape = viz.landscape_losses(lambda: (w * w).sum(), [w], points=5, seed=2, span=0.5)
    draw = np.random.default_rng(2)
    first, second = (filter_normalised([draw.standard_normal((3, 4))], [w.detach().array])[0] for _ in range(2))
    for row, b in enumerate(landscape.betas):
        for column, a in enumerate(landscape.alphas):
            expected = ((w.detach().array + a * first + b * second) ** 2).sum()
            assert landscape.losses[row, column] == pytest.approx(expected)
    assert landscape.alphas.tolist() == [-0.5, -0.25, 0, 0.25, 0.5]
    assert landscape.losses[2, 2] == pytest.approx(landscape.centre)


def test_parameters_and_gradients_are_left_bit_by_bit(fitted):
    model, loss = fitted
    loss().backward()
    before = state(model)
    viz.landscape_losses(loss, model, points=3)
    viz.landscape_losses(loss, model.parameters(), directions=1, points=3)
    assert state(model) == before


def test_a_graph_from_before_can_still_go_backward(fitted):
    model, loss = fitted
    recorded = loss()
    arrays = [p.array for p in model.parameters()]
    viz.landscape_losses(loss, model, points=2)
    recorded.backward()
    assert all(p.array is array for p, array in zip(model.parameters(), arrays, strict=True))


def test_parameters_are_left_as_they_were_after_an_error(fitted):
    model, loss = fitted
    loss().backward()
    before, calls = state(model), iter(range(3))

    def breaks():
        next(model.parameters()).grad = None
        next(calls)
        return loss()

    with pytest.raises((StopIteration, RuntimeError)):
        viz.landscape_losses(breaks, model, points=3)
    assert state(model) == before


def test_the_seed_makes_the_picture(fitted):
    model, loss = fitted
    first, again, other = (viz.landscape_losses(loss, model, points=3, seed=seed).losses for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_principal_directions_are_those_of_the_svd():
    draw = np.random.default_rng(0)
    end = [draw.normal(size=(2, 3)), draw.normal(size=4)]
    states = [[array + draw.normal(size=array.shape) for array in end] for _ in range(6)]
    axes, path, explained = principal_directions(states, end)
    moves = np.array([np.concatenate([(a - b).ravel() for a, b in zip(s, end, strict=True)]) for s in states])
    _, sizes, rows = np.linalg.svd(moves, full_matrices=False)
    flat = np.array([np.concatenate([part.ravel() for part in axis]) for axis in axes])
    np.testing.assert_allclose(np.abs((flat * rows[:2]).sum(axis=1)), 1)
    np.testing.assert_allclose(flat @ flat.T, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(path, moves @ flat.T)
    np.testing.assert_allclose(explained, (sizes**2 / (sizes**2).sum())[:2])


def test_a_trajectory_spans_the_plane_and_is_inside_it(fitted):
    model, loss = fitted
    names = [name for name, _ in model.named_parameters()]
    draw = np.random.default_rng(0)
    states = [
        [p.detach().array + draw.normal(size=p.shape).astype(np.float32) for p in model.parameters()] for _ in range(4)
    ]
    landscape = viz.landscape_losses(loss, model, trajectory=states, points=4)
    assert landscape.trajectory.shape == (4, 2)
    for side, steps in enumerate((landscape.alphas, landscape.betas)):
        assert steps[0] < min(landscape.trajectory[:, side].min(), 0)
        assert steps[-1] > max(landscape.trajectory[:, side].max(), 0)
    by_name = viz.landscape_losses(loss, model, trajectory=[dict(zip(names, s, strict=True)) for s in states], points=4)
    np.testing.assert_array_equal(by_name.losses, landscape.losses)


def test_a_plane_a_line_and_a_trajectory_are_drawn(fitted, well_drawn):
    model, loss = fitted
    theme = viz.DARK  # the edge cases below are drawn in the light one
    plane = viz.loss_landscape(loss, model, points=5, theme=theme)
    assert "first filter-normalised direction" in plane.get_xlabel()
    well_drawn(plane)
    line = viz.loss_landscape(loss, model, directions=1, points=5, theme=theme)
    np.testing.assert_allclose(
        line.get_lines()[0].get_ydata(), viz.landscape_losses(loss, model, directions=1, points=5).losses
    )
    assert "present parameters" in line.texts[0].get_text()
    well_drawn(line)
    states = [[p.detach().array + k * (k + i) for i, p in enumerate(model.parameters())] for k in (1, 2, 3)]
    landscape = viz.landscape_losses(loss, model, trajectory=states, points=4)
    way = viz.loss_landscape(landscape, theme=theme)
    np.testing.assert_allclose(way.get_lines()[0].get_xydata()[:-1], landscape.trajectory)
    assert "%" in way.get_xlabel()
    well_drawn(way)


@pytest.mark.parametrize(
    "losses",
    [
        np.zeros((3, 3)),
        np.full((3, 3), np.nan),
        np.where(np.eye(3) > 0, np.inf, 1.0),
        np.full((3, 3), -2.0),
        np.full((3, 3), 1e-300),
    ],
    ids=["zeros", "nan", "partly infinite", "constant", "tiny"],
)
def test_edge_cases(losses, well_drawn):
    steps = np.linspace(-1, 1, 3)
    well_drawn(viz.loss_landscape(viz.Landscape(steps, steps, losses, 0.0)), arranged=False)
    well_drawn(viz.loss_landscape(viz.Landscape(steps, None, losses[0], 0.0)), arranged=False)


def test_levels_are_logarithmic_where_losses_span_a_factor_of_ten():
    levels = viz.training.contour_levels
    assert np.ptp(np.diff(np.log(levels(np.array([0.1, 100.0]))))) < 1e-12
    assert np.ptp(np.diff(levels(np.array([1.0, 2.0])))) < 1e-12
    assert np.ptp(np.diff(levels(np.array([-1.0, 200.0])))) < 1e-10


def test_bad_arguments_are_refused(fitted):
    model, loss = fitted
    with pytest.raises(ArgumentError, match="directions is 3"):
        viz.loss_landscape(loss, model, directions=3)
    with pytest.raises(ArgumentError, match="span is 0"):
        viz.loss_landscape(loss, model, span=0)
    with pytest.raises(ArgumentError, match="points is 1"):
        viz.loss_landscape(loss, model, points=1)
    with pytest.raises(DtypeError, match="parameters is a int"):
        viz.loss_landscape(loss, 3)
    with pytest.raises(DtypeError, match="parameter '0' is a ndarray, not a leaf Tensor"):
        viz.loss_landscape(loss, [np.ones(3)])
    with pytest.raises(ArgumentError, match="no floating-point parameters"):
        viz.loss_landscape(loss, [])
    with pytest.raises(ShapeError, match=r"loss_fn returned an array of shape \(2,\)"):
        viz.loss_landscape(lambda: np.ones(2), model)
    with pytest.raises(ShapeError, match="state 0 of the trajectory has shapes"):
        viz.loss_landscape(loss, model, trajectory=[[np.ones(2)]])
    with pytest.raises(ArgumentError, match="does not span a plane"):
        viz.loss_landscape(loss, model, trajectory=[[p.detach().array for p in model.parameters()]])
    with pytest.raises(ArgumentError, match="already evaluated"):
        viz.loss_landscape(viz.landscape_losses(loss, model, points=2), model)
