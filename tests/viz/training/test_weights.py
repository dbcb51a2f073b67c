from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import same_color

import autograd as ag
import nn
import viz
from autograd.errors import ArgumentError
from viz.training import spectrum


def test_a_spectrum_by_hand():
    row = spectrum(np.diag([3.0, 4.0]), "w")
    np.testing.assert_allclose(row.values, [4, 3])
    assert row.stable_rank == pytest.approx(25 / 16)
    assert row.edge == pytest.approx(2.5 * 2 * np.sqrt(2))
    assert row.lower_edge == 0
    assert row.outliers == 0


def test_a_convolution_counts_as_a_matrix():
    weight = np.random.default_rng(0).normal(size=(4, 2, 3, 3))
    row = spectrum(ag.tensor(weight))
    assert row.shape == (4, 18)
    np.testing.assert_allclose(row.values, np.linalg.svd(weight.reshape(4, 18), compute_uv=False))


@pytest.mark.parametrize("shape", [(200, 200), (100, 300), (300, 60)])
def test_noise_ends_at_the_edges(shape):
    row = spectrum(0.7 * np.random.default_rng(0).normal(size=shape))
    assert row.values[0] == pytest.approx(row.edge, rel=0.03)
    assert row.values[-1] == pytest.approx(row.lower_edge, abs=0.04 * row.edge)


def test_a_strong_direction_stands_out():
    draw = np.random.default_rng(0)
    noise = draw.normal(size=(60, 80)) / np.sqrt(80)
    assert spectrum(noise + np.outer(draw.normal(size=60), draw.normal(size=80)) / 12).outliers == 1


@pytest.mark.parametrize(
    "array", [np.zeros((2, 3)), np.full((2, 2), np.nan), np.ones((1, 1)), np.ones((2, 3)) * 1e-200]
)
def test_edge_cases(array, well_drawn):
    row = spectrum(array)
    assert row.outliers == 0
    well_drawn(viz.weight_spectra({"w": array}), arranged=False)
    (axes,) = viz.weight_matrices({"w": array})
    well_drawn(axes, arranged=False)
    if array.shape == (1, 1):
        assert [label.get_text() for label in axes.get_xticklabels()] == ["0"]


@pytest.mark.parametrize(("draw", "theme"), [(viz.weight_spectra, viz.DARK), (viz.weight_matrices, viz.LIGHT)])
def test_matrices_of_a_model_are_drawn_and_vectors_passed_over(draw, theme, well_drawn):
    axes = draw(nn.models.MLP(6, [5], 4), theme=theme)
    assert [one.get_title(loc="left") for one in axes] == ["layers.0.weight", "layers.2.weight"]
    assert same_color(axes[0]._left_title.get_color(), theme.text)
    well_drawn(axes)


def test_the_values_and_the_edge_are_in_the_chart():
    row = spectrum(np.random.default_rng(0).normal(size=(5, 9)) + 2, "w")
    (axes,) = viz.weight_spectra([row])
    lines = axes.get_lines()
    np.testing.assert_allclose(lines[0].get_ydata(), row.values)
    np.testing.assert_allclose(lines[2].get_ydata(), row.values[: row.outliers])
    assert row.outliers == 1
    assert set(lines[3].get_ydata()) == {row.edge}
    assert "1 above the edge" in axes.texts[0].get_text()


def test_the_heat_map_holds_the_matrix_on_a_scale_about_zero():
    matrix = np.random.default_rng(0).normal(size=(20, 30))
    (axes,) = viz.weight_matrices(matrix)
    np.testing.assert_allclose(np.asarray(axes.images[0].get_array()), matrix)
    end = np.percentile(np.abs(matrix), 99.5)
    np.testing.assert_allclose(axes.images[0].get_clim(), (-end, end))
    assert axes.images[0].cmap(0.5)[:3] == pytest.approx((1, 1, 1), abs=0.02)
    (dark,) = viz.weight_matrices(matrix, theme=viz.DARK)
    assert max(dark.images[0].cmap(0.5)[:3]) < 0.12


def test_no_matrix_says_so(well_drawn):
    for draw in (viz.weight_spectra, viz.weight_matrices):
        axes = draw({"bias": np.ones(3)})
        assert axes[0].texts[0].get_text() == "there is no matrix among the parameters"
        well_drawn(axes, arranged=False)


def test_layers_with_long_names(well_drawn):
    named = {f"encoder.layers.{i}.self_attention.output_projection.weight": np.eye(3) for i in range(6)}
    axes = viz.weight_spectra(named)
    assert len(axes) == 6
    assert axes[5].get_title(loc="left").endswith("weight")
    figure = well_drawn(axes)
    titles = [one._left_title.get_window_extent() for one in axes]
    assert not any(a.overlaps(b) for i, a in enumerate(titles) for b in titles[:i])
    assert all(box.x1 <= figure.bbox.x1 for box in titles)
    notes = [one.texts[0].get_window_extent() for one in axes]
    assert not any(title.overlaps(note) for title, note in zip(titles, notes, strict=True))


def test_bad_arguments_are_refused():
    with pytest.raises(ArgumentError, match=r"the matrix is \(3,\)"):
        spectrum(np.ones(3))
    with pytest.raises(ArgumentError, match=r"weight_spectra: the weights are a ndarray of shape \(3,\)"):
        viz.weight_spectra(np.ones(3))
    with pytest.raises(ArgumentError, match="weight_matrices: the weights are a str"):
        viz.weight_matrices("model")
