"""Functions of two variables on which optimizers are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["TEST_SURFACES", "TestSurface"]


@dataclass(frozen=True)
class TestSurface:
    """A function of two variables, with what is known of it.

    ``function``  ``f(x, y)`` over Tensors, arrays and numbers alike
    ``latex``     its formula
    ``domain``    ``((x from, x to), (y from, y to))``: what to draw
    ``minima``    where it is smallest; empty where it has no minimum
    ``minimum``   its value there; None where it has none
    ``start``     a customary starting point
    """

    __test__ = False  # the name is no test class's, whatever pytest thinks

    name: str
    function: Callable[[Any, Any], Any]
    latex: str
    domain: tuple[tuple[float, float], tuple[float, float]]
    minima: tuple[tuple[float, float], ...]
    minimum: float | None
    start: tuple[float, float]
    source: str

    def __call__(self, x: Any, y: Any) -> Any:
        """The value at ``(x, y)``."""
        return self.function(x, y)


def _rosenbrock(x: Any, y: Any) -> Any:
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def _beale(x: Any, y: Any) -> Any:
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def _himmelblau(x: Any, y: Any) -> Any:
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def _saddle(x: Any, y: Any) -> Any:
    return x**2 - y**2


def _quadratic(x: Any, y: Any) -> Any:
    return (x**2 + 50 * y**2) / 2


TEST_SURFACES: dict[str, TestSurface] = {
    surface.name: surface
    for surface in (
        TestSurface(
            "rosenbrock", _rosenbrock, r"(1 - x)^2 + 100\,(y - x^2)^2", ((-2.0, 2.0), (-1.0, 3.0)), ((1.0, 1.0),), 0.0,
            (-1.2, 1.0), "H. H. Rosenbrock, 1960, The Computer Journal 3(3), doi:10.1093/comjnl/3.3.175",
        ),
        TestSurface(
            "beale", _beale, r"(1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2",
            ((-4.5, 4.5), (-4.5, 4.5)), ((3.0, 0.5),), 0.0, (1.0, 1.0),
            "E. M. L. Beale, 1958; problem 5 of Moré, Garbow and Hillstrom, 1981, ACM TOMS 7(1), "
            "doi:10.1145/355934.355936",
        ),
        TestSurface(
            "himmelblau", _himmelblau, r"(x^2 + y - 11)^2 + (x + y^2 - 7)^2", ((-5.5, 5.5), (-5.5, 5.5)),
            (
                (3.0, 2.0), (-2.805118086952745, 3.131312518250573), (-3.779310253377747, -3.283185991286170),
                (3.584428340330492, -1.848126526964404),
            ),
            0.0, (0.0, -0.5), "D. M. Himmelblau, 1972, Applied Nonlinear Programming, McGraw-Hill",
        ),
        TestSurface(
            "saddle", _saddle, "x^2 - y^2", ((-2.0, 2.0), (-2.0, 2.0)), (), None, (1.6, 0.01),
            "the hyperbolic paraboloid, unbounded below along y; a start beside y = 0 shows who escapes",
        ),
        TestSurface(
            "ill-conditioned", _quadratic, r"\frac{1}{2}(x^2 + 50\,y^2)", ((-6.0, 6.0), (-2.0, 2.0)), ((0.0, 0.0),),
            0.0, (-5.0, 1.5), "condition number 50; Goh, 2017, Why Momentum Really Works, doi:10.23915/distill.00006",
        ),
    )
}  # fmt: skip
