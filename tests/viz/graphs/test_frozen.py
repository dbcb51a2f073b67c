"""Frozen dataclasses with a quick ``__init__`` are dataclasses as before."""

import dataclasses
import inspect
import pickle

import pytest

from viz.graphs.view import Contribution, EdgeView, GroupView, NodeView, Step


@pytest.mark.parametrize("cls", [NodeView, EdgeView, GroupView, Contribution, Step])
def test_they_take_their_fields_in_order_with_their_defaults(cls):
    parameters = list(inspect.signature(cls).parameters.values())
    fields = dataclasses.fields(cls)
    assert [p.name for p in parameters] == [f.name for f in fields]
    for parameter, field in zip(parameters, fields, strict=True):
        missing = field.default is dataclasses.MISSING
        assert (parameter.default is inspect.Parameter.empty) if missing else (parameter.default == field.default)
    given = {field.name: object() for field in fields}
    made = cls(**given)
    assert {name: getattr(made, name) for name in given} == given
    assert cls(*given.values()) == made


def test_they_are_frozen_equal_replaced_and_pickled():
    node = NodeView(0, "op", "tanh")
    with pytest.raises(dataclasses.FrozenInstanceError):
        node.id = 1
    assert node == NodeView(0, "op", "tanh") != NodeView(1, "op", "tanh")
    assert dataclasses.replace(node, id=3) == NodeView(3, "op", "tanh") == node.at(3, None)
    assert pickle.loads(pickle.dumps(node)) == node
    assert hash(node) == hash(NodeView(0, "op", "tanh"))
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        NodeView(0)
