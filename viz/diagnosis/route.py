"""The way of a gradient from the loss to a value, step by step, with the factor of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from viz.diagnosis.explanation import PathStep
from viz.diagnosis.facts import Facts
from viz.diagnosis.trace import Passage, Quantity, Trace

__all__ = ["HOOK", "SUM", "Route", "blockers", "route_to", "strongest"]

SUM = "sum of uses"
"""What a step is called that adds up the contributions of several uses."""

HOOK = "gradient hook"
"""What a step is called in which a hook has changed the gradient."""


@dataclass(frozen=True, slots=True)
class Route:
    """The steps in the order of the backward pass, and the passage of each (None where contributions are added up)."""

    steps: tuple[PathStep, ...]
    passages: tuple[Passage | None, ...]
    values: tuple[int, ...]
    ops: tuple[int, ...]
    seqs: tuple[int, ...]

    @property
    def factor(self) -> float | None:
        """All factors, multiplied; None where one of them is not known."""
        product = 1.0
        for step in self.steps:
            if step.factor is None:
                return None
            product *= step.factor
        return product

    def place_of(self, passage: Passage) -> int | None:
        """Which step a passage is."""
        return next((place for place, found in enumerate(self.passages) if found is passage), None)


def strongest(quantity: Quantity) -> Passage | None:
    """The largest contribution to a gradient; of those that are not finite the first."""
    found = None
    for passage in quantity.received:
        g = passage.gradient
        key = (g.nonfinite > 0, g.norm)
        if found is None or key > found[0]:
            found = key, passage
    return found and found[1]


def route_to(trace: Trace, quantity: Quantity, choose: Callable[[Quantity], Passage | None] = strongest) -> Route:
    """The way from the loss to ``quantity``; where several lead to a value, ``choose`` says along which.

    The product of the factors is the root mean square of the gradient over that of the loss's own, to rounding.
    """
    backwards: list[tuple[PathStep, Passage | None]] = []
    values, ops = [quantity.id], []
    here = quantity
    while (passage := choose(here)) is not None:
        arrived, gradient = here.arrived or passage.gradient, here.gradient or here.arrived or passage.gradient
        if gradient is not arrived and (gradient.norm != arrived.norm or gradient.nonfinite != arrived.nonfinite):
            note = "a hook has changed the gradient"
            backwards.append((_step(HOOK, here, arrived, gradient, note), None))
        if len(here.received) > 1:
            note = f"{len(here.received)} contributions"
            backwards.append((_step(SUM, here, passage.gradient, arrived, note), None))
        operation = passage.operation
        incoming = operation.incoming
        factor = None if incoming is None else _ratio(incoming, passage.gradient)
        step = PathStep(
            operation.op, operation.scope, operation.line, here.shape, factor, passage.gradient.length, "", here.seq
        )
        backwards.append((step, passage))
        ops.append(operation.id)
        here = operation.result if len(operation.results) == 1 else max(operation.results, key=_norm)
        values.append(here.id)
    backwards.reverse()
    known = [trace.quantities[number].seq for number in reversed(values)]
    return Route(
        tuple(step for step, _ in backwards), tuple(passage for _, passage in backwards), tuple(reversed(values)),
        tuple(reversed(ops)), tuple(seq for seq in known if seq is not None),
    )  # fmt: skip


def _norm(quantity: Quantity) -> float:
    return -1.0 if quantity.arrived is None else quantity.arrived.norm


def _step(op: str, here: Quantity, before: Facts, after: Facts, note: str) -> PathStep:
    return PathStep(op, "", None, here.shape, _ratio(before, after), after.length, note, here.seq)


def _ratio(before: Facts, after: Facts) -> float | None:
    """The factor of a step; None where it has none: from 0, or with what is not finite."""
    return after.rms / before.rms if before.rms and before.is_finite and after.is_finite else None


def blockers(quantity: Quantity) -> tuple[list[Passage], dict[int, Passage]]:
    """Where on its ways from the loss a gradient that is zero became so.

    Returns the passages whose op was given a gradient and passed on zeros, the largest first; and for each value below
    them the passage to follow up to it.
    """
    found: list[Passage] = []
    seen = {quantity.id}
    waiting = [quantity]
    below: dict[int, list[Passage]] = {}
    for here in waiting:  # it grows as we go
        for passage in here.received:
            incoming = passage.operation.incoming
            if not passage.gradient.is_zero:
                continue
            if incoming is not None and not incoming.is_zero:
                found.append(passage)
                continue
            for result in passage.operation.results:
                below.setdefault(result.id, []).append(passage)
                if result.id not in seen:
                    seen.add(result.id)
                    waiting.append(result)
    found.sort(key=lambda passage: -_incoming(passage))
    return found, _ways(found, below)


def _ways(found: list[Passage], below: dict[int, list[Passage]]) -> dict[int, Passage]:
    """For each value under the first of the passages found, which passage leads up to it."""
    ways: dict[int, Passage] = {}
    waiting = found[:1]
    for passage in waiting:
        if passage.to.id not in ways:
            ways[passage.to.id] = passage
            waiting += below.get(passage.to.id, [])
    return ways


def _incoming(passage: Passage) -> float:
    incoming = passage.operation.incoming
    return 0.0 if incoming is None else incoming.norm if not incoming.nonfinite else float("inf")
