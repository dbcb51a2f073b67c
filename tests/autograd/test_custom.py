"""Ops of users' own: whatever their functions and their arguments are called, and however they are written."""

from __future__ import annotations

import functools
import math
import operator

import numpy as np
import pytest

import autograd as ag
from autograd.testing import assert_gradients


def leaves(*numbers):
    return [ag.tensor(np.float64(x), requires_grad=True) for x in numbers]


# --------------------------------------------------------------------------------------------------- names of arguments


EACH = [lambda g, y, z: g * y * z, lambda g, x, z: g * x * z, lambda g, x, y, x_shape: g * x * y]
TANGENTS = [lambda t, y, z: t * y * z, lambda t, x, z, z_dtype: t * x * z, lambda t, x, y: t * x * y]


@pytest.mark.parametrize("vjp", [EACH, lambda g, x, y, z, needs, z_dtype: (g * y * z, g * x * z, g * x * y)])
def test_an_argument_may_be_called_as_the_output_is(vjp):
    op = ag.custom_op(lambda x, y, z: x * y * z, vjp=vjp, jvp=TANGENTS, name="volume")
    a = leaves(2, 3, 5)
    op(*a).backward()
    assert [x.grad.item() for x in a] == [15.0, 10.0, 6.0]
    assert_gradients(op, *(np.array([x, -1.5]) for x in (2.0, 3.0, 5.0)), order=2, modes=("reverse", "forward"))


def test_y_alone_is_the_argument():
    square = ag.custom_op(lambda y: y * y, vjp=[lambda g, y: g * 2 * y], jvp="from_vjp", name="square_of_y")
    product = ag.custom_op(
        lambda x, y: x * y, vjp=[lambda g, y: g * y, lambda g, x: g * x], jvp="multilinear", name="times"
    )
    first = ag.custom_op(
        lambda x, y, z: x * y + z, vjp=[lambda g, y: g * y, lambda g, x: g * x, lambda g, z_shape: g], name="affine"
    )
    for op, points, expected in (
        (square, (3,), [6.0]),
        (product, (2, 3), [3.0, 2.0]),
        (first, (2, 3, 5), [3.0, 2.0, 1.0]),
    ):
        a = leaves(*points)
        op(*a).backward()
        assert [x.grad.item() for x in a] == expected


def test_other_names_of_the_engine_are_the_arguments_too():
    op = ag.custom_op(
        lambda needs, aux, y_shape: needs * aux * y_shape,
        vjp=[
            lambda g, aux, y_shape: g * aux * y_shape,
            lambda g, needs, y_shape: g * needs * y_shape,
            lambda g, needs, aux: g * needs * aux,
        ],
        jvp="multilinear",
        name="names",
    )
    joint = ag.custom_op(
        lambda needs, g: needs * g, vjp=lambda c, needs, g: (c * g, c * needs), jvp="multilinear", name="joint_names"
    )
    assert_gradients(op, *np.array([2.0, 3.0, 5.0]), modes=("reverse", "forward"))
    assert_gradients(joint, *np.array([2.0, 3.0]), modes=("reverse", "forward"))
    static = ag.custom_op(lambda x, *, y, needs: x * y * needs, vjp=lambda g, y, needs: (g * y * needs,), name="static")
    (x,) = leaves(2)
    static(x, y=3.0, needs=5.0).backward()
    assert x.grad.item() == 15.0


def test_several_arrays_may_be_called_y():
    op = ag.custom_op(lambda *y: y[0] * y[1], vjp=lambda g, y, y_shape: (g * y[1], g * y[0]), name="of_several")
    a = leaves(2, 3)
    op(*a).backward()
    assert [x.grad.item() for x in a] == [3.0, 2.0]


def test_a_rule_that_names_what_there_is_not():
    with pytest.raises(TypeError, match=r"'w'. A rule can name g, x, y, and"):
        ag.custom_op(lambda x: x, vjp=[lambda g, w: g])
    with pytest.raises(TypeError, match="'needs'"):
        ag.custom_op(lambda x: x, vjp=[lambda g, needs: g])


