"""Weight matrices as pictures, and their singular values against those of pure noise."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.errors import ArgumentError
from autograd.naming import named_tensors
from viz.arrays import host_array
from viz.theme import LIGHT, Theme
from viz.training.history import norm
from viz.training.panels import colour_bar, diverging, number_places, panels, say_instead, solid, title_panels

__all__ = ["Spectrum", "spectra", "spectrum", "weight_matrices", "weight_spectra"]


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The singular values of a matrix, largest first, and where those of noise of the same size end.

    ``shape``        of the matrix: a convolution ``(out, in, h, w)`` counts as ``(out, in h w)``
    ``edge``         ``s (√m + √n)``: of an ``m × n`` matrix of independent entries with mean zero and standard
                     deviation ``s``, the root mean square of this one, the largest singular value comes close to it
                     (Marchenko and Pastur, 1967, doi:10.1070/SM1967v001n04ABEH001994)
    ``lower_edge``   ``s |√m - √n|``, the smallest
    ``stable_rank``  ``‖W‖²_F / σ₁²``: how many directions carry the weight; 0 for a matrix of zeros
    """

    name: str
    shape: tuple[int, int]
    values: NDArray[np.float64]
    edge: float
    lower_edge: float
    stable_rank: float

    @property
    def outliers(self) -> int:
        """The number of singular values above the edge: what was learned stands out of the noise there."""
        return int((self.values > self.edge).sum())


def spectrum(matrix: Any, name: str = "") -> Spectrum:
    """The :class:`Spectrum` of one matrix, Tensor or array; axes after the first are taken together.

    A matrix with an element that is not finite has no singular values: they are all NaN. Raises ArgumentError for fewer
    than two axes and for no elements.
    """
    array = host_array(matrix)
    if array.ndim < 2 or not array.size:
        raise ArgumentError(
            f"spectrum: {name or 'the matrix'} is {array.shape}; it needs two axes or more, and elements."
        )
    flat = array.reshape(array.shape[0], -1)
    flat = flat.astype(np.complex128 if flat.dtype.kind == "c" else np.float64)
    m, n = flat.shape
    if not np.isfinite(flat).all():
        return Spectrum(name, (m, n), np.full(min(m, n), np.nan), math.nan, math.nan, math.nan)
    values = np.linalg.svd(flat, compute_uv=False)
    total = norm(flat)
    deviation = total / math.sqrt(m * n)
    rank = (total / float(values[0])) ** 2 if values[0] > 0 else 0.0
    low, high = abs(math.sqrt(m) - math.sqrt(n)), math.sqrt(m) + math.sqrt(n)
    return Spectrum(name, (m, n), values, deviation * high, deviation * low, rank)


def spectra(model_or_named: Any) -> tuple[Spectrum, ...]:
    """The spectra of every matrix of a model, a dict from names to Tensors, or one Tensor; vectors are passed over.

    Raises ArgumentError for anything else.
    """
    return tuple(spectrum(value, name) for name, value in _matrices(model_or_named, "weight_spectra"))


def weight_spectra(model_or_named: Any, ax: Any = None, *, columns: int = 3, theme: Theme = LIGHT) -> NDArray[Any]:
    """Draw the singular values of each weight matrix, largest first, with the edge of noise as a dashed line.

    ``model_or_named``  a model, a dict from names to Tensors, one matrix, or what :func:`spectra` made
    ``ax``              an array with one Axes for each matrix; a new figure otherwise

    At initialisation all values lie below the line (:class:`Spectrum` says what it is); training lifts some above it,
    which are filled. Martin and Mahoney, 2021, JMLR 22, arXiv:1810.01075, read trained networks so. Returns an array of
    the Axes; errors as :func:`spectrum`, and MissingExtraError without matplotlib.
    """
    rows = _as_spectra(model_or_named)
    made = panels(
        ax, max(len(rows), 1), columns, (3.1, 2.6), theme, name="weight_spectra",
        caption="Dashed: where the singular values of noise of the same size end (Marchenko and Pastur, 1967)." if rows
        else "",
    )  # fmt: skip
    if not rows:
        say_instead(made[0], "there is no matrix among the parameters", theme)
    for axes, row in zip(made, rows, strict=False):
        theme.style(axes, grid="y")
        if not np.isfinite(row.values).all():
            say_instead(axes, "! not finite", theme)
            continue
        places = np.arange(1, len(row.values) + 1)
        out, size = row.outliers, 4.5 if len(places) <= 60 else 3.0
        axes.plot(places, row.values, color=theme.grid, linewidth=1.5, zorder=2)
        axes.plot(
            places[out:], row.values[out:], linestyle="", marker="o", markersize=size, color=theme.blue,
            markerfacecolor=theme.page, markeredgewidth=1, zorder=3,
        )  # fmt: skip
        axes.plot(
            places[:out],
            row.values[:out],
            linestyle="",
            marker="o",
            markersize=size + 0.5,
            color=theme.orange,
            zorder=3,
        )
        axes.axhline(row.edge, color=theme.muted, linestyle=(0, (5, 4)), linewidth=1.1, zorder=2)
        m, n = row.shape
        axes.annotate(
            f"{m} × {n}, stable rank {row.stable_rank:.1f}\n{out} above the edge", (0, 1), xycoords="axes fraction",
            xytext=(0, 5), textcoords="offset points", va="bottom", fontsize=7.5, color=theme.muted,
        )  # fmt: skip
        axes.set_ylim(0, 1.12 * max(float(row.values[0]), row.edge) or 1.0)
        axes.set_xlim(0.5 - 0.02 * len(places), len(places) + 0.5 + 0.02 * len(places))
        number_places(axes.xaxis, len(places), first=1)
        axes.set_xlabel("rank")
        axes.set_ylabel("singular value")
    title_panels(made, [row.name for row in rows], theme, pad=28)
    return made


