"""The JSON Schema of frozen dataclasses such as :class:`autograd.Recording`, derived from the classes themselves."""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Any

from autograd import recording
from autograd.watching import Line, Summary

__all__ = ["recording_schema", "schema_of"]

_PLAIN: dict[Any, dict[str, Any]] = {
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    str: {"type": "string"},
    # NaN and the infinities are no JSON numbers
    float: {"anyOf": [{"type": "number"}, {"enum": ["nan", "inf", "-inf"]}]},
    Any: {},
}


def recording_schema() -> dict[str, Any]:
    """The schema, in draft 2020-12 of JSON Schema (https://json-schema.org/draft/2020-12).

    Every object lists its keys and takes no others; named tuples (a source line, a summary) are arrays whose items are
    named by their titles.
    """
    return schema_of(recording.Recording, "glassgrad recording", recording.SCHEMA_VERSION)


def schema_of(kind: type, title: str, version: int) -> dict[str, Any]:
    """The schema of a dataclass that is written with this ``version`` beside its fields."""
    definitions: dict[str, Any] = {}
    _reference(kind, definitions)
    root = definitions.pop(kind.__name__)
    root["properties"]["version"] = {"const": version}
    root["required"] = list(root["properties"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def _reference(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    """A reference to the definition of a class, which is entered if it is not yet there."""
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = {}  # stands in for itself while its parts are described
        hints = typing.get_type_hints(kind)
        parts = {name: _of(hint, definitions) for name, hint in hints.items()}
        described: dict[str, Any] = {"description": (kind.__doc__ or "").strip().splitlines()[0]}
        if dataclasses.is_dataclass(kind):
            described |= {
                "type": "object", "properties": parts, "required": list(parts), "additionalProperties": False,
            }  # fmt: skip
        else:
            items = [{"title": name} | part for name, part in parts.items()]
            described |= {"type": "array", "prefixItems": items, "minItems": len(items), "items": False}
        definitions[kind.__name__] = described
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _of(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a type hint."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    if hint in (Line, Summary) or dataclasses.is_dataclass(hint):
        return _reference(hint, definitions)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin is tuple and arguments[-1] is not ...:  # tuple[X, Y]
        items = [_of(a, definitions) for a in arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "items": False}
    if origin in (tuple, frozenset):  # tuple[X, ...]
        unique = {"uniqueItems": True} if origin is frozenset else {}
        return {"type": "array", "items": _of(arguments[0], definitions)} | unique
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(arguments[1], definitions)}
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [{"type": "null"} if a is type(None) else _of(a, definitions) for a in arguments]}
    raise TypeError(f"recording_schema: no schema for {hint!r}; add it to _PLAIN.")
