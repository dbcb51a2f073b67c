"""The models: shapes, PyTorch's twin of each, learning something, and errors that say which input is wanted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
import optim
from autograd.errors import ShapeError
from nn.models import MLP, LeNet5


def test_mlp_is_its_layers(torch: Any, compare: Any) -> None:
    class Twin(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.flatten = torch.nn.Flatten()
            linear, act = torch.nn.Linear, torch.nn.Tanh
            self.layers = torch.nn.Sequential(linear(6, 5), act(), linear(5, 4), act(), linear(4, 3))

        def forward(self, x: Any) -> Any:
            return self.layers(self.flatten(x))

    compare(MLP(6, [5, 4], 3, nn.Tanh), Twin(), np.random.default_rng(0).normal(size=(2, 2, 3)))


def test_lenet_is_its_layers(torch: Any, compare: Any) -> None:
    class Twin(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = torch.nn.Conv2d(1, 6, 5, padding=2)
            self.conv2 = torch.nn.Conv2d(6, 16, 5)
            self.fc1 = torch.nn.Linear(400, 120)
            self.fc2 = torch.nn.Linear(120, 84)
            self.fc3 = torch.nn.Linear(84, 10)

        def forward(self, x: Any) -> Any:
            f = torch.nn.functional
            x = f.max_pool2d(f.relu(self.conv1(x)), 2)
            x = f.max_pool2d(f.relu(self.conv2(x)), 2).flatten(1)
            return self.fc3(f.relu(self.fc2(f.relu(self.fc1(x)))))

    compare(LeNet5(), Twin(), np.random.default_rng(0).normal(size=(2, 1, 28, 28)))


@pytest.mark.parametrize("size", [8, 9, 11, 19, 20, 21, 28, 32])
def test_lenet_takes_images_from_8_pixels_on(size: int, device: str) -> None:
    model = LeNet5(num_classes=4, in_channels=3, input_size=size).to(device)
    out = model(ag.ones(2, 3, size, size, device=device))
    assert out.shape == (2, 4)
    out.sum().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_mlp_shapes() -> None:
    assert [p.shape for p in MLP(4, [], 2).parameters()] == [(2, 4), (2,)]
    assert [p.shape for p in MLP(4, 3, 2).parameters()] == [(3, 4), (3,), (2, 3), (2,)]
    assert MLP(64, [8], 10)(ag.ones(5, 1, 8, 8)).shape == (5, 10)
    assert MLP(4, [3, 3], 1, lambda: nn.LeakyReLU(0.3)).layers[3].negative_slope == 0.3


@pytest.mark.parametrize("build", [lambda: MLP(64, [16], 2), lambda: LeNet5(2, input_size=8)])
def test_models_learn_which_half_is_bright(build: Any, device: str) -> None:
    x = ag.rand(64, 1, 8, 8, device=device)
    side = ag.tensor(np.arange(64) % 2, device=device)
    for i in range(64):
        x[i, :, :, 4:] = x[i, :, :, 4:] + float(i % 2)
    model = build().to(device)
    optimizer = optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(40):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), side).backward()
        optimizer.step()
    assert (model(x).argmax(1) == side).to("cpu").numpy().mean() > 0.95


ERRORS: list[tuple[Any, type[Exception], str]] = [
    (lambda: MLP(64, [8], 2)(ag.ones(5, 63)), ShapeError, r"MLP: the input is \(5, 63\); \(N, 64\) is wanted"),
    (lambda: MLP(64, [8], 2)(ag.ones(64)), ShapeError, r"MLP: the input is \(64,\).*x\[None\]"),
    (lambda: MLP(64, [8], 2, nn.ReLU()), nn.ArgumentError, "MLP: activation.*not an instance. Write ReLU"),
    (lambda: MLP(64, [-8], 2), nn.ArgumentError, "Linear: out_features.*-8"),
    (lambda: LeNet5(input_size=7), nn.ArgumentError, "LeNet5: input_size=7 is too small.*8x8.*MLP"),
    (lambda: LeNet5()(ag.ones(1, 1, 8, 8)), ShapeError, r"LeNet5: the input is \(1, 1, 8, 8\); \(N, 1, 28, 28\)"),
    (lambda: LeNet5()(ag.ones(28, 28)), ShapeError, r"LeNet5: the input is \(28, 28\)"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS, ids=range(len(ERRORS)))
def test_errors_say_which_input_is_wanted(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
