"""Module: a part of a model. It owns parameters, buffers and other modules, and computes in ``forward``.

There is no magic in attribute access: parameters, buffers and child modules are ordinary attributes. What is a
parameter or a child is told by its type; the names of buffers are kept in a small table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Self

import numpy as np

from autograd import Tensor, levels, no_grad, tree, zeros
from autograd.backend import is_differentiable
from autograd.errors import ArgumentError, DtypeError, GlassgradError
from autograd.tensor import RemovableHandle
from autograd.watching import close_scope, open_scope
from nn.parameter import Parameter

__all__ = ["ArgumentError", "LoadResult", "Module", "StateDictError", "checked_size"]


class StateDictError(GlassgradError, RuntimeError):
    """A state dict does not fit the module; the message lists what is missing, unexpected or of another shape."""


class LoadResult(NamedTuple):
    """What :meth:`Module.load_state_dict` did not load: names that only the module has, or only the state dict."""

    missing_keys: list[str]
    unexpected_keys: list[str]


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
        raise NotImplementedError(f"{type(self).__name__} has no forward. Define forward(self, x) in the class.")

    def __call__(self, *args: Any, **options: Any) -> Any:
        if self._pre_hooks:
            for hook in list(self._pre_hooks.values()):
                changed = hook(self, args)
                if changed is not None:
                    args = changed if isinstance(changed, tuple) else (changed,)
        # where somebody watches: which part of the model the ops belong to
        opened = open_scope(_name_of(self), type(self).__name__, self) if levels.active else None
        try:
            out = self.forward(*args, **options)
        except GlassgradError as error:
            error.add_note(f"  in {self._label()}")  # which of the many Linear layers it was
            raise
        finally:
            if opened is not None:
                close_scope(opened)
        if self._hooks:
            for hook in list(self._hooks.values()):
                changed = hook(self, args, out)
                if changed is not None:
                    out = changed
        return out

    # ---------------------------------------------------------------------------------------- attributes

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, (Parameter, Module)):
            self._names_of_buffers(f"assign {name!r}").pop(name, None)  # a buffer of that name gives way
        else:
            self._check_replacement(name, self.__dict__.get(name), value)
        super().__setattr__(name, value)

    def _check_replacement(self, name: str, old: Any, value: Any) -> None:
        """Raise where an ordinary value would take the place of something that the module keeps account of."""
        if value is None or not isinstance(old, (Tensor, Module)):
            return
        place = f"{type(self).__name__}.{name}"
        if isinstance(old, Parameter):
            raise DtypeError(
                f"{place} is a Parameter; a {type(value).__name__} cannot take its place, for the optimizer would go "
                f"on with the old one.\n"
                f"  Write values with `with no_grad(): module.{name}[...] = values`, or assign nn.Parameter(values)."
            )
        if isinstance(old, Module):
            raise DtypeError(
                f"{place} is a module; a {type(value).__name__} cannot take its place. Assign a Module, or None."
            )
        if name in self.__dict__.get("_buffers", ()) and not isinstance(value, Tensor):
            raise DtypeError(
                f"{place} is a buffer; a {type(value).__name__} cannot take its place. Assign a Tensor, or None."
            )

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        self._buffers.pop(name, None)

    def _names_of_buffers(self, what: str) -> dict[str, bool]:
        """The table of buffers; it is missing if the module was not set up."""
        try:
            return self.__dict__["_buffers"]
        except KeyError:
            raise DtypeError(
                f"{type(self).__name__}: cannot {what} before the module is set up. "
                "Call super().__init__() first in __init__."
            ) from None

    def _check_name(self, what: str, name: str) -> None:
        """Raise for a name that would make keys of the state dict ambiguous, or hide a method."""
        self._names_of_buffers(f"add the {what} {name!r}")
        if not isinstance(name, str) or not name or "." in name:
            raise ArgumentError(f"{type(self).__name__}: {name!r} is no name for a {what}; give one without dots.")
        if hasattr(type(self), name) or name == "training":
            raise ArgumentError(
                f"{type(self).__name__}: a {what} named {name!r} would hide the attribute of that name. Rename it."
            )

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter by name; None keeps the name for one that is absent (as a bias that is switched off)."""
        self._check_name("parameter", name)
        if not (param is None or isinstance(param, Parameter)):
            raise DtypeError(
                f"register_parameter: {name!r} must be a Parameter or None, not a {type(param).__name__}. "
                "Write nn.Parameter(values)."
            )
        setattr(self, name, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a Tensor that is state but not trained, such as running statistics.

        It moves with :meth:`to` and, if ``persistent``, is part of the state dict. None keeps the name for later.
        """
        self._check_name("buffer", name)
        if not (tensor is None or (isinstance(tensor, Tensor) and not isinstance(tensor, Parameter))):
            raise DtypeError(
                f"register_buffer: {name!r} must be a Tensor or None, not a {type(tensor).__name__}. "
                + ("Assign a Parameter as an attribute." if isinstance(tensor, Parameter) else "Write ag.tensor(...).")
            )
        setattr(self, name, tensor)
        self._buffers[name] = persistent

    def add_module(self, name: str, module: Any) -> None:
        """Add a child module by name, for names that are not identifiers: ``add_module("0", layer)``."""
        self._check_name("module", name)
        if not (module is None or isinstance(module, Module)):
            hint = f" Give an instance: {module.__name__}()." if isinstance(module, type) else ""
            raise DtypeError(
                f"{type(self).__name__}: {name!r} must be a Module or None, not a {type(module).__name__}.{hint}"
            )
        setattr(self, name, module)

    # ---------------------------------------------------------------------------------- what is in the module

    def _entries(self) -> list[tuple[str, Module]]:
        """The child modules in the order in which they were added, under every name."""
        return [(name, value) for name, value in self.__dict__.items() if isinstance(value, Module)]

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly inside this one by name, each once."""
        seen: set[int] = set()
        for name, module in self._entries():
            if id(module) not in seen:
                seen.add(id(module))
                yield name, module

    def children(self) -> Iterator[Module]:
        """The modules directly inside this one, each once."""
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
            stack.extend((f"{path}.{name}" if path else name, child) for name, child in reversed(module._entries()))

    def modules(self) -> Iterator[Module]:
        """This module and all inside it, each once."""
        return (module for _, module in self.named_modules())

    def _is_parameter(self, name: str, value: Any) -> bool:
        """Whether an attribute is a parameter, or stands in the place of one in a tree of gradients or updates."""
        return isinstance(value, Parameter) or name in self.__dict__.get("_stand_ins", ())

    def _identity(self, name: str, value: Any) -> int:
        """What tells a parameter from others: itself, or the one that it stands for, whatever its value is."""
        identity: int = self.__dict__.get("_stand_ins", {}).get(name, id(value))
        return identity

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Parameter]]:
        """The parameters with dotted names; one that is shared comes once, under its first name."""
        seen: set[int] = set()
        for path, module in self.named_modules(prefix) if recurse else [(prefix, self)]:
            for name, value in list(module.__dict__.items()):
                if module._is_parameter(name, value) and (identity := module._identity(name, value)) not in seen:
                    seen.add(identity)
                    yield f"{path}.{name}" if path else name, value

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, each once."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Tensor]]:
        """The buffers with dotted names; one that is shared comes once, under its first name."""
        seen: set[int] = set()
        for path, module in self.named_modules(prefix) if recurse else [(prefix, self)]:
            for name in list(module._buffers):
                value = module.__dict__[name]
                if value is not None and id(value) not in seen:
                    seen.add(id(value))
                    yield f"{path}.{name}" if path else name, value

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers, each once."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    # ----------------------------------------------------------------------------------------- state dict

    def _named_state(self, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
        """Everything that belongs in a state dict, under every name that leads to it: PyTorch's keys and order."""
        own = self.__dict__
        yield from ((prefix + name, value) for name, value in own.items() if self._is_parameter(name, value))
        for name, persistent in self._buffers.items():
            if persistent and own[name] is not None:
                yield prefix + name, own[name]
        for name, module in self._entries():
            yield from module._named_state(f"{prefix}{name}.")

    def state_dict(self) -> dict[str, Tensor]:
        """Parameters and persistent buffers by dotted name, detached and sharing memory with the module."""
        return {name: value.detach() for name, value in self._named_state()}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> LoadResult:
        """Copy values into the module's own Tensors, so that optimizers keep their references.

        Values are Tensors or arrays (PyTorch's on the CPU too) of the same shapes; they are converted to the dtype and
        the device of the module. With ``strict`` missing and unexpected names are an error, without it they are
        returned. A wrong shape is always an error. Nothing is copied if there is an error (``StateDictError``).
        """
        if not isinstance(state_dict, Mapping):
            raise DtypeError(
                f"load_state_dict: wants a dict of names and values, not a {type(state_dict).__name__}. "
                "Pass what state_dict() returned, or the contents of the file that it was saved in."
            )
        own = dict(self._named_state())
        values = {name: _tensor(state_dict[name]) for name in own if name in state_dict}
        result = LoadResult([n for n in own if n not in values], [n for n in state_dict if n not in own])
        misfits = [misfit for name, value in values.items() if (misfit := _misfit(name, value, own[name]))]
        if misfits or (strict and any(result)):
            raise StateDictError(_load_error(type(self).__name__, own, result, misfits))
        with no_grad():
            for name, value in values.items():
                own[name][...] = value.to(device=own[name].device)
        return result

    # ----------------------------------------------------------------------------------------- whole-model calls

    def train(self, mode: bool = True) -> Self:
        """Switch this module and all inside it to training (or, with False, to evaluation); returns the module."""
        if not isinstance(mode, bool):
            raise DtypeError(f"{type(self).__name__}.train: mode must be True or False, not a {type(mode).__name__}.")
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self) -> Self:
        """Switch to evaluation: dropout passes through, running statistics are used. Returns the module."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
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
                parameter.grad = Tensor(np.zeros_like(parameter.grad.array))

    def apply(self, function: Callable[[Module], Any]) -> Self:
        """Call a function on every module inside and then on this one; returns the module."""
        for child in self.children():
            child.apply(function)
        function(self)
        return self

    def to(self, *target: Any, device: str | None = None, dtype: Any = None) -> Self:
        """Move to a device and convert floating values to a dtype, in place: ``model.to("cuda")``; returns the module.

        Parameters and buffers stay the same objects, so an optimizer made before goes on working (the arrays of its
        state stay where they are: move the model before the first step). Integers and booleans keep their dtype.
        """
        example = zeros(()).to(*target, device=device, dtype=dtype)  # refuses what is unknown before anything is moved
        if not is_differentiable(example.dtype):
            raise DtypeError(
                f"{type(self).__name__}.to: dtype must be floating point, not {example.dtype}: parameters of that "
                "dtype could not be trained."
            )
        where = example.device if device is not None or any(map(_is_device, target)) else None
        kind = example.dtype if dtype is not None or not all(map(_is_device, target)) else None
        for tensor in [*self.parameters(), *self.buffers()]:
            wanted = kind if is_differentiable(tensor.dtype) else None
            grad, tensor.grad = tensor.grad, None
            tensor.data = tensor.detach().to(device=where, dtype=wanted)
            tensor.grad = None if grad is None else grad.detach().to(device=where, dtype=wanted)
        return self

    def register_forward_pre_hook(self, hook: Callable[[Module, Any], Any]) -> RemovableHandle:
        """Call ``hook(module, args)`` before ``forward``; what it returns, if not None, replaces the arguments.

        Keyword arguments of the call pass by the hook. ``remove()`` of the handle that is returned takes it away.
        """
        return self._hooked("register_forward_pre_hook", "_pre_hooks", hook)

    def register_forward_hook(self, hook: Callable[[Module, Any, Any], Any]) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after ``forward``; what it returns, if not None, replaces the output.

        ``remove()`` of the handle that is returned takes it away.
        """
        return self._hooked("register_forward_hook", "_hooks", hook)

    def _hooked(self, method: str, table: str, hook: Any) -> RemovableHandle:
        self._names_of_buffers("add a hook")
        if not callable(hook):
            raise DtypeError(f"{type(self).__name__}.{method}: the hook is a {type(hook).__name__}, not a function.")
        hooks = self.__dict__[table]
        handle = RemovableHandle(hooks)
        hooks[handle.id] = hook
        return handle

    # ------------------------------------------------------------------------------------------------- picture

    def extra_repr(self) -> str:
        """The arguments that a repr shows between the brackets."""
        return ""

    def _label(self) -> str:
        return f"{type(self).__name__}({self.extra_repr()})"

    def __repr__(self) -> str:
        total = sum(parameter.size for parameter in self.parameters())
        trained = sum(parameter.size for parameter in self.parameters() if parameter.requires_grad)
        lines = _tree_lines(self._label(), self)
        if total:
            lines[0] += " in total"
        if trained != total:
            lines[0] += f", {trained:,} of them trained"
        return "\n".join(lines)


