"""A view as columns: what the page reads. A graph of 100,000 nodes is a few long lists instead of as many objects."""

from __future__ import annotations

import base64
import inspect
import json
import linecache
import math
import operator
from collections.abc import Hashable, Iterable, Sequence
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.dispatch import OPS
from autograd.errors import MissingExtraError
from autograd.watching import Summary
from viz.derivations.formula import formula
from viz.drawing.faces import card_of
from viz.explorer.lessons import rules_of
from viz.graphs.wording import value_text

if TYPE_CHECKING:
    from viz.graphs.view import GraphView

__all__ = ["encode"]

_CODED = ("kind", "op", "op_kind", "dtype", "shape", "params")
_PLAIN = ("name", "seq", "group", "line", "nbytes", "flops", "seconds", "saved", "origin", "event")
_FACTS = ("nbytes", "minimum", "maximum", "mean", "norm", "nonfinite")
_MANY = 20_000  # of more summaries only the elements of single numbers are written
_NOT_FINITE = {float("inf"): "inf", float("-inf"): "-inf"}


def encode(view: GraphView) -> str:
    """The view as JSON without NaN, which is safe inside a ``<script>`` element.

    A column is a list; or None where nothing is known; or ``{"at": [...], "of": [...]}`` where little is. A coded
    column is ``{"table": [...], "code": column}``: each distinct entry once. Very long ones of numbers are
    ``{"f64": base64}``. Numbers that are not finite are the texts
    ``"nan"``, ``"inf"`` and ``"-inf"``. Values and gradients are places in one table of summaries.
    """
    summaries = _Summaries()
    content = {
        "version": 1,
        "title": view.title,
        "nodes": _nodes(view, summaries),
        "edges": _edges(view, summaries),
        "groups": {
            name: [getattr(group, name) for group in view.groups]
            for name in ("kind", "label", "path", "module", "parent", "count")
        },
        "lines": [[*line, linecache.getline(line.file, line.line).strip()] for line in view.lines],
        "steps": _steps(view, summaries),
        "rules": rules_of(view),
        "program": _program(view),
        "formulas": _formulas({node.op for node in view.nodes if node.op}),
        "closed": sorted(view.closed),
        "rolled": sorted(view.rolled),
        "marked": sorted(view.marked),
        "values": view.values,
        "overlay": _overlay(view),
        "summaries": summaries.columns(),
    }
    text = json.dumps(content, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _nodes(view: GraphView, summaries: _Summaries) -> dict[str, Any]:
    nodes = view.nodes
    columns: dict[str, Any] = {"count": len(nodes)}
    names = (*_CODED, *_PLAIN, "value", "gradient", "check")
    found = dict(zip(names, zip(*map(attrgetter(*names), nodes), strict=True), strict=False))
    for name in _CODED:
        columns[name] = _coded(found.get(name, ()))
    columns["look"] = _coded([card_of(node) for node in nodes])
    for name in _PLAIN:
        columns[name] = _column(found.get(name, ()))
    for name in ("value", "gradient"):
        columns[name] = _column(summaries.all(found.get(name, ())))
    columns["check"] = _column(
        [c and [_number(c.analytic), _number(c.numeric), c.agrees, c.note] for c in found.get("check", ())]
    )
    return columns


def _edges(view: GraphView, summaries: _Summaries) -> dict[str, Any]:
    edges = view.edges
    return {
        "count": len(edges),
        "source": [edge.source for edge in edges],
        "target": [edge.target for edge in edges],
        "slot": [edge.slot for edge in edges],
        "output": _column([edge.output or None for edge in edges]),
        "ordered": _column([1 if edge.ordered else None for edge in edges]),
        "argument": _coded([edge.argument for edge in edges]),
        "kind": _coded([edge.kind for edge in edges]),
        "value": _column(summaries.all(edge.value for edge in edges)),
    }


def _steps(view: GraphView, summaries: _Summaries) -> dict[str, Any]:
    """The backward pass: a row for each step, with the number of its contributions; then a row for each of those."""
    steps = view.steps
    made = [contribution for step in steps for contribution in step.contributions]
    return {
        "node": [step.node for step in steps],
        "incoming": summaries.all(step.incoming for step in steps),
        "seconds": _column([step.seconds for step in steps]),
        "makes": [len(step.contributions) for step in steps],
        "to": _column([c.node for c in made]),
        "slot": [c.slot for c in made],
        "gradient": summaries.all(c.gradient for c in made),
        "before": _column(summaries.all(c.before for c in made)),
        "after": summaries.all(c.after for c in made),
    }


def _program(view: GraphView) -> dict[str, Any] | None:
    """The arithmetic of the view; its kernels stand in the script."""
    program = view.program
    if program is None:
        return None
    return {
        "recipes": [
            [recipe.inputs, list(map(_number, recipe.constants)), recipe.instructions, recipe.outputs]
            for recipe in program.recipes
        ],
        "applications": [
            [a.node, a.recipe, a.sources, [list(map(_number, numbers)) for numbers in a.given]]
            for a in program.applications
        ],
        "leaves": [[node, list(map(_number, numbers))] for node, numbers in program.leaves],
        "editable": program.editable,
        "reason": program.reason,
    }


def _overlay(view: GraphView) -> dict[str, Any] | None:
    overlay = view.overlay
    if overlay is None:
        return None
    values = [_number(value) if isinstance(value, float) else value for value in overlay.values]
    return {
        "name": overlay.name, "label": overlay.label, "scale": overlay.scale, "total": overlay.total,
        "unit": overlay.unit, "values": _column(values),
    }  # fmt: skip


def _formulas(names: set[str]) -> dict[str, Any]:
    """Of each op that occurs its rules: as MathML, or as LaTeX where the package that makes MathML is missing."""
    found = {}
    for name in sorted(names & OPS.keys()):
        op: Any = OPS[name]
        try:
            rules = formula(name)
            forward, backward = rules.forward_mathml, rules.vjp_mathml
        except MissingExtraError:
            forward, backward = op.latex, tuple(op.vjp_latex or ())
        found[name] = {
            "arguments": list(op.arguments),
            "forward": forward,
            "backward": [rule if isinstance(rule, str) else None for rule in backward],
            "doc": _first_sentence(inspect.getdoc(op) or ""),
        }
    return found


def _first_sentence(doc: str) -> str:
    """The first paragraph in prose: the texts of NumPy's ufuncs begin with their signature."""
    signature, _, rest = doc.partition("\n\n")
    first = rest.partition("\n\n")[0] if "out=None" in signature else signature
    return first.replace("\n", " ").strip()


class _Summaries:
    """Each summary once: the gradient of a node is also what a backward step brought."""

    def __init__(self) -> None:
        self.found: list[Summary] = []
        self.places: dict[int, int] = {}

    def all(self, summaries: Iterable[Summary | None]) -> list[int | None]:
        """Where in the table each of these is; None of None."""
        places, found = self.places, self.found
        column: list[int | None] = []
        for summary in summaries:
            place = None
            if summary is not None and (place := places.get(id(summary))) is None:
                place = places[id(summary)] = len(found)
                found.append(summary)
            column.append(place)
        return column

    def columns(self) -> dict[str, Any]:
        """The table, column by column."""
        found = self.found
        columns: dict[str, Any] = {"count": len(found)}
        facts = dict(zip(Summary._fields, zip(*found, strict=True), strict=False))
        columns |= {name: _coded(facts.get(name, ())) for name in ("shape", "dtype")}
        few = len(found) <= _MANY
        for name in _FACTS:
            column = facts.get(name, ())
            columns[name] = _column(_numbers(column)) if few or not _is_finite(column) else _packed(column)
        columns["data"] = _column([_data(s) if few or s.shape == () else None for s in found])
        columns["histogram"] = _column([getattr(s, "histogram", None) for s in found])
        return columns


def _data(summary: Summary) -> Any:
    data = summary.data
    if data is None:
        return None
    if isinstance(data, (complex, str)):
        return value_text(summary)
    if summary.nonfinite == 0 and not summary.dtype.startswith("complex"):
        return data
    return _elements(data)


def _elements(data: Any) -> Any:
    if isinstance(data, (list, tuple)):
        return [_elements(part) for part in data]
    return f"{data.real:.4g}{data.imag:+.4g}i".replace("-", "−") if isinstance(data, complex) else _number(data)


def _number(number: Any) -> Any:
    """A number as JSON can hold it."""
    if not isinstance(number, float) or number - number == 0:
        return number
    return _NOT_FINITE.get(number, "nan")


def _is_finite(column: Sequence[Any]) -> bool:
    """Whether all numbers of a column that are known are finite."""
    return all(map(math.isfinite, filter(_IS_KNOWN, column) if None in column else column))


_IS_KNOWN = partial(operator.is_not, None)


def _numbers(column: Sequence[Any]) -> Sequence[Any]:
    """A column of numbers as JSON can hold it; most are as they are."""
    return column if _is_finite(column) else list(map(_number, column))


def _packed(column: Sequence[Any]) -> dict[str, str]:
    """A long column of finite numbers as the bytes of float64, which are written and read in a fraction of the time;
    NaN is what is not known."""
    return {"f64": base64.b64encode(np.array(column, "<f8").tobytes()).decode("ascii")}  # None becomes NaN


def _column(values: Sequence[Any]) -> Any:
    unknown = values.count(None)
    if unknown == len(values):
        return None
    if unknown * 2 > len(values):
        known = [i for i, value in enumerate(values) if value is not None]
        return {"at": known, "of": [values[i] for i in known]}
    return values


def _coded(values: Iterable[Hashable]) -> dict[str, Any]:
    codes: dict[Hashable, int] = {}
    column = [None if value is None else codes.setdefault(value, len(codes)) for value in values]
    return {"table": list(codes), "code": _column(column)}
