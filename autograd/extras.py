"""Optional dependencies: import them late, and say which extra brings them when they are missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from autograd.errors import MissingExtraError

__all__ = ["import_extra"]


def import_extra(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import ``module``, or raise :class:`MissingExtraError` that names the extra to install.

    ``purpose`` completes the sentence "... is needed to <purpose>", for example ``"draw charts"``.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise MissingExtraError(
            f"{package} is needed to {purpose}, and could not be imported ({error}).\n"
            f"  Install it with: pip install 'glassgrad[{extra}]'"
        ) from error
