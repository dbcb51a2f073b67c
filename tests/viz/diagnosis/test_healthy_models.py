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
    images, labels = digits(512)
    draw = np.random.default_rng(0)
    for step in range(26):
        rows = draw.integers(0, len(images), 32)

        def loss(rows=rows):
            return F.cross_entropy(model(ag.tensor(images[rows])), labels[rows])

        if step in (0, 1, 25):
            found = viz.diagnose(model, loss if step else loss(), optimizer=rule, initial=step == 0)
            assert not found, f"after {step} steps: {found}"
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


# --------------------------------------------------------------------------------------- losses of every kind


def scores_of_squares(model, rows, images, labels):
    scores = model(ag.tensor(images[rows]))
    wrong = 1 - np.eye(10, dtype=np.float32)[labels[rows]]
    return (ag.relu(scores - scores[np.arange(len(rows)), labels[rows]][:, None] + 1.0) * wrong).sum(1).mean()


def ranking(model, rows, images, labels):
    """Every score against every score."""
    scores = model(ag.tensor(images[rows]))[:, :1]
    order = np.sign(labels[rows][:, None] - labels[rows][None]).astype(np.float32)
    return F.softplus(-(scores - scores.squeeze(-1)) * order).mean()


def a_branch_not_taken_that_is_nan(model, rows, images, labels):
    y = model(ag.tensor(images[rows]))
    return (y * y).mean() - ag.where(y > 0, ag.log(y), 0.0 * y).mean()


def similarities(model, rows, images, labels):
    a = model(ag.tensor(images[rows]))
    b = model(ag.tensor(images[rows] * np.float32(0.9)))
    scores = a @ b.mT
    return -(ag.log_softmax(scores, 0) + ag.log_softmax(scores, 1))[np.arange(len(rows)), np.arange(len(rows))].mean()


@pytest.mark.parametrize("compute", [scores_of_squares, ranking, a_branch_not_taken_that_is_nan, similarities])
def test_no_loss_is_taken_for_a_mistake(compute):
    ag.manual_seed(0)
    model = nn.models.MLP(64, [32], 10)
    images, labels = digits(32)
    rule = optim.Adam(model.parameters(), lr=1e-2)
    rows = np.arange(32)
    for step in range(81):
        if step in (0, 80):
            with np.errstate(invalid="ignore"):
                found = viz.diagnose(model, lambda: compute(model, rows, images, labels), optimizer=rule)
            assert not found, f"after {step} steps: {found}"
        rule.zero_grad()
        with np.errstate(invalid="ignore"):
            compute(model, rows, images, labels).backward()
        rule.step()


def test_a_hinge_that_is_satisfied_is_none():
    ag.manual_seed(0)
    model = nn.models.MLP(64, [64], 10)
    images, labels = digits(24)
    rule = optim.Adam(model.parameters(), lr=1e-2)
    rows = np.arange(24)
    while (loss := scores_of_squares(model, rows, images, labels)).item():
        rule.zero_grad()
        loss.backward()
        rule.step()
    assert not viz.diagnose(model, lambda: scores_of_squares(model, rows, images, labels), optimizer=rule)
    assert viz.why(model.layers[0].weight, loss).kind == "closed_relu"  # which is no less true


@pytest.mark.parametrize("optimizer", [lambda p: optim.SGD(p, lr=0.5), lambda p: optim.Adam(p, lr=0.05)])
def test_a_regression_that_fits_to_the_last_digit_is_none(optimizer):
    draw = np.random.default_rng(0)
    x = draw.normal(size=(100, 5)).astype(np.float32)
    y = x @ draw.normal(size=(5, 3)).astype(np.float32)
    model = nn.Linear(5, 3)
    rule = optimizer(model.parameters())
    for step in range(401):
        loss = F.mse_loss(model(ag.tensor(x)), y)
        if step in (0, 400):
            found = viz.diagnose(model, loss, optimizer=rule)
            assert not found, f"after {step} steps: {found}"
        rule.zero_grad()
        loss.backward()
        rule.step()


