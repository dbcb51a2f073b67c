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

Rules are written with op functions and operators, which compute on arrays and record on Tensors; so one line serves
the first order at array speed and every higher order.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any, Literal

import numpy as np

from autograd.backend import Array, as_array, device_of, is_array, is_differentiable
from autograd.errors import DeviceError, DtypeError, GlassgradError, RangeError, ShapeError
from autograd.mode import mode
from autograd.tape import Node, Variable, next_seq

__all__ = ["OPS", "Kind", "Primitive", "Rule", "apply", "apply1", "apply2", "bound", "primitive"]

Kind = Literal[
    "elementwise", "reduction", "scan", "view", "contraction", "gather", "random", "composite", "item", "tuple"
]

OPS: dict[str, Primitive] = {}
"""Every primitive by its name."""

_new = object.__new__
_tensor_type: type[Variable] = Variable  # set once by autograd.tensor, which stands on this module


def register_tensor_type(tensor_type: type[Variable]) -> None:
    """Say which class the results of ops are made of."""
    global _tensor_type
    _tensor_type = tensor_type


class Rule:
    """A vjp or jvp rule and where each of its parameters comes from."""

    __slots__ = ("arity", "function", "params", "pick", "sources")

    def __init__(self, function: Callable[..., Any], skip: int):
        self.function = function
        self.sources = tuple(inspect.signature(function).parameters)[skip:]
        self.params: tuple[str, ...] = ()
        self.pick: Any = None
        self.arity = 0

    def bind(self, layout: dict[str, int], static: frozenset[str]) -> None:
        """Resolve the parameter names against the layout of saved values and the static arguments."""
        self.params = tuple(name for name in self.sources if name in static)
        positions = [layout[name] for name in self.sources if name not in static]
        self.arity = len(positions)
        if positions:
            self.pick = itemgetter(*positions)

    def __call__(self, g: Any, saved: Any, params: dict[str, Any]) -> Any:
        """The rule's value for cotangent (or tangent) ``g``."""
        if self.params:
            kept = dict(zip((s for s in self.sources if s not in self.params), self._picked(saved), strict=True))
            return self.function(g, **kept, **{name: params[name] for name in self.params})
        if self.arity == 0:
            return self.function(g)
        if self.arity == 1:
            return self.function(g, self.pick(saved))
        return self.function(g, *self.pick(saved))

    def _picked(self, saved: Any) -> tuple[Any, ...]:
        if self.arity == 0:
            return ()
        return (self.pick(saved),) if self.arity == 1 else self.pick(saved)


