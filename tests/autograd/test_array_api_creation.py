"""The array API standard's creation of arrays: default dtypes, copies, and gradients through them."""

from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
from autograd import array_api as xp
from tests.autograd.array_api_reference import AGAINST_THE_REFERENCE

pytestmark = AGAINST_THE_REFERENCE


def test_python_numbers_take_the_default_dtypes():
    kinds = xp.__array_namespace_info__().default_dtypes()
    for value, kind in ((True, xp.bool), (1, kinds["integral"]), (1.0, kinds["real floating"]), (1j, kinds["complex floating"])):  # fmt: skip
        assert xp.asarray(value).dtype == kind
        assert xp.asarray([[value]]).dtype == kind
        assert xp.full((2,), value).dtype == kind
        assert xp.full_like(xp.ones(2, dtype=kind), fill_value=value).dtype == kind
    assert xp.asarray([1, 2.0]).dtype == kinds["real floating"]
    assert xp.arange(3).dtype == xp.argmax(xp.ones(2)).dtype == kinds["integral"]
    assert xp.arange(3.0).dtype == xp.linspace(0, 1, 3).dtype == kinds["real floating"]
    assert xp.linspace(0, 1j, 3).dtype == kinds["complex floating"]
    for function in (xp.zeros, xp.ones, xp.empty, lambda shape: xp.eye(*shape)):
        assert function(shape=(2, 2)).dtype == kinds["real floating"] if function in (xp.zeros, xp.ones) else True
        assert function((2, 2)).dtype == kinds["real floating"]


def test_copies_are_made_as_asked_for():
    plain, x = np.arange(3.0), ag.tensor([1.0, 2.0])
    assert xp.asarray(x) is x is xp.asarray(x, copy=False)
    assert np.shares_memory(xp.asarray(plain).array, plain)
    for source, y in ((x.array, xp.asarray(x, copy=True)), (plain, xp.asarray(plain, copy=True))):
        assert not np.shares_memory(y.array, source)
    for call in (lambda: xp.asarray([1.0], copy=False), lambda: xp.asarray(x, dtype=xp.float64, copy=False)):
        with pytest.raises(ValueError, match="copy=False"):
            call()
    assert xp.astype(x, xp.float32, copy=False) is x
    assert not np.shares_memory(xp.astype(x, xp.float32).array, x.array)
    assert xp.astype(x, xp.float64, device="cpu").dtype == xp.float64
    with pytest.raises(TypeError, match="imaginary"):
        xp.astype(xp.ones(2, dtype=xp.complex64), xp.float32)
    grid = xp.reshape(xp.arange(6), (2, 3))
    assert np.shares_memory(xp.reshape(grid, (3, 2), copy=False).array, grid.array)
    assert not np.shares_memory(xp.reshape(grid, (3, 2), copy=True).array, grid.array)
    with pytest.raises(ValueError, match="copy=False"):
        xp.reshape(grid.mT, (6,), copy=False)
    assert xp.reshape(grid.mT, (6,)).tolist() == [0, 3, 1, 4, 2, 5]


def test_copies_pass_gradients_on():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    copies = xp.asarray(x, copy=True) + xp.astype(x, xp.float32) + xp.reshape(x, (2,), copy=True) + xp.clip(x)
    (copies + xp.sum(x, dtype=xp.float64) + xp.take(x, xp.asarray([0, 0]))).sum().backward()
    assert x.grad.tolist() == [8.0, 6.0]
    low = ag.tensor(1.5, requires_grad=True)
    xp.clip(x, low, xp.asarray(3.0)).sum().backward()
    assert (x.grad.tolist(), low.grad.item()) == ([8.0, 7.0], 1.0)
