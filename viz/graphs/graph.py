"""From whatever was computed to the view of how: the one function that everybody begins with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, Protocol

from autograd import levels
from autograd.collection import no_collection
from autograd.errors import ArgumentError, DtypeError
from autograd.naming import named_tensors
from autograd.recorder import record
from autograd.recording import Recording
from autograd.scalar import Value
from autograd.tape import Variable
from viz.graphs.backward_graph import only_backward, with_backward
from viz.graphs.checking import check as checked
from viz.graphs.recording_graph import recording_graph
from viz.graphs.repeats import roll as roll_up
from viz.graphs.segments import segment
from viz.graphs.tape_graph import tape_graph
from viz.graphs.tracing import trace
from viz.graphs.transforms import collapse, one_node_per_use
from viz.graphs.view import GraphView
from viz.programs.lowering import STEPS, lower

__all__ = ["HasNamedParameters", "graph"]


class HasNamedParameters(Protocol):
    """What :class:`nn.Module` offers, and anything else may."""

    def named_parameters(self) -> Iterable[tuple[str, Any]]: ...


def graph(
    target: Any,
    *given: Any,
    names: HasNamedParameters | Mapping[str, Any] | None = None,
    backward: bool | Literal["only"] = False,
    values: bool | None = None,
    depth: int | None = None,
    roll: bool | None = None,
    constants: bool | None = None,
    per_use: bool | None = None,
    zoom: bool | int | None = None,
    check: bool = False,
    title: str | None = None,
) -> GraphView:
    """The computation that made ``target``, as a :class:`GraphView`.

    ``target``  one of

    - a Tensor or a scalar Value that was computed, such as a loss, before or after ``backward``;
      ``viz.graph(loss, model)`` shows the names of the model's parameters, and ``viz.graph(loss, {"w": w})`` those of a
      dict
    - what ``with ag.record() as tape:`` recorded, the tape or its Recording, with values, times and the modules that
      the ops belong to; ``viz.graph(tape, loss)`` shows only what ``loss`` was computed from. A tape of several
      training steps shows them all, the gradients of the last backward pass through each value, and of a parameter what
      it held when it was first used
    - a Module or a function (a compiled one too) with example inputs, ``viz.graph(model, x)``: it is called once under
      a recorder. Buffers, gradients and random generators are left as they were

    ``names``      a model, or a dict from names to Tensors or Values, whose names the drawing then shows
    ``backward``   True adds the backward pass, each op linked to its own; ``"only"`` shows that alone. Of a Tensor or
                   Value one is made to be seen if the graph still has what it needs, and otherwise its structure shown;
                   of a model or function that of the sum of its outputs. No ``.grad`` changes
    ``values``     tell the value and the gradient on each card; False leaves them to the details. By default what is
                   known is told: everything of a recording, model or Value; of a Tensor nothing, and with True those of
                   its leaves, as the tape keeps no others. Of a model or function True makes the gradients too
    ``depth``      how many levels of modules are open: 0 closes all of them. By default as many as are legible
    ``roll``       draw identical blocks and the steps of a loop once, as ``Block × 12`` (:func:`viz.roll`); by default
                   where the lines and modules are known, which is not of a Tensor or Value alone
    ``constants``  show a small stub for each argument without a gradient path (data, labels, numbers); by default only
                   for Values, whose formula cannot be read without its numbers
    ``per_use``    draw a parameter once for each op that uses it (:func:`viz.one_node_per_use`); by default
                   not for Values, where one card with all its arrows shows how its gradient adds up
    ``zoom``       keep the arithmetic behind small results, so that one element opens in the page into the scalars
                   that it was made from, for at most so many scalar instructions (True: 20,000). By default where
                   ``values`` are told; where that is all of a small graph, its leaves can be changed in the page
    ``check``      compare each gradient with finite differences (:func:`viz.check`)
    ``title``      a heading for the drawing

    A parameter is what a model names, or any leaf whose class derives from Tensor as ``nn.Parameter`` does; other
    leaves are inputs. A Value that ``names`` does not name goes by its ``label``.

    Raises DtypeError where ``target`` is none of these, GradientError where a Tensor has no recorded graph, and
    ArgumentError for arguments that do not go together. Time and memory are linear in the graph, and a chain of any
    length is fine.
    """
    with no_collection():
        return _graph(
            target, given, names, backward, values, depth, roll, constants, per_use, zoom, check, title
        )  # fmt: skip


def _graph(
    target: Any, given: tuple[Any, ...], names: Any, backward: Any, values: bool | None, depth: int | None,
    roll: bool | None, constants: bool | None, per_use: bool | None, zoom: bool | int | None, check: bool,
    title: str | None,
) -> GraphView:  # fmt: skip
    if backward not in (False, True, "only"):
        raise ArgumentError(f'graph: backward is {backward!r}; it must be False, True or "only".')
    of_numbers = isinstance(target, Value)
    root: Any = target
    plain: Mapping[int, tuple[float | None, ...]] = {}
    if isinstance(target, (Recording, record)):
        view = _of_recording(target, given, names, bool(constants), title)
        root = given[0] if given else None
        plain = getattr(target, "constants", plain)
    elif hasattr(target, "node"):
        if len(given) > 1 or (given and names is not None):
            raise ArgumentError(
                "graph: of a Tensor or Value there is nothing to give but the names: viz.graph(loss, model)."
            )
        view = tape_graph(
            target, given[0] if given else names, constants=of_numbers if constants is None else constants,
            values=of_numbers if values is None else values, backward=bool(backward), title=title,
        )  # fmt: skip
    elif callable(target):
        tape, out = trace(target, given, backward=bool(backward) or bool(values), names=names, retain=check)
        outputs = [out] if isinstance(out, Variable) else []
        root, plain = out, tape.constants
        view = _of_recording(tape, outputs, None, bool(constants), title or _title_of(target))
    else:
        raise DtypeError(
            f"graph: target is a {type(target).__name__}, which has no recorded graph. Give it a Tensor that was "
            "computed, such as the loss; a scalar Value; what ag.record() recorded; or a model or function with "
            "example inputs, viz.graph(model, x)."
        )
    if not of_numbers if per_use is None else per_use:
        view = one_node_per_use(view)
    if backward:
        view = only_backward(view) if backward == "only" else with_backward(view)
    if roll or (roll is None and not hasattr(target, "node")):
        view = roll_up(view)
    if zoom or (zoom is None and (of_numbers if values is None else values)):
        budget = STEPS if zoom is None or zoom is True else int(zoom)
        view = replace(view, program=lower(view, root, budget=budget, constants=plain))
    if check:
        if not isinstance(root, Variable):
            raise ArgumentError(
                "graph: check=True compares the gradients of one Tensor or Value: of a recording give it too, "
                "viz.graph(tape, loss, check=True), and let a function return one."
            )
        view = checked(view, root)
    if values is False:
        view = replace(view, values=False)
    return _legible(view, depth)


def _of_recording(
    source: Recording | record, given: Sequence[Any], names: Any, constants: bool, title: str | None
) -> GraphView:
    """The view of a recording, or of what one value in it was computed from."""
    if isinstance(source, record) and source in levels.here.watchers:
        raise ArgumentError(
            "graph: this recording is still going on. Draw it after the `with ag.record() as tape:` block; of what was "
            "computed so far a Tensor shows its own graph: viz.graph(loss)."
        )
    recording = source if isinstance(source, Recording) else source.recording
    if len(given) > 1:
        raise ArgumentError("graph: of a recording, give at most the one value to see: viz.graph(tape, loss).")
    value = None
    if given:
        value = source.value_of(given[0])
        if value is None:
            raise ArgumentError(
                f"graph: {_described(given[0])} is not in this recording. Compute it inside the `with ag.record()` "
                "block, and give it itself or its name."
            )
    known = {info.id: name for name, x in named_tensors(names, "names") if (info := source.value_of(x)) is not None}
    return recording_graph(recording, value, known, constants=constants, title=title)


_LEGIBLE = 150  # cards that a drawing may have before modules are closed
_LARGEST = 600  # and before a row of ops without modules is cut into stretches


def _legible(view: GraphView, depth: int | None) -> GraphView:
    """Close the groups from a depth on; without one, from the greatest at which the drawing is still legible."""
    if depth is not None:
        return collapse(view, depth)
    deepest = max(view.depths, default=-1) + 1
    legible = next((d for d in range(deepest, 0, -1) if _cards_at(view, d) <= _LEGIBLE), 0)
    view = collapse(view, legible) if legible < deepest else view
    return segment(view) if _cards_at(view, legible) > _LARGEST else view


def _cards_at(view: GraphView, depth: int) -> int:
    """How many cards there are when the groups from a depth on are closed."""
    is_open: list[bool] = []
    cards = 0
    seen: set[int] = set()  # rolled groups whose first repetition has come by
    for group in view.groups:
        parent = group.parent
        shown = parent is None or is_open[parent]
        if shown and parent is not None and parent in view.rolled:
            shown = parent not in seen
            seen.add(parent)
        cards += shown and view.depths[group.id] >= depth
        is_open.append(shown and view.depths[group.id] < depth)
    return cards + sum(node.group is None or is_open[node.group] for node in view.nodes)


def _described(x: Any) -> str:
    return repr(x) if isinstance(x, str) else f"this {type(x).__name__} of shape {tuple(getattr(x, 'shape', ()))}"


def _title_of(target: Any) -> str:
    return getattr(target, "__name__", None) or type(target).__name__
