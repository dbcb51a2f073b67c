"""The oracle of ops: draws arguments, takes values and two orders of gradients in both engines, and compares."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd.samples import Spec
from autograd.testing import axes, broadcastable_shapes, matrices, shapes

torch = pytest.importorskip("torch", reason="PyTorch is the oracle of these tests")
SEEDS = st.integers(0, 2**16)


class Fixed(NamedTuple):
    """A floating array that wants no gradient."""

    array: np.ndarray


class Draw:
    """Draws the arguments of one example; values come from one seed, so that a failing example is short to print."""

    def __init__(self, data: Any, dtype: type) -> None:
        self._data, self.dtype = data, dtype
        self.rng = np.random.default_rng(data.draw(SEEDS, label="seed"))

    def __call__(self, strategy: Any) -> Any:
        return self._data.draw(strategy)

    def one(self, *options: Any) -> Any:
        return self(st.sampled_from(options))

    def bool(self) -> bool:
        return self(st.booleans())

    def int(self, low: int, high: int) -> int:
        return self(st.integers(low, high))

    def ints(self, n: int, low: int, high: int) -> tuple[int, ...]:
        return self(st.tuples(*[st.integers(low, high)] * n))

    def shape(self, least: int = 0, most: int = 3, low: int = 1, high: int = 4) -> tuple[int, ...]:
        return self(shapes(least, most, low, high))

    def x(self, *shape: int, **domain: Any) -> np.ndarray:
        """Values of this shape."""
        return Spec(shape, **domain).draw(self.rng, self.dtype)

    def xs(self, least: int = 0, side: int = 1, **domain: Any) -> np.ndarray:
        """Values of a drawn shape, of so many axes and so long sides at least."""
        return self.x(*self.shape(least, low=side), **domain)

    def pair(self, n: int = 2, **domain: Any) -> tuple[np.ndarray, ...]:
        """Arrays whose shapes broadcast."""
        return tuple(self.x(*shape, **domain) for shape in self(broadcastable_shapes(n)))

    def axis(self, x: np.ndarray) -> int:
        return self.int(-x.ndim, x.ndim - 1)

    def axes(self, x: np.ndarray) -> Any:
        return self(axes(x.ndim))

    def picks(self, shape: Any, n: int) -> np.ndarray:
        """Indices below n."""
        return self.rng.integers(0, n, shape)

    def mask(self, *shape: int) -> np.ndarray:
        return np.asarray(self.rng.random(shape) < 0.6)

    def matrix(self, kind: Any = "regular", square: bool = True, side: int = 3) -> np.ndarray:
        return self(matrices(kind, side, square, batched=True, dtype=self.dtype))

    def holed(self, shape: tuple[int, ...]) -> np.ndarray:
        """Values among which some are NaN, but never a whole row of them."""
        x = self.x(*shape, distinct=True)
        odd = np.indices(shape).sum(0) % 2 == 1
        return np.where(odd & (self.rng.random(shape) < 0.6), np.nan, x)


ZERO: dict[str, Any] = {"avoid": (0.0,), "margin": 0.1}


def dim_pair(d: Draw, x: np.ndarray) -> tuple[int, int]:
    return tuple(d(st.permutations(range(x.ndim)))[:2])


def same(d: Draw, n: int = 2, least: int = 1) -> tuple[Any, ...]:
    shape = d.shape(least)
    return tuple(d.x(*shape) for _ in range(n))


def dims(x: Any, axis: Any) -> tuple[int, ...]:
    return tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else axis


def plain(index: Any) -> Any:
    """Our side takes the arrays of an index as they are."""
    return tuple(map(plain, index)) if isinstance(index, tuple) else getattr(index, "array", index)


class Row(NamedTuple):
    name: str
    ours: Any
    theirs: Any
    arguments: Any
    second: bool
    rtol: float
    dtypes: str


class Table(list[Row]):
    """Rows; calling the table adds one."""

    def __call__(
        self,
        name: str,
        ours: Any,
        theirs: Any,
        arguments: Any,
        dtypes: str = "d",
        second: bool = True,
        rtol: float = 1e-8,
    ) -> None:
        """``dtypes``: d and D for float64 and complex128; ``second=False`` where PyTorch has no second derivative."""
        self.append(Row(name, ours, theirs, arguments, second, rtol, dtypes))


# --------------------------------------------------------------------------------------------------- the comparison


def converted(value: Any, leaf: Any, plain: Any) -> Any:
    """The arguments of one side: its own arrays, leaves where they are floating."""
    if isinstance(value, Fixed):
        return plain(value.array)
    if isinstance(value, np.ndarray):
        return leaf(value) if value.dtype.kind in "fc" else plain(value)
    if isinstance(value, (tuple, list)):
        return type(value)(converted(v, leaf, plain) for v in value)
    return value


class Side(NamedTuple):
    """One of the two engines, in the words of the other."""

    name: str
    tensor: Any
    gradients: Any
    real: Any
    numpy: Any


OURS = Side(
    "ours",
    ag.tensor,
    lambda y, xs: ag.gradients(y, xs, create_graph=True, allow_unused=True),
    ag.real,
    lambda y: y.detach().array,
)
THEIRS = Side("PyTorch's", torch.tensor, lambda y, xs: torch.autograd.grad(y, xs, create_graph=True, allow_unused=True),
              lambda y: y.real if y.is_complex() else y, lambda y: y.numpy(force=True))  # fmt: skip


def projection(side: Side, ys: list[Any], seed: int) -> Any:
    """The inner product of these values with random ones, which takes all their gradients at once."""
    rng, total = np.random.default_rng(seed), None
    for y in ys:
        weights = rng.uniform(0.5, 1.5, tuple(y.shape)) + 1j * rng.uniform(0.5, 1.5, tuple(y.shape))
        weights = weights if "complex" in str(y.dtype) else weights.real
        if y.requires_grad:
            part = side.real(y * side.tensor(weights)).sum()
            total = part if total is None else total + part
    return total


def orders(side: Side, function: Any, arguments: Any, second: bool) -> list[list[Any]]:
    """Value, gradients, and gradients of the gradients' projection."""
    leaves: list[Any] = []

    def leaf(array: np.ndarray) -> Any:
        leaves.append(side.tensor(array, requires_grad=True))
        return leaves[-1]

    value = function(*converted(arguments, leaf, side.tensor))
    current = list(value) if isinstance(value, (tuple, list)) else [value]
    found = [[side.numpy(y) for y in current]]
    for seed in (1, 2) if second else (1,):
        total = projection(side, current, seed)
        if total is None:
            break
        gradients = side.gradients(total, leaves)
        found.append(
            [np.zeros(tuple(x.shape)) if g is None else side.numpy(g) for g, x in zip(gradients, leaves, strict=True)]
        )
        current = [g if g is not None else x.detach() * 0 for g, x in zip(gradients, leaves, strict=True)]
    return found


