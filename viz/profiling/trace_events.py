"""Profiles in the Chrome trace-event format, which Perfetto, speedscope and Chrome itself open.

Source: Trace Event Format, Google, docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograd.errors import ArgumentError
from autograd.recording import Call
from viz.profiling.frames import frames_of
from viz.profiling.steps import Gap, TimedStep

__all__ = ["as_trace", "save"]


def as_trace(steps: Sequence[TimedStep], gaps: Sequence[Gap], calls: Sequence[Call]) -> dict[str, Any]:
    """One complete event for each pass, each part of the model and each op, in microseconds; gaps stay empty."""
    events: list[dict[str, Any]] = [
        {"ph": "M", "pid": 1, "tid": 1, "name": "process_name", "args": {"name": "glassgrad"}},
        {"ph": "M", "pid": 1, "tid": 1, "name": "thread_name", "args": {"name": "recorded thread"}},
    ]
    for frame in frames_of(steps, gaps, calls):
        if frame.kind == "gap":
            continue
        events.append(
            {
                "ph": "X", "pid": 1, "tid": 1, "name": frame.label, "cat": frame.kind,
                "ts": 1e6 * frame.start, "dur": 1e6 * frame.seconds,
                "args": _arguments(frame.path, None if frame.step is None else steps[frame.step]),
            }
        )  # fmt: skip
    return {"displayTimeUnit": "ms", "traceEvents": events}


def _arguments(path: str, step: TimedStep | None) -> dict[str, Any]:
    """What a viewer shows of an event that was clicked."""
    found: dict[str, Any] = {"scope": path} if path else {}
    if step is not None:
        found |= {"pass": step.phase, "bytes": step.nbytes}
        if step.flops is not None:
            found["FLOP (estimated)" if step.estimated else "FLOP"] = step.flops
        if step.line is not None:
            found["line"] = str(step.line)
    return found


def save(trace: dict[str, Any], path: Path) -> Path:
    """Write a trace to a file; returns its path. Raises ArgumentError for another suffix than ``.json``."""
    if path.suffix != ".json":
        raise ArgumentError(f"Profile.save: {path.name}: viewers know traces by the suffix .json; name it so.")
    path.write_text(json.dumps(trace), encoding="utf-8")
    return path
