from __future__ import annotations

import copy
from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
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


def test_containers_are_matched_by_key_and_kind():
    a, b = {"w": 1, "b": [2, 3]}, {"b": [20, 30], "w": 10}
    assert ag.tree_map(lambda x, y: (x, y), a, b) == {"w": (1, 10), "b": [(2, 20), (3, 30)]}
    assert ag.tree_flatten(a)[1] == ag.tree_flatten(b)[1]
    assert ag.tree_flatten(a)[1] != ag.tree_flatten({"w": 1, "c": [2, 3]})[1]
    counts: defaultdict[str, Any] = defaultdict(list, x=1)
    doubled = ag.tree_map(lambda v: 2 * v, counts)
    assert (doubled, doubled.default_factory) == ({"x": 2}, list)
    for other, message in [
        ({"w": 1, "c": [2, 3]}, "it has 'w', 'c'; 'w', 'b' wanted"),
        (
            {"w": 1, "b": (2, 3)},
            r"container 2, at 'b', differs in structure: it is \(\*, \*\), but \[\*, \*\] is wanted",
        ),
        ({"w": 1, "b": 2}, "it is one leaf, a int"),
        ([1, [2, 3]], r"it is \[\*, \[\*, \*\]\], but \{'w': \*, 'b': \[\*, \*\]\}"),
    ]:
        with pytest.raises(ag.ArgumentError, match=message):
            ag.tree_map(lambda x, y: x, a, other)


def test_transforms_match_containers_by_key():
    p, t = {"a": np.array(2.0), "b": np.array(5.0)}, {"b": 10.0, "a": 1.0}
    product = lambda d: d["a"] ** 2 * d["b"]  # noqa: E731
    assert ag.jvp(product, (p,), (t,))[1].item() == 4 * 5 + 4 * 10
    assert ag.hvp(product, p, t)["a"].item() == 2 * 5 * 1 + 4 * 10
    pull = ag.vjp(lambda x: {"y": x, "z": 10 * x}, 1.0)[1]
    assert pull({"z": 1.0, "y": 2.0})[0].item() == 12.0
    assert pull({"z": None, "y": 2.0})[0].item() == 2.0
    rows = {"a": np.ones((2, 3)), "b": np.ones(3)}
    assert ag.vmap(lambda d: d["a"] + d["b"], in_axes=({"b": None, "a": 0},))(rows).shape == (2, 3)
    for call in [
        lambda: ag.jvp(product, (p,), ({"a": 1.0, "c": 2.0},)),
        lambda: pull({"y": 1.0}),
        lambda: pull((1.0, 1.0)),
        lambda: ag.vmap(lambda d: d["a"], in_axes=({"a": 0},))(rows),
        lambda: ag.vmap(lambda d: (d["a"], d["b"]), in_axes=({"a": 0, "b": None},), out_axes=(0, 0, 0))(rows),
    ]:
        with pytest.raises(ag.ArgumentError, match="differs in structure"):
            call()


def test_what_has_no_gradient_is_a_constant_of_a_container():
    p = {"w": np.array([1.0, 2.0]), "n": 3, "name": "power", "labels": np.array([0, 1]), "off": None, "flag": True}

    def f(d):
        assert (type(d["n"]), d["name"], d["off"], d["flag"]) == (int, "power", None, True)
        return (d["w"] ** d["n"]).sum()

    want = [3.0, 12.0]
    nothing = dict.fromkeys(("n", "name", "labels", "off", "flag"))
    gradients = [ag.grad(f)(p), ag.vjp(f, p)[1](1.0)[0], ag.jacobian(f)(p), ag.jacobian(f, mode="forward")(p)]
    for g in gradients:
        assert g["w"].tolist() == want
        assert {k: v for k, v in g.items() if k != "w"} == nothing
    tangents = {**nothing, "w": np.array([1.0, 0.0])}
    assert ag.jvp(f, (p,), (tangents,))[1].item() == 3.0
    assert ag.linearize(f, p)[1](tangents).item() == 3.0
    assert ag.vmap(lambda d: d["w"] * d["n"], in_axes=({**nothing, "w": 0},))(p).tolist() == [3.0, 6.0]
    with pytest.raises(ag.DtypeError, match="holds nothing that has a gradient: its parts are int, str"):
        ag.grad(lambda d: d["n"])({"n": 3, "s": "x"})


