"""Nested containers of Tensors (pytrees): dicts, lists, tuples, named tuples, dataclasses, and registered classes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from autograd.errors import ArgumentError, ShapeError

__all__ = ["register", "tree_flatten", "tree_leaves", "tree_map", "tree_unflatten"]

Children = tuple[list[Any], Any]
_registered: dict[type, tuple[Callable[[Any], Children], Callable[[Any, list[Any]], Any]]] = {}


def register(kind: type, flatten: Callable[[Any], Children], unflatten: Callable[[Any, list[Any]], Any]) -> None:
    """Let a class and its subclasses be a container.

    ``flatten(x)`` gives the children and whatever else it takes to build ``x`` again; ``unflatten(rest, children)``
    builds it.
    """
    _registered[kind] = (flatten, unflatten)


def _children(x: Any) -> tuple[list[Any], Callable[[list[Any]], Any]] | None:
    """The parts of a container and what builds one of the kind from parts; None for a leaf."""
    kind = type(x)
    if kind is list:
        return x, list
    if kind is tuple:
        return list(x), tuple
    if isinstance(x, dict):
        keys = list(x)
        return [x[k] for k in keys], lambda parts: _as_dict(x, keys, parts)
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return list(x), lambda parts: kind(*parts)
    for base, (flatten, unflatten) in _registered.items():
        if isinstance(x, base):
            parts, rest = flatten(x)
            return parts, _builder(unflatten, rest)
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        names = [f.name for f in dataclasses.fields(x) if f.init]
        return [getattr(x, n) for n in names], lambda parts: dataclasses.replace(
            x, **dict(zip(names, parts, strict=True))
        )
    return None


def _builder(unflatten: Callable[[Any, list[Any]], Any], rest: Any) -> Callable[[list[Any]], Any]:
    return lambda parts: unflatten(rest, parts)


def _as_dict(x: dict[Any, Any], keys: list[Any], parts: list[Any]) -> Any:
    made = dict(zip(keys, parts, strict=True))
    return made if type(x) is dict else type(x)(made)


Structure = Any  # None for a leaf, else (what builds the container, the structures of its parts)


def tree_flatten(x: Any) -> tuple[list[Any], Structure]:
    """The leaves of a nested container, in order, and its structure."""
    found = _children(x)
    if found is None:
        return [x], None
    leaves: list[Any] = []
    structures = []
    for part in found[0]:
        below, structure = tree_flatten(part)
        leaves += below
        structures.append((structure, len(below)))
    return leaves, (found[1], structures)


def tree_unflatten(structure: Structure, leaves: Sequence[Any]) -> Any:
    """A nested container of this structure with other leaves."""
    if structure is None:
        if len(leaves) != 1:
            raise ShapeError(f"tree_unflatten: {len(leaves)} leaves for a structure that has 1.")
        return leaves[0]
    build, structures = structure
    parts, start = [], 0
    for below, n in structures:
        parts.append(tree_unflatten(below, leaves[start : start + n]))
        start += n
    if start != len(leaves):
        raise ShapeError(f"tree_unflatten: {len(leaves)} leaves for a structure that has {start}.")
    return build(parts)


def tree_leaves(x: Any) -> list[Any]:
    """The leaves of a nested container, in order."""
    return tree_flatten(x)[0]


def tree_map(function: Callable[..., Any], x: Any, *others: Any) -> Any:
    """``function`` of corresponding leaves of containers of one structure."""
    leaves, structure = tree_flatten(x)
    rest = [tree_leaves(other) for other in others]
    if any(len(other) != len(leaves) for other in rest):
        raise ArgumentError("tree_map: the containers differ in structure; they must have the same leaves.")
    return tree_unflatten(structure, [function(*row) for row in zip(leaves, *rest, strict=True)])
