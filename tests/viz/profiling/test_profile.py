from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings

import autograd as ag
import viz
from autograd.errors import ArgumentError, DtypeError, MissingExtraError
from autograd.recording import Recording
from tests.viz.made_recordings import Maker, recordings
from viz.profiling import ceilings as ceilings_module
from viz.profiling.frames import frames_of

CEILINGS = viz.Ceilings(100e9, 10e9)


def _two_layers() -> Recording:
    """net: pause 1, first (linear 2 s, pause 1), second (linear 4 s, relu 1 s); loss 1 s; and back in twice the time."""
    maker = Maker()
    x, w, b = maker.value(40), maker.value(400, name="w", parameter=True), maker.value(40, name="b", parameter=True)
    with maker.call("net", "Net"):
        maker.pause(1)
        with maker.call("first", "Linear"):
            h = maker.op("linear", x, w, b, nbytes=40, seconds=2, kind="contraction", flops=200, moved=500)
            maker.pause(1)
        with maker.call("second", "Linear"):
            g = maker.op("linear", h, w, b, nbytes=40, seconds=4, kind="contraction", flops=200, moved=500)
            y = maker.op("relu", g, nbytes=40, seconds=1, flops=10, moved=80)
    loss = maker.op("sum", y, seconds=1, kind="reduction", flops=10, moved=44)
    maker.pause(3)
    maker.back(loss, y, seconds=2)
    maker.back(y, g, seconds=2, incoming=40)
    maker.back(g, h, w, b, seconds=8, incoming=40)
    maker.pause(1)
    maker.back(h, x, w, b, seconds=4, incoming=40)
    return maker.recording()


# ------------------------------------------------------------------------------------------------------ known times


def test_times_by_op():
    profile = viz.profile(_two_layers())
    assert {(row.op, row.phase): (row.calls, row.seconds) for row in profile.ops} == {
        ("linear", "backward"): (2, 12), ("linear", "forward"): (2, 6), ("relu", "backward"): (1, 2),
        ("sum", "backward"): (1, 2), ("relu", "forward"): (1, 1), ("sum", "forward"): (1, 1),
    }  # fmt: skip
    assert [row.seconds for row in profile.ops] == sorted((row.seconds for row in profile.ops), reverse=True)
    assert (profile.seconds, profile.in_ops, profile.outside) == (30, 24, 6)
    assert profile.has_backward


def test_rates_of_an_op():
    forward = next(row for row in viz.profile(_two_layers()).ops if (row.op, row.phase) == ("linear", "forward"))
    assert (forward.flops, forward.estimated, forward.nbytes) == (400, False, 1000)
    assert forward.flops_per_second == pytest.approx(400 / 6)
    assert forward.bytes_per_second == pytest.approx(1000 / 6)
    assert forward.intensity == pytest.approx(0.4)


def test_backward_flops_are_estimated_where_that_is_honest():
    rows = {row.op: row for row in viz.profile(_two_layers()).ops if row.phase == "backward"}
    # Two products of the forward size for input and weight, and a sum over the gradient (10 numbers) for the bias.
    assert rows["linear"].flops == 2 * (200 + 200 + 10)
    assert rows["linear"].estimated
    assert rows["relu"].flops == 10
    assert rows["sum"].flops is None
    assert rows["sum"].flops_per_second is None
    assert rows["sum"].intensity is None


def test_backward_bytes_count_gradients_and_what_was_kept():
    rows = {row.op: row for row in viz.profile(_two_layers()).ops if row.phase == "backward"}
    # linear keeps x (or h) and w; relu keeps its result
    assert rows["linear"].nbytes == 2 * (40 + (40 + 400 + 40) + (40 + 400))
    assert rows["relu"].nbytes == 40 + 40 + 40