def test_a_single_surprise_and_the_batch_before_it_are_none():
    """One example that the model gets wrong costs much, and its gradient is many times that of one it gets right."""
    ag.manual_seed(0)
    model = nn.models.MLP(64, [32], 10)
    images, labels = digits(64)
    rule = optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(60):
        rule.zero_grad()
        F.cross_entropy(model(ag.tensor(images)), labels).backward()
        rule.step()

    def loss(shift):
        return F.cross_entropy(model(ag.tensor(images[:1])), (labels[:1] + shift) % 10)

    rule.zero_grad()
    assert loss(1).item() > 2 * np.log(10)
    assert not viz.diagnose(model, lambda: loss(1))
    loss(1).backward()
    assert not viz.diagnose(model, lambda: loss(0))


def test_few_labels_of_a_common_class_are_none():
    model = nn.models.MLP(64, [16], 2)
    images, _ = digits(256)
    few, many = (
        viz.diagnose(model, F.cross_entropy(model(ag.tensor(images[:n])), np.zeros(n, np.int64))) for n in (32, 256)
    )
    assert not few
    assert many.kinds == {"constant_labels"}


def test_causal_attention_over_two_tokens_is_none():
    """The first token sees itself alone, so that its softmax is 1."""
    ag.manual_seed(0)
    layers = nn.ModuleList([nn.Linear(32, 16) for _ in range(3)] + [nn.Linear(16, 10)])
    images, labels = digits(32)
    tokens = ag.tensor(images.reshape(-1, 2, 32))

    def loss(scale=1.0):
        q, k, v = (layer(tokens) for layer in list(layers)[:3])
        return F.cross_entropy(
            layers[3](ag.scaled_dot_product_attention(q * scale, k, v, is_causal=True).mean(1)), labels
        )

    assert not viz.diagnose(layers, loss)
    assert "saturated_units" in viz.diagnose(layers, lambda: loss(3e3)).kinds


def test_a_low_rank_branch_that_starts_at_zero_is_a_note_once():
    draw = np.random.default_rng(0)
    base = nn.Linear(64, 10).requires_grad_(False)
    down = nn.Parameter(ag.tensor(draw.normal(0, 0.1, (64, 4)).astype(np.float32)))
    up = nn.Parameter(ag.zeros((4, 10)))
    images, labels = digits(32)
    x = ag.tensor(images.reshape(32, -1))
    rule = optim.Adam([down, up], lr=1e-3)
    for step in range(3):
        loss = F.cross_entropy(base(x) + x @ down @ up, labels)
        found = viz.diagnose({"down": down, "up": up}, loss, optimizer=rule)
        assert [f.severity for f in found] == ["note"] * (step == 0), f"after {step} steps: {found}"
        rule.zero_grad()
        loss.backward()
        rule.step()


def moons(count: int = 32) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    angle = draw.uniform(0, np.pi, count)
    label = np.arange(count) % 2
    points = np.stack([np.cos(angle), np.sin(angle)], 1) * (1 - 2 * label[:, None]) + label[:, None] * [1.0, 0.5]
    return points + draw.normal(0, 0.1, points.shape), 2 * label - 1


def test_a_healthy_network_of_scalar_values_has_no_finding(monkeypatch):
    draw = np.random.default_rng(0)
    monkeypatch.setattr("random.uniform", lambda low, high: float(draw.uniform(low, high)))
    model = ScalarMLP(2, [4, 4, 1])
    points, labels = moons(16)

    def loss():
        scores = [model([float(a), float(b)]) for a, b in points]
        losses = [(1 + -int(y) * score).relu() for y, score in zip(labels, scores, strict=True)]
        return sum(losses[1:], losses[0]) * (1 / len(losses))

    for step in range(4):
        if step in (0, 3):
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
    points, labels = moons(16)
    scores = [model([float(a), float(b)]) for a, b in points]
    losses = [(score - int(y)) ** 2 for y, score in zip(labels, scores, strict=True)]
    found = viz.diagnose(model, sum(losses[1:], losses[0]))
    dead = found.of_kind("dead_units")[0]
    assert dead.where == "layers.0.neurons.*.w"
    assert dead.numbers == {"dead": 5, "units": 6}
    assert viz.why(model.layers[0].neurons[1].w[0], losses[0], names=model).kind == "closed_relu"
