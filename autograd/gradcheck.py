"""Check rules against finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.backend import is_complex, to_numpy
from autograd.check_session import covering
from autograd.dispatch import bound
from autograd.errors import DtypeError, GradientError
from autograd.tape import Variable
from autograd.tensor import Tensor
from autograd.transforms import gradients

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]


class GradcheckError(GradientError, AssertionError):
    """An analytic gradient and the finite difference disagree; the message says where and by how much."""


def gradcheck(
    function: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Compare the gradients of ``function`` with central finite differences, element by element.

    ``function``  takes the inputs and returns a Tensor or a tuple of them
    ``inputs``    Tensors (or arrays); those of dtype float64 or complex128 that want gradients are checked
    ``eps``       step, relative for numbers above 1
    ``atol``, ``rtol``  tolerance: ``|analytic - numeric| <= atol + rtol |numeric|``

    Of a complex number both parts are varied; the gradient follows PyTorch's convention (conjugate Wirtinger).
    Returns True, or raises :class:`GradcheckError` (or returns False without ``raise_exception``) with the function's
    name, the argument, the index, and both values.
    """
    with covering("reverse"):
        return _compared(function, inputs, eps, atol, rtol, raise_exception)


def _compared(
    function: Callable[..., Any], inputs: Any, eps: float, atol: float, rtol: float, raise_exception: bool
) -> bool:
    points = _points(inputs)
    name = getattr(function, "name", None) or getattr(function, "__name__", repr(function))
    with_grad = [i for i, x in enumerate(points) if x is not None and x.requires_grad]
    outputs = _outputs(function(*points))
    rng = np.random.default_rng(0)
    for k, output in enumerate(outputs):
        if output.dtype.kind not in "fc":
            continue
        weights = rng.uniform(0.5, 1.5, output.shape)
        if is_complex(output.dtype):
            weights = weights + 1j * rng.uniform(0.5, 1.5, output.shape)
        found = (
            gradients(output, [points[i] for i in with_grad], grad_outputs=_like(weights, output), allow_unused=True,
                      retain_graph=True)
            if output.requires_grad
            else [None] * len(with_grad)
        )  # fmt: skip
        for i, g in zip(with_grad, found, strict=True):
            numeric = _numeric(function, points, i, k, weights, eps)
            if g is not None and (g.shape != points[i].shape or g.dtype != points[i].dtype):
                raise GradcheckError(
                    f"gradcheck of {name}: the gradient of argument {i} is {g.shape} {g.dtype}, "
                    f"the argument {points[i].shape} {points[i].dtype}."
                )
            analytic = np.zeros_like(numeric) if g is None else to_numpy(g.array)
            wrong = ~(np.abs(analytic - numeric) <= atol + rtol * np.abs(numeric))
            if wrong.any():
                if not raise_exception:
                    return False
                index = tuple(int(n) for n in np.argwhere(wrong)[0])
                raise GradcheckError(
                    f"gradcheck of {name}: output {k}, argument {i} of shape {points[i].shape}, index {index}: "
                    f"analytic {_text(g, analytic[index])}, numeric {numeric[index]:.8g} "
                    f"({int(wrong.sum())} of {wrong.size} elements disagree; atol={atol}, rtol={rtol}).\n"
                    f"  The argument there is {to_numpy(points[i].array)[index]!r}. Mend the vjp rule, or stay away "
                    "from points where the function has a kink."
                )
    return True


def gradgradcheck(
    function: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """:func:`gradcheck` of the gradient: checks second derivatives, with respect to the inputs and the cotangent."""
    with covering("second"):
        return _compared_again(function, inputs, eps, atol, rtol, raise_exception)


def _compared_again(
    function: Callable[..., Any], inputs: Any, eps: float, atol: float, rtol: float, raise_exception: bool
) -> bool:
    points = _points(inputs)
    with_grad = [i for i, x in enumerate(points) if x is not None and x.requires_grad]
    outputs = [y for y in _outputs(function(*points)) if y.requires_grad]
    rng = np.random.default_rng(1)
    cotangents = [_like(rng.uniform(0.5, 1.5, y.shape).astype(y.dtype), y).requires_grad_() for y in outputs]
    n = len(points)

    def gradient(*arguments: Any) -> tuple[Any, ...]:
        ys = [y for y in _outputs(function(*arguments[:n])) if y.requires_grad]
        found = gradients(
            ys,
            [arguments[i] for i in with_grad],
            grad_outputs=list(arguments[n:]),
            create_graph=True,
            allow_unused=True,
        )
        return tuple(g for g in found if g is not None)

    gradient.__name__ = f"the gradient of {getattr(function, 'name', None) or getattr(function, '__name__', function)}"
    return _compared(gradient, [*points, *cotangents], eps, atol, rtol, raise_exception)


def _points(inputs: Any) -> list[Any]:
    inputs = [inputs] if isinstance(inputs, Variable) or not isinstance(inputs, Sequence) else list(inputs)
    points: list[Any] = []
    for i, x in enumerate(inputs):
        if x is None:  # an optional argument left out
            points.append(x)
            continue
        if not isinstance(x, Tensor):
            array = np.asarray(x)
            x = bound(array, None)
            if array.dtype in (np.float64, np.complex128):
                x.requires_grad_()
        elif x.requires_grad:
            if x.dtype not in (np.float64, np.complex128):
                raise DtypeError(
                    f"gradcheck: input {i} is {x.dtype}; finite differences need float64 or complex128. "
                    "Use x.astype('float64')."
                )
            x = x.detach().clone().requires_grad_()
        points.append(x)
    if not any(x is not None and x.requires_grad for x in points):
        raise GradientError(
            "gradcheck: no input wants gradients. Give float64 arrays, or Tensors with requires_grad=True."
        )
    return points


def _outputs(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (tuple, list)) else [value]


def _like(weights: np.ndarray, output: Any) -> Any:
    return bound(weights.astype(output.dtype), None).to(output.device)


def _numeric(function: Any, points: list[Any], i: int, k: int, weights: np.ndarray, eps: float) -> np.ndarray:
    """The gradient of ``Re(conj(weights) . output k)`` with respect to argument ``i``, by central differences."""
    base = to_numpy(points[i].array)
    result = np.zeros_like(base)

    def value(shifted: np.ndarray) -> float:
        arguments = list(points)
        arguments[i] = bound(shifted, None).to(points[i].device).requires_grad_()
        output = to_numpy(_outputs(function(*arguments))[k].array)
        return float(np.sum(np.conj(weights) * output).real)

    for index in np.ndindex(base.shape):
        size = eps * max(1.0, float(abs(base[index])))  # a fixed step would drown in the rounding of a large number
        for direction in (1, 1j) if is_complex(base.dtype) else (1,):
            up, down = base.copy(), base.copy()
            up[index] += size * direction
            down[index] -= size * direction
            result[index] += (value(up) - value(down)) / (2 * size) * direction
    return result


def _text(g: Any, value: Any) -> str:
    return f"{value:.8g}" if g is not None else "no gradient (None)"
