from __future__ import annotations

import math
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import same_color

import autograd as ag
import viz
from autograd.errors import DtypeError, MissingExtraError, ShapeError

RECORDS = [
    {"epoch": 1, "step": 10, "split": "train", "loss": 2.0, "accuracy": 0.5},
    {"epoch": 1, "step": 10, "split": "test", "loss": 2.5, "accuracy": 0.25},
    {"epoch": 2, "step": 20, "split": "train", "loss": 1.0, "accuracy": 0.75},
    {"epoch": 2, "step": 20, "split": "test", "loss": math.nan, "accuracy": 0.5},
]


def _lines(axes):
    return {line.get_label(): line for line in axes.get_lines()}


def _texts(axes):
    return [text.get_text() for text in axes.texts]


# ------------------------------------------------------------------------------------------- gradient flow


def test_statistics_are_those_of_numpy(model):
    model.loss().backward()
    for row in viz.gradient_statistics(model):
        gradient = model.parameters[row.name].grad.array.astype(np.float64)
        assert row.norm == pytest.approx(np.linalg.norm(gradient))
        assert row.mean == pytest.approx(np.abs(gradient).mean())
        assert row.maximum == pytest.approx(np.abs(gradient).max())


def test_gradient_flow_draws_every_layer_in_order(model):
    model.loss().backward()
    axes = viz.gradient_flow(model)
    assert [label.get_text() for label in axes.get_yticklabels()] == list(model.parameters)
    assert axes.get_xscale() == "log"
    low, high = axes.get_ylim()
    assert low > high  # the first layer is at the top
    rows = viz.gradient_statistics(model)
    lines = _lines(axes)
    np.testing.assert_allclose(lines["norm"].get_xdata(), [row.norm for row in rows])
    np.testing.assert_allclose(lines["max |g|"].get_xdata(), [row.maximum for row in rows])
    np.testing.assert_allclose(lines["mean |g|"].get_xdata(), [row.mean for row in rows])
    assert len({line.get_marker() for line in (lines["norm"], lines["max |g|"], lines["mean |g|"])}) == 3


def test_no_gradient_zero_and_not_finite_are_three_different_marks():
    gradients = {"none": None, "zero": np.zeros(3), "nan": np.array([1.0, np.nan]), "fine": np.array([3.0, -4.0])}
    axes = viz.gradient_flow(gradients)
    assert _texts(axes) == ["– no gradient", "× zero", "! not finite"]
    assert [text.get_position()[1] for text in axes.texts] == [0, 1, 2]
    assert list(_lines(axes)["norm"].get_xdata()) == [5.0]
    assert list(_lines(axes)["norm"].get_ydata()) == [3]


def test_a_model_before_backward_has_no_gradients_and_still_draws(model, well_drawn):
    axes = viz.gradient_flow(model)
    assert _texts(axes) == ["– no gradient"] * 4
    assert not axes.get_xticks().size  # no scale, where nothing is on it
    well_drawn(axes)


def test_many_layers_with_long_names_leave_room_for_their_gradients(well_drawn):
    names = [f"transformer.encoder.layers.{i}.self_attention.output_projection.weight" for i in range(30)]
    axes = viz.gradient_flow({name: np.full(3, 10.0**-i) for i, name in enumerate(names)})
    figure = well_drawn(axes)
    assert axes.bbox.width > figure.bbox.width / 2
    assert axes.get_legend().get_window_extent().x1 <= figure.bbox.x1
    assert len({label.get_text() for label in axes.get_yticklabels()}) == 30


def test_in_a_dict_a_leaf_stands_for_its_gradient_and_anything_else_for_itself():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    by_leaf, by_gradient = viz.gradient_statistics({"leaf": x, "gradient": x.grad})
    assert by_leaf.maximum == by_gradient.maximum == 4


def test_an_empty_gradient_counts_as_zero_and_complex_ones_by_their_modulus():
    empty, complex_one = viz.gradient_statistics({"empty": np.zeros((0, 3)), "complex": np.array([3 + 4j])})
    assert empty.norm == empty.maximum == 0
    assert complex_one.norm == complex_one.maximum == pytest.approx(5)


def test_a_huge_gradient_has_a_finite_norm():
    (row,) = viz.gradient_statistics({"huge": np.array([3e200, 4e200])})
    assert row.norm == pytest.approx(5e200)


def test_gradient_flow_draws_on_the_axes_it_is_given(model):
    figure = viz.gradient_flow(model).figure
    axes = figure.add_subplot()
    assert viz.gradient_flow(model, axes) is axes


def test_gradient_flow_refuses_what_has_no_parameters():
    with pytest.raises(DtypeError, match=r"gradient_flow: the model is a int; it must be a model"):
        viz.gradient_flow(3)


# ----------------------------------------------------------------------------------------- training curves


