"""Optimizer: what all of them share: parameter groups, the state of each parameter, state dicts, one step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from autograd import Tensor, enable_grad, levels, mark_written, warn_of_mistake
from autograd.backend import array_module, is_differentiable
from autograd.errors import ArgumentError, DtypeError

__all__ = ["Optimizer", "OptimizerError", "blocks"]

_BLOCK = 1 << 16  # elements: in float32 the arrays of one Adam step over a block fit into an L2 cache of 2 MB together

_PATIENCE = 10  # steps before an idle parameter is called so: a branch may be taken by chance

# What PyTorch writes into its groups about its own implementation; it says nothing of what is computed.
_PYTORCH_SWITCHES = {"capturable", "decoupled_weight_decay", "differentiable", "foreach", "fused"}


class OptimizerError(ArgumentError):
    """An option, a list of parameters or a state dict does not fit the optimizer."""


class Optimizer:
    """Base class. A subclass gives ``defaults`` to ``__init__`` and defines :meth:`update` for one parameter.

    ``params``    Tensors that want gradients, or dicts with the key ``"params"`` and options that differ for that group
    ``defaults``  the options of a group that does not give its own

    Attributes: ``param_groups``, a list of dicts of options (change ``group["lr"]`` there), and ``state``, a dict from
    the parameter (the object) to the dict of what is remembered of it.
    """

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]):
        self.defaults = defaults
        self.state: dict[Tensor, dict[str, Any]] = {}
        self.param_groups: list[dict[str, Any]] = []
        self._patience = _PATIENCE
        groups = [params] if isinstance(params, Mapping) and "params" in params else self._listed(params)
        if not groups:
            raise OptimizerError(
                f"{self._name}: got no parameters. Pass model.parameters(); if that is what was passed, the model has "
                "none, or its generator was used up by an earlier loop."
            )
        if not isinstance(groups[0], Mapping):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)
        if not any(p.requires_grad for group in self.param_groups for p in group["params"]):
            raise OptimizerError(
                f"{self._name}: none of the parameters wants gradients, so no step would ever change one. "
                "Call model.requires_grad_() or p.requires_grad_(); a state dict holds values, not parameters."
            )

    @property
    def _name(self) -> str:
        return type(self).__name__

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Add parameters with options of their own, for example a layer that is thawed later.

        Raises ``OptimizerError`` for an unknown option, a value out of range, a parameter that stands twice or that was
        computed from others; ``DtypeError`` for one that is no Tensor or not floating point.
        """
        if not isinstance(group, Mapping) or "params" not in group:
            raise DtypeError(
                f'{self._name}: a parameter group is a dict with the key "params" and options, such as '
                f'{{"params": layer.parameters(), "lr": 0.01}}; got {_described(group)}.'
            )
        unknown = set(group) - set(self.defaults) - {"params"}
        if unknown:
            raise OptimizerError(
                f"{self._name}: unknown option {', '.join(sorted(unknown))} in a parameter group. "
                f"Known: {', '.join(self.defaults)}."
            )
        params = self._listed(group["params"]) if not isinstance(group["params"], Tensor) else [group["params"]]
        known = {id(p) for other in self.param_groups for p in other["params"]}
        for i, p in enumerate(params):
            self.check_parameter(i, p)
            if id(p) in known:
                raise OptimizerError(
                    f"{self._name}: parameter {i} of shape {p.shape} stands twice, and would be updated twice a step. "
                    "Pass each parameter once."
                )
            known.add(id(p))
        full = {**self.defaults, **{key: value for key, value in group.items() if key != "params"}}
        self.check(full)
        self.param_groups.append({"params": params, **full})

    def _listed(self, params: Any) -> list[Any]:
        """The parameters as a list, in an order that every run repeats."""
        if isinstance(params, Tensor):
            raise DtypeError(f"{self._name}: params must be a list of Tensors, not one Tensor. Write [tensor].")
        if isinstance(params, (set, frozenset)):
            raise DtypeError(f"{self._name}: params is a set, whose order changes from run to run. Pass a list.")
        if isinstance(params, (Mapping, str)) or not isinstance(params, Iterable):
            method = hasattr(params, "parameters")
            raise DtypeError(
                f"{self._name}: params must be a list of Tensors or of groups, not {_described(params)}. "
                + ("Pass model.parameters()." if method else "For a dict of Tensors pass list(d.values()).")
            )
        return list(params)

    def check_parameter(self, i: int, p: Any) -> None:
        """Raise for what cannot be trained; ``i`` is its number in the group."""
        if not isinstance(p, Tensor):
            hint = " Pass model.parameters(), not model.named_parameters()." if isinstance(p, tuple) else ""
            raise DtypeError(f"{self._name}: parameter {i} is {_described(p)}, not a Tensor.{hint}")
        if not is_differentiable(p.dtype):
            raise DtypeError(
                f"{self._name}: parameter {i} of shape {p.shape} is {p.dtype}, which has no gradient. "
                "Convert it first: p.astype('float32')."
            )
        if not p.is_leaf:
            raise OptimizerError(
                f"{self._name}: parameter {i} of shape {p.shape} was computed by {p.node!r}; only leaves can be "
                "trained. Pass the Tensor that it was computed from, or p.detach().requires_grad_()."
            )

    def check(self, group: dict[str, Any]) -> None:
        """Raise ``OptimizerError`` for options out of range, and make plain floats of numbers; a subclass adds its own.

        A NumPy scalar among them would turn the arithmetic on float32 arrays into float64.
        """
        for name in ("lr", "eps", "weight_decay"):
            if name in group:
                group[name] = self.checked(name, group[name])

    def checked(self, name: str, value: Any, below: float = float("inf")) -> float:
        """The value of an option as a float; raises ``OptimizerError`` unless ``0 <= value < below``."""
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = float("nan")
        if not 0 <= number < below:
            wanted = "a finite number from 0 on" if below == float("inf") else f"a number in [0, {below:g})"
            raise OptimizerError(f"{self._name}: {name} must be {wanted}, not {value!r}.")
        return number

    # ---------------------------------------------------------------------------------------------------- steps

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters (or fill them with zeros)."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p._grad = None
                elif p._grad is not None:
                    p._grad = Tensor(np.zeros_like(p._grad.array))

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient; those without stay as they are, and so does their state.

        ``closure``, if given, computes the loss anew (zero_grad, forward, backward); its result is returned.
        """
        loss = None
        idle = moved = False
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            maximize = group.get("maximize")
            for p in group["params"]:
                if p._grad is None:
                    idle = idle or (p.requires_grad and p not in self.state)
                    continue
                moved = True
                state = self.state.get(p)
                if state is None:
                    state = self.state[p] = {}
                for watcher in levels.here.watchers:
                    watcher.stepping(p)
                g = p._grad.array
                self.update(p.array, -g if maximize else g, state, group)
                mark_written(p)
        if idle and self._patience:
            self._patience -= 1 if moved else self._patience
            if not self._patience:
                self._warn_of_idle_parameters()
        return loss

    def _warn_of_idle_parameters(self) -> None:
        """Say, once, which parameters no gradient arrived at: usually a layer that the loss does not depend on."""
        numbered = list(enumerate(p for group in self.param_groups for p in group["params"]))
        idle = [f"{i} {tuple(p.shape)}" for i, p in numbered if p.requires_grad and p not in self.state]
        shown = ", ".join(idle[:6]) + (", ..." if len(idle) > 6 else "")
        if all(p._grad is None for _, p in numbered):
            warn_of_mistake(
                f"{self._name}.step: none of the {len(idle)} parameters has a gradient, so nothing changed. The loss "
                "does not depend on them, or backward() was not called since zero_grad()."
            )
        else:
            warn_of_mistake(
                f"{self._name}.step: {len(idle)} of {len(numbered)} parameters got no gradient in {_PATIENCE} steps "
                f"and stay as they are: number and shape {shown}. Does the loss depend on them? If they are meant "
                "to rest, call p.requires_grad_(False) or leave them out of the optimizer. This is said once."
            )

    def update(self, parameter: Any, gradient: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Write the new value of one parameter into its array; the array of its gradient stays as it is.

        ``state`` is this parameter's own, empty before its first step. Runs on plain arrays; see :func:`blocks`.
        """
        raise NotImplementedError(f"{self._name} does not define update(parameter, gradient, state, group).")

    # ----------------------------------------------------------------------------------------------- state dicts

    def state_dict(self) -> dict[str, Any]:
        """``{"state": {index: ...}, "param_groups": [...]}``, parameters by their number, as in PyTorch.

        Arrays are copied into Tensors; the rest is plain data.
        """
        numbers = {id(p): i for i, p in enumerate(p for group in self.param_groups for p in group["params"])}
        state = {
            numbers[id(p)]: {k: Tensor(v.copy()) if hasattr(v, "dtype") else v for k, v in values.items()}
            for p, values in self.state.items()
        }
        groups = [
            {**{k: v for k, v in group.items() if k != "params"}, "params": [numbers[id(p)] for p in group["params"]]}
            for group in self.param_groups
        ]
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over options and states from :meth:`state_dict`, or from that of PyTorch's optimizer of the same name.

        States are copied in the dtype and to the device of their parameter. Nothing is changed if something does not
        fit: another number of groups or parameters, other options, another shape.
        """
        groups = state_dict["param_groups"]
        sizes, own = [len(g["params"]) for g in groups], [len(g["params"]) for g in self.param_groups]
        if sizes != own:
            raise OptimizerError(
                f"{self._name}.load_state_dict: the groups hold {sizes} parameters, the optimizer's hold {own}. "
                "Build it over the same model, with the same groups."
            )
        by_number: dict[int, Tensor] = {}
        options: list[dict[str, Any]] = []
        for group, mine in zip(groups, self.param_groups, strict=True):
            if absent := [name for name in self.defaults if name not in group]:
                raise OptimizerError(
                    f"{self._name}.load_state_dict: the saved group has no {', '.join(absent)}; it holds "
                    f"{', '.join(k for k in group if k != 'params')}. Was it saved by another kind of optimizer?"
                )
            by_number.update(zip(group["params"], mine["params"], strict=True))
            options.append({k: v for k, v in group.items() if k != "params" and k not in _PYTORCH_SWITCHES})
            self.check(options[-1])
        state: dict[Tensor, dict[str, Any]] = {}
        for number, values in state_dict["state"].items():
            p = by_number.get(int(number))
            if p is None:
                raise OptimizerError(
                    f"{self._name}.load_state_dict: there is a state of parameter {number}, but no group holds it."
                )
            state[p] = {key: self._loaded(key, value, p, number) for key, value in values.items()}
        for new, mine in zip(options, self.param_groups, strict=True):
            mine.update(new)
        self.state = state

    def _loaded(self, key: str, value: Any, p: Tensor, number: Any) -> Any:
        """One entry of a state: an array of the parameter's shape, dtype and device, or a plain value."""
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if key == "step":  # PyTorch keeps the count as a Tensor
            return int(value)
        saved = value if isinstance(value, Tensor) else Tensor(value)
        if saved.shape != p.shape:
            raise OptimizerError(
                f"{self._name}.load_state_dict: {key} of parameter {number} is {saved.shape}, "
                f"the parameter {p.shape}. Build the optimizer over the same model."
            )
        return saved.to(device=p.device, dtype=p.dtype).array.copy()

    def __repr__(self) -> str:
        lines = [f"{self._name}("]
        for group in self.param_groups:
            options = ", ".join(f"{k}={v!r}" for k, v in group.items() if k != "params")
            lines.append(f"  {len(group['params'])} parameters: {options}")
        return "\n".join([*lines, ")"])


def blocks(p: Any, *others: Any) -> Iterable[tuple[Any, ...]]:
    """Large arrays of one shape in pieces that fit into the cache together; small ones, and those on a GPU, whole.

    An update is a dozen passes over its arrays. Piece by piece, only the first pass reads memory and only the last
    writes it, and temporary arrays stay small. None among ``others`` stays None. Pieces are views: writing to one
    writes the array.
    """
    if p.size <= _BLOCK or array_module(p) is not np:
        return ((p, *others),)
    arrays = (p, *others)
    if not all(a.flags.c_contiguous for a in arrays if a is not None):
        return (arrays,)
    flat = [None if a is None else a.reshape(-1) for a in arrays]
    return (tuple(None if a is None else a[start : start + _BLOCK] for a in flat) for start in range(0, p.size, _BLOCK))


def _described(value: Any) -> str:
    return f"a {type(value).__name__}"
