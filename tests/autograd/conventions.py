"""What the tests of the edge conventions share: ``@line``, and ``settle``, which checks an op in both modes.

``@line`` names the line of the table in docs/conventions.md that a test is of, word for word; test_conventions holds the
two together. Most tests hand functions to ``settle``, which checks the gradient in reverse, the tangent in forward
mode, and that the second derivatives are finite.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd as ag

TESTED: set[str] = set()
INF, NAN = np.inf, np.nan
AT_THE_EDGES = pytest.mark.usefixtures("overflow_in_silence")


def line(where: str) -> Callable[[Any], Any]:
    """This test is of the line of the table whose first cell is ``where``."""
    TESTED.add(where)
    return lambda test: test


def cases(table: dict[str, Any]) -> Any:
    """Parametrise with functions and what else their entries hold, by name."""
    return pytest.mark.parametrize("case", list(table.values()), ids=list(table))


def total(y: Any) -> Any:
    """The sum of all floating outputs."""
    parts = [p for p in (y if isinstance(y, (tuple, list)) else (y,)) if p.dtype.kind in "fc"]
    return sum((ag.sum(ag.real(p) if p.dtype.kind == "c" else p) for p in parts), ag.tensor(0.0))


def reverse(f: Any, *xs: Any, create_graph: bool = False) -> tuple[list[Any], list[Any]]:
    leaves = [ag.tensor(np.asarray(x), requires_grad=True) for x in xs]
    g = ag.gradients(total(f(*leaves)), leaves, create_graph=create_graph, allow_unused=True)
    return leaves, [ag.zeros_like(x) if p is None else p for p, x in zip(g, leaves, strict=True)]


def settle(f: Any, xs: Any, wanted: Any, second: Any = None, orders: int = 2) -> None:
    """The gradient of the sum is as wanted, forward mode agrees, and second derivatives are finite (or as wanted)."""
    xs = [np.asarray(x, complex if np.iscomplexobj(x) else float) for x in (xs if isinstance(xs, tuple) else (xs,))]
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    for got, want in zip(reverse(f, *xs)[1], wanted, strict=True):
        np.testing.assert_allclose(got.array, np.broadcast_to(want, got.shape), atol=1e-12, err_msg="reverse mode")
    with np.errstate(all="ignore"):
        for i, (x, want) in enumerate(zip(xs, wanted, strict=True)):
            for place in np.ndindex(x.shape):  # one direction after the other, as the columns of a Jacobian
                tangents = [np.zeros_like(v) for v in xs]
                tangents[i][place] = 1
                pushed = ag.jvp(lambda *v: total(f(*v)), tuple(map(ag.tensor, xs)), tuple(map(ag.tensor, tangents)))[1]
                want_here = np.real(np.broadcast_to(want, x.shape)[place])
                np.testing.assert_allclose(pushed.array, want_here, atol=1e-12, err_msg=f"forward mode, {i} at {place}")
    if orders < 2:
        return
    leaves, first = reverse(f, *xs, create_graph=True)
    loss = sum((total(g * (1 + ag.arange(g.size).reshape(g.shape))) for g in first if g.requires_grad), ag.tensor(0.0))
    if loss.requires_grad:
        again = ag.gradients(loss, leaves, allow_unused=True)
        for g in again:
            assert g is None or np.isfinite(g.array).all(), f"second order: {again}"
        if second is not None:
            np.testing.assert_allclose(again[0].array, second, atol=1e-12, err_msg="second order")
