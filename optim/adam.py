"""Adam and AdamW."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd.errors import DtypeError
from optim.optimizer import Optimizer, OptimizerError, blocks

__all__ = ["Adam", "AdamW"]


class Adam(Optimizer):
    r"""Adaptive moment estimation.

    With gradient :math:`g_t` and learning rate :math:`\gamma`:

    .. math::
        m_t &= \beta_1 m_{t-1} + (1 - \beta_1) g_t, \quad
        v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2 \\
        p_t &= p_{t-1} - \gamma \, \frac{m_t / (1 - \beta_1^t)}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}

    ``weight_decay`` adds :math:`\lambda p` to the gradient; :class:`AdamW` decouples it. With ``amsgrad`` the largest
    :math:`v` so far stands in the denominator (Reddi et al., 2018, ICLR). ``maximize`` climbs: it takes :math:`-g_t`
    for the gradient. State: ``step``, ``exp_avg`` (:math:`m`), ``exp_avg_sq`` (:math:`v`), ``max_exp_avg_sq``.

    Source: Kingma and Ba, 2014, arXiv:1412.6980.
    """

    decouples_decay = False

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ):
        super().__init__(
            params,
            {
                "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
                "maximize": maximize,
            },
        )  # fmt: skip

    def check(self, group: dict[str, Any]) -> None:
        super().check(group)
        betas = group["betas"]
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise OptimizerError(f"{self._name}: betas must be two numbers in [0, 1), not {betas!r}.")
        group["betas"] = tuple(self.checked(f"betas[{i}]", beta, below=1) for i, beta in enumerate(betas))

    def check_parameter(self, i: int, p: Any) -> None:
        super().check_parameter(i, p)
        if p.dtype.kind == "c":
            raise DtypeError(
                f"{self._name}: parameter {i} of shape {p.shape} is {p.dtype}, and the second moment of a complex "
                "gradient is not defined here. Train its real and imaginary parts as two parameters, or use SGD."
            )

    def update(self, parameter: Any, gradient: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        lr = float(group["lr"])  # a schedule may have left a NumPy scalar
        (beta1, beta2), eps, decay = group["betas"], group["eps"], group["weight_decay"]
        if not state:
            state["step"] = 0
            state["exp_avg"] = np.zeros_like(parameter)
            state["exp_avg_sq"] = np.zeros_like(parameter)
        if group["amsgrad"] and "max_exp_avg_sq" not in state:
            state["max_exp_avg_sq"] = np.zeros_like(parameter)
        state["step"] += 1
        correction1 = 1 - beta1 ** state["step"]
        correction2 = math.sqrt(1 - beta2 ** state["step"])
        largest = state["max_exp_avg_sq"] if group["amsgrad"] else None
        for p, g, m, v, v_max in blocks(parameter, gradient, state["exp_avg"], state["exp_avg_sq"], largest):
            if decay and self.decouples_decay:
                p *= 1 - lr * decay
            elif decay:
                g = g + decay * p
            m *= beta1
            m += (1 - beta1) * g
            v *= beta2
            v += (1 - beta2) * (g * g)
            if v_max is not None:
                v = np.maximum(v_max, v, out=v_max)
            scale = np.sqrt(v)
            scale /= correction2
            scale += eps
            p -= lr / correction1 * m / scale


class AdamW(Adam):
    r"""Adam with decoupled weight decay: first :math:`p \leftarrow p - \gamma \lambda p`, then Adam's step.

    Source: Loshchilov and Hutter, 2017, arXiv:1711.05101.
    """

    decouples_decay = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ):
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)
