"""Random numbers in the shape of their parameters, on their device; inside vmap too.

A sampling function draws standard noise outside of the graph and hands it to ops as a constant. What depends on the
parameters is computed by ops, so gradients flow; what was drawn is data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd.backend import Array, array_module, as_array, default_float, device_of, parse_dtype
from autograd.dispatch import bound, broadcast_clash
from autograd.errors import ArgumentError, DeviceError, ShapeError
from autograd.levels import Level
from autograd.ops.casting import astype
from autograd.parameters import full_shape, real_dtypes
from autograd.random import Generator, default_generator
from autograd.tape import Variable, innermost

__all__ = ["Sampler"]


class Sampler:
    """Draws for one call of a sampling function.

    ``parameters``  what the call got, by name: numbers, arrays or Tensors
    ``shape``       of the result; that to which the parameters broadcast if None
    ``dtype``       of the noise: by default the widest floating one among the parameters, else float32
    ``vectors``     how many last axes of each parameter are not part of that shape (1 for weights of outcomes)

    Inside vmap a draw has an axis for each level at which a parameter is batched, so that examples differ; with
    ``randomness="same"`` they share one draw.
    """

    def __init__(
        self,
        name: str,
        parameters: Mapping[str, Any],
        shape: Any = None,
        dtype: Any = None,
        device: str | None = None,
        generator: Generator | None = None,
        vectors: int = 0,
    ):
        self.name = name
        given = {argument: p for argument, p in parameters.items() if hasattr(p, "shape")}
        floating = [p.dtype for p in given.values() if p.dtype.kind not in "iub"]
        self.dtype = (
            parse_dtype(dtype) if dtype is not None else np.result_type(*floating) if floating else default_float
        )
        real_dtypes(name, self.dtype)
        shapes = {argument: tuple(p.shape)[: len(p.shape) - vectors] for argument, p in given.items()}
        if shape is None:
            if clash := broadcast_clash(list(shapes.values())):
                seen = ", ".join(f"{argument} is {s}" for argument, s in shapes.items())
                raise ShapeError(f"{name}: shapes do not broadcast: {seen}: {clash}.")
            self.shape = np.broadcast_shapes(*shapes.values())
        else:
            self.shape = full_shape(name, shape)
            for argument, s in shapes.items():
                full_shape(name, self.shape, **{argument: np.broadcast_to(0, s)})
        places = {device_of(innermost(p)) for p in given.values()}
        if device is not None or not places:
            places.add(device or (generator.device if generator else "cpu"))
        kinds, numbered = {d.partition(":")[0] for d in places}, {d for d in places if ":" in d}
        if len(kinds) > 1 or len(numbered) > 1:
            raise DeviceError(f"{name}: parameters and result are on different devices: {', '.join(sorted(places))}.")
        self.generator = generator or default_generator(max(places, key=len))
        self.module: Any = np
        self.levels: list[Level] = []
        self._wrapper: Any = None
        for p in given.values():
            self._find_levels(p)
        self.levels.sort(key=lambda level: level.number)

    def _find_levels(self, x: Any) -> None:
        """Note the vmap levels at which ``x`` is batched."""
        while (level := getattr(x, "level", None)) is not None:
            if level.size < 0:
                x = x.primal
                continue
            if level.randomness == "error":
                raise ArgumentError(
                    f"{self.name}: random numbers inside vmap with randomness='error'. Pass 'different' or 'same'."
                )
            if level.randomness == "different" and level not in self.levels:
                self.levels.append(level)
            self._wrapper = type(x)
            x = x.value

    @property
    def sizes(self) -> tuple[int, ...]:
        """The lengths of the axes that vmap hides."""
        return tuple(level.size for level in self.levels)

    def numbers(self, parameter: Any, vectors: int = 0, alike: bool = False) -> Any:
        """The numbers of a parameter, with an axis in front for each hidden one; a Python number stays one.

        At a level where examples share a draw, those of the first; with ``alike`` all must be equal.
        """
        if not hasattr(parameter, "shape"):
            return parameter
        array, found = self._front(parameter)
        for i in reversed(range(len(found))):
            if found[i] not in self.levels:
                first = array.take(0, axis=i)
                if alike and not np.all(array == np.expand_dims(first, i)):
                    raise ArgumentError(
                        f"{self.name}: examples of a vmap with randomness='same' have different parameters, and this "
                        "draw has no gradient rule to carry it from one to another. Use randomness='different'."
                    )
                array, found = first, found[:i] + found[i + 1 :]
        ndim = len(self.shape) + vectors
        if not self.levels or len(array.shape) - len(found) > ndim:
            return array
        visible = array.shape[len(found) :]
        front = tuple(level.size if level in found else 1 for level in self.levels)
        return array.reshape(*front, *(1,) * (ndim - len(visible)), *visible)

    def _front(self, x: Any) -> tuple[Array, list[Level]]:
        level = getattr(x, "level", None)
        if level is None:
            return (x.array if isinstance(x, Variable) else as_array(x)), []
        if level.size < 0:
            return self._front(x.primal)
        array, found = self._front(x.value)
        return np.moveaxis(array, len(found) + x.axis, len(found)), [*found, level]

    def draw(self, method: str, *parameters: Any, vectors: int = 0, alike: bool = False, **options: Any) -> Any:
        """A Tensor of numbers that a method of the generator draws with these parameters."""
        shape = (*self.sizes, *self.shape)
        values = [self.numbers(p, vectors, alike) for p in parameters]
        drawn = getattr(self.generator, method)(shape, *values, **options)
        self.module = array_module(drawn)
        return self.wrap(drawn)

    def wrap(self, array: Array) -> Any:
        """An array with hidden axes in front as a value inside vmap."""
        tensor = bound(as_array(array), None)
        for level in self.levels:
            tensor = self._wrapper(level, tensor, 0)
        return tensor

    def base(self, parameter: Any, vectors: int = 0) -> Any:
        """The numbers of a parameter that a draw was made with, as a constant in the dtype of the noise."""
        array = self.module.asarray(self.numbers(parameter, vectors), dtype=self.dtype)
        return self.wrap(np.broadcast_to(array, (*self.sizes, *array.shape[len(self.sizes) :])))

    def cast(self, parameter: Any) -> Any:
        """The parameter as a Tensor in the dtype of the noise, with its gradient; a Python number as it is."""
        if not hasattr(parameter, "shape"):
            return parameter
        tensor: Any = parameter if isinstance(parameter, Variable) else bound(as_array(parameter), None)
        return tensor if tensor.dtype == self.dtype else astype(tensor, self.dtype)
