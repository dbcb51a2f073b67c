"""The loss on a line or a plane through the parameters of a model."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import no_grad
from autograd.backend import is_differentiable
from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.naming import named_tensors
from viz.arrays import host_array

__all__ = ["Landscape", "filter_normalised", "landscape_losses", "principal_directions"]

Arrays = list[NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Landscape:
    """The loss at ``w + a d₁ + b d₂`` for steps ``a`` (and ``b``) along one direction or two.

    ``alphas`` ``(n,)``, ``betas`` ``(m,)`` or None on a line, ``losses`` ``(n,)`` or ``(m, n)``: rows go with betas.
    ``trajectory`` ``(steps, 2)`` holds earlier parameters projected onto the plane, where they were given, and
    ``explained`` the shares of their variance along either direction.
    """

    alphas: NDArray[np.float64]
    betas: NDArray[np.float64] | None
    losses: NDArray[np.float64]
    centre: float
    trajectory: NDArray[np.float64] | None = None
    explained: tuple[float, float] | None = None


def landscape_losses(
    loss_fn: Callable[[], Any],
    parameters: Any,
    *,
    directions: int = 2,
    span: float = 1.0,
    points: int = 21,
    seed: int = 0,
    trajectory: Sequence[Any] | None = None,
) -> Landscape:
    """Evaluate the loss around the present parameters.

    ``loss_fn``     computes the loss of the model as it is, from the same data at each call: a function without
                    arguments that returns a number or a Tensor with one element. Put the model into evaluation mode
                    first, for dropout and running statistics would blur the picture
    ``parameters``  a model, a dict from names to Tensors, or the Tensors themselves; those of floating dtype move
    ``directions``  1 for a line, 2 for a plane
    ``span``        how far to go to either side. Directions are filter-normalised: at 1 each filter has been changed by
                    as much as its own norm
    ``points``      evaluations along each direction; an odd number has the present parameters among them
    ``seed``        of the random directions: the same seed gives the same picture
    ``trajectory``  earlier states of the parameters: each a sequence of arrays in their order, or a dict by names.
                    The plane is then spanned by the first two principal components of the way they took towards the
                    present ones, reaches a little beyond it, and ``span``, ``seed`` and ``directions`` have no meaning

    Random directions are drawn from a normal distribution; each filter of a direction is scaled to the norm of the
    filter of the model, and vectors (biases, scales of normalisation) stay where they are: Li, Xu, Taylor, Studer and
    Goldstein, 2018, arXiv:1712.09913, sections 4 and 7. The parameters are left bit by bit as they were found, their
    gradients too, also when ``loss_fn`` raises. Raises ArgumentError for options out of range, DtypeError and
    ShapeError for parameters and trajectories that do not fit.
    """
    tensors, names = _tensors(parameters)
    _check(directions, span, points)
    origin = [np.array(host_array(tensor)) for tensor in tensors]
    path = explained = None
    if trajectory is not None:
        states = [_state(state, names, origin, number) for number, state in enumerate(trajectory)]
        axes, path, explained = principal_directions(states, origin)
        alphas, betas = (_steps_over(path[:, side], points) for side in (0, 1))
    else:
        rng = np.random.default_rng(seed)
        axes = [filter_normalised([rng.standard_normal(a.shape) for a in origin], origin) for _ in range(directions)]
        alphas = betas = np.linspace(-span, span, points)
    flat = len(axes) == 1
    with no_grad(), _left_as_found(tensors):
        centre = _number(loss_fn())
        losses = np.empty((1 if flat else len(betas), len(alphas)))
        for row, b in enumerate([0.0] if flat else betas):
            for column, a in enumerate(alphas):
                for i, tensor in enumerate(tensors):
                    step = a * axes[0][i] + (0.0 if flat else b * axes[1][i])
                    tensor.data = tensor.holding((origin[i] + step).astype(origin[i].dtype))
                losses[row, column] = _number(loss_fn())
    return Landscape(
        alphas, None if flat else betas, losses[0] if flat else losses, centre, path, explained
    )  # fmt: skip


def filter_normalised(direction: Sequence[Any], weights: Sequence[Any]) -> Arrays:
    """A direction with the norms of the weights, filter by filter: ``d ‖w‖ / ‖d‖`` for each slice along axis 0.

    Vectors and scalars get a direction of zero, as in the authors' examples (arXiv:1712.09913, section 4).
    """
    scaled = []
    for d, w in zip(map(host_array, direction), map(host_array, weights), strict=True):
        if w.ndim < 2:
            scaled.append(np.zeros(w.shape))
            continue
        rest = tuple(range(1, w.ndim))
        size_w = np.sqrt(
            (np.abs(w.astype(np.complex128 if w.dtype.kind == "c" else np.float64)) ** 2).sum(rest, keepdims=True)
        )
        size_d = np.sqrt((np.abs(d) ** 2).sum(rest, keepdims=True))
        scaled.append(d * (size_w / np.where(size_d > 0, size_d, 1.0)))
    return scaled


def principal_directions(
    states: Sequence[Sequence[Any]], end: Sequence[Any]
) -> tuple[list[Arrays], NDArray[np.float64], tuple[float, float]]:
    """The plane in which parameters moved most on their way to ``end``: two orthonormal directions, each as arrays of
    the parameters' shapes; the coordinates ``(states, 2)`` of the states in it; the shares of the variance of either.

    They are the first principal components of the differences to ``end`` (arXiv:1712.09913, section 7). Raises
    ArgumentError for fewer than two states that differ from it.
    """
    ends = [host_array(array).astype(np.float64) for array in end]
    moves = np.array([_flat(state, ends) for state in states]).reshape(len(states), -1)
    # Few states, many parameters: the small Gram matrix has the components without ever forming the large covariance.
    sizes, vectors = np.linalg.eigh(moves @ moves.T)
    sizes, vectors = sizes[::-1], vectors[:, ::-1]
    if len(states) < 2 or not sizes[1] > 1e-12 * sizes[0]:
        raise ArgumentError(
            f"loss_landscape: a trajectory of {len(states)} states does not span a plane; give copies of the "
            "parameters from at least two earlier steps, in different directions from the present ones."
        )
    components = (vectors[:, :2] / np.sqrt(sizes[:2])).T @ moves
    path = moves @ components.T
    total = float(sizes.sum())
    cuts = np.cumsum([array.size for array in ends])[:-1]
    axes = [
        [part.reshape(array.shape) for part, array in zip(np.split(component, cuts), ends, strict=True)]
        for component in components
    ]
    return axes, path, (float(sizes[0]) / total, float(sizes[1]) / total)


def _flat(state: Sequence[Any], ends: Arrays) -> NDArray[np.float64]:
    """The difference of a state to the end, as one vector."""
    return np.concatenate([(host_array(a) - b).ravel() for a, b in zip(state, ends, strict=True)])


@contextmanager
def _left_as_found(tensors: list[Any]) -> Iterator[None]:
    # Arrays of its own take the place of the parameters' for a while. Nothing is written into those: a graph that was
    # recorded before can still go backward, and no rounding is left behind.
    found = [(tensor, tensor.data, tensor.grad) for tensor in tensors]
    try:
        yield
    finally:
        for tensor, data, gradient in found:
            tensor.data, tensor.grad = data, gradient


def _tensors(parameters: Any) -> tuple[list[Any], list[str]]:
    if isinstance(parameters, Mapping) or callable(getattr(parameters, "named_parameters", None)):
        named = list(named_tensors(parameters, "loss_landscape: parameters"))
    elif isinstance(parameters, Iterable) and not hasattr(parameters, "array"):
        named = [(str(number), value) for number, value in enumerate(parameters)]
    else:
        raise DtypeError(
            f"loss_landscape: parameters is a {type(parameters).__name__}; it must be a model, a dict from names to "
            "Tensors, or a list of Tensors."
        )
    for name, value in named:
        if not hasattr(value, "array") or not value.is_leaf:
            raise DtypeError(
                f"loss_landscape: parameter {name!r} is a {type(value).__name__}, not a leaf Tensor. Pass a model or "
                "model.parameters()."
            )
    named = [(name, value) for name, value in named if is_differentiable(value.dtype)]
    if not named:
        raise ArgumentError("loss_landscape: there are no floating-point parameters to move.")
    return [value for _, value in named], [name for name, _ in named]


def _check(directions: int, span: float, points: int) -> None:
    if directions not in (1, 2):
        raise ArgumentError(f"loss_landscape: directions is {directions}; it must be 1 (a line) or 2 (a plane).")
    if not (span > 0 and math.isfinite(span)):
        raise ArgumentError(f"loss_landscape: span is {span}; it must be a positive number.")
    if points < 2:
        raise ArgumentError(f"loss_landscape: points is {points}; at least 2 are needed along each direction.")


def _state(state: Any, names: list[str], origin: Arrays, number: int) -> Arrays:
    arrays = (
        [host_array(state[name]) for name in names] if isinstance(state, Mapping) else [host_array(a) for a in state]
    )
    if [a.shape for a in arrays] != [a.shape for a in origin]:
        raise ShapeError(
            f"loss_landscape: state {number} of the trajectory has shapes {[a.shape for a in arrays]}; the parameters "
            f"have {[a.shape for a in origin]}."
        )
    return arrays


def _steps_over(coordinates: NDArray[np.float64], points: int) -> NDArray[np.float64]:
    low, high = min(float(coordinates.min()), 0.0), max(float(coordinates.max()), 0.0)
    margin = 0.2 * (high - low)
    return np.linspace(low - margin, high + margin, points)


def _number(loss: Any) -> float:
    array = host_array(loss)
    if array.size != 1:
        raise ShapeError(
            f"loss_landscape: loss_fn returned an array of shape {array.shape}; it must return one number. Average it."
        )
    return float(array.reshape(()))
