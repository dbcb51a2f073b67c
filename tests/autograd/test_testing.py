"""The public strategies keep their promises, and find planted errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd.testing import arrays, assert_gradients, axes, broadcastable_arrays, matmul_arrays, shapes


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
