"""Every planted fault is found and named, by `diagnose` and by `why`, of a live loss and of a recording."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd as ag
import viz
from tests.viz.planted_faults import FAULTS

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::autograd.SilentMistakeWarning")

DIAGNOSED = {name: fault for name, fault in FAULTS.items() if fault.finding}
EXPLAINED = {name: fault for name, fault in FAULTS.items() if fault.causes}


def parameter(model, name):
    return dict(model.named_parameters())[name]


def test_there_are_more_than_twelve():
    assert len(DIAGNOSED) >= 12
    assert len(EXPLAINED) >= 12
    assert all(fault.finding or fault.causes for fault in FAULTS.values())
    assert {fault.finding[0] for fault in DIAGNOSED.values()} == set(viz.FINDINGS)  # every kind has one


@pytest.mark.parametrize("name", DIAGNOSED)
def test_diagnose_finds_it(name):
    fault = DIAGNOSED[name]
    model, loss, options = fault.build()
    before = {n: p.grad for n, p in model.named_parameters()}
    found = viz.diagnose(model, loss, **options)
    kind, where = fault.finding
    assert kind in viz.FINDINGS
    hits = found.of_kind(kind)
    assert any(where in finding.where for finding in hits), str(found)
    for finding in found:
        assert finding.kind in viz.FINDINGS
        assert finding.evidence
        assert finding.remedy.endswith((".", "?", ")"))
    assert {n: p.grad for n, p in model.named_parameters()} == before  # the very same objects


@pytest.mark.parametrize("name", EXPLAINED)
def test_why_of_the_loss_names_the_cause(name):
    fault = EXPLAINED[name]
    model, loss, _ = fault.build()
    value = loss()
    if value.node is None:
        with pytest.raises(ag.ArgumentError, match="without a graph"):
            viz.why(parameter(model, fault.suspect), value)
        return
    found = viz.why(parameter(model, fault.suspect), value, names=model)
    # without a recording nobody knows where the path ended
    allowed = {*fault.causes, "disconnected"} if {"detached", "integer_path"} & {*fault.causes} else {*fault.causes}
    assert found.kind in allowed, str(found)
    assert fault.suspect in found.text
    if fault.culprit and found.kind in fault.causes:
        assert found.culprit is not None
        assert found.culprit.op == fault.culprit, str(found)


@pytest.mark.parametrize("name", EXPLAINED)
def test_why_of_a_recording_names_the_cause_and_its_line(name):
    fault = EXPLAINED[name]
    model, loss, _ = fault.build()
    with ag.record(names=model) as tape:
        value = loss()
        if value.node is not None:
            value.backward(None if value.shape == () else ag.ones(value.shape))
    found = viz.why(parameter(model, fault.suspect), tape, names=model)
    assert found.kind in fault.causes, str(found)
    assert fault.suspect in found.text
    if tape.value_of(fault.suspect) is not None:
        assert str(found) == str(viz.why(fault.suspect, tape.recording))
    if fault.culprit and found.kind in fault.causes:
        assert found.culprit is not None
        assert found.culprit.op == fault.culprit, str(found)
        assert found.culprit.line is not None
        assert found.culprit.line.file.endswith("planted_faults.py") or "nn" in found.culprit.line.file


def test_the_numbers_are_those_of_the_fault():
    model, loss, _ = FAULTS["sorted_data"].build()
    assert viz.diagnose(model, loss).of_kind("constant_labels")[0].numbers == {"label": 3.0}
    model, loss, options = FAULTS["learning_rate_too_high"].build()
    step = viz.diagnose(model, loss, **options).of_kind("update_too_large")[0]
    value = loss()
    value.backward()
    weight = parameter(model, step.where)
    ratio = 100 * np.linalg.norm(weight.grad.array) / np.linalg.norm(weight.array)
    assert step.numbers["ratio"] == pytest.approx(ratio, rel=1e-4)
    model, loss, _ = FAULTS["sure_of_the_wrong"].build()
    high = viz.diagnose(model, loss).of_kind("high_loss")[0].numbers
    assert high["loss"] == pytest.approx(loss().item(), rel=1e-4)
    assert high["guess"] == pytest.approx(math.log(10))
