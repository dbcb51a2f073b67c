"""In which parts, order and shape the numbers of a group are computed, so that little has to be moved.

Sums that pair each of some rows of numbers with each of some other rows are a matrix product: rows of inputs with the
rows of a weight matrix are a layer, queries with keys attention, patches of an image with kernels a convolution. Such a
grid has the shape (rows, columns), and what is computed from it keeps that shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from autograd.lifting.steps import Steps

__all__ = ["SHORT", "arranged", "in_order", "laid_out", "parts", "rows_and_columns"]

SHORT = 3  # so many products or terms are added up one by one, rather than along an axis
_PARTS = 8  # a group is computed in so many parts at most, unless parts are large
_LARGE = 32
_ROUNDS = 8  # a grid is recognised in two; what takes longer is none


def in_order(steps: Steps, terms: np.ndarray) -> np.ndarray:
    """The terms of each sum in the order in which they lie in registers: the same for all, whatever was written."""
    if terms.shape[1] < 2:
        return terms
    return np.take_along_axis(terms, np.argsort(steps.where[terms], axis=1, kind="stable"), 1)


def parts(steps: Steps, operands: np.ndarray) -> Iterator[np.ndarray]:
    """The members of a group by the registers that they take their operands from: (members, operands) -> indices."""
    registers = steps.register_of(operands)
    if (registers == registers[:1]).all():
        yield np.arange(len(operands))
        return
    _, kind, size = np.unique(registers, axis=0, return_inverse=True, return_counts=True)
    apart = np.ones(len(size), bool) if len(size) <= _PARTS else size >= _LARGE
    for k in np.flatnonzero(apart):
        yield np.flatnonzero(kind == k)
    rest = np.flatnonzero(~apart[kind])
    if rest.size:
        yield rest


def arranged(steps: Steps, slots: np.ndarray) -> np.ndarray:
    """The members of a part in an order, and a shape, in which most operands lie there as they are."""
    count = slots.shape[1]
    best = None
    for names in slots:
        registers = steps.register_of(names)
        if not (registers == registers[0]).all():
            continue
        source = steps.registers[registers[0]]
        spots = steps.place_of(names)
        order = np.argsort(spots, kind="stable")
        spots = spots[order]
        if (spots[1:] == spots[:-1]).any():
            continue
        if count == source.size:
            return order.reshape(source.shape)
        if len(source.shape) == 2:
            rows, columns = np.unique(spots // source.shape[1]), np.unique(spots % source.shape[1])
            if len(rows) * len(columns) == count:
                return order.reshape(len(rows), len(columns))
        best = order if best is None else best
    return np.arange(count) if best is None else best


def laid_out(
    steps: Steps, pairs: list[np.ndarray], terms: list[np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The pairs with their factors in the right places, and the members of each part in its order and shape.

    A part whose sums of products make up a whole matrix product has the shape (rows, columns), or (matrices, rows,
    columns) where several of one size do.
    """
    main = 0 if pairs[0].shape[1] else 1
    grids: list[np.ndarray] = []
    rest = np.arange(len(pairs[0]))
    if pairs[main].shape[1] and len(rest) > 1:
        found = []
        for candidate in _candidates(steps, pairs[main]):
            found.append((_grids(steps, candidate), candidate))
            if not len(found[-1][0][1]):
                break
        (grids, rest), pairs[main] = max(found, key=lambda item: -len(item[0][1]))
        for i, grid in enumerate(grids):
            if _better_turned(steps, grid, pairs[main][grid]):
                pairs[main][grid] = pairs[main][grid][..., ::-1]
                grids[i] = np.swapaxes(grid, -1, -2)
    elif pairs[main].shape[1]:
        pairs[main] = next(_candidates(steps, pairs[main]))
    if not len(rest):
        return pairs, grids
    short = [p.reshape(len(p), -1) for p in pairs if p.shape[1] <= SHORT] + [t for t in terms if t.shape[1] <= SHORT]
    slots = np.concatenate(short, axis=1)[rest]
    if slots.shape[1]:
        layouts = [part[arranged(steps, slots[part].T)] for part in parts(steps, slots)]
    else:
        first = next(x.reshape(len(x), -1)[rest, 0] for x in (*pairs, *terms) if x.shape[1])
        layouts = [np.argsort(steps.where[first], kind="stable")]
    return pairs, grids + [rest[part] for part in layouts]


