"""Inputs that the op table gives for each op; the generated tests, the docs and the Hypothesis strategies read them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.errors import DtypeError, ShapeError

__all__ = [
    "ErrorSample", "Sample", "Spec", "array", "boolean", "elementwise_samples", "integers", "sample", "standard_errors",
]  # fmt: skip


class Spec(NamedTuple):
    """One array argument: its shape, and the domain that its values are drawn from.

    ``low``, ``high``  range of the values
    ``avoid``          kinks and poles to stay ``margin`` away from
    ``distinct``       no two values closer than ``margin`` (sorting, max, median)
    ``kind``           ``"float"``, ``"int"`` (``high`` is excluded) or ``"bool"``
    ``matrix``         ``"regular"`` (condition below 10), ``"symmetric"`` (distinct eigenvalues), ``"positive"``
                       (symmetric positive-definite), ``"singular"`` (rank one less than full); Hermitian if complex
    """

    shape: tuple[int, ...]
    low: float = -2.0
    high: float = 2.0
    avoid: tuple[float, ...] = ()
    margin: float = 0.05
    distinct: bool = False
    kind: str = "float"
    matrix: str = ""

    def draw(self, rng: np.random.Generator, dtype: Any = np.float64, decimals: int | None = None) -> np.ndarray:
        """An array of this specification, rounded to so many ``decimals`` where the domain allows it."""
        if self.kind == "bool":
            return rng.random(self.shape) < 0.5
        if self.kind == "int":
            return rng.integers(int(self.low), int(self.high), self.shape)
        if self.matrix:
            return self._draw_matrix(rng, np.dtype(dtype))
        size = int(np.prod(self.shape))
        if self.distinct:
            values = np.linspace(self.low, self.high, max(size, 2))[:size]
            return rng.permutation(values).reshape(self.shape).astype(dtype)
        values = rng.uniform(self.low, self.high, self.shape)
        if decimals is not None:
            values = np.clip(np.round(values, decimals), self.low, self.high)
        for point in self.avoid:
            side = np.where(values >= point, 1.0, -1.0)
            if point - self.margin < self.low:
                side = np.ones_like(values)
            elif point + self.margin > self.high:
                side = -np.ones_like(values)
            values = np.where(np.abs(values - point) < self.margin, point + 2 * side * self.margin, values)
        if np.dtype(dtype).kind == "c":
            imaginary = rng.uniform(-1, 1, self.shape)
            imaginary = imaginary if decimals is None else np.round(imaginary, decimals)
            return np.asarray(values + 1j * imaginary, dtype)
        return np.asarray(values, dtype)

    def _draw_matrix(self, rng: np.random.Generator, dtype: np.dtype) -> np.ndarray:
        """Matrices with singular values (eigenvalues) spread over [1, 3], so that nothing is degenerate."""
        rows, columns = self.shape[-2:]
        n = min(rows, columns)
        wide = np.complex128 if dtype.kind == "c" else np.float64

        def orthogonal(size: int) -> np.ndarray:
            a = rng.normal(size=(*self.shape[:-2], size, size)).astype(wide)
            if wide is np.complex128:
                a = a + 1j * rng.normal(size=a.shape)
            return np.linalg.qr(a)[0] if size else a

        left = orthogonal(rows)[..., :, :n]
        values = np.linspace(1.0, 3.0, n) if n != 1 else np.ones(1)
        if self.matrix == "symmetric":
            values = values * np.where(np.arange(n) % 2, -1, 1)
        elif self.matrix == "singular":
            values = np.where(np.arange(n) == 0, 0, values)
        hermitian = self.matrix in ("symmetric", "positive")
        right = left if hermitian else orthogonal(columns)[..., :, :n]
        a = (left * values) @ np.conj(np.swapaxes(right, -1, -2))
        return (0.5 * (a + np.conj(np.swapaxes(a, -1, -2))) if hermitian else a).astype(dtype)


class Sample(NamedTuple):
    """Arguments of one call: array specifications and static parameters."""

    args: tuple[Spec | None, ...]
    params: dict[str, Any] = {}  # noqa: RUF012  (a default that nobody writes to)

    def draw(self, rng: np.random.Generator, dtype: Any = np.float64) -> list[Any]:
        """The array arguments, drawn; None stays None (an optional argument left out)."""
        return [None if spec is None else spec.draw(rng, dtype) for spec in self.args]

    def __str__(self) -> str:
        shapes = ",".join("None" if spec is None else "x".join(map(str, spec.shape)) or "0d" for spec in self.args)
        # a function by its name: its address differs from one worker of the tests to the next
        return shapes + "".join(f",{key}={getattr(value, '__name__', value)}" for key, value in self.params.items())


class ErrorSample(NamedTuple):
    """A call that must fail: the arguments, the error's type, and a pattern that its message must match."""

    args: tuple[Any, ...]
    error: type[Exception]
    match: str
    params: dict[str, Any] = {}  # noqa: RUF012  (a default that nobody writes to)


