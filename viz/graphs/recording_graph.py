"""From a Recording to the view of what it recorded: ops with everything that is known of them, grouped by call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from autograd.dispatch import OPS
from autograd.errors import ArgumentError
from autograd.recording import OpEvent, Recording, ValueInfo
from autograd.watching import Line
from viz.graphs.tape_graph import COMMUTATIVE, argument_of
from viz.graphs.view import Contribution, EdgeView, GraphView, GroupKind, GroupView, NodeKind, NodeView, Shape, Step
from viz.graphs.wording import number_text

__all__ = ["recording_graph"]


def recording_graph(
    recording: Recording, target: ValueInfo | None, names: Mapping[int, str], *, constants: bool, title: str | None
) -> GraphView:
    """The forward ops of a Recording, or those that the value ``target`` was computed from, with their backward steps.

    Values that no recorded op made are leaves: parameters, inputs, and single numbers, which are shown with
    ``constants``. ``names`` are those of values, by number, where the recording itself has none or others. Raises
    ArgumentError for a Recording of nothing.
    """
    if not recording.ops:
        raise ArgumentError(
            "graph: the recording holds no op. Compute something inside `with ag.record() as tape:` and give the tape."
        )
    kept = _ops_before(recording, target)
    return _Builder(recording, kept, target, names, constants).view(title)


def _ops_before(recording: Recording, target: ValueInfo | None) -> list[OpEvent]:
    """The ops that the target was computed from; without a target those of the forward pass and what they needed."""
    if target is not None:
        roots = [] if target.producer is None else [target.producer]
    else:
        roots = [event.id for event in recording.ops if event.origin is None]
    found = set(roots)
    stack = list(roots)
    while stack:
        for value in recording.ops[stack.pop()].inputs:
            made_by = None if value is None else recording.values[value].producer
            if made_by is not None and made_by not in found:
                found.add(made_by)
                stack.append(made_by)
    return [recording.ops[i] for i in sorted(found)]


_Named = tuple[GroupKind, str, str, str]  # kind, label, path and module of a group


class _Builder:
    """The nodes, edges and groups of a view while they are gathered."""

    def __init__(
        self, recording: Recording, ops: list[OpEvent], target: ValueInfo | None, names: Mapping[int, str],
        constants: bool,
    ):  # fmt: skip
        self.names = {value.id: value.name for value in recording.values if value.name} | dict(names)
        self.recording = recording
        self.ops = ops
        self.target = target
        self.constants = constants
        self.nodes: list[NodeView] = []
        self.edges: list[EdgeView] = []
        self.groups: list[GroupView] = []
        self.lines: dict[Line, int] = {}
        self.node_of_op: dict[int, int] = {}
        self.node_of_leaf: dict[int, int] = {}
        self.chains: dict[int | None, list[tuple[object, _Named]]] = {None: []}

    def view(self, title: str | None) -> GraphView:
        """The whole view."""
        group_of = self._open_groups()
        leaf_groups = self._groups_of_leaves(group_of)
        used = {value for event in self.ops for value in event.inputs if value is not None}
        outputs = {e.id for e in self.ops if not used.intersection(e.outputs)}
        if self.target is None and (losses := self._roots_of_backward()):
            outputs = losses
        for event in self.ops:
            sources = [
                (slot, *source)
                for slot, value in enumerate(event.inputs)
                if value is not None and (source := self._source(value, leaf_groups)) is not None
            ]
            self._add_op(event, group_of[event.id], event.id in outputs)
            op, target = OPS.get(event.op), self.node_of_op[event.id]
            ordered = len(event.inputs) > 1 and event.op not in COMMUTATIVE
            for slot, place, output in sources:
                self.edges.append(EdgeView(place, target, slot, argument_of(op, slot), ordered, output))
        if self.target is not None and self.target.producer is None:
            self._source(self.target.id, {})
        return GraphView(
            tuple(self.nodes), tuple(self.edges), title, tuple(self.groups), tuple(self.lines), tuple(self._steps())
        )

    def _roots_of_backward(self) -> set[int]:
        """The kept ops that a backward pass began at: no gradient came to them from another op."""
        reached = {
            self.recording.values[c.value].producer
            for event in self.recording.backward
            for c in event.contributions
            if c.value is not None
        }
        kept = {event.id for event in self.ops}
        return {e.op for e in self.recording.backward if e.op is not None and e.op in kept and e.op not in reached}

    # ------------------------------------------------------------------------------------------------- nodes

    def _add_op(self, event: OpEvent, group: int | None, is_output: bool) -> None:
        values = [self.recording.values[i] for i in event.outputs]
        summary = gradient = name = None
        shape: Shape
        if len(values) == 1:
            summary, name = values[0].summary, self.names.get(values[0].id)
            gradient = self.recording.gradient_of(values[0].id)
            shape, dtype = summary.shape, summary.dtype
        else:
            name = next((self.names[value.id] for value in values if value.id in self.names), None)
            shape = tuple(value.summary.shape for value in values)
            dtype = ", ".join(dict.fromkeys(value.summary.dtype for value in values))
        self.node_of_op[event.id] = len(self.nodes)
        self.nodes.append(
            NodeView(
                len(self.nodes), "output" if is_output else "op", event.op, event.kind, name, shape, dtype,
                values[0].seq if values else None, tuple(event.params.items()), group, self._line(event.line),
                summary, gradient,
                event.nbytes, event.flops, event.seconds, event.saved,
                None if event.origin is None else self.node_of_op.get(event.origin), event.id,
            )
        )  # fmt: skip

    def _source(self, value: int, leaf_groups: dict[int, int | None]) -> tuple[int, int] | None:
        """The node that a value comes from and which of its outputs it is; a new leaf where no kept op made it."""
        info = self.recording.values[value]
        if info.producer is not None:
            return self.node_of_op[info.producer], info.slot
        if value in self.node_of_leaf:
            return self.node_of_leaf[value], 0
        summary = info.summary
        kind: NodeKind = "parameter" if info.parameter else "input"
        name = self.names.get(value)
        if name is None and not info.requires_grad and summary.shape == ():  # a number, such as the 2 of 2 * x
            if not self.constants:
                return None
            kind, name = "constant", None if summary.data is None else number_text(summary.data)
        self.node_of_leaf[value] = len(self.nodes)
        self.nodes.append(
            NodeView(
                len(self.nodes), kind, name=name, shape=summary.shape, dtype=summary.dtype, seq=info.seq,
                group=leaf_groups.get(value), value=summary, gradient=self.recording.gradient_of(value),
                nbytes=summary.nbytes,
            )
        )  # fmt: skip
        return self.node_of_leaf[value], 0

    def _line(self, line: Line | None) -> int | None:
        return None if line is None else self.lines.setdefault(line, len(self.lines))

    # ------------------------------------------------------------------------------------------------ groups

    def _open_groups(self) -> dict[int, int | None]:
        """The group of each op. A call is one stretch of time, so a group is one stretch of the tape, and closing it
        makes no cycle."""
        group_of: dict[int, int | None] = {}
        open_now: list[tuple[object, int]] = []  # what is open and its group, from the outside in
        before: OpEvent | None = None
        for event in self.ops:
            if before is not None and event.call == before.call and event.origin is before.origin is None:
                group_of[event.id] = group_of[before.id]
                continue
            before = event
            chain = self._chain(event)
            same = 0
            while same < min(len(chain), len(open_now)) and chain[same][0] == open_now[same][0]:
                same += 1
            del open_now[same:]
            for key, group in chain[same:]:
                parent = open_now[-1][1] if open_now else None
                kind, label, path, module = group
                self.groups.append(GroupView(len(self.groups), kind, label, path, module, parent))
                open_now.append((key, len(self.groups) - 1))
            group_of[event.id] = open_now[-1][1] if open_now else None
        return group_of

    def _chain(self, event: OpEvent) -> list[tuple[object, _Named]]:
        """The calls that an op is inside of, from the outside in, as a key and what the group is: those of the program,
        and for an op of a backward rule those of the op that it goes back through."""
        chain = self._calls(event.call)
        if event.origin is None:
            return chain
        backward: list[tuple[object, _Named]] = [(("backward", event.call), ("backward", "backward", "", ""))]
        for call, (_, label, path, _) in self._calls(self.recording.ops[event.origin].call):
            backward.append((("backward", call), ("backward", f"∇ {label}", path, "")))
        return chain + backward

    def _calls(self, call: int | None) -> list[tuple[object, _Named]]:
        """A call and those around it, from the outside in."""
        missing: list[int] = []
        while call not in self.chains:
            assert call is not None
            missing.append(call)
            call = self.recording.calls[call].parent
        chain = self.chains[call]
        for inner in reversed(missing):
            made = self.recording.calls[inner]
            named: _Named = ("module" if made.module else "scope", made.name, made.path, made.module)
            chain = self.chains[inner] = [*chain, (inner, named)]
        return chain

    def _groups_of_leaves(self, group_of: dict[int, int | None]) -> dict[int, int | None]:
        """The group of each leaf: the innermost that holds all its uses."""
        uses: dict[int, int | None] = {}
        for event in self.ops:
            for value in event.inputs:
                if value is not None and self.recording.values[value].producer is None:
                    group = group_of[event.id]
                    uses[value] = group if value not in uses else self._common(uses[value], group)
        return uses

    def _common(self, a: int | None, b: int | None) -> int | None:
        while a != b:
            if a is None or b is None:
                return None
            if a > b:
                a = self.groups[a].parent
            else:
                b = self.groups[b].parent
        return a

    # ---------------------------------------------------------------------------------------------- backward

    def _steps(self) -> Iterable[Step]:
        places: dict[int | None, int | None] = {None: None}
        for event in self.recording.backward:
            if event.op is None or event.op not in self.node_of_op:
                continue
            contributions = []
            for c in event.contributions:
                if c.value not in places:
                    places[c.value] = self._place(c.value)
                contributions.append(Contribution(places[c.value], c.slot, c.gradient, c.before, c.after))
            yield Step(self.node_of_op[event.op], event.incoming, tuple(contributions), event.seconds)

    def _place(self, value: int | None) -> int | None:
        if value is None:
            return None
        producer = self.recording.values[value].producer
        return self.node_of_leaf.get(value) if producer is None else self.node_of_op.get(producer)
