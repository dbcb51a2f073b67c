"""Why the gradient of a value in a trace is as it is: the cause, its numbers, and the path."""

from __future__ import annotations

import math
from dataclasses import replace

from viz.diagnosis.causes import GATES, SHRINKING, Cause, cause_at
from viz.diagnosis.explanation import Explanation, PathStep
from viz.diagnosis.facts import Facts, number
from viz.diagnosis.missing import Cut, certain_cut, cut_of, integer
from viz.diagnosis.nonfinite import ancestry, nonfinite_passage, numbers_of, origin_of
from viz.diagnosis.route import HOOK, SUM, Route, blockers, route_to, strongest
from viz.diagnosis.trace import Operation, Passage, Quantity, Trace

__all__ = ["HUGE", "TINY", "explain", "no_gradient", "size_of"]

TINY = 2.0**-23
"""Below this share of the value itself a gradient is tiny: a step with a learning rate of 1 would not change the last
digit of a float32 number."""

HUGE = 1e3
"""Above this many times the value itself a gradient is huge: a step with a learning rate of 0.001 would replace it."""


def size_of(g: Facts, value: Facts | None) -> tuple[str, str]:
    """``"zero"``, ``"nonfinite"``, ``"tiny"``, ``"huge"`` or ``"healthy"``, and the same with numbers."""
    if not g.size:
        return "healthy", "healthy: it has no elements"
    if g.nonfinite:
        return "nonfinite", f"not finite ({g})"
    if g.is_zero:
        return "zero", "0 in every element" if g.size > 1 else "0"
    scale = value.rms if value is not None and value.rms else 1.0
    share = g.rms / scale
    of_value = f"norm {number(g.norm)}, {number(share)} of the value's own size"
    if g.largest < TINY * scale:
        return "tiny", f"tiny ({of_value})"
    if share > HUGE:
        return "huge", f"huge ({of_value})"
    return "healthy", f"healthy: {of_value}"


def no_gradient(title: str, cut: Cut) -> Explanation:
    """The explanation of a gradient that is not there."""
    op = cut.operation
    culprit = None
    if op is not None:
        culprit = PathStep(op.op, op.scope, op.line, op.result.shape, None, 0.0, "the path ends here", op.seq)
    text = f"There is no gradient of {title}: {cut.reason}. {cut.remedy}"
    return Explanation(
        cut.kind, text, () if culprit is None else (culprit,), culprit,
        seqs=() if op is None or op.seq is None else (op.seq,), ops=() if op is None or op.seq == op.id else (op.id,),
    )  # fmt: skip


def explain(trace: Trace, quantity: Quantity) -> Explanation:
    """Why the gradient of one value of a trace is as it is."""
    title = quantity.title()
    if trace.broken:
        remedy = "Look before backward(), or call backward(retain_graph=True), or run both passes under ag.record()."
        if not trace.freed:
            remedy = "backward() itself raises this error: mend it first."
        return no_gradient(title, Cut("freed", trace.broken, remedy))
    if not quantity.dtype.startswith(("float", "complex", "bfloat")):
        return no_gradient(title, integer(quantity.dtype))
    gradient = quantity.gradient or quantity.arrived
    if gradient is None:
        if not quantity.requires_grad:
            return _not_required(title, quantity)
        if trace.root is None and (cut := certain_cut(quantity)) is not None:
            return no_gradient(title, cut)
        if trace.root is None:
            remedy = "Call loss.backward() inside the `with ag.record()` block too."
            return no_gradient(title, Cut("no_backward", "the recording holds no backward pass", remedy))
        return no_gradient(title, cut_of(quantity, trace))
    kind, size = size_of(gradient, quantity.facts())
    if kind == "nonfinite":
        return _nonfinite(trace, quantity, title)
    if kind == "zero":
        return _zero(trace, quantity, title)
    route = route_to(trace, quantity)
    if (noise := _only_noise(route, gradient)) is not None:
        return _of_one_step(trace, route, noise, title, size, gradient)
    if kind == "healthy":
        share = f"; {gradient.zeros} of its {gradient.size} elements are 0" if gradient.zeros else ""
        way = f"The factors on its way from the loss: {_factors(route)}." if route.steps else "It is the loss itself."
        text = f"The gradient of {title} is {size}{share}. {way}"
        return _answer("healthy", text, trace, route, None, gradient)
    return _unusual(trace, route, title, size, gradient, small=kind == "tiny")


def _not_required(title: str, quantity: Quantity) -> Explanation:
    """A value without a node: a constant, or computed where nothing was recorded."""
    made = quantity.producer
    if made is None:
        cut = Cut("not_required", "it does not ask for a gradient", "Make it with requires_grad=True.")
        return no_gradient(title, cut)
    wanted = any(a is not None and a.requires_grad for a in made.arguments)
    reason = f"{made.place()} made it {'under no_grad(), or of detached values' if wanted else 'of constants'}"
    kind = "detached" if wanted else "not_required"
    return no_gradient(title, Cut(kind, reason, "Record it, if it is meant to learn.", made))


