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