def _better_turned(steps: Steps, members: np.ndarray, pairs: np.ndarray) -> bool:
    """Whether the product of a grid (..., rows, columns) is better computed transposed.

    What was computed last should be taken as it lies; if that is no help, what the program computed first is a row.
    """
    left, right = pairs[..., :, 0, :, 0], pairs[..., 0, :, :, 1]
    newest = [int(steps.register_of(x.flat[0])) for x in (left, right)]
    turned = newest[1] > newest[0]
    data = right if turned else left
    if data.size == steps.registers[max(newest)].size and max(newest) >= steps.inputs and newest[0] != newest[1]:
        for rows in (True, False):
            spots = steps.where[data if rows else np.swapaxes(data, -1, -2)].ravel()
            if (spots == spots[0] + np.arange(spots.size)).all():
                return turned if rows else not turned
    return bool(members[..., 0, 1:2].sum() > members[..., 1:2, 0].sum()) and members.shape[-2] > 1


def _candidates(steps: Steps, pairs: np.ndarray) -> Iterator[np.ndarray]:
    """The pairs with factors and order as they may have been meant: one way is tried after the other."""
    where, registers = steps.where[pairs], steps.register_of(pairs)
    # Factors that lie in different registers are told apart by that; those of one register as they were written.
    swapped = registers[..., 0] > registers[..., 1]
    turned = np.where(swapped[..., None], pairs[..., ::-1], pairs)
    yield turned
    for key in (0, 1):
        order = np.argsort(steps.where[turned[..., key]], axis=1, kind="stable")
        yield np.take_along_axis(turned, order[..., None], 1)
    ordered = np.where((where[..., 0] > where[..., 1])[..., None], pairs[..., ::-1], pairs)
    for key in (0, 1):
        order = np.argsort(steps.where[ordered[..., key]], axis=1, kind="stable")
        yield np.take_along_axis(ordered, order[..., None], 1)


@lru_cache(maxsize=64)
def _weights(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(1, 1 << 62, count) | 1


def _distinct(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each distinct row is found first, and which of them each row is. By a hash: linear in the numbers."""
    keys = (rows * _weights(rows.shape[1])).sum(axis=1)  # wraps around
    _, first, code = np.unique(keys, return_index=True, return_inverse=True)
    if not (rows[first][code] == rows).all():  # two rows of one hash
        _, first, code = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return first, code.ravel()


def rows_and_columns(
    steps: Steps, left: np.ndarray, right: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The distinct left and right rows, in the order in which they lie in registers, and those of each member."""
    result = []
    for names in (left, right):
        first, code = _distinct(names)
        # plain numbers lie nowhere in particular: as they were written
        literal = not steps.register_of(names[first]).any()
        order = np.argsort(first if literal else steps.where[names[first, 0]], kind="stable")
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        result += [first[order], rank[code]]
    return result[0], result[1], result[2], result[3]


def _occurrences(cells: np.ndarray) -> np.ndarray:
    """How often each entry occurred before."""
    order = np.argsort(cells, kind="stable")
    ordered = cells[order]
    new = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    counts = np.arange(len(cells))
    again = np.empty_like(cells)
    again[order] = counts - np.maximum.accumulate(np.where(new, counts, 0))
    return again


def _grids(steps: Steps, pairs: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """The members that pair each row of some with each row of others, in that shape; and the members that do not."""
    left, right = pairs[..., 0], pairs[..., 1]
    rows, row, columns, column = rows_and_columns(steps, left, right)
    if (again := _occurrences(row * len(columns) + column)).any():  # two points of a data set may be equal
        _, rows, row = np.unique(row * (again.max() + 1) + again, return_index=True, return_inverse=True)
        rank = np.argsort(np.argsort(rows))  # in the order in which they were written
        rows, row = np.sort(rows), rank[row]
    everything = np.arange(len(pairs))
    # Rows and columns that meet belong together: spread the smallest number of a row, until nothing changes.
    label = np.arange(len(rows))
    for _ in range(_ROUNDS):
        met = np.full(len(columns), len(rows))
        np.minimum.at(met, column, label[row])
        spread = label.copy()
        np.minimum.at(spread, row, met[column])
        if (spread == label).all():
            break
        label = spread
    else:
        return [], everything
    block = label[row]
    height, width = np.bincount(label, minlength=len(rows)), np.bincount(met, minlength=len(rows))
    inside = np.bincount(block, minlength=len(rows))
    full = (inside == height * width) & (height > 0)
    full &= (height > 1) | (width > 1) if pairs.shape[1] > 1 else (height > 1) & (width > 1)
    grids = []
    taken = np.zeros(len(pairs), bool)
    sizes = sorted({(int(height[k]), int(width[k])) for k in np.flatnonzero(full)})
    for h, w in sizes:
        alike = full & (height == h) & (width == w)
        members = everything[alike[block]]
        if len(sizes) > _PARTS and len(members) < _LARGE:
            continue
        order = np.lexsort((column[members], row[members], block[members]))
        shape = (int(alike.sum()), h, w) if alike.sum() > 1 else (h, w)
        grids.append(members[order].reshape(shape))
        taken[members] = True
    return grids, everything[~taken]
