"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.optimizer import Optimizer, OptimizerError, blocks

__all__ = ["SGD"]


class SGD(Optimizer):
    r"""Stochastic gradient descent, with momentum.

    With gradient :math:`g_t`, learning rate :math:`\gamma`, weight decay :math:`\lambda`, momentum :math:`\mu` and
    dampening :math:`\tau`:

    .. math::
        g_t \leftarrow g_t + \lambda p_{t-1}, \quad
        v_t = \mu v_{t-1} + (1 - \tau) g_t \; (v_1 = g_1), \quad
        p_t = p_{t-1} - \gamma v_t

    and with ``nesterov`` the step is :math:`\gamma (g_t + \mu v_t)`. ``maximize`` climbs: it takes :math:`-g_t` for the
    gradient. State: ``momentum_buffer``, the velocity.

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
        for name in ("momentum", "dampening"):
            group[name] = self.checked(name, group[name])
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise OptimizerError(
                f"SGD: nesterov needs a momentum above 0 and dampening 0, not momentum={group['momentum']!r} and "
                f"dampening={group['dampening']!r}."
            )

    def update(self, parameter: Any, gradient: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        lr = float(group["lr"])  # a schedule may have left a NumPy scalar
        momentum, dampening, decay = group["momentum"], group["dampening"], group["weight_decay"]
        if not momentum:
            for p, g in blocks(parameter, gradient):
                p -= lr * (g + decay * p if decay else g)
            return
        is_first = state.get("momentum_buffer") is None
        if is_first:
            state["momentum_buffer"] = np.empty_like(parameter)
        for p, g, v in blocks(parameter, gradient, state["momentum_buffer"]):
            if decay:
                g = g + decay * p
            if is_first:
                v[...] = g
            else:
                v *= momentum
                v += (1 - dampening) * g if dampening else g
            p -= lr * (g + momentum * v if group["nesterov"] else v)