def test_curves_hold_the_records():
    figure = viz.training_curves(RECORDS)
    loss, accuracy = figure.axes
    assert list(_lines(loss)["train"].get_xdata()) == [1, 2]
    assert list(_lines(loss)["train"].get_ydata()) == [2.0, 1.0]
    np.testing.assert_array_equal(_lines(loss)["test"].get_ydata(), [2.5, math.nan])
    assert list(_lines(accuracy)["test"].get_ydata()) == [0.25, 0.5]
    assert loss.get_xlabel() == "epoch"


def test_null_which_stands_for_nan_in_the_file_leaves_a_gap():
    records = [{"epoch": e, "split": "train", "loss": loss} for e, loss in ((1, 2.0), (2, None), (3, 1.0))]
    (line,) = viz.training_curves(records).axes[0].get_lines()
    np.testing.assert_array_equal(line.get_ydata(), [2.0, math.nan, 1.0])


def test_splits_differ_in_more_than_colour():
    lines = _lines(viz.training_curves(RECORDS).axes[0])
    assert lines["train"].get_linestyle() != lines["test"].get_linestyle()
    assert lines["train"].get_marker() != lines["test"].get_marker()


def test_several_records_in_an_epoch_are_drawn_against_steps():
    records = [{"epoch": 1, "step": step, "split": "train", "loss": 1 / step} for step in (1, 2, 3)]
    loss = viz.training_curves(records).axes[0]
    assert loss.get_xlabel() == "step"
    assert list(_lines(loss)["train"].get_xdata()) == [1, 2, 3]


@pytest.mark.parametrize("records", [[], [{"epoch": 1, "split": "train", "loss": math.inf}]])
def test_nothing_to_draw_says_so(records, well_drawn):
    figure = viz.training_curves(records)
    assert _texts(figure.axes[0]) == ["no finite loss was recorded"]
    well_drawn(figure.axes)


def test_a_single_epoch_has_a_tick_of_its_own(well_drawn):
    figure = viz.training_curves(RECORDS[:1])
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["1"]
    well_drawn(figure.axes)


# ---------------------------------------------------------------------------------------- confusion matrix


@settings(max_examples=40)
@given(st.integers(1, 6).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.tuples(*2 * [st.integers(0, n - 1)])))))
def test_counts_are_those_of_a_plain_loop(drawn):
    classes, pairs = drawn
    expected = np.zeros((classes, classes), np.int64)
    for true, predicted in pairs:
        expected[true, predicted] += 1
    targets, predictions = (np.array([pair[i] for pair in pairs], np.int64) for i in (0, 1))
    np.testing.assert_array_equal(viz.confusion_counts(targets, predictions, classes), expected)


def test_the_matrix_shows_each_count_in_its_place_and_the_names():
    axes = viz.confusion_matrix(ag.tensor([0, 0, 1, 2]), [0, 1, 1, 2], ["cat", "dog", "emu"])
    shown = {text.get_position(): text.get_text() for text in axes.texts}
    assert shown == {(0, 0): "1", (1, 0): "1", (1, 1): "1", (2, 2): "1"}  # (predicted, true)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cat", "dog", "emu"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["cat", "dog", "emu"]


def test_right_answers_and_mistakes_have_different_colours():
    axes = viz.confusion_matrix([0, 0, 1], [0, 1, 1], ["a", "b"])
    colour = {(round(p.get_x() + 0.47), round(p.get_y() + 0.47)): p.get_facecolor()[:3] for p in axes.patches}
    assert colour[0, 0] == colour[1, 1] != colour[1, 0]


def test_percentages_are_of_the_true_class():
    axes = viz.confusion_matrix([0] * 400 + [1], [0] * 399 + [1, 1], ["a", "b"], normalised=True)
    shown = {text.get_position(): text.get_text() for text in axes.texts}
    assert shown == {(0, 0): "100", (1, 0): "<1", (1, 1): "100"}
    assert "%" in axes.get_xlabel()


@pytest.mark.parametrize("theme", [viz.LIGHT, viz.DARK])
def test_many_classes_draw_without_numbers(theme, well_drawn):
    labels = np.arange(50)
    axes = viz.confusion_matrix([*labels, 3], [*labels, 7], [f"class {i}" for i in labels], theme=theme)
    assert _texts(axes) == []
    drawn = axes.images[0].get_array()
    assert (drawn[..., 3] > 0).sum() == 51
    assert same_color(drawn[0, 0], theme.blue)
    assert same_color(drawn[3, 7], theme.orange)
    well_drawn(axes)


def test_no_examples_draw_an_empty_matrix(well_drawn):
    well_drawn(viz.confusion_matrix(np.zeros(0, np.int64), np.zeros(0, np.int64), ["a", "b"]))


