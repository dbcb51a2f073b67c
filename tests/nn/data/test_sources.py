"""Finding a file: which folder wins, what is downloaded and kept, and what a person is told when there is nothing."""

from __future__ import annotations

import gzip
import os
import urllib.error
from pathlib import Path

import numpy as np
import pytest

from autograd.errors import GlassgradError
from nn.data import CorruptFileError, DataNotFoundError
from nn.data.sources import DataFile, cache_dir, find_file, load_idx
from tests.nn.data.conftest import idx_bytes, sha256

LABELS = np.array([3, 1, 2], dtype=np.uint8)
CONTENT = idx_bytes(LABELS)
ARCHIVE = gzip.compress(CONTENT)
FILE = DataFile("toy", "labels.gz", (3,), sha256(CONTENT), ("https://one.example/toy/", "https://two.example/toy"))
ONE, TWO = "https://one.example/toy/labels.gz", "https://two.example/toy/labels.gz"


def put(folder: Path, content: bytes = ARCHIVE) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE.name
    path.write_bytes(content)
    return path


def kept(tmp_path: Path) -> list[str]:
    """What lies in the cache, hidden files too."""
    return sorted(str(p.relative_to(tmp_path / "cache")) for p in (tmp_path / "cache").rglob("*"))


def test_the_first_place_that_has_the_file_wins(web, tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSGRAD_DATA", str(tmp_path / "variable"))
    argument = tmp_path / "argument"
    places = [
        argument / "toy",
        argument,
        tmp_path / "variable" / "toy",
        tmp_path / "variable",
        tmp_path / "cache" / "toy",
    ]
    assert find_file(FILE, argument) is None
    for place in reversed(places):  # each one goes before all that were there already
        path = put(place)
        assert find_file(FILE, argument) == path
    assert find_file(FILE, str(argument)) == places[0] / FILE.name
    assert find_file(FILE) == places[2] / FILE.name
    assert web.asked == []


def test_a_folder_of_the_files_name_is_not_the_file(web, tmp_path):
    (tmp_path / "toy" / FILE.name).mkdir(parents=True)
    assert find_file(FILE, tmp_path) is None


def test_an_empty_variable_is_none(web, tmp_path, monkeypatch):
    put(tmp_path)
    monkeypatch.chdir(tmp_path)  # Path("") would be this folder
    monkeypatch.setenv("GLASSGRAD_DATA", "")
    assert find_file(FILE) is None


def test_home_is_expanded(web, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert find_file(FILE, "~/data") is None
    put(tmp_path / "data")
    assert find_file(FILE, "~/data") == tmp_path / "data" / FILE.name


@pytest.mark.skipif(os.name == "nt", reason="the variable is that of POSIX systems")
def test_the_cache_follows_the_systems_variable(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir() == tmp_path / "glassgrad"


def test_a_found_file_is_read_without_a_network(web, tmp_path):
    put(tmp_path)
    np.testing.assert_array_equal(load_idx(FILE, tmp_path), LABELS)
    assert web.asked == []


def test_a_found_file_that_is_wrong_is_an_error_not_a_download(web, tmp_path):
    path = put(tmp_path, gzip.compress(idx_bytes(LABELS + 1)))
    web.pages[ONE] = ARCHIVE
    with pytest.raises(CorruptFileError) as caught:
        load_idx(FILE, tmp_path)
    assert str(path) in str(caught.value)
    assert web.asked == []


def test_a_download_is_kept_and_used_again(web, tmp_path):
    web.pages[ONE] = ARCHIVE
    np.testing.assert_array_equal(load_idx(FILE, tmp_path / "elsewhere"), LABELS)
    assert kept(tmp_path) == ["toy", f"toy{os.sep}labels.gz"]
    assert not (tmp_path / "elsewhere").exists()  # a folder that a user names is looked in, never written to
    np.testing.assert_array_equal(load_idx(FILE), LABELS)
    assert web.asked == [ONE]


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (urllib.error.URLError("no route to host"), "no route to host"),
        (TimeoutError("timed out"), "timed out"),
        (b"<html>moved</html>", "Not a gzipped file"),
        (ARCHIVE[:-9], "cut short"),
        (gzip.compress(idx_bytes(LABELS + 1)), f"wanted {sha256(CONTENT)}"),
        (gzip.compress(idx_bytes(LABELS[:2])), "wanted (3)"),
    ],
    ids=["unreachable", "too slow", "no archive", "cut short", "other content", "other shape"],
)
def test_a_bad_mirror_is_passed_over_and_leaves_nothing(web, tmp_path, page, reason):
    web.pages[ONE] = page
    with pytest.raises(DataNotFoundError) as caught:
        load_idx(FILE)
    message = str(caught.value)
    line = next(line for line in message.splitlines() if ONE in line)
    assert reason in line
    assert ".download" not in message  # the place of a file that is gone again
    assert kept(tmp_path) == ["toy"]

    web.pages[TWO] = ARCHIVE
    np.testing.assert_array_equal(load_idx(FILE), LABELS)
    assert kept(tmp_path) == ["toy", f"toy{os.sep}labels.gz"]


def test_an_interrupted_download_leaves_nothing(web, tmp_path, monkeypatch):
    def interrupt(source, target):
        target.write(ARCHIVE[:10])
        raise KeyboardInterrupt

    web.pages[ONE] = ARCHIVE
    monkeypatch.setattr("shutil.copyfileobj", interrupt)
    with pytest.raises(KeyboardInterrupt):
        load_idx(FILE)
    assert kept(tmp_path) == ["toy"]


def test_the_error_names_the_file_the_folders_and_both_remedies(web, tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSGRAD_DATA", str(tmp_path / "variable"))
    with pytest.raises(DataNotFoundError) as caught:
        load_idx(FILE, tmp_path / "argument")
    message = str(caught.value)
    for part in (
        "toy: labels.gz was not found",
        f"{tmp_path / 'argument' / 'toy'}  (data_dir)",
        f"{tmp_path / 'argument'}  (data_dir)",
        f"{tmp_path / 'variable'}  (GLASSGRAD_DATA)",
        f"{tmp_path / 'cache' / 'toy'}  (cache)",
        f"{ONE}: <urlopen error Name or service not known>",
        f"{TWO}: ",
        "name that folder with --data-dir or GLASSGRAD_DATA",
        "connect to a network",
    ):
        assert part in message, message
    assert isinstance(caught.value, GlassgradError)
    assert isinstance(caught.value, FileNotFoundError)


def test_without_download_nothing_is_asked_or_written(web, tmp_path):
    with pytest.raises(DataNotFoundError, match="not tried, because download=False"):
        load_idx(FILE, download=False)
    assert web.asked == []
    assert not (tmp_path / "cache").exists()


def test_a_cache_that_cannot_be_made_is_named(web, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(DataNotFoundError, match=r"the cache folder .*toy cannot be made"):
        load_idx(FILE)
    assert web.asked == []
