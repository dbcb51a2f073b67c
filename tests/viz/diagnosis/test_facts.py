"""The numbers of an array that a diagnosis rests on."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import autograd as ag
from autograd.watching import summarize
from viz.diagnosis.facts import facts_of, number, share_of


@settings(max_examples=50, deadline=None)
@given(arrays.arrays(np.float64, arrays.array_shapes(max_dims=3, max_side=6)))
def test_the_facts_are_those_of_numpy(x):
    facts = facts_of(x)
    finite = x[np.isfinite(x)]
    assert facts.nonfinite == x.size - finite.size
    assert (facts.odd is None) == (finite.size == x.size)
    assert facts.zeros == np.count_nonzero(finite == 0)
    if finite.size:
        assert (facts.minimum, facts.maximum) == (finite.min(), finite.max())
        assert facts.largest == np.abs(finite).max()
        if 1e-100 < facts.largest < 1e100:
            assert facts.rms == pytest.approx(math.sqrt(np.mean(finite**2)), rel=1e-9)
    assert facts.is_zero == bool((x == 0).all())
    small = facts_of(summarize(x, small=1000))
    assert (small.zeros, small.nonfinite, small.minimum, small.maximum) == (
        facts.zeros, facts.nonfinite, facts.minimum, facts.maximum,
    )  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.floats(1e-310, 1e-160) | st.floats(1e160, 1e305))
def test_no_square_overflows_or_vanishes(x):
    assert facts_of(np.full(4, x)).rms == pytest.approx(x, rel=1e-6)
    assert facts_of(summarize(np.full(64, x))).largest == pytest.approx(x)
    assert not facts_of(summarize(np.full(64, x))).is_zero
    assert 0 < facts_of(summarize(np.full(64, x))).norm < math.inf


def test_other_kinds_of_values():
    assert facts_of(None) is None
    assert facts_of(2.0) == facts_of(np.float64(2.0))
    assert facts_of(math.inf).odd == math.inf
    assert facts_of(ag.tensor([3.0, 4.0])).norm == pytest.approx(5)
    assert facts_of(np.array([3 + 4j])).norm == pytest.approx(5)
    assert facts_of([np.ones(2), None, np.zeros(1)]).size == 3
    assert facts_of(np.zeros((0, 3))).size == 0
    assert not facts_of(np.zeros((0, 3))).is_zero
    assert math.isnan(facts_of(np.array([1.0, np.nan])).length)
    assert facts_of(np.array([True, False])).zeros == 1


def test_they_are_said_in_words():
    assert str(facts_of(np.array([1.0, np.nan, -2.0]))) == "−2 to 1 and nan at 1 of 3"
    assert str(facts_of(np.array([np.inf]))) == "inf"
    assert str(facts_of(np.zeros(0))) == "no elements"
    assert number(-0.0) == "0"
    assert number(-1.5e-7) == "−1.5e−07"
    assert share_of(3, 4) == "3 of 4"
    assert share_of(4, 4) == "all 4"
    assert share_of(None, 4) == "some"
