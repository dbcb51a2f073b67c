from __future__ import annotations

import gc
import itertools
import json
import threading
import time
import tracemalloc
import weakref
from pathlib import Path

import numpy as np
import pytest

import autograd as ag
import nn
from autograd.watching import summarize

SCHEMA = Path(__file__).parents[2] / "docs" / "recording.schema.json"


def recorded():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    with ag.record() as tape:
        loss = ag.cross_entropy(model(ag.ones((5, 3))), np.array([0, 1, 1, 0, 1]))
        (loss * loss).backward()
    return tape.recording


def test_forward_and_backward_are_recorded():
    r = recorded()
    assert [e.op for e in r.ops] == ["linear", "tanh", "linear", "softmax_cross_entropy", "mean", "multiply"]
    assert [e.scope for e in r.ops[:3]] == ["Sequential.0", "Sequential.1", "Sequential.2"]
    assert r.ops[0].line.file.endswith("test_recording.py")
    assert r.ops[0].flops == 5 * 4 * (2 * 3 + 1)
    assert r.ops[1].inputs == r.ops[0].outputs
    assert r.ops[5].inputs == (r.ops[4].outputs[0],) * 2  # x * x keeps its two edges
    assert [b.name for b in r.backward] == ["multiply", "mean", "softmax_cross_entropy", "linear", "tanh", "linear"]
    assert [b.op for b in r.backward] == [5, 4, 3, 2, 1, 0]
    first, second = r.backward[0].contributions
    assert (first.slot, second.slot) == (0, 1)
    assert first.before is None
    assert second.before == first.after
    assert second.after.data == 2 * first.gradient.data
    assert r.saved_by_op()["tanh"] == 5 * 4 * 4
    assert all(e.seconds > 0 for e in r.ops)


def test_json_round_trip(tmp_path):
    r = recorded()
    assert ag.Recording.from_json(r.to_json()) == r
    r.save(tmp_path / "step.json")
    assert ag.Recording.load(tmp_path / "step.json") == r
    data = json.loads(r.to_json())
    assert data["version"] == 2
    with pytest.raises(ag.ArgumentError, match="version 99"):
        ag.Recording.from_json(json.dumps(data | {"version": 99}))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_numbers_that_json_does_not_know():
    with ag.record() as tape:
        ag.log(ag.tensor([0.0, -1.0]))
        ag.exp(ag.tensor([1 + 2j, 1j]))
    again = ag.Recording.from_json(tape.recording.to_json())
    assert again.values[1].summary.data[0] == -np.inf
    assert np.isnan(again.values[1].summary.data[1])
    assert again.values[2].summary.data == [1 + 2j, 1j]


def test_a_recording_is_of_one_thread_and_ends():
    with ag.record() as tape:
        other = threading.Thread(target=lambda: ag.exp(ag.ones(3)))
        other.start()
        other.join()
        ag.sin(ag.ones(3))
    ag.cos(ag.ones(3))
    assert [e.op for e in tape.recording.ops] == ["sin"]
    with pytest.raises(AttributeError):
        tape.recording.ops = ()


def test_the_published_schema_is_that_of_the_classes():
    assert json.loads(SCHEMA.read_text()) == ag.recording_schema(), (
        "write it anew: python -c 'import autograd, json; print(json.dumps(autograd.recording_schema(), indent=2))' "
        "> docs/recording.schema.json"
    )


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_is_written_keeps_to_the_schema():
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema checks what is written")
    validator = jsonschema.Draft202012Validator(ag.recording_schema())
    with ag.record() as odd, ag.scope("part"):
        x = ag.tensor([0.0, 2.0], requires_grad=True)
        ag.gradients(ag.sqrt(x).sum() + ag.abs(ag.exp(x * 1j)).sum(), [x])
        ag.linalg.eigh(np.eye(2) + ag.zeros((2, 2), dtype="float64", requires_grad=True))
        ag.log(ag.zeros(()))
        ag.zeros((0, 3)) + ag.arange(3)
        ag.clip(x, None, 1.0)
    for r in (recorded(), odd.recording, ag.Recording()):
        data = json.loads(r.to_json())
        assert [error.message for error in validator.iter_errors(data)] == []
        assert ag.Recording.from_json(r.to_json()).to_json() == r.to_json()
    data["surprise"] = 1
    assert list(validator.iter_errors(data))


