"""Einstein summation: products over named axes, and the order in which several of them are cheap."""

from __future__ import annotations

import math
import string
from collections.abc import Iterable
from itertools import combinations
from typing import Any

import numpy as np

from autograd.backend import Array
from autograd.errors import DtypeError, MissingExtraError, ShapeError
from autograd.extras import import_extra
from autograd.ops.halves import rounded_once
from autograd.ops.rearrange import diagonal
from autograd.ops.reduce import sum
from autograd.ops.shape import moveaxis
from autograd.primitive import primitive
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec

__all__ = ["einsum"]


@rounded_once
def _einsum_forward(*xs: Array, subscripts: str) -> Array:
    return np.einsum(subscripts, *xs, optimize=len(xs) > 1)


def _einsum_vjp(g: Any, needs: tuple[bool, ...], xs: tuple[Any, ...], subscripts: str) -> list[Any]:
    """The gradient of operand i: the einsum of the cotangent with the other operands, onto the labels of i."""
    inputs, output = _terms(subscripts)
    gradients: list[Any] = []
    for i, needed in enumerate(needs):
        others = [j for j in range(len(xs)) if j != i]
        terms = ",".join([output, *(inputs[j] for j in others)])
        gradients.append(_einsum(g, *(xs[j] for j in others), subscripts=f"{terms}->{inputs[i]}") if needed else None)
    return gradients


def _terms(subscripts: str) -> tuple[list[str], str]:
    left, _, output = subscripts.partition("->")
    return left.split(","), output


def _einsum_flops(out: tuple[int, ...], *shapes: tuple[int, ...], subscripts: str) -> int:
    inputs, _ = _terms(subscripts)
    sizes = {label: n for term, shape in zip(inputs, shapes, strict=True) for label, n in zip(term, shape, strict=True)}
    return len(shapes) * math.prod(sizes.values())


_einsum = primitive(
    "einsum", _einsum_forward, kind="contraction",
    vjp=_einsum_vjp, jvp="multilinear", latex=r"\operatorname{{einsum}}_{{E}}({0}, \dots)", flops=_einsum_flops,
    vjp_latex=[r"\operatorname{einsum}_{E}(\bar y, \dots)"],
    samples=[
        sample(spec(2, 3), spec(3, 4), subscripts="ij,jk->ik"), sample(spec(2, 3), subscripts="ij->ji"),
        sample(spec(2, 3), spec(3), spec(2), subscripts="ij,j,i->ij"),
        sample(spec(2, 0), spec(0, 3), subscripts="ij,jk->ik"),
    ],
    errors=[ErrorSample((np.ones((2, 3)),), ShapeError, "einsum", {"subscripts": "ijk->i"})],
)  # fmt: skip


def einsum(subscripts: str, *operands: Any) -> Any:
    """Einstein summation (NumPy's string form): products over named axes, summed over the labels left out.

    Repeated labels in one operand take its diagonal; ``...`` stands for broadcast axes. Three operands or more are
    multiplied two by two, in an order that keeps what is between small (opt_einsum's where it is installed).

    >>> einsum("bij,bjk->bik", a, b)      # batched matrix product
    """
    if not isinstance(subscripts, str):
        raise DtypeError(f"einsum: the first argument is a string such as 'ij,jk->ik', not {subscripts!r}.")
    xs = [x if hasattr(x, "shape") else np.asarray(x) for x in operands]
    terms, output = _explicit(subscripts, [tuple(x.shape) for x in xs])
    for i, term in enumerate(terms):
        xs[i], terms[i] = _simplified(xs[i], term, output, terms[:i] + terms[i + 1 :])
    for pair in contraction_path(terms, output, [tuple(x.shape) for x in xs]) if len(xs) > 2 else ():
        _contract(xs, terms, output, pair)
    return _einsum(*xs, subscripts=",".join(terms) + "->" + output)


def _contract(xs: list[Any], terms: list[str], output: str, pair: tuple[int, int]) -> None:
    """Put the product of two operands in their place at the end of the list, with the labels that are still wanted."""
    second, first = sorted(pair, reverse=True)
    b, term_b, a, term_a = xs.pop(second), terms.pop(second), xs.pop(first), terms.pop(first)
    wanted = set(output).union(*terms)
    kept = "".join(c for c in dict.fromkeys(term_a + term_b) if c in wanted)
    xs.append(_einsum(a, b, subscripts=f"{term_a},{term_b}->{kept}"))
    terms.append(kept)


