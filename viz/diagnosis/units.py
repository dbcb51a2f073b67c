"""Checks of what flows forward: values that are not finite, dead and saturated units, units that are alike, inputs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viz.diagnosis.case import Case, Group
from viz.diagnosis.causes import PRODUCTS
from viz.diagnosis.facts import facts_of, number, plain_array
from viz.diagnosis.findings import Finding
from viz.diagnosis.nonfinite import numbers_of, origin_of
from viz.diagnosis.reasons import TINY
from viz.diagnosis.trace import Operation

__all__ = ["check_units"]

MOST_DEAD = 2 / 3
"""The share of dead relus in a layer that is worth a word. Where the inputs of a layer hardly vary, as deep in a
network with small weights, half of its relus are closed by chance, and it may still train; so may a network whose
learning rate has killed 40 % (Karpathy, CS231n, "Commonly used activation functions")."""

MOST_SATURATED = 0.5
"""The share of saturated activations in a layer. Glorot and Bengio, 2010 (AISTATS 9), show that layers which drift
there stall; gates of recurrent networks sit there in part, on purpose."""

SLOPE = 0.02
"""Below this share of its steepest slope an activation counts as saturated: |tanh| above 0.99."""

EXAMPLES = 16
"""How many numbers of a unit it takes to call it dead."""

MASKED = -1e4
"""Scores below this are those of a mask, be it -inf, -1e9 or the lowest number of float16."""

LARGE_INPUT, SMALL_INPUT = 20.0, 1e-3
"""Inputs should have about unit size (LeCun, Bottou, Orr and Müller, 1998, "Efficient BackProp", section 4.3). Raw
pixels have a root mean square near 100; counts from 0 to 16, as scikit-learn's digits, one near 8."""


def check_units(case: Case) -> Iterator[Finding]:
    """The findings on values and weights."""
    yield from _nonfinite(case)
    for operation in case.operations:
        if operation.op == "relu" and case.is_hidden(operation.result):  # behind the output it may be a hinge
            yield from _dead(operation)
        elif operation.op in ("sigmoid", "tanh", "softmax") and case.is_hidden(operation.result):
            yield from _saturated(operation)
    for group in case.groups:
        yield from _dead_neurons(case, group)
        yield from _alike(group)
    yield from _inputs(case)


def _nonfinite(case: Case) -> Iterator[Finding]:
    """The first op that made what is not finite; later ones only pass it on."""
    for group in case.groups:
        if not group.facts.is_finite:
            yield Finding(
                "nonfinite_value", "error", group.name,
                f"{group.facts.nonfinite} of its {group.facts.size} elements are not finite",
                "Load the last good checkpoint, lower the learning rate, and clip gradients.",
                {"count": group.facts.nonfinite},
            )  # fmt: skip
    origin = origin_of(case.operations)
    if not isinstance(origin, Operation) or _stays_apart(case):
        return
    cause = numbers_of(origin, backward=False)
    yield Finding(
        "nonfinite_value", "error", origin.place(), f"{origin.op} {cause.reason}", cause.remedy
    )  # fmt: skip


def _stays_apart(case: Case) -> bool:
    """Whether what is not finite reaches neither the loss nor a gradient, as where() keeps a branch not taken apart."""
    loss = facts_of(case.loss)
    gradients = [group.gradient_facts for group in case.groups]
    return loss is not None and loss.is_finite and all(g is None or g.is_finite for g in gradients)


def _by_unit(array: NDArray[Any]) -> NDArray[Any]:
    """An activation as (numbers of a unit, units): channels stand on axis 1 of images, features last."""
    axis = 1 if array.ndim in (2, 4) else array.ndim - 1
    return np.moveaxis(array, axis, -1).reshape(-1, array.shape[axis])


def _dead(operation: Operation) -> Iterator[Finding]:
    source = operation.result.value
    if source is None or isinstance(source, float) or np.ndim(source) < 2:
        return
    units = _by_unit(plain_array(source))
    if units.shape[0] < EXAMPLES or not units.shape[1]:
        return
    dead = int((units == 0).all(0).sum())
    if dead >= MOST_DEAD * units.shape[1] and dead > 1:
        yield Finding(
            "dead_units", "error" if dead == units.shape[1] else "warning", operation.place(),
            f"{dead} of {units.shape[1]} units are 0 for all {units.shape[0]} inputs, so they get no gradient",
            "Lower the learning rate, initialise for relu (kaiming), start biases at 0 or above, or take leaky_relu.",
            {"dead": dead, "units": units.shape[1]},
        )  # fmt: skip


_NEURONS = re.compile(r"\.\*\.")


def _dead_neurons(case: Case, group: Group) -> Iterator[Finding]:
    """Dead units of a network of scalar Values: rows of weights that get no gradient through their relus."""
    if len(group.members) < 2 or group.gradient is None or group.value.ndim != 2:
        return
    relus = sum(operation.op == "relu" for operation in case.operations)
    dead, rows = int((group.gradient == 0).all(1).sum()), len(group.gradient)
    if dead >= MOST_DEAD * rows and dead > 1 and relus >= EXAMPLES * rows:
        yield Finding(
            "dead_units", "error" if dead == rows else "warning", group.name,
            f"{dead} of {rows} neurons get no gradient from any example",
            "Lower the learning rate, or start from other weights: their relus are closed for every example.",
            {"dead": dead, "units": rows},
        )  # fmt: skip