def test_a_recording_is_hashable_and_equal_to_its_copy():
    with ag.record() as tape:
        ag.exp(ag.tensor([1.0], requires_grad=True)).sum().backward()
    copy = ag.Recording.from_json(tape.recording.to_json())
    assert copy == tape.recording
    assert hash(copy) == hash(tape.recording)
    assert len({tape.recording, copy}) == 1


# ------------------------------------------------------------------------------------------------ calls and names


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
        self.blocks = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])

    def forward(self, x):
        return self.blocks[1](self.inner(self.inner(x)))


def test_calls_of_modules_and_scopes():
    model = Twice()
    with ag.scope("outside"), ag.record() as tape:
        with ag.scope("part"):
            model(ag.ones((1, 2)))
        model(ag.ones((1, 2)))
        ag.sin(ag.ones(1))
    r = tape.recording
    outside, part, first, *inside = r.calls
    once = [
        ("inner", "Sequential"), ("0", "Linear"), ("1", "Tanh"), ("inner", "Sequential"), ("0", "Linear"),
        ("1", "Tanh"), ("blocks.1", "Linear"),
    ]  # fmt: skip
    assert (outside.name, outside.module, outside.parent) == ("outside", "", None)
    assert (part.path, part.parent, first.path, first.parent) == ("outside.part", 0, "outside.part.Twice", 1)
    assert [(c.name, c.module) for c in inside] == [*once, ("Twice", "Twice"), *once]
    assert [c.id for c in r.calls] == list(range(len(r.calls)))
    assert inside[1].path == "outside.part.Twice.inner.0"
    assert inside[0].id != inside[3].id
    assert inside[1].parent == inside[0].id
    assert inside[4].parent == inside[3].id
    assert inside[7].parent == 0
    linear = r.ops[2]
    assert (linear.call, linear.scope) == (inside[4].id, inside[4].path)
    assert r.ops[-1].call == 0
    for call in r.calls:
        assert call.seconds > 0
        if call.parent is not None:
            outer = r.calls[call.parent]
            assert outer.start <= call.start
            assert call.start + call.seconds <= outer.start + outer.seconds


def test_an_error_closes_its_calls():
    with ag.record() as tape:
        with pytest.raises(ag.ShapeError):
            nn.Sequential(nn.Linear(3, 4))(ag.ones((5, 2)))
        ag.sin(ag.ones(1))
    assert [c.path for c in tape.recording.calls] == ["Sequential", "Sequential.0"]
    assert tape.recording.ops[-1].call is None
    assert tape.recording.ops[-1].at == 0


