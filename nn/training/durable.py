"""Files that survive a kill or a power cut: written whole and forced to disk before their name is seen."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["sync_folder", "write_file"]


def write_file(path: Path, payload: bytes) -> None:
    """Write ``payload`` to ``path`` and return only once the disk has it. Raises ``OSError``, on a full disk too."""
    with open(path, "wb") as file:
        file.write(payload)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Force the names in ``folder`` to disk: a rename is durable only once its folder is."""
    if os.name == "nt":  # Windows has no handle on a folder to sync; its file system journals the rename
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
