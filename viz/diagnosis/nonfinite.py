"""Where a NaN or an infinity came from: the first op that made one out of finite numbers, and those numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from autograd.dispatch import OPS
from autograd.errors import GlassgradError
from viz.diagnosis.causes import Cause
from viz.diagnosis.facts import Facts, facts_of, number, plain_array
from viz.diagnosis.trace import Operation, Passage, Quantity

__all__ = ["ancestry", "nonfinite_passage", "numbers_of", "origin_of", "result_of"]


def nonfinite_passage(quantity: Quantity) -> Passage | None:
    """The passage in which a gradient became not finite, going up from ``quantity``; None if the loss's own was so.

    Where all contributions are finite and their sum is not, it is the largest of them.
    """
    here = quantity
    while True:
        bad = [p for p in here.received if p.gradient.nonfinite]
        if not bad:
            return max(here.received, key=lambda p: p.gradient.largest, default=None)
        for passage in bad:
            incoming = passage.operation.incoming
            if incoming is None or incoming.is_finite:
                return passage
        above = next((r for p in bad for r in p.operation.results if _gradient_is_bad(r)), None)
        if above is None:
            return None  # neither an op nor a sum made it: the first gradient was so, or a hook's
        here = above


def _gradient_is_bad(quantity: Quantity) -> bool:
    return bool(quantity.arrived is not None and quantity.arrived.nonfinite)


def result_of(operation: Operation) -> Facts | None:
    """The numbers of an op's result; where nobody kept them, an elementwise op is computed again from its arguments."""
    known = operation.result.facts()
    if known is not None or operation.kind not in ("elementwise", "reduction"):
        return known
    sources = [
        s if s is not None else a and a.value for s, a in zip(operation.operands, operation.arguments, strict=False)
    ]
    if any(s is None or hasattr(s, "nonfinite") for s in sources) or operation.op not in OPS:
        return None
    try:
        with np.errstate(all="ignore"):
            arrays = [s if isinstance(s, (int, float)) else plain_array(s) for s in sources]
            made = OPS[operation.op].compute(arrays, operation.params)
    except (GlassgradError, TypeError, ValueError):
        return None
    operation.result.value = made
    return facts_of(made)


def origin_of(operations: Iterable[Operation]) -> Operation | Quantity | None:
    """What is not finite first among ops and all that they were applied to: a leaf, or the result of an op.

    Where nobody kept a result it counts as finite if the arguments are. A constant of ``-inf`` and finite numbers is a
    mask, and so is what ``where`` and the like make of it: that counts as finite until an op makes NaN of it.
    """
    bad: set[int] = set()
    masks: set[int] = set()
    for operation in sorted(operations, key=lambda op: op.id):
        spoilt = masked = False
        for slot, argument in enumerate(operation.arguments):
            x = operation.operand(slot)
            if argument is not None and argument.id in bad:
                spoilt = True
            elif argument is not None and argument.id in masks:
                masked = True
            elif x is not None and x.nonfinite:
                is_constant = argument is None or not (argument.producer is not None or argument.requires_grad)
                if is_constant and _is_mask(x):
                    masked = True
                elif argument is not None and argument.producer is None:
                    return argument
                else:
                    spoilt = True
        y = result_of(operation)
        results = {result.id for result in operation.results}
        if y is None:
            (bad if spoilt else masks if masked else set()).update(results)
        elif y.nonfinite and spoilt:
            bad |= results
        elif y.nonfinite and _is_mask(y) and _keeps_mask(operation, masked):
            masks |= results
        elif y.nonfinite:
            return operation
    return None


_MASKING = {"where", "maximum", "minimum", "setitem"}
_ADDING = {"add", "subtract"}
_LAYING = {"view", "gather"}


def _keeps_mask(operation: Operation, masked: bool) -> bool:
    """Whether an op is one that masks, or lays out what is masked."""
    return operation.op in _MASKING or (masked and (operation.op in _ADDING or operation.kind in _LAYING))


def _is_mask(facts: Facts) -> bool:
    """Whether what is not finite is -inf, which a softmax takes for nothing; or may be, as far as a summary tells."""
    return facts.odd is None or facts.odd == -math.inf


def ancestry(operation: Operation) -> list[Operation]:
    """An op and those that its arguments were computed by, but for what is known to be finite."""
    found, seen = [operation], {operation.id}
    for here in found:
        for slot, argument in enumerate(here.arguments):
            made = None if argument is None else argument.producer
            x = here.operand(slot)
            if made is not None and made.id not in seen and (x is None or x.nonfinite):
                seen.add(made.id)
                found.append(made)
    return found


