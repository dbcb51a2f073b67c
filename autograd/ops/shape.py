"""Ops that rearrange elements without arithmetic: reshape, permute, broadcast, join, cut, pad, flip."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from autograd.backend import Array
from autograd.composite import composite
from autograd.errors import ArgumentError, ShapeError
from autograd.ops.axes import Axis, normalize_axes, normalize_axis, normalize_shape
from autograd.primitive import no_flops, primitive
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec
from autograd.tape import module_of

__all__ = [
    "broadcast_to", "cat", "concat", "concatenate", "expand", "expand_dims", "flatten", "flip", "matrix_transpose",
    "moveaxis", "pad", "permute_dims", "reshape", "split", "squeeze", "stack", "swapaxes", "swapdims", "transpose",
    "unsqueeze",
]  # fmt: skip

_reshape = primitive(
    "reshape", lambda x, *, shape: np.reshape(x, shape), kind="view",
    vjp=[lambda g, x_shape: reshape(g, x_shape)], jvp="linear", flops=no_flops,
    latex=r"\operatorname{{reshape}}({0})", vjp_latex=[r"\operatorname{reshape}(\bar y)"],
    samples=[sample(spec(2, 6), shape=(3, 4)), sample(spec(), shape=(1, 1)), sample(spec(0, 3), shape=(3, 0, 2))],
)  # fmt: skip


def reshape(x: Any, *shape: Any) -> Any:
    """``x`` with another shape of the same size; one entry may be -1. A view where memory order allows.

    Call it as ``reshape(x, (2, 3))`` or ``reshape(x, 2, 3)``.
    """
    return _reshape(x, shape=normalize_shape("reshape", shape, x.size))


def flatten(x: Any, start_axis: int = 0, end_axis: int = -1) -> Any:
    """Merge the axes from ``start_axis`` to ``end_axis``, both included, into one."""
    if x.ndim == 0:
        return reshape(x, 1)
    first = normalize_axis("flatten", start_axis, x.ndim, x.shape)
    last = normalize_axis("flatten", end_axis, x.ndim, x.shape)
    if first > last:
        raise ShapeError(f"flatten: start_axis {start_axis} lies after end_axis {end_axis} for shape {x.shape}.")
    merged = int(np.prod(x.shape[first : last + 1], dtype=np.int64))
    return reshape(x, x.shape[:first] + (merged,) + x.shape[last + 1 :])


_permute = primitive(
    "permute_dims", lambda x, *, axes: np.transpose(x, axes), kind="view",
    vjp=[lambda g, axes: _permute(g, axes=tuple(sorted(range(len(axes)), key=axes.__getitem__)))], jvp="linear",
    flops=no_flops, latex=r"\operatorname{{permute}}_{{A}}({0})",
    vjp_latex=[r"\operatorname{permute}_{A}^{-1}(\bar y)"],
    samples=[sample(spec(2, 3, 4), axes=(2, 0, 1)), sample(spec(), axes=()), sample(spec(0, 3), axes=(1, 0))],
)  # fmt: skip


def permute_dims(x: Any, axes: Sequence[int]) -> Any:
    """``x`` with its axes in another order: axis ``i`` of the result is axis ``axes[i]`` of ``x``."""
    normal = normalize_axes("permute_dims", tuple(axes), x.ndim, x.shape)
    if len(normal) != x.ndim:
        raise ShapeError(f"permute_dims: axes {tuple(axes)} must name each of the {x.ndim} axes of {x.shape} once.")
    return _permute(x, axes=normal)


def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """As :func:`permute_dims`; without ``axes`` the order is reversed."""
    return permute_dims(x, tuple(reversed(range(x.ndim))) if axes is None else axes)


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """``x`` with two axes exchanged."""
    a, b = (normalize_axis("swapaxes", axis, x.ndim, x.shape) for axis in (axis1, axis2))
    axes = list(range(x.ndim))
    axes[a], axes[b] = b, a
    return _permute(x, axes=tuple(axes))


def moveaxis(x: Any, source: Axis, destination: Axis) -> Any:
    """``x`` with axes at other positions, the order of the others kept; one each or tuples of them."""
    start, stop = (normalize_axes("moveaxis", axes, x.ndim, x.shape) for axes in (source, destination))
    if len(start) != len(stop):
        raise ShapeError(f"moveaxis: {len(start)} axes cannot go to {len(stop)} positions.")
    order = [i for i in range(x.ndim) if i not in start]
    for place, axis in sorted(zip(stop, start, strict=True)):
        order.insert(place, axis)
    return _permute(x, axes=tuple(order))


def matrix_transpose(x: Any) -> Any:
    """The last two axes exchanged: the transpose of each matrix of a stack."""
    if x.ndim < 2:
        raise ShapeError(f"matrix_transpose: needs two axes at least, x is {x.shape}. Make a row with x[None, :].")
    return swapaxes(x, -1, -2)


_broadcast_to = primitive(
    "broadcast_to", lambda x, *, shape: np.broadcast_to(x, shape), kind="view",
    vjp=[lambda g: g], jvp="linear", flops=no_flops,  # the backward walk sums over the new axes
    latex=r"\operatorname{{broadcast}}({0})", vjp_latex=[r"\textstyle\sum_{A} \bar y"],
    samples=[sample(spec(3), shape=(2, 3)), sample(spec(2, 1), shape=(2, 3)), sample(spec(), shape=(2,)),
             sample(spec(1, 0), shape=(2, 0))],
)  # fmt: skip


def broadcast_to(x: Any, shape: Sequence[int]) -> Any:
    """``x`` repeated along new or length-1 axes until it has ``shape``; a read-only view."""
    wanted = tuple(int(n) for n in shape)
    padded = (1,) * (len(wanted) - x.ndim) + tuple(x.shape)
    if len(padded) != len(wanted) or any(a not in (1, b) for a, b in zip(padded, wanted, strict=True)):
        raise ShapeError(
            f"broadcast_to: x is {tuple(x.shape)}, which does not stretch to {wanted}. "
            "Axes are compared from the last; each of x must be 1 or equal."
        )
    return _broadcast_to(x, shape=wanted)


def expand(x: Any, *shape: Any) -> Any:
    """As :func:`broadcast_to`, where -1 keeps the size of an axis (PyTorch's name)."""
    wanted = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
    offset = len(wanted) - x.ndim
    for i, n in enumerate(wanted):
        if n == -1 and i < offset:
            raise ShapeError(f"expand: -1 at axis {i} of {wanted} has no axis of x {tuple(x.shape)} to keep.")
    return broadcast_to(x, [x.shape[i - offset] if n == -1 else n for i, n in enumerate(wanted)])


def squeeze(x: Any, axis: Axis = None) -> Any:
    """``x`` without the axes of length 1 (all of them, or those named)."""
    axes = (
        tuple(i for i, n in enumerate(x.shape) if n == 1)
        if axis is None
        else normalize_axes("squeeze", axis, x.ndim, x.shape)
    )
    for a in axes:
        if x.shape[a] != 1:
            raise ShapeError(f"squeeze: axis {a} of x {tuple(x.shape)} has length {x.shape[a]}, not 1.")
    return _reshape(x, shape=tuple(n for i, n in enumerate(x.shape) if i not in axes))


def expand_dims(x: Any, axis: Axis) -> Any:
    """``x`` with new axes of length 1 at the positions that ``axis`` names in the result."""
    added = 1 if not isinstance(axis, (tuple, list)) else len(axis)
    axes = normalize_axes("expand_dims", axis, x.ndim + added)
    sizes = iter(x.shape)
    return _reshape(x, shape=tuple(1 if i in axes else next(sizes) for i in range(x.ndim + added)))


unsqueeze, swapdims = expand_dims, swapaxes

# ------------------------------------------------------------------------------------------------------ join, cut


def _concat_vjp(g: Any, needs: tuple[bool, ...], xs_shape: tuple[tuple[int, ...], ...], axis: int) -> list[Any]:
    parts, start = [], 0
    for needed, shape in zip(needs, xs_shape, strict=True):
        stop = start + shape[axis]
        parts.append(g[(slice(None),) * axis + (slice(start, stop),)] if needed else None)
        start = stop
    return parts


_concat = primitive(
    "concat", lambda *xs, axis: np.concatenate(xs, axis), kind="view",
    vjp=_concat_vjp, jvp="linear", flops=no_flops,
    latex=r"\operatorname{{concat}}_{{A}}({0}, \dots)", vjp_latex=[r"\operatorname{slice}_{i}(\bar y)"],
    samples=[sample(spec(2, 3), spec(2, 1), spec(2, 2), axis=1), sample(spec(2), axis=0),
             sample(spec(0, 2), spec(3, 2), axis=0)],
)  # fmt: skip


def concat(xs: Sequence[Any], axis: int | None = 0) -> Any:
    """Join arrays along an existing axis; ``axis=None`` flattens them first. Other axes must agree."""
    xs = _sequence("concat", xs)
    if axis is None:
        xs, axis = [flatten(x) for x in xs], 0
    axis = normalize_axis("concat", axis, xs[0].ndim, xs[0].shape)
    for i, x in enumerate(xs):
        if x.ndim != xs[0].ndim or any(
            a != b for k, (a, b) in enumerate(zip(x.shape, xs[0].shape, strict=False)) if k != axis
        ):
            raise ShapeError(
                f"concat: xs[{i}] is {tuple(x.shape)} and xs[0] is {tuple(xs[0].shape)}; "
                f"they must agree in every axis but axis {axis}. Use stack to join along a new axis."
            )
    return _concat(*xs, axis=axis)


concatenate = cat = concat


def stack(xs: Sequence[Any], axis: int = 0) -> Any:
    """Join arrays of one shape along a new axis."""
    xs = _sequence("stack", xs)
    for i, x in enumerate(xs):
        if x.shape != xs[0].shape:
            raise ShapeError(
                f"stack: xs[{i}] is {tuple(x.shape)} and xs[0] is {tuple(xs[0].shape)}; all must be equal."
            )
    axis = normalize_axis("stack", axis, xs[0].ndim + 1)
    return _concat(*(expand_dims(x, axis) for x in xs), axis=axis)


def _sequence(op: str, xs: Sequence[Any]) -> list[Any]:
    xs = [x if hasattr(x, "shape") else np.asarray(x) for x in xs]
    if not xs:
        raise ShapeError(f"{op}: got no arrays. Give one at least.")
    return xs


def _split_forward(x: Array, *, points: tuple[int, ...], axis: int) -> tuple[Array, ...]:
    return tuple(np.split(x, points, axis))


def _split_vjp(g: Any, x_shape: tuple[int, ...], points: tuple[int, ...], axis: int) -> Any:
    edges = (0, *points, x_shape[axis])
    sizes = [max(stop - start, 0) for start, stop in pairwise(edges)]
    like = next(part for part in g if part is not None)
    parts = [
        _zeros(like, x_shape[:axis] + (size,) + x_shape[axis + 1 :]) if part is None else part
        for part, size in zip(g, sizes, strict=True)
    ]
    return _concat(*parts, axis=axis)


def _zeros(like: Any, shape: tuple[int, ...]) -> Array:
    """Zeros of another shape on the device and of the dtype of ``like``."""
    return module_of(like).zeros(shape, dtype=like.dtype)


_split = primitive(
    "split", _split_forward, kind="view", outputs=True, selects=True,
    vjp=[_split_vjp], jvp="linear", flops=no_flops,
    latex=r"\operatorname{{split}}_{{A}}({0})", vjp_latex=[r"\operatorname{concat}_{A}(\bar y)"],
    samples=[sample(spec(2, 6), points=(2, 4), axis=1), sample(spec(5), points=(2,), axis=0)],
)  # fmt: skip


def split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> tuple[Any, ...]:
    """Cut ``x`` along an axis: into so many equal parts, or before each of the given indices (as NumPy)."""
    axis = normalize_axis("split", axis, x.ndim, x.shape)
    length = x.shape[axis]
    if isinstance(indices_or_sections, (int, np.integer)):
        sections = int(indices_or_sections)
        if sections < 1 or length % sections:
            raise ShapeError(
                f"split: axis {axis} of x {tuple(x.shape)} has length {length}, which does not divide into "
                f"{sections} equal parts. Give the indices to cut at instead."
            )
        points = tuple(range(length // sections, length, length // sections)) if length else (0,) * (sections - 1)
    else:
        points = tuple(min(max(int(p) + (length if p < 0 else 0), 0), length) for p in indices_or_sections)
        if any(a > b for a, b in pairwise(points)):
            raise ShapeError(f"split: the indices {tuple(indices_or_sections)} must not decrease.")
    return tuple(_split(x, points=points, axis=axis))


# -------------------------------------------------------------------------------------------------------- pad, flip


def _pad_forward(x: Array, *, widths: tuple[tuple[int, int], ...], value: float) -> Array:
    return np.pad(x, widths, constant_values=value) if widths else x.copy()


def _pad_vjp(g: Any, x_shape: tuple[int, ...], widths: tuple[tuple[int, int], ...]) -> Any:
    return g[tuple(slice(before, before + n) for (before, _), n in zip(widths, x_shape, strict=True))]


_pad = primitive(
    "pad", _pad_forward, kind="view", vjp=[_pad_vjp],
    jvp=lambda primals, tangents, widths, value: _pad(tangents[0], widths=widths, value=0.0), flops=no_flops,
    latex=r"\operatorname{{pad}}({0})", vjp_latex=[r"\operatorname{crop}(\bar y)"],
    samples=[sample(spec(2, 3), widths=((1, 0), (2, 1)), value=0.5), sample(spec(), widths=(), value=0.0),
             sample(spec(0, 2), widths=((1, 1), (0, 0)), value=0.0)],
)  # fmt: skip


_PAD_MODES: dict[str, Any] = {
    "reflect": "reflect",
    "replicate": "edge",
    "edge": "edge",
    "circular": "wrap",
    "wrap": "wrap",
    "symmetric": "symmetric",
}


def _cut(shape: tuple[int, ...], axis: int, before: int, after: int, gained: int = 0) -> slice:
    """What negative widths leave of an axis that has ``gained`` elements."""
    first, last = max(-before, 0), shape[axis] + gained + min(after, 0)
    if first > last:
        raise ShapeError(f"pad: widths {(before, after)} cut more than axis {axis} of x {tuple(shape)} has. Cut less.")
    return slice(first, last)


def _padded_places(shape: tuple[int, ...], axis: int, before: int, after: int, mode: str) -> Array:
    """The places along an axis from which a padding that copies takes its elements."""
    places, grown = np.arange(shape[axis]), (max(before, 0), max(after, 0))
    if circular := mode in ("circular", "wrap"):
        places = places[_cut(shape, axis, before, after)]
    limit = len(places) - 1 if mode == "reflect" else len(places)
    if max(grown) > limit and (mode in ("reflect", "circular") or not limit):
        raise ShapeError(
            f"pad: mode {mode!r} takes at most {max(limit, 0)} elements from axis {axis} of x {tuple(shape)}"
            f"{' as it is cut' if len(places) < shape[axis] else ''}, not {max(grown)}."
        )
    places = np.pad(places, grown, mode=_PAD_MODES[mode])
    return places if circular else places[_cut(shape, axis, before, after, sum(grown))]


def pad(x: Any, pad_width: Any, constant_value: float = 0.0, mode: str = "constant") -> Any:
    """``x`` with more elements around it (NumPy's widths); a negative width cuts.

    ``pad_width`` is a number (each side of each axis), a pair (before, after) for each axis, or one pair for all.
    ``mode``: ``"constant"``, ``"reflect"`` (the edge not repeated), ``"symmetric"`` (repeated), ``"replicate"`` (the
    edge itself; also ``"edge"``), ``"circular"`` (from the other side; also ``"wrap"``). Where one side grows and the
    other is cut, the copies are of the axis as it was, but in a circle of what the cut leaves (as PyTorch).
    """
    if mode != "constant" and mode not in _PAD_MODES:
        raise ArgumentError(f"pad: mode must be constant or one of {', '.join(_PAD_MODES)}, not {mode!r}.")
    try:
        widths = np.broadcast_to(np.asarray(pad_width, dtype=np.int64), (x.ndim, 2)).tolist()
    except ValueError:
        raise ShapeError(
            f"pad: pad_width {pad_width!r} does not fit x {tuple(x.shape)}. "
            f"Give a number, one (before, after) pair, or {x.ndim} pairs."
        ) from None
    if mode == "constant":
        if any(a < 0 or b < 0 for a, b in widths):
            x = x[tuple(_cut(x.shape, axis, *pair) for axis, pair in enumerate(widths))]
        return _pad(x, widths=tuple((max(a, 0), max(b, 0)) for a, b in widths), value=constant_value)
    for axis, (before, after) in enumerate(widths):
        if before or after:
            places = _padded_places(x.shape, axis, before, after, mode)
            x = x[(slice(None),) * axis + (places,)]
    return x


_flip = primitive(
    "flip", lambda x, *, axes: np.flip(x, axes), kind="view",
    vjp=[lambda g, axes: _flip(g, axes=axes)], jvp="linear", flops=no_flops,
    latex=r"\operatorname{{flip}}_{{A}}({0})", vjp_latex=[r"\operatorname{flip}_{A}(\bar y)"],
    samples=[sample(spec(2, 3), axes=(1,)), sample(spec(2, 3), axes=(0, 1)), sample(spec(0, 2), axes=(0,))],
)  # fmt: skip


def flip(x: Any, axis: Axis = None) -> Any:
    """``x`` with the order of elements reversed along the axes (all of them by default)."""
    return _flip(x, axes=normalize_axes("flip", axis, x.ndim, x.shape))


# ------------------------------------------------------------------------------------------ rows of the table of ops
#
# The functions enter the table as they are: in every call the wrapper that puts a composite's name into its errors
# would take a good part of the time that a view takes.


@composite(
    r"\operatorname{{stack}}({0}, \dots)",
    [sample(spec(2, 3), spec(2, 3), axis=-1), sample(spec(), spec()), sample(spec(0, 2), spec(0, 2), axis=1)],
    errors=[
        ErrorSample(
            (np.ones(2), np.ones(3)), ShapeError, r"xs\[1\] is \(3,\) and xs\[0\] is \(2,\); all must be equal"
        ),
        ErrorSample((), ShapeError, "got no arrays"),
    ],
    reference=lambda *xs, axis=0: np.stack(xs, axis),
)
def _stack(*xs: Any, axis: int = 0) -> Any:
    return stack(xs, axis)


@composite(
    r"\operatorname{{broadcast}}({0})",
    [sample(spec(3), shape=(2, -1)), sample(spec(2, 1), shape=(2, 3)), sample(spec(), shape=(2,))],
    errors=[
        ErrorSample((np.ones(3),), ShapeError, "-1 at axis 0 of .* has no axis of x", {"shape": (-1, 3)}),
        ErrorSample((np.ones(3),), ShapeError, r"does not stretch to \(2, 4\)", {"shape": (2, 4)}),
    ],
)
def _expand(x: Any, shape: tuple[int, ...]) -> Any:
    return expand(x, shape)


composite(
    r"\operatorname{{flatten}}({0})",
    [sample(spec(2, 3, 2)), sample(spec(2, 3, 2), start_axis=-2), sample(spec(2, 0, 3), end_axis=1), sample(spec())],
    errors=[
        ErrorSample(
            (np.ones((2, 3)),), ShapeError, "start_axis 1 lies after end_axis 0", {"start_axis": 1, "end_axis": 0}
        )
    ],
)(flatten)
composite(
    r"{0}^\top",
    [sample(spec(2, 3), axes=(1, 0)), sample(spec(2, 3, 4), axes=(-1, 0, 1)), sample(spec(2, 3, 1)), sample(spec())],
    errors=[ErrorSample((np.ones((2, 3)),), ShapeError, "must name each of the 2 axes", {"axes": (0,)})],
    reference=np.transpose,
)(transpose)
composite(
    r"\operatorname{{swap}}({0})",
    [sample(spec(2, 3, 4), axis1=0, axis2=-1), sample(spec(0, 3), axis1=1, axis2=1)],
    errors=[ErrorSample((np.ones((2, 3)),), ShapeError, "axis 2 is out of range", {"axis1": 0, "axis2": 2})],
    reference=np.swapaxes,
)(swapaxes)
composite(
    r"\operatorname{{permute}}({0})",
    [sample(spec(2, 3, 4), source=0, destination=-1), sample(spec(2, 3, 4), source=(0, 1), destination=(-1, 0))],
    errors=[
        ErrorSample(
            (np.ones((2, 3)),), ShapeError, "2 axes cannot go to 1 positions", {"source": (0, 1), "destination": 0}
        )
    ],
    reference=np.moveaxis,
)(moveaxis)
composite(
    r"{0}^\top",
    [sample(spec(2, 3)), sample(spec(2, 1, 3)), sample(spec(0, 3))],
    errors=[ErrorSample((np.ones(3),), ShapeError, r"needs two axes at least, x is \(3,\)")],
    reference=np.matrix_transpose,
)(matrix_transpose)
composite(
    r"\operatorname{{squeeze}}({0})",
    [sample(spec(1, 3), axis=0), sample(spec(1, 3, 1)), sample(spec(1, 0, 1), axis=(0, -1)), sample(spec())],
    errors=[ErrorSample((np.ones((2, 1)),), ShapeError, r"axis 0 of x \(2, 1\) has length 2, not 1", {"axis": 0})],
    reference=np.squeeze,
)(squeeze)
composite(
    r"\operatorname{{expand}}({0})",
    [sample(spec(2, 3), axis=1), sample(spec(3), axis=(0, -1)), sample(spec(), axis=-1), sample(spec(0), axis=0)],
    reference=np.expand_dims,
)(expand_dims)
