"""checkpoint: keep only the inputs of a part of a program, and compute it again when backward needs it.

Source: Chen et al., 2016, "Training deep nets with sublinear memory cost", arXiv:1604.06174.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from autograd import levels
from autograd.backend import is_differentiable
from autograd.backward import walk
from autograd.dispatch import bound, item_node
from autograd.errors import GradientError
from autograd.mode import enable_grad, is_grad_enabled, no_grad
from autograd.primitive import Primitive, primitive
from autograd.random import get_states, set_states, used_generators
from autograd.tape import Leaf, Node, Variable, next_seq, writes
from autograd.tensor import Tensor
from autograd.tree import tree_flatten, tree_unflatten

__all__ = ["checkpoint"]


def checkpoint(
    function: Callable[..., Any], *args: Any, keep: Callable[[Primitive], bool] | None = None, **options: Any
) -> Any:
    """``function(*args, **options)``, whose inner values are not kept for backward but computed again there.

    Gradients flow to the arguments (nested containers too) and to every Tensor that the function closes over, such as
    the parameters of a Module. Random ops draw the same numbers the second time. The function must do the same when it
    is called again.

    ``keep``  makes it selective: the results of the ops for which ``keep(op)`` holds are kept and not computed again,
              such as ``keep=lambda op: op.kind == "contraction"``
    """
    leaves, structure = tree_flatten(args)
    if not is_grad_enabled() or levels.here.levels:
        return function(*args, **options)  # forward mode and vmap have no tape whose memory could be saved

    states = get_states()
    outside: dict[int, Any] = {}
    kept: list[Any] = []

    def watch(op: Any, arguments: tuple[Any, ...], params: dict[str, Any], run: Callable[..., Any]) -> Any:
        for a in arguments:
            if isinstance(a, Variable) and a.node is not None:
                outside.setdefault(id(a), a)
        y = run(op, arguments, params)
        if keep is not None and not op.aux and not op.outputs and keep(op):
            kept.append(y.array)
        return y

    constants = [x.detach() if isinstance(x, Tensor) else x for x in leaves]
    with no_grad(), levels.observe(watch), used_generators() as used:
        value = function(*tree_unflatten(structure, constants), **options)
    outs, out_structure = tree_flatten(value)
    inner = [x for x in leaves if isinstance(x, Tensor) and x.node is not None]
    sources = [*inner, *outside.values()]
    flows = [i for i, y in enumerate(outs) if isinstance(y, Tensor) and is_differentiable(y.dtype)]
    if not sources or not flows:
        return value

    # What the sources were: x += y may rebind them later.
    places: list[tuple[Any, Any]] = [(x.array, x.node) for x in sources]

    def pull(g: Any, needs: tuple[bool, ...]) -> list[Any]:
        """Compute again, this time with a tape, and go back through it."""
        for array, _ in places:
            if writes.after(array, made.seq):
                raise GradientError(
                    f"checkpoint: an input of shape {tuple(array.shape)} was written in place before backward, so the "
                    "part cannot be computed again. Write after backward, or keep a copy: x.clone()."
                )
        higher = any(isinstance(part, Variable) for part in g)
        # In a recorded pass the second computation joins the graph; else it stands on leaves of its own.
        nodes: list[Any] = [node for _, node in places] if higher else [Leaf(x) for x in sources]
        given = iter(nodes)
        fresh = [bound(x.array, next(given)) if isinstance(x, Tensor) and x.node is not None else x for x in leaves]
        with _replayed(states, used), _standing_at(sources[len(inner) :], nodes[len(inner) :]), enable_grad():
            again = _again(function, tree_unflatten(structure, fresh), options, kept, keep)
        results = tree_flatten(again)[0]
        roots = [
            (results[i].node, part) for i, part in zip(flows, g, strict=True)
            if part is not None and getattr(results[i], "node", None) is not None
        ]  # fmt: skip
        found = walk(
            roots, retain_graph=higher, create_graph=higher, record=is_grad_enabled() if higher else None,
            targets=[node for node, need in zip(nodes, needs, strict=True) if need],
        )  # fmt: skip
        return [found.get(node) if need else None for node, need in zip(nodes, needs, strict=True)]

    op = primitive(  # pull follows the convention for complex numbers already
        "checkpoint", lambda *xs: xs, kind="composite", vjp=pull, outputs=True, register=False, holomorphic=False
    )
    made = object.__new__(Node)
    made.op = op
    made.inputs = tuple(node for _, node in places)
    made.saved = None
    made.params = {}
    made.seq = next_seq()
    made.hooks = None
    made.shape = tuple(outs[i].shape for i in flows)
    made.dtype = outs[flows[0]].dtype
    for k, i in enumerate(flows):
        outs[i] = bound(outs[i].array, item_node(made, k, outs[i].array))
    return tree_unflatten(out_structure, outs)


@contextmanager
def _replayed(states: Any, used: dict[Any, Any]) -> Iterator[None]:
    """Random numbers as they were at first, and afterwards as they are now; of users' own generators too."""
    now, now_used = get_states(), {generator: generator.get_state() for generator in used}
    set_states(states)
    for generator, state in used.items():
        generator.set_state(state)
    try:
        yield
    finally:
        for generator, state in now_used.items():
            generator.set_state(state)
        set_states(now)


@contextmanager
def _standing_at(tensors: Sequence[Any], nodes: Sequence[Any]) -> Iterator[None]:
    """Tensors that a function closes over, for a while at other places of the graph."""
    before = [x.node for x in tensors]
    for x, node in zip(tensors, nodes, strict=True):
        x.node = node
    try:
        yield
    finally:
        for x, node in zip(tensors, before, strict=True):
            x.node = node


def _again(function: Callable[..., Any], args: Any, options: dict[str, Any], kept: list[Any], keep: Any) -> Any:
    if keep is None:
        return function(*args, **options)
    stored = iter(kept)

    def reuse(op: Any, arguments: tuple[Any, ...], params: dict[str, Any], run: Callable[..., Any]) -> Any:
        if op.aux or op.outputs or not keep(op):
            return run(op, arguments, params)
        value = next(stored)
        known = copy.copy(op)  # the same rules, and a forward that is known already
        known.forward = lambda *_, **__: value
        return run(known, arguments, params)

    with levels.observe(reuse):
        return function(*args, **options)
