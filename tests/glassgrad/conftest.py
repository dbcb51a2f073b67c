"""A real browser for the pages that glassgrad writes."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CHROMIUM


@pytest.fixture
def browse(tmp_path: Path) -> Callable[..., Any]:
    """Open a page in Chromium with no network, and run a script in it that leaves what it saw, as JSON, in
    ``document.body.dataset.seen``; gives what that was."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")

    def look(page: Path, driver: str, *, dark: bool, width: int, calm: bool = False, budget: int = 5000) -> Any:
        driven = tmp_path / "driven.html"
        driven.write_text(page.read_text(encoding="utf-8").replace("<body>", f"<body>{driver}"), encoding="utf-8")
        command = [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
            "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={tmp_path / 'profile'}",
            f"--window-size={width},900", f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            *(["--force-prefers-reduced-motion"] if calm else []),
            f"--virtual-time-budget={budget}", "--dump-dom", driven.as_uri(),
        ]  # fmt: skip
        dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
        return json.loads(unescape(re.search(r'data-seen="([^"]*)"', dom)[1]))

    return look