def _answer(kind: str, text: str, trace: Trace, route: Route, place: int | None, gradient: Facts) -> Explanation:
    """The explanation along a route; ``place`` is that of the step that did it."""
    steps = list(route.steps)
    culprit = None
    if place is not None:
        culprit = steps[place] = replace(steps[place], note=steps[place].note or kind.replace("_", " "))
    recorded = not trace.live
    return Explanation(
        kind, text, tuple(steps), culprit, gradient.length, route.factor, route.seqs,
        route.values if recorded else (), route.ops if recorded else (),
    )  # fmt: skip


def _zero(trace: Trace, quantity: Quantity, title: str) -> Explanation:
    """A gradient of zeros: cancelled, hooked away, or stopped at the first op that passed on nothing."""
    gradient = quantity.gradient or quantity.arrived
    assert gradient is not None
    found, ways = blockers(quantity)

    def choose(here: Quantity) -> Passage | None:
        return ways.get(here.id) or strongest(here)

    turned = _turned_to_zero(quantity)
    if turned is not None and not found:
        kind, at = turned
        route = route_to(trace, quantity)
        if kind == "hook":
            reason = f"a gradient hook on {at.title()} has made it 0"
            remedy = "Remove the hook, or return None from it to leave the gradient as it is."
        else:
            norm = max(p.gradient.norm for p in at.received)
            reason = (
                f"the {len(at.received)} contributions to {at.title()} cancel, the largest with norm {number(norm)}"
            )
            remedy = "Look at the uses: something is added and taken off again."
        text = f"The gradient of {title} is 0: {reason}. {remedy}"
        place = next((i for i, step in enumerate(route.steps) if step.op in (HOOK, SUM) and step.factor == 0), None)
        return _answer(kind, text, trace, route, place, gradient)
    route = route_to(trace, quantity, choose)
    if not found:
        text = f"The gradient of {title} is 0: the gradient that backward began with is 0. Begin with 1."
        return _answer("zero_incoming", text, trace, route, None, gradient)
    first = found[0]
    if first.operation.kind in ("view", "gather") and (gate := _gate_above(route, first)) is not None:
        first = gate  # the op only lays out what another has chosen
    cause = cause_at(first.operation, first.slot, first.gradient)
    if cause.kind == "underflow" and first.gradient.dtype not in _HALVES:
        text = (
            f"The gradient of {title} is 0: at {first.operation.place()} the product of the factors on its way from "
            f"the loss gets smaller than the smallest {first.gradient.dtype} ({_factors(route)}). {_REMEDY_SMALL}"
        )
        return _answer("small_factors", text, trace, route, route.place_of(first), gradient)
    others = f" (and {len(found) - 1} more ways are closed)" if len(found) > 1 else ""
    text = f"The gradient of {title} is 0: {first.operation.place()} {cause.reason}{others}. {cause.remedy}"
    return _answer(cause.kind, text, trace, route, route.place_of(first), gradient)


def _gate_above(route: Route, passage: Passage) -> Passage | None:
    """The op nearest above a passage that has let some elements through and not others."""
    above = route.passages[: route.place_of(passage)]
    for other in reversed(above):
        if other is not None and other.operation.op in GATES and other.gradient.zeros != 0:
            return other
    return None


def _turned_to_zero(quantity: Quantity) -> tuple[str, Quantity] | None:
    """The value above where what arrived was not 0, and what was passed on is; or where contributions cancelled."""
    waiting, seen = [quantity], {quantity.id}
    for here in waiting:
        arrived, gradient = here.arrived, here.gradient or here.arrived
        if arrived is not None and gradient is not None and gradient.is_zero:
            if not arrived.is_zero:
                return "hook", here
            if any(not passage.gradient.is_zero for passage in here.received):
                return "cancellation", here
        for passage in here.received:
            for result in passage.operation.results:
                if result.id not in seen:
                    seen.add(result.id)
                    waiting.append(result)
    return None


def _nonfinite(trace: Trace, quantity: Quantity, title: str) -> Explanation:
    gradient = quantity.gradient or quantity.arrived
    assert gradient is not None
    passage = nonfinite_passage(quantity)
    route = route_to(trace, quantity)
    what = "NaN" if gradient.odd is None or math.isnan(gradient.odd) else "infinite"
    if passage is None:
        return _from_outside(trace, route, title, what, gradient)
    origin = origin_of(ancestry(passage.operation))
    if isinstance(origin, Quantity):
        text = (
            f"The gradient of {title} is {what}: {origin.title()} itself holds {origin.facts()}. "
            "Load the last good values, and lower the learning rate or clip gradients; or mend the data."
        )
        return _answer("nonfinite_leaf", text, trace, route, None, gradient)
    backward = origin is None
    operation: Operation = origin or passage.operation
    cause = numbers_of(operation, backward)
    if backward and passage.gradient.is_finite:
        cause = Cause(cause.kind, "gives contributions that overflow when they are added up", cause.remedy)
    in_pass = "in the backward pass" if backward else "in the forward pass"
    text = f"The gradient of {title} is {what}: {in_pass}, {operation.place()} {cause.reason}. {cause.remedy}"
    at = next((i for i, p in enumerate(route.passages) if p is not None and p.operation is operation), None)
    answer = _answer(cause.kind, text, trace, route, at, gradient)
    if answer.culprit is not None:
        return answer
    culprit = PathStep(  # the op stands beside the way of the gradient, where it made one of the factors
        operation.op, operation.scope, operation.line, operation.result.shape, None,
        0.0 if operation.incoming is None else operation.incoming.length,
        cause.kind.replace("_", " "), operation.seq,
    )  # fmt: skip
    return replace(answer, culprit=culprit)


