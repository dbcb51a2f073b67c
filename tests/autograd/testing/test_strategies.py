"""The public strategies keep their promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd.testing import (
    arrays,
    assert_gradients,
    axes,
    broadcastable_arrays,
    index_expressions,
    kinked,
    matmul_arrays,
    matrices,
    shapes,
)


@given(x=arrays(shapes(1, 2, 0, 3), low=-1.0, high=3.0, avoid=(0.0,), margin=0.1))
def test_values_stay_in_their_domain(x):
    assert x.dtype == np.float64
    assert 1 <= x.ndim <= 2
    assert ((x >= -1) & (x <= 3) & (np.abs(x) >= 0.1)).all()


@given(x=arrays((2, 3), distinct=True))
def test_distinct_values_are_distinct(x):
    assert np.unique(x).size == 6


@given(xs=broadcastable_arrays(3))
def test_shapes_broadcast(xs):
    np.broadcast_shapes(*(x.shape for x in xs))


@given(pair=matmul_arrays())
def test_matrices_multiply(pair):
    np.matmul(*pair)


@given(data=st.data(), x=arrays())
def test_axes_are_valid(data, x):
    np.sum(x, axis=data.draw(axes(x.ndim)))


@given(x=arrays(low=0.1))
def test_right_gradients_pass(x):
    assert_gradients(lambda t: ag.log(t) * ag.sqrt(t), x)


def test_a_wrong_gradient_does_not_pass():
    @given(x=arrays(shapes(min_dims=1)))
    def check(x):
        assert_gradients(lambda t: t * t.detach(), x)

    with pytest.raises(ag.GradcheckError, match="argument 0"):
        check()


@given(x=matrices("positive", batched=True))
def test_positive_matrices_are_positive(x):
    assert (np.linalg.eigvalsh(x) > 0.9).all()


@given(x=matrices("singular"))
def test_singular_matrices_are_singular(x):
    assert np.linalg.matrix_rank(x) == x.shape[-1] - 1


@given(x=matrices(square=False, dtype=np.complex128))
def test_regular_matrices_are_well_conditioned(x):
    assert np.linalg.cond(x) < 3.1


@given(x=kinked([0.0, 1.0], (50,)))
def test_kinks_are_hit(x):
    assert np.isin(x, [0.0, 1.0]).any()


@given(index=index_expressions((3, 4)))
def test_indices_are_valid_and_gradients_come_back(index):
    x = np.arange(12.0).reshape(3, 4)
    assert ag.tensor(x)[index].shape == x[index].shape
    if x[index].size:
        assert_gradients(lambda t: t[index] ** 2, x)


@given(x=matrices("degenerate", gap=1e-9))
def test_degenerate_matrices_have_two_equal_eigenvalues(x):
    assert np.diff(np.linalg.eigvalsh(x)).min() < 1e-8


@given(x=arrays((3,), low=-1.0, high=1.0, avoid=(0.0,), margin=0.02))
def test_rounding_keeps_to_the_domain(x):
    assert ((np.abs(x) >= 0.02) & (np.abs(x) <= 1)).all()
