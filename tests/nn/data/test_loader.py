"""The order of batches is a function of (size, seed, epoch), and a resumed loader goes on where the first one was."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd.errors import DtypeError, ShapeError
from nn.data import ArrayDataset, DataLoader, Dataset
from nn.data.loader import seeded_permutation


def numbered(n: int) -> ArrayDataset:
    """Items that say their number, twice: in the input and in the target."""
    return ArrayDataset(np.arange(n, dtype=np.float32)[:, np.newaxis], np.arange(n))


class Items(Dataset):
    """The same items one by one, as a data set of a user's own."""

    def __init__(self, n: int):
        self.n = n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int):
        return [float(index)], index


def order(batches) -> list[list[int]]:
    return [y.tolist() for _, y in batches]


sizes = st.integers(1, 40)
batch_sizes = st.integers(1, 12)
seeds = st.integers(0, 2**70)


@st.composite
def arguments(draw):
    size, batch_size = draw(sizes), draw(batch_sizes)
    drop_last = draw(st.booleans()) if size >= batch_size else False
    options = {"batch_size": batch_size, "shuffle": draw(st.booleans()), "seed": draw(seeds), "drop_last": drop_last}
    return size, options


@given(arguments())
def test_an_epoch_holds_each_item_once(args):
    size, options = args
    loader = DataLoader(numbered(size), **options)
    for _ in range(2):
        batches = list(loader)
        assert len(batches) == len(loader)
        assert all(len(y) == options["batch_size"] for _, y in batches[:-1])
        seen = sorted(i for batch in order(batches) for i in batch)
        if options["drop_last"]:
            assert all(len(y) == options["batch_size"] for _, y in batches)
            assert len(set(seen)) == len(seen) == size - size % options["batch_size"]
        else:
            assert seen == list(range(size))
        for x, y in batches:
            np.testing.assert_array_equal(x.numpy()[:, 0], y.numpy())


@given(arguments())
def test_arrays_and_items_give_the_same_batches(args):
    size, options = args
    fast, slow = DataLoader(numbered(size), **options), DataLoader(Items(size), **options)
    for (xa, ya), (xb, yb) in zip(fast, slow, strict=True):
        np.testing.assert_array_equal(xa.numpy(), xb.numpy())
        np.testing.assert_array_equal(ya.numpy(), yb.numpy())


@given(arguments(), st.data())
def test_a_resumed_loader_gives_what_the_first_one_had_left(args, data):
    size, options = args
    first = DataLoader(numbered(size), **options)
    epochs, taken = data.draw(st.integers(0, 2)), data.draw(st.integers(0, len(first)))
    for _ in range(epochs):
        list(first)
    batches = iter(first)
    for _ in range(taken):
        next(batches)
    state = json.loads(json.dumps(first.state_dict()))  # what a checkpoint keeps
    rest = order(batches)

    resumed = DataLoader(numbered(size), **{**options, "seed": 0})  # the seed comes with the state
    resumed.load_state_dict(state)
    assert resumed.state_dict() == state
    assert order(resumed) == rest
    assert order(resumed) == order(first)  # and the epoch after that one
    assert resumed.state_dict() == first.state_dict()
    assert resumed.epoch == epochs + 2


def test_resuming_twice_from_the_same_place_keeps_the_place():
    first = DataLoader(numbered(10), batch_size=3, shuffle=True)
    next(iter(first))
    resumed = DataLoader(numbered(10), batch_size=3, shuffle=True)
    resumed.load_state_dict(first.state_dict())
    peeked = next(iter(resumed))[1].tolist()
    assert order(resumed)[0] == peeked
    again = DataLoader(numbered(10), batch_size=3, shuffle=True)
    again.load_state_dict(first.state_dict())
    next(iter(again))
    assert again.state_dict()["delivered"] == 6  # counted from the beginning of the epoch, not from the resumption


def test_an_epoch_left_early_starts_again():
    loader = DataLoader(numbered(10), batch_size=3, shuffle=True)
    first = next(iter(loader))[1].tolist()
    assert order(loader)[0] == first
    assert loader.epoch == 1


def test_epochs_and_seeds_give_different_orders():
    def orders(seed):
        loader = DataLoader(numbered(100), batch_size=100, shuffle=True, seed=seed)
        return [tuple(order(loader)[0]) for _ in range(3)]

    assert len({*orders(0), *orders(1), tuple(range(100))}) == 7


def test_without_shuffle_the_order_is_the_data_sets_own():
    loader = DataLoader(numbered(5), batch_size=2)
    assert order(loader) == order(loader) == [[0, 1], [2, 3], [4]]


def test_the_order_is_pinned():
    # Runs of earlier versions are only repeatable while this stays; raw PCG64 output never changes under NumPy.
    assert seeded_permutation(8, 0, 0).tolist() == [3, 2, 1, 6, 0, 7, 4, 5]