def test_times_by_scope_are_a_tree():
    scopes = {scope.path: scope for scope in viz.profile(_two_layers()).scopes}
    assert list(scopes) == ["", "net", "net.first", "net.second"]
    assert [(s.parent, s.depth, s.module) for s in scopes.values()] == [
        (None, 0, ""), ("", 1, "Net"), ("net", 2, "Linear"), ("net", 2, "Linear"),
    ]  # fmt: skip
    assert (scopes["net"].forward, scopes["net"].backward) == (7, 14)
    assert (scopes["net"].exclusive, scopes["net"].outside) == (0, 1)
    assert (scopes["net.first"].forward, scopes["net.first"].backward, scopes["net.first"].outside) == (2, 4, 1)
    assert (scopes["net.second"].forward_self, scopes["net.second"].backward_self) == (5, 10)
    assert (scopes[""].forward, scopes[""].backward, scopes[""].exclusive) == (8, 16, 3)
    assert (scopes[""].outside, scopes[""].flops) == (4, 420)


def test_calls_of_one_path_are_one_scope():
    maker = Maker()
    x = maker.value()
    with maker.call("rnn"):
        for _ in range(3):
            with maker.call("cell"):
                x = maker.op("tanh", x, seconds=2)
    cell = viz.profile(maker.recording()).scopes[-1]
    assert (cell.path, cell.calls, cell.forward) == ("rnn.cell", 3, 6)


def test_seconds_by_op_event_join_both_passes():
    assert viz.profile(_two_layers()).seconds_by_op_event() == {0: 2 + 4, 1: 4 + 8, 2: 1 + 2, 3: 1 + 2}


def test_an_op_in_a_rule_is_not_counted_twice():
    maker = Maker()
    x = maker.value()
    with maker.call("net"):
        y = maker.op("multiply", x, x, seconds=1)
    maker.back(y, x, seconds=2, within=(("negative", 3.0),))
    profile = viz.profile(maker.recording())
    rows = {(row.op, row.phase): row for row in profile.ops}
    assert rows["multiply", "backward"].seconds == 4  # 2 before the negative and 2 after it
    assert rows["negative", "backward"].seconds == 3
    assert rows["negative", "backward"].estimated is False
    assert (profile.in_ops, profile.seconds) == (8, 8)
    inner = next(step for step in profile.steps if step.op == "negative")
    assert profile.steps[inner.within].op == "multiply"
    assert profile.path_of(inner.call) == "net"


def test_a_view_moves_no_memory():
    x = ag.tensor(np.zeros((4, 6), np.float32), requires_grad=True)
    with ag.record() as tape:
        (x.reshape(6, 4) * 2).sum()
    rows = {row.op: row for row in viz.profile(tape.recording).ops}
    assert rows["reshape"].nbytes == 0
    assert rows["multiply"].nbytes > 0


# ------------------------------------------------------------------------------------------------------- properties


@given(recordings())
@settings(max_examples=60)
def test_times_are_conserved(recording):
    profile = viz.profile(recording)
    first = min(event.start for event in (*recording.ops, *recording.backward, *recording.calls))
    last = max(event.start + event.seconds for event in (*recording.ops, *recording.backward, *recording.calls))
    assert profile.seconds == pytest.approx(last - first)
    assert sum(row.seconds for row in profile.ops) == pytest.approx(profile.in_ops)
    assert sum(profile.seconds_by_op_event().values()) == pytest.approx(profile.in_ops)
    assert sum(scope.exclusive for scope in profile.scopes) == pytest.approx(profile.in_ops)
    assert sum(scope.outside for scope in profile.scopes) == pytest.approx(profile.outside)
    by_path = {scope.path: scope for scope in profile.scopes}
    for path, scope in by_path.items():
        inside = [child for child in profile.scopes if child.parent == path]
        assert scope.seconds == pytest.approx(scope.exclusive + sum(child.seconds for child in inside))
        assert scope.outside >= 0
    assert profile.scopes[0].seconds == pytest.approx(profile.in_ops)
    assert all(step.exclusive >= 0 for step in profile.steps)
    str(profile)


@given(recordings())
@settings(max_examples=60)
def test_boxes_of_a_row_do_not_overlap_and_lie_in_boxes_above(recording):
    profile = viz.profile(recording)
    frames = frames_of(profile.steps, profile.gaps, profile.calls)
    rows = {}
    for frame in frames:
        if frame.seconds > 0:
            rows.setdefault(frame.depth, []).append(frame)
    for depth, row in rows.items():
        for a, b in pairwise(row):
            assert a.end <= b.start + 1e-9
        for frame in row if depth else ():
            assert any(o.start - 1e-9 <= frame.start and frame.end <= o.end + 1e-9 for o in rows[depth - 1])
    shown = sum(frame.seconds for frame in frames if frame.kind == "gap")
    assert shown == pytest.approx(profile.outside)


