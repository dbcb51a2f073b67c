"""The recorder: a watcher that writes down what happens in a thread as a :class:`autograd.recording.Recording`."""

from __future__ import annotations

import functools
import weakref
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from time import perf_counter
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import numpy as np

from autograd import levels
from autograd.backend import is_array
from autograd.buffers import Buffers
from autograd.cotangents import added, as_one_array
from autograd.errors import DtypeError
from autograd.naming import named_tensors
from autograd.recording import BackwardEvent, Buffer, Call, Contribution, OpEvent, Recording, ValueInfo, key_of
from autograd.tape import Leaf, Node, Variable, arrays_in, maker_of
from autograd.tensor import Tensor
from autograd.watching import Line, Scope, Summary, source_line, summarize

__all__ = ["record"]

_T = TypeVar("_T")
_LINE, _CALL = (tuple(OpEvent.__dataclass_fields__).index(name) for name in ("line", "call"))
_SUMMARY, _BUFFER = (tuple(ValueInfo.__dataclass_fields__).index(name) for name in ("summary", "buffer"))
_START, _SECONDS = (tuple(Call.__dataclass_fields__).index(name) for name in ("start", "seconds"))
_CONTRIBUTIONS = tuple(BackwardEvent.__dataclass_fields__).index("contributions")
_COPIED = 4096  # operands of at most so many elements are copied for those who expand the graph later


class _Pulling:
    """The backward event that is being written."""

    __slots__ = ("at", "contributions", "id", "incoming", "last", "node", "op", "start")

    def __init__(self, number: int, node: Any, op: int | None, incoming: Summary, at: int):
        self.id = number
        self.node = node
        self.op = op
        self.incoming = incoming
        self.at = at
        self.start = 0.0
        self.last = -1  # the slot of the last contribution
        self.contributions: list[tuple[Any, ...]] = []  # the fields of each Contribution


class _Walk:
    """A backward walk that is going on: what it pulls through, the op event of the last it pulled through, and by the
    numbers of nodes what has arrived at them, and when the last sum of several contributions was made."""

    __slots__ = ("arrived", "last", "pulling", "summed")

    def __init__(self) -> None:
        self.last: int | None = None
        self.pulling: _Pulling | None = None
        self.arrived: dict[int, Summary] = {}
        self.summed: dict[int, int] = {}


