"""What must hold of the derivatives of any function. Each check has a name, and is a mode of ``check_gradients``.

Only ``reverse`` compares with finite differences. The others are metamorphic: they compare two ways to compute the same
thing, to rounding, and so find errors that finite differences are too coarse for, or that only show in one mode.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from autograd import ops
from autograd.backend import to_numpy
from autograd.check_session import covering, session
from autograd.checkpointing import checkpoint
from autograd.dispatch import bound
from autograd.errors import ArgumentError
from autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from autograd.random import get_states, set_states
from autograd.tape import Variable
from autograd.transforms import jvp, vjp
from autograd.tree import tree_flatten, tree_leaves, tree_unflatten
from autograd.vectorize import vmap

__all__ = ["MODES", "Case", "assert_gradients"]


class Case:
    """A function at given arguments, as a function of its floating arrays alone that returns floating Tensors.

    Arguments and results may be containers. A Module is a function of its parameters too: they are taken as further
    arrays, in float64. Random ops draw the same numbers in each call.
    """

    def __init__(self, function: Callable[..., Any], arguments: Sequence[Any], device: str = "cpu"):
        self.function = function
        self.device = device
        self.name = str(getattr(function, "name", None) or getattr(function, "__name__", type(function).__name__))
        parameters, self._module = tree_flatten(function)
        if self._module.kind is None:
            parameters = []
        leaves, self._structure = tree_flatten(tuple(arguments))
        self._count = len(leaves)
        self._random = get_states()
        self._leaves: list[Any] = [to_numpy(x.array) if isinstance(x, Variable) else x for x in leaves]
        self._leaves += [_widened(to_numpy(getattr(p, "array", p))) for p in parameters]
        self._places = [i for i, x in enumerate(self._leaves) if isinstance(x, np.ndarray) and x.dtype.kind in "fc"]
        self.points = [self._leaves[i] for i in self._places]
        if not self.points:
            raise ArgumentError(f"check of {self.name}: no argument is a floating array, so there is no derivative.")

    def __call__(self, *floats: Any) -> tuple[Any, ...]:
        """The floating results at other values of the floating arrays."""
        set_states(self._random)
        leaves = [self.at([x])[0] if isinstance(x, np.ndarray) else x for x in self._leaves]
        for i, x in zip(self._places, floats, strict=True):
            leaves[i] = x if isinstance(x, Variable) else bound(np.asarray(x), None)
        arguments = tree_unflatten(self._structure, leaves[: self._count])
        function = self.function if self._module.kind is None else tree_unflatten(self._module, leaves[self._count :])
        results: list[Any] = [
            bound(np.asarray(y), None) if not isinstance(y, Variable) else y for y in _parts(function(*arguments))
        ]
        return tuple(y for y in results if y.dtype.kind in "fc")

    def at(self, points: Sequence[np.ndarray]) -> list[Any]:
        """Points as Tensors on the device of the check."""
        return [bound(x, None).to(self.device) for x in points]

    def at_leaves(self) -> list[Any]:
        """The points as Tensors that want gradients."""
        return [x.requires_grad_() for x in self.at(self.points)]


def _widened(x: Any) -> Any:
    return x.astype(np.complex128 if x.dtype.kind == "c" else np.float64) if x.dtype.kind in "fc" else x


def _parts(value: Any) -> list[Any]:
    return tree_leaves(value) if not isinstance(value, Variable) else [value]


class _Directions:
    """Random directions, from the seed of the session."""

    def __init__(self, number: int):
        self._rng = np.random.default_rng([session.seed or 0, number])

    def like(self, x: Any) -> Any:
        values = self._rng.normal(size=x.shape)
        if x.dtype.kind == "c":
            values = values + 1j * self._rng.normal(size=x.shape)
        return bound(values.astype(x.dtype), None).to(x.device)

    def each(self, xs: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(self.like(x) for x in xs)


def _array(x: Any) -> np.ndarray:
    return to_numpy(x.array) if isinstance(x, Variable) else np.asarray(x)


def _inner(xs: Sequence[Any], ys: Sequence[Any]) -> float:
    return sum(float(np.sum(np.conj(_array(x)) * _array(y)).real) for x, y in zip(xs, ys, strict=True))


def _same(name: str, what: str, left: Sequence[Any], right: Sequence[Any], rtol: float, atol: float) -> None:
    """Raise unless two ways to compute something agree; ``what`` says which, as "a against b"."""
    for k, (a, b) in enumerate(zip(left, right, strict=True)):
        x, y = _array(a), _array(b)
        if x.shape != y.shape:
            raise GradcheckError(f"{name}: {what}: number {k} has shape {x.shape} against {y.shape}.")
        scale = float(np.max(np.abs(y[np.isfinite(y)]), initial=0.0))  # cancellation is measured against the largest
        wrong = ~np.isclose(x, y, rtol=rtol, atol=atol + rtol * scale, equal_nan=True)
        if wrong.any():
            index = tuple(int(n) for n in np.argwhere(wrong)[0])
            raise GradcheckError(
                f"{name}: {what}: number {k} differs at {index}: {x[index]:.10g} against {y[index]:.10g} "
                f"({int(wrong.sum())} of {wrong.size} elements)."
            )


def _gradient(case: Callable[..., Any], weights: tuple[Any, ...], name: str) -> Callable[..., tuple[Any, ...]]:
    """The gradient of all results, weighed, as a function."""

    def gradient(*xs: Any) -> tuple[Any, ...]:
        return tuple(vjp(case, *xs)[1](weights))

    gradient.__name__ = f"the gradient of {name}"
    return gradient


# ------------------------------------------------------------------------------------------------------- the checks


def _reverse(case: Case, order: int, **tolerances: Any) -> None:
    """Reverse mode against central finite differences, at each order up to ``order``."""
    function: Any = case.__call__
    named = _named(function, case.name)
    gradcheck(named, case.at_leaves(), **tolerances)
    directions = _Directions(1)
    for _ in range(2, order + 1):
        if not any(y.requires_grad for y in named(*case.at_leaves())):
            return  # constant: all higher derivatives are zero
        gradgradcheck(named, case.at_leaves(), **tolerances)
        weights = directions.each(named(*case.at(case.points)))
        named = _gradient(named, weights, named.__name__)


def _named(function: Any, name: str) -> Any:
    def call(*xs: Any) -> Any:
        return function(*xs)

    call.__name__ = name
    return call


def _forward(case: Case, order: int, **_: Any) -> None:
    """Forward mode is linear, the adjoint of reverse mode, and gives the same Hessian over it."""
    directions = _Directions(2)
    points = tuple(case.at(case.points))
    first, second = directions.each(points), directions.each(points)
    value, pushed = jvp(case, points, first)
    _, also = jvp(case, points, second)
    _, both = jvp(case, points, tuple(2 * a - 3 * b for a, b in zip(first, second, strict=True)))
    combined = [2 * a - 3 * b for a, b in zip(pushed, also, strict=True)]
    if len(points) > 1:  # the others stand still: rules must take that too
        alone = [
            jvp(case, points, tuple(t if i == k else None for i, t in enumerate(first)))[1] for k in range(len(points))
        ]
        added = [sum(column[1:], column[0]) for column in zip(*alone, strict=True)]
        _same(case.name, "forward mode along each argument alone against along all", added, pushed, 1e-8, 1e-10)
    _same(
        case.name, "forward mode is not linear: jvp(2a - 3b) against 2 jvp(a) - 3 jvp(b)", both, combined, 1e-8, 1e-10
    )
    cotangents = directions.each(value)
    left, right = _inner(cotangents, pushed), _inner(vjp(case, *points)[1](cotangents), first)
    # each side is a sum of products that may cancel
    scale = sum(float(np.sum(np.abs(_array(c) * _array(t)))) for c, t in zip(cotangents, pushed, strict=True))
    if not abs(left - right) <= 1e-8 * max(scale, abs(left), abs(right)) + 1e-10 and np.isfinite([left, right]).all():
        raise GradcheckError(
            f"{case.name}: forward and reverse mode are not adjoint: <cotangent, jvp> is {left:.12g}, "
            f"<vjp, tangent> is {right:.12g}. One of the two rules is wrong."
        )
    if order > 1:
        gradient = _gradient(case, cotangents, case.name)
        over = jvp(gradient, points, first)[1]
        twice = vjp(gradient, *points)[1](first)
        what = "the Hessian by forward over reverse mode against reverse over reverse"
        _same(case.name, what, over, twice, 1e-8, 1e-9)


def _linear(case: Case, order: int, **_: Any) -> None:
    """Reverse mode is linear in the cotangent."""
    directions = _Directions(3)
    value, pull = vjp(case, *case.at(case.points))
    first, second = directions.each(value), directions.each(value)
    both = pull(tuple(2 * a - 3 * b for a, b in zip(first, second, strict=True)))
    combined = [2 * a - 3 * b for a, b in zip(pull(first), pull(second), strict=True)]
    _same(
        case.name, "reverse mode is not linear: vjp(2a - 3b) against 2 vjp(a) - 3 vjp(b)", both, combined, 1e-8, 1e-10
    )


def _vmap(case: Case, order: int, **_: Any) -> None:
    """A batch equals a loop over its rows, for the value and for the gradient."""
    rows = [[np.asarray(x * (1 - 1e-3 * k)) for x in case.points] for k in range(3)]  # alike, and inside the domain
    batch = case.at([np.stack(column) for column in zip(*rows, strict=True)])
    alone = [case(*case.at(row)) for row in rows]
    together = vmap(case)(*batch)
    stacked = [np.stack([_array(y) for y in column]) for column in zip(*alone, strict=True)]
    _same(case.name, "vmap against a loop", together, stacked, 1e-8, 1e-10)
    weights = _Directions(4).each(alone[0])

    def pulled(*xs: Any) -> tuple[Any, ...]:
        return vjp(case, *xs)[1](weights)

    looped = [pulled(*case.at(row)) for row in rows]
    stacked = [np.stack([_array(g) for g in column]) for column in zip(*looped, strict=True)]
    _same(case.name, "vmap of the gradient against a loop", vmap(pulled)(*batch), stacked, 1e-8, 1e-10)


def _checkpoint(case: Case, order: int, **_: Any) -> None:
    """Computing again in the backward pass gives the gradient that keeping the values gives."""
    points = case.at(case.points)
    weights = _Directions(5).each(case(*points))
    plain: Any = case
    again = lambda *xs: checkpoint(case, *xs)  # noqa: E731
    for k in range(order):
        left, right = _gradient(again, weights, case.name), _gradient(plain, weights, case.name)
        what = f"with checkpoint against without, order {k + 1}"
        found = right(*points)
        _same(case.name, what, left(*points), found, 1e-12, 1e-14)
        weights = _Directions(6 + k).each(found)
        plain, again = right, left


def _broadcast(case: Case, order: int, **_: Any) -> None:
    """Broadcasting equals tiling by hand, the gradient being the sum over the tiles; for elementwise functions."""
    shape = np.broadcast_shapes(*(x.shape for x in case.points))
    tiled = [np.broadcast_to(x, shape).copy() for x in case.points]
    value, pull = vjp(case, *case.at(case.points))
    wide, wide_pull = vjp(case, *case.at(tiled))
    _same(case.name, "broadcasting against tiling by hand", value, wide, 1e-12, 1e-14)
    weights = _Directions(8).each(value)
    summed = []
    for g, x in zip(wide_pull(weights), case.points, strict=True):
        extra = len(shape) - x.ndim
        stretched = tuple(i for i, n in enumerate(shape) if i < extra or (x.shape[i - extra] == 1 and n != 1))
        summed.append(np.sum(_array(g), axis=stretched, keepdims=True).reshape(x.shape))
    _same(case.name, "the gradient of broadcasting against the sum over tiles", pull(weights), summed, 1e-9, 1e-11)


def _float32(case: Case, order: int, **_: Any) -> None:
    """Single precision gives single precision, and what double precision gives to rounding."""
    low = case.at([x.astype(np.complex64 if x.dtype.kind == "c" else np.float32) for x in case.points])
    high = [ops.astype(x, np.complex128 if x.dtype.kind == "c" else np.float64) for x in low]
    value, pull = vjp(case, *low)
    exact, exact_pull = vjp(case, *high)
    weights = tuple(ops.astype(w, y.dtype) for w, y in zip(_Directions(9).each(exact), value, strict=True))
    wide = tuple(ops.astype(w, y.dtype) for w, y in zip(weights, exact, strict=True))
    found, wanted = pull(weights), exact_pull(wide)
    for kind, parts in (("value", value), ("gradient", found)):
        for k, y in enumerate(parts):
            if y.dtype not in (np.float32, np.complex64):
                raise GradcheckError(
                    f"{case.name}: float32 does not stay float32: {kind} {k} is {y.dtype}. Is there a NumPy scalar or "
                    "a float64 constant in it? Python numbers are weak."
                )
    _same(case.name, "values in float32 against float64", value, exact, 1e-4, 1e-5)
    _same(case.name, "gradients in float32 against float64", found, wanted, 2e-3, 1e-4)


def _complex(case: Case, order: int, **_: Any) -> None:
    """Complex numbers agree with pairs of real ones; real numbers written as complex ones agree with themselves."""
    directions = _Directions(10)
    if any(x.dtype.kind == "c" for x in case.points):
        pairs = case.at([np.array(part) for x in case.points for part in (np.real(x), np.imag(x))])

        def of_pairs(*parts: Any) -> tuple[Any, ...]:
            given = iter(parts)
            xs = []
            for x in case.points:
                re, im = next(given), next(given)
                xs.append(re + 1j * im if x.dtype.kind == "c" else re)
            return case(*xs)

        value, pull = vjp(case, *case.at(case.points))
        weights = directions.each(value)
        whole = pull(weights)
        parts = vjp(of_pairs, *pairs)[1](weights)
        joined = [
            _array(re) + (1j * _array(im) if x.dtype.kind == "c" else 0)
            for re, im, x in zip(parts[::2], parts[1::2], case.points, strict=True)
        ]
        _same(case.name, "the complex gradient against that of real pairs", whole, joined, 1e-9, 1e-11)
        # The gradient of pairs by forward mode along each kind of direction: independent of the conjugate convention.
        first = directions.each(case.at(case.points))
        along = _inner(weights, jvp(case, tuple(case.at(case.points)), first)[1])
        if abs(along - _inner(whole, first)) > 1e-8 * (1 + abs(along)):
            raise GradcheckError(
                f"{case.name}: the complex gradient does not predict the change along a direction: {along:.12g} "
                f"against {_inner(whole, first):.12g}. The convention is conjugate Wirtinger: g = dL/dx + i dL/dy."
            )
        return
    value, pull = vjp(case, *case.at(case.points))
    wide, wide_pull = vjp(case, *case.at([x.astype(np.complex128) for x in case.points]))
    alike = [y if v.dtype.kind == "c" else ops.real(y) for y, v in zip(wide, value, strict=True)]
    _same(case.name, "real numbers as complex ones against themselves", alike, value, 1e-9, 1e-11)
    weights = directions.each(value)
    found = wide_pull(tuple(ops.astype(w, y.dtype) for w, y in zip(weights, wide, strict=True)))
    _same(
        case.name,
        "the gradient of real numbers as complex ones",
        [ops.real(g) for g in found],
        pull(weights),
        1e-9,
        1e-11,
    )


MODES: dict[str, Callable[..., None]] = {
    "reverse": _reverse,
    "forward": _forward,
    "linear": _linear,
    "vmap": _vmap,
    "checkpoint": _checkpoint,
    "broadcast": _broadcast,
    "float32": _float32,
    "complex": _complex,
}
"""The checks by name. ``broadcast`` is for elementwise functions; the others hold of any function."""


def chosen_modes(modes: Any) -> tuple[str, ...]:
    """The names of modes, checked; ``"all"`` stands for every one."""
    named = tuple(MODES) if modes == "all" else (modes,) if isinstance(modes, str) else tuple(modes)
    if unknown := [m for m in named if m not in MODES]:
        raise ArgumentError(f'modes are {", ".join(MODES)}, or "all"; not {", ".join(map(repr, unknown))}.')
    return named


def assert_gradients(
    function: Callable[..., Any],
    *inputs: Any,
    order: int = 2,
    modes: Any = ("reverse",),
    device: str = "cpu",
    **tolerances: Any,
) -> None:
    """Raise :class:`autograd.GradcheckError` unless the derivatives of ``function`` at ``inputs`` are right.

    ``inputs``      float64 or complex128 arrays or Tensors, or containers of them; what is not floating is passed on
    ``order``       highest derivative to check
    ``modes``       names of checks (:data:`MODES`), or ``"all"``
    ``device``      where to evaluate the function
    ``tolerances``  of the finite differences, see :func:`autograd.gradcheck`
    """
    if not isinstance(order, int) or order < 1:
        raise ArgumentError(f"assert_gradients: order is the highest derivative to check, from 1 on; not {order!r}.")
    named = chosen_modes(modes)
    case = Case(function, inputs, device)
    given = case.at([x.copy() for x in case.points])
    case(*given)
    for i, (after, before) in enumerate(zip(given, case.points, strict=True)):
        if not np.array_equal(_array(after), before, equal_nan=True):
            raise GradcheckError(
                f"{case.name}: the function writes into its floating argument {i}. Let it write to a copy."
            )
    for mode in named:
        with nullcontext() if mode == "reverse" else covering(mode):  # gradcheck tells its orders apart itself
            MODES[mode](case, order, **tolerances)
