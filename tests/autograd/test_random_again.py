"""Random numbers: the same seed gives the same run, also under checkpoint and inside vmap."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd as ag
from tests.autograd.distributions import CONTINUOUS, DISCRETE, drawn, host, placed, stats

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


def test_generators_are_copied_and_pickled_with_their_state():
    generator = ag.Generator(3)
    generator.uniform((2,))
    copies = copy.deepcopy(generator), pickle.loads(pickle.dumps(generator))
    wanted = generator.uniform((3,)).tolist()
    assert [other.uniform((3,)).tolist() for other in copies] == [wanted, wanted]
