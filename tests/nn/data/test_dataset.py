"""Data sets say what does not fit: pairs that do not match, things that are no numbers, labels that name no class."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import autograd as ag
from autograd.errors import DtypeError, RangeError, ShapeError
from nn.data import ArrayDataset, Dataset, DataSplit


def test_items_are_pairs():
    inputs, targets = np.arange(6.0, dtype=np.float32).reshape(3, 2), np.array([5, 6, 7])
    dataset = ArrayDataset(inputs, targets)
    assert len(dataset) == 3
    x, y = dataset[1]
    np.testing.assert_array_equal(x, [2, 3])
    assert y == 6
    assert dataset.inputs is inputs  # referred to, not copied
    assert "inputs (3, 2) float32" in repr(dataset)


def test_tensors_are_taken_too():
    dataset = ArrayDataset(ag.asarray(np.ones((2, 3))), ag.asarray(np.zeros(2)))
    assert isinstance(dataset.inputs, np.ndarray)
    assert dataset.inputs.shape == (2, 3)


def test_lengths_must_agree():
    with pytest.raises(ShapeError, match=r"inputs is \(3, 2\) and targets is \(4,\): 3 items against 4"):
        ArrayDataset(np.zeros((3, 2)), np.zeros(4))


@pytest.mark.parametrize(
    ("inputs", "error", "message"),
    [
        ([1, 2], DtypeError, "inputs is of type list"),
        (np.array(["cat", "dog"]), DtypeError, "inputs has dtype <U3"),
        (np.array([{}, {}]), DtypeError, "inputs has dtype object"),
        (np.array(1.0), ShapeError, "inputs has no axes"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(inputs, error, message):
    with pytest.raises(error, match=message):
        ArrayDataset(inputs, np.zeros(2))


def test_a_dataset_says_what_a_subclass_forgot():
    class Half(Dataset):
        pass

    with pytest.raises(NotImplementedError, match="Half must define __len__"):
        len(Half())
    with pytest.raises(NotImplementedError, match="Half must define __getitem__"):
        Half()[0]


def split(targets, shape=(2,), part="test"):
    good = ArrayDataset(np.zeros((4, 2)), np.array([0, 1, 2, 0]))
    parts = {"train": good, "test": good}
    parts[part] = ArrayDataset(np.zeros((len(targets), 2)), targets)
    return DataSplit(**parts, classes=("a", "b", "c"), name="letters", input_shape=shape)


def test_a_split_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        split(np.array([0])).name = "other"


@pytest.mark.parametrize("part", ["train", "test"])
@pytest.mark.parametrize("wrong", [-1, 3])
def test_a_label_out_of_range_is_named(part, wrong):
    with pytest.raises(RangeError, match=rf"letters: target 2 of the {part} part is {wrong}; .* from 0 to 2 \(1 of 3"):
        split(np.array([0, 2, wrong]), part=part)


def test_unsigned_labels_are_compared_without_wrapping():
    with pytest.raises(RangeError, match="target 0 of the test part is 255"):
        split(np.array([255], dtype=np.uint8))


def test_labels_are_integers():
    with pytest.raises(DtypeError, match=r"targets of the test part are float64.*astype\(np.int64\)"):
        split(np.array([0.0, 1.0]))


def test_shapes_of_a_split():
    with pytest.raises(ShapeError, match=r"train part has inputs \(4, 2\).*wanted \('N', 5\)"):
        split(np.array([0]), shape=(5,))
    with pytest.raises(ShapeError, match=r"targets \(2, 1\)"):
        split(np.array([[0], [1]]))
