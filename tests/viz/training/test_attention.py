from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
import viz
from autograd.errors import ArgumentError, ShapeError


def drawn(axes):
    return np.asarray(axes.images[0].get_array())


@pytest.mark.parametrize("causal", [False, True])
def test_weights_are_the_softmax_of_scaled_scores(causal):
    draw = np.random.default_rng(0)
    query, key = draw.normal(size=(2, 4, 3)), draw.normal(size=(2, 4, 3))
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(3)
    if causal:
        scores = np.where(np.tril(np.ones((4, 4))), scores, -np.inf)
    expected = np.exp(scores - scores.max(-1, keepdims=True))
    expected /= expected.sum(-1, keepdims=True)
    np.testing.assert_allclose(viz.attention_weights(query, key, is_causal=causal), expected)


def test_weights_times_values_are_the_output_of_the_op():
    draw = np.random.default_rng(1)
    query, key, value = (ag.tensor(draw.normal(size=(2, heads, 5, 3)), requires_grad=True) for heads in (4, 2, 2))
    mask = ag.tensor(draw.random((5, 5)) < 0.6)
    output = ag.scaled_dot_product_attention(query, key, value, mask, scale=0.3, enable_gqa=True)
    weights = viz.attention_weights(query, key, mask, scale=0.3, enable_gqa=True)
    assert weights.shape == (2, 4, 5, 5)
    np.testing.assert_allclose(weights @ np.repeat(value.detach().array, 2, axis=1), output.detach().array)


def test_float32_stays_float32_and_lengths_may_differ():
    weights = viz.attention_weights(np.ones((2, 3), np.float32), np.ones((5, 3), np.float32))
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights, np.full((2, 5), 0.2))


def test_a_grid_of_layers_and_heads(well_drawn):
    weights = np.random.default_rng(0).random((2, 3, 4, 4))
    for theme in (viz.DARK, viz.LIGHT):
        axes = viz.attention_maps(weights, list("abcd"), theme=theme)
        assert axes.shape == (2, 3)
        for place in np.ndindex(2, 3):
            np.testing.assert_allclose(drawn(axes[place]), weights[place])
            assert axes[place].images[0].get_clim() == (0, pytest.approx(weights.max()))
        for outer in axes[:, 0]:
            assert [label.get_text() for label in outer.get_yticklabels()] == list("abcd")
        for outer in axes[1]:
            assert [label.get_text() for label in outer.get_xticklabels()] == list("abcd")
        assert not axes[0, 1].get_xticklabels()  # said below and at the left already
        assert not axes[0, 1].get_yticklabels()
        assert axes[0, 1].get_title() == "head 1"
        assert axes[1, 0].get_ylabel() == "layer 1\nquery"
    well_drawn(axes)


def test_many_heads_are_broken_into_rows():
    maps = np.random.default_rng(0).random((30, 3, 3))
    axes = viz.attention_maps(maps)
    assert axes.shape == (1, 30)
    assert axes[0, 0].figure.get_figwidth() < 24
    assert [one.get_title() for one in axes[0]] == [f"head {i}" for i in range(30)]
    for one, picture in zip(axes[0], maps, strict=True):
        np.testing.assert_array_equal(drawn(one), picture)
    assert [one.get_subplotspec().rowspan.start for one in axes[0, [0, 11, 12, 29]]] == [0, 0, 1, 2]
    assert [bool(one.get_xlabel()) for one in axes[0]] == [False] * 24 + [True] * 6
    assert not axes[0, 5].get_xticklabels()
    assert axes[0, 20].get_xticklabels()  # below it there is none


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (2, 6, 6), (1, 1, 4, 4)])
def test_shapes(shape, well_drawn):
    well_drawn(viz.attention_maps(np.full(shape, 0.5)))


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_zeros_and_nan_are_drawn(value, well_drawn):
    well_drawn(viz.attention_maps(np.full((2, 3, 3), value)), arranged=False)


def test_layers_with_different_heads(well_drawn):
    axes = viz.attention_maps({"encoder": np.ones((3, 2, 2)), "decoder": np.ones((1, 4, 4))})
    assert axes.shape == (4,)
    assert axes[3].get_ylabel() == "decoder\nquery"
    well_drawn(axes)
    assert viz.attention_maps([np.ones((2, 3, 3)), np.ones((2, 3, 3))]).shape == (2, 2)


def test_many_tokens_are_numbered_not_named(well_drawn):
    axes = viz.attention_maps(np.ones((2, 60, 60)), [f"token{i}" for i in range(60)])
    assert "token0" not in [label.get_text() for label in axes[0, 0].get_yticklabels()]
    well_drawn(axes)


def test_given_axes_are_drawn_on():
    given = viz.figure.new_figure(4, 2).subplots(1, 2)
    assert list(viz.attention_maps(np.ones((2, 3, 3)), ax=given).ravel()) == list(given)


def test_bad_arguments_are_refused():
    with pytest.raises(ShapeError, match=r"weights are \(3,\); they must be \(T, S\)"):
        viz.attention_maps(np.ones(3))
    with pytest.raises(ShapeError, match="Of a batch take one example"):
        viz.attention_maps(np.ones((1, 2, 3, 4, 4)))
    with pytest.raises(ShapeError, match="none of them empty"):
        viz.attention_maps(np.ones((0, 3, 3)))
    with pytest.raises(ShapeError, match="there are no layers"):
        viz.attention_maps({})
    with pytest.raises(ArgumentError, match=r"2 tokens for weights of shape \(3, 3\)"):
        viz.attention_maps(np.ones((3, 3)), ["a", "b"])
