"""Initialisation: moments and bounds of each distribution, structure of the special matrices, generators, errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd.errors import DtypeError, ShapeError
from nn import init

WIDE = (120, 40, 2, 2)  # fan_in 160, fan_out 480, 19,200 numbers


def filled(name: str, *args: Any, shape: tuple[int, ...] = WIDE, device: str = "cpu", **options: Any) -> np.ndarray:
    tensor = ag.zeros(shape, device=device)
    assert getattr(init, name)(tensor, *args, **options) is tensor
    return tensor.to("cpu").numpy()


UNIFORM = {
    "xavier_uniform_": ({"gain": 2.0}, 2 * math.sqrt(6 / 640)),
    "kaiming_uniform_": ({"a": 0.5, "mode": "fan_out"}, math.sqrt(6 / (1.25 * 480))),
    "uniform_": ({"a": -0.3, "b": 0.3}, 0.3),
}
NORMAL = {
    "xavier_normal_": ({"gain": 2.0}, 2 * math.sqrt(2 / 640)),
    "kaiming_normal_": ({"nonlinearity": "relu"}, math.sqrt(2 / 160)),
    "normal_": ({"std": 0.7}, 0.7),
}


@pytest.mark.parametrize("name", UNIFORM)
def test_uniform_within_its_bound(name: str, device: str) -> None:
    options, bound = UNIFORM[name]
    values = filled(name, device=device, **options)
    assert np.abs(values).max() <= bound * (1 + 1e-6)
    assert values.std() == pytest.approx(bound / math.sqrt(3), rel=0.02)
    assert abs(values.mean()) < 5 * bound / math.sqrt(3 * values.size)


@pytest.mark.parametrize("name", NORMAL)
def test_normal_with_its_deviation(name: str, device: str) -> None:
    options, std = NORMAL[name]
    values = filled(name, device=device, **options)
    assert values.std() == pytest.approx(std, rel=0.03)
    assert (np.abs(values) > 2 * std).mean() == pytest.approx(0.0455, abs=0.008)


def test_gains_and_bounds_are_pytorchs(torch: Any) -> None:
    for nonlinearity, param in [("relu", None), ("tanh", None), ("leaky_relu", 0.3), ("selu", None), ("conv2d", None)]:
        wanted = torch.nn.init.calculate_gain(nonlinearity, param)
        assert init.calculate_gain(nonlinearity, param) == pytest.approx(wanted)
    for name in ("xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_"):
        theirs = getattr(torch.nn.init, name)(torch.zeros(WIDE)).numpy()
        assert filled(name).std() == pytest.approx(theirs.std(), rel=0.05), name


def test_truncated_normal(device: str) -> None:
    values = filled("trunc_normal_", 1.0, 2.0, 0.0, 2.0, device=device)
    assert values.min() >= 0
    assert values.max() <= 2
    assert values.mean() == pytest.approx(1.0, abs=0.03)
    assert values.std() == pytest.approx(0.5654, rel=0.03)  # of a normal cut off at half a deviation on both sides


def test_constants(device: str) -> None:
    assert (filled("constant_", 3.0, device=device) == 3).all()
    assert (filled("ones_", device=device) == 1).all()
    tensor = ag.ones(3, device=device)
    assert init.zeros_(tensor).tolist() == [0, 0, 0]
    np.testing.assert_array_equal(filled("eye_", shape=(2, 3), device=device), np.eye(2, 3))


@pytest.mark.parametrize(("shape", "groups"), [((4, 2, 3), 2), ((2, 3, 3, 3), 1), ((3, 2, 2, 1, 3), 1)])
def test_dirac_is_pytorchs(torch: Any, shape: tuple[int, ...], groups: int) -> None:
    wanted = torch.nn.init.dirac_(torch.empty(shape), groups).numpy()
    np.testing.assert_array_equal(filled("dirac_", shape=shape, groups=groups), wanted)


def test_dirac_passes_images_on() -> None:
    layer = nn.Conv2d(2, 2, 3, padding=1, bias=False)
    init.dirac_(layer.weight)
    x = ag.randn(1, 2, 4, 4)
    np.testing.assert_array_equal(layer(x).detach().numpy(), x.numpy())


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 2, 3, 1)])
def test_orthogonal(shape: tuple[int, ...], device: str) -> None:
    q = filled("orthogonal_", 2.0, shape=shape, device=device).reshape(shape[0], -1)
    gram = q @ q.T if q.shape[0] <= q.shape[1] else q.T @ q
    np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-5)


def test_numbers_come_from_the_generator_that_is_given(device: str) -> None:
    for name in ("uniform_", "normal_", "trunc_normal_", "xavier_uniform_", "xavier_normal_", "kaiming_uniform_",
                 "kaiming_normal_", "orthogonal_"):  # fmt: skip
        first, second, third = (
            filled(name, shape=(6, 6), device=device, generator=ag.Generator(seed, device)) for seed in (5, 5, 6)
        )
        np.testing.assert_array_equal(first, second)
        assert (first != third).any(), name


def test_parameters_stay_leaves_and_keep_their_dtype() -> None:
    p = nn.Parameter(ag.zeros(2, 2, dtype="float64"))
    init.orthogonal_(p)
    assert p.is_leaf
    assert p.requires_grad
    assert p.dtype == np.float64


ERRORS: list[tuple[Any, type[Exception], str]] = [
    (lambda: init.kaiming_uniform_(ag.zeros(3)), ShapeError, r"kaiming_uniform_: needs a weight.*is \(3,\)"),
    (lambda: init.xavier_normal_(ag.zeros(())), ShapeError, r"xavier_normal_.*is \(\)"),
    (lambda: init.kaiming_normal_(ag.zeros(2, 2), mode="fan"), nn.ArgumentError, "kaiming_normal_: mode.*'fan'"),
    (lambda: init.calculate_gain("swish"), nn.ArgumentError, "unknown nonlinearity 'swish'. Known: .*relu"),
    (lambda: init.normal_(ag.zeros(2), std=-1), nn.ArgumentError, "normal_: std.*-1"),
    (lambda: init.uniform_(ag.zeros(2), 1, 0), nn.ArgumentError, "uniform_: wants a <= b, not a=1 and b=0"),
    (lambda: init.uniform_(ag.tensor([1])), DtypeError, "uniform_: fills a floating-point Tensor, not int64"),
    (lambda: init.normal_(np.zeros(2)), DtypeError, "normal_: fills a Tensor, not a ndarray"),
    (lambda: init.zeros_([0]), DtypeError, "zeros_: fills a Tensor, not a list"),
    (lambda: init.trunc_normal_(ag.zeros(2), a=8, b=9), nn.ArgumentError, r"trunc_normal_: \[8, 9\] holds"),
    (lambda: init.trunc_normal_(ag.zeros(2), std=0), nn.ArgumentError, "trunc_normal_: wants std > 0"),
    (lambda: init.eye_(ag.zeros(2)), ShapeError, r"eye_: needs a matrix, the tensor is \(2,\)"),
    (lambda: init.dirac_(ag.zeros(2, 2)), ShapeError, r"dirac_: needs a weight.*is \(2, 2\)"),
    (lambda: init.dirac_(ag.zeros(3, 2, 1), 2), nn.ArgumentError, "dirac_: groups=2 must divide the 3"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS, ids=range(len(ERRORS)))
def test_errors_name_the_function(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
