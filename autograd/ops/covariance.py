"""Covariances and correlations of variables over observations."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from autograd.composite import composite
from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.ops.casting import astype
from autograd.ops.complex_parts import real
from autograd.ops.halves import in_single
from autograd.ops.linalg import matmul
from autograd.ops.rearrange import diagonal
from autograd.ops.reduce import mean, sum
from autograd.ops.shape import expand_dims, reshape, squeeze
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec
from autograd.tape import innermost

__all__ = ["corrcoef", "cov"]


@composite(
    r"\operatorname{{cov}} {0}",
    [
        sample(spec(2, 4)), sample(spec(4, 2), rowvar=False), sample(spec(3), correction=0), sample(spec(1, 3)),
        sample(spec(2, 4), aweights=np.array([0.5, 1.0, 0.0, 2.0])),
        sample(spec(4, 2), rowvar=False, correction=0, fweights=np.array([1, 2, 0, 3])),
        sample(spec(2, 3), fweights=np.array([2, 1, 3]), aweights=np.array([0.5, 1.0, 2.0])),
    ],
    reference=lambda x, rowvar=True, correction=1, **weights: np.cov(x, rowvar=rowvar, ddof=correction, **weights),
    errors=[
        ErrorSample((np.ones((2, 2, 2)),), ShapeError, "variables times observations"),
        ErrorSample((np.ones((2, 1)),), ShapeError, "nothing to divide by"),
        ErrorSample((np.ones((2, 3)),), ShapeError, r"aweights are \(2,\); .* \(3,\)", {"aweights": np.ones(2)}),
        ErrorSample((np.ones((2, 3)),), DtypeError, "fweights must be integers", {"fweights": np.ones(3)}),
        ErrorSample((np.ones((2, 3)),), ArgumentError, "aweights holds a negative", {"aweights": -np.ones(3)}),
    ],
)  # fmt: skip
@functools.partial(in_single, keep=("fweights", "aweights"))
def cov(x: Any, rowvar: bool = True, correction: float = 1, fweights: Any = None, aweights: Any = None) -> Any:
    """The covariances of variables (rows, or columns without ``rowvar``) over observations.

    ``fweights (n,)`` says how often each of the ``n`` observations is there, ``aweights (n,)`` how much it counts;
    gradients flow to the latter.
    """
    if x.ndim not in (1, 2):
        raise ShapeError(f"cov: x is {tuple(x.shape)}; variables times observations, or one variable, are wanted.")
    x = expand_dims(x, 0) if x.ndim == 1 else x if rowvar else x.transpose()
    n = x.shape[1]
    weights = _observation_weights(n, fweights, aweights)
    if weights is None:
        left: Any = n - correction
        centred = scaled = x - mean(x, 1, keepdims=True)
    else:
        dtype = real(x).dtype if x.dtype.kind in "fc" else np.float64  # weights do not widen the result
        weights, total = astype(weights, dtype), astype(sum(weights), dtype)
        # what one observation of many counts for is taken off (Bessel's correction of weighed observations)
        spread = sum(weights * astype(aweights, dtype)) / total if aweights is not None else 1
        left = total - correction * spread
        centred = x - expand_dims(sum(x * weights, 1) / total, 1)
        scaled = centred * weights
    if np.any(innermost(left) <= 0):
        raise ShapeError(f"cov: {n} observation(s) with correction={correction} leave nothing to divide by.")
    product = matmul(scaled, (centred.conj() if x.dtype.kind == "c" else centred).transpose()) / left
    return squeeze(product) if product.size == 1 else product


def _observation_weights(n: int, fweights: Any, aweights: Any) -> Any:
    """The product of both kinds of weights of ``n`` observations; None where there is neither."""
    for name, weights in (("fweights", fweights), ("aweights", aweights)):
        if weights is None:
            continue
        if tuple(weights.shape) != (n,):
            raise ShapeError(f"cov: {name} are {tuple(weights.shape)}; one for each observation is wanted, ({n},).")
        if name == "fweights" and weights.dtype.kind not in "iu":
            raise DtypeError(f"cov: fweights must be integers, not {weights.dtype}. For other weights use aweights.")
        if (innermost(weights) < 0).any():
            raise ArgumentError(f"cov: {name} holds a negative number; weights are 0 or more.")
    given = [w for w in (fweights, aweights) if w is not None]
    return given[0] * given[1] if len(given) == 2 else given[0] if given else None


@composite(
    r"\operatorname{{corr}} {0}",
    [sample(spec(2, 5)), sample(spec(5, 3), rowvar=False), sample(spec(3))],
    reference=np.corrcoef,
    errors=[ErrorSample((np.ones((2, 2, 2)),), ShapeError, "variables times observations")],
)
@in_single
def corrcoef(x: Any, rowvar: bool = True) -> Any:
    """The correlations of variables (rows, or columns without ``rowvar``) over observations."""
    c = cov(x, rowvar)
    if not c.ndim:
        return c / c
    size = real(diagonal(c)) ** 0.5
    return c / reshape(size, -1, 1) / reshape(size, 1, -1)
