"""MNIST and Fashion-MNIST: 60,000 training and 10,000 test images of 28×28 grey pixels, in ten classes each."""

from __future__ import annotations

import os

import numpy as np

from nn.data.dataset import ArrayDataset, DataSplit
from nn.data.sources import DataFile, load_idx

__all__ = ["load_fashion_mnist", "load_mnist"]

_TRAIN, _TEST = 60_000, 10_000


def _files(folder: str, mirrors: tuple[str, ...], digests: tuple[str, str, str, str]) -> dict[str, DataFile]:
    wanted = {
        "train images": ("train-images-idx3-ubyte.gz", (_TRAIN, 28, 28)),
        "train labels": ("train-labels-idx1-ubyte.gz", (_TRAIN,)),
        "test images": ("t10k-images-idx3-ubyte.gz", (_TEST, 28, 28)),
        "test labels": ("t10k-labels-idx1-ubyte.gz", (_TEST,)),
    }
    return {
        role: DataFile(folder, name, shape, digest, mirrors)
        for (role, (name, shape)), digest in zip(wanted.items(), digests, strict=True)
    }


MNIST = _files(
    "mnist",
    (
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://storage.googleapis.com/cvdf-datasets/mnist",
    ),
    (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
)

FASHION_MNIST = _files(
    "fashion-mnist",
    (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion",
    ),
    (
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
)

_FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


def load_mnist(data_dir: str | os.PathLike[str] | None = None, download: bool = True) -> DataSplit:
    """Handwritten digits.

    Args:
        data_dir: a folder to look for the four idx.gz files in, itself or in its folder ``mnist``. After it come the
            environment variable ``GLASSGRAD_DATA``, likewise, and the per-user cache.
        download: fetch what was found nowhere into the per-user cache.

    Returns: images float32 in [0, 1] of shape ``(N, 1, 28, 28)``, labels int64 of shape ``(N,)``.

    Errors: :class:`~nn.data.CorruptFileError` if a file is not the original one, byte for byte after decompression;
    :class:`~nn.data.DataNotFoundError` if a file is nowhere and cannot be downloaded.

    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
    Proceedings of the IEEE 86 (11), 1998.
    """
    return _load(MNIST, "mnist", tuple("0123456789"), data_dir, download)


def load_fashion_mnist(data_dir: str | os.PathLike[str] | None = None, download: bool = True) -> DataSplit:
    """Articles of clothing, in the form of MNIST and harder.

    Arguments, returns and errors are those of :func:`load_mnist`; the data set's own folder is ``fashion-mnist``.

    Source: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
    algorithms", 2017, arXiv:1708.07747.
    """
    return _load(FASHION_MNIST, "fashion-mnist", _FASHION_CLASSES, data_dir, download)


def _load(
    files: dict[str, DataFile],
    name: str,
    classes: tuple[str, ...],
    data_dir: str | os.PathLike[str] | None,
    download: bool,
) -> DataSplit:
    def part(which: str) -> ArrayDataset:
        images = load_idx(files[f"{which} images"], data_dir, download)
        labels = load_idx(files[f"{which} labels"], data_dir, download)
        return ArrayDataset(np.divide(images[:, np.newaxis], 255, dtype=np.float32), labels.astype(np.int64))

    return DataSplit(part("train"), part("test"), classes=classes, name=name, input_shape=(1, 28, 28))
