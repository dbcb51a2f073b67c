"""Drawing the loss around a point: a curve along a line, contours on a plane."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.errors import ArgumentError
from autograd.extras import import_extra
from viz.figure import axes_or_new
from viz.theme import LIGHT, Theme
from viz.training.landscape import Landscape, landscape_losses
from viz.training.panels import colour_bar, say_instead, sequential, solid

__all__ = ["contour_levels", "loss_landscape"]

_LEVELS = 14


def loss_landscape(
    loss_fn: Callable[[], Any] | Landscape,
    parameters: Any = None,
    ax: Any = None,
    *,
    theme: Theme = LIGHT,
    **options: Any,
) -> Any:
    """Draw the loss around the present parameters: contours on a plane, a curve on a line (``directions=1``).

    ``loss_fn``, ``parameters``, ``**options``  as for :func:`landscape_losses`; or, alone, what it returned
    ``ax``                                      the matplotlib Axes to draw on; a new figure otherwise

    A cross marks the present parameters; a trajectory is drawn from its open first point. Contours are spaced evenly in
    the logarithm of the loss where it is positive and spans more than a factor of ten. Where the loss is not finite the
    plane is hatched and the curve has a gap. Returns the Axes; errors as :func:`landscape_losses`, and
    MissingExtraError without matplotlib.
    """
    if isinstance(loss_fn, Landscape):
        if options or parameters is not None:
            raise ArgumentError(
                "loss_landscape: a Landscape is already evaluated; give it alone, without parameters or options."
            )
        landscape = loss_fn
    else:
        landscape = landscape_losses(loss_fn, parameters, **options)
    axes = axes_or_new(ax, 6.4 if landscape.betas is None else 6.2, 3.8 if landscape.betas is None else 5.0, theme)
    if not np.isfinite(landscape.losses).any():
        say_instead(axes, "the loss is finite nowhere around this point", theme)
        return axes
    if landscape.betas is None:
        _draw_line(axes, landscape, theme)
    else:
        _draw_plane(axes, landscape, landscape.betas, theme)
    return axes


def contour_levels(losses: NDArray[np.float64], count: int = _LEVELS) -> NDArray[np.float64]:
    """Increasing levels for contours of these losses: evenly spaced, or in logarithms if they span a factor of ten."""
    finite = losses[np.isfinite(losses)]
    low, high = float(finite.min()), float(finite.max())
    if not high > low:
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
        return np.linspace(low, high, count)
    return np.geomspace(low, high, count) if low > 0 and high > 10 * low else np.linspace(low, high, count)


def _draw_line(axes: Any, landscape: Landscape, theme: Theme) -> None:
    theme.style(axes, grid="y")
    losses = np.where(np.isfinite(landscape.losses), landscape.losses, np.nan)
    axes.plot(landscape.alphas, losses, color=theme.blue, linewidth=1.8, marker="o", markersize=3.5, zorder=3)
    axes.plot([0], [landscape.centre], marker="P", markersize=9, color=theme.orange, linestyle="", zorder=4)
    axes.annotate(
        f"present parameters: {landscape.centre:.4g}", (0, landscape.centre), xytext=(0, -12),
        textcoords="offset points", ha="center", va="top", color=theme.text, fontsize=9,
    )  # fmt: skip
    axes.margins(y=0.18)
    axes.set_xlabel("step along a filter-normalised random direction")
    axes.set_ylabel("loss")


def _draw_plane(axes: Any, landscape: Landscape, betas: NDArray[np.float64], theme: Theme) -> None:
    colors = import_extra("matplotlib.colors", extra="viz", purpose="draw charts")
    theme.style(axes, grid="")
    levels = contour_levels(landscape.losses)
    logarithmic = not np.isclose(levels[1] - levels[0], levels[-1] - levels[-2])
    norm = (colors.LogNorm if logarithmic else colors.Normalize)(levels[0], levels[-1])
    losses = np.ma.masked_invalid(landscape.losses)
    paint = solid(theme)
    if losses.mask.any():
        axes.add_patch(
            import_extra("matplotlib.patches", extra="viz", purpose="draw charts").Rectangle(
                (0, 0), 1, 1, transform=axes.transAxes, facecolor=paint.grid, edgecolor=paint.muted, hatch="xxx",
                linewidth=0, zorder=0,
            )
        )  # fmt: skip
    filled = axes.contourf(landscape.alphas, betas, losses, levels, cmap=sequential(), norm=norm, zorder=1)
    axes.contour(landscape.alphas, betas, losses, levels, colors=[paint.page], linewidths=0.6, alpha=0.55, zorder=2)
    bar = colour_bar(filled, axes, "loss", theme)
    shown = levels[:: max(1, len(levels) // 5)]
    bar.set_ticks(shown, labels=[f"{level:.3g}" for level in shown])
    bar.ax.minorticks_off()
    if landscape.trajectory is not None:
        path = np.vstack([landscape.trajectory, np.zeros((1, 2))])
        outline = _outline(paint)
        axes.plot(*path.T, color="#ffffff", linewidth=1.6, marker="o", markersize=3.4, zorder=4, path_effects=outline)
        axes.plot(
            *path[0], marker="o", markersize=8, markerfacecolor="#1b1f24", markeredgecolor="#ffffff",
            markeredgewidth=1.6, linestyle="", zorder=5,
        )  # fmt: skip
    axes.plot([0], [0], marker="P", markersize=11, color="#ffffff", markeredgecolor="#1b1f24", linestyle="", zorder=6)
    axes.tick_params(axis="x", pad=7)  # else the labels of the corner meet
    if landscape.explained is None:
        axes.set_aspect("equal")
        axes.set_xlabel("first filter-normalised direction")
        axes.set_ylabel("second filter-normalised direction")
    else:
        first, second = landscape.explained
        axes.set_xlabel(f"first principal component ({100 * first:.0f} % of the way's variance)")
        axes.set_ylabel(f"second principal component ({100 * second:.0f} %)")


def _outline(theme: Theme) -> list[Any]:
    effects = import_extra("matplotlib.patheffects", extra="viz", purpose="draw charts")
    return [effects.Stroke(linewidth=3.4, foreground="#1b1f24"), effects.Normal()]
