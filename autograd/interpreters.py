"""How ops are evaluated inside forward mode and vmap: on values that are wrapped.

A :class:`Dual` is a value and its tangent; a :class:`Batched` is a value with one axis more than the program sees.
Each belongs to a level. An op takes the highest level among its arguments first: forward mode computes the op below and
pushes the tangents through its jvp rule; vmap computes the op for the whole batch. What they call are op functions
again, so levels nest in any order. The tape is below all levels: what it records are the plain Tensors inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import levels, ops
from autograd.backend import is_differentiable
from autograd.dispatch import bound
from autograd.errors import GlassgradError, GradientError
from autograd.levels import Level
from autograd.mode import mode
from autograd.tape import SLOTS, Variable
from autograd.tensor import Tensor

__all__ = ["Batched", "Dual", "NeedsValueError", "batched_at", "example_by_example", "example_of", "unwrap", "wrapped"]


class NeedsValueError(GlassgradError, RuntimeError):
    """The program asked for the number inside a batched value, which has one for each example."""


class _Wrapped(Tensor):
    """What the two kinds of wrapped values share: they are Tensors for whoever computes with them.

    They keep what they hold in the slots of a Tensor, so that a Tensor can become one of them in place: ``x[i] = v``.
    """

    __slots__ = ()

    inside = SLOTS[0]
    level = SLOTS[2]

    @property
    def node(self) -> Any:  # type: ignore[override]
        """Where what is inside stands in the graph."""
        return getattr(self.inside, "node", None)

    @property
    def dtype(self) -> np.dtype:
        """The type of the elements."""
        return self.inside.dtype

    @property
    def device(self) -> str:
        """Where the array lies."""
        return self.inside.device

    @property  # type: ignore[misc]
    def grad(self) -> Any:
        """Gradients inside a transform are taken with ``grad`` or ``vjp``."""
        return None

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property  # type: ignore[misc]
    def requires_grad(self) -> bool:
        """Whether gradients flow to or through this value."""
        return self.node is not None

    def _must_record(self, other: Any, what: str) -> bool:
        if not mode.grad and self.node is not None:
            raise GradientError(
                f"{what} under no_grad, on a value inside vmap or jvp that gradients flow through: the graph would end "
                "there. Compute a new value, as with where(condition, a, b), or write outside of no_grad."
            )
        return True

    def backward(self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False) -> None:
        """Not available inside a transform."""
        raise GradientError(
            "backward: inside jvp or vmap gradients are taken with grad or vjp, as in vmap(grad(f)): .grad of a leaf "
            "would mix the examples or lose the tangents."
        )

    def __reduce__(self) -> Any:
        raise GradientError("pickle: a value inside jvp or vmap cannot leave it.")


class Dual(_Wrapped):
    """A value and its tangent, in forward mode."""

    __slots__ = ()

    primal = SLOTS[0]
    tangent = SLOTS[1]

    def __init__(self, level: Level, primal: Any, tangent: Any):
        self.level = level
        self.primal = primal
        self.tangent = tangent

    @property
    def array(self) -> Any:
        """The array of the value, for what has no gradient: indices, comparisons, shapes."""
        array = self.primal.array
        return np.float64(array) if isinstance(array, float) else array  # of a scalar Value

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return self.primal.shape

    def _rebind(self, result: Any) -> Any:
        if not hasattr(result, "level"):
            result = Dual(self.level, result, 0 * result)
        return super()._rebind(result)

    def holding(self, array: Any) -> Any:
        """A constant: an array of the shape of the innermost one, in the place of this value."""
        return self.primal.holding(array)

    def numpy(self) -> np.ndarray:
        """Not available: what NumPy computes has no tangent."""
        raise GradientError(
            "numpy: this value has a tangent inside jvp, and what NumPy makes of it would have none. Use ops such as "
            "stack, or x.detach().numpy()."
        )

    def detach(self) -> Any:
        """The value alone: neither gradient nor tangent flows through it."""
        return self.primal.detach()

    def __repr__(self) -> str:
        return f"Dual(level={self.level.number}, {self.primal!r}, {self.tangent!r})"


class Batched(_Wrapped):
    """A value for each example; ``axis`` of ``value`` runs over the examples, and the program does not see it."""

    __slots__ = ()

    value = SLOTS[0]
    axis = SLOTS[1]

    def __init__(self, level: Level, value: Any, axis: int):
        self.level = level
        self.value = value
        self.axis = axis

    @property
    def array(self) -> Any:
        """There is no single array: asking for it makes vmap fall back to a loop."""
        raise NeedsValueError(
            "a value inside vmap has a number for each example, so it cannot decide a branch, be an index that is "
            "known in advance, or leave as a NumPy array. Use where(condition, a, b)."
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis, for one example."""
        shape = self.value.shape
        return shape[: self.axis] + shape[self.axis + 1 :]

    def holding(self, array: Any) -> Any:
        """A constant: an array of the shape of the innermost one, in the place of this value."""
        return Batched(self.level, self.value.holding(array), self.axis)

    def detach(self) -> Any:
        """The same values as constants."""
        return Batched(self.level, self.value.detach(), self.axis)

    def __repr__(self) -> str:
        return f"Batched(level={self.level.number}, axis={self.axis}, {self.value!r})"


