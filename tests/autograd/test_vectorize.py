from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autograd as ag
from autograd import vectorize


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
    with pytest.raises(ag.ArgumentError, match="it has 2 entries; 1 entries wanted"):
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


# ------------------------------------------------------------------------------- what each op must do with a whole batch


@pytest.fixture
def _no_loop():
    vectorize._warned.clear()
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "vmap:", UserWarning)
        yield


RNG = np.random.default_rng(3)
T = RNG.normal(size=(4, 3, 5, 2))
PLACE, LISTS = np.array([0, 2, -1, 1]), np.array([[0, 3], [1, 1], [2, 0], [3, -1]])
INDEXED = {
    "x[i]": lambda x, i, j: x[i],
    "x[:, j]": lambda x, i, j: x[:, j],
    "x[..., i]": lambda x, i, j: ag.swapaxes(x, 0, 2)[..., i],
    "x[i, j]": lambda x, i, j: x[i, j],
    "x[j, :, i]": lambda x, i, j: ag.swapaxes(x, 0, 1)[j, :, ag.abs(i) // 2],
    "x[1, j]": lambda x, i, j: x[1, j],
    "x[known, j]": lambda x, i, j: x[np.array([0, 2]), j],
    "x[None, 1:, j, None]": lambda x, i, j: x[None, 1:, j, None],
    "take": lambda x, i, j: ag.take(x, j, 1),
    "gather": lambda x, i, j: ag.gather(x[..., 0], 1, ag.stack([j, j, j], 0)),
    "index_select": lambda x, i, j: ag.index_select(x, 1, j),
    "x[:, j] = 1": lambda x, i, j: ag.setitem(x, (slice(None), j), 1.0),
    "x[i, :, 1] = v": lambda x, i, j: ag.setitem(x, (i, slice(None), 1), x[0, :, 0] * 2),
    "index_add": lambda x, i, j: ag.index_add(x, 1, j, x[:, :2]),
    "masked_fill": lambda x, i, j: ag.masked_fill(x, x > 0, 0.5),
    "x[mask] = v": lambda x, i, j: ag.setitem(x, x[..., 0] > 0, 0.5),
    "argmax": lambda x, i, j: x.take_along_axis(ag.argmax(x, 1, keepdims=True), 1),
    "x[argmax]": lambda x, i, j: x[ag.argmax(x[:, 0, 0])],
    "sort": lambda x, i, j: ag.sort(x, 1)[:, :2],
    "topk": lambda x, i, j: ag.topk(x, 2, 1).values * ag.topk(x, 2, 0).indices[:2].sum(),
    "where": lambda x, i, j: ag.where(x > 0, ag.sqrt(ag.where(x > 0, x, 1.0)), i),
    "clip": lambda x, i, j: ag.clip(x, x[0, 0, 0].detach() - 1, i),
    "median": lambda x, i, j: ag.median(x, 1),
    "quantile": lambda x, i, j: ag.quantile(x, ag.abs(i) / 3, 1),
    "quantiles": lambda x, i, j: ag.quantile(x, ag.abs(j) / 3, (0, 2), keepdims=True, method="nearest"),
    "embedding": lambda x, i, j: ag.embedding(j[:1], x[0], padding_idx=0),
    "one_hot": lambda x, i, j: ag.one_hot(ag.abs(j), 4) * x[0, 0, 0],
    "searchsorted": lambda x, i, j: ag.searchsorted(ag.sort(x[0, :, 0]), x[1, :, 1]) * x[0, :, 0],
    "digitize": lambda x, i, j: ag.digitize(x, np.array([-1.0, 0.0, 1.0])) * x,
}  # fmt: skip


@pytest.mark.usefixtures("_no_loop")
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("name", INDEXED)
def test_indices_and_choices_of_each_example(name, shared):
    def f(x, i, j):
        return INDEXED[name](x, i, j)

    def loss(x, i, j):
        return (f(x, i, j) ** 2).sum()

    x, axis = (T[0], None) if shared else (T, 0)
    values = ag.vmap(f, (axis, 0, 0))(x, PLACE, LISTS)
    gradients = ag.vmap(ag.grad(loss), (axis, 0, 0))(x, PLACE, LISTS)
    moved = ag.vmap(lambda *a: ag.jvp(lambda x: f(x, *a[1:]), (a[0],), (ag.cos(a[0]),))[1], (axis, 0, 0))(
        x, PLACE, LISTS
    )
    for k in range(4):
        one = ag.tensor(x if shared else x[k]), ag.tensor(PLACE[k]), ag.tensor(LISTS[k])
        np.testing.assert_allclose(values.array[k], f(*one).array, atol=1e-12)
        np.testing.assert_allclose(gradients.array[k], ag.grad(loss)(*one).array, atol=1e-12)
        want = ag.jvp(lambda x, one=one: f(x, *one[1:]), (one[0],), (ag.cos(one[0]),))[1]
        np.testing.assert_allclose(moved.array[k], want.array, atol=1e-12)


@pytest.mark.usefixtures("_no_loop")
def test_values_that_differ_are_written_into_a_tensor_that_does_not():
    def f(v):
        x = ag.zeros(3, dtype="float64")
        x[1] = v
        x += v
        x[0] *= 2
        return x

    v = np.array([1.0, 2.0, 3.0])
    want = np.stack([2 * v, 2 * v, v], 1)
    assert ag.vmap(f)(v).tolist() == want.tolist()
    with ag.no_grad():
        assert ag.vmap(f)(v).tolist() == want.tolist()
    assert ag.vmap(ag.grad(lambda v: f(v).sum()))(v).tolist() == [5.0, 5.0, 5.0]
    assert ag.jvp(f, (v[0],), (1.0,))[1].tolist() == [2.0, 2.0, 1.0]  # the write keeps the tangent
    assert ag.vmap(lambda v: ag.jvp(f, (v,), (v,))[1])(v).tolist() == want.tolist()
    assert ag.jvp(ag.vmap(f), (v,), (v,))[1].tolist() == want.tolist()

    def at(i):
        x = ag.zeros(3)
        x[i] = 1.0
        return x

    assert ag.vmap(at)(np.array([2, 0])).tolist() == [[0, 0, 1], [1, 0, 0]]


@pytest.mark.usefixtures("_no_loop")
def test_a_write_into_a_tensor_from_outside_ends_with_the_vmap():
    kept = ag.zeros(2)

    def f(a, b):
        kept[0] = a
        inner = ag.vmap(lambda c: kept.__setitem__(1, c) or kept * 1.0)(b)
        return inner, kept * 1.0

    inner, after = ag.vmap(f, (0, None))(np.array([1.0, 2.0]), np.array([5.0, 7.0]))
    assert inner.tolist() == [[[1, 5], [1, 7]], [[2, 5], [2, 7]]]
    assert after.tolist() == [[1, 0], [2, 0]]
    assert type(kept) is ag.Tensor
    assert kept.tolist() == [0, 0]


def test_a_mask_of_each_example_is_an_error_that_names_where():
    x = RNG.normal(size=(3, 4))
    with pytest.raises(ag.ShapeError, match=r"where\(mask, x, 0\)"):
        ag.vmap(lambda x: x[x > 0])(x)
    with pytest.raises(ag.ShapeError, match=r"where\(mask, v, x\)"):
        ag.vmap(lambda x: ag.setitem(x, x > 0, ag.ones(2)))(x)
    with pytest.raises(ag.RangeError, match="out of bounds"):
        ag.vmap(lambda x, i: x[i])(x, np.array([0, 1, 4]))


@pytest.mark.usefixtures("_no_loop")
def test_one_bad_example_is_an_error_of_all():
    good = np.array([[2.0, 1.0], [1.0, 3.0]])
    with pytest.raises(ag.LinAlgError, match="ingular"):
        ag.vmap(ag.linalg.inv)(np.stack([good, np.ones((2, 2))]))
    with pytest.raises(ag.GradientError, match="equal values"):
        ag.vmap(ag.grad(lambda x: ag.linalg.eigh(x).eigenvectors.sum()))(np.stack([good, np.eye(2)]))
    with pytest.raises(ag.GradientError, match="equal values"):
        ag.vmap(lambda x: ag.jvp(lambda x: ag.linalg.svd(x).U, (x,), (ag.cos(x),))[1])(np.stack([good, np.eye(2)]))
    with pytest.raises(ag.GradientError, match="equal values"):
        ag.jacobian(lambda x: ag.linalg.eigh(x).eigenvectors, mode="reverse")(np.eye(2))
    logits = RNG.normal(size=(2, 3, 4))
    with pytest.raises(ag.RangeError, match=r"target\[1, 2\] is 9"):
        ag.vmap(ag.cross_entropy)(logits, np.array([[0, 1, 2], [3, 0, 9]]))
    with pytest.raises(ag.RangeError, match="multi_margin_loss"):
        ag.vmap(ag.multi_margin_loss)(logits, np.array([[0, 1, 2], [3, 0, 9]]))
    with pytest.raises(ag.RangeError, match="quantiles lie"):
        ag.vmap(lambda x, q: ag.quantile(x, q))(logits, np.array([0.5, 2.0]))


@pytest.mark.usefixtures("_no_loop")
def test_conventions_hold_for_each_example():
    matrices = np.stack([np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([[1.0, 2.0], [2.0, 4.0]]), np.zeros((2, 2))])
    cofactors = np.stack([[[m[1, 1], -m[1, 0]], [-m[0, 1], m[0, 0]]] for m in matrices])
    np.testing.assert_allclose(ag.vmap(ag.grad(ag.linalg.det))(matrices).array, cofactors, atol=1e-12)
    second = ag.vmap(ag.hessian(ag.linalg.det))(matrices).array.reshape(3, 4, 4)
    np.testing.assert_allclose(
        second, np.broadcast_to(np.fliplr(np.diag([1.0, -1.0, -1.0, 1.0])), (3, 4, 4)), atol=1e-9
    )
    alike = ag.vmap(ag.grad(lambda x: ag.linalg.eigvalsh(x).sum()))(np.stack([np.eye(2), matrices[0]]))
    np.testing.assert_allclose(alike.array, np.stack([np.eye(2)] * 2), atol=1e-12)
    ties = ag.vmap(ag.grad(lambda x, q: ag.quantile(x, q)), (0, 0))(
        np.array([[1.0, 1, 1], [3, 1, 2]]), np.array([0.5] * 2)
    )
    np.testing.assert_allclose(ties.array, [[1 / 3] * 3, [0, 0, 1]])


@pytest.mark.usefixtures("_no_loop")
def test_labels_and_lengths_of_each_example():
    scores, labels = RNG.normal(size=(3, 2, 4)), RNG.integers(0, 4, (3, 2))
    lists = np.array([[[3, 0, -1, 1]] * 2, [[1, -1, 2, 0]] * 2, [[0, 1, 2, 3]] * 2])
    emissions = RNG.normal(size=(3, 6, 2, 4))
    targets, lengths = RNG.integers(1, 4, (3, 2, 3)), np.array([[3, 2], [1, 0], [2, 3]])
    mask = RNG.random((3, 2, 4)) < 0.5
    mask[:, 0] = False
    for f, args in (
        (ag.cross_entropy, (scores, labels)),
        (lambda x, t: ag.cross_entropy(x, t, ignore_index=1, label_smoothing=0.1), (scores, labels)),
        (ag.nll_loss, (scores, labels)),
        (ag.multi_margin_loss, (scores, labels)),
        (ag.multilabel_margin_loss, (scores, lists)),
        (lambda x, t, n: ag.ctc_loss(ag.log_softmax(x, 2), t, (6, 6), n), (emissions, targets, lengths)),
        (lambda q, m: ag.scaled_dot_product_attention(q, q, q, m[:, :2]), (scores, mask)),
    ):  # fmt: skip
        values, gradients = (
            ag.vmap(f)(*args),
            ag.vmap(ag.grad(f))(*args) if f(*(ag.tensor(a[0]) for a in args)).ndim == 0 else None,
        )
        for k in range(3):
            one = [ag.tensor(a[k]) for a in args]
            np.testing.assert_allclose(values.array[k], f(*one).array, atol=1e-12)
            if gradients is not None:
                np.testing.assert_allclose(gradients.array[k], ag.grad(f)(*one).array, atol=1e-12)


@pytest.mark.usefixtures("_no_loop")
def test_dropout_draws_for_each_example_and_an_empty_batch_has_results():
    dropped = ag.vmap(lambda x: ag.dropout(x, 0.5))(np.ones((6, 64))).array
    assert set(np.unique(dropped)) == {0.0, 2.0}
    assert len({row.tobytes() for row in dropped}) == 6

    def f(x, w, i):
        image = ag.conv2d(x[None, None], w)
        return ag.max_pool2d(image, 2)[0, 0], x[i], ag.einsum("ij,kj->ik", x, x), ag.quantile(x, 0.3, 1)

    shapes = [y.shape for y in ag.vmap(f)(np.ones((0, 5, 5)), np.ones((0, 1, 1, 2, 2)), np.ones(0, dtype=int))]
    assert shapes == [(0, 2, 2), (0, 5), (0, 5, 5), (0, 5)]
    assert ag.vmap(ag.grad(lambda x, w: f(x, w, 0)[0].sum()))(np.ones((0, 5, 5)), np.ones((0, 1, 1, 2, 2))).shape == (
        0,
        5,
        5,
    )


@pytest.mark.usefixtures("_no_loop")
def test_jacobian_of_a_fused_loss():
    x, labels = RNG.normal(size=(3, 4)), np.array([0, 3, 1])
    f = lambda x: ag.cross_entropy(x, labels, reduction="none")  # noqa: E731
    np.testing.assert_allclose(
        ag.jacobian(f, mode="reverse")(x).array, ag.jacobian(f, mode="forward")(x).array, atol=1e-12
    )


def test_axes_of_results_and_what_is_no_tensor():
    with pytest.raises(ag.ShapeError, match=r"vmap: out_axes=4 is out of range for a result of shape \(\)"):
        ag.vmap(lambda x: x, out_axes=4)(np.ones(3))
    with pytest.raises(ag.DtypeError, match="vjp: the function returned a str"):
        ag.jacobian(lambda x: "text")(np.ones(3))
    assert ag.jacobian(lambda x: 3.0)(np.ones(3)).tolist() == [0.0, 0.0, 0.0]


def test_choices_and_points_of_each_example():
    rng = np.random.default_rng(0)
    index, arrays = np.array([[0, 1], [1, 0]]), list(rng.normal(size=(2, 2, 2)))
    y = ag.vmap(lambda i, a, b: ag.choose(i, [a, b]))(*map(ag.tensor, (index, *arrays)))
    np.testing.assert_array_equal(y.array, np.choose(index, arrays))
    places, values = np.sort(rng.normal(size=(2, 4))), rng.normal(size=(2, 4))
    x = np.concatenate([rng.normal(size=(2, 3)), places[:, 1:]], 1)  # between the knots, and on them
    z = ag.vmap(ag.interp)(*map(ag.tensor, (x, places, values)))
    np.testing.assert_allclose(z.array, [np.interp(*row) for row in zip(x, places, values, strict=True)], rtol=1e-12)
