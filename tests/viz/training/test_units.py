from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
import nn
import viz
from autograd.errors import ArgumentError, DtypeError, ShapeError


def test_dead_units_are_those_of_a_plain_loop():
    outputs = np.maximum(np.random.default_rng(0).normal(-2, 1, size=(9, 20)), 0)
    (row,) = viz.unit_activity({"relu": outputs})
    assert row.units == 20
    assert row.dead == sum(all(outputs[n, unit] == 0 for n in range(9)) for unit in range(20)) > 0
    assert row.quiet == np.mean(outputs == 0)
    assert row.saturated is None


@pytest.mark.parametrize(("shape", "units"), [((5, 3), 3), ((5, 7, 3), 3), ((5, 3, 4, 4), 3)])
def test_what_a_unit_is(shape, units):
    (row,) = viz.unit_activity({"layer": np.zeros(shape)})
    assert (row.units, row.dead) == (units, units)


def test_functions_in_a_forward_and_modules_are_both_seen():
    model = nn.models.LeNet5(input_size=8)
    images = ag.tensor(np.random.default_rng(0).random((4, 1, 8, 8)).astype(np.float32))
    with ag.no_grad():
        model.conv1.bias[:2] = -100.0
        model.fc2.bias[...] = -100.0
    rows = viz.unit_activity(model, images)
    assert [row.name for row in rows] == ["relu after conv1", "relu after conv2", "relu after fc1", "relu after fc2"]
    assert [row.units for row in rows] == [6, 16, 120, 84]
    hidden = np.maximum(model.conv1(images).detach().array, 0)
    assert rows[0].dead == (hidden.max(axis=(0, 2, 3)) == 0).sum() >= 2
    assert rows[3].dead == 84
    named = viz.unit_activity(nn.Sequential(nn.Linear(2, 3), nn.ReLU()), ag.tensor(np.ones((1, 2), np.float32)))
    assert [row.name for row in named] == ["1 (relu)"]


def test_a_shared_activation_is_told_by_a_number():
    relu = nn.ReLU()
    model = nn.Sequential(nn.Linear(2, 3), relu, nn.Linear(3, 4), relu)
    rows = viz.unit_activity(model, ag.tensor(np.ones((1, 2), np.float32)))
    assert [(row.name, row.units) for row in rows] == [("1 (relu)", 3), ("1 (relu) (2)", 4)]


def test_saturated_units_stay_near_an_end():
    model = nn.Sequential(nn.Linear(1, 3), nn.Tanh())
    with ag.no_grad():
        model[0].weight[...] = np.array([[0.0], [0.0], [1.0]])
        model[0].bias[...] = np.array([9.0, -9.0, 0.0])
    inputs = ag.tensor(np.linspace(-5, 5, 11, dtype=np.float32)[:, None])
    (row,) = viz.unit_activity(model, inputs)
    assert (row.dead, row.saturated) == (0, 2)
    assert model[0].weight.grad is None


def test_a_batch_of_several_arguments_and_no_gradient():
    class Two(nn.Module):
        def forward(self, a, b):
            return ag.sigmoid(a + b)

    (row,) = viz.unit_activity(Two(), (ag.tensor(np.full((2, 3), 50.0)), ag.tensor(np.zeros((2, 3)))))
    assert (row.name, row.saturated) == ("sigmoid", 3)


def test_bars_show_the_shares(well_drawn):
    rows = [viz.UnitActivity("a", 10, 4, None, 0.5), viz.UnitActivity("b", 20, 0, 5, 0.0)]
    for theme in (viz.DARK, viz.LIGHT):
        axes = viz.dead_units(rows, theme=theme)
        dead, saturated = axes.containers[1:]
        assert [bar.get_width() for bar in dead] == [0.4, 0.0]
        assert [bar.get_width() for bar in saturated] == [0.25]
        assert saturated[0].get_hatch()
        assert [text.get_text() for text in axes.texts] == ["4 of 10", "0 of 20", "5 of 20"]
        assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    well_drawn(axes)


@pytest.mark.parametrize("rows", [[], [viz.UnitActivity("none", 0, 0, None, 0.0)]])
def test_edge_cases(rows, well_drawn):
    well_drawn(viz.dead_units(rows), arranged=False)


def test_many_layers_with_long_names_do_not_overlap(well_drawn):
    rows = [viz.UnitActivity(f"decoder.blocks.{i}.feed_forward.activation.module", 10, i % 5, 1, 0) for i in range(30)]
    well_drawn(viz.dead_units(rows))
    well_drawn(viz.dead_units(rows, None, viz.figure.new_figure(6, 3).add_subplot()))


def test_nan_is_not_dead():
    assert viz.unit_activity({"a": np.array([[np.nan, 0.0]])})[0].dead == 1


def test_bad_arguments_are_refused():
    with pytest.raises(ArgumentError, match="margin is 0.7"):
        viz.unit_activity({}, margin=0.7)
    with pytest.raises(ShapeError, match=r"outputs of 'a' are \(3,\)"):
        viz.unit_activity({"a": np.zeros(3)})
    with pytest.raises(DtypeError, match="the model is a int"):
        viz.dead_units(3)
    with pytest.raises(ArgumentError, match="needs a batch"):
        viz.dead_units(nn.ReLU())