def contraction_path(terms: list[str], output: str, shapes: list[tuple[int, ...]]) -> list[tuple[int, int]]:
    """Which two operands to contract first, next, and so on, until two are left for the last step.

    As in NumPy and opt_einsum, a step names two places in the list, and its result goes to the end. opt_einsum finds
    the order where it is installed; else the pair that shrinks most goes first (its "greedy" order).
    """
    sizes: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        for label, n in zip(term, shape, strict=True):
            sizes[label] = max(n, sizes.get(label, 1))
    try:
        planner = import_extra("opt_einsum", extra="fast", purpose="plan contractions")
    except MissingExtraError:
        return _greedy_path(terms, output, sizes)
    full = [tuple(sizes[label] for label in term) for term in terms]
    steps, _ = planner.contract_path(",".join(terms) + "->" + output, *full, shapes=True, optimize="auto")
    pairs = [tuple(step) for step in steps]
    return pairs[:-1] if all(len(step) == 2 for step in pairs) else _greedy_path(terms, output, sizes)


def _greedy_path(terms: list[str], output: str, sizes: dict[str, int]) -> list[tuple[int, int]]:
    """At each step the pair whose product saves most memory against its factors, the cheaper one of equals."""
    left, path = [set(term) for term in terms], []

    def size(labels: Iterable[str]) -> int:
        return math.prod(sizes[label] for label in labels)

    while len(left) > 2:

        def price(pair: tuple[int, int]) -> tuple[int, int]:
            a, b = left[pair[0]], left[pair[1]]
            others = [labels for k, labels in enumerate(left) if k not in pair]
            kept = (a | b) & set(output).union(*others)
            return size(kept) - size(a) - size(b), size(a | b)

        first, second = min(combinations(range(len(left)), 2), key=price)
        b, a = left.pop(second), left.pop(first)
        left.append((a | b) & set(output).union(*left))
        path.append((first, second))
    return path


def _explicit(subscripts: str, shapes: list[tuple[int, ...]]) -> tuple[list[str], str]:
    """The terms and the output with letters in place of ``...``, the output spelled out."""
    text = subscripts.replace(" ", "")
    left, arrow, output = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(shapes):
        raise ShapeError(f"einsum {subscripts!r}: {len(terms)} terms for {len(shapes)} operand(s).")
    free = [c for c in reversed(string.ascii_letters) if c not in text]
    extra = [
        len(shape) - len(t.replace("...", "")) if "..." in t else 0 for t, shape in zip(terms, shapes, strict=True)
    ]
    for i, (term, shape) in enumerate(zip(terms, shapes, strict=True)):
        named = term.replace("...", "")
        if not all(c in string.ascii_letters for c in named) or extra[i] < 0 or len(named) + extra[i] != len(shape):
            raise ShapeError(
                f"einsum {subscripts!r}: term {term!r} does not fit operand {i} of shape {shape}: "
                "it needs one letter for each axis, or '...' for the rest."
            )
    ellipsis = "".join(reversed(free[: max(extra)]))  # the last letters stand for the last axes
    terms = [t.replace("...", ellipsis[len(ellipsis) - n :]) for t, n in zip(terms, extra, strict=True)]
    if arrow:
        output = output.replace("...", ellipsis)
    else:
        joined = "".join(terms)
        output = ellipsis + "".join(c for c in sorted(set(joined)) if joined.count(c) == 1 and c not in ellipsis)
    sizes: dict[str, int] = {}
    for i, (term, shape) in enumerate(zip(terms, shapes, strict=True)):
        for label, n in zip(term, shape, strict=True):
            if n != 1 and sizes.setdefault(label, n) != n:
                raise ShapeError(
                    f"einsum {subscripts!r}: label {label!r} is {sizes[label]} in one operand and {n} in operand {i} "
                    f"(shapes {', '.join(map(str, shapes))})."
                )
    for label in output:
        if not any(label in term for term in terms) or output.count(label) > 1:
            raise ShapeError(f"einsum {subscripts!r}: output label {label!r} must stand once, and in some operand.")
    return terms, output


def _simplified(x: Any, term: str, output: str, others: list[str]) -> tuple[Any, str]:
    """The operand with repeated labels reduced to their diagonal, and labels that nobody else has summed away."""
    for label in dict.fromkeys(term):
        while term.count(label) > 1:
            first, second = term.index(label), term.rindex(label)
            x = moveaxis(diagonal(x, 0, first, second), -1, first)
            term = term[:second] + term[second + 1 :]
    alone = tuple(i for i, c in enumerate(term) if c not in output and not any(c in other for other in others))
    if alone:
        x = sum(x, alone)
        term = "".join(c for i, c in enumerate(term) if i not in alone)
    return x, term
