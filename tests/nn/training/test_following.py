"""A file is followed while it is written: whole lines only, each once, and from the beginning when it is another."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd.errors import ArgumentError
from nn.training import read_records


def test_each_record_comes_once_and_a_torn_line_waits(tmp_path):
    path = tmp_path / "a.jsonl"
    nothing = read_records(path)
    assert (nothing.records, nothing.cursor, nothing.anew) == ([], "", False)
    path.write_text('{"step": 1}\n{"step": 2}\n{"st')
    first = read_records(path, nothing.cursor)
    assert [r["step"] for r in first.records] == [1, 2]
    assert read_records(path, first.cursor) == first.__class__([], first.cursor)
    with open(path, "a") as file:
        file.write('ep": 3}\n')
    assert [r["step"] for r in read_records(path, first.cursor).records] == [3]


def test_another_file_is_read_from_its_beginning_even_if_it_is_longer(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"step": 1}\n{"step": 2}\n')
    cursor = read_records(path).cursor
    path.write_text('{"step": 7}\n')
    shorter = read_records(path, cursor)
    assert shorter.anew
    assert [r["step"] for r in shorter.records] == [7]
    path.write_text('{"step": 1}\n{"step": 5}\n{"step": 6}\n')
    longer = read_records(path, cursor)
    assert longer.anew
    assert [r["step"] for r in longer.records] == [1, 5, 6]
    path.unlink()
    gone = read_records(path, cursor)
    assert (gone.anew, gone.records, gone.cursor) == (True, [], "")


def test_what_is_no_record_is_counted_and_passed_over(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"step": 1}\n\xff\xfe{{\n[1]\n{"step": 2}\n')
    chunk = read_records(path)
    assert [r["step"] for r in chunk.records] == [1, 2]
    assert chunk.damaged == 2


@pytest.mark.parametrize("cursor", ["12", "-5-00000000", "x-00000000", "5-00", "5-../../etc", "9" * 30 + "-00000000"])
def test_a_text_that_is_no_cursor_is_refused(tmp_path, cursor):
    with pytest.raises(ArgumentError, match="is no cursor"):
        read_records(tmp_path / "a.jsonl", cursor)


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 60), min_size=1, max_size=12), cuts=st.lists(st.integers(1, 200), max_size=20),
    limit=st.integers(1, 300),
)  # fmt: skip
def test_in_whatever_pieces_it_is_written_and_read_nothing_is_lost_or_doubled(sizes, cuts, limit, tmp_path_factory):
    path = tmp_path_factory.mktemp("follow") / "a.jsonl"
    written = [{"step": i, "filler": "ü" * size} for i, size in enumerate(sizes)]
    payload = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in written).encode()
    found, cursor = [], ""
    for cut in [*cuts, len(payload)]:
        piece, payload = payload[:cut], payload[cut:]
        with open(path, "ab") as file:
            file.write(piece)
        more = True
        while more:
            chunk = read_records(path, cursor, limit=limit)
            assert not chunk.anew
            assert chunk.damaged == 0
            found += chunk.records
            cursor, more = chunk.cursor, chunk.more
    assert found == written
