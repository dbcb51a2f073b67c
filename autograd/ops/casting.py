"""The same numbers in another dtype, in memory of their own, or on another device."""

from __future__ import annotations

from typing import Any

from autograd.backend import device_of, move, parse_dtype
from autograd.primitive import no_flops, primitive
from autograd.samples import array as spec
from autograd.samples import elementwise_samples, sample
from autograd.tape import innermost

__all__ = ["astype", "copy", "to_device"]

_cast = primitive(
    "astype", lambda x, *, dtype: x.astype(dtype), kind="elementwise",
    vjp=[lambda g: g], jvp="linear",  # the backward walk casts each gradient to the dtype of its value
    latex=r"{0}", vjp_latex=[r"\bar y"],
    samples=[sample(spec(2, 3), dtype="float64"), sample(spec(), dtype="float64"), sample(spec(0, 2), dtype="float64")],
)  # fmt: skip


def astype(x: Any, dtype: Any) -> Any:
    """``x`` in another dtype. Gradients flow between floating and complex dtypes; integers carry none."""
    return _cast(x, dtype=parse_dtype(dtype))


copy = primitive(
    "copy", lambda x: x.copy(), kind="elementwise", vjp=[lambda g: g], jvp="linear", latex="{0}",
    vjp_latex=[r"\bar y"], samples=elementwise_samples(), doc="A copy with its own memory.",
)  # fmt: skip
_to_device = primitive(
    "to_device", lambda x, *, device, origin: move(x, device), kind="view",
    vjp=[lambda g, device, origin: _to_device(g, device=origin, origin=device)], jvp="linear", flops=no_flops,
    latex="{0}", vjp_latex=[r"\bar y"], samples=[sample(spec(2, 3), device="cpu", origin="cpu")],
)  # fmt: skip


def to_device(x: Any, device: str) -> Any:
    """``x`` on another device; its gradient comes back to the device of ``x``."""
    return _to_device(x, device=device, origin=device_of(innermost(x)))