class record(levels.Watcher):
    """A context that records each op, forward and backward, of this thread; ``.recording`` is the frozen result.

    ``small``       arrays of at most so many elements are kept whole
    ``names``       a model, or a dict from names to Tensors or Values: these carry the name in the recording
    ``histograms``  whether each summary gets a histogram too
    ``constants``   afterwards the plain numbers among the arguments of ops that no gradient goes through, such as the 0
                    of ``x > 0``, by op event; other ops keep theirs in their node

    It keeps no result alive, so the lifetimes of memory are those of the program. Nodes that are recorded under it
    remember what their op was applied to, so :func:`autograd.scalar.expand` finds the numbers after backward too: for
    as long as the graph inputs as they are, and small results of other ops as copies. Raises ``DtypeError`` for names
    of another kind.
    """

    def __init__(self, small: int = 16, names: Any = None, histograms: bool = False):
        self._small = small
        self._histograms = bool(histograms)
        self._values: list[tuple[Any, ...]] = []  # the fields of each ValueInfo, which are made at the end
        self._ops: list[tuple[Any, ...]] = []  # likewise of each OpEvent
        self._backward: list[tuple[Any, ...] | _Pulling] = []  # of each BackwardEvent, once it is over
        self._calls: list[list[Any]] = []
        self._call_of: dict[Scope, int] = {}
        self._buffers = Buffers()
        self._outside: set[int | None] = {None}  # buffers that came in as inputs, and what has none
        self._written: set[int | None] = {None}  # buffers that were written in place
        self._kept: set[int] = set()  # buffers that some op keeps for backward
        self._again: set[int] = set()  # buffers that a checkpoint filled when it computed its part again
        self.constants: dict[int, tuple[float | None, ...]] = {}
        self._by_node: dict[int, int] = {}  # the number of a node: the op event that made it
        self._value_of_node: dict[int, int] = {}
        self._walks: list[_Walk] = []
        self._summed: dict[int, int] = {}  # of the walk that ended last
        self._went_back = False
        self._zero = 0.0  # when the recording began, put off by what the recorder takes itself
        self._stopped: float | None = None
        self._named = _Names(names)
        self._recording: Recording | None = None

    @property
    def recording(self) -> Recording:
        """What was recorded, frozen; it is put together when it is first asked for, within the block anew each time."""
        if self._recording is not None:
            return self._recording
        recording = self._frozen()
        if self not in levels.here.watchers:
            self._recording = recording
        return recording

    def __enter__(self) -> Self:
        if self not in levels.here.watchers:  # the time between two uses does not count
            self._recording = None
            self._zero += perf_counter() - (self._stopped or 0.0)
            self._buffers.counts = True
        for scope in levels.here.scopes:
            if scope not in self._call_of:
                self.entering(scope)
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if self in levels.here.watchers:  # it was entered twice, and goes on
            return
        self._stopped = perf_counter()
        self._buffers.counts = False  # what is alive now stays so in the recording
        while self._walks:
            self.walked()
        for scope in list(self._call_of):
            self.leaving(scope)

    def _frozen(self) -> Recording:
        """The recording; positions whose event never came to be, for it raised or gave no value, are closed up."""
        buffers = self._buffers
        backward = _made(
            BackwardEvent,
            (
                (*row[:_CONTRIBUTIONS], tuple(_made(Contribution, row[_CONTRIBUTIONS])), *row[_CONTRIBUTIONS + 1 :])
                for row in self._backward
                if isinstance(row, tuple)
            ),
        )
        ops = _made(OpEvent, self._ops)
        born, died = buffers.born, buffers.died
        order = sorted([event.at for event in ops] + [event.at for event in backward])
        if len(order) != buffers.clock:
            ops = [replace(event, at=bisect_left(order, event.at)) for event in ops]
            backward = [replace(event, at=bisect_left(order, event.at)) for event in backward]
            born = [at if at < 0 else bisect_left(order, at) for at in born]
            died = [at if at is None else bisect_left(order, at) for at in died]
        numbers = range(len(born))
        made = zip(numbers, buffers.sizes, born, died, [number in self._again for number in numbers], strict=True)
        return Recording(
            tuple(_made(ValueInfo, self._values)),
            tuple(ops),
            tuple(backward),
            tuple(_made(Call, self._calls)),
            tuple(_made(Buffer, made)),
        )

    def value_of(self, x: Any) -> ValueInfo | None:
        """What is recorded of a Tensor, a Value, an array that is alive, or a name; None where nothing is."""
        key = key_of("tape.value_of", x)
        if isinstance(key, str):
            return next((value for value in _made(ValueInfo, self._values) if value.name == key), None)
        number = self._value_of_node.get(key) if key is not None else None
        if key is None:
            number = self._buffers.value_of(x.array if isinstance(x, Variable) else x)
        return None if number is None else ValueInfo(*self._values[number])

    def line_of(self, node: Node) -> Line | None:
        """The line of the program that recorded a node."""
        event = self._by_node.get(node.seq)
        return None if event is None else self._ops[event][_LINE]

    # ------------------------------------------------------------------------------------------------------ scopes

    def entering(self, scope: Scope) -> None:
        """A call or a block begins: write it down."""
        parent = None if scope.parent is None else self._call_of.get(scope.parent)
        number = self._call_of[scope] = len(self._calls)
        self._calls.append([number, scope.name, scope.path, scope.module, parent, perf_counter() - self._zero, 0.0])

    def leaving(self, scope: Scope) -> None:
        """It ends."""
        number = self._call_of.pop(scope, None)
        if number is not None:
            call = self._calls[number]
            call[_SECONDS] = perf_counter() - self._zero - call[_START]

    # ----------------------------------------------------------------------------------------------------- forward

    def see(self, op: Any, args: tuple[Any, ...], params: dict[str, Any], run: Callable[..., Any]) -> Any:
        """An op is evaluated: write it down."""
        entered = perf_counter()
        buffers = self._buffers
        arrays = [a.array if isinstance(a, Variable) else a for a in args]
        inputs = tuple(map(self._identify, args, arrays))
        at = buffers.clock
        buffers.clock = at + 1
        scopes = levels.here.scopes
        scope = scopes[-1] if scopes else None
        line = source_line(4)  # this, see, intercept, apply
        began = perf_counter()
        self._zero += began - entered
        start = began - self._zero
        result = run(op, args, params)
        ended = perf_counter()
        seconds = ended - self._zero - start  # other ops may have run in it, and been written down
        results = result if result.__class__ is tuple else (result,)
        nbytes, outputs, made = 0, [], None
        event = len(self._ops)
        for slot, y in enumerate(results):
            if not isinstance(y, Variable):  # a question asked of scalar Values
                return result
            array, node = y.array, y.node
            nbytes += getattr(array, "nbytes", 0)
            same = None
            if op.kind == "view" and len(arrays) == 1 and inputs[0] is not None and array.size == arrays[0].size:
                same = inputs[0]
            outputs.append(self._enter(y, array, event, slot, at, same))
            if node is not None:
                self._by_node[node.seq] = event
                if made is None and node.op is not None:
                    made = maker_of(node)
        shapes = []
        for a in arrays:
            nbytes += getattr(a, "nbytes", 0)
            shapes.append(getattr(a, "shape", ()))
        saved = 0
        if made is not None:
            if made.__class__ is Node and made.op is op:  # a scalar Value keeps its operands anyway
                made.operands = tuple(map(self._operand, arrays, inputs))
            self._by_node[made.seq] = event
            saved = self._saved(made.saved, at)
        elif len(args) > 1 and any(a.__class__ is float or a.__class__ is int for a in args):
            self.constants[event] = tuple([float(a) if a.__class__ in (float, int) else None for a in args])
        try:
            flops = int(op.flops(results[0].shape, *shapes, **params))
        except Exception:  # a cost model must never stop a program
            flops = 0
        self._ops.append(
            (
                event, op.name, op.kind, "" if scope is None else scope.path, line, inputs, tuple(outputs),
                {key: _text(value) for key, value in params.items()} if params else {}, flops, nbytes, saved,
                seconds, None if scope is None else self._call_of.get(scope),
                self._origin() if self._walks else None, at, start,
            )
        )  # fmt: skip
        self._zero += perf_counter() - ended
        return result

    def _origin(self) -> int | None:
        """The op event whose backward rule is at work; in a hook on a gradient, the one that gave the gradient."""
        walk = self._walks[-1]
        return walk.last if walk.pulling is None else walk.pulling.op

    def _operand(self, array: Any, number: int | None) -> Any:
        """What a node remembers of an operand: nothing that would keep the result of an op alive."""
        if number is None or self._values[number][_BUFFER] in self._outside:
            return array
        return array.copy() if array.size <= _COPIED else weakref.ref(array)

    def _saved(self, saved: Any, at: int) -> int:
        """The bytes that an op keeps for backward and no op before it did."""
        total = 0
        for value in saved if isinstance(saved, tuple) else (saved,):
            for array in value if isinstance(value, tuple) else (value,):
                if array.__class__ is not np.ndarray and not is_array(array):
                    total += getattr(array, "nbytes", 0)  # of what a saved-tensor hook made of it
                    continue
                buffer = self._buffers.enter(array, at)
                if buffer is not None and buffer not in self._kept:
                    self._kept.add(buffer)
                    total += self._buffers.sizes[buffer]
        return total

    def _identify(self, a: Any, array: Any) -> int | None:
        """The number of an argument's value; a new one for what no recorded op made."""
        if isinstance(a, Variable):
            node = a.node
            known = self._buffers.value_of(array) if node is None else self._value_of_node.get(node.seq)
        elif is_array(a):
            known = self._buffers.value_of(a)
        else:
            return None
        return self._enter(a, array, None, 0, -1) if known is None else known

    def _enter(self, x: Any, array: Any, producer: int | None, slot: int, at: int, same: int | None = None) -> int:
        """Write down a value that is new. ``same`` is one of as many elements that it is perhaps a view of."""
        number = len(self._values)
        node = getattr(x, "node", None)
        buffer, name, parameter, seq = None, "", False, None
        if array.__class__ is not float:
            if producer is None and self._went_back:
                at = self._buffers.clock
            buffer = self._buffers.enter(array, at, number)
        if node is not None:
            seq = node.seq
            self._value_of_node[seq] = number
        if producer is None:
            if array.__class__ is not float:
                self._outside.add(buffer)
            name, parameter = self._named.of(x, array, seq)
            owner = node.tensor() if node.__class__ is Leaf else x
            parameter = parameter or (isinstance(owner, Tensor) and owner.__class__ is not Tensor)
        summary = None
        if same is not None:
            of = self._values[same]
            if of[_BUFFER] == buffer not in self._written and of[_SUMMARY].nbytes == array.nbytes:
                data = None if of[_SUMMARY].data is None else array.tolist()
                summary = of[_SUMMARY]._replace(shape=array.shape, data=data)
        self._values.append(
            (
                number, summary or summarize(array, self._small, self._histograms), producer, slot, node is not None,
                node is None or node.op is None, name, seq, parameter, buffer,
            )
        )  # fmt: skip
        return number

    # ---------------------------------------------------------------------------------------------------- backward

    def walking(self) -> None:
        """A backward walk begins."""
        self._walks.append(_Walk())
        self._went_back = True

    def walked(self) -> None:
        """It ends."""
        if self._walks:  # else it began before this recorder was entered
            walk = self._walks.pop()
            self._finish(walk)
            self._summed = walk.summed

    def pulling(self, node: Any, g: Any) -> None:
        """The walk begins with a node."""
        if not self._walks:
            self._walks.append(_Walk())
        walk = self._walks[-1]
        if walk.pulling is not None:
            walk.last = walk.pulling.op
        self._finish(walk)
        if node is None:
            return
        entered = perf_counter()
        at = self._buffers.clock
        self._buffers.clock = at + 1
        incoming = walk.arrived.pop(node.seq, None)
        if incoming is None or node.hooks is not None:
            incoming = self._summary(as_one_array(g))
        self._meet(g, walk.summed.pop(node.seq, at) if walk.summed else at)
        number = len(self._backward)
        walk.pulling = pulling = _Pulling(number, node, self._by_node.get(node.seq), incoming, at)
        self._backward.append(pulling)
        now = perf_counter()
        self._zero += now - entered
        pulling.start = now - self._zero

    def pulled(self, node: Node, parent: Node, g: Any, gi: Any, before: Any) -> None:
        """See one gradient on its way from a node to one of its inputs."""
        pulling = self._walks[-1].pulling if self._walks else None
        if pulling is None or pulling.node is not node:  # this recorder was entered in the midst of a rule
            self.pulling(node, g)
            pulling = self._walks[-1].pulling
            assert pulling is not None
        entered = perf_counter()
        walk = self._walks[-1]
        arrived = walk.arrived
        slot = pulling.last + 1
        inputs = node.inputs
        while slot < len(inputs) and inputs[slot] is not parent:
            slot += 1
        pulling.last = slot
        self._meet(gi, pulling.at)
        gradient = after = summarize(as_one_array(gi), self._small, self._histograms)
        old = None
        if before is not None:  # the engine adds up; what that gives is seen when more arrives, or at the end
            self._meet(before, walk.summed.get(parent.seq, pulling.at))
            walk.summed[parent.seq] = pulling.at
            old = arrived.get(parent.seq) if parent.hooks is None else None
            if old is None:
                old = self._summary(as_one_array(before))
            after = self._summary(as_one_array(added(before, gi)))
        arrived[parent.seq] = after
        pulling.contributions.append((self._value_of_node.get(parent.seq), slot, gradient, old, after))
        self._zero += perf_counter() - entered

    def accumulated(self, tensor: Any) -> None:
        """A leaf was given its gradient: it may be a sum, with what it had before too, or a copy."""
        at = None if tensor.node is None else self._summed.get(tensor.node.seq)
        self._meet(tensor.grad, max(self._buffers.clock - 1, 0) if at is None else at)

    def _finish(self, walk: _Walk) -> None:
        """Write down the event that a walk is done with."""
        pulling, walk.pulling = walk.pulling, None
        if pulling is None:
            return
        now = perf_counter()
        seconds = now - self._zero - pulling.start
        op = pulling.op
        self._backward[pulling.id] = (
            pulling.id, op, pulling.node.op.name, pulling.incoming, pulling.contributions, seconds, pulling.at,
            pulling.start, None if op is None else self._ops[op][_CALL],
        )  # fmt: skip
        self._zero += perf_counter() - now

    def _summary(self, array: Any) -> Summary:
        return summarize(array, self._small, self._histograms)

    def recomputed(self, saved: Any) -> None:
        """A checkpoint computed values again: their memory is known from here on."""
        entered = perf_counter()
        buffers = self._buffers
        for array in arrays_in(saved):
            before = len(buffers.sizes)
            buffers.enter(array, max(buffers.clock - 1, 0))
            self._again.update(range(before, len(buffers.sizes)))
        self._zero += perf_counter() - entered

    def written(self, memory: Any) -> None:
        """An array was written in place."""
        self._written.add(self._buffers.buffer_of(memory))

    def _meet(self, g: Any, at: int) -> None:
        """Get to know the memory of a gradient."""
        if g.__class__ is np.ndarray:
            self._buffers.enter(g, at)
            return
        for part in g if isinstance(g, (list, tuple)) else (g,):
            while isinstance(part, Variable):
                part = part.array
            if is_array(part):
                self._buffers.enter(part, at)


