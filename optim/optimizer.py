"""Optimizer: what all of them share: parameter groups, the state of each parameter, state dicts, one step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from autograd import Tensor, enable_grad, mark_written
from autograd.errors import DtypeError, GlassgradError, GradientError

__all__ = ["Optimizer"]


class Optimizer:
    """Base class. A subclass gives ``defaults`` to ``__init__`` and defines :meth:`update` for one parameter.

    ``params``  Tensors that want gradients, or dicts with the key ``"params"`` and options that differ for that group
    """

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]):
        self.defaults = defaults
        self.state: dict[Tensor, dict[str, Any]] = {}
        self.param_groups: list[dict[str, Any]] = []
        if isinstance(params, Tensor):
            raise DtypeError(f"{self._name}: params must be a list of Tensors, not one Tensor. Write [tensor].")
        groups = list(params)
        if not groups:
            raise GlassgradError(f"{self._name}: got no parameters. Does the model have any? Pass model.parameters().")
        if not isinstance(groups[0], Mapping):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    @property
    def _name(self) -> str:
        return type(self).__name__

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Add parameters with options of their own, for example a layer that is thawed later."""
        params = group["params"]
        params = [params] if isinstance(params, Tensor) else list(params)
        unknown = set(group) - set(self.defaults) - {"params"}
        if unknown:
            raise DtypeError(
                f"{self._name}: unknown option {', '.join(sorted(unknown))} in a parameter group. "
                f"Known: {', '.join(self.defaults)}."
            )
        known = {id(p) for other in self.param_groups for p in other["params"]}
        for i, p in enumerate(params):
            if not isinstance(p, Tensor):
                raise DtypeError(f"{self._name}: parameter {i} is a {type(p).__name__}, not a Tensor.")
            if not p.is_leaf:
                raise GradientError(
                    f"{self._name}: parameter {i} of shape {p.shape} was computed by {p.node!r}; only leaves can be "
                    "trained. Pass the Tensor that it was computed from, or p.detach().requires_grad_()."
                )
            if id(p) in known:
                raise GlassgradError(
                    f"{self._name}: parameter {i} of shape {p.shape} stands twice, and would be updated twice a step. "
                    "Pass each parameter once."
                )
            known.add(id(p))
        full = {**self.defaults, **{key: value for key, value in group.items() if key != "params"}}
        self.check(full)
        self.param_groups.append({"params": params, **full})

    def check(self, group: dict[str, Any]) -> None:
        """Raise for options out of range; a subclass adds its own."""
        for name in ("lr", "eps", "weight_decay"):
            value = group.get(name, 0.0)
            if not value >= 0:
                raise DtypeError(f"{self._name}: {name} must be a number from 0, not {value!r}.")

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
        """Change every parameter that has a gradient. ``closure``, if given, computes the loss anew and is returned."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p._grad is None:
                    continue
                state = self.state.get(p)
                if state is None:
                    state = self.state[p] = {}
                g = p._grad.array
                self.update(p.array, -g if group["maximize"] else g, state, group)
                mark_written(p)
        return loss

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Write the new value of one parameter into its array ``p``, from its gradient ``g``; neither keeps ``g``."""
        raise TypeError(f"{self._name} does not define update(p, g, state, group).")

    # ----------------------------------------------------------------------------------------------- state dicts

    def state_dict(self) -> dict[str, Any]:
        """``{"state": {index: ...}, "param_groups": [...]}``, parameters by their number, as in PyTorch.

        Arrays are copied into Tensors; the rest is plain data.
        """
        numbers = self._numbers()
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
        """Take over options and states; the groups must hold as many parameters as the optimizer's own."""
        groups = state_dict["param_groups"]
        sizes, own = [len(g["params"]) for g in groups], [len(g["params"]) for g in self.param_groups]
        if sizes != own:
            raise GlassgradError(
                f"{self._name}.load_state_dict: the groups hold {sizes} parameters, the optimizer's hold {own}. "
                "Build it over the same model."
            )
        by_number: dict[int, Tensor] = {}
        for group, mine in zip(groups, self.param_groups, strict=True):
            by_number.update(zip(group["params"], mine["params"], strict=True))
        state: dict[Tensor, dict[str, Any]] = {}
        for number, values in state_dict["state"].items():
            p = by_number.get(int(number))
            if p is None:
                raise GlassgradError(f"{self._name}.load_state_dict: the state of parameter {number} has no parameter.")
            state[p] = {key: self._loaded(key, value, p, number) for key, value in values.items()}
        for group, mine in zip(groups, self.param_groups, strict=True):
            options = {**mine, **{k: v for k, v in group.items() if k in self.defaults}}
            self.check(options)
            mine.update(options, params=mine["params"])
        self.state = state

    def _loaded(self, key: str, value: Any, p: Tensor, number: Any) -> Any:
        """One entry of a state: an array of the parameter's shape, dtype and device, or a number."""
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        array = value.array if isinstance(value, Tensor) else np.asarray(value)
        if array.shape == () and p.shape != ():
            return array.item()
        if key == "step":
            return int(array)
        if array.shape != p.shape:
            raise GlassgradError(
                f"{self._name}.load_state_dict: {key} of parameter {number} is {array.shape}, "
                f"the parameter {p.shape}. Build the optimizer over the same model."
            )
        return Tensor(array).to(device=p.device, dtype=p.dtype).array.copy()

    def _numbers(self) -> dict[int, int]:
        params = [p for group in self.param_groups for p in group["params"]]
        return {id(p): i for i, p in enumerate(params)}

    def __repr__(self) -> str:
        lines = [f"{self._name}("]
        for group in self.param_groups:
            options = ", ".join(f"{k}={v!r}" for k, v in group.items() if k != "params")
            lines.append(f"  {len(group['params'])} parameters: {options}")
        return "\n".join([*lines, ")"])
