"""Who attends to whom: attention weights as pictures, head by head and layer by layer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import asarray, no_grad
from autograd.errors import ArgumentError, ShapeError
from autograd.ops.attention import scaled_dot_product_attention
from viz.arrays import host_array
from viz.theme import LIGHT, Theme
from viz.training.panels import colour_bar, colour_map, number_places, panels, solid

__all__ = ["attention_maps", "attention_weights"]

_LABELLED_TOKENS = 24
_IN_A_ROW = 12  # heads; the row of a layer with more is broken


def attention_weights(
    query: Any,
    key: Any,
    attn_mask: Any = None,
    *,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> NDArray[Any]:
    """The weights behind ``ag.scaled_dot_product_attention`` with these arguments, ``(..., L, S)``.

    The op returns weighted sums of the values and keeps the weights to itself; applied to the rows of the identity as
    values, the sums *are* the weights. Masks, scaling and grouped heads are thus exactly those of the op.

    Shape: ``query (..., L, d)``, ``key (..., S, d)``. Errors are those of the op.
    """  # fmt: skip
    q, k = asarray(query), asarray(key)
    identity = np.broadcast_to(np.eye(k.shape[-2], dtype=k.dtype), (*k.shape[:-2], k.shape[-2], k.shape[-2]))
    with no_grad():
        mask = None if attn_mask is None else asarray(attn_mask)
        weights = scaled_dot_product_attention(
            q, k, k.holding(np.array(identity)), mask, is_causal=is_causal, scale=scale, enable_gqa=enable_gqa
        )
    return host_array(weights)


def attention_maps(
    weights: Any,
    tokens: Sequence[str] | None = None,
    ax: Any = None,
    *,
    theme: Theme = LIGHT,
) -> NDArray[Any]:
    """Draw attention weights: one picture for each head, one row of pictures for each layer (or several, of 12 each).

    ``weights``  ``(T, S)`` for one head, ``(heads, T, S)``, ``(layers, heads, T, S)``, or a dict or list of layers with
                 ``(heads, T, S)`` each; rows are queries, columns keys. :func:`attention_weights` computes them from
                 the arguments of the op; take one example out of a batch first
    ``tokens``   the text of each position, shown along both axes where there are at most 24 (only with T = S)
    ``ax``       an array with one Axes for each picture, row by row; a new figure otherwise

    All pictures share one scale from 0 to the largest weight, so that they can be compared. Returns the array of Axes,
    ``(layers, heads)``, or a vector of them where layers differ in heads. Raises ShapeError for other shapes,
    ArgumentError where the number of tokens is not T, and MissingExtraError without matplotlib.
    """
    layers = _layers(weights)
    heads = max(len(maps) for _, maps in layers)
    flat = [(name, head, picture) for name, maps in layers for head, picture in enumerate(maps)]
    if tokens is not None:
        for name, _, picture in flat:
            if picture.shape != (len(tokens), len(tokens)):
                raise ArgumentError(
                    f"attention_maps: {len(tokens)} tokens for weights of shape {picture.shape} in "
                    f"{name or 'the layer'}; give one for each position, and none where queries and keys differ."
                )
    labelled = tokens is not None and len(tokens) <= _LABELLED_TOKENS
    side = min(5.0, max(1.6, 0.2 * len(tokens or ()) + 0.4)) if labelled else 1.7
    side = max(side, 3.6) if len(flat) == 1 else side
    ragged = any(len(maps) != heads for _, maps in layers)
    columns = min(heads, _IN_A_ROW)
    used = [head < len(maps) for _, maps in layers for head in range(columns * math.ceil(len(maps) / columns))]
    if ax is None:
        made = _kept(panels(None, len(used), columns, (side + 0.15, side), theme, name="attention_maps"), used)
    else:
        made = panels(ax, len(flat), columns, (side, side), theme, name="attention_maps")
    finite = [float(np.nanmax(picture)) for *_, picture in flat if np.isfinite(picture).any()]
    largest = max([*finite, 0.0]) or 1.0
    paint = solid(theme)
    colours = colour_map("glassgrad attention", [paint.page, paint.blue, paint.text], bad=paint.orange)
    for place, (axes, (name, head, values)) in enumerate(zip(made, flat, strict=True)):
        image = axes.imshow(
            np.ma.masked_invalid(values), cmap=colours, vmin=0, vmax=largest, interpolation="nearest",
            aspect="equal" if values.shape[0] == values.shape[1] else "auto",
        )  # fmt: skip
        _dress(axes, values.shape, tokens if labelled else None, theme)
        if len(flat) > 1 and (head == place or heads > columns):
            axes.set_title(f"head {head}", fontsize=9, color=theme.text)
        if head == 0:
            label = f"{name}\nquery" if name else "query"
            axes.set_ylabel(label, fontsize=9, color=theme.text)
        if place >= len(flat) - (len(layers[-1][1]) - 1) % columns - 1:
            axes.set_xlabel("key", fontsize=9, color=theme.text)
    if ax is None:
        _label_outer(made, [picture.shape for *_, picture in flat], used, columns)
    colour_bar(image, list(made), "attention weight", theme)
    return made if ragged else made.reshape(len(layers), heads)


def _kept(grid: NDArray[Any], used: list[bool]) -> NDArray[Any]:
    """Of a full grid the Axes that have a head; the others go."""
    kept = np.array(used)
    for spare in grid[~kept]:
        spare.remove()
    return grid[kept]


def _label_outer(made: NDArray[Any], shapes: list[tuple[int, ...]], used: list[bool], columns: int) -> None:
    """Hide the labels of positions where the picture below, or the one to the left, has the same."""
    places = [place for place, is_used in enumerate(used) if is_used]
    at = dict(zip(places, shapes, strict=True))
    for axes, place in zip(made, places, strict=True):
        if at.get(place + columns) == at[place]:
            axes.tick_params(labelbottom=False)
        if place % columns and at.get(place - 1) == at[place]:
            axes.tick_params(labelleft=False)


def _dress(axes: Any, shape: tuple[int, ...], tokens: Sequence[str] | None, theme: Theme) -> None:
    theme.style(axes, grid="")
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color(theme.grid)
    if tokens is not None:
        axes.set_xticks(range(len(tokens)), tokens, rotation=90)
        axes.set_yticks(range(len(tokens)), tokens)
        axes.tick_params(colors=theme.text, labelsize=8)
    else:
        number_places(axes.xaxis, shape[1], most=4)
        number_places(axes.yaxis, shape[0], most=4)
        axes.tick_params(labelsize=8)


def _layers(weights: Any) -> list[tuple[str, NDArray[Any]]]:
    """The maps ``(heads, T, S)`` of each layer under its name, which is empty for a single one without a name."""
    if isinstance(weights, Mapping):
        found = [(str(name), host_array(value)) for name, value in weights.items()]
    elif isinstance(weights, (list, tuple)) and weights and getattr(weights[0], "ndim", 0) == 3:
        found = [(f"layer {number}", host_array(value)) for number, value in enumerate(weights)]
    else:
        array = host_array(weights)
        named = array.ndim == 4
        found = [
            (f"layer {number}" if named else "", value) for number, value in enumerate(array if named else [array])
        ]
    found = [(name, value[None] if value.ndim == 2 else value) for name, value in found]
    for name, value in found:
        if value.ndim != 3 or not value.size:
            raise ShapeError(
                f"attention_maps: the weights{' of ' + name if name else ''} are {value.shape}; they must be (T, S), "
                "(heads, T, S) or (layers, heads, T, S), none of them empty. Of a batch take one example: weights[0]."
            )
    if not found:
        raise ShapeError("attention_maps: there are no layers; give at least one array (heads, T, S).")
    return found
