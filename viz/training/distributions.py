"""How the distributions of activations, gradients and weights change over the steps of a training run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from autograd.errors import ArgumentError
from viz.theme import LIGHT, Theme
from viz.training.histogram import Histogram
from viz.training.history import ModelHistory, Observation, observations_of
from viz.training.panels import colour_map, one_of_each, panels, say_instead, solid, title_panels

__all__ = ["Ridges", "histograms_over_steps", "ridges"]

Kind = Literal["activation", "gradient", "weight"]

_RIDGES = 10
_POINTS = 160
_OVERLAP = 1.7  # the height of a ridge in units of the distance to the next
_SHOWN_ZEROS = 0.005


@dataclass(frozen=True, eq=False)
class Ridges:
    """The distributions of one layer at several steps on one scale.

    ``edges`` ``(bins + 1,)``, ``densities`` ``(steps, bins)`` per unit of ``edges``; ``zeros`` and ``not_finite``
    ``(steps,)`` are the shares of the elements that are no part of them.
    """

    name: str
    steps: tuple[int, ...]
    edges: NDArray[np.float64]
    densities: NDArray[np.float64]
    zeros: NDArray[np.float64]
    not_finite: NDArray[np.float64]


def ridges(
    history: ModelHistory | Iterable[Observation] | str,
    kind: Kind = "activation",
    layers: Sequence[str] | None = None,
    *,
    most: int = _RIDGES,
) -> tuple[Ridges, ...]:
    """The distributions of each layer at up to ``most`` steps, evenly chosen, the first and the last among them.

    ``kind``    ``"activation"``, ``"gradient"`` or ``"weight"``
    ``layers``  names of modules (of parameters for gradients and weights), in the order wanted; by default all
                modules, and all parameters with two axes or more, for a few biases have no shape to speak of

    Raises ArgumentError for another kind and for a layer that was not observed.
    """
    if kind not in ("activation", "gradient", "weight"):
        raise ArgumentError(f'histograms_over_steps: kind must be "activation", "gradient" or "weight", not {kind!r}.')
    seen: dict[str, list[tuple[int, Histogram]]] = {}
    vectors: set[str] = set()
    for row in observations_of(history, "histograms_over_steps"):
        if kind != "activation":
            vectors.update(parameter.name for parameter in row.parameters if len(parameter.shape) < 2)
        for name, histogram in _histograms(row, kind):
            seen.setdefault(name, []).append((row.step, histogram))
    if layers is None:
        layers = [name for name in seen if name not in vectors]
    for name in layers:
        if name not in seen:
            known = ", ".join(seen) or "none; ModelHistory(histograms=True) keeps them"
            raise ArgumentError(f"histograms_over_steps: no {kind} of {name!r} was observed. There are: {known}.")
    return tuple(_ridges(name, seen[name], most) for name in layers)


def _histograms(row: Observation, kind: Kind) -> list[tuple[str, Histogram]]:
    if kind == "activation":
        return [(layer.name, layer.outputs) for layer in row.activations]
    field = "weights" if kind == "weight" else "gradient"
    found = ((parameter.name, getattr(parameter, field)) for parameter in row.parameters)
    return [(name, histogram) for name, histogram in found if histogram is not None]


def _ridges(name: str, rows: list[tuple[int, Histogram]], most: int) -> Ridges:
    chosen = [rows[i] for i in one_of_each(len(rows), most)]
    histograms = [histogram for _, histogram in chosen]
    edges = _common_edges([histogram for histogram in histograms if sum(histogram.counts)])
    share = [1 / max(histogram.total, 1) for histogram in histograms]
    return Ridges(
        name,
        tuple(step for step, _ in chosen),
        edges,
        np.array([histogram.density(edges) for histogram in histograms]),
        np.array([part * histogram.zeros for part, histogram in zip(share, histograms, strict=True)]),
        np.array([part * histogram.not_finite for part, histogram in zip(share, histograms, strict=True)]),
    )


def _common_edges(histograms: list[Histogram]) -> NDArray[np.float64]:
    """Bins over all of what the histograms hold but the outermost 2 in 1,000 on either side."""
    if not histograms:
        return np.linspace(-1, 1, _POINTS + 1)
    wide = np.linspace(min(h.low for h in histograms), max(h.high for h in histograms), 2000)
    mass = np.concatenate([[0.0], np.cumsum(np.mean([h.density(wide) for h in histograms], axis=0))])
    inside = np.flatnonzero((mass > 0.002 * mass[-1]) & (mass < 0.998 * mass[-1]))
    if not len(inside):
        return np.linspace(wide[0], wide[-1], _POINTS + 1)
    low, high = wide[max(inside[0] - 1, 0)], wide[min(inside[-1] + 1, len(wide) - 1)]
    margin = 0.03 * (high - low)
    return np.linspace(low - margin, high + margin, _POINTS + 1)


def histograms_over_steps(
    history: ModelHistory | Iterable[Observation] | str,
    kind: Kind = "activation",
    layers: Sequence[str] | None = None,
    ax: Any = None,
    *,
    columns: int = 3,
    theme: Theme = LIGHT,
) -> NDArray[Any]:
    """Draw the distributions of each layer as ridges, one for each of ten steps, the latest in front.

    ``history``, ``kind``, ``layers``  as for :func:`ridges`
    ``ax``                             an array with one Axes for each layer; a new figure otherwise

    Ridges are smoothed a little, and each is scaled to its own height, so that its width and its place are what to
    compare. Exact zeros are no part of a ridge; their share stands at its right, and an exclamation mark there says
    that some values were not finite. Returns an array of the Axes; errors as :func:`ridges`, and MissingExtraError
    without matplotlib.
    """
    layers_drawn = ridges(history, kind, layers)
    caption = "Each ridge is scaled to its own height."
    if any((layer.zeros > _SHOWN_ZEROS).any() for layer in layers_drawn):
        caption += " Percentages: exact zeros, left out of the ridge."
    if any(layer.not_finite.any() for layer in layers_drawn):
        caption += " !: some values were not finite."
    made = panels(
        ax, max(len(layers_drawn), 1), columns, (3.2, 2.6), theme, name="histograms_over_steps",
        caption=caption if layers_drawn else "",
    )  # fmt: skip
    if not layers_drawn:
        say_instead(made[0], f"no {kind} was observed", theme)
    for axes, layer in zip(made, layers_drawn, strict=False):
        _draw(axes, layer, theme)
    title_panels(made, [layer.name for layer in layers_drawn], theme)
    return made


def _smoothed(density: NDArray[np.float64]) -> NDArray[np.float64]:
    """A density without the steps between its bins, which say nothing."""
    kernel = np.exp(-0.5 * (np.arange(-6, 7) / 2.2) ** 2)
    return np.convolve(np.pad(density, 6, mode="edge"), kernel / kernel.sum(), mode="valid")


def _draw(axes: Any, layer: Ridges, theme: Theme) -> None:
    theme.style(axes, grid="x")
    paint = solid(theme)
    colours = colour_map("glassgrad steps", [paint.muted, paint.blue])(np.linspace(0, 1, len(layer.steps)))
    centres = (layer.edges[1:] + layer.edges[:-1]) / 2
    last = len(layer.steps) - 1
    for number, density in enumerate(_smoothed(row) for row in layer.densities):
        base, height = last - number, density.max(initial=0.0)
        shape = base + (_OVERLAP * density / height if height > 0 else np.zeros_like(density))
        axes.fill_between(centres, base, shape, facecolor=theme.page, linewidth=0, zorder=2 + number)
        axes.fill_between(centres, base, shape, facecolor=colours[number], alpha=0.35, linewidth=0, zorder=2 + number)
        axes.plot(centres, shape, color=colours[number], linewidth=1.1, zorder=2 + number)
        apart = [f"{100 * layer.zeros[number]:.0f} %"] if layer.zeros[number] > _SHOWN_ZEROS else []
        if layer.not_finite[number]:
            apart.append("!")
        if apart:
            axes.annotate(
                "  ".join(apart), (1, base), xycoords=axes.get_yaxis_transform(), xytext=(3, 0), ha="left",
                textcoords="offset points", fontsize=7.5, zorder=40, va="center",
                color=theme.orange if layer.not_finite[number] else theme.muted,
            )  # fmt: skip
    axes.set_yticks(range(last, -1, -1), [f"{step:,}" for step in layer.steps])
    axes.set_ylabel("step")
    axes.set_xlim(layer.edges[0], layer.edges[-1])
    axes.set_ylim(-0.15, last + _OVERLAP + 0.15)
    axes.locator_params(axis="x", nbins=4)
