"""Layers, activations and losses against PyTorch under drawn shapes, and against NumPy where PyTorch is missing."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
import nn
from autograd.errors import DtypeError, RangeError, ShapeError
from nn import functional as F

FEW = settings(max_examples=25)


def normal(*shape: int, scale: float = 1.0) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape, scale=scale)


# ------------------------------------------------------------------------------------------------- against PyTorch


@FEW
@given(st.lists(st.integers(0, 3), max_size=3), st.integers(1, 4), st.integers(1, 4), st.booleans())
def test_linear(torch: Any, compare: Any, batch: list[int], inputs: int, outputs: int, bias: bool) -> None:
    compare(nn.Linear(inputs, outputs, bias), torch.nn.Linear(inputs, outputs, bias), normal(*batch, inputs))


@st.composite
def convolutions(draw: Any) -> tuple[dict[str, Any], tuple[int, ...]]:
    groups = draw(st.integers(1, 2))
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    dilation = draw(st.integers(1, 2))
    same = draw(st.booleans())
    stride = 1 if same else draw(st.integers(1, 2))
    padding = "same" if same else draw(st.one_of(st.integers(0, 2), st.tuples(st.integers(0, 2), st.integers(0, 2))))
    options = {
        "in_channels": groups * draw(st.integers(1, 2)), "out_channels": groups * draw(st.integers(1, 2)),
        "kernel_size": kernel, "stride": stride, "padding": padding, "dilation": dilation, "groups": groups,
        "bias": draw(st.booleans()),
    }  # fmt: skip
    size = [2 * k + draw(st.integers(1, 3)) for k in kernel]
    return options, (draw(st.integers(1, 2)), options["in_channels"], *size)


@pytest.mark.filterwarnings("ignore:Using padding='same'")  # PyTorch copies for even kernels
@FEW
@given(convolutions())
def test_conv2d(torch: Any, compare: Any, drawn: tuple[dict[str, Any], tuple[int, ...]]) -> None:
    options, shape = drawn
    compare(nn.Conv2d(**options), torch.nn.Conv2d(**options), normal(*shape))


@FEW
@given(
    st.integers(1, 3), st.none() | st.integers(1, 3), st.integers(0, 1), st.integers(3, 6), st.integers(3, 6),
    st.sampled_from(["MaxPool2d", "AvgPool2d"]),
)  # fmt: skip
def test_pooling(torch: Any, compare: Any, kernel: int, stride: Any, padding: int, h: int, w: int, name: str) -> None:
    padding = min(padding, kernel // 2)
    compare(
        getattr(nn, name)(kernel, stride, padding), getattr(torch.nn, name)(kernel, stride, padding), normal(2, 2, h, w)
    )


ACTIVATIONS: list[tuple[str, dict[str, Any]]] = [
    ("ReLU", {}), ("LeakyReLU", {"negative_slope": 0.2}), ("Sigmoid", {}), ("Tanh", {}), ("SiLU", {}), ("GELU", {}),
    ("GELU", {"approximate": "tanh"}), ("Softplus", {}), ("Softplus", {"beta": 3.0, "threshold": 2.0}),
    ("Softmax", {"dim": 0}), ("Softmax", {"dim": -1}), ("LogSoftmax", {"dim": 1}), ("Identity", {}), ("Flatten", {}),
    ("Flatten", {"start_dim": 0, "end_dim": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), ACTIVATIONS, ids=[f"{n}-{i}" for i, (n, _) in enumerate(ACTIVATIONS)])
def test_layers_without_parameters(torch: Any, compare: Any, name: str, options: dict[str, Any]) -> None:
    x = normal(3, 2, 4, scale=3)
    x[0, 0, 0] = 0.0  # the kink of relu
    compare(getattr(nn, name)(**options), getattr(torch.nn, name)(**options), x)


@st.composite
def classifications(draw: Any) -> tuple[np.ndarray, np.ndarray, Any, dict[str, Any]]:
    """Logits, targets, class weights and options of a cross-entropy."""
    classes = draw(st.integers(1, 4))
    n, rest = draw(st.integers(1, 3)), draw(st.sampled_from([(), (2,), (2, 3)]))
    options: dict[str, Any] = {"reduction": draw(st.sampled_from(["mean", "sum", "none"]))}
    options["label_smoothing"] = draw(st.sampled_from([0.0, 0.1]))
    weight = np.linspace(0.5, 2, classes) if draw(st.booleans()) else None
    logits = normal(n, classes, *rest, scale=2)
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    if draw(st.booleans()):
        target = rng.dirichlet(np.ones(classes), size=(n, *rest))
        return logits, np.moveaxis(target, -1, 1).copy(), weight, options
    target = rng.integers(0, classes, (n, *rest))
    if draw(st.booleans()) and target.size > 1:
        options["ignore_index"] = int(target.flat[0])
        target.flat[-1] = (target.flat[0] + 1) % classes  # something is left to count, unless there is one class only
    return logits, target, weight, options


@settings(max_examples=60)
@given(classifications())
def test_cross_entropy_loss(torch: Any, compare: Any, drawn: Any) -> None:
    logits, target, weight, options = drawn
    ours = nn.CrossEntropyLoss(None if weight is None else ag.tensor(weight), **options)
    compare(
        ours, torch.nn.CrossEntropyLoss(None if weight is None else torch.tensor(weight), **options), logits, target
    )


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weighted", [False, True])
def test_nll_loss(torch: Any, compare: Any, reduction: str, weighted: bool) -> None:
    weight = np.array([0.5, 1.0, 2.0])
    options: dict[str, Any] = {"reduction": reduction, "ignore_index": 1}
    ours = nn.NLLLoss(ag.tensor(weight) if weighted else None, **options)
    theirs = torch.nn.NLLLoss(torch.tensor(weight) if weighted else None, **options)
    compare(ours, theirs, normal(4, 3), np.array([0, 1, 2, 2]))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_mse_loss(torch: Any, compare: Any, reduction: str) -> None:
    compare(nn.MSELoss(reduction=reduction), torch.nn.MSELoss(reduction=reduction), normal(3, 2), normal(3, 2) ** 2)


@FEW
@given(st.lists(st.integers(0, 4), min_size=1, max_size=5), st.sampled_from([-1, 5, 7]))
def test_one_hot(torch: Any, labels: list[int], classes: int) -> None:
    wanted = torch.nn.functional.one_hot(torch.tensor(labels), classes).numpy()
    ours = F.one_hot(ag.tensor(labels), classes)
    assert ours.dtype == np.int64
    np.testing.assert_array_equal(ours.numpy(), wanted)


# --------------------------------------------------------------------------------------------------- without PyTorch


def test_linear_is_the_affine_map(device: str) -> None:
    layer = nn.Linear(3, 2, dtype="float64", device=device)
    x = normal(4, 3)
    w, b = (p.detach().to("cpu").numpy() for p in (layer.weight, layer.bias))
    np.testing.assert_allclose(layer(ag.tensor(x, device=device)).detach().to("cpu").numpy(), x @ w.T + b)


def test_conv2d_sums_over_windows(device: str) -> None:
    layer = nn.Conv2d(2, 3, (2, 3), stride=2, padding=1, dtype="float64", device=device)
    x = normal(1, 2, 5, 6)
    w, b = (p.detach().to("cpu").numpy() for p in (layer.weight, layer.bias))
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    wanted = np.empty((1, 3, 3, 3))
    for o, i, j in np.ndindex(3, 3, 3):
        wanted[0, o, i, j] = (padded[0, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 3] * w[o]).sum() + b[o]
    np.testing.assert_allclose(layer(ag.tensor(x, device=device)).detach().to("cpu").numpy(), wanted)


def test_softplus_is_linear_above_the_threshold() -> None:
    x = ag.tensor([1.0, 21.0], dtype="float64", requires_grad=True)
    y = F.softplus(x)
    y.sum().backward()
    np.testing.assert_allclose(y.detach().numpy(), [math.log1p(math.e), 21.0], rtol=1e-15)
    np.testing.assert_allclose(x.grad.numpy(), [1 / (1 + math.exp(-1)), 1.0], rtol=1e-15)


def test_dropout_keeps_the_mean_and_scales_what_stays(device: str) -> None:
    layer = nn.Dropout(0.25)
    x = ag.ones(100, 100, device=device, requires_grad=True)
    y = layer(x)
    kept = y.detach().to("cpu").numpy()
    assert set(np.unique(kept)) == {np.float32(0), np.float32(1 / 0.75)}
    assert abs((kept == 0).mean() - 0.25) < 0.02  # 4.6 standard deviations
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.to("cpu").numpy(), kept)
    assert layer.eval()(x) is x
    assert not nn.Dropout(1.0)(x).detach().to("cpu").numpy().any()


def test_dropout_repeats_with_the_seed(device: str) -> None:
    def draw(seed: int) -> np.ndarray:
        ag.manual_seed(seed)
        return nn.Dropout()(ag.ones(50, device=device)).to("cpu").numpy()

    np.testing.assert_array_equal(draw(3), draw(3))
    assert (draw(3) != draw(4)).any()


def test_standardize_keeps_raw_pixels_outside(device: str) -> None:
    layer = nn.Standardize([0.5, 1.0], [0.5, 2.0]).to(device)
    assert layer(ag.ones(1, 2, 1, 1, device=device)).tolist() == [[[[1.0]], [[0.0]]]]
    assert list(layer.state_dict()) == ["mean", "std"]
    assert nn.Standardize(1.0, 2.0)(ag.full((2,), 3.0)).tolist() == [1.0, 1.0]
    with pytest.raises(nn.ArgumentError, match="std must be above 0"):
        nn.Standardize(0.0, 0.0)


def test_functional_takes_the_names_of_pytorch() -> None:
    x, w, b = ag.ones(1, 2), ag.ones(3, 2), ag.zeros(3)
    image, kernel = ag.ones(1, 1, 3, 3), ag.ones(1, 1, 2, 2)
    assert F.linear(input=x, weight=w, bias=b).shape == (1, 3)
    assert F.conv2d(input=image, weight=kernel, stride=1, padding="same", dilation=1, groups=1).shape == (1, 1, 3, 3)
    assert F.max_pool2d(input=image, kernel_size=2, stride=1, padding=0).shape == (1, 1, 2, 2)
    assert F.avg_pool2d(input=image, kernel_size=2).shape == (1, 1, 1, 1)
    assert F.softmax(input=x, dim=1).sum().item() == 1
    assert F.log_softmax(input=x, dim=-1).shape == (1, 2)
    assert F.flatten(input=image, start_dim=1).shape == (1, 9)
    assert F.leaky_relu(input=-x, negative_slope=0.5).tolist() == [[-0.5, -0.5]]
    assert F.dropout(input=x, p=0.5, training=False) is x
    assert F.cross_entropy(input=x, target=ag.tensor([1]), reduction="sum").item() == pytest.approx(math.log(2))
    for activation in (F.relu, F.sigmoid, F.tanh, F.gelu, F.silu, F.softplus):
        assert activation(input=x).shape == (1, 2)


@pytest.mark.parametrize(
    "make", [lambda: nn.Linear(50, 200), lambda: nn.Conv2d(4, 50, 5, groups=2)], ids=["linear", "conv"]
)
def test_default_initial_values_are_pytorchs(make: Callable[[], Any]) -> None:
    layer = make()  # here, after the seed is set, and not when tests are collected
    bound = 1 / math.sqrt(50)
    for p in (layer.weight, layer.bias):
        values = p.detach().numpy()
        assert np.abs(values).max() <= bound * (1 + 1e-6)
        assert np.abs(values).max() > 0.9 * bound
        assert abs(values.std() / (bound / math.sqrt(3)) - 1) < 0.2


# ------------------------------------------------------------------------------------------------------------ errors

ERRORS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: nn.Linear(3, 2)(ag.ones(4, 5)), ShapeError, r"linear: x is \(4, 5\) and weight is \(2, 3\)"),
    (lambda: nn.Linear(3, 2)(ag.ones(4, 3, dtype="float64")), DtypeError, r"input is float64 \(4, 3\).*float32"),
    (lambda: nn.Linear(3, 2)(ag.tensor([[1, 2, 3]])), DtypeError, r"int64.*\n.*astype\('float32'\)"),
    (lambda: nn.Linear(3, 2)([1.0, 2.0, 3.0]), DtypeError, "input is a list, not a Tensor.*ag.tensor"),
    (lambda: nn.Linear(-1, 2), nn.ArgumentError, "Linear: in_features.*-1"),
    (lambda: nn.Linear(2, 1.5), nn.ArgumentError, r"Linear: out_features.*1\.5"),
    (
        lambda: nn.Conv2d(1, 2, 3)(ag.ones(5, 5)),
        ShapeError,
        r"conv2d: x must be \(N, C, H, W\) or, for one image, \(C, H, W\), not \(5, 5\)",
    ),
    (lambda: nn.Conv2d(3, 2, 3)(ag.ones(1, 1, 5, 5)), ShapeError, "1 channels.*takes 3"),
    (lambda: nn.Conv2d(1, 2, 3)(ag.ones(1, 1, 2, 2)), ShapeError, r"kernel of \(3, 3\).*does not fit into the 2x2"),
    (lambda: nn.Conv2d(1, 2, 3)(ag.ones(1, 1, 5, 5).astype("uint8")), DtypeError, "conv2d: the input is uint8"),
    (lambda: nn.Conv2d(3, 4, 3, groups=2), nn.ArgumentError, "groups=2 must divide in_channels=3"),
    (lambda: nn.Conv2d(0, 4, 3), nn.ArgumentError, "Conv2d: in_channels.*0"),
    (lambda: nn.Conv2d(1, 4, 0), ShapeError, "Conv2d: kernel_size"),
    (lambda: nn.Conv2d(1, 4, 3, stride=2, padding="same"), nn.ArgumentError, '"same" needs stride 1, not 2'),
    (lambda: F.conv2d(ag.ones(1, 1, 3, 3), ag.ones(1, 1, 2, 2), stride=2, padding="same"), ShapeError, "stride 1"),
    (lambda: nn.MaxPool2d(0), ShapeError, "MaxPool2d: kernel_size"),
    (lambda: nn.AvgPool2d(2, stride="a"), ShapeError, "AvgPool2d: stride"),
    (lambda: nn.MaxPool2d(4)(ag.ones(1, 1, 3, 3)), ShapeError, "max_pool2d.*3x3"),
    (lambda: nn.Dropout(1.5), nn.ArgumentError, r"Dropout: p must be a probability.*1\.5"),
    (lambda: nn.GELU("fast")(ag.ones(2)), DtypeError, "gelu.*fast"),
    (lambda: nn.MSELoss(reduction="avg"), nn.ArgumentError, "MSELoss: reduction.*'avg'"),
    (lambda: nn.MSELoss()(ag.ones(3, 1), ag.ones(3)), ShapeError, r"\(3, 1\).*\(3,\)"),
    (lambda: nn.CrossEntropyLoss(label_smoothing=2), nn.ArgumentError, "label_smoothing.*2"),
    (lambda: nn.CrossEntropyLoss()(ag.ones(2, 3), ag.tensor([0, 3])), RangeError, r"target\[1\] is 3"),
    (lambda: nn.CrossEntropyLoss(ag.ones(2))(ag.ones(2, 3), ag.tensor([0, 1])), ShapeError, r"weight is \(2,\)"),
    (lambda: F.one_hot(ag.tensor([0, 4]), 3), RangeError, "labels run from 0 to 4; num_classes=3"),
    (lambda: F.one_hot(ag.tensor([0.5])), DtypeError, "one_hot: labels are integers, not float32"),
    (lambda: nn.Softmax(dim=2)(ag.ones(2, 2)), ShapeError, "softmax.*2"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS, ids=range(len(ERRORS)))
def test_errors_name_what_is_wrong(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"(?s){message}"):
        call()


def test_an_error_inside_a_model_names_the_layers_around_it() -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.Sequential(nn.ReLU(), nn.Linear(5, 2)))
    with pytest.raises(ShapeError) as caught:
        model(ag.ones(1, 4))
    assert caught.value.__notes__ == ["  in Linear(5, 2)", "  in Sequential()", "  in Sequential()"]
