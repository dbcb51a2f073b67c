"""Calls as users write them, of functions that hand canonical arguments to a primitive of the same name.

The samples of the primitives hold what reaches them: every axis named, from 0, in a tuple. Here the functions before
them enter the table a second time, with axes from the end, several or none of them, ties, long axes, and arrays that
are empty or have no axes. The functions enter as they are, without the wrapper of a composite: some of them run in
every step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.composite import composite
from autograd.dispatch import OPS
from autograd.errors import ArgumentError, DtypeError, RangeError, ShapeError
from autograd.ops import decomposition, product, reduce, scan, shape, solving
from autograd.ops.elementwise import clip
from autograd.ops.indexing import take_along_axis
from autograd.ops.matrices import regular
from autograd.ops.order import argsort
from autograd.ops.rearrange import diagonal, roll, tril, triu
from autograd.ops.special import logit
from autograd.samples import ErrorSample, Sample, integers, sample
from autograd.samples import array as spec

__all__: list[str] = []


def _enter(
    function: Callable[..., Any], samples: Sequence[Sample], reference: Any = None, errors: Sequence[ErrorSample] = ()
) -> None:
    op = OPS[function.__name__]
    composite(op.latex, samples, errors=errors, differentiable=op.differentiable, reference=reference)(function)


# ------------------------------------------------------------------------------------------------------- reductions


def _reductions(**domain: Any) -> list[Sample]:
    """Axes in all their spellings."""
    return [
        sample(spec(2, 3, **domain), axis=-1), sample(spec(2, 3, **domain)), sample(spec(**domain)),
        sample(spec(2, 3, 2, **domain), axis=(-1, 0)), sample(spec(2, 3, **domain), axis=-2, keepdims=True),
        sample(spec(2, 3, **domain), keepdims=True), sample(spec(2, 3, **domain), axis=()),
        sample(spec(3, 0, 2, **domain), axis=0), sample(spec(40, **domain), axis=0),
    ]  # fmt: skip


_twice = ErrorSample((np.ones((2, 3)),), ShapeError, "an axis stands twice", {"axis": (0, -2)})
_fraction = ErrorSample((np.ones((2, 3)),), DtypeError, "axis must be an integer, not 0.5", {"axis": 0.5})
_nothing = ErrorSample((np.ones((2, 0)),), ShapeError, "there is no element", {"axis": 1})
_empty = [sample(spec(0, 3), axis=0), sample(spec(0))]

_enter(reduce.sum, [*_reductions(), *_empty], np.sum, [_twice, _fraction])
_enter(reduce.mean, _reductions(), np.mean, [_twice, _nothing])
_enter(product.prod, [*_reductions(low=0.8, high=1.3), *_empty], np.prod, [_twice])
_enter(reduce.max, _reductions(distinct=True), np.max, [_twice, _nothing])
_enter(reduce.min, _reductions(distinct=True), np.min, [_twice, _nothing])
_enter(reduce.logsumexp, [*_reductions(), sample(spec(4, low=500.0, high=503.0)), sample(spec(3, low=-900, high=-899))],
       lambda x, axis=None, keepdims=False: np.logaddexp.reduce(x, axis=axis, keepdims=keepdims), [_twice])  # fmt: skip
for _truth in (reduce.all, reduce.any):
    _enter(_truth, [*_reductions(), *_empty, sample(integers(2, 3, high=2), axis=-1)], getattr(np, _truth.__name__))
for _place in (reduce.argmax, reduce.argmin):
    _enter(
        _place,
        [
            sample(spec(2, 3, distinct=True), axis=-1), sample(spec(2, 3, distinct=True)), sample(spec()),
            sample(integers(2, 12, high=3), axis=1, keepdims=True), sample(integers(30, high=2)),
        ],
        getattr(np, _place.__name__), [_nothing, _fraction],
    )  # fmt: skip
for _share in (reduce.softmax, reduce.log_softmax):
    _enter(
        _share,
        [
            sample(spec(2, 3)), sample(spec(2, 3), axis=-2), sample(spec(40)), sample(spec(3, 0)),
            sample(spec(2, 3, low=500.0, high=503.0)),
        ],
        errors=[_fraction],
    )  # fmt: skip

# ------------------------------------------------------------------------------------------------------------ scans


def _scans(**domain: Any) -> list[Sample]:
    return [
        sample(spec(2, 3, **domain), axis=-1), sample(spec(2, 3, **domain), axis=-2),
        sample(spec(30, **domain), axis=0), sample(spec(2, 0, **domain), axis=1), sample(spec(1, 1, **domain), axis=0),
    ]  # fmt: skip


_flattened = [sample(spec(2, 3)), sample(spec())]
_enter(scan.cumsum, [*_scans(), *_flattened], np.cumsum, [_fraction])
_enter(scan.cumprod, [*_scans(low=0.8, high=1.3), *_flattened], np.cumprod, [_fraction])
_enter(
    scan.logcumsumexp, [*_scans(), *_flattened, sample(spec(4, low=500.0, high=503.0), axis=0)],
    lambda x, axis=None: np.logaddexp.accumulate(x.reshape(-1) if axis is None else x, axis or 0),
)  # fmt: skip
_enter(scan.cummax, _scans(distinct=True), lambda x, axis=-1: np.maximum.accumulate(x, axis), [_fraction])
_enter(
    scan.linear_recurrence,
    [
        sample(spec(2, 3), spec(2, 3)), sample(spec(3, 2), spec(3, 2), axis=-2), sample(spec(33), spec(33)),
        sample(spec(1), spec(1)), sample(spec(2, 0), spec(2, 0)),
    ],
    errors=[ErrorSample((np.ones(3), np.ones(2)), ShapeError, r"a is \(3,\) and b is \(2,\); they must be equal")],
)  # fmt: skip

# ------------------------------------------------------------------------------------------------ views and places

_enter(
    shape.flip,
    [sample(spec(2, 3), axis=-1), sample(spec(2, 3, 2), axis=(-1, 0)), sample(spec(2, 3)), sample(spec()),
     sample(spec(0, 2))],
    np.flip, [_twice],
)  # fmt: skip
_enter(
    shape.permute_dims, [sample(spec(2, 3, 4), axes=(-1, 0, -2)), sample(spec(), axes=())], np.transpose,
    [ErrorSample((np.ones((2, 3)),), ShapeError, r"axes \(0,\) must name each of the 2 axes", {"axes": (0,)})],
)  # fmt: skip
_enter(
    shape.broadcast_to,
    [sample(spec(3, 1), shape=[2, 3, 2]), sample(spec(1, 0), shape=(2, 0)), sample(spec(), shape=())],
    np.broadcast_to, [ErrorSample((np.ones(3),), ShapeError, r"does not stretch to \(2, 4\)", {"shape": (2, 4)})],
)  # fmt: skip
_enter(
    shape.pad,
    [
        sample(spec(2, 3), pad_width=1), sample(spec(2, 3), pad_width=((0, 2), (1, 0)), constant_value=0.5),
        *(sample(spec(4, 3), pad_width=(2, 1), mode=mode) for mode in ("reflect", "symmetric", "edge", "wrap")),
        sample(spec(), pad_width=0), sample(spec(0, 2), pad_width=((1, 1), (0, 0))),
    ],
    lambda x, pad_width, constant_value=0.0, mode="constant": (
        np.pad(x, pad_width, mode, constant_values=constant_value) if mode == "constant" else np.pad(x, pad_width, mode)
    ),
    [
        ErrorSample((np.ones(2),), ArgumentError, "mode must be constant or one of", {"pad_width": 1, "mode": ""}),
        ErrorSample((np.ones(2),), ShapeError, r"widths \(-2, -1\) cut more than axis 0", {"pad_width": (-2, -1)}),
        ErrorSample((np.ones(2),), ShapeError, "takes at most 1 elements", {"pad_width": 2, "mode": "reflect"}),
    ],
)  # fmt: skip
_enter(
    shape.split,
    [sample(spec(2, 6), indices_or_sections=3, axis=-1), sample(spec(5), indices_or_sections=(-2, 9)),
     sample(spec(0, 2), indices_or_sections=2)],
    errors=[
        ErrorSample((np.ones(5),), ShapeError, "does not divide into 2 equal parts", {"indices_or_sections": 2}),
        ErrorSample((np.ones(5),), ShapeError, "must not decrease", {"indices_or_sections": (3, 1)}),
    ],
)  # fmt: skip
_enter(
    roll,
    [sample(spec(2, 3), shift=2, axis=-1), sample(spec(2, 3), shift=-7), sample(spec(2, 3), shift=(1, 2), axis=(0, -1)),
     sample(spec(0, 2), shift=1)],
    np.roll,
)  # fmt: skip
_enter(
    diagonal,
    [sample(spec(2, 3)), sample(spec(2, 3, 3), offset=-1, axis1=-1, axis2=0), sample(spec(2, 2), offset=2)],
    np.diagonal, [ErrorSample((np.ones(3),), ShapeError, "axis 1 is out of range")],
)  # fmt: skip
for _triangle in (tril, triu):
    _enter(
        _triangle, [sample(spec(2, 3)), sample(spec(2, 3, 3), k=-1), sample(spec(2, 2), k=5), sample(spec(0, 2), k=1)],
        getattr(np, _triangle.__name__),
    )  # fmt: skip
_enter(
    take_along_axis,
    [sample(spec(3, 4), integers(3, 2, low=-4, high=4)), sample(spec(3, 2), integers(5, 2, high=3), axis=-2),
     sample(spec(3), integers(0, high=3))],
    np.take_along_axis,
    [
        ErrorSample((np.ones(3), np.array([5])), RangeError, r"indices holds 5; axis 0 of x \(3,\) has 3 elements"),
        ErrorSample((np.ones(3), np.ones(1)), DtypeError, "must be an array of integers, not float64"),
        ErrorSample((np.ones((2, 3)), np.array([[1]])), ShapeError, "must agree in every axis but axis 1"),
    ],
)  # fmt: skip
_enter(
    argsort,
    [
        sample(spec(2, 4, distinct=True)), sample(spec(4, 2, distinct=True), axis=-2, descending=True),
        sample(integers(2, 12, high=3)), sample(spec(0)),
    ],
    lambda x, axis=-1, descending=False: (
        len(x) - 1 - np.argsort(x[::-1], 0, kind="stable")[::-1] if descending else np.argsort(x, axis, kind="stable")
    ),
)  # fmt: skip

# ---------------------------------------------------------------------------------------------------- linear algebra

_not_square = ErrorSample((np.ones((2, 3)),), ShapeError, r"must be square matrices \(..., n, n\), not \(2, 3\)")
_stacks = [sample(regular(3, 3)), sample(regular(2, 1, 2, 2)), sample(regular(1, 1)), sample(regular(8, 8)),
           sample(spec(0, 2, 2)), sample(spec(0, 0))]  # fmt: skip
_enter(solving.inv, _stacks, np.linalg.inv, [_not_square])
_enter(solving.det, [*_stacks, sample(spec(3, 3, matrix="singular"))], np.linalg.det, [_not_square])
_enter(solving.slogdet, _stacks, lambda x: np.linalg.slogdet(x)[0], [_not_square])
_enter(
    solving.solve,
    [
        sample(regular(3, 3), spec(3)), sample(regular(3, 3), spec(3, 2)), sample(regular(2, 3, 3), spec(3)),
        sample(regular(2, 3, 3), spec(3, 1)), sample(regular(2, 1, 2, 2), spec(3, 2, 1)), sample(spec(0, 0), spec(0)),
    ],
    lambda a, b: np.linalg.solve(a, b[:, None])[..., 0] if b.ndim == 1 else np.linalg.solve(a, b),
    [
        ErrorSample((np.ones((2, 3)), np.ones(2)), ShapeError, "a must be square matrices"),
        ErrorSample((np.eye(2), np.ones(3)), ShapeError, r"b must be \(2,\) or \(..., 2, k\), not \(3,\)"),
    ],
)  # fmt: skip
_enter(
    decomposition.cholesky,
    [sample(spec(3, 3, matrix="positive")), sample(spec(2, 2, 2, matrix="positive"), upper=True), sample(spec(0, 0)),
     sample(spec(1, 1, matrix="positive"))],
    lambda x, upper=False: np.linalg.cholesky(x, upper=upper), [_not_square],
)  # fmt: skip
_enter(
    decomposition.qr,
    [sample(regular(2, 4)), sample(regular(2, 3, 2)), sample(regular(3, 3), mode="complete")],
    lambda x, mode="reduced": np.linalg.qr(x)[0],
    [
        ErrorSample((np.ones(3),), ShapeError, "must be matrices"),
        ErrorSample((np.ones((2, 3)),), ArgumentError, 'mode must be "reduced" or "complete"', {"mode": "raw"}),
    ],
)  # fmt: skip

# ------------------------------------------------------------------------------------------------------ elementwise

_low, _high = spec(2, 3, low=-1.5, high=-0.5), spec(3, low=0.5, high=1.5)
_enter(
    clip,
    [
        sample(spec(2, 3), _low, _high), sample(spec(2, 3), None, _high), sample(spec(), _low, None),
        sample(spec(3), spec(3, low=0.5), spec(3, high=0.4)), sample(spec(0, 3), None, _high),
    ],
    np.clip,
    [ErrorSample((np.ones((2, 3)), None, np.ones(4)), ShapeError, r"max is \(4,\); it must broadcast with x \(2, 3\)")],
)  # fmt: skip
_enter(logit, [sample(spec(2, 3, low=0.05, high=0.95), eps=0.01), sample(spec(low=0.2, high=0.8))])
