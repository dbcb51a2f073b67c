"""Normalisation: batch, layer, group, instance and RMS norm, local response norm, vectors of length one."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.composite import composite
from autograd.errors import ArgumentError, ShapeError
from autograd.mode import no_grad
from autograd.ops.elementwise import maximum, rsqrt, square
from autograd.ops.halves import in_floats, in_single
from autograd.ops.rearrange import sliding_windows
from autograd.ops.reduce import mean, var, vector_norm
from autograd.ops.shape import moveaxis, pad, reshape
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec
from autograd.tape import Variable, mark_written

# The gradients in closed form: A are the axes that are normalised together, B all others.
_SCALE = r"s = \sqrt{\operatorname{mean}_{A}((x - \operatorname{mean}_{A}(x))^2) + \epsilon}"
_STANDARD = rf"\quad v = \frac{{x - \operatorname{{mean}}_{{A}}(x)}}{{s}}, \quad {_SCALE}"
_AFFINE = r"{1} \odot \frac{{{0} - \mu}}{{\sqrt{{\sigma^2 + \epsilon}}}} + {2}"
_AFFINE_RULES = [
    r"\frac{u - \operatorname{mean}_{A}(u) - v \odot \operatorname{mean}_{A}(u \odot v)}{s}, "
    rf"\quad u = \bar y \odot W, {_STANDARD}",
    rf"\textstyle\sum_{{B}} (\bar y \odot v), {_STANDARD}",
    r"\textstyle\sum_{B} \bar y",
]
_ROOT = r"s = \sqrt{\operatorname{mean}_{A}(x^2) + \epsilon}"

__all__ = [
    "batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "normalize", "rms_norm",
]  # fmt: skip


def _by_channel(op: str, name: str, value: Any, x: Any) -> Any:
    """A vector with an entry for each channel (axis 1), shaped to broadcast with ``x``."""
    if value is None:
        return None
    if tuple(value.shape) != (x.shape[1],):
        raise ShapeError(
            f"{op}: {name} is {tuple(value.shape)}; x {tuple(x.shape)} has {x.shape[1]} channels on axis 1."
        )
    return reshape(value, (-1,) + (1,) * (x.ndim - 2))


def _follow(running: Any, value: Any, momentum: float, factor: float = 1.0) -> None:
    """Move a running statistic, where there is one, towards ``factor * value`` in place; nothing is recorded."""
    if running is None:
        return
    batch = (value.array if isinstance(value, Variable) else value).reshape(-1) * factor
    target = running.array if isinstance(running, Variable) else running
    target += momentum * (batch - target).astype(target.dtype)
    if isinstance(running, Variable):
        mark_written(running)


def _affine(y: Any, weight: Any, bias: Any) -> Any:
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


@composite(
    _AFFINE,
    [sample(spec(4, 2, 3), spec(2), spec(2)), sample(spec(5, 3), None, None)],
    vjp_latex=[rule.replace("W", r"\operatorname{broadcast}_{A}(W)") for rule in _AFFINE_RULES],
    errors=[ErrorSample((np.ones(3), None, None), ShapeError, "x must be")],
)
def _batch_norm(x: Any, weight: Any, bias: Any) -> Any:
    return batch_norm(x, None, None, weight, bias, training=True)


@functools.partial(in_single, keep=("running_mean", "running_var", "weight", "bias"))
def batch_norm(
    x: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Each channel (axis 1) shifted and scaled to mean 0 and variance 1 (Ioffe and Szegedy, 2015, arXiv:1502.03167).

    In training the statistics are those of the batch, and the running ones move towards them by ``momentum`` (the
    running variance towards the unbiased one, as in PyTorch); otherwise the running ones are used.
    """
    if x.ndim < 2:
        raise ShapeError(f"batch_norm: x must be (N, C, ...), not {tuple(x.shape)}.")
    axes = (0, *range(2, x.ndim))
    n = math.prod(x.shape[a] for a in axes)
    if training:
        if n <= 1:
            raise ShapeError(
                f"batch_norm: x {tuple(x.shape)} has {n} value(s) for each channel; training needs two at least."
            )
        centre, spread = mean(x, axes, keepdims=True), var(x, axes, keepdims=True)
        _follow(running_mean, centre, momentum)
        _follow(running_var, spread, momentum, n / (n - 1))
    else:
        if running_mean is None or running_var is None:
            raise ArgumentError("batch_norm: outside training the running mean and variance are needed; they are None.")
        centre = _by_channel("batch_norm", "running_mean", running_mean, x)
        spread = _by_channel("batch_norm", "running_var", running_var, x)
    y = (x - centre) * rsqrt(spread + eps)
    return _affine(y, _by_channel("batch_norm", "weight", weight, x), _by_channel("batch_norm", "bias", bias, x))


