"""The runs that are watched: which there are, how each is doing, and what is new in its files."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autograd.errors import ArgumentError
from nn.training import Chunk, read_records
from nn.training.liveness import is_held

__all__ = ["FILES", "Run", "Runs", "RunsError", "is_run"]

FILES = {"metrics": "metrics.jsonl", "telemetry": "telemetry.jsonl"}
"""What of a run can be followed, by the name in the protocol."""

_SIGNS = ("config.json", *FILES.values(), "checkpoint")  # one of them makes a folder a run
_SILENCE = 60.0  # seconds; without telemetry, which tells, a run that wrote nothing for so long is taken for stopped
_TAIL = 1 << 16  # bytes at the end of a file in which its last record is looked for


class RunsError(ArgumentError):
    """There is nothing to watch at a path, and nothing can appear there; the message says why."""


@dataclass(frozen=True)
class Run:
    """A run as the page lists it.

    ``state`` is ``waiting`` (nothing there yet), ``live``, ``finished``, ``stopped`` or ``failed``; ``detail`` says
    more in words. ``changed`` is when something was last written, in seconds since 1970, and ``size`` the bytes of all
    that can be followed: if both are what they were, there is nothing new. ``config`` is what ``config.json`` holds.
    """

    name: str
    state: str
    detail: str
    changed: float | None
    size: int
    config: dict[str, Any]


class Runs:
    """The runs at ``paths``. A path is the folder of a run, or a folder whose sub-folders are runs; new ones appear.

    A run may not exist yet, but the folder around it must: raises ``RunsError`` where it does not, and for a file.
    """

    def __init__(self, paths: Sequence[Path]):
        for path in paths:
            if path.exists() and not path.is_dir():
                raise RunsError(f"{path} is a file; watch the folder of a run, or a folder of runs.")
            if not path.exists() and not path.absolute().parent.is_dir():
                raise RunsError(
                    f"there is no folder {path}, and none around it that a run could appear in ({path.parent}). "
                    "Check the spelling, or make that folder first."
                )
        self.paths = list(dict.fromkeys(paths))

    def folders(self) -> dict[str, Path]:
        """The folders of all runs there are by now, under the names that the page knows them by."""
        found: list[Path] = []
        for path in self.paths:
            inside = [] if is_run(path) else _runs_inside(path)
            found += inside or [path]
        found = list(dict.fromkeys(found))
        short = [path.name or str(path) for path in found]
        return {str(p) if short.count(name) > 1 else name: p for name, p in zip(short, found, strict=True)}

    def listing(self) -> list[dict[str, Any]]:
        """Every run, as JSON has it."""
        return [asdict(look(name, folder)) for name, folder in self.folders().items()]

    def read(self, name: str, cursors: dict[str, str]) -> dict[str, Chunk] | None:
        """What is new in the files of a run since the ``cursors``; None if there is no such run."""
        folder = self.folders().get(name)
        if folder is None:
            return None
        return {kind: read_records(folder / file, cursors.get(kind, "")) for kind, file in FILES.items()}


def look(name: str, folder: Path) -> Run:
    """How the run in ``folder`` is doing."""
    config = _config(folder)
    written = [found for file in FILES.values() if (found := _written(folder / file)) is not None]
    changed = max((when for when, _ in written), default=None)
    state, detail = _state(folder, config, changed)
    return Run(name, state, detail, changed, sum(size for _, size in written), config)


def _state(folder: Path, config: dict[str, Any], changed: float | None) -> tuple[str, str]:
    held = is_held(folder / FILES["telemetry"])
    if held:
        return "live", ""
    if changed is None:
        return "waiting", "nothing has been written yet"
    last = _last(folder / FILES["telemetry"])
    metrics = _last(folder / FILES["metrics"])
    # Telemetry that is older than the metrics is of an earlier part of the run, which went on without.
    if last.get("step", -1) >= metrics.get("step", 0):
        if last.get("kind") == "end" and last.get("outcome") in ("finished", "stopped", "failed"):
            return last["outcome"], str(last.get("detail", ""))
        if held is False:
            return "stopped", "it ended without a word: it was killed"
    if metrics.get("split") == "test" and metrics.get("epoch", 0) >= config.get("epochs", float("inf")):
        return "finished", ""
    silence = time.time() - changed
    return ("live", "") if silence < _SILENCE else ("stopped", "nothing was written for a minute or more")


def is_run(folder: Path) -> bool:
    """Whether a folder holds what a run writes."""
    return any((folder / sign).exists() for sign in _SIGNS)


def _runs_inside(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and is_run(path))
    except OSError:  # not there yet
        return []


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # not there yet, or not whole
        return {}
    return config if isinstance(config, dict) else {}


def _written(path: Path) -> tuple[float, int] | None:
    """When the file was last written, and its size; None if there is nothing in it."""
    try:
        status = path.stat()
    except OSError:
        return None
    return (round(status.st_mtime, 1), status.st_size) if status.st_size else None


def _last(path: Path) -> dict[str, Any]:
    """The last whole record of a file; an empty dict if there is none near its end."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL))
            lines = file.read().split(b"\n")[:-1]
    except OSError:
        return {}
    for line in reversed(lines):
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            return record
    return {}
