"""Frozen dataclasses that are made in a fraction of the time: a view may have hundreds of thousands of them."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

__all__ = ["quick"]

T = TypeVar("T")


def quick(cls: type[T]) -> type[T]:
    """Give a frozen dataclass with slots, of plain fields, an ``__init__`` that writes the slots themselves.

    The one that ``dataclass`` makes looks each of them up by its name, in ``object.__setattr__``. Signature, defaults
    and everything else are the same: nothing can be assigned afterwards.
    """
    fields: Any = dataclasses.fields(cls)  # type: ignore[arg-type]
    space: dict[str, Any] = {}
    arguments, lines = [], []
    for field in fields:
        space[f"set_{field.name}"] = cls.__dict__[field.name].__set__
        has_default = field.default is not dataclasses.MISSING
        if has_default:
            space[f"default_{field.name}"] = field.default
        arguments.append(f"{field.name}=default_{field.name}" if has_default else field.name)
        lines.append(f"    set_{field.name}(self, {field.name})")
    exec(f"def __init__(self, {', '.join(arguments)}):\n" + "\n".join(lines), space)
    made = space["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__annotations__ = dict(cls.__init__.__annotations__)
    cls.__init__ = made  # type: ignore[method-assign]
    return cls
