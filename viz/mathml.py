"""LaTeX as MathML, which browsers draw themselves."""

from __future__ import annotations

import re

from autograd.extras import import_extra

__all__ = ["mathml"]

# latex2mathml reads \operatorname as an operator sign, which browsers space wrongly; a name is an identifier.
_NAME = re.compile(r"<mo>([A-Za-z][A-Za-z\-]*)</mo>")
_SIZES = re.compile(r"\\(left|right)(?![A-Za-z])")
_BAR = re.compile(r'<mo stretchy="true">(&#x000AF;|¯)</mo>')


def mathml(latex: str, *, block: bool = False) -> str:
    r"""One ``<math>`` element: of MathML Core alone, so that every current browser draws it without a script.

    Raises :class:`~autograd.errors.MissingExtraError` without latex2mathml.
    """
    converter = import_extra("latex2mathml.converter", extra="viz", purpose="show formulas in a page")
    text = _SIZES.sub("", latex).replace(r"\neg", r"\lnot")
    made: str = converter.convert(text, display="block" if block else "inline")
    made = _NAME.sub(r"<mi>\1</mi>", made)
    return _BAR.sub(r'<mo stretchy="false">&#x000AF;</mo>', made)
