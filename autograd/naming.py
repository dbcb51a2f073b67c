"""The names that a caller has for Tensors: those of a model, or of a dict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from autograd.errors import DtypeError

__all__ = ["named_tensors"]


def named_tensors(names: Any, argument: str) -> Iterator[tuple[str, Any]]:
    """The names and Tensors of a model, a mapping, or nothing; ``argument`` is what to call it in an error."""
    if names is None:
        return iter(())
    if isinstance(names, Mapping):
        return iter(names.items())
    if callable(named_parameters := getattr(names, "named_parameters", None)):
        return iter(named_parameters())
    raise DtypeError(
        f"{argument} is a {type(names).__name__}; it must be a model (with named_parameters()) or a dict from names to "
        "Tensors or Values."
    )
