"""Where the files of a data set come from: folders that the user names, a per-user cache, and the official mirrors."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from autograd.errors import GlassgradError
from nn.data.idx import CorruptFileError, read_idx

__all__ = ["DATA_VARIABLE", "DataFile", "DataNotFoundError", "cache_dir", "find_file", "load_idx"]

DATA_VARIABLE = "GLASSGRAD_DATA"
"""The environment variable that names a folder with data files."""

_TIMEOUT_SECONDS = 30.0


class DataNotFoundError(GlassgradError, FileNotFoundError):
    """A data file is in none of the folders looked in and could not be downloaded."""


@dataclass(frozen=True)
class DataFile:
    """One idx file of a data set and how to recognise it.

    Attributes:
        folder: the data set, which is also the name of its folder.
        name: the file's name, the same in a folder and on a mirror.
        shape: the shape of its array; the elements are uint8.
        sha256: hex digest of the decompressed content.
        mirrors: URLs of folders that the file can be downloaded from, best first.
    """

    folder: str
    name: str
    shape: tuple[int, ...]
    sha256: str
    mirrors: tuple[str, ...]

    def read(self, path: Path) -> NDArray[Any]:
        """The array in ``path``, checked to be this file's; :class:`CorruptFileError` if it is not."""
        return read_idx(path, dtype="u1", shape=self.shape, sha256=self.sha256)


def load_idx(file: DataFile, data_dir: str | os.PathLike[str] | None = None, download: bool = True) -> NDArray[Any]:
    """Find a file, download it to the cache if it is nowhere and ``download`` is set, and read it.

    Errors: :class:`CorruptFileError` if the file found is not the right one, :class:`DataNotFoundError` if there is
    none and it could not be downloaded.
    """
    path = find_file(file, data_dir)
    if path is not None:
        return file.read(path)
    if not download:
        raise DataNotFoundError(_not_found(file, data_dir, ["not tried, because download=False was given"]))
    return _download(file, data_dir)


def find_file(file: DataFile, data_dir: str | os.PathLike[str] | None = None) -> Path | None:
    """The first of the candidate paths that is a file; None if none is."""
    return next((folder / file.name for _, folder in _places(file, data_dir) if (folder / file.name).is_file()), None)


def cache_dir() -> Path:
    """The folder that downloads are kept in: glassgrad's own under the system's per-user cache."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "glassgrad"


def _places(file: DataFile, data_dir: str | os.PathLike[str] | None) -> list[tuple[str, Path]]:
    """The folders to look in, each with the reason; a data set's own folder goes before the folder that holds it."""
    roots = [("data_dir", data_dir), (DATA_VARIABLE, os.environ.get(DATA_VARIABLE))]
    places = []
    for reason, root in roots:
        if root:  # an empty variable is as good as none
            folder = Path(root).expanduser()
            places += [(reason, folder / file.folder), (reason, folder)]
    return [*places, ("cache", cache_dir() / file.folder)]


def _download(file: DataFile, data_dir: str | os.PathLike[str] | None) -> NDArray[Any]:
    """Fetch a file into the cache and read it; the error of a failure says what went wrong with each mirror."""
    folder = cache_dir() / file.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"the cache folder {folder} cannot be made: {error}"
        raise DataNotFoundError(_not_found(file, data_dir, [reason])) from error
    reasons = []
    for mirror in file.mirrors:
        url = f"{mirror.rstrip('/')}/{file.name}"
        # Whatever happens, another process sees no file or a whole one: the content is checked before the rename.
        with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as scratch:
            partial = Path(scratch) / file.name
            try:
                with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response, open(partial, "wb") as out:
                    shutil.copyfileobj(response, out)
                array = file.read(partial)
                os.replace(partial, folder / file.name)
            except CorruptFileError as error:
                # the partial file is gone when this is read, so its path would only puzzle
                reasons.append(f"{url}: {str(error).splitlines()[0].removeprefix(str(partial)).lstrip(': ')}")
            except (OSError, HTTPException) as error:  # URLError and timeouts are OSErrors
                reasons.append(f"{url}: {error}")
            else:
                return array
    raise DataNotFoundError(_not_found(file, data_dir, reasons))


def _not_found(file: DataFile, data_dir: str | os.PathLike[str] | None, tried: Sequence[str]) -> str:
    looked = "\n".join(f"    {folder}  ({reason})" for reason, folder in _places(file, data_dir))
    failures = "\n".join(f"    {reason}" for reason in tried)
    return (
        f"{file.folder}: {file.name} was not found.\n"
        f"  Looked in:\n{looked}\n"
        f"  Download:\n{failures}\n"
        f"  Either put the file into a folder and name that folder with --data-dir or {DATA_VARIABLE},\n"
        "  or connect to a network, so that it can be downloaded."
    )