def test_results_may_hold_none_and_nothing_else_that_is_no_number():
    both = lambda x: (x * 2, None)  # noqa: E731
    assert ag.jvp(both, (1.0,), (1.0,))[1][1] is None
    value, pull = ag.vjp(both, 1.0)
    assert value[1] is None
    assert pull((1.0, None))[0].item() == 2.0
    assert ag.vmap(both)(np.ones(3))[1] is None
    assert ag.linearize(both, 1.0)[1](3.0)[0].item() == 6.0
    for transform in (lambda f: ag.vmap(f)(np.ones(3)), lambda f: ag.vjp(f, 1.0), lambda f: ag.jvp(f, (1.0,), (1.0,))):
        with pytest.raises(ag.DtypeError, match="the function returned a str"):
            transform(lambda x: {"x": x, "s": "text"})


def test_a_tree_of_gradients_of_a_module_has_its_names():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    model[0].register_buffer("scale", ag.ones(1))
    model[2].mask = ag.ones(2)  # an ordinary attribute: no parameter, so a constant
    x = ag.tensor(np.random.default_rng(0).normal(size=(5, 3)).astype("float32"))
    gradient = ag.grad(lambda m: (m(x) * m[2].mask).sum())(model)
    assert list(dict(gradient.named_parameters())) == list(dict(model.named_parameters()))
    assert list(gradient.state_dict()) == list(model.state_dict())
    stepped = ag.tree_map(lambda p, g: p.detach() - 0.1 * g, model, gradient)
    assert list(stepped.state_dict()) == list(model.state_dict())
    model.load_state_dict(stepped.state_dict())
    for p, q in zip(model.parameters(), stepped.parameters(), strict=True):
        np.testing.assert_array_equal(p.array, q.array)
    sizes = ag.tree_map(lambda p: p.size, model)  # leaves of a tree may be anything
    assert ag.tree_leaves(ag.tree_map(lambda p, n: p.reshape(n), model, sizes))[0].shape == (12,)


def test_a_shallow_copy_of_a_parameter_is_a_parameter_over_the_same_memory():
    p = nn.Parameter([1.0, 2.0])
    twin = copy.copy(p)
    assert isinstance(twin, nn.Parameter)
    assert (twin.is_leaf, twin.requires_grad, np.shares_memory(twin.array, p.array)) == (True, True, True)
    assert not copy.copy(nn.Parameter([1.0], requires_grad=False)).requires_grad


def test_a_dataclass_is_copied_and_not_made_again():
    @dataclass
    class Scaled:
        a: Any
        b: Any = field(init=False)

        def __post_init__(self):
            if not np.all(np.asarray(self.a) > 0):
                raise ValueError("a must be positive")
            self.a = self.a * 2
            self.b = np.ones(3)

    q = Scaled(np.array([1.0, 2.0, 3.0]))
    q.b = 5 * np.ones(3)
    value, gradient = ag.value_and_grad(lambda d: (d.a * d.b).sum())(q)
    assert value.item() == 60.0
    assert gradient.a.tolist() == [5.0] * 3
    assert ag.tree_map(lambda v: v, q).a.tolist() == [2.0, 4.0, 6.0]