def _name_of(module: Module) -> str:
    """What the innermost open module that holds this one calls it; the class name where none does.

    Each call makes the table of what it holds once: of its children first, and of all inside it only if a module that
    is called is none of them.
    """
    for scope in reversed(levels.here.scopes):
        outer = scope.owner
        if outer is None or outer is module:
            continue
        if scope.names is None:
            scope.names = {id(child): name for name, child in reversed(outer._entries())}
        name = scope.names.get(id(module))
        if name is None and not scope.complete:
            scope.complete = True
            scope.names = {id(child): path for path, child in outer.named_modules() if path} | scope.names
            name = scope.names.get(id(module))
        if name is not None:
            return str(name)
    return type(module).__name__


def checked_size(module: str, argument: str, value: Any, least: int) -> int:
    """The value of an argument that counts something, as an int; raises ``ArgumentError`` if it is none."""
    if not isinstance(value, (int, np.integer)) or value < least:
        raise ArgumentError(f"{module}: {argument} must be an integer from {least} on, not {value!r}.")
    return int(value)


def _tree_lines(label: str, module: Module) -> list[str]:
    """A module as lines: itself with its parameter count, then the modules inside, indented."""
    count = sum(parameter.size for parameter in module.parameters())
    plural = "" if count == 1 else "s"
    lines = [f"{label}  # {count:,} parameter{plural}" if count else label]
    for name, child in module._entries():
        lines += ["  " + line for line in _tree_lines(f"({name}): {child._label()}", child)]
    return lines


