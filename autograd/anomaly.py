"""Anomaly mode: stop at the first value that is not finite, forward or backward, and say where it came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import levels
from autograd.backend import is_differentiable, to_numpy
from autograd.checks import assert_gradients
from autograd.dispatch import bound
from autograd.errors import GlassgradError
from autograd.gradcheck import GradcheckError
from autograd.interpreters import example_of
from autograd.mode import enable_grad
from autograd.tape import Node, Variable, maker_of
from autograd.watching import Line, scope_path, source_line, summarize

__all__ = ["AnomalyError", "detect_anomaly"]

_MOST_LINES = 1 << 18  # ops whose lines are remembered; older ones belong to graphs that are gone


class AnomalyError(GlassgradError, ArithmeticError):
    """A value became NaN or infinite; the message says in which op, on which line, from what."""


class detect_anomaly(levels.Watcher):
    """A context in which the first NaN or infinity, in a forward or a backward pass, raises :class:`AnomalyError`.

    The message names the op, its scope and the line that recorded it, shapes, a summary of its arguments, and the chain
    of ops back to a leaf. Within it, the rules of custom ops are checked when an op is first used: the vjp by finite
    differences, the jvp against it. Values that were not finite before (``-inf`` in a mask) are let through; only an op
    that makes a new one stops, be it a NaN out of infinities. Costs time and memory: for debugging.

    ``check_custom=False`` leaves the custom ops unchecked (for straight-through estimators).
    """

    names_lines = True

    def __init__(self, check_custom: bool = True):
        self._check_custom = check_custom
        self._checked: set[Any] = set()
        self._lines: dict[int, tuple[str, Line | None]] = {}  # by number of the node, the latest last

    # ---------------------------------------------------------------------------------------------------- forward

    def see(self, op: Any, args: tuple[Any, ...], params: dict[str, Any], run: Callable[..., Any]) -> Any:
        """An op is evaluated: note its line, and stop if it made what is not finite."""
        if self._check_custom and getattr(op, "custom", False):
            moving = [i for i, a in enumerate(args) if isinstance(a, Variable) and a.node is not None]
            self._check(op, args, moving, params)
        value = run(op, args, params)
        for y in value if isinstance(value, tuple) else (value,):
            if not isinstance(y, Variable):  # a question asked of scalar Values
                continue
            if y.node is not None:
                self._lines[maker_of(y.node).seq] = self._lines[y.node.seq] = (scope_path(), source_line())
                while len(self._lines) > _MOST_LINES:
                    del self._lines[next(iter(self._lines))]
            if _is_new(y.array, [_array(a) for a in args], op.kind == "elementwise"):
                raise AnomalyError(self._forward_report(op, args, y))
        return value

    def pushing(self, op: Any, primals: Sequence[Any], moving: Sequence[int], params: dict[str, Any]) -> None:
        """Check the rules of a custom op that forward mode is about to pass through."""
        if self._check_custom:
            with levels.suspended():
                self._check(op, [example_of(p) for p in primals], moving, params)

    def _check(self, op: Any, args: Sequence[Any], moving: Sequence[int], params: dict[str, Any]) -> None:
        points = [_double(a, i in moving) for i, a in enumerate(args)]
        moving = [i for i, p in enumerate(points) if isinstance(p, Variable) and p.node is not None]
        if moving and (op, tuple(moving)) not in self._checked:

            def function(*xs: Any) -> Any:
                given = dict(zip(moving, xs, strict=True))
                return op(*(given.get(i, p) for i, p in enumerate(points)), **params)

            function.__name__ = op.name
            with levels.suspended(transforms=True), enable_grad():
                try:
                    modes = ("reverse",) if op.jvp is None else ("reverse", "forward")
                    assert_gradients(function, *(points[i] for i in moving), order=1, modes=modes)
                except GradcheckError as error:
                    raise GradcheckError(
                        f"{error}\n  {op.name} is a custom op, which anomaly mode checks on first use. If its rule "
                        "differs from the derivative on purpose, use detect_anomaly(check_custom=False)."
                    ) from error
            self._checked.add((op, tuple(moving)))

    def _forward_report(self, op: Any, args: tuple[Any, ...], y: Any) -> str:
        lines = [
            f"{op.name} made a value that is not finite: {summarize(y.array)}.",
            f"  at {source_line()}" + (f", in {scope_path()}" if scope_path() else ""),
        ]
        names = op.arguments if op.variadic is None else [f"{op.variadic}[{i}]" for i in range(len(args))]
        lines += [f"  {name}: {summarize(_array(a))}" for name, a in zip(names, args, strict=False) if a is not None]
        for name, a in zip(names, args, strict=False):
            if isinstance(a, Variable) and a.node is not None:
                lines += [f"  {name} came from:", *self._chain(a.node)]
                break
        return "\n".join(lines)

    # --------------------------------------------------------------------------------------------------- backward

    def pulled(self, node: Node, parent: Node, g: Any, gi: Any, before: Any) -> None:
        """See one gradient on its way from a node to one of its inputs."""
        if before is not None and _is_new(_array(before) + _array(gi), [_array(before), _array(gi)]):
            raise AnomalyError(
                f"a gradient became not finite when two were added up, on its way to {parent!r}: "
                f"{summarize(_array(before))} and {summarize(_array(gi))}, the second from {node!r}."
            )
        if not _is_new(_array(gi), [_array(g)]):
            return
        op: Any = node.op
        scope, line = self._lines.get(node.seq, ("", None))
        lines = [
            f"the backward pass of {op.name} made a gradient that is not finite: {summarize(_array(gi))}.",
            f"  recorded at {line}" + (f", in {scope}" if scope else "") if line else "  recorded outside anomaly mode",
            f"  incoming gradient: {summarize(_array(g))}",
        ]
        saved = node.saved if isinstance(node.saved, (tuple, list)) else ()
        for place, (name, value) in enumerate(zip(op.layout, saved, strict=False)):
            if name and hasattr(value, "dtype") and hasattr(value, "shape"):
                lines.append(f"  {'output' if place == 1 else name}: {summarize(_array(value))}")
        raise AnomalyError("\n".join([*lines, "  the op was computed from:", *self._chain(node)]))

    def line_of(self, node: Node) -> Line | None:
        """The line of the program that recorded a node."""
        return self._lines.get(node.seq, ("", None))[1]

    def _chain(self, node: Node | None, limit: int = 12) -> list[str]:
        """The ops from a node back to a leaf, along the first input that has a gradient."""
        lines: list[str] = []
        while node is not None and len(lines) < limit:
            scope, line = self._lines.get(node.seq, ("", None))
            name = node.op.name if node.op is not None else "leaf"
            lines.append(
                f"    {name} {node.shape} {node.dtype}"
                + (f"  {line}" if line else "")
                + (f"  in {scope}" if scope else "")
            )
            node = next((parent for parent in node.inputs if parent is not None), None)
        if node is not None:
            lines.append("    ...")
        return lines


def _array(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return next((_array(part) for part in x if part is not None), np.zeros(0))
    while isinstance(x, Variable):
        x = x.array
    return np.asarray(x) if not hasattr(x, "dtype") else x


def _is_new(array: Any, origins: list[Any], elementwise: bool = False) -> bool:
    """Whether a NaN came from no NaN, or an infinity from finite numbers; of an elementwise op in any one place."""
    if _all(np.isfinite, array):
        return False
    if elementwise:
        floats = [origin for origin in origins if origin is not None and is_differentiable(np.asarray(origin).dtype)]
        for test in (_is_number, np.isfinite):
            sound = np.asarray(True)
            for origin in floats:
                sound = sound & test(origin)
            if bool((sound & ~test(array)).any()):
                return True
        return False
    if not _all(_is_number, array):
        return all(_all(_is_number, origin) for origin in origins)
    return all(_all(np.isfinite, origin) for origin in origins)


def _is_number(array: Any) -> Any:
    return array == array


def _all(test: Callable[[Any], Any], array: Any) -> bool:
    if array is None:
        return True
    if not hasattr(array, "dtype"):
        array = np.asarray(array)
    return not is_differentiable(array.dtype) or bool(test(array).all())


def _double(a: Any, moves: bool) -> Any:
    if not isinstance(a, Variable) and not moves:
        return a
    array = to_numpy(a.array) if isinstance(a, Variable) else to_numpy(a)
    if not is_differentiable(array.dtype):
        return bound(array, None)
    wide: Any = bound(array.astype(np.complex128 if array.dtype.kind == "c" else np.float64), None)
    return wide.requires_grad_() if moves else wide
