"""Module: a part of a model. It owns parameters, buffers and other modules, and computes in ``forward``.

There is no magic in attribute access: parameters, buffers and child modules are ordinary attributes. What is a
parameter or a child is told by its type; the names of buffers are kept in a small table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from autograd import Tensor, no_grad
from autograd.backend import is_differentiable
from autograd.errors import GlassgradError
from autograd.tensor import RemovableHandle
from nn.parameter import Parameter

__all__ = ["Module", "StateDictError"]


class StateDictError(GlassgradError, KeyError):
    """A state dict does not fit the module; the message lists what is missing, unexpected or of another shape."""

    def __str__(self) -> str:  # KeyError would show the repr of the message
        return str(self.args[0])


class Module:
    """Base class of layers and models.

    Assign parameters, buffers (:meth:`register_buffer`) and child modules as attributes in ``__init__`` after
    ``super().__init__()``, and compute in ``forward``. ``module(x)`` runs the hooks and ``forward``.
    """

    training: bool
    _buffers: dict[str, bool]
    _hooks: dict[int, Callable[..., Any]]
    _pre_hooks: dict[int, Callable[..., Any]]

    def __init__(self) -> None:
        state = self.__dict__
        state["training"] = True
        state["_buffers"] = {}  # name -> whether it is part of the state dict
        state["_hooks"] = {}
        state["_pre_hooks"] = {}

    def forward(self, *args: Any, **options: Any) -> Any:
        """What the module computes; every subclass defines it."""
        raise TypeError(f"{type(self).__name__} has no forward method. Define forward(self, x) in the class.")

    def __call__(self, *args: Any, **options: Any) -> Any:
        if self._pre_hooks:
            for hook in list(self._pre_hooks.values()):
                changed = hook(self, args)
                if changed is not None:
                    args = changed if isinstance(changed, tuple) else (changed,)
        out = self.forward(*args, **options)
        if self._hooks:
            for hook in list(self._hooks.values()):
                changed = hook(self, args, out)
                if changed is not None:
                    out = changed
        return out

    # ---------------------------------------------------------------------------------------- attributes

    def __setattr__(self, name: str, value: Any) -> None:
        state = self.__dict__
        if "_buffers" not in state and isinstance(value, (Parameter, Module)):
            raise TypeError(
                f"{type(self).__name__}: cannot assign {name!r} before the module is set up. "
                "Call super().__init__() first in __init__."
            )
        if isinstance(state.get(name), Parameter) and not (value is None or isinstance(value, Parameter)):
            raise TypeError(
                f"{type(self).__name__}.{name} is a Parameter; a {type(value).__name__} cannot take its place, for the "
                f"optimizer would go on with the old one.\n"
                f"  Write values with `with no_grad(): module.{name}[...] = values`, or assign nn.Parameter(values)."
            )
        state[name] = value

    def register_parameter(self, name: str, parameter: Parameter | None) -> None:
        """Add a parameter by name; None keeps the name for one that is absent (as a bias that is switched off)."""
        if parameter is not None and not isinstance(parameter, Parameter):
            raise TypeError(
                f"register_parameter: {name!r} must be a Parameter or None, not {type(parameter).__name__}."
            )
        setattr(self, name, parameter)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a Tensor that is state but not trained, such as running statistics.

        It moves with :meth:`to` and, if ``persistent``, is part of the state dict.
        """
        if not (tensor is None or (isinstance(tensor, Tensor) and not isinstance(tensor, Parameter))):
            raise TypeError(f"register_buffer: {name!r} must be a Tensor or None, not {type(tensor).__name__}.")
        if not name or "." in name:
            raise ValueError(f"register_buffer: {name!r} is no name for a buffer; give one without dots.")
        self._buffers[name] = persistent
        setattr(self, name, tensor)

    # ---------------------------------------------------------------------------------- what is in the module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly inside this one, by name."""
        return ((name, value) for name, value in list(self.__dict__.items()) if isinstance(value, Module))

    def children(self) -> Iterator[Module]:
        """The modules directly inside this one."""
        return (module for _, module in self.named_children())

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module and all inside it, each once, with dotted paths; its own path is the prefix."""
        seen: set[int] = set()
        stack = [(prefix, self)]
        while stack:
            path, module = stack.pop()
            if id(module) in seen:
                continue
            seen.add(id(module))
            yield path, module
            children = list(module.named_children())
            stack.extend((f"{path}.{name}" if path else name, child) for name, child in reversed(children))

    def modules(self) -> Iterator[Module]:
        """This module and all inside it, each once."""
        return (module for _, module in self.named_modules())

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Parameter]]:
        """The parameters with dotted names; one that is shared comes once, under its first name."""
        seen: set[int] = set()
        for path, module in self.named_modules(prefix) if recurse else [(prefix, self)]:
            for name, value in list(module.__dict__.items()):
                if isinstance(value, Parameter) and id(value) not in seen:
                    seen.add(id(value))
                    yield f"{path}.{name}" if path else name, value

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, each once."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Tensor]]:
        """The buffers with dotted names."""
        for path, module in self.named_modules(prefix) if recurse else [(prefix, self)]:
            for name in module._buffers:
                value = module.__dict__[name]
                if value is not None:
                    yield f"{path}.{name}" if path else name, value

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    # ----------------------------------------------------------------------------------------- state dict

    def _named_state(self, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
        """Everything that belongs in a state dict, under every name that leads to it: PyTorch's keys and order."""
        values = list(self.__dict__.items())
        yield from ((prefix + name, value) for name, value in values if isinstance(value, Parameter))
        for name, persistent in self._buffers.items():
            if persistent and self.__dict__[name] is not None:
                yield prefix + name, self.__dict__[name]
        for name, value in values:
            if isinstance(value, Module):
                yield from value._named_state(f"{prefix}{name}.")

    def state_dict(self) -> dict[str, Tensor]:
        """Parameters and persistent buffers by dotted name, detached and sharing memory with the module."""
        return {name: value.detach() for name, value in self._named_state()}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> tuple[list[str], list[str]]:
        """Copy values into the module's own Tensors, so that optimizers keep their references.

        Values are Tensors or arrays of the same shapes; dtypes are converted. With ``strict`` missing and unexpected
        names are an error; without it they are returned as two lists. A wrong shape is always an error, and nothing
        is copied then.
        """
        own = dict(self._named_state())
        missing = [name for name in own if name not in state_dict]
        unexpected = [name for name in state_dict if name not in own]
        wrong = []
        for name, tensor in own.items():
            if name in state_dict and tuple(np.shape(_array(state_dict[name]))) != tensor.shape:
                wrong.append(f"{name}: {tuple(np.shape(_array(state_dict[name])))} given, {tensor.shape} in the module")
        if wrong or (strict and (missing or unexpected)):
            parts = [f"load_state_dict: the state dict does not fit {type(self).__name__}."]
            parts += [f"  missing: {', '.join(missing)}"] if missing else []
            parts += [f"  unexpected: {', '.join(unexpected)}"] if unexpected else []
            parts += [f"  of another shape: {'; '.join(wrong)}"] if wrong else []
            parts += ["  Build the model with the arguments it was saved with"]
            parts[-1] += "." if wrong else ", or pass strict=False to load what fits."
            raise StateDictError("\n".join(parts))
        with no_grad():
            for name, tensor in own.items():
                if name in state_dict:
                    value = state_dict[name]
                    tensor[...] = value.to(device=tensor.device) if isinstance(value, Tensor) else _array(value)
        return missing, unexpected

    # ----------------------------------------------------------------------------------------- whole-model calls

    def train(self, mode: bool = True) -> Any:
        """Switch this module and all inside it to training (or, with False, to evaluation); returns the module."""
        for module in self.modules():
            module.__dict__["training"] = bool(mode)
        return self

    def eval(self) -> Any:
        """Switch to evaluation: dropout passes through, running statistics are used. Returns the module."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Ask for gradients of all parameters, or (False) freeze them; returns the module."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters (or fill them with zeros)."""
        for parameter in self.parameters():
            if set_to_none or parameter.grad is None:
                parameter.grad = None
            else:
                with no_grad():
                    parameter.grad[...] = 0

    def apply(self, function: Callable[[Module], Any]) -> Any:
        """Call a function on every module inside and then on this one; returns the module."""
        for child in self.children():
            child.apply(function)
        function(self)
        return self

    def to(self, *target: Any, device: str | None = None, dtype: Any = None) -> Any:
        """Move to a device and convert floating values to a dtype, in place: ``model.to("cuda")``; returns the module.

        Parameters stay the same objects, so an optimizer made before goes on working.
        """
        for parameter in self.parameters():
            grad = parameter.grad
            parameter.grad = None
            parameter.data = parameter.detach().to(*target, device=device, dtype=dtype)
            parameter.grad = None if grad is None else grad.detach().to(*target, device=device, dtype=dtype)
        for module in self.modules():
            for name in module._buffers:
                buffer = module.__dict__[name]
                if buffer is not None:
                    moved = buffer.to(*target, device=device, dtype=dtype)
                    if not is_differentiable(buffer.dtype):  # counters and masks keep their dtype
                        moved = buffer.to(device=moved.device)
                    module.__dict__[name] = moved
        return self

    def register_forward_pre_hook(self, hook: Callable[[Module, Any], Any]) -> RemovableHandle:
        """Call ``hook(module, args)`` before ``forward``; what it returns, if not None, replaces the arguments."""
        return _register(self._pre_hooks, hook)

    def register_forward_hook(self, hook: Callable[[Module, Any, Any], Any]) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after ``forward``; what it returns, if not None, replaces the output."""
        return _register(self._hooks, hook)

    # ------------------------------------------------------------------------------------------------- picture

    def extra_repr(self) -> str:
        """The arguments that a repr shows between the brackets."""
        return ""

    def __repr__(self) -> str:
        return "\n".join(_tree_lines("", self, total=True))


def _array(value: Any) -> Any:
    return value.array if isinstance(value, Tensor) else np.asarray(value)


def _register(hooks: dict[int, Any], hook: Callable[..., Any]) -> RemovableHandle:
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


def _tree_lines(name: str, module: Module, total: bool = False) -> list[str]:
    """A module as lines: itself with its parameter count, then the modules inside, indented."""
    count = sum(parameter.size for parameter in module.parameters())
    label = f"({name}): " if name else ""
    line = f"{label}{type(module).__name__}({module.extra_repr()})"
    if count:
        line += f"  # {count:,} parameter{'s' if count != 1 else ''}" + (" in total" if total else "")
    lines = [line]
    for child_name, child in module.named_children():
        lines += ["  " + text for text in _tree_lines(child_name, child)]
    return lines
