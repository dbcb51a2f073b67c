"""PyTorch as the oracle of modules: state-dict keys, outputs, and gradients of inputs and parameters."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
import nn
from autograd.errors import GlassgradError, RangeError, ShapeError


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch is the oracle of this test")


def agree(ours, theirs, shape, lib, seed=0):
    """Copy the weights over; outputs, input gradients and parameter gradients are equal in float64."""
    theirs = theirs.double()
    ours.to("float64")
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict({k: v.detach().numpy() for k, v in theirs.state_dict().items()})
    x = np.random.default_rng(seed).normal(size=shape)
    a, b = ag.tensor(x, requires_grad=True), lib.tensor(x, requires_grad=True)
    y, t = ours(a), theirs(b)
    np.testing.assert_allclose(y.detach().array, t.detach().numpy(), rtol=1e-9, atol=1e-11)
    (y * y).sum().backward()
    (t * t).sum().backward()
    np.testing.assert_allclose(a.grad.array, b.grad.numpy(), rtol=1e-8, atol=1e-10)
    for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.grad.array, q.grad.numpy(), rtol=1e-8, atol=1e-10, err_msg=name)


@settings(max_examples=15)
@given(
    lead=st.lists(st.integers(1, 3), max_size=3),
    sizes=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    bias=st.booleans(),
)
def test_linear(lead, sizes, bias):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle of this test")
    agree(nn.Linear(*sizes, bias=bias), torch.nn.Linear(*sizes, bias=bias), (*lead, sizes[0]), torch)


@settings(max_examples=20)
@given(
    kernel=st.integers(1, 3), stride=st.integers(1, 2), padding=st.integers(0, 2), dilation=st.integers(1, 2),
    groups=st.sampled_from([1, 2]), bias=st.booleans(),
)  # fmt: skip
def test_conv2d(kernel, stride, padding, dilation, groups, bias):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle of this test")
    arguments = (2, 4, kernel, stride, padding, dilation, groups, bias)
    agree(nn.Conv2d(*arguments), torch.nn.Conv2d(*arguments), (2, 2, 6, 7), torch)


@pytest.mark.parametrize(
    ("name", "arguments", "shape"),
    [
        ("ReLU", (), (3, 4)), ("LeakyReLU", (0.2,), (3, 4)), ("Sigmoid", (), (3, 4)), ("Tanh", (), (3, 4)),
        ("SiLU", (), (3, 4)),
        ("GELU", (), (3, 4)), ("GELU", ("tanh",), (3, 4)), ("Softplus", (2.0, 1.0), (3, 4)), ("Softmax", (0,), (3, 4)),
        ("LogSoftmax", (-1,), (3, 4)), ("Identity", (), (3,)), ("Flatten", (), (2, 3, 4)),
        ("Flatten", (0, 1), (2, 3, 4)),
        ("MaxPool2d", (2,), (1, 2, 5, 6)), ("MaxPool2d", (3, 2, 1), (1, 2, 5, 6)),
        ("AvgPool2d", (2, 1, 1), (1, 2, 5, 6)),
    ],
)  # fmt: skip
def test_modules_without_parameters(name, arguments, shape, torch):
    agree(getattr(nn, name)(*arguments), getattr(torch.nn, name)(*arguments), shape, torch)


def test_lenet_and_an_mlp(torch):
    class LeNet(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.conv2 = torch.nn.Conv2d(1, 6, 5, padding=2), torch.nn.Conv2d(6, 16, 5)
            self.fc1, self.fc2, self.fc3 = torch.nn.Linear(400, 120), torch.nn.Linear(120, 84), torch.nn.Linear(84, 10)

        def forward(self, x):
            pool = torch.nn.functional.max_pool2d
            x = pool(torch.relu(self.conv1(x)), 2)
            x = pool(torch.relu(self.conv2(x)), 2).flatten(1)
            return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x)))))

    agree(nn.models.LeNet5(), LeNet(), (2, 1, 28, 28), torch)
    layers = [torch.nn.Linear(6, 5), torch.nn.ReLU(), torch.nn.Linear(5, 3)]
    agree(nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3)), torch.nn.Sequential(*layers), (4, 6), torch)


def test_initial_weights_have_pytorchs_bounds():
    for layer, fan_in in ((nn.Linear(50, 400), 50), (nn.Conv2d(5, 200, 3), 45)):
        bound = 1 / math.sqrt(fan_in)
        for p in layer.parameters():
            assert np.abs(p.array).max() <= bound
            assert np.abs(p.array).max() > 0.9 * bound
        assert layer.weight.array.std() == pytest.approx(bound / math.sqrt(3), rel=0.05)
    w = ag.empty(300, 200)
    nn.init.xavier_uniform_(w)
    assert w.array.std() == pytest.approx(math.sqrt(2 / 500), rel=0.05)
    nn.init.kaiming_normal_(w, nonlinearity="relu")
    assert w.array.std() == pytest.approx(math.sqrt(2 / 200), rel=0.05)
    nn.init.orthogonal_(w)
    np.testing.assert_allclose(w.array.T @ w.array, np.eye(200), atol=1e-5)
    first = nn.init.normal_(ag.empty(3), generator=ag.Generator(5)).tolist()
    assert nn.init.normal_(ag.empty(3), generator=ag.Generator(5)).tolist() == first


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 3, bias=False)
        self.second = nn.Linear(3, 3)
        self.second.weight = self.first.weight
        self.register_buffer("steps", ag.tensor(0))
        self.register_buffer("scratch", ag.zeros(2), persistent=False)

    def forward(self, x):
        return self.second(self.first(x))


def test_a_module_knows_its_parts():
    model = Tied()
    assert [name for name, _ in model.named_parameters()] == ["first.weight", "second.bias"]
    assert list(model.state_dict()) == ["steps", "first.weight", "second.weight", "second.bias"]
    assert [name for name, _ in model.named_buffers()] == ["steps", "scratch"]
    assert [type(m).__name__ for m in model.modules()] == ["Tied", "Linear", "Linear"]
    assert "12 parameters in total" in repr(model)
    model.eval()
    assert not model.second.training
    model.to("float64")
    assert model.first.weight.dtype == np.float64
    assert model.steps.dtype == np.int64
    model(ag.ones(1, 3, dtype="float64")).sum().backward()
    assert model.first.weight.grad is not None
    model.zero_grad()
    assert model.first.weight.grad is None
    for twin in (copy.deepcopy(model), copy.deepcopy(copy.deepcopy(model))):
        assert twin.first.weight is twin.second.weight
        assert twin.first.weight is not model.first.weight
        np.testing.assert_array_equal(twin.first.weight.array, model.first.weight.array)
    model.requires_grad_(False)
    assert not model(ag.ones(1, 3, dtype="float64")).requires_grad


def test_loading_copies_in_place_or_not_at_all():
    model = nn.Linear(2, 3)
    weight = model.weight
    state = {"weight": np.ones((3, 2)), "bias": np.zeros(3)}
    model.load_state_dict(state)
    assert model.weight is weight
    assert weight.tolist() == [[1.0, 1.0]] * 3
    with pytest.raises(nn.StateDictError, match=r"(?s)missing.*bias.*unexpected.*extra.*weight: \(2, 2\)"):
        model.load_state_dict({"weight": np.zeros((2, 2)), "extra": np.ones(1)})
    assert weight.tolist() == [[1.0, 1.0]] * 3
    missing, unexpected = model.load_state_dict({"bias": np.ones(3), "extra": np.ones(1)}, strict=False)
    assert (list(missing), list(unexpected)) == (["weight"], ["extra"])
    assert model.bias.tolist() == [1.0] * 3


def test_hooks_see_and_change_what_goes_through():
    layer = nn.Identity()
    before = layer.register_forward_pre_hook(lambda module, args: (args[0] + 1,))
    after = layer.register_forward_hook(lambda module, args, out: out * 10)
    assert layer(ag.tensor(1.0)).item() == 20.0
    before.remove()
    after.remove()
    assert layer(ag.tensor(1.0)).item() == 1.0


def test_containers():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    model.append(nn.Linear(2, 1))
    assert len(model) == 3
    assert isinstance(model[-1], nn.Linear)
    assert len(model[:2]) == 2
    assert list(model.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    items = nn.ModuleList([nn.Linear(1, 1) for _ in range(3)])
    assert sum(p.size for p in items.parameters()) == 6


def test_standardize_keeps_raw_pixels_outside():
    layer = nn.Standardize([0.5, 1.0], [0.5, 2.0])
    assert layer(ag.ones(1, 2, 1, 1)).tolist() == [[[[1.0]], [[0.0]]]]
    assert list(layer.state_dict()) == ["mean", "std"]
    assert nn.Standardize(1.0, 2.0)(ag.full((2,), 3.0)).tolist() == [1.0, 1.0]
    with pytest.raises(ShapeError, match="std must be above 0"):
        nn.Standardize(0.0, 0.0)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: nn.Linear(3, 2)(ag.ones(2, 4)), ShapeError, "linear: x is"),
        (lambda: nn.Conv2d(3, 2, 3)(ag.ones(1, 1, 5, 5)), ShapeError, "channels"),
        (lambda: nn.Conv2d(3, 2, 3, groups=2), GlassgradError, "groups"),
        (lambda: nn.Dropout(2.0), GlassgradError, "probability|p must"),
        (lambda: nn.Sequential(nn.ReLU), (TypeError, GlassgradError), r"ReLU\(\)|instance"),
        (lambda: nn.models.LeNet5()(ag.ones(1, 1, 8, 8)), ShapeError, r"LeNet5: the input is \(1, 1, 8, 8\)"),
        (lambda: nn.models.LeNet5(input_size=4), GlassgradError, "too small"),
        (lambda: nn.CrossEntropyLoss()(ag.ones(1, 2), ag.tensor([5])), RangeError, "target"),
        (lambda: setattr(nn.Linear(1, 1), "weight", ag.ones(1, 1)), TypeError, "Parameter"),
        (lambda: nn.functional.one_hot(ag.tensor([3]), 2), RangeError, "one_hot"),
        (lambda: nn.init.xavier_normal_(ag.ones(3)), GlassgradError, "xavier_normal_"),
    ],
)  # fmt: skip
def test_errors_name_what_is_wrong(call, error, match):
    with pytest.raises(error, match=match):
        call()
