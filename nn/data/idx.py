"""The idx format of the MNIST family: a short header and an array in one piece, usually gzipped.

Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits", section "File formats".
An idx file is two zero bytes, a dtype code, the number of axes, each axis as a big-endian uint32, then the elements,
big-endian, last axis fastest.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from autograd.errors import GlassgradError

__all__ = ["CorruptFileError", "read_idx"]

_DTYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype("u1"),
    0x09: np.dtype("i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
_CHUNK = 1 << 20
_REMEDY = "  Delete the file and get it again."


class CorruptFileError(GlassgradError, ValueError):
    """A data file does not hold what it should: cut short, damaged, or another file altogether."""


def read_idx(
    path: str | os.PathLike[str],
    *,
    dtype: DTypeLike | None = None,
    shape: Sequence[int | None] | None = None,
    sha256: str | None = None,
) -> NDArray[Any]:
    """Read an idx file, gzipped if its name ends in ``.gz``, and check everything about it that can be checked.

    Args:
        path: the file.
        dtype: the dtype that the file must hold; None takes any.
        shape: the shape that the file must hold, with None for an axis of any length; None takes any shape.
        sha256: hex digest of the decompressed content. Archives of one file differ between packagers; content does not.

    Returns: a new array in the machine's byte order.

    Errors: :class:`CorruptFileError`, naming the file, the offset in the decompressed content, what was found there
    and what was wanted, for a damaged or truncated archive, a wrong header, missing or surplus data, or a wrong
    checksum; ``OSError`` if the file cannot be opened.
    """
    path = Path(path)
    reader = _Reader(path, sha256 is not None)
    with reader:
        kind, sizes = _header(reader)
        if dtype is not None and kind.newbyteorder("=") != np.dtype(dtype):
            raise reader.error(2, f"the file holds {kind.newbyteorder('=')}", f"{np.dtype(dtype)}")
        if shape is not None and not _fits(sizes, shape):
            wanted = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
            raise reader.error(4, f"the file holds an array of shape {sizes}", f"{wanted}")
        start = reader.offset
        payload = reader.read(math.prod(sizes) * kind.itemsize, f"{sizes} elements of {kind.newbyteorder('=')}")
        reader.finish(start + len(payload))
    if sha256 is not None and reader.digest() != sha256:
        raise CorruptFileError(
            f"{path}: the content has sha256 {reader.digest()}, wanted {sha256}.\n"
            "  The file is whole but not the one wanted: it was altered, or it is another data set's file of the same "
            "name.\n  Get the original file again, or name the folder of the data set that was asked for."
        )
    return np.frombuffer(payload, dtype=kind).astype(kind.newbyteorder("=")).reshape(sizes)


def _header(reader: _Reader) -> tuple[np.dtype[Any], tuple[int, ...]]:
    magic = reader.read(4, "an idx header")
    if magic[:2] != b"\0\0" or magic[2] not in _DTYPES or magic[3] == 0:
        codes = ", ".join(f"{code:02x}" for code in _DTYPES)
        raise reader.error(
            0,
            f"the magic number is {magic.hex(' ')}",
            f"00 00, a dtype code ({codes}), and the number of axes: this is no idx file",
        )
    axes = magic[3]
    sizes = struct.unpack(f">{axes}I", reader.read(4 * axes, f"the sizes of {axes} axes"))
    return _DTYPES[magic[2]], sizes


def _fits(sizes: Sequence[int], shape: Sequence[int | None]) -> bool:
    return len(sizes) == len(shape) and all(want in (None, n) for n, want in zip(sizes, shape, strict=True))


class _Reader:
    """Reads the content of a file in order, knows how far it came, and digests what it saw."""

    def __init__(self, path: Path, digesting: bool):
        self.path = path
        self.offset = 0
        self._hash = hashlib.sha256() if digesting else None
        opener = gzip.open if path.suffix == ".gz" else open
        self._file = cast(BinaryIO, opener(path, "rb"))  # closed by __exit__

    def __enter__(self) -> _Reader:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def digest(self) -> str:
        return self._hash.hexdigest() if self._hash is not None else ""

    def read(self, size: int, what: str) -> bytes:
        """Exactly ``size`` bytes. In chunks, so that a damaged header cannot ask for more memory than the file has."""
        start, content = self.offset, bytearray()
        while len(content) < size:
            chunk = self._chunk(min(_CHUNK, size - len(content)))
            if not chunk:
                raise self.error(self.offset, "the content ends", f"{size} bytes from offset {start} for {what}")
            content += chunk
        return bytes(content)

    def finish(self, end: int) -> None:
        """There is nothing more; for gzip this also checks the archive's own checksum, which stands at its end."""
        if self._chunk(1):
            raise self.error(end, "the content goes on", "its end: the header says that the array is complete")

    def error(self, offset: int, found: str, wanted: str) -> CorruptFileError:
        return CorruptFileError(f"{self.path}: at offset {offset}: {found}; wanted {wanted}.\n{_REMEDY}")

    def _chunk(self, size: int) -> bytes:
        try:
            chunk = self._file.read(size)
        except EOFError as error:
            found = f"the gzip archive is cut short within the next {size} bytes"
            raise self.error(self.offset, found, "a complete archive") from error
        except (gzip.BadGzipFile, zlib.error) as error:
            found = f"the gzip archive is damaged within the next {size} bytes ({error})"
            raise self.error(self.offset, found, "a valid archive") from error
        self.offset += len(chunk)
        if self._hash is not None:
            self._hash.update(chunk)
        return chunk
