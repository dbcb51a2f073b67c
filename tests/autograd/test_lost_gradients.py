"""Where a value would leave the graph unseen: it is kept, or a warning or an error says so."""

import numpy as np
import pytest

import autograd as ag


@pytest.fixture
def v():
    """Two numbers."""
    return ag.tensor([1.0, 2.0])


def _from_list(v):
    return ag.asarray([[v[0] * 2, 3.0], [v[1], v[0]]])


def test_asarray_of_a_list_keeps_gradients(v):
    """In reverse and forward mode, inside vmap, and with numbers among the Tensors."""
    np.testing.assert_array_equal(_from_list(v).array, np.float32([[2, 3], [2, 1]]))
    np.testing.assert_array_equal(ag.grad(lambda v: (_from_list(v) ** 2).sum())(v).array, [10, 4])
    _, t = ag.jvp(_from_list, (v,), (ag.tensor([1.0, 10.0]),))
    np.testing.assert_array_equal(t.array, [[2, 0], [10, 1]])
    rows = ag.vmap(ag.grad(lambda v: (_from_list(v) ** 2).sum()))(ag.stack([v, 2 * v]))
    np.testing.assert_array_equal(rows.array, [[10, 4], [20, 8]])


def test_asarray_of_a_list_keeps_the_dtype():
    """That of the Tensors, as where a gradient is wanted; a dtype that is given comes first."""
    x = ag.tensor(np.array(0.1))
    assert ag.asarray([x, 2.0]).dtype == np.float64
    assert ag.asarray([x, 2.0], dtype="float32").dtype == np.float32
    assert ag.asarray([ag.tensor(1), 2]).dtype == np.int64
    assert ag.asarray([ag.tensor(1), 2.5]).array.tolist() == [1, 2.5]
    with pytest.raises(ag.ArgumentError, match="copy=False"):
        ag.asarray([x], copy=False)


def test_tensor_of_recorded_values_warns(v):
    """The copy is a leaf of its own."""
    with pytest.warns(UserWarning, match="none flows to it from the copy"):
        ag.grad(lambda v: (ag.tensor([v[0] * 2, v[1]]) * v).sum())(v)
    with pytest.warns(UserWarning, match="none flows to it from the copy"):
        ag.tensor(v.requires_grad_())
    with ag.no_grad():
        ag.tensor([v[0], v[1]])  # nothing is recorded: nothing is lost


def test_tensor_and_numpy_of_values_with_a_tangent_raise(v):
    """The tangent would be 0."""
    for leave in (lambda v: ag.tensor([v[0], v[1]]), ag.tensor):
        with pytest.raises(ag.GradientError, match=r"tensor: data holds a value inside jvp.*Use asarray"):
            ag.jvp(leave, (v,), (v,))
    for leave in (np.array, lambda v: np.array([v[0], v[1]])):
        with pytest.raises(ag.GradientError, match="numpy: this value has a tangent"):
            ag.jvp(lambda v, leave=leave: v * leave(v), (v,), (v,))
        with pytest.raises(ag.GradientError, match="numpy: this Tensor belongs to a graph"):
            ag.grad(lambda v, leave=leave: (v * leave(v)).sum())(v)


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (ag.hardshrink, "hardshrink: lambd requires a gradient"),
        (lambda x, p: ag.threshold(x, p, 0.0), "threshold: threshold requires a gradient"),
        (lambda x, p: ag.linalg.pinv(ag.stack([x, x]), p), "pinv: rtol requires a gradient"),
        (lambda x, p: ag.poisson_nll_loss(x, x, eps=p), "poisson_nll_loss: eps requires a gradient"),
    ],
)
def test_parameters_without_slope_say_so(v, f, message):
    """In both modes; as constants they may be Tensors."""
    p = ag.tensor(0.5)
    f(v, p)
    with pytest.raises(ag.ArgumentError, match=message):
        ag.grad(lambda p: f(v, p).sum())(p)
    with pytest.raises(ag.ArgumentError, match=message):
        ag.jvp(lambda p: f(v, p), (p,), (p,))


def test_eps_of_poisson_nll_loss_has_a_gradient(v):
    """Where the logarithm sees it."""
    eps = ag.tensor(0.5)
    slope = ag.grad(lambda eps: ag.poisson_nll_loss(v, v, log_input=False, eps=eps))(eps)
    np.testing.assert_allclose(slope.array, -(1 / 1.5 + 2 / 2.5) / 2, rtol=1e-6)
