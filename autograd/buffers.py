"""Who is who among arrays, and how long their memory lives: told by weak references, so nothing is kept alive."""

from __future__ import annotations

import weakref
from typing import Any

from autograd.tape import owner_of

__all__ = ["Buffers"]


class _Known(weakref.ref[Any]):
    """An array that was seen: its key, the value that it holds, and the number of the buffer that its memory is in."""

    __slots__ = ("buffer", "key", "owns", "value")

    key: int
    value: int | None
    buffer: int
    owns: bool


class Buffers:
    """The arrays that were seen and are still there, and the memory of all that ever were.

    ``clock``    the number of events so far. A buffer that dies carries the one at which it was found gone
    ``sizes``, ``born``, ``died``  of each buffer; ``died`` is None as long as it is alive
    """

    def __init__(self) -> None:
        self.clock = 0
        self.counts = True
        self.sizes: list[int] = []
        self.born: list[int] = []
        self.died: list[int | None] = []
        self._known: dict[int, _Known] = {}
        me = weakref.ref(self)

        def gone(known: Any) -> None:
            buffers = me()
            if buffers is not None:
                del buffers._known[known.key]  # the address is free for another array from here on
                if known.owns and buffers.counts:
                    buffers.died[known.buffer] = buffers.clock

        self._gone = gone

    def value_of(self, array: Any) -> int | None:
        """The number of the value that this very array was entered for last."""
        known = self._known.get(id(array))
        return None if known is None else known.value

    def buffer_of(self, array: Any) -> int | None:
        """The number of the buffer of an array that was seen."""
        known = self._known.get(id(array))
        return None if known is None else known.buffer

    def enter(self, array: Any, born: int, value: int | None = None) -> int | None:
        """Get to know an array, and the value that it holds; the number of its buffer, None where it has no memory.

        ``born`` is when the memory came, if it was not known.
        """
        known = self._known.get(id(array))
        if known is None:
            owner = array if array.base is None else owner_of(array)
            buffer = None if owner is array else self.enter(owner, born)
            try:
                known = _Known(array, self._gone)
            except TypeError:  # a NumPy scalar
                return None
            known.key = id(array)
            known.value = None
            known.owns = buffer is None
            if buffer is None:
                buffer = len(self.sizes)
                self.sizes.append(int(array.nbytes))
                self.born.append(born)
                self.died.append(None)
            known.buffer = buffer
            self._known[known.key] = known
        if value is not None:
            known.value = value
        return known.buffer
