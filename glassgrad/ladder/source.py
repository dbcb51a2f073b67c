"""The source of the functions that ran, as coloured HTML."""

from __future__ import annotations

import inspect
import io
import keyword
import tokenize
from collections.abc import Callable, Iterable
from html import escape
from typing import Any

__all__ = ["coloured", "source_of"]

_SPACING = (tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


def source_of(functions: Iterable[Callable[..., Any]]) -> str:
    """What was run: the text of the functions, as it stands in their file."""
    return "\n\n".join(inspect.getsource(function).rstrip() for function in functions)


def coloured(code: str) -> str:
    """Python as markup in which keywords, numbers, strings, comments and the names that ``def`` gives have a class."""
    lines = code.splitlines(keepends=True)
    parts, row, column, previous = [], 1, 0, ""
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type in _SPACING:
            continue
        while row < token.start[0]:  # what stands between two tokens is spaces and ends of lines
            parts.append(lines[row - 1][column:])
            row, column = row + 1, 0
        parts.append(lines[row - 1][column : token.start[1]])
        style = _style(token, previous)
        text = escape(token.string)
        parts.append(f'<span class="{style}">{text}</span>' if style else text)
        (row, column), previous = token.end, token.string
    return "".join(parts)


def _style(token: tokenize.TokenInfo, previous: str) -> str:
    if token.type == tokenize.COMMENT:
        return "comment"
    if token.type in (tokenize.STRING, tokenize.NUMBER):
        return "literal"
    if token.type == tokenize.NAME and previous == "def":
        return "defined"
    return "keyword" if token.type == tokenize.NAME and keyword.iskeyword(token.string) else ""
