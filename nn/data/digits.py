"""The 8×8 handwritten digits that come with the package."""

from __future__ import annotations

from importlib.resources import as_file, files

import numpy as np

from nn.data.dataset import ArrayDataset, DataSplit
from nn.data.loader import seeded_permutation

__all__ = ["load_digits"]

_TEST_FRACTION = 0.2
_SPLIT_SEED = 0
_LARGEST_PIXEL = 16  # a pixel counts the dark ones among 4×4 of the scan


def load_digits() -> DataSplit:
    """1,797 handwritten digits of 8×8 grey pixels, bundled: no file to find, no network.

    The split is fixed. Each class is put in a fixed random order, and its first fifth (rounded) is for testing: 1,438
    images to train on and 359 to test on, with the classes in the same proportions. All of them were written by the
    same 13 people, so the test part tells how a model does on new digits, not on new hands.

    Returns: images float32 in [0, 1] of shape ``(N, 1, 8, 8)``, labels int64 of shape ``(N,)``.

    Source: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository,
    1998, doi:10.24432/C50P49; its test set. Licence: CC BY 4.0 (``DIGITS-LICENSE.txt`` beside this file).
    """
    with as_file(files("nn.data") / "digits.npz") as path, np.load(path, allow_pickle=False) as archive:
        images, labels = archive["images"], archive["labels"].astype(np.int64)
    inputs = np.divide(images[:, np.newaxis], _LARGEST_PIXEL, dtype=np.float32)
    in_test = np.zeros(len(labels), dtype=bool)
    for digit in range(10):
        members = np.flatnonzero(labels == digit)
        order = seeded_permutation(len(members), _SPLIT_SEED, digit)
        in_test[members[order[: round(_TEST_FRACTION * len(members))]]] = True
    return DataSplit(
        train=ArrayDataset(inputs[~in_test], labels[~in_test]),
        test=ArrayDataset(inputs[in_test], labels[in_test]),
        classes=tuple("0123456789"),
        name="digits",
        input_shape=(1, 8, 8),
    )
