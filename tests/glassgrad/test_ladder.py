"""The ladder: four ways to write one network agree, and the page tells of them what was measured."""

from __future__ import annotations

import base64
import inspect
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import viz
from autograd.errors import ArgumentError, MissingExtraError
from glassgrad.ladder import DisagreementError, Settings, run_race, write_page
from glassgrad.ladder.charts import duration, small, times
from glassgrad.ladder.frames import boundary_frames, scores
from glassgrad.ladder.moons import two_moons
from glassgrad.ladder.rungs import RUNGS, draw_model
from glassgrad.ladder.source import coloured, source_of
from viz.graphs.wording import numbers_text

pytest.importorskip("rich", reason="the ladder needs the extra 'train'")

SMALL = Settings(steps=6, points=10, hidden=3, seed=1)


@pytest.fixture(scope="module")
def race():
    return run_race(SMALL, say=lambda line: None)


@pytest.fixture(scope="module")
def page(race, tmp_path_factory) -> Path:
    return write_page(tmp_path_factory.mktemp("ladder") / "ladder.html", race)


def start():
    draw = np.random.default_rng(SMALL.seed)
    data = two_moons(SMALL.points, 0.1, draw)
    return draw_model(SMALL.hidden, draw), data


# ------------------------------------------------------------------------------------------------------- the race


def test_the_moons_are_two_half_circles_of_equal_size():
    data = two_moons(7, 0.0, np.random.default_rng(0))
    assert data.labels.tolist() == [-1] * 4 + [1] * 3
    np.testing.assert_allclose(np.hypot(*data.points[:4].T), 1)
    np.testing.assert_allclose(np.hypot(*(data.points[4:] - [1, 0.5]).T), 1)
    assert (data.points[:4, 1] >= 0).all()
    assert (data.points[4:, 1] <= 0.5).all()


def test_all_rungs_follow_one_loss_curve_and_it_falls(race):
    first = race.outcomes[0].losses
    assert len(first) == SMALL.steps + 1
    assert first[-1] < first[0]
    for outcome in race.outcomes[1:]:
        np.testing.assert_allclose(outcome.losses, first, rtol=1e-9)
    largest = max(np.abs(outcome.losses / first - 1).max() for outcome in race.outcomes)
    assert race.difference == largest <= 1e-9


def test_the_losses_are_those_of_the_formula(race):
    for numbers, loss in zip(race.history, race.outcomes[0].losses, strict=True):
        margins = race.data.labels * scores(numbers, race.data.points)
        assert loss == pytest.approx(np.log1p(np.exp(-margins)).mean(), rel=1e-12)


def test_all_rungs_have_the_same_gradient_at_the_start():
    found = []
    for rung in RUNGS:
        trainee = rung.start(*start())
        trainee.loss().backward()
        grads = [p.grad for p in trainee.model.trained]
        found.append(np.concatenate([np.ravel(getattr(g, "array", g)) for g in grads]))
    assert all(np.allclose(g, found[0], rtol=1e-12) for g in found)
    assert np.abs(found[0]).min() > 0


def test_a_rung_that_differs_is_found_out():
    wrong = replace(RUNGS[2], start=lambda model, data: RUNGS[2].start(replace(model, bias=model.bias + 1e-6), data))
    with pytest.raises(DisagreementError, match=r"after 0 steps the loss of 'batched' is .*'scalars' is .*1e-09"):
        run_race(SMALL, say=lambda line: None, rungs=(RUNGS[0], wrong))


def test_node_counts_are_those_of_the_graphs(race):
    scalars, vectors, batched, compiled = (outcome.nodes for outcome in race.outcomes)
    neuron = 2 + 2 + 1  # two products, two sums and a tanh; its share of the score is a product and a sum more
    loss = 4 + 1  # a product, exp, a sum and log; a sum adds it to those of the other points
    assert scalars == SMALL.points * (SMALL.hidden * (neuron + 2) + loss) + 1
    assert vectors == SMALL.points * 10 + 2
    assert batched == 11
    assert compiled == len(race.outcomes[3].program) < 20
    for rung, outcome in zip(RUNGS, race.outcomes, strict=True):
        seen, todo = set(), [rung.start(*start()).loss().node]
        while todo:
            node = todo.pop()
            if node.op is not None and id(node) not in seen:
                seen.add(id(node))
                todo += [source for source in node.inputs if source is not None]
        assert outcome.nodes == len(seen)


