"""Why one op passes on little or nothing of its gradient: what each family of the op table has to say."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from autograd.dispatch import OPS
from viz.diagnosis.facts import Facts, number, share_of
from viz.diagnosis.trace import Operation

__all__ = ["GATES", "PRODUCTS", "SHRINKING", "Cause", "cause_at", "is_flat"]


class Cause(NamedTuple):
    """What to say: the name of the cause, the half sentence that follows the op's place, and what to do."""

    kind: str
    reason: str
    remedy: str


PRODUCTS = frozenset({
    "multiply", "divide", "matmul", "linear", "einsum", "conv1d", "conv2d", "conv3d", "linear_recurrence", "cumprod",
    "prod",
})  # fmt: skip
_SQUASHING = frozenset({
    "sigmoid", "tanh", "erf", "erfc", "ndtr", "softplus", "silu", "gelu", "gelu_tanh", "logsigmoid", "log_ndtr",
    "arctan", "logaddexp", "softmax", "log_softmax", "logsumexp",
})  # fmt: skip
_STEPS = frozenset({"sign", "floor", "ceil", "trunc", "rint", "heaviside", "copysign", "frexp"})
_FITTED = frozenset({"mse_loss", "softmax_cross_entropy"})
_STATIONARY = frozenset({"square", "power", "abs", "cos", "cosh", "hypot"}) | _FITTED
_SOFTMAX = frozenset({"softmax", "log_softmax"})
SHRINKING = _SQUASHING | _STATIONARY | {"relu", "dropout", "clip"}
"""Ops whose small factor is a cause by itself, and not only a part of a product."""

GATES = frozenset({
    "relu", "max_pool1d", "max_pool2d", "max_pool3d", "where", "maximum", "minimum", "max", "min", "clip", "dropout",
    "order_statistic",
})  # fmt: skip
"""Ops that let the gradient of some elements through, and not that of others."""


def is_flat(op: str) -> bool:
    """Whether an op of the table has no derivative, or one that is 0 everywhere."""
    known = OPS.get(op)
    return op in _STEPS or (known is not None and not known.differentiable)


def cause_at(operation: Operation, slot: int, passed: Facts) -> Cause:
    """Why ``operation`` makes so little of its incoming gradient in one slot: a cause, whatever the op."""
    name = operation.op
    x, y = operation.operand(slot), operation.result.facts()
    if name in ("relu", "dropout") or name.startswith("max_pool"):
        return _gate(operation, x, y)
    if _underflows(operation, slot, passed):
        return Cause(
            "underflow",
            f"makes gradients below the smallest number of {passed.dtype}, which become 0",
            "Multiply the loss by a scale such as 1024 and divide the gradients by it, or compute in float32.",
        )
    if name in _SOFTMAX and (constant := _constant(operation)):
        return constant
    if name in _SQUASHING:
        seen = f"its results lie at {y}" if y is not None else f"its inputs lie at {x}" if x is not None else ""
        return Cause(
            "saturated",
            f"is saturated{': ' + seen if seen else ''}, where its slope is all but 0",
            "Make its inputs smaller (normalise them, start from smaller weights), or hand the logits to a loss that "
            "takes them, such as cross_entropy.",
        )
    if name == "clip":
        bounds = [operation.params.get(name) for name in ("low", "high")]
        known = " and ".join(number(float(b)) for b in bounds if b not in (None, "None"))
        return Cause(
            "clipped",
            "is out of its bounds" + (f" {known}" if known else "") + (f": the values lie at {x}" if x else ""),
            "Widen the bounds, or use a smooth function with the same limits, such as tanh.",
        )
    if name in _STEPS:
        return Cause(
            "step_function",
            "is flat between its steps: its derivative is 0 everywhere",
            "Use a smooth stand-in (tanh for sign), or a straight-through estimator made with custom_op.",
        )
    if name in PRODUCTS:
        return _product(operation, slot, x)
    entry = OPS.get(name)
    if entry is not None and (entry.selects or entry.kind == "gather"):
        return Cause(
            "branch_not_taken",
            "takes other elements: none that has a gradient comes from this argument",
            "Look at its condition or index, and at which argument stands in which place.",
        )
    if name in _STATIONARY:
        fitted = name in _FITTED or _fits(operation)
        at = f" {x}" if x is not None and x.size and name not in _FITTED else ""
        return Cause(
            "stationary",
            f"has derivative 0 at its value{at}" + (": prediction and target agree" if fitted else ""),
            "If the loss is as low as it can be there is nothing to do; else start from another point."
            if fitted
            else "Start from another point, where the derivative is not 0.",
        )
    return Cause(
        "cancellation" if entry is not None and entry.kind in ("reduction", "view") else "stationary",
        "has derivative 0 at these values",
        "Compare its rule with finite differences (autograd.gradcheck) at this very point.",
    )


def _gate(operation: Operation, x: Facts | None, y: Facts | None) -> Cause:
    """An op that lets an element through or not."""
    name = operation.op
    if y is None and name == "dropout":
        y = operation.operand(1)  # the mask
    closed = share_of(None if y is None else y.zeros, 0 if y is None else y.size)
    if name == "relu":
        what = "it" if x is not None and x.size == 1 else "the largest"
        most = f"; {what} is {number(x.maximum)}" if x is not None and x.maximum <= 0 else ""
        inputs = "its input is" if y is not None and y.size == 1 else f"{closed} of its inputs are"
        return Cause(
            "closed_relu",
            f"is closed: {inputs} at most 0{most}",
            "Lower the learning rate, start its bias above 0, or take leaky_relu or gelu, whose slope is never 0.",
        )
    if name == "dropout":
        return Cause(
            "dropped",
            f"sets {closed} of its elements to 0",
            "Lower its p, or call model.eval() where no dropout is meant.",
        )
    return Cause(
        "max_pool",
        "takes the largest of each window, and these are not among them",
        "Use an average pooling, or smaller windows, if each element should learn.",
    )


