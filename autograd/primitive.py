"""The op table: one entry for each primitive, with every facet of it side by side, and the dispatch that records it.

A rule is an ordinary function whose parameter names say what it needs, and only what is named is kept for backward:

==============  ====================================================================================
``g``           the cotangent (gradient) of the output
``t``           in a jvp rule: the tangent of the argument
``y``           the output
an argument     that array, by its name in ``forward``: ``lambda g, b: g * b``
``x_shape``     the shape of argument ``x`` (no array is kept for it); ``x_dtype`` likewise
``y_shape``     the shape of the output
``aux``         what a forward with ``aux=True`` returned besides the output
``needs``       in a joint rule: which arguments want a gradient
a parameter     any static argument of ``forward``: ``axis``, ``stride``, ...
==============  ====================================================================================

The cotangent or tangent is what a rule takes first, by any name. ``y``, ``y_shape``, ``y_dtype``, ``aux`` and ``needs``
are the engine's names, and those of ``forward`` win: where it has an argument ``y``, no rule can name the output.

Rules are written with op functions and operators, which compute on arrays and record on Tensors; so one line serves
the first order at array speed and every higher order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any, Literal

import numpy as np

from autograd.backend import Array
from autograd.dispatch import OPS, apply, apply1, apply2, explain
from autograd.errors import DtypeError, GlassgradError
from autograd.samples import standard_errors
from autograd.signatures import names_of, parameters_of
from autograd.tape import Variable

__all__ = ["ITEM", "OPS", "Kind", "Primitive", "Rule", "no_flops", "per_element", "per_input_element", "primitive"]

Kind = Literal[
    "elementwise", "reduction", "scan", "view", "contraction", "gather", "random", "composite", "item", "tuple"
]


class Rule:
    """A vjp or jvp rule and where each of its parameters comes from.

    ``arity`` counts the saved values that it takes besides the cotangent; -1 if it takes static parameters too.
    """

    __slots__ = ("arity", "function", "params", "pick", "places", "sources")

    def __init__(self, function: Callable[..., Any], skip: int):
        self.function = function
        self.sources = names_of(function)[skip:]
        self.params: tuple[str, ...] = ()
        self.places: tuple[tuple[str, int], ...] = ()
        self.pick: Any = None
        self.arity = 0

    def bind(self, layout: dict[str, int], static: frozenset[str]) -> None:
        """Resolve the parameter names against the layout of saved values and the static arguments."""
        self.params = tuple(name for name in self.sources if name in static)
        self.places = tuple((name, -1 if name in static else layout[name]) for name in self.sources)
        positions = [position for _, position in self.places if position >= 0]
        self.arity = -1 if self.params else len(positions)
        if positions:
            self.pick = itemgetter(*positions)

    def __call__(self, g: Any, saved: Any, params: dict[str, Any]) -> Any:
        """The rule's value for cotangent (or tangent) ``g``."""
        return self.function(g, *[params[name] if i < 0 else saved[i] for name, i in self.places])