def test_an_argument_called_y_that_was_overwritten_is_not_called_the_output():
    op = ag.custom_op(lambda x, y: x * y, vjp=[lambda g, y: g * y, lambda g, x: g * x], name="times")
    x, y = ag.tensor([1.0, 2.0], requires_grad=True), ag.tensor([3.0, 4.0])
    z = op(x, y)
    y += 1
    with pytest.raises(ag.GradientError, match="its argument y"):
        z.sum().backward()


# ---------------------------------------------------------------------------------------------------- static parameters


def test_a_default_is_known_to_the_rules():
    each = ag.custom_op(lambda x, *, k=2.0: x * k, vjp=[lambda g, k: g * k], jvp=[lambda t, k: t * k], name="each")
    joint = ag.custom_op(lambda x, *, k=2.0: x * k, vjp=lambda g, k: (g * k,), jvp="linear", name="joint")
    several = ag.custom_op(lambda *xs, k=2.0: xs[0] * k, vjp=lambda g, k: (g * k,), name="several")
    for op in (each, joint, several):
        for options, slope in (({}, 2.0), ({"k": 3.0}, 3.0)):
            (x,) = leaves(5)
            op(x, **options).backward()
            assert x.grad.item() == slope
    for op in (each, joint):
        assert ag.jvp(op, (5.0,), (1.0,))[1].item() == 2.0
        assert ag.vmap(ag.grad(op))(np.ones(3)).tolist() == [2.0] * 3


def test_an_array_argument_has_its_default_and_goes_by_name():
    op = ag.custom_op(lambda x, w=3.0, *, k=2.0: x * w * k, vjp=[lambda g, w, k: g * w * k, lambda g, x, k: g * x * k])
    bare = ag.custom_op(lambda x, w=3.0: x * w, vjp=[lambda g, w: g * w, lambda g, x: g * x])
    x, w = leaves(5, 7)
    op(x).backward()
    assert x.grad.item() == 6.0
    assert bare(x).item() == 15.0
    op(k=1.0, w=w, x=x).backward()
    assert (x.grad.item(), w.grad.item()) == (13.0, 5.0)


@pytest.mark.parametrize(
    ("args", "params", "what"),
    [
        ((), {}, "'x' is missing"),
        ((1.0,), {}, "'k' is missing"),
        ((1.0, 2.0), {"k": 1.0}, "takes 1 argument"),
        ((1.0,), {"k": 1.0, "x": 2.0}, "'x', twice"),
        ((1.0,), {"k": 1.0, "q": 2.0}, "'q', which it does not have. It takes x, k"),
    ],
)
def test_a_call_that_does_not_fit(args, params, what):
    op = ag.custom_op(lambda x, *, k: x * k, vjp=[lambda g, k: g * k], name="scale")
    with pytest.raises(ag.DtypeError, match=f"scale: .*{what}"):
        op(*args, **params)


# --------------------------------------------------------------------------------------------------------------- vmap


def _summed(axis):
    return ag.custom_op(
        lambda x, *, axis=axis, keepdims=True: np.sum(x, axis, keepdims=keepdims), vjp=[lambda g: g], jvp="linear",
        kind="reduction", name="summed",
    )  # fmt: skip


SCAN = ag.custom_op(
    lambda x, *, axis=0: np.cumsum(x, axis),
    vjp=[lambda g, axis: ag.flip(ag.cumsum(ag.flip(g, axis), axis), axis)],
    jvp="linear",
    kind="scan",
    name="scan",
)


def test_a_default_axis_under_vmap_is_one_of_the_example():
    assert ag.vmap(SCAN)(np.array([[1.0, 2.0], [3.0, 4.0]])).tolist() == [[1.0, 3.0], [3.0, 7.0]]