class Shifted(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", ag.ones(3))

    def forward(self, x):
        return x - self.mean


def test_names_of_a_model_and_of_a_dict():
    model = nn.Sequential(nn.Linear(2, 3), Shifted())
    x = ag.tensor([[1.0, 2.0], [3.0, 5.0]])
    with ag.record(names=model) as tape:
        model(x).sum().backward()
    r = tape.recording
    names = {v.name: v for v in r.values if v.name}
    assert {name for name, _ in model.named_parameters()} <= names.keys()
    assert all(names[name].parameter for name, _ in model.named_parameters())
    assert r.value_of(model[0].weight) is r.value_of("0.weight") is names["0.weight"]
    assert not names["1.mean"].parameter
    assert names["0.weight"].seq == model[0].weight.node.seq
    assert tape.value_of(x).name == ""
    w = ag.tensor([1.0], requires_grad=True)
    v = ag.scalar.Value(2.0, "label")
    with ag.record(names={"w": w, "c": x}) as tape:
        y = w * x.sum()
        v * v
    values = tape.recording.values
    assert [value.name for value in values if value.name] == ["c", "w", "label"]
    assert not any(value.parameter for value in values)
    assert tape.recording.value_of(w).name == "w"
    assert tape.recording.value_of(y).producer == 1
    assert tape.value_of(y) == tape.recording.value_of(y)
    assert tape.value_of("c") == tape.value_of(x) == tape.recording.value_of("c")
    assert tape.recording.value_of(v).summary.data == 2.0
    assert tape.recording.value_of(x) is None
    assert tape.value_of(ag.ones(1)) is None
    assert tape.value_of("nothing") is tape.recording.value_of("nothing") is None
    with ag.record() as tape:
        model[0](x)
    assert [v.parameter for v in tape.recording.values] == [False, True, True, False]


def test_what_is_no_name_and_no_value():
    with pytest.raises(ag.DtypeError, match="record: names is a int"):
        ag.record(names=3)
    with pytest.raises(ag.DtypeError, match="'w' stands for a ndarray"):
        ag.record(names={"w": np.ones(2)})
    with pytest.raises(ag.DtypeError, match="3 is no text"):
        ag.record(names={3: ag.ones(2)})
    with pytest.raises(ag.ArgumentError, match="Recording.value_of: wants a Tensor"):
        ag.Recording().value_of(3)
    with pytest.raises(ag.ArgumentError, match="tape.value_of: wants a Tensor"):
        ag.record().value_of([])


# ------------------------------------------------------------------------------------------------- higher orders


def test_the_origin_of_what_a_backward_rule_records():
    rng = np.random.default_rng(0)
    x, w = (ag.tensor(rng.standard_normal((2, 2)), requires_grad=True) for _ in range(2))
    with ag.record() as tape:
        y = ag.tanh(x @ w)
        (g,) = ag.gradients(y.sum(), [x], create_graph=True)
        z = (g * g).sum()
        z.backward()
    r = tape.recording
    assert [e.op for e in r.ops[:3]] == ["matmul", "tanh", "sum"]
    assert [e.origin for e in r.ops[:3]] == [None] * 3
    inner = [e for e in r.ops if e.origin is not None]
    assert {r.ops[e.origin].op for e in inner} == {"matmul", "tanh", "sum"}
    for event in inner:
        back = next(b for b in r.backward if b.op == event.origin)
        assert back.at < event.at
        assert back.start <= event.start <= back.start + back.seconds
    assert [e.op for e in r.ops[-2:]] == ["multiply", "sum"]
    assert [e.origin for e in r.ops[-2:]] == [None] * 2
    assert any(b.op in {e.id for e in inner} for b in r.backward)  # the second order passes through them
    assert r.flops() < sum(e.flops for e in r.ops)
    in_order(r)


def in_order(r):
    events = sorted([*r.ops, *r.backward], key=lambda e: e.at)
    assert [e.at for e in events] == list(range(len(events)))
    starts = [e.start for e in events]
    assert starts == sorted(starts)
    assert [b.id for b in r.backward] == list(range(len(r.backward)))


def test_at_counts_all_events_in_order():
    r = recorded()
    in_order(r)
    assert [e.at for e in r.ops] == list(range(6))
    assert [b.at for b in r.backward] == list(range(6, 12))
    assert [b.call for b in r.backward] == [None, None, None, 3, 2, 1]


def test_an_op_that_fails_leaves_no_gap():
    with ag.record() as tape:
        x = ag.tensor([1.0, 2.0], requires_grad=True)
        y = x * 2.0
        with pytest.raises(ag.ShapeError):
            y + ag.ones(3)
        del y
        assert ag.scalar.Value(1.0) < 2.0
        x.sum().backward()
    in_order(tape.recording)
    made = tape.recording.buffers[tape.recording.values[1].buffer]
    assert (made.born, made.died) == (0, 1)


def test_the_gradient_that_arrived():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    with ag.record() as tape:
        y = ag.exp(x)
        loss = (y * x).sum()
        unused = ag.sin(x)
        loss.backward()
    r = tape.recording
    assert r.gradient_of(r.value_of(x).id).data == pytest.approx(x.grad.array.tolist())
    assert r.gradient_of(r.value_of(loss).id).data == 1.0
    assert r.gradient_of(r.value_of(y).id).data == [1.0, 2.0]
    assert r.gradient_of(r.value_of(unused).id) is None


def test_gradients_of_several_outputs_add_up():
    a = ag.tensor([[2.0, 0.5], [0.5, 1.0]], dtype="float64", requires_grad=True)
    with ag.record() as tape:
        values, vectors = ag.linalg.eigh(a)
        (values.sum() + (vectors * vectors).sum() + vectors.sum()).backward()
    event = next(b for b in tape.recording.backward if b.name == "eigh")
    assert event.incoming.shape == (6,)
    assert event.contributions[0].gradient.shape == (2, 2)


def test_seconds_of_backward_include_the_rule():
    def rule(g):
        time.sleep(0.02)
        return g

    op = ag.custom_op(lambda x: x * 1.0, vjp=[rule], name="slow")
    with ag.record() as tape:
        ag.sin(op(ag.ones(2, requires_grad=True))).sum().backward()
    seconds = {b.name: b.seconds for b in tape.recording.backward}
    assert seconds["slow"] >= 0.02
    assert seconds["sin"] < 0.02


def test_a_backward_pass_that_fails_ends():
    def rule(g):
        raise ValueError("no")

    op = ag.custom_op(lambda x: x * 1.0, vjp=[rule], name="broken")
    with ag.record() as tape:
        with pytest.raises(ValueError, match="no"):
            op(ag.ones(2, requires_grad=True)).sum().backward()
        ag.sin(ag.ones(2))
    assert tape.recording.ops[-1].origin is None
    assert [b.name for b in tape.recording.backward] == ["sum", "broken"]
    assert tape.recording.backward[1].contributions == ()


# ------------------------------------------------------------------------------------------------------ summaries


@pytest.mark.parametrize(
    ("array", "counted"),
    [
        (np.linspace(0, 1, 160, dtype="float32"), 160),
        (np.full(100, 3.0), 100),
        (np.array([0.0, np.nan, 1.0, np.inf]), 2),
        (np.arange(32), 32),
        (np.array([True, False, True]), 3),
        (np.array([3 + 4j, 0j]), 2),
        (np.linspace(-1, 1, 100_000), 4000),
        (np.array([-1.7e308, 1.7e308]), 2),
        (np.array([0.0, 5e-324]), 2),
        (np.float16([1, 2, 60000]), 3),
        (np.asarray(2.5), 1),
    ],
)
def test_histograms_add_up(array, counted):
    histogram = summarize(array, histogram=True).histogram
    assert len(histogram) == 16
    assert sum(histogram) == counted
    assert summarize(array).histogram is None


def test_histograms_of_a_recording():
    with ag.record(histograms=True) as tape:
        ag.exp(ag.tensor(np.linspace(0, 1, 160), requires_grad=True)).sum().backward()
    r = tape.recording
    assert r.values[0].summary.histogram == (10,) * 16
    assert r.values[-1].summary.histogram == (1, *[0] * 15)
    assert r.backward[1].contributions[0].after.histogram is not None
    assert ag.Recording.from_json(r.to_json()) == r
    for none in (np.zeros((0, 3)), np.array([np.nan])):
        assert summarize(none, histogram=True).histogram is None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [1e-30, 1e-8, 1.0, 1e15, 1e30])
