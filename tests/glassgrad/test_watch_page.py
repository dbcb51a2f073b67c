"""The dashboard in a real browser, against a live server: it follows, compares, reconnects, and can be read by all."""

from __future__ import annotations

import json
import re
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from glassgrad.watch import Runs, Watch
from nn.training.liveness import hold

NAMES = ["net.0.weight", "net.0.bias", "net.2.weight"]
TABLE = "#latest-table table:first-child"


class Growing:
    """A run that is being written, in the format of the trainer."""

    def __init__(self, folder: Path, config=None):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(config or {"model": "mlp", "lr": 0.1, "seed": 0}))
        self.file = open(folder / "telemetry.jsonl", "wb", buffering=0)  # noqa: SIM115
        self.held = hold(self.file)
        shapes = [[8, 4], [8], [2, 8]]
        parameters = [{"name": name, "shape": shape} for name, shape in zip(NAMES, shapes, strict=True)]
        self.write(
            {
                "kind": "begin",
                "step": 0,
                "version": 1,
                "epochs": 4,
                "batches": 100,
                "groups": 1,
                "parameters": parameters,
            }
        )

    def write(self, *records):
        self.file.write("".join(json.dumps(record) + "\n" for record in records).encode())

    def samples(self, steps, loss=lambda step: 2 / step, **more):
        self.write(*[
            {
                "kind": "sample", "step": step, "epoch": step / 100, "seconds": step / 10, "loss": loss(step),
                "mean_loss": loss(step), "learning_rates": [step / 1000], "step_seconds": 0.1,
                "examples_per_second": 320.0, "cost": 0.011, "gradient_norms": [1 / step, None, 0.5],
                "weight_norms": [3.0, 1.0, 2.0], "update_ratios": [1e-3, 2e-3, 1e-2 / step], **more,
            }
            for step in steps
        ])  # fmt: skip

    def metrics(self, step, epoch, accuracy):
        with open(self.folder / "metrics.jsonl", "a") as file:
            for split in ("train", "test"):
                record = {"epoch": epoch, "step": step, "split": split, "loss": 0.25, "accuracy": accuracy,
                          "learning_rate": 0.1, "seconds": step / 10}  # fmt: skip
                file.write(json.dumps(record) + "\n")

    def end(self, step):
        self.write({"kind": "end", "step": step, "outcome": "finished", "detail": ""})
        self.file.close()


@pytest.fixture
def visit(chromium):
    """Open a page; at the end of the test it must have had nothing to complain of but what the test allows.

    ``visit.leave()`` closes all pages.
    """
    contexts, complaints, allowed = [], [], []

    def leave():
        while contexts:
            contexts.pop().close()

    def go(url, *, width=1200, dark=False, calm=False, allow=()):
        allowed.extend(allow)
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light",
            reduced_motion="reduce" if calm else "no-preference",
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        return page

    go.leave = leave
    yield go
    leave()
    assert [c for c in complaints if not any(re.search(pattern, c) for pattern in allowed)] == []


@pytest.fixture
def serving(visit):
    """Serve a folder for as long as a ``with`` block lasts.

    Its pages are closed first: one that is still asking when the server goes would complain of that. ``deserting``
    leaves them open.
    """

    @contextmanager
    def serve(path, port=0, *, deserting=False):
        with Watch(Runs([path]), port) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
            thread.start()
            try:
                yield server
            finally:
                if not deserting:
                    visit.leave()
                server.shutdown()
                thread.join()

    return serve


def wait(page, script, *arguments):
    page.wait_for_function(script, arg=arguments[0] if arguments else None)


def wait_text(page, selector, text):
    wait(page, "([s, t]) => document.querySelector(s)?.textContent.includes(t)", [selector, text])


def cells(page, selector):
    return page.eval_on_selector_all(f"{selector} tr", "rows => rows.map(r => [...r.cells].map(c => c.textContent))")


def read(page, chart):
    """What a screen reader says of a chart."""
    return page.get_attribute(f"#{chart} .surface", "aria-valuetext")