def _made(kind: type[_T], rows: Iterable[Sequence[Any]]) -> list[_T]:
    """Instances of a frozen dataclass, whose own way of writing each field takes four times as long."""
    fill = _filler(kind)  # type: ignore[arg-type]
    return [fill(object.__new__(kind), row) for row in rows]


@functools.cache
def _filler(kind: type[_T]) -> Callable[[_T, Sequence[Any]], _T]:
    """A function that writes a row into the fields of an instance: generated, as the methods of dataclasses are."""
    places = ", ".join(f"fields[{name!r}]" for name in kind.__dict__["__dataclass_fields__"])
    names: dict[str, Any] = {}
    exec(f"def fill(one, row):\n    fields = one.__dict__\n    {places}, = row\n    return one", names)
    return cast("Callable[[_T, Sequence[Any]], _T]", names["fill"])


class _Names:
    """What a caller calls Tensors and Values; it holds them, so that none of their addresses is used again."""

    def __init__(self, names: Any):
        found = list(named_tensors(names, "record: names"))
        parameters = len(found) if callable(getattr(names, "named_parameters", None)) else 0
        if callable(named_buffers := getattr(names, "named_buffers", None)):
            found += named_buffers()
        self._by_id: dict[int, tuple[str, bool]] = {}
        self._by_seq: dict[int, tuple[str, bool]] = {}
        self._arrays: dict[int, tuple[Any, str, bool]] = {}
        self._held = [x for _, x in found]
        for i, (name, x) in enumerate(found):
            if not isinstance(x, Variable) or not isinstance(name, str):
                seen = f"{name!r} stands for a {type(x).__name__}" if isinstance(name, str) else f"{name!r} is no text"
                raise DtypeError(f"record: names: {seen}; give a dict from names to Tensors or Values.")
            known = name, i < parameters
            self._by_id.setdefault(id(x), known)
            if x.node is not None:
                self._by_seq.setdefault(x.node.seq, known)
            if not isinstance(x.array, float):
                self._arrays.setdefault(id(x.array), (x.array, *known))

    def of(self, x: Any, array: Any, seq: int | None) -> tuple[str, bool]:
        """The name of a value, or of a Value the label; and whether it was named as a parameter."""
        known = None
        if self._by_id:
            known = self._by_seq.get(seq) if seq is not None else None
            known = known or self._by_id.get(id(x))
        if known is None and seq is None and self._arrays and (same := self._arrays.get(id(array))) is not None:
            known = same[1:]  # a constant over the same memory
        if known is not None:
            return known
        return (x.label if array.__class__ is float else "", False)


def _text(value: Any) -> str:
    return f"array {value.shape} {value.dtype}" if hasattr(value, "dtype") and hasattr(value, "shape") else repr(value)
