from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
import viz
from autograd.errors import ArgumentError
from viz.training import histogram_of


def test_counts_are_those_of_numpy():
    values = np.random.default_rng(0).normal(size=(30, 20))
    histogram = histogram_of(ag.tensor(values), bins=12)
    counts, edges = np.histogram(values, 12)
    np.testing.assert_array_equal(histogram.counts, counts)
    np.testing.assert_allclose(histogram.edges, edges)
    assert histogram.total == 600


def test_zeros_and_what_is_not_finite_stand_apart():
    histogram = histogram_of(np.array([0.0, 0.0, 1.0, 2.0, np.nan, np.inf, -np.inf]), bins=2)
    assert (histogram.counts, histogram.zeros, histogram.not_finite) == ((1, 1), 2, 3)
    assert histogram.total == 7


@pytest.mark.parametrize("values", [np.zeros(5), np.zeros(0), np.full(3, np.nan)])
def test_nothing_to_count_gives_no_density(values):
    histogram = histogram_of(values)
    assert sum(histogram.counts) == 0
    assert histogram.total == values.size
    assert not histogram.density(np.linspace(-1, 1, 9)).any()


def test_elements_far_outside_do_not_widen_the_bins():
    values = np.concatenate([np.random.default_rng(1).normal(size=5000), [1e6]])
    histogram = histogram_of(values)
    assert histogram.outside == 1
    assert histogram.high < 1e5


@pytest.mark.parametrize("value", [3.0, -1e-30, 1e200, 1e300])
def test_equal_elements_make_one_peak(value):
    histogram = histogram_of(np.full(9, value))
    assert sum(histogram.counts) == 9
    assert histogram.low < value < histogram.high


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=60), st.integers(1, 30))
def test_a_density_over_wider_edges_holds_all_that_was_counted(values, bins):
    histogram = histogram_of(np.array(values))
    edges = np.linspace(min(histogram.low, -101) - 1, max(histogram.high, 101) + 1, bins + 1)
    mass = float((histogram.density(edges) * np.diff(edges)).sum())
    assert mass == pytest.approx(sum(histogram.counts) / histogram.total)
    assert histogram.total == len(values)


def test_a_large_matrix_is_sampled_over_all_its_columns():
    matrix = np.tile(np.arange(1.0, 65.0), (4096, 1))
    histogram = histogram_of(matrix, bins=64)
    assert histogram.total < matrix.size
    counts = np.array(histogram.counts)
    assert counts.min() > 0
    assert counts.max() - counts.min() <= 2


def test_complex_elements_count_by_their_modulus():
    assert histogram_of(np.array([3 + 4j, -5j]), bins=1).counts == (2,)
    assert histogram_of(np.array([3 + 4j, -5j]), bins=1).low > 4


def test_no_bins_are_refused():
    with pytest.raises(ArgumentError, match="bins is 0; at least 1"):
        histogram_of(np.ones(3), bins=0)


def test_it_is_public():
    assert viz.Histogram is type(histogram_of(np.ones(2)))
