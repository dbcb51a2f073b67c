"""The ways that optimizers take on a surface."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from autograd import enable_grad, tensor
from autograd.errors import ArgumentError, DtypeError
from autograd.extras import import_extra
from viz.figure import axes_or_new
from viz.theme import LIGHT, Theme
from viz.training.panels import sequential, solid
from viz.training.surfaces import TEST_SURFACES, TestSurface

__all__ = ["OptimizerLike", "Trajectory", "optimizer_trajectories", "trajectories"]

_FAR = 1e6
_STYLES = ("-", "--", "-.", ":")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_PAINTS = ("#ffffff", "#f0e442", "#ff9d5c", "#f5a3d0", "#9fe3ff", "#b6f2c1")
_INK = "#14171c"


class OptimizerLike(Protocol):
    """What an optimizer must offer: ``optim.SGD`` and its kin do, and anything else may."""

    def step(self) -> Any: ...
    def zero_grad(self) -> Any: ...


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The way of one optimizer: ``points`` ``(steps + 1, 2)`` with the start first, and the ``values`` there.

    ``diverged`` where it was stopped early because a coordinate left ±1,000,000 or was NaN; that point is left out.
    """

    name: str
    points: NDArray[np.float64]
    values: NDArray[np.float64]
    diverged: bool


def trajectories(
    surface: str | TestSurface,
    optimizers: Mapping[str, Callable[[list[Any]], OptimizerLike]],
    *,
    steps: int = 100,
    start: tuple[float, float] | None = None,
) -> tuple[Trajectory, ...]:
    """Let each optimizer walk over a surface.

    ``surface``     the name of one of :data:`TEST_SURFACES`, or a :class:`TestSurface`
    ``optimizers``  from a name to a function that makes the optimizer for a list of parameters:
                    ``{"SGD": lambda params: optim.SGD(params, lr=1e-3)}``
    ``steps``       how many steps each takes
    ``start``       where they start; the surface's own start by default

    The parameters are two float64 Tensors of shape ``()``, x and y. Raises ArgumentError for an unknown surface and for
    options out of range, DtypeError for an optimizer without ``step`` and ``zero_grad``.
    """
    surface = _surface(surface)
    if steps < 1 or not optimizers:
        raise ArgumentError(
            f"trajectories: steps is {steps} and there are {len(optimizers)} optimizers; at least 1 of each is needed."
        )
    return tuple(_walk(name, make, surface, steps, start or surface.start) for name, make in optimizers.items())


def _walk(name: str, make: Any, surface: TestSurface, steps: int, start: tuple[float, float]) -> Trajectory:
    parameters = [tensor(np.array(float(side)), requires_grad=True) for side in start]
    optimizer = make(parameters)
    if not all(callable(getattr(optimizer, method, None)) for method in ("step", "zero_grad")):
        raise DtypeError(
            f"trajectories: {name!r} makes a {type(optimizer).__name__}; an optimizer with step() and zero_grad() is "
            "wanted. Pass a function of the parameters that returns one."
        )
    points = [np.array(start, dtype=np.float64)]
    with enable_grad():
        for _ in range(steps):
            optimizer.zero_grad()
            surface(*parameters).backward()
            optimizer.step()
            point = np.array([p.item() for p in parameters], dtype=np.float64)
            if not (np.abs(point) < _FAR).all():
                break
            points.append(point)
    way = np.array(points)
    return Trajectory(name, way, surface(way[:, 0], way[:, 1]), len(way) <= steps)


