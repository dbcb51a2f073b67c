"""vmap: a function of one example as a function of a batch; and what it makes possible: Jacobians and Hessians."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Literal

import numpy as np

from autograd import batching, levels, ops
from autograd.backend import is_array
from autograd.dispatch import bound
from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.interpreters import Batched, NeedsValueError, wrapped
from autograd.levels import Level
from autograd.random import used_generators
from autograd.tape import Variable
from autograd.transforms import grad, jvp, vjp
from autograd.tree import tree_flatten, tree_leaves, tree_map, tree_unflatten

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
        axes = list(in_axes) if isinstance(in_axes, (tuple, list)) else [in_axes] * len(args)
        if len(axes) != len(args):
            raise ArgumentError(f"vmap: in_axes has {len(axes)} entries for {len(args)} arguments; give one each.")
        flat: list[Any] = []
        flat_axes: list[Any] = []
        structures = []
        for arg, axis in zip(args, axes, strict=True):
            leaves, structure = tree_flatten(arg)
            flat += [bound(x, None) if is_array(x) else x for x in leaves]
            flat_axes += _spread_axes(axis, leaves)
            structures.append((structure, len(leaves)))
        flat_axes = [_checked_axis(x, axis) for x, axis in zip(flat, flat_axes, strict=True)]
        sizes = {x.shape[axis] for x, axis in zip(flat, flat_axes, strict=True) if axis is not None}
        if len(sizes) != 1:
            raise ShapeError(
                "vmap: no argument is batched; give one an axis in in_axes." if not sizes
                else f"vmap: the batched arguments have different numbers of examples: {sorted(sizes)}."
            )  # fmt: skip
        size = sizes.pop()

        def call(leaves: list[Any]) -> Any:
            arguments, start = [], 0
            for structure, n in structures:
                arguments.append(tree_unflatten(structure, leaves[start : start + n]))
                start += n
            return function(*arguments, **options)

        try:
            with levels.enter(size, randomness) as level:
                outputs = call([x if a is None else Batched(level, x, a) for x, a in zip(flat, flat_axes, strict=True)])
                outs, structure = tree_flatten(outputs)
                places = _spread_axes(out_axes, outs, outputs)
                return tree_unflatten(structure, [_out(y, level, p) for y, p in zip(outs, places, strict=True)])
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
        return _stacked(rows, out_axes)

    return batched


def _spread_axes(axis: Any, leaves: list[Any], outputs: Any = None) -> list[Any]:
    """An axis for each leaf: one for all, or a container of them."""
    if axis is None or isinstance(axis, int):
        return [axis] * len(leaves)
    if outputs is not None and isinstance(outputs, tuple) and len(axis) == len(outputs):
        return [a for part, entry in zip(outputs, axis, strict=True) for a in _spread_axes(entry, tree_leaves(part))]
    entries = tree_leaves(axis)
    if len(entries) != len(leaves):
        raise ArgumentError(f"vmap: axes {axis!r} do not fit an argument with {len(leaves)} parts.")
    return entries


def _checked_axis(x: Any, axis: Any) -> Any:
    if axis is None:
        return None
    if not hasattr(x, "shape"):
        raise DtypeError(f"vmap: a {type(x).__name__} cannot be batched; give its entry of in_axes as None.")
    if not -x.ndim <= axis < x.ndim:
        raise ShapeError(f"vmap: axis {axis} is out of range for an argument of shape {tuple(x.shape)}.")
    return axis % x.ndim


def _out(y: Any, level: Level, place: Any) -> Any:
    if place is not None and hasattr(y, "shape") and not -len(y.shape) - 1 <= place <= len(y.shape):
        raise ShapeError(
            f"vmap: out_axes={place} is out of range for a result of shape {tuple(y.shape)} and a batch axis."
        )
    if place is None:
        if wrapped(y, level):
            raise ArgumentError("vmap: out_axes is None for a result that differs by example. Give it an axis.")
        return y
    if not wrapped(y, level):
        y = y if isinstance(y, Variable) else bound(np.asarray(y), None)
        value = ops.broadcast_to(y, (level.size, *y.shape))
        return value if place == 0 else ops.moveaxis(value, 0, place)
    return y.value if y.axis == place else ops.moveaxis(y.value, y.axis, place)


def _stacked(rows: list[Any], out_axes: Any) -> Any:
    if not rows:
        raise ShapeError("vmap: an empty batch has no example to learn the results' shapes from.")
    leaves = [tree_leaves(row) for row in rows]
    structure = tree_flatten(rows[0])[1]
    places = _spread_axes(out_axes, leaves[0], rows[0])
    columns = []
    for k, place in enumerate(places):
        parts = [y[k] if hasattr(y[k], "shape") else bound(np.asarray(y[k]), None) for y in leaves]
        columns.append(parts[0] if place is None else ops.stack(parts, place))
    return tree_unflatten(structure, columns)


# --------------------------------------------------------------------------------------------- Jacobians, Hessians


def jacobian(
    function: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    mode: Literal["auto", "forward", "reverse"] = "auto",
) -> Callable[..., Any]:
    """A function that gives the Jacobian of ``function``: every output with respect to every input.

    Shape: ``(*output shape, *input shape)``, in the structure of the output, with the structure of the input inside.
    ``mode="forward"`` pushes a tangent for each input, ``"reverse"`` pulls a cotangent for each output, both as one
    batch; ``"auto"`` takes what has fewer.
    """
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @wraps(function)
    def differentiated(*args: Any) -> Any:
        chosen = [args[i] for i in numbers]
        leaves, structure = tree_flatten(chosen)
        leaves = [
            x if isinstance(x, Variable) else bound(np.asarray(x, None if hasattr(x, "dtype") else np.float32), None)
            for x in leaves
        ]

        def of_leaves(*parts: Any) -> Any:
            arguments = list(args)
            for i, part in zip(numbers, tree_unflatten(structure, parts), strict=True):
                arguments[i] = part
            return function(*arguments)

        n_in = sum(math.prod(x.shape) for x in leaves)
        forward = mode == "forward"
        value = pull = None
        if not forward:
            value, pull = vjp(of_leaves, *leaves)
            n_out = sum(math.prod(y.shape) for y in tree_leaves(value))
            forward = mode == "auto" and n_in < n_out
        rows = _pushed(of_leaves, leaves) if forward else _pulled(pull, value)
        # rows: for each leaf of the output, its Jacobians with respect to each leaf of the input
        built = tree_map(lambda row: _inner(row, structure, isinstance(argnums, int)), rows)
        return built

    return differentiated


class _Row(list[Any]):
    """The Jacobians of one output; a class of its own, so that it is a leaf of the outer structure."""


def _inner(row: Any, structure: Any, single: bool) -> Any:
    parts = tree_unflatten(structure, list(row))
    return parts[0] if single else tuple(parts)


def _basis(x: Any, sizes: list[int], k: int) -> Any:
    """One-hot values for the k-th of several parts: a batch as long as all parts together."""
    total, start = sum(sizes), sum(sizes[:k])
    eye = np.zeros((total, sizes[k]), dtype=x.dtype)
    eye[start : start + sizes[k]] = np.eye(sizes[k], dtype=x.dtype)
    return bound(eye.reshape(total, *x.shape), None).to(x.device)


def _pulled(pull: Any, value: Any) -> Any:
    outs, structure = tree_flatten(value)
    sizes = [math.prod(y.shape) for y in outs]
    basis = tree_unflatten(structure, [_basis(y, sizes, k) for k, y in enumerate(outs)])
    found = vmap(pull, randomness="same")(basis)
    rows, start = [], 0
    for y, n in zip(outs, sizes, strict=True):
        rows.append(_Row([ops.reshape(g[start : start + n], (*y.shape, *g.shape[1:])) for g in found]))
        start += n
    return tree_unflatten(structure, rows)


def _pushed(function: Callable[..., Any], leaves: list[Any]) -> Any:
    sizes = [math.prod(x.shape) for x in leaves]
    tangents = tuple(_basis(x, sizes, k) for k, x in enumerate(leaves))
    moved = vmap(lambda *ts: jvp(function, tuple(leaves), ts)[1], out_axes=-1, randomness="same")(*tangents)

    def split(t: Any) -> _Row:
        row, start = _Row(), 0
        for x, n in zip(leaves, sizes, strict=True):
            part = ops.getitem(t, (..., slice(start, start + n)))
            row.append(ops.reshape(part, (*t.shape[:-1], *x.shape)))
            start += n
        return row

    return tree_map(split, moved)


def hessian(function: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that gives the matrix of second derivatives of a function with one number as its value.

    Shape: ``(*input shape, *input shape)``. Forward mode over the gradient.
    """
    return jacobian(grad(function, argnums), argnums, mode="forward")


_ = batching  # importing it enters the rules
