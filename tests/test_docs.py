"""The programs in the README and in the docs do what the pages say: every Python block runs, in order.

A ``text`` block that follows one is what it prints, or the error that it ends with; ``...`` stands for anything.
"""

from __future__ import annotations

import contextlib
import io
import linecache
import re
import traceback
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = [
    page for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if "```python" in page.read_text()
]


def output_of(code: str, name: str, space: dict) -> str:
    """What a block prints; if it raises, its message with all notes."""
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)  # so that its source can be shown
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(code, name, "exec"), space)
        except Exception as error:
            return "".join(traceback.format_exception_only(error))
    return printed.getvalue()


def matches(shown: str, output: str) -> bool:
    pattern = ".*?".join(re.escape(part) for part in re.sub(r"\s+", " ", shown.strip()).split("..."))
    return re.search(pattern, re.sub(r"\s+", " ", output)) is not None


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_the_programs_of_a_page_do_what_it_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = list(BLOCK.finditer(page.read_text()))
    space = {"__name__": page.stem}
    for k, block in enumerate(blocks):
        if block[1] != "python":
            continue
        output = output_of(block[2], f"<block {k} of {page.name}>", space)
        follows = blocks[k + 1] if k + 1 < len(blocks) and blocks[k + 1][1] == "text" else None
        if follows is not None:
            assert matches(follows[2], output), f"block {k} of {page.name} gives:\n{output}\ninstead of:\n{follows[2]}"
        else:
            assert "Error" not in output, f"block {k} of {page.name} fails:\n{output}"


def test_a_wrong_output_is_seen():
    assert matches("a ... c\nd", "a b c\n  d and more")
    assert not matches("a ... c", "a b")
