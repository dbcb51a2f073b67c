"""Fourier transforms, NumPy's names and conventions: along an axis, over several, and of real data.

The transform is one symmetric matrix, so its own transpose: the vjp rule of a complex transform is the transform.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.backend import Array
from autograd.composite import composite
from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.ops.axes import normalize_axes, normalize_axis
from autograd.ops.complex_parts import real
from autograd.ops.halves import rounded_once
from autograd.ops.indexing import getitem
from autograd.ops.rearrange import roll
from autograd.ops.shape import pad
from autograd.primitive import primitive
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec
from autograd.tape import module_of

__all__ = [
    "fft", "fft2", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2", "ifftn", "ifftshift", "ihfft",
    "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftn",
]  # fmt: skip

_NORMS = ("backward", "ortho", "forward")


def _flops(out: tuple[int, ...], x: tuple[int, ...], **params: Any) -> int:
    n = max(x[params["axis"]], 1) if x else 1
    return int(5 * math.prod(x) * math.log2(max(n, 2)))


_fft = primitive(
    "fft", lambda x, *, axis, norm: np.fft.fft(x, axis=axis, norm=norm), kind="contraction", batch="axis",
    vjp=[lambda g, axis, norm: _fft(g, axis=axis, norm=norm)], jvp="linear",
    latex=r"\mathcal{{F}} {0}", vjp_latex=[r"\mathcal{F} \bar y"], flops=_flops,
    samples=[sample(spec(2, 4), axis=1, norm="backward"), sample(spec(3), axis=0, norm="ortho")],
)  # fmt: skip
_ifft = primitive(
    "ifft", lambda x, *, axis, norm: np.fft.ifft(x, axis=axis, norm=norm), kind="contraction", batch="axis",
    vjp=[lambda g, axis, norm: _ifft(g, axis=axis, norm=norm)], jvp="linear",
    latex=r"\mathcal{{F}}^{{-1}} {0}", vjp_latex=[r"\mathcal{F}^{-1} \bar y"], flops=_flops,
    samples=[sample(spec(2, 4), axis=1, norm="backward"), sample(spec(3), axis=0, norm="forward")],
)  # fmt: skip


def _rfft_vjp(g: Any, x_shape: tuple[int, ...], axis: int, norm: str) -> Any:
    """Zeros for the half that was not computed, then the conjugate transform; its real part."""
    n = x_shape[axis]
    widths = [(0, 0)] * len(x_shape)
    widths[axis] = (0, n - g.shape[axis])
    return real(_ifft(pad(g, widths), axis=axis, norm=_swapped(norm)))


def _swapped(norm: str) -> str:
    """The norm that gives an inverse transform the scale of the forward one."""
    return {"backward": "forward", "forward": "backward", "ortho": "ortho"}[norm]


def _irfft_vjp(g: Any, x_shape: tuple[int, ...], axis: int, norm: str, n: int) -> Any:
    """The forward transform; every coefficient but the first (and the middle one) stands for its mirror image too."""
    m = x_shape[axis]
    y = _rfft(g, axis=axis, norm=_swapped(norm))
    twice = np.full(y.shape[axis], 2.0)
    twice[0] = 1.0
    if n % 2 == 0:
        twice[-1] = 1.0
    weights = module_of(g).asarray(twice.astype(g.dtype))
    y = y * weights.reshape(tuple(-1 if i == axis else 1 for i in range(len(x_shape))))
    return _fitted(y, m, axis)


_rfft = primitive(
    "rfft",
    lambda x, *, axis, norm: np.fft.rfft(x, axis=axis, norm=norm),
    kind="contraction",
    holomorphic=False,
    batch="axis",
    vjp=[_rfft_vjp],
    jvp="linear",
    latex=r"\mathcal{{F}} {0}",
    vjp_latex=[r"\operatorname{Re} \mathcal{F}^{H} \bar y"],
    flops=_flops,
    samples=[sample(spec(2, 4), axis=1, norm="backward"), sample(spec(5), axis=0, norm="ortho")],
)


@rounded_once
def _irfft_forward(x: Array, *, axis: int, norm: Any, n: int) -> Array:
    return np.fft.irfft(x, n=n, axis=axis, norm=norm)


_irfft = primitive(
    "irfft",
    _irfft_forward,
    kind="contraction",
    holomorphic=False,
    batch="axis",
    vjp=[_irfft_vjp],
    jvp="linear",
    latex=r"\mathcal{{F}}^{{-1}} {0}",
    vjp_latex=[r"w \odot \mathcal{F} \bar y"],
    flops=_flops,
    samples=[sample(spec(2, 3), axis=1, norm="backward", n=4), sample(spec(3), axis=0, norm="ortho", n=5)],
)


def _fitted(x: Any, n: int | None, axis: int) -> Any:
    """An axis cut or filled with zeros to length ``n``."""
    length = x.shape[axis]
    if n is None or n == length:
        return x
    if n < 1:
        raise ShapeError(f"fft: n must be 1 or more, not {n}.")
    if n < length:
        return getitem(x, (slice(None),) * axis + (slice(0, n),))
    widths = [(0, 0)] * x.ndim
    widths[axis] = (0, n - length)
    return pad(x, widths)


def _norm(op: str, norm: str | None) -> str:
    norm = "backward" if norm is None else norm
    if norm not in _NORMS:
        raise ArgumentError(f'{op}: norm must be "backward", "ortho" or "forward", not {norm!r}.')
    return norm


def _arguments(op: str, x: Any, axis: int, norm: str | None) -> tuple[int, str]:
    norm = _norm(op, norm)
    axis = normalize_axis(op, axis, x.ndim, x.shape)
    if x.shape[axis] == 0:
        raise ShapeError(f"{op}: axis {axis} of x {tuple(x.shape)} has no elements to transform.")
    return axis, norm


def fft(x: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The discrete Fourier transform along an axis, cut or filled with zeros to length ``n``."""
    axis, norm = _arguments("fft", x, axis, norm)
    return _fft(_fitted(x, n, axis), axis=axis, norm=norm)


