from __future__ import annotations

import gc
import json
import tracemalloc
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings

import autograd as ag
import nn
import viz
from autograd.errors import ArgumentError, MissingExtraError
from autograd.recording import Recording
from nn import models
from tests.viz.made_recordings import Maker, recordings


def _chain() -> Recording:
    """x → block (tanh 100 B, tanh 200 B, tanh 10 B) → sum; the tanhs keep their results until they are gone back
    through."""
    maker = Maker()
    x, w = maker.value(50), maker.value(30, name="w", parameter=True)
    with maker.call("block", "Block"):
        a = maker.op("tanh", x, nbytes=100, seconds=2, flops=5)  # 0
        b = maker.op("tanh", a, nbytes=200, seconds=3, flops=6)  # 1
        c = maker.op("tanh", b, nbytes=10, flops=7)  # 2
    d = maker.op("multiply", c, w, nbytes=20)  # 3: keeps c and w
    loss = maker.op("sum", d, nbytes=4)  # 4
    maker.dies(maker.values[d].buffer, 5)
    maker.extra(20)  # the gradient of d
    maker.back(loss, d, incoming=4)  # 5
    first = maker.extra(10)  # of c
    second = maker.extra(30)  # of w: stays
    maker.back(d, c, w, incoming=20)  # 6
    third = maker.extra(200)  # of b
    maker.back(c, b, incoming=10)  # 7
    maker.dies(maker.values[c].buffer)  # 8
    maker.dies(first)
    maker.extra(100)  # of a
    maker.back(b, a, incoming=200)  # 8
    maker.dies(maker.values[b].buffer)  # 9
    maker.dies(third)
    maker.extra(50)  # of x
    maker.back(a, x, incoming=100)  # 9
    maker.dies(maker.values[a].buffer)  # 10
    assert second
    return maker.recording()


# -------------------------------------------------------------------------------------------------- known lifetimes


def test_the_timeline_is_who_lives_when():
    report = viz.memory(_chain())
    assert report.timeline() == {
        "parameters": (30,) * 10,
        "inputs": (50,) * 10,
        "activations": (100, 300, 310, 310, 310, 310, 310, 310, 300, 100),
        "temporaries": (0, 0, 0, 20, 24, 4, 4, 4, 4, 4),
        "gradients": (0, 0, 0, 0, 0, 20, 60, 260, 350, 200),
    }
    assert report.total == (180, 380, 390, 410, 414, 414, 454, 654, 734, 384)
    assert (report.peak, report.peak_at) == (734, 8)
    assert str(report.peak_moment) == "backward of tanh in block (train.py:11)"


def test_by_scope_and_by_op():
    report = viz.memory(_chain())
    assert report.timeline("scope")["block"][2] == 50 + 310  # the input counts where it is read first
    assert report.timeline("op")["tanh"][8] == 300 + 200 + 100
    assert report.timeline("op")["parameter"] == (30,) * 10
    with pytest.raises(ArgumentError, match="'category', 'scope' or 'op'"):
        report.timeline("line")


def test_holders_say_what_they_are_and_why_they_live():
    report = viz.memory(_chain())
    words = {holder.what: holder.why(8) for holder in report.alive()}
    assert words == {
        "tanh": "saved by tanh for backward",
        "gradient of tanh": "a gradient that stays",
        "input": "alive in the program",
        "w": "a parameter",
        "gradient of w": "a gradient that stays",
        "gradient of multiply": "a gradient that stays",
        "sum": "alive in the program",
    }
    held = {holder.what: holder for holder in report.alive(3)}
    assert held["multiply"].why(3) == "multiply makes it"
    assert held["multiply"].why(4) == "read by the op at work"
    assert held["tanh"].why(6) == "saved by tanh, multiply for backward"
    assert [h.nbytes for h in report.alive(2)] == [200, 100, 50, 30, 10]
    with pytest.raises(ArgumentError, match="no event 10; they go from 0 to 9"):
        report.alive(10)


def test_what_a_checkpoint_would_save():
    report = viz.memory(_chain())
    saving = report.checkpointing("block")
    # a and b go when the block ends. c is read and kept outside of it, until event 6, and is computed again with them.
    # The block is computed again at event 7, where all three and a gradient are there: 654 B as now. At event 8 all is
    # as it is now, so the peak stays where it is.
    assert (saving.scopes, saving.calls, saving.kept, saving.flops, saving.seconds) == (("block",), 1, 50, 18, 6)
    assert (saving.freed, saving.peak, saving.saved) == (0, 734, 0)
    assert report.savings == ()
    assert "No part of the model holds anything at the peak that a checkpoint would free." in str(report)


