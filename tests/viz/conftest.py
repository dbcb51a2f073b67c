"""A small model for the drawings to show (viz knows modules only by their named_parameters()), a look at charts, and a
real browser."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd as ag


class Parameter(ag.Tensor):
    __slots__ = ()


class TwoLayers:
    """64 → 8 → 4, with a ReLU in between."""

    def __init__(self) -> None:
        draw = np.random.default_rng(0)
        self.parameters = {
            name: Parameter(draw.normal(size=shape).astype(np.float32), requires_grad=True)
            for name, shape in {
                "hidden.weight": (8, 6), "hidden.bias": (8,), "out.weight": (4, 8), "out.bias": (4,),
            }.items()
        }  # fmt: skip

    def named_parameters(self) -> Iterable[tuple[str, ag.Tensor]]:
        return self.parameters.items()

    def loss(self) -> ag.Tensor:
        p = self.parameters
        x = ag.tensor(np.linspace(-1, 1, 18, dtype=np.float32).reshape(3, 6))
        hidden = ag.relu(ag.linear(x, p["hidden.weight"], p["hidden.bias"]))
        logits = ag.linear(hidden, p["out.weight"], p["out.bias"])
        return (logits * logits).mean()


@pytest.fixture
def model() -> TwoLayers:
    return TwoLayers()


# ------------------------------------------------------------------------------------------------------ a browser


def wait_until(page: Any, expression: str, seconds: float = 60) -> None:
    """Until an expression of the page is true. (The page's policy forbids the eval that wait_for_function needs.)"""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"{expression} did not come true in {seconds} s"
        page.wait_for_timeout(20)


_WINDOW = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}


@pytest.fixture(scope="session")
def window(chromium: Any) -> Any:
    """A window that serves one test after the other, because a new one takes longer than most tests. It forgets what
    pages store, and ``window.complaints`` is the list of the test that has it."""
    context = chromium.new_context(offline=True, **_WINDOW)
    context.add_init_script("try { localStorage.clear() } catch {}")
    page = context.new_page()
    page.complaints = []
    _listen(page, lambda text: page.complaints.append(text))
    return page


def _listen(page: Any, complain: Callable[[str], None]) -> None:
    page.on("console", lambda m: complain(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complain(str(error)))
    page.on("request", lambda r: None if r.url.startswith(("file:", "data:", "about:")) else complain(r.url))


class OpenPage:
    """Opens pages from disk in windows without a network; what a page complains about fails the test at its end."""

    def __init__(self, browser: Any, folder: Path, window: Any) -> None:
        self.browser, self.folder = browser, folder
        self.complaints: list[str] = []
        self.contexts: list[Any] = []
        self.window = window
        window.complaints = self.complaints

    def __call__(
        self, html: str, *, fragment: str = "", name: str = "page.html", script: str = "", **options: Any
    ) -> Any:
        """The page once it is ready; ``script`` runs before it, ``options`` are those of a context, as its viewport.

        With neither, the first page of a test opens in the window that all tests share.
        """
        path = self.folder / name
        path.write_text(html, encoding="utf-8")
        if self.window is not None and not (script or options):
            page, self.window = self.window, None
        else:
            context = self.browser.new_context(offline=True, **(_WINDOW | options))
            self.contexts.append(context)
            context.add_init_script(script or "0")
            page = context.new_page()
            _listen(page, self.complaints.append)
        page.goto(f"{path.as_uri()}{fragment}")
        wait_until(page, "document.documentElement.dataset.ready === 'true'")
        return page


@pytest.fixture
def open_page(chromium: Any, window: Any, tmp_path: Path) -> Iterator[OpenPage]:
    opener = OpenPage(chromium, tmp_path, window)
    yield opener
    window.goto("about:blank")
    for context in opener.contexts:
        context.close()
    assert opener.complaints == []


def _overlap(labels, renderer):
    """Whether two of these labels overlap; the boxes of tilted ones tell nothing."""
    shown = [label for label in labels if label.get_text() and label.get_visible() and label.get_rotation() % 90 == 0]
    boxes = [label.get_window_extent(renderer) for label in shown]
    return any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


@pytest.fixture
def well_drawn():
    """Draw the figure of one Axes or several, with every warning an error, and see that no tick labels overlap.

    A plain Figure has a canvas that draws nothing, so it gets one of Agg first. Arranging the figure is three quarters
    of the work: with ``arranged=False`` it is only drawn, for data that are odd in what they hold and not in their size.
    """
    agg = pytest.importorskip("matplotlib.backends.backend_agg")

    def check(axes, *, arranged=True):
        axes = np.ravel(np.array(axes, dtype=object))
        figure = axes[0].figure
        canvas = agg.FigureCanvasAgg(figure)
        if not arranged:
            figure.set_layout_engine("none")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            canvas.draw()
        renderer = canvas.get_renderer()
        for one in axes if arranged else ():
            assert not _overlap(one.get_yticklabels(), renderer), "labels of the vertical axis overlap"
            assert not _overlap(one.get_xticklabels(), renderer), "labels of the horizontal axis overlap"
        return figure

    return check
