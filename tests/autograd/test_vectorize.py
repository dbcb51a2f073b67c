from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autograd as ag


def numeric(f, x, eps=1e-6):
    """The Jacobian of a function of one array, by central differences."""
    columns = []
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = eps
        columns.append((f(ag.tensor(x + step)).array - f(ag.tensor(x - step)).array) / (2 * eps))
    return np.stack(columns, -1).reshape(*columns[0].shape, *x.shape)


X = np.array([[0.5, -1.0, 2.0], [0.3, 0.8, -0.2]])


def f(x):
    return ag.sin(x @ ag.tensor([[1.0, 2.0], [0.5, -1.0], [0.2, 0.3]]).astype("float64")) * x[0, 1]


def scalar(x):
    return (ag.tanh(f(x)) ** 2).sum()


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
def test_jacobian(mode):
    np.testing.assert_allclose(ag.jacobian(f, mode=mode)(X).array, numeric(f, X), atol=1e-8)


def test_hessian_and_products():
    h = ag.hessian(scalar)(X).array
    np.testing.assert_allclose(h, numeric(ag.grad(scalar), X), atol=1e-6)
    v = np.linspace(-1, 1, 6).reshape(X.shape)
    np.testing.assert_allclose(ag.hvp(scalar, X, v).array, np.tensordot(h, v, 2), atol=1e-12)
    value, derivative = ag.linearize(f, X)
    np.testing.assert_allclose(value.array, f(ag.tensor(X)).array)
    np.testing.assert_allclose(derivative(v).array, ag.jvp(f, (X,), (v,))[1].array, atol=1e-12)


# The same number, by transforms nested in different orders; every row is a way to take a derivative of ``scalar``.
V = np.linspace(-1, 1, 6).reshape(X.shape)
NESTINGS = {
    "grad of jvp": lambda: ag.grad(lambda x: ag.jvp(scalar, (x,), (V,))[1])(X),
    "jvp of grad": lambda: ag.jvp(ag.grad(scalar), (X,), (V,))[1],
    "grad of grad": lambda: ag.grad(lambda x: (ag.grad(scalar)(x) * V).sum())(X),
    "vjp of grad": lambda: ag.vjp(ag.grad(scalar), X)[1](ag.tensor(V))[0],
    "jvp of vjp": lambda: ag.jvp(lambda x: ag.vjp(scalar, x)[1](ag.tensor(1.0))[0], (X,), (V,))[1],
    "checkpoint inside": lambda: ag.jvp(ag.grad(lambda x: ag.checkpoint(scalar, x)), (X,), (V,))[1],
    "grad of checkpoint of grad": lambda: ag.grad(lambda x: ag.checkpoint(lambda z: (ag.grad(scalar)(z) * V).sum(), x))(
        X
    ),
    "vmap of hvp": lambda: ag.vmap(lambda v: ag.hvp(scalar, X, v))(np.stack([V, 2 * V]))[0],
    "hvp of vmap": lambda: ag.hvp(lambda x: ag.vmap(scalar)(x[None]).sum(), X, V),
    "grad of vmap of grad": lambda: ag.grad(lambda x: (ag.vmap(ag.grad(scalar))(x[None])[0] * V).sum())(X),
    "vmap of vmap": lambda: ag.vmap(ag.vmap(lambda x: ag.jvp(ag.grad(scalar), (x,), (V,))[1]))(X[None, None])[0, 0],
    "linearize of grad": lambda: ag.linearize(ag.grad(scalar), X)[1](V),
    "jacobian of grad, times v": lambda: ag.tensordot(ag.jacobian(ag.grad(scalar), mode="reverse")(X), ag.tensor(V), 2),
}


@pytest.mark.parametrize("name", NESTINGS)
def test_nestings_agree(name):
    want = np.tensordot(numeric(ag.grad(scalar), X), V, 2)
    np.testing.assert_allclose(NESTINGS[name]().detach().array, want, atol=1e-6)


def test_perturbations_are_not_confused():
    # the classic trap: the derivative of x * (d/dy of x + y) is 1, not 2
    value = ag.jvp(lambda x: x * ag.jvp(lambda y: x + y, (1.0,), (1.0,))[1], (1.0,), (1.0,))[1]
    assert value.item() == 1.0
    assert ag.grad(lambda x: x * ag.grad(lambda y: x + y)(1.0))(1.0).item() == 1.0


