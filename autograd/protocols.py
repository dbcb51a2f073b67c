"""NumPy's dispatch protocols: what ``np.exp(t)``, ``np.add(t, u, out=v)`` or ``np.interp(t, ...)`` do with Tensors.

On constants a function of NumPy is NumPy's own, with every argument that it has, and gives Tensors. Where a Tensor
wants gradients, or a transform or recorder is on, it is the op of that name, recorded as usual, with its arguments
brought from NumPy's parameters to ours; without one it is an error, because a gradient would be lost. A ufunc of the
table is always the op; so is one of ``scipy.special`` that has a namesake.

Source: NumPy enhancement proposals 13 (``__array_ufunc__``) and 18 (``__array_function__``).
"""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import levels, ops
from autograd.backend import is_array
from autograd.dispatch import OPS, bound
from autograd.errors import GradientError
from autograd.primitive import Primitive
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
# The modules of NumPy that have a counterpart here, and its name.
_MODULES = {"numpy": "autograd", "numpy.linalg": "autograd.linalg", "numpy.fft": "autograd.fft"}
# NumPy's parameters under our names.
_RENAMED = {"ddof": "correction", "a_min": "min", "a_max": "max", "constant_values": "constant_value", "N": "n"}
# Functions that write into their argument, or that take or give something else here under the same name.
_DIFFERENT = {("numpy", name) for name in ("copyto", "put", "put_along_axis", "place", "putmask", "linspace")}
_DIFFERENT.add(("numpy.linalg", "lstsq"))
# The argument that they write into. Others write into ``out``, or into the first if they are told to overwrite it.
_WRITES = {
    "copyto": "dst", "put": "a", "put_along_axis": "arr", "place": "arr", "putmask": "a", "fill_diagonal": "a",
}  # fmt: skip
# The parameters of functions that tell none of them before NumPy 2.4.
_UNTOLD = {
    "copyto": ("dst",), "putmask": ("a",), "concatenate": ("arrays", "axis", "out"), "dot": ("a", "b", "out"),
}  # fmt: skip
# Where leaving a parameter away means something else in NumPy.
_DEFAULTS: dict[str, dict[str, Any]] = {"take": {"axis": None}}
# The op that does what a method of a ufunc does.
_METHODS = {
    ("logical_and", "reduce"): "all",
    ("logical_or", "reduce"): "any",
    ("logaddexp", "reduce"): "logsumexp",
    ("add", "accumulate"): "cumsum",
    ("multiply", "accumulate"): "cumprod",
    ("logaddexp", "accumulate"): "logcumsumexp",
}
_REMEDIES = {
    "out": "Values of a graph are not written in place: take the result, y = {0}(x).",
    "where": "Select in the result instead: autograd.where(condition, {0}(x), other).",
    "dtype": "Convert first: {0}(x.astype(dtype)).",
}


@functools.cache
def _namesake(module: str, name: str) -> Any:
    """Our function of that name; None where there is none."""
    if module not in _MODULES or (module, name) in _DIFFERENT:
        return None
    found = getattr(importlib.import_module(_MODULES[module]), name, None)  # that module stands on this one
    return found if callable(found) and not isinstance(found, type) else None


def _is_published(ufunc: np.ufunc) -> bool:
    """Whether the ufunc is NumPy's or SciPy's own: one that a user wrote may have any name."""
    libraries = (np, sys.modules.get("scipy.special"))
    return any(getattr(library, ufunc.__name__, None) is ufunc for library in libraries)


def call_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """A ufunc, or one of its methods such as ``np.add.reduce``, on Tensors."""
    op = _UFUNCS.get(ufunc)
    if method == "__call__" and op is not None and not options:
        return op(*inputs)
    reduce = _REDUCTIONS.get(ufunc)
    if method == "reduce" and reduce is not None and len(inputs) == 1 and set(options) <= {"axis", "keepdims"}:
        return reduce(inputs[0], options.get("axis", 0), options.get("keepdims", False))
    name = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
    if levels.active or _want_gradients((inputs, options)):
        named = _namesake("numpy", ufunc.__name__) if _is_published(ufunc) else None
        if method == "__call__" and named is not None and not options:
            return named(*inputs)
        other = _METHODS.get((ufunc.__name__, method))
        _refuse_gradients(name, (inputs, options), options, other and f"Use autograd.{other}(x, axis).")
    made = getattr(ufunc, method)(*_plain(inputs), **_plain(options))
    targets = inputs[:1] if method == "at" else options.get("out")
    if targets is None:
        return _wrapped(made)
    for target in targets:
        if isinstance(target, Variable):
            mark_written(target)
    if method == "at":
        return None
    return targets[0] if len(targets) == 1 else targets


