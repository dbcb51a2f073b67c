"""What a data set is: pairs of an input and a target that can be counted and indexed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import Tensor
from autograd.errors import DtypeError, RangeError, ShapeError

__all__ = ["ArrayDataset", "DataSplit", "Dataset"]


class Dataset:
    """A data set: ``len(dataset)`` items, and ``dataset[i]`` is the pair ``(input, target)`` number ``i``.

    Subclass it and define both methods. A :class:`~nn.data.DataLoader` stacks the items to batches, so every input has
    one shape and every target has one shape.
    """

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define __len__: the number of items.")

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__: the pair (input, target) at index.")


class ArrayDataset(Dataset):
    """A data set held in two arrays: item ``i`` is ``(inputs[i], targets[i])``.

    Args:
        inputs: NumPy array or CPU Tensor of shape ``(N, ...)``; it is referred to, not copied.
        targets: NumPy array or CPU Tensor of shape ``(N, ...)``, likewise.

    Errors: :class:`DtypeError` if an argument is neither, or holds Python objects or text; :class:`ShapeError` if the
    two disagree in their first axis or have none.
    """

    inputs: NDArray[Any]
    targets: NDArray[Any]

    def __init__(self, inputs: NDArray[Any] | Tensor, targets: NDArray[Any] | Tensor):
        self.inputs = _host_array("inputs", inputs)
        self.targets = _host_array("targets", targets)
        if len(self.inputs) != len(self.targets):
            raise ShapeError(
                f"ArrayDataset: inputs is {self.inputs.shape} and targets is {self.targets.shape}: "
                f"{len(self.inputs)} items against {len(self.targets)}. Give one target for each input."
            )

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        return self.inputs[index], self.targets[index]

    def __repr__(self) -> str:
        parts = (("inputs", self.inputs), ("targets", self.targets))
        return "ArrayDataset(" + ", ".join(f"{name} {a.shape} {a.dtype}" for name, a in parts) + ")"


@dataclass(frozen=True)
class DataSplit:
    """A classification data set in its two parts.

    Attributes:
        train, test: the parts. Inputs are of shape ``(N, *input_shape)``, targets are integers of shape ``(N,)``.
        classes: the name of each class; target ``k`` stands for ``classes[k]``.
        name: the name of the data set, as the command line spells it.
        input_shape: the shape of one input, such as ``(1, 28, 28)``.

    Errors: :class:`ShapeError` or :class:`DtypeError` if a part is not of that form, :class:`RangeError` if a target
    is not the number of a class.
    """

    train: ArrayDataset
    test: ArrayDataset
    classes: tuple[str, ...]
    name: str
    input_shape: tuple[int, ...]

    def __post_init__(self) -> None:
        for part in ("train", "test"):
            self._check(part, getattr(self, part))

    def _check(self, part: str, dataset: ArrayDataset) -> None:
        inputs, labels = dataset.inputs, dataset.targets
        if inputs.shape[1:] != tuple(self.input_shape) or labels.ndim != 1:
            raise ShapeError(
                f"{self.name}: the {part} part has inputs {inputs.shape} and targets {labels.shape}; "
                f"wanted {('N', *self.input_shape)} and ('N',)."
            )
        if labels.dtype.kind not in "iu":
            raise DtypeError(
                f"{self.name}: targets of the {part} part are {labels.dtype}; wanted class numbers. "
                "Convert them with targets.astype(np.int64)."
            )
        outside = np.flatnonzero((labels < 0) | (labels >= len(self.classes)))
        if outside.size:
            raise RangeError(
                f"{self.name}: target {outside[0]} of the {part} part is {labels[outside[0]]}; wanted a class number "
                f"from 0 to {len(self.classes) - 1} ({outside.size} of {labels.size} targets are out of range). "
                "Correct the labels, or name every class in classes."
            )


def _host_array(name: str, value: Any) -> NDArray[Any]:
    array = value.numpy() if isinstance(value, Tensor) else value
    if not isinstance(array, np.ndarray):
        raise DtypeError(
            f"ArrayDataset: {name} is of type {type(value).__name__}; wanted a NumPy array or a Tensor on the CPU. "
            "Convert it with np.asarray, and move batches to another device with .to(device)."
        )
    if array.dtype.kind not in "biufc":
        raise DtypeError(
            f"ArrayDataset: {name} has dtype {array.dtype}; wanted numbers or booleans. "
            "Convert it with astype, and number classes that have names."
        )
    if array.ndim == 0:
        raise ShapeError(f"ArrayDataset: {name} has no axes; wanted (N, ...). Add one with {name}[np.newaxis].")
    return array
