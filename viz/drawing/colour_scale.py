"""From the value of an overlay to the colour of a card, and the legend that says how."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from viz.graphs.wording import amount_text, number_text

if TYPE_CHECKING:
    from viz.graphs.view import Overlay

__all__ = [
    "CATEGORIES", "DARK_TEXT", "FLAGGED", "LIGHT_TEXT", "MIXED", "NOT_A_NUMBER", "RAMP", "UNKNOWN", "ColourScale",
    "Swatch", "colour_scale", "contrast",
]  # fmt: skip

DARK_TEXT, LIGHT_TEXT = "#000000", "#ffffff"  # one of which has a contrast of 4.5 on any colour

# From dark blue over grey to yellow: lightness rises evenly, and blue against yellow is what every common form of
# colour blindness keeps apart (the idea of cividis: Nuñez, Anderton and Renslow, 2018). Steps of L* = 20 to 92, by us.
RAMP = ("#0b2f63", "#2d4a78", "#54657f", "#7a8082", "#a19b7d", "#c8b76a", "#efd64f", "#fbf3a6")
# Tints of Okabe and Ito's palette, told apart by the text on the card as well.
CATEGORIES = ("#a9d4f5", "#ffd685", "#8fdcc0", "#f3b98f", "#eabbd8", "#f6ee8f", "#c3c9d2", "#ffffff")
MIXED, UNKNOWN, FLAGGED = "#e4e7eb", "#ffffff", "#ffb469"
NOT_A_NUMBER = "#a33c00"  # the text of NaN, on white


class Swatch(NamedTuple):
    """A colour and the colour of text on it; ``known`` is False where there is no value to show."""

    fill: str
    text: str
    known: bool = True


@dataclass(frozen=True)
class ColourScale:
    """The scale of one overlay on one drawing, between the smallest and the largest value of its cards."""

    overlay: Overlay
    low: float = 0.0
    high: float = 0.0
    categories: tuple[str, ...] = ()

    @property
    def is_continuous(self) -> bool:
        """Whether the legend is a colour bar."""
        return self.overlay.scale in ("linear", "log")

    def swatch(self, value: float | str | bool | None) -> Swatch:
        """The colour for a value."""
        if value is None:
            return Swatch(UNKNOWN, "#4a515a", known=False)
        if self.overlay.scale == "flag":
            return Swatch(FLAGGED if value else UNKNOWN, DARK_TEXT)
        if self.overlay.scale == "category":
            text = str(value)
            place = self.categories.index(text) if text in self.categories else len(CATEGORIES)
            return Swatch(CATEGORIES[place] if place < len(CATEGORIES) and text != "mixed" else MIXED, DARK_TEXT)
        number = float(value)
        return Swatch("#ffffff", NOT_A_NUMBER) if math.isnan(number) else _readable(self._ramp(self.fraction(number)))

    def fraction(self, number: float) -> float:
        """Where a number lies between the two ends of the scale, from 0 to 1."""
        low, high = self.low, self.high
        if self.overlay.scale == "log":
            if number <= 0:
                return 0.0
            number, low, high = (math.log(x) if 0 < x < math.inf else math.inf for x in (number, low, high))
        if not low < high:
            return 0.5
        return min(1.0, max(0.0, (number - low) / (high - low)))

    def text(self, value: float | str | bool | None) -> str:
        """The value in words; a dash where it is not known."""
        if value is None:
            return "–"
        if isinstance(value, bool):
            return "yes" if value else "no"
        return value if isinstance(value, str) else _amount(value, self.overlay.unit)

    def steps(self, count: int) -> list[str]:
        """The colours of the bar from its low to its high end."""
        return [self._ramp(i / max(1, count - 1)) for i in range(count)]

    def _ramp(self, fraction: float) -> str:
        at = fraction * (len(RAMP) - 1)
        i = min(int(at), len(RAMP) - 2)
        one, other = (_channels(RAMP[j]) for j in (i, i + 1))
        return "#" + "".join(f"{round(a + (b - a) * (at - i)):02x}" for a, b in zip(one, other, strict=True))


def colour_scale(overlay: Overlay, values: Iterable[float | str | bool | None]) -> ColourScale:
    """The scale for the values that a drawing shows."""
    known = [value for value in values if value is not None]
    if overlay.scale == "category":
        return ColourScale(overlay, categories=tuple(sorted({str(value) for value in known} - {"mixed"})))
    if overlay.scale == "flag":
        return ColourScale(overlay)
    numbers = [float(value) for value in known if math.isfinite(float(value))]
    if overlay.scale == "log":
        numbers = [number for number in numbers if number > 0]
    return ColourScale(overlay, min(numbers, default=0.0), max(numbers, default=0.0))


def _amount(value: float, unit: str) -> str:
    if not math.isfinite(value):
        return number_text(value)
    if unit or (value == int(value) and abs(value) >= 1):
        return amount_text(value, unit)
    return number_text(value)


def _channels(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue


def _readable(fill: str) -> Swatch:
    return Swatch(fill, max((DARK_TEXT, LIGHT_TEXT), key=lambda text: contrast(text, fill)))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21 (WCAG 2.1)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [channel / 255 for channel in _channels(colour)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
