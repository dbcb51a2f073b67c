"""The dropout modules, and the random functions that nn.functional passes on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from nn import functional as F

LAYERS = [
    ("Dropout", (40, 30), (40, 30)),
    ("Dropout1d", (40, 30, 4), (40, 30, 1)),
    ("Dropout2d", (40, 30, 2, 3), (40, 30, 1, 1)),
    ("Dropout3d", (40, 30, 2, 1, 3), (40, 30, 1, 1, 1)),
    ("AlphaDropout", (40, 30), (40, 30)),
    ("FeatureAlphaDropout", (40, 30, 4), (40, 30, 1)),
]


@pytest.mark.parametrize(("name", "shape", "mask"), LAYERS, ids=[name for name, *_ in LAYERS])
def test_dropout_modules(name: str, shape: tuple[int, ...], mask: tuple[int, ...], device: str) -> None:
    layer = getattr(nn, name)(0.25)
    x = ag.ones(shape, device=device, requires_grad=True)
    y = layer(x)
    values = y.detach().to("cpu").numpy()
    per_channel = values[tuple(slice(0, 1) if n == 1 else slice(None) for n in mask)]
    np.testing.assert_array_equal(values, np.broadcast_to(per_channel, shape))
    low, high = np.unique(values)  # two values: what is dropped, and what is kept
    assert abs((per_channel == low).mean() - 0.25) < 0.06  # 4.8 standard deviations
    y.sum().backward()
    slope = x.grad.to("cpu").numpy()
    assert (slope[values == low] == 0).all()
    assert len(np.unique(slope[values == high])) == 1
    assert layer.eval()(x) is x
    assert repr(layer) == f"{name}(p=0.25)"


@pytest.mark.parametrize("name", [name for name, *_ in LAYERS])
def test_dropout_modules_repeat_with_the_seed_and_check_p(name: str) -> None:
    shape = {n: s for n, s, _ in LAYERS}[name]

    def draw(seed: int) -> np.ndarray:
        ag.manual_seed(seed)
        return getattr(nn, name)()(ag.ones(shape)).numpy()

    np.testing.assert_array_equal(draw(3), draw(3))
    assert (draw(3) != draw(4)).any()
    with pytest.raises(nn.ArgumentError, match=rf"{name}: p must be a probability.*1\.5"):
        getattr(nn, name)(1.5)


@pytest.mark.parametrize("name", [name for name, *_ in LAYERS])
def test_what_is_kept_and_dropped_has_pytorchs_values(name: str, torch: Any) -> None:
    shape = {n: s for n, s, _ in LAYERS}[name]
    torch.manual_seed(0)
    ours = getattr(nn, name)(0.3)(ag.ones(shape, dtype="float64")).numpy()
    theirs = getattr(torch.nn, name)(0.3)(torch.ones(shape, dtype=torch.float64)).numpy()
    np.testing.assert_allclose(np.unique(ours), np.unique(theirs), rtol=1e-6)


def test_functions_take_the_names_of_pytorch(torch: Any) -> None:
    x = ag.ones(2, 3, 4)
    for f in (F.dropout1d, F.dropout2d, F.alpha_dropout, F.feature_alpha_dropout):
        assert f(input=x, p=0.5, training=False) is x
    assert F.dropout3d(input=x[None], p=0.5, training=True).shape == (1, 2, 3, 4)
    hard = F.gumbel_softmax(logits=x, tau=0.5, hard=True, dim=1)
    np.testing.assert_array_equal(hard.numpy().sum(1), 1)
    v = np.linspace(-2, 2, 9)
    wanted = torch.nn.functional.rrelu(torch.tensor(v), 0.1, 0.3).numpy()
    np.testing.assert_allclose(F.rrelu(input=ag.tensor(v), lower=0.1, upper=0.3, training=False).numpy(), wanted)


def test_each_example_of_a_vmap_drops_other_channels() -> None:
    layer = nn.Dropout1d()
    y = ag.vmap(layer)(ag.ones(4, 50, 3)).numpy()
    assert (y == y[:, :, :1]).all()
    assert len({row.tobytes() for row in y}) == 4