@given(recordings())
@settings(max_examples=20)
def test_a_profile_of_a_loaded_recording_is_the_same(recording):
    assert viz.profile(Recording.from_json(recording.to_json())) == viz.profile(recording)


# ------------------------------------------------------------------------------------------------- words and errors


def test_the_table_says_all_of_the_time():
    text = str(viz.profile(_two_layers()))
    assert "30 s: 8 s in ops forward, 16 s in ops backward, 6 s in no op" in text
    lines = text.splitlines()
    shares = [float(line.split("%")[0].split()[-1]) for line in lines if "%" in line]
    assert sum(shares[:7]) == pytest.approx(100, abs=0.5)  # six rows of ops, and the time in none
    assert "≈820" in text
    assert "net" in text
    assert "  second" in text


def test_a_long_table_is_cut_and_its_rest_summed_up():
    maker = Maker()
    x = maker.value()
    for number in range(30):
        maker.op(f"op{number}", x, seconds=30 - number)
    text = str(viz.profile(maker.recording()))
    assert "10 more" in text
    assert "55 s" in text


def test_without_backward_it_says_so():
    maker = Maker()
    maker.op("tanh", maker.value())
    profile = viz.profile(maker.recording())
    assert not profile.has_backward
    assert "No backward pass was recorded." in str(profile)


def test_to_dict_is_plain_data():
    data = json.loads(json.dumps(viz.profile(_two_layers()).to_dict()))
    assert data["seconds"] == 30
    assert data["ops"][0]["op"] == "linear"
    assert data["scopes"][1]["path"] == "net"


@pytest.mark.parametrize("function", [viz.profile, viz.memory])
def test_errors_say_what_is_wanted(function):
    with pytest.raises(DtypeError, match="wants a Recording, not a list"):
        function([])
    for empty in (Recording(), ag.record()):
        with pytest.raises(ArgumentError, match="no op was recorded"):
            function(empty)


def test_a_tape_is_taken_as_its_recording():
    with ag.record() as tape:
        ag.exp(ag.tensor([1.0])).sum()
    assert viz.profile(tape).to_dict() == viz.profile(tape.recording).to_dict()
    assert viz.memory(tape).peak == viz.memory(tape.recording).peak


# ------------------------------------------------------------------------------------------------------------ trace


def test_the_trace_has_every_pass_scope_and_op(tmp_path):
    profile = viz.profile(_two_layers())
    path = profile.save(tmp_path / "trace.json")
    events = json.loads(path.read_text())["traceEvents"]
    boxes = [event for event in events if event["ph"] == "X"]
    assert {event["pid"] for event in events} == {1}
    assert [e["name"] for e in boxes if e["cat"] == "pass"] == ["forward", "backward"]
    linear = next(event for event in boxes if event["name"] == "linear")
    assert (linear["ts"], linear["dur"]) == (1e6, 2e6)
    assert linear["args"] == {
        "scope": "net.first", "pass": "forward", "bytes": 500, "FLOP": 200, "line": "train.py:10 in step",
    }  # fmt: skip
    assert len(boxes) == 2 + 3 + 3 + 8  # passes, calls forward, stretches backward, ops
    with pytest.raises(ArgumentError, match=r"trace\.txt"):
        profile.save(tmp_path / "trace.txt")


# ----------------------------------------------------------------------------------------------------------- charts


def _texts(axes):
    return [text.get_text() for text in axes.texts]


def test_the_flame_chart_names_what_fits():
    axes = viz.profile(_two_layers()).flame()
    texts = _texts(axes)
    assert {"forward", "backward", "net", "first", "second", "linear"} <= set(texts)
    assert axes.get_xlabel() == "time in s"
    assert axes.get_xlim() == (0, 30)
    assert any("in no op (6 s)" in text.get_text() for text in axes.get_legend().get_texts())


def test_the_flame_chart_without_gaps_is_as_long_as_the_ops():
    axes = viz.profile(_two_layers()).flame(gaps=False, theme=viz.DARK)
    assert axes.get_xlim() == (0, 24)
    assert axes.get_xlabel() == "time in ops, in s"


