"""Ties: the value is the element itself, whatever its size; the gradient is shared."""

import numpy as np
import pytest

import autograd as ag


def _reduced(x, src, reduce, index=(0, 0), **params):
    return ag.scatter_reduce(ag.tensor(x), 0, ag.tensor(np.array(index)), ag.tensor(src), reduce, **params).array


@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("reduce", ["amax", "amin"])
@pytest.mark.parametrize(
    ("value", "dtype"), [(0.1, float), (1e308, float), (4e4, np.float16), (2**60 + 1, np.int64), (200, np.uint8)]
)
def test_a_tied_extreme_is_the_element(value, dtype, reduce, include_self):
    """Not a mean of equals, whose sum rounds, overflows or is another dtype."""
    y = _reduced(np.array([value, 0], dtype), np.array([value] * 2, dtype), reduce, include_self=include_self)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, np.array([value, 0], dtype))


@pytest.mark.parametrize("reduce", ["amax", "amin"])
def test_a_nan_is_the_extreme(reduce):
    """As in PyTorch: in the sources, and in the old value where it counts."""
    np.testing.assert_array_equal(_reduced([1.0, 0.0], [np.nan, 2.0], reduce), np.float32([np.nan, 0]))
    np.testing.assert_array_equal(_reduced([np.nan, 0.0], [3.0, 2.0], reduce), np.float32([np.nan, 0]))
    kept = _reduced([np.nan, 0.0], [2.0, 2.0], reduce, include_self=False)
    np.testing.assert_array_equal(kept, np.float32([2, 0]))


def test_extremes_of_infinities_without_the_old_value():
    """What fills a place before the search is no source and takes no gradient."""

    def f(src):
        return ag.scatter_reduce(ag.zeros(2), 0, ag.tensor([0, 0]), src, "amax", include_self=False).sum()

    np.testing.assert_array_equal(ag.grad(f)(ag.tensor([-np.inf, -np.inf])).array, [0.5, 0.5])


def test_many_sources_of_a_small_integer():
    """The sources of a place are counted in int64, not in the dtype of x."""
    src = np.ones(256, np.uint8)
    assert _reduced(np.zeros(1, np.uint8), src, "amax", [0] * 256) == 1
    assert _reduced(np.zeros(1, np.uint8), src, "mean", [0] * 256, include_self=False) == 1


def test_tied_sources_share_the_gradient_in_both_modes():
    """A third each for the old value and two sources, at every order and inside vmap."""
    x, src, index = ag.tensor([2.0, 5.0]), ag.tensor([2.0, 2.0, 1.0]), ag.tensor([0, 0, 0])

    def f(x, src):
        return ag.scatter_reduce(x, 0, index, src, "amax")

    g_x, g_src = ag.grad(lambda x, src: f(x, src).sum(), argnums=(0, 1))(x, src)
    np.testing.assert_allclose(g_x.array, [1 / 3, 1], rtol=1e-6)
    np.testing.assert_allclose(g_src.array, [1 / 3, 1 / 3, 0], rtol=1e-6)
    _, t = ag.jvp(f, (x, src), (ag.tensor([3.0, 1.0]), ag.tensor([6.0, 9.0, 7.0])))
    np.testing.assert_allclose(t.array, [6, 1], rtol=1e-6)
    rows = ag.vmap(ag.grad(lambda src: f(x, src).sum()))(ag.stack([src, src + 1]))
    np.testing.assert_allclose(rows.array, [[1 / 3, 1 / 3, 0], [0.5, 0.5, 0]], rtol=1e-6)


@pytest.mark.parametrize(("value", "dtype"), [(0.1, float), (1e308, float), (4e4, np.float16), (np.inf, float)])
def test_a_tied_order_statistic_is_the_element(value, dtype):
    """Of nanmedian, of q that wants gradients, and of q that differs by example."""
    x = ag.tensor(np.array([value] * 3, dtype))
    q = ag.tensor(np.array([0.0, 0.5, 1.0]))
    wanted = np.array([value] * 3, dtype)
    np.testing.assert_array_equal(ag.nanmedian(x).array, wanted[0])
    np.testing.assert_array_equal(ag.nanquantile(x, q).array, wanted)
    np.testing.assert_array_equal(ag.vmap(lambda q: ag.quantile(x, q))(q).array, wanted)
    if np.isfinite(value):
        q = q.clone().requires_grad_()
        np.testing.assert_array_equal(ag.quantile(x, q).array, wanted)


def test_tied_order_statistics_share_the_gradient_in_both_modes():
    """Among the numbers alone."""
    x = ag.tensor([1.0, np.nan, 1.0, 0.0])
    np.testing.assert_array_equal(ag.grad(ag.nanmedian)(x).array, [0.5, 0, 0.5, 0])
    _, t = ag.jvp(ag.nanmedian, (x,), (ag.tensor([2.0, np.nan, 4.0, 9.0]),))
    assert t.item() == 3
    rows = ag.vmap(ag.grad(ag.nanmedian))(ag.stack([x, ag.tensor([3.0, 2.0, 2.0, 2.0])]))
    np.testing.assert_allclose(rows.array, [[0.5, 0, 0.5, 0], [0, 1 / 3, 1 / 3, 1 / 3]], rtol=1e-6)
