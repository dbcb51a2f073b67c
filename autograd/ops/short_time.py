"""Fourier transforms of short windows of a signal, and the way back."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from autograd.composite import composite
from autograd.errors import ArgumentError, ShapeError
from autograd.ops.complex_parts import real
from autograd.ops.fourier import fft, ifft, irfft, rfft
from autograd.ops.halves import in_single
from autograd.ops.rearrange import overlap_add, sliding_windows
from autograd.ops.shape import moveaxis, pad
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec
from autograd.tape import innermost, module_of

__all__ = ["istft", "stft"]


def _hop(op: str, x: Any, n_fft: int, hop_length: int | None, axes: int) -> int:
    hop = n_fft // 4 if hop_length is None else hop_length
    if hop < 1 or n_fft < 1:
        raise ArgumentError(f"{op}: n_fft={n_fft} and hop_length={hop} must be 1 or more.")
    if x.ndim < axes:
        wanted = "(..., T)" if axes == 1 else f"(..., {n_fft // 2 + 1} frequencies, windows)"
        raise ShapeError(f"{op}: x must be {wanted}, not {tuple(x.shape)}.")
    return hop


def _window(op: str, x: Any, window: Any, n_fft: int, win_length: int | None) -> Any:
    """The window, of ones where none is given, with zeros on both sides up to ``n_fft`` elements."""
    if win_length is not None and not 1 <= win_length <= n_fft:
        raise ArgumentError(f"{op}: win_length={win_length} must be from 1 to n_fft={n_fft}.")
    if window is None:
        window = module_of(x).ones(win_length or n_fft, dtype=x.dtype if x.dtype.kind != "c" else x.real.dtype)
    if window.ndim != 1 or window.shape[0] > n_fft:
        raise ShapeError(
            f"{op}: window is {tuple(window.shape)}; it must be a vector of at most n_fft={n_fft} elements."
        )
    if win_length is not None and window.shape[0] != win_length:
        raise ShapeError(f"{op}: window is {tuple(window.shape)}; win_length={win_length} wants ({win_length},).")
    short = n_fft - window.shape[0]
    return pad(window, ((short // 2, short - short // 2),))


@composite(
    r"\operatorname{{stft}} {0}",
    [
        sample(spec(2, 12), n_fft=4, hop_length=2),
        sample(spec(9), n_fft=4, center=False),
        sample(spec(9), n_fft=6, hop_length=2, win_length=3),
    ],
    errors=[
        ErrorSample((np.ones(4),), ArgumentError, "n_fft=0 and hop_length=0 must be 1 or more", {"n_fft": 0}),
        ErrorSample(
            (np.ones(9),), ArgumentError, "win_length=5 must be from 1 to n_fft=4", {"n_fft": 4, "win_length": 5}
        ),
        ErrorSample(
            (np.ones(9),),
            ShapeError,
            r"window is \(3,\); win_length=2 wants \(2,\)",
            {"n_fft": 4, "window": np.ones(3), "win_length": 2},
        ),
    ],
)
def stft(
    x: Any,
    n_fft: int,
    hop_length: int | None = None,
    window: Any = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool = True,
    win_length: int | None = None,
) -> Any:
    """The Fourier transform of windows of ``n_fft`` elements, every ``hop_length`` (a quarter by default).

    Shape: ``(..., T)`` gives ``(..., frequencies, windows)``, complex. With ``center`` the signal is padded so that
    window ``t`` is centred at ``t * hop_length``. ``window`` (ones by default) has ``win_length`` elements, ``n_fft``
    at most, and lies in the middle of them.
    """
    hop = _hop("stft", x, n_fft, hop_length, 1)
    weights = _window("stft", x, window, n_fft, win_length)
    if center:
        x = pad(x, ((0, 0),) * (x.ndim - 1) + ((n_fft // 2, n_fft // 2),), mode=pad_mode)
    if x.shape[-1] < n_fft:
        raise ShapeError(
            f"stft: the signal has {x.shape[-1]} elements with its padding; n_fft={n_fft} must not exceed them."
        )
    frames = sliding_windows(x, n_fft, hop) * weights
    norm = "ortho" if normalized else "backward"
    y = rfft(frames, norm=norm) if onesided and x.dtype.kind != "c" else fft(frames, norm=norm)
    return moveaxis(y, -1, -2)


@composite(
    r"\operatorname{{istft}} {0}",
    [
        sample(spec(2, 3, 5), n_fft=4, hop_length=2),
        sample(spec(3, 4), n_fft=5, hop_length=1, center=False, normalized=True),
        sample(spec(1, 4, 4), n_fft=4, onesided=False, length=3),
        sample(spec(3, 3), n_fft=4, hop_length=2, length=12),
        sample(spec(0, 3, 5), n_fft=4, hop_length=2),
    ],
    errors=[
        ErrorSample((np.ones((3, 5)),), ArgumentError, "n_fft=0 and hop_length=0 must be 1 or more", {"n_fft": 0}),
        ErrorSample((np.ones((4, 5)),), ShapeError, r"3 frequencies.*not \(4, 5\)", {"n_fft": 4}),
        ErrorSample((np.ones(3),), ShapeError, r"3 frequencies.*not \(3,\)", {"n_fft": 4}),
        ErrorSample((np.ones((3, 5)),), ArgumentError, "leave a gap", {"n_fft": 4, "hop_length": 5, "center": False}),
    ],
)
@functools.partial(in_single, keep=("window",))
def istft(
    x: Any,
    n_fft: int,
    hop_length: int | None = None,
    window: Any = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool = True,
    length: int | None = None,
    win_length: int | None = None,
) -> Any:
    """The signal whose :func:`stft` comes closest to ``x`` in least squares (Griffin and Lim, 1984).

    Shape: ``(..., frequencies, windows)`` gives ``(..., T)``, real; ``length`` is T, with zeros beyond the last window.
    Raises ``ShapeError`` for another number of frequencies than ``n_fft`` has, and ``ArgumentError`` where no window
    reaches some part of the signal.
    """
    hop = _hop("istft", x, n_fft, hop_length, 2)
    frequencies = n_fft // 2 + 1 if onesided else n_fft
    if x.shape[-2] != frequencies:
        raise ShapeError(
            f"istft: x must be (..., {frequencies} frequencies, windows) for n_fft={n_fft}, onesided={onesided}, "
            f"not {tuple(x.shape)}. Give the n_fft of the stft."
        )
    norm = "ortho" if normalized else "backward"
    y = moveaxis(x, -2, -1)
    frames = irfft(y, n_fft, norm=norm) if onesided else real(ifft(y, norm=norm))
    weights = _window("istft", frames, window, n_fft, win_length)
    total = (frames.shape[-2] - 1) * hop + n_fft
    signal = overlap_add(frames * weights, total, hop)
    squares = overlap_add(0 * frames + weights * weights, total, hop)
    start = n_fft // 2 if center else 0
    stop = total - start if length is None else min(start + length, total)
    squares = squares[..., start:stop]
    plain = innermost(squares)
    if plain.size and plain.min() < 1e-11:
        raise ArgumentError(
            "istft: the windows leave a gap: their squares add up to 0 somewhere. Use a smaller hop_length."
        )
    signal = signal[..., start:stop] / squares
    beyond = 0 if length is None else start + length - stop
    return pad(signal, ((0, 0),) * (signal.ndim - 1) + ((0, beyond),)) if beyond else signal
