"""Check rules against finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.backend import is_complex, to_numpy
from autograd.check_case import Leaves, largest, name_of, nothing_floating, roughness
from autograd.check_session import covering
from autograd.dispatch import bound
from autograd.errors import DtypeError, GradientError
from autograd.tape import Variable
from autograd.tensor import Tensor
from autograd.transforms import gradients

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]

_ROUNDING = 1e-14  # a result is the end of a computation that rounds some fifty times
_SMALLEST = 0.1  # and next to 0 it is what larger numbers left over: where rounding cannot be measured, these


class GradcheckError(GradientError, AssertionError):
    """An analytic gradient and the finite difference disagree; the message says where and by how much."""


class _Tolerance(NamedTuple):
    eps: float
    atol: float
    rtol: float


def gradcheck(
    function: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 6e-6,
    atol: float = 0.0,
    rtol: float = 1e-5,
    raise_exception: bool = True,
) -> bool:
    """Compare the gradients of ``function`` with central finite differences, element by element.

    ``function``  takes the inputs and returns a Tensor or a container of them; of a Module the parameters that want
                  gradients are checked too, in float64
    ``inputs``    a list of arguments, or a single one: Tensors, arrays, and containers of them (dicts, lists, Modules).
                  Tensors of dtype float64 or complex128 that want gradients are checked, and arrays of these dtypes
    ``eps``       step, in units of the argument's largest number
    ``atol``, ``rtol``  tolerance: ``|analytic - numeric| <= atol + rtol |numeric|``, and the rounding of the
                  difference, which is estimated from the size of the results

    The default step is near the cube root of float64's rounding, where the errors of the formula and of rounding meet
    (Nocedal and Wright, 2006, section 8.1). Where the two sides disagree, wider and narrower steps are tried: the
    result may bend within the step, or be the difference of large numbers. Random ops draw the same numbers in each
    evaluation. Of a complex number both parts are varied; the gradient follows PyTorch's convention (conjugate
    Wirtinger).

    Returns True, or raises :class:`GradcheckError` (or returns False without ``raise_exception``) with the function's
    name, the argument, the index, and both values. Where an argument is a container, its leaves are counted.
    """
    with covering("reverse"):
        return _compared(*_flat(function, inputs), name_of(function), _Tolerance(eps, atol, rtol), raise_exception)


def gradgradcheck(
    function: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 6e-6,
    atol: float = 0.0,
    rtol: float = 1e-5,
    raise_exception: bool = True,
) -> bool:
    """:func:`gradcheck` of the gradient: checks second derivatives, with respect to the inputs and the cotangent."""
    with covering("second"):
        flat, points = _flat(function, inputs)
        tolerance = _Tolerance(eps, atol, rtol)
        with_grad = _wanting(points)
        results = flat(points)
        outputs = [results[i] for i in _wanting(results)]
        if not outputs:
            if not _floating(results):
                raise nothing_floating(name_of(function), results)
            raise GradientError(
                f"gradgradcheck of {name_of(function)}: no result depends on an input that wants gradients, so there "
                "is no gradient to differentiate. Is there a detach in it?"
            )
        rng = np.random.default_rng(1)
        cotangents = [_moved(y, rng.uniform(0.5, 1.5, y.shape).astype(y.dtype)) for y in outputs]
        n = len(points)

        def gradient(values: Sequence[Any]) -> list[Any]:
            found = gradients(
                [y for y in flat(values[:n]) if _is_wanting(y)],
                [values[i] for i in with_grad],
                grad_outputs=list(values[n:]),
                create_graph=True,
                allow_unused=True,
            )
            return [np.zeros(values[i].shape) if g is None else g for g, i in zip(found, with_grad, strict=True)]

        name = f"the gradient of {name_of(function)}"
        return _compared(gradient, [*points, *cotangents], name, tolerance, raise_exception)


def _flat(function: Callable[..., Any], inputs: Any) -> tuple[Callable[[Sequence[Any]], list[Any]], list[Any]]:
    """The function as one of leaves, and the leaves: those that are checked want gradients."""
    listed = isinstance(inputs, Sequence) and not isinstance(inputs, (str, Variable))
    leaves = Leaves(function, list(inputs) if listed else [inputs])
    points = [_point(i, x, i >= leaves.count) for i, x in enumerate(leaves.values)]
    if not _wanting(points):
        raise GradientError(
            "gradcheck: no input wants gradients. Give float64 arrays, or Tensors with requires_grad=True."
        )
    return leaves, points


def _point(i: int, x: Any, parameter: bool) -> Any:
    """A leaf as it is given to the function; what is neither an array nor a floating number stays as it is."""
    if isinstance(getattr(x, "array", None), float):  # a scalar Value
        return x.detach()
    if isinstance(x, Tensor):
        if not x.requires_grad:
            return x
        if parameter:
            return x.detach().astype(np.complex128 if is_complex(x.dtype) else np.float64).requires_grad_()
        if x.dtype not in (np.float64, np.complex128):
            raise DtypeError(
                f"gradcheck: input {i} is {x.dtype}; finite differences need float64 or complex128. "
                "Use x.astype('float64')."
            )
        return x.detach().clone().requires_grad_()
    if not isinstance(x, (np.ndarray, np.generic, float, complex)):
        return x
    point = bound(np.asarray(x), None)
    return point.requires_grad_() if point.dtype in (np.float64, np.complex128) else point


def _wanting(points: Sequence[Any]) -> list[int]:
    return [i for i, x in enumerate(points) if _is_wanting(x)]


def _is_wanting(x: Any) -> bool:
    return isinstance(x, Variable) and x.node is not None


def _floating(results: Sequence[Any]) -> list[int]:
    """Which results are floating arrays or Tensors, or such numbers."""
    return [k for k, y in enumerate(results) if (y if hasattr(y, "dtype") else np.asarray(y)).dtype.kind in "fc"]


def _compared(
    function: Callable[[Sequence[Any]], list[Any]],
    points: list[Any],
    name: str,
    tolerance: _Tolerance,
    raise_exception: bool,
) -> bool:
    results = function(points)
    checked = _floating(results)
    if not checked:
        raise nothing_floating(name, results)
    outputs: list[Any] = [y if isinstance(y, Variable) else bound(np.asarray(y), None) for y in results]
    wanting = _wanting(points)
    rng = np.random.default_rng(0)
    weights: dict[int, np.ndarray] = {}
    found: dict[int, Sequence[Any]] = {}
    for k in checked:
        weights[k] = np.asarray(rng.uniform(0.5, 1.5, outputs[k].shape))
        if is_complex(outputs[k].dtype):
            weights[k] = weights[k] + 1j * rng.uniform(0.5, 1.5, outputs[k].shape)
        found[k] = (
            gradients(outputs[k], [points[i] for i in wanting], grad_outputs=_like(weights[k], outputs[k]),
                      allow_unused=True, retain_graph=True)
            if outputs[k].requires_grad
            else [None] * len(wanting)
        )  # fmt: skip
    for place, i in enumerate(wanting):
        differences = _Differences(function, points, i, weights, tolerance)
        first = {index: differences.slopes(index, tolerance.eps * differences.unit) for index in differences.indices}
        for k in checked:
            g = found[k][place]
            if g is not None and (g.shape != points[i].shape or g.dtype != points[i].dtype):
                raise GradcheckError(
                    f"gradcheck of {name}: the gradient of argument {i} is {g.shape} {g.dtype}, "
                    f"the argument {points[i].shape} {points[i].dtype}."
                )
            analytic = np.zeros(points[i].shape) if g is None else to_numpy(g.array)
            # The analytic side rounds too: others may have been added up with the largest slope, and cancelled.
            steepest = largest(np.array([slopes[k][0] for slopes in first.values()]))
            size = largest(to_numpy(outputs[k].array)) / differences.unit
            floor = tolerance.atol + _ROUNDING * size + 1e-12 * steepest
            wrong = [
                index
                for index, slopes in first.items()
                if not _agree(analytic[index], slopes[k][0], 0.0, floor, tolerance.rtol)
                and not differences.settle(index, k, analytic[index], floor)
            ]
            if wrong:
                if not raise_exception:
                    return False
                index = wrong[0]
                shown = f"{analytic[index]:.8g}" if g is not None else "no gradient (None)"
                raise GradcheckError(
                    f"gradcheck of {name}: output {k}, argument {i} of shape {points[i].shape}, index {index}: "
                    f"analytic {shown}, numeric {first[index][k][0]:.8g} "
                    f"({len(wrong)} of {analytic.size} elements disagree; atol={tolerance.atol}, "
                    f"rtol={tolerance.rtol}).\n"
                    f"  The argument there is {to_numpy(points[i].array)[index]!r}. Mend the vjp rule, or stay away "
                    "from points where the function has a kink."
                )
    return True


def _like(weights: np.ndarray, output: Any) -> Any:
    return output.holding(weights.astype(output.dtype))


def _moved(point: Any, array: np.ndarray) -> Any:
    """Another point, of the kind and on the device of this one."""
    return point.holding(array).requires_grad_()


def _agree(analytic: Any, numeric: Any, noise: float, floor: float, rtol: float) -> bool:
    return bool(abs(analytic - numeric) <= floor + rtol * abs(numeric) + noise)  # False where one of them is NaN


class _Differences:
    """Central finite differences of all outputs of a function with respect to one of its arguments.

    ``unit``  the size of the argument: its largest number, or 1 if all are 0
    """

    def __init__(
        self,
        function: Callable[[Sequence[Any]], list[Any]],
        points: Sequence[Any],
        i: int,
        weights: dict[int, np.ndarray],
        tolerance: _Tolerance,
    ):
        self._function, self._points, self._i, self._weights = function, points, i, weights
        self._tolerance = tolerance
        self._base = to_numpy(points[i].array)
        self._measured: dict[int, np.ndarray] = {}
        self.unit = largest(self._base) or 1.0
        self.indices = list(np.ndindex(self._base.shape))

    def slopes(self, index: tuple[int, ...], step: float) -> dict[int, tuple[Any, float]]:
        """For each output the gradient of ``Re(conj(weights) . output)`` in one element, and the rounding in it.

        The rounding is that of the size of the results, or what :meth:`rounding` has measured.
        """
        found: dict[int, tuple[Any, float]] = dict.fromkeys(self._weights, (0.0, 0.0))
        for direction in (1, 1j) if is_complex(self._base.dtype) else (1,):
            change = np.zeros(self._base.shape, self._base.dtype)
            change[index] = step * direction
            ends = [self._outputs(sign * change) for sign in (1, -1)]
            for k, w in self._weights.items():
                up, down = (outputs[k] for outputs in ends)
                rough = self._measured.get(k, 0.1 * _ROUNDING * np.abs(up))
                reached = up != down  # other results add no slope and no rounding, and may be infinite
                up, down, w = up[reached], down[reached], w[reached]
                with np.errstate(invalid="ignore"):
                    slope = np.sum(np.conj(w) * (up - down)).real / (2 * step)
                noise = float(np.sum(np.abs(w) * rough[reached])) / step
                found[k] = found[k][0] + slope * direction, found[k][1] + noise
        return found

    def _outputs(self, change: Any) -> dict[int, np.ndarray]:
        """The checked results where the argument is changed."""
        values = list(self._points)
        values[self._i] = _moved(self._points[self._i], self._base + change)
        outputs = self._function(values)
        return {k: to_numpy(y.array) if isinstance(y := outputs[k], Variable) else np.asarray(y) for k in self._weights}

    def rounding(self, k: int) -> np.ndarray:
        """The rounding in each element of an output, measured once by moving the argument along a random direction."""
        if not self._measured:
            direction = np.random.default_rng(2).uniform(0.5, 1.0, (2, *self._base.shape))
            along = direction[0] + 1j * direction[1] if is_complex(self._base.dtype) else direction[0]
            found = roughness(lambda t: list(self._outputs(t * along).values()), 0.25 * self._tolerance.eps * self.unit)
            for (j, y), rough in zip(self._outputs(0.0).items(), found, strict=True):
                least, most = 0.1 * _ROUNDING * np.abs(y), _ROUNDING * (np.abs(y) + _SMALLEST)
                self._measured[j] = np.where(np.isnan(rough), most, np.clip(10 * rough, least, most))
        return self._measured[k]

    def settle(self, index: tuple[int, ...], k: int, analytic: Any, floor: float) -> bool:
        """Whether some step agrees with the analytic slope, narrow ones only if they are not lost in rounding."""
        floor += largest(self.rounding(k)) / self.unit
        rtol, eps = self._tolerance.rtol, self._tolerance.eps
        own = abs(self._base[index]) or self.unit

        def at(step: float) -> tuple[Any, float]:
            return self.slopes(index, eps * step)[k]

        (numeric, noise), (wide, wide_noise) = at(self.unit), at(100 * self.unit)
        if _agree(analytic, wide, wide_noise, floor, rtol):
            return True
        if _agree(analytic, numeric, noise, floor, rtol):
            # What agrees only because much was lost in rounding must agree with the wide step, which lost less, up to
            # the formula's error there; where that is large the function bends, and the wide step says nothing.
            bend = abs(at(200 * self.unit)[0] - wide)
            if noise <= 1e-4 * abs(numeric) or not bend < 0.1 * abs(wide):
                return True
            if _agree(analytic, wide, wide_noise + bend, floor, rtol):
                return True
        wider = 0.0
        for step in (own, 0.01 * own, 0.01 * self.unit, 1e-4 * self.unit, 1e-6 * self.unit):
            numeric, noise = at(step)
            noise = min(noise, 1e-3 * abs(numeric))
            if step == 1e-6 * self.unit:
                noise += 1e-3 * abs(wider)  # a slope of 0 is what ever narrower steps converge to
            if _agree(analytic, numeric, noise, floor, rtol):
                return True
            wider = numeric
        return False
