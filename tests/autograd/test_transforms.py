"""grad and value_and_grad: functions of one or more arguments, nesting, closures."""

from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
from autograd.errors import DtypeError, GradientError


def test_grad_of_numbers_arrays_and_tensors():
    def f(x, y):
        return (x * x * y).sum()

    assert float(ag.grad(f)(3.0, 2.0)) == 12.0
    gx, gy = ag.grad(f, argnums=(0, 1))(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    assert (gx.tolist(), gy.tolist()) == ([6.0, 16.0], [1.0, 4.0])
    assert gx.dtype == np.float64
    value, g = ag.value_and_grad(f, argnums=-1)(ag.tensor([1.0, 2.0]), ag.tensor([3.0, 4.0]))
    assert value.item() == 19.0
    assert g.tolist() == [1.0, 4.0]
    assert not value.requires_grad
    assert not g.requires_grad


def test_grad_leaves_the_argument_alone():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    g = ag.grad(lambda t: (t * t).sum())(x)
    assert g.tolist() == [2.0, 4.0]
    assert x.grad is None
    constant = ag.tensor([1.0])
    ag.grad(lambda t: t.sum())(constant)
    assert not constant.requires_grad


def test_grad_works_inside_no_grad_and_of_an_unused_argument():
    with ag.no_grad():
        g = ag.grad(lambda t: t * t)(3.0)
    assert float(g) == 6.0
    assert not g.requires_grad
    assert ag.grad(lambda x, y: y * 2)(np.ones(()), ag.tensor(1.0)).item() == 0.0


def test_nested_grads_reach_any_order():
    f = lambda x: ag.exp(2 * x)  # noqa: E731
    for order in range(5):
        assert float(f(np.float64(0.3))) == pytest.approx(2**order * np.exp(0.6), rel=1e-12)
        f = ag.grad(f)


def test_the_gradient_is_differentiable_with_respect_to_what_it_closes_over():
    w = ag.tensor(3.0, requires_grad=True)
    g = ag.grad(lambda x: w * x * x)(2.0)
    g.backward()  # d(2 w x)/dw = 2 x
    assert w.grad.item() == 4.0


def test_the_gradient_is_differentiable_with_respect_to_a_tracked_argument():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    value, g = ag.value_and_grad(lambda t: (t**3).sum())(x)
    (g.sum() + value).backward()
    assert x.grad.tolist() == [9.0, 24.0]


def test_wrong_use_is_named():
    with pytest.raises(DtypeError, match="names argument 2, but the call has 1"):
        ag.grad(lambda x: x, argnums=2)(1.0)
    with pytest.raises(DtypeError, match="must return a Tensor of one element, not a float"):
        ag.grad(lambda x: 1.0)(1.0)
    with pytest.raises(GradientError, match="2 numbers; a gradient is of one"):
        ag.grad(lambda x: x * 2)(np.ones(2))
    with pytest.raises(DtypeError, match="int64, which has no gradient"):
        ag.grad(lambda x: x)(np.arange(2))


def test_a_product_with_the_hessian_is_differentiable_in_its_vector():
    x, v, u = np.array([1.0, 2.0, 3.0]), np.array([0.3, -1.0, 2.0]), np.array([1.0, 1.0, 2.0])
    f = lambda x: (x**3).sum()  # noqa: E731
    np.testing.assert_allclose(ag.grad(lambda v: (ag.hvp(f, x, v) * u).sum())(v).array, 6 * x * u)
    np.testing.assert_allclose(ag.jacobian(lambda v: ag.hvp(f, x, v), mode="reverse")(v).array, np.diag(6 * x))
