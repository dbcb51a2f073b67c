"""Recording: everything that happened in a stretch of a program, op by op, as frozen data.

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
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from autograd import levels
from autograd.errors import ArgumentError
from autograd.tape import Node, Variable, maker_of
from autograd.watching import Line, Summary, scope_path, source_line, summarize

__all__ = ["SCHEMA_VERSION", "BackwardEvent", "Contribution", "OpEvent", "Recording", "ValueInfo", "record"]

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class ValueInfo:
    """A value that went into or came out of an op. ``producer`` is the op event that made it; None for an input."""

    id: int
    summary: Summary
    producer: int | None
    slot: int
    requires_grad: bool
    is_leaf: bool
    name: str = ""


@dataclass(frozen=True)
class OpEvent:
    """One op of the forward pass.

    ``inputs``       the value of each argument slot; None for a constant number or an argument left out
    ``params``       the static arguments, as text
    ``saved``        bytes that are kept for backward, apart from what other ops keep too
    ``seconds``      the time of the op alone; ``nbytes`` what it reads and writes
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
    """The backward pass through one op: the gradient of its output, and what it passed on."""

    id: int
    op: int | None
    name: str
    incoming: Summary
    contributions: tuple[Contribution, ...]
    seconds: float


@dataclass(frozen=True)
class Recording:
    """What was recorded, in the order in which it happened."""

    values: tuple[ValueInfo, ...] = ()
    ops: tuple[OpEvent, ...] = ()
    backward: tuple[BackwardEvent, ...] = ()
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
        return sum(event.flops for event in self.ops)

    def to_json(self) -> str:
        """The recording as JSON text; infinities and NaN are written as the strings "inf", "-inf", "nan"."""
        return json.dumps(_plain(dataclasses.asdict(self)), allow_nan=False)

    @staticmethod
    def from_json(text: str) -> Recording:
        """The recording that :meth:`to_json` wrote."""
        data = json.loads(text)
        if not isinstance(data, dict) or data.get("version") != SCHEMA_VERSION:
            seen = data.get("version") if isinstance(data, dict) else None
            raise ArgumentError(
                f"Recording: the JSON has version {seen!r}; this release reads version {SCHEMA_VERSION}."
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
        )  # fmt: skip

    def save(self, path: str | Path) -> None:
        """Write the JSON to a file."""
        Path(path).write_text(self.to_json(), encoding="utf-8")

    @staticmethod
    def load(path: str | Path) -> Recording:
        """Read the JSON from a file."""
        return Recording.from_json(Path(path).read_text(encoding="utf-8"))


def _plain(x: Any) -> Any:
    """Containers and numbers that JSON knows."""
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
    shape, dtype, *rest = data
    return Summary._make([tuple(shape), dtype, *(_value(part) for part in rest)])


@dataclass
class _Pulling:
    """The backward event that is being written."""

    node: Any
    g: Any
    started: float
    contributions: list[Contribution] = field(default_factory=list)


