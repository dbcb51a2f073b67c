"""Each function of the array API standard gives what the reference gives, on calls that Hypothesis draws."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from autograd import array_api as xp
from tests.autograd.array_api_calls import CASES
from tests.autograd.array_api_reference import AGAINST_THE_REFERENCE, FUNCTIONS, member, same, strict, taken_by

pytestmark = AGAINST_THE_REFERENCE


def test_every_function_of_the_standard_is_compared():
    assert sorted({*CASES, "__array_namespace_info__"}) == FUNCTIONS  # the latter by test_the_inspection_api


def compare(name: str, examples: int) -> None:
    """Draw so many calls of a function, and compare what comes out."""
    ours, theirs = member(xp, name), member(strict, name)

    @settings(
        max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(CASES[name])
    def run(drawn: Any) -> None:
        args, params = drawn
        expected = theirs(*taken_by(strict, list(args)), **{k: taken_by(strict, v) for k, v in params.items()})
        result = ours(*taken_by(xp, list(args)), **{k: taken_by(xp, v) for k, v in params.items()})
        same(result, expected, name, values=not name.startswith("empty"))

    run()


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_function_gives_what_the_reference_gives(name):
    compare(name, 12)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(CASES))
def test_a_function_gives_what_the_reference_gives_at_length(name):
    compare(name, 100)
