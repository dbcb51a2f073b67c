"""The formulas that the op table prints are right: they are read as LaTeX, evaluated with NumPy, and compared."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from tests.autograd.latex_evaluator import Evaluator, Function

import autograd as ag
from autograd import special
from autograd.composite import COMPOSITES
from autograd.formulas import (
    LETTERS, OUTPUTS, clauses, forward_formula, letters_in, letters_of, static_letters, substitute, vjp_formula,
)  # fmt: skip
from autograd.primitive import OPS, Primitive

ELEMENTWISE = [op for op in OPS.values() if op.kind in ("elementwise", "random") and op.differentiable]


def scipy_like(name: str) -> Function:
    return lambda *arrays: special.call(name, *arrays)


def order(n: Any) -> int:
    return int(np.asarray(n))


def phi(x: Any) -> Any:
    return np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def digamma(a: Any) -> Any:
    return special.call("digamma", a)


def psi(*args: Any) -> Any:
    return digamma(args[0]) if len(args) == 1 else special.polygamma(order(args[0]), args[1])


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def relative_slope(*args: Any) -> Any:
    """B_n: a density's derivative in its parameters, over the density; of the gamma and of the beta distribution."""
    if len(args) == 3:
        n, a, x = args
        first = x - digamma(a)
        return first if n == 1 else first**2 - special.polygamma(1, a)
    n, m, a, b, s = args
    in_a, in_b = (
        np.log(sigmoid(s)) - digamma(a) + digamma(a + b), np.log(sigmoid(-s)) - digamma(b) + digamma(a + b),
    )  # fmt: skip
    return in_a**n * in_b**m + (special.polygamma(1, a + b) if n and m else 0)


def order_derivative(*args: Any) -> Any:
    """D_n: by the ops, whose derivatives the table tests by differences."""
    if len(args) == 3:
        return OPS["gamma_order_derivative"](args[1], args[2], n=order(args[0]))
    return OPS["beta_order_derivative"](*args[2:], n=order(args[0]), m=order(args[1]))


FUNCTIONS: dict[str, Function] = {
    r"\sigma": sigmoid, r"\Phi": scipy_like("ndtr"), r"\Phi^-1": scipy_like("ndtri"), r"\phi": phi, r"\psi": psi,
    r"\Gamma": lambda x: np.exp(special.call("gammaln", x)), r"\zeta": scipy_like("zeta"),
    "relu": lambda x: np.maximum(x, 0), "erf": np.vectorize(math.erf, otypes=[float]),
    "erfc": np.vectorize(math.erfc, otypes=[float]), "erf^-1": scipy_like("erfinv"), "erfc^-1": scipy_like("erfcinv"),
    "erfcx": lambda n, x: special.erfcx(order(n), x), "P": scipy_like("gammainc"), "Q": scipy_like("gammaincc"),
    "B": lambda a, b: np.exp(special.call("betaln", a, b)), "I": lambda x, a, b: special.call("betainc", a, b, x),
    "E": lambda n, x: np.exp(-x) / x if n == 0 else OPS["expn"](x, n=order(n)), "D": order_derivative,
    "sinc": lambda n, x: OPS["sinc"](x, n=order(n)), "finite": np.nan_to_num, "trunc": np.trunc,
    "J": lambda n, x: OPS["bessel_j"](x, n=float(n)), "Y": lambda n, x: OPS["bessel_y"](x, n=float(n)),
    "K": lambda n, x: OPS["bessel_k"](x, n=abs(float(n))),
}  # fmt: skip


