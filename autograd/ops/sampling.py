"""Samples that are differentiable in the parameters of their distribution (reparameterised).

A parameter is a number, an array or a Tensor; they broadcast, and ``shape`` (by default what they broadcast to) is that
of the whole result. The dtype is the widest floating one among the parameters, else float32; ``dtype`` overrides it.
``generator`` is the default one of the device if None, so that :func:`autograd.manual_seed` makes every run the same.
A parameter outside its domain raises ``ArgumentError``, shapes that do not broadcast ``ShapeError``, and a dtype that
is not real and floating ``DtypeError``. Inside ``vmap`` each example draws its own numbers, unless
``randomness="same"``. Gradients in a concentration (``gamma``, ``beta``, ``dirichlet``, ``chi2``, ``student_t``)
need SciPy or cupyx.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.composite import composite
from autograd.errors import ArgumentError, ShapeError
from autograd.ops.activation import softplus
from autograd.ops.axes import normalize_shape
from autograd.ops.casting import astype
from autograd.ops.elementwise import clip, exp, log, where
from autograd.ops.halves import in_single
from autograd.ops.implicit import log_standard_gamma, standard_gamma
from autograd.ops.reduce import softmax
from autograd.ops.special import ndtr, ndtri
from autograd.parameters import require
from autograd.random import Generator
from autograd.sampler import Sampler
from autograd.samples import array as spec
from autograd.samples import sample

__all__ = [
    "beta", "cauchy", "chi2", "dirichlet", "exponential", "gamma", "gumbel", "laplace", "logistic", "normal", "rand",
    "randn", "student_t", "truncated_normal", "truncated_normal_quantile", "uniform",
]  # fmt: skip


# -------------------------------------------------------------------------------------------- shifted and scaled noise


def _sizes(shape: tuple[Any, ...]) -> tuple[int, ...] | None:
    """A shape given as ``f(2, 3)`` or ``f((2, 3))``; None where nothing is given."""
    if not shape:
        return None
    if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
        shape = tuple(shape[0])
    return normalize_shape("random", shape, int(np.prod(shape, dtype=np.int64)))


def _wanting(out: Any, requires_grad: bool) -> Any:
    return out.requires_grad_() if requires_grad else out


def _scale(sampler: Sampler, noise: Any, loc: Any, scale: Any) -> Any:
    """``loc + scale * noise``, with the noise itself where both are Python numbers of no effect."""
    if hasattr(scale, "shape") or scale != 1.0:
        noise = noise * sampler.cast(scale)
    if hasattr(loc, "shape") or loc != 0.0:
        noise = noise + sampler.cast(loc)
    return noise


def uniform(
    *shape: Any, low: Any = 0.0, high: Any = 1.0, dtype: Any = None, device: str | None = None,
    generator: Generator | None = None, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """Numbers drawn evenly from ``[low, high)``, as ``uniform(2, 3)`` or ``uniform((2, 3))``.

    ``low`` and ``high`` may be Tensors that broadcast to the shape (and give it, where none is given); gradients flow
    to them.
    """
    sampler = Sampler("uniform", {"low": low, "high": high}, _sizes(shape), dtype, device, generator)
    low_value, high_value = sampler.numbers(low), sampler.numbers(high)
    if not hasattr(low, "shape") and not hasattr(high, "shape"):
        return _wanting(sampler.draw("uniform", low, high, dtype=sampler.dtype), requires_grad)
    if not np.all(low_value <= high_value):
        raise ArgumentError("uniform: low must not exceed high, and does somewhere.")
    noise = sampler.draw("uniform", dtype=sampler.dtype)
    low, high = sampler.cast(low), sampler.cast(high)
    return _wanting(low + (high - low) * noise, requires_grad)


def normal(
    *shape: Any, mean: Any = 0.0, std: Any = 1.0, dtype: Any = None, device: str | None = None,
    generator: Generator | None = None, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """Numbers drawn from the normal distribution, as ``normal(2, 3)`` or ``normal((2, 3))``.

    ``mean`` and ``std`` (0 or more) may be Tensors that broadcast to the shape (and give it, where none is given);
    gradients flow to them (Kingma and Welling, 2014, arXiv:1312.6114).
    """
    sampler = Sampler("normal", {"mean": mean, "std": std}, _sizes(shape), dtype, device, generator)
    if not hasattr(mean, "shape") and not hasattr(std, "shape"):
        return _wanting(sampler.draw("normal", mean, std, dtype=sampler.dtype), requires_grad)
    require("normal", "nonnegative", std=sampler.numbers(std))
    return _wanting(_scale(sampler, sampler.draw("normal", dtype=sampler.dtype), mean, std), requires_grad)


def rand(*shape: Any, **options: Any) -> Any:
    """Numbers drawn evenly from [0, 1); options as :func:`uniform`."""
    return uniform(*shape, **options)


def randn(*shape: Any, **options: Any) -> Any:
    """Numbers drawn from the standard normal distribution; options as :func:`normal`."""
    return normal(*shape, **options)


def _located(
    name: str, loc: Any, scale: Any, shape: Any, dtype: Any, device: str | None, generator: Generator | None
) -> Any:  # fmt: skip
    sampler = Sampler(name, {"loc": loc, "scale": scale}, shape, dtype, device, generator)
    require(name, "positive", scale=sampler.numbers(scale))
    return _scale(sampler, sampler.draw(name, dtype=sampler.dtype), loc, scale)


def laplace(
    loc: Any = 0.0, scale: Any = 1.0, shape: Any = None, *, dtype: Any = None, device: str | None = None,
    generator: Generator | None = None,
) -> Any:  # fmt: skip
    """Numbers with density ``exp(-|x - loc| / scale) / (2 scale)``; gradients flow to both parameters."""
    return _located("laplace", loc, scale, shape, dtype, device, generator)


def gumbel(
    loc: Any = 0.0, scale: Any = 1.0, shape: Any = None, *, dtype: Any = None, device: str | None = None,
    generator: Generator | None = None,
) -> Any:  # fmt: skip
    """Numbers with distribution function ``exp(-exp(-(x - loc) / scale))``; gradients flow to both parameters."""
    return _located("gumbel", loc, scale, shape, dtype, device, generator)


def logistic(
    loc: Any = 0.0, scale: Any = 1.0, shape: Any = None, *, dtype: Any = None, device: str | None = None,
    generator: Generator | None = None,
) -> Any:  # fmt: skip
    """Numbers whose distribution function is ``sigmoid((x - loc) / scale)``; gradients flow to both parameters."""
    return _located("logistic", loc, scale, shape, dtype, device, generator)


def cauchy(
    loc: Any = 0.0, scale: Any = 1.0, shape: Any = None, *, dtype: Any = None, device: str | None = None,
    generator: Generator | None = None,
) -> Any:  # fmt: skip
    """Numbers from the Cauchy distribution, which has no mean; gradients flow to both parameters."""
    return _located("cauchy", loc, scale, shape, dtype, device, generator)


def exponential(
    rate: Any = 1.0, shape: Any = None, *, dtype: Any = None, device: str | None = None,
    generator: Generator | None = None,
) -> Any:  # fmt: skip
    """Numbers with density ``rate * exp(-rate * x)``, always above 0; gradients flow to ``rate``."""
    sampler = Sampler("exponential", {"rate": rate}, shape, dtype, device, generator)
    require("exponential", "positive", rate=sampler.numbers(rate))
    return sampler.draw("exponential", dtype=sampler.dtype) / sampler.cast(rate)


@composite(
    r"\mu + \sigma \, \Phi^{{-1}}(\Phi(a) + {0} \,(\Phi(b) - \Phi(a)))",
    [
        sample(spec(2, 3, low=0.05, high=0.95), spec(3), spec(3, low=0.5), spec(low=-3.0, high=-2.0),
               spec(3, low=2.0, high=3.0)),
        sample(spec(low=0.05, high=0.95), spec(), spec(low=0.5), spec(low=2.5, high=3.0), spec(low=4.0, high=5.0)),
    ],
)  # fmt: skip
@in_single
def truncated_normal_quantile(u: Any, mean: Any, std: Any, low: Any, high: Any) -> Any:
    """The quantile ``u`` of the normal distribution between ``low`` and ``high``, differentiable in everything."""
    a, b = (low - mean) / std, (high - mean) / std
    mirrored = a + b > 0  # into the lower tail, where ndtr has all its digits
    a, b = where(mirrored, -b, a), where(mirrored, -a, b)
    below, above = ndtr(a), ndtr(b)
    z = ndtri(below + where(mirrored, 1 - u, u) * (above - below))
    return mean + std * where(mirrored, -z, z)


def truncated_normal(
    mean: Any = 0.0, std: Any = 1.0, low: Any = -2.0, high: Any = 2.0, shape: Any = None, *, dtype: Any = None,
    device: str | None = None, generator: Generator | None = None,
) -> Any:  # fmt: skip
    """Numbers from the normal distribution between ``low`` and ``high`` (values, not multiples of ``std``).

    Gradients flow to all four parameters. Raises ``ArgumentError`` where ``low`` is not below ``high``, or the interval
    lies more than 37 ``std`` from the mean. Computed in float64 and rounded at the end.
    """
    parameters = {"mean": mean, "std": std, "low": low, "high": high}
    sampler = Sampler("truncated_normal", parameters, shape, dtype, device, generator)
    if not any(hasattr(p, "shape") for p in parameters.values()):
        return sampler.draw("truncated_normal", *parameters.values(), dtype=sampler.dtype)
    require("truncated_normal", "positive", std=sampler.numbers(std))
    wanted, sampler.dtype = sampler.dtype, np.dtype(np.float64)
    a, b = ((sampler.numbers(v) - sampler.numbers(mean)) / sampler.numbers(std) for v in (low, high))
    if not np.all(a < b) or not np.all((a < 37) & (b > -37)):
        raise ArgumentError(
            "truncated_normal: [low, high] is empty or lies more than 37 std from the mean somewhere. Give low below "
            "high, and an interval nearer to the mean."
        )
    u = clip(sampler.draw("uniform", dtype=sampler.dtype), 1e-16, None)
    mean, std, low, high = map(sampler.cast, parameters.values())
    # an end at infinity moves with nothing; 40 std from the mean is as far, and keeps inf - inf out of the gradients
    centre, width = (sampler.base(v) for v in (mean, std))
    low = centre - 40 * width if not hasattr(low, "shape") and low == -math.inf else low
    high = centre + 40 * width if not hasattr(high, "shape") and high == math.inf else high
    return astype(truncated_normal_quantile(u, mean, std, low, high), wanted)


# ----------------------------------------------------------------------------------------- implicit reparameterisation


def _log_gamma(sampler: Sampler, concentration: Any) -> Any:
    """The logarithm of a gamma variate, differentiable in the concentration."""
    x = sampler.draw("log_gamma", concentration, dtype=sampler.dtype)
    return log_standard_gamma(_operand(sampler, concentration), sampler.base(concentration), x)


def _operand(sampler: Sampler, concentration: Any) -> Any:
    """The concentration as an argument of an op: a number becomes an array beside what was drawn."""
    return sampler.cast(concentration) if hasattr(concentration, "shape") else sampler.base(concentration)


def gamma(
    concentration: Any, rate: Any = 1.0, shape: Any = None, *, dtype: Any = None, device: str | None = None,
    generator: Generator | None = None,
) -> Any:  # fmt: skip
    """Numbers with density proportional to ``x^(concentration - 1) exp(-rate * x)``; always above 0.

    Gradients flow to both parameters, to the concentration by implicit reparameterisation (Figurnov et al., 2018,
    arXiv:1805.08498), to every order.
    """
    sampler = Sampler("gamma", {"concentration": concentration, "rate": rate}, shape, dtype, device, generator)
    require("gamma", "positive", concentration=sampler.numbers(concentration), rate=sampler.numbers(rate))
    z = sampler.draw("gamma", concentration, dtype=sampler.dtype)
    z = standard_gamma(_operand(sampler, concentration), sampler.base(concentration), z)
    return z / sampler.cast(rate) if hasattr(rate, "shape") or rate != 1.0 else z


def chi2(
    df: Any, shape: Any = None, *, dtype: Any = None, device: str | None = None, generator: Generator | None = None
) -> Any:
    """Sums of ``df`` squared normal numbers; ``df`` need not be an integer, and gradients flow to it."""
    sampler = Sampler("chi2", {"df": df}, shape, dtype, device, generator)
    require("chi2", "positive", df=sampler.numbers(df))
    return 2 * gamma(sampler.cast(df) / 2, 1.0, sampler.shape, dtype=sampler.dtype, generator=sampler.generator)


def student_t(
    df: Any, loc: Any = 0.0, scale: Any = 1.0, shape: Any = None, *, dtype: Any = None, device: str | None = None,
    generator: Generator | None = None,
) -> Any:  # fmt: skip
    """Numbers from Student's t distribution: a normal number over the root of a chi-square one per degree of freedom.

    Gradients flow to all parameters, to ``df`` by implicit reparameterisation.
    """
    sampler = Sampler("student_t", {"df": df, "loc": loc, "scale": scale}, shape, dtype, device, generator)
    require("student_t", "positive", df=sampler.numbers(df), scale=sampler.numbers(scale))
    half = sampler.cast(df) / 2
    noise = sampler.draw("normal", dtype=sampler.dtype)
    x = _log_gamma(sampler, half)
    logarithm = log(half) if hasattr(half, "shape") else math.log(half)
    return _scale(sampler, noise * exp(0.5 * (logarithm - x)), loc, scale)


def beta(
    a: Any, b: Any, shape: Any = None, *, dtype: Any = None, device: str | None = None,
    generator: Generator | None = None,
) -> Any:  # fmt: skip
    """Numbers in [0, 1] with density proportional to ``x^(a - 1) (1 - x)^(b - 1)``; gradients flow to ``a`` and ``b``.

    As the share of one of two gamma variates, by their logarithms: small numbers have full relative precision, and
    numbers near 1 may round to 1. (Figurnov et al., 2018, arXiv:1805.08498.)
    """
    sampler = Sampler("beta", {"a": a, "b": b}, shape, dtype, device, generator)
    require("beta", "positive", a=sampler.numbers(a), b=sampler.numbers(b))
    return exp(-softplus(_log_gamma(sampler, b) - _log_gamma(sampler, a)))


def dirichlet(
    concentration: Any, shape: Any = None, *, dtype: Any = None, device: str | None = None,
    generator: Generator | None = None,
) -> Any:  # fmt: skip
    """Vectors of probabilities: ``concentration (..., k)`` gives ``(*shape, k)``, ``shape`` being ``(...)`` by default.

    Gradients flow to ``concentration``, as in :func:`beta`. Raises ``ShapeError`` for a concentration without an axis.
    """
    concentration = concentration if hasattr(concentration, "shape") else np.asarray(concentration, np.float32)
    if not len(concentration.shape) or not concentration.shape[-1]:
        raise ShapeError(
            f"dirichlet: concentration is {tuple(concentration.shape)}; its last axis runs over the outcomes, of "
            "which there is one at least."
        )
    batch = Sampler("dirichlet", {"concentration": concentration}, shape, dtype, device, generator, vectors=1)
    require("dirichlet", "positive", concentration=batch.numbers(concentration, 1))
    batch.shape = (*batch.shape, concentration.shape[-1])
    return softmax(_log_gamma(batch, concentration), -1)