def check(row: Row, dtype: type, data: Any) -> None:
    arguments = row.arguments(Draw(data, dtype))
    with np.errstate(all="ignore"):
        ours = orders(OURS, row.ours, arguments, row.second)
    theirs = orders(THEIRS, row.theirs, arguments, row.second)
    shown = f"{row.name}{arguments!r}"
    for order, (got, want) in enumerate(zip(ours, theirs, strict=False)):
        for i, (a, b) in enumerate(zip(got, want, strict=True)):
            what = ("value", "first gradient of argument", "second gradient of argument")[order]
            scale = 10.0 ** (2 * order)
            np.testing.assert_allclose(
                a, b, rtol=row.rtol * scale, atol=row.rtol * 0.1 * scale * (1 + np.max(np.abs(np.nan_to_num(b)), initial=0)),
                err_msg=f"{what} {i}: ours against PyTorch's\nfor {shown}"
            )  # fmt: skip
    for longer in (ours[len(theirs) :], theirs[len(ours) :]):  # one side stopped: what the other has must be zero
        for order in longer:
            assert not any(np.any(np.abs(g) > 1e-12) for g in order), (
                f"only one side has a derivative: {order}\nfor {shown}"
            )


def against_pytorch(table: Table) -> Any:
    """The test of all rows of a table."""
    cases = [
        pytest.param(row, {"d": np.float64, "D": np.complex128}[kind], id=f"{row.name}-{'real' if kind == 'd' else 'complex'}")
        for row in table for kind in row.dtypes
    ]  # fmt: skip

    @pytest.mark.parametrize("examples", [8, pytest.param(150, marks=pytest.mark.slow)])
    @pytest.mark.parametrize(("row", "dtype"), cases)
    def test(row: Row, dtype: type, examples: int) -> None:
        @settings(max_examples=examples, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.data())
        def agrees(data: Any) -> None:
            check(row, dtype, data)

        agrees()

    return test
