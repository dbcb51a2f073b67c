"""Recipes of ops that take the numbers of a row together: extremes, and exponentials over their sum."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from autograd.dispatch import OPS
from viz.programs.program import Kernel, Recipe
from viz.programs.scalar_code import extreme_kernel

__all__ = ["NORMALISED", "extreme", "normalised"]

NORMALISED = ("softmax", "log_softmax", "logsumexp")
_ROW = 16  # numbers of which a maximum is one instruction, so that ties share its gradient


class Kernels(Protocol):
    """What gives each kernel of a program its place."""

    def of(self, op: Any, params: dict[str, Any]) -> int:
        """The place of the kernel of an op."""

    def whole(self, kernel: Kernel) -> int:
        """The place of a kernel that stands for no op of the table."""


def _rows(x: Any, axes: int | tuple[int, ...] | None) -> list[list[int]]:
    """The places of the elements that a reduction takes together."""
    array = np.asarray(x)
    axes = tuple(range(array.ndim)) if axes is None else (axes,) if isinstance(axes, int) else tuple(axes)
    axes = tuple(axis % array.ndim for axis in axes)
    rest = [i for i in range(array.ndim) if i not in axes]
    moved = np.arange(array.size).reshape(array.shape).transpose(*rest, *axes)
    rows: list[list[int]] = moved.reshape(math.prod(array.shape[i] for i in rest), -1).tolist()
    return rows


def extreme(kernels: Kernels, op: Any, params: dict[str, Any], x: Any) -> tuple[Recipe, int, bool]:
    """A maximum or minimum: of a row at once, or of two numbers again and again where the row is long."""
    array = np.asarray(x)
    instructions: list[tuple[int, ...]] = []
    outputs = []
    fixed = False
    for row in _rows(x, params["axis"]):
        if len(row) <= _ROW:
            instructions.append((kernels.whole(extreme_kernel(op.name, len(row))), *row))
            outputs.append(array.size + len(instructions) - 1)
            continue
        kernel = kernels.of(OPS[f"{op.name}imum"], {})
        numbers = array.reshape(-1)[row]
        fixed = fixed or int((numbers == op.forward(numbers, axis=(0,), keepdims=False)).sum()) > 2
        best = row[0]
        for other in row[1:]:
            instructions.append((kernel, best, other))
            best = array.size + len(instructions) - 1
        outputs.append(best)
    return Recipe((array.size,), (), tuple(instructions), tuple(outputs)), len(instructions), fixed


def normalised(kernels: Kernels, op: Any, params: dict[str, Any], x: Any) -> tuple[Recipe, int, bool]:
    """Exponentials over their sum, less the maximum of the row as it is then: other numbers must not overflow."""
    size = np.size(x)
    instructions: list[tuple[int, ...]] = []

    def put(kernel: int, *refs: int) -> int:
        instructions.append((kernel, *refs))
        return size + len(instructions) - 1

    def chained(kernel: int, refs: Sequence[int]) -> int:
        made = refs[0]
        for ref in refs[1:]:
            made = put(kernel, made, ref)
        return made

    names = ("subtract", "exp", "add", "log", "divide")
    subtract, exp, add, log, divide = (kernels.of(OPS[name], {}) for name in names)
    # The result does not depend on what is subtracted, so nothing goes back through it.
    greater = kernels.whole(extreme_kernel("max", 2, constant=True))
    outputs: dict[int, int] = {}
    for number, row in enumerate(_rows(x, params["axis"])):
        largest = chained(greater, row)
        shifted = [put(subtract, place, largest) for place in row]
        powers = [put(exp, ref) for ref in shifted]
        total = chained(add, powers)
        if op.name == "softmax":
            outputs |= {place: put(divide, ref, total) for place, ref in zip(row, powers, strict=True)}
            continue
        logarithm = put(log, total)
        if op.name == "logsumexp":
            outputs[number] = put(add, logarithm, largest)
        else:
            outputs |= {place: put(subtract, ref, logarithm) for place, ref in zip(row, shifted, strict=True)}
    outs = tuple(outputs[place] for place in sorted(outputs))
    return Recipe((size,), (), tuple(instructions), outs), len(instructions), False