_MEND = {
    "log": "Add a small number inside, use log_softmax or cross_entropy of the logits instead of the log of a softmax, "
    "or clip from below.",
    "sqrt": "Add a small number under the root: sqrt(x + 1e-12).",
    "divide": "Add a small number to the divisor, or choose with where() before dividing, not after.",
    "negative": "Make its argument positive first: clip it from below, or take softplus or the square of it.",
    "exp": "Take off the maximum before exp, as logsumexp and softmax do, or make its inputs smaller.",
}
_ALIKE = {
    "log2": "log", "log10": "log", "log1p": "log", "xlogy": "log", "logit": "log", "rsqrt": "sqrt", "cbrt": "sqrt",
    "power": "sqrt", "reciprocal": "divide", "expm1": "exp", "exp2": "exp", "cosh": "exp", "sinh": "exp",
}  # fmt: skip


def numbers_of(operation: Operation, backward: bool) -> Cause:
    """What an op made its NaN or infinity of, and how to mend it."""
    name = operation.op
    x = operation.operand(0)
    y = result_of(operation)
    family = _ALIKE.get(name, name)
    if name == "power" and not backward and not _is_root(operation):
        family = "divide"  # a negative power of 0
    if x is not None and x.minimum < 0 and family in ("log", "sqrt"):
        family = "negative"
    kind = "nonfinite_backward" if backward else "nonfinite_forward"
    mend = _MEND.get(family, "Look at those numbers, and stop there with autograd.detect_anomaly().")
    return Cause(kind, _sentence(operation, family, x, y, backward), mend)


def _is_root(operation: Operation) -> bool:
    """Whether a power is a fraction of a negative number, which is no real number."""
    x, exponent = operation.operand(0), operation.operand(1)
    if x is None or x.minimum >= 0:
        return False
    if exponent is None:  # a number that nobody kept: where it is no fraction, the base held a 0
        return not x.zeros
    return not (exponent.minimum.is_integer() and exponent.maximum.is_integer())


def _sentence(operation: Operation, family: str, x: Facts | None, y: Facts | None, backward: bool) -> str:
    name = operation.op
    made = "a slope" if backward else "a value"
    if name == "power" and family == "negative" and x is not None:
        exponent = operation.operand(1) or "of a fraction"
        return f"raises {number(x.minimum)} to the power {exponent}, which is no real number"
    if family == "negative" and x is not None and _ALIKE.get(name, name) == "sqrt":
        return f"is applied to {number(x.minimum)}, where it is no real number"
    if family in ("log", "negative") and x is not None and x.minimum <= 0:
        what = "0" if x.minimum == 0 else number(x.minimum)
        return f"takes the logarithm of {what} ({name} of {x}), which makes {made} that is not finite"
    if family == "sqrt" and (x is not None or y is not None):
        at_zero = x.minimum == 0 if x is not None else y is not None and y.minimum == 0
        if at_zero:
            return f"is applied to 0, where its {'slope' if backward else 'value'} is infinite ({name} of {x or y})"
    if family == "divide":
        divisor = operation.operand(1) if name == "divide" else x
        if name == "power" and divisor is not None and divisor.zeros:
            return f"takes a negative power of 0 (its argument is {divisor})"
        if divisor is not None and (divisor.zeros or divisor.minimum == 0 or divisor.maximum == 0):
            top = operation.operand(0) if name == "divide" else None
            if (top is not None and top.zeros) or (y is not None and y.odd is not None and math.isnan(y.odd)):
                return f"divides 0 by 0 (the divisor is {divisor}" + (f", the numerator {top})" if top else ")")
            return f"divides by 0 (the divisor is {divisor})"
    if family == "exp":
        limit = _overflow(operation.result.dtype)
        if y is not None and y.odd in (math.inf, None) and (x is None or x.maximum > limit * 0.9):
            seen = f"its inputs go to {number(x.maximum)}," if x is not None else "its inputs go"
            return f"overflows: {seen} beyond {number(limit)}, the logarithm of the largest {operation.result.dtype}"
    operands = [f for i in range(len(operation.operands)) if (f := operation.operand(i)) is not None]
    if name in ("softmax", "log_softmax", "logsumexp") and x is not None and x.nonfinite:
        return f"is given rows of nothing but −inf, in which every place is masked (its input is {x})"
    if name in ("subtract", "add") and any(f.nonfinite for f in operands):
        return f"takes infinity from infinity (its arguments are {' and '.join(map(str, operands))})"
    if any(f.nonfinite for f in operands):
        return f"multiplies or adds what is not finite (its arguments are {' and '.join(map(str, operands))})"
    seen = " and ".join(map(str, operands))
    if backward:
        g = operation.incoming
        return f"makes a gradient that is not finite out of its incoming {g}" + (
            f", with arguments {seen}" if seen else ""
        )
    if y is not None and y.odd is not None and math.isinf(y.odd):
        return f"overflows: its arguments are {seen or 'not known'}"
    return "makes a value that is not finite" + (f" of {seen}" if seen else "")


def _overflow(dtype: str) -> float:
    try:
        return math.log(float(np.finfo(dtype).max))
    except (TypeError, ValueError):
        return math.log(float(np.finfo(np.float32).max))
