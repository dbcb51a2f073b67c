"""Edge conventions of numbers and dtypes: complex values, infinities, NaN, integers and 16-bit floats."""

from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
from autograd import fft
from tests.autograd.conventions import AT_THE_EDGES, INF, NAN, cases, line, reverse, settle, total

pytestmark = AT_THE_EDGES


@line("complex values")
def test_complex_gradients_point_uphill():
    z = np.array([1.0 + 2.0j, -0.5j])
    settle(lambda x: ag.real(x * x.conj()), z, 2 * z)
    settle(ag.abs, z, z / np.abs(z))
    settle(lambda x: ag.real(ag.exp(x)), z, np.conj(np.exp(z)), orders=1)
    np.testing.assert_allclose(reverse(ag.imag, z)[1][0].array, 1j)


@line("complex values")
@cases(
    {
        "real": ag.real,
        "imag": ag.imag,
        "abs": ag.abs,
        "angle": ag.angle,
        "product": lambda x: ag.real(ag.conj(x) * (1 + 2j)),
    }
)
def test_a_step_against_the_gradient_descends(case):
    z = np.array([1.0 + 2.0j, -0.5 - 1.2j, 1.6 - 0.3j])
    (g,) = reverse(lambda x: case(x) ** 2, z)[1]
    assert total(case(ag.tensor(z - 1e-3 * g.array)) ** 2).item() < total(case(ag.tensor(z)) ** 2).item()


@line("`logsumexp`, `logaddexp` with infinite elements")
@cases({
    "logsumexp": (ag.logsumexp, [INF, INF, 1.0], [0.5, 0.5, 0]), "one": (ag.logsumexp, [INF, 1.0], [1, 0]),
    "large": (ag.logsumexp, [1e30, 1e30, -1e30], [0.5, 0.5, 0]), "nothing": (ag.logsumexp, [-INF, 1.0], [0, 1]),
    "logaddexp": (lambda x: ag.logaddexp(x[:2], x[2:]), [INF, INF, INF, 1.0], [0.5, 1, 0.5, 0]),
    "logaddexp2": (lambda x: ag.logaddexp2(x[:2], x[2:]), [1e30, -INF, 1e30, 1.0], [0.5, 0, 0.5, 1]),
})  # fmt: skip
def test_shares_of_infinities(case):
    settle(*case)


@line('`vector_norm` of order 0, `cdist` with `p=0`, the grid of `grid_sample(mode="nearest")`')
@cases({
    "vector_norm": lambda x: ag.vector_norm(x, ord=0), "cdist": lambda x: ag.cdist(x[None], x[None] + 1, p=0),
    "grid_sample": lambda x: ag.grid_sample(ag.ones((1, 1, 3, 3)), x.reshape(1, 1, 1, 2), mode="nearest"),
})  # fmt: skip
def test_counts_have_gradient_zero_not_none(case):
    x = ag.tensor(np.array([0.0, 0.7]), requires_grad=True)
    (g,) = ag.gradients(case(x).sum(), [x])  # None would raise here
    np.testing.assert_array_equal(g.array, 0)


@line("`grid_sample` at a NaN")
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_grid_sample_at_a_nan(mode):
    image, grid = np.ones((1, 1, 2, 2)), np.array([[[[NAN, 0.0], [0.3, 0.0]]]])
    leaves, (g, _) = reverse(lambda x, at: ag.grid_sample(x, at, mode=mode), image, grid)
    np.testing.assert_array_equal(np.isnan(ag.grid_sample(*leaves, mode=mode).array[0, 0, 0]), [True, False])
    np.testing.assert_allclose(g.array.sum(), 1)


@line("`ctc_loss` of an input of length 0")
@pytest.mark.parametrize(("length", "loss"), [(0, 0.0), (1, INF)])
def test_ctc_loss_of_no_input(length, loss):
    def f(x):
        return ag.ctc_loss(x, np.array([[1]]), (0,), (length,), reduction="sum")

    settle(f, np.zeros((2, 1, 2)), 0)
    assert f(np.zeros((2, 1, 2))) == loss


