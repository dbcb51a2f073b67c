"""What all tests share: the devices of this machine, fixed seeds, one Hypothesis profile."""

from __future__ import annotations

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
