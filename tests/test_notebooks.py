"""The committed notebooks were executed from top to bottom, and still run and print the same.

Text is compared, pictures are not. A cell whose text differs from run to run carries the tag ``volatile``.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="reads notebooks, which needs the extra 'dev'")
nbclient = pytest.importorskip("nbclient", reason="runs notebooks, which needs the extra 'dev'")
pytest.importorskip("ipykernel", reason="runs notebooks, which needs the extra 'dev'")

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SECONDS_PER_CELL = 120

NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:e[-+]?\d+)?")
ADDRESS = re.compile(r"0x[0-9a-f]+")


def code_cells(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def text_of(cell) -> str:
    """What a cell printed and showed, as text."""
    parts = [
        output.text if output.output_type == "stream" else output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    ]
    return " ".join(ADDRESS.sub("0x", " ".join(parts)).split())


def agree(stored: str, fresh: str) -> bool:
    """Whether two texts are the same but for the rounding of their numbers."""
    if NUMBER.split(stored) != NUMBER.split(fresh):
        return False
    numbers = [[float(number) for number in NUMBER.findall(text)] for text in (stored, fresh)]
    return numbers[1] == pytest.approx(numbers[0], rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_was_committed_as_executed(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    cells = code_cells(notebook)
    counts = [cell.execution_count for cell in cells]
    assert counts == list(range(1, len(cells) + 1)), "execute it from top to bottom in a fresh kernel, and save it"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_prints_what_it_shows(path, tmp_path, monkeypatch):
    # Away from the checkout and from the user's own IPython profile; the packages of this checkout all the same.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(path, as_version=4)
    stored = [text_of(cell) for cell in code_cells(notebook)]
    client = nbclient.NotebookClient(
        notebook, timeout=SECONDS_PER_CELL, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    for was, cell in zip(stored, code_cells(notebook), strict=True):
        warnings = [output.text for output in cell.outputs if output.get("name") == "stderr"]
        assert not warnings, f"cell {cell.execution_count} of {path.name} warns:\n{''.join(warnings)}"
        if "volatile" in cell.metadata.get("tags", ()):
            continue
        now = text_of(cell)
        assert agree(was, now), f"cell {cell.execution_count} of {path.name} gives:\n{now}\ninstead of:\n{was}"


def test_a_text_that_changed_is_seen():
    assert agree("loss 0.123456, 3 steps", "loss 0.123457, 3 steps")
    assert agree("off by 1.1e-16", "off by 0.0")
    assert not agree("loss 0.1235, 3 steps", "loss 0.1245, 3 steps")
    assert not agree("3 steps", "4 steps")
    assert not agree("three steps", "four steps")
    assert not agree("1 2", "1")
