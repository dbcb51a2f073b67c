"""Checkpoints that a kill, a full disk or a flipped bit cannot cost you.

A checkpoint folder holds numbered versions, each complete in itself::

    checkpoint/
        00000007/                     the version before
        00000008/                     the newest
            model.safetensors         the model's state_dict under its own keys, readable by PyTorch too
            state.safetensors         every other array: the optimizer's moments, for example
            state.json                the rest: step counts, generators, the order of the data, ``extra``
            manifest.json             size and SHA-256 of the three files above

A version is written under a temporary name, forced to disk, and then renamed: the rename is the only moment at which
anything changes for a reader, and it happens whole or not at all. The version before stays as a second chance.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from autograd.errors import ArgumentError, GlassgradError
from nn.training.durable import sync_folder, write_file
from nn.training.serialization import arrays_from_bytes, arrays_to_bytes, from_tree, host_array, to_tree

__all__ = ["Checkpoint", "CheckpointError", "Stateful", "load_checkpoint", "save_checkpoint"]

_MODEL, _ARRAYS, _TREE, _MANIFEST = "model.safetensors", "state.safetensors", "state.json", "manifest.json"
_FORMAT = 1
_TEMPORARY = ".part-"


class CheckpointError(GlassgradError, RuntimeError):
    """A checkpoint could not be written, or none that is whole could be read. The message names the file."""


class _Damaged(Exception):
    """One version failed its check; the message says which file and how."""


class Stateful(Protocol):
    """What has a state to keep: a module, an optimizer, a data loader."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: dict[str, Any], /) -> Any: ...


class RandomSource(Protocol):
    """What draws random numbers from a state to keep, as :class:`autograd.Generator` does."""

    def get_state(self) -> dict[str, Any]: ...

    def set_state(self, state: dict[str, Any], /) -> Any: ...


@dataclass(frozen=True)
class Checkpoint:
    """A version that was read and found whole.

    ``path`` is its folder, ``extra`` what the caller had given to :func:`save_checkpoint`, and ``skipped`` has one line
    for each newer version that was passed over because it is damaged.
    """

    path: Path
    extra: dict[str, Any]
    skipped: tuple[str, ...] = ()


def save_checkpoint(
    folder: str | os.PathLike[str],
    model: Stateful,
    optimizer: Stateful | None = None,
    *,
    loader: Stateful | None = None,
    generators: Mapping[str, RandomSource] | None = None,
    extra: Mapping[str, Any] | None = None,
    keep: int = 2,
) -> Path:
    """Write the state of all that is given as the newest version in ``folder``, and return that version's path.

    The call returns once the disk has everything. Killed at any moment, or out of disk space, it leaves the versions
    that were there; what a killed save left behind goes with the next one. The newest ``keep`` whole versions stay.

    ``extra`` is any nesting of dicts, lists, tuples, numbers, strings, arrays and Tensors.
    Raises ``CheckpointError`` if the disk refuses, ``DtypeError`` for a value that cannot be stored,
    ``MissingExtraError`` without the ``safetensors`` package.
    """
    if keep < 1:
        raise ArgumentError(f"save_checkpoint: keep is {keep}; at least the version just written stays, so keep >= 1")
    folder = Path(folder)
    payloads = _payloads(model, optimizer, loader, generators or {}, extra or {})
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(folder)
        versions = _versions(folder)
        number = int(versions[0].name) + 1 if versions else 1
        final = folder / f"{number:08d}"
        staging = folder / f"{_TEMPORARY}{final.name}"
        staging.mkdir()
        for name, payload in payloads.items():
            write_file(staging / name, payload)
        sync_folder(staging)
        os.replace(staging, final)
        sync_folder(folder)
    except OSError as error:
        _remove_leftovers(folder)
        raise CheckpointError(_refusal(folder, error)) from error
    _remove_old(folder, [final, *versions], keep)
    return final


def load_checkpoint(
    folder: str | os.PathLike[str],
    model: Stateful | None = None,
    optimizer: Stateful | None = None,
    *,
    loader: Stateful | None = None,
    generators: Mapping[str, RandomSource] | None = None,
) -> Checkpoint:
    """Read the newest whole version in ``folder`` into all that is given, and return it.

    Sizes and SHA-256 are checked before anything is touched. If the newest version is damaged, the one before it is
    taken, and a ``RuntimeWarning`` says so and names the damaged file. A part that is not given is left alone; a part
    that is given and was not saved is an error, as is a folder with no whole version (``CheckpointError``).
    """
    folder = Path(folder)
    versions = _versions(folder)
    if not versions:
        seen = "the folder has no saved version" if folder.is_dir() else "there is no such folder"
        raise CheckpointError(
            f"no checkpoint in {folder}: {seen}.\n"
            "  Check the path; a run that ended before its first save has to be started again."
        )
    skipped: list[str] = []
    for version in versions:
        try:
            model_arrays, tree = _read(version)
        except _Damaged as problem:
            skipped.append(str(problem))
            continue
        if skipped:
            warnings.warn(
                f"the newest checkpoint is damaged: {'; '.join(skipped)}.\n"
                f"  Falling back to the one before, {version}.",
                RuntimeWarning,
                stacklevel=2,
            )
        _apply(version, model_arrays, tree, model, optimizer, loader, generators or {})
        return Checkpoint(version, tree["extra"], tuple(skipped))
    listing = "\n".join(f"  {problem}" for problem in skipped)
    raise CheckpointError(
        f"every checkpoint in {folder} is damaged:\n{listing}\n"
        "  Copy the named files back from a backup, or start the training again."
    )


