"""What the tests of nn share: the devices, PyTorch as an oracle, and one comparison of a module with its twin there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn

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


@pytest.fixture(scope="session")
def compare(torch: Any, device: str) -> Callable[..., None]:
    """Check a module against PyTorch's: state-dict keys, output, gradients of the input and of every parameter."""

    def check(ours: nn.Module, theirs: Any, x: np.ndarray, *rest: Any) -> None:
        ours.to("float64").to(device)
        theirs.double()
        assert list(ours.state_dict()) == list(theirs.state_dict())
        ours.load_state_dict(theirs.state_dict())
        x_ours = ag.tensor(x, device=device, requires_grad=True)
        x_theirs = torch.tensor(x, requires_grad=True)
        y = ours(x_ours, *(ag.tensor(r, device=device) for r in rest))
        wanted = theirs(x_theirs, *(torch.tensor(r) for r in rest))
        np.testing.assert_allclose(host(y), wanted.detach().numpy(), rtol=1e-9, atol=1e-10)
        cotangent = np.random.default_rng(7).normal(size=y.shape)
        y.backward(ag.tensor(cotangent, device=device))
        wanted.backward(torch.tensor(cotangent))
        np.testing.assert_allclose(host(x_ours.grad), x_theirs.grad.numpy(), rtol=1e-9, atol=1e-10)
        for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
            np.testing.assert_allclose(host(p.grad), q.grad.numpy(), rtol=1e-9, atol=1e-10, err_msg=name)

    return check


def host(tensor: ag.Tensor) -> np.ndarray:
    return tensor.detach().to("cpu").numpy()
