"""Read a file of JSON lines while it is being written: from where the last look ended, and whole lines only."""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograd.errors import ArgumentError

__all__ = ["Chunk", "read_records"]

_CHECKED = 256  # bytes before the place to go on from that must still be what they were


@dataclass(frozen=True)
class Chunk:
    """What a look at the file brought.

    ``records``  the new records, in order
    ``cursor``   where the next look goes on; plain ASCII, to be handed back unread
    ``anew``     the file is not the one that the cursor came from: it was replaced, or cut back by a run that was
                 resumed. The records then start at its beginning, and those of earlier looks no longer hold
    ``more``     there are further whole lines already
    ``damaged``  how many lines were passed over because they are no JSON objects
    """

    records: list[dict[str, Any]]
    cursor: str
    anew: bool = False
    more: bool = False
    damaged: int = 0


def read_records(path: str | os.PathLike[str], cursor: str = "", *, limit: int = 1 << 20) -> Chunk:
    """The records that were added to the file since ``cursor``; the empty cursor is the beginning.

    A last line without its line break is still being written, or was torn by a kill: it is left for the next look, and
    is no error. A file that does not exist is an empty one. About ``limit`` bytes are read at once, a line at least.

    The cursor holds the place and a checksum of the bytes before it, so that a file that was replaced is noticed even
    if it has grown longer than the old one. Raises ``ArgumentError`` for a text that is no cursor.
    """
    offset, check = _parsed(cursor)
    try:
        file = open(Path(path), "rb")  # noqa: SIM115
    except FileNotFoundError:
        return Chunk([], "", anew=offset > 0)
    with file:
        anew = offset > 0 and _checksum(file, offset) != check
        if anew:
            offset = 0
        file.seek(offset)
        block = file.read(limit)
        if b"\n" not in block:
            block += file.readline()
        end = block.rfind(b"\n") + 1
        records: list[dict[str, Any]] = []
        damaged = 0
        for line in block[:end].splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                record = None
            if isinstance(record, dict):
                records.append(record)
            else:
                damaged += 1
        offset += end
        more = end > 0 and file.readline().endswith(b"\n")
        return Chunk(records, f"{offset}-{_checksum(file, offset)}" if offset else "", anew, more, damaged)


def _parsed(cursor: str) -> tuple[int, str]:
    if not cursor:
        return 0, ""
    place, _, check = cursor.partition("-")
    if not (place.isascii() and place.isdecimal() and len(place) <= 18 and len(check) == 8 and check.isalnum()):
        raise ArgumentError(
            f'read_records: {cursor[:40]!r} is no cursor. Pass on the cursor of the last Chunk, or "" to begin.'
        )
    return int(place), check


def _checksum(file: Any, offset: int) -> str:
    """Of the bytes before ``offset``; empty, and so no other's, if the file is shorter."""
    if offset > file.seek(0, os.SEEK_END):
        return ""
    start = max(0, offset - _CHECKED)
    file.seek(start)
    return f"{zlib.crc32(file.read(offset - start)):08x}"
