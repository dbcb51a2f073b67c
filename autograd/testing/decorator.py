"""``@check_gradients``: a property-based test of derivatives out of a function."""

from __future__ import annotations

import ast
import functools
import inspect
import os
import re
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.backend import to_numpy
from autograd.check_case import Replay, is_order
from autograd.check_session import session
from autograd.checks import assert_gradients, chosen_modes
from autograd.errors import ArgumentError
from autograd.extras import import_extra
from autograd.random import manual_seed
from autograd.testing.strategies import Several, broadcastable_arrays

_hypothesis: Any = import_extra("hypothesis", extra="test", purpose="draw test inputs")
_st: Any = import_extra("hypothesis.strategies", extra="test", purpose="draw test inputs")

__all__ = ["check_gradients"]

_MOST_NUMBERS = 64  # in an array that a printed program holds


def check_gradients(
    *strategies: Any,
    order: int = 2,
    modes: Any = ("reverse", "forward"),
    max_examples: int = 30,
    device: str = "cpu",
    **tolerances: Any,
) -> Callable[[Callable[..., Any]], Any]:
    """A decorator that makes a function of Tensors into a test of its derivatives, over drawn inputs.

    ``strategies``    one for each argument, such as :func:`arrays`; :func:`broadcastable_arrays` and
                      :func:`matmul_arrays` stand for several arguments. Without any strategy each argument is an
                      array, and their shapes broadcast together
    ``order``         the highest derivative that is checked
    ``modes``         names of checks, or ``"all"``: ``"reverse"`` (finite differences), ``"forward"`` (linear, the
                      adjoint of reverse, the same Hessian), ``"linear"``, ``"vmap"`` (a batch equals a loop),
                      ``"checkpoint"``, ``"broadcast"`` (equals tiling), ``"float32"`` (follows float64), ``"complex"``
    ``max_examples``  inputs to draw; pytest's ``--gradcheck-examples`` overrides it
    ``device``        where to evaluate the function
    ``tolerances``    of the finite differences, see :func:`autograd.gradcheck`

    What is decorated may also be an op or a Module: ``test_mine = check_gradients(arrays((2, 3)))(nn.Linear(3, 4))``;
    a Module's parameters are checked too. Each example starts from the same random numbers. A failure shrinks to the
    smallest input that shows it, and prints a program that reproduces it. The function itself stays within reach as
    ``.function`` of the test. Keyword-only arguments are pytest's: fixtures, and ``pytest.mark.parametrize``.

    >>> @check_gradients(arrays(low=0.1), arrays((), low=0.5))
    ... def test_scaled_log(x, scale):
    ...     return ag.log(x) * scale
    """
    if len(strategies) == 1 and callable(strategies[0]) and not isinstance(strategies[0], _st.SearchStrategy):
        return check_gradients()(strategies[0])  # @check_gradients, without a call
    named = chosen_modes(modes)
    if not is_order(order):
        raise ArgumentError(f"check_gradients: order is the highest derivative to check, from 1 on; not {order!r}.")

    def decorate(function: Callable[..., Any]) -> Any:
        if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
            kind = "async" if inspect.iscoroutinefunction(function) else "a generator"
            raise ArgumentError(
                f"check_gradients: {function.__name__} is {kind}, so calling it computes nothing. Give a plain "
                "function that returns its results."
            )
        drawn = strategies or (_default_strategy(function),)

        options = tolerances if device == "cpu" else {"device": device} | tolerances

        def run(*of_class: Any, **fixtures: Any) -> None:
            """The test: pytest gives the instance of a method, and fixtures or parameters by keyword."""
            called = functools.partial(function, *of_class, **fixtures) if of_class or fixtures else function
            if called is not function:
                called.__name__ = getattr(function, "__name__", "function")

            replay = Replay()

            def test(inputs: tuple[Any, ...]) -> None:
                arguments = tuple(a for x in inputs for a in (x if isinstance(x, Several) else (x,)))
                with replay() as used:  # what an example draws does not depend on those before, or none could shrink
                    manual_seed(session.seed or 0)
                    try:
                        assert_gradients(called, *arguments, order=order, modes=named, device=device, **tolerances)
                    except Exception as error:
                        error.add_note(_program(function, fixtures, arguments, order, named, options, bool(used)))
                        raise

            test.__qualname__ = run.__qualname__  # Hypothesis keeps its examples, and its seed, by this name
            examples = session.examples or max_examples
            given = _hypothesis.given(_st.tuples(*drawn))(test)
            configured = _hypothesis.settings(max_examples=examples, deadline=None, report_multiple_bugs=False)(given)
            try:
                (configured if session.seed is None else _hypothesis.seed(session.seed)(configured))()
            finally:
                replay.reset()

        for attribute in ("__name__", "__qualname__", "__doc__", "__module__"):
            if isinstance(value := getattr(function, attribute, None), str):
                setattr(run, attribute, value)
        run.__signature__ = _for_pytest(function)  # type: ignore[attr-defined]
        run.function = function  # type: ignore[attr-defined]
        return run

    return decorate


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return []


