"""``viz.diagnose``: look at a model and its loss for what commonly goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograd import record
from autograd.errors import ArgumentError, DtypeError
from autograd.mode import enable_grad
from autograd.naming import named_tensors
from autograd.tape import Variable
from viz.diagnosis.case import case_of
from viz.diagnosis.findings import Diagnosis
from viz.diagnosis.layers import check_layers
from viz.diagnosis.losses import check_loss
from viz.diagnosis.steps import check_steps
from viz.diagnosis.units import check_units

__all__ = ["diagnose"]


def diagnose(
    model: Any,
    loss: Any,
    *,
    optimizer: Any = None,
    lr: float | None = None,
    classes: int | None = None,
    initial: bool = False,
) -> Diagnosis:
    """Findings on a model and its loss, each with evidence and a remedy; a healthy model gets none.

    ``model``      anything with ``named_parameters()``, or a dict from names to Tensors or Values; ``named_modules()``
                   tells dropout and the like too
    ``loss``       the loss of a batch: a Tensor or Value whose graph is still there (before ``backward``, or after
                   ``backward(retain_graph=True)``), or a function without arguments that computes it. With a function,
                   findings also name the part of the model and the line
    ``optimizer``  an object with ``param_groups``, or ``lr``, the learning rate of plain gradient descent: for the size
                   of a step against the weights
    ``classes``    how many classes there are, where the model's outputs do not tell
    ``initial``    the model is untrained: its cross-entropy is compared with ln(classes) from both sides

    Gradients are computed anew (gradient hooks run); no ``.grad`` and no parameter changes. Every kind of finding is in
    :data:`viz.FINDINGS`, with an example in docs/why.md. A batch of at least 16 examples is needed to tell a dead unit.
    The time is that of a backward pass and of a few passes over each value.

    Raises DtypeError for a model or a loss of another kind, and ArgumentError for a graph that was given back.
    """
    options = _options(optimizer, lr)
    named_tensors(model, "diagnose: model")  # refuses what has no names
    tape = None
    if callable(loss) and not isinstance(loss, Variable):
        with enable_grad(), record(names=model) as tape:
            loss = loss()
    if not isinstance(loss, Variable):
        raise DtypeError(
            f"diagnose: loss is a {type(loss).__name__}; give the loss as a Tensor or Value, or a function without "
            "arguments that computes it."
        )
    case = case_of(model, loss, tape, options, optimizer, classes, initial)
    if case.trace is not None and case.trace.broken:
        raise ArgumentError(
            f"diagnose: {case.trace.broken}. Call it before backward(), or call backward(retain_graph=True), or give a "
            "function that computes the loss."
        )
    found = [finding for check in (check_loss, check_units, check_layers, check_steps) for finding in check(case)]
    found.sort(key=lambda finding: _ORDER.index(finding.severity))
    count = sum(len(group.members) for group in case.groups)
    ops = len(case.operations)
    return Diagnosis(tuple(found), f"{count} parameter{'s' * (count != 1)} and {ops} op{'s' * (ops != 1)}")


_ORDER = ("error", "warning", "note")


def _options(optimizer: Any, lr: float | None) -> tuple[Mapping[str, Any], ...]:
    """The options of each group of parameters."""
    if optimizer is not None and lr is not None:
        raise ArgumentError("diagnose: give optimizer or lr, not both: the optimizer has its own learning rates.")
    if lr is not None:
        if not isinstance(lr, (int, float)) or not 0 < lr < float("inf"):
            raise ArgumentError(f"diagnose: lr must be a number above 0, not {lr!r}.")
        return ({"lr": lr},)
    if optimizer is None:
        return ()
    groups = getattr(optimizer, "param_groups", None)
    if groups is None:
        raise DtypeError(
            f"diagnose: optimizer is a {type(optimizer).__name__}, which has no param_groups. Give one of optim, or lr."
        )
    return tuple(groups)
