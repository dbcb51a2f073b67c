"""The colours of charts, for light pages, dark pages, and pages that switch between the two."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

__all__ = ["DARK", "LIGHT", "THEMEABLE", "Theme"]


@dataclass(frozen=True, slots=True)
class Theme:
    """One colour for each job, as ``#rrggbb``.

    Text and lines have a contrast of at least 4.5 and 3 on ``page``. The series are from Okabe and Ito's palette,
    shaded for the page; a chart never tells two of them apart by colour alone.
    """

    page: str
    text: str
    muted: str
    """Ticks, captions, and other text that steps back."""
    grid: str
    blue: str
    orange: str
    green: str

    @property
    def lines(self) -> tuple[str, str, str]:
        """The colours of the series of a chart, in order."""
        return self.blue, self.orange, self.green

    def style(self, axes: Any, *, grid: str = "both") -> None:
        """Give a matplotlib Axes these colours, with no frame but a base line and a grid along ``"x"``, ``"y"``,
        ``"both"`` or (``""``) not at all."""
        axes.set_facecolor("none")
        axes.tick_params(colors=self.muted, which="both", length=0, labelsize=9)
        for side, spine in axes.spines.items():
            spine.set_visible(side == "bottom")
            spine.set_color(self.grid)
        axes.xaxis.label.set_color(self.muted)
        axes.yaxis.label.set_color(self.muted)
        axes.title.set_color(self.text)
        axes.set_axisbelow(True)
        if grid:
            axes.grid(visible=True, axis=grid, color=self.grid, linewidth=0.8)


LIGHT = Theme(
    page="#ffffff", text="#1b1f24", muted="#57606a", grid="#d8dee4",
    blue="#0072b2", orange="#b85200", green="#00795a",
)  # fmt: skip

DARK = Theme(
    page="#111418", text="#e6e9ee", muted="#9aa4b0", grid="#30363d",
    blue="#56b4e9", orange="#e69f00", green="#3cc79b",
)  # fmt: skip

# Colours that no chart would use: an SVG drawn with them is rewritten to name CSS variables instead (viz.figure).
THEMEABLE = Theme(*(f"#fe0{number:x}fe" for number in range(len(astuple(LIGHT)))))
