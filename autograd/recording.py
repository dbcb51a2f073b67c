"""Recording: everything that happened in a stretch of a program, op by op, as frozen data.

:class:`autograd.record` makes it:

>>> with ag.record() as tape:
...     loss = model(x)
...     loss.backward()
>>> tape.recording.save("step.json")

A :class:`Recording` holds no live Tensor: shapes, summaries, and small arrays whole. Its JSON has a version and a
schema (:func:`autograd.recording_schema`; docs/recording.schema.json); what reads one need not import the engine.
"""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from autograd.errors import ArgumentError
from autograd.tape import Variable
from autograd.watching import Line, Summary

__all__ = [
    "SCHEMA_VERSION", "BackwardEvent", "Buffer", "Call", "Contribution", "OpEvent", "Recording", "ValueInfo",
]  # fmt: skip

SCHEMA_VERSION = 2


@dataclass(frozen=True)
class ValueInfo:
    """A value that went into or came out of an op.

    ``producer``   the op event that made it; None for an input. ``slot`` is its place among the outputs
    ``name``       what ``record(names=...)`` calls it; of a Value else its label
    ``seq``        the creation number of its node; None where it has none
    ``parameter``  whether a model named it as one, or its class derives from Tensor
    ``buffer``     whose memory it lies in; None for a scalar Value
    """

    id: int
    summary: Summary
    producer: int | None
    slot: int
    requires_grad: bool
    is_leaf: bool
    name: str = ""
    seq: int | None = None
    parameter: bool = False
    buffer: int | None = None


@dataclass(frozen=True)
class Call:
    """One call of a module, or one block of ``ag.scope``.

    ``name``    what it is called within ``parent``, the call that it happened in; ``path`` joins the names with dots
    ``module``  the class name of the module; empty for a block
    ``start``   seconds since the recording began; ``seconds`` is how long it took
    """

    id: int
    name: str
    path: str
    module: str
    parent: int | None
    start: float
    seconds: float


@dataclass(frozen=True)
class Buffer:
    """Memory that an array owns; views share it.

    It was there before event ``died`` began, counted in the order of all events, and not after; None: it is alive at
    the end. ``born`` is the event that made it; -1 for what existed before. What no recorded op made, and appears first
    after a backward pass, counts from there.
    Buffers that hold no value of the recording hold gradients, or what ops saved besides their inputs and outputs, or
    (``recomputed``) what a checkpoint computed again for backward.
    """

    id: int
    nbytes: int
    born: int
    died: int | None
    recomputed: bool = False


@dataclass(frozen=True)
class OpEvent:
    """One op: of the forward pass, or, with ``create_graph``, of a backward pass that was recorded in turn.

    ``inputs``       the value of each argument slot; None for a constant number or an argument left out
    ``params``       the static arguments, as text
    ``saved``        bytes that are kept for backward, apart from what other ops keep too
    ``seconds``      the time of the op alone; ``nbytes`` what it reads and writes
    ``call``         the innermost call that was open
    ``origin``       the op event in whose backward rule it was recorded; None for an op of the forward pass
    ``at``           its position in the order of all events, forward and backward, by when they began
    ``start``        seconds since the recording began, without the recorder's own
    """

    id: int
    op: str
    kind: str
    scope: str
    line: Line | None
    inputs: tuple[int | None, ...]
    outputs: tuple[int, ...]
    params: dict[str, str]
    flops: int
    nbytes: int
    saved: int
    seconds: float
    call: int | None = None
    origin: int | None = None
    at: int = -1
    start: float = 0.0


@dataclass(frozen=True)
class Contribution:
    """A gradient on its way along one edge, and what had arrived at its end before and after it."""

    value: int | None
    slot: int
    gradient: Summary
    before: Summary | None
    after: Summary


@dataclass(frozen=True)
class BackwardEvent:
    """The backward pass through one op: the gradient of its output, and what it passed on.

    ``op``       the op event that it goes through, ``call`` that op's call; None if it was not recorded
    ``seconds``  the time of the rule and of adding up what it gives
    ``at``, ``start``  as of an :class:`OpEvent`
    """

    id: int
    op: int | None
    name: str
    incoming: Summary
    contributions: tuple[Contribution, ...]
    seconds: float
    at: int = -1
    start: float = 0.0
    call: int | None = None


