from __future__ import annotations

import stat
import sys
import time
import xml.etree.ElementTree as ET

import pytest

import autograd as ag
import viz
from autograd.errors import ArgumentError, MissingExtraError
from viz.drawing.export import write_whole
from viz.graphs.view import EdgeView, GraphView, NodeView


@pytest.fixture
def view(model):
    return viz.graph(model.loss(), model, constants=True, title="two <layers> & a loss")


@pytest.fixture
def no_graphviz(monkeypatch):
    monkeypatch.setattr("viz.drawing.render.shutil.which", lambda name: None)
    monkeypatch.setattr("viz.drawing.render.importlib.util.find_spec", lambda name: None)


@pytest.fixture
def fake_dot(monkeypatch, tmp_path):
    """Put a program named dot on the PATH that does what the given Python text says."""

    def install(program: str) -> None:
        path = tmp_path / "bin" / "dot"
        path.parent.mkdir()
        path.write_text(f"#!{sys.executable}\n{program}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(path.parent))

    return install


def test_svg_is_one_described_element(view):
    root = ET.fromstring(view.to_svg())
    assert root.tag.endswith("svg")
    assert root.get("role") == "img"
    assert "two <layers> & a loss" in root.get("aria-label")
    assert "ends in mean, scalar float32" in root.get("aria-label")
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"hidden.weight", "8×6", "relu", "LOSS"} <= texts


def test_svg_has_an_element_for_each_node_and_edge_that_tells_more_on_hover(view):
    root = ET.fromstring(view.to_svg())
    groups = [g.get("class", "") for g in root.iter("{http://www.w3.org/2000/svg}g")]
    assert sum(name.startswith("node") for name in groups) == len(view.nodes)
    assert sum(name.startswith("edge") for name in groups) == len(view.edges)
    titles = [title.text for title in root.iter("{http://www.w3.org/2000/svg}title")]
    assert "parameter hidden.weight, 8×6 float32" in titles
    assert "linear → relu, 3×8" in titles
    assert not any(title.startswith("n0") for title in titles)


def test_two_drawings_on_a_page_share_no_ids(view):
    assert " id=" not in view.to_svg()


def test_svg_text_is_big_enough_to_read(view):
    root = ET.fromstring(view.to_svg())
    pixels_per_unit = float(root.get("width")) / float(root.get("viewBox").split()[2])
    sizes = [float(e.get("font-size")) for e in root.iter("{http://www.w3.org/2000/svg}text")]
    assert pixels_per_unit * min(sizes) >= 11.5
    assert pixels_per_unit == pytest.approx(float(root.get("height")) / float(root.get("viewBox").split()[3]), rel=0.02)


def test_png_and_pdf_are_what_they_say(view):
    assert view.to_png().startswith(b"\x89PNG\r\n\x1a\n")
    assert view.to_pdf().startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("suffix", "start"),
    [
        (".svg", b"<svg"),
        (".png", b"\x89PNG"),
        (".pdf", b"%PDF-"),
        (".dot", b"digraph"),
        (".SVG", b"<svg"),
        (".mmd", b"---\ntitle"),
        (".json", b"{"),
    ],
)
def test_save_goes_by_the_suffix(view, tmp_path, suffix, start):
    path = view.save(tmp_path / f"graph{suffix}")
    assert path.read_bytes().startswith(start)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["graph.jpeg", "graph"])
def test_save_refuses_an_unknown_suffix_and_lists_the_known(view, tmp_path, name):
    with pytest.raises(
        ValueError, match=r"a graph is written as \.svg, \.png, \.pdf, \.dot, \.mmd, \.json, \.html.*graph\.svg"
    ):
        view.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "graph.svg"
    path.write_text("old")

    def broken(source, target):
        raise OSError("disk full")

    monkeypatch.setattr("viz.drawing.export.os.replace", broken)
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["graph.svg"]


def test_without_graphviz_we_draw_and_dot_alone_names_the_extra(view, no_graphviz, tmp_path):
    root = ET.fromstring(view.to_svg())
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"hidden.weight", "8×6", "relu", "LOSS"} <= texts
    with pytest.raises(MissingExtraError, match=r"pip install 'glassgrad\[viz\]'"):
        view.to_svg(engine="dot")
    assert view.save(tmp_path / "graph.dot").read_text().startswith("digraph")


