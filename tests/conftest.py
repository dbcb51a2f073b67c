"""What all tests share: the devices of this machine, fixed seeds, one Hypothesis profile, and a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import hypothesis
import numpy as np
import pytest

import autograd as ag

hypothesis.settings.register_profile(
    "glassgrad", deadline=None, derandomize=True, print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)  # fmt: skip
hypothesis.settings.load_profile("glassgrad")

DEVICES = [
    pytest.param(name, marks=[] if name == "cpu" else [pytest.mark.gpu])
    for name in ag.available_devices()
    if name in ("cpu", "cuda:0")
]


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> str:
    """Each device of this machine that arrays can lie on."""
    return request.param


@pytest.fixture(autouse=True)
def _seeded() -> None:
    ag.manual_seed(0)
    np.random.seed(0)


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A real Chromium. (One for all: Playwright cannot be started twice in a thread.)"""
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="playwright drives the browser; it is in the extra dev"
    )
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()
