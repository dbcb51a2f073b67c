"""PyTorch as the oracle: values, first and second gradients of the ops, over shapes that Hypothesis draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd.testing import arrays, axes, broadcastable_arrays, matmul_arrays, shapes

torch = pytest.importorskip("torch", reason="PyTorch is the oracle of these tests")
FEW = settings(max_examples=15)


def agree(ours, theirs, *inputs, second=True, rtol=1e-9, atol=1e-10):
    """Values, gradients against a fixed cotangent, and gradients of the gradients' weighed sum."""
    xs = [ag.tensor(a, requires_grad=True) for a in inputs]
    ts = [torch.tensor(a, requires_grad=True) for a in inputs]
    y, t = ours(*xs), theirs(*ts)
    np.testing.assert_allclose(y.detach().array, t.detach().numpy(), rtol=rtol, atol=atol)
    if not t.requires_grad or t.numel() == 0:
        return
    weights = np.random.default_rng(3).uniform(0.5, 1.5, t.shape)
    got = ag.gradients(y, xs, ag.tensor(weights), create_graph=second, allow_unused=True)
    want = torch.autograd.grad(t, ts, torch.tensor(weights), create_graph=second, allow_unused=True)
    compare(got, want, inputs, rtol, atol)
    if second:
        ours_sum = sum(((g * g).sum() for g in got if g is not None and g.requires_grad), ag.tensor(0.0))
        theirs_sum = sum(((g * g).sum() for g in want if g is not None and g.requires_grad), torch.tensor(0.0))
        if ours_sum.requires_grad and theirs_sum.requires_grad:
            compare(
                ag.gradients(ours_sum, xs, allow_unused=True),
                torch.autograd.grad(theirs_sum, ts, allow_unused=True),
                inputs, rtol, atol,
            )  # fmt: skip


def compare(got, want, inputs, rtol, atol):
    for g, w, x in zip(got, want, inputs, strict=True):
        zero = np.zeros_like(x)
        np.testing.assert_allclose(
            zero if g is None else g.detach().array, zero if w is None else w.detach().numpy(), rtol=rtol, atol=atol
        )


