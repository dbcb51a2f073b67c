"""Ops that sample images elsewhere: interpolation, sampling on a grid, and pixels moved between channels and places."""

from __future__ import annotations

import functools
import itertools
import math
from operator import add, and_, mul
from typing import Any

import numpy as np

from autograd.backend import is_differentiable
from autograd.composite import composite
from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.ops.adaptive_pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from autograd.ops.axes import normalize_axis
from autograd.ops.elementwise import abs as absolute
from autograd.ops.elementwise import clip, where
from autograd.ops.halves import in_floats, in_single
from autograd.ops.indexing import getitem, take
from autograd.ops.linalg import matmul
from autograd.ops.logic import isfinite, isnan
from autograd.ops.rearrange import sliding_windows
from autograd.ops.rounding import floor, rint
from autograd.ops.shape import moveaxis, pad, permute_dims, reshape, stack
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec
from autograd.tape import constant, module_of

__all__ = [
    "affine_grid",
    "channel_shuffle",
    "fold",
    "grid_sample",
    "interpolate",
    "pixel_shuffle",
    "pixel_unshuffle",
    "unfold",
    "upsample",
]

_DIMENSIONS = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}


def _places(size: int, out: int, scale: float | None, align_corners: bool) -> np.ndarray:
    """Where the elements of the result lie in the input."""
    if align_corners:
        return np.arange(out) * ((size - 1) / (out - 1) if out > 1 else 0.0)
    ratio = 1 / scale if scale else size / out
    return (np.arange(out) + 0.5) * ratio - 0.5


def _linear_weights(size: int, out: int, scale: float | None, align_corners: bool) -> np.ndarray:
    place = np.clip(_places(size, out, scale, align_corners), 0, size - 1)
    low = np.minimum(place.astype(int), size - 1)
    high = np.minimum(low + 1, size - 1)
    weights = np.zeros((size, out))
    np.add.at(weights, (low, np.arange(out)), 1 - (place - low))
    np.add.at(weights, (high, np.arange(out)), place - low)
    return weights


def _cubic(t: Any, a: float = -0.75) -> Any:
    """The cubic convolution kernel (Keys, 1981)."""
    t = absolute(t)
    near = ((a + 2) * t - (a + 3)) * t * t + 1
    far = a * (((t - 5) * t + 8) * t - 4)
    return where(t <= 1, near, where(t < 2, far, 0.0))


def _cubic_weights(size: int, out: int, scale: float | None, align_corners: bool) -> np.ndarray:
    place = _places(size, out, scale, align_corners)
    low = np.floor(place).astype(int)
    weights = np.zeros((size, out))
    for k in range(-1, 3):
        np.add.at(weights, (np.clip(low + k, 0, size - 1), np.arange(out)), _cubic(place - (low + k)))
    return weights


def _smooth_weights(size: int, out: int, scale: float | None, align_corners: bool, cubic: bool) -> np.ndarray:
    """Weights of a filter that is as wide as an element of the result, so that a smaller image shows no alias.

    They are Pillow's: a triangle or Keys' kernel with ``a = -0.5``, made to sum to 1 where it hangs over the border.
    """
    ratio = 1 / scale if scale else size / out
    if align_corners:
        ratio = (size - 1) / (out - 1) if out > 1 else 0.0
    wide = max(ratio, 1.0)
    reach = (2.0 if cubic else 1.0) * wide
    centre = (np.arange(out) + 0.5) * ratio
    first = np.maximum((centre - reach + 0.5).astype(int), 0)
    last = np.minimum((centre + reach + 0.5).astype(int), size)
    place = np.arange(size)[:, None]
    t = (place - centre + 0.5) / wide
    weights = _cubic(t, -0.5) if cubic else np.maximum(1 - np.abs(t), 0)
    weights = np.where((place >= first) & (place < last), weights, 0)
    return weights / weights.sum(0)


def _nearest(size: int, out: int, scale: float | None, exact: bool) -> np.ndarray:
    ratio = 1 / scale if scale else size / out
    place = (np.arange(out) + (0.5 if exact else 0.0)) * ratio
    return np.minimum(np.floor(place + (0 if exact else 1e-9)).astype(int), size - 1)


