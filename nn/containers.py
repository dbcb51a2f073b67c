"""Modules made of modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from autograd import Tensor
from nn import functional as F
from nn.module import Module

__all__ = ["Flatten", "ModuleList", "Sequential"]


class _Numbered(Module):
    """Modules under the names "0", "1", ..., so that state-dict keys are PyTorch's."""

    def __len__(self) -> int:
        return sum(1 for _ in self.children())

    def __iter__(self) -> Iterator[Module]:
        return self.children()

    def __getitem__(self, index: int | slice) -> Any:
        modules = list(self.children())
        if isinstance(index, slice):
            return _like(self, modules[index])
        if not -len(modules) <= index < len(modules):
            raise IndexError(f"{type(self).__name__}: index {index} is out of range for {len(modules)} modules.")
        return modules[index]

    def __setitem__(self, index: int, module: Module) -> None:
        name = [name for name, _ in self.named_children()][index]
        setattr(self, name, _checked(self, module))

    def append(self, module: Module) -> Any:
        """Add a module at the end; returns the container."""
        setattr(self, str(len(self)), _checked(self, module))
        return self

    def extend(self, modules: Iterable[Module]) -> Any:
        """Add modules at the end; returns the container."""
        for module in modules:
            self.append(module)
        return self


def _checked(container: Module, module: Any) -> Module:
    if not isinstance(module, Module):
        raise TypeError(
            f"{type(container).__name__}: holds modules, not a {type(module).__name__}."
            + (" Give an instance: ReLU(), not ReLU." if isinstance(module, type) else "")
        )
    return module


def _like(container: Any, modules: list[Module]) -> Any:
    return type(container)(*modules) if isinstance(container, Sequential) else type(container)(modules)


class Sequential(_Numbered):
    """Modules one after the other: ``Sequential(a, b)(x)`` is ``b(a(x))``.

    Made from modules, or from one dict of names to modules.
    """

    def __init__(self, *modules: Any):
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], dict):
            for name, module in modules[0].items():
                setattr(self, name, _checked(self, module))
        else:
            self.extend(modules)

    def forward(self, input: Any) -> Any:
        for module in self.__dict__.values():
            if isinstance(module, Module):
                input = module(input)
        return input


class ModuleList(_Numbered):
    """A list whose modules are found by their owner; it computes nothing itself."""

    def __init__(self, modules: Iterable[Module] = ()):
        super().__init__()
        self.extend(modules)


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
