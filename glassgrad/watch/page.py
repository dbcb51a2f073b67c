"""The page of the dashboard: one HTML document with its own style and script, which asks the server for the rest."""

from __future__ import annotations

from importlib import resources

from glassgrad.report import markup

__all__ = ["dashboard"]

_SCRIPTS = ("store.js", "scales.js", "charts.js", "heat.js", "watch.js")

_PLOTS = (
    ("loss", "Loss", ""),
    ("accuracy", "Accuracy", ""),
    ("rate", "Learning rate", ""),
    ("throughput", "Examples a second", ""),
)
_LAYERS = (
    (
        "ratio",
        "Update-to-weight ratio",
        "How far a step moves each weight, against its size. About 1e-3 is usual; the band is half a decade around it.",
    ),
    ("gradient", "Gradient norm of each parameter", "Blank: no gradient. Striped orange: not finite."),
    ("histogram", "Distribution", "The more elements have a value, the stronger the colour."),
)


def dashboard() -> str:
    """The whole page."""
    assets = resources.files("glassgrad.watch")
    body = "\n".join(
        (
            _CONTROLS,
            markup.section("curves", "Curves", f'<div class="plots">{"".join(_plot(*plot) for plot in _PLOTS)}</div>'),
            markup.section("layers", "Inside the layers", _LAYER_CONTROLS + "".join(_plot(*p) for p in _LAYERS)),
            markup.section("latest", "Latest values", '<div class="scroll" id="latest-table"></div>'),
            markup.section("settings", "Settings", '<div class="scroll" id="settings-table"></div>'),
        )
    )
    return markup.document(
        title="Training runs",
        brand="glassgrad watch",
        header=_HEADER,
        body=body,
        style=assets.joinpath("watch.css").read_text(encoding="utf-8"),
        script="".join(assets.joinpath(name).read_text(encoding="utf-8") for name in _SCRIPTS),
        connect=True,
    )


def _plot(name: str, heading: str, note: str) -> str:
    extra = f'<p class="note">{note}</p>' if note else ""
    tools = _HISTOGRAM_TOOLS if name == "histogram" else ""
    return f"""<figure class="plot" id="{name}">
<figcaption><h3>{heading}</h3>{extra}{tools}<ul class="key"></ul></figcaption>
<div class="surface" role="slider" tabindex="0" aria-label="{heading}: chart; the arrow keys read it"
 aria-valuemin="0" aria-valuemax="0" aria-valuenow="0" aria-valuetext="nothing yet">
<canvas></canvas><canvas class="over"></canvas><p class="empty">Nothing yet.</p></div>
</figure>
"""


_HEADER = """<p id="status" role="status" data-state="connecting">
<span class="dot"></span><span class="words">connecting</span></p>
<noscript><p class="missing">This page draws its charts with JavaScript, which is switched off.</p></noscript>
<dl class="figures" id="figures"></dl>"""

_CONTROLS = """<form class="controls" id="controls" aria-label="what is shown">
<fieldset id="runs"><legend>Runs</legend><ul></ul></fieldset>
<div class="dials">
<label>Smoothing
<input type="range" id="smoothing" min="0" max="0.99" step="0.01" value="0.6"><output>0.60</output></label>
<label><input type="checkbox" id="log"> Logarithmic</label>
<label>Along
<select id="axis"><option value="step">steps</option><option value="seconds">seconds</option></select></label>
</div>
</form>"""

_LAYER_CONTROLS = (
    '<p class="tools-line" id="focus-line"><label>Layers of <select id="focus"></select></label></p>'
    '<p class="missing" id="no-telemetry" hidden></p>'
)

_HISTOGRAM_TOOLS = """<p class="tools-line"><label>of the <select id="kind"><option>gradients</option>
<option>weights</option></select></label> <label>in <select id="parameter"></select></label></p>"""
