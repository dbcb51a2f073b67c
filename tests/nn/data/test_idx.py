"""Reading idx files: right ones are read whole, wrong ones are named, with the place and what was expected."""

from __future__ import annotations

import gzip
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd.errors import GlassgradError
from nn.data import CorruptFileError, read_idx
from tests.nn.data.conftest import IDX_CODES, idx_bytes, sha256

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


@given(data=st.data())
def test_every_array_of_the_format_comes_back(data, tmp_path_factory):
    dtype = np.dtype(data.draw(st.sampled_from(sorted(IDX_CODES))))
    array = data.draw(hnp.arrays(dtype, hnp.array_shapes(max_dims=4, min_side=0, max_side=4)))
    zipped = data.draw(st.booleans())
    path = tmp_path_factory.mktemp("idx") / ("a.gz" if zipped else "a")
    content = idx_bytes(array)
    path.write_bytes(gzip.compress(content) if zipped else content)

    read = read_idx(path, dtype=dtype, shape=array.shape, sha256=sha256(content))

    assert read.dtype == dtype
    assert read.dtype.isnative
    assert read.flags.writeable
    np.testing.assert_array_equal(read, array, strict=True)


def test_a_wildcard_axis_takes_any_length(write_idx):
    assert read_idx(write_idx(IMAGES), shape=(None, 3, 4)).shape == (2, 3, 4)


def fails(path, *parts, **wanted):
    with pytest.raises(CorruptFileError) as caught:
        read_idx(path, **wanted)
    message = str(caught.value)
    for part in (str(path), *parts):
        assert part in message, message
    return message


@pytest.mark.parametrize("kept", [0, 1, 3, 4, 15, 16, 17, 39])
@pytest.mark.parametrize("name", ["images", "images.gz"])
def test_content_cut_short(tmp_path, name, kept):
    path = tmp_path / name
    content = idx_bytes(IMAGES)[:kept]
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    needed = (
        "4 bytes from offset 0" if kept < 4 else "12 bytes from offset 4" if kept < 16 else "24 bytes from offset 16"
    )
    fails(path, f"at offset {kept}: the content ends", needed)


def test_archive_cut_short_at_every_byte(tmp_path):
    whole = gzip.compress(idx_bytes(IMAGES))
    path = tmp_path / "images.gz"
    for kept in range(2, len(whole)):  # with one byte it is no archive yet
        path.write_bytes(whole[:kept])
        fails(path, "gzip archive is cut short", "at offset")


def test_archive_with_any_byte_changed_is_noticed(tmp_path):
    content = idx_bytes(np.random.default_rng(0).integers(0, 256, (4, 3, 4), dtype=np.uint8))
    whole = gzip.compress(content, mtime=0)
    path = tmp_path / "images.gz"
    for at in range(len(whole)):
        if 3 < at < 10:
            continue  # gzip's own remarks (time, level, system) do not touch the content
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        fails(path, "at offset")


@pytest.mark.parametrize(
    "content", [b"<html>not found</html>", b"\x1f\x8b\x09 is not deflate"], ids=["a page", "another method"]
)
def test_no_gzip_archive_at_all(tmp_path, content):
    path = tmp_path / "images.gz"
    path.write_bytes(content)
    fails(path, "at offset 0: the gzip archive is damaged", "Delete the file")


@pytest.mark.parametrize("magic", [b"\x01\0\x08\x03", b"\0\x01\x08\x03", b"\0\0\x0a\x03", b"\0\0\x08\0"], ids=bytes.hex)
def test_wrong_magic_number(tmp_path, magic):
    path = tmp_path / "images"
    path.write_bytes(magic + idx_bytes(IMAGES)[4:])
    fails(path, "at offset 0", f"the magic number is {magic.hex(' ')}", "08, 09, 0b, 0c, 0d, 0e")


def test_another_dtype_or_shape_than_asked_for(write_idx):
    path = write_idx(IMAGES)
    fails(path, "at offset 2: the file holds uint8; wanted int32", dtype="i4")
    fails(path, "at offset 4: the file holds an array of shape (2, 3, 4); wanted (any, 28, 28)", shape=(None, 28, 28))
    fails(path, "wanted (2)", shape=(2,))


def test_surplus_content(tmp_path):
    path = tmp_path / "images"
    path.write_bytes(idx_bytes(IMAGES) + b"\0")
    fails(path, "at offset 40: the content goes on")


def test_wrong_checksum_names_both_and_both_remedies(write_idx):
    path = write_idx(IMAGES)
    other = sha256(b"another")
    message = fails(path, sha256(idx_bytes(IMAGES)), other, "name the folder", sha256=other)
    assert "Delete" not in message  # it may be a good file of another data set


def test_checksum_is_that_of_the_content_not_of_the_archive(tmp_path):
    content = idx_bytes(IMAGES)
    for level in (1, 9):
        path = tmp_path / f"{level}.gz"
        path.write_bytes(gzip.compress(content, compresslevel=level))
        np.testing.assert_array_equal(read_idx(path, sha256=sha256(content)), IMAGES)


def test_a_lying_header_asks_for_no_memory(tmp_path):
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(b"\0\0\x08\x03" + struct.pack(">3I", 2**31, 2**31, 2**31) + b"few"))
    tracemalloc.start()
    try:
        fails(path, "the content ends")
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    finally:
        tracemalloc.stop()


def test_a_missing_file_is_the_systems_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.gz"):
        read_idx(tmp_path / "absent.gz")


def test_the_error_is_caught_as_ours_and_as_a_value_error():
    assert issubclass(CorruptFileError, GlassgradError)
    assert issubclass(CorruptFileError, ValueError)