def _constant(operation: Operation) -> Cause | None:
    """A softmax of one class, whose result is always 1, or one whose classes all have the same gradient."""
    incoming, result = operation.incoming, operation.result
    axis = operation.params.get("axis", -1)
    if isinstance(axis, str):  # the text of a recording
        axis = int(axis) if axis.lstrip("-").isdigit() else -1
    if isinstance(axis, int) and result.shape and -len(result.shape) <= axis < len(result.shape):
        if result.shape[axis] == 1:
            return Cause(
                "constant",
                f"runs over axis {axis}, which has length 1: its result is always "
                + ("1" if operation.op == "softmax" else "0"),
                "Give the last layer an output for each class, or take a sigmoid for a yes-or-no question.",
            )
        even = incoming is not None and incoming.size and incoming.maximum - incoming.minimum <= 1e-6 * incoming.largest
        if even and operation.op == "softmax":
            return Cause(
                "constant",
                "adds up to 1 whatever its inputs are, and here each of its results has the same gradient "
                f"{number(incoming.maximum) if incoming else ''}",
                "Compare it with a target (cross_entropy of the logits) before summing up.",
            )
    return None


def _underflows(operation: Operation, slot: int, passed: Facts) -> bool:
    """Whether factors that are not 0 gave a product that is, for it is too small for the dtype."""
    incoming = operation.incoming
    if incoming is None or not passed.is_zero or not incoming.largest:
        return False
    try:
        smallest = float(np.finfo(passed.dtype).smallest_subnormal)
    except (TypeError, ValueError):  # a dtype that NumPy does not know
        return False
    result, x = operation.result.facts(), operation.operand(slot)
    if operation.op == "astype":
        factors = [1.0]
    elif operation.op == "mean":
        factors = [incoming.size / passed.size]
    elif operation.op == "exp":
        factors = [] if result is None else [result.largest]
    elif operation.op in ("sigmoid", "tanh"):
        factors = [] if result is None else [_steepest(operation.op, result)]
    elif operation.op == "square":
        factors = [] if x is None else [2 * x.largest]
    elif operation.op in PRODUCTS:
        others = [operation.operand(i) for i in range(len(operation.operands)) if i != slot]
        factors = [other.largest for other in others if other is not None and other.size]
        if None in others and result is not None and x is not None and x.largest:
            factors.append(result.largest / x.largest)  # a number that was not kept, from what it did
    else:
        return False
    return any(0 < incoming.largest * factor < smallest for factor in factors)


def _steepest(op: str, y: Facts) -> float:
    """The steepest slope of a sigmoid or a tanh among results from ``y.minimum`` to ``y.maximum``."""
    middle = 0.5 if op == "sigmoid" else 0.0
    nearest = min(max(middle, y.minimum), y.maximum)
    return nearest * (1 - nearest) if op == "sigmoid" else 1 - nearest * nearest


def _product(operation: Operation, slot: int, x: Facts | None) -> Cause:
    """A product with a factor of 0; where the factor came out of a relu or a dropout, that is the cause."""
    for other, source in enumerate(operation.operands):
        factor = operation.operand(other)
        if other == slot or factor is None or not (factor.is_zero or source is None):
            continue
        made = operation.arguments[other] if other < len(operation.arguments) else None
        maker = made.producer if made is not None else None
        what = _argument(operation.op, other)
        if maker is not None and maker.op in ("relu", "dropout"):
            gate = cause_at(maker, 0, factor)
            return Cause(gate.kind, f"multiplies by {what}, which is all 0: {maker.place()} {gate.reason}", gate.remedy)
        return Cause(
            "multiplied_by_zero",
            f"multiplies by {what}, whose {factor.size if factor.size != 1 else 'one'} "
            f"element{'s are' if factor.size != 1 else ' is'} 0",
            "Start that factor from other values than 0, or find out what sets it to 0.",
        )
    if operation.op == "divide" and slot == 0:
        return Cause("multiplied_by_zero", "divides by a number that is infinite", "Look at what made it infinite.")
    if operation.op in ("multiply", "cumprod", "prod"):
        return Cause(
            "multiplied_by_zero",
            "multiplies by a factor that is 0 wherever the gradient is not",
            "Look at that factor: a mask, a weight that starts at 0, a switched-off term.",
        )
    return Cause(
        "cancellation",
        "adds up terms that cancel",
        "Look at its other argument: rows that are the same, or a mean that was taken off.",
    )


def _argument(op: str, slot: int) -> str:
    known = OPS.get(op)
    names = known.arguments if known is not None else ()
    return f"its argument {names[slot]}" if slot < len(names) else f"its argument {slot}"


def _fits(operation: Operation) -> bool:
    """Whether an op measures a difference that is 0."""
    argument = operation.arguments[0] if operation.arguments else None
    return argument is not None and argument.producer is not None and argument.producer.op == "subtract"
