"""The backward pass of a small graph, written out: every equation, with the symbols and the shapes of this graph."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd.errors import ArgumentError, DtypeError, GradientError
from autograd.formulas import OUTPUTS, clauses, forward_formula, number, op_letters, substitute, vjp_formula
from autograd.naming import named_tensors
from autograd.tape import Node, ancestors
from viz.derivations.derivation import BackwardStep, Derivation, ForwardStep, Symbol
from viz.derivations.symbols import Symbols, space_of
from viz.graphs.graph import HasNamedParameters

__all__ = ["MAX_OPS", "derive"]

MAX_OPS = 60
"""So many ops are derived unless more are asked for: a derivation is to be read."""


def derive(
    loss: Any,
    names: HasNamedParameters | Mapping[str, Any] | None = None,
    *,
    max_ops: int = MAX_OPS,
    title: str | None = None,
) -> Derivation:
    r"""The derivation of the gradients of ``loss``: forward equations in order, then every gradient, as LaTeX.

    ``loss``     a recorded Tensor of one element, or a scalar Value, before or after ``backward``
    ``names``    a model, or a dict from names to Tensors. ``0.weight`` and ``0.bias`` become :math:`W_1` and
                 :math:`b_1` (of a normalisation :math:`\gamma_1` and :math:`\beta_1`), other names their letters
    ``max_ops``  a larger graph is refused
    ``title``    a heading

    A number or an array that the tape keeps nothing of is written as a constant :math:`c_1`; under ``ag.record()`` the
    tape keeps them all, and numbers are written out. (Without it, an optional argument that needs no gradient, such as
    a frozen bias, cannot be told from one that was left out, and is not written.) A vector in a matrix product is a row
    on its left, a column on its right.

    Raises DtypeError where ``loss`` is no Tensor and no Value, GradientError where it has no recorded graph, and
    ArgumentError where it is not one number, where the graph is too large, or an op has no formula for its gradient.
    """
    root = _root_of(loss)
    nodes = ancestors([root])
    _refuse_complex(nodes)
    count = sum(node.op is not None and node.op.kind != "item" for node in nodes)
    if count > max_ops:
        raise ArgumentError(
            f"derive: the graph has {count} ops, and a derivation of more than max_ops={max_ops} is not written. "
            f"Derive the loss of a smaller model or of fewer steps, or give max_ops={count}. viz.graph has no limit."
        )
    return _Writer(root, nodes, names).derivation(title)


def _root_of(loss: Any) -> Any:
    if not hasattr(loss, "node"):
        raise DtypeError(
            f"derive: loss is a {type(loss).__name__}, which has no recorded graph. "
            "Give it the Tensor whose gradients you want derived, or one scalar Value."
        )
    if loss.node is None or loss.node.op is None:
        raise GradientError(
            f"derive: this {type(loss).__name__} of shape {tuple(loss.shape)} was computed from nothing that requires "
            "gradients, so there is nothing to derive. Compute it again with recording on, from Tensors with "
            "requires_grad=True (a model's parameters have it)."
        )
    if int(np.prod(loss.shape)) != 1:
        raise ArgumentError(
            f"derive: loss has shape {tuple(loss.shape)}; gradients are those of one number. "
            "Derive loss.sum() or loss.mean()."
        )
    return loss.node


def _refuse_complex(nodes: Sequence[Any]) -> None:
    for node in nodes:
        if any(np.dtype(d).kind == "c" for d in _dtypes(node)):
            raise ArgumentError(
                f"derive: {node!r} is complex. The formulas are those of real numbers; for complex ones the engine "
                "conjugates them, which a derivation would not show. Derive the real part of the model alone."
            )


def _dtypes(node: Any) -> tuple[Any, ...]:
    """The dtype of each output."""
    if isinstance(node.dtype, tuple):
        return node.dtype
    return (node.dtype,) * (len(node.shape) if node.op is not None and node.op.outputs else 1)


class _Writer:
    """Walks the graph once forward and once backward."""

    def __init__(self, root: Any, nodes: Sequence[Any], names: Any):
        self.root, self.nodes = root, nodes
        self.known = {id(t.node): name for name, t in named_tensors(names, "names") if getattr(t, "node", None)}
        self.symbols = Symbols([(self.known.get(id(n)), n) for n in nodes if n.op is None])
        self.of: dict[int, str] = {}  # the symbol of each node's value
        self.parts: dict[int, list[str]] = {}  # of a node with several outputs
        self.given: dict[int, list[str | None]] = {}  # the symbols of the arguments of each node
        self.shapes: dict[int, list[tuple[int, ...] | None]] = {}
        self.leaves: list[Symbol] = []
        self.arrived: set[str] = set()  # the outputs of ops with several whose gradient is known
        self.scalar = all(_plain_shape(n) == () for n in nodes)

    def derivation(self, title: str | None) -> Derivation:
        forward = [step for node in self.nodes if (step := self._forward(node)) is not None]
        return Derivation(tuple(self.leaves), tuple(forward), tuple(self._backward()), title)

    # ----------------------------------------------------------------------------------------------------- forward

    def _forward(self, node: Any) -> ForwardStep | None:
        if node.op is None:
            symbol, kind, name = self.symbols.leaf(node, self.known.get(id(node)))
            self.of[id(node)] = symbol
            self.leaves.append(Symbol(symbol, kind, name, space_of(node.shape, node.dtype)))
            return None
        if node.op.kind == "item":
            self.of[id(node)] = self.parts[id(node.inputs[0])][node.params["index"]]
            return None
        arguments, shapes = self._arguments(node)
        self.given[id(node)], self.shapes[id(node)] = arguments, shapes
        formula = self._tidy(forward_formula(node.op, arguments, self._letters(node)))
        if self._is_transpose(node):
            formula = rf"{arguments[0]}^\top"
        if node.op.name in ("softmax", "log_softmax") and node.params["axis"] not in (-1, len(node.shape) - 1):
            formula = formula.replace("{softmax}", f"{{softmax}}_{{{node.params['axis']}}}")
        if node.op.outputs:
            self.parts[id(node)] = [self.symbols.value(node.op) for _ in node.shape]
            symbol = self.of[id(node)] = f"({', '.join(self.parts[id(node)])})"
            if " = " in formula:  # ``x = Q R`` defines its outputs; it is written as a function
                formula = rf"\operatorname{{{node.op.name}}}({', '.join(a for a in arguments if a)})"
            space = r" \times ".join(space_of(s, d) for s, d in zip(node.shape, _dtypes(node), strict=True))
        else:
            symbol = self.of[id(node)] = "L" if node is self.root else self.symbols.value(node.op)
            space = space_of(node.shape, node.dtype)
            formula = formula.partition(" = ")[2] if node.op.name == "linear_recurrence" else formula
            if node.op.name == "linear_recurrence":
                formula = rf"\operatorname{{recurrence}}({', '.join(a for a in arguments if a)})"
        return ForwardStep(symbol, formula, space, node.op.name)

    def _arguments(self, node: Any) -> tuple[list[str | None], list[tuple[int, ...] | None]]:
        op = node.op
        symbols: list[str | None] = []
        shapes: list[tuple[int, ...] | None] = []
        count = max(len(node.inputs), len(op.arguments))
        for slot in range(count):
            source = node.inputs[slot] if slot < len(node.inputs) else None
            if source is not None:
                symbols.append(self.of[id(source)])
                shapes.append(tuple(source.shape))
                continue
            known, value = _kept(node, slot)
            if known and value is None:
                symbols.append(None)  # an optional argument that was left out
                shapes.append(None)
                continue
            if not known and slot >= getattr(op, "least", count):
                symbols.append(None)
                shapes.append(None)
                continue
            symbols.append(self._constant(op, slot, known, value))
            shapes.append(np.shape(value) if known else None)
        return symbols, shapes

    def _constant(self, op: Any, slot: int, known: bool, value: Any) -> str:
        if known and np.ndim(value) == 0 and np.asarray(value).dtype.kind in "iufc":
            return number(value)
        name = op.arguments[slot] if slot < len(op.arguments) else ""
        symbol, is_new = self.symbols.constant(name, value if known else None)
        if is_new:
            where = space_of(value.shape, value.dtype) if known else ""
            self.leaves.append(Symbol(symbol, "constant", "", where))
        return symbol

    def _letters(self, node: Any) -> dict[str, str]:
        shape = node.shape[0] if node.op.outputs and node.shape else node.shape
        letters = op_letters(node.op, node.params, self.shapes[id(node)], tuple(shape))
        if node.op.name == "einsum":
            letters["E"] = _subscripts(node.params["subscripts"])
        if "index" in node.params and "i" not in letters:  # an array of indices, or a mask
            index = node.params["index"]
            letters["i"], is_new = self.symbols.constant("indices", index)
            if is_new:
                space = space_of(index.shape, index.dtype) if hasattr(index, "dtype") else ""
                self.leaves.append(Symbol(letters["i"], "constant", "", space))
        return letters

    def _is_transpose(self, node: Any) -> bool:
        """Whether the op only swaps the last two axes, which is written as a transpose."""
        axes = node.params.get("axes", ()) if node.op.name == "permute_dims" else ()
        n = len(axes)
        return n > 1 and tuple(axes) == (*range(n - 2), n - 1, n - 2)

    # ---------------------------------------------------------------------------------------------------- backward

    def _backward(self) -> list[BackwardStep]:
        terms: dict[int, list[tuple[str, str]]] = {id(self.root): [("1", "")]}
        steps: list[BackwardStep] = []
        for node in reversed(self.nodes):
            arrived = terms.get(id(node))
            if node.op is not None and node.op.outputs:
                gradients = [_bar(p) if id(node) in terms and p in self.arrived else "0" for p in self.parts[id(node)]]
                self._pull(node, f"({', '.join(gradients)})", terms, gradients)
                continue
            if not arrived:
                continue
            symbol = self.of[id(node)]
            split = _apart([clauses(term) for term, _ in arrived])
            where = tuple(dict.fromkeys(clause for _, more in split for clause in more))
            steps.append(
                BackwardStep(
                    _bar(symbol), symbol, tuple(term for term, _ in split), where,
                    space_of(node.shape, node.dtype), tuple(op for _, op in arrived if op), node.op is None,
                )
            )  # fmt: skip
            if node.op is not None and node.op.kind == "item":
                self.arrived.add(symbol)
                terms.setdefault(id(node.inputs[0]), []).append((_bar(symbol), "item"))
            elif node.op is not None:
                self._pull(node, _bar(symbol), terms, None)
        return steps

    def _pull(self, node: Any, gradient: str, terms: dict[int, list[tuple[str, str]]], parts: list[str] | None) -> None:
        """Add what this op passes back to the terms of its inputs."""
        letters = self._letters(node)
        if parts is not None:
            letters |= self._letters_of_outputs(node, parts)
        arguments = self.given[id(node)]
        for slot, source in enumerate(node.inputs):
            if source is None:
                continue
            if node.op.name == "einsum":
                letters["E"] = _subscripts(node.params["subscripts"], slot)
            elif node.op.name == "concat":
                letters["i"] = _part(node, slot, self.shapes[id(node)]) or "i"
            formula = self._tidy(vjp_formula(node.op, slot, arguments, self.of[id(node)], gradient, letters))
            if self._is_transpose(node):
                formula = rf"{gradient}^\top"
            if formula == "0":
                continue
            term, definitions = clauses(formula)
            axes = _stretched(self._rule_shape(node, slot), tuple(source.shape))
            if axes:
                term = _summed(term, axes)
            whole = "".join([term, *(rf", \quad {d}" for d in definitions)])
            terms.setdefault(id(source), []).append((whole, node.op.name))

    def _letters_of_outputs(self, node: Any, gradients: list[str]) -> dict[str, str]:
        own = OUTPUTS.get(node.op.name, ())
        found: dict[str, str] = {}
        for place, name in enumerate(own):
            part, gradient = self.parts[id(node)][place], gradients[place]
            if node.op.name == "svd" and place == 2:  # the third output is V^H
                part = f"{{{part}^{{H}}}}"
                gradient = gradient if gradient == "0" else f"{{{gradient}^{{H}}}}"
            found |= {name: part, rf"\bar {name}": gradient}
        return found

    def _rule_shape(self, node: Any, slot: int) -> tuple[int, ...]:
        """The shape of what the rule gives, before the engine makes it fit the argument."""
        source, y = tuple(node.inputs[slot].shape), node.shape
        if node.op.kind in ("elementwise", "random") and not node.op.outputs:
            return tuple(y)
        if node.op.name == "linear" and slot == 1:
            return (*tuple(y)[:-2], *source) if len(y) > 1 else source
        if node.op.name == "matmul":
            return _matmul_rule_shape(self.shapes[id(node)], slot, tuple(y), source)
        return source

    def _tidy(self, formula: str) -> str:
        """A formula without sums over no axis and factors of one; on numbers, with one sign for products."""
        formula = _OVER_NOTHING.sub("", formula)
        formula = formula.replace(r"\tfrac{1}{1} \cdot ", "").replace(r"\tfrac{2}{1} ", "2 ")
        formula = re.sub(r"^\(((?:[^()]|\([^()]*\))*)\)$", r"\1", formula)
        formula = re.sub(r"(\^\{|, )\((-(?:\d[\d.]*|\\infty))\)(?=[,)}])", r"\1\2", formula)
        formula = _TIMES_NUMBER.sub(lambda match: match[0].replace(r"\odot", r"\cdot"), formula)
        return formula.replace(r"\odot", r"\cdot") if self.scalar else formula


_OVER_NOTHING = re.compile(r"\\textstyle\\sum_\{\\varnothing\} ?|\\operatorname\{broadcast\}_\{\\varnothing\}")
_NUMBER = r"(?:\(-)?(?:\d[\d.]*|10\^\{-?\d+\})\)?(?![\w.])"
_TIMES_NUMBER = re.compile(rf"\\odot (?={_NUMBER})|(?:(?<=^)|(?<=[ (])){_NUMBER} \\odot")


def _plain_shape(node: Any) -> Any:
    return tuple(node.shape)


def _kept(node: Any, slot: int) -> tuple[bool, Any]:
    """Whether the tape keeps what an argument was, and what it was (None: left out)."""
    operands = getattr(node, "operands", None)
    if operands is not None:
        return True, operands[slot] if slot < len(operands) else None
    arguments: tuple[str, ...] = node.op.arguments
    layout: dict[str, int] = getattr(node.op, "layout", {})
    if isinstance(node, Node) and isinstance(node.saved, tuple) and slot < len(arguments):
        value = node.saved[layout[arguments[slot]]]
        return value is not None, value
    return False, None


def _apart(terms: Sequence[tuple[str, tuple[str, ...]]]) -> list[tuple[str, tuple[str, ...]]]:
    """Terms with their definitions, in which no letter is defined in two ways: the next gets a prime."""
    taken: dict[str, str] = {}
    apart = []
    for term, definitions in terms:
        renamed: dict[str, str] = {}
        for definition in reversed(definitions):  # the last is defined first, and others may use it
            letter = fresh = _defined(definition)
            while taken.setdefault(fresh, _renamed(definition, {**renamed, letter: fresh})) != _renamed(
                definition, {**renamed, letter: fresh}
            ):
                fresh += "'"
            if fresh != letter:
                renamed[letter] = fresh
        apart.append((_renamed(term, renamed), tuple(_renamed(d, renamed) for d in definitions)))
    return apart


def _renamed(formula: str, letters: Mapping[str, str]) -> str:
    if all(old == new for old, new in letters.items()):
        return formula
    return re.sub(r"\\bar (\w)", r"\\bar{\1}", substitute(formula, letters))


def _defined(definition: str) -> str:
    """The letter that a definition is of: ``u`` of ``u_{i} = ...``."""
    return re.split(r"[_ =]", definition.strip(), maxsplit=1)[0]


def _bar(symbol: str) -> str:
    """The gradient of a symbol: the bar stands over its letter, not over its index."""
    letter, index = re.fullmatch(r"(.*?)(_.*)?", symbol, re.DOTALL).groups()  # type: ignore[union-attr]
    return rf"\bar{{{letter}}}{index or ''}"


def _summed(term: str, axes: tuple[int, ...]) -> str:
    """The sum of a term over axes, with its sign in front."""
    total = rf"\textstyle\sum_{{{','.join(map(str, axes))}}} "
    sign, rest = ("-", term[1:]) if term.startswith("-") and not _is_sum(term[1:]) else ("", term)
    atomic = re.fullmatch(r"\\bar\{[^{}]*\}(_\{?\w+\}?)?", rest)
    return f"{sign}{total}{rest if atomic else f'({rest})'}"


def _is_sum(term: str) -> bool:
    """Whether a plus or a minus stands outside of all brackets."""
    depth = 0
    for c in term:
        depth += (c in "({[") - (c in ")}]")
        if depth == 0 and c in "+-":
            return True
    return False


def _stretched(shape: tuple[int, ...], wanted: tuple[int, ...]) -> tuple[int, ...]:
    """The axes that broadcasting added or stretched: those over which the gradient is summed."""
    extra = len(shape) - len(wanted)
    kept = (extra + i for i, n in enumerate(wanted) if n == 1 and shape[extra + i] != 1)
    return (*range(extra), *kept)


def _matmul_rule_shape(
    shapes: Sequence[tuple[int, ...] | None], slot: int, y: tuple[int, ...], source: tuple[int, ...]
) -> tuple[int, ...]:
    a, b = shapes
    vectors = [s is not None and len(s) == 1 for s in (a, b)]
    if not any(vectors):
        return (*y[:-2], *source[-2:])
    if vectors[slot] and not vectors[1 - slot]:  # the stack of matrices gives one vector each
        return (*y[:-1], *source)
    return source


def _part(node: Any, slot: int, shapes: Sequence[tuple[int, ...] | None]) -> str | None:
    """The index of one argument of a ``concat`` in its result, ``:, 2:6``; None beside several unknown constants."""
    axis = node.params["axis"] % len(node.shape)
    lengths = [None if shape is None else shape[axis] for shape in shapes]
    known = [length for length in lengths if length is not None]
    if len(lengths) - len(known) > 1:
        return None
    ends = np.cumsum([node.shape[axis] - sum(known) if length is None else length for length in lengths])
    start = 0 if slot == 0 else ends[slot - 1]
    return ", ".join([":"] * axis + [f"{start}:{ends[slot]}"])


def _subscripts(subscripts: str, slot: int | None = None) -> str:
    """The labels of an einsum, or of that which gives the gradient of one operand."""
    left, _, output = subscripts.partition("->")
    inputs = left.split(",")
    if slot is not None:
        inputs, output = [output, *(term for i, term in enumerate(inputs) if i != slot)], inputs[slot]
    return rf"\text{{{','.join(inputs)}}} \to \text{{{output}}}"
