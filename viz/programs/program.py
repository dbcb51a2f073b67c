"""A graph as scalar arithmetic: what a page needs to compute it again with other numbers, and to open one element.

It is data alone, made by :func:`viz.programs.lowering.lower`. Expressions are those of the ``code`` facet of the op
table, a small part of C: numbers, names, ``+ - * /``, comparisons, ``?:`` and functions such as ``fmax``.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Application", "Kernel", "Program", "Recipe"]

Lines = tuple[tuple[str, str], ...]
"""Assignments, name and expression; the last is the result."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """One elementwise op on single numbers.

    ``forward``  its value from the arguments ``a0``, ``a1``, ...
    ``pulls``    of each argument its gradient from ``g``, that of the value, the arguments and the value ``y``; None
                 where it has none
    ``selects``  whether it takes some of its arguments, so that the others get no gradient rather than one of 0
    """

    name: str
    arguments: int
    forward: str
    pulls: tuple[Lines | None, ...]
    selects: bool = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the elements of an op's result come from those of its arguments.

    Cells are numbered: first the elements of the arguments, one after another, then the results of ``instructions``. A
    reference to a cell is its number; one below 0 is a place in ``constants``, counted as -1, -2, ...

    ``inputs``        how many elements each argument has; 0 where it is no number that can change
    ``instructions``  each the number of a kernel and a reference for each of its arguments
    ``outputs``       a reference for each element of the result, of several results one after another
    """

    inputs: tuple[int, ...]
    constants: tuple[float, ...]
    instructions: tuple[tuple[int, ...], ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Application:
    """One node of the view that an op made.

    ``sources``  of each argument the node that it comes from and where in that node's elements it begins; None where
                 none is drawn
    ``given``    of each argument its numbers, where no other part of the program tells them
    """

    node: int
    recipe: int
    sources: tuple[tuple[int, int] | None, ...]
    given: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Program:
    """The arithmetic behind a view.

    ``leaves``    nodes that no op made, with their numbers
    ``editable``  whether it is the whole graph, so that it can be computed again from other leaves
    ``reason``    why not
    """

    kernels: tuple[Kernel, ...] = ()
    recipes: tuple[Recipe, ...] = ()
    applications: tuple[Application, ...] = ()
    leaves: tuple[tuple[int, tuple[float, ...]], ...] = ()
    editable: bool = False
    reason: str = ""
