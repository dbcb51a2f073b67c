"""`viz.diagnose`: what it takes and leaves alone, the form of its answer, and single checks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import autograd as ag
import nn
import optim
import viz
from autograd.errors import ArgumentError, DtypeError
from nn import functional as F
from tests.viz.planted_faults import FAULTS, digits

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def healthy():
    ag.manual_seed(0)
    model = nn.models.MLP(64, [32], 10)
    images, labels = digits()
    return model, lambda: F.cross_entropy(model(ag.tensor(images)), labels)


# --------------------------------------------------------------------------------------------- what it takes


def test_it_takes_a_loss_or_a_function_and_changes_nothing():
    model, loss = healthy()
    value = loss()
    value.backward(retain_graph=True)
    before = [(p.grad, p.grad.array.copy(), p.array.copy()) for p in model.parameters()]
    assert not viz.diagnose(model, value)
    assert not viz.diagnose(model, loss)
    assert not viz.diagnose(dict(model.named_parameters()), loss)
    for p, (grad, gradient, data) in zip(model.parameters(), before, strict=True):
        assert p.grad is grad
        np.testing.assert_array_equal(p.grad.array, gradient)
        np.testing.assert_array_equal(p.array, data)
    value.backward()  # the graph is still there


def test_it_is_seen_by_no_recorder_and_runs_hooks():
    model, loss = healthy()
    value = loss()
    seen = []
    model.layers[0].weight.register_hook(lambda g: seen.append(g.shape))
    with ag.record() as tape:
        viz.diagnose(model, value)
    assert not tape.recording.ops
    assert not tape.recording.backward
    assert seen == [(32, 64)]


def test_a_function_tells_where_and_under_no_grad_too():
    model, loss, _ = FAULTS["dead_relus"].build()
    with ag.no_grad():
        found = viz.diagnose(model, loss)
    dead = found.of_kind("dead_units")[0]
    assert dead.where.startswith("relu in MLP.layers.1 (planted_faults.py:")
    of_the_loss = viz.diagnose(model, loss()).of_kind("dead_units")[0]
    assert of_the_loss.where == "relu of shape (64, 32)"
    assert of_the_loss.numbers == dead.numbers == {"dead": 32, "units": 32}


def test_what_it_does_not_take():
    model, loss = healthy()
    with pytest.raises(DtypeError, match="model is a int"):
        viz.diagnose(3, loss)
    with pytest.raises(DtypeError, match="loss is a float"):
        viz.diagnose(model, 1.0)
    with pytest.raises(DtypeError, match="loss is a NoneType"):
        viz.diagnose(model, lambda: None)
    with pytest.raises(DtypeError, match="no param_groups"):
        viz.diagnose(model, loss, optimizer="SGD")
    with pytest.raises(ArgumentError, match="not both"):
        viz.diagnose(model, loss, optimizer=optim.SGD(model.parameters(), lr=0.1), lr=0.1)
    with pytest.raises(ArgumentError, match="lr must be"):
        viz.diagnose(model, loss, lr=-1)
    value = loss()
    value.backward()
    with pytest.raises(ArgumentError, match=r"were given back.*retain_graph"):
        viz.diagnose(model, value)


# --------------------------------------------------------------------------------------------- what it answers


def test_the_answer_is_a_sequence_the_worst_first():
    model, loss, options = FAULTS["everything_dropped"].build()
    found = viz.diagnose(model, loss, **options)
    assert found
    assert len(found) == len(list(found)) == 3
    assert [f.severity for f in found] == ["error", "error", "warning"]
    assert found[0] is next(iter(found))
    assert found[:2] == tuple(found)[:2]
    assert found.kinds == {"zero_gradient", "dropout_rate"}
    text = str(found)
    assert text.startswith("3 findings in 4 parameters and 5 ops:")
    assert text.count("✗") == 2
    page = found._repr_html_()
    assert page.count("<tr>") == 4
    assert "dropout_rate" in page
    assert hash(found[0]) == hash(viz.Finding(*[getattr(found[0], n) for n in viz.Finding.__slots__]))
    nothing = viz.diagnose(*healthy())
    assert not nothing
    assert list(nothing) == []
    assert str(nothing) == "Nothing found. Looked at 4 parameters and 5 ops."


def test_names_in_html_are_escaped():
    x = ag.tensor(np.ones((2, 2)), requires_grad=True)
    unused = ag.tensor(np.ones((2, 2)), requires_grad=True)
    found = viz.diagnose({"x": x, "<b>": unused}, (x * x).sum())
    assert "&lt;b&gt;" in found._repr_html_()
    assert "<b>" not in found._repr_html_()
    assert "&lt;b&gt;" in viz.why(unused, (x * x).sum(), names={"<b>": unused})._repr_html_()


# --------------------------------------------------------------------------------------------- no false alarms


def test_pairwise_differences_on_purpose_are_no_broadcast_by_mistake():
    x = ag.tensor(np.random.default_rng(0).normal(size=8), requires_grad=True)
    assert not viz.diagnose({"x": x}, lambda: ((x[:, None] - x) ** 2).mean())
    assert not viz.diagnose({"x": x}, lambda: ((x.reshape(-1, 1) - x) ** 2).mean())


def test_a_column_of_targets_against_a_row_of_predictions_is_found():
    ag.manual_seed(0)
    model = nn.models.MLP(64, [16], 1)
    images, labels = digits()
    column = labels.astype(np.float32)[:, None]
    found = viz.diagnose(model, lambda: ((model(ag.tensor(images)).squeeze(-1) - column) ** 2).mean())
    assert "(64,) meets (64, 1)" in found.of_kind("broadcast_loss")[0].evidence
    assert not viz.diagnose(model, lambda: ((model(ag.tensor(images)) - column / 9) ** 2).mean())


def test_a_sigmoid_that_is_the_output_may_be_sure():
    """A classifier that is right is saturated where it is read, and nowhere else."""
    ag.manual_seed(0)
    model = nn.models.MLP(64, [16], 1)
    images, labels = digits()
    target = (labels > 4).astype(np.float32)[:, None]
    rule = optim.Adam(model.parameters(), lr=0.02)

    def loss():
        p = ag.clip(ag.sigmoid(model(ag.tensor(images))), 1e-6, 1 - 1e-6)
        return -(target * ag.log(p) + (1 - target) * ag.log(1 - p)).mean()

    for _ in range(60):
        rule.zero_grad()
        loss().backward()
        rule.step()
    found = viz.diagnose(model, loss, optimizer=rule)
    assert not found, str(found)


def test_a_regression_and_a_recurrent_network_are_healthy():
    ag.manual_seed(0)
    draw = np.random.default_rng(0)
    x = draw.normal(size=(64, 12, 3)).astype(np.float32)
    y = x.sum((1, 2), keepdims=True)[:, :, 0] / 6
    step, recur, head = nn.Linear(3, 16), nn.Linear(16, 16), nn.Linear(16, 1)
    model = nn.ModuleList([step, recur, head])
    rule = optim.Adam(model.parameters(), lr=3e-3)

    def loss():
        state = ag.zeros((64, 16))
        for t in range(12):
            state = ag.tanh(step(ag.tensor(x[:, t])) + recur(state))
        return F.mse_loss(head(state), y)

    for i in range(20):
        found = viz.diagnose(model, loss, optimizer=rule) if i in (0, 19) else ()
        assert not found, str(found)
        rule.zero_grad()
        loss().backward()
        rule.step()


def test_few_examples_do_not_make_a_unit_dead():
    model, _ = healthy()
    images, labels = digits(4)
    with ag.no_grad():
        model.layers[0].bias[:28] = -50.0
    found = viz.diagnose(model, F.cross_entropy(model(ag.tensor(images)), labels))
    assert "dead_units" not in found.kinds


# --------------------------------------------------------------------------------------------- single checks


def test_data_with_nan_is_found_and_a_mask_is_not():
    model, _ = healthy()
    images, labels = digits()
    images[3, 0, 2, 2] = np.nan
    found = viz.diagnose(model, lambda: F.cross_entropy(model(ag.tensor(images)), labels))
    data = [f for f in found.of_kind("nonfinite_value") if f.where.startswith("input of linear")]
    assert data[0].numbers == {"count": 1}


def test_saturated_attention_is_found():
    ag.manual_seed(0)
    draw = np.random.default_rng(0)
    embed, head = nn.Linear(8, 64), nn.Linear(64, 2)
    with ag.no_grad():
        embed.weight[...] = embed.weight.array * 20
    x = ag.tensor(draw.normal(size=(4, 6, 8)).astype(np.float32))

    def loss():
        t = embed(x)
        return (head(ag.softmax(t @ t.mT, -1) @ t) ** 2).mean()

    assert viz.diagnose(nn.ModuleList([embed, head]), loss).of_kind("saturated_units")[0].where.startswith("softmax")


@pytest.mark.parametrize("make", [lambda p: optim.Adam(p, lr=5.0), lambda p: optim.SGD(p, lr=50.0, momentum=0.9)])
def test_the_size_of_a_step_is_the_optimizers(make):
    """What diagnose expects of the next step is what the optimizer does."""
    model, loss = healthy()
    rule = make(model.parameters())
    for _ in range(2):
        found = viz.diagnose(model, loss, optimizer=rule).of_kind("update_too_large")[0]
        weight = dict(model.named_parameters())[found.where]
        before = weight.array.copy()
        rule.zero_grad()
        loss().backward()
        rule.step()
        change = np.linalg.norm(weight.array - before) / np.linalg.norm(before)
        assert found.numbers["ratio"] == pytest.approx(change, rel=0.5)


def test_each_finding_and_cause_is_explained_in_the_docs():
    page = (Path(__file__).parents[3] / "docs" / "why.md").read_text()
    for kind in (*viz.FINDINGS, *viz.CAUSES):
        assert f"`{kind}`" in page, kind
