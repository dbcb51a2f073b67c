"""What the tests of optim share."""

from __future__ import annotations

from typing import Any

import pytest

import autograd as ag

DEVICES = [
    pytest.param(name, marks=[] if name == "cpu" else [pytest.mark.gpu])
    for name in ag.available_devices()
    if name in ("cpu", "cuda:0")
]


@pytest.fixture(scope="session", params=DEVICES)
def device(request: pytest.FixtureRequest) -> str:
    """Each device of this machine; for the whole session, because Hypothesis runs a test many times."""
    return request.param


@pytest.fixture(scope="session")
def torch() -> Any:
    module = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    module.set_num_threads(1)
    return module