_interpolate_samples = [
    sample(spec(1, 2, 4), size=7, mode="linear"),
    sample(spec(1, 2, 4), scale_factor=1.5, mode="nearest"),
    sample(spec(1, 1, 3, 4), size=(5, 2), mode="bilinear"),
    sample(spec(1, 1, 3, 4), size=(5, 6), mode="bilinear", align_corners=True),
    sample(spec(1, 1, 3, 4), size=(4, 6), mode="bicubic"),
    sample(spec(1, 1, 2, 3, 2), size=(3, 4, 3), mode="trilinear"),
    sample(spec(1, 1, 4, 4), size=(2, 3), mode="area"),
    sample(spec(1, 1, 4, 4), size=(5, 3), mode="nearest-exact"),
    sample(spec(1, 1, 5, 4), size=(2, 3), mode="bilinear", antialias=True),
    sample(spec(1, 1, 5, 4), scale_factor=0.7, mode="bicubic", antialias=True, recompute_scale_factor=True),
]


_LINE = {"size": 2, "mode": "linear"}


@composite(
    r"\operatorname{{resize}}({0})",
    _interpolate_samples,
    errors=[
        ErrorSample((np.ones(3),), ShapeError, "x must be", {"size": 2}),
        ErrorSample((np.ones((1, 1, 3)),), ArgumentError, "give either size or scale_factor"),
        ErrorSample((np.ones((1, 1, 3), int),), DtypeError, "x is int64", {"size": 2, "mode": "linear"}),
        ErrorSample((np.ones((1, 1, 3)),), ArgumentError, 'antialias .* not "linear"', _LINE | {"antialias": True}),
        ErrorSample((np.ones((1, 1, 3)),), ArgumentError, "recompute", _LINE | {"recompute_scale_factor": True}),
        ErrorSample((np.ones((1, 1, 3)),), ShapeError, r"scale_factor \(1.0, 2.0\)", {"scale_factor": (1, 2)}),
    ],
)
@in_single
def interpolate(
    x: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool = False,
    recompute_scale_factor: bool = False,
    antialias: bool = False,
) -> Any:
    """Images ``(N, C, *spatial)`` at another size: given, or by a factor.

    ``mode``: ``"nearest"`` (PyTorch's and OpenCV's), ``"nearest-exact"`` (scikit-image's and Pillow's), ``"linear"``,
    ``"bilinear"``, ``"trilinear"``, ``"bicubic"``, ``"area"`` (means). With ``align_corners`` the corner elements keep
    their values; otherwise elements are areas, and the borders agree. ``recompute_scale_factor`` takes the factor
    between the sizes in place of the given one; ``antialias`` (``"bilinear"``, ``"bicubic"``) widens the filter where
    the image shrinks, as Pillow does.
    """
    n = x.ndim - 2
    if n not in (1, 2, 3):
        raise ShapeError(f"interpolate: x must be (N, C, L), (N, C, H, W) or (N, C, D, H, W), not {tuple(x.shape)}.")
    if (size is None) == (scale_factor is None):
        raise ArgumentError("interpolate: give either size or scale_factor.")
    if recompute_scale_factor and size is not None:
        raise ArgumentError("interpolate: recompute_scale_factor needs scale_factor, and size is given. Leave one out.")
    if antialias and mode not in ("bilinear", "bicubic"):
        raise ArgumentError(f'interpolate: antialias needs mode "bilinear" or "bicubic", not "{mode}".')
    factors: list[float | None] = [None] * n
    if size is None:
        given = tuple(map(float, scale_factor if isinstance(scale_factor, (tuple, list)) else (scale_factor,) * n))
        if len(given) != n or min(given) <= 0:
            raise ShapeError(
                f"interpolate: scale_factor {given} must hold {n} positive numbers for x {tuple(x.shape)}."
            )
        size = tuple(math.floor(m * f) for m, f in zip(x.shape[2:], given, strict=True))
        factors = factors if recompute_scale_factor else list(given)
    sizes = tuple(size) if isinstance(size, (tuple, list)) else (size,) * n
    if len(sizes) != n or min(sizes) < 1:
        raise ShapeError(f"interpolate: size {sizes} must hold {n} positive numbers for x {tuple(x.shape)}.")
    if mode == "area":
        return {1: adaptive_avg_pool1d, 2: adaptive_avg_pool2d, 3: adaptive_avg_pool3d}[n](x, sizes)
    if mode not in ("nearest", "nearest-exact") and _DIMENSIONS.get(mode) != n:
        known = ", ".join(["nearest", "nearest-exact", "area", *_DIMENSIONS])
        raise ArgumentError(
            f"interpolate: mode {mode!r} does not fit x {tuple(x.shape)} with {n} spatial axes. Modes: {known}."
        )
    for i, (out, factor) in enumerate(zip(sizes, factors, strict=True)):
        axis, length = 2 + i, x.shape[2 + i]
        if mode.startswith("nearest"):
            x = take(x, _nearest(length, out, factor, mode == "nearest-exact"), axis)
            continue
        if not is_differentiable(x.dtype):
            raise DtypeError(
                f"interpolate: x is {x.dtype}, and mode {mode!r} gives what lies between its elements. "
                "Convert it with x.astype('float32'), or take mode=\"nearest\"."
            )
        if antialias:
            weights = _smooth_weights(length, out, factor, align_corners, mode == "bicubic")
        else:
            weights = (_cubic_weights if mode == "bicubic" else _linear_weights)(length, out, factor, align_corners)
        x = moveaxis(matmul(moveaxis(x, axis, -1), _constant(weights, x)), -1, axis)
    return x