class Primitive:
    """One op of the table; call it like a function, on Tensors (it records) or on plain arrays (it only computes).

    See :func:`primitive` for the facets.
    """

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
        seals: bool,
        aux: bool,
        outputs: bool,
        plain: Callable[..., Any] | None,
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
        self.errors = tuple(errors)
        self.holomorphic = holomorphic
        self.selects = selects
        self.seals = seals
        self.aux = aux
        self.outputs = outputs
        self.plain = plain
        self.reference = reference
        self.__name__ = name
        self.__doc__ = doc or inspect.getdoc(forward)

        self.arguments, self.variadic, self.static = _parameters_of(forward, arguments)
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

    def _lay_out(self) -> None:
        """Decide the positions of saved values: nothing, the output, the arguments, then shapes and dtypes named."""
        rules = [r for r in (*(self.rules or ()), *self._jvp_rules, self.joint) if r is not None]
        named = {source for rule in rules for source in rule.sources} - self.static - {"needs"}
        layout = {"": 0, "y": 1} | {argument: 2 + i for i, argument in enumerate(self.arguments)}
        self._extras: list[tuple[str, str]] = []
        for source in sorted(named - set(layout) - {self.variadic}):
            origin, _, facet = source.rpartition("_")
            if source == "aux" and self.aux:
                origin, facet = "aux", "aux"
            elif not (facet in ("shape", "dtype") and origin in {"y", *self.arguments, self.variadic}):
                known = ["g", "y", *self.arguments, *sorted(self.static)] + (["aux"] if self.aux else [])
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
            rule.bind(layout | {"needs": 0}, self.static)
        self.direct = self.rules is not None and not self.outputs and not any(r and r.params for r in self.rules)
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
        for a in args:
            if isinstance(a, Variable):
                return apply(self, args, params)
        return self.forward(*args, **params)[0] if self.aux else self.forward(*args, **params)

    def __repr__(self) -> str:
        return f"<primitive {self.name} ({self.kind})>"

    def compute(self, arrays: Sequence[Array], params: dict[str, Any]) -> Any:
        """The forward value; an error of the array library becomes one that names the op and its arguments."""
        try:
            return self.forward(*arrays, **params)
        except GlassgradError:
            raise
        except (ValueError, TypeError, IndexError) as error:
            raise explain(self, arrays, error) from error

    def push(self, primals: Sequence[Any], tangents: Sequence[Any], params: dict[str, Any]) -> Any:
        """Forward mode: the tangent of the output from the tangents of the arguments (None for a constant).

        Works on arrays and on Tensors. Costs about one evaluation of the op.
        """
        if not self.differentiable or self.jvp is None:
            return None
        if callable(self.jvp):
            return self.jvp(primals, tangents, **params)
        if self.jvp == "linear":
            filled = [0 * p if t is None else t for p, t in zip(primals, tangents, strict=True)]
            return self(*filled, **params)
        terms = []
        if self.jvp == "multilinear":
            for i, t in enumerate(tangents):
                if t is not None:
                    terms.append(self(*primals[:i], t, *primals[i + 1 :], **params))
        else:
            y = self(*primals, **params)
            saved: list[Any] = [None, y, *primals]
            for origin, facet in self._extras:
                value = y if origin == "y" else primals[self.arguments.index(origin)]
                saved.append(value.shape if facet == "shape" else value.dtype)
            rules = self._jvp_rules or self.rules or ()
            for rule, t in zip(rules, tangents, strict=True):
                if rule is not None and t is not None:
                    if self.jvp == "from_vjp":  # a diagonal Jacobian is its own transpose, up to conjugation
                        t = t + 0 * y if t.shape != y.shape else t
                        terms.append(_conj(rule(_conj(t), saved, params)))
                    else:
                        terms.append(rule(t, saved, params))
        total = None
        for term in terms:
            total = term if total is None else total + term
        return total


def _conj(x: Any) -> Any:
    return x.conj() if x.dtype.kind == "c" else x