def test_the_first_picture_is_one_neuron_with_its_numbers(race):
    view = race.outcomes[0].view
    model, data = start()
    before = model.weight[0] @ data.points[0] + model.bias[0]
    assert numbers_text(view.nodes[-1]) == [f"data {np.tanh(before):.4g} · grad 1".replace("-", "−")]
    assert {node.name for node in view.nodes if node.kind == "parameter"} == {
        "weight[0, 0]", "weight[0, 1]", "bias[0]",
    }  # fmt: skip


def test_the_same_seed_gives_the_same_run(race):
    again = run_race(SMALL, say=lambda line: None, rungs=RUNGS[:1])
    assert (again.outcomes[0].losses == race.outcomes[0].losses).all()
    other = run_race(replace(SMALL, seed=2), say=lambda line: None, rungs=RUNGS[:1])
    assert (other.outcomes[0].losses != race.outcomes[0].losses).any()


@pytest.mark.parametrize(
    ("name", "value"), [("steps", 0), ("points", 1), ("hidden", 0), ("hidden", 65), ("seed", -1), ("steps", 1001)]
)
def test_settings_out_of_range_are_refused_by_name(name, value):
    with pytest.raises(ArgumentError, match=rf"--{name} must lie between .*, not {value:,}"):
        Settings(**{name: value})


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "rich.progress", None)
    with pytest.raises(MissingExtraError, match=r"glassgrad\[train\]"):
        run_race(SMALL, say=lambda line: None)


def test_frames_hold_the_probabilities_of_the_network(race):
    frames = boundary_frames(race.history, race.data)
    assert frames.steps == tuple(range(SMALL.steps + 1))
    cell = (np.array(frames.high) - frames.low) / frames.side
    assert cell[0] == pytest.approx(1.5 * cell[1])  # 3 to 2, as the page draws it
    middle = np.array([frames.low[0] + 7.5 * cell[0], frames.high[1] - 3.5 * cell[1]])
    (score,) = scores(race.history[4], middle[None])
    assert frames.cells[4, 3, 7] == round(255 / (1 + np.exp(-score)))
    many = boundary_frames(np.repeat(race.history, 40, axis=0), race.data)
    assert len(many.steps) <= 61
    assert many.steps[-1] == 279


# ------------------------------------------------------------------------------------------------------- the page