upsample = interpolate


def _constant(values: np.ndarray, like: Any) -> Any:
    """An array of constants where ``like`` lies, in its dtype."""
    xp = module_of(like)
    return xp.asarray(values.astype(like.dtype))


# -------------------------------------------------------------------------------------------------------- on a grid


def _unnormalized(g: Any, size: int, align_corners: bool) -> Any:
    """Coordinates from [-1, 1] to places of elements."""
    return (g + 1) * ((size - 1) / 2) if align_corners else ((g + 1) * size - 1) / 2


def _reflected(x: Any, size: int, align_corners: bool) -> Any:
    low, span = (0.0, size - 1.0) if align_corners else (-0.5, float(size))
    if span == 0:
        return x * 0
    offset = absolute(x - low)
    turns = floor(offset / span)
    rest = offset - turns * span
    odd = (turns - 2 * floor(turns / 2)) > 0
    return where(odd, span - rest, rest) + low


def _check_grid(x: Any, grid: Any, mode: str, padding_mode: str) -> None:
    wanted = {
        4: "x must be (N, C, H, W) and grid (N, H_out, W_out, 2)",
        5: "x must be (N, C, D, H, W) and grid (N, D_out, H_out, W_out, 3)",
    }.get(x.ndim)
    if wanted is None:
        raise ShapeError(
            f"grid_sample: x must be an image (N, C, H, W) or a volume (N, C, D, H, W), not {tuple(x.shape)}."
        )
    if grid.ndim != x.ndim or grid.shape[-1] != x.ndim - 2 or grid.shape[0] != x.shape[0]:
        raise ShapeError(f"grid_sample: {wanted}, not {tuple(x.shape)} and {tuple(grid.shape)}.")
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ArgumentError(f'grid_sample: mode must be "bilinear", "nearest" or "bicubic", not {mode!r}.')
    if mode == "bicubic" and x.ndim == 5:
        raise ArgumentError(f'grid_sample: mode "bicubic" is for an image, and x is {tuple(x.shape)}. Use "bilinear".')
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ArgumentError(
            f'grid_sample: padding_mode must be "zeros", "border" or "reflection", not {padding_mode!r}.'
        )


_grid = spec(1, 3, 2, 2, low=-0.83, high=0.81)


