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


def test_complex_results_have_no_gradient_without_a_weight():
    z = ag.tensor(1 + 2j, requires_grad=True)
    for call in (lambda: ag.grad(lambda z: z * 2)(1 + 2j), (z * 2).backward, lambda: ag.gradients(z * 2, z)):
        with pytest.raises(GradientError, match="the gradient is of a real number|a gradient is of a real number"):
            call()
    assert ag.gradients(z * 2, z, ag.tensor(1 + 0j))[0].item() == 2


def test_numbers_as_directions_keep_the_precision_of_the_value():
    x = np.array(0.7)
    assert ag.jvp(ag.sin, (x,), (0.1,))[1].item() == pytest.approx(0.1 * np.cos(0.7), rel=1e-15)
    assert ag.vjp(ag.sin, x)[1](0.1)[0].item() == pytest.approx(0.1 * np.cos(0.7), rel=1e-15)
    with pytest.raises(DtypeError, match="a tangent is complex128; its primal is float64"):
        ag.jvp(ag.sin, (x,), (1j,))


def test_argnums_are_checked():
    f = lambda x, y: x * y  # noqa: E731
    for transform in (ag.grad, ag.jacobian, ag.hessian):
        with pytest.raises(DtypeError, match="names argument 2, but the call has 2"):
            transform(f, argnums=2)(1.0, 2.0)
        with pytest.raises(DtypeError, match="argnums must be integers, not 'x'"):
            transform(f, argnums="x")(1.0, 2.0)
        with pytest.raises(ag.ArgumentError, match="names an argument twice"):
            transform(f, argnums=(0, -2))(1.0, 2.0)


# ------------------------------------------------------------------------------------------------------ linearize


def curve(x, y):
    return {"a": ag.sin(x) * y, "b": (x * y * y).sum()}


LX, LY, LT = np.array([0.3, -1.0]), np.array([2.0, 0.5]), np.array([1.0, -2.0])


def test_linearize_is_jvp():
    value, derivative = ag.linearize(curve, LX, LY)
    want_value, want = ag.jvp(curve, (LX, LY), (LT, LY))
    for key in "ab":
        np.testing.assert_allclose(value[key].array, want_value[key].array)
        np.testing.assert_allclose(derivative(LT, LY)[key].array, want[key].array)
        assert not derivative(LT, LY)[key].requires_grad
    np.testing.assert_allclose(derivative(LT, None)["a"].array, np.cos(LX) * LY * LT)
    with pytest.raises(ag.ArgumentError, match="linearize: the tangents differs in structure: it has 1 entries"):
        derivative(LT)
    with pytest.raises(ag.ShapeError, match=r"cotangent is \(3,\)|tangent is \(3,\)"):
        derivative(np.ones(3), LY)
    z = np.array(1.0 + 2j)
    np.testing.assert_allclose(ag.linearize(lambda z: z**2, z)[1](1j).array, 2 * z * 1j)
    assert ag.linearize(lambda x: ag.tensor([1.0, 2.0]), 1.0)[1](1.0).tolist() == [0.0, 0.0]


def test_a_linearized_function_is_differentiated_and_batched():
    derivative = ag.linearize(lambda x: ag.sin(x) * x, LX)[1]
    slope = np.cos(LX) * LX + np.sin(LX)
    np.testing.assert_allclose(ag.grad(lambda t: derivative(t).sum())(LT).array, slope)
    np.testing.assert_allclose(ag.jvp(derivative, (LT,), (LY,))[1].array, slope * LY)
    rows = np.stack([LT, LY, LX])
    np.testing.assert_allclose(ag.vmap(derivative)(rows).array, slope * rows)
    np.testing.assert_allclose(ag.vmap(ag.grad(lambda t: (derivative(t) ** 2).sum()))(rows).array, 2 * slope**2 * rows)
    np.testing.assert_allclose(ag.jacobian(derivative, mode="reverse")(LT).array, np.diag(slope))
    np.testing.assert_allclose(ag.jacobian(derivative, mode="forward")(LT).array, np.diag(slope))
    curved = 2 * np.cos(LX) - LX * np.sin(LX)
    at = lambda x: ag.linearize(lambda x: ag.sin(x) * x, x)[1](LT).sum()  # noqa: E731
    np.testing.assert_allclose(ag.grad(at)(LX).array, curved * LT)
    np.testing.assert_allclose(ag.jvp(at, (LX,), (LY,))[1].array, (curved * LT * LY).sum())
    np.testing.assert_allclose(ag.vmap(ag.grad(at))(rows)[2].array, curved * LT)


# ------------------------------------------------------------------------------------------------------- Jacobians


