"""Pooling in one, two and three dimensions: the maximum, mean or norm of each window."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from autograd.backend import Array, array_module
from autograd.composite import composite
from autograd.errors import ArgumentError, ShapeError
from autograd.ops.convolution import Sizes, check_fits, check_image, out_size, several, spread, unbatched, windows
from autograd.ops.elementwise import abs as absolute
from autograd.ops.elementwise import where
from autograd.ops.halves import in_single, rounded_once
from autograd.ops.indexing import put_along_axis_add, take_along_axis
from autograd.ops.logic import floor_divide
from autograd.ops.shape import pad, reshape
from autograd.primitive import Primitive, primitive
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec
from autograd.tape import module_of

__all__ = [
    "avg_pool1d", "avg_pool2d", "avg_pool3d", "lp_pool1d", "lp_pool2d", "lp_pool3d", "max_pool1d", "max_pool2d",
    "max_pool3d", "max_unpool1d", "max_unpool2d", "max_unpool3d",
]  # fmt: skip

# ------------------------------------------------------------------------------------------------------- maximum


def _max_forward(x: Array, *, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> tuple[Array, Array]:
    """The maxima, and the place of each in its flattened image ``(N, C, places)``."""
    n = len(kernel)
    view = windows(x, kernel, stride, padding, dilation, fill=-np.inf)
    out = view.shape[2 : 2 + n]
    flat = view.reshape(*x.shape[:2], math.prod(out), math.prod(kernel))
    best = flat.argmax(-1)  # the first maximum, as in PyTorch; NaN wins
    y = np.take_along_axis(flat, best[..., None], -1)[..., 0].reshape(*x.shape[:2], *out)
    xp = array_module(x)
    places, inside = xp.unravel_index(xp.arange(math.prod(out)), out), xp.unravel_index(best, kernel)
    index: Any = 0
    for place, within, s, p, d, size in zip(places, inside, stride, padding, dilation, x.shape[2:], strict=True):
        index = index * size + np.clip(place * s - p + within * d, 0, size - 1)
    return y, index


def _max_places(x: Array, *, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Array:
    return _max_forward(x, kernel=kernel, stride=stride, padding=padding, dilation=dilation)[1]


def _max_vjp(g: Any, aux: Any, x_shape: Sizes) -> Any:
    flat = (*x_shape[:2], math.prod(x_shape[2:]))
    return put_along_axis_add(g.reshape(aux.shape), aux, shape=flat, axis=2).reshape(x_shape)


class _Ops(NamedTuple):
    """The primitives of one number of dimensions."""

    max: Primitive
    places: Primitive
    avg: Primitive


@rounded_once
def _avg_forward(x: Array, *, kernel: Sizes, stride: Sizes, padding: Sizes) -> Array:
    n = len(kernel)
    return windows(x, kernel, stride, padding, (1,) * n).mean(tuple(range(-n, 0)))


@rounded_once
def _avg_spread_forward(d: Array, *, x_size: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes) -> Array:
    n = len(kernel)
    share = d / math.prod(kernel)
    columns = np.broadcast_to(share[(..., *(None,) * n)], (*share.shape, *kernel))
    columns = np.moveaxis(columns, tuple(range(2, 2 + n)), tuple(range(2 + n, 2 + 2 * n)))
    return spread(columns, x_size, stride, padding, (1,) * n)


def _window_flops(out: Sizes, x: Sizes, kernel: Sizes, **params: Any) -> int:
    return math.prod(out) * math.prod(kernel)


def _make(n: int) -> _Ops:
    def max_jvp(primals: Any, tangents: Any, **geometry: Any) -> Any:
        (x,), (t,) = primals, tangents
        place = places(x, **geometry)
        picked = take_along_axis(reshape(t, (*t.shape[:2], math.prod(t.shape[2:]))), place, 2)
        out = out_size(x.shape[2:], geometry["kernel"], geometry["stride"], geometry["padding"], geometry["dilation"])
        return reshape(picked, (*t.shape[:2], *out))

    size, odd = {1: (6,), 2: (4, 5), 3: (4, 4, 2)}[n], {1: (5,), 2: (5, 5), 3: (3, 4, 3)}[n]
    small, mixed, step = (2,) * n, (3, 2, 2)[:n], (1, 2, 1)[:n]
    samples = [
        sample(spec(2, 2, *size, distinct=True), kernel=small, stride=small, padding=(0,) * n),
        sample(spec(1, 2, *odd, distinct=True), kernel=mixed, stride=step, padding=(1,) * n),
        sample(spec(0, 2, *size), kernel=small, stride=small, padding=(0,) * n),
    ]  # fmt: skip
    dilated = [case._replace(params=case.params | {"dilation": (1,) * n}) for case in samples]
    dilated.append(
        sample(spec(1, 1, *(5,) * n, distinct=True), kernel=small, stride=(1,) * n, padding=(0,) * n, dilation=small)
    )
    largest = primitive(
        f"max_pool{n}d",
        _max_forward,
        kind="gather",
        aux=True,
        selects=True,
        vjp=[_max_vjp],
        jvp=max_jvp,
        latex=r"\operatorname{{maxpool}}({0})",
        vjp_latex=[r"\operatorname{scatter}_{\arg\max}(\bar y)"],
        flops=_window_flops,
        samples=dilated,
    )
    places = primitive(
        f"max_pool{n}d_indices",
        _max_places,
        kind="gather",
        samples=dilated[:1],
    )
    mean = primitive(
        f"avg_pool{n}d",
        _avg_forward,
        kind="reduction",
        vjp=[
            lambda g, x_shape, kernel, stride, padding: mean_spread(
                g, x_size=x_shape[2:], kernel=kernel, stride=stride, padding=padding
            )
        ],
        jvp="linear",
        latex=r"\operatorname{{avgpool}}({0})",
        vjp_latex=[r"\operatorname{spread}(\bar y)"],
        flops=_window_flops,
        samples=samples,
    )
    mean_spread = primitive(
        f"avg_pool{n}d_gradient",
        _avg_spread_forward,
        kind="view",
        vjp=[lambda g, kernel, stride, padding: mean(g, kernel=kernel, stride=stride, padding=padding)],
        jvp="linear",
        latex=r"\operatorname{{spread}}({0})",
        vjp_latex=[r"\operatorname{avgpool}(\bar y)"],
        samples=[
            sample(spec(2, 2, *(k // 2 for k in size)), x_size=size, kernel=small, stride=small, padding=(0,) * n)
        ],
    )
    return _Ops(largest, places, mean)


_POOL = {n: _make(n) for n in (1, 2, 3)}


def _geometry(
    op: str, n: int, x: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any = 1, ceil_mode: bool = False
) -> dict[str, Sizes]:
    check_image(op, x, n)
    kernel = several(op, "kernel_size", kernel_size, n, 1)
    steps = kernel if stride is None else several(op, "stride", stride, n, 1)
    border, gaps = several(op, "padding", padding, n, 0), several(op, "dilation", dilation, n, 1)
    if any(p > k // 2 for p, k in zip(border, kernel, strict=True)):
        raise ShapeError(f"{op}: padding {border} must be at most half of the kernel {kernel}.")
    if not ceil_mode:
        check_fits(op, tuple(x.shape), kernel, steps, border, gaps)
    return {"kernel": kernel, "stride": steps, "padding": border, "dilation": gaps}


def _ceiling(op: str, x: Any, geometry: dict[str, Sizes], fill: float) -> tuple[Any, Sizes]:
    """The image with what the last, incomplete windows lack at its end; and how much that is."""
    extra = []
    for size, k, s, p, d in zip(
        x.shape[2:], geometry["kernel"], geometry["stride"], geometry["padding"], geometry["dilation"], strict=True
    ):
        reach = (k - 1) * d + 1
        steps = -(-(size + 2 * p - reach) // s)
        if steps * s >= size + p:  # a window must start within the image or its left border
            steps -= 1
        extra.append(max(steps * s + reach - size - 2 * p, 0))
    whole = (*x.shape[:2], *(size + e for size, e in zip(x.shape[2:], extra, strict=True)))
    check_fits(op, whole, **geometry)
    if any(extra):
        x = pad(x, ((0, 0), (0, 0), *((0, e) for e in extra)), fill)
    return x, tuple(extra)


@unbatched
def _max_pool(
    n: int, x: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, return_indices: bool
) -> Any:
    op = f"max_pool{n}d"
    geometry = _geometry(op, n, x, kernel_size, stride, padding, dilation, ceil_mode)
    size = tuple(x.shape[2:])
    if ceil_mode:
        x, _ = _ceiling(op, x, geometry, -np.inf)
    y = _POOL[n].max(x, **geometry)
    if not return_indices:
        return y
    place = reshape(_POOL[n].places(x, **geometry), y.shape)
    wide = tuple(x.shape[2:])
    if wide != size:  # the indices count in the image that was given
        total, stride = 0 * place, 1
        for length, wider in zip(reversed(size), reversed(wide), strict=True):
            rest = floor_divide(place, wider)
            total = total + (place - rest * wider) * stride
            place, stride = rest, stride * length
        place = total
    return y, place


def max_pool1d(
    x: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The maximum of each window of a signal ``(N, C, L)``; see :func:`max_pool2d`."""
    return _max_pool(1, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    x: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The maximum of each window of an image ``(N, C, H, W)``; ``stride`` is the kernel size by default.

    Padding never wins. Of tied elements the first takes the whole gradient (PyTorch's convention, unlike ``max``).
    One image ``(C, H, W)`` gives one.
    ``ceil_mode`` keeps incomplete windows at the end; ``return_indices`` gives the places in the flattened image too.
    """
    return _max_pool(2, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    x: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The maximum of each window of a volume ``(N, C, D, H, W)``; see :func:`max_pool2d`."""
    return _max_pool(3, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _max_unpool(n: int, x: Any, indices: Any, kernel_size: Any, stride: Any, padding: Any, output_size: Any) -> Any:
    op = f"max_unpool{n}d"
    if tuple(indices.shape) != tuple(x.shape):
        raise ShapeError(f"{op}: indices are {tuple(indices.shape)}; x {tuple(x.shape)} wants its own shape.")
    if x.ndim == n + 1:  # one image without its batch axis
        return _max_unpool(n, x[None], indices[None], kernel_size, stride, padding, output_size)[0]
    check_image(op, x, n)
    kernel = several(op, "kernel_size", kernel_size, n, 1)
    steps = kernel if stride is None else several(op, "stride", stride, n, 1)
    border = several(op, "padding", padding, n, 0)
    size = (
        tuple((m - 1) * s - 2 * p + k for m, s, p, k in zip(x.shape[2:], steps, border, kernel, strict=True))
        if output_size is None else tuple(output_size)[-n:]
    )  # fmt: skip
    flat = (*x.shape[:2], math.prod(x.shape[2:]))
    y = put_along_axis_add(reshape(x, flat), reshape(indices, flat), shape=(*x.shape[:2], math.prod(size)), axis=2)
    return reshape(y, (*x.shape[:2], *size))


@composite(
    r"\operatorname{{unpool}}({0})",
    [sample(spec(1, 2, 2), indices=np.array([[[1, 2], [0, 3]]]), kernel_size=2)],
    errors=[
        ErrorSample((np.ones((1, 2, 2)),), ShapeError, "indices are", {"indices": np.zeros(1, int), "kernel_size": 2})
    ],
)
def max_unpool1d(
    x: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Any:
    """The inverse of :func:`max_pool1d` by its indices: maxima at their places, 0 elsewhere."""
    return _max_unpool(1, x, indices, kernel_size, stride, padding, output_size)


@composite(
    r"\operatorname{{unpool}}({0})",
    [sample(spec(1, 1, 2, 2), indices=np.array([[[[0, 3], [9, 14]]]]), kernel_size=2)],
    errors=[
        ErrorSample(
            (np.ones((1, 1, 2, 2)),), ShapeError, "indices are", {"indices": np.zeros(1, int), "kernel_size": 2}
        )
    ],
)
def max_unpool2d(
    x: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Any:
    """The inverse of :func:`max_pool2d` by its indices: maxima at their places, 0 elsewhere."""
    return _max_unpool(2, x, indices, kernel_size, stride, padding, output_size)


@composite(
    r"\operatorname{{unpool}}({0})",
    [sample(spec(1, 1, 1, 2, 2), indices=np.array([[[[[0, 3], [9, 30]]]]]), kernel_size=2)],
    errors=[
        ErrorSample(
            (np.ones((1, 1, 1, 2, 2)),), ShapeError, "indices are", {"indices": np.zeros(1, int), "kernel_size": 2}
        )
    ],
)
def max_unpool3d(
    x: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Any:
    """The inverse of :func:`max_pool3d` by its indices: maxima at their places, 0 elsewhere."""
    return _max_unpool(3, x, indices, kernel_size, stride, padding, output_size)


# ----------------------------------------------------------------------------------------------------- mean, norm


@unbatched
def _avg_pool(
    n: int, x: Any, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool,
    divisor_override: int | None,
) -> Any:  # fmt: skip
    op = f"avg_pool{n}d"
    geometry = _geometry(op, n, x, kernel_size, stride, padding, 1, ceil_mode)
    del geometry["dilation"]
    kernel, volume = geometry["kernel"], math.prod(geometry["kernel"])
    size = tuple(x.shape[2:])
    extra: Sizes = (0,) * n
    if ceil_mode:
        x, extra = _ceiling(op, x, geometry | {"dilation": (1,) * n}, 0.0)
    y = _POOL[n].avg(x, **geometry)
    if divisor_override is not None:
        if divisor_override < 1:
            raise ArgumentError(f"{op}: divisor_override must be 1 or more, not {divisor_override}.")
        return y * (volume / divisor_override)
    if any(extra) or (not count_include_pad and any(geometry["padding"])):
        counted = np.ones((1, 1, *size))
        border = 0.0 if not count_include_pad else 1.0
        widths = [(p, p) for p in geometry["padding"]]
        counted = np.pad(counted, ((0, 0), (0, 0), *widths), constant_values=border)
        counted = np.pad(counted, ((0, 0), (0, 0), *((0, e) for e in extra)))
        share = windows(counted, kernel, geometry["stride"], (0,) * n, (1,) * n).mean(tuple(range(-n, 0)))
        y = y / module_of(y).asarray(share.astype(y.dtype))
    return y


def avg_pool1d(
    x: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The mean of each window of a signal ``(N, C, L)``; see :func:`avg_pool2d`."""
    return _avg_pool(1, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool2d(
    x: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The mean of each window of an image ``(N, C, H, W)``.

    Padding counts as zeros unless ``count_include_pad`` is false; ``divisor_override`` divides by another number.
    """
    return _avg_pool(2, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d(
    x: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The mean of each window of a volume ``(N, C, D, H, W)``; see :func:`avg_pool2d`."""
    return _avg_pool(3, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def no_image(**params: Any) -> list[ErrorSample]:
    """A call with a vector in place of a batch of images."""
    return [ErrorSample((np.ones(2),), ShapeError, r"x must be \(N, C", params)]


@in_single
def _lp_pool(n: int, x: Any, norm_type: float, kernel_size: Any, stride: Any, ceil_mode: bool) -> Any:
    powers = _avg_pool(n, absolute(x) ** norm_type, kernel_size, stride, 0, ceil_mode, True, 1)
    nothing = powers == 0
    return where(nothing, 0, where(nothing, 1, powers) ** (1 / norm_type))


_lp_samples = [sample(spec(1, 2, 6, avoid=(0.0,), margin=0.2), norm_type=3.0, kernel_size=2)]


@composite(
    r"(\textstyle\sum |{0}|^p)^{{1/p}}",
    _lp_samples,
    errors=no_image(norm_type=2.0, kernel_size=2),
)
def lp_pool1d(x: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Any:
    """The p-norm of each window of a signal."""
    return _lp_pool(1, x, norm_type, kernel_size, stride, ceil_mode)


@composite(
    r"(\textstyle\sum |{0}|^p)^{{1/p}}",
    [sample(spec(1, 2, 4, 4, avoid=(0.0,), margin=0.2), norm_type=2.0, kernel_size=2)],
    errors=no_image(norm_type=2.0, kernel_size=2),
)
def lp_pool2d(x: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Any:
    """The p-norm of each window of an image."""
    return _lp_pool(2, x, norm_type, kernel_size, stride, ceil_mode)


@composite(
    r"(\textstyle\sum |{0}|^p)^{{1/p}}",
    [sample(spec(1, 2, 3, 4, 3, low=0.3), norm_type=2.0, kernel_size=2, stride=1)],
    errors=no_image(norm_type=2.0, kernel_size=2),
)
def lp_pool3d(x: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Any:
    """The p-norm of each window of a volume."""
    return _lp_pool(3, x, norm_type, kernel_size, stride, ceil_mode)
