"""Differentiation as functions: gradients of outputs with respect to inputs, and of functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from autograd import levels, ops
from autograd.backend import as_array, is_array, is_differentiable
from autograd.backward import walk
from autograd.dispatch import bound
from autograd.errors import DtypeError, GradientError, ShapeError
from autograd.interpreters import Batched, Dual, batched_at, unwrap, wrapped
from autograd.levels import Level
from autograd.mistakes import warn_of_mistake
from autograd.mode import enable_grad, is_grad_enabled
from autograd.tape import Node, Variable
from autograd.tensor import Tensor, no_graph_error, start_cotangent
from autograd.tree import tree_flatten, tree_leaves, tree_map, tree_unflatten

__all__ = ["grad", "gradients", "hvp", "jvp", "linearize", "value_and_grad", "vjp"]


def gradients(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of ``outputs`` (their sum, weighed by ``grad_outputs``) with respect to ``inputs``.

    No ``.grad`` changes, and only the part of the graph between the two is walked. ``inputs`` may be leaves or computed
    Tensors. With ``allow_unused`` an input that the outputs do not depend on gives None instead of an error.
    """
    outs = [outputs] if isinstance(outputs, Variable) else list(outputs)
    ins = [inputs] if isinstance(inputs, Variable) else list(inputs)
    weights: Sequence[Any]
    if grad_outputs is None or isinstance(grad_outputs, Variable) or is_array(grad_outputs):
        weights = [grad_outputs] * len(outs)
        if grad_outputs is not None and len(outs) != 1:
            raise ShapeError(f"gradients: {len(outs)} outputs need as many grad_outputs, in a list.")
    else:
        weights = list(grad_outputs)
        if len(weights) != len(outs):
            raise ShapeError(f"gradients: {len(weights)} grad_outputs for {len(outs)} outputs; give one each.")
    for i, x in enumerate(ins):
        if not isinstance(x, Tensor) or x.node is None:
            raise GradientError(
                f"gradients: inputs[{i}] does not want gradients. Make it with requires_grad=True before the outputs "
                "are computed from it."
            )
    roots = []
    for output, weight in zip(outs, weights, strict=True):
        if output.node is None:
            if allow_unused:
                continue
            raise no_graph_error("gradients", output)
        roots.append((output.node, start_cotangent("gradients", output, weight, create_graph, "grad_outputs")))
    found = walk(
        roots,
        retain_graph=create_graph if retain_graph is None else retain_graph,
        create_graph=create_graph,
        targets=[x.node for x in ins if x.node is not None],
    )
    results: list[Tensor | None] = []
    for i, x in enumerate(ins):
        g: Any = found.get(x.node)  # type: ignore[arg-type]
        if g is None and not allow_unused:
            raise GradientError(
                f"gradients: the outputs do not depend on inputs[{i}] of shape {x.shape}. "
                "Pass allow_unused=True to get None for it."
            )
        if g is not None and not isinstance(g, Variable):
            g = bound(as_array(g).copy(), None)
        results.append(g)
    return tuple(results)


# ------------------------------------------------------------------------------------- points to differentiate at
#
# A transform differentiates at *points*: Tensors that stand for its arguments. The tape lies below all wrappers, so a
# point keeps the wrappers of its argument around a leaf of its own. Inside vmap the leaf is given one row for each
# example: then the gradient of the sum over the batch is the gradient of each example.


def _point(x: Any) -> Any:
    """The place to differentiate at: joined to the graph that ``x`` is part of, else a leaf of its own."""
    for level in levels.here.levels:
        if level.size >= 0:
            x = _spread(x, level)
    return _leaf(x)


def _spread(x: Any, level: Level) -> Any:
    """``x`` as a value of each example of this vmap."""
    if isinstance(x, Dual) and x.level.number > level.number:
        return Dual(x.level, _spread(x.primal, level), _spread(x.tangent, level))
    if isinstance(x, Batched) and x.level.number > level.number:
        return Batched(x.level, _spread(x.value, level), x.axis)
    return x if wrapped(x, level) else Batched(level, batched_at(_tensor(x), level), 0)


