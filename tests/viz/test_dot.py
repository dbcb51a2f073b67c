from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import viz
from autograd.primitive import Kind
from viz.dot import _LINE, _OUTPUT, CARDS, card_of, dot_text, shape_text
from viz.view import EdgeView, GraphView, NodeView

ANY_TEXT = st.text(st.characters(), max_size=60)  # lone surrogates too


def _view(name: str, argument: str = "x", title: str | None = None) -> GraphView:
    nodes = (NodeView(0, "input", name=name), NodeView(1, "output", op="exp", name=name, shape=(2, 3), dtype="float64"))
    return GraphView(nodes, (EdgeView(0, 1, 0, argument, ordered=True),), title)


def _parsed(dot: str):
    pygraphviz = pytest.importorskip("pygraphviz", reason="the parser of DOT comes with the extra viz")
    return pygraphviz.AGraph(string=dot)


def _texts(dot: str) -> dict[str, str]:
    """The text of each HTML-like label, by node name, by (source, target), and of the graph itself by "graph"."""
    drawn = _parsed(dot)
    found = {node: node.attr["label"] for node in drawn.nodes()}
    found |= {tuple(edge): edge.attr["label"] for edge in drawn.edges()}
    if "label" in dict(drawn.graph_attr.iteritems()):
        found["graph"] = drawn.graph_attr["label"]
    return {key: "".join(ET.fromstring(f"<label>{label}</label>").itertext()) for key, label in found.items() if label}


def test_the_text_is_dot_with_every_node_and_edge(model):
    view = viz.graph(model.loss(), model, constants=True, title="loss")
    drawn = _parsed(view.to_dot())
    assert drawn.is_directed()
    assert set(drawn.nodes()) == {f"n{node.id}" for node in view.nodes}
    assert sorted(drawn.edges()) == sorted((f"n{e.source}", f"n{e.target}") for e in view.edges)


def test_parallel_edges_survive_in_the_text():
    nodes = (NodeView(0, "input", name="x"), NodeView(1, "output", op="multiply", shape=()))
    view = GraphView(nodes, (EdgeView(0, 1, 0), EdgeView(0, 1, 1)))
    assert len(_parsed(view.to_dot()).edges()) == 2


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
@settings(max_examples=60, deadline=None)
def test_any_name_argument_and_title_give_a_graph_that_graphviz_reads(name, argument, title):
    texts = _texts(_view(name, argument, title).to_dot())
    assert {"n0", "n1"} <= set(texts)
    if name.isascii() and name.isprintable() and 0 < len(name) <= 36:
        assert texts["n0"] == name
        assert texts["n1"] == f"OUTPUTexp{name}2×3 · float64"


def test_markup_in_a_name_is_shown_and_not_obeyed():
    name = 'a"b<i>&amp;</i>\\n'
    assert _texts(_view(name).to_dot())["n0"] == name


def test_a_long_name_keeps_both_ends():
    name = "encoder." + "layers.7." * 20 + "attention.weight"
    text = _texts(_view(name).to_dot())["n0"]
    assert len(text) == 36
    assert text.startswith("encoder.")
    assert text.endswith("attention.weight")


@pytest.mark.parametrize(
    ("shape", "text"),
    [((), "scalar"), ((5,), "5"), ((64, 3, 0), "64×3×0"), (((2, 2), (2, 3)), "2×2, 2×3"), (((), (4,)), "scalar, 4")],
)
def test_shapes_read_as_they_are_spoken(shape, text):
    assert shape_text(shape) == text


def test_the_dtype_shows_only_where_it_is_not_float32():
    nodes = (
        NodeView(0, "input", name="x", shape=(2,), dtype="float32"),
        NodeView(1, "op", "exp", shape=(2,), dtype="float64"),
    )
    text = GraphView(nodes, (EdgeView(0, 1, 0),)).to_dot()
    assert "float32" not in text
    assert "2 · float64" in text


def test_a_scalar_output_is_called_the_loss_and_another_an_output():
    assert "LOSS" in GraphView((NodeView(0, "output", "mean", shape=()),), ()).to_dot()
    assert "OUTPUT" in GraphView((NodeView(0, "output", "mean", shape=(2,)),), ()).to_dot()


def test_an_edge_is_labelled_where_order_matters_and_the_card_does_not_say_it():
    weight = NodeView(0, "parameter", name="out.weight")
    other = NodeView(1, "input", name="h")
    op = NodeView(2, "output", "linear")
    edges = (EdgeView(0, 2, 1, "weight", True), EdgeView(1, 2, 0, "x", True))
    texts = _texts(GraphView((weight, other, op), edges).to_dot())
    assert ("n0", "n2") not in texts
    assert texts["n1", "n2"] == "x"


def test_the_legend_names_the_kinds_present_and_can_be_left_out(model):
    view = viz.graph(model.loss(), model)
    heading = _texts(view.to_dot())["graph"]
    assert "contraction" in heading
    assert "random" not in heading
    assert "graph" not in _texts(view.to_dot(legend=False))


def test_an_unknown_direction_is_refused():
    with pytest.raises(ValueError, match="direction is 'up'; it must be 'down' or 'right'"):
        dot_text(_view("x"), direction="up")


def test_every_kind_of_the_op_table_has_a_card():
    for kind in get_args(Kind):
        assert card_of(NodeView(0, "op", "f", kind)) != "op", kind


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a: str, b: str) -> float:
    """WCAG 2.1 contrast ratio."""
    low, high = sorted((_luminance(a), _luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("kind", CARDS)
def test_text_on_every_card_is_easy_to_read(kind):
    assert contrast(CARDS[kind].text, CARDS[kind].fill) >= 5


@pytest.mark.parametrize("page", ["#ffffff", "#111418"])
def test_lines_stand_out_from_light_and_dark_pages(page):
    assert contrast(_LINE, page) >= 3
    assert contrast(_OUTPUT, page) >= 3


@pytest.mark.parametrize("theme", [viz.LIGHT, viz.DARK])
def test_the_colours_of_charts_stand_out_from_their_page(theme):
    assert contrast(theme.text, theme.page) >= 7
    assert contrast(theme.muted, theme.page) >= 4.5
    for line in theme.lines:
        assert contrast(line, theme.page) >= 3
