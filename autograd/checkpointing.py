"""checkpoint: keep only the inputs of a part of a program, and compute it again when backward needs it.

The part is recorded like any other, so its graph is the one that plain evaluation gives: closed-over Tensors, hooks and
inner derivatives are where they would be. Only then what its ops saved for backward is let go. The first rule that asks
for a saved value runs the part again and gives every op's saved values back.

Source: Chen et al., 2016, "Training deep nets with sublinear memory cost", arXiv:1604.06174.
"""

from __future__ import annotations

import copy
import inspect
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import levels
from autograd.backend import Array, array_module, is_differentiable, to_numpy
from autograd.backward import check_not_overwritten
from autograd.dispatch import bound
from autograd.errors import ArgumentError, GradientError
from autograd.mode import enable_grad, is_grad_enabled
from autograd.primitive import Primitive
from autograd.random import draws_again, noted_draws
from autograd.tape import FREED, Held, Node, Variable, arrays_in, maker_of, next_seq, owner_of, writes
from autograd.tree import tree_flatten, tree_unflatten

__all__ = ["checkpoint"]

Keep = Callable[[Primitive], bool]


def checkpoint(function: Callable[..., Any], *args: Any, keep: Keep | None = None, **options: Any) -> Any:
    """``function(*args, **options)``, whose inner values are not kept for backward but computed again there.

    Gradients are those of the plain call. Random ops draw the same numbers the second time, whatever was drawn since
    and in other threads, and arrays outside of the function that it writes under ``no_grad`` (running statistics) are
    put back after it. For the rest the function must do the same when it is called again. Raises ``GradientError``
    where its ops or their results differ (a few numbers of each are kept to tell), where it writes what it reads,
    where what it reads was changed, and where it registers a hook or adds a gradient on a Tensor from outside, which
    would happen twice. Raises ``ArgumentError`` for async functions and generators, whose ops come later.

    ``keep``  makes it selective: the results of the ops for which ``keep(op)`` holds are kept and not computed again,
              such as ``keep=lambda op: op.kind == "contraction"``
    """
    if not is_grad_enabled() or levels.here.levels:
        return function(*args, **options)  # forward mode and vmap have no tape whose memory could be saved
    part = _Part(function, args, options, keep)
    with part, noted_draws(part.draw):
        value = function(*args, **options)
    if inspect.isgenerator(value) or inspect.isawaitable(value) or inspect.isasyncgen(value):
        raise ArgumentError(
            f"checkpoint: {part.name} returned a {type(value).__name__}, so it has computed nothing yet. Give a plain "
            "function that returns its results."
        )
    part.let_go()
    return value


_DIGITS = {2: -7, 4: -23, 8: -52}  # the last binary digit of a floating number of so many bytes