def _for_pytest(function: Callable[..., Any]) -> inspect.Signature:
    """What pytest has to give: ``self`` of a method, and the keyword-only arguments, which are fixtures."""
    wanted = [p for p in _parameters(function) if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    first = _parameters(function)[:1]
    return inspect.Signature([*(p for p in first if p.name == "self"), *wanted])


def _default_strategy(function: Callable[..., Any]) -> Any:
    """As many arrays as the function has arguments, whose shapes broadcast together."""
    names = getattr(function, "arguments", None)  # an op of the table, or a custom one
    if names is None:
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        names = [p.name for p in _parameters(function) if p.kind in kinds and p.default is p.empty and p.name != "self"]
    if not names:
        raise ArgumentError("check_gradients: give a strategy for each argument, such as arrays().")
    return broadcastable_arrays(len(names))


# ----------------------------------------------------------------------------------------- a program that reproduces it


def _program(
    function: Callable[..., Any],
    fixtures: dict[str, Any],
    arguments: tuple[Any, ...],
    order: int,
    modes: tuple[str, ...],
    tolerances: dict[str, Any],
    random: bool,
) -> str:
    """A program that fails as the test did, ready to be pasted."""
    lines = ["import numpy as np", "import autograd as ag", "from autograd.testing import assert_gradients", ""]
    lines += _definition(function)
    if fixtures:
        lines += [_assigned(name, value, "put in what the fixture gives") for name, value in fixtures.items()]
        given = ", ".join(f"{name}={name}" for name in fixtures)
        lines += ["import functools", f"function = functools.partial(function, {given})", ""]
    if random:
        lines += [f"ag.manual_seed({session.seed or 0})"]
    names = []
    for i, x in enumerate(arguments):
        names.append(f"x{i}")
        lines.append(f"x{i} = {_literal(x)}")
    options = "".join(f", {name}={value!r}" for name, value in tolerances.items())
    call = ", ".join(["function", *names])
    lines.append(f"assert_gradients({call}, order={order}, modes={modes!r}{options})")
    seed = [] if session.seed is None else [f"The inputs were drawn with --gradcheck-seed={session.seed}."]
    return "\n".join(["To reproduce it:", "", *("    " + line for line in lines), "", *seed]).rstrip()


def _definition(function: Callable[..., Any]) -> list[str]:
    """Lines that define ``function``: taken from its file if that keeps it under a name, else its source."""
    name, qualname = getattr(function, "__name__", ""), getattr(function, "__qualname__", "")
    target: Any = function if hasattr(function, "__code__") else None
    file = target.__code__.co_filename if target is not None else ""
    if name.isidentifier() and qualname == name and os.path.isfile(file):
        path = os.path.relpath(file)
        found = f'runpy.run_path({path!r})["{name}"]'
        return ["import runpy", f"function = {found}", 'function = getattr(function, "function", function)', ""]
    if target is None:
        return _to_supply(f"{_described(function)}, which was decorated", _parameters_of(function))
    try:
        source = textwrap.dedent(inspect.getsource(target))
        definition = ast.parse(source).body[0]
    except (OSError, SyntaxError, TypeError, IndexError):
        return _to_supply(f"{name}, from {path_of(target)}")
    if not isinstance(definition, ast.FunctionDef):  # a lambda, somewhere on this line
        return _to_supply(f"the one from {path_of(target)}: {source.strip().splitlines()[0]}")
    lines = []
    for key, value in inspect.getclosurevars(target).nonlocals.items():
        lines.append(_assigned(key, value, f"put in what {path_of(target)} closes over"))
    body = source.splitlines()[definition.lineno - 1 :]  # without the decorators
    return [*lines, *body, f"function = {name}", ""]


def _to_supply(what: str, more: list[str] | None = None) -> list[str]:
    """Lines for a function that cannot be written down."""
    return [f"function = ...  # put it in here: {what}", *(more or []), ""]


def _described(function: Any) -> str:
    name = getattr(function, "__qualname__", "")
    return name or f"the {type(function).__name__}"


def _parameters_of(module: Any) -> list[str]:
    """Lines that give a Module the parameters that it had, if they are few."""
    if not hasattr(module, "state_dict"):
        return []
    state = {name: to_numpy(value.array) for name, value in module.state_dict().items()}
    if sum(value.size for value in state.values()) > _MOST_NUMBERS:
        return ["# with the parameters that it had in the test"]
    return [f"function.load_state_dict({_literal(state)})"]


def _assigned(name: str, value: Any, hint: str) -> str:
    """A line that gives a name its value, or says where that is to be had."""
    return f"{name} = {_literal(value)}" if _is_literal(value) else f"{name} = ...  # {hint}"


def _is_literal(x: Any) -> bool:
    """Whether :func:`_literal` can write a value down, and shortly."""
    if isinstance(x, (dict, list, tuple)):
        return all(map(_is_literal, x.values() if isinstance(x, dict) else x)) and len(x) <= _MOST_NUMBERS
    if isinstance(x, np.ndarray):
        return x.size <= _MOST_NUMBERS and x.dtype.kind in "biufc"
    return x is None or isinstance(x, (bool, int, float, complex, str))


def path_of(function: Any) -> str:
    """The file and line of a function, from the working directory."""
    return f"{os.path.relpath(function.__code__.co_filename)}:{function.__code__.co_firstlineno}"


def _literal(x: Any) -> str:
    """An argument as an expression of Python."""
    if isinstance(x, np.ndarray):
        numbers = re.sub(r"\b(nan|inf)\b", r"np.\1", repr(x.tolist()))
        shaped = f".reshape({x.shape})" if x.size == 0 else ""
        return f"np.array({numbers}, dtype={str(x.dtype)!r}){shaped}"
    if isinstance(x, dict):
        return "{" + ", ".join(f"{k!r}: {_literal(v)}" for k, v in x.items()) + "}"
    if type(x) in (list, tuple):
        inner = ", ".join(_literal(v) for v in x)
        return f"[{inner}]" if type(x) is list else f"({inner}{',' if len(x) == 1 else ''})"
    return repr(x)