INK = """([id, variable]) => {
  const canvas = document.querySelector(`#${id} .surface canvas`);
  const ink = getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
  const want = [1, 3, 5].map((at) => parseInt(ink.slice(at, at + 2), 16));
  const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const found = [];
  for (let i = 0; i < data.length; i += 4)
    if (data[i + 3] > 100 && want.every((c, k) => Math.abs(data[i + k] - c) < 12)) found.push([(i / 4) % width, Math.floor(i / 4 / width)]);
  return found;
}"""
"""The pixels of a chart that have the colour of a line."""


def test_the_page_follows_a_run_while_it_grows(visit, serving, tmp_path):
    with serving(tmp_path / "a") as server:
        page = visit(server.url)
        wait_text(page, "#status", "waiting: nothing has been written yet (a)")
        run = Growing(tmp_path / "a")
        run.samples(range(1, 51))
        wait_text(page, "#latest-table", "50")
        state = "live" if run.held else "stopped"
        wait(page, "state => document.querySelector('#status').dataset.state === state", state)
        assert dict(zip(*cells(page, TABLE), strict=True)) | {"train loss": "0.04", "epoch": "0.5 of 4"} == dict(
            zip(*cells(page, TABLE), strict=True)
        )
        run.samples(range(51, 101))
        run.metrics(100, 1, 0.875)
        wait_text(page, "#latest-table", "87.50 %")
        wait(page, "() => document.querySelector('#loss .surface').ariaValueMax === '100'")
        assert "test 0.25" in read(page, "loss")
        assert read(page, "rate") == "latest, rate 0.1"
        rows = dict(zip(NAMES, [row[1:] for row in cells(page, "#latest-table table:nth-child(2)")[1:]], strict=True))
        assert rows["net.0.weight"] == ["8 × 4", "0.01", "3", "0.001"]
        assert rows["net.0.bias"] == ["8", "–", "1", "0.002"]  # no gradient is not 0
        run.end(100)
        wait(page, "() => document.querySelector('#status').dataset.state === 'finished'")
        wait_text(page, "#runs li", "finished")


