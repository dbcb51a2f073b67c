"""From a Tensor, or a scalar Value, to the view of how it was computed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import numpy as np

from autograd.errors import DtypeError, GradientError
from autograd.naming import named_tensors
from autograd.scalar import Value
from autograd.tape import Node, ancestors
from autograd.tensor import Tensor
from viz.arrays import host_array
from viz.transforms import one_node_per_use
from viz.view import EdgeView, GraphView, NodeKind, NodeView

__all__ = ["HasNamedParameters", "graph"]

_COMMUTATIVE = {"add", "multiply", "maximum", "minimum"}


class HasNamedParameters(Protocol):
    """What :class:`nn.Module` offers, and anything else may."""

    def named_parameters(self) -> Iterable[tuple[str, Any]]: ...


def graph(
    target: Any,
    names: HasNamedParameters | Mapping[str, Any] | None = None,
    *,
    constants: bool | None = None,
    summaries: bool = False,
    per_use: bool | None = None,
    title: str | None = None,
) -> GraphView:
    """The computation that made ``target``, as a :class:`GraphView`.

    ``target``     a Tensor or a Value that was recorded, such as a loss, before or after ``backward``
    ``names``      a model, or a dict from names to Tensors or Values, whose names the drawing then shows
    ``constants``  show a small stub for each argument that the tape holds no gradient path of (data, labels, numbers);
                   by default only for a Value, whose formula cannot be read without its numbers
    ``summaries``  show the mean and the standard deviation of each leaf, and the norm of its gradient; a Value always
                   shows its number and its gradient
    ``per_use``    draw a parameter once for each op that uses it (:func:`viz.transforms.one_node_per_use`); by default
                   not for a Value, where one card with all its arrows shows how its gradient adds up
    ``title``      a heading for the drawing

    A parameter is what a model names, or any leaf whose class derives from Tensor as ``nn.Parameter`` does; other
    leaves are inputs. A Value that ``names`` does not name goes by its ``label``.

    Raises DtypeError where ``target`` is no Tensor and no Value, and GradientError where it has no recorded graph. Time
    and memory are linear in the graph, and a chain of any length is fine.
    """
    root = _root_of(target)
    of_numbers = isinstance(root, Value)
    constants = of_numbers if constants is None else constants
    per_use = not of_numbers if per_use is None else per_use
    known = {id(tensor.node): name for name, tensor in named_tensors(names, "names") if _is_recorded(tensor)}
    all_are_parameters = names is not None and not isinstance(names, Mapping)

    nodes: list[NodeView] = []
    edges: list[EdgeView] = []
    ids: dict[int, int] = {}

    def add(kind: NodeKind, **facts: Any) -> int:
        nodes.append(NodeView(len(nodes), kind, **facts))
        return len(nodes) - 1

    for node in ancestors([root]):
        ordered = len(node.inputs) > 1 and node.op is not None and node.op.name not in _COMMUTATIVE
        sources = []
        for slot, source in enumerate(node.inputs):
            if source is not None:
                sources.append((slot, ids[id(source)]))
            elif constants:
                sources.append((slot, add("constant", name=_constant(node, slot, ordered))))
        name = known.get(id(node)) or getattr(node, "label", None) or None
        ids[id(node)] = this = add(
            _kind_of(node, is_target=node is root, is_named_parameter=all_are_parameters and id(node) in known),
            op=node.op.name if node.op else None,
            op_kind=node.op.kind if node.op else None,
            name=name,
            seq=node.seq,
            params=tuple((key, str(value)) for key, value in node.params.items()),
            **_facts_of(node, summaries),
        )
        edges += [EdgeView(source, this, slot, _argument(node, slot), ordered) for slot, source in sources]

    view = GraphView(tuple(nodes), tuple(edges), title)
    return one_node_per_use(view) if per_use else view


def _root_of(target: Any) -> Node | Value:
    if not hasattr(target, "node"):
        raise DtypeError(
            f"graph: target is a {type(target).__name__}, which has no recorded graph. "
            "Give it the Tensor whose computation you want to see, such as the loss; or one scalar Value."
        )
    if target.node is None:
        raise GradientError(
            f"graph: this Tensor of shape {tuple(target.shape)} has no recorded graph: either none of the values it "
            "was computed from requires gradients, or it was made under no_grad() or by detach().\n"
            "  Compute it again with recording on, from Tensors with requires_grad=True (a model's parameters have it)."
        )
    node: Node | Value = target.node
    return node


def _is_recorded(tensor: Any) -> bool:
    return getattr(tensor, "node", None) is not None


def _kind_of(node: Node | Value, *, is_target: bool, is_named_parameter: bool) -> NodeKind:
    if node.op is not None:
        return "output" if is_target else "op"
    tensor = _tensor_of(node)
    # nn.Parameter is known by its deriving from Tensor: this floor of the house does not import nn
    is_subclass = isinstance(tensor, Tensor) and type(tensor) is not Tensor
    return "parameter" if is_named_parameter or is_subclass else "input"


def _tensor_of(leaf: Node | Value) -> Any:
    """The Tensor of a leaf, or None once it is gone."""
    reference = getattr(leaf, "tensor", None)
    return reference() if reference is not None else None


def _argument(node: Node | Value, slot: int) -> str:
    """The name of an op's argument: ``weight``, or its number where the op takes any number of them."""
    arguments: tuple[str, ...] = getattr(node.op, "arguments", ())
    return arguments[slot] if slot < len(arguments) else str(slot)


def _constant(node: Node | Value, slot: int, ordered: bool) -> str | None:
    """What to call an argument without a gradient path: its number, where the tape keeps it, or its name."""
    if isinstance(node, Value):
        return _number(node.operands[slot])
    return _argument(node, slot) if ordered else None


def _facts_of(node: Node | Value, summaries: bool) -> dict[str, Any]:
    """What the card says of the value: of a Value its number and its gradient, of a Tensor its shape and more."""
    if isinstance(node, Value):
        return {"summary": f"data {_number(node.data)} · grad {_number(node.grad)}"}
    facts = {"shape": node.shape, "dtype": str(node.dtype)}
    return facts | _summaries_of(node) if summaries else facts


def _number(number: Any) -> str:
    """A number in four digits; after ``create_graph`` a gradient is a Value in turn. None is a gradient set to it."""
    if number is None:
        return "none"
    return f"{float(number):.4g}".replace("-", "−")


def _summaries_of(node: Node | Value) -> dict[str, Any]:
    tensor = _tensor_of(node) if node.op is None else None
    if tensor is None:
        return {}
    facts: dict[str, Any] = {}
    value = host_array(tensor)
    if value.size and value.dtype.kind in "fiu":
        value = value.astype(np.float64)
        facts["summary"] = f"mean {value.mean():.3g} · std {value.std():.3g}"
    if getattr(tensor, "grad", None) is not None:
        gradient = host_array(tensor.grad)
        norm = float(np.linalg.norm(gradient.astype(np.complex128 if gradient.dtype.kind == "c" else np.float64)))
        facts["gradient_norm"] = norm if math.isfinite(norm) else float("nan")
    return facts
