"""Checks of the gradients of parameters: missing, zero, not finite, vanishing, exploding, too small for their dtype."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator

import numpy as np

from viz.diagnosis.case import Case, Group
from viz.diagnosis.explanation import Explanation
from viz.diagnosis.facts import facts_of, number
from viz.diagnosis.findings import Finding, Severity
from viz.diagnosis.missing import cut_of, cut_of_stranger
from viz.diagnosis.reasons import HUGE, explain
from viz.diagnosis.recorded import trace_of_recording
from viz.diagnosis.trace import Trace

__all__ = ["check_layers"]

SPREAD = 1e4
"""How much smaller a layer's gradient may be than another's, each against its weights. A learning rate that suits the
other moves its weights by about 1/1000 a step (Karpathy, CS231n, "Ratio of weights:updates"); 10,000 times less is
1e-7, which is below the last digit of a float32 number."""

_FORGIVEN = {"cancellation", "constant", "stationary"}
"""Why the gradient of a bias may well be 0: a normalisation or a softmax behind it takes every shift off again."""


def check_layers(case: Case) -> Iterator[Finding]:
    """The findings on the gradients of all parameters."""
    trace = case.trace
    if trace is None or not any(group.quantities for group in case.groups):
        if case.groups:
            why = "its graph holds no parameter" if trace is not None else "it has no graph"
            remedy = "Compute it from the model's output, with recording on, and without detach() or .array in between."
            yield Finding("disconnected_loss", "error", "loss", f"the loss depends on no parameter: {why}", remedy)
        return
    if trace.broken:
        return
    yield from _unused(case)
    moving = [group for group in case.groups if group.gradient is not None]
    bad = [group for group in moving if not np.isfinite(group.gradient_facts.length)]  # type: ignore[union-attr]
    if bad:
        yield _nonfinite(case, bad)
    sound = [group for group in moving if group not in bad]
    zero = [group for group in sound if group.gradient_facts is not None and group.gradient_facts.is_zero]
    vanished = yield from _zero(case, zero)
    yield from _underflowing(case, [group for group in sound if group not in zero])
    yield from _sizes(case, [g for g in sound if g.is_weight and g.facts.rms], vanished)


_LEAST_HALF = float(np.finfo(np.float16).smallest_normal)


def _names(groups: list[Group]) -> str:
    shown = ", ".join(group.name for group in groups[:4])
    return shown + (f" and {len(groups) - 4} more" if len(groups) > 4 else "")


def _explanation(case: Case, group: Group) -> Explanation | None:
    if case.trace is None or not group.quantities:
        return None
    return explain(case.trace, group.quantities[0])


def _cause(explanation: Explanation | None) -> str:
    """The cause in the sentence of an explanation, without what it is of."""
    if explanation is None:
        return "the cause is not known"
    return explanation.text.split(": ", 1)[-1].split(". ")[0]


def _unused(case: Case) -> Iterator[Finding]:
    unused = [group for group in case.groups if group.gradient is None]
    if not unused or case.trace is None:
        return
    why = _why_unused(case, unused[0])
    yield Finding(
        "unused_parameter", "warning", _names(unused),
        f"{len(unused)} of {len(case.groups)} parameters get no gradient; of {unused[0].name}, {why}",
        "Use them in forward, take them out of the model, or freeze them with requires_grad_(False).",
        {"count": len(unused)},
    )  # fmt: skip


def _why_unused(case: Case, group: Group) -> str:
    """Where the path of a parameter ends; the recording of the loss, where there is one, tells more than its graph."""
    trace = case.trace
    assert trace is not None
    if group.quantities:
        return _cause(explain(trace, group.quantities[0]))
    known = case.tape.value_of(group.members[0]) if case.tape is not None else None
    if case.tape is None:
        return cut_of_stranger(group.members[0], case.loss, trace).reason
    if known is None:
        return "no op has used it"
    recorded = trace_of_recording(case.tape.recording, known.id)
    _mark_constants(recorded, trace)
    return cut_of(recorded.quantities[known.id], recorded).reason


def _mark_constants(recorded: Trace, trace: Trace) -> None:
    """Give the recording, which holds no backward pass, what the walk of the graph has seen of each op."""
    seen = {operation.seq: operation for operation in trace.operations}
    for operation in recorded.operations:
        alive = seen.get(operation.seq)
        if alive is not None:
            operation.incoming = alive.incoming
            operation.passages = [p for p in alive.passages if p.slot < len(operation.arguments)]


def _nonfinite(case: Case, bad: list[Group]) -> Finding:
    found = _explanation(case, bad[0])
    return Finding(
        "nonfinite_gradient", "error", _names(bad),
        f"{len(bad)} of {len(case.groups)} gradients are not finite: {_cause(found)}",
        found.text.rsplit(". ", 1)[-1] if found is not None else "Run it under autograd.detect_anomaly().",
        {"count": len(bad)},
    )  # fmt: skip


def _zero(case: Case, groups: list[Group]) -> Generator[Finding, None, set[str]]:
    """Gradients of zeros, those with one cause together; returns the names of what a product of factors made 0."""
    causes: dict[tuple[str, str, str], list[Group]] = {}
    vanished: set[str] = set()
    for group in groups:
        found = _explanation(case, group)
        kind = found.kind if found is not None else "unknown"
        if kind == "small_factors":
            vanished.add(group.name)
            continue
        if (not group.is_weight and kind in _FORGIVEN) or (found is not None and _is_reached(case, found)):
            continue
        if group.value.ndim < 2 and len(group.members) > 1:
            continue  # the biases of a few scalar neurons say less than their weights
        remedy = found.text.rsplit(". ", 1)[-1] if found is not None else ""
        causes.setdefault((kind, _cause(found), remedy), []).append(group)
    for (kind, cause, remedy), alike in causes.items():
        if kind == "underflow":
            yield Finding("underflow", "error", _names(alike), f"the gradient is 0: {cause}", remedy)
            continue
        severity: Severity = "warning" if kind in ("multiplied_by_zero", "stationary") else "error"
        if kind == "multiplied_by_zero" and _starts_at_zero(case, alike[0]):
            severity = "note"
            remedy = "If this branch starts at 0 on purpose it passes after the first step; else draw it at random."
        yield Finding("zero_gradient", severity, _names(alike), f"the gradient is 0 ({kind}): {cause}", remedy)
    return vanished


def _is_reached(case: Case, found: Explanation) -> bool:
    """Whether the gradient is 0 because a loss that cannot be below 0, a hinge or a distance, is 0."""
    loss = facts_of(case.loss)
    at = None if found.culprit is None or found.culprit.seq is None else found.culprit.seq
    if loss is None or not loss.is_zero or case.trace is None or at not in case.trace.quantities:
        return False
    return found.kind in ("closed_relu", "stationary") and not case.is_hidden(case.trace.quantities[at])


def _starts_at_zero(case: Case, group: Group) -> bool:
    """Whether the factor of 0 is a parameter that learns: the gradient of another value that is 0 is none itself."""
    found = _explanation(case, group)
    operation = None
    if found is not None and found.culprit is not None:
        at = case.trace.quantities.get(found.culprit.seq) if case.trace and found.culprit.seq is not None else None
        operation = next((p.operation for p in at.received), None) if at is not None else None
    if operation is None:
        return False
    zero = {g.quantities[0].id for g in case.groups if g.quantities and g.facts.is_zero and g.gradient_facts}
    learns = {g.quantities[0].id for g in case.groups if g.gradient_facts and not g.gradient_facts.is_zero}
    return any(a is not None and a.id in zero & learns for a in operation.arguments)


def _underflowing(case: Case, groups: list[Group]) -> Iterator[Finding]:
    """Half-precision gradients whose usual size is below the normal numbers."""
    low = [
        group for group in groups
        if (facts := group.gradient_facts) is not None and facts.dtype == "float16" and facts.rms < _LEAST_HALF
    ]  # fmt: skip
    if low:
        gradients = np.concatenate([np.abs(np.ravel(g.gradient)) for g in low if g.gradient is not None])
        share = float(np.mean(gradients < _LEAST_HALF))
        yield Finding(
            "underflow", "warning", _names(low),
            f"{share:.0%} of the float16 gradients are below {number(_LEAST_HALF)}, where digits get lost",
            "Multiply the loss by a scale such as 1024 and divide the gradients by it, or keep float32 weights.",
            {"share": share},
        )  # fmt: skip


def _sizes(case: Case, weights: list[Group], vanished: set[str]) -> Iterator[Finding]:
    """Gradients against the size of their weights, and against each other."""
    ratios = {g.name: facts.rms / g.scale for g in weights if (facts := g.gradient_facts) is not None}
    if not ratios:
        return
    large = [group for group in weights if ratios[group.name] > HUGE]
    most = max(ratios, key=lambda name: ratios[name] if ratios[name] <= HUGE else 0.0)
    small = [
        group for group in weights
        if group.name in vanished or (0 < ratios[group.name] * SPREAD < ratios[most] and group not in large)
    ]  # fmt: skip
    if large:
        worst = max(large, key=lambda group: ratios[group.name])
        yield Finding(
            "exploding_gradient", "error", _names(large),
            f"the gradient of {worst.name} is {number(ratios[worst.name])} times its weights. {_factors(case, worst)}",
            "Clip the gradient's norm, start from smaller weights, normalise between layers, or scale inputs and "
            "targets to unit size.",
            {"ratio": ratios[worst.name], "count": len(large)},
        )  # fmt: skip
    if small:
        worst = min(small, key=lambda group: ratios[group.name] or math.inf)
        gone = f", {len(vanished)} of them so small that they are 0" if vanished else ""
        yield Finding(
            "vanishing_gradient", "warning", _names(small),
            f"the gradient of {worst.name} is {number(ratios[worst.name])} of its weights, that of {most} "
            f"{number(ratios[most])}; so it is with {len(small)} of {len(ratios)} weights{gone}. "
            + _factors(case, worst),
            "Take relu for sigmoid, initialise for the activation (nn.init), normalise between layers, or add skip "
            "connections.",
            {"ratio": ratios[worst.name], "largest": ratios[most], "count": len(small)},
        )  # fmt: skip


def _factors(case: Case, group: Group) -> str:
    found = _explanation(case, group)
    if found is None or found.factor is None:
        return "Its factors are not known"
    extreme = sorted((s for s in found.path if s.factor), key=lambda s: -abs(np.log(s.factor or 1.0)))[:3]
    shown = ", ".join(f"{s.op} × {number(s.factor or 0.0)}" for s in extreme)
    return f"From the loss to it {len(found.path)} factors make × {number(found.factor)}, among them {shown}"
