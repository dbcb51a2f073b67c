"""Conventions and errors of linear algebra that the op table and PyTorch do not show."""

from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
from autograd import linalg


def test_a_matrix_that_does_not_allow_it_is_numpys_error_too() -> None:
    for call in (
        lambda: linalg.inv(ag.zeros((2, 2))),
        lambda: linalg.solve(ag.zeros((2, 2)), ag.ones(2)),
        lambda: linalg.cholesky(-ag.eye(2)),
        lambda: linalg.svd(ag.full((2, 2), np.nan)),
        lambda: linalg.eig(ag.full((2, 2), np.inf)),
    ):
        with pytest.raises(ag.LinAlgError) as caught:
            call()
        assert isinstance(caught.value, np.linalg.LinAlgError)
        assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("ord", [0, 1, 2, 3, -1, -2, np.inf, -np.inf])
def test_norms_of_integers_are_those_of_floats(ord: float) -> None:
    x = np.array([90, -120, 3], np.int8)
    assert linalg.vector_norm(x, ord) == pytest.approx(np.linalg.norm(x.astype(float), ord))
    assert linalg.norm(ag.tensor(x), ord).dtype == np.float64


@pytest.mark.parametrize("ord", ["fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf])
def test_norms_of_matrices_of_integers(ord: object) -> None:
    x = np.array([[90, -120], [3, 100]], np.int8)
    y = linalg.norm(ag.tensor(x), ord)
    assert y.dtype == np.float64
    assert y.item() == pytest.approx(np.linalg.norm(x.astype(float), ord))


def test_rcond_decides_what_counts_as_singular() -> None:
    a = np.diag([1.0, 1e-6])
    np.testing.assert_allclose(linalg.lstsq(a, np.ones(2)), [1, 1e6])
    np.testing.assert_allclose(linalg.lstsq(a, np.ones(2), rcond=1e-3), np.linalg.lstsq(a, np.ones(2), 1e-3)[0])
    np.testing.assert_allclose(linalg.pinv(a, 1e-3, hermitian=True), np.diag([1, 0]))


def test_nothing_comes_of_nothing() -> None:
    assert linalg.pinv(np.ones((0, 3))).shape == (3, 0)
    x = ag.tensor(np.ones((0, 2)), requires_grad=True)
    u, s, vh = linalg.svd(x)
    (u.sum() + s.sum() + vh.sum()).backward()
    assert x.grad.shape == (0, 2)