def test_what_a_checkpoint_would_save_at_a_peak_in_between():
    recording = _chain()
    extra = replace(recording.buffers[-1], id=len(recording.buffers), nbytes=1000, born=4, died=5)
    report = viz.memory(replace(recording, buffers=(*recording.buffers, extra)))
    assert (report.peak, report.peak_at) == (1414, 4)
    (saving,) = report.savings
    assert (saving.freed, saving.peak, saving.saved) == (300, 1114, 300)
    assert report.checkpointing("block") == saving
    text = str(report)
    assert "block" in text
    assert "300 B" in text


def test_an_unknown_part_is_refused():
    report = viz.memory(_chain())
    with pytest.raises(ArgumentError, match="'blok' is no part of the model.*there are: block"):
        report.checkpointing("blok")


def test_what_an_op_saves_besides_its_values():
    maker = Maker()
    x = maker.value(8)
    maker.op("softmax", x, nbytes=8)
    maker.extra(64, born=0)
    report = viz.memory(maker.recording())
    (extra,) = (holder for holder in report.alive() if holder.nbytes == 64)
    assert (extra.category, extra.what, extra.why(0)) == (
        "activations", "softmax, saved besides", "saved by softmax for backward",
    )  # fmt: skip


def test_an_op_that_let_go_of_what_it_keeps_is_no_reason():
    maker = Maker()
    a = maker.op("tanh", maker.value(8), nbytes=8)
    b = maker.op("tanh", a, nbytes=8)
    maker.dies(maker.values[a].buffer, 2)  # a checkpoint forgot it
    maker.back(b, a)
    maker.back(a, 0)
    report = viz.memory(maker.recording())
    assert next(h for h in report.holders if h.born == 0).category == "temporaries"


# ------------------------------------------------------------------------------------------------------- properties


@given(recordings())
@settings(max_examples=40)
def test_bytes_are_conserved(recording):
    report = viz.memory(recording)
    assert report.peak == max(report.total) == report.total[report.peak_at]
    for by in ("category", "scope", "op"):
        groups = report.timeline(by)
        assert all(nbytes >= 0 for values in groups.values() for nbytes in values)
        assert [sum(column) for column in zip(*groups.values(), strict=True)] == list(report.total)
    for at, nbytes in enumerate(report.total):
        assert sum(holder.nbytes for holder in report.alive(at)) == nbytes
    for saving in report.savings:
        assert saving.saved == report.peak - saving.peak
        assert 0 <= saving.freed <= report.peak
        assert saving.peak >= report.peak - saving.freed
    str(report)


@given(recordings())
@settings(max_examples=20)
def test_a_report_of_a_loaded_recording_is_the_same(recording):
    assert viz.memory(Recording.from_json(recording.to_json())) == viz.memory(recording)


# ------------------------------------------------------------------------------------------------- words and charts


def test_the_table_has_the_peak_first():
    text = str(viz.memory(_chain()))
    assert text.startswith("Peak: 734 B at event 8 of 10, backward of tanh in block (train.py:11)")
    assert "saved by tanh for backward" in text
    assert "parameters 30 B, inputs 50 B, activations 300 B, temporaries 4 B, gradients 350 B" in text


def test_without_backward_it_says_so():
    maker = Maker()
    maker.op("tanh", maker.value(8), nbytes=8)
    report = viz.memory(maker.recording())
    assert report.savings == ()
    assert "No backward pass was recorded" in str(report)
    with pytest.raises(ArgumentError, match="there are: none"):
        report.checkpointing("block")


def test_to_dict_is_plain_data():
    data = json.loads(json.dumps(viz.memory(_chain()).to_dict()))
    assert (data["peak"], data["peak_at"]) == (734, 8)
    assert data["at_peak"][0]["why"] == "saved by tanh for backward"
    assert data["timeline"]["parameters"] == [30] * 10


def test_the_chart_marks_the_peak_and_names_who_holds_it():
    report = viz.memory(_chain())
    for theme in (viz.LIGHT, viz.DARK):
        axes = report.plot(theme=theme)
        texts = [text.get_text() for text in axes.texts]
        assert "peak 734 B, backward of tanh in block (train.py:11)" in texts
        assert any("gradient of w" in text for text in texts)
        assert {"forward", "backward"} <= set(texts)
        assert axes.get_ylabel() == "B"
    top = max(float(np.max(path.vertices[:, 1])) for c in axes.collections for path in c.get_paths())
    assert top == 734


def test_the_chart_needs_matplotlib(monkeypatch):
    report = viz.memory(_chain())
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.patches", None)
    with pytest.raises(MissingExtraError, match=r"glassgrad\[viz\]"):
        report.plot()


# -------------------------------------------------------------------------------------------------------- real runs

BATCH = 64


