"""``ag.scalar.expand`` on every differentiable op of the table, and on every function that is made of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.autograd.expansions import assert_agrees, random_index

import autograd as ag
from autograd.composite import COMPOSITES
from autograd.primitive import OPS
from autograd.samples import Sample

# What cannot be expanded, and why.
DECOMPOSED = "found by iteration: there is no formula in the elements"
COMPLEX = "its numbers are complex, and a Value is a real number"
REFUSED = {
    "pinv": DECOMPOSED, "eigh": DECOMPOSED, "eig": DECOMPOSED, "svd": DECOMPOSED,
    "fft": COMPLEX, "ifft": COMPLEX, "rfft": COMPLEX, "irfft": COMPLEX,
}  # fmt: skip

PRIMITIVES = [
    pytest.param(op, sample, id=f"{op.name}({sample})")
    for op in OPS.values()
    if op.differentiable
    for sample in op.samples
]
FUNCTIONS = [
    pytest.param(op, sample, id=f"{op.name}({sample})")
    for op in COMPOSITES.values()
    if op.differentiable
    for sample in op.samples
]


def recorded(op: Any, sample: Sample, dtype: Any = np.float64) -> tuple[list[Any], list[Any]]:
    """The arguments, and the real results that have a graph and elements."""
    arrays = sample.draw(np.random.default_rng([1, len(op.name)]), dtype)
    arguments = [None if a is None else ag.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
    with ag.record():
        result = op(*arguments, **sample.params)
    results = result if isinstance(result, tuple) else (result,)
    return arguments, [y for y in results if y.requires_grad and y.dtype.kind == "f" and y.size]


@pytest.mark.parametrize(("op", "sample"), PRIMITIVES)
def test_each_op_has_its_scalar_graph(op: Any, sample: Sample) -> None:
    arguments, results = recorded(op, sample)
    rng = np.random.default_rng(0)
    names = op.arguments if op.variadic is None else [f"{op.variadic}{i}" for i in range(len(arguments))]
    asked = {n: x for n, x in zip(names, arguments, strict=False) if x is not None and x.requires_grad}
    for y in results:
        for _ in range(3):
            index = random_index(rng, y.shape)
            if op.name in REFUSED:
                with pytest.raises(ag.GlassgradError, match=rf"^expand: {op.name}: |^expand: {op.name} has no scalar"):
                    ag.scalar.expand(y, index)
            else:
                assert_agrees(y, index, ag.scalar.expand(y, index), asked)


@pytest.mark.parametrize(("op", "sample"), FUNCTIONS)
def test_each_function_made_of_ops_expands_to_its_arguments(op: Any, sample: Sample) -> None:
    arguments, results = recorded(op, sample)
    rng = np.random.default_rng(0)
    asked = {f"argument{i}": x for i, x in enumerate(arguments) if x is not None and x.requires_grad}
    for y in results:
        index = random_index(rng, y.shape)
        value = ag.scalar.expand(y, index, depth=None, names=asked)
        assert_agrees(y, index, value, asked, rtol=1e-7)
