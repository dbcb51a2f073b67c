"""Convolution in one, two and three dimensions, and its transpose, in plain form: windows, then one matrix product.

A convolution and its two gradients are three bilinear ops that are closed under differentiation: each one's rules
are the other two, so every order exists without further code. The transposed convolution is the second of them.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograd.backend import Array, is_differentiable
from autograd.composite import composite
from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.ops.halves import rounded_once
from autograd.ops.indexing import getitem
from autograd.ops.reduce import sum
from autograd.ops.shape import pad
from autograd.primitive import Primitive, primitive
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec

__all__ = [
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
]  # fmt: skip

Sizes = tuple[int, ...]


def several(op: str, name: str, value: Any, n: int, low: int) -> Sizes:
    """``n`` numbers from one number or ``n`` of them, each at least ``low``."""
    sizes = tuple(value) if isinstance(value, (tuple, list)) else (value,) * n
    if len(sizes) != n or not all(isinstance(k, (int, np.integer)) and k >= low for k in sizes):
        wanted = "a pair of them" if n == 2 else f"{n} of them"
        raise ShapeError(f"{op}: {name} must be an integer of at least {low}, or {wanted}, not {value!r}.")
    return tuple(int(k) for k in sizes)


def pair(op: str, name: str, value: Any, low: int) -> tuple[int, int]:
    """``(height, width)`` from a number or a pair, each at least ``low``."""
    height, width = several(op, name, value, 2, low)
    return height, width


def windows(x: Array, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, fill: float = 0.0) -> Array:
    """A view of the padded image with every window: ``(N, C, *out sizes, *kernel sizes)``."""
    if any(padding):
        x = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)), constant_values=fill)
    reach = tuple((k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True))
    view = sliding_window_view(x, reach, axis=tuple(range(2, x.ndim)))
    steps = tuple(slice(None, None, s) for s in (*stride, *dilation))
    return view[(slice(None), slice(None), *steps)]


def out_size(size: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Sizes:
    """How many windows fit along each axis."""
    return tuple(
        (n + 2 * p - (k - 1) * d - 1) // s + 1
        for n, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True)
    )


def spread(columns: Array, size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Array:
    """The transpose of :func:`windows`: ``(N, C, *kernel, *out)`` added back to where the windows lay (col2im)."""
    n = len(size)
    kernel, out = columns.shape[2 : 2 + n], columns.shape[2 + n :]
    x = np.zeros_like(columns, shape=(*columns.shape[:2], *(m + 2 * p for m, p in zip(size, padding, strict=True))))
    for place in itertools.product(*map(range, kernel)):
        starts = [i * d for i, d in zip(place, dilation, strict=True)]
        target = tuple(slice(a, a + m * s, s) for a, m, s in zip(starts, out, stride, strict=True))
        x[(slice(None), slice(None), *target)] += columns[(slice(None), slice(None), *place)]
    return x[(slice(None), slice(None), *(slice(p, p + m) for p, m in zip(padding, size, strict=True)))]


def _columns(
    x: Array, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int, out: Sizes | None = None
) -> Array:
    """The (first ``out``) windows as matrices (im2col): ``(N, groups, C / groups * kernel size, places)``."""
    k = len(kernel)
    view = windows(x, kernel, stride, padding, dilation)
    if out is not None:
        view = view[(slice(None), slice(None), *map(slice, out))]
    n, c = view.shape[:2]
    order = (0, 1, *range(2 + k, 2 + 2 * k), *range(2, 2 + k))
    return view.transpose(order).reshape(n, groups, c // groups * math.prod(kernel), math.prod(view.shape[2 : 2 + k]))


@rounded_once
def _forward(
    x: Array, weight: Array, bias: Array | None, *, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Array:
    kernel = weight.shape[2:]
    columns = _columns(x, kernel, stride, padding, dilation, groups)
    y = np.matmul(weight.reshape(groups, weight.shape[0] // groups, math.prod(weight.shape[1:])), columns)
    y = y.reshape(x.shape[0], weight.shape[0], *out_size(x.shape[2:], kernel, stride, padding, dilation))
    return y if bias is None else y + bias.reshape(-1, *(1,) * len(kernel))


@rounded_once
def _input_forward(
    d: Array, weight: Array, *, x_size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Array:
    """The transpose in the image."""
    n, o, *out = d.shape
    c, kernel = weight.shape[1], weight.shape[2:]
    kernels = weight.reshape(groups, o // groups, c * math.prod(kernel)).swapaxes(1, 2)
    columns = np.matmul(kernels, d.reshape(n, groups, o // groups, math.prod(out)))
    return spread(columns.reshape(n, groups * c, *kernel, *out), x_size, stride, padding, dilation)


@rounded_once
def _weight_forward(
    x: Array, d: Array, *, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Array:
    """The transpose in the kernel: windows against cotangents, summed over images and places."""
    n, o, *out = d.shape
    columns = _columns(x, kernel, stride, padding, dilation, groups, tuple(out))
    depth, places = columns.shape[2:]
    columns = columns.transpose(1, 2, 0, 3).reshape(groups, depth, n * places)
    cotangents = d.reshape(n, groups, o // groups, places).transpose(1, 2, 0, 3)
    cotangents = cotangents.reshape(groups, o // groups, n * places)
    return np.matmul(cotangents, columns.swapaxes(1, 2)).reshape(o, x.shape[1] // groups, *kernel)


def _first(y: Any, shape: Sizes) -> Any:
    """The part that the cotangent covers: with ``output_padding`` a window more may fit behind it."""
    return y if tuple(y.shape) == tuple(shape) else getitem(y, tuple(map(slice, shape)))


def _flops(out: Sizes, x: Sizes, weight: Sizes, *rest: Any, **params: Any) -> int:
    return 2 * math.prod(out) * math.prod(weight[1:])


def _geometry(stride: Sizes, padding: Sizes, dilation: Sizes, groups: int) -> dict[str, Any]:
    return {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


class _Ops(NamedTuple):
    """The three ops of one number of dimensions."""

    forward: Primitive
    input: Primitive
    weight: Primitive


def _make(n: int) -> _Ops:
    """The convolution in ``n`` dimensions and its two transposes."""

    def conv_vjp_x(g: Any, weight: Any, x_shape: Any, stride: Any, padding: Any, dilation: Any, groups: Any) -> Any:
        return input_(g, weight, x_size=x_shape[2:], **_geometry(stride, padding, dilation, groups))

    def conv_vjp_weight(
        g: Any, x: Any, weight_shape: Any, stride: Any, padding: Any, dilation: Any, groups: Any
    ) -> Any:
        return weight_(x, g, kernel=weight_shape[2:], **_geometry(stride, padding, dilation, groups))

    def conv_jvp(primals: Any, tangents: Any, **geometry: Any) -> Any:
        (x, weight, _), (t_x, t_weight, t_bias) = primals, tangents
        total = None if t_x is None else conv(t_x, weight, None, **geometry)
        if t_weight is not None:
            term = conv(x, t_weight, None, **geometry)
            total = term if total is None else total + term
        if t_bias is not None:
            wide = t_bias.reshape((t_bias.shape[0],) + (1,) * n)
            total = wide + (0 * conv(x, weight, None, **geometry) if total is None else total)
        return total

    def input_vjp_d(g: Any, weight: Any, d_shape: Any, stride: Any, padding: Any, dilation: Any, groups: Any) -> Any:
        return _first(conv(g, weight, None, **_geometry(stride, padding, dilation, groups)), d_shape)

    def input_vjp_weight(
        g: Any, d: Any, weight_shape: Any, stride: Any, padding: Any, dilation: Any, groups: Any
    ) -> Any:
        return weight_(g, d, kernel=weight_shape[2:], **_geometry(stride, padding, dilation, groups))

    def weight_vjp_x(g: Any, d: Any, x_shape: Any, stride: Any, padding: Any, dilation: Any, groups: Any) -> Any:
        return input_(d, g, x_size=x_shape[2:], **_geometry(stride, padding, dilation, groups))

    def weight_vjp_d(g: Any, x: Any, d_shape: Any, stride: Any, padding: Any, dilation: Any, groups: Any) -> Any:
        return _first(conv(x, g, None, **_geometry(stride, padding, dilation, groups)), d_shape)

    first = tuple({1: (3,), 2: (3, 2), 3: (2, 2, 2)}[n])
    size = {1: (5,), 2: (4, 4), 3: (3, 3, 3)}[n]
    out = tuple(a - k + 1 for a, k in zip(size, first, strict=True))
    unit = _geometry((1,) * n, (0,) * n, (1,) * n, 1)
    grouped = _geometry((1,) * n, (1,) * n, (1,) * n, 2)
    strided = _geometry((2, 1, 1)[:n], (1, 0, 0)[:n], (1, 2, 1)[:n], 1)
    loose = _geometry((1,) * n, (0,) * n, (2,) * n, 1)  # of 5 pixels, 3 places: one more than a cotangent of 2
    odd = (5, 4, 3)[:n]
    small = (2,) * n
    odd_out = out_size(odd, small, strided["stride"], strided["padding"], strided["dilation"])

    conv = primitive(
        f"conv{n}d", _forward, kind="contraction",
        vjp=[conv_vjp_x, conv_vjp_weight, lambda g: sum(g, (0, *range(2, 2 + n)))], jvp=conv_jvp,
        latex="{0} * {1} + {2}",
        vjp_latex=[r"\bar y *^\top W", r"x \star \bar y", r"\textstyle\sum_{A} \bar y"], flops=_flops,
        samples=[
            sample(spec(2, 2, *size), spec(3, 2, *first), spec(3), **unit),
            sample(spec(1, 2, *odd), spec(2, 2, *small), None, **strided),
            sample(spec(1, 4, *(3,) * n), spec(4, 2, *small), spec(4), **grouped),
            sample(spec(0, 2, *size), spec(3, 2, *first), spec(3), **unit),
            sample(spec(2, 3, *small), spec(6, 1, *(1,) * n), spec(6), **_geometry((1,) * n, (0,) * n, (1,) * n, 3)),
        ],
        errors=[
            ErrorSample((np.ones((1, 3, *size)), np.ones((3, 2, *first)), None), ShapeError, "differ in length", unit)
        ],
    )  # fmt: skip
    input_ = primitive(
        f"conv{n}d_input_gradient", _input_forward, kind="contraction",
        vjp=[input_vjp_d, input_vjp_weight], jvp="multilinear",
        latex=r"{0} *^\top {1}", vjp_latex=[r"\bar y * W", r"\bar y \star d"],
        flops=lambda out, d, weight, **params: 2 * math.prod(d) * math.prod(weight[1:]),
        samples=[
            sample(spec(2, 3, *out), spec(3, 2, *first), x_size=size, **unit),
            sample(spec(1, 2, *odd_out), spec(2, 2, *small), x_size=odd, **strided),
            sample(spec(1, 2, *small), spec(2, 2, *small), x_size=(5,) * n, **loose),
            sample(spec(1, 4, *(4,) * n), spec(4, 2, *small), x_size=(3,) * n, **grouped),
            sample(spec(0, 3, *out), spec(3, 2, *first), x_size=size, **unit),
        ],
    )  # fmt: skip
    weight_ = primitive(
        f"conv{n}d_weight_gradient", _weight_forward, kind="contraction",
        vjp=[weight_vjp_x, weight_vjp_d], jvp="multilinear",
        latex=r"{0} \star {1}", vjp_latex=[r"d *^\top \bar y", r"x * \bar y"],
        flops=lambda out, x, d, **params: 2 * math.prod(d) * math.prod(out[1:]),
        samples=[
            sample(spec(2, 2, *size), spec(2, 3, *out), kernel=first, **unit),
            sample(spec(1, 2, *odd), spec(1, 2, *odd_out), kernel=small, **strided),
            sample(spec(1, 2, *(5,) * n), spec(1, 2, *small), kernel=small, **loose),
            sample(spec(2, 4, *(3,) * n), spec(2, 4, *(4,) * n), kernel=small, **grouped),
            sample(spec(0, 2, *size), spec(0, 3, *out), kernel=first, **unit),
        ],
    )  # fmt: skip
    return _Ops(conv, input_, weight_)


_CONV = {n: _make(n) for n in (1, 2, 3)}
_LAYOUT = {1: "(N, C, L)", 2: "(N, C, H, W)", 3: "(N, C, D, H, W)"}


def unbatched(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let ``function(n, x, ...)`` take one image without its batch axis; the result has none too."""

    @functools.wraps(function)
    def either(n: int, x: Any, *rest: Any) -> Any:
        if x.ndim != n + 1:
            return function(n, x, *rest)
        y = function(n, x[None], *rest)
        return tuple(part[0] for part in y) if isinstance(y, tuple) else y[0]

    return either


