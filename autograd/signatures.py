"""What the parameters of a function are called, which of them are arrays, and what they are when they are left out.

Read from the code object where there is one, for ``inspect.signature`` is slow at import; from the signature of what
has none: an object that can be called, ``functools.partial``, ``numpy.vectorize``, a builtin.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.errors import ArgumentError

__all__ = ["name_of", "names_of", "parameters_of", "signature_of"]

_KEYWORDS = 0x08  # the flag of one that takes **options (inspect.CO_VARKEYWORDS)
_VARIADIC = 0x04  # the flag of a code object that takes *args (inspect.CO_VARARGS)


def name_of(function: Callable[..., Any]) -> str:
    """What a function is called; of an object that has no name, that of the function inside it, else of its class."""
    inner = getattr(function, "func", function)  # of a functools.partial
    return str(getattr(inner, "__name__", None) or type(inner).__name__)


def names_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of all parameters."""
    code = getattr(function, "__code__", None)
    if code is None or inspect.ismethod(function):
        return tuple(signature_of(function).parameters)
    return tuple(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])


def parameters_of(
    forward: Callable[..., Any], arguments: Sequence[str] | None
) -> tuple[tuple[str, ...], str | None, frozenset[str]]:
    """The array arguments, the variadic argument and the static parameters of a forward function."""
    if arguments is not None:
        return tuple(arguments), None, frozenset()
    if isinstance(forward, np.ufunc):
        return ("x",) if forward.nin == 1 else tuple("abcdefgh"[: forward.nin]), None, frozenset()
    code = getattr(getattr(forward, "__wrapped__", forward), "__code__", None)
    if code is None or inspect.ismethod(forward):
        return _by_kind(forward)
    if code.co_flags & _KEYWORDS:
        raise TypeError(f"the forward function {forward.__name__} takes **{code.co_varnames[-1]}: name its parameters.")
    names = code.co_varnames
    positional = names[: code.co_argcount]
    static = names[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    variadic = names[len(positional) + len(static)] if code.co_flags & _VARIADIC else None
    return tuple(positional), variadic, frozenset(static)


def _by_kind(forward: Callable[..., Any]) -> tuple[tuple[str, ...], str | None, frozenset[str]]:
    kinds = {name: parameter.kind for name, parameter in signature_of(forward).parameters.items()}
    options = next((name for name, kind in kinds.items() if kind is inspect.Parameter.VAR_KEYWORD), None)
    if options is not None:
        raise ArgumentError(
            f"the forward function {name_of(forward)} takes **{options}. Wrap it in a function that names its "
            "parameters: lambda a, b: f(a, b)."
        )
    several = (name for name, kind in kinds.items() if kind is inspect.Parameter.VAR_POSITIONAL)
    static = frozenset(name for name, kind in kinds.items() if kind is inspect.Parameter.KEYWORD_ONLY)
    variadic = next(several, None)
    return tuple(name for name in kinds if name != variadic and name not in static), variadic, static


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """The signature; an error that names the remedy where there is none."""
    try:
        return inspect.signature(function.pyfunc if isinstance(function, np.vectorize) else function)
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            f"the parameters of {function!r} cannot be read. Wrap it in a function that names them: "
            "lambda a, b: f(a, b)."
        ) from error
