"""Tensor: an array that remembers how it was made.

Its arithmetic stands in ``operators.py``. Here is what belongs to the Tensor itself: what it holds, its gradient and
its place in the graph, and the ways out of the engine and back.
"""

from __future__ import annotations

import importlib
import itertools
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd import levels, ops
from autograd.accumulation import accumulate
from autograd.backend import (
    Array,
    as_array,
    cast,
    device_of,
    is_array,
    is_differentiable,
    parse_device,
    parse_dtype,
    to_numpy,
)
from autograd.backward import walk
from autograd.dispatch import bound, register_tensor_type
from autograd.errors import ArgumentError, DeviceError, DtypeError, GradientError, ShapeError
from autograd.operators import Operators
from autograd.protocols import call_function, call_ufunc
from autograd.tape import Leaf, Variable

__all__ = ["RemovableHandle", "Tensor"]


class RemovableHandle:
    """What registering a hook returns; :meth:`remove` takes the hook away."""

    _ids = itertools.count()

    def __init__(self, hooks: dict[int, Any]):
        self._hooks = hooks
        self.id = next(self._ids)

    def remove(self) -> None:
        """Take the hook away; again is harmless."""
        self._hooks.pop(self.id, None)


class Tensor(Operators):
    """An array of NumPy or CuPy with a gradient.

    Make one with :func:`autograd.tensor`. ``array`` is the plain array; writing to it goes past the engine (use
    ``with no_grad(): x[...] = value``, or call :func:`autograd.mark_written` after it).
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = False):
        array = data.array if isinstance(data, Variable) else data
        self.array = array if is_array(array) else np.asarray(array)
        self.node = None
        self._grad = None
        if requires_grad:
            self.requires_grad_()

    # ------------------------------------------------------------------------------------------------ what it is

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return self.array.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.array.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.array.size

    @property
    def dtype(self) -> np.dtype:
        """The type of the elements, a NumPy dtype."""
        return self.array.dtype

    @property
    def nbytes(self) -> int:
        """The memory of the elements, in bytes."""
        return self.array.nbytes

    @property
    def device(self) -> str:
        """Where the array lies: ``"cpu"`` or ``"cuda:N"``."""
        return device_of(self.array)

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to or through this Tensor."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        self.requires_grad_(flag)

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded op made this Tensor."""
        return self.node is None or self.node.op is None

    @property
    def data(self) -> Tensor:
        """The same memory outside the graph, as :meth:`detach`; assigning replaces the array."""
        return self.detach()

    @data.setter
    def data(self, value: Any) -> None:
        if not self.is_leaf:
            raise GradientError("data: cannot replace the array of a computed Tensor; detach() it first.")
        array = value.array if isinstance(value, Variable) else as_array(value)
        if self.node is not None and (array.shape != self.array.shape or array.dtype != self.array.dtype):
            hooks = self.node.hooks
            self.array = array
            self.requires_grad_(False).requires_grad_()
            self.node.hooks = hooks  # the very dict: the handles that remove hooks know it
            self._grad = None
        self.array = array

    # ------------------------------------------------------------------------------------------------ gradients

    @property
    def grad(self) -> Tensor | None:
        """The gradient that backward passes have added up here; None where none arrived."""
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise DtypeError(f"grad: must be a Tensor or None, not a {type(value).__name__}.")
            if value.shape != self.shape or value.dtype != self.dtype or value.device != self.device:
                raise ShapeError(
                    f"grad: is {value.shape} {value.dtype} on {value.device}; "
                    f"the Tensor wants {self.shape} {self.dtype} on {self.device}."
                )
        self._grad = value

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Ask for gradients of this Tensor (or no longer), and return it."""
        if not self.is_leaf:
            if not requires_grad:
                raise GradientError(
                    f"requires_grad_: this Tensor was made by {self.node!r}; only a leaf can stop wanting gradients. "
                    "Use x.detach() for the value without its history."
                )
        elif not requires_grad:
            self.node = None
        elif self.node is None:
            if not is_differentiable(self.dtype):
                raise DtypeError(
                    f"requires_grad: a Tensor of dtype {self.dtype} has no gradient; only floating and complex ones "
                    "do. Convert it first: x.astype('float32'), or write tensor([1.0, 2.0]) with decimal points."
                )
            self.node = Leaf(self)
        return self

    def detach(self) -> Tensor:
        """The same value (and memory) as a constant: no gradient flows through it."""
        return bound(self.array, None)

    def holding(self, array: Any) -> Any:
        """A constant: another array in the place of this value, on its device."""
        return bound(array, None).to(device=self.device)

    def retain_grad(self) -> None:
        """Keep the gradient of a computed Tensor in ``.grad`` too; a leaf keeps its own anyway."""
        if self.node is None:
            raise GradientError("retain_grad: this Tensor has no gradient; it was not made from one that wants it.")
        if self.is_leaf:
            return
        reference = weakref.ref(self)

        def keep(g: Tensor) -> None:
            tensor = reference()
            if tensor is not None:
                kept = g if g.node is not None else bound(g.array.copy(), None)
                tensor._grad = kept if tensor._grad is None else tensor._grad + kept

        self.register_hook(keep)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Call ``hook(gradient)`` in each backward pass when the gradient of this Tensor is complete.

        What it returns, if not None, takes the gradient's place.
        """
        if self.node is None:
            raise GradientError("register_hook: this Tensor has no gradient, so the hook would never run.")
        for watcher in levels.here.watchers:
            watcher.hooking(self)
        if self.node.hooks is None:
            self.node.hooks = {}
        handle = RemovableHandle(self.node.hooks)
        self.node.hooks[handle.id] = hook
        return handle

    def backward(self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False) -> None:
        """Add the gradient of this Tensor with respect to each leaf into the leaf's ``.grad``.

        ``gradient``      the cotangent to start from; 1 for a Tensor of one element
        ``retain_graph``  keep the saved values for another pass (default: as ``create_graph``)
        ``create_graph``  record the backward pass too, for higher derivatives
        """
        if self.node is None:
            raise no_graph_error("backward", self)
        g = start_cotangent("backward", self, gradient, create_graph)
        accumulate(
            walk(
                [(self.node, g)],
                retain_graph=create_graph if retain_graph is None else retain_graph,
                create_graph=create_graph,
            ),
            self.node,
        )

    # ------------------------------------------------------------------------------------- out of the engine, copies

    def numpy(self) -> np.ndarray:
        """The NumPy array itself, sharing memory. On a GPU or within a graph it is an error that says what to call."""
        if self.node is not None:
            raise GradientError(
                "numpy: this Tensor belongs to a graph, and changes to the array would go unseen. "
                "Use x.detach().numpy()."
            )
        if not isinstance(self.array, np.ndarray):
            raise DeviceError(f'numpy: this Tensor lies on {self.device!r}. Copy it to the host first: x.to("cpu").')
        return self.array

    def item(self) -> Any:
        """The only element, as a Python number."""
        if self.array.size != 1:
            raise ShapeError(f"item: the Tensor is {self.shape} and holds {self.size} elements, not 1. Use x.tolist().")
        return self.array.item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers."""
        return self.array.tolist()

    def clone(self) -> Tensor:
        """A copy with its own memory; gradients flow through it."""
        return ops.copy(self)

    def to(self, *target: Any, device: str | None = None, dtype: Any = None) -> Tensor:
        """The Tensor on a device and in a dtype: ``x.to("cuda")``, ``x.to("float64")``, ``x.to("cuda", "float16")``."""
        for value in target:
            if isinstance(value, str) and (value == "cpu" or value.startswith("cuda")):
                device = value
            else:
                dtype = value
        out = self
        if dtype is not None and (dtype := parse_dtype(dtype)) != out.dtype:
            out = ops.astype(out, dtype)
        if device is not None and not _on(device, out.device):
            out = ops.to_device(out, device)
        return out

    def astype(self, dtype: Any) -> Tensor:
        """The Tensor in another dtype, always a new one."""
        return ops.astype(self, dtype)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.numpy()
        cast = array if dtype is None else array.astype(dtype, copy=False)
        if copy is False and cast is not array:
            raise ArgumentError(f"__array__: copy=False, but {array.dtype} as {np.dtype(dtype)} is another array.")
        return cast.copy() if copy and cast is array else cast

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return call_ufunc(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if not all(issubclass(kind, (Tensor, np.ndarray)) for kind in types):
            return NotImplemented  # somebody else's array: it may know
        return call_function(function, args, options)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        """The array API standard's namespace; see :mod:`autograd.array_api`."""
        namespace = importlib.import_module("autograd.array_api")  # it stands on this module
        if api_version not in (None, "2021.12", "2022.12", "2023.12", namespace.__array_api_version__):
            raise ArgumentError(f"__array_namespace__: version {api_version!r} of the standard is not known.")
        return namespace

    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
    ) -> Any:
        """The memory for another library, by the DLPack protocol; a Tensor within a graph is an error."""
        if self.node is not None:
            raise GradientError("__dlpack__: this Tensor belongs to a graph; share x.detach().")
        options = {"stream": stream, "max_version": max_version, "dl_device": dl_device, "copy": copy}
        return self.array.__dlpack__(**{name: value for name, value in options.items() if value is not None})

    def __dlpack_device__(self) -> Any:
        """Where the memory lies, as DLPack numbers devices."""
        return self.array.__dlpack_device__()

    @property
    def __cuda_array_interface__(self) -> Any:
        """The memory for another CUDA library; only on a GPU, and outside a graph."""
        if not hasattr(self.array, "__cuda_array_interface__"):
            raise AttributeError("a Tensor on the CPU has no __cuda_array_interface__")
        if self.node is not None:
            raise GradientError("__cuda_array_interface__: this Tensor belongs to a graph; share x.detach().")
        return self.array.__cuda_array_interface__

    def to_device(self, device: str, /, *, stream: Any = None) -> Tensor:
        """The Tensor on a device (the array API's name for :meth:`to`)."""
        return self.to(device)

    # ------------------------------------------------------------------------------------------ as a Python object

    def __repr__(self) -> str:
        body = np.array2string(to_numpy(self.array), separator=", ", prefix="tensor(")
        extras = [] if self.dtype in (np.float32, np.int64, np.bool_) else [f"dtype={self.dtype}"]
        if self.device != "cpu":
            extras.append(f"device={self.device!r}")
        if self.node is not None:
            extras.append("requires_grad=True" if self.node.op is None else f"op={self.node.op.name}")
        return f"tensor({', '.join([body, *extras])})"

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else repr(self)

    def __len__(self) -> int:
        if not self.array.ndim:
            raise DtypeError(
                "len: a Tensor without dimensions has no length."
            )  # a TypeError, as Python's protocol has it
        return len(self.array)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ShapeError(
                f"bool: the truth of {self.size} elements (shape {self.shape}) is not one value. "
                "Use x.any() or x.all()."
            )
        return bool(self.array)

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __index__(self) -> int:
        return self.array.__index__()

    def __copy__(self) -> Tensor:
        return self.detach() if self.node is None else self.clone()

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise GradientError(
                f"deepcopy: this Tensor was made by {self.node!r}; only leaves can be copied. detach() it."
            )
        twin = _of_type(type(self), self.array.copy(), self.requires_grad)
        memo[id(self)] = twin
        twin._grad = None if self._grad is None else bound(self._grad.array.copy(), None)
        return twin

    def __reduce__(self) -> Any:
        if not self.is_leaf:
            raise GradientError(
                f"pickle: this Tensor was made by {self.node!r}; only leaves can be pickled. detach() it."
            )
        grad = None if self._grad is None else self._grad.detach()
        return _of_type, (type(self), self.array, self.requires_grad, grad)

    __hash__ = object.__hash__