def optimizer_trajectories(
    surface: str | TestSurface,
    optimizers: Mapping[str, Callable[[list[Any]], OptimizerLike]] | Iterable[Trajectory],
    ax: Any = None,
    *,
    steps: int = 100,
    start: tuple[float, float] | None = None,
    theme: Theme = LIGHT,
) -> Any:
    """Draw the ways of optimizers over the contours of a surface.

    ``surface``, ``optimizers``, ``steps``, ``start``  as for :func:`trajectories`; or, for the optimizers, what it made
    ``ax``                                             the matplotlib Axes to draw on; a new figure otherwise

    Each way has a line style and a marker of its own besides its colour, a legend with the value that it reached, and a
    large marker at its end. Stars are the minima; a ring is the start. Ways that leave the domain leave the picture.
    Returns the Axes; errors as :func:`trajectories`, and MissingExtraError without matplotlib.
    """
    surface = _surface(surface)
    rows = (
        trajectories(surface, optimizers, steps=steps, start=start)
        if isinstance(optimizers, Mapping)
        else tuple(optimizers)
    )
    wide, high = (side[1] - side[0] for side in surface.domain)
    axes = axes_or_new(ax, 6.2, 1.0 + 5.3 * min(max(high / wide, 0.5), 1.0) + 0.2 * ((len(rows) + 1) // 2), theme)
    theme.style(axes, grid="")
    _draw_surface(axes, surface, theme)
    effects = import_extra("matplotlib.patheffects", extra="viz", purpose="draw charts")
    for number, row in enumerate(rows):
        colour, marker = _PAINTS[number % len(_PAINTS)], _MARKERS[number % len(_MARKERS)]
        axes.plot(
            *row.points.T, color=colour, linestyle=_STYLES[number % len(_STYLES)], linewidth=1.7, marker=marker,
            markersize=4.2, markevery=max(1, len(row.points) // 12), markeredgecolor=_INK, markeredgewidth=0.5,
            label=f"{row.name}: {_reached(row)}", zorder=4 + number,
            path_effects=[effects.Stroke(linewidth=3.3, foreground=_INK), effects.Normal()],
        )  # fmt: skip
        axes.plot(
            *row.points[-1], marker=marker, markersize=9, color=colour, markeredgecolor=_INK, linestyle="", zorder=20
        )
    if rows:
        axes.plot(
            *rows[0].points[0], marker="o", markersize=10, markerfacecolor="none", markeredgecolor="#ffffff",
            markeredgewidth=1.8, linestyle="", zorder=21,
            path_effects=[effects.Stroke(linewidth=3.6, foreground=_INK), effects.Normal()],
        )  # fmt: skip
        legend = axes.legend(
            frameon=False, labelcolor=theme.text, fontsize=9, loc="lower left", bbox_to_anchor=(0, 1), ncols=2,
            handlelength=3.4, borderaxespad=0.3, alignment="left", title_fontsize=9,
            title=f"value reached after {max(len(row.points) for row in rows) - 1} steps",
        )  # fmt: skip
        legend.get_title().set_color(theme.muted)
    axes.set(xlim=surface.domain[0], ylim=surface.domain[1])
    axes.tick_params(axis="x", pad=7)  # else the labels of the corner meet
    axes.set_xlabel(f"$f(x, y) = {surface.latex}$")
    axes.xaxis.label.set_color(theme.text)
    axes.xaxis.label.set_size(9.5)
    return axes


def _draw_surface(axes: Any, surface: TestSurface, theme: Theme) -> None:
    x, y = (np.linspace(*side, 240) for side in surface.domain)
    values = np.asarray(surface(*np.meshgrid(x, y)), dtype=np.float64)
    # Surfaces span many powers of ten: contours at even steps of log(1 + f), from the lowest value up, show all of it.
    rise = values - (values.min() if surface.minimum is None else surface.minimum)
    shades = rise if surface.minimum is None else np.log1p(rise)
    paint = solid(theme)
    levels = np.linspace(shades.min(), shades.max(), 22)
    axes.contourf(x, y, shades, levels, cmap=sequential(), zorder=1)
    axes.contour(x, y, shades, levels, colors=[paint.page], linewidths=0.5, alpha=0.4, zorder=2)
    for minimum in surface.minima:
        axes.plot(*minimum, marker="*", markersize=15, color="#ffffff", markeredgecolor=_INK, linestyle="", zorder=3)


def _reached(row: Trajectory) -> str:
    if row.diverged:
        return f"diverged, step {len(row.points)}"
    return f"{row.values[-1]:.2g}"


def _surface(surface: str | TestSurface) -> TestSurface:
    if isinstance(surface, TestSurface):
        return surface
    if surface not in TEST_SURFACES:
        raise ArgumentError(
            f"trajectories: there is no surface {surface!r}. There are: {', '.join(TEST_SURFACES)}; "
            "or make a TestSurface."
        )
    return TEST_SURFACES[surface]
