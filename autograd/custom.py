"""Ops of users' own, with rules that they wrote."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from autograd.creation import tensor
from autograd.custom_rules import checked_rules
from autograd.errors import ArgumentError, DtypeError
from autograd.primitive import Primitive, primitive
from autograd.signatures import name_of, parameters_of, signature_of
from autograd.tape import Variable

__all__ = ["CustomOp", "custom_op"]


class CustomOp(Primitive):
    """An op that a user wrote: called as its function is, by position or name, and without what has a default."""

    custom = True

    def __init__(self, name: str, forward: Callable[..., Any], *facets: Any):
        super().__init__(name, forward, *facets)
        self._defaults: dict[str, Any] = {}
        self._named = self.static | set(self.arguments)
        with suppress(ArgumentError):  # a builtin whose arguments the user named has no signature
            parameters = signature_of(forward).parameters.items()
            self._defaults = {k: p.default for k, p in parameters if p.default is not p.empty and k in self._named}

    def __call__(self, *args: Any, **params: Any) -> Any:
        """The output; see :class:`Primitive`."""
        if self.static or params or (self.variadic is None and len(args) != len(self.arguments)):
            args, params = self._completed(args, params)
        if any(a.__class__ is list or a.__class__ is tuple for a in args):
            args = tuple([self._as_tensor(a) if isinstance(a, (list, tuple)) else a for a in args])
        return super().__call__(*args, **params)

    def _completed(self, args: tuple[Any, ...], params: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The array arguments in their order and all static parameters, for the rules name them."""
        if self.variadic is None and len(args) > len(self.arguments):
            raise self._wrong_call(args, {})
        given = dict(zip(self.arguments, args, strict=False))
        for name in params:
            if name not in self._named or name in given:
                why = "twice" if name in given else "which it does not have"
                raise DtypeError(f"{self.name}: got the argument {name!r}, {why}. It takes {self._call()}.")
        values = self._defaults | given | params
        if missing := [name for name in (*self.arguments, *sorted(self.static)) if name not in values]:
            raise DtypeError(f"{self.name}: the argument {missing[0]!r} is missing. It takes {self._call()}.")
        positional = args if self.variadic is not None else tuple(values[name] for name in self.arguments)
        return positional, {name: values[name] for name in values if name in self.static}

    def _as_tensor(self, values: Any) -> Any:
        """A list of numbers as a Tensor."""
        if _holds_tensors(values):
            raise DtypeError(
                f"{self.name}: an argument is a {type(values).__name__} of Tensors, whose gradients would be lost. "
                "Make one Tensor of them with stack(...)."
            )
        return tensor(values)

    def _call(self) -> str:
        return ", ".join((*self.arguments, *([f"*{self.variadic}"] * bool(self.variadic)), *sorted(self.static)))


def _holds_tensors(values: Any) -> bool:
    return isinstance(values, Variable) or (isinstance(values, (list, tuple)) and any(map(_holds_tensors, values)))


def custom_op(
    forward: Callable[..., Any] | None = None,
    *,
    vjp: Any,
    jvp: Any = None,
    name: str | None = None,
    kind: Any = "composite",
    **facets: Any,
) -> Any:
    """An op from a function of arrays and its rules; as a decorator, or called with the function.

    Rules are those of :func:`autograd.primitive`: the first parameter is the cotangent (in a jvp rule the tangent), by
    any name, and the names of the function's arguments stand for their values. The engine's names are ``y`` for the
    output, ``<argument>_shape`` and ``<argument>_dtype``, ``y_shape`` and ``y_dtype``, ``needs`` in a joint rule, and
    ``aux``; where an argument has one of them, it stands for the argument.

    The function and its rules may be anything that can be called: a functools.partial, an object, a builtin that tells
    its parameters. A rule may bind values of its own by defaults, and returns an array or a number.

    Written with operators and op functions rules serve every order. A rule may differ from the true derivative on
    purpose (straight-through estimators); otherwise check it once with :func:`autograd.gradcheck`, which
    :func:`autograd.detect_anomaly` does on first use.

    >>> @ag.custom_op(vjp=[lambda g, x: g * 3 * x * x], jvp="from_vjp")
    ... def cube(x):
    ...     return x * x * x
    """

    def make(function: Callable[..., Any]) -> Primitive:
        called = name or name_of(function)
        rules = checked_rules(called, parameters_of(function, facets.get("arguments")), vjp, jvp)
        return primitive(
            called, function, kind=kind, vjp=rules[0], jvp=rules[1], register=False, make=CustomOp,
            doc=getattr(function, "func", function).__doc__, **facets,
        )  # fmt: skip

    return make if forward is None else make(forward)