def _leaf(x: Any) -> Any:
    if isinstance(x, Dual):
        return Dual(x.level, _leaf(x.primal), x.tangent)
    if isinstance(x, Batched):
        return Batched(x.level, _leaf(x.value), x.axis)
    x = _tensor(x)
    if not is_differentiable(x.dtype):
        raise DtypeError(
            f"grad: an argument is {x.dtype}, which has no gradient. Convert it first: x.astype('float32'); or "
            "leave it out with argnums."
        )
    return x.clone() if x.node is not None and is_grad_enabled() else x.detach().requires_grad_()


def _tensor(x: Any) -> Any:
    """A number or an array as a Tensor; Python numbers become float32."""
    if isinstance(x, Variable):
        return x
    if is_array(x) or isinstance(x, np.generic):
        return bound(as_array(x), None)
    return bound(np.asarray(x, dtype=np.float32 if isinstance(x, (float, int)) else None), None)


def _result(transform: str, y: Any) -> Any:
    """A part of a function's value as a Tensor; numbers and arrays do not depend on anything."""
    if not (isinstance(y, (Variable, np.generic, bool, int, float, complex)) or is_array(y)):
        raise DtypeError(
            f"{transform}: the function returned a {type(y).__name__}; return Tensors, or containers of them."
        )
    return _tensor(y)


def _detached(x: Any) -> Any:
    """The same value with constants inside; tangents and batches stay."""
    if isinstance(x, Dual):
        return Dual(x.level, _detached(x.primal), _detached(x.tangent))
    if isinstance(x, Batched):
        return Batched(x.level, _detached(x.value), x.axis)
    return x.detach() if isinstance(x, Tensor) else x


def _pull(y: Any, xs: Sequence[Any], create_graph: bool) -> list[Any]:
    """The gradients of the number ``y`` at points, wrapped as the points are; None where it does not depend on one."""
    numbers = [x.level.number for x in (y, *xs) if getattr(x, "level", None) is not None]
    if not numbers:
        if y.node is None:
            return [None] * len(xs)
        start: Any = np.ones_like(y.array)
        nodes = [x.node for x in xs]
        found = walk(
            [(y.node, bound(start, None) if create_graph else start)], retain_graph=True, create_graph=create_graph,
            targets=nodes,
        )  # fmt: skip
        return [_owned(found.get(node)) for node in nodes]
    level = next(x.level for x in (y, *xs) if getattr(x, "level", None) is not None and x.level.number == max(numbers))
    below = [(x.primal if isinstance(x, Dual) else x.value) if wrapped(x, level) else x for x in xs]
    if level.size >= 0:
        found_below = _pull(y.value if wrapped(y, level) else y, below, create_graph)
        return [
            g if g is None or not wrapped(x, level) else Batched(level, g, x.axis)
            for g, x in zip(found_below, xs, strict=True)
        ]
    if not wrapped(y, level):
        return _pull(y, below, create_graph)
    values, changes = _pull(y.primal, below, create_graph), _pull(y.tangent, below, create_graph)
    return [
        change if g is None and change is None
        else Dual(level, _filled(g, b), _filled(change, b))
        for g, change, b in zip(values, changes, below, strict=True)
    ]  # fmt: skip


def _owned(g: Any) -> Any:
    """A gradient as a Tensor that shares its memory with nobody."""
    if g is None or isinstance(g, Variable):
        return g
    return bound(as_array(g).copy(), None)


def _filled(g: Any, like: Any) -> Any:
    return ops.zeros_of(like) if g is None else g


def _nodes_of(x: Any) -> list[Node | None]:
    """Where a value stands in the graph, and its tangents too."""
    if isinstance(x, Dual):
        return _nodes_of(x.primal) + _nodes_of(x.tangent)
    return _nodes_of(x.value) if isinstance(x, Batched) else [getattr(x, "node", None)]


def _has_other_leaves(value: Any, own: set[Any]) -> bool:
    """Whether the graph of ``value`` ends in a leaf that is not in ``own``."""
    stack: list[Node | None] = _nodes_of(value)
    seen: set[Node] = set()
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if node.op is None and node not in own:
            return True
        stack.extend(node.inputs)
    return False


