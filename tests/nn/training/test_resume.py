"""A run that is stopped and resumed gives the same bits as one that was not; checkpoints survive kills and damage."""

from __future__ import annotations

import builtins
import json
import os
import random
import signal
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
import nn
import optim
from nn import data
from nn.training import CheckpointError, NonFiniteLossError, Silence, Trainer, load_checkpoint, save_checkpoint

pytest.importorskip("safetensors", reason="checkpoints need the extra 'train'")


def trainer(folder, display=None, lr=0.01):
    """The same run, made from nothing; dropout and shuffling use random numbers."""
    ag.manual_seed(3)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 6)).astype(np.float32)
    split = data.ArrayDataset(x, (x.sum(1) > 0).astype(np.int64))
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2))
    adam = optim.Adam(model.parameters(), lr=lr)
    loader = data.DataLoader(split, batch_size=8, shuffle=True, seed=5)
    return Trainer(
        model, adam, nn.functional.cross_entropy, loader, data.DataLoader(split, batch_size=20), folder=folder,
        display=display or Silence(), schedule=lambda epochs: 0.5**epochs,
    )  # fmt: skip


class StopAfter(Silence):
    """Sends this process Ctrl-C after so many steps."""

    def __init__(self, steps):
        self.left = steps

    def advance(self, loss):
        self.left -= 1
        if self.left == 0:
            signal.raise_signal(signal.SIGINT)


def bits(run):
    state = {k: v.array.tobytes() for k, v in run.model.state_dict().items()}
    moments = {
        (i, k): v.array.tobytes() if isinstance(v, ag.Tensor) else v
        for i, values in run.optimizer.state_dict()["state"].items() for k, v in values.items()
    }  # fmt: skip
    lines = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    for line in lines:
        line.pop("seconds", None)
    return state, moments, lines, ag.default_generator().get_state(), run.train_loader.state_dict()


def test_two_epochs_are_one_and_a_resumed_one(tmp_path):
    whole = trainer(tmp_path / "whole")
    whole.fit(2)
    expected = bits(whole)
    trainer(tmp_path / "parts").fit(1)
    again = trainer(tmp_path / "parts")
    again.resume()
    again.fit(2)
    assert bits(again) == expected


@settings(max_examples=8)
@given(steps=st.integers(1, 14))
def test_a_run_stopped_at_any_step_goes_on_as_if_it_had_not_been(steps, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    whole = trainer(folder / "whole")
    whole.fit(2)
    expected = bits(whole)
    stopped = trainer(folder / "parts", StopAfter(steps))
    outcome = stopped.fit(2)
    assert outcome.stopped_by == signal.SIGINT
    assert outcome.step == steps
    again = trainer(folder / "parts")
    again.resume()
    again.fit(2)
    assert bits(again) == expected


def test_a_stopped_run_goes_on_in_the_same_process(tmp_path):
    whole = trainer(tmp_path / "whole")
    whole.fit(2)
    expected = bits(whole)
    stopped = trainer(tmp_path / "parts", StopAfter(3))
    stopped.fit(2)
    stopped.fit(2)
    assert bits(stopped) == expected


def test_a_loss_that_is_not_finite_ends_the_run_and_leaves_the_weights(tmp_path):
    run = trainer(tmp_path)
    run.fit(1)
    before = {k: v.array.copy() for k, v in run.model.state_dict().items()}
    run.loss = lambda logits, labels: nn.functional.cross_entropy(logits, labels) * float("nan")
    with pytest.raises(NonFiniteLossError, match=r"loss became nan at step 8 \(epoch 2, batch 1 of 7\)"):
        run.fit(2)
    for k, v in run.model.state_dict().items():
        np.testing.assert_array_equal(v.array, before[k])
    trainer(tmp_path).resume()


def test_a_folder_with_another_run_is_refused(tmp_path):
    trainer(tmp_path).fit(1)
    with pytest.raises(CheckpointError, match=r"resume\(\)"):
        trainer(tmp_path).fit(1)


def saved(folder, value):
    model = nn.Linear(2, 2)
    nn.init.constant_(model.weight, value)
    save_checkpoint(folder, model, extra={"value": value})


def value_in(folder):
    model = nn.Linear(2, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        extra = load_checkpoint(folder, model).extra
    assert model.weight.tolist() == [[extra["value"]] * 2] * 2
    return extra["value"]


@pytest.mark.parametrize("damage", ["cut", "flip", "gone"])
@pytest.mark.parametrize("name", ["model.safetensors", "state.json", "manifest.json"])
def test_a_damaged_version_is_named_and_the_one_before_is_used(tmp_path, damage, name):
    saved(tmp_path, 1.0)
    saved(tmp_path, 2.0)
    path = max(tmp_path.iterdir()) / name
    content = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    else:
        content = content[: len(content) // 2] if damage == "cut" else content
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)
    with pytest.warns(RuntimeWarning, match=name):
        assert load_checkpoint(tmp_path, nn.Linear(2, 2)).extra["value"] == 1.0


def test_no_checkpoint_is_an_error_that_says_so(tmp_path):
    with pytest.raises(CheckpointError, match="no checkpoint"):
        load_checkpoint(tmp_path / "nowhere", nn.Linear(1, 1))


@pytest.mark.parametrize("step", ["open", "replace", "fsync"])
def test_a_full_disk_leaves_the_last_version_whole(tmp_path, monkeypatch, step):

    saved(tmp_path, 1.0)
    with monkeypatch.context() as patch:

        def full(*args, **options):
            raise OSError(28, "No space left on device")

        if step == "open":
            original = builtins.open
            patch.setattr(
                builtins, "open", lambda p, mode="r", *a, **k: full() if "w" in mode else original(p, mode, *a, **k)
            )
        else:
            patch.setattr(os, step, full)
        with pytest.raises(CheckpointError):
            saved(tmp_path, 2.0)
    assert value_in(tmp_path) == 1.0
    saved(tmp_path, 3.0)
    assert value_in(tmp_path) == 3.0


def test_a_kill_in_the_middle_of_writing_never_loses_the_last_version(tmp_path):
    script = (
        "import sys, nn\nfrom nn.training import save_checkpoint\n"
        "model = nn.Linear(2, 2)\nvalue = 0.0\n"
        "while True:\n    value += 1.0\n    nn.init.constant_(model.weight, value)\n"
        "    save_checkpoint(sys.argv[1], model, extra={'value': value})\n    print(value, flush=True)\n"
    )
    rng = random.Random(0)
    for _ in range(4):
        for old in tmp_path.iterdir():
            subprocess.run(["rm", "-r", str(old)], check=True)
        process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        process.stdout.readline()
        time.sleep(rng.uniform(0.0, 0.1))
        process.kill()
        printed = [float(line) for line in process.stdout.read().splitlines()]
        process.wait()
        assert value_in(tmp_path) >= max(printed, default=1.0)
