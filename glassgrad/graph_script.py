"""``glassgrad graph script.py:loss``: run a script under a recorder and draw what it computed."""

from __future__ import annotations

import difflib
import runpy
import sys
import traceback
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
    place: str, inputs: Sequence[str] = (), arguments: Sequence[str] = (), *, main: bool = False, **options: Any
) -> viz.GraphView:
    """The graph of what a script computed.

    ``place``      ``"script.py:loss"``: the file and, after the colon, what to draw: a Tensor or Value, a model, or a
                   function, also as ``"script.py:model.encoder"``
    ``inputs``     names in the script: what a model or function is called with
    ``arguments``  the script's own arguments, ``sys.argv[1:]``
    ``main``       run what stands under ``if __name__ == "__main__":`` too, as Python does with a program; by default
                   the script runs as a module that is imported
    ``options``    as of :func:`viz.graph`

    A file in a package runs as a module of it, so that its relative imports work. Raises UsageError for a file or a
    name that is not there, and where the script itself raises or exits: then it tells the line of the script.
    """
    file, colon, name = place.rpartition(":")
    if not colon or not name:
        raise UsageError(f"{place!r}: say what to draw after the file, such as {place.rstrip(':')}:loss.")
    path = Path(file)
    if not path.is_file():
        raise UsageError(f"there is no file {file}. The first argument is FILE:NAME, such as train.py:loss.")
    if path.suffix == ".ipynb":
        raise UsageError(
            f"{file} is a notebook. In one, viz.graph(loss) at the end of a cell shows the drawing; or export the "
            f"notebook as a script first: jupyter nbconvert --to script {file}."
        )
    with ag.record(histograms=True) as tape:
        namespace = _run(path, arguments, main)
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


def _run(path: Path, arguments: Sequence[str], main: bool) -> dict[str, Any]:
    """Run a file as Python would, with its folder on the path and its own arguments."""
    argv, before = sys.argv, list(sys.path)
    root = path.resolve().parent
    module = [path.stem]
    while (root / "__init__.py").is_file():
        module.insert(0, root.name)
        root = root.parent
    sys.argv = [str(path), *arguments]
    sys.path[:0] = dict.fromkeys((str(path.resolve().parent), str(root)))
    try:
        if len(module) > 1:
            return runpy.run_module(".".join(module), run_name="__main__" if main else None)
        return runpy.run_path(str(path), run_name="__main__" if main else path.stem)
    except SystemExit as end:
        raise UsageError(
            f"{path.name} ended itself with {end!r}, and what it had computed is gone. Its own "
            f"arguments go after --, such as: glassgrad graph {path}:loss -- --epochs 1."
        ) from end
    except Exception as error:
        raise UsageError(f"{path.name} raised an error.\n{_told(error, path)}") from error
    finally:
        sys.argv, sys.path[:] = argv, before


def _told(error: Exception, path: Path) -> str:
    """The traceback from the script on; what runs it is left out."""
    frames = traceback.extract_tb(error.__traceback__)
    file = path.resolve()
    begin = next((i for i, frame in enumerate(frames) if Path(frame.filename).resolve() == file), len(frames))
    lines = traceback.format_list(frames[begin:]) + traceback.format_exception_only(error)
    return "".join(lines).rstrip()


def _look_up(namespace: Mapping[str, Any], name: str, path: Path) -> Any:
    first, *rest = name.split(".")
    if first not in namespace:
        near = difflib.get_close_matches(first, namespace, 1)
        hint = f"Did you mean {near[0]!r}?" if near else _drawable(namespace)
        if namespace.get("__name__") != "__main__" and "__main__" in path.read_text(encoding="utf-8"):
            hint += ' What stands under if __name__ == "__main__" did not run; with --main it does.'
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
        if not key.startswith("_") and not isinstance(value, type)
        and (
            isinstance(value, Variable) or hasattr(value, "named_parameters")
            or (getattr(value, "__module__", None) == namespace.get("__name__") and callable(value))
        )
    ]  # fmt: skip
    more = ", ..." if len(found) > 8 else ""
    if not found:
        return "It has no Tensor, Value, model or function at its top level."
    return f"It has {', '.join(found[:8])}{more}."
