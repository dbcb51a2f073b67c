"""The bundled digits: complete, in order, and split the same way every time."""

from __future__ import annotations

import hashlib
from importlib.resources import files

import numpy as np
import pytest

from nn.data import load_digits


@pytest.fixture(scope="module")
def digits():
    return load_digits()


def test_shapes_dtypes_and_range(digits):
    assert (digits.name, digits.input_shape, digits.classes) == ("digits", (1, 8, 8), tuple("0123456789"))
    for part, n in ((digits.train, 1438), (digits.test, 359)):
        assert part.inputs.shape == (n, 1, 8, 8)
        assert part.inputs.dtype == np.float32
        assert part.targets.shape == (n,)
        assert part.targets.dtype == np.int64
        assert (part.inputs.min(), part.inputs.max()) == (0, 1)
        np.testing.assert_array_equal(part.inputs * 16, np.rint(part.inputs * 16))


def test_the_split_is_stratified(digits):
    train, test = np.bincount(digits.train.targets), np.bincount(digits.test.targets)
    # the class counts that the data set's authors publish for these 1,797 images
    assert (train + test).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert np.abs(test - 0.2 * (train + test)).max() <= 0.5


def test_no_image_is_on_both_sides(digits):
    train = {image.tobytes() for image in digits.train.inputs}
    assert not any(image.tobytes() in train for image in digits.test.inputs)


def test_the_split_is_the_same_for_ever(digits):
    # results on the digits are comparable between versions only while this stays
    assert hashlib.sha256(digits.test.inputs.tobytes() + digits.test.targets.tobytes()).hexdigest() == (
        "34882d545bb37108552e8c3fd4a66fb4f3d5429fa26e8e786292e0a335b21eee"
    )
    again = load_digits()
    np.testing.assert_array_equal(again.train.inputs, digits.train.inputs)
    again.train.inputs[...] = 0  # a caller's own copy
    assert load_digits().train.inputs.max() == 1


def test_a_nearest_neighbour_reads_them(digits):
    # images and labels belong together: shuffled labels would give 10 %
    train, test = (part.inputs.reshape(len(part), -1).astype(np.float64) for part in (digits.train, digits.test))
    squares = (train**2).sum(1) - 2 * test @ train.T
    found = digits.train.targets[squares.argmin(1)]
    assert (found == digits.test.targets).mean() > 0.97


def test_the_bundle_is_small_and_licensed():
    folder = files("nn.data")
    assert len((folder / "digits.npz").read_bytes()) < 64_000
    assert "CC BY 4.0" in (folder / "DIGITS-LICENSE.txt").read_text(encoding="utf-8")
