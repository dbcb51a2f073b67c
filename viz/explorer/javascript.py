"""The scalar expressions of a program (:mod:`viz.programs.program`) as JavaScript.

They are C-like; the two languages differ in the names of functions, and a page lacks some of them. Every token is
checked, so nothing but arithmetic can come into a page this way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from autograd.errors import ArgumentError
from viz.programs.program import Kernel

__all__ = ["expression", "kernels_script"]

_TOKENS = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/()?:,<>!]))"
)
_VARIABLES = re.compile(r"(?:[at]\d+|g|y|result)\Z")
_OF_MATH = {
    "fabs": "abs", "pow": "pow", "fmax": "max", "fmin": "min",
    **{
        name: name
        for name in (
            "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "cos", "cosh", "exp", "expm1",
            "floor", "hypot", "log", "log10", "log1p", "log2", "sign", "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
        )
    },
}  # fmt: skip
_OF_PAGE = {  # in evaluator.js
    **{name: name for name in ("copysign", "digamma", "erf", "erfc", "exp2", "fmod", "lgamma", "rint")},
    "creal": "", "cimag": "zero",
}  # fmt: skip
_CONSTANTS = {"NAN": "NaN", "INFINITY": "Infinity"}


def expression(code: str) -> str:
    """An expression of the op table in JavaScript. Raises ArgumentError for one that is not made of what is known."""
    found: list[str] = []
    at = 0
    text = code.rstrip()
    while at < len(text):
        token = _TOKENS.match(text, at)
        if token is None:
            raise ArgumentError(f"expression: {code!r} has {text[at:].strip()[:1]!r}, which is no part of scalar code.")
        at = token.end()
        name = token["name"]
        if name is None:
            found.append(token["number"] or token["sign"])
        elif _VARIABLES.match(name):
            found.append(name)
        elif name in _CONSTANTS:
            found.append(_CONSTANTS[name])
        elif name in _OF_MATH:
            found.append(f"Math.{_OF_MATH[name]}")
        elif name in _OF_PAGE:
            found.append(f"special.{_OF_PAGE[name]}" if _OF_PAGE[name] else "")
        else:
            raise ArgumentError(f"expression: {code!r} names {name!r}, which is no function of scalar code.")
    return _joined(found)


def _joined(tokens: list[str]) -> str:
    """The tokens with spaces where two would run together: ``- -x`` is not ``--x``, nor ``<`` and ``!`` a comment."""
    text = ""
    for token in tokens:
        text += f" {token}" if token in ("-", "+", "!", "<", ">", "==", "!=", "<=", ">=", "?", ":", "*", "/") else token
        text += " " if token in (",", "?", ":", "*", "/", "==", "!=", "<", ">", "<=", ">=") else ""
    return text.strip()


def kernels_script(kernels: Iterable[Kernel]) -> str:
    """The kernels as functions of a page: ``f`` computes the value, ``pulls`` the gradient of each argument."""
    return f"const KERNELS = [{''.join(map(_kernel, kernels))}];\n"


def _kernel(kernel: Kernel) -> str:
    arguments = ", ".join(f"a{i}" for i in range(kernel.arguments))
    pulls = ", ".join("null" if lines is None else _pull(lines, arguments) for lines in kernel.pulls)
    selects = ", selects: true" if kernel.selects else ""
    value = f"({arguments}) => {expression(kernel.forward)}"
    return f'\n  {{ name: "{_word(kernel.name)}", f: {value}, pulls: [{pulls}]{selects} }},'


def _pull(lines: tuple[tuple[str, str], ...], arguments: str) -> str:
    names = f"(g, y, {arguments})"
    if len(lines) == 1:
        return f"{names} => {expression(lines[0][1])}"
    made = " ".join(f"const {name} = {expression(code)};" for name, code in lines)
    return f"{names} => {{ {made} return {lines[-1][0]}; }}"


def _word(name: str) -> str:
    """A name as it can stand between quotes in a script."""
    return re.sub(r"[^\w .·-]", "_", name)
