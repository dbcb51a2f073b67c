"""Running a Module or a function once to see what it computes, and leaving no trace of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd.creation import ones_like, tensor
from autograd.errors import ArgumentError
from autograd.naming import named_tensors
from autograd.random import used_generators
from autograd.recorder import record
from autograd.scalar import Value
from autograd.tensor import Tensor
from autograd.transforms import gradients
from autograd.tree import tree_leaves

__all__ = ["trace"]


def trace(
    function: Callable[..., Any], inputs: Sequence[Any], *, backward: bool, names: Any = None, retain: bool = False
) -> tuple[record, Any]:
    """Call a Module or a function on example inputs under a recorder; give the recorder and the output.

    Arrays are given as Tensors. With ``backward`` the gradients of everything that requires one are computed, from
    cotangents of ones. The buffers of a Module (running statistics), its gradients, and the state of the random
    generators are afterwards what they were before.
    """
    of_model = function if hasattr(function, "named_parameters") else None
    named = dict(named_tensors(of_model, "model")) | dict(named_tensors(names, "names"))
    given = [tensor(x) if isinstance(x, np.ndarray) else x for x in inputs]
    for name, value in zip(_argument_names(function, len(given)), given, strict=True):
        if isinstance(value, (Tensor, Value)):
            named.setdefault(name, value)
    _check_call(function, given)
    with _untouched(function), record(names=named, histograms=True) as tape:
        out = function(*given)
        if backward:
            _differentiate(out, named, retain)
    return tape, out


def _check_call(function: Any, given: list[Any]) -> None:
    """Raise where the function cannot be called with so many inputs."""
    called = function.forward if hasattr(function, "forward") else function
    try:
        inspect.signature(called).bind(*given)
    except TypeError as error:
        name = getattr(function, "__name__", type(function).__name__)
        raise ArgumentError(
            f"graph: {name} cannot be called with {len(given)} example inputs: {error}. Give them after it: "
            f"viz.graph({name}, x); on the command line, --input x."
        ) from error
    except ValueError:  # of a function without a signature, such as one of C
        return


def _differentiate(out: Any, names: dict[str, Any], retain: bool) -> None:
    outputs = [y for y in tree_leaves(out) if getattr(y, "requires_grad", False)]
    if not outputs:
        raise ArgumentError(
            "graph: backward=True, but nothing of the output requires a gradient. Give inputs or parameters with "
            "requires_grad=True, or leave backward away."
        )
    wanted = [x for x in names.values() if getattr(x, "requires_grad", False)]
    if wanted:
        seeds = [1.0 if isinstance(y, Value) else ones_like(y) for y in outputs]
        gradients(outputs, wanted, seeds, allow_unused=True, retain_graph=retain)


def _argument_names(function: Callable[..., Any], count: int) -> list[str]:
    """What the function calls its arguments."""
    called = function.forward if hasattr(function, "forward") else function
    names: list[str] = []
    try:
        parameters = list(inspect.signature(called).parameters.values())
    except (TypeError, ValueError):  # of a function without a signature, such as one of C
        parameters = []
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            names += [f"{parameter.name}[{i}]" for i in range(count - len(names))]
        elif parameter.kind is not parameter.KEYWORD_ONLY and parameter.kind is not parameter.VAR_KEYWORD:
            names.append(parameter.name)
    return [*names, *(f"input {i}" for i in range(len(names), count))][:count]


@contextmanager
def _untouched(function: Any) -> Iterator[None]:
    """Put the buffers of a Module and the random generators back to what they were before the block."""
    named_buffers = getattr(function, "named_buffers", None)
    buffers = [] if named_buffers is None else [(b, b.array.copy()) for _, b in named_buffers()]
    with used_generators() as used:
        try:
            yield
        finally:
            for buffer, before in buffers:
                buffer.array[...] = before
            for generator, state in used.items():
                generator.set_state(state)
