"""How facts of a graph are put into words: the same in every drawing, table and page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograd.watching import Summary
    from viz.graphs.view import NodeView, Shape

__all__ = ["amount_text", "gradient_text", "legible", "number_text", "numbers_text", "shape_text", "value_text"]

_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_DECIMAL = ("", "k", "M", "G", "T", "P")
_SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def number_text(number: float) -> str:
    """A number in four digits, with a real minus sign; ``inf`` and ``nan`` as they are."""
    return f"{float(number):.4g}".replace("-", "−")


def shape_text(shape: Shape) -> str:
    """A shape as it is read aloud: ``64×16``, ``scalar``; several of them with commas between."""
    if shape and isinstance(shape[0], tuple):
        return ", ".join(shape_text(part) for part in shape if isinstance(part, tuple))
    return "×".join(map(str, shape)) if shape else "scalar"


def amount_text(amount: float, unit: str) -> str:
    """An amount in three digits with its unit: bytes (``"B"``) in powers of 1,024, seconds (``"s"``), other units and
    plain counts in powers of 1,000: ``1.5 KiB``, ``320 µs``, ``2.1 MFLOP``."""
    amount = float(amount)
    if unit == "s":
        for scale, name in _SECONDS:
            if abs(amount) >= scale or name == "ns":
                return f"{_three_digits(amount / scale)} {name}"
    base, names = (1024.0, _BINARY) if unit == "B" else (1000.0, _DECIMAL)
    step = 0
    while abs(amount) >= base * 0.9995 and step < len(names) - 1:
        amount /= base
        step += 1
    return f"{_three_digits(amount)} {names[step] if unit == 'B' else names[step] + unit}".rstrip()


def _three_digits(amount: float) -> str:
    return f"{amount:.0f}" if abs(amount) >= 99.95 or amount == int(amount) else f"{amount:.3g}"


def value_text(value: Summary | None) -> str | None:
    """A value in a few words: a single number whole, of an array mean and standard deviation; None if unknown."""
    return None if value is None else _summary_text(value)


def gradient_text(node: NodeView) -> str:
    """A gradient in a few words: the number, or the norm, or that there is none."""
    return "no gradient" if node.gradient is None else _gradient_words(node.gradient)


def _gradient_words(gradient: Summary) -> str:
    if gradient.shape == () and gradient.data is not None:
        return f"grad {_element(gradient.data)}"
    if gradient.norm is None:
        return "grad not finite" if gradient.nonfinite else "grad empty"
    return f"grad norm {number_text(gradient.norm)}" + _not_finite(gradient)


def numbers_text(node: NodeView, *, gradients: bool = True) -> list[str]:
    """The lines of a card that tell the value and the gradient; none where the value is not known.

    Without ``gradients`` no backward pass has been run, and that there is no gradient is not worth a word.
    """
    if node.value is None:
        return []
    if node.kind in ("backward", "gradient"):  # whose value is a gradient
        return [_gradient_words(node.value)]
    told = [value_text(node.value) or ""]
    if gradients:
        told.append(gradient_text(node))
    return [f"data {' · '.join(told)}"] if node.value.shape == () else told


def _summary_text(value: Summary) -> str:
    if value.shape == () and value.data is not None:
        return _element(value.data)
    if value.mean is None:
        return f"{value.nonfinite:,} not finite" if value.nonfinite else "empty"
    spread = f"{number_text(value.minimum or 0)} … {number_text(value.maximum or 0)}"
    return f"{spread}, mean {number_text(value.mean)}" + _not_finite(value)


def _not_finite(value: Summary) -> str:
    return f", {value.nonfinite:,} not finite" if value.nonfinite else ""


def _element(data: Any) -> str:
    if isinstance(data, complex):
        return f"{number_text(data.real)} {'−' if data.imag < 0 else '+'} {number_text(abs(data.imag))}i"
    return str(data) if isinstance(data, (bool, str)) else number_text(data)


def legible(text: str) -> str:
    """``text`` on one line and without the characters that XML forbids, such as control characters, and those that turn
    the direction of what follows."""
    return "".join(map(_legible, text))


def _legible(character: str) -> str:
    code = ord(character)
    if character.isspace():
        return " "
    if code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE:
        return "\ufffd"
    if 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069:
        return "\ufffd"
    return character
