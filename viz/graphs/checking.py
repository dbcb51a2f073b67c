"""Each gradient of a graph beside its finite difference.

The value of a node is moved a little along a random direction, and everything that was computed from it is computed
again in double precision; the slope of the output is compared with the gradient at the node. A node agrees where all
backward rules between it and the output are right, so the first one that does not, seen from the output, shows where
a wrong rule is.
"""

from __future__ import annotations

import math
from collections import ChainMap
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograd.backend import is_floating, to_numpy
from autograd.backward import walk
from autograd.creation import tensor
from autograd.errors import ArgumentError, DtypeError, GlassgradError
from autograd.expanding.numbers import Numbers
from autograd.levels import suspended
from autograd.mode import enable_grad
from autograd.primitive import ITEM
from autograd.scalar import Value
from autograd.tape import Variable, ancestors, maker_of
from viz.graphs.tape_steps import can_walk
from viz.graphs.view import Check, GraphView

__all__ = ["check"]


def check(view: GraphView, target: Any, *, seed: int = 0, limit: int = 50_000) -> GraphView:
    """The view with a :class:`~viz.Check` at each node that the gradient of ``target`` goes through.

    ``view``    what :func:`viz.graph` made of ``target``, or of a computation that ended in it
    ``target``  the recorded Tensor or Value; of a Tensor with several elements the sum of them is differentiated
    ``seed``    of the random directions
    ``limit``   how many ops may be computed again in all. Each node takes those after it, nine times over or more;
                nodes that are left then have a Check that says so

    ``agrees`` is None with the reason in ``note`` where nothing can be said: at a kink, such as relu at 0 or a tie of
    maximum, where the slopes on the two sides differ and any gradient between them is right; where the rules agree in
    double precision and only what the recorded dtype rounds does not; and where the op cannot be computed again.
    Nothing of the graph changes. Raises DtypeError where ``target`` is no Tensor or Value, and ArgumentError where
    nothing was recorded for it or a backward pass has given back what another one would need.
    """
    if not isinstance(target, Variable):
        raise DtypeError(
            f"check: target is a {type(target).__name__}; it must be the Tensor or Value that was computed."
        )
    root: Any = target.node
    if root is None:
        raise ArgumentError("check: nothing was recorded for the target. Compute it from what requires gradients.")
    if not can_walk(root):
        raise ArgumentError(
            "check: an earlier backward pass has given back what the graph had saved. Call it with retain_graph=True, "
            "or check before it."
        )
    replay = _Replay(root, target)
    draw = np.random.default_rng(seed)
    found: dict[int, Check] = {}
    for node in reversed(replay.order):
        if (checked := replay.check(node, draw, limit)) is not None:
            found[node.seq] = checked
    nodes = tuple(
        replace(node, check=found[node.seq])
        if node.seq in found and node.kind not in ("backward", "gradient") and not _has_several(node.shape)
        else node
        for node in view.nodes
    )
    return replace(view, nodes=nodes)


def _has_several(shape: Any) -> bool:
    return bool(shape) and isinstance(shape[0], tuple)


_LARGE = "the graph is large (limit=)"
_EVALUATIONS = 9  # of what comes after a node, to know its slopes
_ELEMENTS = 8  # that are moved alone where a node as a whole is at a kink


@dataclass(frozen=True, slots=True)
class _Slopes:
    """Of the output along a direction: by central differences, and from each side."""

    central: float
    above: float
    below: float
    error: float  # of the central one
    kinked: bool  # whether the two sides differ by more than a curve would