class record(levels.Watcher):
    """A context that records each op, forward and backward, of this thread; ``.recording`` is the frozen result.

    ``small``  arrays of at most so many elements are kept whole

    Nodes that are recorded under it keep what their op was applied to, so :func:`autograd.scalar.expand` finds the
    numbers after backward too. That memory goes with the graph.
    """

    def __init__(self, small: int = 16):
        self._small = small
        self._values: list[ValueInfo] = []
        self._ops: list[OpEvent] = []
        self._backward: list[BackwardEvent] = []
        self._ids: dict[int, tuple[Any, int]] = {}  # by identity: what has it (so that it stays), and its number
        self._by_node: dict[int, int] = {}  # the number of a node: the op event that made it
        self._value_of_node: dict[int, int] = {}
        self._kept: set[int] = set()
        self._pulling: _Pulling | None = None
        self.recording = Recording()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self._finish_pulling()
        self.recording = Recording(tuple(self._values), tuple(self._ops), tuple(self._backward))
        self._ids.clear()
        self._kept.clear()

    # ---------------------------------------------------------------------------------------------------- forward

    def see(self, op: Any, args: tuple[Any, ...], params: dict[str, Any], run: Callable[..., Any]) -> Any:
        """An op is evaluated: write it down."""
        self._finish_pulling()
        inputs = tuple(self._identify(a) for a in args)
        started = time.perf_counter()
        result = run(op, args, params)
        seconds = time.perf_counter() - started
        event = len(self._ops)
        results = result if isinstance(result, tuple) else (result,)
        if not all(isinstance(y, Variable) for y in results):  # a question asked of scalar Values
            return result
        outputs = tuple(self._enter(y, event, slot) for slot, y in enumerate(results))
        arrays = [a.array if isinstance(a, Variable) else a for a in args]
        shapes = [np.shape(a) if a is not None else () for a in arrays]
        node = next((y.node for y in results if y.node is not None and y.node.op is not None), None)
        if node is not None:
            made = maker_of(node)
            if made.__class__ is Node and made.op is op:  # a scalar Value keeps its operands anyway
                made.operands = tuple(arrays)
            self._by_node[made.seq] = event
            for y in results:
                if y.node is not None:
                    self._by_node[y.node.seq] = event
        try:
            flops = int(op.flops(results[0].shape, *shapes, **params))
        except Exception:  # a cost model must never stop a program
            flops = 0
        self._ops.append(
            OpEvent(
                event, op.name, op.kind, scope_path(), source_line(), inputs, outputs,
                {key: _text(value) for key, value in params.items()}, flops,
                sum(getattr(a, "nbytes", 0) for a in (*arrays, *(y.array for y in results))),
                self._saved(node), seconds,
            )
        )  # fmt: skip
        return result

    def _saved(self, node: Any) -> int:
        """The bytes that this op keeps for backward and no op before it did."""
        if node is None:
            return 0
        made = maker_of(node)
        total = 0
        for value in made.saved if isinstance(made.saved, tuple) else (made.saved,):
            for array in value if isinstance(value, tuple) else (value,):
                base = getattr(array, "base", None)
                owner = array if base is None or not hasattr(base, "nbytes") else base
                if hasattr(owner, "nbytes") and id(owner) not in self._kept:
                    self._kept.add(id(owner))
                    self._ids.setdefault(-id(owner), (owner, -1))
                    total += owner.nbytes
        return total

    def _identify(self, a: Any) -> int | None:
        """The number of an argument's value; a new one for what no recorded op made."""
        if not isinstance(a, Variable):
            return None if a is None or not hasattr(a, "dtype") else self._enter(a, None, 0)
        known = self._ids.get(id(_identity(a)))
        if known is not None and (a.node is None or self._value_of_node.get(a.node.seq, known[1]) == known[1]):
            return known[1]
        return self._enter(a, None, 0)

    def _enter(self, x: Any, producer: int | None, slot: int) -> int:
        array = x.array if isinstance(x, Variable) else x
        known = self._ids.get(id(_identity(x)))
        if producer is None and known is not None:
            return known[1]
        number = len(self._values)
        node = x.node if isinstance(x, Variable) else None
        self._values.append(
            ValueInfo(
                number, summarize(array, self._small), producer, slot, node is not None, node is None or node.op is None
            )
        )
        self._ids[id(_identity(x))] = (_identity(x), number)
        if node is not None:
            self._value_of_node[node.seq] = number
        return number

    # --------------------------------------------------------------------------------------------------- backward

    def pulled(self, node: Node, parent: Node, g: Any, gi: Any, before: Any) -> None:
        """See one gradient on its way from a node to one of its inputs."""
        if self._pulling is None or self._pulling.node is not node:
            self._finish_pulling()
            self._pulling = _Pulling(node, g, time.perf_counter())
        pulling = self._pulling
        taken = {c.slot for c in pulling.contributions}
        slot = next((i for i, p in enumerate(node.inputs) if p is parent and i not in taken), 0)
        arrived, old = _array(gi), None if before is None else _array(before)
        after = arrived if old is None else old + arrived
        pulling.contributions.append(
            Contribution(
                self._value_of_node.get(parent.seq), slot, summarize(arrived, self._small),
                None if old is None else summarize(old, self._small), summarize(after, self._small),
            )
        )  # fmt: skip

    def line_of(self, node: Node) -> Line | None:
        """The line of the program that recorded a node."""
        event = self._by_node.get(node.seq)
        return None if event is None else self._ops[event].line

    def _finish_pulling(self) -> None:
        pulling, self._pulling = self._pulling, None
        if pulling is None:
            return
        node = pulling.node
        self._backward.append(
            BackwardEvent(
                len(self._backward),
                self._by_node.get(node.seq),
                node.op.name,
                summarize(_array(pulling.g), self._small),
                tuple(pulling.contributions),
                time.perf_counter() - pulling.started,
            )
        )


def _identity(x: Any) -> Any:
    """What a value is known by: its array; a scalar Value by itself, for Python's numbers have no identity."""
    return x if not isinstance(x, Variable) or isinstance(x.array, float) else x.array


def _array(x: Any) -> Any:
    if isinstance(x, (list, tuple)):  # the cotangents of several outputs
        return np.concatenate([np.ravel(_array(part)) for part in x if part is not None] or [np.zeros(0)])
    while isinstance(x, Variable):
        x = x.array
    return np.asarray(x) if not hasattr(x, "dtype") else x


def _text(value: Any) -> str:
    return f"array {value.shape} {value.dtype}" if hasattr(value, "dtype") and hasattr(value, "shape") else repr(value)