class Page(HTMLParser):
    """The tags and texts of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        if data.strip():
            self.texts.append(data.strip())


def test_the_page_comes_alone_and_is_small(page):
    text = page.read_text(encoding="utf-8")
    for tag, attributes in Page(text).tags:
        for name, value in attributes.items():
            if name in ("src", "href", "xlink:href", "action", "srcset", "poster", "data"):
                assert value.startswith(("data:", "#")), (tag, name, value)
    assert set(re.findall(r"https?://[^\s\"'<>]+", text)) <= {
        "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink",
    }  # fmt: skip
    assert not re.search(r"url\((?!#)|@import", text)
    assert len(text) < 1_500_000
    assert [p.name for p in page.parent.iterdir()] == ["ladder.html"]


def test_the_page_has_the_four_rungs_in_order_and_ids_are_unique(page):
    tags = Page(page.read_text(encoding="utf-8")).tags
    headings = [attributes["id"] for tag, attributes in tags if tag == "h2"]
    assert headings == ["training", "scalars", "vectors", "batched", "compiled", "summary"]
    ids = [attributes["id"] for _, attributes in tags if attributes.get("id")]
    assert len(ids) == len(set(ids))


def test_the_code_on_the_page_is_the_code_that_ran(page):
    text = re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8"))
    for rung in RUNGS:
        for function in rung.code:
            assert inspect.getsource(function).strip() in unescape(text)


def test_the_table_tells_what_was_measured(page, race):
    rows = re.findall(
        r'<th scope="row">\d · (\w+)</th><td>([^<]*)</td><td>([^<]*)</td><td>([^<]*)</td>', page.read_text()
    )
    assert rows == [
        (
            o.rung.name, f"{o.nodes:,}", duration(o.seconds), times(race.outcomes[0].seconds / o.seconds),
        )
        for o in race.outcomes
    ]  # fmt: skip
    text = page.read_text()
    assert f"<b>{small(race.difference)}</b>" in text
    assert f"{race.outcomes[0].losses[-1]:.4f}" in text
    assert str(race.outcomes[3].program) in unescape(text)


def test_the_data_of_the_slider_are_those_of_the_run(page, race):
    state = json.loads(re.search(r'id="training-data">(.*?)</script>', page.read_text())[1])
    assert state["losses"] == race.outcomes[0].losses.tolist()
    frames = boundary_frames(race.history, race.data)
    assert base64.b64decode(state["cells"]) == frames.cells.tobytes()
    wrong = scores(race.history[-1], race.data.points) * race.data.labels <= 0
    assert state["right"][-1] == SMALL.points - wrong.sum()


def test_a_page_has_its_drawings_without_graphviz_too(race, tmp_path, monkeypatch):
    monkeypatch.setattr("viz.drawing.render.shutil.which", lambda name: None)
    monkeypatch.setattr("viz.drawing.render.importlib.util.find_spec", lambda name: None)
    text = write_page(tmp_path / "ladder.html", race).read_text()
    assert "This drawing is missing" not in text
    assert text.count('class="computation-graph"') == 4


def test_times_from_a_busy_machine_are_not_shown_without_a_word(race, tmp_path):
    busy, quiet = (
        write_page(tmp_path / f"{stretch}.html", replace(race, stretch=stretch)).read_text() for stretch in (2.64, 1.02)
    )
    assert "the run took 2.6 times as long as it worked" in busy
    assert "busy" not in quiet


def test_numbers_are_written_for_people():
    assert [duration(s) for s in (2.5, 0.0856, 6.55e-4, 9.996e-4, 1e-3, 2e-8)] == [
        "2.5 s", "85.6 ms", "655 µs", "1 ms", "1 ms", "20 ns",
    ]  # fmt: skip
    assert [times(r) for r in (1, 3.44, 137.2, 9.99, 0.25, 12345)] == ["1×", "3.4×", "140×", "10×", "0.25×", "12,000×"]
    assert [small(x) for x in (0, 1.44e-15, 1e-9)] == ["0", "1.4\xa0×\xa010⁻¹⁵", "1.0\xa0×\xa010⁻⁹"]


def test_colours_leave_the_code_as_it_is():
    code = source_of([coloured, viz.graph, two_moons])
    assert unescape(re.sub(r"</?span[^>]*>", "", coloured(code))) == code
    assert coloured("def f(x):  # <b>\n    return 'a<b'") == (
        '<span class="keyword">def</span> <span class="defined">f</span>(x):  <span class="comment"># &lt;b&gt;</span>\n'
        '    <span class="keyword">return</span> <span class="literal">&#x27;a&lt;b&#x27;</span>'
    )


# ---------------------------------------------------------------------------------------------- the command line


def run(*arguments, cwd, code=0):
    root = Path(__file__).parents[2]
    path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-m", "glassgrad", "ladder", *arguments], cwd=cwd, capture_output=True, text=True,
        timeout=120, env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_the_command_writes_the_page_and_says_what_it_saw(tmp_path):
    pytest.importorskip("typer", reason="the command line needs the extra 'train'")
    said = run("--steps", "3", "--points", "6", "--hidden", "2", cwd=tmp_path)
    assert [line.split()[0] for line in said.splitlines()[1:5]] == ["scalars", "vectors", "batched", "compiled"]
    assert "page: ladder.html" in said
    assert "6 points, 2 hidden units, 3 steps" in (tmp_path / "ladder.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--steps", "0"), "--steps must lie between 1 and 1,000, not 0"),
        (("--out", "nowhere/ladder.html"), "there is no folder nowhere"),
        (("--out", "ladder.png"), "the page is HTML; name it ladder.html"),
        (("--out", "."), "--out . is a folder; name a file, such as ladder.html"),
        (("--points", "many"), "Invalid value for '--points'"),
    ],
)
def test_a_mistake_ends_with_one_message_before_any_training(tmp_path, arguments, message):
    pytest.importorskip("typer", reason="the command line needs the extra 'train'")
    said = run(*arguments, cwd=tmp_path, code=2)
    assert message in said
    assert "scalars" not in said
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------------------------ in a real browser

DRIVER = """
<script>
window.failures = [];
addEventListener("error", (event) => failures.push(event.message));
const complain = console.error;
console.error = (...words) => { failures.push(words.join(" ")); complain(...words); };
addEventListener("load", () => {
  const slider = document.querySelector("input[type=range]");
  const button = document.querySelector(".play");
  const box = document.querySelector(".player");
  const canvas = document.querySelector("canvas");
  const dot = document.querySelector("circle.now");
  const look = () => ({
    frame: box.dataset.frame, at: Number(dot.getAttribute("cx")), said: document.querySelector("output").textContent,
    spoken: slider.getAttribute("aria-valuetext"), boundary: document.querySelector("path.boundary").getAttribute("d"),
    colours: [...canvas.getContext("2d").getImageData(0, 0, 40, 40).data].filter((x, i) => i % 400 === 0).join(),
    button: button.getAttribute("aria-label"),
  });
  const move = (value) => { slider.value = value; slider.dispatchEvent(new Event("input")); };
  const seen = { end: look(), controls: !document.querySelector(".controls").hidden };
  move(0); seen.start = look();
  move(3); seen.middle = look();
  slider.focus(); seen.focused = document.activeElement === slider;
  button.click(); seen.playing = look();
  setTimeout(() => {
    button.click(); seen.paused = look();
    setTimeout(() => {
      seen.still = look();
      slider.dispatchEvent(new KeyboardEvent("keydown", { key: " " }));
      seen.spaced = look();
      setTimeout(() => {
        seen.over = look();
        button.click(); seen.again = look();
        button.click();
        seen.page = getComputedStyle(document.body).backgroundColor;
        seen.overflow = document.documentElement.scrollWidth - innerWidth;
        seen.fetched = performance.getEntriesByType("resource").filter((e) => !e.name.startsWith("data:")).length;
        seen.failures = failures;
        document.body.dataset.seen = JSON.stringify(seen);
      }, 20000);
    }, 3000);
  }, SOON);
});
</script>
"""


@pytest.mark.parametrize(("dark", "width", "calm"), [(False, 1200, False), (True, 500, True)])
def test_the_page_works_in_a_browser(page, race, browse, dark, width, calm):
    driver = DRIVER.replace("SOON", "1600" if calm else "150")  # after the first move
    seen = browse(page, driver, dark=dark, width=width, calm=calm, budget=40_000)
    assert seen["failures"] == []
    assert seen["controls"]
    losses = race.outcomes[0].losses
    for name, step in (("start", 0), ("middle", 3), ("end", SMALL.steps)):
        state = seen[name]
        assert state["frame"] == str(step)
        assert state["said"].startswith(f"step {step} · loss {losses[step]:.4f} · ")
        assert state["spoken"] == state["said"]
    assert seen["start"]["at"] < seen["middle"]["at"] < seen["end"]["at"]
    for what in ("colours", "boundary"):
        assert len({seen[name][what] for name in ("start", "middle", "end")}) == 3
    frames = boundary_frames(race.history, race.data)
    places = np.array(re.findall(r"([\d.]+) ([\d.]+)", seen["end"]["boundary"]), float) / (420, 280)
    plane = frames.low + np.stack([places[:, 0], 1 - places[:, 1]], axis=1) * np.subtract(frames.high, frames.low)
    assert len(places) > 40
    assert np.abs(np.tanh(scores(race.history[-1], plane) / 2)).max() < 0.03  # the boundary is where the odds are even
    assert seen["focused"]  # so the arrow keys move it: it is the browser's own slider
    assert seen["playing"]["button"] == "pause"
    assert seen["paused"]["button"] == "play"
    assert int(seen["paused"]["frame"]) == (5 if calm else 4)
    assert seen["still"] == seen["paused"]
    assert seen["spaced"]["button"] == "pause"
    assert seen["over"]["frame"] == str(SMALL.steps)
    assert seen["over"]["button"] == "play"
    assert seen["again"]["frame"] == "0"  # from the end, play begins anew
    assert seen["page"] == ("rgb(17, 20, 24)" if dark else "rgb(255, 255, 255)")
    assert seen["overflow"] <= 0
    assert seen["fetched"] == 0
