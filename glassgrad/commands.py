"""The commands of the command line. This module needs typer; ``cli.py`` says so in time when it is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

import viz
from autograd.catalogue import as_markdown, rows
from glassgrad import __version__
from glassgrad.graph_script import graph_of_script
from glassgrad.ladder import Settings, run_race, write_page
from glassgrad.train import Config, UsageError, run_training
from glassgrad.watch import Runs, serve

__all__ = ["app"]

app = typer.Typer(
    help="glassgrad: an autograd engine that you can see through.", no_args_is_help=True, add_completion=False,
    pretty_exceptions_enable=False,
)  # fmt: skip


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"glassgrad {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Train models, and see how they learn."""


RESUMABLE = ("epochs", "device", "data_dir")  # what may change when a run goes on


@app.command()
def train(
    context: typer.Context,
    model: Annotated[str, typer.Option(help="mlp or lenet.")] = "mlp",
    data: Annotated[str, typer.Option(help="digits (bundled), mnist or fashion-mnist.")] = "digits",
    epochs: Annotated[int | None, typer.Option(help="Epochs in all; default by data set.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images in a batch; default by data set.")] = None,
    optimizer: Annotated[str, typer.Option(help="adam, adamw or sgd (momentum 0.9, Nesterov).")] = "adam",
    lr: Annotated[float | None, typer.Option(help="Learning rate; default by optimizer.")] = None,
    lr_decay: Annotated[float | None, typer.Option(help="Factor on the learning rate in an epoch.")] = None,
    weight_decay: Annotated[float, typer.Option(help="Weight decay.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Seed of the weights and of the order of the data.")] = 0,
    device: Annotated[str, typer.Option(help='"cpu", "cuda" or "cuda:1".')] = "cpu",
    data_dir: Annotated[str | None, typer.Option(help="Folder of the data files; else GLASSGRAD_DATA.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run; default runs/<data>-<model>-<n>.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on with the run in this folder.")] = None,
    report: Annotated[bool, typer.Option(help="Write index.html at the end.")] = True,
    telemetry: Annotated[bool, typer.Option(help="Write telemetry.jsonl, for glassgrad watch.")] = True,
) -> None:
    """Train a model and leave a run folder: metrics.jsonl, checkpoint/, and the report index.html."""
    if resume is not None:
        sources = {name: context.get_parameter_source(name) for name in context.params}
        given = [name for name, source in sources.items() if source is not None and source.name != "DEFAULT"]
        if fixed := [_flag(name) for name in given if name not in (*RESUMABLE, "resume", "report", "telemetry")]:
            raise UsageError(
                f"--resume goes on with what the run was started with; leave {', '.join(fixed)} away. "
                f"Only {', '.join(map(_flag, RESUMABLE))} may change."
            )
        changes = {name: context.params[name] for name in RESUMABLE if name in given}
        config = replace(Config.load(resume), **changes)
        finished = run_training(config, resume, resume=True, report=report, telemetry=telemetry)
    else:
        config = Config.make(
            model, data, optimizer, epochs=epochs, batch_size=batch_size, lr=lr, lr_decay=lr_decay,
            weight_decay=weight_decay, seed=seed, device=device, data_dir=data_dir,
        )  # fmt: skip
        finished = run_training(config, out, report=report, telemetry=telemetry)
    if not finished:
        raise typer.Exit(130)  # as a shell reports a program that was ended by Ctrl-C


@app.command()
def watch(
    runs: Annotated[
        list[Path] | None, typer.Argument(help="Folders of runs, or folders that hold some; default runs.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes any that is free.")] = 4147,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
) -> None:
    """Serve a page on localhost that follows runs while they train, and compares them."""
    serve(Runs(runs or [Path("runs")]), port, open_browser=open_browser)