UNARY = {
    "negative": (torch.neg, {}), "square": (torch.square, {}), "sqrt": (torch.sqrt, {"low": 0.1}),
    "reciprocal": (torch.reciprocal, {"avoid": (0.0,), "margin": 0.3}), "abs": (torch.abs, {"avoid": (0.0,)}),
    "exp": (torch.exp, {}), "expm1": (torch.expm1, {}), "log": (torch.log, {"low": 0.1}),
    "log1p": (torch.log1p, {"low": -0.8}), "sin": (torch.sin, {}), "cos": (torch.cos, {}),
    "tan": (torch.tan, {"low": -1.2, "high": 1.2}), "arcsin": (torch.asin, {"low": -0.9, "high": 0.9}),
    "arccos": (torch.acos, {"low": -0.9, "high": 0.9}), "arctan": (torch.atan, {}), "sinh": (torch.sinh, {}),
    "cosh": (torch.cosh, {}), "tanh": (torch.tanh, {}), "arcsinh": (torch.asinh, {}),
    "arccosh": (torch.acosh, {"low": 1.2, "high": 4.0}), "arctanh": (torch.atanh, {"low": -0.9, "high": 0.9}),
    "erf": (torch.erf, {}), "relu": (torch.relu, {"avoid": (0.0,)}), "sigmoid": (torch.sigmoid, {}),
    "softplus": (torch.nn.functional.softplus, {}), "silu": (torch.nn.functional.silu, {}),
    "gelu": (torch.nn.functional.gelu, {}), "copy": (torch.clone, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", UNARY)
@FEW
@given(data=st.data())
def test_unary(name, data):
    theirs, domain = UNARY[name]
    agree(getattr(ag.ops, name), theirs, data.draw(arrays(shapes(min_side=0), **domain)))


BINARY = {
    "add": (torch.add, {}), "subtract": (torch.sub, {}), "multiply": (torch.mul, {}),
    "divide": (torch.div, {"avoid": (0.0,), "margin": 0.3}), "power": (torch.pow, {"low": 0.3}),
    "maximum": (torch.maximum, {}), "minimum": (torch.minimum, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", BINARY)
@FEW
@given(data=st.data())
def test_binary_with_broadcasting(name, data):
    theirs, domain = BINARY[name]
    agree(getattr(ag, name), theirs, *data.draw(broadcastable_arrays(**domain)))


@FEW
@given(pair=broadcastable_arrays(3))
def test_where_and_clip(pair):
    c, a, b = pair
    agree(lambda x, y: ag.where(c > 0, x, y), lambda x, y: torch.where(torch.tensor(c > 0), x, y), a, b)
    agree(lambda x: ag.clip(x, -0.5, 1.0), lambda x: torch.clamp(x, -0.5, 1.0), a)
    agree(lambda x: ag.gelu(x, "tanh"), lambda x: torch.nn.functional.gelu(x, approximate="tanh"), a)


@FEW
@given(data=st.data(), keepdims=st.booleans())
def test_reductions(data, keepdims):
    x = data.draw(arrays(shapes(min_dims=1), distinct=True))
    axis = data.draw(axes(x.ndim))
    dims = tuple(range(x.ndim)) if axis is None else axis
    for ours, theirs in (
        (ag.sum, torch.sum), (ag.mean, torch.mean), (ag.max, torch.amax), (ag.min, torch.amin),
        (ag.logsumexp, torch.logsumexp),
    ):  # fmt: skip
        agree(lambda t, f=ours: f(t, axis, keepdims), lambda t, f=theirs: f(t, dims, keepdim=keepdims), x)
    agree(lambda t: ag.var(t, axis, keepdims=keepdims), lambda t: torch.var(t, dims, correction=0, keepdim=keepdims), x)
    one = data.draw(st.integers(-x.ndim, x.ndim - 1))
    agree(lambda t: ag.softmax(t, one), lambda t: torch.softmax(t, one), x)
    agree(lambda t: ag.log_softmax(t, one), lambda t: torch.log_softmax(t, one), x)
    agree(lambda t: ag.cumsum(t, one), lambda t: torch.cumsum(t, one), x)
    agree(lambda t: ag.flip(t, one), lambda t: torch.flip(t, (one,)), x)
    assert ag.argmax(ag.tensor(x), one).tolist() == torch.tensor(x).argmax(one).tolist()


@given(x=arrays((3, 4)))
@FEW
def test_ties_are_shared_as_amax_does(x):
    tied = np.round(x)
    agree(lambda t: ag.max(t, 1), lambda t: torch.amax(t, 1), tied, second=False)
    agree(lambda t: ag.min(t), lambda t: torch.amin(t, (0, 1)), tied, second=False)


@settings(max_examples=40)
@given(pair=matmul_arrays())
def test_matmul(pair):
    agree(ag.matmul, torch.matmul, *pair)


@pytest.mark.parametrize(
    ("subscripts", "sizes"),
    [
        ("ij,jk->ik", [(2, 3), (3, 4)]), ("bij,bjk->bik", [(2, 2, 3), (2, 3, 2)]), ("ij->j", [(2, 3)]),
        ("ii->i", [(3, 3)]),
        ("ii", [(3, 3)]), ("...ij,...jk->...ik", [(2, 2, 3), (3, 2)]), ("i,j->ij", [(2,), (3,)]),
        ("ij,j", [(2, 3), (3,)]),
        ("ij,kl->i", [(2, 3), (2, 2)]), ("a,ab,bc->c", [(2,), (2, 3), (3, 2)]), ("iij,j->i", [(2, 2, 3), (3,)]),
    ],
)  # fmt: skip
def test_einsum(subscripts, sizes):
    rng = np.random.default_rng(0)
    inputs = [rng.normal(size=s) for s in sizes]
    agree(lambda *xs: ag.einsum(subscripts, *xs), lambda *xs: torch.einsum(subscripts, *xs), *inputs)


INDICES = [
    1, -1, slice(None, None, 2), (slice(1, None), 2), (None, 1), (Ellipsis, 0), (slice(None), None, slice(0, 2)),
    np.array([0, 2, 0]), (np.array([0, 1]), np.array([3, 3])), (slice(0, 2), np.array([[1, 1], [0, 2]])),
    np.arange(12).reshape(3, 4) % 3 == 0, (np.array([True, False, True]), 1),
]  # fmt: skip


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_indexing_and_assignment(index):
    def on_torch(i):
        part = lambda p: torch.tensor(p) if isinstance(p, np.ndarray) else p  # noqa: E731
        return tuple(map(part, i)) if isinstance(i, tuple) else part(i)

    x = np.random.default_rng(0).normal(size=(3, 4))
    agree(lambda t: t[index] ** 2, lambda t: t[on_torch(index)] ** 2, x)

    def assign(t, value, i):
        y = t * 1
        y[i] = value * 1
        return y * y

    value = np.array(0.7)
    if has_duplicates(index):  # PyTorch counts every write; finite differences know that the last one stays
        assert ag.gradgradcheck(lambda t, v: assign(t, v, index), [x, value])
        assert ag.gradcheck(lambda t, v: assign(t, v, index), [x, value])
    else:
        agree(lambda t, v: assign(t, v, index), lambda t, v: assign(t, v, on_torch(index)), x, value)


def has_duplicates(index):
    places = np.arange(12).reshape(3, 4)[index]
    return np.unique(places).size < places.size


@FEW
@given(data=st.data())
def test_shape_ops(data):
    x = data.draw(arrays((2, 3, 4)))
    order = data.draw(st.permutations(range(3)))
    agree(lambda t: ag.permute_dims(t, order), lambda t: t.permute(*order), x)
    agree(lambda t: t.reshape(4, -1), lambda t: t.reshape(4, -1), x)
    agree(lambda t: ag.expand(t[:, :1], 2, 5, -1), lambda t: t[:, :1].expand(2, 5, -1), x)
    agree(lambda t: ag.concat([t, t * 2], -1), lambda t: torch.cat([t, t * 2], -1), x)
    agree(lambda t: ag.stack([t, t * 2], 1), lambda t: torch.stack([t, t * 2], 1), x)
    agree(lambda t: ag.split(t, [1, 3], 2)[1] ** 2, lambda t: torch.split(t, [1, 2, 1], 2)[1] ** 2, x)
    agree(
        lambda t: ag.pad(t, ((0, 0), (1, 2), (0, 1)), 0.5),
        lambda t: torch.nn.functional.pad(t, (0, 1, 1, 2), value=0.5),
        x,
    )
    picks = data.draw(arrays((2, 3, 2), low=0, high=4)).astype(np.int64).clip(0, 3)
    agree(lambda t: ag.take_along_axis(t, picks, 2), lambda t: torch.take_along_dim(t, torch.tensor(picks), 2), x)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 99), stride=st.tuples(st.integers(1, 3), st.integers(1, 2)), bias=st.booleans(),
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)), dilation=st.integers(1, 2), groups=st.sampled_from([1, 2]),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
)  # fmt: skip
def test_conv2d(seed, stride, bias, padding, dilation, groups, kernel):
    rng = np.random.default_rng(seed)
    inputs = [rng.normal(size=(2, 4, 6, 5)), rng.normal(size=(2 * groups, 4 // groups, *kernel))]
    inputs += [rng.normal(size=2 * groups)] if bias else []
    ours = lambda x, w, b=None: ag.conv2d(x, w, b, stride, padding, dilation, groups)  # noqa: E731
    theirs = lambda x, w, b=None: torch.nn.functional.conv2d(x, w, b, stride, padding, dilation, groups)  # noqa: E731
    agree(ours, theirs, *inputs)


@FEW
@given(
    x=arrays((2, 2, 6, 5), distinct=True), kernel=st.tuples(st.integers(1, 3), st.integers(2, 3)),
    stride=st.integers(1, 3), padding=st.integers(0, 1),
)  # fmt: skip
def test_pooling(x, kernel, stride, padding):
    padding = (min(padding, kernel[0] // 2), padding)
    f = torch.nn.functional
    agree(lambda t: ag.max_pool2d(t, kernel, stride, padding), lambda t: f.max_pool2d(t, kernel, stride, padding), x)
    agree(lambda t: ag.avg_pool2d(t, kernel, stride, padding), lambda t: f.avg_pool2d(t, kernel, stride, padding), x)
    tied = np.round(x)
    agree(
        lambda t: ag.max_pool2d(t, kernel, stride, padding), lambda t: f.max_pool2d(t, kernel, stride, padding), tied,
        second=False,
    )  # fmt: skip


@settings(max_examples=40)
@given(
    seed=st.integers(0, 99), reduction=st.sampled_from(["mean", "sum", "none"]), smoothing=st.sampled_from([0.0, 0.2]),
    weighted=st.booleans(), ignore=st.booleans(), extra=st.sampled_from([(), (2,), (2, 3)]), soft=st.booleans(),
)  # fmt: skip
def test_cross_entropy(seed, reduction, smoothing, weighted, ignore, extra, soft):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(5, 4, *extra))
    weight = rng.uniform(0.5, 2, 4) if weighted else None
    labels = rng.integers(0, 4, (5, *extra))
    if ignore:
        labels[0] = -100
    target = rng.dirichlet(np.ones(4), (5, *extra)).swapaxes(1, -1).reshape(x.shape) if soft else labels
    w = (None if weight is None else ag.tensor(weight), None if weight is None else torch.tensor(weight))
    agree(
        lambda t: ag.cross_entropy(t, ag.tensor(target), w[0], -100, reduction, smoothing),
        lambda t: torch.nn.functional.cross_entropy(
            t, torch.tensor(target), w[1], reduction=reduction, label_smoothing=smoothing),
        x,
    )  # fmt: skip
    if not soft and not smoothing:
        agree(
            lambda t: ag.nll_loss(t, ag.tensor(labels), w[0], -100, reduction),
            lambda t: torch.nn.functional.nll_loss(t, torch.tensor(labels), w[1], reduction=reduction),
            x,
        )
    y = rng.normal(size=x.shape)
    agree(
        lambda a, b: ag.mse_loss(a, b, reduction), lambda a, b: torch.nn.functional.mse_loss(a, b, reduction=reduction),
        x, y,
    )  # fmt: skip


@FEW
@given(shape=shapes(0, 2, 0, 3))
def test_linear(shape):
    rng = np.random.default_rng(0)
    agree(
        ag.linear, torch.nn.functional.linear, rng.normal(size=(*shape, 3)), rng.normal(size=(2, 3)), rng.normal(size=2)
    )