@pytest.mark.parametrize("axis", [0, -1, -2, 1, (0, -1), None, ()])
@pytest.mark.parametrize("op", [SCAN, _summed(-1)])
@pytest.mark.parametrize("in_axes", [0, 1, 2])
def test_an_axis_under_vmap_is_one_of_the_example(op, axis, in_axes):
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    options = {} if op is SCAN and not isinstance(axis, int) else {"axis": axis}
    got = ag.vmap(lambda row: op(row, **options), in_axes)(x)
    expected = np.stack([op(row, **options) for row in np.moveaxis(x, in_axes, 0)])
    np.testing.assert_allclose(got.array, expected, rtol=1e-13)
    slopes = ag.vmap(ag.grad(lambda row: ag.sum(op(row, **options) ** 2)), in_axes)(x)
    assert slopes.shape == np.moveaxis(x, in_axes, 0).shape


def test_an_axis_that_no_example_has_is_refused_or_does_as_numpy_does():
    with pytest.raises(ag.ShapeError, match="axis -2 is out of range"):
        ag.vmap(lambda row: SCAN(row, axis=-2))(np.ones((2, 3)))
    assert ag.vmap(_summed(-1))(np.arange(3.0)).tolist() == [0.0, 1.0, 2.0]


def test_arguments_that_differ_in_rank_run_example_by_example():
    op = ag.custom_op(lambda x, w, *, axis=-1: np.sum(x * w, axis), kind="reduction", name="weighted", vjp=[None, None])
    x, w = np.arange(12.0).reshape(2, 2, 3), np.arange(6.0).reshape(2, 3)
    assert ag.vmap(op)(x, w).tolist() == (x * w[:, None]).sum(-1).tolist()


# -------------------------------------------------------------------------- functions and rules of any kind, their faults


class Scaled:
    """Something that can be called."""

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, x, *, k=1.0):
        return x * self.factor * k


def _powers(g, x, n):
    return g * n * x ** (n - 1)


@pytest.mark.parametrize(
    ("function", "vjp", "name", "slope"),
    [
        (Scaled(3.0), [lambda g, k: g * 3.0 * k], "Scaled", 3.0),
        (functools.partial(Scaled(2.0), k=2.0), [lambda g, k: g * 2.0 * k], "Scaled", 4.0),
        (functools.partial(operator.pow, 2.0), [lambda g, y: g * y * np.log(2.0)], "pow", 4 * np.log(2.0)),
        (np.vectorize(lambda x: x * 2), [lambda g: g * 2], "<lambda>", 2.0),
        (np.square, [lambda g, x, n=2: g * n * x], "square", 4.0),
        (math.sqrt, [lambda g, x: g / 2 / np.sqrt(2.0)], "sqrt", 1 / np.sqrt(8.0)),
        (lambda x: x**3, [functools.partial(_powers, n=3)], "<lambda>", 12.0),
        (lambda x: x**3, [functools.partial(_powers, n=3, x=1.0)], "<lambda>", 3.0),
        (lambda x: x * 1, functools.partial(lambda k, g: (g * k,), 5.0), "<lambda>", 5.0),
        (lambda x: -x, [ag.negative], "<lambda>", -1.0),
        (lambda x, *, k=4.0: x * k, [lambda g, n=1, *, k: g * k * n], "<lambda>", 4.0),
        (lambda x: x * 1, [lambda g: 7.0], "<lambda>", 7.0),
        (lambda x: x * 1, lambda g: (7.0,), "<lambda>", 7.0),
    ],
)
def test_functions_and_rules_are_whatever_can_be_called(function, vjp, name, slope):
    op = ag.custom_op(function, vjp=vjp)
    assert op.name == name
    (x,) = leaves(2)
    op(x).backward()
    assert x.grad.item() == pytest.approx(slope)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: ag.custom_op(math.hypot, vjp=[None, None]), "cannot be read. Wrap it"),
        (lambda: ag.custom_op(functools.partial(lambda x, **o: x), vjp=[None]), r"takes \*\*o. Wrap it"),
        (lambda: ag.custom_op(lambda x: x, vjp=[3.0]), "the vjp rule of x is 3.0; give a function"),
        (lambda: ag.custom_op(lambda x: x, vjp=[lambda: 1]), "the vjp rule of x takes nothing"),
        (lambda: ag.custom_op(lambda x: x, vjp=[lambda g: g], jvp="linaer"), "jvp is 'linaer'; the words"),
        (lambda: ag.custom_op(lambda x: x, vjp=[lambda g: g], jvp=[]), "0 jvp rules for 1 arguments"),
        (lambda: ag.custom_op(lambda x: x, vjp=lambda g: (g,), jvp="from_vjp"), "wants vjp as a list"),
        (
            lambda: ag.custom_op(lambda x: (x, x), vjp=[lambda g, aux: g], jvp="from_vjp", aux=True),
            "names aux, which is kept for backward only",
        ),
        (lambda: ag.custom_op(lambda a, *xs: a, vjp=lambda g: (g,)), r"takes a and \*xs"),
    ],
)
def test_what_cannot_be_an_op_is_refused_where_it_is_made(make, what):
    with pytest.raises(ag.ArgumentError, match=what):
        make()