@pytest.mark.parametrize("mode", ["forward", "reverse", "auto"])
def test_jacobians_of_complex_functions_agree_in_both_modes(mode):
    z, x = np.array([1 + 2j, 0.5 - 1j]), np.array([0.3, -0.7])
    holomorphic = ag.jacobian(lambda z: ag.exp(z) * z[0], mode=mode, holomorphic=True)(z).array
    want = np.diag(np.exp(z) * z[0]) + np.outer(np.exp(z), [1, 0])
    np.testing.assert_allclose(holomorphic, want)
    np.testing.assert_allclose(ag.jacobian(lambda x: ag.exp(1j * x), mode=mode)(x).array, np.diag(1j * np.exp(1j * x)))
    both = ag.jacobian(lambda x: {"c": x[0] * (2 + 1j), "r": x}, mode=mode)(x)
    np.testing.assert_allclose(both["c"].array, [2 + 1j, 0])
    np.testing.assert_allclose(both["r"].array, np.eye(2))
    assert both["r"].dtype == np.float64


def test_jacobians_of_what_has_none_are_errors():
    with pytest.raises(DtypeError, match="an input is complex128. Pass holomorphic=True"):
        ag.jacobian(ag.abs)(np.array([1j]))
    with pytest.raises(DtypeError, match="an output is float64; holomorphic functions are complex in and out"):
        ag.jacobian(ag.abs, holomorphic=True)(np.array([1j]))
    for mode in ("forward", "reverse", "auto"):
        with pytest.raises(DtypeError, match="an input is int64"):
            ag.jacobian(lambda x: x * 2.0, mode=mode)(np.array([1, 2]))
        with pytest.raises(DtypeError, match="an output is int64"):
            ag.jacobian(lambda x: ag.argsort(x), mode=mode)(np.array([1.0, 2.0]))
    with pytest.raises(ag.ArgumentError, match="mode must be 'auto', 'forward' or 'reverse', not 'backward'"):
        ag.jacobian(ag.sin, mode="backward")


def test_jacobians_take_keywords_containers_and_empty_arrays():
    def f(p, *, power):
        return {"y": p["w"] ** power * p["b"], "n": p["b"]}

    p = {"b": np.array(3.0), "w": np.array([1.0, 2.0])}
    for mode in ("forward", "reverse"):
        j = ag.jacobian(f, mode=mode)(p, power=3)
        np.testing.assert_allclose(j["y"]["w"].array, np.diag([9.0, 36.0]))
        np.testing.assert_allclose(j["y"]["b"].array, [1.0, 8.0])
        assert j["n"]["w"].tolist() == [0.0, 0.0]
        assert ag.jacobian(lambda x: x[:, None] * 2, mode=mode)(np.ones(0)).shape == (0, 1, 0)
        assert ag.jacobian(lambda x, y: x * y, argnums=(1, 0), mode=mode)(2.0, 3.0)[0].item() == 2.0
    h = ag.hessian(lambda p: (p["w"] ** 2).sum() * p["b"])(p)
    assert h["w"]["b"].tolist() == [2.0, 4.0]
    assert ag.hessian(lambda x, k: (x**k).sum())(np.ones(2), k=3).tolist() == [[6.0, 0.0], [0.0, 6.0]]


def test_axes_of_vmap_are_integers():
    for axes in (0.5, "a", (True,)):
        with pytest.raises((DtypeError, ag.ArgumentError), match="in_axes"):
            ag.vmap(lambda x: x, in_axes=axes)(np.ones(2))
    with pytest.raises((DtypeError, ag.ArgumentError), match="out_axes"):
        ag.vmap(lambda x: x, out_axes=0.5)(np.ones(2))
    assert ag.vmap(lambda x: x, in_axes=np.int64(1))(np.ones((2, 3))).shape == (3, 2)


# ------------------------------------------------------------------------------- what functions do on the way, nested


ONE = np.ones(3)
X3, B3 = np.array([1.0, 2.0, 3.0]), np.arange(6.0).reshape(2, 3) + 1


def overwrites(x):
    x[0] = x[1] * 2
    return (x * x).sum()


def test_a_function_that_works_in_place_does_not_move_the_point():
    hessian = np.diag([0.0, 10.0, 2.0])
    np.testing.assert_allclose(ag.hessian(overwrites)(ag.tensor(X3)).array, hessian)
    np.testing.assert_allclose(ag.hvp(overwrites, ag.tensor(X3), ONE).array, hessian @ ONE)
    np.testing.assert_allclose(ag.vmap(ag.grad(overwrites))(ag.tensor(B3)).array, B3 * [0, 10, 2])
    recorded = ag.tensor(X3, requires_grad=True) * 1.0
    np.testing.assert_allclose(ag.grad(overwrites)(recorded).detach().array, X3 * [0, 10, 2])
    np.testing.assert_allclose(
        ag.vmap(lambda x: ag.vjp(overwrites, x)[1](1.0)[0])(ag.tensor(B3)).array, B3 * [0, 10, 2]
    )
    assert recorded.detach().tolist() == X3.tolist()


