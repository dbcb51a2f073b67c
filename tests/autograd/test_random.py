"""Random numbers: the distributions are right, in every dtype and shape, and errors name the argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd as ag
from tests.autograd.distributions import CONTINUOUS, DISCRETE, drawn, host, placed, stats

# ------------------------------------------------------------------------------------------------------ distributions


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_distributions(name: str, dtype: str, device: str) -> None:
    x = drawn(name, (20000,), dtype=dtype, **placed(name, device=device))
    assert x.dtype == dtype
    assert np.isfinite(host(x)).all()
    assert stats.kstest(host(x).astype(np.float64), CONTINUOUS[name][1].cdf).pvalue > 1e-3


@pytest.mark.parametrize("name", DISCRETE)
def test_discrete_distributions(name: str) -> None:
    function, wanted = DISCRETE[name]
    x = host(function(shape=(20000,)))
    assert x.dtype == (np.float32 if name == "bernoulli" else np.int64)
    values, counts = np.unique(x, return_counts=True)
    expected = wanted.pmf(values) * x.size
    enough = expected > 5
    assert (wanted.pmf(values) > 0).all()
    deviations = (counts - expected)[enough] / np.sqrt(expected[enough])
    assert np.abs(deviations).max() < 4.5


def test_dirichlet_has_the_right_means_and_covariances() -> None:
    c = np.array([0.5, 1.0, 2.5])
    x = host(ag.dirichlet(ag.tensor(c), (50000,)))
    np.testing.assert_allclose(x.sum(-1), 1, rtol=1e-12)
    np.testing.assert_allclose(x.mean(0), c / c.sum(), atol=5e-3)
    wanted = (np.diag(c / 4) - np.outer(c, c) / 16) / 5
    np.testing.assert_allclose(np.cov(x.T), wanted, atol=2e-3)


def test_small_concentrations_neither_underflow_nor_lose_their_sum() -> None:
    x = host(ag.dirichlet(ag.full((4,), 1e-3), (2000,)))
    np.testing.assert_allclose(x.sum(-1), 1, rtol=1e-6)
    assert np.abs((x.argmax(-1) == np.arange(4)[:, None]).mean(1) - 0.25).max() < 0.05
    c = ag.full((3,), 1e-3, requires_grad=False).requires_grad_()
    for draw in (lambda: ag.gamma(c), lambda: ag.dirichlet(c)[..., 0].sum(), lambda: ag.beta(c, c), lambda: ag.chi2(c)):
        (g,) = ag.gradients(ag.log(draw() + 1).sum(), [c])
        assert np.isfinite(host(g)).all()


@pytest.mark.parametrize("replace", [True, False])
def test_choice_permutation_and_shuffle(replace: bool, device: str) -> None:
    x = ag.tensor(np.arange(12.0).reshape(4, 3), device=device, requires_grad=True)
    picked = ag.choice(x, (2, 2), replace, p=np.array([0.1, 0.2, 0.7, 0.0]) if replace else None)
    assert picked.shape == (2, 2, 3)
    rows = host(picked.detach()).reshape(-1, 3)[:, 0] // 3
    assert replace or len(set(rows)) == 4
    assert not replace or 3 not in rows
    (g,) = ag.gradients(picked.sum(), [x])
    np.testing.assert_array_equal(host(g)[:, 0], np.bincount(rows.astype(int), minlength=4))
    y = ag.permutation(x, 1)
    np.testing.assert_array_equal(np.sort(host(y.detach()), 1), host(x.detach()))
    assert sorted(host(ag.permutation(5))) == sorted(host(ag.randperm(5))) == list(range(5))
    z = x * 1
    ag.shuffle(z)
    assert sorted(host(z.detach())[:, 0]) == [0, 3, 6, 9]
    (g,) = ag.gradients(z.sum(), [x])
    assert (host(g) == 1).all()


def test_choice_without_replacement_follows_the_weights() -> None:
    picks = np.array([host(ag.choice(3, (2,), False, p=np.array([1.0, 2.0, 7.0]))) for _ in range(4000)])
    assert (picks[:, 0] != picks[:, 1]).all()
    np.testing.assert_allclose(np.bincount(picks[:, 0]) / 4000, [0.1, 0.2, 0.7], atol=0.025)


# ---------------------------------------------------------------------------------------------- dtypes, shapes, errors


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", CONTINUOUS)
def test_dtypes_and_shapes(name: str, dtype: str) -> None:
    for shape in ((), (0,), (2, 0), (2, 3)):
        x = drawn(name, shape, dtype=dtype)
        assert x.dtype == dtype
        assert x.shape == shape
        assert isinstance(x.array, np.ndarray)


@pytest.mark.parametrize("name", DISCRETE)
def test_shapes_of_discrete_draws(name: str) -> None:
    for shape in ((), (0,), (2, 3)):
        if name == "categorical_rows" and shape == ():
            continue
        assert DISCRETE[name][0](shape=shape).shape == shape


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_parameters_decide_dtype_and_shape(dtype: str, device: str) -> None:
    a = ag.tensor(np.array([[1.0], [2.0]]), dtype=dtype, device=device).requires_grad_()
    b = ag.tensor(np.array([1.0, 2.0, 3.0]), dtype=dtype, device=device).requires_grad_()
    for f in (ag.gamma, ag.beta, ag.laplace, ag.gumbel, ag.cauchy, ag.student_t, lambda x, y: ag.normal(mean=x, std=y)):
        y = f(a, b)
        assert y.shape == (2, 3)
        assert y.dtype == dtype
        grads = ag.gradients(y.sum(), [a, b])
        assert [g.shape for g in grads] == [(2, 1), (3,)]
        assert all(g.dtype == dtype and np.isfinite(host(g)).all() for g in grads)
    assert ag.gamma(a, shape=(4, 2, 3)).shape == (4, 2, 3)
    assert ag.gamma(a, dtype="float64").dtype == np.float64
    assert ag.bernoulli(a.detach() / 2).dtype == dtype


ERRORS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: ag.gamma(-1.0), ag.ArgumentError, "gamma: concentration must be above 0, not -1"),
    (lambda: ag.gamma(ag.tensor([1.0, float("nan")])), ag.ArgumentError, "gamma: concentration must be above 0, not nan"),
    (lambda: ag.gamma(1.0, 0.0), ag.ArgumentError, "gamma: rate must be above 0"),
    (lambda: ag.gamma("a"), ag.DtypeError, "gamma: concentration must be a number"),
    (lambda: ag.beta(1.0, 0.0), ag.ArgumentError, "beta: b must be above 0"),
    (lambda: ag.dirichlet([1.0, -1.0]), ag.ArgumentError, "dirichlet: concentration must be above 0"),
    (lambda: ag.dirichlet(1.0), ag.ShapeError, "dirichlet: concentration.*outcomes"),
    (lambda: ag.chi2(0.0), ag.ArgumentError, "chi2: df"),
    (lambda: ag.student_t(1.0, 0.0, -1.0), ag.ArgumentError, "student_t: scale"),
    (lambda: ag.laplace(0.0, -1.0), ag.ArgumentError, "laplace: scale must be above 0, not -1"),
    (lambda: ag.exponential(0.0), ag.ArgumentError, "exponential: rate"),
    (lambda: ag.normal(2, std=-1.0), ag.ArgumentError, "normal: std must be 0 or more"),
    (lambda: ag.normal(mean=ag.ones(2), std=ag.ones(3)), ag.ShapeError, "normal: shapes do not broadcast: mean is"),
    (lambda: ag.normal(2, mean=ag.ones(3)), ag.ShapeError, "normal: mean is \\(3,\\).*\\(2,\\)"),
    (lambda: ag.uniform(2, low=1.0, high=0.0), ag.ArgumentError, "uniform: low must not exceed high"),
    (lambda: ag.uniform(low=ag.ones(2), high=0.0), ag.ArgumentError, "uniform: low must not exceed high"),
    (lambda: ag.truncated_normal(low=1.0, high=0.0), ag.ArgumentError, "truncated_normal: low must be below high"),
    (lambda: ag.truncated_normal(low=50.0, high=60.0), ag.ArgumentError, "37 std"),
    (lambda: ag.truncated_normal(ag.ones(2), 1.0, 50.0, 60.0), ag.ArgumentError, "truncated_normal.*37 std"),
    (lambda: ag.bernoulli(1.5), ag.ArgumentError, "bernoulli: p must be a probability in \\[0, 1\\], not 1.5"),
    (lambda: ag.poisson(-1.0), ag.ArgumentError, "poisson: rate"),
    (lambda: ag.binomial(2.5, 0.5), ag.ArgumentError, "binomial: n must be an integer"),
    (lambda: ag.binomial(2, 2.0), ag.ArgumentError, "binomial: p"),
    (lambda: ag.multinomial(2, [-1.0, 2.0]), ag.ArgumentError, "multinomial: p must be 0 or more"),
    (lambda: ag.multinomial(2.5, [1.0]), ag.DtypeError, "multinomial: n must be one integer"),
    (lambda: ag.categorical([0.0, 0.0]), ag.ArgumentError, "categorical: the weights p are all 0"),
    (lambda: ag.categorical(1.0), ag.ShapeError, "categorical: p is one number"),
    (lambda: ag.categorical(), ag.ArgumentError, "categorical: give either"),
    (lambda: ag.choice(3, (4,), False), ag.ArgumentError, "choice: 4 element.*from 3 without"),
    (lambda: ag.choice(0, (1,)), ag.ArgumentError, "choice: there is nothing"),
    (lambda: ag.choice(3, p=np.ones(2)), ag.ShapeError, "choice: p is \\(2,\\)"),
    (lambda: ag.randint(3, 3), ag.ArgumentError, "randint: low must be below high"),
    (lambda: ag.randperm(-1), ag.ArgumentError, "permutation: n"),
    (lambda: ag.permutation(ag.tensor(1.0)), ag.ShapeError, "permutation: x has no axes"),
    (lambda: ag.shuffle([1, 2]), ag.DtypeError, "shuffle: x must be a Tensor"),
    (lambda: ag.gamma(1.0, dtype="int64"), ag.DtypeError, "gamma: draws real floating-point numbers, not int64"),
    (lambda: ag.gamma(1.0, shape=(-1,)), ag.ShapeError, "gamma: a shape holds integers from 0"),
    (lambda: ag.gamma(1.0, shape=1.5), ag.ShapeError, "gamma: a shape is an integer"),
    (lambda: ag.dropout(ag.ones(2), 1.5), ag.ArgumentError, "dropout: p must be a probability"),
    (lambda: ag.alpha_dropout(ag.ones(2), -1.0), ag.ArgumentError, "alpha_dropout: p"),
    (lambda: ag.dropout1d(ag.ones(2)), ag.ShapeError, "dropout1d: x must have 2 or 3 axes, not the 1"),
    (lambda: ag.dropout2d(ag.ones(2, 2)), ag.ShapeError, "dropout2d: x must have 3 or 4 axes"),
    (lambda: ag.dropout3d(ag.ones(2, 2)), ag.ShapeError, "dropout3d: x must have 4 or 5 axes"),
    (lambda: ag.feature_alpha_dropout(ag.ones(2)), ag.ShapeError, "feature_alpha_dropout: x must be"),
    (lambda: ag.gumbel_softmax(ag.ones(2), 0.0), ag.ArgumentError, "gumbel_softmax: tau must be above 0"),
    (lambda: ag.rrelu(ag.ones(2), 1.0, 0.5), ag.ArgumentError, "rrelu: lower must not exceed upper"),
    (lambda: ag.vmap(ag.dropout, randomness="some")(ag.ones(2)), ag.ArgumentError, "vmap: randomness must be"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), ERRORS, ids=range(len(ERRORS)))
def test_errors_name_the_function_and_the_argument(call: Callable[[], Any], error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        call()


# ------------------------------------------------------------------------------------------------------------ generators


def test_generator_methods_draw_arrays_of_parameters(device: str) -> None:
    g = ag.Generator(0, device)
    rate = g.uniform((3,), 1.0, 2.0)
    for method in ("exponential", "gamma", "log_gamma", "chi2", "student_t"):
        assert getattr(g, method)((2, 3), rate).shape == (2, 3)
    for method in ("laplace", "gumbel", "logistic", "cauchy", "normal"):
        x = getattr(g, method)((2, 3), rate, rate, dtype="float16")
        assert x.dtype == np.float16
    assert g.beta((2, 3), rate, rate).shape == (2, 3)
    assert g.dirichlet((2,), rate).shape == (2, 3)
    with pytest.raises(ag.ShapeError, match=r"gamma: concentration is \(3,\).*\(2,\)"):
        g.gamma((2,), rate)


@pytest.mark.parametrize(
    "name", ["exponential", "gamma", "chi2", "student_t", "beta", "laplace", "gumbel", "logistic", "cauchy"]
)
def test_generator_methods_follow_their_distribution(name: str) -> None:
    parameters = {"beta": (0.4, 1.5), "gamma": (0.6, 2.0), "exponential": (2.0,)}.get(
        name, (3.0,) if name in ("chi2", "student_t") else (1.0, 2.0)
    )
    wanted = {"beta": stats.beta(0.4, 1.5), "gamma": stats.gamma(0.6, scale=0.5), "exponential": stats.expon(scale=0.5), "chi2": stats.chi2(3),
              "student_t": stats.t(3), "laplace": stats.laplace(1, 2), "gumbel": stats.gumbel_r(1, 2), "logistic": stats.logistic(1, 2), "cauchy": stats.cauchy(1, 2)}[name]  # fmt: skip
    x = getattr(ag.Generator(3), name)((20000,), *parameters, dtype="float64")
    assert stats.kstest(x, wanted.cdf).pvalue > 1e-3


def test_fractional_pooling_of_a_line_is_that_of_an_image_of_one_row():
    x = ag.tensor(np.random.default_rng(0).normal(size=(2, 3, 11)), requires_grad=True)
    line = ag.fractional_max_pool1d(x, 2, output_size=6, generator=ag.Generator(3))
    assert line.shape == (2, 3, 6)
    starts = [int(np.flatnonzero(x.array[0, 0] == v).item()) for v in line.array[0, 0]]
    assert starts == sorted(starts)
    (g,) = ag.gradients(line.sum(), x)
    assert g.array.sum() == line.size
    with pytest.raises(ag.ShapeError, match="fractional_max_pool1d: .* do not fit into x"):
        ag.fractional_max_pool1d(x, 2, output_size=12)
