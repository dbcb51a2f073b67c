"""The dropout family, gumbel_softmax and rrelu: what they draw, and their gradients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import autograd as ag
from tests.autograd.distributions import host, stats


@pytest.mark.parametrize(
    ("function", "shape", "mask"),
    [
        (ag.dropout1d, (400, 5, 3), (400, 5, 1)), (ag.dropout1d, (2000, 3), (2000, 1)),
        (ag.dropout2d, (400, 5, 2, 3), (400, 5, 1, 1)), (ag.dropout2d, (400, 5, 3), (400, 5, 1)),
        (ag.dropout3d, (400, 5, 2, 1, 2), (400, 5, 1, 1, 1)), (ag.dropout3d, (2000, 2, 1, 2), (2000, 1, 1, 1)),
    ],
)  # fmt: skip
def test_channels_are_dropped_whole(function: Any, shape: Any, mask: Any, device: str) -> None:
    x = ag.ones(shape, device=device).requires_grad_()
    y = function(x, 0.25)
    (g,) = ag.gradients(y.sum(), [x])
    kept = host(y.detach())
    np.testing.assert_array_equal(host(g), kept)
    first = kept[tuple(slice(None) if n == m else slice(0, 1) for n, m in zip(shape, mask, strict=True))]
    np.testing.assert_array_equal(kept, np.broadcast_to(first, shape))
    assert abs((first == 0).mean() - 0.25) < 4.5 * math.sqrt(0.25 * 0.75 / first.size)
    assert set(np.unique(first)) == {np.float32(0), np.float32(1 / 0.75)}
    assert function(x, 0.25, training=False) is x
    assert not host(function(x, 1.0).detach()).any()


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_alpha_dropout_keeps_mean_and_variance(p: float) -> None:
    x = ag.normal(400, 500, dtype="float64")
    for y in (ag.alpha_dropout(x, p, True), ag.feature_alpha_dropout(x[:, :, None], p, True)):
        assert abs(host(y).mean()) < 0.02
        assert abs(host(y).var() - 1) < 0.02
    assert ag.alpha_dropout(x, p) is x
    assert not host(ag.alpha_dropout(x, 1.0, True)).any()


def test_alpha_dropout_takes_the_values_of_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    torch.manual_seed(0)
    x = np.linspace(-1, 1, 50)
    ours = host(ag.alpha_dropout(ag.tensor(x), 0.3, True))
    theirs = torch.nn.functional.alpha_dropout(torch.tensor(x), 0.3, training=True).numpy()
    dropped_ours, dropped_theirs = ours < -1, theirs < -1  # what is kept lies above -0.5
    assert dropped_ours.any()
    np.testing.assert_allclose(ours[dropped_ours], ours.min(), rtol=1e-12)
    np.testing.assert_allclose(ours.min(), theirs.min(), rtol=1e-6)
    both = ~dropped_ours & ~dropped_theirs
    np.testing.assert_allclose(ours[both], theirs[both], rtol=1e-6)


def test_feature_alpha_dropout_drops_whole_channels() -> None:
    y = host(ag.feature_alpha_dropout(ag.ones(30, 4, 5), 0.5, True))
    assert (y == y[:, :, :1]).all()
    assert len(np.unique(y)) == 2


def test_plain_arrays_stay_plain() -> None:
    x = np.ones((4, 3), np.float32)
    for f in (ag.dropout, ag.dropout1d, lambda v: ag.alpha_dropout(v, 0.5, True)):
        assert isinstance(f(x), np.ndarray)
    assert ag.dropout(ag.tensor(np.ones(3, np.complex64))).dtype == np.complex64


@pytest.mark.parametrize("axis", [0, 1])
def test_gumbel_softmax(axis: int, device: str) -> None:
    p = np.array([0.2, 0.3, 0.5])
    logits = np.log(p) if axis else np.log(p)[:, None]
    x = ag.tensor(np.broadcast_to(logits, (20000, 3) if axis else (3, 20000)).copy(), device=device).requires_grad_()
    ag.manual_seed(5)
    soft = ag.gumbel_softmax(x, 0.5, axis=axis)
    ag.manual_seed(5)
    hard = ag.gumbel_softmax(x, 0.5, hard=True, axis=axis)
    values = host(hard.detach())
    assert set(np.unique(values)) == {0.0, 1.0}
    np.testing.assert_array_equal(values.sum(axis), 1)
    np.testing.assert_array_equal(values.argmax(axis), host(soft.detach()).argmax(axis))
    np.testing.assert_allclose(values.mean(1 - axis), p, atol=0.016)
    weight = ag.tensor(np.random.default_rng(0).normal(size=x.shape), device=device)
    (a,), (b,) = (ag.gradients((y * weight).sum(), [x]) for y in (soft, hard))
    np.testing.assert_allclose(host(a), host(b), rtol=1e-12)


def test_rrelu() -> None:
    x = ag.tensor(np.linspace(-3, 3, 2001), requires_grad=True)
    y = ag.rrelu(x, training=True)
    (g,) = ag.gradients(y.sum(), [x])
    negative = host(x.detach()) < 0
    np.testing.assert_array_equal(host(g)[host(x.detach()) > 0], 1)
    slopes = host(g)[negative]
    np.testing.assert_allclose(host(y.detach())[negative], slopes * host(x.detach())[negative])
    assert stats.kstest(slopes, stats.uniform(1 / 8, 1 / 3 - 1 / 8).cdf).pvalue > 1e-3
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    wanted = torch.nn.functional.rrelu(torch.tensor(host(x.detach()))).numpy()
    np.testing.assert_allclose(host(ag.rrelu(x).detach()), wanted, rtol=1e-6)
