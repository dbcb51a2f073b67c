"""``glassgrad graph script.py:loss``: run a script under a recorder and draw what it computed."""

from __future__ import annotations

import difflib
import runpy
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import autograd as ag
import viz
from autograd.errors import GlassgradError
from autograd.tape import Variable
from glassgrad.train import UsageError

__all__ = ["graph_of_script", "names_in"]


def graph_of_script(
    place: str, inputs: Sequence[str] = (), arguments: Sequence[str] = (), **options: Any
) -> viz.GraphView:
    """The graph of what a script computed.

    ``place``      ``"script.py:loss"``: the file and, after the colon, what to draw: a Tensor or Value, a model, or a
                   function, also as ``"script.py:model.encoder"``
    ``inputs``     names in the script: what a model or function is called with
    ``arguments``  the script's own arguments, ``sys.argv[1:]``
    ``options``    as of :func:`viz.graph`

    The script runs as a module that is imported: what stands under ``if __name__ == "__main__":`` does not. Raises
    UsageError for a file or a name that is not there; an error of the script itself passes through.
    """
    file, colon, name = place.rpartition(":")
    if not colon or not name:
        raise UsageError(f"{place!r}: say what to draw after the file, such as {place.rstrip(':')}:loss.")
    path = Path(file)
    if not path.is_file():
        raise UsageError(f"there is no file {file}. The first argument is FILE:NAME, such as train.py:loss.")
    with ag.record(histograms=True) as tape:
        namespace = _run(path, arguments)
    target = _look_up(namespace, name, path)
    given = [_look_up(namespace, one, path) for one in inputs]
    options = {"names": names_in(namespace), "title": name} | options
    if isinstance(target, Variable):
        if given:
            raise UsageError(f"{name} is a {type(target).__name__} already: --input is for a model or a function.")
        if tape.value_of(target) is not None and not isinstance(target, ag.scalar.Value):
            return viz.graph(tape, target, **options)
        return viz.graph(target, **options)
    if not callable(target):
        raise UsageError(
            f"{name} in {path.name} is a {type(target).__name__}; what can be drawn is a Tensor, a Value, a model or a "
            f"function. {_drawable(namespace)}"
        )
    return viz.graph(target, *given, **options)


def names_in(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """What a script calls its Tensors and Values, and the parameters of its models.

    The parameters of a single model go by their names in its ``state_dict``; those of several by that of the model too.
    """
    public = {key: value for key, value in namespace.items() if not key.startswith("_")}
    names = {key: value for key, value in public.items() if isinstance(value, Variable)}
    models = {
        key: value
        for key, value in public.items()
        if callable(getattr(value, "named_parameters", None)) and not isinstance(value, type)
    }
    for key, model in models.items():
        for name, parameter in model.named_parameters():
            names[name if len(models) == 1 else f"{key}.{name}"] = parameter
    return names


def _run(path: Path, arguments: Sequence[str]) -> dict[str, Any]:
    """Run a file as Python would, with its folder on the path and its own arguments."""
    argv, folder = sys.argv, str(path.resolve().parent)
    sys.argv = [str(path), *arguments]
    sys.path.insert(0, folder)
    try:
        return runpy.run_path(str(path), run_name=path.stem)
    finally:
        sys.argv = argv
        if folder in sys.path:
            sys.path.remove(folder)


def _look_up(namespace: Mapping[str, Any], name: str, path: Path) -> Any:
    first, *rest = name.split(".")
    if first not in namespace:
        near = difflib.get_close_matches(first, namespace, 1)
        hint = f"Did you mean {near[0]!r}?" if near else _drawable(namespace)
        raise UsageError(f"{path.name} leaves nothing named {first!r}. {hint}")
    found = namespace[first]
    for part in rest:
        try:
            found = found[int(part)] if part.isdigit() and not hasattr(found, part) else getattr(found, part)
        except (AttributeError, LookupError, TypeError, GlassgradError) as error:
            raise UsageError(f"{path.name}: {first} has no {part!r} in {name!r}.") from error
    return found


def _drawable(namespace: Mapping[str, Any]) -> str:
    found = [
        key
        for key, value in namespace.items()
        if not key.startswith("_") and (isinstance(value, Variable) or hasattr(value, "named_parameters"))
        and not isinstance(value, type)
    ]  # fmt: skip
    return f"It has {', '.join(found[:8])}." if found else "It has no Tensor, Value or model at its top level."
