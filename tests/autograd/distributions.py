"""Random functions with their parameters, and SciPy's distributions of the same parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd as ag
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
