"""Random numbers: the same seed gives the same run, the distributions are right, and so are their gradients."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import special
from autograd.backend import to_numpy

stats = pytest.importorskip("scipy.stats", reason="compares distributions with SciPy's, which is not installed")


def host(x: Any) -> np.ndarray:
    return to_numpy(x.array if isinstance(x, ag.Tensor) else x)


# Each function with parameters, and SciPy's distribution of those parameters.
CONTINUOUS: dict[str, tuple[Callable[..., Any], Any]] = {
    "uniform": (lambda shape, **o: ag.uniform(shape, low=-1.0, high=3.0, **o), stats.uniform(-1, 4)),
    "normal": (lambda shape, **o: ag.normal(shape, mean=2.0, std=3.0, **o), stats.norm(2, 3)),
    "truncated_normal": (lambda **o: ag.truncated_normal(1.0, 2.0, 0.0, 2.5, **o), stats.truncnorm(-0.5, 0.75, 1, 2)),
    "truncated_normal_tail": (lambda **o: ag.truncated_normal(0, 1, 9.0, 10, **o), stats.truncnorm(9, 10)),
    "exponential": (lambda **o: ag.exponential(2.0, **o), stats.expon(scale=0.5)),
    "laplace": (lambda **o: ag.laplace(1.0, 2.0, **o), stats.laplace(1, 2)),
    "gumbel": (lambda **o: ag.gumbel(1.0, 2.0, **o), stats.gumbel_r(1, 2)),
    "logistic": (lambda **o: ag.logistic(1.0, 2.0, **o), stats.logistic(1, 2)),
    "cauchy": (lambda **o: ag.cauchy(1.0, 2.0, **o), stats.cauchy(1, 2)),
    "gamma": (lambda **o: ag.gamma(2.5, 2.0, **o), stats.gamma(2.5, scale=0.5)),
    "gamma_small": (lambda **o: ag.gamma(0.3, **o), stats.gamma(0.3)),
    "chi2": (lambda **o: ag.chi2(3.0, **o), stats.chi2(3)),
    "student_t": (lambda **o: ag.student_t(3.0, 1.0, 2.0, **o), stats.t(3, 1, 2)),
    "beta": (lambda **o: ag.beta(0.4, 1.5, **o), stats.beta(0.4, 1.5)),
    "dirichlet": (lambda **o: ag.dirichlet([0.5, 1.0, 2.0], **o)[..., 1], stats.beta(1, 2.5)),
}
DISCRETE: dict[str, tuple[Callable[..., Any], Any]] = {
    "bernoulli": (lambda **o: ag.bernoulli(0.3, **o), stats.bernoulli(0.3)),
    "poisson": (lambda **o: ag.poisson(3.5, **o), stats.poisson(3.5)),
    "binomial": (lambda **o: ag.binomial(7, 0.3, **o), stats.binom(7, 0.3)),
    "multinomial": (lambda **o: ag.multinomial(7, [0.2, 0.3, 0.5], **o)[..., 1], stats.binom(7, 0.3)),
    "categorical": (lambda **o: ag.categorical([2.0, 3.0, 0.0, 5.0], **o), stats.rv_discrete(values=([0, 1, 3], [0.2, 0.3, 0.5]))),
    "logits": (lambda **o: ag.categorical(logits=np.log([2.0, 3.0, 5.0]), **o), stats.rv_discrete(values=([0, 1, 2], [0.2, 0.3, 0.5]))),
    "categorical_rows": (lambda **o: ag.categorical(np.array([[2.0, 3.0, 5.0]]), **o), stats.rv_discrete(values=([0, 1, 2], [0.2, 0.3, 0.5]))),
    "randint": (lambda **o: ag.randint(2, 5, **o), stats.randint(2, 5)),
    "choice": (lambda **o: ag.choice(3, p=np.array([0.2, 0.3, 0.5]), **o), stats.rv_discrete(values=([0, 1, 2], [0.2, 0.3, 0.5]))),
}  # fmt: skip


def drawn(name: str, shape: Any, **options: Any) -> Any:
    return {**CONTINUOUS, **DISCRETE}[name][0](shape=shape, **options)


def placed(name: str, **where: Any) -> dict[str, Any]:
    """Where to draw; functions of arrays draw where those are, on the CPU."""
    arrays = ("dirichlet", "multinomial", "categorical", "logits", "categorical_rows", "choice")
    return {k: v for k, v in where.items() if not (k == "device" and name in arrays)}


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


# ------------------------------------------------------------------------------------------------ the same run again


def every_draw(device: str = "cpu", generator: ag.Generator | None = None) -> list[np.ndarray]:
    where: dict[str, Any] = {"device": device} if generator is None else {"generator": generator}
    found = [drawn(n, (5,), **placed(n, **where)) for n in (*CONTINUOUS, *DISCRETE)]
    x = ag.ones(3, 4, device=device)
    own = {"generator": generator}
    found += [ag.randperm(5, **where), ag.permutation(x, **own), ag.choice(x, (2,), **own), ag.rand(3, **where)]
    found += [f(x, 0.5, True, **own) for f in (ag.dropout, ag.dropout1d, ag.alpha_dropout, ag.feature_alpha_dropout)]
    found += [ag.dropout2d(x[None], **own), ag.dropout3d(x[None, None], **own)]
    found += [ag.gumbel_softmax(x, **own), ag.gumbel_softmax(x, hard=True, **own), ag.rrelu(-x, training=True, **own)]
    return [host(y) for y in found]


def test_the_same_seed_gives_the_same_run(device: str) -> None:
    ag.manual_seed(11)
    first = every_draw(device)
    ag.manual_seed(11)
    again = every_draw(device)
    other = every_draw(device)
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert sum((a != b).any() for a, b in zip(again, other, strict=True)) > len(first) // 2


def test_a_state_continues_the_run() -> None:
    generator = ag.Generator(5)
    generator.normal((3,))
    state = generator.get_state()
    first = every_draw(generator=generator)
    generator.set_state(state)
    again = every_draw(generator=generator)
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("own", [False, True])
def test_checkpoint_draws_the_same_numbers_again(own: bool) -> None:
    def part(x: Any, generator: Any) -> Any:
        y = ag.dropout(x, 0.5, generator=generator) + ag.alpha_dropout(x, 0.3, True, generator=generator)
        y = y * ag.gamma(x, generator=generator) + ag.rrelu(-x, training=True, generator=generator)
        y = y * ag.permutation(x, generator=generator) + ag.normal(mean=x, std=x, generator=generator)
        return (y * ag.gumbel_softmax(x, generator=generator)).sum()

    results = []
    for checkpointed in (False, True):
        ag.manual_seed(3)
        generator = ag.Generator(4) if own else None
        x = ag.tensor(np.linspace(0.5, 3, 6), requires_grad=True)
        y = ag.checkpoint(part, x, generator) if checkpointed else part(x, generator)
        (g,) = ag.gradients(y, [x])
        results.append([host(y.detach()), host(g), host(ag.rand(3, generator=generator))])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


# --------------------------------------------------------------------------------------------------------------- vmap


MAPPED: list[Callable[[Any], Any]] = [
    lambda v: ag.dropout(v), lambda v: ag.alpha_dropout(v, 0.5, True), lambda v: ag.dropout1d(v[None, :, None]),
    lambda v: ag.gumbel_softmax(v), lambda v: ag.gumbel_softmax(v, hard=True), lambda v: ag.rrelu(-v, training=True),
    lambda v: ag.gamma(v), lambda v: ag.beta(v, 2.0), lambda v: ag.dirichlet(v), lambda v: ag.student_t(v),
    lambda v: ag.normal(mean=v, std=1.0), lambda v: ag.truncated_normal(v, 1.0), lambda v: ag.exponential(v),
    lambda v: ag.poisson(v), lambda v: ag.bernoulli(v / 3), lambda v: ag.categorical(v, (8,)),
    lambda v: ag.multinomial(99, v), lambda v: ag.binomial(99, v / 3),
]  # fmt: skip


@pytest.mark.filterwarnings("error:vmap:UserWarning")
@pytest.mark.parametrize("function", MAPPED, ids=range(len(MAPPED)))
def test_each_example_draws_its_own_numbers_inside_vmap(function: Callable[[Any], Any], device: str) -> None:
    x = ag.full((3, 16), 2.0, device=device)
    one = function(x[0])
    y = ag.vmap(function)(x)
    assert y.shape == (3, *one.shape)
    assert y.dtype == one.dtype
    rows = host(y)
    assert (rows[0] != rows[1]).any()
    assert (rows[1] != rows[2]).any()
    same = host(ag.vmap(function, randomness="same")(x))
    np.testing.assert_array_equal(same, np.broadcast_to(same[:1], same.shape))
    with pytest.raises(ag.ArgumentError, match="randomness='error'"):
        ag.vmap(function, randomness="error")(x)


def test_nested_vmap_draws_for_each_pair() -> None:
    y = host(ag.vmap(ag.vmap(ag.dropout, in_axes=1), in_axes=2)(ag.ones(64, 2, 3)))
    assert y.shape == (3, 2, 64)
    assert len({row.tobytes() for row in y.reshape(6, 64)}) == 6


def test_parameters_of_the_examples_are_their_own_inside_vmap() -> None:
    a = ag.tensor(np.array([0.5, 3.0, 40.0]))
    y = host(ag.vmap(lambda c: ag.gamma(c, shape=(20000,)))(a))
    for row, c in zip(y, (0.5, 3.0, 40.0), strict=True):
        assert stats.kstest(row, stats.gamma(c).cdf).pvalue > 1e-3
    shared = host(ag.vmap(lambda c: ag.gamma(c, shape=(20000,)), randomness="same")(a))
    for row, c in zip(shared, (0.5, 3.0, 40.0), strict=True):  # one draw, carried to each concentration
        assert stats.kstest(row, stats.gamma(c).cdf).pvalue > 1e-3
    order = np.argsort(shared[0])
    assert (np.diff(shared[:, order], axis=1) >= 0).all()


def test_what_depends_on_no_example_is_shared_inside_vmap() -> None:
    y = host(ag.vmap(lambda v: v * 0 + ag.rand(4))(ag.ones(3, 4)))
    np.testing.assert_array_equal(y[0], y[1])


def test_same_randomness_refuses_draws_that_nothing_can_carry_over() -> None:
    with pytest.raises(ag.ArgumentError, match="poisson.*different parameters"):
        ag.vmap(ag.poisson, randomness="same")(ag.tensor([[1.0], [2.0]]))


@pytest.mark.filterwarnings("ignore:vmap:UserWarning")
@pytest.mark.parametrize("randomness", ["same", "different"])
def test_randomness_holds_where_vmap_falls_back_to_a_loop(randomness: Any) -> None:
    def branches(v: Any) -> Any:
        return ag.dropout(v) if v.sum().item() > 0 else v

    y = host(ag.vmap(branches, randomness=randomness)(ag.ones(2, 64)))
    assert (y[0] == y[1]).all() == (randomness == "same")


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("checkpointed", [False, True])
def test_a_jacobian_sees_one_draw(mode: Any, checkpointed: bool) -> None:
    def noisy(x: Any) -> Any:
        return ag.dropout(x * x) * ag.gamma(x)

    x = ag.tensor(np.linspace(0.5, 2, 5))
    ag.manual_seed(2)
    J = ag.jacobian((lambda v: ag.checkpoint(noisy, v)) if checkpointed else noisy, mode=mode)(x)
    ag.manual_seed(2)
    v = x.detach().requires_grad_()
    (diagonal,) = ag.gradients(noisy(v).sum(), [v])
    np.testing.assert_allclose(host(J), np.diag(host(diagonal)), rtol=1e-10)


def test_a_hessian_sees_one_draw() -> None:
    def noisy(x: Any) -> Any:
        return (ag.dropout(x) ** 3 + ag.gamma(x) ** 2).sum()

    x = ag.tensor(np.linspace(0.5, 2, 5))
    ag.manual_seed(2)
    H = ag.hessian(noisy)(x)
    ag.manual_seed(2)
    v = x.detach().requires_grad_()
    (g,) = ag.gradients(noisy(v), [v], create_graph=True)
    (diagonal,) = ag.gradients(g.sum(), [v])
    np.testing.assert_allclose(host(H), np.diag(host(diagonal)), rtol=1e-9, atol=1e-12)


# ---------------------------------------------------------------------------------- the gamma distribution's order

# (a, ln z, d/da of the logarithm of a variate): minus dP/da over the density, in 60 digits (mpmath)
PRECISE: list[tuple[float, float, float]] = [
    (0.05, -138.6921670296879, 2763.8864407677606),
    (0.05, -24.61651753654451, 482.37345091462464),
    (0.05, -2.572858068212416, 46.09660172634458),
    (0.05, 1.8911764768115438, 3.0116736052986535),
    (0.5, -41.688096149163314, 83.44917224628378),
    (0.5, -1.4807447797617292, 3.7735709919981835),
    (0.5, 1.1991959032325945, 0.9087800787086544),
    (1.0, -4.600149226776581, 5.050786078819972),
    (1.0, -0.08742157179075517, 1.2246851377041446),
    (7.5, -0.49758046618216845, 0.37121308735857866),
    (7.5, 1.9698261194372992, 0.1394273017477632),
    (7.5, 3.6059053736970927, 0.055407939845318166),
    (100.0, 3.9346315401060146, 0.013747151231620305),
    (100.0, 4.576355674837382, 0.010161688480377507),
    (100.0, 4.896123880179726, 0.008630012526429842),
    (1000.0, 6.8080684054398946, 0.001050846492902295),
    (1000.0, 6.907421909847787, 0.0010003334049339134),
    (1000.0, 7.054085093421951, 0.0009287735001757648),
    (100000.0, 11.510259506841356, 1.0013352402326516e-05),
]


@pytest.mark.parametrize(("a", "x", "slope"), PRECISE)
def test_slopes_of_gamma_variates_have_thirteen_digits(a: float, x: float, slope: float) -> None:
    found = -special.gamma_order_derivative(np.array(a), np.array(x))
    assert found == pytest.approx(slope, rel=1e-12)


def test_slopes_of_gamma_variates_against_high_precision() -> None:
    mp = pytest.importorskip("mpmath", reason="compares with mpmath, which is not installed")
    rng = np.random.default_rng(1)
    for a in 10 ** rng.uniform(math.log10(0.05), 3, 12):
        x = math.log(max(rng.standard_gamma(a), 1e-290))
        with mp.workdps(50):
            order, z = mp.mpf(float(a)), mp.e ** mp.mpf(x)
            step = order * mp.mpf(10) ** -15
            upper = mp.gammainc(order, z, mp.inf, regularized=True) < 0.5
            ends = [
                mp.gammainc(b, z, mp.inf, regularized=True) if upper else -mp.gammainc(b, 0, z, regularized=True)
                for b in (order - step, order + step)
            ]
            wanted = float((ends[1] - ends[0]) / (2 * step) / mp.exp(order * x - z - mp.loggamma(order)))
        assert -special.gamma_order_derivative(np.array(a), np.array(x)) == pytest.approx(wanted, rel=1e-11)


def test_slopes_of_gamma_variates_against_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    rng = np.random.default_rng(0)
    a = 10 ** rng.uniform(math.log10(0.05), 3, 5000)
    z = np.maximum(rng.standard_gamma(a), 1e-300)
    ours = -special.gamma_order_derivative(a, np.log(z)) * z
    theirs = torch._standard_gamma_grad(torch.tensor(a), torch.tensor(z)).numpy()
    np.testing.assert_allclose(ours, theirs, rtol=2e-3)  # PyTorch's approximation has three digits in places
    assert np.median(np.abs(ours / theirs - 1)) < 2e-5


def test_slopes_follow_the_inverse_distribution_function() -> None:
    sc = pytest.importorskip("scipy.special")
    a, u = np.meshgrid([0.2, 1.0, 7.0, 200.0], [0.01, 0.3, 0.7, 0.99])
    z = sc.gammaincinv(a, u)
    h = 1e-5 * a
    numeric = (np.log(sc.gammaincinv(a + h, u)) - np.log(sc.gammaincinv(a - h, u))) / (2 * h)
    np.testing.assert_allclose(-special.gamma_order_derivative(a, np.log(z)), numeric, rtol=1e-7)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_order_derivatives_are_the_same_on_both_sides_of_the_switch(n: int) -> None:
    a = np.array([0.05, 0.7, 4.0, 500.0])
    at = special.call("digamma", a + 1)
    left, right = (special.gamma_order_derivative(a, at + d, n) for d in (-1e-13, 1e-13))
    np.testing.assert_allclose(left, right, rtol=1e-6)


def test_the_first_slope_at_the_ends() -> None:
    a = np.array([0.01, 1.0, 30.0])
    assert np.isfinite(special.gamma_order_derivative(a, np.full(3, -5000.0))).all()
    np.testing.assert_allclose(
        -special.gamma_order_derivative(a, np.full(3, -5000.0)), (special.call("digamma", a + 1) + 5000) / a
    )
    assert (-special.gamma_order_derivative(a, np.full(3, 7.0)) > 0).all()


# ------------------------------------------------------------------------------------- gradients of reparameterised samples


def expected(function: Callable[..., Any], *parameters: float, n: int = 40000) -> list[tuple[float, float]]:
    """For each parameter the mean of the gradient of a sample, and its standard error."""
    points = [ag.tensor(np.full(n, p), requires_grad=True) for p in parameters]
    found = ag.gradients(function(*points).sum(), points)
    return [(float(host(g).mean()), float(host(g).std() / math.sqrt(n))) for g in found]


TRUTHS: list[tuple[str, Callable[..., Any], tuple[float, ...], tuple[float, ...]]] = [
    ("mean of gamma", lambda a, r: ag.gamma(a, r), (2.5, 2.0), (1 / 2, -2.5 / 4)),
    ("mean of gamma, small", lambda a: ag.gamma(a), (0.1,), (1.0,)),
    ("square of gamma", lambda a: ag.gamma(a) ** 2, (3.0,), (7.0,)),
    ("log of gamma", lambda a: ag.log(ag.gamma(a)), (0.5,), (math.pi**2 / 2,)),
    ("mean of beta", ag.beta, (2.0, 3.0), (3 / 25, -2 / 25)),
    ("square of beta", lambda a, b: ag.beta(a, b) ** 2, (0.7, 0.4), ()),
    ("mean of chi2", ag.chi2, (3.0,), (1.0,)),
    ("square of t", lambda n: ag.student_t(n) ** 2, (9.0,), (-2 / 49,)),
    ("exponential", ag.exponential, (2.0,), (-1 / 4,)),
    ("square of laplace", lambda m, s: ag.laplace(m, s) ** 2, (1.0, 0.5), (2.0, 2.0)),
    ("square of logistic", lambda m, s: ag.logistic(m, s) ** 2, (1.0, 0.5), (2.0, math.pi**2 / 3)),
    ("gumbel", ag.gumbel, (1.0, 2.0), (1.0, 0.5772156649)),
    ("square of normal", lambda m, s: ag.normal(mean=m, std=s) ** 2, (1.0, 2.0), (2.0, 4.0)),
    ("square of uniform", lambda a, b: ag.uniform(low=a, high=b) ** 2, (1.0, 3.0), (5 / 3, 7 / 3)),
]


@pytest.mark.parametrize(("function", "parameters", "truths"), [t[1:] for t in TRUTHS], ids=[t[0] for t in TRUTHS])
def test_mean_gradients_are_gradients_of_the_mean(function: Any, parameters: Any, truths: Any) -> None:
    if not truths:  # E x^2 = a (a + 1) / ((a + b) (a + b + 1))
        a, b = (ag.tensor(np.array(p), requires_grad=True) for p in parameters)
        truths = [float(host(g)) for g in ag.gradients(a * (a + 1) / ((a + b) * (a + b + 1)), [a, b])]
    for (mean, error), truth in zip(expected(function, *parameters), truths, strict=True):
        assert abs(mean - truth) < 4.5 * error + 1e-12, (mean, truth, error)


def test_dirichlet_mean_gradient() -> None:
    c = ag.tensor(np.array([0.5, 1.5, 2.0]), requires_grad=True)
    n = 40000
    for k in range(3):
        (g,) = ag.gradients(ag.dirichlet(c, (n,))[..., k].mean(), [c])
        wanted = (np.eye(3)[k] * 4 - host(c.detach())[k]) / 16
        np.testing.assert_allclose(host(g), wanted, atol=0.006)


def test_second_derivatives_of_a_gamma_sample_are_the_curvature_of_the_mean() -> None:
    a = ag.tensor(np.full(40000, 1.7), requires_grad=True)
    (g,) = ag.gradients((ag.gamma(a) ** 3).sum(), [a], create_graph=True)
    (h,) = ag.gradients(g.sum(), [a])
    assert abs(host(h).mean() - (6 * 1.7 + 6)) < 4.5 * host(h).std() / 200  # E z^3 = a (a + 1) (a + 2)


@pytest.mark.parametrize(
    "function",
    [
        lambda a, b: ag.gamma(a, b), lambda a, b: ag.beta(a, b), lambda a, b: ag.student_t(a, b, b), lambda a, b: ag.chi2(a) * b,
        lambda a, b: ag.dirichlet(ag.stack([a, b], -1)), lambda a, b: ag.normal(mean=a, std=b), lambda a, b: ag.uniform(low=a, high=a + b),
        lambda a, b: ag.laplace(a, b), lambda a, b: ag.gumbel(a, b), lambda a, b: ag.logistic(a, b), lambda a, b: ag.cauchy(a, b),
        lambda a, b: ag.exponential(a) * b, lambda a, b: ag.truncated_normal(a, b, -1.0, 1.5),
        lambda a, b: ag.truncated_normal(a, b, low=0.0, high=math.inf), lambda a, b: ag.truncated_normal(0.0, 1.0, low=a, high=a + b),
        lambda a, b: ag.gumbel_softmax(a * b, 0.7), lambda a, b: ag.alpha_dropout(a * b, 0.4, True), lambda a, b: ag.rrelu(a - b * 3, training=True),
    ],
)  # fmt: skip
def test_gradcheck_at_fixed_noise(function: Any) -> None:
    """The noise is that of fixed quantiles: a draw at the original parameters, carried along as they move."""
    a0, b0 = np.array([0.7, 1.3, 2.6]), np.array([1.1, 0.6, 1.9])

    def seeded(a: Any, b: Any) -> Any:
        ag.manual_seed(8)
        return function(a, b)

    points = [ag.tensor(v, requires_grad=True) for v in (a0, b0)]
    if not {"gamma", "beta", "student_t", "chi2", "dirichlet"} & set(function.__code__.co_names):
        assert ag.gradcheck(seeded, points)
        assert ag.gradgradcheck(seeded, points)
        return
    # gamma variates are drawn by rejection, so the seed does not fix the quantile: difference quotients in vmap with
    # one draw do, which carries it from the first example's parameters to the others'
    h = 1e-5
    for k in range(2):
        steps = np.array([0.0, -h, h])
        stacked = [ag.tensor(v + (steps[:, None] if i == k else 0 * steps[:, None])) for i, v in enumerate((a0, b0))]
        ag.manual_seed(8)
        centre, down, up = host(ag.vmap(function, randomness="same")(*stacked))
        ag.manual_seed(8)
        y = function(*points)
        np.testing.assert_allclose(host(y.detach()), centre, rtol=1e-12)
        (g,) = ag.gradients(y.sum(), [points[k]])
        slope = (up - down) / (2 * h)
        np.testing.assert_allclose(host(g), slope.sum(-1) if slope.ndim > 1 else slope, rtol=1e-6, atol=1e-9)


def test_gammainc_is_differentiable_in_its_order() -> None:
    a, x = np.array([0.5, 2.0, 30.0]), np.array([0.0, 1.5, 25.0])
    order = ag.tensor(a, requires_grad=True)
    (g,) = ag.gradients(ag.gammainc(order, ag.tensor(x)).sum(), [order])
    h = 1e-6
    numeric = (special.call("gammainc", a + h, x) - special.call("gammainc", a - h, x)) / (2 * h)
    np.testing.assert_allclose(host(g), numeric, rtol=1e-7, atol=1e-12)


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


# ------------------------------------------------------------------------------- the dropout family, gumbel_softmax, rrelu


@pytest.mark.parametrize(
    ("function", "shape", "mask"),
    [
        (ag.dropout1d, (400, 5, 3), (400, 5, 1)), (ag.dropout1d, (2000, 3), (2000, 1)),
        (ag.dropout2d, (400, 5, 2, 3), (400, 5, 1, 1)), (ag.dropout2d, (400, 5, 3), (400, 5, 1)),
        (ag.dropout3d, (400, 5, 2, 1, 2), (400, 5, 1, 1, 1)), (ag.dropout3d, (2000, 2, 1, 2), (2000, 1, 1, 1)),
    ],
)  # fmt: skip
def test_channels_are_dropped_whole(function: Any, shape: Any, mask: Any, device: str) -> None:
    x = ag.ones(shape, device=device).requires_grad_()
    y = function(x, 0.25)
    (g,) = ag.gradients(y.sum(), [x])
    kept = host(y.detach())
    np.testing.assert_array_equal(host(g), kept)
    first = kept[tuple(slice(None) if n == m else slice(0, 1) for n, m in zip(shape, mask, strict=True))]
    np.testing.assert_array_equal(kept, np.broadcast_to(first, shape))
    assert abs((first == 0).mean() - 0.25) < 4.5 * math.sqrt(0.25 * 0.75 / first.size)
    assert set(np.unique(first)) == {np.float32(0), np.float32(1 / 0.75)}
    assert function(x, 0.25, training=False) is x
    assert not host(function(x, 1.0).detach()).any()


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_alpha_dropout_keeps_mean_and_variance(p: float) -> None:
    x = ag.normal(400, 500, dtype="float64")
    for y in (ag.alpha_dropout(x, p, True), ag.feature_alpha_dropout(x[:, :, None], p, True)):
        assert abs(host(y).mean()) < 0.02
        assert abs(host(y).var() - 1) < 0.02
    assert ag.alpha_dropout(x, p) is x
    assert not host(ag.alpha_dropout(x, 1.0, True)).any()


def test_alpha_dropout_takes_the_values_of_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    torch.manual_seed(0)
    x = np.linspace(-1, 1, 50)
    ours = host(ag.alpha_dropout(ag.tensor(x), 0.3, True))
    theirs = torch.nn.functional.alpha_dropout(torch.tensor(x), 0.3, training=True).numpy()
    dropped_ours, dropped_theirs = ours < -1, theirs < -1  # what is kept lies above -0.5
    assert dropped_ours.any()
    np.testing.assert_allclose(ours[dropped_ours], ours.min(), rtol=1e-12)
    np.testing.assert_allclose(ours.min(), theirs.min(), rtol=1e-6)
    both = ~dropped_ours & ~dropped_theirs
    np.testing.assert_allclose(ours[both], theirs[both], rtol=1e-6)


def test_feature_alpha_dropout_drops_whole_channels() -> None:
    y = host(ag.feature_alpha_dropout(ag.ones(30, 4, 5), 0.5, True))
    assert (y == y[:, :, :1]).all()
    assert len(np.unique(y)) == 2


def test_plain_arrays_stay_plain() -> None:
    x = np.ones((4, 3), np.float32)
    for f in (ag.dropout, ag.dropout1d, lambda v: ag.alpha_dropout(v, 0.5, True)):
        assert isinstance(f(x), np.ndarray)
    assert ag.dropout(ag.tensor(np.ones(3, np.complex64))).dtype == np.complex64


@pytest.mark.parametrize("axis", [0, 1])
def test_gumbel_softmax(axis: int, device: str) -> None:
    p = np.array([0.2, 0.3, 0.5])
    logits = np.log(p) if axis else np.log(p)[:, None]
    x = ag.tensor(np.broadcast_to(logits, (20000, 3) if axis else (3, 20000)).copy(), device=device).requires_grad_()
    ag.manual_seed(5)
    soft = ag.gumbel_softmax(x, 0.5, axis=axis)
    ag.manual_seed(5)
    hard = ag.gumbel_softmax(x, 0.5, hard=True, axis=axis)
    values = host(hard.detach())
    assert set(np.unique(values)) == {0.0, 1.0}
    np.testing.assert_array_equal(values.sum(axis), 1)
    np.testing.assert_array_equal(values.argmax(axis), host(soft.detach()).argmax(axis))
    np.testing.assert_allclose(values.mean(1 - axis), p, atol=0.016)
    weight = ag.tensor(np.random.default_rng(0).normal(size=x.shape), device=device)
    (a,), (b,) = (ag.gradients((y * weight).sum(), [x]) for y in (soft, hard))
    np.testing.assert_allclose(host(a), host(b), rtol=1e-12)


def test_rrelu() -> None:
    x = ag.tensor(np.linspace(-3, 3, 2001), requires_grad=True)
    y = ag.rrelu(x, training=True)
    (g,) = ag.gradients(y.sum(), [x])
    negative = host(x.detach()) < 0
    np.testing.assert_array_equal(host(g)[host(x.detach()) > 0], 1)
    slopes = host(g)[negative]
    np.testing.assert_allclose(host(y.detach())[negative], slopes * host(x.detach())[negative])
    assert stats.kstest(slopes, stats.uniform(1 / 8, 1 / 3 - 1 / 8).cdf).pvalue > 1e-3
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    wanted = torch.nn.functional.rrelu(torch.tensor(host(x.detach()))).numpy()
    np.testing.assert_allclose(host(ag.rrelu(x).detach()), wanted, rtol=1e-6)


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