def _floating(x: Any) -> bool:
    dtype = getattr(x, "dtype", None)
    return isinstance(x, float) if dtype is None else is_differentiable(dtype)


# ------------------------------------------------------------------------------------------------------ reverse mode


def value_and_grad(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that gives the value of ``function`` and its gradient with respect to the numbered arguments.

    The arguments may be Tensors, arrays, numbers, or nested containers of them (dicts, lists, dataclasses, Modules):
    the gradient then has the same structure. The value must have one element. Inside an outer differentiation the
    gradient is itself differentiable, so ``grad(grad(f))`` works; it nests with ``jvp``, ``vmap`` and ``checkpoint``.
    With ``has_aux`` the function returns ``(value, aux)``, and so does the result: ``((value, aux), gradient)``.
    """
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @wraps(function)
    def differentiated(*args: Any, **options: Any) -> Any:
        arguments = list(args)
        points: list[Any] = []
        structures = []
        for i in numbers:
            if not -len(arguments) <= i < len(arguments):
                raise DtypeError(f"grad: argnums names argument {i}, but the call has {len(arguments)}.")
            leaves, structure = tree_flatten(arguments[i])
            fresh = [_point(leaf) for leaf in leaves]
            arguments[i] = tree_unflatten(structure, fresh)
            structures.append((structure, len(fresh)))
            points += fresh
        recording = is_grad_enabled()
        with enable_grad():
            value = function(*arguments, **options)
        aux = None
        if has_aux:
            value, aux = value
        if not isinstance(value, Tensor):
            raise DtypeError(f"grad: the function must return a Tensor of one element, not a {type(value).__name__}.")
        if value.size != 1:
            raise GradientError(
                f"grad: the function returned {value.shape}, {value.size} numbers; a gradient is of one. Reduce it, as "
                "in y.sum() or y.mean(), or use jacobian."
            )
        # Record the gradient too if somebody outside can differentiate it: through the arguments, or through other
        # Tensors that the function closes over.
        own = {unwrap(x).node for x in points if unwrap(x).node.op is None}
        outer = recording and _has_other_leaves(value, own)
        found = _pull(ops.reshape(value, ()) if value.ndim else value, points, outer)
        if len(points) > 1 and all(g is None for g in found):  # a constant of one variable may well be meant
            warn_of_mistake(
                f"grad: the value of {getattr(function, '__qualname__', function)} depends on none of the "
                f"{len(points)} Tensors that it is differentiated by; the gradient is zero. Was it computed from other "
                "Tensors, or from detach()ed ones?"
            )
        gradient = [_filled(g, x) for g, x in zip(found, points, strict=True)]
        parts, start = [], 0
        for structure, n in structures:
            parts.append(tree_unflatten(structure, gradient[start : start + n]))
            start += n
        result = value if outer else _detached(value)
        if has_aux:
            aux = aux if outer else tree_map(_detached, aux)
        return (result, aux) if has_aux else result, parts[0] if isinstance(argnums, int) else tuple(parts)

    return differentiated


def grad(function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives the gradient of ``function`` with respect to the numbered arguments.

    See :func:`value_and_grad`. With ``has_aux`` the result is ``(gradient, aux)``.

    >>> ag.grad(ag.tanh)(0.5)
    """
    both = value_and_grad(function, argnums, has_aux)

    @wraps(function)
    def differentiated(*args: Any, **options: Any) -> Any:
        value, gradient = both(*args, **options)
        return (gradient, value[1]) if has_aux else gradient

    return differentiated


def vjp(function: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The value of ``function`` at ``primals``, and a function that pulls cotangents back: ``(value, pull)``.

    ``pull(cotangent)`` takes a cotangent with the structure of the value and gives a tuple with one entry for each
    primal. It may be called again, and inside ``vmap``: that is how a Jacobian is computed. With ``has_aux`` the result
    is ``(value, pull, aux)``.
    """
    leaves, structure = tree_flatten(tuple(primals))
    points = [_point(leaf) if _floating(leaf) else leaf for leaf in leaves]
    known = list(levels.here.levels)
    recording = is_grad_enabled()
    with enable_grad():
        value = function(*tree_unflatten(structure, points))
    aux = None
    if has_aux:
        value, aux = value
    outs, out_structure = tree_flatten(value)
    outs = [_result("vjp", y) for y in outs]
    targets = [x for x in points if isinstance(x, Tensor) and unwrap(x).node is not None]
    own = {unwrap(x).node for x in targets if unwrap(x).node.op is None}
    outer = recording and any(isinstance(y, Tensor) and _has_other_leaves(y, own) for y in outs)

    def pull(cotangent: Any) -> tuple[Any, ...]:
        """The gradients for this cotangent, one for each primal."""
        weights = tree_leaves(cotangent)
        if len(weights) != len(outs):
            raise ShapeError(f"vjp: the value has {len(outs)} part(s), the cotangent {len(weights)}; give one each.")
        for weight, y in zip(weights, outs, strict=True):
            shape = tuple(weight.shape) if hasattr(weight, "shape") else np.shape(weight)
            if shape != tuple(y.shape):
                raise ShapeError(f"vjp: a cotangent is {shape}; the value wants {tuple(y.shape)}.")
        newer = any(level not in known for weight in weights for level in _levels_of(weight))
        record = outer and is_grad_enabled()
        if newer:
            found = _pull_lifted(outs, weights, targets, record)
        else:
            with enable_grad():
                total = _inner_product(outs, weights)
            found = [None] * len(targets) if total is None else _pull(total, targets, record or _recorded(weights))
        by_point = {id(x): g for x, g in zip(targets, found, strict=True)}
        results = [_filled(by_point.get(id(x)), x) if isinstance(x, Tensor) and _floating(x) else None for x in points]
        return tree_unflatten(structure, results)

    shown = tree_unflatten(out_structure, outs if outer else [_detached(y) for y in outs])
    return (shown, pull, aux) if has_aux else (shown, pull)


def _recorded(weights: Iterable[Any]) -> bool:
    """Whether a cotangent is itself part of a graph, so that the pull must be too."""
    return is_grad_enabled() and any(getattr(w, "node", None) is not None for w in weights)


def _levels_of(x: Any) -> list[Level]:
    found = []
    while getattr(x, "level", None) is not None:
        found.append(x.level)
        x = x.primal if isinstance(x, Dual) else x.value
    return found


def _inner_product(outs: Sequence[Any], weights: Sequence[Any]) -> Any:
    """The real number whose gradient is the pulled-back cotangent."""
    total = None
    for y, weight in zip(outs, weights, strict=True):
        if not isinstance(y, Tensor) or (unwrap(y).node is None and not _levels_of(y)):
            continue
        product = ops.multiply(y, ops.conj(_tensor(weight)) if y.dtype.kind == "c" else _tensor(weight))
        term = ops.sum(ops.real(product) if product.dtype.kind == "c" else product)
        total = term if total is None else total + term
    return total


def _pull_lifted(outs: Sequence[Any], weights: Sequence[Any], targets: Sequence[Any], record: bool) -> list[Any]:
    """Pull cotangents of a transform that was entered after the forward pass: rules run on wrapped values."""
    if any(_levels_of(x) for x in (*outs, *targets)):
        raise GradientError(
            "vjp: a pull made inside one vmap or jvp got a cotangent of another one inside it. Take the vjp inside the "
            "inner function instead."
        )
    roots = [(y.node, _tensor(w)) for y, w in zip(outs, weights, strict=True) if getattr(y, "node", None) is not None]
    found = walk(roots, retain_graph=True, create_graph=True, record=record, targets=[x.node for x in targets])
    return [found.get(x.node) for x in targets]


# ------------------------------------------------------------------------------------------------------ forward mode


def jvp(function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> Any:
    """The value of ``function`` at ``primals`` and its derivative along ``tangents``: forward mode.

    Values and tangents are computed together, op by op; nothing is recorded on a tape, and the cost is about that of
    the forward pass twice. Both arguments are tuples of Tensors, arrays, or nested containers of them; ``tangents`` has
    the structure of ``primals`` (None for an argument that stands still). With ``has_aux`` the function returns
    ``(value, aux)`` and the result is ``(value, tangent, aux)``.
    """
    if (
        not isinstance(primals, (tuple, list))
        or not isinstance(tangents, (tuple, list))
        or len(primals) != len(tangents)
    ):
        raise DtypeError(
            "jvp: primals and tangents are tuples of one length, an entry for each argument: jvp(f, (x,), (v,))."
        )
    with levels.enter() as level:
        arguments = []
        for primal, tangent in zip(primals, tangents, strict=True):
            leaves, structure = tree_flatten(primal)
            changes = [None] * len(leaves) if tangent is None else tree_leaves(tangent)
            if len(changes) != len(leaves):
                raise ShapeError(f"jvp: a primal has {len(leaves)} part(s), its tangent {len(changes)}; give one each.")
            arguments.append(
                tree_unflatten(structure, [_moving(x, t, level) for x, t in zip(leaves, changes, strict=True)])
            )
        value = function(*arguments)
        aux = None
        if has_aux:
            value, aux = value
        outs, structure = tree_flatten(value)
        outs = [_result("jvp", y) for y in outs]
        still = [y.primal if wrapped(y, level) else y for y in outs]
        moved = [y.tangent if wrapped(y, level) else ops.zeros_of(y) for y in outs]
        if has_aux:
            aux = tree_map(lambda a: a.primal if wrapped(a, level) else a, aux)
    results = tree_unflatten(structure, still), tree_unflatten(structure, moved)
    return (*results, aux) if has_aux else results


def _moving(x: Any, t: Any, level: Level) -> Any:
    if t is None:
        return x
    x, t = _tensor(x), _tensor(t)
    if tuple(t.shape) != tuple(x.shape):
        raise ShapeError(f"jvp: a tangent is {tuple(t.shape)}; its primal is {tuple(x.shape)}.")
    if not is_differentiable(x.dtype):
        raise DtypeError(f"jvp: a primal is {x.dtype}, which has no derivative. Convert it with x.astype('float32').")
    return Dual(level, x, t if t.dtype == x.dtype else ops.astype(t, x.dtype))


def hvp(function: Callable[..., Any], primals: Any, tangents: Any) -> Any:
    """The Hessian of ``function`` times a vector: the derivative of the gradient along ``tangents``.

    ``primals`` and ``tangents`` are an argument each, or tuples with an entry for each argument; the result has their
    form. The Hessian itself is never formed; the cost is a few forward passes (Pearlmutter, 1994, Neural Comp. 6).
    """
    several = isinstance(primals, tuple)
    xs, vs = (primals, tangents) if several else ((primals,), (tangents,))
    argnums = tuple(range(len(xs)))
    product = jvp(grad(function, argnums), xs, vs)[1]
    return product if several else product[0]


def linearize(function: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """The value of ``function`` at ``primals``, and its derivative there as a linear function of tangents.

    The function is evaluated once; each call of the derivative costs about one backward pass and is for use at one
    point with many tangents, for which ``jvp`` would evaluate the function again.
    """
    value, pull = vjp(function, *primals)
    outs, structure = tree_flatten(value)
    with enable_grad():
        weights = [ops.zeros_of(_tensor(y)).requires_grad_() for y in outs]
        pulled = tree_leaves(pull(tree_unflatten(structure, weights)))

    def derivative(*tangents: Any) -> Any:
        """The derivative along the tangents."""
        changes = [_tensor(t) for t in tree_leaves(tuple(tangents))]
        pairs = [(g, t) for g, t in zip(pulled, changes, strict=True) if g is not None and g.node is not None]
        if not pairs:
            return tree_unflatten(structure, [ops.zeros_of(_tensor(y)) for y in outs])
        found = gradients(
            [g for g, _ in pairs], weights, [t for _, t in pairs], retain_graph=True, allow_unused=True
        )  # the pull is linear in its cotangent, so its own pull-back is the push-forward
        return tree_unflatten(structure, [_filled(g, w) for g, w in zip(found, weights, strict=True)])

    return value, derivative
