"""Tests that the op table generates for vmap: whole batches, in every transform, equal a loop over the examples.

In all of them it is an error to go example by example, unless the op stands in ``LOOPS`` with the reason.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import catalogue, interpreters, vectorize
from autograd.backend import to_numpy
from autograd.composite import COMPOSITES
from autograd.primitive import OPS
from autograd.samples import Sample

LOOPS: dict[str, str] = {}  # op: why it cannot take a batch at once
EXAMPLES = 3
TABLE: list[Any] = [*OPS.values(), *COMPOSITES.values()]
# How long the result is, or where its bins lie, depends on the values, which vmap does not have; it says so.
BY_VALUE = {
    "bincount",
    "histc",
    "histogram",
    "unique",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
}
CASES = [
    pytest.param(op, sample, id=f"{op.name}({sample})")
    for op in TABLE for sample in op.samples if any(a is not None for a in sample.args) and op.name not in BY_VALUE
]  # fmt: skip
# Eigenvectors have arbitrary phases: their derivatives are tested through eig_invariant.
PHASES = {"eig"}


def _chosen(op: Any) -> list[Sample]:
    """For derivatives two samples of each op are enough: the first, and the last one with another number of axes."""
    useful = [one for one in op.samples if any(a is not None and np.prod(a.shape) for a in one.args)]
    first = useful[:1]
    ranks = lambda one: [None if a is None else len(a.shape) for a in one.args]  # noqa: E731
    return first + [one for one in useful[:0:-1] if ranks(one) != ranks(first[0])][:1]


DERIVATIVES = [
    pytest.param(op, sample, id=f"{op.name}({sample})")
    for op in TABLE if op.differentiable and op.name != "item" for sample in _chosen(op)
]  # fmt: skip


@pytest.fixture(autouse=True)
def _whole_batches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A loop over examples is an error: of an op without a rule, and of a program that asks for numbers."""
    plain = interpreters.example_by_example

    def refuse(op: Any, *rest: Any) -> Any:
        assert op.name in LOOPS, f"{op.name} went example by example"
        return plain(op, *rest)

    monkeypatch.setattr(interpreters, "example_by_example", refuse)
    vectorize._warned.clear()
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "vmap:", UserWarning)
        yield


class Batch:
    """Arguments of one op for several examples, some of them shared; and the op as a function of the floating ones."""

    def __init__(self, op: Any, sample: Sample, device: str, share: str = ""):
        rows = [sample.draw(np.random.default_rng([seed, len(op.name)]), np.float64) for seed in range(EXAMPLES)]
        self.floating = [i for i, a in enumerate(rows[0]) if a is not None and a.dtype.kind == "f"]
        batched = self.floating
        if share and len(self.floating) > 1:
            batched = self.floating[:1] if share == "others" else self.floating[-1:]
        self.fixed = [None if a is None else ag.tensor(a, device=device) for a in rows[0]]
        # the examples lie along axis 1 of the first argument, and along axis 0 of the others
        self.in_axes = tuple(
            (1 if i == self.floating[0] and rows[0][i].ndim else 0) if i in batched else None for i in self.floating
        )
        self.args = [
            self.fixed[i] if axis is None else ag.tensor(np.stack([row[i] for row in rows], axis), device=device)
            for i, axis in zip(self.floating, self.in_axes, strict=True)
        ]
        self.op, self.params = op, sample.params

    def example(self, k: int) -> list[Any]:
        """The floating arguments of one example."""
        return [
            x if axis is None else x[(slice(None),) * axis + (k,)]
            for x, axis in zip(self.args, self.in_axes, strict=True)
        ]

    def values(self, *xs: Any) -> tuple[Any, ...]:
        """All results of the op."""
        arguments = list(self.fixed)
        for i, x in zip(self.floating, xs, strict=True):
            arguments[i] = x
        y = self.op(*arguments, **self.params)
        return tuple(y) if isinstance(y, tuple) else (y,)

    def results(self, *xs: Any) -> tuple[Any, ...]:
        """The results that have derivatives."""
        return tuple(y for y in self.values(*xs) if y.dtype.kind in "fc")

    def loss(self, *xs: Any) -> Any:
        """One number in which every result counts, and none of them evenly."""
        total: Any = 0
        for y in self.results(*xs):
            for part in (y.real, y.imag) if y.dtype.kind == "c" else (y,):
                total = total + (part * (1.5 + ag.sin(part))).sum()
        return total


def same(together: Any, alone: Callable[[int], Any], axis: int = 0) -> None:
    for k in range(EXAMPLES):
        for a, b in zip(together, alone(k), strict=True):
            place = axis if axis <= b.ndim else 0
            row = np.take(to_numpy(a.array), k, axis=place)
            assert row.shape == b.shape
            np.testing.assert_allclose(row, to_numpy(b.array), rtol=1e-8, atol=1e-10)


