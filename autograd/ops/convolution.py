"""2-D convolution and pooling in their plain form: windows of the image, then one matrix product.

The convolution and its two gradients are three bilinear ops that are closed under differentiation: each one's rules
are the other two, so every order exists without further code.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograd.backend import Array, array_module
from autograd.errors import DtypeError, ShapeError
from autograd.ops.indexing import put_along_axis_add, take_along_axis
from autograd.ops.reduce import sum
from autograd.primitive import primitive
from autograd.samples import array as spec
from autograd.samples import sample

__all__ = ["avg_pool2d", "conv2d", "max_pool2d", "pair"]

Pair = tuple[int, int]


def pair(op: str, name: str, value: Any, low: int) -> Pair:
    """``(height, width)`` from a number or a pair, each at least ``low``."""
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(both) != 2 or not all(isinstance(n, (int, np.integer)) and n >= low for n in both):
        raise ShapeError(f"{op}: {name} must be an integer of at least {low}, or a pair of them, not {value!r}.")
    return int(both[0]), int(both[1])


def _windows(x: Array, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, fill: float = 0.0) -> Array:
    """A view of the padded image with every window: ``(N, C, H_out, W_out, kernel height, kernel width)``."""
    if any(padding):
        (ph, pw) = padding
        x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=fill)
    reach = tuple((k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True))
    view = sliding_window_view(x, reach, axis=(2, 3))
    return view[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]


def _columns(x: Array, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Array:
    """The windows as matrices (im2col): ``(N, groups, C / groups * kernel size, H_out * W_out)``."""
    view = _windows(x, kernel, stride, padding, dilation).transpose(0, 1, 4, 5, 2, 3)
    n, c, kh, kw, ho, wo = view.shape
    return view.reshape(n, groups, c // groups * kh * kw, ho * wo)


def _conv_forward(
    x: Array, weight: Array, bias: Array | None, *, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Array:
    columns = _columns(x, weight.shape[2:], stride, padding, dilation, groups)
    height, width = _out_size(x.shape[2:], weight.shape[2:], stride, padding, dilation)
    y = np.matmul(weight.reshape(groups, weight.shape[0] // groups, -1), columns)
    y = y.reshape(x.shape[0], weight.shape[0], height, width)
    return y if bias is None else y + bias.reshape(-1, 1, 1)


def _conv_input_forward(
    d: Array, weight: Array, *, x_size: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Array:
    """The adjoint in the image: each window's gradient is added back to where the window lay (col2im)."""
    n, o, height, width = d.shape
    _, c, kh, kw = weight.shape
    kernels = weight.reshape(groups, o // groups, c * kh * kw).swapaxes(1, 2)
    columns = np.matmul(kernels, d.reshape(n, groups, o // groups, height * width))
    columns = columns.reshape(n, groups * c, kh, kw, height, width)
    (h, w), (ph, pw), (sh, sw), (dh, dw) = x_size, padding, stride, dilation
    x = np.zeros_like(columns, shape=(n, groups * c, h + 2 * ph, w + 2 * pw))
    for i in range(kh):
        for j in range(kw):
            top, left = i * dh, j * dw
            x[:, :, top : top + height * sh : sh, left : left + width * sw : sw] += columns[:, :, i, j]
    return x[:, :, ph : ph + h, pw : pw + w]


def _conv_weight_forward(
    x: Array, d: Array, *, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Array:
    """The adjoint in the kernel: windows against cotangents, summed over images and places."""
    n, o = d.shape[:2]
    columns = _columns(x, kernel, stride, padding, dilation, groups)
    depth, places = columns.shape[2:]
    columns = columns.transpose(1, 2, 0, 3).reshape(groups, depth, n * places)
    cotangents = d.reshape(n, groups, o // groups, places).transpose(1, 2, 0, 3)
    cotangents = cotangents.reshape(groups, o // groups, n * places)
    return np.matmul(cotangents, columns.swapaxes(1, 2)).reshape(o, x.shape[1] // groups, *kernel)


def _out_size(size: Any, kernel: Any, stride: Pair, padding: Pair, dilation: Pair) -> Pair:
    h, w = (
        (n + 2 * p - (k - 1) * d - 1) // s + 1
        for n, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True)
    )
    return h, w


def _conv_flops(out: tuple[int, ...], x: tuple[int, ...], weight: tuple[int, ...], *rest: Any, **params: Any) -> int:
    return 2 * math.prod(out) * math.prod(weight[1:])


def _geometry(stride: Pair, padding: Pair, dilation: Pair, groups: int) -> dict[str, Any]:
    return {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


def _conv_vjp_x(g: Any, weight: Any, x_shape: Any, stride: Any, padding: Any, dilation: Any, groups: Any) -> Any:
    return _conv_input(g, weight, x_size=x_shape[2:], **_geometry(stride, padding, dilation, groups))


def _conv_vjp_weight(g: Any, x: Any, weight_shape: Any, stride: Any, padding: Any, dilation: Any, groups: Any) -> Any:
    return _conv_weight(x, g, kernel=weight_shape[2:], **_geometry(stride, padding, dilation, groups))


def _conv_jvp(primals: Any, tangents: Any, **geometry: Any) -> Any:
    (x, weight, _), (t_x, t_weight, t_bias) = primals, tangents
    total = None if t_x is None else _conv(t_x, weight, None, **geometry)
    if t_weight is not None:
        term = _conv(x, t_weight, None, **geometry)
        total = term if total is None else total + term
    if t_bias is not None:
        total = t_bias.reshape(-1, 1, 1) + (0 * _conv(x, weight, None, **geometry) if total is None else total)
    return total


def _conv_input_vjp_d(g: Any, weight: Any, stride: Any, padding: Any, dilation: Any, groups: Any) -> Any:
    return _conv(g, weight, None, **_geometry(stride, padding, dilation, groups))


def _conv_input_vjp_weight(
    g: Any, d: Any, weight_shape: Any, stride: Any, padding: Any, dilation: Any, groups: Any
) -> Any:
    return _conv_weight(g, d, kernel=weight_shape[2:], **_geometry(stride, padding, dilation, groups))


def _conv_weight_vjp_x(g: Any, d: Any, x_shape: Any, stride: Any, padding: Any, dilation: Any, groups: Any) -> Any:
    return _conv_input(d, g, x_size=x_shape[2:], **_geometry(stride, padding, dilation, groups))


def _conv_weight_vjp_d(g: Any, x: Any, stride: Any, padding: Any, dilation: Any, groups: Any) -> Any:
    return _conv(x, g, None, **_geometry(stride, padding, dilation, groups))


_unit = _geometry((1, 1), (0, 0), (1, 1), 1)
_grouped = _geometry((1, 1), (1, 1), (1, 1), 2)
_strided = _geometry((2, 1), (1, 0), (1, 2), 1)

_conv = primitive(
    "conv2d", _conv_forward, kind="contraction",
    vjp=[_conv_vjp_x, _conv_vjp_weight, lambda g: sum(g, (0, 2, 3))], jvp=_conv_jvp,
    latex="{0} * {1} + {2}",
    vjp_latex=[r"\bar y *^\top W", r"x \star \bar y", r"\textstyle\sum \bar y"], flops=_conv_flops,
    samples=[
        sample(spec(2, 2, 4, 4), spec(3, 2, 3, 2), spec(3), **_unit),
        sample(spec(1, 2, 5, 4), spec(2, 2, 2, 2), None, **_strided),
        sample(spec(1, 4, 3, 3), spec(4, 2, 2, 2), spec(4), **_grouped),
        sample(spec(0, 2, 4, 4), spec(3, 2, 3, 2), spec(3), **_unit),
    ],
)  # fmt: skip
_conv_input = primitive(
    "conv2d_input_gradient", _conv_input_forward, kind="contraction",
    vjp=[_conv_input_vjp_d, _conv_input_vjp_weight], jvp="multilinear",
    latex=r"{0} *^\top {1}", vjp_latex=[r"\bar y * W", r"\bar y \star d"], flops=_conv_flops,
    samples=[
        sample(spec(2, 3, 2, 3), spec(3, 2, 3, 2), x_size=(4, 4), **_unit),
        sample(spec(1, 2, 3, 2), spec(2, 2, 2, 2), x_size=(5, 4), **_strided),
    ],
)  # fmt: skip
_conv_weight = primitive(
    "conv2d_weight_gradient", _conv_weight_forward, kind="contraction",
    vjp=[_conv_weight_vjp_x, _conv_weight_vjp_d], jvp="multilinear",
    latex=r"{0} \star {1}", vjp_latex=[r"d *^\top \bar y", r"x * \bar y"],
    flops=lambda out, x, d, **params: 2 * math.prod(d) * math.prod(out[1:]),
    samples=[
        sample(spec(2, 2, 4, 4), spec(2, 3, 2, 3), kernel=(3, 2), **_unit),
        sample(spec(1, 2, 5, 4), spec(1, 2, 3, 2), kernel=(2, 2), **_strided),
    ],
)  # fmt: skip


def conv2d(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """2-D convolution as in neural networks (cross-correlation: the kernel is not flipped).

    Shape: ``x (N, C, H, W)``, ``weight (O, C / groups, kernel height, kernel width)``, ``bias (O,)`` or None; the
    result is ``(N, O, H_out, W_out)`` with ``H_out = (H + 2 padding - dilation (kernel - 1) - 1) // stride + 1``.
    ``stride``, ``padding`` and ``dilation`` are a number or a (height, width) pair.
    """
    shape, kernel = tuple(x.shape), tuple(weight.shape)
    _check_image("conv2d", x)
    if len(kernel) != 4:
        raise ShapeError(f"conv2d: weight must be (out, in / groups, height, width), not {kernel}.")
    if not isinstance(groups, (int, np.integer)) or groups < 1 or kernel[0] % groups:
        raise ShapeError(f"conv2d: groups={groups!r} must divide the {kernel[0]} output channels of weight {kernel}.")
    if shape[1] != kernel[1] * groups:
        raise ShapeError(
            f"conv2d: x {shape} has {shape[1]} channels; weight {kernel} with groups={groups} takes "
            f"{kernel[1] * groups}."
        )
    if bias is not None and tuple(bias.shape) != (kernel[0],):
        raise ShapeError(f"conv2d: bias is {tuple(bias.shape)}; weight {kernel} wants ({kernel[0]},).")
    geometry = _geometry(
        pair("conv2d", "stride", stride, 1), pair("conv2d", "padding", padding, 0),
        pair("conv2d", "dilation", dilation, 1), int(groups),
    )  # fmt: skip
    _check_fits("conv2d", shape, kernel[2:], geometry["stride"], geometry["padding"], geometry["dilation"])
    return _conv(x, weight, bias, **geometry)


def _check_image(op: str, x: Any) -> None:
    if x.ndim != 4:
        hint = {2: "x[None, None]", 3: "x[None] (one image) or x[:, None] (one channel)"}.get(x.ndim)
        raise ShapeError(
            f"{op}: x must be (N, C, H, W), not {tuple(x.shape)}." + (f" Add the missing axes: {hint}." if hint else "")
        )
    if x.dtype.kind not in "fcV":
        raise DtypeError(f"{op}: x must be floating point, not {x.dtype}. Convert it with x.astype('float32').")


def _check_fits(op: str, shape: tuple[int, ...], kernel: Any, stride: Pair, padding: Pair, dilation: Pair) -> None:
    if min(_out_size(shape[2:], kernel, stride, padding, dilation)) < 1:
        raise ShapeError(
            f"{op}: a kernel of {tuple(kernel)} (dilation {dilation}) does not fit into the {shape[2]}x{shape[3]} "
            f"image of x {shape} with padding {padding}. Use a smaller kernel or more padding."
        )


# -------------------------------------------------------------------------------------------------------- pooling


def _max_pool_forward(x: Array, *, kernel: Pair, stride: Pair, padding: Pair) -> tuple[Array, Array]:
    """The maxima, and the place of each in its flattened image (N, C, H_out * W_out)."""
    n, c, h, w = x.shape
    view = _windows(x, kernel, stride, padding, (1, 1), fill=-np.inf)
    height, width = view.shape[2:4]
    flat = view.reshape(n, c, height * width, kernel[0] * kernel[1])
    best = flat.argmax(-1)  # the first maximum, as in PyTorch; NaN wins
    y = np.take_along_axis(flat, best[..., None], -1)[..., 0].reshape(n, c, height, width)
    place = array_module(x).arange(height * width)
    rows = (place // width) * stride[0] - padding[0] + best // kernel[1]
    columns = (place % width) * stride[1] - padding[1] + best % kernel[1]
    return y, np.clip(rows, 0, h - 1) * w + np.clip(columns, 0, w - 1)


def _max_pool_vjp(g: Any, aux: Any, x_shape: tuple[int, ...]) -> Any:
    n, c, h, w = x_shape
    return put_along_axis_add(g.reshape(aux.shape), aux, shape=(n, c, h * w), axis=2).reshape(x_shape)


def _max_pool_jvp(primals: Any, tangents: Any, **geometry: Any) -> Any:
    (x,), (t,) = primals, tangents
    y, place = _max_pool_forward(getattr(x, "array", x), **geometry)
    return take_along_axis(t.reshape(*t.shape[:2], t.shape[2] * t.shape[3]), place, 2).reshape(y.shape)


_pool_samples = [
    sample(spec(2, 2, 4, 5, distinct=True), kernel=(2, 2), stride=(2, 2), padding=(0, 0)),
    sample(spec(1, 2, 5, 5, distinct=True), kernel=(3, 2), stride=(1, 2), padding=(1, 1)),
    sample(spec(0, 2, 4, 4), kernel=(2, 2), stride=(2, 2), padding=(0, 0)),
]
_max_pool = primitive(
    "max_pool2d", _max_pool_forward, kind="gather", aux=True, selects=True,
    vjp=[_max_pool_vjp], jvp=_max_pool_jvp,
    latex=r"\operatorname{{maxpool}}({0})", vjp_latex=[r"\operatorname{scatter}_{\arg\max}(\bar y)"],
    flops=lambda out, x, kernel, **params: math.prod(out) * math.prod(kernel), samples=_pool_samples,
)  # fmt: skip


def max_pool2d(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0) -> Any:
    """The maximum of each window of an image ``(N, C, H, W)``; ``stride`` is the kernel size by default.

    Padding never wins. Of tied elements the first takes the whole gradient (PyTorch's convention, unlike ``max``).
    """
    return _max_pool(x, **_pool_arguments("max_pool2d", x, kernel_size, stride, padding))


def _avg_pool_forward(x: Array, *, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    return _windows(x, kernel, stride, padding, (1, 1)).mean((4, 5))


def _avg_unpool_forward(d: Array, *, x_size: Pair, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    n, c, height, width = d.shape
    (h, w), (ph, pw), (sh, sw) = x_size, padding, stride
    share = d / (kernel[0] * kernel[1])
    x = np.zeros_like(share, shape=(n, c, h + 2 * ph, w + 2 * pw))
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            x[:, :, i : i + height * sh : sh, j : j + width * sw : sw] += share
    return x[:, :, ph : ph + h, pw : pw + w]


_avg_pool = primitive(
    "avg_pool2d", _avg_pool_forward, kind="reduction",
    vjp=[
        lambda g, x_shape, kernel, stride, padding:
            _avg_unpool(g, x_size=x_shape[2:], kernel=kernel, stride=stride, padding=padding)
    ],
    jvp="linear", latex=r"\operatorname{{avgpool}}({0})", vjp_latex=[r"\operatorname{spread}(\bar y)"],
    flops=lambda out, x, kernel, **params: math.prod(out) * math.prod(kernel), samples=_pool_samples,
)  # fmt: skip
_avg_unpool = primitive(
    "avg_pool2d_gradient", _avg_unpool_forward, kind="view",
    vjp=[lambda g, kernel, stride, padding: _avg_pool(g, kernel=kernel, stride=stride, padding=padding)],
    jvp="linear", latex=r"\operatorname{{spread}}({0})", vjp_latex=[r"\operatorname{avgpool}(\bar y)"],
    samples=[sample(spec(2, 2, 2, 2), x_size=(4, 5), kernel=(2, 2), stride=(2, 2), padding=(0, 0))],
)  # fmt: skip


def avg_pool2d(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0) -> Any:
    """The mean of each window of an image ``(N, C, H, W)``; padding counts as zeros (PyTorch's default)."""
    return _avg_pool(x, **_pool_arguments("avg_pool2d", x, kernel_size, stride, padding))


def _pool_arguments(op: str, x: Any, kernel_size: Any, stride: Any, padding: Any) -> dict[str, Pair]:
    _check_image(op, x)
    kernel = pair(op, "kernel_size", kernel_size, 1)
    steps = kernel if stride is None else pair(op, "stride", stride, 1)
    border = pair(op, "padding", padding, 0)
    if any(p > k // 2 for p, k in zip(border, kernel, strict=True)):
        raise ShapeError(f"{op}: padding {border} must be at most half of the kernel {kernel}.")
    _check_fits(op, tuple(x.shape), kernel, steps, border, (1, 1))
    return {"kernel": kernel, "stride": steps, "padding": border}
