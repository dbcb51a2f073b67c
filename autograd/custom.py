"""Ops of users' own, with rules that they wrote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.primitive import Primitive, primitive

__all__ = ["custom_op"]


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

    Written with operators and op functions rules serve every order. A rule may differ from the true derivative on
    purpose (straight-through estimators); otherwise check it once with :func:`autograd.gradcheck`, which
    :func:`autograd.detect_anomaly` does on first use.

    >>> @ag.custom_op(vjp=[lambda g, x: g * 3 * x * x], jvp="from_vjp")
    ... def cube(x):
    ...     return x * x * x
    """

    def make(function: Callable[..., Any]) -> Primitive:
        op = primitive(
            name or function.__name__, function, kind=kind, vjp=vjp, jvp=jvp, register=False,
            doc=function.__doc__, **facets,
        )  # fmt: skip
        op.custom = True
        return op

    return make if forward is None else make(forward)