@composite(
    r"{0}[{1}]",
    [
        sample(spec(1, 2, 4, 4), _grid, mode="bilinear"),
        sample(spec(1, 2, 4, 4), _grid, mode="bilinear", padding_mode="border", align_corners=True),
        sample(spec(1, 2, 4, 5), _grid, mode="bilinear", padding_mode="reflection"),
        sample(spec(1, 2, 4, 4), spec(1, 3, 2, 2, low=-0.7, high=-0.55), mode="nearest"),
        sample(spec(1, 2, 4, 4), _grid, mode="bicubic"),
        sample(spec(1, 1, 3, 2, 3), spec(1, 2, 1, 2, 3, low=-0.83, high=0.81)),
    ],
    errors=[
        ErrorSample((np.ones((1, 1, 2, 2)), np.ones((2, 2, 2, 2))), ShapeError, r"grid \(N, H_out, W_out, 2\)"),
        ErrorSample((np.ones((1, 1, 2, 2, 2)), np.ones((1, 2, 2, 2, 2))), ShapeError, "W_out, 3"),
        ErrorSample((np.ones((1, 1, 2)), np.ones((1, 2, 1))), ShapeError, "or a volume"),
        ErrorSample(
            (np.ones((1, 1, 2, 2, 2)), np.ones((1, 2, 2, 2, 3))), ArgumentError, "an image", {"mode": "bicubic"}
        ),
    ],
)
@in_floats
def grid_sample(
    x: Any, grid: Any, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool = False
) -> Any:
    """Images or volumes sampled at the places of a grid, between elements by ``mode``.

    Shape: ``x (N, C, H, W)``, ``grid (N, H_out, W_out, 2)`` with (x, y) from -1 to 1; the result is
    ``(N, C, H_out, W_out)``. Of volumes: ``(N, C, D, H, W)`` and ``(N, D_out, H_out, W_out, 3)`` with (x, y, z).
    ``mode`` is ``"bilinear"`` (of a volume between eight elements), ``"nearest"`` or, of images, ``"bicubic"``.
    ``padding_mode`` says what lies outside: ``"zeros"``, ``"border"``, ``"reflection"``. At a NaN the result is NaN.
    """
    _check_grid(x, grid, mode, padding_mode)
    n, _, *sizes = x.shape
    k = len(sizes)
    at = constant(grid) if mode == "nearest" else grid
    places = [_unnormalized(at[..., k - 1 - i], m, align_corners) for i, m in enumerate(sizes)]
    batch = np.arange(n).reshape(n, *(1,) * k)

    def within(place: Any, m: int, margin: int) -> Any:
        """A place, or one inside that has the same value; with padding by zeros, one just outside."""
        if padding_mode == "reflection":
            place = _reflected(place, m, align_corners)
        margin = margin if padding_mode == "zeros" else 0
        return clip(place, -margin, m - 1 + margin)

    def pick(*corner: Any) -> Any:
        """The elements at whole places, 0 outside; shape (N, *out, C)."""
        inside = functools.reduce(and_, [(v >= 0) & (v <= m - 1) for v, m in zip(corner, sizes, strict=True)])
        index = tuple(where(inside, v, 0).astype(np.int64) for v in corner)  # a NaN is outside
        return where(inside[..., None], getitem(moveaxis(x, 1, -1), (batch, *index)), 0)

    if mode == "bicubic":  # the elements around a place are padded, not the place
        if padding_mode != "reflection":
            places = [clip(p, -3, m + 2) for p, m in zip(places, sizes, strict=True)]  # beyond, nothing changes
        taps = [
            [(within(floor(p) + j, m, 4), _cubic(p - floor(p) - j)) for j in range(-1, 3)]
            for p, m in zip(places, sizes, strict=True)
        ]
    else:
        places = [within(p, m, 2) for p, m in zip(places, sizes, strict=True)]
        taps = [[(floor(p), 1 - (p - floor(p))), (floor(p) + 1, p - floor(p))] for p in places]
    if mode == "nearest":
        step = rint(where(isfinite(grid), grid, 0))[..., :1]  # its gradient is zero, not absent
        unknown = isnan(functools.reduce(add, places))
        return moveaxis(where(unknown[..., None], np.nan, pick(*map(rint, places))) + 0 * step, -1, 1)
    total: Any = 0
    for corner in itertools.product(*taps):
        weight = functools.reduce(mul, [w for _, w in corner])
        total = total + pick(*(place for place, _ in corner)) * weight[..., None]
    return moveaxis(total, -1, 1)