@pytest.mark.parametrize("size", [1, 16, 17, 5000, 40_000])
def test_summaries_are_those_of_double_precision(dtype, scale, size):
    x = (np.random.default_rng(0).standard_normal(size) * scale + scale).astype(dtype)
    seen, wide = summarize(x), x.astype(np.float64)
    assert (seen.minimum, seen.maximum, seen.nonfinite) == (wide.min(), wide.max(), 0)
    assert seen.mean == pytest.approx(wide.mean(), rel=1e-5)
    assert seen.norm == pytest.approx(np.linalg.norm(wide), rel=1e-5)
    x[0] = np.inf
    seen = summarize(x)
    assert seen.nonfinite == 1
    assert seen.maximum == (wide[1:].max() if size > 1 else None)


def test_summaries_of_views():
    x = np.random.default_rng(0).standard_normal((40, 30)).astype("float32")
    for view in (x.T, x[::2], x[:, 3], np.broadcast_to(x[:1], (40, 30))):
        assert summarize(view).norm == pytest.approx(np.linalg.norm(view), rel=1e-5)


# -------------------------------------------------------------------------------------------------------- buffers


def test_lifetimes_of_memory():
    x = ag.ones((10, 10), requires_grad=True)
    with ag.record() as tape:
        y = ag.exp(ag.relu(x * 2.0))  # x * 2 goes when relu is done; what exp saved goes in backward
        view = y.reshape(100)
        loss = view.sum()
        del y, view
        loss.backward()
    r = tape.recording
    product, kept, exp, flat = (r.values[e.outputs[0]] for e in r.ops[:4])
    assert r.buffers[r.value_of(x).buffer].born == -1
    assert r.buffers[r.value_of(x).buffer].died is None
    assert r.buffers[r.value_of(x).buffer].nbytes == 400
    assert r.buffers[product.buffer].born == r.ops[0].at
    assert r.buffers[product.buffer].died == r.ops[2].at
    back = {b.name: b for b in r.backward}
    assert r.buffers[exp.buffer].died == back["exp"].at + 1
    assert r.buffers[kept.buffer].died == back["relu"].at + 1
    assert flat.buffer == exp.buffer
    assert all(b.died is None or b.born < b.died for b in r.buffers)
    gradient = [b for b in r.buffers if b.id not in {v.buffer for v in r.values}]
    assert gradient  # those are there too
    assert sum(b.died is None and b.nbytes == 400 for b in gradient) == 1  # x.grad


