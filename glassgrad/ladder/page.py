"""The story of the ladder as one self-contained HTML page, every number of it from the run that it tells of."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from html import escape
from importlib import resources
from pathlib import Path

import numpy as np

from glassgrad.ladder.charts import bars, duration, player, small, times
from glassgrad.ladder.race import TOLERANCE, Race
from glassgrad.ladder.source import coloured, source_of
from glassgrad.report import markup
from viz.drawing.export import write_whole

__all__ = ["write_page"]

_HEADINGS = {
    "scalars": "Scalars: every number is a node",
    "vectors": "Vectors: a node holds one example",
    "batched": "Batches: a node holds all examples",
    "compiled": "Compiled: the scalar graph, lifted",
}
_STORY = {
    "scalars": (
        "The whole idea of automatic differentiation is here: each sum, product and tanh remembers what it was made "
        "from, and <code>backward()</code> walks the graph from the loss to the weights. Nothing is hidden, and "
        "nothing is fast: for each multiplication of two numbers Python builds an object.",
        "The picture is one neuron on the first point, with the gradient of its output on every card. A training step "
        "records as much for every neuron and every point, and adds it up: {nodes} nodes.",
    ),
    "vectors": (
        "The same formula, but a node holds a vector: one matrix product takes the place of all the neurons’ loops. "
        "The loop over the examples is still Python’s.",
        "The picture is the loss of one point; dashed stubs are data and numbers that need no gradient. A step records "
        "as much for every point: {nodes} nodes.",
    ),
    "batched": (
        "The loop over the examples goes as well: the points are the rows of one matrix, and a layer is one matrix "
        "product. This is how neural networks are written.",
        "The picture is everything that a step records: {nodes} nodes. Their number no longer depends on how many "
        "points or neurons there are.",
    ),
    "compiled": (
        "Can the first program be as fast without being written anew? Its graph is recorded once, and "
        "<code>vectorize</code> lifts it: what lies equally deep and is computed alike becomes one op on an array, and "
        "sums of products become matrix products. Every step then replays this short program; the loops of rung 1 "
        "never run again.",
        "The picture is the program at work: {ops} tensor ops for the {scalars} nodes of rung 1{found}. Rung 3, "
        "written by hand, makes {batched}. The time goes with the number of ops, and each op of either is a call of "
        "NumPy: {beside}.",
        "What “compiled” means here, honestly: captured once, which took {capture}, and replayed. The ops are not "
        "fused into kernels of machine code yet. And the program is what was captured: another data set, "
        "or another branch of an <code>if</code>, needs another capture.",
    ),
}
_CHANGES = {
    "scalars": "two loops in Python, over points and over neurons",
    "vectors": "the loop over neurons became matrix times vector",
    "batched": "the loop over points became one matrix product per layer",
    "compiled": "nothing: the code of rung 1, captured once",
}


def write_page(path: str | Path, race: Race) -> Path:
    """Write the page of a race to ``path`` and return it. The file appears whole or not at all.

    A graph that cannot be drawn, for want of Graphviz or because it is too large, says so in its place.
    """
    sections = [
        markup.section("training", "What all four learn", _training(race)),
        *(_rung(race, number) for number in range(len(race.outcomes))),
        markup.section("summary", "The ladder in one table", _summary(race)),
    ]
    assets = resources.files("glassgrad.ladder")
    page = markup.document(
        title="From scalars to tensors",
        brand="glassgrad ladder",
        header=_header(race),
        body="\n".join(sections),
        style=assets.joinpath("ladder.css").read_text(encoding="utf-8"),
        script=assets.joinpath("ladder.js").read_text(encoding="utf-8"),
    )
    return write_whole(Path(path), page)


def _header(race: Race) -> str:
    first, last = race.outcomes[0], race.outcomes[-1]
    settings = race.settings
    lead = (
        "One small network, written four times. Each version starts from the same weights, does the same arithmetic "
        "and descends along the same loss; what changes is how much one node of the graph holds. Everything on this "
        "page was measured while it was made."
    )
    machine = (
        f"{settings.points} points, {settings.hidden} hidden units, {settings.steps} steps of gradient descent at rate "
        f"{settings.rate:g}, seed {settings.seed}. Python {platform.python_version()}, NumPy {np.__version__}, "
        f"{platform.machine()}, {os.cpu_count()} cores."
    )
    figures = (
        ("nodes, rung 1", f"{first.nodes:,}"),
        ("nodes, rung 4", f"{last.nodes:,}"),
        ("a step, rung 1", duration(first.seconds)),
        ("a step, rung 4", duration(last.seconds)),
        ("final loss", f"{first.losses[-1]:.4f}"),
        ("largest difference", small(race.difference)),
    )
    busy = ""
    if race.disturbed:
        busy = (
            f'<p class="missing">Other programs kept the processor busy: the run took {race.stretch:.1f} times as long '
            "as it worked. Long steps, such as those of rung 1, look too slow; make the page again when all is "
            "quiet.</p>"
        )
    return f'<p class="lead">{lead}</p>{_figures(figures)}<p class="machine">{escape(machine)}</p>{busy}'


def _training(race: Race) -> str:
    intro = (
        "<p>Points on two half circles, and a network with one hidden layer of tanh that learns to part them. The "
        "button and the space bar play it, the arrow keys move the slider. Below, a node is an operation that was "
        "recorded; the parameters are not counted.</p>"
    )
    agreement = (
        f"<p>The largest relative difference between two rungs’ losses at the same step was "
        f"<b>{small(race.difference)}</b>; the run stops if it exceeds {small(TOLERANCE)}.</p>"
    )
    return intro + player(race) + agreement


def _rung(race: Race, number: int) -> str:
    outcome = race.outcomes[number]
    name = outcome.rung.name
    facts = {"nodes": f"{outcome.nodes:,}"}
    listing = ""
    if (program := outcome.program) is not None:
        facts |= {
            "ops": f"{len(program):,}",
            "scalars": f"{race.outcomes[0].nodes:,}",
            "batched": f"{race.outcomes[2].nodes:,}",
            "beside": (
                "that is why the two bars stand side by side. Lifting finds what a practised hand would write, not more"
                if len(program) <= 1.5 * race.outcomes[2].nodes
                else "on so few numbers there is little to join"
            ),
            "capture": duration(outcome.capture_seconds or 0.0),
            "found": ", with matrix products that nobody wrote" if "matmul" in {s.op for s in program.steps} else "",
        }
        text = f'<pre class="code">{escape(str(program))}</pre>'
        listing = markup.details(f"The {len(program):,} tensor ops as a listing", text)
    before, *after = (f"<p>{text.format(**facts)}</p>" for text in _STORY[name])
    code = source_of(outcome.rung.code)
    body = f"""{before}