@dataclass(frozen=True)
class Recording:
    """What was recorded, in the order in which it happened: backward events by when they began, ops as they ended."""

    values: tuple[ValueInfo, ...] = ()
    ops: tuple[OpEvent, ...] = ()
    backward: tuple[BackwardEvent, ...] = ()
    calls: tuple[Call, ...] = ()
    buffers: tuple[Buffer, ...] = ()
    version: int = SCHEMA_VERSION

    def __hash__(self) -> int:
        return hash((len(self.values), tuple(event.op for event in self.ops), len(self.backward)))

    def saved_by_op(self) -> dict[str, int]:
        """Bytes kept for backward, by the name of the op, largest first."""
        total: dict[str, int] = {}
        for event in self.ops:
            if event.saved:
                total[event.op] = total.get(event.op, 0) + event.saved
        return dict(sorted(total.items(), key=lambda item: -item[1]))

    def flops(self) -> int:
        """Floating-point operations of the forward pass."""
        return sum(event.flops for event in self.ops if event.origin is None)

    def value_of(self, x: Any) -> ValueInfo | None:
        """What is recorded of a Tensor or a Value that has a node, or of a name; None where it is not in the recording.

        A Tensor that asked for no gradient is found by its name only, or by ``tape.value_of`` while it is alive.
        """
        key = key_of("Recording.value_of", x)
        return None if key is None else self._values_by_key.get(key)

    def gradient_of(self, value: int) -> Summary | None:
        """The gradient of value number ``value`` as it was in the end, in the last backward pass that reached it.

        None: it was not computed, which is not 0.
        """
        return self._gradients.get(value)

    @cached_property
    def _values_by_key(self) -> dict[int | str, ValueInfo]:
        found: dict[int | str, ValueInfo] = {}
        for value in self.values:
            if value.seq is not None:
                found.setdefault(value.seq, value)
            if value.name:
                found.setdefault(value.name, value)
        return found

    @cached_property
    def _gradients(self) -> dict[int, Summary]:
        found: dict[int, Summary] = {}
        for event in self.backward:
            outputs = () if event.op is None else self.ops[event.op].outputs
            if len(outputs) == 1:  # where the walk began nothing had been on its way to
                found.setdefault(outputs[0], event.incoming)
            for contribution in event.contributions:
                if contribution.value is not None:
                    found[contribution.value] = contribution.after
        return found

    def to_json(self) -> str:
        """The recording as JSON text; infinities and NaN are written as the strings "inf", "-inf", "nan"."""
        return json.dumps({f.name: _plain(getattr(self, f.name)) for f in dataclasses.fields(self)}, allow_nan=False)

    @staticmethod
    def from_json(text: str) -> Recording:
        """The recording that :meth:`to_json` wrote."""
        data = json.loads(text)
        if not isinstance(data, dict) or data.get("version") != SCHEMA_VERSION:
            seen = data.get("version") if isinstance(data, dict) else None
            raise ArgumentError(
                f"Recording: the JSON has version {seen!r}; this release reads version {SCHEMA_VERSION}. "
                "Record again, or read it with the release that wrote it."
            )
        return Recording(
            tuple(ValueInfo(**v | {"summary": _summary(v["summary"])}) for v in data["values"]),
            tuple(
                OpEvent(**e | {
                    "line": None if e["line"] is None else Line(*e["line"]), "inputs": tuple(e["inputs"]),
                    "outputs": tuple(e["outputs"]),
                })
                for e in data["ops"]
            ),
            tuple(
                BackwardEvent(**b | {
                    "incoming": _summary(b["incoming"]),
                    "contributions": tuple(
                        Contribution(**c | {k: _summary(c[k]) for k in ("gradient", "before", "after")})
                        for c in b["contributions"]
                    ),
                })
                for b in data["backward"]
            ),
            tuple(Call(**c) for c in data["calls"]),
            tuple(Buffer(**b) for b in data["buffers"]),
        )  # fmt: skip

    def save(self, path: str | Path) -> None:
        """Write the JSON to a file."""
        Path(path).write_text(self.to_json(), encoding="utf-8")

    @staticmethod
    def load(path: str | Path) -> Recording:
        """Read the JSON from a file."""
        return Recording.from_json(Path(path).read_text(encoding="utf-8"))


def key_of(caller: str, x: Any) -> int | str | None:
    """What a value is found by: its name, or the creation number of its node; None where it has neither."""
    if isinstance(x, str):
        return x
    if not isinstance(x, Variable) and not hasattr(x, "dtype"):
        raise ArgumentError(f"{caller}: wants a Tensor, a Value or a name, not a {type(x).__name__}.")
    node = getattr(x, "node", None)
    return None if node is None else int(node.seq)


def _plain(x: Any) -> Any:
    """Containers and numbers that JSON knows."""
    if x is None or x.__class__ in (int, str, bool):
        return x
    if dataclasses.is_dataclass(x):
        x = vars(x)
    if isinstance(x, dict):
        return {key: _plain(value) for key, value in x.items()}
    if isinstance(x, (list, tuple)):
        return [_plain(part) for part in x]
    if isinstance(x, float) and not math.isfinite(x):
        return str(x)
    if isinstance(x, complex):
        return {"re": _plain(x.real), "im": _plain(x.imag)}
    return x


def _value(x: Any) -> Any:
    """The reverse of :func:`_plain` for the elements of arrays."""
    if isinstance(x, list):
        return [_value(part) for part in x]
    if isinstance(x, dict):
        return complex(_value(x["re"]), _value(x["im"]))
    return float(x) if isinstance(x, str) else x


def _summary(data: Any) -> Summary | None:
    if data is None:
        return None
    shape, dtype, *rest, histogram = data
    counts = None if histogram is None else tuple(histogram)
    return Summary._make([tuple(shape), dtype, *(_value(part) for part in rest), counts])