def test_what_a_checkpoint_computes_again_is_recorded_memory():
    x = ag.ones((10, 10), requires_grad=True)
    with ag.record() as tape:
        y = ag.checkpoint(lambda x: ag.exp(ag.tanh(x)), x)
        loss = y.sum()
        del y
        loss.backward()
    r = tape.recording
    back = {b.name: b for b in r.backward}
    for event in r.ops[:2]:  # let go when the checkpointed part and its result are
        assert r.buffers[r.values[event.outputs[0]].buffer].died <= back["exp"].at
    again = [buffer for buffer in r.buffers if buffer.recomputed]
    assert [(b.nbytes, b.born) for b in again] == [(400, back["exp"].at)] * 2
    assert sorted(b.died for b in again) == [back["exp"].at + 1, back["tanh"].at + 1]


def test_a_long_recording_holds_no_more_than_a_step():
    w = ag.ones((64, 64), requires_grad=True)
    alive = []
    with ag.record() as tape:
        for _ in range(50):
            y = ag.tanh(ag.ones((64, 64)) @ w)
            y.sum().backward()
            w.grad = None
            alive.append(weakref.ref(y.array))
        held = sum(reference() is not None for reference in alive)
    assert held == 1
    ops = len(tape.recording.ops)
    batches = [b for b in tape.recording.buffers if b.nbytes == 64 * 64 * 4]
    at_once = max(sum(b.born <= at and (b.died is None or b.died > at) for b in batches) for at in range(2 * ops))
    assert at_once < 12


def test_an_address_that_is_used_again_is_another_value():
    with ag.record() as tape:
        for i in range(100):
            ag.sin(ag.tensor([float(i)]))
    r = tape.recording
    assert [r.values[e.inputs[0]].summary.data for e in r.ops] == [[float(i)] for i in range(100)]
    with ag.record() as tape:
        for _ in range(100):
            v = ag.scalar.Value(1.0)
            v + 1.0
    assert len({e.inputs[0] for e in tape.recording.ops}) == 100
    assert all(v.buffer is None for v in tape.recording.values)


def test_a_recorder_that_is_dropped_goes_at_once():
    tape = ag.record()
    with tape:
        ag.sin(ag.ones(3, requires_grad=True)).sum().backward()
    gone = weakref.ref(tape)
    gc.disable()
    try:
        del tape
        assert gone() is None
    finally:
        gc.enable()


# ----------------------------------------------------------------------------------------------- with other things


def test_under_checkpoint_vmap_and_jvp():
    x = ag.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    with ag.record() as tape:
        ag.checkpoint(lambda x: ag.exp(ag.sin(x)), x).sum().backward()
    in_order(tape.recording)
    assert [b.name for b in tape.recording.backward] == ["sum", "exp", "sin"]
    assert tape.recording.gradient_of(tape.value_of(x).id).shape == (2, 2)
    with ag.record() as tape:
        ag.vmap(lambda row: (row * row).sum())(x)
        ag.jvp(lambda x: ag.sin(x), (x,), (ag.ones((2, 2)),))
        ag.vmap(ag.grad(lambda row: ag.sin(row).sum()))(x.detach())
    in_order(tape.recording)
    assert {"multiply", "sum", "sin"} <= {e.op for e in tape.recording.ops}


def test_a_version_before_is_refused():
    with pytest.raises(ag.ArgumentError, match=r"version 1; this release reads version 2\. Record again"):
        ag.Recording.from_json('{"version": 1, "values": [], "ops": [], "backward": []}')


