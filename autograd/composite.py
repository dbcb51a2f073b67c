"""Ops that are written with other ops: they need no rules of their own, but they have a place in the table.

A composite op is an ordinary function. Its entry gives the docs their row and the generated tests their samples, so
that it is checked for values, both modes and two orders exactly as a primitive is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from autograd.check_session import saw

__all__ = ["COMPOSITES", "Composite", "composite"]

F = TypeVar("F", bound=Callable[..., Any])


class Composite(NamedTuple):
    """The facets of an op that is made of others; see :func:`composite`."""

    name: str
    function: Callable[..., Any]
    latex: str
    samples: tuple[Any, ...]
    errors: tuple[Any, ...]
    differentiable: bool
    reference: Callable[..., Any] | None
    kind: str = "composite"

    def __call__(self, *args: Any, **params: Any) -> Any:
        saw(self.name)
        return self.function(*args, **params)


COMPOSITES: dict[str, Composite] = {}
"""The ops that are made of others, by name."""


def composite(
    latex: str,
    samples: Iterable[Any],
    *,
    errors: Iterable[Any] = (),
    differentiable: bool = True,
    reference: Callable[..., Any] | None = None,
) -> Callable[[F], F]:
    """Enter a function into the table, and return it as it is.

    ``latex``           the formula, ``{0}`` for the first argument
    ``samples``         calls for the generated tests; ``errors`` calls that must fail
    ``differentiable``  False where the result carries no gradient
    ``reference``       an independent NumPy computation
    """

    def enter(function: F) -> F:
        name = function.__name__.strip("_")
        if name in COMPOSITES:
            raise TypeError(f"composite {name!r} is in the table already. Give the op another name.")
        COMPOSITES[name] = Composite(name, function, latex, tuple(samples), tuple(errors), differentiable, reference)
        return function

    return enter
