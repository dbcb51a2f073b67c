"""The tables of special cases of the array API standard, written out by hand, and what it says of nothing and NaN."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from autograd import array_api as xp
from tests.autograd.array_api_draws import REAL_FLOATING
from tests.autograd.array_api_reference import AGAINST_THE_REFERENCE

pytestmark = AGAINST_THE_REFERENCE


N, I = math.nan, math.inf  # noqa: E741
_odd = [(N, N), (0.0, 0.0), (-0.0, -0.0)]
_whole = [*_odd, (I, I), (-I, -I), (2.0, 2.0)]
_log = [(N, N), (-1.0, N), (0.0, -I), (-0.0, -I), (1.0, 0.0), (I, I)]
_quarter, _half, _pi = math.pi / 4, math.pi / 2, math.pi
SPECIAL_CASES: dict[str, list[tuple[Any, ...]]] = {
    "abs": [(N, N), (-0.0, 0.0), (I, I), (-I, I)],
    "acos": [(N, N), (1.5, N), (-1.5, N), (1.0, 0.0)], "acosh": [(N, N), (0.5, N), (1.0, 0.0), (I, I)],
    "asin": [*_odd, (1.5, N), (-1.5, N)], "asinh": [*_odd, (I, I), (-I, -I)],
    "atan": [*_odd, (I, _half), (-I, -_half)], "atanh": [*_odd, (-1.5, N), (1.5, N), (-1.0, -I), (1.0, I)],
    "ceil": _whole, "floor": _whole, "trunc": _whole,
    "round": [*_whole, (0.5, 0.0), (1.5, 2.0), (2.5, 2.0), (-0.5, -0.0), (-1.5, -2.0)],
    "cos": [(N, N), (0.0, 1.0), (-0.0, 1.0), (I, N), (-I, N)],
    "cosh": [(N, N), (0.0, 1.0), (-0.0, 1.0), (I, I), (-I, I)],
    "exp": [(N, N), (0.0, 1.0), (-0.0, 1.0), (I, I), (-I, 0.0)], "expm1": [*_odd, (I, I), (-I, -1.0)],
    "log": _log, "log2": _log, "log10": _log, "log1p": [*_odd, (-2.0, N), (-1.0, -I), (I, I)],
    "reciprocal": [(N, N), (0.0, I), (-0.0, -I), (I, 0.0), (-I, -0.0)], "sign": [(N, N), (-2.0, -1.0), (0.0, 0.0), (I, 1.0)],
    "signbit": [(0.0, False), (-0.0, True), (I, False), (-I, True), (2.0, False), (-2.0, True)],
    "sin": [*_odd, (I, N), (-I, N)], "sinh": [*_odd, (I, I), (-I, -I)], "sqrt": [*_odd, (-1.0, N), (I, I)],
    "tan": [*_odd, (I, N), (-I, N)], "tanh": [*_odd, (I, 1.0), (-I, -1.0)],
    "isnan": [(N, True), (I, False), (0.0, False)], "isinf": [(I, True), (-I, True), (N, False)],
    "isfinite": [(N, False), (I, False), (-I, False), (-0.0, True)],
    "add": [(N, 1.0, N), (I, -I, N), (-I, I, N), (I, I, I), (-I, 1.0, -I), (-0.0, -0.0, -0.0), (-0.0, 0.0, 0.0),
            (0.0, -0.0, 0.0), (2.0, -2.0, 0.0)],
    "subtract": [(N, 1.0, N), (I, I, N), (-I, -I, N), (I, -I, I), (-0.0, 0.0, -0.0), (-0.0, -0.0, 0.0)],
    "multiply": [(N, 0.0, N), (I, 0.0, N), (-0.0, I, N), (I, -I, -I), (-2.0, I, -I), (-2.0, 0.0, -0.0), (-0.0, -2.0, 0.0)],
    "divide": [(N, 1.0, N), (I, -I, N), (0.0, -0.0, N), (1.0, 0.0, I), (1.0, -0.0, -I), (-1.0, 0.0, -I), (0.0, 1.0, 0.0),
               (0.0, -1.0, -0.0), (I, -2.0, -I), (2.0, I, 0.0), (2.0, -I, -0.0)],
    "floor_divide": [(N, 1.0, N), (I, I, N), (0.0, 0.0, N), (1.0, 0.0, I), (1.0, -0.0, -I), (0.0, 1.0, 0.0),
                     (0.0, -1.0, -0.0), (1.0, I, 0.0)],
    "remainder": [(N, 1.0, N), (1.0, 0.0, N), (I, 1.0, N), (0.0, 1.0, 0.0), (-0.0, 1.0, 0.0), (0.0, -1.0, -0.0),
                  (-0.0, -1.0, -0.0), (1.0, I, 1.0), (1.0, -I, -I), (-1.0, I, I), (-1.0, -I, -1.0)],
    "pow": [(N, 0.0, 1.0), (N, 2.0, N), (2.0, N, N), (2.0, I, I), (2.0, -I, 0.0), (0.5, I, 0.0), (0.5, -I, I), (1.0, I, 1.0),
            (I, 1.0, I), (I, -1.0, 0.0), (-I, 3.0, -I), (-I, 2.0, I), (-I, -3.0, -0.0), (-I, -2.0, 0.0), (0.0, 1.0, 0.0),
            (0.0, -1.0, I), (-0.0, 3.0, -0.0), (-0.0, 2.0, 0.0), (-0.0, -3.0, -I), (-0.0, -2.0, I), (-2.0, 0.5, N)],
    "atan2": [(N, 1.0, N), (1.0, N, N), (1.0, 0.0, _half), (1.0, -0.0, _half), (0.0, 1.0, 0.0), (0.0, 0.0, 0.0),
              (0.0, -0.0, _pi), (0.0, -1.0, _pi), (-0.0, 1.0, -0.0), (-0.0, 0.0, -0.0), (-0.0, -0.0, -_pi),
              (-0.0, -1.0, -_pi), (-1.0, 0.0, -_half), (1.0, I, 0.0), (1.0, -I, _pi), (-1.0, I, -0.0), (-1.0, -I, -_pi),
              (I, 1.0, _half), (-I, 1.0, -_half), (I, I, _quarter), (I, -I, 3 * _quarter), (-I, I, -_quarter),
              (-I, -I, -3 * _quarter)],
    "copysign": [(1.0, -0.0, -1.0), (0.0, -1.0, -0.0), (-2.0, 1.0, 2.0), (I, -1.0, -I)],
    "hypot": [(I, N, I), (N, -I, I), (-I, 1.0, I), (N, 1.0, N)], "logaddexp": [(N, 1.0, N), (I, 1.0, I), (1.0, I, I)],
    "maximum": [(N, 1.0, N), (1.0, N, N), (-I, 1.0, 1.0)], "minimum": [(N, 1.0, N), (1.0, N, N), (-I, 1.0, -I)],
    "nextafter": [(N, 1.0, N), (1.0, N, N), (0.0, -0.0, -0.0), (-0.0, 0.0, 0.0)],
    "equal": [(N, N, False), (0.0, -0.0, True), (I, I, True), (I, -I, False)], "not_equal": [(N, N, True), (-0.0, 0.0, False)],
    "less": [(N, 1.0, False), (-0.0, 0.0, False), (-I, I, True)], "greater": [(1.0, N, False), (I, 1.0, True)],
    "less_equal": [(N, N, False), (0.0, -0.0, True)], "greater_equal": [(N, N, False), (-0.0, 0.0, True)],
}  # fmt: skip


@pytest.mark.parametrize("dtype", REAL_FLOATING)
@pytest.mark.parametrize("name", sorted(SPECIAL_CASES))
def test_special_cases_of_the_standard(name, dtype):
    *columns, expected = zip(*SPECIAL_CASES[name], strict=True)
    result = getattr(xp, name)(*(xp.asarray(list(column), dtype=getattr(xp, dtype)) for column in columns)).array
    assert result.dtype == (bool if isinstance(expected[0], bool) else dtype)
    np.testing.assert_allclose(result.astype(float), np.array(expected, float), rtol=1e-6, equal_nan=True)
    zero = np.array(expected, float) == 0
    np.testing.assert_array_equal(np.signbit(result[zero].astype(float)), np.signbit(np.array(expected, float)[zero]))


def test_reductions_over_nothing_and_over_nan():
    nothing, missing = xp.zeros((0, 2)), xp.asarray([1.0, math.nan])
    assert xp.sum(nothing).item() == 0
    assert xp.prod(nothing, axis=0).tolist() == [1, 1]
    assert not xp.any(nothing).item()
    assert xp.all(nothing).item()
    for function in (xp.mean, xp.var, xp.std):
        y = function(nothing, axis=0, keepdims=True)
        assert (y.shape, y.dtype) == ((1, 2), xp.float32)
        assert xp.all(xp.isnan(y)).item()
    assert xp.isnan(xp.var(xp.ones(2), correction=2)).item()  # n - correction is not positive
    assert xp.isnan(xp.std(xp.ones(2), correction=2.5)).item()
    assert xp.var(xp.asarray([1.0, 3.0]), correction=1).item() == 2
    for function in (xp.sum, xp.prod, xp.mean, xp.max, xp.min, xp.var, xp.std):
        assert xp.isnan(function(missing)).item()
    assert xp.any(missing).item()
    assert xp.unique_values(xp.asarray([math.nan, math.nan])).shape == (2,)


def test_singular_values_are_lost_below_the_rounding_of_the_dtype():
    exact = np.outer([0.1, 0.7, 0.3], [0.2, 0.9, 0.4])  # of rank 1; rounding to float32 gives it rank 3
    x = xp.asarray(exact, dtype=xp.float32)
    np.testing.assert_allclose(xp.linalg.pinv(x).array, np.linalg.pinv(exact), rtol=1e-5)
    assert xp.linalg.matrix_rank(x).item() == 1
    pair = xp.stack([xp.asarray([[4.0, 0.0], [0.0, 1.0]])] * 2)
    cut = xp.asarray([0.1, 0.5])  # one for each matrix
    assert xp.linalg.matrix_rank(pair, rtol=cut).tolist() == [2, 1]
    assert xp.linalg.pinv(pair, rtol=cut)[:, 1, 1].tolist() == [1.0, 0.0]
