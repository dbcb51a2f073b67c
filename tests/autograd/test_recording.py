from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest

import autograd as ag
import nn

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
