"""The check that explanations of a Recording begin with."""

from __future__ import annotations

from typing import Any

from autograd.errors import ArgumentError, DtypeError
from autograd.recorder import record
from autograd.recording import Recording

__all__ = ["checked_recording"]


def checked_recording(recording: Any, function: str) -> Recording:
    """The recording, or that of a tape, if it has ops in it.

    Raises DtypeError for anything else than a Recording and ArgumentError for one in which nothing happened.
    """
    if isinstance(recording, record):
        recording = recording.recording
    if not isinstance(recording, Recording):
        raise DtypeError(
            f"{function}: wants a Recording, not a {type(recording).__name__}.\n"
            "  with ag.record() as tape: ...; then the tape, or Recording.load(path) of one that was saved."
        )
    if not recording.ops:
        raise ArgumentError(
            f"{function}: no op was recorded.\n"
            "  Compute on Tensors inside the block of ag.record(), in the same thread, and read tape.recording after "
            "the block has ended."
        )
    return recording