class _Part(levels.Watcher):
    """A part of a program that can be run again, and what its ops saved."""

    keeps_saved = True

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any], keep: Keep | None):
        self._function = function
        self.name = getattr(function, "__qualname__", None) or type(function).__qualname__
        self._options = options
        self._keep = keep
        leaves, self._structure = tree_flatten(args, "checkpoint: an argument")
        # What the arguments are now: x += y may rebind them later.
        self._leaves = [(x, x.array, x.node) if isinstance(x, Variable) else (x, None, None) for x in leaves]
        self._own = {id(x) for x in leaves}
        self._draws: list[dict[str, Any]] = []  # the state before each draw of random numbers
        self._start = next_seq()
        self._end = 0
        self._nodes: list[Any] = []  # the recorded ops, as long as the part runs
        self._done: list[tuple[str, list[Array]]] = []  # what each was, and some numbers of its result
        self._asked: set[int] = set()  # the ops whose saved values a rule may ask for
        self._kept: list[tuple[Array, int]] = []
        self._read: dict[int, tuple[Any, Any]] = {}  # Tensors from outside and their arrays, by weak reference
        self._numbers: dict[int, tuple[Any, float]] = {}  # scalar Values from outside, by weak reference
        self._written: dict[int, Any] = {}  # arrays that the part writes, by weak reference
        self._saved: dict[int, Any] = {}  # what the second run found and no rule has asked for yet
        self._lock = threading.RLock()

    # ------------------------------------------------------------------------------------------------ the first run

    def see(self, op: Any, args: tuple[Any, ...], params: dict[str, Any], run: Callable[..., Any]) -> Any:
        """See an op of the first run."""
        y = run(op, args, params)
        if (node := _recorded(y, self._start)) is not None:
            self._nodes.append(node)
            self._done.append((_described(node), _some(y)))
        for a in args if is_grad_enabled() else ():  # what is read under no_grad is often written there: statistics
            if isinstance(a, Variable) and (a.node is None or a.node.seq < self._start) and id(a) not in self._own:
                if isinstance(a.array, float):
                    self._numbers.setdefault(id(a), (weakref.ref(a), a.array))
                else:
                    self._read.setdefault(id(a), (weakref.ref(a), weakref.ref(a.array)))
        if self._keeps(op):
            self._kept.append((y.array, next_seq()))
        return y

    def written(self, memory: Any) -> None:
        """See a write in place of the first run."""
        self._written.setdefault(id(memory), weakref.ref(memory))

    def draw(self, generator: Any, state: dict[str, Any]) -> None:
        """See a draw of random numbers of the first run."""
        self._draws.append(state)

    def hooking(self, tensor: Any) -> None:
        """Refuse a hook that the second run would register once more."""
        self._check_own(tensor, "registers a hook on", "Register it before the call")

    def accumulating(self, tensor: Any, g: Any, root: Any) -> None:
        """Refuse a gradient that the second run would add once more."""
        self._check_own(tensor, "adds to .grad of", "Take it with ag.gradients")

    def _check_own(self, tensor: Any, does: str, mend: str) -> None:
        if tensor.node.seq < self._start:
            raise GradientError(
                f"checkpoint: {self.name} {does} a Tensor of shape {tensor.shape} from outside, and would do it again "
                f"when it is computed again. {mend}."
            )

    def let_go(self) -> None:
        """Forget what the ops saved; from now on it is computed when it is asked for."""
        for place, node in enumerate(self._nodes):
            if node.saved is not None and node.saved is not FREED:  # freed by a derivative that the part takes itself
                node.saved = _Forgotten(self, place)
                self._asked.add(place)
        self._nodes = []
        self._end = next_seq()

    def _keeps(self, op: Any) -> bool:
        return self._keep is not None and not op.aux and not op.outputs and bool(self._keep(op))

    # ----------------------------------------------------------------------------------------------- the second run

    def saved(self, place: int) -> Any:
        """What the op at this place saved."""
        with self._lock:
            if place not in self._saved:
                self._run_again()
            return self._saved.pop(place)

    def _run_again(self) -> None:
        self._check_unchanged()
        found: dict[int, Any] = {}
        nodes: list[Any] = []
        seen = 0
        kept = iter(self._kept)
        draws = iter(self._draws)

        def state_of(generator: Any) -> dict[str, Any]:
            state = next(draws, None)
            if state is None or state["kind"] != generator.get_state()["kind"]:
                raise self._differs(f"it had {len(self._draws)} draws of random numbers, and now has more or others")
            return state

        def collect(op: Any, args: tuple[Any, ...], params: dict[str, Any], run: Callable[..., Any]) -> Any:
            nonlocal seen
            if self._keeps(op):
                value, stamp = next(kept, (None, 0))
                if value is not None and not writes.after(value, stamp):  # the part may write what it computed
                    op = copy.copy(op)  # the same rules, and a forward that is known already
                    op.forward = lambda *_, **__: value
            if is_grad_enabled():
                self._check_parameters(params, start)
            y = run(op, args, params)
            if (node := _recorded(y, start)) is not None:
                first, numbers = self._done[seen] if seen < len(self._done) else ("its end", [])
                if first != _described(node):
                    raise self._differs(f"op {seen} was {first}, and now is {_described(node)}")
                if not all(map(_near, _some(y), numbers)):
                    raise self._differs(f"op {seen}, {first}, gives other numbers now")
                if seen in self._asked:
                    found[seen] = node.saved
                    nodes.append(node)
                seen += 1
            return y

        args = tree_unflatten(self._structure, [x if a is None else bound(a, node) for x, a, node in self._leaves])
        written = [memory for reference in self._written.values() if (memory := reference()) is not None]
        start = next_seq()
        with (
            levels.suspended(transforms=True),  # those that are on where backward happens to run
            draws_again(state_of),
            writes.undone(written),
            enable_grad(),
            levels.observe(collect),
        ):
            self._function(*args, **self._options)
        if seen < len(self._done):
            raise self._differs(f"it had {len(self._done)} recorded ops, and now {seen}")
        if writes.last > start:  # the part writes what it has computed, perhaps after it was saved
            for node, saved in zip(nodes, found.values(), strict=True):
                if saved.__class__ is tuple:
                    check_not_overwritten(node, saved)
                    writes.forget(saved, start)  # for the first run's node, whose number is smaller
        self._saved = found
        for watcher in levels.here.watchers:
            watcher.recomputed(tuple(found.values()))

    def _check_unchanged(self) -> None:
        """Raise if what the part reads has changed since the first run."""
        arrays = [array for _, array, _ in self._leaves if array is not None]
        for tensor, array in self._read.values():
            x, known = tensor(), array()
            if x is not None and x.array is not known:
                raise self._differs(f"a Tensor of shape {x.shape} that it closes over holds another array now")
            if known is not None:
                arrays.append(known)
        for value, number in self._numbers.values():
            if (now := value()) is not None and now.array != number:
                raise self._differs(f"{now!r}, which it closes over, was {number}")
        kept = {id(value) for value, _ in self._kept}
        for array in arrays:
            if id(owner_of(array)) in self._written and id(array) not in kept:
                raise self._differs(f"it writes an array of shape {tuple(array.shape)} that it also reads")
            if writes.after(array, self._end):
                raise self._differs(f"an input of shape {tuple(array.shape)} was written in place before backward")

    def _check_parameters(self, params: dict[str, Any], start: int) -> None:
        """Raise if an array among the parameters of an op (an index) is from outside and not what it was."""
        for array in arrays_in(tuple(params.values())):
            owner = owner_of(array)
            written = self._written.get(id(owner))
            if written is not None and written() is owner:
                raise self._differs(f"it writes an array of shape {tuple(array.shape)} that it also reads")
            if self._end < writes.stamp(owner) <= start:
                raise self._differs(f"an index of shape {tuple(array.shape)} was written in place before backward")

    def _differs(self, what: str) -> GradientError:
        return GradientError(
            f"checkpoint: {self.name} cannot be computed again as it was: {what}.\n"
            "  Change its inputs after backward, or give it copies: x.clone(). What it decides by must be the same in "
            "both runs."
        )