@composite(
    r"\operatorname{{grid}}({0})",
    [sample(spec(2, 2, 3), size=(2, 1, 3, 4)), sample(spec(1, 3, 4), size=(1, 1, 2, 3, 1), align_corners=True)],
    errors=[
        ErrorSample((np.ones((2, 2, 3)),), ShapeError, r"wants \(3, 2, 3\)", {"size": (3, 1, 2, 2)}),
        ErrorSample((np.ones((2, 2, 3)),), ShapeError, r"size \(2, 1, 3\) must be", {"size": (2, 1, 3)}),
        ErrorSample((np.ones((2, 2, 3)),), ShapeError, r"size \(2, 1, 0, 3\) must be", {"size": (2, 1, 0, 3)}),
    ],
)
@in_floats
def affine_grid(theta: Any, size: Any, align_corners: bool = False) -> Any:
    """The grid for :func:`grid_sample` of an affine map: ``theta (N, 2, 3)``, ``size (N, C, H, W)`` of the result.

    Of volumes: ``theta (N, 3, 4)`` and ``size (N, C, D, H, W)``.
    """
    size = tuple(size)
    if len(size) not in (4, 5) or min(size[2:]) < 1:
        raise ShapeError(f"affine_grid: size {size} must be (N, C, H, W) or (N, C, D, H, W), lengths from 1.")
    n, _, *spatial = size
    k = len(spatial)
    if tuple(theta.shape) != (n, k, k + 1):
        raise ShapeError(f"affine_grid: theta is {tuple(theta.shape)}; size {size} wants ({n}, {k}, {k + 1}).")

    def line(m: int) -> np.ndarray:
        ends = 1.0 if align_corners else (m - 1) / m
        return np.linspace(-ends, ends, m) if m > 1 else np.zeros(1)

    places = np.meshgrid(*map(line, spatial), indexing="ij")
    points = np.stack([*reversed(places), np.ones(spatial)], -1).reshape(-1, k + 1)
    return reshape(matmul(_constant(points, theta), theta.swapaxes(-1, -2)), (n, *spatial, k))


# --------------------------------------------------------------------------------------- channels and places