def call_function(function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """A function of NumPy on arguments with Tensors among them."""
    name, module = function.__name__, function.__module__
    if name in ("shape", "ndim", "size") and len(args) == 1 and not options:
        return getattr(args[0], name)
    path = f"np{module[5:]}.{name}"
    if levels.active or _want_gradients((args, options)):
        op = _namesake(module, name)
        if op is not None:
            positional, named = _translated(path, function, op, args, options)
            return op(*positional, **named)
        _refuse_gradients(path, (args, options), options)
    made = function(*_plain(args), **_plain(options))
    for target in _written(function, args, options):
        mark_written(target)
        if made is target.array:
            return target
    return _wrapped(made)


def _written(function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> list[Variable]:
    """The Tensors that a call of NumPy's function writes into."""
    name = function.__name__
    parameters = _parameters(function)
    names = list(parameters or _UNTOLD.get(name, ()))
    if any(p.kind is p.VAR_POSITIONAL for p in (parameters or {}).values()):
        names = []  # what follows can only be told by its name
    given = dict(zip(names, args, strict=False)) | options
    targets = [given.get("out"), given.get(_WRITES.get(name, ""))]
    if given.get("overwrite_input") or (name == "nan_to_num" and not given.get("copy", True)):
        targets += args[:1] or [given.get("a"), given.get("x")]
    flat = [t for target in targets for t in (target if isinstance(target, tuple) else (target,))]
    return [t for t in flat if isinstance(t, Variable)]


def _refuse_gradients(name: str, arguments: Any, options: Any = (), remedy: str | None = None) -> None:
    """Raise, with the remedy, where a value of a graph would go through NumPy's own function and lose its gradient."""
    if not _want_gradients(arguments):
        return
    key = next((key for key in _REMEDIES if key in options), None)
    if key is not None:
        raise GradientError(f"{name}: {key}= has no gradient.\n  {_REMEDIES[key].format(name)}")
    raise GradientError(
        f"{name}: this is not an op of autograd, so the gradient of a Tensor within a graph would be lost.\n"
        f"  {remedy + ' Or take' if remedy else 'Take'} the value alone with x.detach(), "
        "or write an op with autograd.custom_op."
    )


@functools.cache
def _parameters(function: Any) -> dict[str, inspect.Parameter] | None:
    """The parameters of a function, by name; None for one that tells nothing."""
    if isinstance(function, Primitive):
        return {name: inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in function.arguments}
    try:
        return dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return None


def _translated(
    path: str, function: Any, op: Any, args: tuple[Any, ...], options: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a call of NumPy's function as ours: the required ones in their order, the others by name."""
    theirs, ours = _parameters(function), _parameters(op)
    if theirs is None or ours is None or any(p.kind is p.VAR_POSITIONAL for p in ours.values()):
        if options.get("out") is not None:
            raise GradientError(f"{path}: out= has no gradient.\n  {_REMEDIES['out'].format(path)}")
        return list(args), dict(options)
    bound = inspect.signature(function).bind(*args, **options)
    positional: list[Any] = []
    named: dict[str, Any] = dict(_DEFAULTS.get(function.__name__, {}))
    for name, value in bound.arguments.items():
        parameter = theirs[name]
        if parameter.kind is parameter.VAR_POSITIONAL:
            positional.extend(value)
            continue
        pairs = value.items() if parameter.kind is parameter.VAR_KEYWORD else [(name, value)]
        for key, given in pairs:
            target = ours.get(_RENAMED.get(key, key))
            required = parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
            if required or parameter.kind is parameter.POSITIONAL_ONLY:
                positional.append(given)
            elif target is not None and target.kind is not target.POSITIONAL_ONLY:
                named[target.name] = given
            elif given is not parameter.default and given is not None:
                remedy = _REMEDIES.get(key, "Leave it away, or call the function on x.detach().").format(path)
                raise GradientError(f"{path}: {key}= has no gradient.\n  {remedy}")
    return positional, named


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
