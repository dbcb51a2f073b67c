"""Ops of users' own: whatever their functions and their arguments are called, and however they are written."""

from __future__ import annotations

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
