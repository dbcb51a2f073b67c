"""``glassgrad graph script.py:loss``."""

import sys

import pytest

pytest.importorskip("typer", reason="the command line comes with the extra train")

from typer.testing import CliRunner

import viz
from glassgrad.commands import app
from glassgrad.graph_script import graph_of_script
from glassgrad.train import UsageError

SCRIPT = """
import sys
import numpy as np
import autograd as ag, nn
from nn import functional as F

model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
x = ag.tensor(np.ones((5, 4), np.float32))
labels = np.array([0, 1, 2, 1, 0])
loss = F.cross_entropy(model(x), labels)
loss.backward()
scale = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0

def energy(x):
    return scale * ag.tanh(model(x)).sum()

if __name__ == "__main__":
    raise SystemExit("not run")
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "train.py"
    path.write_text(SCRIPT)
    return path


def test_the_loss_of_a_script_is_drawn_with_its_names_and_lines(script):
    view = graph_of_script(f"{script}:loss")
    assert [n.name for n in view.nodes if n.kind == "parameter"] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert "x" in {node.name for node in view.nodes}
    assert view.title == "loss"
    assert {line.file for line in view.lines} == {str(script)}
    assert len(view.steps) == 5


def test_a_model_and_a_function_are_called_with_inputs_of_the_script(script):
    view = graph_of_script(f"{script}:model", ["x"])
    assert sum(node.op == "linear" for node in view.nodes) == 2
    view = graph_of_script(f"{script}:energy", ["x"], ["2.5"])
    assert view.nodes[-1].op == "multiply"
    part = graph_of_script(f"{script}:model.0", ["x"])
    assert [node.op for node in part.nodes if node.op] == ["linear"]
    assert sys.argv[1:] != ["2.5"]


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("{}:lss", "leaves nothing named 'lss'. Did you mean 'loss'?"),
        ("{}:labels", "labels in train.py is a ndarray"),
        ("{}:", "say what to draw after the file"),
        ("nope.py:loss", "there is no file nope.py"),
        ("{}:model.encoder", "model has no 'encoder'"),
    ],
)
def test_a_mistake_is_explained(script, place, message):
    with pytest.raises(UsageError) as caught:
        graph_of_script(place.format(script))
    assert message in str(caught.value)


def test_inputs_are_for_what_is_called(script):
    with pytest.raises(UsageError, match="--input is for a model or a function"):
        graph_of_script(f"{script}:loss", ["x"])


def test_the_command_writes_the_file(script, tmp_path):
    out = tmp_path / "loss.dot"
    ran = CliRunner().invoke(app, ["graph", f"{script}:loss", "-o", str(out), "--overlay", "flops", "--only-backward"])
    assert ran.exit_code == 0, ran.output
    assert "digraph" in out.read_text()
    assert "edges: " in ran.output
    assert viz.OVERLAYS  # the names that --overlay takes


def _written(tmp_path, name, text):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("import sys\nimport autograd as ag\nx = ag.tensor([1.0, 2.0], requires_grad=True)\n" + text)
    return path


def test_what_is_under_the_main_guard_runs_when_asked(tmp_path):
    path = _written(tmp_path, "program.py", 'if __name__ == "__main__":\n    energy = (x * x).sum()\n')
    with pytest.raises(UsageError, match=r"with --main it does"):
        graph_of_script(f"{path}:energy")
    assert [node.op for node in graph_of_script(f"{path}:energy", main=True).nodes] == [None, "multiply", "sum"]
    out = tmp_path / "energy.dot"
    ran = CliRunner().invoke(app, ["graph", f"{path}:energy", "--main", "-o", str(out)])
    assert ran.exit_code == 0, ran.output


def test_an_error_of_the_script_is_told_with_its_line_alone(tmp_path):
    path = _written(tmp_path, "broken.py", "def f():\n    return x @ ag.ones((3,))\nloss = f()\n")
    with pytest.raises(UsageError) as caught:
        graph_of_script(f"{path}:loss")
    message = str(caught.value)
    assert message.startswith(f'broken.py raised an error.\n  File "{path}", line 6, in <module>')
    assert "line 5, in f" in message
    assert "runpy" not in message
    assert "matmul" in message.splitlines()[-1]
    path.write_text("def f(:\n")
    with pytest.raises(UsageError, match=r"(?s)broken.py raised an error.*line 1.*SyntaxError"):
        graph_of_script(f"{path}:loss")


def test_a_script_that_exits_is_told_how_it_gets_its_arguments(tmp_path):
    path = _written(tmp_path, "args.py", "loss = x.sum()\nsys.exit(3)\n")
    with pytest.raises(UsageError, match=r"args.py ended itself with SystemExit\(3\).*go after --"):
        graph_of_script(f"{path}:loss")


def test_a_file_of_a_package_has_its_relative_imports(tmp_path):
    _written(tmp_path, "pack/__init__.py", "")
    _written(tmp_path, "pack/scales.py", "scale = 3.0\n")
    path = _written(tmp_path, "pack/train.py", "from .scales import scale\nloss = (x * scale).sum()\n")
    before = list(sys.path)
    try:
        assert [node.op for node in graph_of_script(f"{path}:loss").nodes if node.op] == ["multiply", "sum"]
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == "pack"]:
            del sys.modules[name]
    assert sys.path == before


def test_a_notebook_is_told_what_to_do(tmp_path):
    path = _written(tmp_path, "notes.ipynb", "")
    with pytest.raises(UsageError, match=r"notes.ipynb is a notebook.*viz.graph\(loss\)"):
        graph_of_script(f"{path}:loss")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "{}/none/loss.dot"], "there is no folder"),
        (["--overlay", "colour"], "--overlay colour: it must be one of time"),
        (["--depth", "-1"], "--depth -1: it must be 0"),
    ],
)
def test_what_is_wrong_with_the_options_is_told_before_the_script_runs(tmp_path, options, message):
    path = _written(tmp_path, "slow.py", "raise RuntimeError('it ran')\n")
    ran = CliRunner().invoke(app, ["graph", f"{path}:loss", *(option.format(tmp_path) for option in options)])
    assert isinstance(ran.exception, UsageError)
    assert message in str(ran.exception)
