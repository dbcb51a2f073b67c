"""Property-based tests of gradients: Hypothesis strategies for arrays and shapes, and checks for all orders and modes.

>>> @check_gradients(arrays(low=0.1, high=4.0), order=2)
... def test_my_op(x):
...     return my_op(x)

Needs Hypothesis (``pip install hypothesis``); ``import autograd`` alone does not load this module.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Literal

import numpy as np

from autograd.backend import to_numpy
from autograd.dispatch import bound
from autograd.errors import ArgumentError
from autograd.extras import import_extra
from autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from autograd.samples import Spec
from autograd.transforms import jvp, vjp
from autograd.vectorize import vmap

_hypothesis: Any = import_extra("hypothesis", extra="dev", purpose="draw test inputs")
_st: Any = import_extra("hypothesis.strategies", extra="dev", purpose="draw test inputs")

__all__ = [
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


def shapes(min_dims: int = 0, max_dims: int = 3, min_side: int = 1, max_side: int = 4) -> Any:
    """Shapes: tuples of ``min_dims`` to ``max_dims`` sides. ``min_side=0`` also draws empty ones."""
    return _st.lists(_st.integers(min_side, max_side), min_size=min_dims, max_size=max_dims).map(tuple)


def arrays(shape: Any = None, dtype: Any = np.float64, **domain: Any) -> Any:
    """Arrays of a shape (or of shapes drawn from a strategy).

    ``domain`` is that of :class:`autograd.samples.Spec`: ``low``, ``high``, ``avoid`` (kinks and poles to stay
    ``margin`` away from), ``distinct``. The values come from a drawn seed, so a failing example is short to print.
    """
    chosen = shapes() if shape is None else _st.just(shape) if isinstance(shape, tuple) else shape
    return _st.builds(
        lambda s, seed: Spec(s, **domain).draw(np.random.default_rng(seed), dtype), chosen, _st.integers(0, 2**16)
    )


def broadcastable_shapes(n: int = 2, max_dims: int = 3, max_side: int = 4) -> Any:
    """Tuples of ``n`` shapes that broadcast together: axes are left out or set to 1 at random."""

    def reduced(full: tuple[int, ...], cuts: list[tuple[int, list[bool]]]) -> tuple[tuple[int, ...], ...]:
        out = []
        for dropped, ones in cuts:
            kept = full[min(dropped, len(full)) :]
            out.append(tuple(1 if one else side for side, one in zip(kept, ones, strict=False)))
        return tuple(out)

    cut = _st.tuples(_st.integers(0, max_dims), _st.lists(_st.booleans(), min_size=max_dims, max_size=max_dims))
    return _st.builds(reduced, shapes(0, max_dims, 1, max_side), _st.lists(cut, min_size=n, max_size=n))


def broadcastable_arrays(n: int = 2, dtype: Any = np.float64, **domain: Any) -> Any:
    """Tuples of ``n`` arrays whose shapes broadcast together; ``domain`` as in :func:`arrays`."""
    return _st.builds(
        lambda chosen, seed: tuple(
            Spec(s, **domain).draw(np.random.default_rng([seed, i]), dtype) for i, s in enumerate(chosen)
        ),
        broadcastable_shapes(n),
        _st.integers(0, 2**16),
    )


def matmul_arrays(dtype: Any = np.float64) -> Any:
    """Pairs of arrays that have a matrix product: vectors, matrices and stacks that broadcast."""

    def made(
        batch: tuple[tuple[int, ...], ...], sides: tuple[int, int, int], vectors: tuple[bool, bool], seed: int
    ) -> Any:
        n, k, m = sides
        a = (k,) if vectors[0] else (*batch[0], n, k)
        b = (k,) if vectors[1] else (*batch[1], k, m)
        rng = np.random.default_rng(seed)
        return Spec(a).draw(rng, dtype), Spec(b).draw(rng, dtype)

    side = _st.integers(1, 4)
    return _st.builds(
        made, broadcastable_shapes(2, 2, 3), _st.tuples(side, side, side), _st.tuples(_st.booleans(), _st.booleans()),
        _st.integers(0, 2**16),
    )  # fmt: skip


def axes(ndim: int) -> Any:
    """An ``axis`` argument for an array of so many dimensions: None, a number (negative too), or a tuple of them."""
    if not ndim:
        return _st.none()
    one = _st.integers(-ndim, ndim - 1)
    return _st.one_of(
        _st.none(), one, _st.lists(_st.integers(0, ndim - 1), min_size=1, max_size=ndim, unique=True).map(tuple)
    )


def assert_gradients(function: Callable[..., Any], *inputs: Any, order: int = 2, **tolerances: Any) -> None:
    """Raise :class:`autograd.GradcheckError` unless derivatives agree with finite differences, up to ``order`` 1 or 2.

    ``inputs`` are float64 or complex128 arrays or Tensors; integer arrays are passed on as they are.
    """
    gradcheck(function, list(inputs), **tolerances)
    if order > 1:
        gradgradcheck(function, list(inputs), **tolerances)


def matrices(
    kind: Literal["regular", "symmetric", "positive", "singular"] = "regular",
    max_side: int = 4,
    square: bool = True,
    batched: bool = False,
    dtype: Any = np.float64,
) -> Any:
    """Matrices with singular values (or eigenvalues) spread from 1 to 3, so that nothing is close to degenerate.

    ``"symmetric"`` ones have eigenvalues of both signs, ``"positive"`` ones are positive-definite, ``"singular"`` ones
    lack one rank. Complex ones are Hermitian where real ones are symmetric. ``batched`` draws stacks too.
    """
    least = 2 if kind == "singular" else 1
    side = _st.integers(least, max_side)
    batch = _st.lists(_st.integers(1, 3), max_size=2 if batched else 0)
    other = _st.integers(least, max_side)

    def made(b: list[int], n: int, m: int, seed: int) -> np.ndarray:
        columns = n if square or kind in ("symmetric", "positive") else m
        return Spec((*b, n, columns), matrix=kind).draw(np.random.default_rng(seed), dtype)

    return _st.builds(made, batch, side, other, _st.integers(0, 2**16))


def kinked(points: Sequence[float], shape: Any = None, on: float = 0.5, low: float = -2.0, high: float = 2.0) -> Any:
    """Arrays some of whose elements lie exactly on kinks: about the share ``on`` of them, at ``points``.

    For tests of what a rule does there (a subgradient, a convention); finite differences do not apply.
    """
    chosen = shapes() if shape is None else _st.just(shape) if isinstance(shape, tuple) else shape

    def made(s: tuple[int, ...], seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        return np.where(rng.random(s) < on, rng.choice(np.asarray(points, float), s), rng.uniform(low, high, s))

    return _st.builds(made, chosen, _st.integers(0, 2**16))


def index_expressions(shape: tuple[int, ...], advanced: bool = True) -> Any:
    """What may stand in ``x[...]`` for an array of this shape: integers, slices, None, ``...``, arrays, masks."""

    def of_axis(n: int) -> Any:
        bounds = _st.one_of(_st.none(), _st.integers(-n - 1, n + 1))
        step = _st.sampled_from([None, 1, 2, -1])
        options = [_st.builds(slice, bounds, bounds, step)]
        if n:
            options.append(_st.integers(-n, n - 1))
        if n and advanced:
            options.append(_st.lists(_st.integers(-n, n - 1), min_size=1, max_size=4).map(np.array))
        return _st.one_of(*options)

    def assembled(parts: tuple[Any, ...], kept: int, new: bool, dots: bool) -> Any:
        arrays_in = [p for p in parts[:kept] if isinstance(p, np.ndarray)]
        index = [p if not isinstance(p, np.ndarray) or p is arrays_in[0] else slice(None) for p in parts[:kept]]
        if new:
            index.insert(0, None)
        if dots:
            index.append(Ellipsis)
        return tuple(index)

    basic = _st.builds(
        assembled, _st.tuples(*map(of_axis, shape)), _st.integers(0, len(shape)), _st.booleans(), _st.booleans()
    )
    if not advanced or not shape:
        return basic
    mask = _st.integers(0, 2**16).map(lambda seed: np.random.default_rng(seed).random(shape) < 0.5)
    return _st.one_of(basic, mask)


_Mode = Literal["reverse", "forward", "vmap"]
_MODES: tuple[_Mode, ...] = ("reverse", "forward", "vmap")


def check_gradients(
    *strategies: Any,
    order: int = 2,
    modes: Sequence[_Mode] = ("reverse", "forward"),
    max_examples: int = 30,
    **tolerances: Any,
) -> Callable[[Callable[..., Any]], Callable[[], None]]:
    """A decorator that makes a function of Tensors into a test of its derivatives, over drawn inputs.

    ``strategies``  one for each argument, such as :func:`arrays`; integer arrays are passed on as they are
    ``order``       1 or 2: finite differences of the value, and of the gradient
    ``modes``       ``"reverse"`` (against finite differences), ``"forward"`` (the push-forward is linear, and the
                    adjoint of the pull-back), ``"vmap"`` (a batch equals a loop)

    A failure shrinks to the smallest input that shows it, and prints a program that reproduces it.

    >>> @check_gradients(arrays(low=0.1), arrays((), low=0.5))
    ... def test_scaled_log(x, scale):
    ...     return ag.log(x) * scale
    """
    unknown = set(modes) - set(_MODES)
    if unknown or order not in (1, 2):
        raise ArgumentError(
            f"check_gradients: modes are {', '.join(_MODES)} and order 1 or 2, not {modes!r}, {order!r}."
        )
    if not strategies:
        raise ArgumentError("check_gradients: give a strategy for each argument, such as arrays().")

    def decorate(function: Callable[..., Any]) -> Callable[[], None]:
        @_hypothesis.settings(max_examples=max_examples, deadline=None)
        @_hypothesis.given(_st.tuples(*strategies))
        def test(inputs: tuple[Any, ...]) -> None:
            try:
                if "reverse" in modes:
                    assert_gradients(function, *inputs, order=order, **tolerances)
                if "forward" in modes:
                    _check_forward(function, inputs)
                if "vmap" in modes:
                    _check_vmap(function, inputs)
            except AssertionError as error:
                error.add_note(_program(function, inputs, order, modes))
                raise

        @wraps(function, updated=())
        def run() -> None:
            test()

        del run.__wrapped__  # pytest would ask for the function's arguments as fixtures
        return run

    return decorate


def _floating(inputs: Sequence[Any]) -> list[int]:
    return [i for i, x in enumerate(inputs) if getattr(x, "dtype", np.dtype(int)).kind in "fc"]


def _of_floats(
    function: Callable[..., Any], inputs: Sequence[Any], places: list[int]
) -> Callable[..., tuple[Any, ...]]:
    """The function of its floating arguments alone, as a tuple of floating results."""

    def restricted(*given: Any) -> tuple[Any, ...]:
        arguments = [bound(x, None) if isinstance(x, np.ndarray) else x for x in inputs]
        for i, x in zip(places, given, strict=True):
            arguments[i] = x
        value = function(*arguments)
        value = value if isinstance(value, (tuple, list)) else (value,)
        return tuple(y for y in value if y.dtype.kind in "fc")

    return restricted


def _inner(a: Any, b: Any) -> float:
    return float(np.sum(np.conj(to_numpy(a.array)) * to_numpy(b.array)).real)


def _check_forward(function: Callable[..., Any], inputs: Sequence[Any]) -> None:
    """The push-forward is linear, and the adjoint of the pull-back."""
    places = _floating(inputs)
    restricted = _of_floats(function, inputs, places)
    rng = np.random.default_rng(2)

    def direction(like: Any) -> Any:
        x = rng.normal(size=like.shape)
        return bound((x + 1j * rng.normal(size=like.shape) if like.dtype.kind == "c" else x).astype(like.dtype), None)

    primals = tuple(bound(np.asarray(inputs[i]), None) for i in places)
    first, second = (tuple(direction(x) for x in primals) for _ in range(2))
    value, pushed = jvp(restricted, primals, first)
    _, also = jvp(restricted, primals, second)
    _, both = jvp(restricted, primals, tuple(2 * a - 3 * b for a, b in zip(first, second, strict=True)))
    for a, b, c in zip(pushed, also, both, strict=True):
        wanted, got = to_numpy((2 * a - 3 * b).array), to_numpy(c.array)
        if not np.allclose(wanted, got, rtol=1e-8, atol=1e-8):
            raise GradcheckError(
                f"forward mode is not linear: jvp of 2a - 3b is {got!r}, 2 jvp(a) - 3 jvp(b) is {wanted!r}."
            )
    cotangents = tuple(direction(y) for y in value)
    pulled = vjp(restricted, *primals)[1](cotangents)
    left = sum(_inner(c, t) for c, t in zip(cotangents, pushed, strict=True))
    right = sum(_inner(g, t) for g, t in zip(pulled, first, strict=True))
    if not np.isclose(left, right, rtol=1e-8, atol=1e-8):
        raise GradcheckError(
            f"forward and reverse mode are not adjoint: <cotangent, jvp> is {left:.12g}, "
            f"<vjp, tangent> is {right:.12g}. One of the two rules is wrong."
        )


def _check_vmap(function: Callable[..., Any], inputs: Sequence[Any]) -> None:
    """A batch of two equals a loop."""
    places = _floating(inputs)
    restricted = _of_floats(function, inputs, places)
    batch = [np.stack([inputs[i], inputs[i]]) for i in places]
    together = vmap(restricted)(*batch)
    alone = restricted(*(bound(np.asarray(inputs[i]), None) for i in places))
    for a, b in zip(together, alone, strict=True):
        for row in (0, 1):
            if a.shape[1:] != b.shape or not np.allclose(
                to_numpy(a.array)[row], to_numpy(b.array), rtol=1e-8, atol=1e-8
            ):
                raise GradcheckError(f"vmap differs from a loop: shape {a.shape[1:]} against {b.shape}, row {row}.")


def _program(function: Callable[..., Any], inputs: Sequence[Any], order: int, modes: Sequence[str]) -> str:
    """A program that fails as the test did."""
    name, module = getattr(function, "__name__", "function"), getattr(function, "__module__", "")
    lines = [
        "To reproduce it:", "", "    import numpy as np", "    import autograd as ag",
        f"    # {name} is the function under @check_gradients in {module}, without the decorator",
    ]  # fmt: skip
    names = []
    for i, x in enumerate(inputs):
        names.append(f"x{i}")
        if isinstance(x, np.ndarray):
            lines.append(f"    x{i} = np.array({x.tolist()!r}, dtype={str(x.dtype)!r}).reshape({x.shape})")
        else:
            lines.append(f"    x{i} = {x!r}")
    lines.append(f"    ag.gradcheck({name}, [{', '.join(names)}])")
    if order > 1:
        lines.append(f"    ag.gradgradcheck({name}, [{', '.join(names)}])")
    if set(modes) - {"reverse"}:
        lines.append(f"    # checked in the modes {', '.join(modes)}")
    return "\n".join(lines)