@pytest.mark.parametrize(
    ("vjp", "what"),
    [
        (lambda g: (g,), "the joint vjp rule returned 1 gradients for 2 arguments"),
        (lambda g: (g, g, g), "the joint vjp rule returned 3 gradients for 2 arguments"),
        (lambda g: g, r"the joint vjp rule returned one array of shape \(2,\)"),
        (lambda g: None, "the joint vjp rule returned a NoneType"),
        (lambda g: (g, [1.0, 2.0]), "the joint vjp rule returned a list"),
        ([lambda g: [1.0, 2.0], None], "sum_of: the vjp rule of a returned a list"),
    ],
)
def test_what_a_rule_may_not_return(vjp, what):
    op = ag.custom_op(lambda a, b: a + b, vjp=vjp, name="sum_of")
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ag.GradientError, match=what):
        op(x, x * 3).sum().backward()
    if callable(vjp) and "gradients for" in what:
        several = ag.custom_op(lambda *xs: xs[0] + xs[1], vjp=vjp, name="several")
        with pytest.raises(ag.GradientError, match=what):
            several(x, x * 3).sum().backward()


def test_what_a_jvp_rule_returns():
    rules = [lambda t: None, lambda t: 2.0], [lambda t: [1.0], None]
    none, listed = (ag.custom_op(lambda a, b: a + b, vjp=[None, None], jvp=jvp, name="sum_of") for jvp in rules)
    one = np.ones(2)
    assert ag.jvp(none, (one, one), (one, one))[1].tolist() == [2.0, 2.0]
    with pytest.raises(ag.GradientError, match="the jvp rule of a returned a list"):
        ag.jvp(listed, (one, one), (one, one))


def test_a_list_is_taken_as_a_tensor():
    op = ag.custom_op(lambda x, w=(1.0, 3.0): x * 2 * w, vjp=[lambda g, w: g * 2 * w, lambda g, x: g * 2 * x])
    y = op([1.0, 2.0])
    assert isinstance(y, ag.Tensor)
    assert y.tolist() == [2.0, 12.0]
    x = ag.tensor([1.0, 1.0], requires_grad=True)
    op(x, [3.0, 4.0]).sum().backward()
    assert x.grad.tolist() == [6.0, 8.0]
    with pytest.raises(ag.DtypeError, match="a list of Tensors, whose gradients would be lost"):
        op([x[0], x[1]])


def test_a_bound_method_is_a_forward_and_a_rule():
    class Scale:
        factor = 3.0

        def forward(self, x):
            return self.factor * x

        def rule(self, g):
            return self.factor * g

    scale = Scale()
    op = ag.custom_op(scale.forward, vjp=[scale.rule], name="scale")
    assert ag.grad(lambda x: op(x).sum())(np.ones(2)).tolist() == [3.0, 3.0]
