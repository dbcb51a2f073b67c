"""Modules made of modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Self

from autograd import Tensor
from nn import functional as F
from nn.module import ArgumentError, Module

__all__ = ["Flatten", "ModuleList", "Sequential"]


class _Numbered(Module):
    """Modules under the names "0", "1", ..., so that state-dict keys are PyTorch's. A module may stand in it twice."""

    def __len__(self) -> int:
        return len(self._entries())

    def __iter__(self) -> Iterator[Module]:
        return iter([module for _, module in self._entries()])

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return self._slice(self._entries()[index])
        return self._entry(index)[1]

    def __setitem__(self, index: int, module: Module) -> None:
        self.add_module(self._entry(index)[0], module)

    def __delitem__(self, index: int) -> None:
        self._renumber([module for name, module in self._entries() if name != self._entry(index)[0]])

    def _entry(self, index: int) -> tuple[str, Module]:
        entries = self._entries()
        if not -len(entries) <= index < len(entries):
            raise IndexError(f"{type(self).__name__}: index {index} is out of range for {len(entries)} modules.")
        return entries[index]

    def _slice(self, entries: list[tuple[str, Module]]) -> Any:
        raise NotImplementedError

    def _renumber(self, modules: list[Module]) -> None:
        for name, _ in self._entries():
            delattr(self, name)
        self.extend(modules)

    def append(self, module: Module) -> Self:
        """Add a module at the end; returns the container."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add modules at the end; returns the container."""
        for module in modules:
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> None:
        """Add a module before the one at ``index``; those after it are numbered anew, in the state dict too."""
        modules = list(self)
        modules.insert(index, module)
        self._renumber(modules)


class Sequential(_Numbered):
    """Modules one after the other: ``Sequential(a, b)(x)`` is ``b(a(x))``.

    Made from modules, or from one dict of names to modules. A slice is a Sequential over the same modules that keeps
    their names.
    """

    def __init__(self, *modules: Any):
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], dict):
            for name, module in modules[0].items():
                self.add_module(name, module)
        elif len(modules) == 1 and isinstance(modules[0], (list, tuple)):
            raise ArgumentError("Sequential: takes modules, not a list of them. Unpack it: Sequential(*modules).")
        else:
            self.extend(modules)

    def _slice(self, entries: list[tuple[str, Module]]) -> Sequential:
        return Sequential(dict(entries))

    def forward(self, input: Any) -> Any:
        for module in list(self.__dict__.values()):  # _entries() without the names: this is the hot path of a model
            if isinstance(module, Module):
                input = module(input)
        return input


class ModuleList(_Numbered):
    """A list whose modules are found by their owner, which a plain list's are not; it computes nothing itself."""

    def __init__(self, modules: Iterable[Module] = ()):
        super().__init__()
        self.extend(modules)

    def _slice(self, entries: list[tuple[str, Module]]) -> ModuleList:
        return ModuleList(module for _, module in entries)

    def forward(self, *args: Any, **options: Any) -> Any:
        raise NotImplementedError(
            "ModuleList computes nothing; loop over it: `for layer in self.layers: x = layer(x)`."
        )


class Flatten(Module):
    """Merge the axes from ``start_dim`` to ``end_dim`` into one: ``(N, C, H, W)`` becomes ``(N, C H W)``."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1):
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        return F.flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
