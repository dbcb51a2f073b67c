"""The pytest plugin: its options, its table, and a printed program that fails as the test did."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = str(Path(__file__).parents[2])
PLANTED_IN_A_FILE = """
import autograd as ag
from autograd.testing import arrays, check_gradients

wrong = ag.custom_op(lambda x: x * x, vjp=[lambda g, x: g * x], jvp="from_vjp", kind="elementwise", name="wrong")


@check_gradients(arrays(low=-3.0, high=3.0, avoid=(0.0,)), modes=("reverse",), atol=1e-6)
def test_wrong(x):
    return ag.sin(x) + wrong(x)


@check_gradients(arrays((2,), low=0.2), modes="forward")
def test_right(x):
    return ag.log(x).mean()
"""


def run(*command, cwd):
    # The plugin is named, for the tests may run in an environment that knows it from its entry point or does not.
    environment = os.environ | {"PYTHONPATH": ROOT}
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, env=environment)


def test_the_printed_program_runs_and_fails_likewise(tmp_path):
    (tmp_path / "test_planted.py").write_text(PLANTED_IN_A_FILE)
    shown = run(
        sys.executable, "-m", "pytest", "-q", "--color=no", "--gradcheck-seed=7", "test_planted.py", cwd=tmp_path
    )
    assert "1 failed, 1 passed" in shown.stdout, shown.stdout + shown.stderr
    assert "--gradcheck-seed=7" in shown.stdout
    lines = [line.removeprefix("E").strip() for line in shown.stdout.splitlines() if line.startswith("E")]
    start = lines.index("To reproduce it:") + 2
    program = lines[start : next(i for i in range(start, len(lines)) if lines[i].startswith("assert_gradients")) + 1]
    assert "np.array(" in "\n".join(program)
    assert "\n".join(program).count(",") < 20  # it has shrunk to one short number
    (tmp_path / "again.py").write_text("\n".join(program))
    again = run(sys.executable, "again.py", cwd=tmp_path)
    assert again.returncode != 0
    assert "GradcheckError: gradcheck of test_wrong" in again.stderr


def test_the_plugin_shows_coverage_and_the_seed_fixes_the_inputs(tmp_path):
    pytest.importorskip("xdist", reason="pytest-xdist runs workers")
    (tmp_path / "test_planted.py").write_text(PLANTED_IN_A_FILE)
    options = ("--color=no", "-p", "no:cacheprovider", "--gradcheck-examples=3", "--gradcheck-seed=3")
    command = (sys.executable, "-m", "pytest", *options)
    printed = run(*command, "--gradcheck-coverage", cwd=tmp_path).stdout
    assert "gradcheck: seed 3" in printed
    assert "gradient checks by op" in printed
    assert "| wrong" in printed
    written = run(*command, "-n", "2", "--gradcheck-coverage=table.md", cwd=tmp_path).stdout
    failing = [[line for line in text.splitlines() if "= np.array(" in line] for text in (printed, written)]
    assert failing[0] == failing[1] != []
    table = (tmp_path / "table.md").read_text()
    rows = {line.split("|")[1].strip(): line.split("|")[2:-1] for line in table.splitlines() if line.startswith("| ")}
    assert [name.strip() for name in rows["op"]] == ["reverse", "forward"]  # no second order where the first is wrong
    assert int(rows["wrong"][0]) > 0
    assert rows["log"][0].strip() == ""
    assert int(rows["log"][1]) > 0
    assert "Not reached: abs" in table
    assert all(line in table for line in printed.splitlines() if line.startswith("| log"))  # the workers' counts add up


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--gradcheck-seed=-1", "--gradcheck-seed must be at least 0, not -1"),
        ("--gradcheck-examples=0", "--gradcheck-examples must be at least 1, not 0"),
        ("--gradcheck-coverage=nowhere/table.md", "there is no folder nowhere"),
        ("--gradcheck-coverage=test_a.py", "the table goes to a .md or .txt file"),
    ],
)
def test_wrong_options_of_the_plugin_are_named(tmp_path, option, message):
    shown = run(sys.executable, "-m", "pytest", "-q", option, cwd=tmp_path)
    assert shown.returncode == 4  # a usage error, not an internal one
    assert message in shown.stderr