def test_the_page_goes_on_when_the_server_was_restarted(visit, serving, tmp_path):
    run = Growing(tmp_path / "a")
    run.samples(range(1, 11))
    with serving(tmp_path / "a", deserting=True) as server:
        port = server.port
        page = visit(server.url, allow=["ERR_CONNECTION_REFUSED", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET"])
        wait_text(page, "#latest-table", "10")
    wait(page, "() => document.querySelector('#status').dataset.state === 'disconnected'")
    assert re.match(r"disconnected since \d\d:\d\d:\d\d: the server does not answer", page.inner_text("#status"))
    assert page.title().startswith("✕")
    assert cells(page, TABLE)  # what was known is still shown
    run.samples(range(11, 21))
    with serving(tmp_path / "a", port):
        wait(page, "() => document.querySelector('#loss .surface').ariaValueMax === '20'")
        assert page.get_attribute("#status", "data-state") != "disconnected"
        assert page.evaluate("Store.runs.get('a').samples.step.length") == 20  # nothing twice
        run.end(20)


def test_a_run_that_is_replaced_starts_anew(visit, serving, tmp_path):
    first = Growing(tmp_path / "a")
    first.samples(range(1, 31))
    first.metrics(30, 1, 0.5)
    with serving(tmp_path / "a") as server:
        page = visit(server.url)
        wait_text(page, "#latest-table", "50.00 %")
        first.end(30)
        (tmp_path / "a" / "metrics.jsonl").unlink()
        second = Growing(tmp_path / "a")
        second.samples(range(1, 41), loss=lambda step: 7.0)
        wait(page, "() => document.querySelector('#loss .surface').ariaValueMax === '40'")
        assert page.evaluate("[Store.runs.get('a').samples.step.length, Store.runs.get('a').metrics.length]") == [40, 0]
        assert "train 7" in read(page, "loss")
        second.end(40)


def test_runs_are_compared_and_chosen(visit, serving, tmp_path):
    for name, lr, factor in (("<i>one", 0.1, 1), ("two", 0.2, 10)):
        run = Growing(tmp_path / name, {"model": "mlp", "lr": lr, "seed": 0})
        run.samples(range(1, 31), loss=lambda step, factor=factor: factor / step)
        run.metrics(30, 1, 0.9)
        run.end(30)
    with serving(tmp_path) as server:
        page = visit(server.url)
        wait(page, "() => document.querySelectorAll('#latest-table table:first-child tbody tr').length === 2")
        assert cells(page, "#settings-table table") == [["setting", "<i>one", "two"], ["lr", "0.1", "0.2"]]
        looks = page.eval_on_selector_all(
            "#runs .swatch line",
            "lines => lines.map(l => [getComputedStyle(l).stroke, l.getAttribute('stroke-dasharray')])",
        )
        assert looks[0][0] != looks[1][0]
        assert looks[0][1] != looks[1][1]  # by dashes too, for who does not tell the colours apart
        assert "two train" in read(page, "loss")
        assert page.evaluate(INK, ["rate", "--run-1"])
        page.locator("#runs input").nth(1).uncheck()
        wait(page, "() => document.querySelectorAll('#latest-table table:first-child tbody tr').length === 1")
        wait(page, "() => !document.querySelector('#loss .surface').ariaValueText.includes('two')")
        # The choice is in the address, and so survives a reload.
        page.reload()
        wait(page, "() => document.querySelectorAll('#latest-table table:first-child tbody tr').length === 1")
        assert page.locator("#runs input").nth(0).is_checked()
        assert not page.locator("#runs input").nth(1).is_checked()
        # A new run appears by itself, chosen.
        third = Growing(tmp_path / "three")
        third.samples(range(1, 11))
        wait_text(page, TABLE, "three")
        third.end(10)


def test_the_values_can_be_read_with_the_keyboard_alone(visit, serving, tmp_path):
    run = Growing(tmp_path / "a")
    run.samples(range(1, 101))
    run.end(100)
    with serving(tmp_path / "a") as server:
        page = visit(server.url)
        wait_text(page, "#latest-table", "100")
        page.focus("#smoothing")
        page.keyboard.press("Home")
        assert page.text_content("#smoothing + output") == "0.00"
        page.focus("#loss .surface")
        for key, step in (
            ("Home", 1),
            ("ArrowRight", 2),
            ("ArrowRight", 3),
            ("PageDown", 8),
            ("ArrowLeft", 7),
            ("End", 100),
        ):
            page.keyboard.press(key)
            text = f"step {step}, train {2 / step:.4g}"
            wait(page, "t => document.querySelector('#loss .surface').ariaValueText === t", text)
        wait_text(page, "#rate .key", "step 100")  # all charts point to the same place
        page.keyboard.press("Escape")
        wait_text(page, "#rate .key", "latest")
        page.focus("#gradient .surface")
        page.keyboard.press("ArrowDown")
        wait(
            page,
            "() => document.querySelector('#gradient .surface').ariaValueText === 'step 100, net.0.bias: no gradient'",
        )
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Home")
        wait(page, "() => document.querySelector('#gradient .surface').ariaValueText === 'step 1, net.2.weight: 0.5'")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "parameter"


def test_the_pointer_reads_values_and_the_axes_can_be_changed(visit, serving, tmp_path):
    run = Growing(tmp_path / "a")
    run.samples(range(1, 102), loss=lambda step: 10.0 ** (-step / 25))
    run.end(101)
    with serving(tmp_path / "a") as server:
        page = visit(server.url)
        wait(page, "() => document.querySelector('#rate .surface').dataset.corners > 0")
        box = page.locator("#rate .surface").bounding_box()
        left, right = 52, 10
        page.mouse.move(box["x"] + left + (box["width"] - left - right) / 2, box["y"] + 60)
        wait(page, "() => document.querySelector('#rate .surface').ariaValueText === 'step 51, rate 0.051'")
        pixels = page.evaluate(INK, ["rate", "--run-0"])
        assert min(pixels)[1] > max(pixels)[1] + 100  # it rises from the left to the right
        page.mouse.move(5, 5)
        page.evaluate(
            "() => { const s = document.querySelector('#smoothing'); s.value = 0; s.dispatchEvent(new Event('input')); }"
        )

        def middle():
            """How high the loss is half way through, between its top (0) and its bottom (1)."""
            page.wait_for_timeout(100)
            found = page.evaluate(INK, ["loss", "--run-0"])
            rows = [row for _, row in found]
            columns = [column for column, _ in found]
            half = (min(columns) + max(columns)) // 2
            at = [row for column, row in found if abs(column - half) <= 1]
            return (sum(at) / len(at) - min(rows)) / (max(rows) - min(rows))

        assert middle() > 0.9  # an exponential has fallen to a hundredth
        page.check("#log")
        assert middle() == pytest.approx(0.5, abs=0.05)  # and is a straight line on the logarithmic scale
        page.select_option("#axis", "seconds")
        wait_text(page, "#rate .key", "latest")
        page.focus("#rate .surface")
        page.keyboard.press("Home")
        wait(page, "() => document.querySelector('#rate .surface').ariaValueText === 'at 100 ms, rate 0.001'")


def test_thousands_of_points_are_drawn_as_four_for_each_column_of_pixels(visit, serving, tmp_path):
    run = Growing(tmp_path / "a")
    spike = 5_432
    run.samples(range(1, 8_001), loss=lambda step: 5.0 if step == spike else 1.0 + step % 2)
    run.end(8_000)
    with serving(tmp_path / "a") as server:
        page = visit(server.url)
        wait(page, "() => document.querySelector('#loss .surface').ariaValueMax === '8000'")
        page.evaluate(
            "() => { const s = document.querySelector('#smoothing'); s.value = 0; s.dispatchEvent(new Event('input')); }"
        )
        wait(page, "() => document.querySelector('#loss .surface').ariaValueText === 'latest, train 1'")
        width = page.locator("#loss .surface").bounding_box()["width"]
        corners = int(page.get_attribute("#loss .surface", "data-corners"))
        assert 500 < corners <= 4 * 2 * width  # columns are half a pixel wide
        top = f"args => ({INK})(args).reduce((top, [, row]) => Math.min(top, row), Infinity)"
        assert page.evaluate(top, ["loss", "--run-0"]) < 30  # the one spike is not lost


def test_histograms_are_drawn_and_chosen(visit, serving, tmp_path):
    run = Growing(tmp_path / "a")
    run.samples(range(1, 11))
    for step in (1, 5, 10):
        bins = [-1.0, 1.0, [1, 2, 8, 2, 1] * 6 + [0, 0]]
        run.write({"kind": "histograms", "step": step, "weights": [bins] * 3, "gradients": [bins, None, bins]})
    run.end(10)
    with serving(tmp_path / "a") as server:
        page = visit(server.url)
        wait_text(page, "#histogram .key", "of the elements")
        page.select_option("#parameter", "net.0.bias")
        wait(page, "() => !document.querySelector('#histogram .empty').hidden")
        page.select_option("#kind", "weights")
        wait(page, "() => document.querySelector('#histogram .empty').hidden")
        page.focus("#histogram .surface")
        total = 0.0
        for _ in range(40):
            page.keyboard.press("ArrowUp")
        for _ in range(40):
            page.wait_for_timeout(20)
            total += float(re.search(r": ([\d.]+) % of the elements$", read(page, "histogram"))[1])
            page.keyboard.press("ArrowDown")
        assert total == pytest.approx(100, abs=2)  # each element is in one row


@pytest.mark.parametrize(("dark", "width"), [(True, 1200), (False, 390), (True, 390)])
def test_it_fits_the_screen_and_follows_the_theme(visit, serving, tmp_path, dark, width):
    run = Growing(tmp_path / "a-run-with-quite-a-long-name-that-has-to-go-somewhere")
    run.samples(range(1, 51))
    run.samples(range(51, 53), gradient_norms=["NaN", "Infinity", 0.5])
    run.metrics(52, 1, 0.5)
    bins = [-0.0123456, 0.0123456, [1, 2, 3]]
    run.write({"kind": "histograms", "step": 52, "weights": [bins] * 3, "gradients": [bins] * 3})
    with serving(tmp_path) as server:
        page = visit(server.url, dark=dark, width=width, calm=True)
        wait(page, "() => document.querySelector('#loss .surface').ariaValueMax === '52'")
        page.wait_for_timeout(200)
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert colour == ("rgb(17, 20, 24)" if dark else "rgb(255, 255, 255)")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert page.evaluate("getComputedStyle(document.querySelector('#status .dot')).animationName") == "none"
        assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--run-0').trim()") == (
            "#56b4e9" if dark else "#0072b2"
        )
        assert page.evaluate(INK, ["rate", "--run-0"])
        assert page.evaluate(INK, ["gradient", "--amber"])  # what is not finite strikes the eye
        run.end(52)


def test_a_run_without_telemetry_has_its_curves_all_the_same(visit, serving, tmp_path):
    (tmp_path / "a").mkdir()
    records = [
        {"epoch": e, "step": 10 * e, "split": s, "loss": 1 / e, "accuracy": 0.9, "learning_rate": 0.1, "seconds": e}
        for e in (1, 2, 3) for s in ("train", "test")
    ]  # fmt: skip
    (tmp_path / "a" / "metrics.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    with serving(tmp_path) as server:
        page = visit(server.url)
        wait(page, "() => document.querySelector('#loss .surface').ariaValueText.includes('train 0.3333')")
        assert page.is_visible("#no-telemetry")
        assert "This run has no telemetry" in page.inner_text("#no-telemetry")
        assert not page.is_visible("#ratio")


def test_runs_of_other_hands_do_not_harm_the_rest(visit, serving, tmp_path):
    """Bare NaN, no steps, telemetry of another version: what can be shown is, and the other runs are as ever."""
    good = Growing(tmp_path / "good")
    good.samples(range(1, 11))
    good.end(10)
    for name in ("nan", "old", "odd"):
        (tmp_path / name).mkdir()
    (tmp_path / "nan" / "config.json").write_text('{"lr": NaN}')
    (tmp_path / "nan" / "metrics.jsonl").write_text(
        "".join(
            f'{{"epoch": {e}, "step": {e}, "split": "train", "loss": {"NaN" if e == 2 else e}}}\n' for e in (1, 2, 3)
        )
    )
    (tmp_path / "old" / "metrics.jsonl").write_text('{"epoch": 1, "split": "train", "loss": 1.0}\n' * 2)
    (tmp_path / "odd" / "telemetry.jsonl").write_text(
        '{"kind": "begin", "step": 0}\n{"kind": "sample", "step": 1}\n{"kind": "histograms", "step": 1}\n'
        '{"kind": "sample", "step": 2, "seconds": 1.0, "mean_loss": "Infinity"}\n'
        '{"kind": "sample", "step": 3, "seconds": 2.0, "mean_loss": 0.5}\n'
    )
    with serving(tmp_path) as server:
        page = visit(server.url)
        wait(page, "() => document.querySelectorAll('#latest-table table:first-child tbody tr').length === 4")
        wait(page, "() => document.querySelector('#loss .surface').ariaValueMax === '10'")
        assert page.get_attribute("#status", "data-state") != "disconnected"
        heard = read(page, "loss")
        assert "good train" in heard
        assert "nan train 3" in heard
        assert "odd train 0.5" in heard
        wait(
            page, f"() => ({INK})(['loss', '--run-0']).length > 0"
        )  # the lines are there, with a run without steps too
        assert "NaN" in page.inner_text("#settings-table")


def test_a_folder_that_was_deleted_and_made_again_is_shown_again(visit, serving, tmp_path):
    first = Growing(tmp_path / "a")
    first.samples(range(1, 11))
    first.end(10)
    Growing(tmp_path / "b").end(0)
    with serving(tmp_path) as server:
        page = visit(server.url)
        wait_text(page, TABLE, "a")
        wait(page, "() => document.querySelector('#loss .surface').ariaValueMax === '10'")
        shutil.rmtree(tmp_path / "a")
        wait(page, "() => document.querySelectorAll('#runs li').length === 1")
        again = Growing(tmp_path / "a")
        again.samples(range(1, 21))
        wait(page, "() => document.querySelector('#loss .surface').ariaValueMax === '20'")
        again.end(20)
