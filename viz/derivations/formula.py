r"""The formulas of an op as MathML with slots, for a page that puts real numbers into them.

``\bar y \odot (1 - y^2)`` becomes MathML in which ``<mover data-slot="g">`` is the gradient of the output,
``<mi data-slot="y">`` the output, and ``<mi data-slot="0">`` the first argument. A script finds them by
``[data-slot]`` and shows numbers instead (in parentheses where they are negative); ``<mi data-param="n">`` is a static
parameter, and ``data-param="A"`` and ``"N"`` the axes of the op and how many elements they hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from autograd.composite import COMPOSITES
from autograd.dispatch import OPS
from autograd.errors import ArgumentError
from autograd.formulas import forward_formula, letters_of, static_letters, vjp_formula
from viz.derivations.mathml import mathml

__all__ = ["Formula", "formula", "template_mathml"]

_FIRST = 0xE100  # private characters that stand for slots until the MathML is made


@dataclass(frozen=True, slots=True)
class Formula:
    r"""What the table prints of one op, in its own letters.

    ``letters``       the letter of each argument: ``("x", "W", "b")``
    ``forward``       ``x \\, W^\\top + b``
    ``vjp``           the gradient of each argument; None where it gets none, or the table has no formula
    ``forward_mathml``, ``vjp_mathml``  the same as :func:`template_mathml` makes them: ``y = ...``, ``\\bar{x} = ...``
    """

    op: str
    letters: tuple[str, ...]
    forward: str
    vjp: tuple[str | None, ...]
    forward_mathml: str
    vjp_mathml: tuple[str | None, ...]


@cache
def formula(op_name: str) -> Formula:
    """The formulas of an op of the table, as LaTeX and as MathML.

    Raises ArgumentError where there is no such op, and MissingExtraError without latex2mathml.
    """
    op = _op(op_name)
    letters = _letters(op)
    vjp = tuple(_vjp(op, slot, letters, "y", r"\bar{y}") for slot in range(len(letters)))
    return Formula(
        op_name, letters, forward_formula(op, letters), vjp, template_mathml(op_name, "forward"),
        tuple(None if rule is None else template_mathml(op_name, slot) for slot, rule in enumerate(vjp)),
    )  # fmt: skip


def template_mathml(
    op_name: str, which: Literal["forward"] | int, *, equation: bool = True, scalar: bool = False
) -> str:
    r"""One formula as a ``<math>`` element whose slots carry ``data-slot``.

    ``which``     ``"forward"``, or the number of the argument whose gradient it is
    ``equation``  with its left side, ``y =`` or ``\\bar{x} =``
    ``scalar``    for numbers: every product is a dot

    Raises ArgumentError where there is no such op or it has no such formula, and MissingExtraError without
    latex2mathml.
    """
    op = _op(op_name)
    letters = _letters(op)
    slots = {"g": r"\bar{y}", "y": "y"} | {str(i): symbol for i, symbol in enumerate(letters)}
    marks = {slot: chr(_FIRST + i) for i, slot in enumerate(slots)}
    parameters = static_letters(op) | {"A": "A", "N": "N"}
    marked_parameters = {name: chr(_FIRST + 0x80 + i) for i, name in enumerate(parameters)}
    given = {parameters[name]: mark for name, mark in marked_parameters.items() if parameters[name] not in letters}
    arguments = [marks[str(i)] for i in range(len(letters))]
    if which == "forward":
        right: str | None = forward_formula(op, arguments, given | {"y": marks["y"]})
        left = marks["y"]
    else:
        right = _vjp(op, which, arguments, marks["y"], marks["g"], given) if 0 <= which < len(letters) else None
        left = rf"\bar{{{letters[which]}}}" if right is not None else ""
    if right is None:
        raise ArgumentError(
            f"template_mathml: {op_name} has no formula for the gradient of argument {which!r}; its arguments "
            f"are numbered 0 to {len(letters) - 1}, and one that is an index or a mask gets no gradient."
        )
    is_equation = which == "forward" and _says_what_it_is(right)  # ``x = Q R``
    text = f"{left} = {right}" if equation and not is_equation else right
    made = mathml(text.replace(r"\odot", r"\cdot") if scalar else text)
    for slot, mark in marks.items():
        made = _with_slot(made, mark, slots[slot], f'data-slot="{slot}"')
    for name, mark in marked_parameters.items():
        made = _with_slot(made, mark, parameters[name], f'data-param="{name}"')
    return made


def _says_what_it_is(formula: str) -> bool:
    """Whether there is an equals sign outside of all brackets."""
    depth = 0
    for c in formula:
        depth += (c in "({[") - (c in ")}]")
        if c == "=" and depth == 0:
            return True
    return False


def _op(name: str) -> Any:
    op = OPS.get(name) or COMPOSITES.get(name)
    if op is None:
        raise ArgumentError(f"formula: there is no op {name!r} in the table; `glassgrad ops` lists them.")
    return op


def _letters(op: Any) -> tuple[str, ...]:
    """The letters of the arguments that are arrays; of an op with any number of them, the first."""
    letters = letters_of(op)
    if op.name in OPS:
        return letters
    used = [
        int(place) for place in re.findall(r"(?<!\{)\{(\d)\}|\{\{\{(\d)\}\}\}", op.latex) for place in place if place
    ]
    return letters[: max([*used, len(op.vjp_latex) - 1, 0]) + 1]


def _vjp(op: Any, slot: int, arguments: Any, output: str, gradient: str, given: Any = None) -> str | None:
    try:
        return vjp_formula(op, slot, arguments, output, gradient, given)
    except ArgumentError:
        return None


def _with_slot(made: str, mark: str, symbol: str, attribute: str) -> str:
    """MathML in which the mark is the symbol again, in an element that says which slot it is."""
    element = re.fullmatch(r"<math[^>]*><mrow>(.*)</mrow></math>", mathml(symbol), re.DOTALL)
    assert element is not None, symbol
    tagged = re.sub(r"^<(\w+)", rf"<\1 {attribute}", element[1], count=1)
    return re.sub(rf"<m[io]>{mark}</m[io]>", lambda _: tagged, made)
