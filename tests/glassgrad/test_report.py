from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import autograd as ag
import viz
from autograd.errors import ShapeError
from glassgrad.report import Evaluation, write_report

NASTY = "<script>alert('x')</script> & \"quotes\" größe"
CLASSES = ("zero", "one", "two & more")
RECORDS = [
    {"epoch": 1, "step": 10, "split": "train", "loss": 1.5, "accuracy": 0.5},
    {"epoch": 1, "step": 10, "split": "test", "loss": 1.25, "accuracy": 0.6},
    {"epoch": 2, "step": 20, "split": "train", "loss": 0.5, "accuracy": 0.9},
    {"epoch": 2, "step": 20, "split": "test", "loss": 0.75, "accuracy": 0.8125},
]


def _loss():
    weight = ag.tensor(np.ones((3, 4), np.float32), requires_grad=True)
    loss = ag.relu(ag.linear(ag.ones((2, 4)), weight)).mean()
    loss.backward()
    return loss, {"layer.weight": weight}


def _evaluation():
    probabilities = np.array([[0.9, 0.1, 0], [0.2, 0.7, 0.1], [0.05, 0.95, 0], [0.6, 0.3, 0.1]])
    images = np.linspace(0, 1, 4 * 64, dtype=np.float32).reshape(4, 1, 8, 8)
    return Evaluation(np.array([0, 1, 2, 2]), probabilities, CLASSES, images)


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    loss, names = _loss()
    return write_report(
        tmp_path_factory.mktemp("run") / "index.html",
        title=f"mlp {NASTY}",
        config={"model": "mlp", "optimizer": {"name": "adam", "lr": 0.001}, "note": NASTY, "resume": None},
        records=RECORDS,
        graph=viz.graph(loss, names, constants=True, title=NASTY),
        gradients=names,
        evaluation=_evaluation(),
        figures={"parameters": "12"},
    )


class Page(HTMLParser):
    """The tags, attributes and texts of a page; complains where a tag is not closed as it should be."""

    VOID = frozenset({"meta", "link", "img", "br"})

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.texts.append(data.strip())

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def _parsed(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


def _figures(parsed: Page) -> dict[str, str]:
    start = parsed.texts.index("test accuracy")
    cells = parsed.texts[start : start + 12]
    return dict(zip(cells[::2], cells[1::2], strict=True))


def test_the_page_is_well_formed_and_has_every_section(page):
    parsed = _parsed(page)
    assert [attributes["id"] for attributes in parsed.named("h2")] == [
        "curves", "graph", "gradients", "confusion", "mistakes", "config",
    ]  # fmt: skip
    ids = [attributes["id"] for _, attributes in parsed.tags if attributes.get("id")]
    labels = [attributes["aria-labelledby"] for attributes in parsed.named("section")]
    assert set(labels) <= set(ids)


def test_ids_are_unique_but_for_shared_definitions_of_charts(page):
    parsed = _parsed(page)
    ids = [a["id"] for tag, a in parsed.tags if a.get("id") and tag not in ("path", "clippath", "rect", "g")]
    assert len(ids) == len(set(ids))


def test_the_header_shows_the_final_figures(page):
    assert _figures(_parsed(page)) == {
        "test accuracy": "81.25 %",
        "test loss": "0.75",
        "train accuracy": "90.00 %",
        "train loss": "0.5",
        "epochs": "2",
        "parameters": "12",
    }


def test_nothing_on_the_page_comes_from_elsewhere(page):
    parsed = _parsed(page)
    for tag, attributes in parsed.tags:
        for name, value in attributes.items():
            if name in ("src", "href", "xlink:href", "action", "srcset", "poster", "data"):
                assert value.startswith(("data:", "#")), (tag, name, value)
    text = page.read_text(encoding="utf-8")
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)
    elsewhere = set(re.findall(r"https?://[^\s\"'<>]+", text))
    assert elsewhere <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}  # names, not addresses


def test_what_users_wrote_is_shown_and_not_run(page):
    parsed = _parsed(page)
    assert len(parsed.named("script")) == 1
    assert any(NASTY in text for text in parsed.texts)
    assert f"mlp {NASTY}" in parsed.texts


def test_pictures_and_charts_are_described(page):
    parsed = _parsed(page)
    for image in parsed.named("img"):
        assert image["alt"]
    drawings = parsed.named("svg")
    assert len(drawings) == 5  # loss, accuracy, graph, gradients, confusion
    for drawing in drawings:
        assert drawing["role"] == "img"
        assert drawing["aria-label"]
    assert any("test from 60.00 % to 81.25 %" in drawing["aria-label"] for drawing in drawings)


def test_the_worst_mistake_comes_first_with_its_classes_and_confidence(page):
    parsed = _parsed(page)
    assert [image["alt"] for image in parsed.named("img")] == [
        "image 2: two & more, taken for one with confidence 95 %",
        "image 3: two & more, taken for zero with confidence 60 %",
    ]
    assert all(image["src"].startswith("data:image/png;base64,iVBOR") for image in parsed.named("img"))


def test_the_confusion_matrix_is_told_in_words_and_as_a_table(page):
    text = page.read_text(encoding="utf-8")
    assert "2 of 4 examples are classified right." in text
    assert "The most frequent mistake: two &amp; more taken for zero, once." in text
    assert '<tr><th scope="row">two &amp; more</th><td>1</td><td>1</td><td>0</td></tr>' in text


