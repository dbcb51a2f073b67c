"""What must hold of the derivatives of any function. Each check has a name, and is a mode of ``check_gradients``.

Only ``reverse`` compares with finite differences. The others are metamorphic: they compare two ways to compute the same
thing, to rounding, and so find errors that finite differences are too coarse for, or that only show in one mode.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

import numpy as np

from autograd import ops
from autograd.backend import to_numpy
from autograd.check_case import Case, is_order, largest, name_of, roughness
from autograd.check_session import covering, session
from autograd.checkpointing import checkpoint
from autograd.dispatch import bound
from autograd.errors import ArgumentError, DtypeError
from autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from autograd.tape import Variable
from autograd.transforms import gradients, jvp, vjp
from autograd.vectorize import vmap

__all__ = ["MODES", "Case", "assert_gradients"]


class NotMeantError(ArgumentError):
    """A check that is not meant for this function; ``modes="all"`` leaves it out."""


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


def _same(
    case: Case, what: str, left: Sequence[Any], right: Sequence[Any], rtol: float, order: int = 0,
    by_argument: bool = False, single: bool = False, alike: bool = True,
) -> None:  # fmt: skip
    """Raise unless two ways to compute something agree; ``what`` says which, as "a against b".

    The tolerance is relative to the largest number of the right side, and to what derivatives of this order are made
    of. What is next to 0 may be rounding. ``by_argument`` where the numbers are derivatives by one argument each,
    ``single`` where the left side was computed in single precision. Unless the two are ``alike``, one may cancel where
    the other does not, and the rounding of one says nothing of the other's.
    """
    for k, (a, b) in enumerate(zip(left, right, strict=True)):
        x, y = _array(a), _array(b)
        if x.shape != y.shape:
            raise GradcheckError(f"{case.name}: {what}: number {k} has shape {x.shape} against {y.shape}.")
        argument = k if by_argument else None
        tolerance = rtol * max(largest(y), 1e-3 * case.scale(order, argument))
        with np.errstate(invalid="ignore"):
            distance = np.abs(x - y)
        fine = (x == y) | (np.isnan(x) & np.isnan(y))
        if not (fine | (distance <= tolerance)).all():
            most = rtol * 1e-3 * case.scale(order, argument, 0.1)  # left over from numbers as large as 0.1
            tolerance = max(tolerance, _left_over(case, order, argument, most, single) if alike else most)
        wrong = ~(fine | (distance <= tolerance))
        if wrong.any():
            index = tuple(int(n) for n in np.argwhere(wrong)[0])
            raise GradcheckError(
                f"{case.name}: {what}: number {k} differs at {index}: {x[index]:.10g} against {y[index]:.10g} "
                f"({int(wrong.sum())} of {wrong.size} elements)."
            )


def _gradient(case: Callable[..., Any], weights: tuple[Any, ...], name: str) -> Callable[..., tuple[Any, ...]]:
    """The gradient of all results, weighed, as a function."""

    def gradient(*xs: Any) -> tuple[Any, ...]:
        return tuple(vjp(case, *xs)[1](weights))

    gradient.__name__ = f"the gradient of {name}"
    return gradient


def _left_over(case: Case, order: int, argument: int | None, most: float, single: bool = False) -> float:
    """The size of derivatives that are what rounding left over when larger numbers cancelled.

    Measured; where that shows nothing it is ``most``, and never more.
    """
    function: Any = case
    types = ("float32", "complex64") if single else ("float64", "complex128")
    step = 0.25 * float(np.finfo(types[0]).eps) ** (1 / 3)
    directions = [_Directions(11 + i).like(x) for i, x in enumerate(case.at(case.points))]

    def evaluate(t: float) -> list[np.ndarray]:
        moved = [
            (x + t * unit * np.tanh(_array(d).real)).astype(types[x.dtype.kind == "c"])
            for x, d, unit in zip(case.points, directions, case.units, strict=True)
        ]
        return [_array(y) for y in function(*case.at(moved))]

    for i in range(order):
        weights = _Directions(20 + i).each([bound(y, None) for y in evaluate(0.0)])
        function = _gradient(function, weights, case.name)
    rough = [float(np.max(np.nan_to_num(100 * x, nan=most), initial=0.0)) for x in roughness(evaluate, step)]
    return min(most, rough[argument] if argument is not None and order else max(rough))


# ------------------------------------------------------------------------------------------------------- the checks


def _reverse(case: Case, order: int, **tolerances: Any) -> None:
    """Reverse mode against central finite differences, at each order up to ``order``."""
    function: Any = case
    gradcheck(function, case.at_leaves(), **tolerances)
    directions = _Directions(1)
    for _ in range(2, order + 1):
        if not any(y.requires_grad for y in function(*case.at_leaves())):
            return  # constant: all higher derivatives are zero
        gradgradcheck(function, case.at_leaves(), **tolerances)
        weights = directions.each(function(*case.at(case.points)))
        function = _gradient(function, weights, name_of(function))


def _combined(first: Sequence[Any], second: Sequence[Any]) -> tuple[Any, ...]:
    """``2 a - 3 b``: what a linear map takes to the same combination of its values."""
    return tuple(2 * a - 3 * b for a, b in zip(first, second, strict=True))


def _forward(case: Case, order: int, **_: Any) -> None:
    """Forward mode is linear, the adjoint of reverse mode, and gives the same Hessian over it."""
    directions = _Directions(2)
    points = tuple(case.at(case.points))
    first, second = directions.each(points), directions.each(points)
    value, pushed = jvp(case, points, first)
    _, also = jvp(case, points, second)
    _, both = jvp(case, points, _combined(first, second))
    if len(points) > 1:  # the others stand still: rules must take that too
        alone = [
            jvp(case, points, tuple(t if i == k else None for i, t in enumerate(first)))[1] for k in range(len(points))
        ]
        added = [sum(column[1:], column[0]) for column in zip(*alone, strict=True)]
        _same(case, "forward mode along each argument alone against along all", added, pushed, 1e-8, 1)
    what = "forward mode is not linear: jvp(2a - 3b) against 2 jvp(a) - 3 jvp(b)"
    _same(case, what, both, _combined(pushed, also), 1e-8, 1)
    cotangents = directions.each(value)
    pulled = vjp(case, *points)[1](cotangents)
    if _finite(pushed) != _finite(pulled):
        seen = "reverse" if _finite(pushed) else "forward"
        raise GradcheckError(f"{case.name}: {seen} mode gives NaN or infinity where the other mode does not.")
    if _finite(value) and any(np.isnan(_array(t)).any() for t in pushed):
        raise GradcheckError(f"{case.name}: the derivative is NaN in both modes, and the value is finite.")
    left, right = _inner(cotangents, pushed), _inner(pulled, first)
    # each side is a sum of products that may cancel
    scale = sum(float(np.sum(np.abs(_array(c) * _array(t)))) for c, t in zip(cotangents, pushed, strict=True))
    floor = 0.0 if abs(left - right) <= 1e-8 * scale else _left_over(case, 1, None, 1e-11 * case.scale(1, None, 0.1))
    if (
        _finite(pushed)
        and not abs(left - right) <= 1e-8 * max(scale, abs(left), abs(right), 1e-3 * case.scale(1)) + floor
    ):
        raise GradcheckError(
            f"{case.name}: forward and reverse mode are not adjoint: <cotangent, jvp> is {left:.12g}, "
            f"<vjp, tangent> is {right:.12g}. One of the two rules is wrong."
        )
    if order > 1:
        gradient = _gradient(case, cotangents, case.name)
        over = jvp(gradient, points, first)[1]
        twice = vjp(gradient, *points)[1](first)
        _same(case, "the Hessian by forward over reverse mode against reverse over reverse", over, twice, 1e-8, 2, True)


def _finite(xs: Sequence[Any]) -> bool:
    return all(bool(np.isfinite(_array(x)).all()) for x in xs)


def _linear(case: Case, order: int, **_: Any) -> None:
    """Reverse mode is linear in the cotangent."""
    directions = _Directions(3)
    value, pull = vjp(case, *case.at(case.points))
    first, second = directions.each(value), directions.each(value)
    both = pull(_combined(first, second))
    what = "reverse mode is not linear: vjp(2a - 3b) against 2 vjp(a) - 3 vjp(b)"
    _same(case, what, both, _combined(pull(first), pull(second)), 1e-8, 1, True)


def _vmap(case: Case, order: int, **_: Any) -> None:
    """A batch equals a loop over its rows, for the value and for the gradient, whichever axis and argument has it."""
    rows = [[np.asarray(x * (1 - 1e-3 * k)) for x in case.points] for k in range(3)]  # alike, and inside the domain
    weights = _Directions(4).each(case(*case.at(rows[0])))

    def pulled(*xs: Any) -> tuple[Any, ...]:
        return vjp(case, *xs)[1](weights)

    n = len(case.points)
    mixed: list[int | None] = [-1 if i % 2 == 0 else 0 for i in range(n)]
    layouts: list[tuple[str, list[int | None], int]] = [("", [0] * n, 0), (" along axes of their own", mixed, -1)]
    if n > 1:
        layouts += [
            (f" with argument {k} shared", [None if i == k else 0 for i in range(n)], 0) for k in range(n)
        ]  # fmt: skip
    for what, function, depth in (("vmap", case, 0), ("vmap of the gradient", pulled, 1)):
        for layout, axes, out in layouts:
            used = [[row[i] if axis is not None else rows[0][i] for i, axis in enumerate(axes)] for row in rows]
            batch = case.at([
                rows[0][i] if axis is None else np.stack([row[i] for row in rows], axis) for i, axis in enumerate(axes)
            ])  # fmt: skip
            together = vmap(function, tuple(axes), out, randomness="same")(*batch)
            _same(
                case,
                f"{what}{layout} against a loop",
                together,
                _looped(function, case, used, out),
                1e-8,
                depth,
                bool(depth),
            )
        twice = case.at([np.stack([np.stack(column[:2]), np.stack(column[1:])]) for column in zip(*rows, strict=True)])
        nested = vmap(vmap(function, randomness="same"), randomness="same")(*twice)
        pairs = [_looped(function, case, part, 0) for part in (rows[:2], rows[1:])]
        both = [np.stack(column) for column in zip(*pairs, strict=True)]
        _same(case, f"{what} inside vmap against a loop", nested, both, 1e-8, depth, bool(depth))
    _vmap_of_pulls(case, rows)


def _vmap_of_pulls(case: Case, rows: Sequence[Sequence[np.ndarray]]) -> None:
    """A batch of cotangents equals a loop over them, at one point and at a batch of points."""
    n = len(case.points)
    cotangents = [_Directions(30 + i).each(case(*case.at(rows[0]))) for i in range(len(rows))]
    batch = tuple(bound(np.stack([_array(w) for w in column]), None).to(case.device)
                  for column in zip(*cotangents, strict=True))  # fmt: skip

    def pulled(weights: tuple[Any, ...], *xs: Any) -> tuple[Any, ...]:
        return tuple(vjp(case, *xs)[1](weights))

    for what, used in (("", [rows[0]] * len(rows)), (" and of points", list(rows))):
        points = case.at([np.stack(column) if what else column[0] for column in zip(*used, strict=True)])
        together = vmap(pulled, (0, *[0 if what else None] * n), randomness="same")(batch, *points)
        loop = [[_array(g) for g in pulled(w, *case.at(row))] for w, row in zip(cotangents, used, strict=True)]
        looped = [np.stack(column) for column in zip(*loop, strict=True)]
        _same(case, f"vmap over cotangents{what} against a loop", together, looped, 1e-8, 1, True)


def _looped(function: Callable[..., Any], case: Case, rows: Sequence[Sequence[Any]], axis: int) -> list[np.ndarray]:
    results = [[_array(y) for y in function(*case.at(row))] for row in rows]
    return [np.stack(column, axis) for column in zip(*results, strict=True)]


def _checkpoint(case: Case, order: int, **_: Any) -> None:
    """Computing again in the backward pass gives the gradient that keeping the values gives."""
    points = case.at(case.points)
    weights = _Directions(5).each(case(*points))
    plain: Any = case
    again: Any = partial(checkpoint, case)
    for k in range(order):
        left, right = _gradient(again, weights, case.name), _gradient(plain, weights, case.name)
        what = f"with checkpoint against without, order {k + 1}"
        found = right(*points)
        _same(case, what, left(*points), found, 1e-12, k + 1, True)
        weights = _Directions(6 + k).each(found)
        plain, again = right, left


def _broadcast(case: Case, order: int, **_: Any) -> None:
    """Broadcasting equals tiling by hand, the gradient being the sum over the tiles; for elementwise functions."""
    points = case.at_leaves()
    found = gradients([ops.sum(ops.real(y)) for y in case(*points)], points, allow_unused=True)
    # The parameters of a Module, and arguments that it does not use, have shapes of their own.
    tiles = [i for i, g in enumerate(found) if g is not None and i < case.count]
    shapes = [case.points[i].shape for i in tiles]
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError:
        raise NotMeantError(
            f"check of {case.name}: broadcast is for elementwise functions, and the arguments of shapes "
            f"{', '.join(map(str, shapes))} do not broadcast. Leave this mode out, or draw the arguments with "
            "broadcastable_arrays."
        ) from None
    tiled = [np.broadcast_to(x, shape).copy() if i in tiles else x for i, x in enumerate(case.points)]
    value, pull = vjp(case, *case.at(case.points))
    wide, wide_pull = vjp(case, *case.at(tiled))
    _same(case, "broadcasting against tiling by hand", value, wide, 1e-12)
    weights = _Directions(8).each(value)
    summed = []
    for g, x in zip(wide_pull(weights), case.points, strict=True):
        extra = g.ndim - x.ndim
        stretched = tuple(i for i, n in enumerate(g.shape) if i < extra or (x.shape[i - extra] == 1 and n != 1))
        summed.append(np.sum(_array(g), axis=stretched, keepdims=True).reshape(x.shape))
    _same(case, "the gradient of broadcasting against the sum over tiles", pull(weights), summed, 1e-9, 1, True)


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
    _same(case, "values in float32 against float64", value, exact, 1e-4, single=True)
    _same(case, "gradients in float32 against float64", found, wanted, 2e-3, 1, True, True)


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
        _same(case, "the complex gradient against that of real pairs", whole, joined, 1e-9, 1, True)
        # The gradient of pairs by forward mode along each kind of direction: independent of the conjugate convention.
        first = directions.each(case.at(case.points))
        along = _inner(weights, jvp(case, tuple(case.at(case.points)), first)[1])
        if not abs(along - _inner(whole, first)) <= 1e-8 * max(abs(along), 1e-3 * case.scale(1, None, case.size + 0.1)):
            raise GradcheckError(
                f"{case.name}: the complex gradient does not predict the change along a direction: {along:.12g} "
                f"against {_inner(whole, first):.12g}. The convention is conjugate Wirtinger: g = dL/dx + i dL/dy."
            )
        return
    value, pull = vjp(case, *case.at(case.points))
    try:
        wide, wide_pull = vjp(case, *case.at([x.astype(np.complex128) for x in case.points]))
    except DtypeError as error:
        raise NotMeantError(
            f"check of {case.name}: complex is for functions of complex numbers, and this takes none: {error} "
            "Leave this mode out."
        ) from error
    real = [y if v.dtype.kind == "c" else ops.real(y) for y, v in zip(wide, value, strict=True)]
    _same(case, "real numbers as complex ones against themselves", real, value, 1e-9, alike=False)
    weights = directions.each(value)
    found = wide_pull(tuple(ops.astype(w, y.dtype) for w, y in zip(weights, wide, strict=True)))
    what = "the gradient of real numbers as complex ones"
    _same(case, what, [ops.real(g) for g in found], pull(weights), 1e-9, 1, True, alike=False)


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
"""The checks by name. ``broadcast`` is for elementwise functions, and ``complex`` for those that take complex numbers;
the others hold of any function."""


def chosen_modes(modes: Any) -> tuple[str, ...]:
    """The names of modes, checked; ``"all"`` stands for every one."""
    named = tuple(MODES) if modes == "all" else (modes,) if isinstance(modes, str) else tuple(modes)
    if unknown := [m for m in named if m not in MODES]:
        raise ArgumentError(f'modes are {", ".join(MODES)}, or "all"; not {", ".join(map(repr, unknown))}.')
    if not named:
        raise ArgumentError(f'modes is empty, so nothing would be checked. Name some of {", ".join(MODES)}, or "all".')
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
    ``modes``       names of checks (:data:`MODES`), or ``"all"`` that are meant for it
    ``device``      where to evaluate the function
    ``tolerances``  of the finite differences, see :func:`autograd.gradcheck`
    """
    if not is_order(order):
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
            try:
                MODES[mode](case, order, **tolerances)
            except NotMeantError:
                if modes != "all":
                    raise