def array(*shape: int, **domain: Any) -> Spec:
    """A float array argument of this shape."""
    return Spec(tuple(shape), **domain)


def integers(*shape: int, low: int = 0, high: int = 5) -> Spec:
    """An integer array argument with values in ``[low, high)``."""
    return Spec(tuple(shape), low=low, high=high, kind="int")


def boolean(*shape: int) -> Spec:
    """A Boolean array argument."""
    return Spec(tuple(shape), kind="bool")


def sample(*args: Spec | None, **params: Any) -> Sample:
    """One call: array specifications and static parameters."""
    return Sample(tuple(args), params)


_UNARY_SHAPES: Sequence[tuple[tuple[int, ...], ...]] = (((2, 3),), ((),), ((0, 3),), ((4,),))
_BINARY_SHAPES: Sequence[tuple[tuple[int, ...], ...]] = (
    ((2, 3), (2, 3)),
    ((2, 3), (3,)),
    ((2, 1), (1, 3)),
    ((), (3,)),
    ((3,), ()),
    ((), ()),
    ((0, 3), (3,)),
)


def elementwise_samples(
    n: int = 1,
    second: dict[str, Any] | None = None,
    far: Sequence[tuple[float, float]] = (),
    **domain: Any,
) -> tuple[Sample, ...]:
    """Samples of an elementwise op of one or two arguments: equal, broadcast, zero-dimensional and empty shapes.

    ``second`` overrides the domain for the second argument; ``far`` are ranges towards the ends of the domain, each of
    which gives one more sample.
    """
    ends = tuple(Sample((Spec((4,), low=low, high=high),) * n) for low, high in far)
    if n == 1:
        return tuple(Sample((Spec(shape, **domain),)) for (shape,) in _UNARY_SHAPES) + ends
    return tuple(Sample((Spec(a, **domain), Spec(b, **(domain | (second or {}))))) for a, b in _BINARY_SHAPES) + ends


_FAR_AXIS = 9


def standard_errors(names: Sequence[str], samples: Sequence[Sample], kind: str) -> tuple[ErrorSample, ...]:
    """What an op refuses in any case, from its first sample.

    Text in place of an array, an axis that does not exist, and, for an elementwise op, shapes that do not broadcast.
    """
    if not samples or not samples[0].args:
        return ()
    params = samples[0].params
    arrays = samples[0].draw(np.random.default_rng(0))
    cases = [ErrorSample(("text", *arrays[1:]), DtypeError, rf"{re.escape(names[0])} is a str", params)]
    for key in ("axis", "axes"):
        value = params.get(key)
        if isinstance(value, int) or (isinstance(value, tuple) and value and all(isinstance(a, int) for a in value)):
            far = _FAR_AXIS if isinstance(value, int) else (_FAR_AXIS, *value[1:])
            cases.append(
                ErrorSample(tuple(arrays), ShapeError, f"axis {_FAR_AXIS} is out of range", {**params, key: far})
            )
    if kind == "elementwise" and len(arrays) == 2:
        clash = (np.ones((2, 3), arrays[0].dtype), np.ones(4, arrays[1].dtype))
        cases.append(ErrorSample(clash, ShapeError, r"do not broadcast.*axis -1 has 3 against 4", params))
    return tuple(cases)
