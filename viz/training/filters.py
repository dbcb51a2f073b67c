"""What a convolution looks for, and what it finds in an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import asarray, no_grad
from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.extras import import_extra
from viz.arrays import host_array
from viz.theme import LIGHT, Theme
from viz.training.panels import colour_bar, diverging, panels, picture, sequential

__all__ = ["convolution_filters", "feature_maps", "module_outputs"]

_MOST = 64


def convolution_filters(
    weight: Any,
    ax: Any = None,
    *,
    rgb: bool | None = None,
    columns: int = 8,
    most: int = _MOST,
    theme: Theme = LIGHT,
) -> NDArray[Any]:
    """Draw the filters of a convolution side by side.

    ``weight``  ``(out, in, height, width)``, a Tensor or an array; or a module that has one as ``weight``
    ``rgb``     draw filters over three channels in colour; by default where there are three
    ``most``    draw no more pictures than this, from the first on

    In colour, grey is a weight of zero and the largest weight of the layer, by its size, is full colour. Otherwise
    there is one picture for each filter and channel (titled ``filter:channel`` where there are several), all on one
    scale from -largest (blue) over 0 to +largest (orange). Returns an array of the Axes; raises ShapeError for other
    shapes, ArgumentError for ``rgb=True`` without three channels, MissingExtraError without matplotlib.
    """
    array = host_array(weight.weight if hasattr(weight, "weight") else weight)
    if array.ndim != 4 or not array.size:
        raise ShapeError(
            f"convolution_filters: weight is {array.shape}; it must be (out, in, height, width), none of them 0."
        )
    channels = array.shape[1]
    rgb = channels == 3 if rgb is None else rgb
    if rgb and channels != 3:
        raise ArgumentError(
            f"convolution_filters: rgb needs 3 input channels, and weight {array.shape} has {channels}."
        )
    values = np.nan_to_num(array.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    largest = float(np.abs(values).max()) or 1.0
    pictures = (values / largest / 2 + 0.5).transpose(0, 2, 3, 1) if rgb else values.reshape(-1, *array.shape[2:])
    most = most // channels * channels or most if not rgb else most  # whole filters, where one fits
    shown = pictures[: max(most, 1)]
    caption = (
        f"Grey is 0, full colour ±{largest:.3g}, the largest weight of the layer."
        if rgb
        else "One scale for all filters, symmetric about 0."
    )
    if len(shown) < len(pictures):
        caption += f" The first {len(shown)} of {len(pictures):,}."
    if not rgb and channels > 1 and columns == 8:
        columns = channels if 4 <= channels <= 16 else columns  # one filter in a row
    made = panels(ax, len(shown), columns, (1.05, 1.18), theme, name="convolution_filters", caption=caption)
    image = None
    for number, (axes, values) in enumerate(zip(made, shown, strict=True)):
        several = not rgb and channels > 1
        picture(axes, theme, f"{number // channels}:{number % channels}" if several else f"{number}")
        axes.title.set_fontsize(8)
        axes.title.set_color(theme.muted)
        if rgb:
            axes.imshow(values, interpolation="nearest")
        else:
            image = axes.imshow(values, cmap=diverging(theme), vmin=-largest, vmax=largest, interpolation="nearest")
        _frame(axes, theme)
    if image is not None:
        colour_bar(image, list(made), "weight", theme)
    return made


def module_outputs(model: Any, batch: Any, modules: Sequence[str] | None = None) -> dict[str, NDArray[Any]]:
    """The outputs of a model's modules on a batch, by name, in the order in which they were computed.

    ``model``    what has ``named_modules()`` whose modules have ``register_forward_hook``, such as ``nn.Module``
    ``batch``    the model's argument, or a tuple of its arguments
    ``modules``  whose outputs; by default those of all modules that contain no other

    No gradient is recorded, and the hooks are removed again. Of a module that is called several times the last output
    counts. Raises DtypeError for another model, ArgumentError for an unknown module.
    """
    if not callable(getattr(model, "named_modules", None)):
        raise DtypeError(
            f"module_outputs: the model is a {type(model).__name__}; it must have named_modules(), as nn.Module does."
        )
    known = dict(model.named_modules())
    if modules is None:
        modules = [name for name, module in known.items() if not any(child for child, _ in module.named_modules())]
    outputs: dict[str, NDArray[Any]] = {}
    handles = []
    try:
        for name in modules:
            if name not in known:
                raise ArgumentError(
                    f"module_outputs: the model has no module {name!r}. It has: {', '.join(filter(None, known))}."
                )
            handles.append(known[name].register_forward_hook(_keeper(outputs, name)))
        with no_grad():
            model(*(batch if isinstance(batch, tuple) else (batch,)))
    finally:
        for handle in handles:
            handle.remove()
    return outputs


def _keeper(outputs: dict[str, NDArray[Any]], name: str) -> Any:
    def keep(module: Any, inputs: Any, output: Any) -> None:
        if hasattr(output, "array"):
            outputs.pop(name, None)
            outputs[name] = np.array(host_array(output))  # a copy: a later op may write into the memory

    return keep


def feature_maps(
    model: Any,
    image: Any,
    layers: Sequence[str] | str | None = None,
    ax: Any = None,
    *,
    columns: int = 8,
    most: int = _MOST,
    theme: Theme = LIGHT,
) -> NDArray[Any]:
    """Draw what each channel of a model's convolutions makes of one image.

    ``image``   a batch of one image, ``(1, channels, H, W)``, Tensor or array; of a larger batch the first is drawn
    ``layers``  names of modules with outputs ``(N, channels, H, W)``; by default those named Conv by their class
    ``most``    at most this many maps of each layer

    The scale of each layer reaches from its own smallest to its own largest output, over all of its maps; the caption
    says so. Layers follow one another, each on a row of its own, with its name at the left and the channel's number
    above. Returns an array of the Axes; raises ArgumentError where no layer has such outputs, and as
    :func:`module_outputs`; MissingExtraError without matplotlib.
    """
    if isinstance(layers, str):
        layers = [layers]
    if not hasattr(image, "array"):
        image = _as_tensor(image)
    if layers is None and callable(getattr(model, "named_modules", None)):
        layers = [name for name, module in model.named_modules() if "Conv" in type(module).__name__]
    outputs = {
        name: output[0][:most] for name, output in module_outputs(model, image, layers).items() if output.ndim == 4
    }
    if not outputs:
        raise ArgumentError(
            f"feature_maps: none of the layers {list(layers or [])} gives (N, channels, H, W). Name convolutions "
            "of the model in layers."
        )
    rows = [(name, maps, start) for name, maps in outputs.items() for start in range(0, len(maps), columns)]
    wide = max(min(columns, len(maps)) for maps in outputs.values())
    caption = "Each layer from its own smallest output (dark) to its own largest (bright)."
    if ax is None:
        grid = panels(None, wide * len(rows), wide, (1.15, 1.22), theme, name="feature_maps", caption=caption)
        made = _used(grid.reshape(len(rows), wide), rows, columns)
    else:
        made = panels(ax, sum(map(len, outputs.values())), wide, (1.15, 1.22), theme, name="feature_maps")
    normalise = import_extra("matplotlib.colors", extra="viz", purpose="draw charts").Normalize
    place = 0
    for name, maps in outputs.items():
        finite = maps[np.isfinite(maps)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        scale = normalise(low, high if high > low else low + 1.0)
        for channel, values in enumerate(maps):
            axes = made[place]
            picture(axes, theme, f"{channel}")
            axes.title.set_color(theme.muted)
            axes.title.set_fontsize(8)
            axes.imshow(values, cmap=sequential(), norm=scale, interpolation="nearest")
            _frame(axes, theme)
            if channel == 0:
                axes.yaxis.set_visible(True)
                axes.set(yticks=[])
                axes.set_ylabel(name, fontsize=9, color=theme.text)
            place += 1
    return made


def _as_tensor(image: Any) -> Any:
    array = np.asarray(image)
    if array.ndim != 4:
        raise ShapeError(
            f"feature_maps: image is {array.shape}; it must be (1, channels, H, W). "
            "For (channels, H, W) write image[None]."
        )
    return asarray(array)


def _used(grid: NDArray[Any], rows: list[tuple[str, NDArray[Any], int]], columns: int) -> NDArray[Any]:
    """Of a grid the Axes that get a map; the ends of short rows go."""
    kept = []
    for line, (_, maps, start) in zip(grid, rows, strict=True):
        used = min(columns, len(maps) - start)
        kept += list(line[:used])
        for spare in line[used:]:
            spare.remove()
    made = np.empty(len(kept), dtype=object)
    made[:] = kept
    return made


def _frame(axes: Any, theme: Theme) -> None:
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color(theme.grid)
