"""Ops of neural networks that draw random numbers: the dropout family, gumbel_softmax and rrelu.

Their samples leave chance no room: everything is dropped, or nothing, and both ends of the slopes are one.

``generator`` is the default one of the device if None. Inside ``vmap`` each example draws its own numbers, unless
``randomness="same"``; inside ``checkpoint`` the second computation draws what the first one drew.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.composite import composite
from autograd.dispatch import bound
from autograd.errors import ArgumentError, ShapeError
from autograd.ops.axes import normalize_axis
from autograd.ops.casting import astype
from autograd.ops.elementwise import where
from autograd.ops.logic import equal
from autograd.ops.reduce import argmax, softmax
from autograd.parameters import require
from autograd.primitive import Primitive, primitive
from autograd.random import Generator
from autograd.sampler import Sampler
from autograd.samples import ErrorSample, Sample, boolean, sample
from autograd.samples import array as spec
from autograd.tape import Variable

__all__ = [
    "alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout", "gumbel_softmax",
    "rrelu",
]  # fmt: skip

_dropout = primitive(
    "dropout", lambda x, mask: x * mask, kind="random",
    vjp=[lambda g, mask: g * mask, None],
    jvp=lambda primals, tangents: None if tangents[0] is None else _dropout(tangents[0], primals[1]),
    latex=r"{0} \odot {1}", vjp_latex=[r"\bar y \odot m", None],
    samples=[sample(spec(2, 3), boolean(2, 3)), sample(spec(2, 3), boolean(2, 1)), sample(spec(), boolean())],
)  # fmt: skip


def _certain(*shapes: tuple[int, ...]) -> list[Sample]:
    """Calls whose result is certain: all elements dropped, none, and evaluation."""
    ways = ({"p": 1.0, "training": True}, {"p": 0.0, "training": True}, {"p": 0.5, "training": False})
    return [sample(spec(*shape), **way) for shape in shapes for way in ways]


def _refused(*wrong: tuple[int, ...]) -> list[ErrorSample]:
    """What a dropout refuses: a ``p`` that is no probability, and arrays of ``wrong`` shapes."""
    no_probability = ErrorSample((np.ones((2, 3, 2, 2)),), ArgumentError, r"p must be a probability", {"p": 1.5})
    return [no_probability, *(ErrorSample((np.ones(shape),), ShapeError, "x must") for shape in wrong)]


def _checked(name: str, x: Any, p: float) -> Any:
    if not isinstance(p, (int, float)) or not 0 <= p <= 1:
        raise ArgumentError(f"{name}: p must be a probability in [0, 1], not {p!r}.")
    return x if hasattr(x, "shape") else np.asarray(x)


def _dropped(
    name: str, x: Any, p: float, shape: tuple[int, ...], generator: Generator | None, floor: float = 0.0
) -> Any:  # fmt: skip
    """``x`` with elements set to ``floor``, shifted and scaled so that the mean and, with a floor, the variance stay.

    ``shape`` is that of the mask, which broadcasts to ``x``.
    """
    dtype = np.finfo(x.dtype).dtype if x.dtype.kind == "c" else None
    sampler = Sampler(name, {"x": x}, None, dtype, None, generator)
    kept = sampler.generator.bernoulli((*sampler.sizes, *shape), 1 - p, sampler.dtype)
    scale = 1.0 if p == 1 else 1 / math.sqrt((1 - p) * (1 + p * floor**2)) if floor else 1 / (1 - p)
    y = _dropout(x, _like(x, sampler, kept * kept.dtype.type(scale)))
    if not floor or p == 1:
        return y
    return y + _like(x, sampler, ((1 - p - kept) * (scale * floor)).astype(kept.dtype, copy=False))


def _like(x: Any, sampler: Sampler, array: Any) -> Any:
    """Beside a plain array a plain array, else a Tensor."""
    return sampler.wrap(array) if isinstance(x, Variable) else array


def dropout(x: Any, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Any:
    """In training, set each element to 0 with probability ``p`` and scale the others by ``1 / (1 - p)``.

    Shape: any. Source: Srivastava et al., 2014, JMLR 15.
    """
    x = _checked("dropout", x, p)
    return _dropped("dropout", x, p, x.shape, generator) if training and p else x


def _channels(name: str, x: Any, axes: dict[int, int]) -> tuple[int, ...]:
    """The shape of a mask with one number for each channel; ``axes``: how many leading axes it has, by dimensions."""
    if len(x.shape) not in axes:
        wanted = " or ".join(map(str, axes))
        raise ShapeError(f"{name}: x must have {wanted} axes, not the {len(x.shape)} of {tuple(x.shape)}.")
    kept = axes[len(x.shape)]
    return (*x.shape[:kept], *(1,) * (len(x.shape) - kept))


@composite(r"{0} \odot m", _certain((2, 3, 4), (3, 4), (0, 3, 4)), errors=_refused((3,), (1, 2, 3, 4)))
def dropout1d(x: Any, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Any:
    """:func:`dropout` of whole channels: ``(N, C, L)`` or ``(C, L)``.

    Source: Tompson et al., 2015, arXiv:1411.4280. Raises ``ShapeError`` for other shapes.
    """
    x = _checked("dropout1d", x, p)
    shape = _channels("dropout1d", x, {2: 1, 3: 2})
    return _dropped("dropout1d", x, p, shape, generator) if training and p else x


@composite(r"{0} \odot m", _certain((2, 3, 2, 2), (2, 3, 4), (0, 3, 2, 2)), errors=_refused((3, 4), (1, 1, 1, 1, 1)))
def dropout2d(x: Any, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Any:
    """:func:`dropout` of whole channels: ``(N, C, H, W)``; three axes are ``(N, C, L)``, as in PyTorch.

    Source: Tompson et al., 2015, arXiv:1411.4280. Raises ``ShapeError`` for other shapes.
    """
    x = _checked("dropout2d", x, p)
    shape = _channels("dropout2d", x, {3: 2, 4: 2})
    return _dropped("dropout2d", x, p, shape, generator) if training and p else x


@composite(
    r"{0} \odot m",
    _certain((2, 3, 2, 1, 2), (3, 2, 1, 2), (0, 3, 2, 1, 2)),
    errors=_refused((3, 4, 2), (1, 1, 1, 1, 1, 1)),
)
def dropout3d(x: Any, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Any:
    """:func:`dropout` of whole channels: ``(N, C, D, H, W)`` or ``(C, D, H, W)``.

    Source: Tompson et al., 2015, arXiv:1411.4280. Raises ``ShapeError`` for other shapes.
    """
    x = _checked("dropout3d", x, p)
    shape = _channels("dropout3d", x, {4: 1, 5: 2})
    return _dropped("dropout3d", x, p, shape, generator) if training and p else x


_SELU_FLOOR = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717  # what selu tends to at -inf


@composite(r"a \, ({0} \odot m) + b \,(1 - m)", _certain((2, 3), (), (0, 3)), errors=_refused())
def alpha_dropout(x: Any, p: float = 0.5, training: bool = False, generator: Generator | None = None) -> Any:
    """In training, set elements to the floor of selu with probability ``p``, then shift and scale.

    Mean 0 and variance 1 stay mean 0 and variance 1. Shape: any. Source: Klambauer et al., 2017, arXiv:1706.02515.
    """
    x = _checked("alpha_dropout", x, p)
    return _dropped("alpha_dropout", x, p, x.shape, generator, _SELU_FLOOR) if training and p else x


@composite(r"a \, ({0} \odot m) + b \,(1 - m)", _certain((2, 3, 4), (2, 3), (0, 3, 4)), errors=_refused((3,), ()))
def feature_alpha_dropout(x: Any, p: float = 0.5, training: bool = False, generator: Generator | None = None) -> Any:
    """:func:`alpha_dropout` of whole channels: ``(N, C, ...)``. Raises ``ShapeError`` for fewer than two axes."""
    x = _checked("feature_alpha_dropout", x, p)
    ndim = len(x.shape)
    if ndim < 2:
        raise ShapeError(f"feature_alpha_dropout: x must be (N, C, ...), not {tuple(x.shape)}.")
    shape = _channels("feature_alpha_dropout", x, {ndim: 2})
    return _dropped("feature_alpha_dropout", x, p, shape, generator, _SELU_FLOOR) if training and p else x


# ----------------------------------------------------------------------------------------------------- gumbel_softmax

_straight_through: Primitive = primitive(
    "straight_through", lambda soft, hard: hard.copy(), kind="elementwise",
    vjp=[lambda g: g, None], jvp=[lambda t: t, None], latex=r"{1}", vjp_latex=[r"\bar y", None], register=False,
)  # fmt: skip


def gumbel_softmax(
    logits: Any, tau: float = 1.0, hard: bool = False, axis: int = -1, generator: Generator | None = None
) -> Any:
    """Samples from a categorical distribution, relaxed to probabilities: ``softmax((logits + gumbel) / tau)``.

    With ``hard`` the result is one-hot, and its gradient that of the relaxed sample (straight through). Gradients flow
    to ``logits``. Shape: that of ``logits``. Raises ``ArgumentError`` unless ``tau`` is above 0.

    Source: Jang et al., 2017, arXiv:1611.01144; Maddison et al., 2017, arXiv:1611.00712.
    """
    logits = logits if isinstance(logits, Variable) else bound(np.asarray(logits), None)
    require("gumbel_softmax", "positive", tau=tau)
    axis = normalize_axis("gumbel_softmax", axis, len(logits.shape), logits.shape)
    sampler = Sampler("gumbel_softmax", {"logits": logits}, None, None, None, generator)
    soft = softmax((sampler.cast(logits) + sampler.draw("gumbel", dtype=sampler.dtype)) / tau, axis)
    if not hard:
        return soft
    behind = (1,) * (len(soft.shape) - 1 - axis)
    outcomes = bound(sampler.module.arange(soft.shape[axis]).reshape(-1, *behind), None)
    return _straight_through(soft, astype(equal(argmax(soft, axis, keepdims=True), outcomes), soft.dtype))


@composite(
    r"\max({0}, 0) + a \min({0}, 0)",
    [
        sample(spec(2, 3, avoid=(0.0,)), lower=0.25, upper=0.25, training=True),
        sample(spec(2, 3, avoid=(0.0,)), lower=-0.5, upper=0.25),
        sample(spec(0, 3)),
        sample(spec(avoid=(0.0,))),
    ],
    errors=[ErrorSample((np.ones(3),), ArgumentError, "lower must not exceed upper", {"lower": 0.5, "upper": 0.25})],
)
def rrelu(
    x: Any, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, generator: Generator | None = None
) -> Any:
    """``x`` where it is positive, else ``slope * x``, with slopes drawn evenly from ``[lower, upper]`` in training.

    In evaluation every slope is their mean. Shape: any. Raises ``ArgumentError`` unless ``lower <= upper``.
    Source: Xu et al., 2015, arXiv:1505.00853.
    """
    if not lower <= upper:
        raise ArgumentError(f"rrelu: lower must not exceed upper; they are {lower!r} and {upper!r}.")
    if not training:
        return where(x > 0, x, x * (0.5 * (lower + upper)))
    x = x if isinstance(x, Variable) else bound(np.asarray(x), None)
    sampler = Sampler("rrelu", {"x": x}, None, None, None, generator)
    return where(x > 0, x, _dropout(x, sampler.draw("uniform", lower, upper, dtype=sampler.dtype)))