def test_the_order_does_not_depend_on_the_process_or_on_global_seeds():
    code = (
        "from nn.data.loader import seeded_permutation as p; import numpy as np; np.random.seed(7); print(*p(50, 3, 4))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "123"}
    out = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert [int(i) for i in out.stdout.split()] == seeded_permutation(50, 3, 4).tolist()


def test_every_place_is_equally_likely():
    # 4,000 permutations of 5: each item in each place 800 times, give or take 5 standard deviations (25 each)
    counts = np.zeros((5, 5), int)
    for epoch in range(4000):
        counts[np.arange(5), seeded_permutation(5, 11, epoch)] += 1
    assert np.abs(counts - 800).max() < 5 * 25.3


def test_batches_are_tensors_of_the_arrays_dtypes():
    x, y = next(iter(DataLoader(ArrayDataset(np.ones((4, 1, 2), np.float16), np.arange(4, dtype=np.int8)))))
    assert isinstance(x, ag.Tensor)
    assert isinstance(y, ag.Tensor)
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((4, 1, 2), np.float16, (4,), np.int8)


def test_writing_to_a_batch_leaves_the_data_set_alone():
    dataset = numbered(4)
    x, _ = next(iter(DataLoader(dataset, batch_size=4)))
    x.numpy()[...] = -1
    np.testing.assert_array_equal(dataset.inputs[:, 0], np.arange(4))


@pytest.mark.parametrize(
    ("item", "x_dtype", "y_dtype"),
    [
        ((1.0, 2), np.float32, np.int64),
        ((np.float64(1.0), np.uint8(2)), np.float64, np.uint8),
        ((ag.tensor([1.0]), 0.5), np.float32, np.float32),
    ],
)
def test_dtypes_of_items(item, x_dtype, y_dtype):
    x, y = next(iter(DataLoader([item, item])))
    assert (x.dtype, y.dtype) == (x_dtype, y_dtype)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"batch_size": 0}, ValueError, "batch_size is 0; wanted an integer of at least 1"),
        ({"batch_size": -3}, ValueError, "batch_size is -3"),
        ({"batch_size": 2.0}, DtypeError, "batch_size is 2.0 of type float; wanted an integer"),
        ({"batch_size": True}, DtypeError, "batch_size is True"),
        ({"batch_size": None}, DtypeError, "batch_size is None"),
        ({"shuffle": 1}, DtypeError, "shuffle is 1 of type int; wanted True or False"),
        ({"seed": -1}, ValueError, "seed is -1; wanted an integer of at least 0"),
        ({"seed": "7"}, DtypeError, "seed is '7'"),
        ({"drop_last": "no"}, DtypeError, "drop_last is 'no'"),
        ({"drop_last": True, "batch_size": 6}, ValueError, "the dataset has 5 items and batch_size is 6"),
    ],
)
def test_wrong_arguments(options, error, message):
    with pytest.raises(error, match=message):
        DataLoader(numbered(5), **options)


def test_numpy_integers_are_integers():
    assert len(DataLoader(numbered(5), batch_size=np.int64(2))) == 3


def test_an_empty_data_set():
    with pytest.raises(ValueError, match="dataset is empty"):
        DataLoader(numbered(0))


def test_what_is_no_data_set():
    with pytest.raises(DtypeError, match="dataset is of type int, which has no __len__ and __getitem__"):
        DataLoader(5)


@pytest.mark.parametrize(
    ("items", "error", "message"),
    [
        ([1.0, 2.0], DtypeError, r"dataset\[0\] of list is a float; wanted a pair"),
        ([(1, 2, 3)], DtypeError, r"dataset\[0\] of list is 3 values"),
        ([(np.zeros(2), 0), (np.zeros(3), 0)], ShapeError, r"input of item 1 is \(3,\) and that of item 0 is \(2,\)"),
        ([(0, 1), (0, [1])], ShapeError, r"target of item 1 is \(1,\)"),
        ([(0, "cat")], DtypeError, "target of item 0 has dtype <U3"),
    ],
)
def test_items_that_make_no_batch(items, error, message):
    with pytest.raises(error, match=message):
        list(DataLoader(items))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"dataset_size": 11}, ValueError, "dataset_size 11, this loader has dataset_size 10"),
        ({"shuffle": False}, ValueError, "shuffle False, this loader has shuffle True"),
        ({"delivered": 11}, ValueError, "11 items of an epoch of 10"),
        ({"epoch": -1}, ValueError, "epoch is -1"),
        ({"epoch": 1.5}, DtypeError, "epoch is 1.5"),
        ({"seed": None}, DtypeError, "seed is None"),
    ],
)
def test_a_state_of_another_loader_is_refused_and_changes_nothing(change, error, message):
    loader = DataLoader(numbered(10), batch_size=4, shuffle=True, seed=5)
    next(iter(loader))
    before = loader.state_dict()
    with pytest.raises(error, match=message):
        loader.load_state_dict({**before, **change})
    assert loader.state_dict() == before


def test_an_incomplete_state():
    loader = DataLoader(numbered(10))
    with pytest.raises(ValueError, match=r"lacks \['seed', 'shuffle', 'dataset_size'\]"):
        loader.load_state_dict({"epoch": 0, "delivered": 0})