def test_what_a_second_backward_adds_to_grad_and_what_a_hook_computes_are_no_ops_of_the_forward_pass():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    for _ in range(2):
        with ag.record() as tape:
            y = ag.exp(x)
            y.register_hook(lambda g: g * 2.0)
            y.sum().backward()
        events = [(event.op, event.origin) for event in tape.recording.ops]
        assert events == [("exp", None), ("sum", None), ("multiply", 1)]


def test_sums_of_gradients_are_memory_from_when_they_are_made():
    w = ag.ones((32, 32), requires_grad=True)
    with ag.record() as tape:
        h = ag.ones((4, 32))
        for _ in range(3):
            h = h @ w
        h.sum().backward()
        first = w.grad
        w.grad = None
        (w * 2).sum().backward()
        (w * 2).sum().backward()
    r = tape.recording
    assert first is not None
    gradients = [b for b in r.buffers if b.nbytes == w.nbytes and b.born > 0]
    # of w three times, of which each but the first is added up at once; the sum lives to the end
    uses = [b for b in r.backward if b.name == "matmul"]
    sums = [b for b in gradients if b.born in [step.at for step in uses[1:]]]
    assert [b.died for b in sums if b.born == uses[-1].at].count(None) == 1
    for before, after in itertools.pairwise(uses):  # at no time is there no gradient of w
        assert any(b.born <= after.at and (b.died is None or b.died > after.at) and b.born >= before.at for b in sums)
    # grad, with what it held before, is a new array, and the only one of the two that is left
    late = [b for b in gradients if b.born > uses[-1].at]
    assert [b.died for b in late].count(None) == 1


def test_memory_is_what_numpy_allocates():
    def program():
        x = ag.ones((64, 64), requires_grad=True)
        for _ in range(2):
            a = ag.exp(x)
            b = a * a + a - ag.sin(a)
            (b.mT @ b + a.reshape(64, 64)).sum().backward()
        return x

    class Counting(ag.record):
        def see(self, op, args, params, run):
            def counted(*evaluated):
                self.count()
                return run(*evaluated)

            return super().see(op, args, params, counted)

        def pulling(self, node, g):
            super().pulling(node, g)
            if node is not None:
                self.count()

        def count(self):
            traces = tracemalloc.take_snapshot().filter_traces(numpy_only).traces
            seen[self._buffers.clock - 1] = sum(trace.size for trace in traces if trace.size >= 1024)

    numpy_only = [tracemalloc.DomainFilter(True, np.lib.tracemalloc_domain)]
    program()
    seen = {}
    tracemalloc.start()
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("autograd.recorder._COPIED", -1)  # else the recorder has memory of its own
            with Counting(small=0) as tape:
                program()
    finally:
        tracemalloc.stop()
    for at, nbytes in seen.items():
        alive = [b for b in tape.recording.buffers if b.born < at and (b.died is None or b.died > at)]
        assert sum(b.nbytes for b in alive if b.nbytes >= 1024) == nbytes, at


def test_a_view_has_the_summary_of_what_it_is_a_view_of():
    x = ag.tensor(np.arange(12.0).reshape(3, 4), requires_grad=True)
    with ag.record() as tape:
        ag.permute_dims(x, (1, 0))
        with ag.no_grad():
            x[...] = 7.0
        ag.permute_dims(x, (1, 0))
    views = [tape.recording.values[e.outputs[0]].summary for e in tape.recording.ops if e.op == "permute_dims"]
    assert views[0] == summarize(np.arange(12.0).reshape(3, 4).T)
    assert views[1] == summarize(np.full((4, 3), 7.0))


def test_within_the_block_there_is_what_was_recorded_so_far():
    tape = ag.record()
    assert tape.recording == ag.Recording()
    with tape:
        x = ag.ones(2) * 2
        assert [event.op for event in tape.recording.ops] == ["multiply"]
        with ag.scope("part"):
            x + 1
            assert tape.recording.calls[0].name == "part"
    assert [event.op for event in tape.recording.ops] == ["multiply", "add"]
    assert tape.recording is tape.recording
    with tape:
        x * 3
    assert [event.op for event in tape.recording.ops] == ["multiply", "add", "multiply"]
