"""LaTeX as MathML, which browsers draw themselves."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from functools import lru_cache

from autograd.extras import import_extra

__all__ = ["mathml"]

_MATH = "http://www.w3.org/1998/Math/MathML"
_MO, _MI = f"{{{_MATH}}}mo", f"{{{_MATH}}}mi"
_LETTERS = {"\N{INFINITY}", "\N{DOWN TACK}", "\N{EMPTY SET}", "\N{PARTIAL DIFFERENTIAL}"}
_SIZES = re.compile(r"\\(left|right)(?![A-Za-z])")
_NAMES = re.compile(r"\\operatorname\{([^{}]*)\}")
_ROWS = {f"{{{_MATH}}}{name}" for name in ("math", "mrow", "mstyle")}
_DOT = "\N{DOT OPERATOR}"  # what browsers put space around, as around other signs
_SCRIPTS = {f"{{{_MATH}}}{name}" for name in ("msub", "msup", "msubsup", "munder", "mover", "munderover")}


@lru_cache(maxsize=4096)
def mathml(latex: str, *, block: bool = False) -> str:
    r"""One ``<math>`` element: of MathML Core alone, so that every current browser draws it without a script.

    Raises :class:`~autograd.errors.MissingExtraError` without latex2mathml.
    """
    converter = import_extra("latex2mathml.converter", extra="viz", purpose="show formulas in a page")
    text = _SIZES.sub("", latex).replace(r"\neg", r"\lnot ").replace(r"\arg", r"\operatorname{arg}")
    text = _NAMES.sub(_plain_text, text)
    root = ET.fromstring(converter.convert(text, display="block" if block else "inline"))
    for element in root.iter():
        _mend(element)
    for row in root.iter():
        if row.tag in _ROWS:
            _space(row)
    ET.register_namespace("", _MATH)
    return ET.tostring(root, encoding="unicode")


def _plain_text(name: re.Match[str]) -> str:
    """A name of more than letters, which latex2mathml would take for a product, as text."""
    if name[1].isalpha():
        return name[0]
    text = re.sub(r"\\(.)", lambda escaped: escaped[1], name[1])
    return rf"\text{{{text}}}"


def _mend(element: ET.Element) -> None:
    """latex2mathml makes operator signs of names, of infinity and of a transpose, and lets bars stretch."""
    content = element.text or ""
    if element.tag != _MO:
        return
    if content == "mod":
        element.attrib |= {"lspace": "0.22em", "rspace": "0.22em"}
    elif re.fullmatch(r"[A-Za-z]+", content):
        element.tag = _MI
        if len(content) == 1:
            element.set("mathvariant", "normal")
    elif content in _LETTERS:
        element.tag = _MI
    elif content == "|":
        element.attrib |= {"lspace": "0", "rspace": "0", "stretchy": "false"}
    elif content == "\N{MACRON}":
        element.set("stretchy", "false")
    elif content == "\N{MIDDLE DOT}":
        element.text = _DOT


def _space(row: ET.Element) -> None:
    """A thin space between the name of a function and an argument without parentheses, and none after a sign."""
    for i in range(len(row) - 1, -1, -1):
        before = row[i - 1] if i else None
        follows_value = before is not None and (before.tag != _MO or before.text in (")", "]", "|"))
        if row[i].tag == _MO and row[i].text == "\N{MINUS SIGN}" and not follows_value:
            row[i].set("form", "prefix")
        if before is not None and _is_name(before) and row[i].tag not in (_MO, f"{{{_MATH}}}mspace"):
            row.insert(i, ET.Element(f"{{{_MATH}}}mspace", width="0.167em"))


def _is_name(element: ET.Element) -> bool:
    while element.tag in _SCRIPTS:
        element = element[0]
    text = element.text or ""
    return len(text) > 1 and (element.tag == _MI or (element.tag == f"{{{_MATH}}}mtext" and not text.startswith(" ")))
