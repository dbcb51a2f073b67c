"""Telemetry tells the truth about the layers, changes no bit of the training, and survives what happens to runs."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import numpy as np
import pytest

import autograd as ag
import nn
import optim
from autograd.errors import ArgumentError
from nn import data
from nn.training import NonFiniteLossError, Silence, Telemetry, Trainer, read_records
from nn.training import telemetry as module
from nn.training.liveness import is_held

pytest.importorskip("safetensors", reason="checkpoints need the extra 'train'")


def trainer(folder, *, telemetry=True, display=None):
    ag.manual_seed(3)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 6)).astype(np.float32)
    split = data.ArrayDataset(x, (x.sum(1) > 0).astype(np.int64))
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2))
    adam = optim.Adam(model.parameters(), lr=0.01)
    loader = data.DataLoader(split, batch_size=8, shuffle=True, seed=5)
    return Trainer(
        model, adam, nn.functional.cross_entropy, loader, data.DataLoader(split, batch_size=20), folder=folder,
        display=display or Silence(), schedule=lambda epochs: 0.5**epochs, telemetry=telemetry,
    )  # fmt: skip


@pytest.fixture
def every_step(monkeypatch):
    """Sample every step, whatever it costs."""
    monkeypatch.setattr(module, "_CREDIT", math.inf)


def records(run, kind=None):
    found = read_records(run.folder / "telemetry.jsonl").records
    return [record for record in found if kind in (None, record["kind"])]


def state(run):
    weights = {name: value.array.tobytes() for name, value in run.model.state_dict().items()}
    lines = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    for line in lines:
        line.pop("seconds")
    return weights, lines, ag.default_generator().get_state()


def test_the_result_has_the_same_bits_with_telemetry_and_without(tmp_path, every_step):
    results = []
    for telemetry in (True, False):
        run = trainer(tmp_path / str(telemetry), telemetry=telemetry)
        run.fit(3)
        results.append(state(run))
    assert results[0] == results[1]
    assert not (tmp_path / "False" / "telemetry.jsonl").exists()


def test_a_sample_holds_the_norms_of_its_step(tmp_path, every_step):
    seen = {}

    class Look(Silence):
        def advance(self, loss):
            seen[run.progress.step] = (
                loss,
                [p.array.copy() for p in run.model.parameters()],
                [p.grad.array.copy() for p in run.model.parameters()],
            )

    run = trainer(tmp_path, display=Look())
    run.fit(2)
    begin, samples = records(run)[0], records(run, "sample")
    assert [p["name"] for p in begin["parameters"]] == [name for name, _ in run.model.named_parameters()]
    assert [p["shape"] for p in begin["parameters"]] == [[8, 6], [8], [2, 8], [2]]
    assert (begin["epochs"], begin["batches"], begin["groups"], begin["version"]) == (2, 7, 1, 1)
    assert [s["step"] for s in samples] == list(range(1, 15))
    norm = np.linalg.norm
    for sample in samples[1:]:
        loss, after, gradients = seen[sample["step"]]
        before = seen[sample["step"] - 1][1]
        for name, values in {
            "loss": [loss], "gradient_norms": [norm(g) for g in gradients], "weight_norms": [norm(w) for w in before],
            "update_ratios": [norm(a - b) / norm(b) for a, b in zip(after, before, strict=True)],
        }.items():  # fmt: skip
            np.testing.assert_allclose(sample[name], values if name != "loss" else loss, rtol=1e-3)
    first_of_second = samples[7]
    assert first_of_second["epoch"] == pytest.approx(1 + 1 / 7, rel=1e-4)
    assert first_of_second["learning_rates"] == [0.005]
    assert first_of_second["examples_per_second"] * first_of_second["step_seconds"] == pytest.approx(8, rel=1e-3)


def test_histograms_count_every_element_between_the_extremes(tmp_path, every_step):
    run = trainer(tmp_path)
    run.fit(1)
    first = records(run, "histograms")[0]
    assert first["step"] == 1
    for (low, high, counts), shape in zip(first["weights"], [[8, 6], [8], [2, 8], [2]], strict=True):
        assert sum(counts) == math.prod(shape)
        assert len(counts) == 32
        assert low < high
    values = np.random.default_rng(0).normal(size=1000)
    low, high, counts = module._histogram(values)
    np.testing.assert_array_equal(counts, np.histogram(values, 32, (low, high))[0])
    assert module._histogram(np.full(3, np.nan)) is None
    assert sum(module._histogram(np.array([2.0, 2.0, np.inf]))[2]) == 2


def test_what_is_not_there_is_null_and_what_is_not_finite_is_said(tmp_path):
    layer, idle = nn.Linear(2, 1), nn.Linear(1, 1)
    model = nn.Sequential(layer, idle)
    telemetry = Telemetry(tmp_path / "telemetry.jsonl", model, optim.SGD(model.parameters(), lr=0.1))
    telemetry.begin(0, 0.0, 1, 1)
    telemetry.rest()
    layer.weight.array[...] = 0
    layer.weight.grad = ag.ones((1, 2))
    layer.bias.grad = ag.tensor(np.array([np.inf], np.float32))
    telemetry.before_update()
    layer.weight.array[...] = 1
    telemetry.after_update(1, 1.0, float("nan"), 4)
    telemetry.end(1, "finished")
    sample = read_records(tmp_path / "telemetry.jsonl").records[1]
    assert sample["loss"] == "NaN"
    assert sample["gradient_norms"] == [pytest.approx(2**0.5, rel=1e-4), "Infinity", None, None]
    assert sample["weight_norms"][0] == 0
    assert sample["update_ratios"] == [None, 0, None, None]  # from zero there is no ratio


@np.errstate(over="ignore", invalid="ignore")
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64"])
def test_norms_neither_overflow_nor_vanish(dtype):
    scale = {"float16": 200, "float32": 1e25, "float64": 1e30, "complex64": 1e25}[dtype]
    array = (np.arange(1, 2001) % 7 * scale).astype(dtype).reshape(40, 50)
    expected = np.linalg.norm(array.astype("complex128").ravel())
    assert module._norm(array) == pytest.approx(expected, rel=1e-3)
    assert module._norm(np.full(10, 1e-25, "float32")) == pytest.approx(1e-25 * 10**0.5, rel=1e-4)
    assert module._norm(np.zeros(3, dtype)) == 0
    assert math.isnan(module._norm(np.array([1, np.nan], dtype)))


def test_a_large_parameter_is_estimated_from_a_part_that_is_spread_over_its_columns():
    array = np.arange(6000.0).reshape(60, 100)
    part = module._spread(array, 600)
    assert 300 <= part.size <= 600
    assert len({int(value) % 100 for value in part}) > 50


def test_samples_thin_out_with_their_cost(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_CREDIT", 0)
    model = nn.Linear(2, 1)
    telemetry = Telemetry(tmp_path / "telemetry.jsonl", model, optim.SGD(model.parameters(), lr=0.1))
    clock = iter(np.arange(0.0, 1e6))  # a look at the clock takes a second, whatever happens in between
    monkeypatch.setattr(module.time, "perf_counter", lambda: float(next(clock)))
    telemetry.begin(0, 0.0, 1, 1)
    telemetry.rest()
    for step in range(1, 3000):
        telemetry.before_update()
        telemetry.after_update(step, 0.0, 1.0, 1)
    telemetry.end(3000, "finished")
    found = [r for r in read_records(tmp_path / "telemetry.jsonl", limit=1 << 30).records if r["kind"] == "sample"]
    assert 4 < len(found) < 60
    gaps = np.diff([sample["step"] for sample in found])
    assert (gaps[1:] >= 100).all()  # a second or more of telemetry is paid with 125 times as long without
    assert found[-1]["cost"] < 0.03


def test_a_resumed_run_goes_on_in_the_same_file(tmp_path, every_step):
    first = trainer(tmp_path)
    first.fit(1)
    assert [r["outcome"] for r in records(first, "end")] == ["finished"]
    first.fit(2)
    # A kill in the middle of a line, and after more steps than the checkpoint holds.
    with open(tmp_path / "telemetry.jsonl", "a") as file:
        file.write('{"kind":"sample","step":15,"loss":1.0}\n{"kind":"sample","st')
    again = trainer(tmp_path)
    again.resume()
    again.fit(3)
    assert [s["step"] for s in records(again, "sample")] == list(range(1, 22))
    assert [r["step"] for r in records(again, "begin")] == [0, 7, 14]
    assert read_records(tmp_path / "telemetry.jsonl").damaged == 0
    fresh = trainer(tmp_path / "other")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "telemetry.jsonl").write_text('{"kind":"sample","step":0}\n')
    fresh.fit(1)
    assert records(fresh)[0]["kind"] == "begin"  # a new run does not go on with an old file


def test_how_a_run_ended_is_written_down(tmp_path):
    run = trainer(tmp_path)
    run.loss = lambda output, target: nn.functional.cross_entropy(output, target) * float("nan")
    with pytest.raises(NonFiniteLossError):
        run.fit(1)
    end = records(run)[-1]
    assert end["outcome"] == "failed"
    assert end["detail"].startswith("NonFiniteLossError: the loss became nan at step 1")


def test_the_file_is_held_while_training_and_no_longer(tmp_path):
    path = tmp_path / "telemetry.jsonl"
    seen = []

    class Look(Silence):
        def advance(self, loss):
            seen.append(is_held(path))

    assert is_held(path) is False
    trainer(tmp_path, display=Look()).fit(1)
    assert set(seen) <= {True, None}
    assert is_held(path) in (False, None)


def test_a_killed_writer_holds_nothing(tmp_path):
    path = tmp_path / "f"
    script = (
        "import sys\nfrom nn.training.liveness import hold\n"
        f"file = open({str(path)!r}, 'ab'); print(hold(file), flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    held = process.stdout.readline().strip() == "True"
    assert is_held(path) is (True if held else None)
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()
    assert is_held(path) in (False, None)


def test_a_disk_that_refuses_ends_the_telemetry_and_not_the_training(tmp_path):
    (tmp_path / "telemetry.jsonl").mkdir()
    run = trainer(tmp_path)
    run._telemetry.clear = lambda: None
    with pytest.warns(RuntimeWarning, match="training goes on without telemetry"):
        assert run.fit(1).step == 7


def test_telemetry_needs_a_folder():
    with pytest.raises(ArgumentError, match="needs a folder"):
        trainer(None)
