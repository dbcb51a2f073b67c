"""Ops that draw random numbers."""

from __future__ import annotations

from typing import Any

from autograd.backend import device_of
from autograd.errors import ArgumentError
from autograd.primitive import primitive
from autograd.random import Generator, default_generator
from autograd.samples import array as spec
from autograd.samples import boolean, sample
from autograd.tape import innermost

__all__ = ["dropout"]

_dropout = primitive(
    "dropout", lambda x, mask: x * mask, kind="random",
    vjp=[lambda g, mask: g * mask, None],
    jvp=lambda primals, tangents: None if tangents[0] is None else _dropout(tangents[0], primals[1]),
    latex=r"{0} \odot m", vjp_latex=[r"\bar y \odot m", None],
    samples=[sample(spec(2, 3), boolean(2, 3)), sample(spec(), boolean())],
)  # fmt: skip


def dropout(x: Any, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Any:
    """In training, set each element to 0 with probability ``p`` and scale the others by ``1 / (1 - p)``.

    Source: Srivastava et al., 2014, JMLR 15. ``generator`` is the default one of the device if None.
    """
    if not 0 <= p <= 1:
        raise ArgumentError(f"dropout: p must be a probability in [0, 1], not {p!r}.")
    if not training or p == 0:
        return x
    array = innermost(x)  # inside vmap one mask is drawn for the whole batch: another for each example
    generator = generator or default_generator(device_of(array))
    mask = generator.bernoulli(array.shape, 1 - p, array.dtype)
    if p < 1:
        mask *= array.dtype.type(1 / (1 - p))
    return _dropout(x, x.holding(mask) if hasattr(x, "level") else mask)
