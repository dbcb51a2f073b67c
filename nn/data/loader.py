"""Batches of a data set, in an order that can be told in advance and resumed anywhere."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd as ag
from autograd.errors import ArgumentError, DtypeError, ShapeError
from nn.data.dataset import ArrayDataset, Dataset

__all__ = ["DataLoader", "seeded_permutation"]


def seeded_permutation(n: int, *seed: int) -> NDArray[np.int64]:
    """A permutation of ``range(n)`` that depends on ``n`` and the ``seed`` numbers alone.

    NumPy keeps the raw output of a bit generator stable for ever, but not what ``Generator.permutation`` makes of it;
    so the order is that of raw 64-bit keys, and a run can be repeated under a later NumPy.
    """
    keys = np.random.PCG64(np.random.SeedSequence(seed)).random_raw(n)
    return np.argsort(keys, kind="stable")


class DataLoader:
    """Iterate over a data set in batches: pairs of Tensors ``(inputs, targets)`` on the CPU.

    One pass is one epoch. With ``shuffle`` its order is a function of ``(len(dataset), seed, epoch)`` alone, so two
    loaders with equal arguments give equal batches, in whatever process. An epoch that is left early (``break``) is
    started again by the next ``iter``; one that is finished is followed by the next.

    To resume, save :meth:`state_dict` with the model and hand it to :meth:`load_state_dict` of a loader over the same
    data: the next pass gives the batches that were not delivered yet, and later epochs follow as they would have.

    Args:
        dataset: an :class:`ArrayDataset` (batches are cut from its arrays, fast), or anything with ``__len__`` and
            with ``__getitem__`` giving pairs ``(input, target)`` (batches are stacked, item by item).
        batch_size: items in a batch, at least 1. The last batch is smaller where ``len(dataset)`` is no multiple.
        shuffle: a new order in each epoch, instead of the data set's own.
        seed: a non-negative integer that the order is drawn from.
        drop_last: leave out a last batch that would be smaller.

    Shape: inputs ``(batch_size, *input)``, targets ``(batch_size, *target)``. Arrays keep their dtype; where the items
    of a data set are plain Python numbers, floats become float32 and integers int64.

    Errors: :class:`DtypeError` for an argument of a wrong type, ``ArgumentError`` for a value out of range or a data
    set that gives no batch.
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int = 32,
        shuffle: bool = False,
        seed: int = 0,
        drop_last: bool = False,
    ):
        if not (hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")):
            raise DtypeError(
                f"DataLoader: dataset is of type {type(dataset).__name__}, which has no __len__ and __getitem__. "
                "Give an ArrayDataset, or a subclass of Dataset that defines both."
            )
        self.dataset = dataset
        self.batch_size = _integer("batch_size", batch_size, least=1)
        self.shuffle = _flag("shuffle", shuffle)
        self.seed = _integer("seed", seed, least=0)
        self.drop_last = _flag("drop_last", drop_last)
        size = len(dataset)
        if size == 0:
            raise ArgumentError("DataLoader: dataset is empty. Check the folder or the filter that it was made from.")
        if self.drop_last and size < self.batch_size:
            raise ArgumentError(
                f"DataLoader: drop_last leaves no batch: the dataset has {size} items and batch_size is "
                f"{self.batch_size}. Lower batch_size to {size} or less, or pass drop_last=False."
            )
        self._epoch = 0
        self._start = 0  # items of this epoch that were delivered before this loader was restored
        self._delivered = 0

    @property
    def epoch(self) -> int:
        """The number of epochs finished, which is the number of the epoch under way or next."""
        return self._epoch

    def __len__(self) -> int:
        """The number of batches in a whole epoch."""
        full, rest = divmod(len(self.dataset), self.batch_size)
        return full + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[tuple[ag.Tensor, ag.Tensor]]:
        self._delivered = self._start
        return self._batches(self._epoch, self._start)

    def _batches(self, epoch: int, start: int) -> Iterator[tuple[ag.Tensor, ag.Tensor]]:
        size = len(self.dataset)
        order = seeded_permutation(size, self.seed, epoch) if self.shuffle else np.arange(size)
        end = size - size % self.batch_size if self.drop_last else size
        for first in range(start, end, self.batch_size):
            last = min(first + self.batch_size, end)
            batch = self._collate(order[first:last])
            # before the yield: a state taken while the caller works on a batch counts that batch as delivered
            self._delivered = last
            yield batch
        self._epoch, self._start, self._delivered = epoch + 1, 0, 0

    def _collate(self, indices: NDArray[np.int64]) -> tuple[ag.Tensor, ag.Tensor]:
        if isinstance(self.dataset, ArrayDataset):
            # take copies, so that writing to a batch never writes to the data set
            inputs, targets = self.dataset.inputs, self.dataset.targets
            return ag.asarray(inputs.take(indices, axis=0)), ag.asarray(targets.take(indices, axis=0))
        pairs = [self._item(int(i)) for i in indices]
        return (
            ag.asarray(_stack("input", indices, [x for x, _ in pairs])),
            ag.asarray(_stack("target", indices, [y for _, y in pairs])),
        )

    def _item(self, index: int) -> tuple[Any, Any]:
        item: Any = self.dataset[index]  # a data set of a user may return anything
        if not isinstance(item, (tuple, list)) or len(item) != 2:
            seen = f"{len(item)} values" if isinstance(item, (tuple, list)) else f"a {type(item).__name__}"
            raise DtypeError(
                f"DataLoader: dataset[{index}] of {type(self.dataset).__name__} is {seen}; wanted a pair "
                "(input, target). Return one from __getitem__."
            )
        return item[0], item[1]

    def state_dict(self) -> dict[str, Any]:
        """The place in the data, as plain numbers for JSON: epoch, items delivered in it, and what fixes the order."""
        return {
            "epoch": self._epoch,
            "delivered": self._delivered,
            "seed": self.seed,
            "shuffle": self.shuffle,
            "dataset_size": len(self.dataset),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to the place where :meth:`state_dict` was taken. The seed is taken over from the state.

        Errors: ``ArgumentError`` if the state is incomplete or belongs to another data set or order; nothing is changed
        then.
        """
        missing = [key for key in self.state_dict() if key not in state]
        if missing:
            raise ArgumentError(f"DataLoader: the state lacks {missing}. Give what DataLoader.state_dict() returned.")
        for key, mine in (("dataset_size", len(self.dataset)), ("shuffle", self.shuffle)):
            if state[key] != mine:
                raise ArgumentError(
                    f"DataLoader: the state was taken with {key} {state[key]}, this loader has {key} {mine}, so the "
                    "rest of the epoch would hold other items. Resume with the data and arguments of the first run."
                )
        epoch = _integer("epoch", state["epoch"], least=0)
        delivered = _integer("delivered", state["delivered"], least=0)
        seed = _integer("seed", state["seed"], least=0)
        if delivered > len(self.dataset):
            raise ArgumentError(
                f"DataLoader: the state says that {delivered} items of an epoch of {len(self.dataset)} were delivered. "
                "Give what DataLoader.state_dict() returned."
            )
        self.seed, self._epoch, self._start, self._delivered = seed, epoch, delivered, delivered


def _stack(role: str, indices: NDArray[np.int64], values: list[Any]) -> NDArray[Any]:
    arrays = [_weak_array(value) for value in values]
    for index, array in zip(indices, arrays, strict=True):
        if array.shape != arrays[0].shape:
            raise ShapeError(
                f"DataLoader: the {role} of item {index} is {array.shape} and that of item {indices[0]} is "
                f"{arrays[0].shape}; a batch needs one shape. Pad or crop the items in __getitem__."
            )
        if array.dtype.kind not in "biufc":
            raise DtypeError(
                f"DataLoader: the {role} of item {index} has dtype {array.dtype}; wanted numbers or an array of "
                "numbers. Convert it in __getitem__, and number classes that have names."
            )
    return np.stack(arrays)


def _weak_array(value: Any) -> NDArray[Any]:
    if isinstance(value, ag.Tensor):
        return value.numpy()
    # Python floats are weak, as everywhere in the engine: they do not make float64 out of a float32 model
    return np.asarray(value, dtype=np.float32 if type(value) is float else None)


def _integer(name: str, value: Any, least: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):
        raise DtypeError(f"DataLoader: {name} is {value!r} of type {type(value).__name__}; wanted an integer.")
    if number < least:
        raise ArgumentError(f"DataLoader: {name} is {number}; wanted an integer of at least {least}.")
    return number


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise DtypeError(f"DataLoader: {name} is {value!r} of type {type(value).__name__}; wanted True or False.")
    return bool(value)
