"""Operators, indexing and assignment give what the reference of the array API standard gives."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd import array_api as xp
from tests.autograd.array_api_calls import SHIFT_COUNTS, matmul_call
from tests.autograd.array_api_draws import (
    ALL,
    FLOATING,
    INTEGER,
    INTEGER_OR_BOOL,
    NUMERIC,
    REAL,
    SHAPES,
    arrays,
    binary,
    call,
    draws,
    scalars,
    unary,
)
from tests.autograd.array_api_reference import AGAINST_THE_REFERENCE, same, steady, strict, taken_by

pytestmark = AGAINST_THE_REFERENCE


OPERATORS = {
    **dict.fromkeys(["add", "mul", "sub"], binary(NUMERIC)), "truediv": binary(FLOATING),
    "pow": binary(NUMERIC, {"low": 0, "high": 4}),
    **dict.fromkeys(["floordiv", "mod"], binary(REAL, {"low": 1, "high": 5})),
    **dict.fromkeys(["and_", "or_", "xor"], binary(INTEGER_OR_BOOL)),
    **dict.fromkeys(["lshift", "rshift"], binary(INTEGER, SHIFT_COUNTS)),
    **dict.fromkeys(["eq", "ne"], binary(ALL)), **dict.fromkeys(["lt", "le", "gt", "ge"], binary(REAL)),
    "matmul": call(matmul_call), **dict.fromkeys(["neg", "pos", "abs"], unary(NUMERIC)), "invert": unary(INTEGER_OR_BOOL),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_an_operator_gives_what_the_reference_gives(name):
    """``x + y``, ``2 + x`` (the drawn calls hold both), and ``x += y`` where the result fits into x."""
    plain = getattr(operator, name)
    in_place = getattr(operator, "i" + name.rstrip("_"), None)

    @steady
    @given(OPERATORS[name])
    def run(drawn: Any) -> None:
        args = list(drawn[0])
        expected = plain(*taken_by(strict, args))
        same(plain(*taken_by(xp, args)), expected, name)
        first = args[0]
        fits = isinstance(first, ag.Tensor) and (expected.shape, np.asarray(expected).dtype) == (
            first.shape,
            first.dtype,
        )
        if in_place is not None and fits:
            target, *rest = taken_by(xp, args)
            assert in_place(target, *rest) is target
            same(target, expected, name)

    run()


@st.composite
def indices(draw: Any, assign: bool = False) -> Any:
    """An array and what may stand between its brackets: basic, a mask, or arrays of integers for every axis."""
    x = draw(arrays(ALL, draws.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3)))
    form = draw(st.sampled_from(["basic", "basic", "mask"] + ([] if assign else ["integers"])))
    if form == "mask":
        index: Any = draw(arrays(["bool"], x.shape[: draw(st.integers(1, x.ndim))] if not assign else x.shape))
    elif form == "integers":
        shape = draw(st.sampled_from([(), (2,), (2, 1)]))
        index = tuple(draw(arrays(["int64"], shape, -n, n - 1)) for n in x.shape)
    else:
        index = draw(draws.indices(x.shape, allow_newaxis=not assign, allow_ellipsis=True))
    return x, index


def test_indexing_gives_what_the_reference_gives():
    @settings(steady, max_examples=80)
    @given(indices())
    def run(drawn: Any) -> None:
        x, index = drawn
        same(x[taken_by(xp, index)], taken_by(strict, x)[taken_by(strict, index)], "[]")

    run()


def test_assignment_gives_what_the_reference_gives():
    @settings(steady, max_examples=80)
    @given(st.data())
    def run(data: Any) -> None:
        x, index = data.draw(indices(assign=True))
        ours, theirs = taken_by(xp, x), taken_by(strict, x)
        shape = x[index].shape if not isinstance(index, ag.Tensor) else ()
        value = data.draw(scalars(x.dtype.name) | arrays([x.dtype.name], st.sampled_from([shape, ()])))
        ours[taken_by(xp, index)] = taken_by(xp, value)
        theirs[taken_by(strict, index)] = taken_by(strict, value)
        same(ours, theirs, "[]=")

    run()


@pytest.mark.parametrize("dtype", ALL)
def test_hypothesis_draws_arrays_through_our_namespace(dtype):
    @settings(steady, max_examples=5)
    @given(draws.arrays(dtype, SHAPES))
    def run(x: Any) -> None:
        assert isinstance(x, ag.Tensor)
        assert x.dtype == getattr(xp, dtype)

    run()
