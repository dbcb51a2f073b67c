"""What :func:`viz.why` answers: a cause by name, two sentences, and the path of the gradient from the loss."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

from viz.diagnosis.facts import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from autograd.watching import Line

__all__ = ["CAUSES", "Explanation", "PathStep"]

CAUSES: Mapping[str, str] = {
    # nothing is wrong
    "healthy": "the gradient is neither zero nor tiny, huge or not finite",
    "unknown": "something is wrong, and the Tensor alone does not tell what",
    # there is no gradient
    "not_required": "the value does not ask for a gradient",
    "integer": "the value holds integers or truth values, which have no derivative",
    "not_kept": "the value was computed, and only leaves keep their gradient in .grad",
    "no_backward": "there is a path to the loss, but no backward pass has been run",
    "freed": "the graph was given back by a backward pass, and the gradients cannot be computed anew",
    "integer_path": "every path to the loss goes through integers, or an op that has no derivative",
    "detached": "every path to the loss is cut by detach(), no_grad() or a copy of the plain array",
    "disconnected": "the loss was not computed from the value",
    # it is zero
    "closed_relu": "a relu, all of whose inputs are at most 0, lets nothing through",
    "saturated": "a sigmoid, tanh, softmax or the like is so far out that its slope is 0, or nearly",
    "branch_not_taken": "where, an index, max or the like takes other elements than these",
    "max_pool": "other elements are the largest of their windows",
    "clipped": "the values lie outside the bounds of a clip",
    "dropped": "dropout has set the elements to 0",
    "step_function": "sign, floor, round and the like are flat between their steps",
    "multiplied_by_zero": "a product's other factor is 0",
    "stationary": "the derivative of an op is 0 at these very values, as that of a square at 0",
    "constant": "the loss does not change with the value: a softmax of one class, or of equal gradients",
    "cancellation": "the contributions of several uses, or the terms of a sum, add up to 0",
    "underflow": "the product is smaller than the smallest number of its dtype",
    "hook": "a gradient hook has replaced the gradient",
    "zero_incoming": "the backward pass began with zeros",
    # it is not finite
    "nonfinite_leaf": "a parameter or an input holds a NaN or an infinity itself",
    "nonfinite_forward": "an op of the forward pass made a NaN or an infinity",
    "nonfinite_backward": "the backward rule of an op made one out of finite numbers",
    "nonfinite_incoming": "the backward pass began with one",
    # it is of an unusual size
    "small_factors": "many factors below 1, multiplied",
    "large_factors": "factors above 1, multiplied",
}
"""Every ``kind`` of an :class:`Explanation` and what it means."""


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step of the gradient on its way from the loss to the value.

    ``op``      the op whose backward rule it went through; ``"sum of uses"`` where several contributions are added up
    ``scope``   the part of the model, and ``line`` the line of the program, where they are known
    ``shape``   of the gradient after the step
    ``factor``  the root mean square of the gradient after the step over that before it; None where that was 0
    ``norm``    the Euclidean norm of the gradient after the step
    ``note``    what is worth knowing of it, or an empty text
    ``seq``     the creation number of the node whose gradient this is, if there is one
    """

    op: str
    scope: str
    line: Line | None
    shape: tuple[int, ...]
    factor: float | None
    norm: float
    note: str = ""
    seq: int | None = None

    def __str__(self) -> str:
        factor = "      " if self.factor is None else f"× {number(self.factor)}"
        place = f"  {self.scope}" if self.scope else ""
        if self.line is not None:
            place += f"  {self.line.short}"
        return f"{self.op:<22} {factor:<12} norm {number(self.norm)}{place}" + (f"  · {self.note}" if self.note else "")


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """Why a gradient is as it is.

    ``kind``      the cause, one of :data:`CAUSES`
    ``text``      two sentences: the cause with its numbers, and what to do
    ``path``      the steps of the gradient in the order of the backward pass, from the loss to the value
    ``culprit``   the step that did it; None where there is no single one
    ``norm``      the Euclidean norm of the gradient; None where there is none
    ``factor``    the product of the factors of all steps: the gradient's root mean square over that of the loss's own
    ``seqs``      the creation numbers of the nodes along the path, for drawings to highlight
    ``values``, ``ops``  the ids of the values and of the op events along the path in the recording; empty where a live
                  graph was looked at
    """

    kind: str
    text: str
    path: tuple[PathStep, ...] = ()
    culprit: PathStep | None = None
    norm: float | None = None
    factor: float | None = None
    seqs: tuple[int, ...] = ()
    values: tuple[int, ...] = ()
    ops: tuple[int, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.kind}: {self.text}"]
        for step in self._shown():
            if isinstance(step, int):
                lines.append(f"    … {step} more steps")
            else:
                lines.append(f"  {'▸' if step is self.culprit else ' '} {step}")
        return "\n".join(lines)

    def _shown(self) -> Iterator[PathStep | int]:
        """The steps worth showing of a long path: those at both ends and the culprit; between them how many are not."""
        left_out = 0
        for place, step in enumerate(self.path):
            if _FIRST <= place < len(self.path) - _LAST and step is not self.culprit:
                left_out += 1
                continue
            if left_out:
                yield left_out
                left_out = 0
            yield step

    __repr__ = __str__  # what is typed at a prompt shall be read

    def _repr_markdown_(self) -> str:
        return f"**{self.kind}**: {self.text}"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td colspan='6' {_CELL}>… {step} more steps</td></tr>" if isinstance(step, int) else self._row(step)
            for step in self._shown()
        )
        head = "".join(f"<th {_CELL}>{name}</th>" for name in ("op", "scope", "line", "factor", "norm", ""))
        table = (
            f"<details><summary>{len(self.path)} steps from the loss</summary>"
            f"<table style='border-collapse:collapse'><tr>{head}</tr>{rows}</table></details>"
        )
        return f"<p><b>{html.escape(self.kind)}</b>: {html.escape(self.text)}</p>" + (table if rows else "")

    def _row(self, step: PathStep) -> str:
        line = "" if step.line is None else step.line.short
        factor = "" if step.factor is None else f"× {number(step.factor)}"
        cells = "".join(
            f"<td {_CELL}>{html.escape(text)}</td>"
            for text in (step.op, step.scope, line, factor, number(step.norm), step.note)
        )
        mark = " style='font-weight:bold;outline:2px solid currentColor'" if step is self.culprit else ""
        return f"<tr{mark}>{cells}</tr>"


_FIRST, _LAST = 20, 3  # steps that are shown at either end
_CELL = "style='text-align:left;vertical-align:top;padding:.2em .7em'"
