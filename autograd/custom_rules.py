"""The rules that a user wrote, as the engine calls them: given what they name, and held to return what it can use."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

from autograd.errors import ArgumentError, GradientError
from autograd.signatures import names_of, signature_of
from autograd.tape import module_of

__all__ = ["checked_rules"]

_WORDS = ("from_vjp", "linear", "multilinear")

Parameters = tuple[tuple[str, ...], str | None, frozenset[str]]


def checked_rules(op: str, parameters: Parameters, vjp: Any, jvp: Any) -> tuple[Any, Any]:
    """The vjp and the jvp of a custom op, with their rules made safe.

    ``parameters``  the array arguments, the variadic argument and the static parameters of its function
    """
    arguments, variadic, static = parameters
    if variadic is not None and arguments:
        raise ArgumentError(
            f"custom op {op!r}: its function takes {', '.join(arguments)} and *{variadic}. Let it take *{variadic} "
            "alone, or name each argument."
        )
    own = {*arguments, *static} | ({variadic} if variadic else set())
    if jvp == "from_vjp" and not isinstance(vjp, (list, tuple)):
        raise ArgumentError(f"custom op {op!r}: jvp='from_vjp' wants vjp as a list, a rule for each argument.")
    if isinstance(jvp, str) and jvp not in _WORDS:
        raise ArgumentError(f"custom op {op!r}: jvp is {jvp!r}; the words for it are {', '.join(map(repr, _WORDS))}.")
    if isinstance(jvp, (list, tuple)) and len(jvp) != len(arguments):
        raise ArgumentError(f"custom op {op!r}: {len(jvp)} jvp rules for {len(arguments)} arguments {arguments}.")

    def each(what: str, rules: Sequence[Any]) -> Iterator[Any]:
        for i, rule in enumerate(rules):
            name = arguments[i] if i < len(arguments) else i
            nothing = 0.0 if what == "jvp" else None
            yield None if rule is None else _Each(f"{op}: the {what} rule of {name}", rule, own, nothing)

    if isinstance(vjp, (list, tuple)):
        vjp = list(each("vjp", vjp))
    elif vjp is not None:
        vjp = _Joint(f"{op}: the joint vjp rule", vjp, own)
    if isinstance(jvp, (list, tuple)):
        jvp = list(each("jvp", jvp))
    forward = jvp if isinstance(jvp, list) else vjp if jvp == "from_vjp" else ()
    if "aux" not in own and any(rule and "aux" in names_of(rule)[1:] for rule in forward):
        raise ArgumentError(
            f"custom op {op!r}: a rule of forward mode names aux, which is kept for backward only. Give jvp a function "
            "of (primals, tangents), or compute it from the arguments."
        )
    return vjp, jvp


class _Each:
    """A rule for one argument; in its signature stand the values that it wants, without those that it brings along."""

    def __init__(self, what: str, rule: Any, own: set[str], nothing: Any = None):
        if not callable(rule):
            raise ArgumentError(f"{what} is {rule!r}; give a function of the cotangent, or None for no gradient.")
        parameters = list(signature_of(rule).parameters.values())
        if not parameters or parameters[0].kind is inspect.Parameter.KEYWORD_ONLY:
            raise ArgumentError(f"{what} takes nothing; what it takes first is the cotangent: lambda g: ...")
        bound = getattr(rule, "keywords", {})  # of a functools.partial
        wanted = [
            p
            for p in parameters[1:]
            if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
            and p.name not in bound
            and (p.default is p.empty or _is_known(p.name, own))
        ]
        self._what = what
        self._rule = rule
        self._nothing = nothing
        self._names: tuple[str, ...] | None = None
        if wanted != parameters[1 : 1 + len(wanted)] or any(p.kind is p.KEYWORD_ONLY for p in wanted):
            self._names = tuple(p.name for p in wanted)  # those that cannot go by position go by name
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        names = [parameters[0].name, *(p.name for p in wanted)]
        self.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])

    def __call__(self, g: Any, *values: Any) -> Any:
        return self._usable(self._found(g, values), g)

    def _found(self, g: Any, values: tuple[Any, ...]) -> Any:
        if self._names is None:
            return self._rule(g, *values)
        return self._rule(g, **dict(zip(self._names, values, strict=True)))

    def _usable(self, found: Any, g: Any) -> Any:
        """What the rule returned; a number as an array."""
        if found is None:
            found = self._nothing
        if found is None or (hasattr(found, "shape") and hasattr(found, "dtype")):
            return found
        if isinstance(found, (bool, int, float, complex)):
            one = next(part for part in g if part is not None) if isinstance(g, (tuple, list)) else g
            return module_of(one).asarray(found)
        raise GradientError(
            f"{self._what} returned a {type(found).__name__}. Return a Tensor, an array or a number, or None where "
            "there is no gradient."
        )


class _Joint(_Each):
    """A rule for all arguments: one gradient for each."""

    def __call__(self, g: Any, *values: Any) -> Any:
        found = self._found(g, values)
        if not isinstance(found, (tuple, list)):
            raise GradientError(
                f"{self._what} returned {_seen(found)}. Return a tuple with a gradient for each argument, or give "
                "vjp as a list with a rule for each."
            )
        return [self._usable(part, g) for part in found]


def _seen(found: Any) -> str:
    if hasattr(found, "shape"):
        return f"one array of shape {tuple(found.shape)}"
    return f"a {type(found).__name__}"


def _is_known(name: str, own: set[str]) -> bool:
    """Whether a rule's parameter that has a default means something that the engine gives."""
    origin, _, facet = name.rpartition("_")
    return name in own | {"y", "aux", "needs"} or (facet in ("shape", "dtype") and origin in own | {"y"})