def test_ties_of_a_module_are_those_of_its_parameters_and_not_of_equal_values():
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    zeros = ag.tree_map(lambda p: 0, model)
    assert len(ag.tree_leaves(zeros)) == 2
    assert ag.tree_leaves(ag.tree_map(lambda p, z: p.size + z, model, zeros)) == [4, 4]
    shared = ag.zeros((2, 2))
    assert len(dict(ag.tree_map(lambda p: shared, model).named_parameters())) == 2
    w = ag.tensor(np.ones(2, "float32"), requires_grad=True)
    gradient = ag.grad(lambda m: ((m[0].weight + m[1].weight) * w).sum())(model)
    assert len(dict(gradient.named_parameters())) == 2
    model[1].weight = model[0].weight
    assert len(ag.tree_leaves(ag.tree_map(lambda p: 0, model))) == 1


def nested(kind: type, leaf: Any, depth: int = 2000) -> Any:
    for _ in range(depth):
        leaf = {"k": leaf} if kind is dict else kind([leaf])
    return leaf


def innermost(x: Any) -> Any:
    while isinstance(x, (list, tuple, dict)):
        (x,) = x.values() if isinstance(x, dict) else x
    return x


@pytest.mark.parametrize("kind", [list, tuple, dict])
def test_containers_may_be_nested_deeply(kind: type) -> None:
    tree = nested(kind, ag.tensor([1.0, 2.0]))
    f = lambda t: (innermost(t) ** 2).sum()  # noqa: E731
    triple = lambda t: nested(kind, 3 * innermost(t))  # noqa: E731
    assert innermost(ag.grad(f)(tree)).tolist() == [2, 4]
    assert innermost(ag.vjp(f, tree)[1](1.0)[0]).tolist() == [2, 4]
    assert innermost(ag.jvp(triple, (tree,), (tree,))[1]).tolist() == [3, 6]
    assert innermost(ag.vmap(triple)(tree)).tolist() == [3, 6]
    assert innermost(ag.jacobian(f)(tree)).tolist() == [2, 4]
    assert innermost(ag.linearize(triple, tree)[1](tree)).tolist() == [3, 6]
    assert ag.checkpoint(f, tree).item() == 5
    structure = ag.tree_flatten(tree)[1]
    assert structure == ag.tree_flatten(triple(tree))[1]
    assert structure != ag.tree_flatten(nested(kind, 1.0, 1999))[1]
    assert len(repr(structure)) < 200
    with pytest.raises(ag.ArgumentError, match="container 2, 1500 deep, differs in structure: it is one leaf, a int"):
        ag.tree_map(lambda a, b: a, tree, nested(kind, 1, 1500))


def test_a_container_that_holds_itself_is_refused() -> None:
    circle: list[Any] = [ag.tensor(1.0)]
    circle.append({"k": circle})
    first = lambda t: t[0]  # noqa: E731
    for name, call in {
        "grad": lambda: ag.grad(first)(circle), "vjp": lambda: ag.vjp(first, circle),
        "jvp": lambda: ag.jvp(first, (circle,), (circle,)), "vmap": lambda: ag.vmap(first)(circle),
        "jacobian": lambda: ag.jacobian(first)(circle), "linearize": lambda: ag.linearize(first, circle),
        "checkpoint": lambda: ag.checkpoint(first, circle), "gradcheck": lambda: ag.gradcheck(first, (circle,)),
    }.items():  # fmt: skip
        with pytest.raises(ag.ArgumentError, match=f"{name}: an argument holds itself: a list is a part of one of its"):
            call()
    for name in ("vjp", "jvp"):
        with pytest.raises(ag.ArgumentError, match=f"{name}: the result holds itself"):
            getattr(ag, name)(lambda x: circle, *([1.0] if name == "vjp" else [(1.0,), (1.0,)]))
    with pytest.raises(ag.ArgumentError, match="tree_map: the container holds itself"):
        ag.tree_map(abs, circle)
    with pytest.raises(ag.ArgumentError, match="jvp: the tangents, at 0, at 0, holds itself"):
        ag.jvp(first, ([1.0],), ([circle],))
    twice = [ag.tensor(1.0)]
    assert len(ag.tree_leaves([twice, twice, {"k": twice}])) == 3  # a part may stand in several places
