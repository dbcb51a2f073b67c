"""The operators and the methods of a Tensor: each runs an op of the table. Writes in place are here too."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import levels, ops
from autograd.dispatch import apply1, apply2
from autograd.errors import DtypeError, GradientError, ShapeError
from autograd.mode import mode
from autograd.ops.indexing import differs, fits, plain_index, write
from autograd.tape import SLOTS, Variable, mark_written

if TYPE_CHECKING:
    from autograd.tensor import Tensor

__all__ = ["Operators"]


def _fill(x: Any, kind: type, *values: Any) -> None:
    """Make a Tensor a value of this class that holds these values."""
    x.__class__ = kind
    for slot, value in zip(SLOTS, values, strict=True):
        slot.__set__(x, value)


class Operators(Variable):
    """What a Tensor can be computed with."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def dtype(self) -> np.dtype: ...

        @property
        def shape(self) -> tuple[int, ...]: ...

    # ------------------------------------------------------------------------------------------------- arithmetic

    def __add__(self, other: Any) -> Tensor:
        return apply2(ops.add, self, other)

    def __radd__(self, other: Any) -> Tensor:
        return apply2(ops.add, other, self)

    def __sub__(self, other: Any) -> Tensor:
        return apply2(ops.subtract, self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return apply2(ops.subtract, other, self)

    def __mul__(self, other: Any) -> Tensor:
        return apply2(ops.multiply, self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return apply2(ops.multiply, other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return apply2(ops.divide, self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return apply2(ops.divide, other, self)

    def __pow__(self, other: Any) -> Tensor:
        if other.__class__ is int and other == 2:
            return apply1(ops.square, self)
        return apply2(ops.power, self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return apply2(ops.power, other, self)

    def __matmul__(self, other: Any) -> Tensor:
        return ops.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return ops.matmul(other, self)

    def __floordiv__(self, other: Any) -> Tensor:
        return apply2(ops.floor_divide, self, other)

    def __rfloordiv__(self, other: Any) -> Tensor:
        return apply2(ops.floor_divide, other, self)

    def __mod__(self, other: Any) -> Tensor:
        return apply2(ops.remainder, self, other)

    def __rmod__(self, other: Any) -> Tensor:
        return apply2(ops.remainder, other, self)

    def __divmod__(self, other: Any) -> tuple[Tensor, Tensor]:
        return ops.divmod(self, other)

    def __rdivmod__(self, other: Any) -> tuple[Tensor, Tensor]:
        return ops.divmod(other, self)

    def __neg__(self) -> Tensor:
        return apply1(ops.negative, self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Tensor:
        return apply1(ops.abs, self)

    def __eq__(self, other: Any) -> Tensor:  # type: ignore[override]
        return apply2(ops.equal, self, other)

    def __ne__(self, other: Any) -> Tensor:  # type: ignore[override]
        return apply2(ops.not_equal, self, other)

    def __lt__(self, other: Any) -> Tensor:
        return apply2(ops.less, self, other)

    def __le__(self, other: Any) -> Tensor:
        return apply2(ops.less_equal, self, other)

    def __gt__(self, other: Any) -> Tensor:
        return apply2(ops.greater, self, other)

    def __ge__(self, other: Any) -> Tensor:
        return apply2(ops.greater_equal, self, other)

    def __and__(self, other: Any) -> Tensor:
        return apply2(ops.bitwise_and, self, other)

    def __or__(self, other: Any) -> Tensor:
        return apply2(ops.bitwise_or, self, other)

    def __xor__(self, other: Any) -> Tensor:
        return apply2(ops.bitwise_xor, self, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __lshift__(self, other: Any) -> Tensor:
        return apply2(ops.bitwise_left_shift, self, other)

    def __rlshift__(self, other: Any) -> Tensor:
        return apply2(ops.bitwise_left_shift, other, self)

    def __rshift__(self, other: Any) -> Tensor:
        return apply2(ops.bitwise_right_shift, self, other)

    def __rrshift__(self, other: Any) -> Tensor:
        return apply2(ops.bitwise_right_shift, other, self)

    def __invert__(self) -> Tensor:
        return apply1(ops.invert, self)

    # ----------------------------------------------------------------------------------------- indexing and writing

    def __getitem__(self, index: Any) -> Tensor:
        return ops.getitem(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        if self._must_record(value, "x[i] = v") or (levels.active and differs(index)):
            self._rebind(ops.setitem(self, index, value))
            return
        plain = value.array if isinstance(value, Variable) else value
        write(self.array, plain_index(index), plain)
        mark_written(self)

    def _must_record(self, other: Any, what: str) -> bool:
        """Whether a write has to become a node of the graph; on a leaf that wants gradients it is an error."""
        inside = hasattr(other, "level")  # a value of vmap or jvp: x must become one too
        if not mode.grad:
            return inside
        if self.node is None:
            return inside or (isinstance(other, Variable) and other.node is not None)
        if self.node.op is None:
            raise GradientError(
                f"{what} on a leaf that wants gradients (shape {self.array.shape}): it would no longer be one.\n"
                "  To change its value (an update step) write inside `with no_grad():`; "
                "to compute with a changed value use a new name, such as y = x + v, or y = x.clone(); y[i] = v."
            )
        return True

    def _rebind(self, result: Tensor) -> Any:
        """Let this Tensor stand for the value and the node of another; earlier users keep the old ones.

        A value of vmap or jvp can be written into a Tensor from outside it: until the transform ends, this Tensor is
        one of its values, and then it stands for the old value again.
        """
        if result.shape != self.shape:
            raise ShapeError(f"an assignment in place cannot change the shape from {self.shape} to {result.shape}.")
        for watcher in levels.here.watchers if levels.active else ():
            watcher.rebinding(self)
        level = getattr(result, "level", None)
        if level is not None and level is not getattr(self, "level", None):
            level.undo.append(partial(_fill, self, type(self), *(slot.__get__(self) for slot in SLOTS)))
        _fill(
            self,
            type(result),
            *(slot.__get__(result) for slot in SLOTS[:2]),
            SLOTS[2].__get__(result if level else self),
        )
        return self

    def _in_place(self, op: Any, other: Any, symbol: str) -> Any:
        if self._must_record(other, f"x {symbol} y"):
            return self._rebind(self._fitting(apply2(op, self, other), other, symbol))
        plain = other.array if isinstance(other, Variable) else other
        try:
            op.forward(self.array, plain, out=self.array)
        except (ValueError, TypeError) as error:
            kind = DtypeError if isinstance(error, TypeError) else ShapeError
            raise kind(self._misfit(plain, symbol, error)) from error
        mark_written(self)
        return self

    def _fitting(self, result: Any, other: Any, symbol: str) -> Any:
        """The result of an in-place operator in the dtype of this Tensor, which must be able to hold it."""
        if not fits(result.dtype, self.dtype):
            why = f"Cannot cast the result from {result.dtype} to {self.dtype} with casting rule 'same_kind'"
            raise DtypeError(self._misfit(other, symbol, why))
        return result.to(dtype=self.dtype)

    def _misfit(self, other: Any, symbol: str, why: Any) -> str:
        return (
            f"x {symbol} y: x is {tuple(self.shape)} {self.dtype}, y is {np.shape(other)}: {why}. "
            f"The result must fit into x; use x = x {symbol[:-1]} y for a new one."
        )

    def __iadd__(self, other: Any) -> Tensor:
        return self._in_place(ops.add, other, "+=")

    def __isub__(self, other: Any) -> Tensor:
        return self._in_place(ops.subtract, other, "-=")

    def __imul__(self, other: Any) -> Tensor:
        return self._in_place(ops.multiply, other, "*=")

    def __itruediv__(self, other: Any) -> Tensor:
        return self._in_place(ops.divide, other, "/=")

    def __ipow__(self, other: Any) -> Tensor:
        return self._in_place(ops.power, other, "**=")

    def __ifloordiv__(self, other: Any) -> Tensor:
        return self._in_place(ops.floor_divide, other, "//=")

    def __imod__(self, other: Any) -> Tensor:
        return self._in_place(ops.remainder, other, "%=")

    def __iand__(self, other: Any) -> Tensor:
        return self._in_place(ops.bitwise_and, other, "&=")

    def __ior__(self, other: Any) -> Tensor:
        return self._in_place(ops.bitwise_or, other, "|=")

    def __ixor__(self, other: Any) -> Tensor:
        return self._in_place(ops.bitwise_xor, other, "^=")

    def __ilshift__(self, other: Any) -> Tensor:
        return self._in_place(ops.bitwise_left_shift, other, "<<=")

    def __irshift__(self, other: Any) -> Tensor:
        return self._in_place(ops.bitwise_right_shift, other, ">>=")

    def __imatmul__(self, other: Any) -> Tensor:
        product = ops.matmul(self, other)  # no library multiplies matrices into its own argument
        if self._must_record(other, "x @= y"):
            return self._rebind(self._fitting(product, other, "@="))
        if product.shape != self.array.shape:
            raise ShapeError(f"x @= y: x is {self.array.shape}, x @ y is {product.shape}. Use x = x @ y for a new one.")
        return self._in_place_copy(product.array, "@=")

    def _in_place_copy(self, array: Any, symbol: str) -> Any:
        """Let the memory hold another array of the shape."""
        try:
            np.copyto(self.array, array, casting="same_kind")
        except TypeError as error:
            raise DtypeError(f"x {symbol} y: x is {self.array.dtype}: {error}. Use x = x {symbol[:-1]} y.") from error
        mark_written(self)
        return self

    # ------------------------------------------------------------------------------ methods with arguments of their own

    @property
    def T(self) -> Tensor:
        """The axes in reverse order; for a matrix, its transpose."""
        return ops.transpose(self)

    @property
    def mT(self) -> Tensor:
        """The last two axes exchanged: the transpose of each matrix of a stack."""
        return ops.matrix_transpose(self)

    def reshape(self, *shape: Any) -> Tensor:
        """See :func:`autograd.reshape`."""
        return ops.reshape(self, *shape)

    def expand(self, *shape: Any) -> Tensor:
        """See :func:`autograd.expand`."""
        return ops.expand(self, *shape)

    def transpose(self, *axes: Any) -> Tensor:
        """The axes in another order (as NumPy): ``x.transpose(1, 0)`` or ``x.transpose((1, 0))``; reversed without."""
        if not axes:
            return ops.transpose(self)
        return ops.transpose(self, axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes)

    @property
    def real(self) -> Tensor:
        """The real part."""
        return ops.real(self)

    @property
    def imag(self) -> Tensor:
        """The imaginary part."""
        return ops.imag(self)

    def conj(self) -> Any:
        """The complex conjugate; the Tensor itself where it is real."""
        return ops.conj(self) if self.dtype.kind == "c" else self

    # ------------------------------------------------------------------- methods that are ops of the table by that name

    sum = ops.sum
    mean = ops.mean
    var = ops.var
    std = ops.std
    max = ops.max
    min = ops.min
    argmax = ops.argmax
    argmin = ops.argmin
    all = ops.all
    any = ops.any
    cumsum = ops.cumsum
    logsumexp = ops.logsumexp
    softmax = ops.softmax
    log_softmax = ops.log_softmax
    flatten = ops.flatten
    permute_dims = ops.permute_dims
    swapaxes = ops.swapaxes
    moveaxis = ops.moveaxis
    squeeze = ops.squeeze
    expand_dims = ops.expand_dims
    broadcast_to = ops.broadcast_to
    flip = ops.flip
    split = ops.split
    take = ops.take
    take_along_axis = ops.take_along_axis
    clip = ops.clip

    def exp(self) -> Tensor:
        """The exponential, elementwise."""
        return apply1(ops.exp, self)

    def log(self) -> Tensor:
        """The natural logarithm, elementwise."""
        return apply1(ops.log, self)

    def sqrt(self) -> Tensor:
        """The square root, elementwise."""
        return apply1(ops.sqrt, self)

    def square(self) -> Tensor:
        """The square, elementwise."""
        return apply1(ops.square, self)

    def abs(self) -> Tensor:
        """The absolute value, elementwise; gradient 0 at 0."""
        return apply1(ops.abs, self)

    def sin(self) -> Tensor:
        """The sine, elementwise."""
        return apply1(ops.sin, self)

    def cos(self) -> Tensor:
        """The cosine, elementwise."""
        return apply1(ops.cos, self)

    def tanh(self) -> Tensor:
        """The hyperbolic tangent, elementwise."""
        return apply1(ops.tanh, self)

    def sigmoid(self) -> Tensor:
        """The logistic function, elementwise."""
        return apply1(ops.sigmoid, self)

    def relu(self) -> Tensor:
        """``max(x, 0)``, elementwise."""
        return apply1(ops.relu, self)
