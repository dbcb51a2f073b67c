"""From whatever was computed to the view of how: the one function that everybody begins with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from autograd.errors import DtypeError
from autograd.scalar import Value
from viz.tape_graph import tape_graph
from viz.transforms import one_node_per_use
from viz.view import GraphView

__all__ = ["HasNamedParameters", "graph"]


class HasNamedParameters(Protocol):
    """What :class:`nn.Module` offers, and anything else may."""

    def named_parameters(self) -> Iterable[tuple[str, Any]]: ...


def graph(
    target: Any,
    names: HasNamedParameters | Mapping[str, Any] | None = None,
    *,
    constants: bool | None = None,
    values: bool = False,
    per_use: bool | None = None,
    title: str | None = None,
) -> GraphView:
    """The computation that made ``target``, as a :class:`GraphView`.

    ``target``     a Tensor or a Value that was recorded, such as a loss, before or after ``backward``
    ``names``      a model, or a dict from names to Tensors or Values, whose names the drawing then shows
    ``constants``  show a small stub for each argument that the tape holds no gradient path of (data, labels, numbers);
                   by default only for a Value, whose formula cannot be read without its numbers
    ``values``     show the range and the mean of each leaf, and the norm of its gradient; a Value always shows its
                   number and its gradient
    ``per_use``    draw a parameter once for each op that uses it (:func:`viz.transforms.one_node_per_use`); by default
                   not for a Value, where one card with all its arrows shows how its gradient adds up
    ``title``      a heading for the drawing

    A parameter is what a model names, or any leaf whose class derives from Tensor as ``nn.Parameter`` does; other
    leaves are inputs. A Value that ``names`` does not name goes by its ``label``.

    Raises DtypeError where ``target`` is no Tensor and no Value, and GradientError where it has no recorded graph. Time
    and memory are linear in the graph, and a chain of any length is fine.
    """
    if not hasattr(target, "node"):
        raise DtypeError(
            f"graph: target is a {type(target).__name__}, which has no recorded graph. "
            "Give it the Tensor whose computation you want to see, such as the loss; or one scalar Value."
        )
    of_numbers = isinstance(target, Value)
    constants = of_numbers if constants is None else constants
    view = tape_graph(target, names, constants=constants, values=values, title=title)
    return one_node_per_use(view) if (not of_numbers if per_use is None else per_use) else view