@line("`nan_to_num` of complex numbers")
def test_replaced_parts_get_no_gradient():
    x = np.array([complex(NAN, 1), complex(2, INF), 1 + 1j])
    settle(lambda x: ag.real(ag.nan_to_num(x)), x, [0, 1, 1])
    settle(lambda x: ag.imag(ag.nan_to_num(x)), x, [1j, 0, 1j])


@line("complex values")
@cases({"abs": ag.abs, "sign": ag.sign, "vector_norm": ag.vector_norm})
def test_the_origin_of_the_complex_plane(case):
    _, (g,) = reverse(case, np.zeros(2, complex), create_graph=True)
    assert np.isfinite(g.array).all()


@line("`grad` and `backward` of a complex result")
def test_a_complex_result_has_no_gradient():
    z = ag.tensor(1 + 2j, requires_grad=True)
    for call in (lambda: ag.grad(ag.exp)(1 + 2j), ag.exp(z).backward, lambda: ag.gradients(ag.exp(z), z)):
        with pytest.raises(ag.GradientError, match="gradient is of a real number"):
            call()


@line("`jacobian` of complex inputs")
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_the_jacobian_of_a_holomorphic_function(mode):
    z, x = np.array([1.0 + 2.0j, -0.5j]), np.array([0.3, -0.7])
    np.testing.assert_allclose(ag.jacobian(ag.exp, mode=mode, holomorphic=True)(z).array, np.diag(np.exp(z)))
    np.testing.assert_allclose(ag.jacobian(lambda x: ag.exp(1j * x), mode=mode)(x).array, np.diag(1j * np.exp(1j * x)))
    with pytest.raises(ag.DtypeError, match="holomorphic=True"):
        ag.jacobian(ag.exp, mode=mode)(z)


@line("integers and booleans")
@pytest.mark.parametrize("values", [[1, 2], [True, False]])
def test_integers_are_never_differentiable(values):
    with pytest.raises(ag.DtypeError, match="float32"):
        ag.tensor(values, requires_grad=True)
    with pytest.raises(ag.DtypeError, match="float32"):
        ag.grad(lambda x: (x * 1.0).sum())(ag.tensor(values))
    with pytest.raises(ag.DtypeError, match="float32"):
        ag.jvp(lambda x: x * 1.0, (ag.tensor(values),), (ag.tensor(values),))
    x = ag.tensor(np.array([1.5, 2.5]), requires_grad=True)
    for y in (x.astype("int64"), ag.argmax(x), ag.argsort(x), x > 0, ag.isnan(x), ag.floor_divide(x, 2.0)):
        assert not y.requires_grad


@line("mixed dtypes")
def test_gradients_have_the_dtype_of_their_value():
    a, b = ag.tensor(np.ones(2, np.float32), requires_grad=True), ag.tensor(np.ones(2), requires_grad=True)
    c = ag.tensor(np.ones(2, np.complex64), requires_grad=True)
    y = a * b * c * 2.0
    assert y.dtype == np.complex128
    assert (a * 2.0).dtype == np.float32
    for create_graph in (False, True):
        g = ag.gradients(total(y), [a, b, c], create_graph=create_graph, retain_graph=True)
        assert [x.dtype for x in g] == [np.float32, np.float64, np.complex64]


@line("mixed dtypes")
@pytest.mark.filterwarnings("error")
def test_the_imaginary_part_of_a_gradient_is_dropped_without_a_warning():
    for create_graph in (False, True):
        x = ag.tensor(np.ones(3), requires_grad=True)
        (g,) = ag.gradients(total(fft.fft(x)), [x], create_graph=create_graph)
        assert g.dtype == np.float64


@line("16-bit floats")
def test_half_precision_sums_are_accumulated_in_float32():
    x = ag.tensor(np.full(4096, 0.1, np.float16), requires_grad=True)
    for f, want in ((ag.sum, 409.5), (ag.mean, 0.1)):
        y = f(x)
        assert y.dtype == np.float16
        np.testing.assert_allclose(float(y.item()), want, rtol=2e-3)