def test_a_tangent_of_a_cotangent_is_differentiated():
    pulled = lambda c: ag.vjp(lambda y: y**3, X3)[1](c)[0]  # noqa: E731
    np.testing.assert_allclose(ag.grad(lambda t: ag.jvp(pulled, (ONE,), (t,))[1].sum())(X3).array, 3 * X3**2)
    derivative = ag.linearize(lambda y: y**3, X3)[1]
    for mode in ("forward", "reverse"):
        pushed = ag.jacobian(lambda t: ag.jvp(derivative, (ONE,), (t,))[1], mode=mode)
        np.testing.assert_allclose(pushed(X3).array, np.diag(3 * X3**2))


def test_gradients_that_are_equal_are_objects_of_their_own():
    w = ag.tensor(np.ones(2), requires_grad=True)
    g = ag.grad(lambda d: ((d["a"] + d["b"]) * w).sum())({"a": np.zeros(2), "b": np.zeros(2)})
    for key in g:
        g[key] *= 0.5
    assert (g["a"].tolist(), g["b"].tolist()) == ([0.5, 0.5], [0.5, 0.5])


def test_jacobians_nest_under_other_transforms():
    cube = lambda x: x**3  # noqa: E731
    want = np.stack([np.diag(3 * row**2) for row in B3])
    for mode in ("auto", "forward", "reverse"):
        np.testing.assert_allclose(ag.vmap(ag.jacobian(cube, mode=mode))(B3).array, want)
        pushed = ag.jvp(ag.jacobian(cube, mode=mode), (X3,), (ONE,))[1]
        np.testing.assert_allclose(pushed.array, np.diag(6 * X3))
    w = np.ones((4, 2)) / 3
    twice = ag.jacobian(ag.jacobian(lambda x: ag.sin(x @ w)))(np.ones(4))
    np.testing.assert_allclose(twice.array, np.einsum("j,ij,kj->jik", -np.sin(np.ones(4) @ w), w, w))


def test_a_jacobian_by_several_inputs_evaluates_the_function_once():
    calls = []

    def f(a, b):
        calls.append(1)
        return (ag.dropout(a * b, 0.5) ** 2).sum()

    h = ag.hessian(f, argnums=(0, 1))(np.ones(6), np.ones(6))
    assert len(calls) == 1
    np.testing.assert_array_equal(h[0][1].array, h[1][0].array.T)
    assert ag.hessian(lambda p: (p["w"] ** p["n"]).sum())({"w": X3, "n": 3})["w"]["w"].array.trace() == 6 * X3.sum()


def test_a_layer_without_a_bias_in_every_mode():
    w = ag.tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    f = lambda x: (ag.linear(x, w) ** 2).sum()  # noqa: E731
    want = 2 * w.array.T @ w.array
    np.testing.assert_allclose(ag.hessian(f)(X3).detach().array, want)
    np.testing.assert_allclose(ag.grad(lambda x: ag.grad(f)(x).sum())(X3).detach().array, want.sum(0))
    np.testing.assert_allclose(ag.vmap(lambda x: ag.linear(x, w))(B3).detach().array, B3 @ w.array.T)


def test_results_of_functions_are_checked():
    for value in (ag.tensor(3), ag.tensor(True)):
        with pytest.raises(DtypeError, match="grad: the function returned (int64|bool), which has no gradient"):
            ag.grad(lambda x, value=value: value)(1.0)
    assert ag.vmap(lambda x: 16777217)(ONE).tolist() == [16777217] * 3
    for call in (
        lambda: ag.grad(lambda x: x * 2, has_aux=True)(np.ones(2)),
        lambda: ag.vjp(lambda x: (x, x, x), 1.0, has_aux=True),
        lambda: ag.jvp(lambda x: x, (1.0,), (1.0,), has_aux=True),
    ):
        with pytest.raises(ag.ArgumentError, match="with has_aux the function returns a pair"):
            call()
    with pytest.raises(ag.ArgumentError, match="argnums is empty"):
        ag.jacobian(ag.sin, argnums=())(1.0)
    with pytest.raises(DtypeError, match="linearize: the tangents holds a number where there is no derivative"):
        ag.linearize(lambda d: d["a"] * d["n"], {"a": X3, "n": 3})[1]({"a": X3, "n": 5.0})


@pytest.mark.filterwarnings("ignore:vmap")
def test_what_runs_example_by_example_is_checked_as_a_batch_is():
    def looped(f, **options):
        return ag.vmap(f, **options)(B3)

    with pytest.raises(ag.ArgumentError, match="out_axes is None for a result that differs"):
        looped(lambda a: a if a.sum() > 10 else -a, out_axes=None)
    with pytest.raises(ag.ArgumentError, match="None for some examples"):
        looped(lambda a: None if a.sum() < 10 else a)
    with pytest.raises(ag.ArgumentError, match="randomness is 'error'"):
        looped(lambda a: ag.dropout(a, 0.5) if a.sum() > 0 else a, randomness="error")


def test_a_write_under_no_grad_into_a_value_of_a_transform_is_an_error():
    def f(x):
        y = x * 1.0
        with ag.no_grad():
            y[0] = 5.0
        return (y * y).sum()

    with pytest.raises(GradientError, match="under no_grad, on a value inside vmap or jvp"):
        ag.vmap(ag.grad(f))(B3)
