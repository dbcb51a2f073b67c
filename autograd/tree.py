"""Nested containers of Tensors (pytrees): dicts, lists, tuples, named tuples, dataclasses, and registered classes."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from autograd.errors import ArgumentError, ShapeError

__all__ = ["Structure", "register", "tree_flatten", "tree_leaves", "tree_map", "tree_match", "tree_unflatten"]

Children = tuple[list[Any], Any]
_registered: dict[type, tuple[Callable[[Any], Children], Callable[[Any, list[Any]], Any]]] = {}


def register(kind: type, flatten: Callable[[Any], Children], unflatten: Callable[[Any, list[Any]], Any]) -> None:
    """Let a class and its subclasses be a container.

    ``flatten(x)`` gives the children and whatever else it takes to build ``x`` again; ``unflatten(rest, children)``
    builds it.
    """
    _registered[kind] = (flatten, unflatten)


class _Container(NamedTuple):
    """A container taken apart. Two are of one kind if what their parts are called is the same, in any order."""

    kind: type
    keys: Sequence[Any]
    parts: Sequence[Any]
    build: Callable[[list[Any]], Any]


def _container(x: Any) -> _Container | None:
    """The parts of a container and what builds one of the kind from parts; None for a leaf."""
    kind = type(x)
    if kind is list or kind is tuple:
        return _Container(kind, range(len(x)), x, kind)
    if isinstance(x, dict):
        keys = list(x)
        return _Container(dict, keys, [x[k] for k in keys], lambda parts: _as_dict(x, keys, parts))
    if isinstance(x, tuple) and hasattr(kind, "_make"):
        return _Container(kind, kind._fields, x, kind._make)
    for base, (flatten, unflatten) in _registered.items():
        if isinstance(x, base):
            parts, rest = flatten(x)
            return _Container(kind, range(len(parts)), parts, partial(unflatten, rest))
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        names = [f.name for f in dataclasses.fields(x) if f.init]
        return _Container(
            kind,
            names,
            [getattr(x, n) for n in names],
            lambda parts: _with_fields(x, names, parts),
        )
    return None


def _with_fields(x: Any, names: list[str], parts: list[Any]) -> Any:
    """A copy of a dataclass with other values; its ``__init__`` does not run again, which may check or change them."""
    made = copy.copy(x)
    for name, part in zip(names, parts, strict=True):
        object.__setattr__(made, name, part)
    return made


def _as_dict(x: dict[Any, Any], keys: list[Any], parts: list[Any]) -> Any:
    """A dict of the class of ``x``, with what such a class holds besides (the factory of a defaultdict)."""
    pairs = zip(keys, parts, strict=True)
    if type(x) is dict:
        return dict(pairs)
    made = copy.copy(x)
    made.clear()
    made.update(pairs)
    return made


class Structure:
    """How a container is built: its kind, what its parts are called, and their structures; of a leaf, nothing.

    Two structures are equal if containers of both hold the same leaves in the same places. The order of the keys of a
    dict does not count, nor which class of dict it is.
    """

    __slots__ = ("build", "count", "keys", "kind", "parts")

    def __init__(
        self,
        kind: type | None = None,
        keys: Sequence[Any] = (),
        parts: Sequence[Structure] = (),
        build: Callable[[list[Any]], Any] | None = None,
    ):
        self.kind = kind
        self.keys = keys
        self.parts = parts
        self.build = build
        self.count: int = sum(part.count for part in parts) if kind else 1

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Structure):
            return NotImplemented
        pairs = [(self, other)]
        while pairs:
            mine, theirs = pairs.pop()
            if mine is theirs:
                continue
            named = dict(zip(theirs.keys, theirs.parts, strict=True))
            if mine.kind is not theirs.kind or set(mine.keys) != named.keys():
                return False
            pairs += [(part, named[key]) for key, part in zip(mine.keys, mine.parts, strict=True)]
        return True

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return self._shown(_SHOWN_DEPTH)

    def _shown(self, depth: int) -> str:
        """As it would be written, with dots for what lies deeper."""
        if self.kind is None:
            return "*"
        parts = [part._shown(depth - 1) for part in self.parts] if depth else ["..."] * bool(self.parts)
        if self.kind is list:
            return f"[{', '.join(parts)}]"
        if self.kind is tuple:
            return f"({', '.join(parts)}{',' * (len(parts) == 1)})"
        pairs = list(zip(self.keys, parts, strict=False))
        if self.kind is dict:
            return "{" + ", ".join(f"{k!r}: {p}" for k, p in pairs) + "}"
        return f"{self.kind.__name__}({', '.join(p if isinstance(k, int) else f'{k}={p}' for k, p in pairs)})"


_SHOWN_DEPTH = 20
_LEAF = Structure()


def tree_flatten(x: Any, what: str = "tree_flatten: the container") -> tuple[list[Any], Structure]:
    """The leaves of a nested container, in order, and its structure; ``what`` says in errors what ``x`` is.

    However deep it is nested. Raises ``ArgumentError`` for a container that is a part of itself.
    """
    found = _container(x)
    if found is None:
        return [x], _LEAF
    leaves: list[Any] = []
    # the containers from the root to here, as far as they are walked, and the structures of the parts that were
    way: list[tuple[Any, _Container, Iterator[Any], list[Structure]]] = [(x, found, iter(found.parts), [])]
    around = {id(x)}
    while True:
        whole, found, rest, structures = way[-1]
        for part in rest:
            below = _container(part)
            if below is None:
                leaves.append(part)
                structures.append(_LEAF)
                continue
            if id(part) in around:
                raise ArgumentError(
                    f"{what} holds itself: a {type(part).__name__} is a part of one of its own parts, {len(way)} deep. "
                    "Take the part out that leads back to it."
                )
            around.add(id(part))
            way.append((part, below, iter(below.parts), []))
            break
        else:
            structure = Structure(found.kind, found.keys, structures, found.build)
            way.pop()
            if not way:
                return leaves, structure
            around.remove(id(whole))
            way[-1][-1].append(structure)


def tree_unflatten(structure: Structure, leaves: Iterable[Any]) -> Any:
    """A nested container of this structure with other leaves."""
    leaves = list(leaves)
    if len(leaves) != structure.count:
        raise ShapeError(f"tree_unflatten: {len(leaves)} leaves for a structure that has {structure.count}.")
    if structure.build is None:
        return leaves[0]
    following = iter(leaves)
    way: list[tuple[Callable[[list[Any]], Any], Iterator[Structure], list[Any]]] = [
        (structure.build, iter(structure.parts), [])
    ]
    while True:
        build, rest, parts = way[-1]
        for part in rest:
            if part.build is not None:
                way.append((part.build, iter(part.parts), []))
                break
            parts.append(next(following))
        else:
            made = build(parts)
            way.pop()
            if not way:
                return made
            way[-1][2].append(made)


def tree_leaves(x: Any) -> list[Any]:
    """The leaves of a nested container, in order."""
    return tree_flatten(x, "tree_leaves: the container")[0]


def tree_match(structure: Structure, x: Any, what: str, whole: Callable[[Any], bool] | None = None) -> list[Any]:
    """The leaves of ``x`` in the order of ``structure``: dicts are matched by key, not by place.

    ``what`` says in errors what ``x`` is; ``whole`` tells which entry of ``x`` stands for all the leaves in its place,
    as an axis does in ``in_axes``. Raises ``ArgumentError`` that names the first place where the two differ.
    """
    leaves: list[Any] = []
    waiting: list[tuple[Structure, Any, Any]] = [(structure, x, None)]  # the next one last; with the way to it
    while waiting:
        structure, x, way = waiting.pop()
        if whole is not None and whole(x):
            leaves += [x] * structure.count
            continue
        found = _container(x)
        if structure.kind is not (None if found is None else found.kind):
            seen = tree_flatten(x, _place(what, way))[1] if found is not None else f"one leaf, a {type(x).__name__}"
            raise ArgumentError(
                f"{_place(what, way)} differs in structure: it is {seen}, but {structure} is wanted (* is a leaf)."
            )
        if found is None:
            leaves.append(x)
            continue
        by_key = dict(zip(found.keys, found.parts, strict=True))
        if by_key.keys() != set(structure.keys):
            named = not isinstance(structure.keys, range)
            seen, wanted = (
                ", ".join(map(repr, keys)) or "none" if named else f"{len(keys)} entries"
                for keys in (found.keys, structure.keys)
            )
            raise ArgumentError(f"{_place(what, way)} differs in structure: it has {seen}; {wanted} wanted.")
        parts = zip(structure.keys, structure.parts, strict=True)
        waiting += reversed([(part, by_key[key], (way, key)) for key, part in parts])
    return leaves


def _place(what: str, way: Any) -> str:
    """Where in ``what`` something lies: the keys that lead there are linked from the last to the first."""
    keys = []
    while way is not None:
        way, key = way
        keys.append(f"at {key!r}")
    shown = keys[::-1] if len(keys) <= _SHOWN_DEPTH else [f"{len(keys)} deep"]
    return f"{what}, {', '.join(shown)}," if keys else what


def tree_map(function: Callable[..., Any], x: Any, *others: Any) -> Any:
    """``function`` of corresponding leaves of containers of one structure; the result has the structure of the first.

    Raises ``ArgumentError`` if the containers differ in structure.
    """
    leaves, structure = tree_flatten(x, "tree_map: the container")
    rest = [tree_match(structure, other, f"tree_map: container {i}") for i, other in enumerate(others, 2)]
    return tree_unflatten(structure, [function(*row) for row in zip(leaves, *rest, strict=True)])