def test_names_below_the_matrix_are_tilted_only_where_they_need_room(well_drawn):
    (one,) = viz.confusion_matrix([0], [0], ["ferret"]).get_xticklabels()
    assert one.get_rotation() == 0
    axes = viz.confusion_matrix([0], [0], [f"long name {i}" for i in range(8)])
    assert {label.get_rotation() for label in axes.get_xticklabels()} == {45}
    well_drawn(axes)
    names = viz.confusion_matrix([0], [1], [3, 7]).get_yticklabels()
    assert [name.get_text() for name in names] == ["3", "7"]  # classes need not be texts


def test_bad_labels_are_refused():
    with pytest.raises(ShapeError, match=r"targets is \(2,\) and predictions is \(3,\)"):
        viz.confusion_matrix([0, 1], [0, 1, 1], ["a", "b"])
    with pytest.raises(ValueError, match="predictions holds 2, and there are 2 classes"):
        viz.confusion_matrix([0, 1], [0, 2], ["a", "b"])
    with pytest.raises(DtypeError, match=r"labels are float64.*argmax"):
        viz.confusion_matrix([0, 1], [0.1, 0.9], ["a", "b"])


# ------------------------------------------------------------------------------------------------- images


@pytest.mark.parametrize("shape", [(5, 4, 3), (5, 1, 4, 3), (5, 3, 4, 3)])
def test_a_grid_has_a_picture_and_a_title_for_each_image(shape):
    images = np.linspace(0, 1, math.prod(shape), dtype=np.float32).reshape(shape)
    figure = viz.image_grid(images, [f"number {i}" for i in range(5)], columns=3)
    drawn = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in drawn] == [f"number {i}" for i in range(5)]
    assert len(figure.axes) == 6
    first = np.asarray(drawn[0].images[0].get_array())
    expected = images[0] if images.ndim == 3 else images[0].transpose(1, 2, 0).squeeze()
    np.testing.assert_allclose(first, np.rint(255 * expected))


def test_long_titles_are_broken_and_stay_in_the_figure(well_drawn):
    figure = viz.image_grid(np.zeros((1, 8, 8)), ["a title that is much wider than a picture of a digit"])
    well_drawn(figure.axes)
    box = figure.axes[0].title.get_window_extent()
    assert 0 <= box.x0 < box.x1 <= figure.bbox.x1
    assert box.y1 <= figure.bbox.y1


def test_pixels_outside_the_range_are_cut_off():
    figure = viz.image_grid(ag.tensor([[[-1.0, 0.5, 7.0, math.nan]]]))
    assert figure.axes[0].images[0].get_array().tolist() == [[0, 128, 255, 0]]


def test_bad_images_are_refused():
    with pytest.raises(ShapeError, match=r"images is \(2, 2, 4, 4\); it must be \(N, H, W\)"):
        viz.image_grid(np.zeros((2, 2, 4, 4)))
    with pytest.raises(ValueError, match="1 titles for 2 images"):
        viz.image_grid(np.zeros((2, 4, 4)), ["one"])


# ------------------------------------------------------------------------------------------------ figures


@pytest.fixture(scope="module")
def svg():
    return viz.figure_svg(viz.training_curves(RECORDS, theme=viz.THEMEABLE), "Loss & accuracy")


def test_an_svg_for_a_page_keeps_its_text_and_takes_the_colours_of_the_page(svg):
    root = ET.fromstring(svg)
    assert root.get("aria-label") == "Loss & accuracy"
    assert "train" in {text.text for text in root.iter("{http://www.w3.org/2000/svg}text")}
    assert "var(--chart-blue)" in svg
    assert "var(--chart-text)" in svg
    assert "#fe0" not in svg


def test_the_same_figure_gives_the_same_svg(svg):
    assert viz.figure_svg(viz.training_curves(RECORDS, theme=viz.THEMEABLE), "Loss & accuracy") == svg


def test_references_within_an_svg_hold_and_other_ids_are_gone(svg):
    root = ET.fromstring(svg)
    ids = {element.get("id") for element in root.iter()} - {None}
    links = {element.get("{http://www.w3.org/1999/xlink}href", "#")[1:] for element in root.iter()} - {""}
    assert links
    assert links <= ids
    assert not any(name.startswith(("figure", "axes", "patch")) for name in ids)


def test_a_dark_chart_has_a_dark_page():
    figure = viz.training_curves(RECORDS, theme=viz.DARK)
    assert np.mean(figure.get_facecolor()[:3]) < 0.2


def test_charts_without_matplotlib_name_the_extra(monkeypatch, model):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'glassgrad\[viz\]'"):
        viz.gradient_flow(model)


def test_optional_libraries_load_late_and_pyplot_never():
    program = """
import sys, viz
assert not {"matplotlib", "pygraphviz", "PIL"} & set(sys.modules), "import viz loads them"
viz.training_curves([{"epoch": 1, "split": "train", "loss": 1.0}])
assert "matplotlib.pyplot" not in sys.modules, "a chart loads pyplot"
"""
    subprocess.run([sys.executable, "-c", program], check=True)