def test_the_configuration_is_a_table_with_dotted_names(page):
    text = page.read_text(encoding="utf-8")
    assert '<th scope="row">optimizer.lr</th><td>0.001</td>' in text
    assert '<th scope="row">resume</th><td>–</td>' in text


def test_the_least_report_has_only_what_it_was_given(tmp_path):
    path = write_report(tmp_path / "index.html", title="empty", config={}, records=[])
    parsed = _parsed(path)
    assert [attributes["id"] for attributes in parsed.named("h2")] == ["curves"]
    assert "No metrics were recorded." in parsed.texts


def test_a_run_without_mistakes_says_so(tmp_path):
    evaluation = Evaluation([0, 1], np.eye(2), ("a", "b"), np.zeros((2, 4, 4)))
    path = write_report(tmp_path / "index.html", title="x", config={}, records=RECORDS, evaluation=evaluation)
    assert "There are none: all 2 images are classified right." in path.read_text(encoding="utf-8")


def test_metrics_that_diverged_are_shown_as_they_are(tmp_path):
    records = [{"epoch": 1, "split": "test", "loss": float("nan"), "accuracy": 0.1}]
    path = write_report(tmp_path / "index.html", title="x", config={}, records=records)
    assert "no finite loss was recorded" in path.read_text(encoding="utf-8")
    assert "nan" in _parsed(path).texts


def test_the_report_has_its_drawing_without_graphviz_too(tmp_path, monkeypatch):
    monkeypatch.setattr("viz.drawing.render.shutil.which", lambda name: None)
    monkeypatch.setattr("viz.drawing.render.importlib.util.find_spec", lambda name: None)
    loss, names = _loss()
    path = write_report(tmp_path / "index.html", title="x", config={}, records=RECORDS, graph=viz.graph(loss, names))
    text = path.read_text(encoding="utf-8")
    assert "This drawing is missing" not in text
    assert len(_parsed(path).named("svg")) == 3


def test_a_name_that_utf8_cannot_hold_does_not_stop_the_report(tmp_path):
    path = write_report(tmp_path / "index.html", title="x", config={"data_dir": "bad\udcffname"}, records=[])
    assert "bad?name" in path.read_text(encoding="utf-8")


def test_an_evaluation_checks_its_shapes():
    with pytest.raises(ShapeError, match=r"probabilities is \(2, 3\); for 2 targets and 2 classes it must be \(2, 2\)"):
        Evaluation([0, 1], np.zeros((2, 3)), ("a", "b"))
    with pytest.raises(ShapeError, match="1 images for 2 targets"):
        Evaluation([0, 1], np.zeros((2, 2)), ("a", "b"), np.zeros((1, 4, 4)))


def test_mistakes_are_ordered_by_confidence_and_ties_by_position():
    probabilities = np.array([[0.8, 0.2], [0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    evaluation = Evaluation(ag.tensor([1, 1, 1, 1]), ag.tensor(probabilities), ("a", "b"))
    assert evaluation.worst_mistakes(10).tolist() == [1, 0, 2]
    assert evaluation.worst_mistakes(1).tolist() == [1]


# -------------------------------------------------------------------------------------- in a real browser

DRIVER = """
<script>
addEventListener("load", () => {
  const canvas = document.querySelector(".canvas");
  const press = (name) => document.querySelector(`[data-zoom=${name}]`).click();
  const seen = { start: canvas.dataset.scale, tools: !document.querySelector(".tools").hidden };
  press("in"); seen.zoomed = canvas.dataset.scale;
  press("fit"); seen.fitted = canvas.dataset.scale;
  press("reset"); seen.reset = canvas.dataset.scale;
  canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "-" })); seen.keyed = canvas.dataset.scale;
  seen.page = getComputedStyle(document.body).backgroundColor;
  seen.ink = getComputedStyle(document.querySelector(".chart text")).fill;
  seen.overflow = document.documentElement.scrollWidth - innerWidth;
  seen.fetched = performance.getEntriesByType("resource").filter((e) => !e.name.startsWith("data:")).length;
  seen.pictures = [...document.images].every((image) => image.naturalWidth > 0);
  seen.alerts = window.alerts ?? 0;
  document.body.dataset.seen = JSON.stringify(seen);
});
</script>
<script>window.alert = () => { window.alerts = (window.alerts ?? 0) + 1; };</script>
"""


@pytest.mark.parametrize(("dark", "width"), [(False, 1200), (True, 500)])
def test_the_page_works_in_a_browser(page, browse, dark, width):
    seen = browse(page, DRIVER, dark=dark, width=width)
    assert seen["start"] == "1.000"
    assert seen["tools"]
    assert seen["zoomed"] == "1.250"
    assert float(seen["fitted"]) <= 1
    assert seen["reset"] == "1.000"
    assert seen["keyed"] == "0.800"
    assert seen["page"] == ("rgb(17, 20, 24)" if dark else "rgb(255, 255, 255)")
    assert seen["ink"] in (
        ("rgb(230, 233, 238)", "rgb(154, 164, 176)") if dark else ("rgb(27, 31, 36)", "rgb(87, 96, 106)")
    )
    assert seen["overflow"] <= 0
    assert seen["fetched"] == 0
    assert seen["pictures"]
    assert seen["alerts"] == 0