def functions_for(op: Primitive, sample: Any) -> dict[str, Function]:
    """Letters that mean one function here and another there."""
    if op.name.startswith("bessel"):
        return {**FUNCTIONS, "I": lambda n, x: OPS["bessel_i"](x, n=abs(order(n)))}
    if op.name in ("gamma_order_derivative", "beta_order_derivative"):
        return {**FUNCTIONS, "B": relative_slope}
    if op.name.endswith("standard_gamma"):
        of_logarithm = op.name.startswith("log")

        def distribution(a: Any, x: Any) -> Any:
            return special.call("gammainc", a, np.exp(x) if of_logarithm else x)

        def density(a: Any, x: Any) -> Any:
            power = a * x - np.exp(x) if of_logarithm else (a - 1) * np.log(x) - x
            return np.exp(power - special.call("gammaln", a))

        return {**FUNCTIONS, "F": distribution, "p": density, "F^-1": lambda a, u: u}
    return FUNCTIONS


def statics(op: Primitive, params: dict[str, Any]) -> dict[str, Any]:
    infinite = {"l": -np.inf, "h": np.inf}
    return {s: infinite.get(s) if params.get(n) is None else params[n] for n, s in static_letters(op).items()}


CASES = [
    pytest.param(op, sample, id=f"{op.name}({sample})")
    for op in ELEMENTWISE
    for sample in op.samples
    if all(spec is None or 0 not in spec.shape for spec in sample.args)
]


def on_tape(op: Primitive, arrays: list[Any], params: dict[str, Any]) -> tuple[list[Any], Any]:
    inputs = [ag.tensor(a, requires_grad=True) if a.dtype.kind in "fc" else a for a in arrays]
    return inputs, op(*inputs, **params)


def to_shape(value: Any, shape: tuple[int, ...], full: tuple[int, ...]) -> Any:
    """Summed over what broadcasting added, as the engine does around every rule."""
    value = np.broadcast_to(value, full)
    value = value.sum(tuple(range(value.ndim - len(shape))))
    return value.sum(tuple(i for i, n in enumerate(shape) if n == 1 and value.shape[i] != 1), keepdims=True)


@pytest.mark.parametrize(("op", "sample"), CASES)
def test_what_is_printed_of_an_elementwise_op_is_what_it_computes(op: Primitive, sample: Any) -> None:
    rng = np.random.default_rng([3, len(op.name)])
    arrays = sample.draw(rng, np.complex128 if op.name in ("imag", "real", "conj") else np.float64)
    inputs, y = on_tape(op, arrays, sample.params)
    letters, parts = letters_of(op), OUTPUTS.get(op.name, ("y",))
    outputs = y if isinstance(y, tuple) else (y,)
    g = rng.normal(size=outputs[0].shape)
    if outputs[0].dtype.kind == "c":
        g = g + 1j * rng.normal(size=g.shape)
    values = dict(zip(letters, arrays, strict=False)) | statics(op, sample.params) | {rf"\bar {parts[0]}": g}
    values |= {p: o.array for p, o in zip(parts, outputs, strict=True)}
    evaluate = Evaluator(values, functions_for(op, sample))

    if not op.name.endswith("standard_gamma"):  # no closed form: the quantile of a quantile
        printed = forward_formula(op, letters).partition(" = ")[::2]
        shown = evaluate(printed[1] or printed[0]) if op.name == "frexp" else evaluate(forward_formula(op, letters))
        np.testing.assert_allclose(shown, arrays[0] if op.name == "frexp" else y.array, rtol=1e-9, atol=1e-12)

    wanted = [x for x in inputs if isinstance(x, ag.Tensor)]
    try:
        gradients = iter(ag.gradients([outputs[0]], wanted, [ag.tensor(g)], allow_unused=True))
    except ag.ArgumentError:  # zeta refuses a gradient in its order
        gradients = iter([None] * len(wanted))
    for slot, x in enumerate(inputs):
        if not isinstance(x, ag.Tensor):
            continue
        gradient = next(gradients)
        if gradient is None:
            continue
        printed = evaluate(vjp_formula(op, slot, letters, "y", r"\bar y"))
        exact = to_shape(printed, x.shape, g.shape)
        tolerance = 1e-7 if r"\partial" in (op.vjp_latex[slot] or "") else 1e-9
        np.testing.assert_allclose(gradient.array, exact, rtol=tolerance, atol=1e-10)