def check_image(op: str, x: Any, n: int) -> None:
    """Raise unless ``x`` is a batch of images of ``n`` dimensions."""
    if x.ndim != n + 2:
        hint = " Add the missing axis of channels: x[None]." if x.ndim == n else ""
        one = _LAYOUT[n].replace("N, ", "")
        raise ShapeError(f"{op}: x must be {_LAYOUT[n]} or, for one image, {one}, not {tuple(x.shape)}.{hint}")
    if not is_differentiable(x.dtype):
        raise DtypeError(f"{op}: x must be floating point, not {x.dtype}. Convert it with x.astype('float32').")


def check_fits(op: str, shape: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> None:
    """Raise unless one window fits at least."""
    if min(out_size(shape[2:], kernel, stride, padding, dilation)) < 1:
        image = "x".join(map(str, shape[2:]))
        raise ShapeError(
            f"{op}: a kernel of {tuple(kernel)} (dilation {dilation}) does not fit into the {image} "
            f"image of x {shape} with padding {padding}. Use a smaller kernel or more padding."
        )


def _check_channels(op: str, x: Any, kernel: Sizes, groups: Any, n: int, transposed: bool) -> None:
    layout = "(in, out / groups, ...)" if transposed else "(out, in / groups, ...)"
    if len(kernel) != n + 2:
        wanted = layout.replace("...", {1: "length", 2: "height, width", 3: "depth, height, width"}[n])
        raise ShapeError(f"{op}: weight must be {wanted}, not {kernel}.")
    if not isinstance(groups, (int, np.integer)) or groups < 1 or kernel[0] % groups:
        what = "input" if transposed else "output"
        raise ShapeError(f"{op}: groups={groups!r} must divide the {kernel[0]} {what} channels of weight {kernel}.")
    taken = kernel[0] if transposed else kernel[1] * groups
    if x.shape[1] != taken:
        raise ShapeError(
            f"{op}: x {tuple(x.shape)} has {x.shape[1]} channels; weight {kernel} with groups={groups} takes {taken}."
        )


def _padded(op: str, x: Any, kernel: Sizes, padding: Any, stride: Sizes, dilation: Sizes, n: int) -> tuple[Any, Sizes]:
    """The image and the symmetric padding; ``"same"`` may need one element more at the end."""
    if padding == "valid":
        return x, (0,) * n
    if padding != "same":
        if isinstance(padding, str):
            raise ArgumentError(f'{op}: padding must be numbers, "same" or "valid", not {padding!r}.')
        return x, several(op, "padding", padding, n, 0)
    if any(s != 1 for s in stride):
        raise ArgumentError(f'{op}: padding="same" needs stride 1, not {stride}.')
    total = [(k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
    if any(t % 2 for t in total):
        x = pad(x, ((0, 0), (0, 0), *((0, t % 2) for t in total)))
    return x, tuple(t // 2 for t in total)


@unbatched
def _convolve(n: int, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    op = f"conv{n}d"
    kernel = tuple(weight.shape)
    check_image(op, x, n)
    _check_channels(op, x, kernel, groups, n, transposed=False)
    if bias is not None and tuple(bias.shape) != (kernel[0],):
        raise ShapeError(f"{op}: bias is {tuple(bias.shape)}; weight {kernel} wants ({kernel[0]},).")
    steps, gaps = several(op, "stride", stride, n, 1), several(op, "dilation", dilation, n, 1)
    x, border = _padded(op, x, kernel[2:], padding, steps, gaps, n)
    check_fits(op, tuple(x.shape), kernel[2:], steps, border, gaps)
    return _CONV[n].forward(x, weight, bias, **_geometry(steps, border, gaps, int(groups)))


def conv1d(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """1-D convolution; see :func:`conv2d`. Shape: ``x (N, C, L)``, ``weight (O, C / groups, kernel length)``."""
    return _convolve(1, x, weight, bias, stride, padding, dilation, groups)


def conv2d(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """2-D convolution as in neural networks (cross-correlation: the kernel is not flipped).

    Shape: ``x (N, C, H, W)``, ``weight (O, C / groups, kernel height, kernel width)``, ``bias (O,)`` or None; the
    result is ``(N, O, H_out, W_out)`` with ``H_out = (H + 2 padding - dilation (kernel - 1) - 1) // stride + 1``. One
    image without its batch axis, ``(C, H, W)``, gives one without.
    ``stride``, ``padding`` and ``dilation`` are a number or a (height, width) pair; ``padding`` may be ``"same"`` or
    ``"valid"``.
    """
    return _convolve(2, x, weight, bias, stride, padding, dilation, groups)


def conv3d(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """3-D convolution; see :func:`conv2d`. Shape: ``x (N, C, D, H, W)``."""
    return _convolve(3, x, weight, bias, stride, padding, dilation, groups)


def _refused_transposes(n: int) -> list[ErrorSample]:
    """Weights, biases and output paddings that do not fit, for the entry of a transposed convolution."""
    x, weight = np.ones((1, 2) + (3,) * n), np.ones((2, 1) + (2,) * n)
    too_much = {"output_padding": 1}
    return [
        ErrorSample((x, np.ones((3, 1) + (2,) * n), None), ShapeError, rf"conv_transpose{n}d: .*channels"),
        ErrorSample((x, weight, np.ones(3)), ShapeError, r"bias is \(3,\).* wants \(1,\)"),
        ErrorSample((x, weight, None), ShapeError, "must be smaller than stride", too_much),
    ]


@unbatched
def _transpose(
    n: int, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, output_padding: Any, groups: int, dilation: Any
) -> Any:
    op = f"conv_transpose{n}d"
    kernel = tuple(weight.shape)
    check_image(op, x, n)
    _check_channels(op, x, kernel, groups, n, transposed=True)
    channels = kernel[1] * groups
    if bias is not None and tuple(bias.shape) != (channels,):
        raise ShapeError(
            f"{op}: bias is {tuple(bias.shape)}; weight {kernel} with groups={groups} wants ({channels},)."
        )
    steps, border = several(op, "stride", stride, n, 1), several(op, "padding", padding, n, 0)
    gaps, extra = several(op, "dilation", dilation, n, 1), several(op, "output_padding", output_padding, n, 0)
    if any(e >= max(s, d) for e, s, d in zip(extra, steps, gaps, strict=True)):
        raise ShapeError(f"{op}: output_padding {extra} must be smaller than stride {steps} or dilation {gaps}.")
    size = tuple(
        (m - 1) * s - 2 * p + d * (k - 1) + e + 1
        for m, s, p, d, k, e in zip(x.shape[2:], steps, border, gaps, kernel[2:], extra, strict=True)
    )
    if min(size) < 1:
        raise ShapeError(f"{op}: the result would be {size}; use less padding.")
    y = _CONV[n].input(x, weight, x_size=size, **_geometry(steps, border, gaps, int(groups)))
    return y if bias is None else y + bias.reshape((channels,) + (1,) * n)


@composite(
    r"{0} \ast^\top {1}",
    [
        sample(spec(1, 2, 4), spec(2, 1, 2), None),
        sample(spec(2, 4, 5), spec(4, 2, 3), spec(4), stride=2, padding=1, output_padding=1, groups=2, dilation=2),
        sample(spec(0, 2, 3), spec(2, 1, 2), None),
    ],
    errors=_refused_transposes(1),
)  # fmt: skip
def conv_transpose1d(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1,
    dilation: Any = 1,
) -> Any:  # fmt: skip
    """The transpose of :func:`conv1d`; see :func:`conv_transpose2d`."""
    return _transpose(1, x, weight, bias, stride, padding, output_padding, groups, dilation)


@composite(
    r"{0} \ast^\top {1}",
    [
        sample(spec(1, 1, 2, 3), spec(1, 2, 2, 2), spec(2)),
        sample(spec(1, 2, 3, 3), spec(2, 3, 2, 2), spec(3), stride=(2, 1), padding=(1, 0)),
        sample(spec(2, 2, 2, 3), spec(2, 1, 3, 1), None, groups=2, dilation=(1, 2)),
        sample(spec(1, 4, 2, 2), spec(4, 3, 2, 3), spec(6), stride=2, padding=1, output_padding=(1, 0), groups=2),
        sample(spec(0, 2, 2, 3), spec(2, 1, 2, 2), spec(1)),
    ],
    errors=_refused_transposes(2),
)  # fmt: skip
def conv_transpose2d(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1,
    dilation: Any = 1,
) -> Any:  # fmt: skip
    """The transpose of :func:`conv2d` in its image: each element lays down a scaled copy of the kernel.

    Shape: ``x (N, C, H, W)``, ``weight (C, O / groups, kernel height, kernel width)``; ``H_out = (H - 1) stride -
    2 padding + dilation (kernel - 1) + output_padding + 1``.
    """
    return _transpose(2, x, weight, bias, stride, padding, output_padding, groups, dilation)


@composite(
    r"{0} \ast^\top {1}",
    [
        sample(spec(1, 1, 2, 1, 2), spec(1, 1, 1, 2, 1), None),
        sample(spec(1, 1, 2, 2, 2), spec(1, 2, 2, 1, 2), spec(2), stride=(1, 2, 1), padding=(0, 0, 1)),
        sample(spec(1, 4, 1, 2, 2), spec(4, 1, 2, 1, 2), spec(2), groups=2, output_padding=(0, 1, 0), stride=2),
        sample(spec(0, 2, 1, 2, 1), spec(2, 1, 1, 2, 1), spec(1)),
    ],
    errors=_refused_transposes(3),
)  # fmt: skip
def conv_transpose3d(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1,
    dilation: Any = 1,
) -> Any:  # fmt: skip
    """The transpose of :func:`conv3d`; see :func:`conv_transpose2d`."""
    return _transpose(3, x, weight, bias, stride, padding, output_padding, groups, dilation)
