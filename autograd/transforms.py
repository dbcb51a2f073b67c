"""Differentiation as functions: gradients of outputs with respect to inputs, and of functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from autograd.backend import as_array, is_array
from autograd.backward import walk
from autograd.dispatch import bound
from autograd.errors import DtypeError, GradientError, ShapeError
from autograd.mode import enable_grad, is_grad_enabled
from autograd.tape import Variable
from autograd.tensor import Tensor, no_graph_error, start_cotangent

__all__ = ["grad", "gradients", "value_and_grad"]


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


def value_and_grad(function: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that gives the value of ``function`` and its gradient with respect to the numbered arguments.

    The arguments may be Tensors, arrays or numbers; the value must have one element. Inside an outer differentiation
    the gradient is itself differentiable, so ``grad(grad(f))`` works.
    """
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @wraps(function)
    def differentiated(*args: Any, **options: Any) -> Any:
        arguments = list(args)
        for i in numbers:
            if not -len(arguments) <= i < len(arguments):
                raise DtypeError(f"grad: argnums names argument {i}, but the call has {len(arguments)}.")
            arguments[i] = _point(arguments[i])
        wanted = [arguments[i] for i in numbers]
        recording = is_grad_enabled()
        with enable_grad():
            value = function(*arguments, **options)
        if not isinstance(value, Tensor):
            raise DtypeError(f"grad: the function must return a Tensor of one element, not a {type(value).__name__}.")
        # Record the gradient too if somebody outside can differentiate it: through the arguments, or through other
        # Tensors that the function closes over.
        outer = recording and _has_other_leaves(value, {x.node for x in wanted if x.is_leaf})
        found = gradients(value, wanted, create_graph=outer, allow_unused=True)
        zeros = (bound(np.zeros_like(x.array), None) for x in wanted)
        parts = tuple(z if g is None else g for g, z in zip(found, zeros, strict=True))
        return value if outer else value.detach(), parts[0] if isinstance(argnums, int) else parts

    return differentiated


def _point(x: Any) -> Tensor:
    """The place to differentiate at: joined to the graph that ``x`` is part of, else a leaf of its own."""
    if isinstance(x, Tensor):
        return x.clone() if x.node is not None and is_grad_enabled() else x.detach().requires_grad_()
    if is_array(x) or isinstance(x, np.generic):
        return bound(as_array(x), None).requires_grad_()
    return bound(np.asarray(x, dtype=np.float32 if isinstance(x, (float, int)) else None), None).requires_grad_()


def _has_other_leaves(value: Tensor, own: set[Any]) -> bool:
    """Whether the graph of ``value`` ends in a leaf that is not in ``own``."""
    stack, seen = [value.node], set()
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if node.op is None and node not in own:
            return True
        stack.extend(node.inputs)
    return False


def grad(function: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that gives the gradient of ``function`` with respect to the numbered arguments.

    >>> ag.grad(ag.tanh)(0.5)
    """
    both = value_and_grad(function, argnums)

    @wraps(function)
    def differentiated(*args: Any, **options: Any) -> Any:
        return both(*args, **options)[1]

    return differentiated
