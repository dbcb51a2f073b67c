"""glassgrad train, as a user runs it: what it leaves, how it stops and goes on, and what it says to a mistake."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("typer", reason="the command line needs the extra 'train'")


def run(*arguments, cwd, code=0, environment=None):
    done = subprocess.run(
        [sys.executable, "-m", "glassgrad", *arguments], cwd=cwd, capture_output=True, text=True, timeout=120,
        env=settings(environment),
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def settings(more=None):
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, **(more or {})}


def records(folder):
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


def test_the_main_job_leaves_a_run_folder_with_a_report(tmp_path):
    said = run("train", "--epochs", "3", cwd=tmp_path)
    folder = tmp_path / "runs" / "digits-mlp-1"
    assert "report: runs/digits-mlp-1/index.html" in said
    assert records(folder)[-1]["split"] == "test"
    assert records(folder)[-1]["accuracy"] > 0.9
    assert json.loads((folder / "config.json").read_text())["model"] == "mlp"
    page = (folder / "index.html").read_text()
    assert "mlp on digits" in page
    for part in ("Loss and accuracy", "Computation graph", "Gradient flow", "Confusion matrix", "Worst mistakes"):
        assert part in page
    more = run("train", "--resume", str(folder), "--epochs", "4", "--no-report", cwd=tmp_path)
    assert "going on" in more
    assert records(folder)[-1]["epoch"] == 4
    run("train", "--epochs", "4", "--out", "whole", "--no-report", cwd=tmp_path)
    assert records(tmp_path / "whole") == records(folder)
    assert not (tmp_path / "whole" / "index.html").exists()
    assert "--resume" in run("train", "--out", "whole", cwd=tmp_path, code=2)


def test_lenet_takes_the_digits(tmp_path):
    run("train", "--model", "lenet", "--epochs", "1", "--optimizer", "sgd", "--out", "a", cwd=tmp_path)
    assert "conv2d" in (tmp_path / "a" / "index.html").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_run_can_be_resumed(tmp_path, number):
    process = subprocess.Popen(
        [sys.executable, "-m", "glassgrad", "train", "--epochs", "500", "--out", "a", "--no-report"], cwd=tmp_path,
        stdout=subprocess.PIPE, text=True, env=settings(),
    )  # fmt: skip
    metrics = tmp_path / "a" / "metrics.jsonl"
    for _ in range(600):
        if metrics.exists() and metrics.read_text().count("\n") >= 4:
            break
        time.sleep(0.05)
    process.send_signal(number)
    said = process.communicate(timeout=60)[0]
    if number != signal.SIGKILL:
        assert process.returncode == 130
        assert "glassgrad train --resume a" in said
    last = records(tmp_path / "a")[-1]["epoch"]
    run("train", "--resume", "a", "--epochs", str(last + 3), "--no-report", cwd=tmp_path)
    run("train", "--epochs", str(last + 3), "--out", "b", "--no-report", cwd=tmp_path)
    assert records(tmp_path / "a") == records(tmp_path / "b")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "lenett"], "Did you mean 'lenet'? Known: mlp, lenet"),
        (["--data", "cifar"], "digits, mnist, fashion-mnist"),
        (["--optimizer", "lion"], "Known: sgd, adam, adamw"), (["--epochs", "0"], "--epochs must be at least 1"),
        (["--lr", "-1"], "lr"), (["--lr-decay", "2"], "--lr-decay"),
        (["--resume", "nowhere"], "not the folder of a run"),
        (["--device", "tpu"], "Known devices"),
        (["--resume", "a", "--out", "b", "--lr", "0.1"], "leave --out, --lr away. Only --epochs, --device, --data-dir"),
        (["--out", os.devnull], "cannot make this folder"),
    ],
)  # fmt: skip
def test_a_mistake_gets_one_message(tmp_path, arguments, message):
    assert message in run("train", *arguments, cwd=tmp_path, code=2)
    assert not (tmp_path / "runs").exists()


def test_missing_data_names_the_file_and_both_remedies(tmp_path):
    said = run(
        "train", "--data", "mnist", cwd=tmp_path, code=2,
        environment={"GLASSGRAD_DATA": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "https_proxy": "http://127.0.0.1:9"},
    )  # fmt: skip
    for part in ("train-images-idx3-ubyte.gz", str(tmp_path), "--data-dir", "GLASSGRAD_DATA", "network"):
        assert part in said


def test_a_corrupt_data_file_is_named(tmp_path):
    folder = tmp_path / "mnist"
    folder.mkdir()
    (folder / "train-images-idx3-ubyte.gz").write_bytes(b"not a gzip file")
    assert "train-images-idx3-ubyte.gz" in run("train", "--data", "mnist", "--data-dir", ".", cwd=tmp_path, code=2)


def test_a_damaged_config_is_named(tmp_path):
    (tmp_path / "config.json").write_text('{"model": ')
    assert "config.json is damaged" in run("train", "--resume", ".", cwd=tmp_path, code=2)
    run("train", "--epochs", "1", "--out", "a", "--no-report", cwd=tmp_path)
    path = tmp_path / "a" / "config.json"
    path.write_text(path.read_text().replace('"mlp"', '"mpl"'))
    assert "unknown --model 'mpl'. Did you mean 'mlp'" in run("train", "--resume", "a", cwd=tmp_path, code=2)


def test_version_and_help(tmp_path):
    assert "glassgrad" in run("--version", cwd=tmp_path)
    assert "--model" in run("train", "--help", cwd=tmp_path, environment={"TERM": "dumb", "COLUMNS": "200"})


def test_without_typer_the_extra_is_named(tmp_path):
    script = "import sys; sys.modules['typer'] = None\nfrom glassgrad.cli import main\nmain()"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, env=settings())
    assert done.returncode == 1
    assert "pip install 'glassgrad[all]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_the_mlp_reaches_97_percent_on_the_digits(tmp_path, seed):
    run("train", "--seed", seed, "--out", "a", "--no-report", cwd=tmp_path)
    assert records(tmp_path / "a")[-1]["accuracy"] >= 0.97


@pytest.mark.slow
@pytest.mark.skipif("GLASSGRAD_DATA" not in os.environ, reason="GLASSGRAD_DATA names no folder with Fashion-MNIST")
def test_lenet_reaches_89_percent_on_fashion_mnist(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "glassgrad", "train", "--model", "lenet", "--data", "fashion-mnist", "--out", "a"],
        cwd=tmp_path, check=True, env=settings(),
    )  # fmt: skip
    assert records(tmp_path / "a")[-1]["accuracy"] >= 0.89