class Primitive:
    """One op of the table; call it like a function, on Tensors (it records) or on plain arrays (it only computes).

    See :func:`primitive` for the facets.
    """

    custom = False  # written by a user: anomaly mode checks its rules

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        vjp: Sequence[Callable[..., Any] | None] | Callable[..., Any] | None,
        jvp: str | Sequence[Callable[..., Any] | None] | Callable[..., Any] | None,
        kind: Kind,
        code: str | None,
        latex: str,
        vjp_latex: Sequence[str | None],
        flops: Callable[..., int],
        samples: Iterable[Any],
        errors: Iterable[Any],
        arguments: Sequence[str] | None,
        holomorphic: bool,
        selects: bool,
        aux: bool,
        outputs: bool,
        plain: Callable[..., Any] | None,
        batch: str | Callable[..., Any] | None,
        reference: Callable[..., Any] | None,
        doc: str | None,
    ):
        self.name = name
        self.forward = forward
        self.kind: Kind = kind
        self.code = code
        self.latex = latex
        self.vjp_latex = tuple(vjp_latex)
        self.flops = flops
        self.samples = tuple(samples)
        self._errors = tuple(errors)
        self.holomorphic = holomorphic
        self.selects = selects
        self.aux = aux
        self.outputs = outputs
        self.plain = plain
        self.batch = batch
        self.reference = reference
        self.__name__ = name
        self.__doc__ = doc or forward.__doc__

        self.arguments, self.variadic, self.static = parameters_of(forward, arguments)
        self.joint = Rule(vjp, skip=1) if callable(vjp) else None
        self.rules: tuple[Rule | None, ...] | None = (
            None if vjp is None or callable(vjp) else tuple(r and Rule(r, skip=1) for r in vjp)
        )
        self.differentiable = vjp is not None
        if self.rules is not None and len(self.rules) != len(self.arguments):
            raise TypeError(
                f"primitive {name!r}: {len(self.rules)} vjp rules for {len(self.arguments)} arguments "
                f"{self.arguments}. Give one rule an argument (None where it has no gradient), or one joint rule."
            )
        self.jvp = jvp
        self._jvp_rules = tuple(r and Rule(r, skip=1) for r in jvp) if isinstance(jvp, (list, tuple)) else ()
        self._lay_out()

    @property
    def errors(self) -> tuple[Any, ...]:
        """Calls that must fail: those of the entry, and what every op of its kind refuses."""
        return self._errors + standard_errors(self.arguments or (f"{self.variadic}[0]",), self.samples, self.kind)

    def _lay_out(self) -> None:
        """Decide the positions of saved values: nothing, the output, the arguments, then shapes and dtypes named."""
        pulls = [r for r in (*(self.rules or ()), self.joint) if r is not None]
        rules = [*pulls, *(r for r in self._jvp_rules if r is not None)]
        named = {source for rule in rules for source in rule.sources} - self.static
        own = {*self.arguments, *self.static, self.variadic}
        output = "y" if "y" not in own else "the output"  # which no rule can name
        layout = {"": 0, output: 1} | {argument: 2 + i for i, argument in enumerate(self.arguments)}
        if self.joint is not None and "needs" not in own:
            named.discard("needs")
        self._extras: list[tuple[str, str]] = []
        for source in sorted(named - set(layout) - {self.variadic}):
            origin, _, facet = source.rpartition("_")
            if source == "aux" and self.aux:
                origin, facet = "aux", "aux"
            elif facet in ("shape", "dtype") and origin == output:
                origin = ""
            elif not (facet in ("shape", "dtype") and origin in {*self.arguments, self.variadic}):
                engine = [output] * (output == "y") + ["aux"] * self.aux + ["needs"] * (self.joint is not None)
                known = dict.fromkeys(["g", *self.arguments, *sorted(self.static), *engine])
                raise TypeError(
                    f"primitive {self.name!r}: a rule asks for {source!r}. A rule can name {', '.join(known)}, "
                    "and <argument>_shape or <argument>_dtype."
                )
            layout[source] = len(layout)
            self._extras.append((origin, facet))
        if self.variadic is not None:
            layout[self.variadic] = len(layout)
            self._extras.append((self.variadic, "arrays"))
        self.layout = layout
        for rule in rules:
            rule.bind({"needs": 0} | layout, self.static)
        # the parameters that backward reads: an array among them (an index) must not be written before
        self.read = tuple(sorted(self.static if self.plain is not None else {n for r in pulls for n in r.params}))
        # What dispatch and the backward walk may handle in their short ways: arrays in and one array out; a rule for
        # each argument.
        self.bare = not (self.static or self.aux or self.outputs or self._extras or self.variadic)
        self.arity = len(self.arguments)
        self.least = self.arity - len(getattr(self.forward, "__defaults__", None) or ())
        self.direct = self.rules is not None and not self.outputs
        self._keep: dict[int, Any] = {}

    def keeper(self, mask: int) -> Any:
        """What picks the values to save when the arguments in bit mask ``mask`` want gradients; None for nothing."""
        try:
            return self._keep[mask]
        except KeyError:
            pass
        if self.joint is not None or self.plain is not None:
            wanted = [self.joint] if self.joint else list(self.rules or ())
        else:
            wanted = [rule for i, rule in enumerate(self.rules or ()) if mask >> i & 1]
        named = {source for rule in wanted if rule for source in rule.sources}
        if self.plain is not None:  # higher orders differentiate the plain definition, which starts from the inputs
            named |= set(self.arguments)
        positions = [position if source in named else 0 for source, position in self.layout.items()]
        keep = itemgetter(*positions) if any(positions) else None
        self._keep[mask] = keep
        return keep

    def __call__(self, *args: Any, **params: Any) -> Any:
        if self.bare:
            if params or not self.least <= len(args) <= self.arity:
                raise self._wrong_call(args, params)
            if len(args) < self.arity:
                args += (None,) * (self.arity - len(args))  # each rule finds its argument, be it absent
            if len(args) == 1:
                if isinstance(args[0], Variable):
                    return apply1(self, args[0])
            elif len(args) == 2 and (isinstance(args[0], Variable) or isinstance(args[1], Variable)):
                return apply2(self, args[0], args[1])
        for a in args:
            if isinstance(a, Variable):
                return apply(self, args, params)
            if a.__class__ is str:
                raise explain(self, args, TypeError(a), params)
        y = self.compute(args, params)
        return y[0] if self.aux else y

    def _wrong_call(self, args: tuple[Any, ...], params: dict[str, Any]) -> DtypeError:
        """The error for arguments that the op does not have; NumPy would take a third array as one to write into."""
        names = ", ".join(self.arguments)
        seen = f"{len(args)} of them" if not params else f"the keyword {', '.join(map(repr, params))}"
        return DtypeError(
            f"{self.name}: takes {self.arity} argument{'s' * (self.arity != 1)} ({names}), but got {seen}."
        )

    def __repr__(self) -> str:
        return f"<primitive {self.name} ({self.kind})>"

    def compute(self, arrays: Sequence[Array], params: dict[str, Any]) -> Any:
        """The forward value; an error of the array library becomes one that names the op and its arguments."""
        try:
            return self.forward(*arrays, **params)
        except GlassgradError:
            raise
        except (ValueError, TypeError, IndexError, AttributeError) as error:
            if isinstance(error, AttributeError) and arrays and all(isinstance(a, _NUMBERS) for a in arrays):
                return self.compute([np.asarray(a) for a in arrays], params)  # numbers alone, as NumPy's functions take
            raise explain(self, arrays, error, params) from error

    def push(self, primals: Sequence[Any], tangents: Sequence[Any], params: dict[str, Any], y: Any = None) -> Any:
        """Forward mode: the tangent of the output from the tangents of the arguments (None for a constant).

        Works on arrays and on Tensors. Costs about one evaluation of the op. ``y`` is the output, if it is known.
        """
        if not self.differentiable or self.jvp is None:
            return None
        if callable(self.jvp):
            return self.jvp(primals, tangents, **params)
        if self.jvp == "linear":
            filled = [OPS["zeros_of"](p) if t is None else t for p, t in zip(primals, tangents, strict=True)]
            return self(*filled, **params)
        terms = []
        if self.jvp == "multilinear":
            for i, t in enumerate(tangents):
                if t is not None:
                    terms.append(self(*primals[:i], t, *primals[i + 1 :], **params))
        else:
            y = self(*primals, **params) if y is None else y
            saved: list[Any] = [None, y, *primals]
            for origin, facet in self._extras:
                value = y if not origin else primals[self.arguments.index(origin)]
                saved.append(value.shape if facet == "shape" else value.dtype)
            rules = self._jvp_rules or self.rules or ()
            for rule, t in zip(rules, tangents, strict=True):
                if rule is not None and t is not None:
                    if self.jvp == "from_vjp" and t.shape != y.shape:
                        t = t + OPS["zeros_of"](y)
                    terms.append(rule(t, saved, params))  # a diagonal Jacobian is its own transpose
        total = None
        for term in terms:
            total = term if total is None else total + term
        return total


