"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd.errors import DtypeError
from optim.optimizer import Optimizer

__all__ = ["SGD"]


class SGD(Optimizer):
    r"""Stochastic gradient descent, with momentum.

    With gradient :math:`g_t`, weight decay :math:`\lambda`, momentum :math:`\mu` and dampening :math:`\tau`:

    .. math::
        g_t \leftarrow g_t + \lambda p_{t-1}, \quad
        v_t = \mu v_{t-1} + (1 - \tau) g_t \; (v_1 = g_1), \quad
        p_t = p_{t-1} - \gamma v_t

    and with ``nesterov`` the step is :math:`\gamma (g_t + \mu v_t)`.
    Source: Sutskever et al., 2013, ICML, in PyTorch's form (the learning rate outside the velocity).
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ):
        super().__init__(
            params,
            {
                "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
                "nesterov": nesterov, "maximize": maximize,
            },
        )  # fmt: skip

    def check(self, group: dict[str, Any]) -> None:
        super().check(group)
        if not group["momentum"] >= 0:
            raise DtypeError(f"SGD: momentum must be a number from 0, not {group['momentum']!r}.")
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise DtypeError("SGD: nesterov needs a momentum above 0 and dampening 0.")

    def update(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        momentum = group["momentum"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        if momentum:
            velocity = state.get("momentum_buffer")
            if velocity is None:
                velocity = state["momentum_buffer"] = g.copy()
            else:
                velocity *= momentum
                velocity += g if not group["dampening"] else (1 - group["dampening"]) * g
            g = g + momentum * velocity if group["nesterov"] else velocity
        p -= group["lr"] * g