class _Replay:
    """The graph once more in double precision, from any node on."""

    def __init__(self, root: Any, target: Any):
        self.root = root
        self.order = ancestors([root])
        self.numbers = Numbers()
        self.of_values = isinstance(target, Value)
        self.spent = 0
        self.exhausted = False
        if not self.of_values:
            for node in self.order:
                if node.op is not None:
                    self.numbers.used(node)
            self.numbers.enter(root, target.array)
        self.gradients = _gradients(root, self.order)
        self.in_double: dict[Any, Any] | None = None
        self.operands: dict[Any, list[Any]] = {}
        self.values: dict[Any, Any] = {}
        self.broken: dict[Any, str] = {}  # nodes that cannot be computed again, and why
        with suspended(transforms=True), np.errstate(all="ignore"):
            for node in self.order:
                self._begin(node)

    def _begin(self, node: Any) -> None:
        """The value of a node, from those of its inputs in double precision."""
        if node.op is None:
            self._look_up(node, "")
            return
        broken = next((self.broken[p] for p in node.inputs if p is not None and p not in self.values), None)
        try:
            if broken is None:
                self.operands[node] = self._held(node)
                self.values[node] = self._computed(node, self.values)
                return
        except (GlassgradError, ValueError, TypeError, ArithmeticError, IndexError) as error:
            broken = f"{node.op.name} cannot be computed again: {_reason(error)}"
        self._look_up(node, broken)

    def _look_up(self, node: Any, broken: str) -> None:
        """The value of a node as it was recorded, for it is not computed again."""
        if broken:
            self.broken[node] = broken
        try:
            self.values[node] = _double(node.array if self.of_values else self.numbers.of(node))
        except GlassgradError as error:
            self.broken.setdefault(node, _reason(error))

    def _held(self, node: Any) -> list[Any]:
        """The operands that are not computed again, in double precision."""
        held: list[Any] = []
        for place, parent in enumerate(node.inputs):
            if self.of_values:
                held.append(float(node.operands[place]) if parent is None else None)
            elif parent is None:
                held.append(_double(self.numbers.operand(node, place)))
            else:
                held.append(None)
        return held

    def _computed(self, node: Any, values: MutableMapping[Any, Any]) -> Any:
        if node.op is ITEM:
            return values[maker_of(node)][node.params["index"]]
        if node.op.name == "astype":
            return values[node.inputs[0]]  # a narrower dtype would round the difference away
        args = [x if p is None else values[p] for p, x in zip(node.inputs, self.operands[node], strict=True)]
        y = node.op.forward(*(np.float64(x) if isinstance(x, float) else x for x in args), **node.params)
        return y[0] if node.op.aux else y

    # ------------------------------------------------------------------------------------------------- one node

    def check(self, node: Any, draw: np.random.Generator, limit: int) -> Check | None:
        """What finite differences say of the gradient at a node; None where it has none."""
        gradient = self.gradients.get(node)
        if gradient is None or (node.op is not None and node.op.outputs):
            return None
        gradient = np.asarray(gradient)
        if not is_floating(gradient.dtype):
            return _silent(f"a gradient of {gradient.dtype} is not checked")
        if self.exhausted:
            return _silent(_LARGE)
        after = self._after(node)
        broken = next(
            (self.broken[n] for n in (node, *after) if n in self.broken and (n is not node or n not in self.values)),
            None,
        )
        if broken is not None:
            return _silent(broken)
        if self.spent + _EVALUATIONS * len(after) > limit:
            self.exhausted = True
            return _silent(_LARGE)
        value = np.asarray(self.values[node], np.float64)
        if value.size == 0:
            return None
        direction = np.asarray(draw.normal(size=value.shape))
        direction /= max(float(np.linalg.norm(direction)), 1e-300)
        size = float(np.linalg.norm(gradient.astype(np.float64)))
        analytic = float(np.vdot(gradient.astype(np.float64), direction))
        with suspended(transforms=True), np.errstate(all="ignore"):
            slopes = self._slopes(node, value, direction, after)
        if not math.isfinite(analytic) or not math.isfinite(slopes.central):
            return Check(analytic, slopes.central, None, "not finite")
        # A difference of doubles is good to about eps**(2/3), far below 1e-5. What a gradient loses is rounding: of its
        # own dtype, and of values on the way that nearly cancel, which costs up to half of the digits.
        allowed = max(1e-5, 3 * math.sqrt(float(np.finfo(gradient.dtype).eps)))
        slack = allowed * max(size, abs(slopes.central)) + 4 * slopes.error
        low, high = sorted((slopes.below, slopes.above))
        if not slopes.kinked:
            agrees = abs(analytic - slopes.central) <= slack
            if not agrees and (exact := self._gradient_in_double(node)) is not None:
                along = float(np.vdot(exact, direction))
                close = 1e-5 * max(float(np.linalg.norm(exact)), abs(slopes.central)) + 4 * slopes.error
                if abs(along - slopes.central) <= close:
                    note = f"rounding of {gradient.dtype}: in double precision the gradient is {along:.4g} and agrees"
                    return Check(analytic, slopes.central, None, note)
            return Check(analytic, slopes.central, agrees)
        between = low - slack <= analytic <= high + slack
        if not between and value.size == 1 and _is_path(node, after):
            return Check(analytic, slopes.central, False)
        if not between and (wrong := self._element_beside(node, value, gradient, draw, limit, after, allowed)):
            return wrong
        # Several kinks at once, of different signs, need not leave the gradient between the two sides.
        sides = f"a kink: the slope is {low:.4g} on one side and {high:.4g} on the other"
        return Check(analytic, slopes.central, None, sides)

    def _element_beside(
        self, node: Any, value: np.ndarray, gradient: np.ndarray, draw: np.random.Generator, limit: int,
        after: Sequence[Any], allowed: float,
    ) -> Check | None:  # fmt: skip
        """The check of an element of a node that is not at a kink itself and whose gradient is wrong, if one of a few
        is."""
        for place in draw.permutation(value.size)[:_ELEMENTS]:
            if self.spent + _EVALUATIONS * len(after) > limit:
                return None
            direction = np.zeros(value.shape)
            direction.reshape(-1)[place] = 1
            analytic = float(gradient.reshape(-1)[place])
            with suspended(transforms=True), np.errstate(all="ignore"):
                slopes = self._slopes(node, value, direction, after)
            slack = allowed * max(abs(analytic), abs(slopes.central)) + 4 * slopes.error
            if not math.isfinite(slopes.central) or abs(analytic - slopes.central) <= slack:
                continue
            if not slopes.kinked:
                return Check(analytic, slopes.central, False)
        return None

    def _gradient_in_double(self, node: Any) -> Any:
        """The gradient at a node as the same rules give it in double precision; None where that is not another."""
        if self.of_values:
            return None
        if self.in_double is None:
            try:
                with suspended(transforms=True), enable_grad(), np.errstate(all="ignore"):
                    self.in_double = self._doubled()
            except (GlassgradError, ValueError, TypeError, ArithmeticError, IndexError, KeyError):
                self.in_double = {}  # something cannot be computed again
        return self.in_double.get(node)

    def _doubled(self) -> dict[Any, Any]:
        """The gradients of the graph computed once more, from leaves in double precision."""
        made: dict[Any, Any] = {}
        for node in self.order:
            if node.op is None:
                value = tensor(self.values[node])
                made[node] = value.requires_grad_() if is_floating(value.dtype) else value
            elif node.op is ITEM:
                made[node] = made[maker_of(node)][node.params["index"]]
            elif node.op.name == "astype":
                made[node] = made[node.inputs[0]]
            else:
                pairs = zip(node.inputs, self.operands[node], strict=True)
                y = node.op(*(x if p is None else made[p] for p, x in pairs), **node.params)
                made[node] = y[0] if node.op.aux and isinstance(y, tuple) else y
        places = {node: y.node for node, y in made.items() if isinstance(y, Variable) and y.node is not None}
        root = places[self.root]
        gradients = _gradients(root, ancestors([root]))
        return {n: np.asarray(gradients[at], np.float64) for n, at in places.items() if at in gradients}

    def _after(self, node: Any) -> list[Any]:
        """The ops between a node and the output."""
        reached = {node}
        after = []
        for other in self.order:
            if other.op is not None and any(parent in reached for parent in other.inputs):
                reached.add(other)
                after.append(other)
        return after

    def _output(self, node: Any, value: Any, after: Sequence[Any]) -> float:
        """The sum of the output, with another value at a node."""
        self.spent += len(after)
        moved = ChainMap({node: float(value) if self.of_values else value}, self.values)
        for other in after:
            moved[other] = self._computed(other, moved)
        return float(np.sum(moved[self.root]))

    def _slopes(self, node: Any, value: np.ndarray, direction: np.ndarray, after: Sequence[Any]) -> _Slopes:
        """By central differences, extrapolated from two steps; and from each side with a short step, where a curve
        looks straight and a kink does not."""
        scale = max(1.0, float(np.abs(value).max()))
        at = lambda h: self._output(node, value + h * direction, after)  # noqa: E731
        f0 = at(0.0)
        # The cube root of eps balances truncation (h**2) and rounding (eps / h). What curves within that step takes a
        # shorter one; where none settles the slope is lost in rounding, least of all in that of the first.
        first = float(np.finfo(np.float64).eps) ** (1 / 3) * scale * 4
        tried = []
        for h in (first, first / 100, first / 10_000, first / 1_000_000):
            wide, narrow = [(at(s) - at(-s)) / (2 * s) for s in (h, h / 2)]
            tried.append((h, wide, narrow))
            if abs(wide - narrow) <= 1e-3 * max(abs(wide), abs(narrow)):
                break
        else:
            h, wide, narrow = next((t for t in tried if math.isfinite(t[1] + t[2])), tried[0])
        rounding = float(np.finfo(np.float64).eps) * max(abs(f0), 1e-300) / h * math.sqrt(1 + len(after))
        error = min(abs(wide - narrow), 1e-3 * abs(narrow)) + 8 * rounding
        sides = [((at(s) - f0) / s, (f0 - at(-s)) / s) for s in (h / 4, h / 32)]
        gaps = [abs(above - below) for above, below in sides]
        # Between two sides of a curve the gap shrinks with the step; that of a kink stays.
        kinked = gaps[1] > gaps[0] / 2 and gaps[1] > 1e-3 * max(map(abs, sides[1])) + 64 * rounding
        return _Slopes((4 * narrow - wide) / 3, *sides[0], error, kinked)


def _is_path(node: Any, after: Sequence[Any]) -> bool:
    """Whether a single way leads from a node to the output, and so through one kink after another."""
    reached = {node, *after}
    return all(sum(parent in reached for parent in other.inputs) == 1 for other in after)


def _gradients(root: Any, order: Sequence[Any]) -> dict[Any, Any]:
    """The gradient at every node, from a pass of which nothing remains."""
    if isinstance(root, Value):
        return walk([(root, 1.0)], retain_graph=True, create_graph=False, everywhere=True)
    ones = np.ones(root.shape, root.dtype)
    found = walk([(root, ones)], retain_graph=True, create_graph=False, targets=order)
    found.setdefault(root, ones)
    return found


def _double(x: Any) -> Any:
    x = to_numpy(x) if hasattr(x, "dtype") else x
    return x.astype(np.float64) if hasattr(x, "dtype") and is_floating(x.dtype) else x


def _reason(error: Exception) -> str:
    return str(error).partition("\n")[0].removeprefix("expand: ")


def _silent(why: str) -> Check:
    return Check(None, None, None, why)
