"""Saved-tensor hooks: say how the values that backward needs are kept between the two passes.

They can be compressed, moved to the host, written to disk, or only looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary, ref

from autograd import levels
from autograd.backend import Array, as_array, is_array
from autograd.dispatch import bound
from autograd.errors import GradientError
from autograd.mode import no_grad
from autograd.tape import Held, Node, Variable, maker_of, next_seq, writes

__all__ = ["save_on_cpu", "saved_tensor_hooks"]


class saved_tensor_hooks(levels.Watcher):
    """Within it, every array that an op saves for backward is kept as ``pack(tensor)`` and got back by ``unpack``.

    ``pack``    takes a constant Tensor and returns anything: a compressed form, a file name, the Tensor itself
    ``unpack``  takes that and returns a Tensor (or array) of the same shape and dtype; called in each backward pass

    The hooks of the innermost context act. An array that several ops save is packed once. Ops inside the hooks are not
    recorded. What is not an array (a shape, an axis) is kept as it is. An ``unpack`` that returns another shape or
    dtype raises ``GradientError``.

    >>> with ag.saved_tensor_hooks(lambda x: x.astype("float16"), lambda h: h.astype("float32")):
    ...     loss = model(x)          # half the memory between the passes; the gradients are rounded accordingly
    """

    keeps_saved = True

    def __init__(self, pack: Callable[[Any], Any], unpack: Callable[[Any], Any]):
        self._pack = pack
        self._unpack = unpack
        self._slots: WeakValueDictionary[int, _Slot] = WeakValueDictionary()  # by the identity of the array

    def see(self, op: Any, args: tuple[Any, ...], params: dict[str, Any], run: Callable[..., Any]) -> Any:
        """An op is evaluated: pack what it saved."""
        result = run(op, args, params)
        if next(watcher for watcher in reversed(levels.here.watchers) if watcher.keeps_saved) is not self:
            return result
        for y in result if isinstance(result, tuple) else (result,):
            node = y.node
            if node is not None and node.op is not None:
                made = maker_of(node)
                if made.saved.__class__ is tuple:
                    made.saved = self._packed(made.saved)
                break
        return result

    def _packed(self, saved: tuple[Any, ...]) -> _Packed:
        nbytes = 0

        def slot_of(array: Array) -> _Slot:
            nonlocal nbytes
            slot = self._slots.get(id(array))
            if slot is None or slot.array() is not array or writes.after(array, slot.stamp):
                slot = self._slots[id(array)] = _Slot(array, self._pack(bound(array, None)))
                nbytes += getattr(slot.packed, "nbytes", 0)
            return slot

        with levels.suspended(), no_grad():
            slots = _mapped(saved, is_array, slot_of)
        return _Packed(slots, self._unpack, nbytes)


class save_on_cpu(saved_tensor_hooks):
    """Within it, what is saved for backward waits in the memory of the host, and comes back to its device when needed.

    For models whose activations do not fit into the memory of a GPU. Arrays that lie on the host stay where they are.
    """

    def __init__(self) -> None:
        super().__init__(lambda x: (x.device, x.to("cpu")), lambda kept: kept[1].to(kept[0]))


class _Slot:
    """A packed array, and what must come out of it."""

    __slots__ = ("__weakref__", "array", "dtype", "packed", "shape", "stamp")

    def __init__(self, array: Array, packed: Any):
        self.array = ref(array)
        self.stamp = next_seq()
        self.shape = array.shape
        self.dtype = array.dtype
        self.packed = packed


class _Packed(Held):
    """The saved values of a node, packed; ``nbytes`` is what they take, as far as what ``pack`` returned tells it."""

    def __init__(self, slots: tuple[Any, ...], unpack: Callable[[Any], Any], nbytes: int):
        self._slots = slots
        self._unpack = unpack
        self.nbytes = nbytes

    def values(self, node: Node) -> tuple[Any, ...]:
        """The arrays, unpacked."""

        def unpacked(slot: _Slot) -> Array:
            value = self._unpack(slot.packed)
            array = value.array if isinstance(value, Variable) else as_array(value)
            if array.shape != slot.shape or array.dtype != slot.dtype:
                raise GradientError(
                    f"saved_tensor_hooks: unpack returned {tuple(array.shape)} {array.dtype} for a value that "
                    f"{node!r} saved as {tuple(slot.shape)} {slot.dtype}. Return the shape and dtype that pack got."
                )
            return array

        with levels.suspended(), no_grad():
            values: tuple[Any, ...] = _mapped(self._slots, lambda part: isinstance(part, _Slot), unpacked)
        return values


def _mapped(x: Any, chosen: Callable[[Any], bool], change: Callable[[Any], Any]) -> Any:
    """``x`` with the chosen parts of nested tuples changed."""
    if chosen(x):
        return change(x)
    return tuple(_mapped(part, chosen, change) for part in x) if x.__class__ is tuple else x
