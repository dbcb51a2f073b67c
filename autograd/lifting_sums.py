"""How each group of a lifted program is computed, and which sums of products make up a matrix product.

Sums that pair each of some rows of numbers with each of some other rows are a matrix product: rows of inputs with the
rows of a weight matrix are a layer, queries with keys attention, patches of an image with kernels a convolution.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from autograd.lifting_graph import Applications, Sums
from autograd.lifting_steps import Operand, Register, Steps

__all__ = ["compute"]

_SHORT = 3  # so many products or terms are added up one by one, rather than along an axis
_WASTE = 4  # a matrix product may compute so many times the numbers that are wanted
_PARTS = 8  # a group is computed in so many parts at most, unless parts are large
_LARGE = 32


def compute(steps: Steps, group: Applications | Sums) -> None:
    """Write the steps that compute the numbers of a group."""
    count = len(group.members)
    if isinstance(group, Applications):
        if count == 1:
            out = steps.apply(group.op.name, *[steps.scalar(j) for j in group.operands], **group.params)
            steps.hold(out, group.members)
            return
        operands = np.array(group.operands, dtype=np.int64).reshape(count, group.arity)
        for part in _parts(steps, operands):
            places = _arranged(steps, operands[part].T)
            chosen = part[places]
            inputs = [steps.fetch(operands[chosen, i]) for i in range(group.arity)]
            out = steps.apply(group.op.name, *inputs, **group.params)
            _hold(steps, out, np.array(group.members)[chosen])
        return
    if count == 1 and max(group.counts) <= _SHORT:
        _compute_one(steps, group)
        return
    pairs = [np.array(p, dtype=np.int64).reshape(count, -1, 2) for p in group.pairs]
    terms = [_sorted(steps, np.array(t, dtype=np.int64).reshape(count, -1)) for t in group.terms]
    pairs, layouts = _laid_out(steps, pairs, terms)
    members, constants = np.array(group.members), np.array(group.constants)
    for chosen in layouts:
        total: Operand | None = None
        for sign in (0, 1):
            for operand in _products(steps, pairs[sign][chosen]):
                total = _add(steps, total, operand, sign)
            for operand in _plain(steps, terms[sign][chosen]):
                total = _add(steps, total, operand, sign)
        if constants.size:
            own = constants[chosen]
            same = bool((own == own.flat[0]).all())
            constant = float(own.flat[0]) if same else steps.register(own.shape, own)
            if total is None or constant != 0.0:
                total = constant if total is None else steps.apply("add", total, constant)
        assert total is not None
        _hold(steps, total, members[chosen])


def _compute_one(steps: Steps, group: Sums) -> None:
    """A short sum, alone in its group: what a deep chain consists of."""
    total: Operand | None = None
    for sign in (0, 1):
        factors = group.pairs[sign]
        for a, b in zip(factors[::2], factors[1::2], strict=True):
            total = _add(steps, total, steps.apply("multiply", steps.scalar(a), steps.scalar(b)), sign)
        for a in group.terms[sign]:
            total = _add(steps, total, steps.scalar(a), sign)
    if group.constants and (total is None or group.constants[0] != 0.0):
        constant = group.constants[0]
        total = constant if total is None else steps.apply("add", total, constant)
    assert total is not None
    steps.hold(total, group.members)


def _add(steps: Steps, total: Operand | None, operand: Operand, sign: int) -> Operand:
    """The sum so far with one more operand added, or subtracted."""
    if total is None:
        return steps.apply("negative", operand) if sign else operand
    return steps.apply("subtract" if sign else "add", total, operand)


def _hold(steps: Steps, out: Operand, members: np.ndarray) -> None:
    """Note where the numbers of a part lie; if the op was applied to what is the same for all, there is but one."""
    if isinstance(out, Register) and out.size != members.size:
        out = (
            steps.register(members.shape, np.broadcast_to(out.array, members.shape))
            if out.array is not None
            else steps.apply("broadcast_to", out, gives=members.shape, shape=members.shape)
        )
    if not isinstance(out, Register):
        out = steps.register(members.shape, np.full(members.shape, out))
    steps.hold(out, members.ravel())


# -------------------------------------------------------------------------------------------- sums over an axis


def _products(steps: Steps, pairs: np.ndarray) -> Iterator[Operand]:
    """The operands that add up to the sums of products; ``pairs`` is (*shape of the part, pairs, 2)."""
    count = pairs.shape[-2]
    if not count:
        return
    left, right = pairs[..., 0], pairs[..., 1]
    if count > 1 and _is_grid(steps, left, right):
        a, b = left[..., :, 0, :], np.swapaxes(right[..., 0, :, :], -1, -2)
        shape = left.shape[:-1]
        yield steps.apply("matmul", steps.fetch(a, exact=True), steps.fetch(b, exact=True), gives=shape)
    elif count <= _SHORT:
        for k in range(count):
            yield steps.apply("multiply", steps.fetch(left[..., k]), steps.fetch(right[..., k]))
    elif left.ndim == 2 and (grid := _partial_grid(steps, left, right)) is not None:
        yield grid
    elif left.shape[0] == 1 and left.ndim == 2 and (left != right).any():
        yield steps.apply("matmul", steps.fetch(left[0], exact=True), steps.fetch(right[0], exact=True), gives=())
    else:
        first, second = _with_axis(steps, left), _with_axis(steps, right)
        square = (left == right).all()
        product = steps.apply("square", first) if square else steps.apply("multiply", first, second)
        yield _summed(steps, product, left.shape)


def _is_grid(steps: Steps, left: np.ndarray, right: np.ndarray) -> bool:
    """Whether factors (..., rows, columns, pairs) are the same along a row, on the left, and a column, on the right."""
    if left.ndim < 3 or (left != left[..., :1, :]).any() or (right != right[..., :1, :, :]).any():
        return False
    if left.shape[-1] > _SHORT or min(left.shape[-3:-1]) > 1:
        return True
    return bool((steps.register_of(left) > 0).all() and (steps.register_of(right) > 0).all())  # no weights in figures


def _with_axis(steps: Steps, names: np.ndarray) -> Operand:
    """What is fetched to be summed over the last axis, which must be there."""
    flat = names.reshape(-1, names.shape[-1])
    if len(flat) > 1 and (flat == flat[:1]).all():
        return steps.fetch(flat[0].reshape((1,) * (names.ndim - 1) + names.shape[-1:]), exact=True)
    return steps.fetch(names, exact=True)


def _summed(steps: Steps, x: Operand, shape: tuple[int, ...]) -> Operand:
    """The sum over the last axis."""
    if not isinstance(x, Register):
        return x * shape[-1]
    axis = len(x.shape) - 1
    return steps.apply("sum", x, gives=x.shape[:-1], axis=(axis,), keepdims=False)


def _plain(steps: Steps, terms: np.ndarray) -> Iterator[Operand]:
    """The operands that add up to the sums of terms; ``terms`` is (*shape of the part, terms)."""
    count = terms.shape[-1]
    if count <= _SHORT:
        for k in range(count):
            yield steps.fetch(terms[..., k])
    else:
        yield _summed(steps, _with_axis(steps, terms), terms.shape)


def _partial_grid(steps: Steps, left: np.ndarray, right: np.ndarray) -> Operand | None:
    """A matrix product of which some numbers are picked, if that wastes little."""
    rows, row, columns, column = _rows_and_columns(steps, left, right)
    if len(rows) < 2 or len(columns) < 2 or len(rows) * len(columns) > _WASTE * len(left):
        return None
    shape = len(rows), len(columns)
    a, b = steps.fetch(left[rows], exact=True), steps.fetch(right[columns].T, exact=True)
    product = steps.apply("matmul", a, b, gives=shape)
    if not isinstance(product, Register):
        return product
    return steps.pick(product, row * shape[1] + column)


# ------------------------------------------------------------------------------- in which parts, and in which order


def _sorted(steps: Steps, terms: np.ndarray) -> np.ndarray:
    """The terms of each sum in the order in which they lie in registers: the same for all, whatever was written."""
    if terms.shape[1] < 2:
        return terms
    return np.take_along_axis(terms, np.argsort(steps.where[terms], axis=1, kind="stable"), 1)


def _parts(steps: Steps, operands: np.ndarray) -> Iterator[np.ndarray]:
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


def _arranged(steps: Steps, slots: np.ndarray) -> np.ndarray:
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


def _laid_out(
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
    short = [p.reshape(len(p), -1) for p in pairs if p.shape[1] <= _SHORT] + [t for t in terms if t.shape[1] <= _SHORT]
    slots = np.concatenate(short, axis=1)[rest]
    if slots.shape[1]:
        parts = [part[_arranged(steps, slots[part].T)] for part in _parts(steps, slots)]
    else:
        first = next(x.reshape(len(x), -1)[rest, 0] for x in (*pairs, *terms) if x.shape[1])
        parts = [np.argsort(steps.where[first], kind="stable")]
    return pairs, grids + [rest[part] for part in parts]


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


def _rows_and_columns(
    steps: Steps, left: np.ndarray, right: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The distinct left and right rows, in the order in which they lie in registers, and those of each member."""
    result = []
    for names in (left, right):
        first, code = _distinct(names)
        order = np.argsort(steps.where[names[first, 0]], kind="stable")
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        result += [first[order], rank[code]]
    return result[0], result[1], result[2], result[3]


def _grids(steps: Steps, pairs: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """The members that pair each row of some with each row of others, in that shape; and the members that do not."""
    left, right = pairs[..., 0], pairs[..., 1]
    rows, row, columns, column = _rows_and_columns(steps, left, right)
    everything = np.arange(len(pairs))
    # Rows and columns that meet belong together: spread the smallest number of a row, until nothing changes.
    label = np.arange(len(rows))
    for _ in range(_PARTS):
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
    cells = np.bincount(row * len(columns) + column, minlength=1) if len(rows) * len(columns) < 1 << 26 else None
    single = cells is None or cells.max() == 1
    full = (inside == height * width) & (height > 0) & single
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
