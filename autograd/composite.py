"""Ops that are written with other ops: they need no rules of their own, but they have a place in the table.

A composite op is an ordinary function. Its entry gives the docs their row and the generated tests their samples, so
that it is checked for values, both modes and two orders exactly as a primitive is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar, cast

from autograd.check_session import saw
from autograd.dispatch import not_numbers
from autograd.errors import DtypeError, GlassgradError
from autograd.samples import standard_errors

__all__ = ["COMPOSITES", "Composite", "composite"]

F = TypeVar("F", bound=Callable[..., Any])


class Composite(NamedTuple):
    """The facets of an op that is made of others; see :func:`composite`."""

    name: str
    function: Callable[..., Any]
    latex: str
    samples: tuple[Any, ...]
    given_errors: tuple[Any, ...]
    differentiable: bool
    reference: Callable[..., Any] | None
    vjp_latex: tuple[str | None, ...] = ()
    kind: str = "composite"
    variadic: None = None

    @property
    def errors(self) -> tuple[Any, ...]:
        """Calls that must fail: those of the entry, and what every op refuses."""
        return self.given_errors + standard_errors(self.arguments, self.samples, self.kind)

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of its parameters, the arrays first."""
        code = getattr(self.function, "__wrapped__", self.function).__code__
        names = code.co_varnames[: code.co_argcount]
        return names or (f"{code.co_varnames[code.co_kwonlyargcount]}[0]",)

    def __call__(self, *args: Any, **params: Any) -> Any:
        saw(self.name)
        try:
            return self.function(*args, **params)
        except (GlassgradError, AttributeError, TypeError, ValueError, IndexError) as error:
            required = [spec is not None for spec in self.samples[0].args] if self.samples else []
            arrays = zip(self.arguments, args[: len(required)], strict=False)
            if intruder := not_numbers(arrays, () if isinstance(error, GlassgradError) else required):
                raise DtypeError(f"{self.name}: {intruder}") from error
            if isinstance(error, GlassgradError):
                self._sign(error)
            raise

    def _sign(self, error: GlassgradError) -> None:
        """Let an error from an op inside say which op the user called: ``nanmean: sum: axis 2 is out of range``."""
        inner = getattr(error, "inner", None) or str(error)
        error.inner = inner  # type: ignore[attr-defined]
        error.args = (inner if inner.startswith(self.name) else f"{self.name}: {inner}",)


COMPOSITES: dict[str, Composite] = {}
"""The ops that are made of others, by name."""


def composite(
    latex: str,
    samples: Iterable[Any],
    *,
    errors: Iterable[Any] = (),
    differentiable: bool = True,
    reference: Callable[..., Any] | None = None,
    vjp_latex: Iterable[str | None] = (),
) -> Callable[[F], F]:
    """Enter a function into the table, and return it so that its errors name it.

    ``latex``           the formula, ``{0}`` for the first argument
    ``samples``         calls for the generated tests; ``errors`` calls that must fail
    ``differentiable``  False where the result carries no gradient
    ``reference``       an independent NumPy computation
    ``vjp_latex``       its gradients in closed form, where there is one that teaches more than that of its parts
    """

    def enter(function: F) -> F:
        name = function.__name__.strip("_")
        if name in COMPOSITES:
            raise TypeError(f"composite {name!r} is in the table already. Give the op another name.")
        entry = Composite(
            name, function, latex, tuple(samples), tuple(errors), differentiable, reference, tuple(vjp_latex)
        )
        COMPOSITES[name] = entry

        @functools.wraps(function)
        def named(*args: Any, **params: Any) -> Any:
            return entry(*args, **params)

        return cast(F, named)

    return enter
