"""Checks of what training does: the size of a step against the weights, gradients that pile up, modes of modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viz.diagnosis.case import Case, Group
from viz.diagnosis.facts import facts_of, number, plain_array
from viz.diagnosis.findings import Finding

__all__ = ["check_steps"]

LARGEST_STEP, SMALLEST_STEP = 0.3, 1e-6
"""A step should change weights by about a thousandth of their size (Karpathy, CS231n, "Ratio of weights:updates"). Both
bounds are wide of it: 0.3 replaces a weight within three steps, and a millionth moves it by a hundredth in 10,000. The
first steps of an output layer may well be a tenth."""

PROMISED = 2.0
"""How many times the loss a step of gradient descent may promise to take off, to first order, whatever its size: at the
best step of a quadratic it is twice what there is to gain (Polyak, 1987, "Introduction to Optimization")."""

PILED_UP, EXAMPLES = 10.0, 16
"""How many times one pass's gradient ``.grad`` must hold to look forgotten. Batches of so many examples differ by less;
single examples of a trained model do not."""

FITTED = 1e-4
"""Below this slope of the loss in an output, of about unit size, a model fits, and its steps are small for that."""

MOST_DROPPED = 0.9


def check_steps(case: Case) -> Iterator[Finding]:
    """The findings on optimizer, gradients that were stored, and modules."""
    weights = [
        g for g in case.groups
        if g.is_weight and g.facts.is_finite and g.facts.rms
        and g.gradient_facts is not None and g.gradient_facts.is_finite
    ]  # fmt: skip
    if case.options:
        yield from _updates(case, weights)
    if case.optimizer is not None:
        yield from _left_out(case)
    yield from _piled_up(case)
    yield from _modes(case)


def _options_of(case: Case, group: Group) -> Mapping[str, Any] | None:
    """The options that the optimizer has for a parameter."""
    if case.optimizer is None:
        return case.options[0]
    ids = {id(member) for member in group.members}
    return next((o for o in case.options if any(id(p) in ids for p in o.get("params", ()))), None)


def _step(case: Case, group: Group, options: Mapping[str, Any]) -> float:
    """The root mean square of the next change of a parameter, relative to its own size."""
    rate = float(options.get("lr", 0.0))
    gradient = group.gradient_facts
    change = 0.0 if gradient is None else gradient.rms
    if "betas" in options:  # of the family of Adam: it divides by a running size, so a step is about the rate
        change = _scaled(case, group, options)
    elif momentum := float(options.get("momentum", 0.0)):
        change = max(change, _momentum(case, group)) if momentum < 1 else change
    return rate * change / group.scale


def _state(case: Case, group: Group) -> Mapping[str, Any]:
    state = getattr(case.optimizer, "state", None)
    found: Any = state.get(group.members[0], {}) if isinstance(state, dict) and len(group.members) == 1 else {}
    return found if isinstance(found, Mapping) else {}


def _scaled(case: Case, group: Group, options: Mapping[str, Any]) -> float:
    state = _state(case, group)
    mean, square = _array(state.get("exp_avg")), _array(state.get("exp_avg_sq"))
    if mean is None or square is None:
        return 1.0
    step = float(np.asarray(getattr(state.get("step", 1), "array", state.get("step", 1))))
    first, second = (float(beta) for beta in options["betas"])
    mean = mean / max(1 - first**step, 1e-12)
    root = np.sqrt(square / max(1 - second**step, 1e-12)) + float(options.get("eps", 1e-8))
    facts = facts_of(mean / root)
    return 1.0 if facts is None else facts.rms


def _momentum(case: Case, group: Group) -> float:
    facts = facts_of(_array(_state(case, group).get("momentum_buffer")))
    return 0.0 if facts is None else facts.rms


def _array(x: Any) -> NDArray[Any] | None:
    return None if x is None else plain_array(x).astype(np.float64)


def _updates(case: Case, weights: list[Group]) -> Iterator[Finding]:
    steps = {}
    for group in weights:
        options = _options_of(case, group)
        if options is not None:
            steps[group.name] = _step(case, group, options)
    if not steps:
        return
    large = {name: step for name, step in steps.items() if step > LARGEST_STEP and not _is_earned(case, weights)}
    if large:
        worst = max(large, key=large.__getitem__)
        yield Finding(
            "update_too_large", "error" if large[worst] > 1 else "warning", worst,
            f"a step changes it by {number(large[worst])} of its size ({len(large)} of {len(steps)} weights by more "
            f"than {LARGEST_STEP:g}); about 0.001 is usual",
            f"Lower the learning rate about {10 ** max(1, round(np.log10(large[worst] / 1e-2))):g} times, or clip the "
            "gradient's norm.",
            {"ratio": large[worst]},
        )  # fmt: skip
    middle = float(np.median(list(steps.values())))
    if 0 < middle < SMALLEST_STEP and not _fits(case):
        yield Finding(
            "update_too_small", "warning", "all weights",
            f"a step changes the median of {len(steps)} weights by {number(middle)} of its size; about 0.001 is usual",
            "Raise the learning rate, or find out why the gradients are small: viz.why(parameter, loss).",
            {"ratio": middle},
        )  # fmt: skip


def _is_earned(case: Case, weights: list[Group]) -> bool:
    """Whether a large step of gradient descent is so because the loss is far off, as that of a linear regression is."""
    loss = facts_of(case.loss)
    promised = 0.0
    for group in weights:
        options, gradient = _options_of(case, group), group.gradient_facts
        if options is None or gradient is None:
            continue
        if "betas" in options:
            return False
        promised += float(options.get("lr", 0.0)) * gradient.norm**2
    return loss is not None and loss.is_finite and loss.size == 1 and promised <= PROMISED * loss.maximum


def _fits(case: Case) -> bool:
    """Whether gradients are small because hardly anything is left to learn: the loss, a mean, is flat in the output."""
    output = case.output
    gradient = None if output is None else output.gradient or output.arrived
    return gradient is not None and gradient.is_finite and gradient.rms * gradient.size < FITTED


def _left_out(case: Case) -> Iterator[Finding]:
    held = {id(p) for options in case.options for p in options.get("params", ())}
    out = [g for g in case.groups if g.gradient is not None and not any(id(m) in held for m in g.members)]
    if out:
        shown = ", ".join(g.name for g in out[:4]) + (f" and {len(out) - 4} more" if len(out) > 4 else "")
        yield Finding(
            "not_optimized", "warning", shown,
            f"{len(out)} of {len(case.groups)} parameters get a gradient and are not in the optimizer",
            "Make the optimizer of model.parameters(), after the last layer was replaced; or freeze them.",
            {"count": len(out)},
        )  # fmt: skip


def _piled_up(case: Case) -> Iterator[Finding]:
    stored = fresh = 0.0
    for group in case.groups:
        if group.stored is None or group.gradient is None:
            continue
        old, new = facts_of(group.stored), group.gradient_facts
        if old is None or new is None or not (old.is_finite and new.is_finite):
            continue
        stored, fresh = stored + old.norm**2, fresh + new.norm**2
    ratio = (stored / fresh) ** 0.5 if fresh else 0.0
    if ratio > PILED_UP and (case.examples is None or case.examples >= EXAMPLES):
        yield Finding(
            "accumulated_gradient", "warning", "all parameters",
            f".grad has {number(ratio)} times the norm of what this loss gives: many passes were added up",
            "Call optimizer.zero_grad() before each backward pass, unless gradients are accumulated on purpose.",
            {"ratio": ratio},
        )  # fmt: skip


def _modes(case: Case) -> Iterator[Finding]:
    """Mistakes that modules tell by their attributes: ``training``, a dropout's ``p``, running statistics."""
    changing = []
    for name, module in case.modules.items():
        kind = type(module).__name__
        is_dropout = "Dropout" in kind and isinstance(getattr(module, "p", None), (int, float))
        if is_dropout and module.p >= MOST_DROPPED and getattr(module, "training", True):
            yield Finding(
                "dropout_rate", "warning", name or kind, f"{kind} sets {module.p:.0%} of its elements to 0",
                "p is the share that is dropped, not the share that is kept; 0.1 to 0.5 is usual.",
                {"p": float(module.p)},
            )  # fmt: skip
        if (is_dropout and module.p) or hasattr(module, "running_mean"):
            changing.append((name or kind, module))
    trains = bool(case.options)
    resting = [name for name, module in changing if getattr(module, "training", True) is False]
    if trains and resting and getattr(case.model, "training", True) is False:
        yield Finding(
            "eval_mode", "warning", ", ".join(resting[:4]),
            "the model is in evaluation: its dropout and its running statistics rest while it is trained",
            "Call model.train() before the training loop, and after each evaluation.", {"modules": len(resting)},
        )  # fmt: skip
