"""vmap: a function of one example as a function of a batch; and what it makes possible: Jacobians and Hessians."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Literal

import numpy as np

from autograd import batching, levels, ops
from autograd.backend import is_array, is_differentiable
from autograd.dispatch import bound
from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.interpreters import Batched, NeedsValueError, wrapped
from autograd.levels import Level
from autograd.points import arguments_at, as_tensor, rebuilt, result_leaf, variables_among
from autograd.random import used_generators
from autograd.transforms import grad, jvp, vjp
from autograd.tree import Structure, tree_flatten, tree_leaves, tree_match, tree_unflatten

__all__ = ["hessian", "jacobian", "vmap"]

_warned: set[str] = set()


def vmap(
    function: Callable[..., Any],
    in_axes: Any = 0,
    out_axes: Any = 0,
    randomness: Literal["different", "same", "error"] = "different",
) -> Callable[..., Any]:
    """A function that evaluates ``function`` for each example of a batch, all at once.

    ``in_axes``   the axis of the examples in each argument: a number for all, or a tuple with an entry for each; None
                  for an argument that all examples share. An entry may be a container like its argument.
    ``out_axes``  where the examples go in the results, likewise
    ``randomness``  whether what is drawn for a batched argument (a dropout mask, a sample whose parameters are batched)
                  is ``"different"`` for each example, the ``"same"`` for all, or an ``"error"``. What is drawn from no
                  batched argument, as in ``rand(3)``, is drawn once and shared.

    Each op of the table is evaluated once, by its batching rule, in the function and in its derivatives. An error of
    one example (a label out of range, a singular matrix) is an error of all. Integers may differ by example as indices;
    a mask may not, for each would keep another number of elements: use ``where``. ``x[i] = v`` and ``x += v`` on an
    ``x`` from outside, which all examples share, last until the vmap ends. A program that asks for the numbers inside
    (a Python branch on a value, ``unique``, the counts of ``repeat``) is run example by example instead, with a
    warning, once; then every draw is one of each example, unless ``randomness`` is ``"same"``.

    >>> ag.vmap(ag.grad(loss), in_axes=(None, 0, 0))(parameters, xs, ys)      # a gradient for each example
    """

    if randomness not in ("different", "same", "error"):
        raise ArgumentError(f"vmap: randomness must be 'different', 'same' or 'error', not {randomness!r}.")

    @wraps(function)
    def batched(*args: Any, **options: Any) -> Any:
        leaves, structure = tree_flatten(args, "vmap: an argument")
        flat = [bound(x, None) if is_array(x) else x for x in leaves]
        places = _axes("in_axes", in_axes, structure)
        flat_axes = [_checked_axis(x, axis) for x, axis in zip(flat, places, strict=True)]
        sizes = {x.shape[axis] for x, axis in zip(flat, flat_axes, strict=True) if axis is not None}
        if len(sizes) != 1:
            raise ShapeError(
                "vmap: no argument is batched; give one an axis in in_axes." if not sizes
                else f"vmap: the batched arguments have different numbers of examples: {sorted(sizes)}."
            )  # fmt: skip
        size = sizes.pop()

        def call(leaves: list[Any]) -> Any:
            return function(*tree_unflatten(structure, leaves), **options)

        try:
            with levels.enter(size, randomness) as level:
                outputs = call([x if a is None else Batched(level, x, a) for x, a in zip(flat, flat_axes, strict=True)])
                outs, built = tree_flatten(outputs, "vmap: the result")
                places = _axes("out_axes", out_axes, built)
                return tree_unflatten(built, [_out(y, level, p) for y, p in zip(outs, places, strict=True)])
        except NeedsValueError as error:
            name = getattr(function, "__qualname__", repr(function))
            if name not in _warned:
                _warned.add(name)
                warnings.warn(f"vmap: {name} runs example by example: {error}", stacklevel=2)
        rows = []
        with used_generators() as used:
            for i in range(size):
                for generator, state in used.items() if randomness == "same" else ():
                    generator.set_state(state)
                example = [
                    x if a is None else x[(slice(None),) * a + (i,)] for x, a in zip(flat, flat_axes, strict=True)
                ]
                rows.append(call(example))
                if used and randomness == "error":
                    raise ArgumentError("vmap: the function draws random numbers, and randomness is 'error'.")
        return _stacked(rows, out_axes)

    return batched


def _axes(name: str, axes: Any, structure: Structure) -> list[Any]:
    """An axis for each leaf: one for all below, or a container like the argument or the result."""
    if isinstance(axes, list) and structure.kind is tuple:
        axes = tuple(axes)
    entries = tree_match(structure, axes, f"vmap: {name}", whole=lambda entry: entry is None or _is_index(entry))
    for entry in entries:
        if entry is not None and not _is_index(entry):
            raise DtypeError(f"vmap: {name} holds {entry!r}; an axis is an integer, or None.")
    return entries


def _is_index(x: Any) -> bool:
    return isinstance(x, (int, np.integer)) and not isinstance(x, bool)


def _checked_axis(x: Any, axis: Any) -> Any:
    if axis is None:
        return None
    if not hasattr(x, "shape"):
        raise DtypeError(f"vmap: a {type(x).__name__} cannot be batched; give its entry of in_axes as None.")
    if not -x.ndim <= axis < x.ndim:
        raise ShapeError(f"vmap: axis {axis} is out of range for an argument of shape {tuple(x.shape)}.")
    return axis % x.ndim


def _out(y: Any, level: Level, place: Any) -> Any:
    y = result_leaf("vmap", y)
    if y is None:
        return None
    if place is not None and not -len(y.shape) - 1 <= place <= len(y.shape):
        raise ShapeError(
            f"vmap: out_axes={place} is out of range for a result of shape {tuple(y.shape)} and a batch axis."
        )
    if place is None:
        if wrapped(y, level):
            raise ArgumentError("vmap: out_axes is None for a result that differs by example. Give it an axis.")
        return y
    if not wrapped(y, level):
        value = ops.broadcast_to(y, (level.size, *y.shape))
        return value if place == 0 else ops.moveaxis(value, 0, place)
    return y.value if y.axis == place else ops.moveaxis(y.value, y.axis, place)


def _stacked(rows: list[Any], out_axes: Any) -> Any:
    if not rows:
        raise ShapeError("vmap: an empty batch has no example to learn the results' shapes from.")
    structure = tree_flatten(rows[0])[1]
    leaves = [tree_match(structure, row, "vmap: the result of another example") for row in rows]
    columns = []
    for k, place in enumerate(_axes("out_axes", out_axes, structure)):
        parts = [result_leaf("vmap", y[k]) for y in leaves]
        nothing = [part is None for part in parts]
        if any(nothing) and not all(nothing):
            raise ArgumentError("vmap: the function returned None for some examples and a value for others.")
        if place is None and not any(nothing) and any(part.tolist() != parts[0].tolist() for part in parts[1:]):
            raise ArgumentError("vmap: out_axes is None for a result that differs by example. Give it an axis.")
        columns.append(parts[0] if place is None or nothing[0] else ops.stack(parts, place))
    return tree_unflatten(structure, columns)


# --------------------------------------------------------------------------------------------- Jacobians, Hessians


def jacobian(
    function: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    mode: Literal["auto", "forward", "reverse"] = "auto",
    holomorphic: bool = False,
) -> Callable[..., Any]:
    """A function that gives the Jacobian of ``function``: every output with respect to every input.

    Shape: ``(*output shape, *input shape)``, in the structure of the output, with the structure of the input inside
    (None for what has no gradient). ``mode="forward"`` pushes a tangent for each input, ``"reverse"`` pulls a cotangent
    for each output, both as one batch; ``"auto"`` takes what has fewer.

    For real inputs the outputs may be complex. A function of complex inputs has a Jacobian of one complex number for
    each pair only where it is complex differentiable: say so with ``holomorphic``, and the Jacobian is df/dz in both
    modes. Raises ``DtypeError`` for complex inputs without it; ``vjp`` and ``jvp`` take them as they are.
    """
    if mode not in ("auto", "forward", "reverse"):
        raise ArgumentError(f"jacobian: mode must be 'auto', 'forward' or 'reverse', not {mode!r}.")

    @wraps(function)
    def differentiated(*args: Any, **options: Any) -> Any:
        places = arguments_at("jacobian", argnums, len(args))
        leaves, structure, chosen = variables_among("jacobian", [args[i] for i in places])
        inputs = [_checked_kind("an input", as_tensor(leaves[k]), holomorphic) for k in chosen]

        def of_inputs(*parts: Any) -> Any:
            arguments = list(args)
            for i, part in zip(places, rebuilt(structure, leaves, chosen, parts), strict=True):
                arguments[i] = part
            return function(*arguments, **options)

        value = pull = None
        # A pull takes no cotangents of a batch inside the transform that it was made in; tangents nest.
        forward = mode == "forward" or any(hasattr(x, "level") for x in inputs)
        if not forward:
            value, pull = vjp(of_inputs, *inputs)
            forward = mode == "auto" and sum(map(_size, inputs)) < sum(map(_size, tree_leaves(value)))
        table, outer = _pushed(of_inputs, inputs, holomorphic) if forward else _pulled(pull, value, holomorphic)
        nothing = [None] * len(leaves)
        rows = [None if row is None else rebuilt(structure, nothing, chosen, row) for row in table]
        one = np.ndim(argnums) == 0
        return tree_unflatten(outer, [row if row is None else row[0] if one else tuple(row) for row in rows])

    return differentiated


def _checked_kind(what: str, x: Any, holomorphic: bool) -> Any:
    """An input or an output of a function that has a Jacobian."""
    if not is_differentiable(x.dtype):
        raise DtypeError(
            f"jacobian: {what} is {x.dtype}, which has no derivative. Convert it with x.astype('float32')."
        )
    if holomorphic and x.dtype.kind != "c":
        raise DtypeError(f"jacobian: {what} is {x.dtype}; holomorphic functions are complex in and out. Drop the flag.")
    if not holomorphic and x.dtype.kind == "c" and what == "an input":
        raise DtypeError(
            f"jacobian: {what} is {x.dtype}. Pass holomorphic=True if the function is complex differentiable; else "
            "differentiate by the real and the imaginary part: jacobian(lambda a, b: f(a + 1j * b), (0, 1))."
        )
    return x


def _size(x: Any) -> int:
    return 0 if x is None else math.prod(x.shape)


def _units(x: Any) -> Any:
    """As many values like ``x`` as it has numbers, in each of which another number is one and the rest are zero."""
    n = math.prod(x.shape)
    return bound(np.eye(n, dtype=x.dtype).reshape(n, *x.shape), None).to(x.device)


def _alone(xs: Sequence[Any], k: int, x: Any) -> list[Any]:
    return [x if i == k else None for i in range(len(xs))]


def _pulled(pull: Any, value: Any, holomorphic: bool) -> tuple[list[Any], Structure]:
    """The Jacobian of each output by each input, from a cotangent for each number of the outputs."""
    outs, structure = tree_flatten(value)
    table: list[Any] = []
    for k, y in enumerate(outs):
        if y is None:
            table.append(None)
            continue
        units = _units(_checked_kind("an output", y, holomorphic))

        def rows(cotangent: Any, k: int = k) -> Any:
            return pull(tree_unflatten(structure, _alone(outs, k, cotangent)))

        found = vmap(rows, randomness="same")(units)
        if holomorphic:  # what is pulled back is J^H e
            found = [ops.conj(g) for g in found]
        elif y.dtype.kind == "c":  # and of a real input, the real part of it
            found = [g + 1j * h for g, h in zip(found, vmap(rows, randomness="same")(1j * units), strict=True)]
        table.append([ops.reshape(g, (*y.shape, *g.shape[1:])) for g in found])
    return table, structure


def _pushed(function: Callable[..., Any], inputs: list[Any], holomorphic: bool) -> tuple[list[Any], Structure]:
    """The Jacobian of each output by each input, from a tangent for each number of the inputs: all in one batch."""
    sizes = [math.prod(x.shape) for x in inputs]
    ends = np.cumsum(sizes).tolist()
    tangents = []
    for x, n, end in zip(inputs, sizes, ends, strict=True):
        block = np.zeros((ends[-1], n), dtype=x.dtype)
        block[end - n : end] = np.eye(n, dtype=x.dtype)
        tangents.append(bound(block.reshape(ends[-1], *x.shape), None).to(x.device))

    def column(*ts: Any) -> Any:
        return jvp(function, tuple(inputs), ts)[1]

    moved, structure = tree_flatten(vmap(column, out_axes=-1, randomness="same")(*tangents))
    table: list[Any] = []
    for t in moved:
        if t is not None:
            _checked_kind("an output", t, holomorphic)
            parts = [t[..., end - n : end] for n, end in zip(sizes, ends, strict=True)]
            t = [ops.reshape(part, (*part.shape[:-1], *x.shape)) for part, x in zip(parts, inputs, strict=True)]
        table.append(t)
    return table, structure


def hessian(function: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that gives the matrix of second derivatives of a function with one number as its value.

    Shape: ``(*input shape, *input shape)``. Forward mode over the gradient.
    """
    return jacobian(grad(function, argnums), argnums, mode="forward")


_ = batching  # importing it enters the rules