def weight_matrices(model_or_named: Any, ax: Any = None, *, columns: int = 3, theme: Theme = LIGHT) -> NDArray[Any]:
    """Draw each weight matrix as a heat map: outputs from top to bottom, inputs from left to right.

    ``model_or_named``  a model, a dict from names to Tensors, or one matrix; vectors are passed over, and the axes of a
                        convolution after the first are laid side by side
    ``ax``              an array with one Axes for each matrix; a new figure otherwise

    Blue is negative, the page's colour is zero, orange is positive. Each matrix has a scale of its own, which ends at
    the 99.5th percentile of its absolute values: what lies beyond has the full colour. Elements that are not finite are
    drawn in the colour of text. Returns an array of the Axes; errors as :func:`weight_spectra`.
    """
    found = _matrices(model_or_named, "weight_matrices")
    made = panels(
        ax, max(len(found), 1), columns, (3.2, 2.6), theme, name="weight_matrices",
        caption="Each scale is symmetric about 0 and ends at the 99.5th percentile of |w|." if found else "",
    )  # fmt: skip
    if not found:
        say_instead(made[0], "there is no matrix among the parameters", theme)
    colours = diverging(theme, bad=solid(theme).text)
    for axes, (_, value) in zip(made, found, strict=False):
        array = host_array(value)
        matrix = array.reshape(len(array), -1).real.astype(np.float64)
        sizes = np.abs(matrix[np.isfinite(matrix)])
        end = float(np.percentile(sizes, 99.5)) if sizes.size else 0.0
        end = end or float(sizes.max(initial=0.0)) or 1.0
        theme.style(axes, grid="")
        for spine in axes.spines.values():
            spine.set_visible(True)
            spine.set_color(theme.grid)
        tall = matrix.shape[0] / matrix.shape[1]
        image = axes.imshow(
            np.ma.masked_invalid(matrix), cmap=colours, vmin=-end, vmax=end, interpolation="nearest",
            aspect="equal" if 0.66 < tall < 1.5 else "auto",
        )  # fmt: skip
        axes.set_xlabel("input")
        axes.set_ylabel("output")
        number_places(axes.xaxis, matrix.shape[1])
        number_places(axes.yaxis, matrix.shape[0])
        bar = colour_bar(image, axes, "", theme, aspect=18, fraction=0.06)
        bar.set_ticks([-end, 0, end], labels=[f"-{end:.2g}", "0", f"{end:.2g}"])
    title_panels(made, [name for name, _ in found], theme)
    return made


def _matrices(source: Any, chart: str) -> list[tuple[str, Any]]:
    if isinstance(source, Mapping) or callable(getattr(source, "named_parameters", None)):
        return [
            (n, v) for n, v in named_tensors(source, f"{chart}: the model") if len(v.shape) >= 2 and math.prod(v.shape)
        ]
    array = host_array(source)
    if array.dtype.kind not in "fciu" or array.ndim < 2 or not array.size:
        raise ArgumentError(
            f"{chart}: the weights are a {type(source).__name__} of shape {array.shape}; they must be a model, a "
            "dict from names to Tensors, or one matrix with elements."
        )
    return [("", array)]


def _as_spectra(source: Any) -> tuple[Spectrum, ...]:
    if isinstance(source, Spectrum):
        return (source,)
    if isinstance(source, (list, tuple)) and all(isinstance(row, Spectrum) for row in source):
        return tuple(source)
    return spectra(source)
