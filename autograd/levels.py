"""The switch that lets something other than plain evaluation see each op: forward mode, vmap, recorders.

Dispatch reads ``levels.active`` once for each op. It counts what is switched on, in all threads; what is switched on
for *this* thread stands in ``levels.here``. Each level of ``jvp`` and ``vmap`` has a number; a value that belongs to a
level is wrapped, and the highest level among the arguments of an op is handled first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

__all__ = [
    "Level",
    "Observer",
    "Watcher",
    "active",
    "enter",
    "here",
    "intercept",
    "observe",
    "suspended",
    "walk_seen_by",
]

active = 0
_lock = threading.Lock()


class Level:
    """One transform in progress: its number, and for vmap the size of the batch (-1 for forward mode).

    ``undo`` holds what to call at the end: Tensors from outside, written with values of this level, get theirs back.
    ``randomness`` says whether the examples of a vmap draw ``"different"`` random numbers, the ``"same"``, or none
    (``"error"``).
    """

    __slots__ = ("number", "randomness", "size", "undo")

    def __init__(self, number: int, size: int = -1, randomness: str = "different"):
        self.number = number
        self.size = size
        self.undo: list[Callable[[], None]] = []
        self.randomness = randomness


def _drop_last(entered: list[Any], one: Any) -> None:
    """Take out the innermost of what was perhaps entered twice."""
    del entered[len(entered) - 1 - entered[::-1].index(one)]


Observer = Callable[[Any, tuple[Any, ...], dict[str, Any], Callable[..., Any]], Any]


class Watcher:
    """A context that sees the ops and the backward passes of this thread: a recorder, anomaly mode, saved-tensor hooks.

    What a subclass leaves out does nothing. It may be entered again inside itself. Of those with ``keeps_saved``, which
    decide how what an op saves is kept, the innermost does. For one with ``names_lines`` the lines that write memory in
    place are noted.
    """

    keeps_saved = False
    names_lines = False

    def __enter__(self) -> Self:
        here.watchers.append(self)
        here.observers.append(self.see)
        _count(1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _drop_last(here.observers, self.see)
        _drop_last(here.watchers, self)
        _count(-1)

    def see(self, op: Any, args: tuple[Any, ...], params: dict[str, Any], run: Callable[..., Any]) -> Any:
        """An op is evaluated; ``run(op, args, params)`` does it."""
        return run(op, args, params)

    def pushing(self, op: Any, primals: Sequence[Any], moving: Sequence[int], params: dict[str, Any]) -> None:
        """Forward mode is about to push tangents of the arguments ``moving`` through an op."""

    def entering(self, scope: Any) -> None:
        """A call of a module, or a block of ``scope``, begins (:class:`autograd.watching.Scope`)."""

    def leaving(self, scope: Any) -> None:
        """It ends."""

    def walking(self) -> None:
        """A backward walk begins; inside the rule of another one, if that differentiates in turn."""

    def pulling(self, node: Any, g: Any) -> None:
        """The walk begins with ``node``, whose gradient ``g`` is complete; with None it does something in between."""

    def walked(self) -> None:
        """The walk that began last ends, perhaps by an error."""

    def pulled(self, node: Any, parent: Any, g: Any, gi: Any, before: Any) -> None:
        """One gradient ``gi`` on its way from ``node``, whose own is ``g``, to ``parent``, where ``before`` arrived."""

    def accumulating(self, tensor: Any, g: Any, root: Any) -> None:
        """A leaf is about to be given the gradient ``g`` of the pass that started at node ``root``."""

    def accumulated(self, tensor: Any) -> None:
        """It was: its ``grad`` holds the gradient now."""

    def hooking(self, tensor: Any) -> None:
        """A hook is about to be registered on a Tensor."""

    def stepping(self, tensor: Any) -> None:
        """An optimizer is about to use the gradient of a parameter."""

    def rebinding(self, tensor: Any) -> None:
        """A recorded write in place is about to make a Tensor stand for a new value."""

    def written(self, memory: Any) -> None:
        """An array that owns its memory was written in place just now."""

    def recomputed(self, saved: Any) -> None:
        """A checkpoint computed these values again, which its ops saved for backward."""

    def line_of(self, node: Any) -> Any:
        """The line of the program that recorded a node, if this watcher knows it."""


class _Here(threading.local):
    """What is switched on in this thread."""

    def __init__(self) -> None:
        self.levels: list[Level] = []
        self.observers: list[Observer] = []
        self.watchers: list[Watcher] = []
        self.scopes: list[Any] = []  # the open calls and blocks, outermost first (autograd.watching.Scope)


here = _Here()


def _count(change: int) -> None:
    global active
    with _lock:
        active += change


@contextmanager
def enter(size: int = -1, randomness: str = "different") -> Iterator[Level]:
    """A new level, above all others of this thread, for the length of a block."""
    level = Level(here.levels[-1].number + 1 if here.levels else 1, size, randomness)
    here.levels.append(level)
    _count(1)
    try:
        yield level
    finally:
        while level.undo:
            level.undo.pop()()
        here.levels.remove(level)
        _count(-1)


@contextmanager
def observe(observer: Observer) -> Iterator[None]:
    """Let ``observer(op, args, params, run)`` see each op of this thread; it calls ``run`` and returns its value."""
    here.observers.append(observer)
    _count(1)
    try:
        yield
    finally:
        here.observers.remove(observer)
        _count(-1)


@contextmanager
def walk_seen_by(watchers: Sequence[Watcher]) -> Iterator[None]:
    """Tell watchers when a backward walk begins and ends."""
    for watcher in watchers:
        watcher.walking()
    try:
        yield
    finally:
        for watcher in watchers:
            watcher.walked()


@contextmanager
def suspended(transforms: bool = False) -> Iterator[None]:
    """No observer and no watcher of this thread sees what is inside; with ``transforms`` no level does either."""
    kept = here.observers, here.watchers, here.levels
    here.observers, here.watchers = [], []
    if transforms:
        here.levels = []
    try:
        yield
    finally:
        here.observers, here.watchers, here.levels = kept


_handle: Callable[[Any, tuple[Any, ...], dict[str, Any]], Any] | None = None


def set_handler(handle: Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]) -> None:
    """Say what evaluates an op whose arguments are wrapped; the interpreters, which stand on dispatch, do."""
    global _handle
    _handle = handle


def intercept(op: Any, args: tuple[Any, ...], params: dict[str, Any], plain: Callable[..., Any]) -> Any:
    """Evaluate an op while something is switched on: by the highest level among the arguments, else under observers."""
    if _handle is not None:
        for a in args:
            if getattr(a, "level", None) is not None:
                return _handle(op, args, params)
    if not here.observers:
        return plain(op, args, params)
    if len(here.observers) == 1:
        return here.observers[0](op, args, params, plain)

    def run(depth: int, op: Any, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        if depth < 0:
            return plain(op, args, params)
        return here.observers[depth](op, args, params, lambda o, a, p: run(depth - 1, o, a, p))

    return run(len(here.observers) - 1, op, args, params)
