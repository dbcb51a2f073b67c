"""Recordings made by hand, so that their times and their memory are known: no op is run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from hypothesis import strategies as st

from autograd.recording import BackwardEvent, Buffer, Call, Contribution, OpEvent, Recording, ValueInfo
from autograd.watching import Line, Summary


def summary(nbytes: int) -> Summary:
    return Summary((nbytes // 4,), "float32", nbytes, 0.0, 1.0, 0.5, 1.0, 0, None)


class Maker:
    """Writes a Recording event by event. ``time`` goes on by the seconds of each."""

    def __init__(self) -> None:
        self.values: list[ValueInfo] = []
        self.ops: list[OpEvent] = []
        self.backward: list[BackwardEvent] = []
        self.calls: list[Call] = []
        self.buffers: list[Buffer] = []
        self.at = 0
        self.time = 0.0
        self.open: list[int] = []

    def value(
        self, nbytes: int = 4, *, name: str = "", parameter: bool = False, producer: int | None = None, born: int = -1,
        grad: bool = True,
    ) -> int:  # fmt: skip
        number = len(self.values)
        self.buffers.append(Buffer(len(self.buffers), nbytes, born, None))
        self.values.append(
            ValueInfo(
                number, summary(nbytes), producer, 0, grad, producer is None, name, number, parameter,
                len(self.buffers) - 1,
            )
        )  # fmt: skip
        return number

    def extra(self, nbytes: int, born: int | None = None) -> int:
        """Memory that holds no value of the recording."""
        self.buffers.append(Buffer(len(self.buffers), nbytes, self.at if born is None else born, None))
        return len(self.buffers) - 1

    def dies(self, buffer: int, at: int | None = None) -> None:
        self.buffers[buffer] = replace(self.buffers[buffer], died=self.at if at is None else at)

    @contextmanager
    def call(self, name: str, module: str = "Module") -> Iterator[int]:
        self.enter(name, module)
        yield self.open[-1]
        self.leave()

    def enter(self, name: str, module: str = "Module") -> None:
        parent = self.open[-1] if self.open else None
        path = name if parent is None else f"{self.calls[parent].path}.{name}"
        self.open.append(len(self.calls))
        self.calls.append(Call(len(self.calls), name, path, module, parent, self.time, 0.0))

    def leave(self) -> None:
        number = self.open.pop()
        self.calls[number] = replace(self.calls[number], seconds=self.time - self.calls[number].start)

    def op(
        self, op: str, *inputs: int, nbytes: int = 4, seconds: float = 1.0, kind: str = "elementwise", flops: int = 0,
        saved: int = 0, origin: int | None = None, moved: int = 0, grad: bool = True,
    ) -> int:  # fmt: skip
        """An op with one output, whose number is returned; it takes ``seconds``."""
        event = len(self.ops)
        y = self.value(nbytes, producer=event, born=self.at, grad=grad)
        call = self.open[-1] if self.open else None
        scope = "" if call is None else self.calls[call].path
        self.ops.append(
            OpEvent(
                event, op, kind, scope, Line("train.py", 10 + event, "step"), inputs, (y,), {}, flops, moved, saved,
                seconds, call, origin, self.at, self.time,
            )
        )  # fmt: skip
        self.at += 1
        self.time += seconds
        return y

    def back(
        self, y: int, *to: int, seconds: float = 1.0, incoming: int = 4, name: str | None = None, within: tuple = ()
    ) -> None:
        """The step backward through the op that made ``y``; ``within`` are ops recorded in its rule, as (op, seconds)."""
        event = self.values[y].producer
        assert event is not None
        at, start = self.at, self.time
        self.at += 1
        for op, inner in within:
            self.time += seconds
            self.op(op, y, seconds=inner, origin=event)
        self.time += seconds
        contributions = tuple(
            Contribution(value, slot, self.values[value].summary, None, self.values[value].summary)
            for slot, value in enumerate(to)
        )
        self.backward.append(
            BackwardEvent(
                len(self.backward), event, name or self.ops[event].op, summary(incoming), contributions,
                self.time - start, at, start, self.ops[event].call,
            )
        )  # fmt: skip

    def pause(self, seconds: float) -> None:
        self.time += seconds

    def recording(self) -> Recording:
        ops = sorted(self.ops, key=lambda event: event.id)
        return Recording(
            tuple(self.values), tuple(ops), tuple(self.backward), tuple(self.calls), tuple(self.buffers)
        )  # fmt: skip


_OPS = ("multiply", "tanh", "matmul", "relu", "sum", "an op of a user")
_times = st.integers(0, 5).map(float)


@st.composite
def recordings(draw: st.DrawFn) -> Recording:
    """Programs of calls, ops and pauses, with a backward pass or none, and memory that comes and goes."""
    maker = Maker()
    made = [maker.value(draw(st.integers(0, 99)), parameter=draw(st.booleans())) for _ in range(2)]
    for action in draw(
        st.lists(st.sampled_from(["op", "op", "op", "enter", "leave", "pause"]), min_size=1, max_size=25)
    ):
        if action == "enter":
            maker.enter(draw(st.sampled_from("abc")))
        elif action == "leave" and maker.open:
            maker.leave()
        elif action == "pause":
            maker.pause(draw(_times))
        else:
            inputs = draw(st.lists(st.sampled_from(made), min_size=1, max_size=2))
            made.append(
                maker.op(
                    draw(st.sampled_from(_OPS)), *inputs, nbytes=draw(st.integers(0, 99)), seconds=draw(_times),
                    flops=draw(st.integers(0, 9)), saved=draw(st.integers(0, 9)),
                )
            )  # fmt: skip
            if draw(st.integers(0, 4)) == 0:
                maker.extra(draw(st.integers(0, 99)), born=maker.at - 1)
    while maker.open:
        maker.leave()
    if len(made) == 2:
        made.append(maker.op("tanh", made[0]))
    if draw(st.booleans()):
        for y in reversed([y for y in made if maker.values[y].producer is not None]):
            maker.pause(draw(_times))
            if draw(st.booleans()):
                maker.extra(draw(st.integers(0, 99)))
            within = (("multiply", draw(_times)),) if draw(st.integers(0, 4)) == 0 else ()
            maker.back(y, *maker.ops[maker.values[y].producer or 0].inputs, seconds=draw(_times), within=within)
    for number, buffer in enumerate(maker.buffers):
        if draw(st.booleans()):
            maker.dies(number, draw(st.integers(buffer.born + 1, maker.at)))
    return maker.recording()
