"""A GraphView as JSON and back: the whole graph, what is closed and rolled included, under a version and a schema.

The form is that of recordings (:mod:`autograd.recording`): objects for dataclasses, arrays for named tuples; infinities
and NaN are the strings ``"inf"``, ``"-inf"`` and ``"nan"``, and a complex number is an object of ``re`` and ``im``.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import math
import re
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

from autograd.errors import ArgumentError
from autograd.schema import schema_of

if TYPE_CHECKING:
    from viz.graphs.view import GraphView

__all__ = ["GRAPH_VERSION", "graph_from_json", "graph_json", "graph_schema"]

GRAPH_VERSION = 1
_NOT_FINITE = ("inf", "-inf", "nan")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def graph_schema() -> dict[str, Any]:
    """The schema of a graph's JSON, in draft 2020-12 of JSON Schema; docs/graph.schema.json is a copy."""
    return schema_of(_view_class(), "glassgrad graph", GRAPH_VERSION)


def graph_json(view: GraphView) -> str:
    """The view as JSON text; :func:`graph_from_json` gives the same view again."""
    text = json.dumps({"version": GRAPH_VERSION} | _plain(view), allow_nan=False, ensure_ascii=False)
    return _LONE_SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)  # which no encoding can write


def graph_from_json(text: str) -> GraphView:
    """The view that :func:`graph_json` wrote. Raises ArgumentError for what is not a graph of this version."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ArgumentError(f"GraphView.from_json: this is not JSON: {error}.") from error
    if not isinstance(data, dict) or data.get("version") != GRAPH_VERSION:
        seen = data.get("version") if isinstance(data, dict) else None
        raise ArgumentError(
            f"GraphView.from_json: the JSON has version {seen!r}; this release reads version {GRAPH_VERSION} of "
            "docs/graph.schema.json. Write it anew with to_json() of this release."
        )
    del data["version"]
    try:
        view: GraphView = _read(_view_class(), data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, ArgumentError):
            raise
        raise ArgumentError(
            f"GraphView.from_json: the JSON does not keep to docs/graph.schema.json: {error!r}."
        ) from error
    if wrong := next((n for n in view.nodes if n.line is not None and not 0 <= n.line < len(view.lines)), None):
        raise ArgumentError(
            f"GraphView.from_json: node {wrong.id} is of line {wrong.line}, and the graph has {len(view.lines)} lines."
        )
    if view.overlay is not None and view.overlay.scale in ("linear", "log"):
        values = tuple(float(v) if isinstance(v, str) else v for v in view.overlay.values)
        view = dataclasses.replace(view, overlay=dataclasses.replace(view.overlay, values=values))
    return view


def _view_class() -> type[GraphView]:
    found: type[GraphView] = importlib.import_module(
        "viz.graphs.view"
    ).GraphView  # which has to_json(), and imports this file
    return found


def _plain(x: Any) -> Any:
    """What JSON knows."""
    if isinstance(x, float):
        return x if math.isfinite(x) else str(x)
    if x is None or isinstance(x, str | int):
        return x
    if isinstance(x, list | tuple):
        return [_plain(part) for part in x]
    if dataclasses.is_dataclass(x):
        return {name: _plain(getattr(x, name)) for name in _fields(x.__class__)}
    if isinstance(x, frozenset):
        return sorted(x)
    if isinstance(x, complex):
        return {"re": _plain(x.real), "im": _plain(x.imag)}
    if isinstance(x, dict):
        return {key: _plain(value) for key, value in x.items()}
    raise TypeError(f"to_json: a {type(x).__name__} has no place in the JSON of a graph.")


@cache
def _fields(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {name: hints[name] for name in (_fields(kind) if dataclasses.is_dataclass(kind) else kind._fields)}  # type: ignore[attr-defined]


def _read(hint: Any, data: Any) -> Any:
    """The value that ``data`` stands for where one of type ``hint`` belongs."""
    if hint is Any:
        return _element(data)
    if hint is float:
        return float(data) if data in _NOT_FINITE else _of_type(data, (float, int))
    if hint in (int, str, bool):
        return _of_type(data, (hint,))
    if dataclasses.is_dataclass(hint):
        hints = _hints(hint)  # type: ignore[arg-type]
        if unknown := set(data) - set(hints):
            raise ValueError(f"{hint.__name__} has no {sorted(unknown)[0]!r}")  # type: ignore[union-attr]
        return hint(**{name: _read(part, data[name]) for name, part in hints.items()})  # type: ignore[operator]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        if data not in arguments:
            raise ValueError(f"{data!r} is none of {', '.join(map(repr, arguments))}")
        return data
    if origin is frozenset:
        return frozenset(_read(arguments[0], part) for part in data)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is ...:
            return tuple(_read(arguments[0], part) for part in data)
        return tuple(_read(part, value) for part, value in zip(arguments, data, strict=True))
    if origin in (Union, UnionType):
        if data is None:
            return None
        kinds = [kind for kind in arguments if kind is not NoneType]
        if len(kinds) == 1:
            return _read(kinds[0], data)
        return _tuples(data) if any(get_origin(kind) is tuple for kind in kinds) else _of_type(data, tuple(kinds))
    return hint(*(_read(part, value) for part, value in zip(_hints(hint).values(), data, strict=True)))


def _of_type(data: Any, kinds: tuple[type, ...]) -> Any:
    """``data`` itself, if JSON gave it this type; True is no number."""
    if not isinstance(data, kinds) or (data.__class__ is bool and bool not in kinds):
        raise TypeError(f"{data!r:.80} is not of the type that belongs there")
    return data


def _tuples(data: Any) -> Any:
    """A shape, or a tuple of them: both are tuples all the way down."""
    return tuple(map(_tuples, data)) if isinstance(data, list) else _of_type(data, (int,))


def _element(data: Any) -> Any:
    """An element of an array that was kept whole, or a list of them."""
    if isinstance(data, list):
        return [_element(part) for part in data]
    if isinstance(data, dict):
        return complex(_element(data["re"]), _element(data["im"]))
    return float(data) if data in _NOT_FINITE else data