def example_of(x: Any) -> Any:
    """The plain Tensor inside all wrappers, of a batch its first example; what is not wrapped as it is."""
    while isinstance(x, _Wrapped):
        if isinstance(x, Batched):
            x = x.value if not x.value.shape[x.axis] else x.value[(slice(None),) * x.axis + (0,)]
        else:
            x = x.inside
    return x


def wrapped(x: Any, level: Level) -> bool:
    """Whether ``x`` is wrapped at this very level."""
    return getattr(x, "level", None) is level


def unwrap(x: Any) -> Any:
    """The plain Tensor inside all wrappers."""
    while isinstance(x, _Wrapped):
        x = x.inside
    return x


# ---------------------------------------------------------------------------------------------------- forward mode


def _push(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Any:
    """Evaluate an op on duals: the op itself below, and its jvp rule for the tangents."""
    primals = [a.primal if wrapped(a, level) else a for a in args]
    tangents = [a.tangent if wrapped(a, level) else None for a in args]
    if op.custom and op.jvp is not None:
        moving = [i for i, t in enumerate(tangents) if t is not None]
        for watcher in levels.here.watchers:
            watcher.pushing(op, primals, moving, params)
    y = op(*primals, **params)
    if not op.differentiable:
        return y
    if op.jvp is None:
        raise GradientError(
            f"{op.name}: the op has no jvp rule, so forward mode cannot pass through it. Give it jvp=: a rule for each "
            'argument, "from_vjp" (elementwise), "linear" or "multilinear".'
        )
    with np.errstate(all="ignore"):  # as in the backward walk: where a rule meets infinities, it says so by its value
        t = op.push([_as_tensor(p) for p in primals], tangents, params, y)
    if op.outputs:
        return tuple(_dual(level, a, b) for a, b in zip(y, t, strict=True))
    return _dual(level, y, t)


def _as_tensor(x: Any) -> Any:
    return bound(np.asarray(x), None) if isinstance(x, (bool, int, float, complex)) else x


def _dual(level: Level, y: Any, t: Any) -> Any:
    if t is None or not is_differentiable(y.dtype):
        return y
    if not hasattr(t, "shape"):
        t = ops.zeros_of(y) + t
    if t.shape != y.shape:
        t = ops.broadcast_to(t, y.shape)
    if t.dtype != y.dtype:
        t = ops.astype(ops.real(t) if t.dtype.kind == "c" and y.dtype.kind != "c" else t, y.dtype)
    return Dual(level, y, t if isinstance(t, Variable) else bound(t, None))


# ------------------------------------------------------------------------------------------------------------ vmap


def batched_at(x: Any, level: Level, axis: int = 0) -> Any:
    """The value below this level with the examples along ``axis``; what is not batched is repeated (without a copy)."""
    if not wrapped(x, level):
        x = x if hasattr(x, "shape") else np.asarray(x)
        wide = ops.broadcast_to(x, (level.size, *x.shape))
        return wide if axis == 0 else ops.moveaxis(wide, 0, axis)
    return x.value if x.axis == axis else ops.moveaxis(x.value, x.axis, axis)


def _shape(x: Any) -> tuple[int, ...]:
    return x.shape if hasattr(x, "shape") else np.shape(x)


def _in_front(x: Any, ndim: int, level: Level) -> Any:
    """The value with the examples in front, and as many axes between as make its own ``ndim``."""
    if not wrapped(x, level):
        return x
    value = batched_at(x, level)
    missing = ndim - (value.ndim - 1)
    return ops.reshape(value, (value.shape[0], *(1,) * missing, *value.shape[1:])) if missing > 0 else value


def _batch(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Any:
    """Evaluate an op for a whole batch, by its rule, by what its kind implies, or example by example."""
    rule = op.batch
    if rule is None and op.kind == "elementwise":
        rule = "elementwise"
    elif rule is None and op.kind in ("reduction", "scan") and op.static & {"axis", "axes"}:
        one_rank = not op.custom or len({len(_shape(a)) for a in args if a is not None}) == 1
        rule = "axis" if one_rank else None  # the axis would be another one in each
    if rule in ("elementwise", "leading"):
        ndim = max(len(_shape(a)) for a in args if a is not None)
        y, axis = op(*(_in_front(a, ndim, level) for a in args), **params), 0
    elif rule == "axis" and all(_is_among(v, len(_shape(args[0]))) for k, v in params.items() if k in ("axis", "axes")):
        values = [a if a is None else batched_at(a, level) for a in args]
        y, axis = op(*values, **{k: _shifted(v) if k in ("axis", "axes") else v for k, v in params.items()}), 0
    else:
        rule = rule if callable(rule) else _looped
        y, axis = rule(op, args, params, level) if level.size else _of_nothing(rule, op, args, params, level)
    if op.outputs:
        return tuple(Batched(level, part, axis) for part in y)
    return Batched(level, y, axis)


def _looped(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Any:
    """The rule of an op that has no other: each example by itself."""
    return example_by_example(op, args, params, level), 0


def _of_nothing(rule: Any, op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Any:
    """A rule on an empty batch: what it gives for one example of zeros says the shapes and dtypes."""
    one = Level(level.number, 1)
    shown = [
        Batched(one, bound(np.zeros((1, *a.shape), dtype=a.dtype), None), 0) if wrapped(a, level) else a for a in args
    ]
    y, axis = rule(op, shown, params, one)
    empty = (slice(None),) * axis + (slice(0, 0),)
    return (tuple(part[empty] for part in y) if op.outputs else y[empty]), axis


def _is_among(axis: Any, ndim: int) -> bool:
    """Whether an axis, or each of several, is one of an example's."""
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    return all(isinstance(a, (int, np.integer)) and -ndim <= a < ndim for a in axes)


def _shifted(axis: Any) -> Any:
    """The axis of an example as one of the batch, which stands in front; counted from the end it stays."""
    return tuple(map(_shifted, axis)) if isinstance(axis, (tuple, list)) else axis + 1 if axis >= 0 else axis


def example_by_example(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Any:
    """Each example by itself, the results stacked."""
    fronts = [batched_at(a, level) if wrapped(a, level) else a for a in args]
    rows = [
        op(*(f[i] if wrapped(a, level) else a for a, f in zip(args, fronts, strict=True)), **params)
        for i in range(level.size)
    ]
    if op.outputs:
        return tuple(ops.stack([row[k] for row in rows], 0) for k in range(len(rows[0])))
    return ops.stack(rows, 0)


def _evaluate_wrapped(op: Any, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
    level = max((a.level for a in args if getattr(a, "level", None) is not None), key=lambda one: one.number)
    if level not in levels.here.levels:
        raise GradientError(
            f"{op.name}: an argument belongs to a jvp or vmap that has ended. Return values from the function instead "
            "of storing them outside."
        )
    return (_batch if level.size >= 0 else _push)(op, args, params, level)


levels.set_handler(_evaluate_wrapped)
