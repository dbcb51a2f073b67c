"""What these charts share: grids of Axes, names along an axis, colour maps, and a sentence in place of data."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.errors import ArgumentError
from autograd.extras import import_extra
from viz.figure import new_figure
from viz.theme import LIGHT, THEMEABLE, Theme

__all__ = [
    "colour_bar", "colour_map", "count_steps", "diverging", "elided", "elided_alike", "name_rows", "number_places",
    "one_of_each", "panels", "picture", "say_instead", "sequential", "solid", "spread", "title_panels",
]  # fmt: skip

_LONGEST_NAME = 34
_LONGEST_TITLE = 27  # of panels about three inches wide
_POINTS_PER_LABEL = 11.0
_LETTERS_PER_INCH = 14  # of captions


def panels(
    ax: Any,
    count: int,
    columns: int,
    size: tuple[float, float],
    theme: Theme,
    *,
    name: str,
    caption: str = "",
) -> NDArray[Any]:
    """``count`` Axes in a vector: the caller's, or those of a new figure with ``columns`` of them in a row.

    ``size`` is that of one panel in inches, ``caption`` a line under a new figure. Raises ArgumentError, in the name of
    the chart ``name``, where the caller gave too few Axes.
    """
    if ax is not None:
        given = np.ravel(np.array(list(ax) if isinstance(ax, Iterable) else [ax], dtype=object))
        if len(given) < count:
            raise ArgumentError(
                f"{name}: ax holds {len(given)} Axes and {count} are needed. Pass an array of at least {count}, "
                "such as figure.subplots(rows, columns), or leave ax out for a new figure."
            )
        return given[:count]
    columns = max(1, min(columns, count))
    rows = max(1, math.ceil(count / columns))
    width = max(size[0] * columns, 2.6)
    lines = textwrap.wrap(caption, int(_LETTERS_PER_INCH * width))
    figure = new_figure(width, size[1] * rows + 0.16 * len(lines) + 0.12 * bool(lines), theme)
    made = np.ravel(figure.subplots(rows, columns, squeeze=False))
    for spare in made[count:]:
        spare.remove()
    if lines:
        figure.supxlabel("\n".join(lines), fontsize=8.5, color=theme.muted, x=0.01, ha="left")
    return made[:count]


def picture(axes: Any, theme: Theme, title: str = "") -> None:
    """Make an Axes ready for a picture: no ticks, no frame, a small title."""
    theme.style(axes, grid="")
    axes.spines["bottom"].set_visible(False)
    for axis in (axes.xaxis, axes.yaxis):  # hidden, not only without ticks, for the layout measures what is visible
        axis.set_visible(False)
    if title:
        axes.set_title(title, fontsize=9, color=theme.text)


def say_instead(axes: Any, sentence: str, theme: Theme) -> None:
    """Write why there is nothing to draw in the middle of an Axes."""
    theme.style(axes, grid="")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, sentence, transform=axes.transAxes, ha="center", va="center", color=theme.muted, fontsize=9)


def elided(name: str, longest: int = _LONGEST_NAME) -> str:
    """A name that fits: what is too long loses its middle, but not the number of its layer if there is one."""
    if len(name) <= longest:
        return name
    room = longest * 3 // 5
    numbers = [match for match in re.finditer(r"[^.]*\.?\d+(?=\.)", name) if match.group()]
    heads = [name[: match.end()] for match in numbers if match.end() <= room]
    inner = [f"…{match.group()}" for match in numbers if len(match.group()) < room]  # its beginning goes too
    head = heads[-1] if heads else inner[0] if inner else name[: longest * 2 // 5]
    return f"{head}…{name[len(name) - (longest - len(head) - 1) :]}"


def elided_alike(names: Sequence[str], longest: int = _LONGEST_NAME) -> list[str]:
    """The names as :func:`elided` shortens them, as much longer as they must be for all to stay different."""
    for length in range(longest, max(map(len, names), default=0)):
        short = [elided(name, length) for name in names]
        if len(set(short)) == len(set(names)):
            return short
    return list(names)


def name_rows(axes: Any, names: Sequence[str], theme: Theme) -> None:
    """Name the rows 0, 1, ... on the vertical axis; where they stand too close, only every second, third, ... one."""
    points = 72 * axes.bbox.height / axes.figure.dpi / max(len(names), 1)
    every = max(1, math.ceil(_POINTS_PER_LABEL / max(points, 1e-6)))
    axes.set_yticks(range(0, len(names), every), elided_alike(names)[::every])
    axes.tick_params(axis="y", colors=theme.text)


def title_panels(made: Iterable[Any], names: Sequence[str], theme: Theme, pad: float = 6.0) -> None:
    """Write above each panel its name, shortened to its width and still another than the rest."""
    for axes, name in zip(made, elided_alike(names, _LONGEST_TITLE), strict=False):
        size = 10 * min(1.0, _LONGEST_TITLE / max(len(name), 1))
        axes.set_title(name, fontsize=size, fontweight="bold", loc="left", color=theme.text, pad=pad)


def number_places(axis: Any, count: int, *, first: int = 0, most: int = 5) -> None:
    """Whole numbers on an axis of ``count`` places; matplotlib would write fractions on a single one."""
    axis.get_major_locator().set_params(integer=True, nbins=most)
    if count == 1:
        axis.set_ticks([first])


def count_steps(axes: Any, steps: Sequence[float], name: str = "step") -> None:
    """Label the horizontal axis as one of steps or epochs, with whole numbers; a single one stands in its middle."""
    axes.set_xlabel(name)
    axes.xaxis.get_major_locator().set_params(integer=True)
    if len(set(steps)) == 1:
        axes.set_xticks([steps[0]], [f"{steps[0]:,}"])


def one_of_each(count: int, most: int) -> list[int]:
    """At most ``most`` indices below ``count``, evenly spaced, the first and the last among them."""
    return sorted({round(place) for place in np.linspace(0, count - 1, min(count, most))}) if count else []


def spread(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Where to write labels that belong at ``places`` so that any two lie at least ``gap`` apart, order kept.

    They move as little as a sweep up and a sweep down can tell, and stay between ``low`` and ``high`` if they fit.
    """
    order = np.argsort(places, kind="stable")
    moved = np.clip(np.asarray(places, dtype=np.float64)[order], low, high)
    for i in range(1, len(moved)):
        moved[i] = max(moved[i], moved[i - 1] + gap)
    if len(moved) and moved[-1] > high:
        moved[-1] = high
        for i in range(len(moved) - 2, -1, -1):
            moved[i] = min(moved[i], moved[i + 1] - gap)
    result = np.empty_like(moved)
    result[order] = moved
    return result.tolist()


