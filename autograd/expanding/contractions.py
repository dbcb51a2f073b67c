"""Contractions, element by element: sums of products, whose factors are found by arithmetic on positions."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd.backend import Array
from autograd.expanding.element import Element, Opened, Rule, added, positions
from autograd.ops.convolution import windows

__all__ = ["convolution", "convolution_of_input", "convolution_of_weight", "einsum", "linear_layer", "matmul"]


def _product_sum(opened: Opened, terms: Iterable[tuple[int, ...]], bias: Any = None) -> Element:
    """The sum over ``terms`` (a position in each argument) of products, and the bias."""
    rows = [[opened.part(i, flat) for i, flat in enumerate(term)] for term in terms]
    parts = [part for row in rows for part in row]
    width = len(rows[0]) if rows else 1
    if bias is not None:
        parts.append(bias)
    if not parts:
        return Element([0.0])

    def combine(*values: Any) -> Any:
        products = [functools.reduce(operator.mul, values[k : k + width]) for k in range(0, len(rows) * width, width)]
        return added(products + ([] if bias is None else [values[-1]]))

    return Element(parts, combine, len(rows) * width)


def matmul(opened: Opened) -> Rule:
    """A row of the one against a column of the other."""
    a, b = positions(opened.shape(0)), positions(opened.shape(1))
    out = opened.node.shape
    if a.ndim == 1:
        a, out = a[None, :], (*out[:-1], 1, out[-1]) if b.ndim > 1 else (1, *out)
    if b.ndim == 1:
        b, out = b[:, None], (*out, 1)
    a = np.broadcast_to(a, (*out[:-2], *a.shape[-2:]))
    b = np.broadcast_to(b, (*out[:-2], *b.shape[-2:]))

    def element(output: int, flat: int) -> Element:
        *batch, i, j = np.unravel_index(flat, out)
        places: Any = (*batch, slice(None), j)
        row, column = a[places[:-2] + (i,)].tolist(), b[places].tolist()
        return _product_sum(opened, zip(row, column, strict=True))

    return element


def linear_layer(opened: Opened) -> Rule:
    """A vector against a row of the weight, and the bias."""
    x, weight = positions(opened.shape(0)), positions(opened.shape(1))
    biased = not opened.absent(2)

    def element(output: int, flat: int) -> Element:
        *batch, j = np.unravel_index(flat, opened.node.shape)
        terms = zip(x[tuple(batch)].tolist(), weight[j].tolist(), strict=True)
        return _product_sum(opened, terms, opened.part(2, int(j)) if biased else None)

    return element


def einsum(opened: Opened) -> Rule:
    """A product for each setting of the labels that are summed over."""
    left, _, output_labels = opened.params["subscripts"].partition("->")
    inputs = left.split(",")
    places = [positions(opened.shape(i)) for i in range(len(inputs))]
    sizes: dict[str, int] = {}
    for labels, p in zip(inputs, places, strict=True):
        for label, n in zip(labels, p.shape, strict=True):
            sizes[label] = n if n != 1 else sizes.get(label, 1)
    summed = [label for label in sizes if label not in output_labels]

    def element(output: int, flat: int) -> Element:
        at = dict(zip(output_labels, np.unravel_index(flat, opened.node.shape), strict=True))
        terms = []
        for where in itertools.product(*(range(sizes[label]) for label in summed)):
            at.update(zip(summed, where, strict=True))
            terms.append(
                tuple(
                    int(p[tuple(at[label] if n > 1 else 0 for label, n in zip(labels, p.shape, strict=True))])
                    for labels, p in zip(inputs, places, strict=True)
                )
            )
        return _product_sum(opened, terms)

    return element


def convolution(opened: Opened) -> Rule:
    """Each window of the image against the kernel."""
    weight = positions(opened.shape(1))
    seen = _windowed(opened.shape(0), weight.shape[2:], opened.params)
    biased = not opened.absent(2)
    width, per_group = weight.shape[1], weight.shape[0] // opened.params["groups"]

    def element(output: int, flat: int) -> Element:
        n, o, *place = np.unravel_index(flat, opened.node.shape)
        first = o // per_group * width
        pixels = seen[(n, slice(first, first + width), *place)].reshape(-1).tolist()
        terms = [(p, w) for p, w in zip(pixels, weight[o].reshape(-1).tolist(), strict=True) if p >= 0]
        return _product_sum(opened, terms, opened.part(2, int(o)) if biased else None)

    return element


def _windowed(shape: tuple[int, ...], kernel: tuple[int, ...], params: dict[str, Any]) -> Array:
    """The positions of an image in each window, -1 in the padding: ``(N, C, *out, *kernel)``."""
    return windows(positions(shape), kernel, params["stride"], params["padding"], params["dilation"], fill=-1)


def convolution_of_input(opened: Opened) -> Rule:
    """The transposed convolution: every element of ``d`` whose window covers the pixel."""
    d, weight, params = positions(opened.shape(0)), positions(opened.shape(1)), opened.params
    width, per_group = weight.shape[1], weight.shape[0] // params["groups"]
    kernel, out = weight.shape[2:], d.shape[2:]

    def element(output: int, flat: int) -> Element:
        n, c, *pixel = map(int, np.unravel_index(flat, opened.node.shape))
        group = c // width
        hits = []  # along each axis: the places in the kernel, and the window, that the pixel lies in
        for q, k, m, s, p, r in zip(
            pixel, kernel, out, params["stride"], params["padding"], params["dilation"], strict=True
        ):
            starts = [(i, q + p - i * r) for i in range(k)]
            hits.append([(i, start // s) for i, start in starts if start % s == 0 and 0 <= start // s < m])
        terms = [
            (int(d[(n, o, *(h[1] for h in hit))]), int(weight[(o, c - group * width, *(h[0] for h in hit))]))
            for o in range(group * per_group, (group + 1) * per_group)
            for hit in itertools.product(*hits)
        ]
        return _product_sum(opened, terms)

    return element


def convolution_of_weight(opened: Opened) -> Rule:
    """Each window against the cotangent of its place, over images and places."""
    d, params = positions(opened.shape(1)), opened.params
    seen = _windowed(opened.shape(0), params["kernel"], params)
    seen = seen[(slice(None), slice(None), *map(slice, d.shape[2:]))]
    axes = d.ndim - 2
    width, per_group = opened.shape(0)[1] // params["groups"], d.shape[1] // params["groups"]

    def element(output: int, flat: int) -> Element:
        o, c, *place = np.unravel_index(flat, opened.node.shape)
        pixels = seen[(slice(None), o // per_group * width + c, *(slice(None),) * axes, *place)].reshape(-1).tolist()
        return _product_sum(
            opened, [(p, g) for p, g in zip(pixels, d[:, o].reshape(-1).tolist(), strict=True) if p >= 0]
        )

    return element
