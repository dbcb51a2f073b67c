"""The gallery of the docs: every graph of it is made, and is what its caption says."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from xml.etree import ElementTree

import pytest

import autograd as ag
import viz

DOCS = Path(__file__).parents[1] / "docs"
GALLERY = runpy.run_path(str(DOCS / "gallery.py"))["GALLERY"]


@pytest.fixture(scope="module")
def views():
    made = {}
    for name, make in GALLERY.items():
        ag.manual_seed(0)
        made[name] = make()
    return made


def test_the_page_shows_every_picture_and_no_other():
    shown = re.findall(r"\(gallery/([\w-]+)\.svg\)", (DOCS / "gallery.md").read_text())
    assert shown == list(GALLERY)
    assert {path.stem for path in (DOCS / "gallery").glob("*.svg")} == set(GALLERY)


def test_no_published_picture_names_a_folder_of_the_machine_that_drew_it():
    lines = {
        path.stem: re.findall(r"([^ <>,]*)gallery\.py:\d+ in ", path.read_text()) for path in DOCS.glob("gallery/*.svg")
    }
    assert any(lines.values())  # pictures tell lines
    assert not any(folder for folders in lines.values() for folder in folders)


@pytest.mark.parametrize("name", GALLERY)
def test_a_picture_is_drawn(views, name):
    svg = views[name].to_svg(engine="own")
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert str(DOCS) not in svg  # the mouse over a card shows the line without the folders of this machine
    assert len(viz.scene(views[name]).cards) < 80  # a reader can take it in


def test_the_loop_and_the_blocks_are_drawn_once(views):
    def rolled(name):
        return {(g.kind, g.label, g.count) for g in views[name].groups if g.id in views[name].rolled}

    assert ("loop", "getitem, Cell", 50) in rolled("rnn")
    assert ("fold", "Block", 12) in rolled("transformer")


def test_the_captions_are_true(views):
    assert {node.op for node in views["second-order"].nodes if node.origin is not None} >= {"multiply", "subtract"}
    assert any(edge.kind == "link" for edge in views["mlp-backward"].edges)
    assert views["lenet"].overlay.name == "time"
    silent = next(node for node in views["scalar-neuron"].nodes if node.name == "w2")
    assert silent.gradient.data == 0
