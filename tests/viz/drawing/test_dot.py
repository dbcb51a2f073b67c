from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import viz
from autograd.primitive import Kind
from viz.drawing.colour_scale import contrast
from viz.drawing.dot import CARDS, card_of, dot_text
from viz.drawing.faces import LINE, MARK, OUTPUT
from viz.graphs.view import EdgeView, GraphView, GroupView, NodeView, Overlay
from viz.graphs.wording import legible, shape_text

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


@pytest.mark.parametrize("kind", CARDS)
def test_text_on_every_card_is_easy_to_read(kind):
    assert contrast(CARDS[kind].text, CARDS[kind].fill) >= 5


@pytest.mark.parametrize("page", ["#ffffff", "#111418"])
def test_lines_stand_out_from_light_and_dark_pages(page):
    for colour in (LINE, OUTPUT, MARK):
        assert contrast(colour, page) >= 3


@pytest.mark.parametrize("theme", [viz.LIGHT, viz.DARK])
def test_the_colours_of_charts_stand_out_from_their_page(theme):
    assert contrast(theme.text, theme.page) >= 7
    assert contrast(theme.muted, theme.page) >= 4.5
    for line in theme.lines:
        assert contrast(line, theme.page) >= 3


def _attributes(dot: str, node: str) -> dict[str, str]:
    drawn = _parsed(dot)
    return {key: drawn.get_node(node).attr[key] for key in ("color", "class", "style", "fillcolor")}


def test_marked_cards_and_the_wires_between_them_are_pointed_out():
    nodes = (NodeView(0, "input", name="x"), NodeView(1, "op", "exp"), NodeView(2, "output", "sum"))
    view = GraphView(nodes, (EdgeView(0, 1, 0), EdgeView(1, 2, 0)), marked=frozenset({1, 2}))
    dot = view.to_dot()
    assert _attributes(dot, "n1")["color"] == MARK
    assert "marked" in _attributes(dot, "n1")["class"].split()
    assert _attributes(dot, "n0")["color"] != MARK
    drawn = _parsed(dot)
    colours = {tuple(edge): edge.attr["color"] for edge in drawn.edges()}
    assert colours["n1", "n2"] == MARK
    assert colours["n0", "n1"] != MARK


def test_an_overlay_colours_the_cards_and_what_is_not_known_looks_like_no_value():
    nodes = tuple(NodeView(i, "op", "exp") for i in range(4))
    view = GraphView(nodes, (), overlay=Overlay("time", "time", (1e-6, 1e-3, None, 1.0), "log", "sum", "s"))
    dot = view.to_dot()
    fills = [_attributes(dot, f"n{i}")["fillcolor"] for i in range(4)]
    assert len(set(fills)) == 4
    assert "dashed" in _attributes(dot, "n2")["style"]
    texts = _texts(dot)
    assert [texts[f"n{i}"] for i in range(4)] == ["exp1 µs", "exp1 ms", "exp–", "exp1 s"]
    assert "time1 µs1 s(log)" in texts["graph"]


def test_open_groups_are_clusters_with_their_name_and_class():
    nodes = (NodeView(0, "input", group=1), NodeView(1, "op", "exp", group=1))
    groups = (GroupView(0, "fold", "Block", count=12), GroupView(1, "module", "blocks.3", "blocks.3", "Block", 0))
    dot = GraphView(nodes, (EdgeView(0, 1, 0),), groups=groups).to_dot()
    drawn = _parsed(dot)
    names = ["".join(ET.fromstring(f"<a>{c.graph_attr['label']}</a>").itertext()) for c in _clusters(drawn)]
    assert names == ["Block × 12", "blocks.3 · Block"]


def _clusters(drawn):
    for cluster in drawn.subgraphs():
        yield cluster
        yield from _clusters(cluster)


def test_gradients_run_against_the_page_beside_the_forward_pass_and_links_are_dotted():
    nodes = (
        NodeView(0, "op", "exp"), NodeView(1, "backward", "exp", origin=0), NodeView(2, "gradient", name="x"),
    )  # fmt: skip
    edges = (EdgeView(0, 1, 0, kind="link"), EdgeView(1, 2, 0, kind="gradient"))
    drawn = _parsed(GraphView(nodes, edges).to_dot())
    assert drawn.get_edge("n2", "n1").attr["dir"] == "back"
    assert drawn.get_edge("n0", "n1").attr["style"] == "dotted"
    alone = _parsed(GraphView(nodes, edges[1:]).to_dot())
    assert alone.get_edge("n1", "n2").attr["dir"] != "back"


def test_a_name_cannot_turn_the_direction_of_what_follows():
    assert legible("a\u202eb\u2066c") == "a\ufffdb\ufffdc"
    assert legible("\u05d0\u05d1") == "\u05d0\u05d1"  # Hebrew letters are letters