<pre class="code" tabindex="0" role="region" aria-label="code of rung {number + 1}"><code>{coloured(code)}</code></pre>
{listing}
{"".join(after)}
<div class="graph-and-cost">
{markup.explorer(outcome.view, f"computation graph of rung {number + 1}", fit=True)}
<div class="cost">{_figures(_cost(race, number))}
<h3>Time of a training step</h3>
{bars(race.outcomes, number)}
<p class="note">Logarithmic: each line is ten times the one before. At the end, how many times faster than rung 1.</p>
</div>
</div>"""
    return markup.section(name, f"{number + 1} · {_HEADINGS[name]}", body)


def _cost(race: Race, number: int) -> Iterable[tuple[str, str]]:
    outcome = race.outcomes[number]
    yield "nodes in a step", f"{outcome.nodes:,}"
    yield "time of a step", duration(outcome.seconds)
    if number:
        yield "against rung 1", times(race.outcomes[0].seconds / outcome.seconds)


def _summary(race: Race) -> str:
    rows = [
        (
            f"{number} · {outcome.rung.name}",
            f"{outcome.nodes:,}",
            duration(outcome.seconds),
            times(race.outcomes[0].seconds / outcome.seconds),
            _CHANGES[outcome.rung.name],
        )
        for number, outcome in enumerate(race.outcomes, 1)
    ]
    table = markup.table(("rung", "nodes in a step", "time of a step", "faster", "what changes in the code"), rows)
    first, _, batched, _ = race.outcomes
    words = (
        "<p>The arithmetic is the same in every row. What is saved is Python’s work on nodes: in this run one cost "
        f"{duration(first.seconds / first.nodes)} where it holds a number, and "
        f"{duration(batched.seconds / batched.nodes)} where it holds all examples and takes the place of "
        f"{times(first.nodes / batched.nodes).rstrip('×')}. A step is the median of the run: forward, backward and "
        "update.</p>"
    )
    return f'{words}<div class="scroll">{table}</div>'


def _figures(figures: Iterable[tuple[str, str]]) -> str:
    items = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in figures)
    return f'<dl class="figures">{items}</dl>'