def ifft(x: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The inverse of :func:`fft`."""
    axis, norm = _arguments("ifft", x, axis, norm)
    return _ifft(_fitted(x, n, axis), axis=axis, norm=norm)


def rfft(x: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The transform of real data: the ``n // 2 + 1`` coefficients from which the others follow."""
    if x.dtype.kind == "c":
        raise DtypeError("rfft: x is complex; it transforms real data. Use fft.")
    axis, norm = _arguments("rfft", x, axis, norm)
    return _rfft(_fitted(x, n, axis), axis=axis, norm=norm)


def irfft(x: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The inverse of :func:`rfft`: ``n`` real numbers, by default ``2 (m - 1)``."""
    axis, norm = _arguments("irfft", x, axis, norm)
    n = 2 * (x.shape[axis] - 1) if n is None else n
    if n < 1:
        raise ShapeError(f"irfft: the result would have {n} elements; give n.")
    return _irfft(_fitted(x, n // 2 + 1, axis), axis=axis, norm=norm, n=n)


@composite(
    r"\operatorname{{hfft}} {0}",
    [sample(spec(3, low=0.3)), sample(spec(2, 4), n=5, axis=0, norm="ortho")],
    reference=np.fft.hfft,
)
def hfft(x: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The transform of a signal with Hermitian symmetry, given by its first half: real."""
    axis, norm = _arguments("hfft", x, axis, norm)
    return irfft(x.conj(), n, axis, _swapped(norm))


@composite(
    r"\operatorname{{ihfft}} {0}",
    [sample(spec(4)), sample(spec(2, 4), n=3, axis=0, norm="forward")],
    reference=np.fft.ihfft,
)
def ihfft(x: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The inverse of :func:`hfft`."""
    axis, norm = _arguments("ihfft", x, axis, norm)
    return rfft(x, n, axis, _swapped(norm)).conj()


# ------------------------------------------------------------------------------------------------- several axes


def _axes(op: str, x: Any, s: Any, axes: Any) -> list[tuple[int, int | None]]:
    if axes is None:
        axes = range(x.ndim) if s is None else range(x.ndim - len(s), x.ndim)
    chosen = normalize_axes(op, tuple(axes), x.ndim, x.shape)
    sizes = [None] * len(chosen) if s is None else list(s)
    if len(sizes) != len(chosen):
        raise ShapeError(f"{op}: {len(sizes)} lengths in s for {len(chosen)} axes; give one each.")
    return list(zip(chosen, sizes, strict=True))


_wrong = [
    ErrorSample((np.ones((2, 3)),), ShapeError, "axis 5 is out of range", {"axes": (5,)}),
    ErrorSample((np.ones((2, 3)),), ArgumentError, "norm must be", {"norm": "unit"}),
]
_TWO = (-2, -1)


@composite(
    r"\mathcal{{F}} {0}",
    [sample(spec(2, 3)), sample(spec(2, 3, 2), axes=(0, 2), norm="ortho")],
    reference=np.fft.fftn,
    errors=_wrong,
)
def fftn(x: Any, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: str | None = None) -> Any:
    """:func:`fft` along several axes (all by default), cut or filled to the lengths ``s``."""
    for axis, n in reversed(_axes("fftn", x, s, axes)):
        x = fft(x, n, axis, norm)
    return x


@composite(
    r"\mathcal{{F}}^{{-1}} {0}",
    [sample(spec(2, 3))],
    reference=np.fft.ifftn,
    errors=_wrong,
)
def ifftn(x: Any, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: str | None = None) -> Any:
    """The inverse of :func:`fftn`."""
    for axis, n in reversed(_axes("ifftn", x, s, axes)):
        x = ifft(x, n, axis, norm)
    return x


@composite(
    r"\mathcal{{F}} {0}",
    [sample(spec(2, 3)), sample(spec(2, 4), s=(3, 2), axes=(0, 1))],
    reference=np.fft.rfftn,
    errors=_wrong,
)
def rfftn(x: Any, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: str | None = None) -> Any:
    """:func:`rfft` along the last of several axes, then :func:`fft` along the others."""
    *others, (last, n) = _axes("rfftn", x, s, axes)
    x = rfft(x, n, last, norm)
    for axis, m in reversed(others):
        x = fft(x, m, axis, norm)
    return x


@composite(
    r"\mathcal{{F}}^{{-1}} {0}",
    [sample(spec(2, 3)), sample(spec(2, 3), s=(2, 5), axes=(0, 1))],
    reference=np.fft.irfftn,
    errors=_wrong,
)
def irfftn(x: Any, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: str | None = None) -> Any:
    """The inverse of :func:`rfftn`."""
    *others, (last, n) = _axes("irfftn", x, s, axes)
    for axis, m in others:
        x = ifft(x, m, axis, norm)
    return irfft(x, n, last, norm)


@composite(
    r"\mathcal{{F}} {0}",
    [sample(spec(2, 3)), sample(spec(2, 3, 2), s=(2, 5), axes=(0, 1), norm="ortho")],
    errors=_wrong,
)
def hfftn(x: Any, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: str | None = None) -> Any:
    """:func:`hfft` along the last of several axes after :func:`fft` along the others (PyTorch's function): real."""
    return irfftn(x.conj(), s, axes, _swapped(_norm("hfftn", norm)))


@composite(
    r"\mathcal{{F}}^{{-1}} {0}",
    [sample(spec(2, 3)), sample(spec(2, 4), s=(3, 2), axes=(0, 1), norm="ortho")],
    errors=_wrong,
)
def ihfftn(x: Any, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: str | None = None) -> Any:
    """The inverse of :func:`hfftn`."""
    return rfftn(x, s, axes, _swapped(_norm("ihfftn", norm))).conj()


@composite(
    r"\mathcal{{F}}_2 {0}",
    [sample(spec(3, 4)), sample(spec(2, 3, 2), s=(2, 2), axes=(0, 1), norm="ortho")],
    reference=np.fft.fft2,
)
def fft2(x: Any, s: Any = None, axes: Sequence[int] = _TWO, norm: str | None = None) -> Any:
    """:func:`fftn` along two axes."""
    return fftn(x, s, axes, norm)


@composite(
    r"\mathcal{{F}}_2^{{-1}} {0}",
    [sample(spec(3, 4)), sample(spec(2, 3, 2), s=(2, 2), axes=(0, 1), norm="ortho")],
    reference=np.fft.ifft2,
)
def ifft2(x: Any, s: Any = None, axes: Sequence[int] = _TWO, norm: str | None = None) -> Any:
    """:func:`ifftn` along two axes."""
    return ifftn(x, s, axes, norm)


@composite(
    r"\mathcal{{F}}_2 {0}",
    [sample(spec(3, 4)), sample(spec(2, 3, 2), s=(2, 2), axes=(0, 1), norm="ortho")],
    reference=np.fft.rfft2,
)
def rfft2(x: Any, s: Any = None, axes: Sequence[int] = _TWO, norm: str | None = None) -> Any:
    """:func:`rfftn` along two axes."""
    return rfftn(x, s, axes, norm)


@composite(
    r"\mathcal{{F}}_2^{{-1}} {0}",
    [sample(spec(3, 4)), sample(spec(2, 3, 2), s=(2, 2), axes=(0, 1), norm="ortho")],
    reference=np.fft.irfft2,
)
def irfft2(x: Any, s: Any = None, axes: Sequence[int] = _TWO, norm: str | None = None) -> Any:
    """:func:`irfftn` along two axes."""
    return irfftn(x, s, axes, norm)


@composite(
    r"\mathcal{{F}}_2 {0}",
    [sample(spec(3, 4)), sample(spec(2, 3, 2), s=(2, 2), axes=(0, 1), norm="ortho")],
    errors=_wrong,
)
def hfft2(x: Any, s: Any = None, axes: Sequence[int] = _TWO, norm: str | None = None) -> Any:
    """:func:`hfftn` along two axes."""
    return hfftn(x, s, axes, norm)


@composite(
    r"\mathcal{{F}}_2^{{-1}} {0}",
    [sample(spec(3, 4)), sample(spec(2, 3, 2), s=(2, 2), axes=(0, 1), norm="ortho")],
    errors=_wrong,
)
def ihfft2(x: Any, s: Any = None, axes: Sequence[int] = _TWO, norm: str | None = None) -> Any:
    """:func:`ihfftn` along two axes."""
    return ihfftn(x, s, axes, norm)


@composite(
    r"\operatorname{{fftshift}} {0}",
    [sample(spec(2, 3)), sample(spec(2, 3), axes=-1), sample(spec(0, 3))],
    reference=np.fft.fftshift,
)
def fftshift(x: Any, axes: Any = None) -> Any:
    """The frequency 0 moved to the middle."""
    chosen = normalize_axes("fftshift", axes, x.ndim, x.shape)
    return roll(x, tuple(x.shape[a] // 2 for a in chosen), chosen)


@composite(
    r"\operatorname{{ifftshift}} {0}",
    [sample(spec(2, 3)), sample(spec(2, 3), axes=-1), sample(spec(0, 3))],
    reference=np.fft.ifftshift,
)
def ifftshift(x: Any, axes: Any = None) -> Any:
    """The inverse of :func:`fftshift`."""
    chosen = normalize_axes("ifftshift", axes, x.ndim, x.shape)
    return roll(x, tuple(-(x.shape[a] // 2) for a in chosen), chosen)