def _saturated(operation: Operation) -> Iterator[Finding]:
    source = operation.result.value
    if source is None or isinstance(source, float):
        return
    y = plain_array(source).astype(np.float64)
    if y.size < EXAMPLES or not np.isfinite(y).all():
        return
    if operation.op == "tanh":
        flat = 1 - y * y < SLOPE
    elif operation.op == "sigmoid":
        flat = 4 * y * (1 - y) < SLOPE
    else:
        axis = operation.params.get("axis", -1)
        axis = axis if isinstance(axis, int) else -1
        if y.shape[axis] < 2:
            return
        flat = (1 - y.max(axis) < SLOPE / 4)[_choices(operation, y.shape, axis) > 1]
        if flat.size < EXAMPLES:
            return
    share = float(flat.mean())
    if share >= MOST_SATURATED:
        x = operation.operand(0)
        seen = f", for inputs from {number(x.minimum)} to {number(x.maximum)}" if x is not None else ""
        yield Finding(
            "saturated_units", "warning", operation.place(),
            f"{share:.0%} of its results are at an end, where its slope is below {SLOPE:.0%} of the steepest{seen}",
            "Start from smaller weights (xavier), normalise its inputs, or scale scores by 1/sqrt(width).",
            {"share": share},
        )  # fmt: skip


def _choices(operation: Operation, shape: tuple[int, ...], axis: int) -> NDArray[Any]:
    """How many places of each row of a softmax are not masked."""
    source = operation.operands[0] if operation.operands else None
    source = operation.arguments[0].value if source is None and operation.arguments[0] is not None else source
    if source is None:
        return np.full(np.delete(shape, axis), shape[axis])
    return np.asarray((plain_array(source).astype(np.float64) > MASKED).sum(axis))


def _alike(group: Group) -> Iterator[Finding]:
    """Rows that are the same, in weights and in gradients: gradient descent will never tell them apart."""
    w, g = group.value, group.gradient
    if g is None or w.ndim < 2 or w.shape[0] < 2 or not np.isfinite(w).all() or not np.isfinite(g).all():
        return
    rows, slopes = w.reshape(w.shape[0], -1), g.reshape(g.shape[0], -1)
    largest = float(np.abs(slopes).max())
    noise = largest < TINY * float(np.abs(rows).max())  # of what cancels, rounding is left
    if (rows == rows[0]).all() and (noise or np.allclose(slopes, slopes[0], rtol=1e-4, atol=1e-6 * largest)):
        level = f"all {number(float(rows[0, 0]))}" if (rows == rows[0, 0]).all() else "the same numbers"
        yield Finding(
            "symmetric_weights", "error", group.name,
            f"its {len(rows)} rows hold {level}, and their gradients are the same too: the units will stay alike",
            "Draw the weights at random (nn.init.kaiming_uniform_, xavier_uniform_); only biases may all start at 0.",
            {"rows": len(rows)},
        )  # fmt: skip


def _inputs(case: Case) -> Iterator[Finding]:
    """The data: what meets a parameter in a product, and no parameter made. Several uses of a layer count as one."""
    data: dict[int, tuple[Operation, dict[int, NDArray[Any]]]] = {}
    frozen = {id(memory) for memory in case.frozen}
    for operation in case.operations:
        owner = case.parameter_of(operation)
        if operation.op not in PRODUCTS or owner is None:
            continue
        for slot, source in enumerate(operation.operands):
            argument = operation.arguments[slot]
            made_of_data = argument is None or (argument.producer is None and argument.id not in case.owned)
            if source is None or isinstance(source, (int, float)) or not made_of_data or id(source) in frozen:
                continue
            array = plain_array(source)
            if array.dtype.kind in "fV" and array.ndim >= 2 and len(array) >= 2:
                data.setdefault(owner.id, (operation, {}))[1][id(source)] = array
    # a state that starts at 0 is the same for every example too: data are constant where nothing varies at all
    constant = all(_is_constant(array) for _, arrays in data.values() for array in arrays.values())
    for operation, arrays in data.values():
        yield from _input(list(arrays.values()), operation, constant)


def _is_constant(array: NDArray[Any]) -> bool:
    return len(array) >= EXAMPLES and bool((array == array[:1]).all())


def _input(arrays: list[NDArray[Any]], operation: Operation, constant: bool) -> Iterator[Finding]:
    where = f"input of {operation.place()}"
    facts = [found for array in arrays if (found := facts_of(array)) is not None]
    bad = next((found for found in facts if found.nonfinite), None)
    rms = float(np.sqrt(sum(f.norm**2 for f in facts) / max(sum(f.size for f in facts), 1)))
    if bad is not None:
        yield Finding(
            "nonfinite_value", "error", where, f"the data hold {bad}", "Leave these examples out, or fill them in.",
            {"count": bad.nonfinite},
        )  # fmt: skip
    elif constant:
        yield Finding(
            "constant_input", "error", where, f"all {len(arrays[0])} examples are the same",
            "Look at how the batch is made: an index that stays, or a normalisation that leaves nothing.",
        )  # fmt: skip
    elif rms > LARGE_INPUT or 0 < rms < SMALL_INPUT:
        yield Finding(
            "input_scale", "warning", where, f"the data lie at {facts[0]}, with a root mean square of {number(rms)}",
            "Bring inputs to about unit size: subtract the mean and divide by the standard deviation "
            "(nn.Standardize), or divide pixels by 255.",
            {"rms": rms},
        )  # fmt: skip
