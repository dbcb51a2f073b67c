from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

import autograd as ag
import nn


class Point(NamedTuple):
    x: Any
    y: Any


@dataclass
class Box:
    low: Any
    high: Any


def test_containers_come_back_as_they_were():
    tree = {"a": [1, (2, None)], "p": Point(3, 4), "b": Box(5, {"c": 6}), "o": OrderedDict(z=7), "e": []}
    leaves, structure = ag.tree_flatten(tree)
    assert leaves == [1, 2, None, 3, 4, 5, 6, 7]
    assert ag.tree_unflatten(structure, leaves) == tree
    doubled = ag.tree_map(lambda v: v and 2 * v, tree)
    assert doubled["p"] == Point(6, 8)
    assert doubled["b"].high == {"c": 12}
    assert isinstance(doubled["o"], OrderedDict)
    with pytest.raises(ag.ArgumentError, match="container 2 differs in structure: it has 1 entries; 2 entries wanted"):
        ag.tree_map(lambda a, b: a, [1, 2], [1])


def test_gradients_have_the_structure_of_the_argument():
    box = Box(ag.tensor([1.0, 2.0]), {"c": ag.tensor(3.0)})
    gradient = ag.grad(lambda b: (b.low**2).sum() * b.high["c"])(box)
    assert isinstance(gradient, Box)
    assert gradient.low.tolist() == [6.0, 12.0]
    assert gradient.high["c"].item() == 5.0


def test_a_module_is_an_argument():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    x, y = ag.tensor(np.random.default_rng(0).normal(size=(5, 3)).astype("float32")), np.array([0, 1, 1, 0, 1])
    gradient = ag.grad(lambda m: ag.cross_entropy(m(x), y))(model)
    ag.cross_entropy(model(x), y).backward()
    for p, g in zip(model.parameters(), ag.tree_leaves(gradient), strict=True):
        np.testing.assert_allclose(g.array, p.grad.array, rtol=1e-6)
    stepped = ag.tree_map(lambda p, g: p - 0.1 * g, model, gradient)
    assert stepped(x).shape == (5, 2)
    tied = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    tied[1].weight = tied[0].weight
    assert len(ag.tree_leaves(tied)) == 3
    assert len(ag.tree_leaves(ag.grad(lambda m: m(x).sum())(tied))) == 3
