"""Order statistics that the op table does not draw: integers, infinities, NaN, and ``q`` of every kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag

numbers = st.lists(st.integers(-4, 4) | st.just(np.nan), min_size=1, max_size=7).map(np.array)
METHODS = ["linear", "lower", "higher", "nearest", "midpoint"]


@pytest.mark.filterwarnings("ignore:All-NaN slice")
@given(
    x=numbers, q=st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]), max_size=3), method=st.sampled_from(METHODS)
)
def test_quantiles_of_ties_and_nan_are_numpys(x: np.ndarray, q: list[float], method: Any) -> None:
    x = x.astype(float)
    for function, wanted in ((ag.quantile, np.quantile), (ag.nanquantile, np.nanquantile)):
        values = wanted(x, q, method=method) if q else np.empty(0)
        np.testing.assert_allclose(function(x, q, method=method), values, rtol=1e-12)
        share = ag.tensor(np.array(q), requires_grad=True)  # looked up in the sorted elements
        np.testing.assert_allclose(function(ag.tensor(x), share, method=method).array, values, rtol=1e-12)


def test_medians_of_integers_are_floats() -> None:
    for x in (np.array([1, 2, 4]), np.array([1, 2, 4, 4], np.int8), np.array([True, False])):
        for function, wanted in ((ag.median, np.median), (ag.nanmedian, np.nanmedian)):
            y = function(ag.tensor(x))
            assert y.dtype == np.float64
            assert y.item() == wanted(x.astype(float))


def test_an_infinite_neighbour_does_not_spoil_an_element() -> None:
    x = np.array([-np.inf, 1.0, 2.0, np.inf])
    for q in (np.array([1 / 3, 2 / 3]), ag.tensor([1 / 3, 2 / 3], dtype="float64", requires_grad=True)):
        for function in (ag.quantile, ag.nanquantile):
            np.testing.assert_allclose(np.asarray(ag.asarray(function(x, q)).detach()), [1.0, 2.0], rtol=1e-12)


def test_the_slope_towards_an_infinite_neighbour_overflows() -> None:
    x, q = np.array([1.0, 2.0, np.inf]), ag.tensor(0.5, dtype="float64", requires_grad=True)
    with np.errstate(over="ignore"):
        ag.quantile(x, q).backward()
    assert q.grad.item() > 1e300


def test_halves_stay_halves() -> None:
    for dtype in ("float16", "bfloat16"):
        x = ag.tensor([1.0, 3.0, 2.0]).astype(dtype)
        for y in (ag.median(x), ag.quantile(x, 0.3), ag.nanquantile(x, 0.3)):
            assert y.dtype.name == dtype


def test_complex_numbers_have_no_order() -> None:
    for function in (ag.median, ag.nanmedian):
        with pytest.raises(
            ag.DtypeError, match=f"^{function.__name__}: x is complex128; complex numbers have no order"
        ):
            function(ag.tensor([1j, 2.0], dtype="complex128"))
