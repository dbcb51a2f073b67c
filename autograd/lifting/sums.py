"""How each group of a lifted program is computed: one op on arrays, a sum over an axis, or a matrix product."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from autograd.dispatch import OPS
from autograd.lifting.graph import Applications, Sums
from autograd.lifting.layout import SHORT, arranged, in_order, laid_out, parts, rows_and_columns
from autograd.lifting.steps import Operand, Register, Steps

__all__ = ["compute"]

_WHERE = OPS["where"]
_WASTE = 4  # a matrix product may compute so many times the numbers that are wanted


def compute(steps: Steps, group: Applications | Sums) -> None:
    """Write the steps that compute the numbers of a group."""
    alone = len(group.members) == 1
    if isinstance(group, Applications):
        if alone:
            out = _applied(steps, group, [steps.scalar(j) for j in group.operands])
            steps.hold(out, group.members)
        else:
            _apply(steps, group)
    elif alone and max(group.counts) <= SHORT:
        _add_up_one(steps, group)
    else:
        _add_up(steps, group)


def _apply(steps: Steps, group: Applications) -> None:
    """One op for the numbers of each part of a group."""
    members = np.array(group.members)
    operands = np.array(group.operands, dtype=np.int64).reshape(len(members), group.arity)
    for part in parts(steps, operands):
        chosen = part[arranged(steps, operands[part].T)]
        inputs = [steps.fetch(operands[chosen, i]) for i in range(group.arity)]
        _hold(steps, _applied(steps, group, inputs), members[chosen])


def _applied(steps: Steps, group: Applications, inputs: Sequence[Operand]) -> Operand:
    """What the op of a group gives. If ``where`` has one known condition, that is the branch that was taken.

    The other is not computed then, and no gradient gets there, not even a zero that infinities make NaN.
    """
    if group.op is _WHERE and isinstance(inputs[0], float):
        return inputs[1] if inputs[0] else inputs[2]
    return steps.apply(group.op, *inputs, **group.params)


def _add_up(steps: Steps, group: Sums) -> None:
    """The sums of a group: products over an axis or as matrix products, terms, and constants."""
    members, constants = np.array(group.members), np.array(group.constants)
    count = len(members)
    pairs = [np.array(p, dtype=np.int64).reshape(count, -1, 2) for p in group.pairs]
    terms = [in_order(steps, np.array(t, dtype=np.int64).reshape(count, -1)) for t in group.terms]
    pairs, layouts = laid_out(steps, pairs, terms)
    for chosen in layouts:
        constant = _numbers(steps, constants[chosen]) if constants.size else None
        total = None if group.adds else constant  # one op less than -x + c, and 0 - 0 is no negative zero
        for sign in (0, 1):
            for operand in _products(steps, pairs[sign][chosen]):
                total = _add(steps, total, operand, sign)
            for operand in _plain(steps, terms[sign][chosen]):
                total = _add(steps, total, operand, sign)
        if group.adds:
            total = _add_constant(steps, total, constant)
        assert total is not None
        _hold(steps, total, members[chosen])


def _add_up_one(steps: Steps, group: Sums) -> None:
    """A short sum, alone in its group: what a deep chain consists of."""
    constant = group.constants[0] if group.constants else None
    total: Operand | None = None if group.adds else constant
    for sign in (0, 1):
        factors = group.pairs[sign]
        for a, b in zip(factors[::2], factors[1::2], strict=True):
            total = _add(steps, total, steps.apply("multiply", steps.scalar(a), steps.scalar(b)), sign)
        for a in group.terms[sign]:
            total = _add(steps, total, steps.scalar(a), sign)
    if group.adds:
        total = _add_constant(steps, total, constant)
    assert total is not None
    steps.hold(total, group.members)


def _numbers(steps: Steps, constants: np.ndarray) -> Operand:
    """The plain numbers in the sums of a part; one, if they are equal."""
    first = float(constants.flat[0])
    return first if (constants == first).all() else steps.register(constants.shape, constants)


def _add_constant(steps: Steps, total: Operand | None, constant: Operand | None) -> Operand | None:
    """The sum with its plain number added; nothing is to be done for a zero."""
    if total is None or constant is None or constant == 0.0:
        return total
    return steps.apply("add", total, constant)


def _add(steps: Steps, total: Operand | None, operand: Operand, sign: int) -> Operand:
    """The sum so far with one more operand added, or subtracted."""
    if total is None:
        return steps.apply("negative", operand) if sign else operand
    return steps.apply("subtract" if sign else "add", total, operand)


def _hold(steps: Steps, out: Operand, members: np.ndarray) -> None:
    """Note where the numbers of a part lie; if the op was applied to what is the same for all, there is but one."""
    if isinstance(out, Register) and out.size != members.size:
        if len(out.shape) > members.ndim:
            out = steps.reshape(out, ())
        assert isinstance(out, Register)
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
    elif count <= SHORT:
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
        yield _summed(steps, product)


def _is_grid(steps: Steps, left: np.ndarray, right: np.ndarray) -> bool:
    """Whether factors (..., rows, columns, pairs) are the same along a row, on the left, and a column, on the right."""
    if left.ndim < 3 or (left != left[..., :1, :]).any() or (right != right[..., :1, :, :]).any():
        return False
    if left.shape[-1] > SHORT or min(left.shape[-3:-1]) > 1:
        return True
    return bool((steps.register_of(left) > 0).all() and (steps.register_of(right) > 0).all())  # no weights in figures


def _with_axis(steps: Steps, names: np.ndarray) -> Operand:
    """What is fetched to be summed over the last axis, which must be there."""
    flat = names.reshape(-1, names.shape[-1])
    if len(flat) > 1 and (flat == flat[:1]).all():
        return steps.fetch(flat[0].reshape((1,) * (names.ndim - 1) + names.shape[-1:]), exact=True)
    return steps.fetch(names, exact=True)


def _summed(steps: Steps, x: Operand) -> Operand:
    """The sum over the last axis."""
    assert isinstance(x, Register)  # of more than one element
    axis = len(x.shape) - 1
    return steps.apply("sum", x, gives=x.shape[:-1], axis=(axis,), keepdims=False)


def _plain(steps: Steps, terms: np.ndarray) -> Iterator[Operand]:
    """The operands that add up to the sums of terms; ``terms`` is (*shape of the part, terms)."""
    count = terms.shape[-1]
    if count <= SHORT:
        for k in range(count):
            yield steps.fetch(terms[..., k])
    else:
        yield _summed(steps, _with_axis(steps, terms))


def _partial_grid(steps: Steps, left: np.ndarray, right: np.ndarray) -> Operand | None:
    """A matrix product of which some numbers are picked, if that wastes little, and has fewer factors to fetch.

    The numbers that are not picked get the gradient 0, which stays 0 unless a factor is infinite.
    """
    rows, row, columns, column = rows_and_columns(steps, left, right)
    if len(rows) + len(columns) > len(left) or len(rows) * len(columns) > _WASTE * len(left):
        return None
    shape = len(rows), len(columns)
    a, b = steps.fetch(left[rows], exact=True), steps.fetch(right[columns].T, exact=True)
    product = steps.apply("matmul", a, b, gives=shape)
    if not isinstance(product, Register):
        return product
    return steps.pick(product, row * shape[1] + column)
