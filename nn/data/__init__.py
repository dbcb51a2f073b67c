"""Data sets and the loader that feeds them to a model in batches.

``load_digits`` needs no file and no network; ``load_mnist`` and ``load_fashion_mnist`` read the original files.
"""

from nn.data.dataset import ArrayDataset, Dataset, DataSplit
from nn.data.digits import load_digits
from nn.data.idx import CorruptFileError, read_idx
from nn.data.loader import DataLoader
from nn.data.mnist import load_fashion_mnist, load_mnist
from nn.data.sources import DataNotFoundError

__all__ = [
    "ArrayDataset",
    "CorruptFileError",
    "DataLoader",
    "DataNotFoundError",
    "DataSplit",
    "Dataset",
    "load_digits",
    "load_fashion_mnist",
    "load_mnist",
    "read_idx",
]
