"""Where a backward pass ends: gradients are added into ``.grad`` of the leaves."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from sys import getrefcount
from typing import Any

import numpy as np

from autograd import levels
from autograd.backend import as_array
from autograd.dispatch import bound
from autograd.tape import Leaf, Node, Variable

__all__ = ["accumulate"]

_UNSEEN = nullcontext()
_accumulating = threading.RLock()  # two threads may add to one parameter


def accumulate(found: dict[Node, Any], root: Node) -> None:
    """Add the gradients of leaves into ``.grad`` of their Tensors; no two of them share memory."""
    with _accumulating:
        _accumulate(found, root)


def _accumulate(found: dict[Node, Any], root: Node) -> None:
    watchers = levels.here.watchers if levels.active else ()
    while found:
        node: Any
        node, g = found.popitem()
        tensor = node if isinstance(node, Variable) else node.tensor() if node.__class__ is Leaf else None
        if tensor is None:
            continue
        for watcher in watchers:
            watcher.accumulating(tensor, g, root)
        if tensor is node:  # a scalar Value
            tensor.receive(g)
        elif tensor._grad is not None:
            if isinstance(g, Variable):
                tensor._grad = tensor._grad + g
            else:
                with levels.suspended() if levels.active else _UNSEEN:  # the sum is the engine's, no op of the program
                    tensor._grad = tensor._grad.detach() + g
        elif isinstance(g, Variable):
            tensor._grad = g
        else:
            if g.__class__ is not np.ndarray:
                g = as_array(g)
            # taking the array is safe if nobody else holds it: this name and getrefcount's argument make two
            unshared = g.base is None and getrefcount(g) == 2
            tensor._grad = bound(g if unshared else g.copy(), None)
        for watcher in watchers:
            watcher.accumulated(tensor)
