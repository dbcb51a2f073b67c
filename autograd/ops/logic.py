"""Elementwise ops whose result carries no gradient: comparisons, tests, logic, bits and whole division."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.errors import DtypeError
from autograd.primitive import Primitive, primitive
from autograd.samples import ErrorSample, elementwise_samples, integers, sample

__all__ = [
    "bitwise_and", "bitwise_count", "bitwise_invert", "bitwise_left_shift", "bitwise_not", "bitwise_or",
    "bitwise_right_shift", "bitwise_xor", "equal", "floor_divide", "gcd", "greater", "greater_equal", "invert",
    "isfinite", "isinf", "isnan", "isneginf", "isposinf", "lcm", "left_shift", "less", "less_equal", "logical_and",
    "logical_not", "logical_or", "logical_xor", "not_equal", "right_shift", "spacing",
]  # fmt: skip


def _comparison(name: str, forward: Any, symbol: str, code: str) -> Primitive:
    return primitive(
        name, forward, kind="elementwise", code=code, latex=f"[{{0}} {symbol} {{1}}]",
        samples=elementwise_samples(2),
    )  # fmt: skip


equal = _comparison("equal", np.equal, "=", "({0} == {1})")
not_equal = _comparison("not_equal", np.not_equal, r"\ne", "({0} != {1})")
less = _comparison("less", np.less, "<", "({0} < {1})")
less_equal = _comparison("less_equal", np.less_equal, r"\le", "({0} <= {1})")
greater = _comparison("greater", np.greater, ">", "({0} > {1})")
greater_equal = _comparison("greater_equal", np.greater_equal, r"\ge", "({0} >= {1})")


def _test(name: str, forward: Any, n: int, latex: str, **domain: Any) -> Primitive:
    """An op whose result carries no gradient."""
    return primitive(name, forward, kind="elementwise", latex=latex, samples=elementwise_samples(n, **domain))


logical_and = _test("logical_and", np.logical_and, 2, r"{0} \wedge {1}")
logical_or = _test("logical_or", np.logical_or, 2, r"{0} \vee {1}")
logical_not = _test("logical_not", np.logical_not, 1, r"\neg {0}")
isnan = _test("isnan", np.isnan, 1, r"[{0} = \text{{NaN}}]")
isinf = _test("isinf", np.isinf, 1, r"[\lvert {0} \rvert = \infty]")
isfinite = _test("isfinite", np.isfinite, 1, r"[\lvert {0} \rvert < \infty]")


def _bits(name: str, forward: Any, n: int, latex: str, doc: str, low: int = 0) -> Primitive:
    """An op of integers (and, for logic, of booleans)."""
    shapes = [((2, 3), (3,)), ((), (2,)), ((0, 3), (3,))]
    return primitive(
        name, forward, kind="elementwise", latex=latex, doc=doc,
        samples=[sample(*(integers(*shape, low=low) for shape in pair[:n])) for pair in shapes],
        errors=[ErrorSample((np.ones(2),) * n, DtypeError, r"not defined for these dtypes: .* is \(2,\) float64")],
    )  # fmt: skip


bitwise_and = _bits("bitwise_and", np.bitwise_and, 2, r"{0} \wedge {1}", "The bits set in both.")
bitwise_or = _bits("bitwise_or", np.bitwise_or, 2, r"{0} \vee {1}", "The bits set in one of two.")
bitwise_xor = _bits("bitwise_xor", np.bitwise_xor, 2, r"{0} \oplus {1}", "The bits in which two differ.")
invert = _bits("invert", np.invert, 1, r"\neg {0}", "Every bit turned; of booleans the opposite.")
bitwise_invert = bitwise_not = invert
bitwise_left_shift = _bits("bitwise_left_shift", np.left_shift, 2, r"{0} \ll {1}", "Bits moved up by so many places.")
bitwise_right_shift = _bits(
    "bitwise_right_shift", np.right_shift, 2, r"{0} \gg {1}", "Bits moved down by so many places."
)
left_shift, right_shift = bitwise_left_shift, bitwise_right_shift
gcd = _bits("gcd", np.gcd, 2, r"\gcd({0}, {1})", "The greatest common divisor.", low=1)
lcm = _bits("lcm", np.lcm, 2, r"\operatorname{{lcm}}({0}, {1})", "The least common multiple.", low=1)
logical_xor = _test("logical_xor", np.logical_xor, 2, r"{0} \oplus {1}")
isposinf = _test("isposinf", lambda x: np.isposinf(x), 1, r"[{0} = \infty]")
isneginf = _test("isneginf", lambda x: np.isneginf(x), 1, r"[{0} = -\infty]")
spacing = _test("spacing", np.spacing, 1, r"\operatorname{{ulp}} {0}")
bitwise_count = _bits("bitwise_count", np.bitwise_count, 1, r"\lvert {0} \rvert_1", "How many bits are set.")
floor_divide = _test(
    "floor_divide", np.floor_divide, 2, r"\lfloor {0} / {1} \rfloor", second={"avoid": (0.0,), "margin": 0.3}
)
