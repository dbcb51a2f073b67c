"""Whether a file is still being written: its writer holds a lock, which goes even with a kill."""

from __future__ import annotations

import importlib
import os
import time
from pathlib import Path
from typing import IO, Any

__all__ = ["hold", "is_held"]

_ATTEMPTS = 50  # a millisecond apart: a reader that looks whether the lock is held has it for microseconds


def hold(file: IO[Any]) -> bool:
    """Hold the lock of an open file until it is closed; False where the system or the file system has none."""
    fcntl = _locks()
    if fcntl is None:
        return False
    for _ in range(_ATTEMPTS):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.001)
        except OSError:  # some network file systems
            return False
        else:
            return True
    return False


def is_held(path: str | os.PathLike[str]) -> bool | None:
    """Whether a live process holds the lock of the file; None where that cannot be told. A missing file is not held."""
    fcntl = _locks()
    if fcntl is None:
        return None
    try:
        with open(Path(path), "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except OSError:
        return None
    return False


def _locks() -> Any:
    """The module with ``flock``, which Windows does not have."""
    return importlib.import_module("fcntl") if os.name == "posix" else None
