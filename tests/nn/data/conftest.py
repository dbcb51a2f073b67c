"""Tiny idx files, and a machine without folders or network to find data in."""

from __future__ import annotations

import gzip
import hashlib
import struct
import urllib.error
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

IDX_CODES = {"uint8": 0x08, "int8": 0x09, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D, "float64": 0x0E}


def idx_bytes(array: np.ndarray) -> bytes:
    """The content of an idx file, written from the format's description."""
    header = bytes([0, 0, IDX_CODES[array.dtype.name], array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def write_idx(tmp_path: Path) -> Callable[..., Path]:
    def write(array: np.ndarray, name: str = "data-ubyte.gz") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = idx_bytes(array)
        path.write_bytes(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)
        return path

    return write


class Web:
    """Stands for the network: ``pages`` maps a URL to its bytes or to the error that asking for it raises."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes | Exception] = {}
        self.asked: list[str] = []

    def urlopen(self, url: str, timeout: float) -> Response:
        self.asked.append(url)
        page = self.pages.get(url, urllib.error.URLError("Name or service not known"))
        if isinstance(page, Exception):
            raise page
        return Response(page)


class Response:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def __enter__(self) -> Response:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def read(self, size: int = -1) -> bytes:
        size = len(self.content) if size is None or size < 0 else size
        chunk, self.content = self.content[:size], self.content[size:]
        return chunk


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Web:
    """A machine with an empty cache, no GLASSGRAD_DATA, and a network that knows only what the test puts on it."""
    stand_in = Web()
    monkeypatch.setattr("urllib.request.urlopen", stand_in.urlopen)
    monkeypatch.delenv("GLASSGRAD_DATA", raising=False)
    monkeypatch.setattr("nn.data.sources.cache_dir", lambda: tmp_path / "cache")
    return stand_in
