r"""The formulas of the op table, and how the symbols of a graph, or numbers, are put into them.

There is one convention. A formula is LaTeX in which a *placeholder* is a letter (``x``, ``W``, ``\alpha``):

=====================  ==============================================================================================
``\bar y``             the gradient of the output
``y``                  the output
an argument            by its own name where that is one letter, else by its letter in :data:`LETTERS`
a static parameter     likewise (``n`` of a Bessel function, ``l`` and ``h`` of ``clip``)
``A``, ``N``           the axes that the op reduces, and how many elements are reduced to one
letters of a result    ``Q`` and ``R``, ``U``, ``s`` and ``V``, ...: the outputs of an op with several (:data:`OUTPUTS`)
after ``\quad``        ``u, \quad u = ...`` defines a letter of the formula's own; several are defined last one first
=====================  ==============================================================================================

``latex``, the forward formula, is a template as ``code`` is: ``{0}`` is the first argument, and braces of LaTeX are
doubled. ``vjp_latex`` is one formula for each argument, None where it gets no gradient, with letters as they are:
``r"\bar y \odot (1 - y^2)"``.

Products are always written: ``\odot`` is elementwise, ``\cdot`` multiplies by a number, and ``\,`` between two factors
is the matrix product. So ``\bar y \odot b`` stays readable when numbers take the place of the letters. ``\sum_{A}``
adds up over the axes of the op, and ``\operatorname{broadcast}_{A}`` repeats along them.

Formulas hold for real numbers; for complex ones the engine conjugates the derivative.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograd.errors import ArgumentError

__all__ = [
    "LETTERS", "OUTPUTS", "clauses", "forward_formula", "letter", "letters_in", "letters_of", "number", "op_letters",
    "static_letters", "substitute", "vjp_formula",
]  # fmt: skip

LETTERS = {
    "weight": "W", "bias": "b", "logits": "x", "labels": "t", "target": "t", "indices": "i", "index": "i", "mask": "m",
    "condition": "c", "alpha": r"\alpha", "base": r"\beta", "low": "l", "high": "h", "query": "q", "key": "k",
    "value": "v", "xs": "x", "soft": "x", "hard": "a",
}  # fmt: skip
"""The letter of an argument or parameter whose name is a word."""

OUTPUTS = {
    "qr": ("Q", "R"), "eigh": (r"\lambda", "V"), "eig": (r"\lambda", "V"), "svd": ("U", "s", "V"), "frexp": ("m", "e"),
    "slogdet": ("s", "y"),
}  # fmt: skip
"""The letters of the outputs of an op that has several. The third of ``svd`` is ``V^{H}``."""

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\s+|.", re.DOTALL)
_VERBATIM = {r"\operatorname", r"\text", r"\mathrm", r"\mathit", r"\mathbf", r"\mathcal", r"\mathbb", r"\texttt"}
_SLOT = 0xE000  # characters for private use: no formula has them
_GREEK = {
    rf"\{name}" for name in ("alpha", "beta", "gamma", "delta", "epsilon", "lambda", "mu", "sigma", "theta", "rho")
}  # fmt: skip


def letter(name: str) -> str:
    """The placeholder of an argument or a static parameter of that name."""
    return LETTERS.get(name, name if len(name) == 1 else rf"\mathit{{{name.replace('_', ' ')}}}")


def letters_of(op: Any) -> tuple[str, ...]:
    """The placeholders of the arguments of an op (of any number of them: that of each)."""
    return tuple(letter(name) for name in op.arguments) or (letter(op.variadic or "x"),)


def static_letters(op: Any) -> dict[str, str]:
    """The static parameters that have a placeholder of one letter: ``{"low": "l", "high": "h"}``."""
    found = {name: letter(name) for name in getattr(op, "static", ())}
    return {name: symbol for name, symbol in found.items() if len(symbol) == 1}


def clauses(formula: str) -> tuple[str, tuple[str, ...]]:
    r"""The expression of a formula, and the definitions after its ``\quad``."""
    expression, *definitions = re.split(r",\s*\\quad\s*", formula)
    return expression, tuple(definitions)


def forward_formula(op: Any, arguments: Sequence[str | None], letters: Mapping[str, str] | None = None) -> str:
    """The op applied to these symbols; None leaves an optional last term (a bias) out.

    ``letters`` are the symbols for other placeholders: ``y``, ``A``, static parameters.
    """
    template = op.latex.replace(r"{0}, \dots", ", ".join(f"{{{i}}}" for i in range(len(arguments))))
    filled: list[str] = []
    for i, argument in enumerate(arguments):
        if argument is None:
            template = re.sub(rf"\s*\+\s*\{{{i}\}}", "", template)
        filled.append(r"\varnothing" if argument is None else chr(_SLOT + i))
    marks = {mark: symbol for mark, symbol in zip(filled, arguments, strict=True) if symbol is not None}
    missing = len(re.findall(r"(?<!\{)\{\d\}", template))
    return substitute(template.format(*filled, *[r"\varnothing"] * missing), {**(letters or {}), **marks})


def vjp_formula(
    op: Any,
    slot: int,
    arguments: Sequence[str | None],
    output: str,
    gradient: str,
    letters: Mapping[str, str] | None = None,
) -> str:
    """What argument ``slot`` receives, in these symbols.

    Raises ArgumentError where the op has no formula for it.
    """
    formulas = op.vjp_latex
    template = None
    if formulas:
        template = formulas[0] if not op.arguments else formulas[slot] if slot < len(formulas) else None
    if template is None:
        raise ArgumentError(
            f"{op.name}: the op has no formula for the gradient of argument {slot}. Give it one with vjp_latex= where "
            "the op is defined (docs/derive.md shows how)."
        )
    own = letters_of(op)
    if not op.arguments:  # of any number of arguments: what a formula calls \dots is the others
        others = [a for i, a in enumerate(arguments) if i != slot and a is not None]
        template = template.replace(r", \dots", "".join(f", {a}" for a in others))
    named = {own[i]: a for i, a in enumerate(arguments) if a is not None and i < len(own)}
    symbols = {"y": output, r"\bar y": gradient, **(letters or {}), **named}
    taken = set().union(*(letters_in(symbol) for symbol in symbols.values()))
    defined = {definition.partition("=")[0].strip().partition("_")[0] for definition in clauses(template)[1]}
    symbols |= {name: rf"\tilde{{{name}}}" for name in defined & taken - symbols.keys()}
    return substitute(template, symbols)


def op_letters(op: Any, params: Mapping[str, Any], shapes: Sequence[Any], shape: tuple[int, ...]) -> dict[str, str]:
    """What ``A``, ``N`` and the static parameters of an op stand for, in a call with these shapes of arguments.

    ``shapes`` may hold None where an argument is not known; ``shape`` is that of the output.
    """
    first = next((tuple(s) for s in shapes if s is not None), ())
    axes = _axes_of(op.name, params, first, shape)
    letters = {}
    if axes is not None:
        axes = tuple(axis % len(first) if first else axis for axis in axes)
        letters["A"] = ",".join(map(str, axes)) if axes else r"\varnothing"
        letters["N"] = str(math.prod(first[axis] for axis in axes))
        if op.name == "mse_loss" and params.get("reduction") == "sum":
            letters["N"] = "1"
    for name, symbol in static_letters(op).items():
        if name in params and (text := _static(name, params[name])) is not None:
            letters[symbol] = text
    return letters


def _axes_of(
    name: str, params: Mapping[str, Any], first: tuple[int, ...], shape: tuple[int, ...]
) -> tuple[int, ...] | None:
    if name == "mse_loss":
        return () if params.get("reduction") == "none" else tuple(range(len(first)))
    if name == "softmax_cross_entropy":
        return (1,)
    if name == "order_statistic":
        return (-1,)
    if name == "linear":
        return tuple(range(len(shape) - 1))
    if name.startswith("conv"):
        return (0, *range(2, len(shape)))
    if name == "broadcast_to":
        extra = len(shape) - len(first)
        return (*range(extra), *(extra + i for i, n in enumerate(first) if n == 1 and shape[extra + i] != 1))
    axis = params.get("axis", params.get("axes"))
    return axis if isinstance(axis, tuple) else None if axis is None else (axis,)


def _static(name: str, value: Any) -> str | None:
    """A static parameter as LaTeX; None where there is no short way to write it."""
    if value is None:
        return {"low": r"-\infty", "high": r"\infty"}.get(name)
    if name == "index":
        parts = value if isinstance(value, tuple) else (value,)
        written = [_index(part) for part in parts]
        return None if None in written else ", ".join(str(part) for part in written)
    is_number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    return number(value) if is_number else None


def _index(part: Any) -> str | None:
    if isinstance(part, slice):
        ends = [("" if end is None else str(end)) for end in (part.start, part.stop)]
        return ":".join(ends if part.step is None else [*ends, str(part.step)])
    if part is Ellipsis:
        return r"\dots"
    if part is None:
        return r"\text{new}"
    return str(part) if isinstance(part, (int, np.integer)) else None


def number(value: Any) -> str:
    """A number as LaTeX, in parentheses where it is negative, to six digits."""
    if isinstance(value, complex) or getattr(getattr(value, "dtype", None), "kind", "") == "c":
        value = complex(value)
        return rf"({value.real:.6g} {value.imag:+.6g} \mathrm{{i}})"
    x = float(value)
    if not math.isfinite(x):
        return r"\text{NaN}" if x != x else r"\infty" if x > 0 else r"(-\infty)"
    mantissa, _, exponent = f"{abs(x):.6g}".partition("e")
    text = mantissa if not exponent else f"10^{{{int(exponent)}}}"
    if exponent and mantissa != "1":
        text = rf"({mantissa} \cdot {text})"
    return f"(-{text})" if x < 0 else text


def substitute(formula: str, symbols: Mapping[str, str]) -> str:
    r"""A formula with symbols in the place of its placeholders; text and names of functions stay as they are.

    ``\bar x`` becomes the symbol for ``\bar x``, or else the bar over the symbol for ``x``. A symbol is put into braces
    where it is an exponent or an index, and where it has an index itself and gets another.
    """
    out: list[str] = []
    tokens = list(_read(formula))
    before = ""
    for i, (token, is_letter) in enumerate(tokens):
        symbol = _replacement(token, symbols) if is_letter else None
        if symbol is not None:
            after = next((t for t, _ in tokens[i + 1 :] if not t.isspace()), "")
            clash = after in ("_", "^", "'") and (after.replace("'", "^") in symbol)
            if before in ("^", "_") or clash:
                symbol = f"{{{symbol}}}"
            if out and re.search(r"\\[A-Za-z]+$", out[-1]) and symbol[:1].isalpha():
                symbol = " " + symbol
        out.append(token if symbol is None else symbol)
        if not token.isspace():
            before = token
    return "".join(out)


def letters_in(formula: str) -> set[str]:
    r"""The letters that a formula names, ``\bar y`` apart from ``y``."""
    return {token for token, is_letter in _read(formula) if is_letter}


def _replacement(token: str, symbols: Mapping[str, str]) -> str | None:
    if token in symbols:
        return symbols[token]
    if token.startswith(r"\bar ") and (inner := symbols.get(token[5:])) is not None:
        return rf"\bar{{{inner}}}"
    return None


def _read(formula: str) -> Iterator[tuple[str, bool]]:
    r"""The tokens of a formula and whether each is a letter; ``\bar y`` is one, and so is all of a piece of text."""
    tokens = _TOKEN.findall(formula)
    i = 0
    while i < len(tokens):
        token = tokens[i]
        i += 1
        if token in _VERBATIM:
            depth, text = 0, token
            while i < len(tokens):
                text += tokens[i]
                depth += (tokens[i] == "{") - (tokens[i] == "}")
                i += 1
                if depth == 0 and not text.endswith((" ",)):
                    break
            yield text, False
        elif token == r"\bar":
            while tokens[i].isspace() or tokens[i] == "{":
                i += 1
            yield rf"\bar {tokens[i]}", True
            i += 2 if i + 1 < len(tokens) and tokens[i + 1] == "}" and tokens[i - 1] == "{" else 1
        else:
            yield token, token.isalpha() or token in _GREEK or ord(token[0]) >= _SLOT
