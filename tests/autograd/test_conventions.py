"""The published table of edge conventions (docs/conventions.md) has a test for each line, and no test without one.

The tests stand, by theme, in the files test_conventions_*.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.autograd import (
    test_conventions_linalg,
    test_conventions_numbers,
    test_conventions_selection,
    test_conventions_slopes,
)
from tests.autograd.conventions import TESTED

TABLE = Path(__file__).parents[2] / "docs" / "conventions.md"
FILES = (
    test_conventions_linalg,
    test_conventions_numbers,
    test_conventions_selection,
    test_conventions_slopes,
)  # importing them fills TESTED


def test_each_line_of_the_published_table_has_a_test():
    rows = re.findall(r"^\| (.+?) \| .+ \|$", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows.pop(0) == "where"
    assert len(set(rows)) == len(rows)
    assert set(rows) - TESTED == set(), "lines of docs/conventions.md without a test"
    assert TESTED - set(rows) == set(), "tests of lines that docs/conventions.md does not have"