def _is_device(target: Any) -> bool:
    return isinstance(target, str) and target.startswith(("cpu", "cuda"))


def _tensor(value: Any) -> Tensor:
    return value if isinstance(value, Tensor) else Tensor(value)


def _misfit(name: str, value: Tensor, own: Tensor) -> str:
    """Why a value cannot be copied into the module's Tensor, in words; empty if it can."""
    if value.shape != own.shape:
        return f"{name}: {value.shape} given, {own.shape} in the module"
    if _generality(value.dtype) > _generality(own.dtype):
        return f"{name}: {value.dtype} given, {own.dtype} in the module cannot hold it"
    return ""


def _generality(dtype: np.dtype) -> int:
    """Booleans, integers, real and complex numbers in this order; a later kind does not fit into an earlier one."""
    return {"b": 0, "u": 1, "i": 1, "c": 3}.get(dtype.kind, 2)


def _load_error(module: str, own: dict[str, Tensor], result: LoadResult, misfits: list[str]) -> str:
    """The message that lists all that does not fit, and how to mend it."""
    lines = [f"load_state_dict: the state dict does not fit {module}."]
    if result.missing_keys:
        lines.append(f"  missing: {', '.join(result.missing_keys)}")
    if result.unexpected_keys:
        lines.append(f"  unexpected: {', '.join(result.unexpected_keys)}")
    if misfits:
        lines.append(f"  of another shape or kind: {'; '.join(misfits)}")
    prefix = result.unexpected_keys[0].partition(".")[0] + "." if result.unexpected_keys else ""
    if prefix and all(key.startswith(prefix) and key[len(prefix) :] in own for key in result.unexpected_keys):
        lines.append(f"  Take the prefix off: {{name.removeprefix({prefix!r}): value for name, value in d.items()}}.")
    else:
        hint = "" if misfits else ", or pass strict=False to load what fits"
        lines.append(f"  Build the model with the arguments that it was saved with{hint}.")
    return "\n".join(lines)


