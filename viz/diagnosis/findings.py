"""What :func:`viz.diagnose` answers: findings, each with its evidence and a remedy."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, overload

__all__ = ["FINDINGS", "Diagnosis", "Finding", "Severity"]

Severity = Literal["error", "warning", "note"]

FINDINGS: Mapping[str, str] = {
    # gradients
    "unused_parameter": "no path leads from a parameter to the loss",
    "disconnected_loss": "no path leads from any parameter to the loss",
    "zero_gradient": "the gradient of a parameter is 0 in every element",
    "nonfinite_gradient": "the gradient of a parameter holds NaN or infinity",
    "vanishing_gradient": "a layer's gradient is less than 1/10,000 of another's, each against its weights",
    "exploding_gradient": "a gradient is more than a thousand times its weights",
    "underflow": "a half-precision gradient lies below the normal numbers of its dtype",
    # values
    "nonfinite_value": "an op of the forward pass made NaN or infinity, or a parameter holds one",
    "dead_units": "at least two thirds of a layer's relus are closed for every example",
    "saturated_units": "at least half of a hidden layer's activations sit where their slope is nearly 0",
    "symmetric_weights": "the units of a layer are alike, and their gradients too, so they stay alike",
    "input_scale": "inputs are far from unit size",
    "constant_input": "every example is the same",
    # loss
    "broadcast_loss": "predictions (n, 1) meet targets (n,), and every prediction is compared with every target",
    "activation_before_loss": "a softmax, sigmoid or relu stands before a loss that takes logits",
    "softmax_axis": "a softmax of the outputs runs over the examples, not over the classes",
    "high_loss": "the cross-entropy is more than twice ln(classes), which is what a blind guess costs",
    "initial_loss": "the cross-entropy of an untrained model is not near ln(classes)",
    "unused_classes": "the model has another number of outputs than there are classes",
    "constant_labels": "every example has the same label",
    "loss_shape": "the loss is not one number",
    # training
    "update_too_large": "a step changes a weight by more than 0.3 of its size",
    "update_too_small": "a step changes weights by less than a millionth of their size",
    "accumulated_gradient": ".grad holds much more than one backward pass of this loss gives",
    "not_optimized": "the optimizer does not hold a parameter that gets a gradient",
    "eval_mode": "the model is in evaluation while it is trained",
    "dropout_rate": "a dropout sets nearly everything to 0",
}
"""Every ``kind`` of a :class:`Finding` and what it means."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or probably so.

    ``kind``      one of :data:`FINDINGS`
    ``severity``  ``"error"`` for what keeps the model, or a part of it, from learning; ``"warning"`` for what probably
                  hurts; ``"note"`` for what is worth a look
    ``where``     the parameter, module or op
    ``evidence``  what was seen, with its numbers; ``numbers`` holds them by name
    ``remedy``    what to do
    """

    kind: str
    severity: Severity
    where: str
    evidence: str
    remedy: str
    numbers: Mapping[str, float] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return f"{self.severity}: {self.kind} at {self.where}: {self.evidence}. {self.remedy}"


@dataclass(frozen=True, slots=True, repr=False)
class Diagnosis(Sequence[Finding]):
    """The findings, the worst first. It is true where there are some: ``if viz.diagnose(model, loss): ...``.

    ``findings``  as a tuple
    ``checked``   what was looked at, in words
    """

    findings: tuple[Finding, ...]
    checked: str = ""

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds that were found."""
        return frozenset(finding.kind for finding in self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, index: int | slice) -> Finding | tuple[Finding, ...]:
        return self.findings[index]

    def of_kind(self, kind: str) -> tuple[Finding, ...]:
        """The findings of one kind."""
        return tuple(finding for finding in self.findings if finding.kind == kind)

    def __str__(self) -> str:
        if not self.findings:
            return f"Nothing found. Looked at {self.checked}."
        count = len(self.findings)
        head = f"{count} finding{'s' * (count != 1)} in {self.checked}:"
        return "\n".join([head, *(f"  {_SIGNS[f.severity]} {f}" for f in self.findings)])

    __repr__ = __str__  # what is typed at a prompt shall be read

    def _repr_html_(self) -> str:
        if not self.findings:
            return f"<p>Nothing found. Looked at {html.escape(self.checked)}.</p>"
        cells = "".join(
            "<tr>"
            + "".join(
                f"<td {_CELL}>{html.escape(text)}</td>"
                for text in (
                    f"{_SIGNS[f.severity]}\N{NO-BREAK SPACE}{f.severity}",
                    f.kind,
                    f.where,
                    f.evidence,
                    f.remedy,
                )
            )
            + "</tr>"
            for f in self.findings
        )
        head = "".join(f"<th {_CELL}>{name}</th>" for name in ("severity", "finding", "where", "evidence", "remedy"))
        return f"<table style='border-collapse:collapse'><tr>{head}</tr>{cells}</table>"


_CELL = "style='text-align:left;vertical-align:top;padding:.3em .7em'"
_SIGNS = {"error": "✗", "warning": "!", "note": "·"}
