from __future__ import annotations

import numpy as np
import pytest

import viz
from autograd.errors import ArgumentError
from viz.training import ActivationObservation, histogram_of


def observed(*arrays):
    return [
        viz.Observation(step, (), (ActivationObservation("relu", "ReLU", histogram_of(array)),))
        for step, array in enumerate(arrays)
    ]


def test_ridges_are_densities_on_one_scale():
    draw = np.random.default_rng(0)
    narrow, wide = draw.normal(size=4000), draw.normal(2, 3, size=4000)
    (layer,) = viz.ridges(observed(narrow, wide))
    assert layer.steps == (0, 1)
    width = np.diff(layer.edges)
    np.testing.assert_allclose((layer.densities * width).sum(axis=1), 1, atol=0.02)
    centres = (layer.edges[1:] + layer.edges[:-1]) / 2
    means = (layer.densities * width * centres).sum(axis=1)
    np.testing.assert_allclose(means, [narrow.mean(), wide.mean()], atol=0.15)
    assert layer.densities[0].max() > 2 * layer.densities[1].max()


def test_zeros_and_not_finite_are_shares():
    (layer,) = viz.ridges(observed(np.array([0.0, 0.0, 1.0, np.nan])))
    assert layer.zeros.tolist() == [0.5]
    assert layer.not_finite.tolist() == [0.25]


def test_of_many_steps_ten_are_drawn_with_the_first_and_the_last():
    (layer,) = viz.ridges(observed(*np.ones((25, 3))))
    assert len(layer.steps) == 10
    assert (layer.steps[0], layer.steps[-1]) == (0, 24)
    assert viz.ridges(observed(*np.ones((25, 3))), most=2)[0].steps == (0, 24)


@pytest.mark.parametrize(("kind", "theme"), [("activation", viz.LIGHT), ("gradient", viz.DARK), ("weight", viz.LIGHT)])
def test_every_kind_is_drawn_layer_by_layer(history, kind, theme, well_drawn):
    axes = viz.histograms_over_steps(history, kind, theme=theme)
    layers = viz.ridges(history, kind)
    assert [one.get_title(loc="left") for one in axes] == [layer.name for layer in layers]
    assert len(layers) == (4 if kind == "activation" else 2)
    assert [label.get_text() for label in axes[0].get_yticklabels()] == [str(step) for step in range(6)]
    assert axes[0].figure.get_facecolor() == pytest.approx(
        tuple(int(theme.page[i : i + 2], 16) / 255 for i in (1, 3, 5)) + (1,)
    )
    well_drawn(axes)


def test_long_names_keep_the_number_of_their_layer_and_stay_in_the_figure(well_drawn):
    names = [f"transformer.encoder.layers.{i}.self_attention.output_projection.weight" for i in (9, 10, 11)]
    outputs = histogram_of(np.random.default_rng(0).normal(size=50))
    row = viz.Observation(0, (), tuple(ActivationObservation(name, "ReLU", outputs) for name in names))
    axes = viz.histograms_over_steps([row])
    figure = well_drawn(axes)
    titles = [one._left_title for one in axes]
    assert [title.get_text()[:10] for title in titles] == ["…layers.9…", "…layers.10", "…layers.11"]
    boxes = [title.get_window_extent() for title in titles]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(box.x1 <= figure.bbox.x1 for box in boxes)


def test_layers_are_chosen_by_name(history):
    assert [layer.name for layer in viz.ridges(history, "gradient", ["layers.2.bias"])] == ["layers.2.bias"]


@pytest.mark.parametrize(
    "arrays",
    [
        [np.zeros(4)],
        [np.zeros(0)],
        [np.full(3, np.nan)],
        [np.ones(3)],
        [np.zeros(3), np.array([0.0, 1e-20])],
        [np.array([1e30, -1e30])],
    ],
    ids=["zeros", "empty", "nan", "constant", "tiny", "huge"],
)
def test_edge_cases(arrays, well_drawn):
    well_drawn(viz.histograms_over_steps(observed(*arrays)), arranged=False)


def test_what_is_left_out_is_written_beside_the_ridge(well_drawn):
    axes = viz.histograms_over_steps(observed(np.array([0.0, 0.0, 1.0, np.nan])))
    assert [text.get_text() for text in axes[0].texts] == ["50 %  !"]
    caption = axes[0].figure._supxlabel.get_text()
    assert "exact zeros" in caption
    assert "not finite" in caption
    well_drawn(axes, arranged=False)


def test_nothing_observed_says_so(well_drawn):
    axes = viz.histograms_over_steps([], "gradient")
    assert axes[0].texts[0].get_text() == "no gradient was observed"
    well_drawn(axes, arranged=False)


def test_bad_arguments_are_refused(history):
    with pytest.raises(ArgumentError, match='kind must be "activation", "gradient" or "weight", not \'loss\''):
        viz.histograms_over_steps(history, "loss")
    with pytest.raises(ArgumentError, match="no activation of 'conv9' was observed. There are: flatten"):
        viz.histograms_over_steps(history, layers=["conv9"])
    with pytest.raises(ArgumentError, match="ax holds 1 Axes and 4 are needed"):
        viz.histograms_over_steps(history, ax=viz.figure.new_figure(3, 3).add_subplot())


def test_given_axes_are_drawn_on(history):
    given = viz.figure.new_figure(8, 6).subplots(2, 2)
    axes = viz.histograms_over_steps(history, ax=given)
    assert list(axes) == list(given.ravel())