def solid(theme: Theme) -> Theme:
    """The theme for what becomes pixels, which no stylesheet can reach: LIGHT for a page that switches colours."""
    return LIGHT if theme == THEMEABLE else theme


def colour_map(name: str, colours: Sequence[str], bad: str | None = None) -> Any:
    """A matplotlib colour map through these colours; ``bad`` is for what is no number."""
    module = import_extra("matplotlib.colors", extra="viz", purpose="draw charts")
    return module.LinearSegmentedColormap.from_list(name, list(colours)).with_extremes(bad=bad)


def sequential() -> Any:
    """From little to much: viridis, whose lightness grows evenly and which all kinds of colour vision can read."""
    return import_extra("matplotlib", extra="viz", purpose="draw charts").colormaps["viridis"]


def diverging(theme: Theme, bad: str | None = None) -> Any:
    """From negative (blue) over the page's own colour to positive (orange); ``bad`` is for what is no number."""
    theme = solid(theme)
    return colour_map("glassgrad diverging", [theme.blue, theme.page, theme.orange], bad)


def colour_bar(mappable: Any, axes: Any, label: str, theme: Theme, **options: Any) -> Any:
    """A colour bar beside one Axes or several, in the colours of the theme."""
    first = np.ravel(np.array(axes, dtype=object))[0]
    slender = 7 * first.figure.get_figure(root=True).get_figheight()  # a seventh of an inch wide
    bar = first.figure.colorbar(mappable, ax=axes, **{"pad": 0.015, "aspect": slender, **options})
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=theme.muted, which="both", length=0, labelsize=8.5)
    bar.set_label(label, color=theme.muted, fontsize=9)
    return bar