def test_activations_of_an_mlp_are_those_counted_by_hand():
    widths = [32, 48, 24, 8]
    model = models.MLP(widths[0], widths[1:-1], widths[-1], activation=nn.Tanh)
    x = ag.tensor(np.ones((BATCH, widths[0]), np.float32))
    with ag.record(names=model) as tape:
        loss = model(x).sum()
        loss.backward()
    report = viz.memory(tape.recording)
    last = max(moment.at for moment in report.moments if moment.phase == "forward")
    # What tanh gives is kept, once, by itself and by the layer after it; what the layers give is not.
    assert report.timeline()["activations"][last] == BATCH * (48 + 24) * 4
    assert report.timeline()["inputs"][last] == BATCH * 32 * 4
    parameters = sum((i + 1) * o * 4 for i, o in pairwise(widths))
    assert report.timeline()["parameters"] == (parameters,) * len(report.moments)
    assert report.timeline()["activations"][-1] == 0
    # In the end each parameter has its gradient; one of a Tensor on its way may still be there with the last event.
    grads = sum(h.nbytes for h in report.holders if h.category == "gradients" and h.died is None)
    assert grads == parameters
    assert loss.shape == ()


def test_lenet_at_its_peak():
    model = models.LeNet5()
    images = ag.tensor(np.random.default_rng(0).normal(size=(32, 1, 28, 28)).astype(np.float32))
    with ag.record(names=model) as tape:
        nn.functional.cross_entropy(model(images), np.arange(32) % 10).backward()
    report = viz.memory(tape.recording)
    feature_maps = 32 * 6 * 28 * 28 * 4
    largest = report.alive()[:3]
    assert [holder.nbytes for holder in largest] == [feature_maps] * 3
    assert report.peak_moment.op == "relu"
    assert report.peak_moment.scope == "LeNet5"
    assert "LeNet5.conv1" in report.timeline("scope")


class _Block(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.a = nn.Linear(width, width)
        self.b = nn.Linear(width, width)

    def forward(self, x):
        for _ in range(2):
            x = ag.tanh(self.b(ag.tanh(self.a(x))))
        return x


class _Blocks(nn.Module):
    def __init__(self, width: int, checkpointed: tuple[int, ...]):
        super().__init__()
        self.blocks = nn.Sequential(*(_Block(width) for _ in range(4)))
        self.checkpointed = checkpointed

    def forward(self, x):
        for number, block in enumerate(self.blocks):
            x = ag.checkpoint(block, x) if number in self.checkpointed else block(x)
        return x.sum()


def _measured(checkpointed: tuple[int, ...]) -> tuple[viz.MemoryReport, int]:
    """The report of a step, and the peak that tracemalloc sees in one that nobody records."""
    model = _Blocks(32, checkpointed)
    x = ag.tensor(np.random.default_rng(0).normal(size=(512, 32)).astype(np.float32))
    model(x).backward()
    model.zero_grad()
    with ag.record(names=model) as tape:
        model(x).backward()
    recording = tape.recording
    del tape
    model.zero_grad()
    gc.collect()
    tracemalloc.start()
    model(x).backward()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return viz.memory(recording), peak


@pytest.mark.parametrize("checkpointed", [(0,), (1,), (0, 1), (0, 1, 2, 3)])
def test_a_predicted_checkpoint_is_what_a_real_one_does(checkpointed):
    before, peak_before = _measured(())
    after, peak_after = _measured(checkpointed)
    predicted = before.checkpointing(*(f"_Blocks.blocks.{number}" for number in checkpointed))
    array = 512 * 32 * 4
    assert predicted.saved > array
    assert predicted.peak == pytest.approx(after.peak, rel=0.01)
    # And the memory that is really taken: an array more or less is what rules allocate while they run.
    assert predicted.saved == pytest.approx(peak_before - peak_after, abs=array)
    again = [holder for holder in after.holders if holder.recomputed]
    assert sum(holder.nbytes for holder in again) == 4 * array * len(checkpointed)
    assert {holder.why(holder.born) for holder in again} == {"computed again for backward by a checkpoint"}


def test_the_chart_of_very_many_steps_shows_the_peaks_and_no_line_for_each_pass():
    x = ag.ones(4, requires_grad=True)
    with ag.record() as tape:
        for number in range(300):
            scale = ag.ones(1000)[:4] if number == 150 else 2.0
            (x * scale + 1).sum().backward()
    report = viz.memory(tape.recording)
    assert len(report.moments) > 1000
    axes = report.plot()
    top = max(float(np.max(path.vertices[:, 1])) for c in axes.collections for path in c.get_paths())
    assert top * 1024 == pytest.approx(report.peak)
    assert len(axes.get_lines()) < 20