def test_labels_of_the_flame_chart_lie_in_their_boxes():
    axes = viz.profile(_two_layers()).flame()
    axes.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in axes.texts]
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[number + 1 :])


def test_the_roofline_has_the_roof_and_a_dot_for_each_op():
    axes = viz.profile(_two_layers()).roofline(ceilings=CEILINGS)
    roof = axes.get_lines()[0]
    assert roof.get_xdata()[1] == CEILINGS.ridge == 10
    assert list(roof.get_ydata()[1:]) == [100e9, 100e9]
    points = [tuple(point) for dots in axes.collections for point in dots.get_offsets()]
    assert (pytest.approx(200 / 500), pytest.approx(100)) in points
    assert len(points) == 7  # all but the step backward through the sum, whose FLOPs are not known
    assert any("no FLOP known: sum (2 s)" in text for text in _texts(axes))
    assert any("100 GFLOP/s, matrix product" in text for text in _texts(axes))


def test_labels_of_the_roofline_do_not_overlap():
    axes = viz.profile(_two_layers()).roofline(ceilings=CEILINGS)
    axes.figure.draw_without_rendering()
    labels = [text for text in axes.texts if "linear" in text.get_text() or "relu" in text.get_text()]
    assert labels
    boxes = [text.get_window_extent() for text in labels]
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[number + 1 :])


def test_a_roofline_of_ops_without_flops_is_empty_and_says_why():
    maker = Maker()
    maker.op("reshape", maker.value(), kind="view")
    axes = viz.profile(maker.recording()).roofline(ceilings=CEILINGS)
    assert any("no FLOP known: reshape" in text for text in _texts(axes))


def test_charts_are_drawn_on_the_axes_that_are_given():
    figure = pytest.importorskip("matplotlib.figure").Figure()
    profile = viz.profile(_two_layers())
    for axes, draw in zip(
        figure.subplots(2, 1), (profile.flame, lambda ax: profile.roofline(ax, ceilings=CEILINGS)), strict=True
    ):
        assert draw(axes) is axes


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    profile = viz.profile(_two_layers())
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.patches", None)
    with pytest.raises(MissingExtraError, match=r"glassgrad\[viz\]"):
        profile.flame()


# --------------------------------------------------------------------------------------------------------- ceilings


def test_ceilings_bound_by_the_lower_of_the_two():
    assert CEILINGS.at(1) == 10e9
    assert CEILINGS.at(1000) == 100e9
    assert str(CEILINGS) == "100 GFLOP/s in a matrix product and 10 GB/s from memory, in float32"
    with pytest.raises(ArgumentError, match="bytes_per_second must be a positive number"):
        viz.Ceilings(1e9, 0.0)


def test_ceilings_are_measured_once(monkeypatch):
    monkeypatch.setattr(ceilings_module, "_WIDTHS", (64,))
    monkeypatch.setattr(ceilings_module, "_VECTOR", 1 << 18)
    monkeypatch.setattr(ceilings_module, "_BUDGET", 0.0)
    monkeypatch.setattr(ceilings_module, "_measured", {})
    once = viz.measure_ceilings("float64")
    assert once.dtype == "float64"
    assert once.flops_per_second > 1e6
    assert once.bytes_per_second > 1e6
    assert viz.measure_ceilings("float64") is once
    assert viz.measure_ceilings("float64", again=True) is not once
    with pytest.raises(ArgumentError, match="'float32' or 'float64'"):
        viz.measure_ceilings("int8")


# -------------------------------------------------------------------------------------------------------- real runs


def test_a_real_step(model):
    with ag.record(names=model) as tape, ag.scope("step"):
        model.loss().backward()
    profile = viz.profile(tape.recording)
    assert {row.op for row in profile.ops} >= {"linear", "relu", "multiply", "mean"}
    forward = next(row for row in profile.ops_by_scope()["step"] if (row.op, row.phase) == ("linear", "forward"))
    assert forward.flops == tape.recording.ops[0].flops + tape.recording.ops[2].flops
    backward = next(row for row in profile.ops if (row.op, row.phase) == ("linear", "backward"))
    assert backward.seconds > 0
    assert backward.estimated
    assert profile.scopes[1].path == "step"
    assert "step" in _texts(profile.flame())
