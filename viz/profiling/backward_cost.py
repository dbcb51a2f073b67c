"""What the backward pass through an op costs, as far as the forward pass tells it: estimates, and none where none is
honest."""

from __future__ import annotations

import math

from autograd.dispatch import OPS
from autograd.recording import BackwardEvent, OpEvent, Recording
from viz.profiling.kept_values import kept_values

__all__ = ["backward_bytes", "backward_flops"]

_PRODUCTS = ("matmul", "linear", "einsum", "conv1d", "conv2d", "conv3d")
_FREE = ("view", "gather", "item", "tuple")


def backward_flops(recording: Recording, event: BackwardEvent) -> int | None:
    """The floating-point operations of one step of a backward pass, estimated from the forward cost of its op.

    The gradient of each factor of a product is a product of the same size, so it costs what the forward pass did; that
    of a bias sums the incoming gradient up. The gradient through an elementwise op costs about one forward evaluation
    for each argument. Views and gathers compute nothing. For all other ops this is None: their rules are too unlike
    their forward computation to guess.
    """
    if event.op is None:
        return None
    forward = recording.ops[event.op]
    if forward.kind in _FREE:
        return 0
    if forward.kind == "elementwise":
        return forward.flops * len(event.contributions)
    if forward.op not in _PRODUCTS:
        return None
    biases = sum(_is_bias(forward, contribution.slot) for contribution in event.contributions)
    return forward.flops * (len(event.contributions) - biases) + biases * math.prod(event.incoming.shape)


def _is_bias(forward: OpEvent, slot: int) -> bool:
    op = OPS.get(forward.op)
    return op is not None and slot < len(op.arguments) and op.arguments[slot] == "bias"


def backward_bytes(recording: Recording, event: BackwardEvent) -> int:
    """The bytes that one step of a backward pass reads and writes at least: the incoming gradient, what it passes on,
    and the values that its op kept for it."""
    gradients = event.incoming.nbytes + sum(contribution.gradient.nbytes for contribution in event.contributions)
    if event.op is None:
        return gradients
    kept = kept_values(recording, recording.ops[event.op])
    return gradients + sum(recording.values[value].summary.nbytes for value in kept)