class _Forgotten(Held):
    """What an op of a checkpointed part saved: known again once the part has been run again."""

    __slots__ = ("_part", "_place")

    def __init__(self, part: _Part, place: int):
        self._part = part
        self._place = place

    def values(self, node: Node) -> tuple[Any, ...]:
        """The saved values, computed again."""
        saved = self._part.saved(self._place)
        return saved.values(node) if isinstance(saved, Held) else saved


def _described(node: Any) -> str:
    return f"{node.op.name} {node.shape} {node.dtype}"


def _recorded(result: Any, start: int) -> Any:
    """The node of the op that gave this result, if one was recorded since ``start``; scalar Values stay as they are."""
    for y in result if isinstance(result, tuple) else (result,):
        node = getattr(y, "node", None)
        if node is not None and node.op is not None:
            made = maker_of(node)
            return made if made.seq > start and not isinstance(made, Variable) else None
    return None


def _some(result: Any) -> list[Array]:
    """A few numbers of each result of an op, spread over it, as a copy."""
    return [
        array_module(y.array).array(y.array[tuple(slice(None, None, n // 4 + 1) for n in y.shape)])
        for y in (result if isinstance(result, tuple) else (result,))
    ]


def _near(now: Array, before: Array) -> bool:
    """Whether numbers are the same but for rounding, which need not be alike in two runs (threads, alignment)."""
    if is_differentiable(now.dtype):
        x, y = (to_numpy(part).astype(np.complex128) for part in (now, before))
        unit = 2.0 ** _DIGITS.get(now.real.dtype.itemsize, -63)
        size = float(np.max(np.abs(y[np.isfinite(y)]), initial=0.0))
        return bool(np.allclose(x, y, rtol=0, atol=unit**0.5 * size, equal_nan=True))
    return bool(array_module(now).all(now == before))
