"""How wide text will be, near enough to size a card before anybody's font is known."""

from __future__ import annotations

import unicodedata

__all__ = ["text_width"]

# Advance widths of Helvetica in thousandths of the size, from its font metrics (Adobe, 1985).
_ADVANCE = {
    **dict.fromkeys("ijl'|", 222), **dict.fromkeys(" !.,:;/\\[]ftI·", 278), **dict.fromkeys("()r-`", 333),
    **dict.fromkeys("ckJsvxyz", 500), **dict.fromkeys("+=<>~×−÷±", 584), **dict.fromkeys("FTZ", 611),
    **dict.fromkeys("ABEKPSVXY&", 667), **dict.fromkeys("CDHNRUw", 722), **dict.fromkeys("GOQ", 778),
    **dict.fromkeys("mM", 833), "W": 944, "%": 889, "@": 1015, "…": 1000, "→": 1000, "✓": 850, "✗": 850,
}  # fmt: skip
_OTHER = 556
_ROOM = 1.14  # DejaVu and Verdana, which stand in where there is no Helvetica, are wider
_BOLD = 1.12


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of a line of text in a sans-serif font of this size, in its unit."""
    advance = sum(_ADVANCE.get(c, _OTHER) if c.isascii() or c in _ADVANCE else _advance(c) for c in text)
    return advance / 1000 * size * _ROOM * (_BOLD if bold else 1.0)


def _advance(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 1000 if unicodedata.east_asian_width(character) in "WF" else 620