def test_without_graphviz_and_matplotlib_a_picture_names_the_extra(view, no_graphviz, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'glassgrad\[viz\]'"):
        view.to_png()


def test_a_notebook_shows_the_svg(view):
    bundle = view._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith('<svg style="max-width: 100%; height: auto" ')
    assert bundle["image/svg+xml"].replace(' style="max-width: 100%; height: auto"', "", 1) == view.to_svg()
    assert "GraphView 'two <layers> & a loss'" in bundle["text/plain"]


def test_a_notebook_is_not_stopped_by_a_large_graph():
    bundle = viz.GraphView(tuple(NodeView(i, "input") for i in range(3001)), ())._repr_mimebundle_()
    assert list(bundle) == ["text/plain"]
    assert "viz.collapse" in bundle["text/plain"]


def test_the_dot_of_the_system_is_preferred(view, fake_dot):
    fake_dot("import sys; sys.stdin.read(); print('from the system', sys.argv[1])")
    assert view.to_pdf() == b"from the system -Tpdf\n"


def test_a_layout_that_takes_too_long_is_stopped(view, fake_dot):
    fake_dot("import time; time.sleep(60)")
    start = time.monotonic()
    with pytest.raises(viz.DrawingError, match=rf"did not lay out {len(view.nodes)} nodes within 0.3 s") as caught:
        view.to_svg(engine="dot", time_limit=0.3)
    assert time.monotonic() - start < 30  # stopped, and not waited for
    assert "time_limit" in str(caught.value)
    assert "to_dot()" in str(caught.value)


def test_what_graphviz_complains_of_is_passed_on(view, fake_dot):
    fake_dot("import sys; sys.exit('Error: no such renderer')")
    with pytest.raises(viz.DrawingError, match=r"Graphviz failed on .* nodes, format pdf: Error: no such renderer"):
        view.to_pdf(engine="dot")
    svg = view.to_svg()
    assert "<desc>Laid out by glassgrad itself. Graphviz failed on" in svg
    assert "no such renderer" in svg


def test_a_crash_of_graphviz_is_named_as_one(view, fake_dot):
    fake_dot("import os; os.kill(os.getpid(), 11)")
    with pytest.raises(viz.DrawingError, match="was ended by signal 11"):
        view.to_svg(engine="dot")


def test_scripts_of_the_working_directory_do_not_hide_the_library(view, tmp_path, monkeypatch):
    pytest.importorskip("pygraphviz", reason="comes with the extra viz")
    monkeypatch.setattr("viz.drawing.render.shutil.which", lambda name: None)
    (tmp_path / "warnings.py").write_text("raise SystemExit('a user script')")
    monkeypatch.chdir(tmp_path)
    assert view.to_svg().startswith("<svg")


def test_a_name_in_any_script_is_drawn(tmp_path):
    nodes = (NodeView(0, "input", name="größe 权重 <x> & \ud800"), NodeView(1, "output", "exp", shape=()))
    svg = GraphView(nodes, (EdgeView(0, 1, 0),)).to_svg()
    ET.fromstring(svg)
    assert "größe 权重 &lt;x&gt; &amp; \ufffd" in svg


def test_a_folder_that_is_not_there_is_named(tmp_path) -> None:
    x = ag.ones(2, requires_grad=True)
    with pytest.raises(ArgumentError, match=r"cannot write .*a\.svg: there is no folder .*none"):
        viz.graph(x.sum()).save(tmp_path / "none" / "a.svg")


def test_a_layout_out_of_time_is_followed_by_our_own(view, fake_dot):
    fake_dot("import time; time.sleep(60)")
    svg = view.to_svg(time_limit=0.3)
    assert "<desc>Laid out by glassgrad itself. Graphviz did not lay out" in svg
    assert view.to_png(time_limit=0.3).startswith(b"\x89PNG")


def test_a_large_view_is_ours_at_once(fake_dot):
    fake_dot("import sys; sys.exit('asked')")
    view = GraphView(tuple(NodeView(i, "input", name=f"x{i}") for i in range(301)), ())
    svg = view.to_svg()
    assert "x300" in svg
    assert "<desc>" not in svg


def test_an_unknown_engine_and_an_unknown_option_are_refused(view):
    with pytest.raises(ArgumentError, match="engine is 'neato'; it must be 'auto', 'dot'"):
        view.to_svg(engine="neato")
    with pytest.raises(TypeError, match="colour"):
        view.to_png(colour="red")


def test_an_html_page_is_the_explorers(view, tmp_path):
    pytest.importorskip("viz.explorer", reason="the explorer makes the page")
    assert "<html" in view.save(tmp_path / "graph.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("suffix", [".svg", ".json", ".html", ".mmd"])
def test_a_wrong_option_is_refused_in_every_format(view, tmp_path, suffix):
    for options, said in (
        ({"direction": "up"}, "direction is 'up'"), ({"engine": "neato"}, "engine is 'neato'"),
        ({"time_limit": -1}, "time_limit is -1"), ({"detail": True}, "there is no option 'detail'"),
    ):  # fmt: skip
        with pytest.raises(ArgumentError, match=said):
            view.save(tmp_path / f"graph{suffix}", **options)
    assert not list(tmp_path.iterdir())


def test_a_folder_of_that_name_and_a_name_as_long_as_can_be(tmp_path):
    (tmp_path / "graph.svg").mkdir()
    with pytest.raises(ArgumentError, match=r"graph\.svg: it is a folder"):
        write_whole(tmp_path / "graph.svg", "x")
    assert write_whole(tmp_path / ("n" * 251 + ".svg"), "x").read_text() == "x"
    assert len(list(tmp_path.iterdir())) == 2
