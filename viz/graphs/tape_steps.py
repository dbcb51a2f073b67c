"""The backward pass of a graph that is still on the tape, step by step, without changing any gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import levels
from autograd.backward import walk
from autograd.cotangents import added, as_one_array
from autograd.scalar import Value
from autograd.tape import FREED, Node, ancestors
from autograd.watching import Summary, summarize

__all__ = ["Pull", "can_walk", "watch_backward"]


class Pull:
    """One gradient on its way from a node along an argument slot to a parent, and what was there before and after."""

    __slots__ = ("after", "before", "gradient", "incoming", "node", "parent", "slot")

    def __init__(self, node: Any, parent: Any, slot: int, incoming: Summary, gradient: Summary):
        self.node = node
        self.parent = parent
        self.slot = slot
        self.incoming = incoming
        self.gradient = gradient
        self.before: Summary | None = None
        self.after: Summary = gradient


def can_walk(root: Any) -> bool:
    """Whether a backward pass can go through the graph: no earlier one has given its saved values back."""
    return all(node.saved is not FREED for node in ancestors([root]))


def watch_backward(root: Any, small: int = 16) -> list[Pull]:
    """Every contribution of the backward pass from ``root`` with a cotangent of ones, in order. The graph stays."""
    watcher = _Watcher(small)
    ones: Any = 1.0 if isinstance(root, Value) else np.ones(root.shape, root.dtype)
    with watcher:
        walk([(root, ones)], retain_graph=True, create_graph=False)
    return watcher.pulls


class _Watcher(levels.Watcher):
    """Writes down what :func:`autograd.backward.walk` shows."""

    def __init__(self, small: int) -> None:
        self.small = small
        self.pulls: list[Pull] = []

    def pulled(self, node: Node, parent: Node, g: Any, gi: Any, before: Any) -> None:
        """See one gradient on its way from a node to one of its inputs."""
        taken = set()
        for pull in reversed(self.pulls):
            if pull.node is not node:
                break
            taken.add(pull.slot)
        slot = next((i for i, p in enumerate(node.inputs) if p is parent and i not in taken), 0)
        pull = Pull(node, parent, slot, summarize(as_one_array(g), self.small), summarize(as_one_array(gi), self.small))
        if before is not None:
            pull.before = summarize(as_one_array(before), self.small)
            pull.after = summarize(as_one_array(added(before, gi)), self.small)
        self.pulls.append(pull)