def _from_outside(trace: Trace, route: Route, title: str, what: str, gradient: Facts) -> Explanation:
    """A gradient that no op made not finite: the first one was so, or a hook's is."""
    hooks = [i for i, step in enumerate(route.steps) if step.op == HOOK and not math.isfinite(step.norm)]
    if hooks:
        text = f"The gradient of {title} is {what}: a gradient hook has made it so. Mend the hook, or remove it."
        return _answer("hook", text, trace, route, hooks[0], gradient)
    text = f"The gradient of {title} is {what}: backward began with a gradient that is not finite. Begin with 1."
    return _answer("nonfinite_incoming", text, trace, route, None, gradient)


def _unusual(trace: Trace, route: Route, title: str, size: str, gradient: Facts, small: bool) -> Explanation:
    """A gradient that is tiny or huge: one factor that outweighs all others, or the product of many."""
    sign = -1 if small else 1
    weights = [
        0.0 if not step.factor or not math.isfinite(step.factor) else max(0.0, sign * math.log(step.factor))
        for step in route.steps
    ]
    total = sum(weights)
    heaviest = max(range(len(weights)), key=weights.__getitem__, default=None)
    alone = heaviest is not None and total and weights[heaviest] > total / 2
    if small and heaviest is not None and alone and route.steps[heaviest].op in SHRINKING | {SUM}:
        return _of_one_step(trace, route, heaviest, title, size, gradient)
    remedy = _REMEDY_SMALL if small else _REMEDY_LARGE
    text = f"The gradient of {title} is {size}: it is the product of the factors on its way from the loss, "
    text += f"{_factors(route)}. {remedy}"
    return _answer("small_factors" if small else "large_factors", text, trace, route, heaviest, gradient)


_HALVES = ("float16", "bfloat16")
_REMEDY_SMALL = (
    "Start from weights that keep the gradient's size (nn.init), normalise between layers, add skip connections, or "
    "take relu for sigmoid."
)
_REMEDY_LARGE = "Clip the gradient's norm, start from smaller weights, normalise, or scale the inputs and targets down."


def _only_noise(route: Route, gradient: Facts) -> int | None:
    """The step of which nothing is left but rounding: a sum of uses that cancel, or a softmax that adds up to 1."""
    rounding = 8 * (2.0**-52 if gradient.dtype in ("float64", "complex128") else TINY)
    for place, step in enumerate(route.steps):
        if step.op in (SUM, "softmax") and step.factor is not None and step.factor < rounding:
            return place
    return None


def _of_one_step(trace: Trace, route: Route, place: int, title: str, size: str, gradient: Facts) -> Explanation:
    """A gradient that one step of its way has made tiny."""
    step, passage = route.steps[place], route.passages[place]
    factor = number(step.factor or 0)
    size = size.replace("healthy: ", "as good as 0: ")
    if passage is None:
        text = (
            f"The gradient of {title} is {size}: its {step.note} cancel but for × {factor}. "
            "Look at the uses: something is added and taken off again."
        )
        return _answer("cancellation", text, trace, route, place, gradient)
    cause = cause_at(passage.operation, passage.slot, passage.gradient)
    text = (
        f"The gradient of {title} is {size}: {passage.operation.place()} {cause.reason}, and passes on × {factor}. "
        f"{cause.remedy}"
    )
    return _answer(cause.kind, text, trace, route, place, gradient)


def _factors(route: Route) -> str:
    """The factors, by op, the heaviest first: ``50 sigmoid, each about × 0.22``; and what all make together."""
    groups: dict[str, list[float]] = {}
    for step in route.steps:
        if step.factor:
            groups.setdefault(step.op, []).append(math.log(step.factor))
    heavy = sorted(groups.items(), key=lambda item: -abs(sum(item[1])))[:3]
    parts = []
    for op, logs in heavy:
        each = number(math.exp(sum(logs) / len(logs)))
        parts.append(f"{op} × {each}" if len(logs) == 1 else f"{len(logs)} {op}, each about × {each}")
    factor = route.factor
    if factor is None or len(route.steps) == 1:
        return ", ".join(parts) or "none that is known"
    return f"{', '.join(parts)}; all {len(route.steps)} steps together × {number(factor)}"
