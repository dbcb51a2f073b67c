"""Checks of the loss: shapes that broadcast by mistake, activations before it, its size against a blind guess."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from viz.diagnosis.case import Case
from viz.diagnosis.facts import number, plain_array
from viz.diagnosis.findings import Finding
from viz.diagnosis.trace import Operation, Quantity

__all__ = ["check_loss"]

TOO_HIGH = 2.0
"""How many times ln(classes), the cost of a blind guess, a cross-entropy may be: above that the model is sure of what
is wrong. That this is the loss to expect at first: Karpathy, 2019, "A recipe for training neural networks"."""

NEAR = 0.35
"""How far from ln(classes) the loss of an untrained model may be, as a share. Logits of variance s² cost about s²/2
more than a blind guess: of unit variance a fifth more of ln(10), a third more of ln(4)."""

EXAMPLES = 16
"""How many examples it takes to judge a batch: of a trained model any single one may be a surprise."""

ALIKE = 512
"""How many examples, times classes, may have one label by chance: of two classes one may well be 98 % of the data."""

_ACTIVATIONS = {
    "softmax": "softmax of a softmax: the loss takes logits and applies its own",
    "sigmoid": "the loss takes logits, and a sigmoid keeps them between 0 and 1, where no class can be ruled out",
    "relu": "the loss takes logits, which must be free to be negative",
}
_VIEWS = {"reshape", "permute_dims", "copy", "positive", "astype", "getitem", "item"}


def check_loss(case: Case) -> Iterator[Finding]:
    """The findings on the loss."""
    shape = tuple(case.loss.shape)
    if math.prod(shape) != 1:
        yield Finding(
            "loss_shape", "error", "loss", f"the loss is {shape}, not one number",
            "Reduce it: loss.mean() or loss.sum().", {"size": math.prod(shape)},
        )  # fmt: skip
    for operation in case.operations:
        if operation.op in ("subtract", "multiply"):
            yield from _broadcast(case, operation)
        if operation.op in ("softmax", "log_softmax"):
            yield from _softmax_axis(case, operation)
        if operation.op == "softmax_cross_entropy":
            yield from _cross_entropy(case, operation)


def _broadcast(case: Case, operation: Operation) -> Iterator[Finding]:
    """A column that an op of the model made and a row of as many numbers: n times n differences, or products, of them.

    A product only counts where the row is a constant, as targets are; an outer product of two results is meant.
    """
    result = operation.result.shape
    if len(result) != 2 or result[0] != result[1] or result[0] < 2 or case.is_hidden(operation.result):
        return
    n = result[0]
    shapes = [_shape(operation, slot) for slot in range(2)]
    column = next((slot for slot in range(2) if shapes[slot] == (n, 1)), None)
    if column is None or shapes[1 - column] not in ((n,), None):
        return
    argument = operation.arguments[column]
    maker = None if argument is None else argument.producer
    if argument is not None and (maker is None or maker.kind in ("view", "gather")):
        return  # a column that was made on purpose, as x[:, None]
    other = operation.arguments[1 - column]
    if other is not None and (operation.op == "multiply" or _source(other) is _source(argument)):
        return  # every score against every score, as a ranking loss has it
    if argument is None and other is None:
        return
    yield Finding(
        "broadcast_loss", "error", operation.place(),
        f"{shapes[0] or (n,)} meets {shapes[1] or (n,)} and they broadcast to ({n}, {n}): every prediction "
        "against every target",
        "Give both one shape: target[:, None], or prediction.squeeze(-1). mse_loss refuses shapes that differ.",
        {"examples": n},
    )  # fmt: skip


def _source(quantity: Quantity | None) -> Quantity | None:
    """The value that another one only lays out anew."""
    while quantity is not None and quantity.producer is not None and quantity.producer.op in _VIEWS:
        quantity = quantity.producer.arguments[0]
    return quantity


def _softmax_axis(case: Case, operation: Operation) -> Iterator[Finding]:
    """A softmax over the examples of a batch, where the classes stand on the other axis."""
    shape = operation.result.shape
    if len(shape) != 2 or shape[0] == shape[1] or min(shape) < 2 or case.is_hidden(operation.result):
        return  # a square has similarities, whose softmax is taken both ways
    if operation.params.get("axis") in (0, -2) and _source(operation.arguments[0]) is case.output:
        yield Finding(
            "softmax_axis", "warning", operation.place(),
            f"{operation.op} of {shape} runs over axis 0: over {shape[0]} examples, not over {shape[1]} classes",
            "Give it axis=1, or take cross_entropy of the logits.", {"examples": shape[0], "classes": shape[1]},
        )  # fmt: skip


def _shape(operation: Operation, slot: int) -> tuple[int, ...] | None:
    """The shape in an argument slot; None for a constant that nobody kept."""
    argument, known = operation.arguments[slot], operation.operands[slot]
    if argument is not None:
        return argument.shape
    return None if known is None else tuple(np.shape(known))


def _cross_entropy(case: Case, operation: Operation) -> Iterator[Finding]:
    logits = operation.arguments[0]
    if logits is None or len(logits.shape) != 2:
        return
    maker = _maker(logits)
    if maker is not None and maker.op in _ACTIVATIONS:
        yield Finding(
            "activation_before_loss", "error", maker.place(),
            f"{maker.op} stands before cross_entropy: {_ACTIVATIONS[maker.op]}",
            f"Take the {maker.op} away in training; apply softmax only to show probabilities.",
        )  # fmt: skip
    outputs = logits.shape[1]
    classes = case.classes or outputs
    if classes != outputs:
        yield Finding(
            "unused_classes", "warning", operation.place(), f"the model has {outputs} outputs for {classes} classes",
            "Give its last layer one output for each class.", {"outputs": outputs, "classes": classes},
        )  # fmt: skip
    labels = operation.operands[1]
    counts = None if labels is None else plain_array(labels)
    enough = max(EXAMPLES, ALIKE / max(classes, 1))
    if counts is not None and counts.size >= enough and (counts == counts.flat[0]).all():
        yield Finding(
            "constant_labels", "warning", operation.place(),
            f"all {counts.size} examples have label {int(counts.flat[0])}",
            "Shuffle the data before batches are made.", {"label": float(counts.flat[0])},
        )  # fmt: skip
    loss = _mean_loss(operation)
    if loss is None or classes < 2:
        return
    guess = math.log(classes)
    numbers = {"loss": loss, "guess": guess}
    if case.initial and abs(loss - guess) > NEAR * guess:
        reason = (
            "it knows something before it has learnt: are labels among the inputs, or was it trained?"
            if loss < guess
            else "it is sure of something before it has learnt: the last layer's weights are too large."
        )
        yield Finding(
            "initial_loss", "warning", operation.place(),
            f"the loss of the untrained model is {number(loss)}, a blind guess costs ln({classes}) = {number(guess)}",
            reason[0].upper() + reason[1:], numbers,
        )  # fmt: skip
    elif loss > TOO_HIGH * guess and logits.shape[0] >= EXAMPLES:
        yield Finding(
            "high_loss", "warning", operation.place(),
            f"the cross-entropy is {number(loss)}, more than {TOO_HIGH:g} times the ln({classes}) = {number(guess)} "
            f"of a blind guess; the largest logit is {_largest(logits)}",
            "Make the last layer's first weights smaller; if it was trained, look at the labels and the learning rate.",
            numbers,
        )  # fmt: skip


def _maker(quantity: Quantity) -> Operation | None:
    """The op that made a value, past those that only lay it out anew."""
    source = _source(quantity)
    return None if source is None else source.producer


def _mean_loss(operation: Operation) -> float | None:
    """The cross-entropy of an example, from the probabilities that the op keeps."""
    labels, probabilities = operation.operands[1], operation.aux
    if labels is None or probabilities is None:
        return None
    p, t = plain_array(probabilities).astype(np.float64), plain_array(labels)
    if not p.size or not np.isfinite(p).all():
        return None
    picked = np.take_along_axis(p, t[:, None], 1)
    return float(-np.log(np.maximum(picked, np.finfo(np.float32).tiny)).mean())


def _largest(logits: Quantity) -> str:
    facts = logits.facts()
    return "not known" if facts is None else number(facts.largest)
