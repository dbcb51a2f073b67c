"""Connectionist temporal classification: the likelihood of a sequence of labels under all its alignments."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from autograd.composite import composite
from autograd.errors import RangeError, ShapeError
from autograd.ops.elementwise import exp, log, logaddexp, maximum, minimum, where
from autograd.ops.halves import in_floats
from autograd.ops.indexing import getitem, take_along_axis
from autograd.ops.loss import reduced
from autograd.ops.reduce import mean, sum
from autograd.ops.scan import cumsum
from autograd.ops.shape import broadcast_to, concat, expand_dims, reshape, squeeze, stack
from autograd.samples import array as spec
from autograd.samples import integers, sample
from autograd.tape import constant, innermost, module_of

__all__ = ["ctc_loss"]


def _lengths(lengths: Any) -> Any:
    lengths = constant(lengths)
    return (lengths if hasattr(lengths, "level") else np.asarray(lengths)).astype(np.int64).reshape(-1)


@composite(
    r"-\ln p(y \mid {0})",
    [
        sample(
            spec(6, 2, 4),
            targets=np.array([[1, 2, 2], [3, 1, 0]]),
            input_lengths=(6, 5),
            target_lengths=(3, 2),
            reduction="none",
        )
    ],
)
def _ctc(x: Any, targets: Any, input_lengths: Any, target_lengths: Any, reduction: str) -> Any:
    from_logits = x - log(sum(exp(x), 2, keepdims=True))
    return ctc_loss(from_logits, targets, input_lengths, target_lengths, reduction=reduction)


@composite(
    r"-\ln \textstyle\sum_{{\pi \to \mathit{{targets}}}} \prod_t {0}_{{t, \pi_t}}",
    [
        sample(
            spec(5, 2, 4, low=-3.0, high=-0.5), integers(2, 2, low=1, high=4), input_lengths=np.array([5, 4]),
            target_lengths=np.array([2, 1]),
        ),
        sample(
            spec(4, 3, low=-3.0, high=-0.5), integers(2, low=1, high=3), input_lengths=4, target_lengths=2,
            reduction="sum",
        ),
        sample(
            spec(4, 2, 3, low=-3.0, high=-0.5), integers(3, low=0, high=2), input_lengths=np.array([4, 4]),
            target_lengths=np.array([2, 1]), blank=2, reduction="none",
        ),
    ],
)  # fmt: skip
@functools.partial(in_floats, keep=("targets", "input_lengths", "target_lengths"))
def ctc_loss(
    log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any, blank: int = 0, reduction: str = "mean",
    zero_infinity: bool = False,
) -> Any:  # fmt: skip
    """Connectionist temporal classification: minus the log-probability of all alignments of the targets.

    Shape: ``log_probs (T, N, C)`` or ``(T, C)``; ``targets (N, S)`` or all of them joined in one vector; lengths a
    number for each sequence. ``"mean"`` divides each loss by its target length first, as in PyTorch.

    Source: Graves et al., 2006, ICML; the forward recursion, in logarithms.
    """
    single = log_probs.ndim == 2
    if single:
        log_probs = expand_dims(log_probs, 1)
    if log_probs.ndim != 3:
        raise ShapeError(f"ctc_loss: log_probs must be (T, N, C), not {tuple(log_probs.shape)}.")
    steps, n, classes = log_probs.shape
    ins, outs = _lengths(input_lengths), _lengths(target_lengths)
    within = ((ins >= 0) & (ins <= steps)).all()
    if ins.shape != (n,) or outs.shape != (n,) or not innermost(within).all():
        raise ShapeError(
            f"ctc_loss: input_lengths {innermost(ins).tolist()} and target_lengths {innermost(outs).tolist()} must "
            f"hold {n} numbers, the former from 0 to the {steps} steps of log_probs {tuple(log_probs.shape)}."
        )
    labels = constant(targets)
    labels = labels if hasattr(labels, "dtype") else np.asarray(labels)
    longest = int(innermost(outs).max(initial=0))
    within = np.arange(longest) < outs[:, None]
    if labels.ndim == 1:  # all targets joined in one vector
        first = cumsum(outs, 0) - outs
        places = minimum(first[:, None] + np.arange(longest), max(labels.shape[0] - 1, 0))
        labels = getitem(labels, places) if labels.shape[0] else np.full((n, longest), blank)
    else:
        if labels.shape[1] < longest:
            raise ShapeError(f"ctc_loss: targets {tuple(labels.shape)} hold fewer labels than {longest}.")
        labels = labels[:, :longest]
    wrong = within & ((labels < 0) | (labels >= classes) | (labels == blank))
    if not 0 <= blank < classes or innermost(wrong).any():
        raise RangeError(f"ctc_loss: targets must hold classes from 0 to {classes - 1} other than the blank {blank}.")
    width = 2 * longest + 1
    labels = where(within, labels, blank)
    between = stack([0 * labels + blank, labels], 2)  # blanks between all labels
    states = concat([reshape(between, (n, width - 1)), np.full((n, 1), blank)], 1)
    # a label may follow the one before it without a blank if they differ
    skip = concat(
        [np.zeros((n, min(2, width)), dtype=bool), (states[:, 2:] != blank) & (states[:, 2:] != states[:, :-2])], 1
    )
    xp = module_of(log_probs)
    index = states if hasattr(states, "level") else xp.asarray(states)
    emitted = getitem(log_probs, (slice(None), xp.arange(n)[:, None], index))  # (T, N, states)
    nothing = np.full((n, 1), -np.inf, dtype=log_probs.dtype)
    place = np.arange(width)
    start = (place == 0) | ((place == 1) & (outs > 0)[:, None])
    before_all = np.where(place == 0, 0.0, -np.inf).astype(log_probs.dtype)
    alpha = where(start, emitted[0], -np.inf)
    history = [broadcast_to(xp.asarray(before_all), tuple(alpha.shape)), alpha]  # after 0 steps, after 1
    for t in range(1, steps):
        one = concat([nothing, alpha[:, : width - 1]], 1)
        total = logaddexp(alpha, one)
        if width > 2:
            two = concat([nothing, nothing, alpha[:, : width - 2]], 1)
            total = logaddexp(total, where(skip, two, -np.inf))
        alpha = total + emitted[t]
        history.append(alpha)
    table = stack(history, 0)
    final = getitem(table, (ins, np.arange(n)))  # (N, states)
    ends = 2 * outs
    total = take_along_axis(final, ends[:, None], 1)
    before = take_along_axis(final, maximum(ends - 1, 0)[:, None], 1)
    total = where((ends > 0)[:, None], logaddexp(total, before), total)
    loss = -reshape(total, n)
    if zero_infinity:
        impossible = loss == np.inf
        loss = where(impossible, 0, loss)
    if reduction == "mean":
        return mean(loss / maximum(outs, 1).astype(loss.dtype))
    loss = reduced("ctc_loss", loss, reduction)
    return squeeze(loss, 0) if single and reduction == "none" else loss