@composite(
    r"\operatorname{{shuffle}}({0})",
    [sample(spec(1, 8, 2, 3), upscale_factor=2)],
    errors=[ErrorSample((np.ones((1, 3, 2, 2)),), ShapeError, "not a multiple of 2", {"upscale_factor": 2})],
)
def pixel_shuffle(x: Any, upscale_factor: int) -> Any:
    """``(..., C r^2, H, W)`` as ``(..., C, H r, W r)`` (Shi et al., 2016, arXiv:1609.05158)."""
    r = upscale_factor
    *batch, c, h, w = x.shape
    if r < 1 or c % (r * r):
        raise ShapeError(f"pixel_shuffle: {c} channels of x {tuple(x.shape)} are not a multiple of {r}^2.")
    b = len(batch)
    y = reshape(x, (*batch, c // (r * r), r, r, h, w))
    y = permute_dims(y, (*range(b), b, b + 3, b + 1, b + 4, b + 2))
    return reshape(y, (*batch, c // (r * r), h * r, w * r))


@composite(
    r"\operatorname{{unshuffle}}({0})",
    [sample(spec(1, 2, 4, 6), downscale_factor=2)],
    errors=[ErrorSample((np.ones((1, 1, 3, 2)),), ShapeError, "not multiples of 2", {"downscale_factor": 2})],
)
def pixel_unshuffle(x: Any, downscale_factor: int) -> Any:
    """The inverse of :func:`pixel_shuffle`."""
    r = downscale_factor
    *batch, c, h, w = x.shape
    if r < 1 or h % r or w % r:
        raise ShapeError(f"pixel_unshuffle: height and width of x {tuple(x.shape)} are not multiples of {r}.")
    b = len(batch)
    y = reshape(x, (*batch, c, h // r, r, w // r, r))
    y = permute_dims(y, (*range(b), b, b + 2, b + 4, b + 1, b + 3))
    return reshape(y, (*batch, c * r * r, h // r, w // r))


@composite(
    r"\operatorname{{shuffle}}({0})",
    [sample(spec(1, 6, 2, 2), groups=3)],
    errors=[ErrorSample((np.ones((1, 4, 2, 2)),), ShapeError, "channel_shuffle", {"groups": 3})],
)
def channel_shuffle(x: Any, groups: int) -> Any:
    """Channels dealt out over groups (Zhang et al., 2018, arXiv:1707.01083)."""
    if groups < 1 or x.shape[1] % groups:
        raise ShapeError(
            f"channel_shuffle: groups={groups} must divide the {x.shape[1]} channels of x {tuple(x.shape)}."
        )
    y = reshape(x, (x.shape[0], groups, x.shape[1] // groups, *x.shape[2:]))
    return reshape(y.swapaxes(1, 2), x.shape)


# ------------------------------------------------------------------------------------------------ unfold and fold


def _two(op: str, name: str, value: Any) -> tuple[int, int]:
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(both) != 2:
        raise ShapeError(f"{op}: {name} must be a number or a pair, not {value!r}.")
    return int(both[0]), int(both[1])


@composite(
    r"\operatorname{{unfold}}({0})",
    [sample(spec(1, 2, 4, 5), kernel_size=2), sample(spec(1, 1, 5, 5), kernel_size=(3, 2), stride=2, padding=1)],
    errors=[ErrorSample((np.ones((2, 3)),), ShapeError, "x must be", {"kernel_size": 2})],
)
def unfold(x: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """The windows of images as columns (im2col): ``(N, C, H, W)`` gives ``(N, C * kernel size, windows)``."""
    kernel, gaps = _two("unfold", "kernel_size", kernel_size), _two("unfold", "dilation", dilation)
    border, steps = _two("unfold", "padding", padding), _two("unfold", "stride", stride)
    if x.ndim != 4:
        raise ShapeError(f"unfold: x must be (N, C, H, W), not {tuple(x.shape)}.")
    if any(border):
        x = pad(x, ((0, 0), (0, 0), (border[0],) * 2, (border[1],) * 2))
    for i in (0, 1):  # the window axes come to stand at the end
        x = sliding_windows(x, kernel[i], steps[i], 2 + i, gaps[i])
    n, c, rows, columns, kh, kw = x.shape
    return reshape(permute_dims(x, (0, 1, 4, 5, 2, 3)), (n, c * kh * kw, rows * columns))


@composite(
    r"\operatorname{{fold}}({0})",
    [
        sample(spec(1, 4, 6), output_size=(3, 4), kernel_size=2),
        sample(spec(2, 4, 6), output_size=(3, 4), kernel_size=(2, 1), dilation=(1, 2), padding=(0, 1), stride=(1, 2)),
        sample(spec(0, 4, 6), output_size=(3, 4), kernel_size=2),
    ],
    errors=[
        ErrorSample(
            (np.ones((1, 4, 5)),), ShapeError, r"fold: x must be \(N, C \* 4, 6\)",
            {"output_size": (3, 4), "kernel_size": 2},
        ),
    ],
)  # fmt: skip
def fold(x: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """The transpose of :func:`unfold`: columns added back to where their windows lay (col2im)."""
    size, kernel = _two("fold", "output_size", output_size), _two("fold", "kernel_size", kernel_size)
    gaps, border = _two("fold", "dilation", dilation), _two("fold", "padding", padding)
    steps = _two("fold", "stride", stride)
    wide = tuple(m + 2 * p for m, p in zip(size, border, strict=True))
    out = tuple((m - (k - 1) * d - 1) // s + 1 for m, k, d, s in zip(wide, kernel, gaps, steps, strict=True))
    volume = kernel[0] * kernel[1]
    if x.ndim != 3 or x.shape[1] % volume or x.shape[2] != out[0] * out[1]:
        raise ShapeError(
            f"fold: x must be (N, C * {volume}, {out[0] * out[1]}) for this geometry, not {tuple(x.shape)}."
        )
    c = x.shape[1] // volume
    y = reshape(x, (x.shape[0], c, *kernel, *out))
    total: Any = None
    image = []
    for i in range(kernel[0]):
        row = []
        for j in range(kernel[1]):
            part = y[:, :, i, j]
            grown = _dilate(_dilate(part, 2, steps[0]), 3, steps[1])
            top, left = i * gaps[0], j * gaps[1]
            widths = ((0, 0), (0, 0), (top, wide[0] - top - grown.shape[2]), (left, wide[1] - left - grown.shape[3]))
            row.append(pad(grown, widths))
        image += row
    for part in image:
        total = part if total is None else total + part
    return total[:, :, border[0] : border[0] + size[0], border[1] : border[1] + size[1]]


def _dilate(x: Any, axis: int, step: int) -> Any:
    """Zeros between the elements of an axis."""
    if step == 1:
        return x
    axis = normalize_axis("fold", axis, x.ndim, x.shape)
    n = x.shape[axis]
    zero = 0 * x
    y = stack([x, *[zero] * (step - 1)], axis + 1)
    y = reshape(y, (*x.shape[:axis], n * step, *x.shape[axis + 1 :]))
    return getitem(y, (slice(None),) * axis + (slice(0, (n - 1) * step + 1),))
