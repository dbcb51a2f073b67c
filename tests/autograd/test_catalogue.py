from __future__ import annotations

from pathlib import Path

import autograd as ag
from autograd.catalogue import as_markdown, rows

PAGE = Path(__file__).parents[2] / "docs" / "ops.md"


def test_every_op_has_a_row_with_a_formula():
    names = {row.name for row in rows()}
    assert {"add", "conv2d", "svd", "ctc", "layer_norm", "quantile"} <= names
    assert names >= set(ag.OPS) - {"item"}
    for row in rows():
        assert row.formula
        assert row.formula.count("{") == row.formula.count("}"), row.name
        assert not row.orders or row.forward, f"{row.name} has no forward mode"


def test_the_reference_page_is_what_the_table_says():
    assert PAGE.read_text(encoding="utf-8") == as_markdown(), "run: glassgrad ops --markdown > docs/ops.md"
