"""NumPy's dispatch protocols: what ``np.exp(t)``, ``np.add(t, u, out=v)`` or ``np.interp(t, ...)`` do with Tensors.

On constants a function of NumPy is NumPy's own, with every argument that it has, and gives Tensors. Where a Tensor
wants gradients, or a transform or recorder is on, it is the op of that name, recorded as usual; without one it is an
error, because a gradient would be lost. A ufunc of the table is always the op.

Source: NumPy enhancement proposals 13 (``__array_ufunc__``) and 18 (``__array_function__``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import levels, ops
from autograd.backend import is_array
from autograd.dispatch import OPS, bound
from autograd.errors import GradientError
from autograd.tape import Variable, mark_written

__all__ = ["call_function", "call_ufunc"]

_UFUNCS: dict[Any, Callable[..., Any]] = {op.forward: op for op in OPS.values() if isinstance(op.forward, np.ufunc)}
_UFUNCS[np.matmul] = ops.matmul
_REDUCTIONS: dict[Any, Callable[..., Any]] = {
    np.add: ops.sum,
    np.multiply: ops.prod,
    np.maximum: ops.max,
    np.minimum: ops.min,
}
_NUMPY_NAMES = {"concatenate": "concat", "amax": "max", "amin": "min"}


def call_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """A ufunc, or one of its methods such as ``np.add.reduce``, on Tensors."""
    op = _UFUNCS.get(ufunc)
    if method == "__call__" and op is not None and not options:
        return op(*inputs)
    reduce = _REDUCTIONS.get(ufunc)
    if method == "reduce" and reduce is not None and len(inputs) == 1 and set(options) <= {"axis", "keepdims"}:
        return reduce(inputs[0], options.get("axis", 0), options.get("keepdims", False))
    name = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
    _refuse_gradients(name, (inputs, options))
    made = getattr(ufunc, method)(*_plain(inputs), **_plain(options))
    targets = options.get("out")
    if targets is None:
        return _wrapped(made)
    for target in targets:
        if isinstance(target, Variable):
            mark_written(target)
    return targets[0] if len(targets) == 1 else targets


def call_function(function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """A function of NumPy on arguments with Tensors among them."""
    name, module = function.__name__, function.__module__
    if name in ("shape", "ndim", "size") and len(args) == 1 and not options:
        return getattr(args[0], name)
    op = getattr(ops, _NUMPY_NAMES.get(name, name), None)
    known = callable(op) and module in ("numpy", "numpy.linalg", "numpy.fft")
    if op is not None and known and (levels.active or _want_gradients((args, options))):
        return op(*args, **options)
    _refuse_gradients(f"{module}.{name}", (args, options))
    return _wrapped(function(*_plain(args), **_plain(options)))


def _refuse_gradients(name: str, arguments: Any) -> None:
    if _want_gradients(arguments):
        raise GradientError(
            f"{name}: this is not an op of autograd, so the gradient of a Tensor within a graph would be lost.\n"
            "  Take the value alone with x.detach(), or write an op with autograd.custom_op."
        )


def _want_gradients(arguments: Any) -> bool:
    """Whether a Tensor among nested arguments belongs to a graph, or to a transform in progress."""
    if isinstance(arguments, Variable):
        return arguments.node is not None or hasattr(arguments, "level")
    if isinstance(arguments, dict):
        arguments = arguments.values()
    elif not isinstance(arguments, (list, tuple)):
        return False
    return any(_want_gradients(item) for item in arguments)


def _plain(x: Any) -> Any:
    """Arguments with arrays in place of Tensors."""
    if isinstance(x, Variable):
        return x.array
    if type(x) in (list, tuple):
        return type(x)(_plain(item) for item in x)
    return {name: _plain(value) for name, value in x.items()} if type(x) is dict else x


def _wrapped(x: Any) -> Any:
    """Results with Tensors in place of arrays."""
    if is_array(x) or isinstance(x, np.generic):
        x = np.asarray(x) if isinstance(x, np.generic) else x
        return bound(x, None) if x.dtype.kind in "fciub" or x.dtype.name == "bfloat16" else x
    if isinstance(x, (list, tuple)):
        items = map(_wrapped, x)
        return type(x)(*items) if hasattr(x, "_fields") else type(x)(items)  # a named tuple takes them one by one
    return x
