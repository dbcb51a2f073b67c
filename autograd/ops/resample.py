"""Ops that sample images elsewhere: interpolation, sampling on a grid, and pixels moved between channels and places."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.backend import is_differentiable
from autograd.composite import composite
from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.ops.adaptive_pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from autograd.ops.axes import normalize_axis
from autograd.ops.elementwise import abs as absolute
from autograd.ops.elementwise import clip, where
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


def _cubic(t: np.ndarray, a: float = -0.75) -> np.ndarray:
    """The cubic convolution kernel (Keys, 1981)."""
    t = np.abs(t)
    near = ((a + 2) * t - (a + 3)) * t * t + 1
    far = a * (((t - 5) * t + 8) * t - 4)
    return np.where(t <= 1, near, np.where(t < 2, far, 0.0))


def _cubic_weights(size: int, out: int, scale: float | None, align_corners: bool) -> np.ndarray:
    place = _places(size, out, scale, align_corners)
    low = np.floor(place).astype(int)
    weights = np.zeros((size, out))
    for k in range(-1, 3):
        np.add.at(weights, (np.clip(low + k, 0, size - 1), np.arange(out)), _cubic(place - (low + k)))
    return weights


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
]


@composite(
    r"\operatorname{{resize}}({0})",
    _interpolate_samples,
    errors=[
        ErrorSample((np.ones(3),), ShapeError, "x must be", {"size": 2}),
        ErrorSample((np.ones((1, 1, 3)),), ArgumentError, "give either size or scale_factor"),
        ErrorSample((np.ones((1, 1, 3), int),), DtypeError, "x is int64", {"size": 2, "mode": "linear"}),
    ],
)
def interpolate(
    x: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool = False
) -> Any:
    """Images ``(N, C, *spatial)`` at another size: given, or by a factor.

    ``mode``: ``"nearest"`` (PyTorch's and OpenCV's), ``"nearest-exact"`` (scikit-image's and Pillow's), ``"linear"``,
    ``"bilinear"``, ``"trilinear"``, ``"bicubic"``, ``"area"`` (means). With ``align_corners`` the corner elements keep
    their values; otherwise elements are areas, and the borders agree.
    """
    n = x.ndim - 2
    if n not in (1, 2, 3):
        raise ShapeError(f"interpolate: x must be (N, C, L), (N, C, H, W) or (N, C, D, H, W), not {tuple(x.shape)}.")
    if (size is None) == (scale_factor is None):
        raise ArgumentError("interpolate: give either size or scale_factor.")
    factors: list[float | None] = [None] * n
    if size is None:
        factors = [float(f) for f in (scale_factor if isinstance(scale_factor, (tuple, list)) else (scale_factor,) * n)]
        size = tuple(math.floor(m * (f or 1)) for m, f in zip(x.shape[2:], factors, strict=True))
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


_grid = spec(1, 3, 2, 2, low=-0.83, high=0.81)


@composite(
    r"{0}[{1}]",
    [
        sample(spec(1, 2, 4, 4), _grid, mode="bilinear"),
        sample(spec(1, 2, 4, 4), _grid, mode="bilinear", padding_mode="border", align_corners=True),
        sample(spec(1, 2, 4, 5), _grid, mode="bilinear", padding_mode="reflection"),
        sample(spec(1, 2, 4, 4), spec(1, 3, 2, 2, low=-0.7, high=-0.55), mode="nearest"),
    ],
    errors=[ErrorSample((np.ones((1, 1, 2, 2)), np.ones((2, 2, 2, 2))), ShapeError, "grid_sample")],
)
def grid_sample(
    x: Any, grid: Any, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool = False
) -> Any:
    """Images sampled at the places of a grid, between elements by ``mode`` (``"bilinear"``, ``"nearest"``).

    Shape: ``x (N, C, H, W)``, ``grid (N, H_out, W_out, 2)`` with (x, y) from -1 to 1; the result is
    ``(N, C, H_out, W_out)``.
    ``padding_mode`` says what lies outside: ``"zeros"``, ``"border"``, ``"reflection"``. At a NaN the result is NaN.
    """
    if x.ndim != 4 or grid.ndim != 4 or grid.shape[-1] != 2 or grid.shape[0] != x.shape[0]:
        raise ShapeError(
            f"grid_sample: x must be (N, C, H, W) and grid (N, H_out, W_out, 2), not "
            f"{tuple(x.shape)} and {tuple(grid.shape)}."
        )
    if mode not in ("bilinear", "nearest"):
        raise ArgumentError(f'grid_sample: mode must be "bilinear" or "nearest", not {mode!r}.')
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ArgumentError(
            f'grid_sample: padding_mode must be "zeros", "border" or "reflection", not {padding_mode!r}.'
        )
    n, _, h, w = x.shape
    at = constant(grid) if mode == "nearest" else grid
    columns, rows = _unnormalized(at[..., 0], w, align_corners), _unnormalized(at[..., 1], h, align_corners)
    if padding_mode == "reflection":
        columns, rows = _reflected(columns, w, align_corners), _reflected(rows, h, align_corners)
    margin = 2 if padding_mode == "zeros" else 0  # two elements beyond the border everything is outside
    columns, rows = clip(columns, -margin, w - 1 + margin), clip(rows, -margin, h - 1 + margin)
    batch = np.arange(n).reshape(n, 1, 1)

    def pick(row: Any, column: Any) -> Any:
        """The elements at whole places, 0 outside; shape (N, H_out, W_out, C)."""
        inside = (row >= 0) & (row <= h - 1) & (column >= 0) & (column <= w - 1)
        at_row, at_column = (where(inside, v, 0).astype(np.int64) for v in (row, column))  # a NaN is outside
        values = getitem(moveaxis(x, 1, -1), (batch, at_row, at_column))
        return where(inside[..., None], values, 0)

    if mode == "nearest":
        step = rint(where(isfinite(grid), grid, 0))[..., :1]  # its gradient is zero, not absent
        nearest = where(isnan(rows + columns)[..., None], np.nan, pick(rint(rows), rint(columns)))
        return moveaxis(nearest + 0 * step, -1, 1)
    top, left = floor(rows), floor(columns)
    down, right = rows - top, columns - left
    total: Any = 0
    for row, column, weight in (
        (top, left, (1 - down) * (1 - right)),
        (top, left + 1, (1 - down) * right),
        (top + 1, left, down * (1 - right)),
        (top + 1, left + 1, down * right),
    ):
        total = total + pick(row, column) * weight[..., None]
    return moveaxis(total, -1, 1)


@composite(
    r"\operatorname{{grid}}({0})",
    [sample(spec(2, 2, 3), size=(2, 1, 3, 4)), sample(spec(1, 3, 4), size=(1, 2, 2, 3, 1), align_corners=True)],
    errors=[
        ErrorSample((np.ones((2, 2, 3)),), ShapeError, r"wants \(3, 2, 3\)", {"size": (3, 1, 2, 2)}),
        ErrorSample((np.ones((2, 2, 3)),), ShapeError, r"size \(2, 1, 4\) must be \(N, C, H, W\)", {"size": (2, 1, 4)}),
    ],
)
def affine_grid(theta: Any, size: Any, align_corners: bool = False) -> Any:
    """The grid of an affine map, for :func:`grid_sample`: where each place of the result comes from.

    Shape: ``theta (N, 2, 3)`` with ``size (N, C, H, W)`` of the result gives ``(N, H, W, 2)``; for volumes ``theta
    (N, 3, 4)`` with ``size (N, C, D, H, W)`` gives ``(N, D, H, W, 3)``. The last axis holds x, y (and z).
    """
    n, sizes = size[0], tuple(size[2:])
    if len(sizes) not in (2, 3):
        raise ShapeError(f"affine_grid: size {tuple(size)} must be (N, C, H, W) or (N, C, D, H, W).")
    k = len(sizes)
    if tuple(theta.shape) != (n, k, k + 1):
        raise ShapeError(f"affine_grid: theta is {tuple(theta.shape)}; size {tuple(size)} wants ({n}, {k}, {k + 1}).")

    def line(m: int) -> np.ndarray:
        ends = 1.0 if align_corners else (m - 1) / m
        return np.linspace(-ends, ends, m) if m > 1 else np.zeros(1)

    places = np.meshgrid(*map(line, sizes), indexing="ij")[::-1]
    points = np.stack([*places, np.ones(sizes)], -1).reshape(-1, k + 1)
    return reshape(matmul(_constant(points, theta), theta.swapaxes(-1, -2)), (n, *sizes, k))


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
