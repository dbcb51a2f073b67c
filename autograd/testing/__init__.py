"""Property-based tests of gradients: Hypothesis strategies, and checks of every mode and order, for everybody's ops.

>>> @check_gradients(arrays(low=0.1, high=4.0), order=2)
... def test_my_op(x):
...     return my_op(x)

``docs/testing.md`` is the tutorial. Needs Hypothesis (``pip install 'glassgrad[test]'``); ``import autograd`` alone
does not load this module.
"""

from autograd.checks import MODES, assert_gradients
from autograd.testing.decorator import check_gradients
from autograd.testing.strategies import (
    arrays,
    axes,
    broadcastable_arrays,
    broadcastable_shapes,
    index_expressions,
    kinked,
    matmul_arrays,
    matrices,
    shapes,
)

__all__ = [
    "MODES",
    "arrays",
    "assert_gradients",
    "axes",
    "broadcastable_arrays",
    "broadcastable_shapes",
    "check_gradients",
    "index_expressions",
    "kinked",
    "matmul_arrays",
    "matrices",
    "shapes",
]