@app.command()
def ladder(
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("ladder.html"),
    steps: Annotated[int, typer.Option(help="Steps of gradient descent, for each rung.")] = 60,
    points: Annotated[int, typer.Option(help="Points on the two moons.")] = 100,
    hidden: Annotated[int, typer.Option(help="Hidden units of the network.")] = 16,
    seed: Annotated[int, typer.Option(help="Seed of the data and of the weights.")] = 0,
) -> None:
    """Train one small network written four ways, from scalars to tensors, and write the page that tells the story."""
    if out.is_dir():
        raise UsageError(f"--out {out} is a folder; name a file, such as {out / 'ladder.html'}.")
    if out.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"--out {out}: the page is HTML; name it {out.with_suffix('.html')}.")
    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {out.parent}. Make it first, or name another.")
    settings = Settings(steps, points, hidden, seed)
    print(f"{points} points, {hidden} hidden units, {steps} steps: the same training, four times")
    race = run_race(settings)
    print(f"largest relative difference between the losses: {race.difference:.1e}")
    if race.disturbed:
        print(f"other programs kept the processor busy: the run took {race.stretch:.1f} times as long as it worked")
    print(f"page: {write_page(out, race)}")


@app.command(context_settings={"allow_extra_args": True})
def graph(
    context: typer.Context,
    target: Annotated[str, typer.Argument(help="FILE:NAME: what to draw of a script, such as train.py:loss.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The .html (by default NAME.html), .svg, .png, .pdf, .dot, .mmd or .json."),
    ] = None,
    inputs: Annotated[
        list[str] | None, typer.Option("--input", help="Of a model or function: the script's name of an input.")
    ] = None,
    backward: Annotated[bool, typer.Option(help="Show the backward pass beside the forward graph.")] = False,
    only_backward: Annotated[bool, typer.Option(help="Show the backward pass alone.")] = False,
    values: Annotated[
        bool | None, typer.Option(help="Tell values and gradients on the cards; by default of all but Tensors.")
    ] = None,
    depth: Annotated[
        int | None, typer.Option(help="How many levels of modules are open; by default what can be taken in.")
    ] = None,
    roll: Annotated[bool, typer.Option(help="Draw what repeats once.")] = True,
    overlay: Annotated[str | None, typer.Option(help=f"Colour by {', '.join(viz.OVERLAYS)}.")] = None,
    title: Annotated[str | None, typer.Option(help="The heading; by default the name.")] = None,
    main: Annotated[bool, typer.Option("--main", help='Run what is under if __name__ == "__main__" too.')] = False,
) -> None:
    """Run a script and draw what it computed. Arguments after -- are the script's own."""
    path = out or Path(f"{target.rpartition(':')[2]}.html")
    # mistakes that show before a script has run for an hour
    if not path.parent.is_dir():
        raise UsageError(f"--out {path}: there is no folder {path.parent}. Make it first, or name another.")
    if overlay is not None and overlay not in viz.OVERLAYS:
        raise UsageError(f"--overlay {overlay}: it must be one of {', '.join(viz.OVERLAYS)}.")
    if depth is not None and depth < 0:
        raise UsageError(f"--depth {depth}: it must be 0 (close every group) or more.")
    options = {"title": title} if title is not None else {}
    view = graph_of_script(
        target, inputs or (), context.args, main=main, backward="only" if only_backward else backward, depth=depth,
        values=values, roll=roll, **options,
    )  # fmt: skip
    if overlay is not None:
        view = viz.overlay(view, overlay)
    view.save(path)
    print(f"{len(view.nodes):,} nodes, {len(view.edges):,} edges: {path}")


@app.command()
def ops(
    pattern: Annotated[str, typer.Argument(help="Only ops whose name or kind contains this.")] = "",
    markdown: Annotated[bool, typer.Option(help="Print the reference page with formulas, docs/ops.md.")] = False,
) -> None:
    """Print the table of ops: kind, orders of derivative, forward mode, vmap, fused kernel, ONNX operator."""
    if markdown:
        print(as_markdown(), end="")
        return
    found = [row for row in rows() if pattern.lower() in row.name.lower() or pattern.lower() == row.kind]
    if not found:
        raise UsageError(f"no op has {pattern!r} in its name, and no kind is called that. `glassgrad ops` prints all.")
    heads = ("op", "kind", "orders", "forward", "vmap", "fused", "ONNX")
    cells = [
        (r.name, r.kind, r.orders or "-", r.forward or "-", r.vmap, "yes" if r.fused else "-", r.onnx or "-")
        for r in found
    ]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    for line in (heads, *cells):
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
