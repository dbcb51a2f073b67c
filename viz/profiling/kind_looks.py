"""How charts tell kinds of ops apart: by a colour of Okabe and Ito's palette and by a shape."""

from __future__ import annotations

from dataclasses import dataclass

from viz.theme import Theme

__all__ = ["KindLook", "look_of"]


@dataclass(frozen=True, slots=True)
class KindLook:
    """The name of a group of kinds, the colour of the theme that it has, and its marker."""

    label: str
    colour: str
    marker: str

    def of(self, theme: Theme) -> str:
        """The colour as ``#rrggbb``."""
        return str(getattr(theme, self.colour))


_LOOKS = {
    "contraction": KindLook("products, convolutions", "blue", "o"),
    "elementwise": KindLook("elementwise", "orange", "s"),
    "reduction": KindLook("reductions, scans, fused", "green", "^"),
}
_LOOKS |= {"scan": _LOOKS["reduction"], "composite": _LOOKS["reduction"]}
_OTHER = KindLook("views, gathers, other", "muted", "D")


def look_of(kind: str) -> KindLook:
    """The look of an op of this kind of the op table."""
    return _LOOKS.get(kind, _OTHER)
