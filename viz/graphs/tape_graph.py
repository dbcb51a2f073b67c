"""From the live tape of a Tensor, or of a scalar Value, to the view of how it was computed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from autograd.cotangents import as_one_array
from autograd.errors import GradientError
from autograd.naming import named_tensors
from autograd.scalar import Value
from autograd.tape import Node, ancestors
from autograd.tensor import Tensor
from autograd.watching import Summary, summarize
from viz.graphs.tape_steps import Pull, can_walk, watch_backward
from viz.graphs.view import Contribution, EdgeView, GraphView, NodeKind, NodeView, Step
from viz.graphs.wording import number_text

__all__ = ["COMMUTATIVE", "argument_of", "is_recorded", "tape_graph"]

COMMUTATIVE = {"add", "multiply", "maximum", "minimum"}


def tape_graph(
    target: Any, names: Any, *, constants: bool, values: bool, backward: bool, title: str | None
) -> GraphView:
    """The graph of what ``target``, a recorded Tensor or Value, was computed from, as :func:`viz.graph` says.

    With ``values`` or ``backward`` a backward pass is made to see its steps, where the graph still has what that needs;
    no ``.grad`` changes. The gradients that it gives are told with ``backward``; otherwise those in ``.grad``, for what
    the program did not compute is not there.
    """
    root = _root_of(target)
    computed = _backward_has_run(root)
    pulls = watch_backward(root) if (values or backward) and can_walk(root) else []
    gradients = {id(pull.parent): pull.after for pull in pulls} if backward else {}
    if gradients:
        gradients[id(root)] = pulls[0].incoming
    known = {id(tensor.node): name for name, tensor in named_tensors(names, "names") if is_recorded(tensor)}
    all_are_parameters = names is not None and not isinstance(names, Mapping)

    nodes: list[NodeView] = []
    edges: list[EdgeView] = []
    ids: dict[int, int] = {}

    def add(kind: NodeKind, **facts: Any) -> int:
        nodes.append(NodeView(len(nodes), kind, **facts))
        return len(nodes) - 1

    for node in ancestors([root]):
        ordered = len(node.inputs) > 1 and node.op is not None and node.op.name not in COMMUTATIVE
        sources = []
        for slot, source in enumerate(node.inputs):
            if source is not None:
                sources.append((slot, ids[id(source)]))
            elif constants:
                sources.append((slot, add("constant", **_constant(node, slot, ordered))))
        name = known.get(id(node)) or getattr(node, "label", None) or None
        ids[id(node)] = this = add(
            _kind_of(node, is_target=node is root, is_named_parameter=all_are_parameters and id(node) in known),
            op=node.op.name if node.op else None,
            op_kind=node.op.kind if node.op else None,
            name=name,
            seq=node.seq,
            params=tuple((key, str(value)) for key, value in node.params.items()),
            **_facts_of(node, values, computed, gradients.get(id(node))),
        )
        edges += [EdgeView(source, this, slot, argument_of(node.op, slot), ordered) for slot, source in sources]
    return GraphView(tuple(nodes), tuple(edges), title, steps=tuple(_steps(pulls, ids)))


def _steps(pulls: list[Pull], ids: dict[int, int]) -> Iterator[Step]:
    """The contributions of each node together: a backward pass goes through one node after the other."""
    for _, group in itertools.groupby(pulls, key=lambda pull: id(pull.node)):
        of_node = list(group)
        yield Step(
            ids[id(of_node[0].node)],
            of_node[0].incoming,
            tuple(Contribution(ids[id(p.parent)], p.slot, p.gradient, p.before, p.after) for p in of_node),
        )


def _root_of(target: Any) -> Node | Value:
    if target.node is None:
        raise GradientError(
            f"graph: this Tensor of shape {tuple(target.shape)} has no recorded graph: either none of the values it "
            "was computed from requires gradients, or it was made under no_grad() or by detach().\n"
            "  Compute it again with recording on, from Tensors with requires_grad=True (a model's parameters have it)."
        )
    node: Node | Value = target.node
    return node


def is_recorded(tensor: Any) -> bool:
    """Whether a Tensor or Value stands on the tape."""
    return getattr(tensor, "node", None) is not None


def _backward_has_run(root: Node | Value) -> bool:
    """Whether the gradients of Values were computed: they begin at 0, but that of the root is then 1."""
    return not isinstance(root, Value) or not (root.grad is None or (isinstance(root.grad, float) and root.grad == 0))


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


def argument_of(op: Any, slot: int) -> str:
    """The name of an op's argument: ``weight``, or its number where the op takes any number of them."""
    arguments: tuple[str, ...] = getattr(op, "arguments", ())
    return arguments[slot] if slot < len(arguments) else str(slot)


def _constant(node: Node | Value, slot: int, ordered: bool) -> dict[str, Any]:
    """What is known of an argument without a gradient path: all of it where the tape kept it, else its name."""
    name = argument_of(node.op, slot) if ordered else None
    operands = getattr(node, "operands", None)
    if operands is None:
        return {"name": name}
    value = operands[slot]
    if isinstance(value, (bool, int, float)) or getattr(value, "shape", None) == ():
        return {"name": number_text(float(value))}
    if not hasattr(value, "shape"):
        return {"name": name}
    return {"name": name, "shape": tuple(value.shape), "dtype": str(value.dtype)}


def _facts_of(node: Node | Value, values: bool, computed: bool, gradient: Summary | None) -> dict[str, Any]:
    """What the card says of the value: of a Value its number and its gradient, of a Tensor its shape and more."""
    if isinstance(node, Value):
        if computed and node.grad is not None:
            gradient = _number(float(node.grad))
        return {"value": _number(node.data), "gradient": gradient}
    facts: dict[str, Any] = {"shape": node.shape, "dtype": _dtype_text(node.dtype), "gradient": gradient}
    tensor = _tensor_of(node) if values and node.op is None else None
    if tensor is not None:
        facts["value"] = summarize(as_one_array(tensor))
        if getattr(tensor, "grad", None) is not None:
            facts["gradient"] = summarize(as_one_array(tensor.grad))
    return facts


@cache
def _dtype_text(dtype: Any) -> str:
    """The name of a dtype, or of those of several outputs; numpy takes longer to find it than all else of a node."""
    return ", ".join(dict.fromkeys(map(str, dtype))) if isinstance(dtype, tuple) else str(dtype)


def _number(number: float) -> Summary:
    return (
        summarize(number)
        if number - number
        else Summary((), "float64", 8, number, number, number, abs(number), 0, number)
    )
