"""What a lesson about the backward pass shows besides the graph: the rules of its ops, with slots for numbers."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from autograd.dispatch import OPS
from autograd.errors import ArgumentError, MissingExtraError
from viz.derivations.formula import template_mathml

if TYPE_CHECKING:
    from viz.graphs.view import GraphView

__all__ = ["rules_of"]


def rules_of(view: GraphView) -> dict[str, list[Any]]:
    """Of each op that the backward pass of the view goes through, and of each of its arguments, the rule as MathML: for
    arrays and for single numbers. None where an argument has none, or the table has no formula.

    Without latex2mathml there are none; the page then shows the numbers alone.
    """
    found: dict[str, list[Any]] = {}
    try:
        for name in sorted({op for step in view.steps if (op := view.nodes[step.node].op) in OPS}):
            arguments = max(1, len(getattr(OPS[name], "arguments", ()) or ()))
            found[name] = [_rule(name, slot) for slot in range(arguments)]
    except MissingExtraError:
        return {}
    return found


def _rule(name: str, slot: int) -> list[str] | None:
    with suppress(ArgumentError):
        return [template_mathml(name, slot), template_mathml(name, slot, scalar=True)]
    return None