def test_every_op_has_a_batching_rule() -> None:
    looping = {row.name for row in catalogue.rows() if row.vmap == "loop"}
    assert looping == set(LOOPS)
    assert all(LOOPS.values())


@pytest.mark.parametrize(("op", "sample"), CASES)
def test_vmap_equals_a_loop(op: Any, sample: Sample, device: str) -> None:
    for share in ("", "others", "first"):
        batch = Batch(op, sample, device, share)
        if not batch.floating or (share and len(batch.floating) == 1):
            continue
        same(ag.vmap(batch.values, batch.in_axes)(*batch.args), lambda k, b=batch: b.values(*b.example(k)))


@pytest.mark.parametrize(
    ("op", "sample"), [case for case in CASES if any(a is not None and a.kind != "float" for a in case.values[1].args)]
)
def test_vmap_over_integers_and_masks_equals_a_loop(op: Any, sample: Sample, device: str) -> None:
    rows = [sample.draw(np.random.default_rng([seed, 5]), np.float64) for seed in range(EXAMPLES)]
    present = [i for i, a in enumerate(rows[0]) if a is not None]
    discrete = [i for i in present if rows[0][i].dtype.kind in "iub"]
    for chosen in (present, discrete):
        in_axes = tuple(0 if i in chosen else None for i in present)
        args = [
            ag.tensor(np.stack([row[i] for row in rows]) if i in chosen else rows[0][i], device=device) for i in present
        ]

        def values(*xs: Any) -> tuple[Any, ...]:
            arguments: list[Any] = [None] * len(rows[0])
            for i, x in zip(present, xs, strict=True):
                arguments[i] = x
            y = op(*arguments, **sample.params)
            return tuple(y) if isinstance(y, tuple) else (y,)

        same(
            ag.vmap(values, in_axes)(*args),
            lambda k, f=values, xs=args, axes=in_axes: f(
                *(x if a is None else x[k] for x, a in zip(xs, axes, strict=True))
            ),
        )


@pytest.mark.parametrize(("op", "sample"), DERIVATIVES)
def test_gradients_for_each_example_equal_a_loop(op: Any, sample: Sample, device: str) -> None:
    for share in ("", "others"):
        batch = Batch(op, sample, device, share)
        if op.name in PHASES or not batch.floating or (share and len(batch.floating) == 1):
            continue
        gradient = ag.grad(batch.loss, tuple(range(len(batch.args))))
        together = ag.vmap(gradient, batch.in_axes, out_axes=-1)(*batch.args)
        together = [ag.moveaxis(g, -1, 0) for g in together]
        same(together, lambda k, b=batch, f=gradient: f(*b.example(k)))


@pytest.mark.parametrize(("op", "sample"), DERIVATIVES)
def test_forward_mode_for_each_example_equals_a_loop(op: Any, sample: Sample, device: str) -> None:
    for share in ("", "others"):
        batch = Batch(op, sample, device, share)
        if op.name in PHASES or not batch.floating or (share and len(batch.floating) == 1):
            continue

        def pushed(*xs: Any, b: Batch = batch) -> Any:
            moves = tuple(ag.cos(3 * x) for x in xs)
            return ag.jvp(b.results, xs, moves)[1]

        same(ag.vmap(pushed, batch.in_axes)(*batch.args), lambda k, b=batch, f=pushed: f(*b.example(k)))


@pytest.mark.parametrize(("op", "sample"), DERIVATIVES)
def test_jacobians_of_both_modes_agree(op: Any, sample: Sample, device: str) -> None:
    batch = Batch(op, sample, device)
    if op.name in PHASES or not batch.floating:
        return
    numbers = tuple(range(len(batch.args)))
    real = lambda *xs: tuple(y.real if y.dtype.kind == "c" else y for y in batch.results(*xs))  # noqa: E731
    forward = ag.jacobian(real, numbers, mode="forward")(*batch.example(0))
    reverse = ag.jacobian(real, numbers, mode="reverse")(*batch.example(0))
    for row, other in zip(forward, reverse, strict=True):
        for a, b in zip(row, other, strict=True):
            np.testing.assert_allclose(to_numpy(a.array), to_numpy(b.array), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize(("op", "sample"), DERIVATIVES)
def test_nested_vmap_of_second_derivatives(op: Any, sample: Sample, device: str) -> None:
    batch = Batch(op, sample, device)
    if op.name in PHASES or not batch.floating:
        return

    def product(*xs: Any) -> Any:
        return ag.hvp(batch.loss, xs, tuple(ag.cos(3 * x) for x in xs))

    twice = ag.vmap(ag.vmap(product, batch.in_axes))(*(ag.stack([x, x + 0.0], 0) for x in batch.args))
    same([y[1] for y in twice], lambda k: product(*batch.example(k)))
