"""Writes in place: what they may cast, and that none of them changes a gradient unseen."""

from __future__ import annotations

import operator

import numpy as np
import pytest

import autograd as ag
from autograd.errors import DtypeError


def leaf(values):
    return ag.tensor(np.array(values, dtype=np.float64), requires_grad=True)


# ------------------------------------------------------------------------------------------- what does not fit into x

MISFITS = {
    "complex into real": (operator.iadd, [1.0, 2.0], 1j),
    "a complex factor": (operator.imul, [1.0, 2.0], 1j),
    "float into int": (operator.imul, [1, 2], 0.5),
    "quotient of integers": (operator.itruediv, [1, 2], 2),
    "complex matrix": (operator.imatmul, [[1.0, 2.0], [3.0, 4.0]], np.eye(2) * 1j),
}


@pytest.mark.parametrize("case", MISFITS)
def test_an_operator_in_place_refuses_what_it_refuses_unrecorded(case):
    write, values, other = MISFITS[case]
    with pytest.raises(DtypeError, match="x .*= y: x is .*same_kind"):
        write(ag.tensor(np.array(values)), ag.tensor(other))
    wanting = ag.tensor(np.array(other, complex if np.iscomplexobj(other) else float), requires_grad=True)
    y = ag.tensor(np.array(values))
    with pytest.raises(DtypeError, match="x .*= y: x is .*same_kind"):
        write(y, wanting)
    assert y.tolist() == values
    if y.dtype.kind == "f":
        with pytest.raises(DtypeError, match="x .*= y: x is .*same_kind"):
            write(ag.tensor(np.array(values), requires_grad=True) * 1, ag.tensor(other))


def test_an_operator_in_place_may_round():
    y = ag.tensor(np.ones(2, np.float32), requires_grad=True) * 1
    y += leaf([0.5, 0.25])
    assert y.dtype == np.float32
    assert y.tolist() == [1.5, 1.25]
    n = ag.tensor(np.ones(2, np.float16), requires_grad=True) * 1
    n *= 3
    assert n.dtype == np.float16


def test_an_operator_in_place_refuses_inside_vmap():
    def adds(v):
        y = ag.tensor(np.array([1, 2]))
        y += v
        return y

    with pytest.raises(DtypeError, match=r"x \+= y: x is .*same_kind"):
        ag.vmap(adds)(ag.tensor(np.full((3, 2), 0.5)))


@pytest.mark.parametrize("index", [0, slice(None), np.array([0]), np.array([True, False])], ids=str)
def test_a_complex_value_is_not_written_into_a_real_tensor(index):
    for y in (ag.tensor([1.0, 2.0]), leaf([1.0, 2.0]) * 1):
        with pytest.raises(DtypeError, match=r"setitem: x is float\d\d, and value is complex.*does not fit"):
            y[index] = ag.tensor(1j)
        assert y.tolist() == [1.0, 2.0]


WRITERS = {
    "scatter": lambda x, v: ag.scatter(x, 0, np.array([0, 1]), v),
    "put": lambda x, v: ag.put(x, np.array([0, 1]), v),
    "index_copy": lambda x, v: ag.index_copy(x, 0, np.array([0, 1]), v),
    "masked_scatter": lambda x, v: ag.masked_scatter(x, v, np.array([True, True, False])),
}


@pytest.mark.parametrize("how", WRITERS)
def test_ops_that_write_refuse_complex_into_real_and_gradients_into_integers(how):
    writer = WRITERS[how]
    with pytest.raises(DtypeError, match="value is complex128, which does not fit"):
        writer(leaf([1.0, 2.0, 3.0]), ag.tensor(np.array([1j, 2j])))
    with pytest.raises(DtypeError, match="value is float64 and wants gradients"):
        writer(ag.tensor(np.array([1, 2, 3])), leaf([0.5, 0.5]))


def test_complex_values_written_inside_vmap():
    x = np.ones((2, 3))
    with pytest.raises(DtypeError, match="value is complex128, which does not fit"):
        ag.vmap(lambda x, m: ag.masked_scatter(x, np.array([1j, 2j, 3j]), m))(ag.tensor(x), ag.tensor(x > 0))
    with pytest.raises(DtypeError, match="value is complex128, which does not fit"):
        ag.vmap(lambda x, i: ag.put(x, i, 1j * x[:1]))(ag.tensor(x), ag.tensor(np.array([[0], [1]])))
