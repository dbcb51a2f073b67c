"""glassgrad: an autograd engine that you can see through. One import for everything.

>>> import glassgrad as gg
>>> x = gg.ag.tensor([1.0, 2.0], requires_grad=True)

``gg.ag`` (also ``gg.autograd``), ``gg.nn``, ``gg.optim`` and ``gg.viz`` are the packages of those names, loaded when
they are first used.
"""

from __future__ import annotations

import importlib
from importlib.metadata import PackageNotFoundError, version
from typing import Any

try:
    __version__ = version("glassgrad")
except PackageNotFoundError:  # a checkout that was never installed
    __version__ = "0+unknown"

__all__ = ["__version__", "ag", "autograd", "nn", "optim", "viz"]

_PACKAGES = {"ag": "autograd", "autograd": "autograd", "nn": "nn", "optim": "optim", "viz": "viz"}


def __getattr__(name: str) -> Any:
    if name not in _PACKAGES:
        raise AttributeError(f"module 'glassgrad' has no attribute {name!r}. It has: {', '.join(__all__)}.")
    package = importlib.import_module(_PACKAGES[name])
    globals()[name] = package
    return package


def __dir__() -> list[str]:
    return sorted(__all__)
