"""Healthy models, untrained and after some steps, have no finding, and their gradients are healthy."""

from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
import nn
import optim
import viz
from nn import functional as F
from nn.scalar import MLP as ScalarMLP
from tests.viz.planted_faults import digits


class ResidualBlock(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.up, self.down = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x):
        return x + self.down(ag.relu(self.up(x)))


class Attention(nn.Module):
    """The rows of an image are the tokens; two heads."""

    def __init__(self, width: int = 16):
        super().__init__()
        self.embed, self.mix = nn.Linear(8, width), nn.Linear(width, width)
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        tokens = self.embed(x.reshape(-1, 8, 8))
        n, length, width = tokens.shape
        heads = [f(tokens).reshape(n, length, 2, width // 2) for f in (self.query, self.key, self.value)]
        q, k, v = (ag.permute_dims(h, (0, 2, 1, 3)) for h in heads)
        weights = ag.softmax(q @ k.mT / float(np.sqrt(width // 2)), -1)
        mixed = ag.permute_dims(weights @ v, (0, 2, 1, 3)).reshape(n, length, width)
        return self.head((tokens + self.mix(mixed)).mean(1))


class BatchNorm(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.gain = nn.Parameter(ag.ones((1, channels, 1, 1)))
        self.shift = nn.Parameter(ag.zeros((1, channels, 1, 1)))

    def forward(self, x):
        mean = x.mean((0, 2, 3), keepdims=True)
        variance = ((x - mean) ** 2).mean((0, 2, 3), keepdims=True)
        return (x - mean) / ag.sqrt(variance + 1e-5) * self.gain + self.shift


def batch_norm_cnn():
    """The biases of convolutions before a batch norm have a gradient that is 0 but for rounding."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), BatchNorm(8), nn.ReLU(), nn.Conv2d(8, 16, 3, padding=1, stride=2), BatchNorm(16),
        nn.ReLU(), nn.Flatten(), nn.Linear(256, 10),
    )  # fmt: skip


MODELS = {
    "tanh MLP": lambda: nn.models.MLP(64, [64, 64], 10, nn.Tanh),
    "relu MLP": lambda: nn.models.MLP(64, [128, 64], 10),
    "sigmoid MLP": lambda: nn.models.MLP(64, [64], 10, nn.Sigmoid),
    "LeNet5": lambda: nn.models.LeNet5(10, 1, 8),
    "softmax regression": lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 10)),
    "residual MLP": lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(64, 32), *(ResidualBlock(32) for _ in range(4)), nn.Linear(32, 10)
    ),
    "attention": Attention,
    "batch-norm CNN": batch_norm_cnn,
    "dropout": lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 10)
    ),
}  # fmt: skip
OPTIMIZERS = {
    "SGD": lambda parameters: optim.SGD(parameters, lr=0.1, momentum=0.5),
    "Adam": lambda parameters: optim.Adam(parameters, lr=3e-3),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", MODELS)
def test_a_healthy_model_has_no_finding(name, optimizer):
    ag.manual_seed(0)
    model = MODELS[name]()
    rule = OPTIMIZERS[optimizer](model.parameters())
    images, labels = digits(1024)
    draw = np.random.default_rng(0)
    for step in range(31):
        rows = draw.integers(0, len(images), 32)

        def loss(rows=rows):
            return F.cross_entropy(model(ag.tensor(images[rows])), labels[rows])

        if step in (0, 1, 30):
            found = viz.diagnose(model, loss, optimizer=rule, initial=step == 0)
            assert not found, f"after {step} steps: {found}"
            assert not viz.diagnose(model, loss(), optimizer=rule)
        rule.zero_grad()
        loss().backward()
        rule.step()
    value = loss()
    for place, parameter in model.named_parameters():
        if parameter.ndim > 1:
            assert viz.why(parameter, value).kind == "healthy", place
    assert "Nothing found" in str(found)
    assert "Nothing found" in found._repr_html_()


def test_zeros_are_a_good_start_for_softmax_regression():
    model = MODELS["softmax regression"]()
    with ag.no_grad():
        for parameter in model.parameters():
            parameter[...] = 0.0
    images, labels = digits()
    found = viz.diagnose(model, F.cross_entropy(model(ag.tensor(images)), labels), lr=0.1, initial=True)
    assert not found, str(found)


def test_a_frozen_part_and_a_gradient_that_is_accumulated_twice_are_no_findings():
    ag.manual_seed(0)
    model = nn.models.MLP(64, [32], 10)
    model.layers[0].requires_grad_(False)
    images, labels = digits()

    def loss():
        return F.cross_entropy(model(ag.tensor(images)), labels)

    loss().backward()
    loss().backward()
    assert not viz.diagnose(model, loss, optimizer=optim.SGD(model.layers[2].parameters(), lr=0.1))


def moons(count: int = 32) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    angle = draw.uniform(0, np.pi, count)
    label = np.arange(count) % 2
    points = np.stack([np.cos(angle), np.sin(angle)], 1) * (1 - 2 * label[:, None]) + label[:, None] * [1.0, 0.5]
    return points + draw.normal(0, 0.1, points.shape), 2 * label - 1


def test_a_healthy_network_of_scalar_values_has_no_finding(monkeypatch):
    draw = np.random.default_rng(0)
    monkeypatch.setattr("random.uniform", lambda low, high: float(draw.uniform(low, high)))
    model = ScalarMLP(2, [6, 6, 1])
    points, labels = moons(16)

    def loss():
        scores = [model([float(a), float(b)]) for a, b in points]
        losses = [(1 + -int(y) * score).relu() for y, score in zip(labels, scores, strict=True)]
        return sum(losses[1:], losses[0]) * (1 / len(losses))

    for step in range(6):
        if step in (0, 5):
            found = viz.diagnose(model, loss, lr=0.1)
            assert not found, f"after {step} steps: {found}"
        model.zero_grad()
        loss().backward()
        for p in model.parameters():
            p.data -= 0.1 * p.grad


def test_dead_neurons_of_scalar_values_are_found(monkeypatch):
    draw = np.random.default_rng(0)
    monkeypatch.setattr("random.uniform", lambda low, high: float(draw.uniform(low, high)))
    model = ScalarMLP(2, [6, 1])
    for neuron in model.layers[0].neurons[1:]:
        neuron.b.data = -50.0
    points, labels = moons()
    scores = [model([float(a), float(b)]) for a, b in points]
    losses = [(score - int(y)) ** 2 for y, score in zip(labels, scores, strict=True)]
    found = viz.diagnose(model, sum(losses[1:], losses[0]))
    dead = found.of_kind("dead_units")[0]
    assert dead.where == "layers.0.neurons.*.w"
    assert dead.numbers == {"dead": 5, "units": 6}
    assert viz.why(model.layers[0].neurons[1].w[0], losses[0], names=model).kind == "closed_relu"