def _parts(module: Module) -> tuple[list[Any], Any]:
    """The parameters, each once; after a transform other values stand in their places."""
    found: dict[int, Any] = {}
    for part in module.modules():
        for name, value in part.__dict__.items():
            if part._is_parameter(name, value):
                found.setdefault(part._identity(name, value), value)
    return list(found.values()), (module, list(found))


def _with_parts(rest: tuple[Module, list[int]], parts: list[Any]) -> Module:
    """The module with other values in place of its parameters; buffers and everything else are shared."""
    module, places = rest
    return _replaced(module, dict(zip(places, parts, strict=True)), {})


def _replaced(module: Module, new: dict[int, Any], done: dict[int, Module]) -> Module:
    if id(module) in done:
        return done[id(module)]
    twin = object.__new__(type(module))
    done[id(module)] = twin
    stand_ins = {}
    for name, value in module.__dict__.items():
        if isinstance(value, Module):
            value = _replaced(value, new, done)
        elif module._is_parameter(name, value):
            stand_ins[name] = module._identity(name, value)
            value = new[stand_ins[name]]
        twin.__dict__[name] = value
    twin.__dict__["_stand_ins"] = stand_ins
    return twin


tree.register(Module, _parts, _with_parts)  # a Module can be an argument of grad, jvp, vmap, ...