register_tensor_type(Tensor)


def _of_type(kind: type[Tensor], array: Array, requires_grad: bool, grad: Tensor | None = None) -> Tensor:
    """A Tensor of this class over an array (for copying and pickling)."""
    made: Tensor = object.__new__(kind)
    made.array = array
    made.node = None
    made._grad = grad
    return made.requires_grad_() if requires_grad else made


def _on(device: str, current: str) -> bool:
    """Whether a Tensor on ``current`` is where ``device`` asks for."""
    kind, index = parse_device(device)
    return current == device or (kind == "cuda" and index is None and current.startswith("cuda"))


def start_cotangent(op: str, output: Any, gradient: Any, create_graph: bool, name: str = "gradient") -> Any:
    """The cotangent to start a backward pass from: an array, or a Tensor when the pass is recorded.

    Of a scalar Value it is a Python float, or a Value.
    """
    if isinstance(output.array, float):
        if not create_graph:
            return 1.0 if gradient is None else output.holding(gradient).array
        if isinstance(gradient, Variable) and np.shape(gradient.array) == ():
            return gradient
        return output.holding(1.0 if gradient is None else gradient)
    if isinstance(gradient, Variable) and isinstance(gradient.array, float):
        gradient = ops.reshape(ops.stack([gradient]), ())
    if gradient is None:
        if output.size != 1:
            raise GradientError(
                f"{op}: the output is {output.shape} and holds {output.size} elements; the gradient of several numbers "
                f"needs to know how they are weighed.\n"
                f"  Reduce it first, as in y.sum() or y.mean(), or give {name}=, a Tensor of shape {output.shape}."
            )
        if output.dtype.kind == "c":
            raise GradientError(
                f"{op}: the output is {output.dtype}; the gradient is of a real number. Take ag.real(y) or ag.abs(y), "
                f"or give {name}=, which weighs the real and the imaginary part."
            )
        array = np.ones_like(output.array)
        return bound(array, None) if create_graph else array
    if not isinstance(gradient, Variable):
        gradient = bound(as_array(gradient), None)
    if gradient.array.shape != output.shape:
        raise ShapeError(f"{op}: {name} is {gradient.array.shape}; the output wants {output.shape}.")
    if gradient.array.dtype != output.dtype:
        gradient = (
            bound(cast(gradient.array, output.dtype), None) if gradient.node is None else gradient.astype(output.dtype)
        )
    return gradient if create_graph else gradient.array


def no_graph_error(op: str, output: Tensor) -> GradientError:
    """Why a Tensor has nothing to differentiate, and the remedies."""
    return GradientError(
        f"{op}: the output ({output.shape} {output.dtype}) was not made from a Tensor that wants gradients.\n"
        "  Make the inputs with requires_grad=True, and check that nothing on the way was under no_grad(), detach()ed, "
        "or turned into integers."
    )
