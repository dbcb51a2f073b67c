"""Differentiation as functions: gradients of outputs with respect to inputs, and of functions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from autograd import levels, ops
from autograd.backend import as_array, is_array, is_differentiable
from autograd.backward import walk
from autograd.dispatch import bound
from autograd.errors import DtypeError, GradientError, ShapeError
from autograd.interpreters import Batched, Dual, unwrap, wrapped
from autograd.levels import Level
from autograd.mistakes import warn_of_mistake
from autograd.mode import enable_grad, is_grad_enabled
from autograd.points import (
    arguments_at,
    as_tensor,
    detached,
    direction,
    is_floating,
    point,
    rebuilt,
    result_leaf,
    split_aux,
    twin,
    variables_among,
)
from autograd.tape import Node, Variable
from autograd.tensor import Tensor, no_graph_error, start_cotangent
from autograd.tree import tree_flatten, tree_map, tree_match, tree_unflatten

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
    Tensors, or scalar Values. With ``allow_unused`` an input that the outputs do not depend on gives None instead of an
    error.
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
        if not isinstance(x, Variable) or x.node is None:
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
        g: Any = found.get(x.node)
        if g is None and not allow_unused:
            raise GradientError(
                f"gradients: the outputs do not depend on inputs[{i}] of shape {x.shape}. "
                "Pass allow_unused=True to get None for it."
            )
        if g is not None and not isinstance(g, Variable):
            scalar: Any = x
            g = scalar.holding(g) if isinstance(x.array, float) else bound(as_array(g).copy(), None)
        results.append(g)
    return tuple(results)


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
        return _apart([_owned(found.get(node)) for node in nodes])
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


def _apart(gradients: list[Any]) -> list[Any]:
    """The gradients, each an object of its own: who scales one in place means that one."""
    seen: set[int] = set()
    for i, g in enumerate(gradients):
        if g is not None and id(g) in seen:
            gradients[i] = g.clone()
        seen.add(id(g))
    return gradients


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


# ------------------------------------------------------------------------------------------------------ reverse mode


def value_and_grad(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that gives the value of ``function`` and its gradient with respect to the numbered arguments.

    The arguments may be Tensors, arrays, numbers, or nested containers of them (dicts, lists, dataclasses, Modules):
    the gradient then has the same structure, with None for what has no gradient: integers, strings. The value must
    be one real number. Inside an outer differentiation the gradient is itself differentiable, so ``grad(grad(f))``
    works; it nests with ``jvp``, ``vmap`` and ``checkpoint``. With ``has_aux`` the function returns ``(value, aux)``,
    and so does the result: ``((value, aux), gradient)``.
    """

    @wraps(function)
    def differentiated(*args: Any, **options: Any) -> Any:
        places = arguments_at("grad", argnums, len(args))
        leaves, structure, chosen = variables_among("grad", [args[i] for i in places])
        points = [point(leaves[k], "grad") for k in chosen]
        arguments = list(args)
        for i, argument in zip(places, rebuilt(structure, leaves, chosen, map(twin, points)), strict=True):
            arguments[i] = argument
        recording = is_grad_enabled()
        with enable_grad():
            value = function(*arguments, **options)
        value, aux = split_aux("grad", value, has_aux)
        if not hasattr(value, "node"):
            raise DtypeError(f"grad: the function must return a Tensor of one element, not a {type(value).__name__}.")
        if value.size != 1:
            raise GradientError(
                f"grad: the function returned {value.shape}, {value.size} numbers; a gradient is of one. Reduce it, as "
                "in y.sum() or y.mean(), or use jacobian."
            )
        if not is_differentiable(value.dtype):
            raise DtypeError(
                f"grad: the function returned {value.dtype}, which has no gradient. Return a floating Tensor."
            )
        if value.dtype.kind == "c":
            raise GradientError(
                f"grad: the function returned {value.dtype}; a gradient is of a real number. Take ag.real(y) or "
                "ag.abs(y), or use jacobian or vjp."
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
        filled = [_filled(g, x) for g, x in zip(found, points, strict=True)]
        gradient = rebuilt(structure, [None] * len(leaves), chosen, filled)
        result = value if outer else detached(value)
        if has_aux:
            aux = aux if outer else tree_map(detached, aux)
        return (result, aux) if has_aux else result, gradient[0] if np.ndim(argnums) == 0 else tuple(gradient)

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

    ``pull(cotangent)`` takes a cotangent with the structure of the value (None for a part that counts nothing) and
    gives a tuple with one entry for each primal, None for what has no gradient. It may be called again, and inside
    ``vmap``: that is how a Jacobian is computed. With ``has_aux`` the result is ``(value, pull, aux)``.
    """
    value, pull, aux, _ = _vjp(function, primals, "vjp: the cotangent", has_aux)
    return (value, pull, aux) if has_aux else (value, pull)


def _vjp(
    function: Callable[..., Any],
    primals: tuple[Any, ...],
    what: str,
    has_aux: bool = False,
    inner: Collection[Any] = (),
) -> tuple[Any, Callable[..., Any], Any, set[Any]]:
    """What :func:`vjp` does, and the leaves that it made; ``inner`` are leaves that nobody outside can reach either."""
    op = what.partition(":")[0]
    leaves, structure = tree_flatten(primals, f"{op}: an argument")
    chosen = [k for k, leaf in enumerate(leaves) if is_floating(leaf)]
    points = [point(leaves[k], "vjp") for k in chosen]
    known = list(levels.here.levels)
    recording = is_grad_enabled()
    with enable_grad():
        value = function(*rebuilt(structure, leaves, chosen, map(twin, points)))
    value, aux = split_aux("vjp", value, has_aux)
    outs, out_structure = tree_flatten(value, f"{op}: the result")
    outs = [result_leaf("vjp", y) for y in outs]
    own = {unwrap(x).node for x in points if unwrap(x).node.op is None}
    outer = recording and any(_has_other_leaves(y, own.union(inner)) for y in outs)

    def pull(cotangent: Any) -> tuple[Any, ...]:
        """The gradients for this cotangent, one for each primal."""
        given = tree_match(out_structure, cotangent, what, whole=lambda entry: entry is None)
        if any(y is None and weight is not None for y, weight in zip(outs, given, strict=True)):
            raise DtypeError(f"{what} holds a number where there is no derivative (integers, None). Give None there.")
        pairs = [
            (y, direction("vjp", "cotangent", weight, y, "the value wants"))
            for y, weight in zip(outs, given, strict=True)
            if y is not None and weight is not None
        ]
        weights = [weight for _, weight in pairs]
        record = (outer and is_grad_enabled()) or _recorded(weights)
        if any(level not in known for weight in weights for level in _levels_of(weight)):
            found = _pull_lifted(pairs, points, record)
        else:
            with enable_grad():
                total = _inner_product(pairs)
            found = [None] * len(points) if total is None else _pull(total, points, record)
        filled = [_filled(g, x) for g, x in zip(found, points, strict=True)]
        return tuple(rebuilt(structure, [None] * len(leaves), chosen, filled))

    shown = tree_unflatten(out_structure, outs if outer else [detached(y) for y in outs])
    return shown, pull, aux if outer else tree_map(detached, aux), own


def _recorded(weights: Iterable[Any]) -> bool:
    """Whether a cotangent is itself part of a graph, so that the pull must be too."""
    return is_grad_enabled() and any(node is not None for w in weights for node in _nodes_of(w))


def _levels_of(x: Any) -> list[Level]:
    found = []
    while getattr(x, "level", None) is not None:
        found.append(x.level)
        x = x.primal if isinstance(x, Dual) else x.value
    return found


def _inner_product(pairs: Iterable[tuple[Any, Any]]) -> Any:
    """The real number whose gradient is the pulled-back cotangent."""
    total = None
    for y, weight in pairs:
        if unwrap(y).node is None and not _levels_of(y):
            continue
        product = ops.multiply(y, ops.conj(weight) if y.dtype.kind == "c" else weight)
        term = ops.sum(ops.real(product) if product.dtype.kind == "c" else product)
        total = term if total is None else total + term
    return total


def _pull_lifted(pairs: Sequence[tuple[Any, Any]], points: Sequence[Any], record: bool) -> list[Any]:
    """Pull cotangents of a transform that was entered after the forward pass: rules run on wrapped values."""
    if any(_levels_of(x) for x in (*(y for y, _ in pairs), *points)):
        raise GradientError(
            "vjp: a pull made inside one vmap or jvp got a cotangent of another one inside it. Take the vjp inside the "
            "inner function instead."
        )
    roots = [(y.node, weight) for y, weight in pairs if y.node is not None]
    found = walk(roots, retain_graph=True, create_graph=True, record=record, targets=[x.node for x in points])
    return _apart([found.get(x.node) for x in points])


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
    leaves, structure = tree_flatten(tuple(primals), "jvp: an argument")
    changes = tree_match(structure, tuple(tangents), "jvp: the tangents", whole=lambda entry: entry is None)
    with levels.enter() as level:
        moving = [_moving(x, t, level) for x, t in zip(leaves, changes, strict=True)]
        value = function(*tree_unflatten(structure, moving))
        value, aux = split_aux("jvp", value, has_aux)
        outs, structure = tree_flatten(value, "jvp: the result")
        outs = [result_leaf("jvp", y) for y in outs]
        still = [y.primal if wrapped(y, level) else y for y in outs]
        moved = [y.tangent if wrapped(y, level) else None if y is None else ops.zeros_of(y) for y in outs]
        if has_aux:
            aux = tree_map(lambda a: a.primal if wrapped(a, level) else a, aux)
    results = tree_unflatten(structure, still), tree_unflatten(structure, moved)
    return (*results, aux) if has_aux else results


def _moving(x: Any, t: Any, level: Level) -> Any:
    if t is None:
        return x
    x = as_tensor(x)
    if not is_differentiable(x.dtype):
        raise DtypeError(
            f"jvp: a primal is {x.dtype}, which has no derivative. Convert it with x.astype('float32'), or give None "
            "as its tangent."
        )
    return Dual(level, x, direction("jvp", "tangent", t, x, "its primal is"))


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

    ``derivative(*tangents)`` takes a tangent for each primal (None for one that stands still) and gives the derivative
    along them, in the structure of the value. The function is evaluated once; each call of the derivative costs about
    one backward pass and is for use at one point with many tangents, for which ``jvp`` would evaluate the function
    again. The derivative can be differentiated, in its tangents and in what the primals depend on, and batched.
    """
    value, pull, _, own = _vjp(function, primals, "linearize: the cotangent")
    # The pull is linear in its cotangent, so its own pull is the push-forward, wherever it is taken: at zero here.
    cotangent = tree_map(lambda y: None if y is None or not is_floating(y) else ops.zeros_of(detached(y)), value)
    _, push, _, _ = _vjp(pull, (cotangent,), "linearize: the tangents", inner=own)
    zeros = tree_map(lambda y: None if y is None else ops.zeros_of(detached(y)), value)

    def derivative(*tangents: Any) -> Any:
        """The derivative along the tangents."""
        moved = push(tangents)[0]
        return tree_map(lambda zero, t: zero if t is None else t, zeros, moved)

    return value, derivative
