from __future__ import annotations

import json
import math

import numpy as np
import pytest

import autograd as ag
import nn
import optim
import viz
from autograd.errors import ArgumentError, DtypeError


class Named:
    """A model that is known by its parameters alone."""

    def __init__(self, **arrays):
        self.tensors = {name: ag.tensor(array, requires_grad=True) for name, array in arrays.items()}

    def named_parameters(self):
        return self.tensors.items()


def test_norms_and_ratios_are_those_of_numpy():
    model = Named(w=np.array([[3.0, 0.0], [0.0, 4.0]]), frozen=np.ones(2))
    history = viz.ModelHistory(model)
    w = model.tensors["w"]
    (w * w).sum().backward()
    with ag.no_grad():
        w[...] = w - 0.1 * w.grad
    row, frozen = history.observe(0).parameters
    assert row.gradient_norm == pytest.approx(10)
    assert row.weight_norm == pytest.approx(4)
    assert row.update_ratio == pytest.approx(1 / 5)
    assert row.shape == (2, 2)
    assert (frozen.gradient_norm, frozen.gradient, frozen.update_ratio) == (None, None, 0.0)
    np.testing.assert_array_equal(row.weights.counts, np.histogram([2.4, 3.2], 4)[0])
    assert row.weights.zeros == 2


def test_an_update_from_zeros_has_no_ratio():
    model = Named(w=np.zeros(3))
    history = viz.ModelHistory(model)
    with ag.no_grad():
        model.tensors["w"][...] = 1.0
    assert history.observe(0).parameters[0].update_ratio is None
    assert history.observe(1).parameters[0].update_ratio == 0


def test_every_thins_the_steps_and_still_measures_single_updates():
    model = Named(w=np.ones(4))
    history = viz.ModelHistory(model, every=3)
    for step in range(8):
        with ag.no_grad():
            model.tensors["w"][...] = model.tensors["w"] * 1.5
        kept = history.observe(step)
        assert (kept is None) == (step % 3 != 0)
    assert [row.step for row in history.observations] == [0, 3, 6]
    assert [row.parameters[0].update_ratio for row in history.observations] == pytest.approx([0.5] * 3)


def test_numbers_out_of_the_range_of_squares_and_not_finite():
    model = Named(large=np.full(4, 1e200), tiny=np.full(4, 1e-200), nan=np.array([1.0, np.nan]), inf=np.array([np.inf]))
    large, tiny, nan, inf = viz.ModelHistory(model).observe(0).parameters
    assert large.weight_norm == pytest.approx(2e200)
    assert tiny.weight_norm == pytest.approx(2e-200)
    assert math.isnan(nan.weight_norm)
    assert math.isnan(nan.update_ratio)
    assert math.isinf(inf.weight_norm)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex128])
@pytest.mark.parametrize("size", [3, 10_000])
@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e25])
def test_norms_at_every_size_and_scale(dtype, size, scale):
    scale = 1.0 if dtype == np.float16 else scale
    array = (scale * np.random.default_rng(0).normal(size=size)).astype(dtype)
    model = Named(w=array)
    row = viz.ModelHistory(model, histograms=False).observe(0).parameters[0]
    exact = scale * np.linalg.norm((array / dtype(scale)).astype(np.complex128))
    assert row.weight_norm == pytest.approx(exact, rel=1e-5)


def test_activations_are_those_of_the_last_forward_pass_in_training_mode(history):
    assert [row.name for row in history.observations[0].activations] == ["flatten", "layers.0", "layers.1", "layers.2"]
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    with viz.ModelHistory(model) as watched:
        outputs = model(ag.tensor(np.ones((4, 2), np.float32)))
        model.eval()
        model(ag.tensor(np.zeros((9, 2), np.float32)))
        linear, relu = watched.observe(0).activations
    assert (linear.kind, relu.kind) == ("Linear", "ReLU")
    assert relu.outputs.total == 12
    assert relu.outputs.zeros == np.count_nonzero(outputs.array == 0)
    assert not watched.observe(1).activations


def test_closing_removes_the_hooks_and_asking_for_none_sets_none():
    model = nn.Sequential(nn.Linear(2, 3))
    with viz.ModelHistory(model):
        assert model[0]._hooks
    assert not model[0]._hooks
    viz.ModelHistory(model, activations=[])
    viz.ModelHistory(model, histograms=False)
    assert not model[0]._hooks


def test_training_is_the_same_whether_it_is_watched_or_not():
    def trained(watch):
        ag.manual_seed(3)
        model = nn.models.MLP(4, [5], 2)
        optimizer = optim.Adam(list(model.parameters()), lr=0.01)
        history = viz.ModelHistory(model) if watch else None
        for step in range(3):
            optimizer.zero_grad()
            (model(ag.tensor(np.ones((2, 4), np.float32))) ** 2).sum().backward()
            optimizer.step()
            if history:
                history.observe(step)
        return [p.array.tobytes() for p in model.parameters()]

    assert trained(True) == trained(False)


def test_json_round_trip(history):
    text = history.to_json()
    json.loads(text)
    assert viz.observations_from_json(text) == history.observations


def test_json_keeps_what_is_not_finite():
    model = Named(inf=np.array([[np.inf]]))
    history = viz.ModelHistory(model)
    history.observe(0)
    (row,) = viz.observations_from_json(history.to_json())
    assert row.parameters[0].weight_norm == math.inf
    assert math.isnan(row.parameters[0].update_ratio)


def test_json_of_another_version_is_refused():
    with pytest.raises(ArgumentError, match=r"version 99; this release reads version 1"):
        viz.observations_from_json('{"version": 99}')
    with pytest.raises(ArgumentError, match=r"'history\.json' is not JSON .*read_text"):
        viz.gradient_table("history.json")


def test_bad_arguments_are_refused():
    with pytest.raises(ArgumentError, match="every is 0"):
        viz.ModelHistory(nn.Linear(2, 2), every=0)
    with pytest.raises(DtypeError, match="the model is a int"):
        viz.ModelHistory(3)
    with pytest.raises(DtypeError, match="model is None"):
        viz.ModelHistory(None)
    with pytest.raises(ArgumentError, match=r"no module 'middle'. It has: 0"):
        viz.ModelHistory(nn.Sequential(nn.Linear(2, 2)), activations=["middle"])
    with pytest.raises(DtypeError, match="a Named has no named_modules"):
        viz.ModelHistory(Named(w=np.ones(2)), activations=["a"])


def test_a_dict_of_tensors_is_a_model_too():
    w = ag.tensor(np.ones(2), requires_grad=True)
    assert viz.ModelHistory({"w": w}).observe(0).parameters[0].name == "w"
