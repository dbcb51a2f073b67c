"""Tables of plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["text_table"]


def text_table(head: Sequence[str], rows: Iterable[Sequence[str]], left: str = "l") -> str:
    """Lines of text with aligned columns.

    ``left``  ``"l"`` or ``"r"`` for each column; the columns that it does not reach stand to the right
    """
    cells = [list(head), *map(list, rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    sides = left.ljust(len(head), "r")

    def line(row: Sequence[str]) -> str:
        aligned = (
            text.ljust(width) if side == "l" else text.rjust(width)
            for side, text, width in zip(sides, row, widths, strict=True)
        )
        return "  ".join(aligned).rstrip()

    return "\n".join([line(cells[0]), "  ".join("─" * width for width in widths), *map(line, cells[1:])])
