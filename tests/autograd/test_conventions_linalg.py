"""Edge conventions of linear algebra: singular matrices, equal values, and functions of the hermitian part."""

from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
from autograd import linalg
from tests.autograd.conventions import AT_THE_EDGES, INF, cases, line, reverse, settle

pytestmark = AT_THE_EDGES


SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])


@line("`det` of a singular matrix")
def test_det_of_singular_matrices():
    settle(linalg.det, SINGULAR, [[4, -2], [-2, 1]])
    for x in (SINGULAR, np.zeros((2, 2)), np.zeros((3, 3)), np.diag([1.0, 0.0, 0.0]), np.array([SINGULAR, np.eye(2)])):
        assert ag.gradcheck(linalg.det, [x])
        assert ag.gradgradcheck(linalg.det, [x])


@line("`slogdet`, `inv`, `solve` of a singular matrix")
def test_singular_matrices_are_errors():
    x = ag.tensor(SINGULAR, requires_grad=True)
    assert linalg.slogdet(x).logabsdet.item() == -INF
    for create_graph in (False, True):
        with pytest.raises(ag.GradientError, match="slogdet: a matrix is singular"):
            ag.gradients(linalg.slogdet(x).logabsdet, [x], create_graph=create_graph)
    with pytest.raises(ag.GradientError, match="slogdet: a matrix is singular"):
        ag.jvp(lambda v: linalg.slogdet(v).logabsdet, (x.detach(),), (x.detach(),))
    for f in (linalg.inv, lambda a: linalg.solve(a, np.ones((2, 1)))):
        with pytest.raises(ag.LinAlgError, match=r"ingular"):
            f(x)


@line("`eigh`, `eig`, `svd` with equal values")
@cases({
    "eigvalsh": (lambda x: linalg.eigvalsh(x), np.eye(3), np.eye(3)), "trace of a square": (lambda x: linalg.eigvalsh(x) ** 2, 2 * np.eye(2), 4 * np.eye(2)),
    "svdvals": (linalg.svdvals, np.eye(2), np.eye(2)), "eigvals": (linalg.eigvals, np.eye(2), np.eye(2)),
})  # fmt: skip
def test_functions_that_treat_equal_values_alike(case):
    f, x, want = case
    np.testing.assert_allclose(reverse(f, x)[1][0].array, want, atol=1e-12)
    with pytest.raises(ag.GradientError, match="vectors of equal values"):  # forward mode moves the vectors too
        ag.jvp(f, (ag.tensor(x),), (ag.tensor(np.ones_like(x)),))


@line("`eigh`, `eig`, `svd` with equal values")
@cases({
    "one eigenvalue": lambda x: linalg.eigvalsh(x)[0], "an eigenvector": lambda x: linalg.eigh(x).eigenvectors[:, 0],
    "a singular value": lambda x: linalg.svdvals(x)[0], "a singular vector": lambda x: linalg.svd(x).U[:, 0], "eig": lambda x: linalg.eigvals(x)[0],
    "a product": lambda x: (lambda w, v: (v * w) @ v.mT)(*linalg.eigh(x)),
})  # fmt: skip
def test_what_has_no_derivative_is_an_error(case):
    with pytest.raises(ag.GradientError, match="equal values|values of equal|vectors of"):
        reverse(case, np.eye(2))


@line("`cholesky`, `eigh`")
@cases(
    {
        "cholesky": linalg.cholesky,
        "eigvalsh": lambda x: linalg.eigvalsh(x) ** 2,
        "eigh": lambda x: linalg.eigh(x).eigenvectors ** 2 * np.arange(3.0),
    }
)
def test_functions_of_the_hermitian_part(case):
    x = np.array([[4.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 2.0]])
    skew = np.array([[0.0, 1.0, 2.0], [-1.0, 0.0, 1.0], [-2.0, -1.0, 0.0]])
    np.testing.assert_allclose(case(ag.tensor(x)).array, case(ag.tensor(x + skew)).array, atol=1e-12)
    g = reverse(case, x)[1][0].array
    np.testing.assert_allclose(g, g.T)