_NUMBERS = (bool, int, float, complex)


def primitive(
    name: str,
    forward: Callable[..., Any],
    *,
    kind: Kind,
    vjp: Sequence[Callable[..., Any] | None] | Callable[..., Any] | None = None,
    jvp: str | Sequence[Callable[..., Any] | None] | Callable[..., Any] | None = None,
    code: str | None = None,
    latex: str = "",
    vjp_latex: Sequence[str | None] = (),
    flops: Callable[..., int] | None = None,
    samples: Iterable[Any] = (),
    errors: Iterable[Any] = (),
    arguments: Sequence[str] | None = None,
    holomorphic: bool = True,
    selects: bool = False,
    aux: bool = False,
    outputs: bool = False,
    plain: Callable[..., Any] | None = None,
    batch: str | Callable[..., Any] | None = None,
    reference: Callable[..., Any] | None = None,
    doc: str | None = None,
    register: bool = True,
    make: type[Primitive] = Primitive,
) -> Primitive:
    r"""Add an op to the table and return it.

    ``forward``      positional arguments are arrays, keyword-only ones are static
    ``kind``         how drawings, fusion and the cost model treat it
    ``vjp``          one rule for each array argument (None: no gradient), or one joint rule that takes ``needs`` and
                     returns a gradient for each argument; None where the op is not differentiable
    ``jvp``          ``"from_vjp"`` (elementwise: a diagonal Jacobian is its own transpose), ``"linear"`` (in all
                     arguments together), ``"multilinear"`` (in each argument alone), one rule for each argument
                     (``lambda t, ...``), or a function of ``(primals, tangents, **params)``
    ``code``         scalar expression for generated kernels, ``{0}`` for the first argument (elementwise only)
    ``latex``, ``vjp_latex``  the op and its rules as formulas; :mod:`autograd.formulas` says in what letters
    ``flops``        cost from the shapes: ``flops(out_shape, *in_shapes, **params)``; default one for each element
    ``samples``, ``errors``   inputs that the generated tests use (see :mod:`autograd.samples`); to the errors that are
                     given come those that follow from the first sample: no number, an axis out of range, shapes that
                     do not broadcast
    ``holomorphic``  False for ops such as ``abs`` whose rule is written for complex numbers itself; for the others
                     the engine conjugates around the rule (conjugate Wirtinger convention, as PyTorch)
    ``selects``      some inputs get exactly no gradient (``where``, indexing): from there on the engine keeps 0 at 0
                     through elementwise rules, so that a NaN of a branch not taken cannot leak
    ``aux``          ``forward`` returns ``(output, aux)`` and rules may name ``aux``
    ``outputs``      ``forward`` returns a tuple; a rule gets a tuple of cotangents, None for an unused output
    ``batch``        how vmap adds an axis in front: ``"elementwise"``, ``"axis"`` (shift the static axes),
                     ``"leading"`` (the op takes stacks already), a function of
                     ``(op, args, params, level)``, or None:
                     derived from the kind, a loop over examples where nothing can be
    ``plain``        the definition by other primitives, where ``forward`` is fused; used for higher orders
    ``register``     False keeps the op out of the table: a private op of one program
    ``make``         the class of the op
    ``reference``    an independent NumPy computation, where ``forward`` is not NumPy's own function of that name
    """
    if name in OPS and register:
        raise TypeError(f"primitive {name!r} is in the table already. Give the op another name.")
    entry = make(
        name,
        forward,
        vjp,
        jvp,
        kind,
        code,
        latex or "\\operatorname{{" + name.replace("_", r"\_") + "}}",
        vjp_latex,
        flops or per_element(1),
        samples,
        errors,
        arguments,
        holomorphic,
        selects,
        aux,
        outputs,
        plain,
        batch,
        reference,
        doc,
    )
    if register:
        OPS[name] = entry
    return entry


def per_element(cost: int) -> Callable[..., int]:
    """A cost of so many FLOPs for each element of the output."""

    def flops(out_shape: tuple[int, ...], *in_shapes: tuple[int, ...], **params: Any) -> int:
        return cost * math.prod(out_shape)

    return flops


def per_input_element(cost: int) -> Callable[..., int]:
    """A cost of so many FLOPs for each element of the first argument (reductions)."""

    def flops(out_shape: tuple[int, ...], *in_shapes: tuple[int, ...], **params: Any) -> int:
        return cost * math.prod(in_shapes[0])

    return flops


def no_flops(out_shape: tuple[int, ...], *in_shapes: tuple[int, ...], **params: Any) -> int:
    """The cost of an op that only moves or reinterprets data."""
    return 0


ITEM = primitive(
    "item",
    lambda x, *, index: x[index],
    kind="item",
    vjp=[lambda g: g],  # the engine puts the cotangent into slot ``index`` of the parent's tuple
    jvp="linear",
    latex=r"{0}_i",
    flops=no_flops,
)
