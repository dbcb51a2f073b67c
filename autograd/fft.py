"""Fourier transforms under the names of ``numpy.fft`` and the array API's ``fft`` extension."""

from typing import Any

import numpy as np

from autograd.creation import tensor
from autograd.ops.fourier import (
    fft,
    fft2,
    fftn,
    fftshift,
    hfft,
    hfft2,
    hfftn,
    ifft,
    ifft2,
    ifftn,
    ifftshift,
    ihfft,
    ihfft2,
    ihfftn,
    irfft,
    irfft2,
    irfftn,
    rfft,
    rfft2,
    rfftn,
)  # fmt: skip
from autograd.ops.short_time import istft, stft

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2", "ifftn", "ifftshift",
    "ihfft", "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "istft", "rfft", "rfft2", "rfftfreq", "rfftn", "stft",
]  # fmt: skip


def fftfreq(n: int, d: float = 1.0, dtype: Any = np.float32, device: str | None = None) -> Any:
    """The frequencies that :func:`fft` gives, in cycles per unit of the sample spacing ``d``."""
    return tensor(np.fft.fftfreq(n, d).astype(dtype), device=device)


def rfftfreq(n: int, d: float = 1.0, dtype: Any = np.float32, device: str | None = None) -> Any:
    """The frequencies that :func:`rfft` gives."""
    return tensor(np.fft.rfftfreq(n, d).astype(dtype), device=device)
