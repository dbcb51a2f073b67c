r"""A derivation as frozen data: symbols, forward equations and backward equations, and how they are typeset."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from autograd.errors import ArgumentError
from viz.derivations.mathml import mathml
from viz.drawing.export import write_whole

__all__ = ["BackwardStep", "Derivation", "ForwardStep", "Symbol"]

SymbolKind = Literal["parameter", "input", "constant"]


@dataclass(frozen=True, slots=True)
class Symbol:
    """A leaf of the graph, or a constant, and the letter that stands for it.

    ``latex``  the symbol: ``W_1``
    ``name``   what its model, or the caller, calls it: ``0.weight``; empty where nobody does
    ``space``  where it lives, as LaTeX: ``\\mathbb{R}^{8 \\times 4}``; empty where the tape keeps nothing of it
    """

    latex: str
    kind: SymbolKind
    name: str
    space: str


@dataclass(frozen=True, slots=True)
class ForwardStep:
    """``symbol = formula``, an element of ``space``: what the op called ``op`` computed."""

    symbol: str
    formula: str
    space: str
    op: str


@dataclass(frozen=True, slots=True)
class BackwardStep:
    r"""The gradient of one value: the sum of what each use of it passes back.

    ``symbol``  the gradient, such as ``\\bar{z}_1``; ``of`` the value that it belongs to
    ``terms``   one for each use
    ``where``   definitions of letters in them
    ``ops``     the op that passed each term back
    ``result``  whether it is the gradient of a parameter or an input, where the derivation ends
    """

    symbol: str
    of: str
    terms: tuple[str, ...]
    where: tuple[str, ...]
    space: str
    ops: tuple[str, ...]
    result: bool

    @property
    def formula(self) -> str:
        """The terms, added up."""
        if len(self.terms) == 1:
            return self.terms[0]
        # what holds words, as "a with a[0] <- b", ends where its parenthesis does
        first, *others = (f"({term})" if r"\text{ " in term else term for term in self.terms)
        return first + "".join(f" - {term[1:]}" if term.startswith("-") else f" + {term}" for term in others)


@dataclass(frozen=True, slots=True, repr=False)
class Derivation:
    """The backward pass of a small graph, equation by equation; made by :func:`viz.derive`."""

    symbols: tuple[Symbol, ...]
    forward: tuple[ForwardStep, ...]
    backward: tuple[BackwardStep, ...]
    title: str | None = None

    def __repr__(self) -> str:
        return f"<Derivation: {len(self.forward)} forward and {len(self.backward)} backward steps>"

    def latex(self) -> str:
        """The body: a table of symbols and two ``align*``. It needs the packages amsmath and amssymb."""
        rows = [
            rf"{s.latex} & {_in_space(s.space)} & {_typewriter(s.name)} & \text{{{s.kind}}} \\" for s in self.symbols
        ]
        table = "\n".join([r"\begin{equation*}", r"\begin{array}{llll}", *rows, r"\end{array}", r"\end{equation*}"])
        forward = [(s.symbol, s.formula, s.space, False) for s in self.forward]
        backward = [(s.symbol, _with_clauses(s), s.space, s.result) for s in self.backward]
        return "\n\n".join([table, _aligned(forward), _aligned(backward)]) + "\n"

    def document(self) -> str:
        """A standalone LaTeX document; pdflatex with amsmath and amssymb compiles it."""
        title = self.title or "The backward pass"
        table, forward, backward = self.latex().rstrip("\n").split("\n\n")
        lines = [
            r"\documentclass[a4paper]{article}", r"\usepackage[margin=2cm]{geometry}", r"\usepackage{amsmath}",
            r"\usepackage{amssymb}", r"\allowdisplaybreaks", r"\begin{document}",
            rf"\section*{{{_escaped(title)}}}", r"\subsection*{Symbols}", table, r"\subsection*{Forward}", forward,
            r"\subsection*{Backward}",
            r"A bar is the gradient of the loss: $\bar{x} = \partial L / \partial x$, in the shape of $x$. "
            r"$\odot$ is the elementwise product, and $\sum_{0,1}$ adds up over axes 0 and 1.",
            backward, r"\end{document}",
        ]  # fmt: skip
        return "\n".join(lines) + "\n"

    def save(self, path: str | Path) -> Path:
        """Write :meth:`document` to a ``path`` in ``.tex``, or a page with :meth:`html` to one in ``.html``.

        The file is written whole or not at all. Returns the path. Raises ArgumentError for another suffix.
        """
        path = Path(path)
        if path.suffix.lower() == ".tex":
            return write_whole(path, self.document())
        if path.suffix.lower() == ".html":
            return write_whole(path, self._page())
        raise ArgumentError(
            f"Derivation.save: '{path}' has the suffix {path.suffix!r}; a derivation is written as .tex or .html. "
            f"Try '{path.with_suffix('.tex')}'."
        )

    def _page(self) -> str:
        title = html.escape(self.title or "The backward pass")
        return (
            f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title>\n'
            "<style>:root{color-scheme:light dark}body{margin:2em;font-family:system-ui,sans-serif}</style></head>\n"
            f"<body><h1>{title}</h1>\n{self.html()}\n</body>\n</html>\n"
        )

    def html(self) -> str:
        """The derivation as one HTML element with MathML, which browsers show without any script.

        Raises MissingExtraError without latex2mathml.
        """
        symbols = [
            f"<tr><td>{mathml(s.latex)}</td><td>{mathml(_in_space(s.space)) if s.space else ''}</td>"
            f"<td><code>{html.escape(s.name)}</code></td><td>{s.kind}</td></tr>"
            for s in self.symbols
        ]
        forward = [_row(s.symbol, s.formula, s.space, s.op) for s in self.forward]
        backward = [
            _row(s.symbol, _with_clauses(s), s.space, ", ".join(dict.fromkeys(s.ops)), boxed=s.result)
            for s in self.backward
        ]
        parts = [("Symbols", "derivation-symbols", symbols), ("Forward", "derivation-steps", forward)]
        parts.append(("Backward", "derivation-steps", backward))
        body = "".join(
            f'<h3>{heading}</h3><table class="{kind}"><tbody>{"".join(rows)}</tbody></table>'
            for heading, kind, rows in parts
        )
        return f'<div class="derivation"><style>{_STYLE}</style>{body}</div>'

    def _repr_latex_(self) -> str:
        return self.latex()

    def _repr_markdown_(self) -> str:
        heading = f"### {self.title}\n\n" if self.title else ""
        return heading + "\n\n".join(f"$$\n{part}\n$$" for part in _for_mathjax(self.latex()))

    def __str__(self) -> str:
        lines = [f"{s.latex}: {s.kind} {s.name}".rstrip() for s in self.symbols]
        lines += ["", *(f"{s.symbol} = {s.formula}" for s in self.forward)]
        lines += ["", *(f"{s.symbol} = {_with_clauses(s)}" for s in self.backward)]
        lines = [_plain(line) for line in lines]
        width = max(_width(line) for line in lines)
        spaces = [s.space for s in self.symbols] + [""] + [s.space for s in self.forward] + [""]
        spaces += [s.space for s in self.backward]
        return "\n".join(
            f"{line}{' ' * (width - _width(line))}  {_plain(space)}".rstrip()
            for line, space in zip(lines, spaces, strict=True)
        )


def _width(text: str) -> int:
    """The columns that a text takes: a bar over a letter takes none."""
    return sum(not unicodedata.combining(c) for c in text)


def _in_space(space: str) -> str:
    return rf"\in {space}" if space else ""


def _typewriter(name: str) -> str:
    return rf"\texttt{{{_escaped(name)}}}" if name else ""


def _with_clauses(step: BackwardStep) -> str:
    return "".join([step.formula, *(rf", \quad {definition}" for definition in step.where)])


def _aligned(equations: Iterable[tuple[str, str, str, bool]]) -> str:
    lines = []
    for symbol, formula, space, boxed in equations:
        left, right = f"{symbol} &= {formula}", f" && {_in_space(space)}"
        if boxed:  # a box cannot hold the sign that lines are aligned at
            left = rf"\boxed{{{symbol}}} &= {formula}"
        lines.append(left + right)
    return "\n".join([r"\begin{align*}", " \\\\\n".join(lines), r"\end{align*}"])


def _for_mathjax(latex: str) -> list[str]:
    """Each part as what may stand between dollar signs."""
    parts = latex.strip().split("\n\n")
    parts[0] = parts[0].replace("\\begin{equation*}\n", "").replace("\n\\end{equation*}", "")
    return [part.replace("{align*}", "{aligned}") for part in parts]


def _escaped(text: str) -> str:
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(c, "\\" + c if c in "_%&#${}" else c) for c in text)


def _row(symbol: str, formula: str, space: str, op: str, boxed: bool = False) -> str:
    cells = [
        ("left", mathml(symbol)), ("sign", mathml("=")), ("right", mathml(formula)),
        ("space", mathml(_in_space(space))),
        ("op", html.escape(op)),
    ]  # fmt: skip
    row = "".join(f'<td class="{kind}">{content}</td>' for kind, content in cells)
    kind = "result" if boxed else "step"
    return f'<tr class="{kind}">{row}</tr>'


_PLAIN = {
    r"\mathbb{R}": "R", r"\mathbb{C}": "C", r"\mathbb{Z}": "Z", r"\times": "×", r"\odot": "⊙", r"\cdot": "·",
    r"\textstyle": "", r"\sum": "Σ", r"\prod": "Π", r"^\top": "ᵀ", r"^{\top}": "ᵀ", r"\,": "", r"\quad": "",
    r"\ln": "ln", r"\sigma": "σ", r"\gamma": "γ", r"\beta": "β", r"\theta": "θ", r"\ell": "ℓ", r"\pi": "π",
    r"\infty": "∞", r"\lvert": "|", r"\rvert": "|", r"\varnothing": "∅", r"\{": "{", r"\}": "}",
    r"\le": "≤", r"\ge": "≥", r"\ne": "≠", r"\neg": "¬", r"\texttt": "", r"\dots": "…", r"\star": "⋆",
    r"^{-\top}": "⁻ᵀ", r"\leftarrow": "←", r"\to": "→", r"\epsilon": "ε", r"\lambda": "λ", r"\alpha": "α",
    r"\phi": "φ", r"\Phi": "Φ",
}  # fmt: skip
_COMMAND = re.compile(
    "|".join(re.escape(c) + r"(?![A-Za-z])" * c[-1].isalpha() for c in sorted(_PLAIN, key=len, reverse=True))
)


def _plain(latex: str) -> str:
    """A formula for a terminal: readable, and still LaTeX where there is no sign for it."""
    latex = _COMMAND.sub(lambda match: _PLAIN[match[0]], latex)
    latex = re.sub(r"\\(?:operatorname|text|mathrm|texttt)\{([^{}]*)\}", r"\1", latex)
    latex = re.sub(r"\\bar\{(.)\}", "\\1\N{COMBINING MACRON}", latex)
    latex = re.sub(r"\\tfrac\{(\w+)\}\{(\w+)\}", r"\1/\2", latex)
    latex = re.sub(r"_\{(\w+)\}", r"_\1", latex)
    return " ".join(re.sub(r"\\(?=[a-z])(?!frac|sqrt)", "", latex).split())


_STYLE = (
    ".derivation{font:15px/1.5 system-ui,sans-serif;overflow-x:auto}.derivation h3{font-size:1em;margin:1.2em 0 .3em}"
    ".derivation table{border-collapse:collapse;border:0}.derivation tr{background:none}"
    ".derivation td{padding:.28em .5em;border:0;text-align:left;white-space:nowrap}"
    ".derivation td.left{text-align:right}.derivation td.space{padding-left:2em}"
    ".derivation td.op{padding-left:2em;opacity:.65;font-size:.85em}.derivation math{font-size:1.1em}"
    ".derivation tr.result td.left math{border:1px solid currentColor;border-radius:3px;padding:.1em .3em}"
)
