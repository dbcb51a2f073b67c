from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import viz
from autograd.errors import ArgumentError
from tests.viz.views import views
from viz.drawing.mermaid import mermaid_text
from viz.graphs.view import EdgeView, GraphView, GroupView, NodeView, Overlay

# One pattern for each statement that we write, after the grammar of Mermaid's flowcharts.
_LABEL = r'"[^"\n]*"'
_STATEMENTS = [
    rf'\w+(\(\[{_LABEL}\]\)|\[\[{_LABEL}\]\]|\({_LABEL}\)|\[{_LABEL}\])',
    rf"subgraph b\d+\[{_LABEL}\]",
    "end",
    rf"[ng]\d+ (-->|-\.->|==>)(\|{_LABEL}\|)? [ng]\d+",
    r"classDef \w+ [\w:#,\- ]+",
    r"class [\w,]+ \w+",
    r"style \w+ [\w:#,\- ]+",
    r"linkStyle \d+ [\w:#,\-. ]+",
]  # fmt: skip


def _check(text: str) -> list[str]:
    lines = text.splitlines()
    if lines[0] == "---":
        assert lines[2] == "---"
        lines = lines[3:]
    assert re.fullmatch(r"flowchart (TD|LR)", lines[0])
    for line in lines[1:]:
        assert any(re.fullmatch(pattern, line.strip()) for pattern in _STATEMENTS), line
    assert sum(line.strip().startswith("subgraph") for line in lines) == sum(line.strip() == "end" for line in lines)
    return lines


@given(views(facts=True))
@settings(max_examples=20, deadline=None)
def test_any_view_is_a_flowchart_with_every_card_and_wire(view):
    lines = _check(mermaid_text(view))
    shown = viz.scene(view)
    assert sum(bool(re.match(r"\s+[ng]\d+[(\[]", line)) for line in lines) == len(shown.cards)
    assert sum(bool(re.search(r" (-->|-\.->|==>)", line)) for line in lines) == len(shown.wires)
    assert sum("subgraph" in line for line in lines) == len(shown.boxes)


@given(st.text(st.characters(), max_size=30))
@settings(max_examples=40, deadline=None)
def test_any_name_is_shown_and_not_obeyed(name):
    nodes = (NodeView(0, "input", name=name), NodeView(1, "output", "exp", shape=()))
    view = GraphView(nodes, (EdgeView(0, 1, 0, name, ordered=True),), name, (GroupView(0, "scope", name),))
    text = view.to_mermaid()
    _check(text)
    label = re.search(r'n0\(\["(?:<b>)?(.*?)(?:</b>)?"\]\)', text).group(1)
    shown = re.sub(r"#(\d+);", lambda code: chr(int(code.group(1))), label)
    if name.isprintable() and 0 < len(name) <= 36:
        assert shown == name
    assert not re.search(r"[<>`\"&*_~]", label)


def test_the_kinds_of_wires_and_cards():
    nodes = (
        NodeView(0, "parameter", name="w"), NodeView(1, "input", name="x"), NodeView(2, "op", "exp", "elementwise"),
        NodeView(3, "backward", "exp", origin=2), NodeView(4, "op", "log", "elementwise", group=0),
    )  # fmt: skip
    edges = (EdgeView(0, 2, 0), EdgeView(1, 2, 1), EdgeView(2, 3, 0, kind="link"), EdgeView(2, 4, 0))
    view = GraphView(
        nodes, edges, groups=(GroupView(0, "module", "head"),), closed=frozenset({0}), marked=frozenset({1, 2})
    )
    text = view.to_mermaid(direction="right")
    assert text.startswith("flowchart LR\n")
    for line in (
        'n0["<b>w</b>"]',
        'n1(["<b>x</b>"])',
        'g0[["<b>head</b><br/>1 node"]]',
        "n1 ==> n2",
        "n2 -.-> n3",
        "n2 --> g0",
    ):
        assert f"  {line}\n" in text
    assert "class n0 parameter" in text


def test_an_overlay_colours_the_cards():
    view = GraphView((NodeView(0, "op", "exp"),), (), overlay=Overlay("t", "time", (None,), unit="s"))
    assert "  style n0 fill:#ffffff,color:#4a515a,stroke-dasharray:4 3\n" in view.to_mermaid()


def test_an_unknown_direction_is_refused():
    with pytest.raises(ArgumentError, match="direction is 'up'"):
        GraphView((), ()).to_mermaid(direction="up")
