"""``ag.scalar.expand`` on every differentiable op of the table, and on every function that is made of them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd.composite import COMPOSITES
from autograd.primitive import OPS
from autograd.samples import Sample
from tests.autograd.expansions import assert_agrees, random_index

# Ops that cannot be expanded: they are found by iteration, so there is no formula in the elements.
REFUSED = {"pinv", "eigh", "eig", "svd"}

# Functions that are made of those, or of complex numbers on the way; with some of their arguments.
ON_REFUSED = {
    "cond", "eig_invariant", "eigh_invariant", "eigvalsh", "lstsq", "matrix_norm", "norm", "pinv", "svd_invariant",
    "svdvals", "irfftn", "irfft2", "hfft2", "hfftn", "istft",
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
        try:
            value = ag.scalar.expand(y, index, depth=None, names=asked)
        except ag.GlassgradError as error:
            why = r"expand: \w+(: argument \w+ is complex| has no scalar definition)"
            if op.name not in ON_REFUSED or not re.match(why, str(error)):
                raise
            continue
        assert_agrees(y, index, value, asked, rtol=1e-7)


@pytest.mark.parametrize("name", sorted(ON_REFUSED))
def test_the_functions_that_are_let_off_do_refuse(name: str) -> None:
    refused = 0
    for sample in COMPOSITES[name].samples:
        for y in recorded(COMPOSITES[name], sample)[1]:
            try:
                ag.scalar.expand(y, (0,) * y.ndim, depth=None)
            except ag.GlassgradError:
                refused += 1
    assert refused