def test_gradients_for_each_example():
    rng = np.random.default_rng(0)
    parameters = {"w": rng.normal(size=(3, 4)), "b": [rng.normal(size=4)]}
    xs, labels = rng.normal(size=(6, 3)), rng.integers(0, 4, 6)

    def loss(p, x, y):
        return ag.cross_entropy((ag.tanh(x @ p["w"]) + p["b"][0])[None], y[None])

    together = ag.vmap(ag.grad(loss), in_axes=(None, 0, 0))(parameters, xs, labels)
    for i in range(6):
        alone = ag.grad(loss)(parameters, ag.tensor(xs[i]), labels[i])
        np.testing.assert_allclose(together["w"].array[i], alone["w"].array, atol=1e-12)
        np.testing.assert_allclose(together["b"][0].array[i], alone["b"][0].array, atol=1e-12)


def test_axes_in_and_out():
    x, y = np.arange(12.0).reshape(3, 4), np.arange(4.0)
    assert ag.vmap(lambda a, b: a * b, in_axes=(1, 0), out_axes=1)(x, y).tolist() == (x * y).tolist()
    assert ag.vmap(lambda d: d["a"].sum() + d["b"], in_axes=({"a": 0, "b": None},))({"a": x, "b": y}).shape == (3, 4)
    first, second = ag.vmap(lambda a: (a, a.sum()), out_axes=(1, 0))(x)
    assert (first.shape, second.shape) == ((4, 3), (3,))
    assert ag.vmap(lambda a: ag.tensor([1.0, 2.0]))(x).shape == (3, 2)


def test_what_asks_for_a_number_runs_example_by_example():
    def branch(x):
        return x if x.sum() > 0 else -x

    with pytest.warns(UserWarning, match="example by example"):
        assert ag.vmap(branch)(np.array([[1.0, 2.0], [-3.0, 1.0]])).tolist() == [[1.0, 2.0], [3.0, -1.0]]


def test_wrong_use_is_named():
    with pytest.raises(ag.ShapeError, match="different numbers of examples"):
        ag.vmap(lambda a, b: a + b)(np.ones(2), np.ones(3))
    with pytest.raises(ag.ArgumentError, match="2 entries for 1"):
        ag.vmap(lambda a: a, in_axes=(0, 0))(np.ones(2))
    with pytest.raises(ag.ShapeError, match="no argument is batched"):
        ag.vmap(lambda a: a, in_axes=None)(np.ones(2))
    with pytest.raises(ag.ArgumentError, match="out_axes is None"):
        ag.vmap(lambda a: a, out_axes=None)(np.ones(2))
    with pytest.raises(ag.ShapeError, match="axis 1 is out of range"):
        ag.vmap(lambda a: a, in_axes=1)(np.ones(2))
    with pytest.raises(ag.ShapeError, match="a tangent is"):
        ag.jvp(ag.sin, (np.ones(2),), (np.ones(3),))
    with pytest.raises(ag.DtypeError, match="tuples of one length"):
        ag.jvp(ag.sin, np.ones(2), np.ones(2))
    with pytest.raises(ag.ShapeError, match="the value wants"):
        ag.vjp(ag.sin, np.ones(2))[1](ag.ones(3))
    with pytest.raises(ag.GradientError, match="backward: inside jvp or vmap"):
        ag.vmap(lambda a: a.sum().backward())(np.ones((2, 2)))


def test_a_value_that_leaves_its_transform_is_an_error():
    kept = []
    ag.vmap(lambda x: kept.append(x) or x)(np.ones(3))
    with pytest.raises(ag.GlassgradError):
        kept[0] + 1


def test_forward_mode_records_nothing():
    x = ag.tensor([1.0, 2.0])
    value, tangent = ag.jvp(lambda a: ag.exp(a) * a, (x,), (ag.ones(2),))
    assert not value.requires_grad
    assert not tangent.requires_grad


def test_threads_transform_at_once_without_mixing():
    def work(k):
        x = X * (k + 1)
        results = []
        for _ in range(5):
            with ag.record() as tape:
                results.append(ag.hvp(scalar, x, V).array)
            assert tape.recording.ops
            results.append(ag.vmap(ag.grad(scalar))(x[None]).array[0])
        return results

    alone = [work(k) for k in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for a, b in zip(pool.map(work, range(4)), alone, strict=True):
            for p, q in zip(a, b, strict=True):
                np.testing.assert_array_equal(p, q)
