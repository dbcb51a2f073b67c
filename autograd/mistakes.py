"""Debug mode: warnings for mistakes that break no rule and still train the wrong thing.

The two that cost nothing to see are warned of without it: an optimizer whose parameters got no gradient
(:meth:`optim.Optimizer.step`), and a value that depends on nothing that it is differentiated by
(:func:`autograd.grad`).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any
from weakref import ref

import numpy as np

from autograd import levels
from autograd.backend import is_array, to_numpy
from autograd.tape import Variable, innermost, next_seq, owner_of, writes
from autograd.watching import Line, source_line

__all__ = ["SilentMistakeWarning", "debug_mode", "warn_of_mistake"]


class SilentMistakeWarning(UserWarning):
    """The program runs, but probably does not compute what was meant."""


_shown: dict[str, dict[Any, Any]] = {}  # of each file, what Python's warning filters have let through already


def warn_of_mistake(message: str, line: Line | None = None) -> None:
    """Warn, with the line of the user's program (the one that runs now, if none is given) as the place.

    By default Python shows a warning once for each place; its filters say otherwise.
    """
    line = line or source_line()
    if line is None:
        warnings.warn(message, SilentMistakeWarning, stacklevel=3)
    else:
        shown = _shown.setdefault(line.file, {})
        warnings.warn_explicit(message, SilentMistakeWarning, line.file, line.line, registry=shown)


class debug_mode(levels.Watcher):
    """Within it, silent mistakes give a :class:`SilentMistakeWarning`, once for each line of the program.

    - A step uses gradients to which a backward pass was added after an earlier step had used them: ``zero_grad`` was
      forgotten.
    - A second backward pass through the same value adds the very gradient that the first one left.
    - ``(n, 1)`` and ``(n,)`` are subtracted: predictions from targets become ``(n, n)``, each one from all others.
    - ``r = y[:2]; r += 1`` on a recorded ``y``, or ``y[0][1] = v``: the write goes to a new value, and ``y`` stays.

    Accumulating gradients over several losses before a step is not a mistake, and gives no warning; neither are
    pairwise differences whose column was made on purpose, as ``x[:, None] - x``. Costs a little for each op: for
    debugging.

    >>> with ag.debug_mode():
    ...     train(model)
    """

    def __init__(self) -> None:
        self._said: set[tuple[str, Line | None]] = set()
        self._leaves: dict[int, _Seen] = {}  # by number of the leaf
        self._stale: dict[int, _Seen] = {}  # whose gradient is a sum of one that was used and a new one, by memory
        self._parted: tuple[Any, Line | None] | None = None  # what was a view until it was written, and where

    def __exit__(self, *raised: Any) -> None:
        super().__exit__(*raised)
        if raised[0] is None:
            self._look_for_a_lost_write()

    def _warn(self, mistake: str, message: str, line: Line | None = None) -> None:
        line = line or source_line()
        if (mistake, line) not in self._said:
            self._said.add((mistake, line))
            warn_of_mistake(message, line)

    def see(self, op: Any, args: tuple[Any, ...], params: dict[str, Any], run: Callable[..., Any]) -> Any:
        """An op is evaluated: look for a column, for gradients that are used, and for a write that was lost."""
        self._look_for_a_lost_write(*args[1:2] if op.name == "setitem" else ())
        if op.name == "subtract":
            self._look_for_a_column(*args)
        constants = [a for a in args if isinstance(a, Variable) and a.node is None]
        for seen in self._leaves.values() if constants else ():
            tensor = seen.tensor()
            if tensor is not None and any(tensor._grad is a for a in constants):
                seen.read = next_seq()
        return run(op, args, params)

    def _look_for_a_column(self, *args: Any) -> None:
        """Warn where ``(n, 1)`` and ``(n,)`` meet, one of them computed, and the column not made out of a vector."""
        shapes = [np.shape(a.array if isinstance(a, Variable) else a) for a in args]
        n = max((math.prod(shape) for shape in shapes), default=0)
        if n < 2 or set(shapes) != {(n, 1), (n,)}:
            return
        column = args[shapes.index((n, 1))]
        makers = [node.op for a in args if (node := getattr(a, "node", None)) is not None and node.op is not None]
        made = getattr(column, "node", None)
        viewed = made is not None and made.op is not None and made.op.kind in ("view", "gather")
        if makers and not (viewed and made is not None and len(made.inputs[0].shape) < 2):
            self._warn(
                "column",
                f"subtract: {(n, 1)} meets {(n,)} and they broadcast to {(n, n)}: every prediction against every "
                "target. Write prediction.squeeze(1), or target[:, None]; row[None, :] says that all pairs are meant.",
            )

    def rebinding(self, tensor: Any) -> None:
        """A recorded write in place is about to make a Tensor stand for a new value: note whether it was a view."""
        node = None if hasattr(tensor, "level") else tensor.node
        if node is None or node.op is None or node.op.name != "getitem" or any(map(is_array, _parts(node))):
            return
        if owner_of(tensor.array) is not tensor.array:
            self._parted = ref(tensor), source_line()

    def _look_for_a_lost_write(self, value: Any = None) -> None:
        """Warn of a write to what was a view, unless it is the value that ``y[:2] += 1`` now assigns."""
        if self._parted is None:
            return
        (tensor, line), self._parted = self._parted, None
        if value is None or tensor() is not value:
            self._warn(
                "view",
                "a write in place to a part of a recorded Tensor, r = y[i], makes r a new value: y does not change. "
                "Write y[i] += v, or y[i, j] = v for y[i][j] = v; r = r + v says that a new value is meant.",
                line,
            )

    def accumulating(self, tensor: Any, g: Any, root: Any) -> None:
        """A leaf is about to be given the gradient of the pass that started at node ``root``."""
        if tensor.node.seq not in self._leaves:
            self._leaves = {number: seen for number, seen in self._leaves.items() if seen.tensor() is not None}
        seen = self._leaves.setdefault(tensor.node.seq, _Seen(tensor))
        memory = id(owner_of(tensor.array))
        if tensor._grad is not None and bool((tensor._grad.array != 0).any()):
            if seen.read and writes.after(tensor.array, seen.read):
                self._stale[memory] = seen  # a mistake only if a step uses the sum
            elif seen.root == root.seq and np.array_equal(to_numpy(tensor._grad.array), to_numpy(innermost(g))):
                self._warn(
                    "twice",
                    f"backward: a second pass through the same {root!r} adds the same gradient again to a leaf of "
                    f"shape {tensor.shape}: it doubles. Set .grad = None (or call zero_grad()) in between.",
                )
        else:
            self._stale.pop(memory, None)
        seen.read, seen.root = 0, root.seq

    def stepping(self, tensor: Any) -> None:
        """An optimizer is about to use the gradient of a parameter."""
        if tensor.node is not None and (seen := self._leaves.get(tensor.node.seq)) is not None:
            seen.read = next_seq()

    def written(self, memory: Any) -> None:
        """An array that owns its memory was written in place just now."""
        seen = self._stale.get(id(memory))
        tensor = None if seen is None else seen.tensor()
        if seen is None or tensor is None or owner_of(tensor.array) is not memory:
            self._stale.pop(id(memory), None)
        elif seen.read and tensor._grad is not None:
            del self._stale[id(memory)]
            self._warn(
                "step",
                f"step: the gradient of a leaf of shape {tensor.shape} still holds that of an earlier backward pass, "
                "which an earlier step has used already; the new one was added to it. Call optimizer.zero_grad() "
                "before backward().",
            )


def _parts(node: Any) -> tuple[Any, ...]:
    index = node.params["index"]
    return index if isinstance(index, tuple) else (index,)


class _Seen:
    """Of a leaf: when its gradient was used last, and from which root the last part of it came."""

    __slots__ = ("read", "root", "tensor")

    def __init__(self, tensor: Any):
        self.tensor = ref(tensor)
        self.read = 0
        self.root = 0