def _parameters_of(
    forward: Callable[..., Any], arguments: Sequence[str] | None
) -> tuple[tuple[str, ...], str | None, frozenset[str]]:
    """The array arguments, the variadic argument and the static parameters of a forward function."""
    if arguments is not None:
        return tuple(arguments), None, frozenset()
    if isinstance(forward, np.ufunc):
        return (("x",) if forward.nin == 1 else ("a", "b")), None, frozenset()
    positional, variadic, static = [], None, set()
    for name, parameter in inspect.signature(forward).parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            variadic = name
        elif parameter.kind is parameter.KEYWORD_ONLY:
            static.add(name)
        else:
            positional.append(name)
    return tuple(positional), variadic, frozenset(static)


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
    seals: bool = False,
    aux: bool = False,
    outputs: bool = False,
    plain: Callable[..., Any] | None = None,
    reference: Callable[..., Any] | None = None,
    doc: str | None = None,
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
    ``latex``, ``vjp_latex``  the op and its rules as formulas
    ``flops``        cost from the shapes: ``flops(out_shape, *in_shapes, **params)``; default one for each element
    ``samples``, ``errors``   inputs that the generated tests use (see :mod:`autograd.samples`)
    ``holomorphic``  False for ops such as ``abs`` whose rule is written for complex numbers itself; for the others
                     the engine conjugates around the rule (conjugate Wirtinger convention, as PyTorch)
    ``selects``      some inputs get exactly no gradient (``where``, indexing): from there on the engine keeps 0 at 0
                     through elementwise rules, so that a NaN of a branch not taken cannot leak
    ``seals``        keep 0 at 0 always: the derivative is infinite inside the domain (``sqrt`` at 0)
    ``aux``          ``forward`` returns ``(output, aux)`` and rules may name ``aux``
    ``outputs``      ``forward`` returns a tuple; a rule gets a tuple of cotangents, None for an unused output
    ``plain``        the definition by other primitives, where ``forward`` is fused; used for higher orders
    ``reference``    an independent NumPy computation, where ``forward`` is not NumPy's own function of that name
    """
    if name in OPS:
        raise TypeError(f"primitive {name!r} is in the table already. Give the op another name.")
    entry = Primitive(
        name, forward, vjp, jvp, kind, code, latex or rf"\operatorname{{{name}}}", vjp_latex,
        flops or per_element(1), samples, errors, arguments, holomorphic, selects, seals, aux, outputs, plain,
        reference, doc,
    )  # fmt: skip
    OPS[name] = entry
    return entry


def per_element(cost: int) -> Callable[..., int]:
    """A cost of so many FLOPs for each element of the output."""

    def flops(out_shape: tuple[int, ...], *in_shapes: tuple[int, ...], **params: Any) -> int:
        return cost * int(np.prod(out_shape, dtype=np.int64))

    return flops


def per_input_element(cost: int) -> Callable[..., int]:
    """A cost of so many FLOPs for each element of the first argument (reductions)."""

    def flops(out_shape: tuple[int, ...], *in_shapes: tuple[int, ...], **params: Any) -> int:
        return cost * int(np.prod(in_shapes[0], dtype=np.int64))

    return flops


def no_flops(out_shape: tuple[int, ...], *in_shapes: tuple[int, ...], **params: Any) -> int:
    """The cost of an op that only moves or reinterprets data."""
    return 0


# ---------------------------------------------------------------------------------------------------- dispatch
# apply1 and apply2 are apply() for one and two array arguments without parameters, written out: they carry the
# arithmetic of define-by-run code, where the engine's own overhead is what one waits for.


def apply1(op: Primitive, x: Any) -> Any:
    """Run a one-argument op on a Tensor, and record it if the Tensor wants gradients."""
    node = x.node
    x = x.array
    try:
        y = op.forward(x)
    except (ValueError, TypeError) as error:
        raise explain(op, (x,), error) from error
    if y.__class__ is not np.ndarray:
        y = as_array(y)
    out = _new(_tensor_type)
    out.array = y
    out._grad = None
    if node is None or not mode.grad or not op.differentiable:
        out.node = None
        return out
    try:
        keep = op._keep[1]
    except KeyError:
        keep = op.keeper(1)
    out.node = made = _new(Node)
    made.op = op
    made.inputs = (node,)
    made.saved = None if keep is None else keep((None, y, x))
    made.params = _NO_PARAMS
    made.seq = next_seq()
    made.shape = y.shape
    made.dtype = y.dtype
    made.hooks = None
    return out


def apply2(op: Primitive, a: Any, b: Any) -> Any:
    """Run a two-argument op of which at least one is a Tensor, and record it if one of them wants gradients."""
    node_a = node_b = None
    mask = 0
    if isinstance(a, Variable):
        if (node_a := a.node) is not None:
            mask = 1
        a = a.array
    if isinstance(b, Variable):
        if (node_b := b.node) is not None:
            mask += 2
        b = b.array
    try:
        y = op.forward(a, b)
    except (ValueError, TypeError) as error:
        raise explain(op, (a, b), error) from error
    if y.__class__ is not np.ndarray:
        y = as_array(y)
    out = _new(_tensor_type)
    out.array = y
    out._grad = None
    if not mask or not mode.grad or not op.differentiable:
        out.node = None
        return out
    try:
        keep = op._keep[mask]
    except KeyError:
        keep = op.keeper(mask)
    out.node = made = _new(Node)
    made.op = op
    made.inputs = (node_a, node_b)
    made.saved = None if keep is None else keep((None, y, a, b))
    made.params = _NO_PARAMS
    made.seq = next_seq()
    made.shape = y.shape
    made.dtype = y.dtype
    made.hooks = None
    return out


_NO_PARAMS: dict[str, Any] = {}


def apply(op: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
    """Run an op on Tensors and arrays, and record it if one of the Tensors wants gradients."""
    arrays: list[Array] = []
    nodes: list[Node | None] = []
    mask = 0
    for i, a in enumerate(args):
        if isinstance(a, Variable):
            nodes.append(a.node)
            arrays.append(a.array)
            if a.node is not None:
                mask |= 1 << i
        else:
            nodes.append(None)
            arrays.append(a)
    y: Any = op.compute(arrays, params)
    aux = None
    if op.aux:
        y, aux = y
    y = tuple(map(as_array, y)) if op.outputs else as_array(y)
    record = mask and mode.grad and op.differentiable
    if not record:
        return tuple(bound(part, None) for part in y) if op.outputs else bound(y, None)
    made = _new(Node)
    made.op = op
    made.inputs = tuple(nodes)
    made.saved = _save(op, mask, arrays, y, aux)
    made.params = params
    made.seq = next_seq()
    made.hooks = None
    if op.outputs:
        made.shape = tuple(part.shape for part in y)
        made.dtype = y[0].dtype
        return tuple(bound(part, item_node(made, i, part)) for i, part in enumerate(y))
    made.shape = y.shape
    made.dtype = y.dtype
    # indices and other integers come out of differentiable ops too (a cast): they carry no gradient
    return bound(y, made if is_differentiable(y.dtype) else None)


def _save(op: Primitive, mask: int, arrays: Sequence[Array], y: Any, aux: Any) -> Any:
    keep = op.keeper(mask if op.variadic is None else 1)
    if keep is None:
        return None
    values = [None, y] if op.variadic is not None else [None, y, *arrays]
    for origin, facet in op._extras:
        if facet == "aux":
            values.append(aux)
        elif facet == "arrays":
            values.append(tuple(arrays))
        elif origin == op.variadic:
            values.append(tuple(getattr(a, facet) for a in arrays))
        else:
            source = y if origin == "y" else arrays[op.arguments.index(origin)]
            values.append(getattr(source, facet, ()) if source is not None else None)
    return keep(values)


def bound(array: Array, node: Node | None) -> Any:
    """A Tensor over ``array`` that stands at ``node`` of the graph."""
    out = _new(_tensor_type)
    out.array = array
    out.node = node
    out._grad = None
    return out


def item_node(parent: Node, index: int, part: Array) -> Node:
    """The node of one output of an op that has several."""
    made = _new(Node)
    made.op = ITEM
    made.inputs = (parent,)
    made.saved = None
    made.params = {"index": index}
    made.seq = next_seq()
    made.shape = part.shape
    made.dtype = part.dtype
    made.hooks = None
    return made


# ------------------------------------------------------------------------------------------------------ errors


def explain(op: Primitive, arrays: Sequence[Any], error: Exception) -> GlassgradError:
    """The error to raise when an array library refused the arguments of an op."""
    names = op.arguments if op.variadic is None else [f"{op.variadic}[{i}]" for i in range(len(arrays))]
    seen = ", ".join(f"{name} is {describe(a)}" for name, a in zip(names, arrays, strict=False) if a is not None)
    devices = sorted({device_of(a) for a in arrays if is_array(a)})
    if len(devices) > 1:
        return DeviceError(
            f"{op.name}: the arguments are on different devices, {' and '.join(devices)}: {seen}.\n"
            f"  Move one of them: x.to({devices[1]!r})."
        )
    if op.kind == "elementwise" and isinstance(error, ValueError):
        shapes = [np.shape(a) for a in arrays if a is not None]
        if clash := broadcast_clash(shapes):
            return ShapeError(
                f"{op.name}: shapes do not broadcast: {seen}: {clash}.\n"
                "  Shapes are compared from the last axis; each pair must be equal or hold a 1. "
                "Insert an axis with x[:, None] or x.reshape(...)."
            )
    kind = DtypeError if isinstance(error, TypeError) else RangeError if isinstance(error, IndexError) else ShapeError
    return kind(f"{op.name}: {seen}: {error}")


def describe(a: Any) -> str:
    """An argument in an error message: its shape and dtype, or its type."""
    if hasattr(a, "shape") and hasattr(a, "dtype"):
        return f"{tuple(a.shape)} {a.dtype}"
    return f"{a!r}" if isinstance(a, (bool, int, float, complex)) else f"a {type(a).__name__}"


def broadcast_clash(shapes: Sequence[tuple[int, ...]]) -> str:
    """Where the shapes do not broadcast, in words; empty when they do."""
    for axis in range(1, max(map(len, shapes), default=0) + 1):
        sizes = {shape[-axis] for shape in shapes if len(shape) >= axis} - {1}
        if len(sizes) > 1:
            return f"axis -{axis} has " + " against ".join(str(s[-axis]) for s in shapes if len(s) >= axis)
    return ""


ITEM = primitive(
    "item",
    lambda x, *, index: x[index],
    kind="item",
    vjp=[lambda g: g],  # the engine puts the cotangent into slot ``index`` of the parent's tuple
    jvp="linear",
    latex=r"{0}_i",
    flops=no_flops,
)
