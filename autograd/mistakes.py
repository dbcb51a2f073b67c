"""Debug mode: warnings for mistakes that break no rule and still train the wrong thing.

The two that cost nothing to see are warned of without it: an optimizer whose parameters got no gradient
(:meth:`optim.Optimizer.step`), and a value that depends on nothing that it is differentiated by
(:func:`autograd.grad`).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any
from weakref import ref

import numpy as np

from autograd import levels
from autograd.tape import Variable, next_seq, owner_of, writes
from autograd.watching import Line, source_line

__all__ = ["SilentMistakeWarning", "debug_mode", "warn_of_mistake"]


class SilentMistakeWarning(UserWarning):
    """The program runs, but probably does not compute what was meant."""


def warn_of_mistake(message: str, line: Line | None = None) -> None:
    """Warn, with the line of the user's program (the one that runs now, if none is given) as the place."""
    line = line or source_line()
    if line is None:
        warnings.warn(message, SilentMistakeWarning, stacklevel=3)
    else:
        warnings.warn_explicit(message, SilentMistakeWarning, line.file, line.line)


class debug_mode(levels.Watcher):
    """Within it, silent mistakes give a :class:`SilentMistakeWarning`, once for each line of the program.

    - A step uses gradients to which a backward pass was added after an earlier step had used them: ``zero_grad`` was
      forgotten.
    - A second backward pass through the same value doubles the gradients that the first one left.
    - ``(n, 1)`` meets ``(n,)``: predictions against targets become ``(n, n)``, each one against all others.

    Accumulating gradients over several losses before a step is not a mistake, and gives no warning. Costs a little for
    each op: for debugging.

    >>> with ag.debug_mode():
    ...     train(model)
    """

    def __init__(self) -> None:
        self._said: set[tuple[str, Line | None]] = set()
        self._added: dict[
            int, tuple[int, int]
        ] = {}  # of a leaf, by number: when it got a gradient, and from which root
        self._stale: dict[int, Any] = {}  # leaves whose gradient is a sum of one that was used and a new one
        self._contexts: list[AbstractContextManager[None]] = []

    def __enter__(self) -> debug_mode:
        context = levels.observe(self._forward)
        context.__enter__()
        self._contexts.append(context)
        levels.here.watchers.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        levels.here.watchers.remove(self)
        self._contexts.pop().__exit__(kind, error, trace)

    def _warn(self, mistake: str, message: str) -> None:
        line = source_line()
        if (mistake, line) not in self._said:
            self._said.add((mistake, line))
            warn_of_mistake(message, line)

    def _forward(self, op: Any, args: tuple[Any, ...], params: dict[str, Any], run: Callable[..., Any]) -> Any:
        if op.kind == "elementwise" and len(args) == 2:
            first, second = (np.shape(a.array if isinstance(a, Variable) else a) for a in args)
            column, row = (args[0], args[1]) if len(first) == 2 else (args[1], args[0])
            wanted = {len(first), len(second)} == {1, 2} and max(first + second) > 1
            # A column that was computed from parameters, and a vector that was not: a prediction and its target.
            if (
                wanted
                and {first, second} == {(max(first + second), 1), (max(first + second),)}
                and getattr(column, "node", None) is not None
                and column.node.op is not None
                and getattr(row, "node", None) is None
            ):
                n = max(first + second)
                self._warn(
                    "column",
                    f"{op.name}: a computed {(n, 1)} meets a constant {(n,)} and they broadcast to {(n, n)}: every "
                    f"prediction against every target. Write prediction.squeeze(1), or target[:, None]; if all pairs "
                    "are meant, target[None, :] says so.",
                )
        return run(op, args, params)

    def accumulating(self, tensor: Any, root: Any) -> None:
        """A leaf is about to be given the gradient of the pass that started at node ``root``."""
        known = self._added.get(tensor.node.seq)
        if known is not None and tensor._grad is not None and bool((tensor._grad.array != 0).any()):
            stamp, before = known
            which = f"a leaf of shape {tensor.shape}"
            if writes.after(tensor.array, stamp):
                self._stale[id(owner_of(tensor.array))] = ref(tensor)  # a mistake only if a step uses the sum
            elif before == root.seq:
                self._warn(
                    "twice",
                    f"backward: a second pass through the same {root!r} adds the same gradient again to {which}: it "
                    "doubles. Set .grad = None (or call zero_grad()) in between.",
                )
        else:
            self._stale.pop(id(owner_of(tensor.array)), None)
        self._added[tensor.node.seq] = (next_seq(), root.seq)

    def written(self, memory: Any) -> None:
        """An array that owns its memory was written in place just now."""
        found = self._stale.pop(id(memory), None)
        tensor = found and found()
        if tensor is not None and owner_of(tensor.array) is memory and tensor._grad is not None:
            self._warn(
                "step",
                f"step: the gradient of a leaf of shape {tensor.shape} still holds that of an earlier backward pass, "
                "which an earlier step has used already; the new one was added to it. Call optimizer.zero_grad() "
                "before backward().",
            )
