"""Our own drawings: SVG, and PNG and PDF of the same shapes."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given, settings

import viz
from autograd.watching import summarize
from tests.viz.views import chain, views
from viz.drawing.colour_scale import ColourScale, colour_scale, contrast
from viz.drawing.faces import MARK
from viz.drawing.text_width import text_width
from viz.graphs.view import Check, EdgeView, GraphView, GroupView, NodeView, Overlay

S = "{http://www.w3.org/2000/svg}"


def _svg(view: GraphView, **options) -> ET.Element:
    return ET.fromstring(view.to_svg(engine="own", **options))


def _texts(root: ET.Element) -> list[str]:
    return [element.text for element in root.iter(f"{S}text")]


def _of(root: ET.Element, kind: str) -> list[ET.Element]:
    return [g for g in root.iter(f"{S}g") if kind in g.get("class", "").split()]


@given(views(facts=True))
@settings(max_examples=20, deadline=None)
def test_any_view_is_drawn_whole_inside_its_frame(view):
    root = _svg(view, edge_shapes=True)
    shown = viz.scene(view)
    assert len(_of(root, "node")) == len(shown.cards)
    assert len(_of(root, "edge")) == len(shown.wires)
    assert len(_of(root, "box")) == len(shown.boxes)
    width, height = map(float, root.get("viewBox").split()[2:])
    for rect in root.iter(f"{S}rect"):
        x, y, w, h = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
        assert -0.1 <= x <= x + w <= width + 0.1
        assert -0.1 <= y <= y + h <= height + 0.1
    assert root.get("aria-label").startswith("Computation graph")
    assert all(len(_texts(card)) <= 5 for card in _of(root, "node"))


def test_text_fits_its_card_and_is_big_enough(model):
    root = _svg(viz.graph(model.loss(), model, constants=True, values=True))
    pixels_per_unit = float(root.get("width")) / float(root.get("viewBox").split()[2])
    for card in _of(root, "node"):
        rect = card.find(f"{S}rect")
        for text in card.iter(f"{S}text"):
            size = float(text.get("font-size"))
            assert size * pixels_per_unit >= 11.5
            assert text_width(text.text, size, bold=text.get("font-weight") == "bold") <= float(rect.get("width"))


def test_both_engines_say_the_same(model):
    view = viz.graph(model.loss(), model, title="two layers")
    view = replace(view, marked=frozenset({2, 3}))
    ours = _svg(view)
    theirs = ET.fromstring(view.to_svg(engine="dot"))
    assert sorted(_texts(ours)) == sorted(_texts(theirs))
    titles = [sorted(t.text for g in _of(root, "node") for t in g.iter(f"{S}title")) for root in (ours, theirs)]
    assert titles[0] == titles[1]
    assert sorted(t.text for g in _of(ours, "edge") for t in g.iter(f"{S}title")) == sorted(
        t.text for g in _of(theirs, "edge") for t in g.iter(f"{S}title")
    )


def test_two_drawings_on_a_page_share_no_ids(model):
    assert " id=" not in viz.graph(model.loss(), model).to_svg(engine="own")


def test_marks_checks_and_counts_are_drawn():
    nodes = [NodeView(0, "input", name="h"), NodeView(1, "op", "tanh", check=Check(1.0, 1.0, True))]
    nodes.append(NodeView(2, "op", "exp", check=Check(1.0, 2.0, False)))
    view = GraphView(tuple(nodes), (EdgeView(0, 1, 0), EdgeView(1, 2, 0)), marked=frozenset({1, 2}))
    for root in (_svg(view), ET.fromstring(view.to_svg(engine="dot"))):
        assert {"tanh ✓", "exp ✗", "h", "marked"} <= set(_texts(root))
        assert len(_of(root, "marked")) == 3  # two cards and the wire between them
        halos = [e for g in _of(root, "node") for e in g if e.get("opacity") == "0.35" or e.get("stroke-opacity")]
        assert len(halos) == 2
        assert all(e.get("stroke") == MARK for e in halos)
        hover = [title.text for title in root.iter(f"{S}title")]
        assert any("finite differences disagree: 2 against 1" in text for text in hover)


def test_a_rolled_loop_has_a_dashed_wire_back_with_its_count_and_parameters_of_all_steps_one_name():
    nodes, edges, groups = [NodeView(0, "input", name="h")], [], [GroupView(0, "loop", "step", count=50)]
    for t in range(50):
        groups.append(GroupView(t + 1, "repetition", str(t), parent=0))
        i = len(nodes)
        nodes.append(NodeView(i, "parameter", name=f"layers.{t}.weight", group=t + 1, shape=(2, 3)))
        nodes.append(NodeView(i + 1, "op", "tanh", group=t + 1))
        edges += [EdgeView(i, i + 1, 1), EdgeView(i - 1, i + 1, 0)]
    rolled = GraphView(tuple(nodes), tuple(edges), groups=tuple(groups), rolled=frozenset({0}))
    root = _svg(rolled)
    assert {"step × 50", "× 49", "layers.*.weight"} <= set(_texts(root))
    (carried,) = _of(root, "carried")
    assert carried.find(f"{S}path").get("stroke-dasharray")
    closed = _svg(replace(rolled, rolled=frozenset(), closed=frozenset({0})))
    assert {"step × 50", "100 nodes · 300 parameters"} <= set(_texts(closed))


def test_details_and_shapes_on_wires_are_options():
    nodes = (
        NodeView(0, "input", name="x", shape=(2, 3)),
        NodeView(1, "op", "exp", shape=(2, 3), flops=1200, seconds=2e-5, nbytes=3 * 1024, saved=1024),
    )
    view = GraphView(nodes, (EdgeView(0, 1, 0),))
    assert "1.2 kFLOP · 3 KiB · 20 µs" in _texts(_svg(view, details=True))
    assert "1.2 kFLOP · 3 KiB · 20 µs" not in _texts(_svg(view))
    assert _texts(_svg(view)).count("2×3") == 2
    assert _texts(_svg(view, edge_shapes=True)).count("2×3") == 3
    assert any("saved for backward 1 KiB" in title.text for title in _svg(view).iter(f"{S}title"))


def _with_value(value, gradient=None, **state):
    node = NodeView(0, "op", "exp", shape=value.shape, value=value, gradient=gradient)
    return GraphView((node,), (), **state)


def test_cards_tell_single_numbers_and_arrays_only_with_details():
    one, many = summarize(2.5), summarize([1.0, 2.0])
    assert "data 2.5" in _texts(_svg(_with_value(one)))
    assert not any("mean" in text for text in _texts(_svg(_with_value(many))))
    assert "1 … 2, mean 1.5" in _texts(_svg(_with_value(many), details=True))
    assert not any("2.5" in text for text in _texts(_svg(_with_value(one, values=False), details=True)))
    gradient = GraphView((NodeView(0, "gradient", name="w", shape=(2,), value=many),), ())
    assert "grad norm 2.236" in _texts(_svg(gradient))


def test_that_there_is_no_gradient_is_told_only_after_a_backward_pass():
    value = summarize(2.5)
    assert "no gradient" not in _with_value(value).to_svg(details=True)
    nodes = (
        NodeView(0, "input", shape=(), value=value),
        NodeView(1, "op", "exp", shape=(), value=value, gradient=value),
    )
    texts = _texts(_svg(GraphView(nodes, (EdgeView(0, 1, 0),))))
    assert {"data 2.5 · no gradient", "data 2.5 · grad 2.5"} <= set(texts)


# ------------------------------------------------------------------------------------------------ overlays


def test_every_colour_of_the_ramp_is_lighter_than_the_one_before_and_its_text_is_legible():
    scale = colour_scale(Overlay("x", "x", (), "linear"), [0.0, 1.0])
    swatches = [scale.swatch(i / 200) for i in range(201)]
    lightness = [contrast(swatch.fill, "#000000") for swatch in swatches]
    assert lightness == sorted(lightness)
    assert all(contrast(swatch.fill, swatch.text) >= 4.5 for swatch in swatches)
    for text in "abcdefghijk":
        many = ColourScale(Overlay("x", "x", (), "category"), categories=tuple("abcdefghijk"))
        assert contrast(many.swatch(text).fill, many.swatch(text).text) >= 4.5


@pytest.mark.parametrize(
    ("scale", "values", "fractions"),
    [
        ("linear", [0.0, 5.0, 10.0], [0, 0.5, 1]),
        ("log", [1.0, 10.0, 100.0, 0.0], [0, 0.5, 1, 0]),
        ("log", [7.0], [0.5]),
        ("linear", [1.0, float("inf"), 2.0], [0, 1, 1]),
    ],
)
def test_where_a_value_lies_on_the_scale(scale, values, fractions):
    drawn = colour_scale(Overlay("x", "x", (), scale), values)
    assert [drawn.fraction(v) for v in values] == pytest.approx(fractions)


def test_no_value_is_told_from_the_lowest_and_nan_from_both():
    scale = colour_scale(Overlay("x", "x", (), "log"), [1.0, None, 9.0])
    swatches = [scale.swatch(v) for v in (1.0, None, float("nan"))]
    assert len(set(swatches)) == 3
    assert [s.known for s in swatches] == [True, False, True]


def test_categories_and_flags_are_written_on_the_cards_and_in_the_legend():
    nodes = tuple(NodeView(i, "op", "exp") for i in range(3))
    dtypes = GraphView(nodes, (), overlay=Overlay("dtype", "dtype", ("float16", "float32", None), "category", "mixed"))
    root = _svg(dtypes)
    assert _texts(root).count("float16") == 2
    assert {"not known", "–"} <= set(_texts(root))
    flags = GraphView(nodes, (), overlay=Overlay("bad", "not finite", (True, False, None), "flag", "max"))
    assert {"⚑ yes", "no", "–"} <= set(_texts(_svg(flags)))


def test_the_colour_bar_has_units_and_both_ends():
    nodes = tuple(NodeView(i, "op", "exp") for i in range(2))
    root = _svg(GraphView(nodes, (), overlay=Overlay("bytes", "memory", (1024, 2 << 20), "log", "sum", "B")))
    assert {"memory", "1 KiB", "2 MiB", "(log)"} <= set(_texts(root))
    assert not {"1 KiB", "memory"} & set(_texts(_svg(GraphView(nodes, ()))))


# ------------------------------------------------------------------------------------------------ PNG and PDF


def test_our_png_has_the_colours_of_the_drawing_on_nothing():
    image = pytest.importorskip("PIL.Image", reason="comes with the extra viz")
    nodes = (NodeView(0, "parameter", name="w"), NodeView(1, "output", "exp", "elementwise", shape=()))
    png = GraphView(nodes, (EdgeView(0, 1, 0),)).to_png(engine="own", legend=False)
    drawn = image.open(io.BytesIO(png)).convert("RGBA")
    colours = {colour for _, colour in drawn.getcolors(1 << 20)}
    assert drawn.getpixel((0, 0))[3] == 0
    assert {(0x00, 0x72, 0xB2, 255), (0xDC, 0xF0, 0xFC, 255), (0xD5, 0x5E, 0x00, 255)} <= colours


def test_our_pdf_is_one():
    assert chain(3).to_pdf(engine="own").startswith(b"%PDF-")


def test_a_large_png_is_painted_smaller_and_an_illegible_one_refused(monkeypatch):
    monkeypatch.setattr("viz.drawing.paint.MOST_PIXELS", 2_000_000)
    image = pytest.importorskip("PIL.Image", reason="comes with the extra viz")
    wide = GraphView(tuple(NodeView(i, "input", name="x" * 30) for i in range(130)), ())
    size = image.open(io.BytesIO(wide.to_png(engine="own", legend=False))).size
    assert max(size) <= 32_000
    assert size[0] * size[1] <= 2_000_000 * 1.001
    with pytest.raises(viz.DrawingError, match=r"nothing in it could be read.*\n.*viz.collapse"):
        chain(1300).to_png(engine="own")
