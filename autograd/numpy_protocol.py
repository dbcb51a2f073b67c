"""NumPy's own functions on Tensors: what ``np.exp(t)`` and ``np.sum(t, axis=0)`` do.

NumPy hands a call that meets a Tensor to the Tensor (NEP 13 for ufuncs, NEP 18 for other functions). Here the op of
the same name is found, the arguments are brought from NumPy's parameters to ours, and what has no counterpart
(``out=``, ``where=``, ``np.add.reduce``) is refused with the remedy.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.dispatch import OPS
from autograd.errors import DtypeError
from autograd.primitive import Primitive

__all__ = ["call_function", "call_ufunc"]

# The modules of NumPy that have a counterpart here, and its name.
_MODULES = {"numpy": "autograd", "numpy.linalg": "autograd.linalg", "numpy.fft": "autograd.fft"}
# NumPy's parameters under our names.
_RENAMED = {"ddof": "correction", "a_min": "min", "a_max": "max", "constant_values": "constant_value", "N": "n"}
# What the methods of ufuncs are called as functions of their own.
_METHODS = {
    ("add", "reduce"): "sum",
    ("multiply", "reduce"): "prod",
    ("maximum", "reduce"): "max",
    ("minimum", "reduce"): "min",
    ("logical_and", "reduce"): "all",
    ("logical_or", "reduce"): "any",
    ("logaddexp", "reduce"): "logsumexp",
    ("add", "accumulate"): "cumsum",
    ("multiply", "accumulate"): "cumprod",
    ("logaddexp", "accumulate"): "logcumsumexp",
}
# Functions that write into their argument, or that take or give something else here under the same name.
_DIFFERENT = {("numpy", name) for name in ("copyto", "put", "put_along_axis", "place", "putmask", "linspace")}
_DIFFERENT.add(("numpy.linalg", "lstsq"))
# Where leaving a parameter away means something else in NumPy.
_DEFAULTS: dict[str, dict[str, Any]] = {"take": {"axis": None}}
_UFUNCS = {op.forward: op for op in OPS.values() if isinstance(op.forward, np.ufunc)}


@functools.cache
def _namesake(module: str, name: str) -> Any:
    """Our function of that name; None where there is none."""
    if module not in _MODULES or (module, name) in _DIFFERENT:
        return None
    found = getattr(importlib.import_module(_MODULES[module]), name, None)
    return found if callable(found) and not isinstance(found, type) else None


def call_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What ``ufunc(*inputs)`` is when one of them is a Tensor."""
    name = ufunc.__name__
    if method != "__call__":
        remedy = _METHODS.get((name, method))
        raise DtypeError(
            f"np.{name}.{method}: the methods of ufuncs do not work on Tensors. "
            + (f"Use autograd.{remedy}(x, axis)." if remedy else "Use x.detach().numpy() for a value without gradient.")
        )
    given = sorted(key for key, value in options.items() if value is not None)
    if given:
        raise DtypeError(
            f"np.{name}: {given[0]}= does not work on Tensors. "
            + {
                "out": "Values are not written in place: take the result, y = np.{0}(x).",
                "where": "Select in the result: autograd.where(condition, np.{0}(x), other).",
                "dtype": "Convert first: np.{0}(x.astype(dtype)).",
            }.get(given[0], "Leave it away.").format(name)
        )
    op = _UFUNCS.get(ufunc) or _namesake("numpy", name)
    if op is None:
        raise _unknown("numpy", name)
    return op(*inputs)


def call_function(function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What ``function(*args, **options)`` of NumPy is when a Tensor is among the arguments."""
    name, module = function.__name__, function.__module__
    if name in ("shape", "ndim", "size") and module == "numpy" and len(args) == 1 and not options:
        return getattr(args[0], name)
    op = _namesake(module, name)
    if op is None:
        raise _unknown(module, name)
    positional, named = _translated(f"np.{module[6:] + '.' if module[6:] else ''}{name}", function, op, args, options)
    return op(*positional, **named)


def _unknown(module: str, name: str) -> DtypeError:
    path = f"np{module[5:]}.{name}"
    why = "the engine's function of that name differs" if (module, name) in _DIFFERENT else "the engine has no such op"
    return DtypeError(
        f"{path}: does not work on a Tensor, for {why}.\n"
        f"  For a value without gradient call {path}(x.detach().numpy()); for gradients write it with ops of autograd, "
        "or make it one with autograd.custom_op."
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
                raise DtypeError(
                    f"{path}: {key}= does not work on Tensors. "
                    + ("Take the result instead." if key == "out" else "Leave it away, or convert with astype first.")
                )
    return positional, named