def _last_axes(op: str, x: Any, normalized_shape: Any, *parameters: Any) -> tuple[int, ...]:
    shape = (normalized_shape,) if isinstance(normalized_shape, (int, np.integer)) else tuple(normalized_shape)
    if tuple(x.shape[x.ndim - len(shape) :]) != shape or not shape:
        raise ShapeError(f"{op}: x {tuple(x.shape)} must end with normalized_shape {shape}.")
    for parameter in parameters:
        if parameter is not None and tuple(parameter.shape) != shape:
            raise ShapeError(f"{op}: weight and bias must be {shape}, not {tuple(parameter.shape)}.")
    return tuple(range(x.ndim - len(shape), x.ndim))


@composite(
    _AFFINE,
    [sample(spec(2, 4), spec(4), spec(4)), sample(spec(2, 3, 2), None, None)],
    vjp_latex=_AFFINE_RULES,
    errors=[ErrorSample((np.ones((2, 4)), np.ones(3), None), ShapeError, "weight and bias must be")],
)
def _layer_norm(x: Any, weight: Any, bias: Any) -> Any:
    return layer_norm(x, x.shape[1:], weight, bias)


@functools.partial(in_floats, keep=("weight", "bias"))
def layer_norm(
    x: Any, normalized_shape: int | Sequence[int], weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """The last axes of each example shifted and scaled to mean 0, variance 1 (Ba et al., 2016, arXiv:1607.06450)."""
    axes = _last_axes("layer_norm", x, normalized_shape, weight, bias)
    centred = x - mean(x, axes, keepdims=True)
    return _affine(centred * rsqrt(mean(square(centred), axes, keepdims=True) + eps), weight, bias)


@composite(
    r"{1} \odot \frac{{{0}}}{{\sqrt{{\operatorname{{mean}}_{{A}}({0}^2) + \epsilon}}}}",
    [sample(spec(2, 4), spec(4)), sample(spec(2, 3, 2), None)],
    vjp_latex=[
        r"\frac{u - v \odot \operatorname{mean}_{A}(u \odot v)}{s}, "
        rf"\quad u = \bar y \odot W, \quad v = \frac{{x}}{{s}}, \quad {_ROOT}",
        rf"\textstyle\sum_{{B}} (\bar y \odot \frac{{x}}{{s}}), \quad {_ROOT}",
    ],
    errors=[ErrorSample((np.ones((2, 4)), np.ones(3)), ShapeError, "must be")],
)
def _rms_norm(x: Any, weight: Any) -> Any:
    return rms_norm(x, x.shape[-1:] if weight is not None else x.shape[1:], weight)


@functools.partial(in_floats, keep=("weight",))
def rms_norm(x: Any, normalized_shape: int | Sequence[int], weight: Any = None, eps: float | None = None) -> Any:
    """The last axes of each example scaled to mean square 1 (Zhang and Sennrich, 2019, arXiv:1910.07467).

    ``eps`` is the machine epsilon of the dtype by default (PyTorch's choice).
    """
    axes = _last_axes("rms_norm", x, normalized_shape, weight)
    eps = float(np.finfo(x.dtype).eps) if eps is None else eps
    return _affine(x * rsqrt(mean(square(x), axes, keepdims=True) + eps), weight, None)


@composite(
    r"\gamma \frac{{{0} - \mu_g}}{{\sqrt{{\sigma_g^2 + \epsilon}}}} + \beta",
    [sample(spec(2, 4, 3), spec(4), spec(4), num_groups=2)],
    errors=[
        ErrorSample(
            (np.ones((2, 4, 3)), None, None), ShapeError, "num_groups=3 must divide the channels", {"num_groups": 3}
        )
    ],
)
def _group_norm(x: Any, weight: Any, bias: Any, num_groups: int) -> Any:
    return group_norm(x, num_groups, weight, bias)


@functools.partial(in_floats, keep=("weight", "bias"))
def group_norm(x: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Groups of channels of each example normalised together (Wu and He, 2018, arXiv:1803.08494)."""
    if x.ndim < 2 or num_groups < 1 or x.shape[1] % num_groups:
        raise ShapeError(
            f"group_norm: num_groups={num_groups} must divide the channels (axis 1) of x {tuple(x.shape)}."
        )
    n, c, *rest = x.shape
    groups = reshape(x, (n, num_groups, (c // num_groups) * math.prod(rest)))
    centred = groups - mean(groups, -1, keepdims=True)
    y = reshape(centred * rsqrt(mean(square(centred), -1, keepdims=True) + eps), x.shape)
    return _affine(y, _by_channel("group_norm", "weight", weight, x), _by_channel("group_norm", "bias", bias, x))


@composite(
    r"\gamma \frac{{{0} - \mu}}{{\sqrt{{\sigma^2 + \epsilon}}}} + \beta",
    [sample(spec(2, 3, 4), spec(3), spec(3)), sample(spec(2, 2, 2, 3), None, None)],
    errors=[
        ErrorSample((np.ones((2, 3)), None, None), ShapeError, "places to normalise over"),
        ErrorSample((np.ones((2, 3, 2)), None, None), ArgumentError, "they are None", {"use_input_stats": False}),
        ErrorSample(
            (np.ones((2, 3, 2)), None, None), ShapeError, r"running_var is \(2,\)", {"running_var": np.ones(2)}
        ),
        ErrorSample(
            (np.ones((2, 3, 1)), None, None), ShapeError, "1 value.* two at least", {"running_var": np.ones(3)}
        ),
    ],
)
def _instance_norm(x: Any, weight: Any, bias: Any, **statistics: Any) -> Any:
    return instance_norm(x, weight, bias, **statistics)


@functools.partial(in_single, keep=("running_mean", "running_var", "weight", "bias"))
def instance_norm(
    x: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5, *, running_mean: Any = None,
    running_var: Any = None, use_input_stats: bool = True, momentum: float = 0.1,
) -> Any:  # fmt: skip
    """Each channel of each example normalised by itself (Ulyanov et al., 2016, arXiv:1607.08022).

    Running statistics ``(C,)`` move, in place, by ``momentum`` towards the mean over the examples (the running variance
    towards the unbiased one); they are used where ``use_input_stats`` is false.
    """
    if x.ndim < 3:
        raise ShapeError(f"instance_norm: x must be (N, C, ...) with places to normalise over, not {tuple(x.shape)}.")
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise ArgumentError(
                "instance_norm: use_input_stats=False needs running_mean and running_var; they are None."
            )
        return batch_norm(x, running_mean, running_var, weight, bias, eps=eps)
    places, n = tuple(range(2, x.ndim)), math.prod(x.shape[2:])
    for name, running in (("running_mean", running_mean), ("running_var", running_var)):
        _by_channel("instance_norm", name, running, x)
        if running is not None and n < 2:
            raise ShapeError(
                f"instance_norm: x {tuple(x.shape)} has {n} value(s) for each channel of an example; running "
                "statistics need two at least."
            )
    if running_mean is not None or running_var is not None:
        with no_grad():
            _follow(running_mean, mean(mean(x, places), 0), momentum)
            _follow(running_var, mean(var(x, places), 0), momentum, n / max(n - 1, 1))
    return group_norm(x, x.shape[1], weight, bias, eps)


@composite(
    r"\frac{{{0}}}{{(k + \frac{{\alpha}}{{n}} \sum {0}^2)^\beta}}",
    [sample(spec(2, 5, 3), size=3, alpha=0.5)],
    errors=[ErrorSample((np.ones((2, 3)),), ShapeError, "3 axes at least", {"size": 3})],
)
@in_floats
def local_response_norm(x: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Any:
    """Each element divided by the energy of its neighbour channels (Krizhevsky et al., 2012)."""
    if x.ndim < 3:
        raise ShapeError(f"local_response_norm: x must be (N, C, ...) with 3 axes at least, not {tuple(x.shape)}.")
    squares = moveaxis(square(x), 1, -1)
    widths = ((0, 0),) * (x.ndim - 1) + ((size // 2, (size - 1) // 2),)
    energy = mean(sliding_windows(pad(squares, widths), size), -1)
    return x / moveaxis(k + alpha * energy, -1, 1) ** beta


@composite(
    r"\frac{{{0}}}{{\max(\lVert {0} \rVert, \epsilon)}}",
    [sample(spec(2, 3, low=0.3)), sample(spec(2, 3, low=0.3), p=1.0, axis=0)],
)
@in_floats
def normalize(x: Any, p: float = 2.0, axis: int = 1, eps: float = 1e-12) -> Any:
    """Vectors along an axis scaled to norm 1."""
    return x / maximum(vector_norm(x, p, axis, keepdims=True), eps)
