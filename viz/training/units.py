"""Units that never fire, and units that sit at an end of their range."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import no_grad
from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.levels import Watcher
from autograd.watching import scope_path
from viz.arrays import host_array
from viz.figure import axes_or_new
from viz.theme import LIGHT, Theme
from viz.training.panels import name_rows, say_instead

__all__ = ["UnitActivity", "dead_units", "unit_activity"]

_RANGES = {"relu": (None, None), "sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "silu": (None, None), "gelu": (None, None)}


@dataclass(frozen=True, slots=True)
class UnitActivity:
    """What the units of one layer did on a batch.

    ``units``      how many there are: features, or channels of an image
    ``dead``       those whose output was zero on every example and at every place
    ``saturated``  those whose output was always close to an end of its range; None where the range has no ends
    ``quiet``      the share of zeros among all outputs
    """

    name: str
    units: int
    dead: int
    saturated: int | None
    quiet: float


class _Activations(Watcher):
    """Keeps the activity behind every activation function, whether a module calls it or the forward of a model."""

    def __init__(self, margin: float, threshold: float) -> None:
        self.rows: list[UnitActivity] = []
        self._layer = ""
        self._margin, self._threshold = margin, threshold

    def see(self, op: Any, args: tuple[Any, ...], params: dict[str, Any], run: Any) -> Any:
        out = run(op, args, params)
        name = op.name.lstrip("_")
        path = scope_path().partition(".")[2]
        if name in _RANGES and getattr(out, "ndim", 0) >= 2:
            inside = self._layer.startswith(f"{path}.") if path else bool(self._layer)
            called = f"{name} after {self._layer}" if inside else f"{path} ({name})" if path else name
            self.rows.append(_activity(called, host_array(out), _RANGES[name], self._margin, self._threshold))
        elif path:
            self._layer = path
        return out


def unit_activity(
    model_or_outputs: Any,
    batch: Any = None,
    *,
    threshold: float = 0.0,
    margin: float = 0.05,
) -> tuple[UnitActivity, ...]:
    """Count the dead and the saturated units of every layer on a batch.

    ``model_or_outputs``  a model, which is called on ``batch`` without recording gradients, and watched: each relu,
                          sigmoid, tanh, silu and gelu in it counts, called as a module or as a function; or a dict from
                          names to outputs of layers, ``(N, features)``, ``(N, T, features)`` or ``(N, channels, H, W)``
    ``batch``             the model's argument, or a tuple of its arguments
    ``threshold``         a unit is dead where its output is never farther from zero than this
    ``margin``            a unit of sigmoid or tanh is saturated where its outputs are always within this share of the
                          range from an end

    The model runs in the mode that it is in; call ``model.eval()`` first where dropout would add zeros of its own.
    Raises DtypeError for what is neither, ShapeError for outputs with fewer than two axes, ArgumentError for options
    out of range or a missing batch.
    """
    if not 0 < margin < 0.5 or threshold < 0:
        raise ArgumentError(
            f"unit_activity: margin is {margin} and threshold is {threshold}; the margin must lie in (0, 0.5), the "
            "threshold at 0 or above."
        )
    if isinstance(model_or_outputs, Mapping):
        outputs = {name: host_array(value) for name, value in model_or_outputs.items()}
        for name, value in outputs.items():
            if value.ndim < 2:
                raise ShapeError(
                    f"unit_activity: the outputs of {name!r} are {value.shape}; they must have an axis of examples and "
                    "one of units, such as (N, features)."
                )
        return tuple(_activity(name, value, (None, None), margin, threshold) for name, value in outputs.items())
    if not callable(model_or_outputs):
        raise DtypeError(
            f"unit_activity: the model is a {type(model_or_outputs).__name__}; it must be a model to call, or a dict "
            "from names to outputs."
        )
    if batch is None:
        raise ArgumentError("unit_activity: a model needs a batch to be called on. Pass batch=inputs.")
    watcher = _Activations(margin, threshold)
    with no_grad(), watcher:
        model_or_outputs(*(batch if isinstance(batch, tuple) else (batch,)))
    return _numbered(watcher.rows)


def _activity(
    name: str, output: NDArray[Any], ends: tuple[float | None, float | None], margin: float, threshold: float
) -> UnitActivity:
    axis = 1 if output.ndim >= 4 else output.ndim - 1  # channels of an image; else features stand last
    by_unit = np.moveaxis(output, axis, 0).reshape(output.shape[axis], -1)
    if not by_unit.size:
        return UnitActivity(name, len(by_unit), 0, None, 0.0)
    dead = np.abs(by_unit).max(axis=1) <= threshold  # NaN is not dead
    low, high = ends
    saturated = None
    if low is not None and high is not None:
        near = margin * (high - low)
        saturated = int(((by_unit < low + near) | (by_unit > high - near)).all(axis=1).sum())
    return UnitActivity(name, len(by_unit), int(dead.sum()), saturated, float(np.mean(by_unit == 0)))


def _numbered(rows: list[UnitActivity]) -> tuple[UnitActivity, ...]:
    """The rows with names of their own: a layer that is called several times is told by a number."""
    seen: dict[str, int] = {}
    named = []
    for row in rows:
        seen[row.name] = seen.get(row.name, 0) + 1
        name = row.name if seen[row.name] == 1 else f"{row.name} ({seen[row.name]})"
        named.append(UnitActivity(name, row.units, row.dead, row.saturated, row.quiet))
    return tuple(named)


def dead_units(
    model_or_activity: Any,
    batch: Any = None,
    ax: Any = None,
    *,
    threshold: float = 0.0,
    margin: float = 0.05,
    theme: Theme = LIGHT,
) -> Any:
    """Draw, layer by layer, the share of units that are dead on a batch, and of those that are saturated.

    ``model_or_activity``  a model or a dict, as :func:`unit_activity` takes them, or what it made of one
    ``batch``, ``threshold``, ``margin``  as there; many examples, for a unit that is quiet on few is not dead

    Returns the Axes; errors as :func:`unit_activity`, and MissingExtraError without matplotlib.
    """
    rows = _as_activity(model_or_activity, batch, threshold, margin)
    both = any(row.saturated is not None for row in rows)
    axes = axes_or_new(ax, 7, 1.3 + (0.42 if both else 0.34) * max(len(rows), 2), theme)
    if not rows:
        say_instead(axes, "no activation function was seen", theme)
        return axes
    theme.style(axes, grid="x")
    thick = 0.34 if both else 0.56
    shift = thick / 2 if both else 0.0
    places = np.arange(len(rows))
    heights = [place - (shift if row.saturated is not None else 0.0) for place, row in enumerate(rows)]
    share = [row.dead / max(row.units, 1) for row in rows]
    axes.barh(places, 1, 0.78, color=theme.grid, alpha=0.35, linewidth=0, zorder=1)
    axes.barh(heights, share, thick, color=theme.orange, label="dead", linewidth=0, zorder=3)
    counts = [(height, row.dead, row.units) for height, row in zip(heights, rows, strict=True)]
    if both:
        bounded = [(place, row) for place, row in enumerate(rows) if row.saturated is not None]
        axes.barh(
            [place + shift for place, _ in bounded], [(row.saturated or 0) / max(row.units, 1) for _, row in bounded],
            thick, color=theme.blue, label="saturated", hatch="///", edgecolor=theme.page, linewidth=0, zorder=3,
        )  # fmt: skip
        counts += [(place + shift, row.saturated or 0, row.units) for place, row in bounded]
    for height, some, units in counts:
        axes.text(
            1.015, height, f"{some:,} of {units:,}", transform=axes.get_yaxis_transform(), va="center", fontsize=8,
            color=theme.text if some else theme.muted,
        )  # fmt: skip
    axes.legend(
        frameon=False, labelcolor=theme.text, fontsize=9, ncols=2, loc="lower left", bbox_to_anchor=(0, 1),
        borderaxespad=0.2,
    )  # fmt: skip
    name_rows(axes, [row.name for row in rows], theme)
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5))
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axes.set_xlabel("share of the layer's units")
    return axes


def _as_activity(source: Any, batch: Any, threshold: float, margin: float) -> tuple[UnitActivity, ...]:
    if isinstance(source, Iterable) and not isinstance(source, Mapping):
        rows = tuple(source)
        if all(isinstance(row, UnitActivity) for row in rows):
            return rows
    return unit_activity(source, batch, threshold=threshold, margin=margin)