def _payloads(
    model: Stateful,
    optimizer: Stateful | None,
    loader: Stateful | None,
    generators: Mapping[str, RandomSource],
    extra: Mapping[str, Any],
) -> dict[str, bytes]:
    """The bytes of each file of a version, the manifest last."""
    state = {
        "optimizer": None if optimizer is None else optimizer.state_dict(),
        "loader": None if loader is None else loader.state_dict(),
        "generators": {name: generator.get_state() for name, generator in generators.items()},
        "extra": dict(extra),
    }
    arrays: dict[str, np.ndarray] = {}
    tree = {name: to_tree(value, arrays, name) for name, value in state.items()}
    payloads = {
        _MODEL: arrays_to_bytes({name: host_array(tensor) for name, tensor in model.state_dict().items()}),
        _ARRAYS: arrays_to_bytes(arrays),
        _TREE: _json({"format": _FORMAT, **tree}),
    }
    files = {name: _fingerprint(payload) for name, payload in payloads.items()}
    payloads[_MANIFEST] = _json({"format": _FORMAT, "files": files})
    return payloads


def _json(tree: Any) -> bytes:
    return (json.dumps(tree, indent=1, allow_nan=False) + "\n").encode()


def _fingerprint(payload: bytes) -> dict[str, Any]:
    return {"bytes": len(payload), "sha256": hashlib.sha256(payload).hexdigest()}


def _versions(folder: Path) -> list[Path]:
    """The versions in ``folder``, newest first. Temporary names are not among them."""
    if not folder.is_dir():
        return []
    return sorted((path for path in folder.iterdir() if path.name.isdecimal()), key=lambda p: int(p.name), reverse=True)


def _read(version: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The model's arrays and the rest of the state of ``version``, checked against its manifest."""
    manifest = _parse(version / _MANIFEST, _read_file(version / _MANIFEST))
    if manifest.get("format") != _FORMAT:
        raise _Damaged(
            f"{version / _MANIFEST} names the format {manifest.get('format')!r} where this glassgrad reads {_FORMAT}"
        )
    payloads = {}
    for name in (_MODEL, _ARRAYS, _TREE):
        payload = payloads[name] = _read_file(version / name)
        wanted = manifest.get("files", {}).get(name, {})
        if len(payload) != wanted.get("bytes"):
            raise _Damaged(f"{version / name} has {len(payload)} bytes where {wanted.get('bytes')} were written")
        if _fingerprint(payload) != wanted:
            raise _Damaged(f"{version / name} does not have the SHA-256 that it was written with")
    arrays = arrays_from_bytes(payloads[_ARRAYS])
    return arrays_from_bytes(payloads[_MODEL]), from_tree(_parse(version / _TREE, payloads[_TREE]), arrays)


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _Damaged(f"{path} cannot be read ({error.strerror})") from error


def _parse(path: Path, payload: bytes) -> dict[str, Any]:
    try:
        tree = json.loads(payload)
    except ValueError as error:
        raise _Damaged(f"{path} is not JSON ({error})") from error
    if not isinstance(tree, dict):
        raise _Damaged(f"{path} is not a JSON object")
    return tree


def _apply(
    version: Path,
    model_arrays: dict[str, np.ndarray],
    tree: dict[str, Any],
    model: Stateful | None,
    optimizer: Stateful | None,
    loader: Stateful | None,
    generators: Mapping[str, RandomSource],
) -> None:
    missing = [
        name
        for name, given, saved in [
            ("optimizer", optimizer is not None, tree["optimizer"] is not None),
            ("loader", loader is not None, tree["loader"] is not None),
            *((f"generator {name!r}", True, name in tree["generators"]) for name in generators),
        ]
        if given and not saved
    ]
    if missing:
        raise CheckpointError(
            f"{version} was saved without: {', '.join(missing)}.\n"
            "  Leave that argument out to load the rest, or save again with it."
        )
    if model is not None:
        model.load_state_dict(from_tree({name: {"$tensor": name} for name in model_arrays}, model_arrays))
    if optimizer is not None:
        optimizer.load_state_dict(tree["optimizer"])
    if loader is not None:
        loader.load_state_dict(tree["loader"])
    for name, generator in generators.items():
        generator.set_state(tree["generators"][name])


def _remove_leftovers(folder: Path) -> None:
    for path in folder.glob(f"{_TEMPORARY}*"):
        shutil.rmtree(path, ignore_errors=True)


def _remove_old(folder: Path, versions: list[Path], keep: int) -> None:
    """Delete all of ``versions`` (newest first) but the newest ``keep`` that are whole.

    A damaged one does not count: were it kept in the place of a whole one, there would be no second chance left.
    """
    whole = 1  # the newest has just been written
    for version in versions[1:]:
        if whole < keep and _is_whole(version):
            whole += 1
            continue
        # Renamed first, so that a kill in the middle of the deletion leaves no version with files missing.
        doomed = folder / f"{_TEMPORARY}old-{version.name}"
        try:
            os.replace(version, doomed)
        except OSError:
            continue  # the new version is safe, and the next save tries again
        shutil.rmtree(doomed, ignore_errors=True)


def _is_whole(version: Path) -> bool:
    try:
        _read(version)
    except _Damaged:
        return False
    return True


def _refusal(folder: Path, error: OSError) -> str:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    versions = _versions(folder)
    last = f"The last good one is whole: {versions[0]}." if versions else "There is no earlier one."
    remedy = "Free some space on that disk, or save elsewhere." if full else "Check the folder's permissions and disk."
    return f"could not save a checkpoint in {folder}: {error.strerror or error}.\n  {last} {remedy}"
