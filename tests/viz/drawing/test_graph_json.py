from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings

import viz
from autograd.errors import ArgumentError
from autograd.watching import summarize
from tests.viz.views import views
from viz.graphs.view import Contribution, EdgeView, GraphView, GroupView, NodeView, Overlay, Step

SCHEMA = Path(__file__).parents[3] / "docs" / "graph.schema.json"


def _full() -> GraphView:
    odd = summarize([complex(1, float("inf")), complex(0, -2)])
    numbers = summarize([1.0, float("nan"), float("-inf")])
    nodes = (
        NodeView(0, "input", name='größe "x"\n', shape=(2,), dtype="complex128", value=odd),
        NodeView(1, "output", "split", "view", shape=((2,), (3, 4)), params=(("axis", "1"),), group=1, value=numbers),
    )
    steps = (Step(1, numbers, (Contribution(0, 0, numbers, None, numbers), Contribution(None, 1, odd, odd, odd)), 0.5),)
    groups = (GroupView(0, "fold", "Block", count=1), GroupView(1, "module", "0", "blocks.0", "Block", 0))
    overlay = Overlay("norm", "norm", (float("inf"), None), "log", "max")
    return GraphView(
        nodes, (EdgeView(0, 1, 0, value=odd),), "a title", groups, (), steps, frozenset({1}), frozenset({0}), overlay,
        frozenset({1}),
    )  # fmt: skip


def test_everything_survives_the_round_trip():
    view = _full()
    back = GraphView.from_json(view.to_json())
    assert repr(vars(back)) == repr(vars(view))  # NaN is not equal to itself, but is written alike
    assert isinstance(back.nodes[1].value.data[1], float)
    assert back.overlay.values[0] == float("inf")


@given(views(facts=True))
@settings(max_examples=25, deadline=None)
def test_reading_what_was_written_is_the_identity(view):
    back = GraphView.from_json(view.to_json())
    for field in ("nodes", "edges", "title", "groups", "lines", "steps", "closed", "rolled", "overlay", "marked"):
        assert repr(getattr(back, field)) == repr(getattr(view, field))
    assert back.to_json() == view.to_json()


def test_the_published_schema_is_that_of_the_classes():
    assert json.loads(SCHEMA.read_text()) == viz.graph_schema(), (
        "write it anew: python -c 'import viz, json; print(json.dumps(viz.graph_schema(), indent=2))' "
        "> docs/graph.schema.json"
    )


def test_what_is_written_keeps_to_the_schema(model):
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema checks what is written")
    validator = jsonschema.Draft202012Validator(viz.graph_schema())
    for view in (_full(), viz.graph(model.loss(), model, values=True), GraphView((), ())):
        data = json.loads(view.to_json())
        assert [error.message for error in validator.iter_errors(data)] == []
    data["surprise"] = 1
    assert list(validator.iter_errors(data))
    data = json.loads(_full().to_json())
    data["nodes"][0]["kind"] = "leaf"
    assert list(validator.iter_errors(data))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "this is not JSON"),
        ("[]", "version None; this release reads version 1"),
        ('{"version": 2}', "version 2; this release reads version 1"),
        ('{"version": 1}', "does not keep to docs/graph.schema.json: KeyError"),
        ('{"version": 1, "surprise": 1}', "has no 'surprise'"),
    ],
)
def test_what_is_no_graph_is_refused(text, message):
    with pytest.raises(ArgumentError, match=message):
        GraphView.from_json(text)


def test_a_graph_that_makes_no_sense_is_refused_with_the_reason():
    data = json.loads(_full().to_json())
    data["edges"][0]["target"] = 7
    with pytest.raises(ArgumentError, match="edge 0 -> 7 in a view of 2 nodes"):
        GraphView.from_json(json.dumps(data))


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("nodes", 0, "kind"), "tensor"), (("nodes", 0, "shape"), "abc"), (("nodes", 0, "flops"), "many"),
        (("nodes", 0, "line"), 7), (("nodes", 0, "id"), True), (("edges", 0, "source"), None), (("title",), 5),
        (("closed",), ["a"]), (("nodes",), 5), (("values",), 1), (("nodes", 0, "value"), 3),
    ],
)  # fmt: skip
def test_what_is_of_another_type_is_refused(path, wrong):
    data = json.loads(_full().to_json())
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = wrong
    with pytest.raises(ArgumentError, match=r"from_json: (the JSON does not keep to|node 0 is of line 7)"):
        GraphView.from_json(json.dumps(data))


def test_half_a_surrogate_pair_in_a_name_is_written_and_read(tmp_path):
    view = GraphView((NodeView(0, "input", name="a\ud800b"),), ())
    assert GraphView.from_json(view.to_json()) == view
    assert GraphView.from_json(view.save(tmp_path / "g.json").read_text("utf-8")) == view
    assert view.save(tmp_path / "g.html").exists()
