from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viz.training.panels import elided, elided_alike, one_of_each, spread


def test_a_short_name_stays_and_a_long_one_keeps_its_ends_and_its_number():
    assert elided("conv1.weight") == "conv1.weight"
    short = elided("encoder.layers.11.self_attention.output_projection.weight")
    assert short == "encoder.layers.11…rojection.weight"
    assert len(short) == 34
    deep = "transformer.encoder.layers.29.self_attention.output_projection.weight"
    assert elided(deep, 27) == "…layers.29…rojection.weight"


@given(st.lists(st.text("ab.1", min_size=1, max_size=60), max_size=8, unique=True))
def test_different_names_stay_different(names):
    assert len(set(elided_alike(names, 8))) == len(names)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_labels_are_spread_in_order_and_stay_inside(places):
    moved = spread(places, 0.08, 0.0, 1.0)
    order = sorted(range(len(places)), key=lambda i: (places[i], i))
    for before, after in pairwise(order):
        assert moved[after] - moved[before] >= 0.08 - 1e-9
    assert min(moved) >= -1e-9
    assert max(moved) <= 1 + 1e-9


def test_labels_with_room_do_not_move():
    assert spread([0.9, 0.1, 0.5], 0.1, 0.0, 1.0) == pytest.approx([0.9, 0.1, 0.5])


@given(st.integers(0, 60), st.integers(2, 12))
def test_steps_are_chosen_from_the_first_to_the_last(count, most):
    chosen = one_of_each(count, most)
    assert len(chosen) == min(count, most)
    if count:
        assert (chosen[0], chosen[-1]) == (0, count - 1)
