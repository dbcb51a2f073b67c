"""Writes in place: what they may cast, and that none of them changes a gradient unseen."""

from __future__ import annotations

import operator

import numpy as np
import pytest

import autograd as ag
from autograd.errors import DtypeError, GradientError


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


# --------------------------------------------------------------------------------- NumPy's functions that write memory

WRITING = {
    "add.at": lambda b: np.add.at(b, [0, 0], 1.0),
    "exp, out": lambda b: np.exp(b, out=b),
    "copyto": lambda b: np.copyto(b, 5.0),
    "copyto by name": lambda b: np.copyto(dst=b, src=5.0),
    "putmask": lambda b: np.putmask(b, [True, False, True], 5.0),
    "place": lambda b: np.place(b, np.array([True, False, True]), [5.0]),
    "put": lambda b: np.put(b, [0], 5.0),
    "put_along_axis": lambda b: np.put_along_axis(b, np.array([0]), 5.0, 0),
    "fill_diagonal": lambda b: np.fill_diagonal(b.reshape(1, 3), 5.0),
    "clip": lambda b: np.clip(b, 2.0, 3.0, out=b),
    "clip by position": lambda b: np.clip(b, 2.0, 3.0, b),
    "sum": lambda b: np.sum(np.ones((2, 3)), axis=0, out=b),
    "concatenate": lambda b: np.concatenate([np.ones(1), np.ones(2)], out=b),
    "concatenate by position": lambda b: np.concatenate([np.ones(1), np.ones(2)], 0, b),
    "einsum": lambda b: np.einsum("i,i->i", np.ones(3), ag.ones(3, dtype="float64"), out=b),
    "nan_to_num": lambda b: np.nan_to_num(b, copy=False),
    "median": lambda b: np.median(b, overwrite_input=True),
}


@pytest.mark.parametrize("recorded", [False, True], ids=["plainly", "under a recorder"])
@pytest.mark.parametrize("how", WRITING)
def test_a_write_by_a_function_of_numpy_is_seen(how, recorded):
    a, b = leaf([1.0, 1.0, 1.0]), ag.tensor(np.ones(3))
    y = (a * b).sum()
    try:
        if recorded:
            with ag.detect_anomaly():
                WRITING[how](b)
        else:
            WRITING[how](b)
    except ag.GradientError:  # it refuses to write: as good
        assert b.tolist() == [1.0, 1.0, 1.0]
        return
    with pytest.raises(ag.GradientError, match="multiply: backward needs its argument b"):
        y.backward()


def test_a_function_that_only_reads_marks_nothing():
    a, b = leaf([1.0, 1.0]), ag.tensor(np.ones(2))
    y = (a * b).sum()
    out = ag.tensor(np.zeros(2))
    assert np.clip(b, 2.0, 3.0, out=out) is out
    np.copyto(out, b)
    np.nan_to_num(b)
    np.median(b)
    y.backward()
    assert a.grad.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("make", [ag.tensor, ag.asarray])
def test_a_write_to_a_memory_mapped_file_is_seen(make, tmp_path):
    mapped = np.memmap(tmp_path / "numbers", dtype=np.float64, mode="w+", shape=(3,))
    mapped[...] = 1.0
    a, b = leaf([1.0, 1.0]), make(mapped)
    y = (a * b[:2]).sum()
    b += 4
    with pytest.raises(ag.GradientError, match="multiply: backward needs its argument b"):
        y.backward()


# ------------------------------------------------------------------------------------------ what an op was called with

INDEXED = {
    "getitem": lambda x, i, m: x[i],
    "getitem within a tuple": lambda x, i, m: x.reshape(3, 1)[i, 0],
    "getitem by a mask": lambda x, i, m: x[m],
    "take": lambda x, i, m: ag.take(x, i),
    "index_select": lambda x, i, m: ag.index_select(x, 0, i),
    "index_copy": lambda x, i, m: ag.index_copy(x, 0, i, x[:2] * 2),
    "index_fill": lambda x, i, m: ag.index_fill(x, 0, i, 7.0),
    "put": lambda x, i, m: ag.put(x, i, x[:2] * 2),
    "masked_select": lambda x, i, m: ag.masked_select(x, m),
    "masked_scatter": lambda x, i, m: ag.masked_scatter(x, x * 2, m),
    "embedding": lambda x, i, m: ag.embedding(i, x.reshape(3, 1)),
    "embedding_bag": lambda x, i, m: ag.embedding_bag(i.reshape(1, 2), x.reshape(3, 1)),
    "setitem": lambda x, i, m: assigned(x * 1, i, x[:2] * 2),
}


def assigned(x, index, value):
    x[index] = value
    return x


@pytest.mark.parametrize("how", INDEXED)
def test_an_index_that_was_overwritten_is_an_error(how):
    function = INDEXED[how]

    def written(*tensors):
        for t in tensors:
            t[...] = ~t.array if t.dtype == bool else t.array + 1

    x, i, m = leaf([1.0, 2.0, 3.0]), ag.tensor(np.array([0, 1])), ag.tensor(np.array([True, True, False]))
    y = function(x * x, i, m).sum()
    written(i, m)
    with pytest.raises(GradientError, match=r"(getitem|setitem): backward needs its argument index, of shape \(\d,?"):
        y.backward()
    i, m = ag.tensor(np.array([0, 1])), ag.tensor(np.array([True, True, False]))
    _, pull = ag.vjp(lambda x: function(x * x, i, m).sum(), x.detach())[:2]
    written(i, m)
    with pytest.raises(GradientError, match="written in place"):
        pull(ag.tensor(1.0, dtype="float64"))
    i, m = ag.tensor(np.array([0, 1])), ag.tensor(np.array([True, True, False]))
    y = ag.checkpoint(lambda x: ag.exp(function(x * x, i, m)).sum(), x)
    written(i, m)
    with pytest.raises(GradientError, match="written in place|cannot be computed again"):
        y.backward()


def test_a_bound_of_clip_that_was_overwritten_is_an_error():
    x, b = leaf([1.0, 2.0, 3.0]), ag.tensor(2.5)
    y = ag.clip(x, 0, b).sum()
    b -= 1
    with pytest.raises(GradientError, match=r"clip: backward needs its argument high, of shape \(\)"):
        y.backward()


def test_an_index_may_be_written_between_passes():
    x, i = leaf([1.0, 2.0, 3.0]), ag.tensor(np.array([0, 1]))
    for _ in range(2):
        (x * x)[i].sum().backward()
        i += 1
    assert x.grad.tolist() == [2.0, 8.0, 6.0]
