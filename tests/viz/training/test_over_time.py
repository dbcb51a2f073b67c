from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from matplotlib.colors import same_color
from matplotlib.text import Text

import viz
from autograd.errors import DtypeError
from viz.training import ParameterObservation


def made(norms, ratios=None, names=None):
    """Observations of given gradient norms ``(steps, parameters)``."""
    names = names or [f"layer{i}.weight" for i in range(len(norms[0]))]
    ratios = ratios or [[0.001] * len(names)] * len(norms)
    return [
        viz.Observation(
            step,
            tuple(
                ParameterObservation(name, (2, 2), 1.0, norm, ratio)
                for name, norm, ratio in zip(names, row, ratios[step], strict=True)
            ),
        )
        for step, row in enumerate(norms)
    ]


def test_the_table_holds_the_norms_and_where_there_are_none():
    table = viz.gradient_table(made([[1.0, None], [2.0, 0.0], [math.nan, 3.0]]))
    np.testing.assert_array_equal(table.values, [[1, 2, np.nan], [np.nan, 0, 3]])
    np.testing.assert_array_equal(table.present, [[True, True, True], [False, True, True]])
    assert table.steps == (0, 1, 2)


def test_a_parameter_that_comes_later_has_no_gradient_before():
    first, second = made([[1.0]])[0], made([[1.0, 2.0]])[0]
    table = viz.gradient_table([first, second])
    assert table.present.tolist() == [[True, True], [False, True]]


def test_history_observations_and_json_give_one_table(history):
    tables = [viz.gradient_table(source) for source in (history, history.observations, history.to_json())]
    for table in tables[1:]:
        np.testing.assert_array_equal(table.values, tables[0].values)
    assert tables[0].names == ("layers.0.weight", "layers.0.bias", "layers.2.weight", "layers.2.bias")


def test_the_heat_map_shows_the_norms(history, well_drawn):
    axes = viz.gradient_flow_over_time(history)
    table = viz.gradient_table(history)
    np.testing.assert_allclose(np.asarray(axes.collections[0].get_array()).reshape(table.values.shape), table.values)
    assert axes.get_xlabel() == "step"
    assert [label.get_text() for label in axes.get_yticklabels()] == list(table.names)
    low, high = axes.get_ylim()
    assert low > high
    well_drawn(axes)


@pytest.mark.parametrize("theme", [viz.DARK, viz.THEMEABLE])
def test_zero_none_and_not_finite_are_three_marks(theme, well_drawn):
    axes = viz.gradient_flow_over_time(made([[1.0, None, 0.0, math.nan], [2.0, 1.0, 1.0, math.inf]]), theme=theme)
    handles = axes.get_legend().get_patches()
    assert {handle.get_label() for handle in handles} == {"zero", "not finite", "no gradient"}
    assert len({handle.get_hatch() for handle in handles}) == 3
    spans = [
        (int(box.y0 + 0.5), box.x0, box.x1)
        for bars in axes.collections[1:]
        for box in (path.get_extents() for path in bars.get_paths())
    ]
    assert sorted(spans) == [(1, -0.5, 0.5), (2, -0.5, 0.5), (3, -0.5, 1.5)]
    assert same_color(axes.get_legend().get_texts()[0].get_color(), theme.text)
    well_drawn(axes)


@pytest.mark.parametrize("norms", [[[0.0]], [[None, None]], [[math.nan]], [[5.0]], [[5.0]] * 3])
def test_edge_cases_of_the_heat_map(norms, well_drawn):
    well_drawn(viz.gradient_flow_over_time(made(norms)), arranged=False)


@pytest.mark.parametrize("draw", [viz.gradient_flow_over_time, viz.update_ratios])
def test_a_single_step_has_a_tick_of_its_own(draw, well_drawn):
    axes = draw(made([[1.0, 2.0]]))
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0"]
    well_drawn(axes)


@pytest.mark.parametrize("draw", [viz.gradient_flow_over_time, viz.update_ratios])
def test_no_steps_say_so(draw, well_drawn):
    axes = draw([])
    assert "was observed" in axes.texts[0].get_text()
    well_drawn(axes, arranged=False)


def test_unevenly_spaced_steps_have_borders_halfway():
    rows = [dataclasses.replace(row, step=step) for row, step in zip(made([[1.0]] * 3), (0, 2, 6), strict=True)]
    axes = viz.gradient_flow_over_time(rows)
    assert axes.get_xlim() == (-1, 8)


LONG = [f"encoder.layers.{i}.self_attention.output_projection.weight" for i in range(30)]


@pytest.mark.parametrize(
    ("draw", "small"),
    [(viz.gradient_flow_over_time, True), (viz.update_ratios, True), (viz.update_ratios, False)],
)
def test_thirty_layers_with_long_names_do_not_overlap(draw, small, well_drawn):
    draw_numbers = np.random.default_rng(0)
    rows = made(
        (10 ** draw_numbers.normal(size=(5, 30))).tolist(), (10 ** draw_numbers.normal(-3, 1, (5, 30))).tolist(), LONG
    )
    given = viz.figure.new_figure(6, 3).add_subplot() if small else None
    axes = draw(rows, given)
    figure = well_drawn(axes)
    renderer = figure.canvas.get_renderer()
    names = axes.get_yticklabels() if draw is viz.gradient_flow_over_time else axes.texts[1:]
    boxes = [Text.get_window_extent(text, renderer) for text in names if text.get_text()]  # without its leader line
    assert len(boxes) >= (6 if small else 30)
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)


def test_ratios_are_drawn_for_matrices_with_a_guide_and_labels(history, well_drawn):
    axes = viz.update_ratios(history)
    table = viz.update_ratio_table(history)
    assert table.names == ("layers.0.weight", "layers.2.weight")
    lines = {line.get_label(): line for line in axes.get_lines()}
    np.testing.assert_allclose(lines["layers.0.weight"].get_ydata(), table.values[0])
    assert axes.get_yscale() == "log"
    assert any(set(line.get_ydata()) == {1e-3} for line in axes.get_lines())
    assert {text.get_text() for text in axes.texts} > set(table.names)
    assert lines["layers.0.weight"].get_linestyle() != lines["layers.2.weight"].get_linestyle()
    well_drawn(axes)


def test_vectors_are_drawn_if_asked(history):
    assert len(viz.update_ratio_table(history, vectors=True).names) == 4


@pytest.mark.parametrize("ratios", [[[0.0]], [[None]], [[math.nan]], [[1e-3]], [[math.inf], [1e-4]]])
def test_edge_cases_of_the_ratios(ratios, well_drawn):
    well_drawn(viz.update_ratios(made([[1.0]] * len(ratios), ratios)), arranged=False)


@pytest.mark.parametrize("draw", [viz.gradient_flow_over_time, viz.update_ratios])
def test_other_sources_are_refused(draw):
    with pytest.raises(DtypeError, match=r"history is a int; it must be a viz.ModelHistory"):
        draw(3)
