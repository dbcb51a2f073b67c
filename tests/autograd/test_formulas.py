"""The formulas that the op table prints are right: they are read as LaTeX, evaluated with NumPy, and compared."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import special
from autograd.composite import COMPOSITES
from autograd.formulas import (
    LETTERS,
    OUTPUTS,
    clauses,
    forward_formula,
    letters_in,
    letters_of,
    static_letters,
    substitute,
    vjp_formula,
)  # fmt: skip
from autograd.primitive import OPS, Primitive
from tests.autograd.latex_evaluator import Evaluator, Function

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


# There the formula as it is printed overflows, which is why the op is not computed by it.
OVERFLOW = {("gammaln", 1e2), ("log_ndtr", -90.0)}


def samples_of(op: Primitive) -> list[Any]:
    return [
        sample
        for sample in op.samples
        if all(spec is None or 0 not in spec.shape for spec in sample.args)
        and (op.name, sample.args[0].low) not in OVERFLOW
    ]


def on_tape(op: Primitive, arrays: list[Any], params: dict[str, Any]) -> tuple[list[Any], Any]:
    inputs = [ag.tensor(a, requires_grad=True) if a.dtype.kind in "fc" else a for a in arrays]
    return inputs, op(*inputs, **params)


def to_shape(value: Any, shape: tuple[int, ...], full: tuple[int, ...]) -> Any:
    """Summed over what broadcasting added, as the engine does around every rule."""
    value = np.broadcast_to(value, full)
    value = value.sum(tuple(range(value.ndim - len(shape))))
    return value.sum(tuple(i for i, n in enumerate(shape) if n == 1 and value.shape[i] != 1), keepdims=True)


@pytest.mark.parametrize("op", [op for op in ELEMENTWISE if samples_of(op)], ids=lambda op: op.name)
def test_what_is_printed_of_an_elementwise_op_is_what_it_computes(op: Primitive) -> None:
    for sample in samples_of(op):
        check_elementwise(op, sample)


def check_elementwise(op: Primitive, sample: Any) -> None:
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
        np.testing.assert_allclose(
            shown, arrays[0] if op.name == "frexp" else y.array, rtol=1e-9, atol=1e-12, err_msg=str(sample)
        )

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
        np.testing.assert_allclose(gradient.array, exact, rtol=tolerance, atol=1e-10, err_msg=str(sample))


def test_a_wrong_sign_or_a_missing_factor_would_be_seen() -> None:
    x, g = np.array([0.3, -1.2]), np.array([1.0, 2.0])
    evaluate = Evaluator({"x": x, "y": np.tanh(x), r"\bar y": g})
    np.testing.assert_allclose(evaluate(r"\bar y \odot (1 - y^2)"), g * (1 - np.tanh(x) ** 2))
    for wrong in (r"\bar y \odot (1 + y^2)", r"\bar y \odot (1 - y)", r"1 - y^2", r"\bar y \odot (1 - x^2)"):
        assert not np.allclose(evaluate(wrong), g * (1 - np.tanh(x) ** 2))
    np.testing.assert_allclose(evaluate(r"-\frac{x}{2 \cdot y} + e^{-x^2} \odot [x > 0]"), -x / (2 * np.tanh(x)) + np.exp(-(x**2)) * (x > 0))  # fmt: skip
    with pytest.raises(AssertionError, match="has no meaning"):
        evaluate(r"\bar y \odot q")


# ------------------------------------------------------------------------------- matrices, reductions, factorisations


def herm(a: Any) -> Any:
    return 0.5 * (a + np.conj(np.swapaxes(a, -1, -2)))


def diag(a: Any) -> Any:
    return a[..., None] * np.eye(a.shape[-1])


def half_lower(a: Any) -> Any:
    return np.tril(a, -1) + 0.5 * a * np.eye(a.shape[-1])


def cofactors(a: Any) -> Any:
    n = len(a)
    minors = [
        [np.linalg.det(np.delete(np.delete(a, i, 0), j, 1)) * (-1) ** (i + j) for j in range(n)] for i in range(n)
    ]
    return np.array(minors)


def softmax(x: Any, axis: int) -> Any:
    return np.exp(x) / np.exp(x).sum(axis, keepdims=True)


def flipped(a: Any, axes: tuple[int, ...]) -> Any:
    return np.flip(a, axes)


def sharing(axes: tuple[int, ...], full: tuple[int, ...]) -> dict[str, Function]:
    """The functions over the axes of an op that takes an array of shape ``full``; ``A`` itself has no value."""

    def broadcast(_: Any, value: Any) -> Any:
        value = np.asarray(value)
        if value.ndim < len(full):
            value = np.expand_dims(value, axes)
        return np.broadcast_to(value, full)

    return {
        "broadcast": broadcast, "mean": lambda _, v: np.mean(v, axes, keepdims=True),
        "flip": lambda _, v: flipped(v, axes), "cumsum": lambda _, v: np.cumsum(v, axes[0]),
        "max": lambda _, v: v.max(axes), "min": lambda _, v: v.min(axes),
        "permute": lambda _, v: np.transpose(v, axes), "permute^-1": lambda _, v: np.transpose(v, np.argsort(axes)),
    }  # fmt: skip


MATRICES: dict[str, Function] = {
    "herm": herm, "diag": diag, "halflower": half_lower, "cof": cofactors,
    "tril": lambda *a: np.tril(a[-1], order(a[0]) if len(a) > 1 else 0), "triu": np.triu, "Re": np.real,
}  # fmt: skip

# name, arguments, parameters, axes (of what the first argument is reduced over)
STRUCTURED = [
    ("sum", [(2, 3, 4)], {"axis": (0, 2), "keepdims": False}, (0, 2)),
    ("sum", [(2, 3)], {"axis": (1,), "keepdims": True}, (1,)), ("mean", [(2, 3)], {"axis": (0,), "keepdims": False}, (0,)),
    ("max", [(3, 4)], {"axis": (1,), "keepdims": False}, (1,)), ("min", [(3, 4)], {"axis": (0,), "keepdims": False}, (0,)),
    ("logsumexp", [(3, 4)], {"axis": (1,), "keepdims": False}, (1,)), ("softmax", [(3, 4)], {"axis": 1}, (1,)),
    ("log_softmax", [(3, 4)], {"axis": 0}, (0,)), ("cumsum", [(3, 4)], {"axis": 1}, (1,)),
    ("order_statistic", [(3, 4)], {"k": 1}, (1,)), ("permute_dims", [(2, 3, 4)], {"axes": (2, 0, 1)}, (2, 0, 1)),
    ("flip", [(2, 3)], {"axes": (1,)}, (1,)), ("matmul", [(3, 4), (4, 2)], {}, ()),
    ("matmul", [(2, 3, 4), (2, 4, 2)], {}, ()), ("linear", [(5, 4), (3, 4), (3,)], {}, (0,)),
    ("mse_loss", [(2, 3), (2, 3)], {"reduction": "mean"}, (0, 1)), ("inv", [(3, 3)], {}, ()),
    ("solve", [(3, 3), (3, 2)], {}, ()), ("det", [(3, 3)], {}, ()), ("slogdet", [(3, 3)], {}, ()),
    ("pinv", [(4, 2)], {"rtol": 1e-12}, ()), ("pinv", [(2, 4)], {"rtol": 1e-12}, ()),
    ("qr", [(3, 3)], {}, ()), ("qr", [(4, 2)], {}, ()), ("svd", [(3, 3)], {}, ()), ("svd", [(4, 2)], {}, ()),
    ("svd", [(2, 4)], {}, ()), ("eigh", [(3, 3)], {}, ()), ("cholesky", [(3, 3)], {}, ()), ("tril", [(3, 3)], {"k": 0}, ()),
    ("triu", [(3, 3)], {"k": 0}, ()),
]  # fmt: skip


@pytest.mark.parametrize(("name", "shapes", "params", "axes"), STRUCTURED, ids=lambda v: str(v).replace(" ", ""))
def test_what_is_printed_of_matrices_and_reductions_is_what_the_engine_does(
    name: str, shapes: list[tuple[int, ...]], params: dict[str, Any], axes: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(11)
    op = OPS[name]
    arrays = [rng.normal(size=shape) for shape in shapes]
    if name in ("eigh", "cholesky"):
        arrays[0] = arrays[0] @ arrays[0].T + np.diag([1.0, 2.0, 4.0])
    inputs = [ag.tensor(a, requires_grad=True) for a in arrays]
    y = op(*inputs, **params)
    outputs = y if isinstance(y, tuple) else (y,)
    gs = [rng.normal(size=o.shape) for o in outputs]
    letters = letters_of(op)
    values: dict[str, Any] = dict(zip(letters, arrays, strict=True)) | {"A": 0.0, "matrices": True, "I": 1.0}
    values["N"] = float(np.prod([shapes[0][a] for a in axes]))
    if op.outputs:
        parts = OUTPUTS[name]
        plain = [
            np.swapaxes(a, -1, -2) if (name, i) == ("svd", 2) else a for i, a in enumerate([o.array for o in outputs])
        ]
        bars = [np.swapaxes(g, -1, -2) if (name, i) == ("svd", 2) else g for i, g in enumerate(gs)]
        values |= dict(zip(parts, plain, strict=True)) | {rf"\bar {p}": b for p, b in zip(parts, bars, strict=True)}
        values["n"] = min(shapes[0])
    else:
        values |= {"y": y.array, r"\bar y": gs[0]}

    def over_axes(v: Any, _: str = "") -> Any:
        return np.sum(v, axes)

    functions = MATRICES | sharing(axes, shapes[0])
    if name in ("softmax", "log_softmax"):
        functions["softmax"] = lambda x: softmax(x, axes[0])
    gradients = ag.gradients(list(outputs), inputs, [ag.tensor(g) for g in gs])
    for slot, gradient in enumerate(gradients):
        formula = vjp_formula(op, slot, letters, "y", r"\bar y")
        if name == "pinv":  # two identities of different sizes
            formula = formula.replace("(I - x", "(J - x")
            values["J"], values["I"] = np.eye(shapes[0][0]), np.eye(shapes[0][1])
        printed = Evaluator(values, functions, over_axes)(formula)
        np.testing.assert_allclose(np.broadcast_to(printed, gradient.shape), gradient.array, rtol=1e-8, atol=1e-10)
    if not op.outputs and name not in ("order_statistic", "pinv", "slogdet", "det", "cholesky"):
        shown = Evaluator(values, functions, over_axes)(forward_formula(op, letters))
        np.testing.assert_allclose(np.reshape(shown, y.shape), y.array, rtol=1e-9)


def test_what_is_printed_of_eig_is_right() -> None:
    rng = np.random.default_rng(2)
    x = ag.tensor(rng.normal(size=(3, 3)), requires_grad=True)
    w, v = ag.linalg.eig(x)
    values = {r"\lambda": w.array, "V": v.array, "n": 3, "matrices": True, "I": np.eye(3), "x": x.array}
    weights = rng.normal(size=(3, 3))
    # a loss that does not depend on the phase of the vectors
    loss = ((abs(v) ** 2) * weights).sum() + ag.real(w * (1 - 2j)).sum()
    values[r"\bar \lambda"], values[r"\bar V"] = np.full(3, 1 + 2j), 2 * weights * v.array
    printed = Evaluator(values, MATRICES)(vjp_formula(OPS["eig"], 0, ["x"], "y", r"\bar y"))
    np.testing.assert_allclose(np.real(printed), ag.gradients(loss, [x])[0].array, rtol=1e-8, atol=1e-10)


def test_what_is_printed_of_softmax_cross_entropy_is_right() -> None:
    rng = np.random.default_rng(1)
    x, t, g = ag.tensor(rng.normal(size=(4, 3)), requires_grad=True), np.array([0, 2, 1, 1]), rng.normal(size=4)
    op = OPS["softmax_cross_entropy"]
    y = op(x, t)
    functions = sharing((1,), (4, 3)) | {"softmax": lambda a: softmax(a, 1), "onehot": lambda labels: np.eye(3)[labels]}
    evaluate = Evaluator({"x": x.array, "t": t, r"\bar y": g, "A": 0.0}, functions)
    np.testing.assert_allclose(evaluate(forward_formula(op, letters_of(op))), y.array)
    printed = evaluate(vjp_formula(op, 0, letters_of(op), "y", r"\bar y"))
    np.testing.assert_allclose(printed, ag.gradients(y, [x], ag.tensor(g))[0].array)


@pytest.mark.parametrize(
    ("name", "shapes", "axes", "others"),
    [
        ("layer_norm", [(5, 4), (4,), (4,)], (1,), (0,)), ("rms_norm", [(5, 4), (4,)], (1,), (0,)),
        ("batch_norm", [(5, 3), (3,), (3,)], (0,), (0,)),
        ("scaled_dot_product_attention", [(2, 3, 4), (2, 5, 4), (2, 5, 6)], (2,), ()),
    ],
)  # fmt: skip
def test_the_closed_form_of_what_is_made_of_many_ops_is_right(
    name: str, shapes: list[tuple[int, ...]], axes: tuple[int, ...], others: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(4)
    entry = COMPOSITES[name]
    arrays = [rng.normal(size=shape) for shape in shapes]
    inputs = [ag.tensor(a, requires_grad=True) for a in arrays]
    y = entry.function(*inputs)
    g = rng.normal(size=y.shape)
    letters = letters_of(entry)[: len(shapes)]
    epsilon = np.finfo(np.float64).eps if name == "rms_norm" else 1e-5
    values = dict(zip(letters, arrays, strict=True)) | {
        "y": y.array, r"\bar y": g, "A": 0.0, "d": 4.0, r"\epsilon": epsilon,
        r"\mu": arrays[0].mean(axes, keepdims=True), r"\sigma": arrays[0].std(axes, keepdims=True),
    }  # fmt: skip
    full = (2, 3, 5) if name.startswith("scaled") else shapes[0]

    def total(value: Any, over: str = "A") -> Any:
        return np.sum(value, others if over == "B" else axes)

    functions = sharing(axes, full) | {"softmax": lambda x: softmax(x, -1)}
    np.testing.assert_allclose(Evaluator(values, functions, total)(forward_formula(entry, letters)), y.array)
    gradients = ag.gradients(y, inputs, ag.tensor(g))
    assert len(entry.vjp_latex) == len(shapes)
    for slot, gradient in enumerate(gradients):
        printed = Evaluator(values, functions, total)(vjp_formula(entry, slot, letters, "y", r"\bar y"))
        np.testing.assert_allclose(printed, gradient.array, rtol=1e-8, atol=1e-12)


# ------------------------------------------------------------------------------------------------- the whole table

TABLE: list[Any] = [*OPS.values(), *(op for op in COMPOSITES.values() if op.vjp_latex)]
# letters that stand for no argument: e, functions (Bessel's, densities), indices, counts, axes, the identity
OWN = set("eijkNABIH") | {"J", "Y", "K", "F", "p", "E", "d", "n", "w"} | {r"\sigma", r"\psi", r"\mu", r"\epsilon"}


@pytest.mark.parametrize("op", TABLE, ids=lambda op: op.name)
def test_formulas_substitute_and_name_only_what_exists(op: Any) -> None:
    letters = letters_of(op)
    known = {*letters, "y", r"\bar y", *static_letters(op).values(), *OWN}
    known |= {f"{bar}{part}" for part in OUTPUTS.get(op.name, ()) for bar in ("", r"\bar ")}
    marks = [chr(0xE200 + i) for i in range(len(letters))]
    marked = {*marks, "\ue300", "\ue301"}
    if op.name in OPS and op.differentiable and op.name != "item":
        expected = 1 if op.variadic else len(op.arguments)
        assert len(op.vjp_latex) == expected, f"{op.name}: give a formula, or None, for each argument"
    for slot, formula in enumerate(op.vjp_latex):
        if formula is None:
            continue
        assert "{0}" not in formula, f"{op.name}: {formula}"
        assert "{{" not in formula, f"{op.name}: {formula}"
        expression, definitions = clauses(formula)
        defined = {d.partition("=")[0].strip().partition("_")[0] for d in definitions}
        unknown = letters_in(formula) - known - defined
        assert not unknown, f"{op.name}: {formula} names {unknown}"
        filled = vjp_formula(op, slot, marks, "\ue300", "\ue301", None)
        left = letters_in(filled) & ({*letters, "y", r"\bar y"} - defined - {"i", "e"})
        assert not left, f"{op.name}: {filled} still names {left}"
        used = letters_in(expression) | {letter for d in definitions for letter in letters_in(d)}
        for letter_, mark in [*zip(letters, marks, strict=True), ("y", "\ue300"), (r"\bar y", "\ue301")]:
            assert (letter_ in used) == (mark in filled), f"{op.name}: {letter_} in {formula}"
    forward = forward_formula(op, marks)
    assert not re.search(r"(?<![_^}\]a-z])\{\d\}", forward), f"{op.name}: {forward}"
    assert letters_in(forward) - marked <= known | {"Q", "R", "V", "U", "s", "m"}, f"{op.name}: {forward}"
    for text in [*filter(None, op.vjp_latex), forward]:
        assert text.count("{") == text.count("}"), text
        assert text.count("(") == text.count(")"), text
        assert r"\dots" not in text or op.variadic, text


def test_substitution_braces_and_bars() -> None:
    symbols = {"x": "z_1", "y": "h_{10}"}
    assert substitute(r"\bar y \odot e^{-x^2} + e^x", symbols) == r"\bar{h_{10}} \odot e^{-z_1^2} + e^{z_1}"
    assert substitute(r"x_{i} + x' \sin x", symbols) == r"{z_1}_{i} + z_1' \sin z_1"
    assert substitute(r"\operatorname{x y}(x) \text{ if x}", symbols) == r"\operatorname{x y}(z_1) \text{ if x}"
    assert substitute(r"\bar{x} \cdot \bar x", {r"\bar x": r"\bar{z}_1"}) == r"\bar{z}_1 \cdot \bar{z}_1"
    assert substitute(r"\alpha(x)", {r"\alpha": r"W_2", "x": r"\beta"}) == r"W_2(\beta)"


def test_forward_formulas_leave_an_absent_bias_out() -> None:
    assert forward_formula(OPS["linear"], ["x", "W", None]) == r"x \, W^\top"
    assert forward_formula(OPS["conv2d"], ["x", "W", None]) == "x * W"
    assert forward_formula(OPS["concat"], ["a", "b", "c"], {"A": "1"}) == r"\operatorname{concat}_{1}(a, b, c)"


def test_an_op_without_a_formula_says_so() -> None:
    with pytest.raises(ag.ArgumentError, match=r"sign: the op has no formula for the gradient of argument 0"):
        vjp_formula(OPS["sign"], 0, ["x"], "y", r"\bar y")


def test_words_have_letters_and_letters_are_their_own() -> None:
    assert letters_of(OPS["linear"]) == ("x", LETTERS["weight"], LETTERS["bias"])
    assert static_letters(OPS["clip"]) == {"low": "l", "high": "h"}
    assert len(set(LETTERS.values())) > 10


def test_letters_of_a_formula_do_not_collide_with_symbols() -> None:
    formula = vjp_formula(OPS["max"], 0, ["u"], "z_1", r"\bar{z}_1", {"A": "0"})
    expression, (definition,) = clauses(formula)
    assert r"\frac{\tilde{u}}" in expression
    assert definition == r"\tilde{u} = [u = \operatorname{broadcast}_{0}(z_1)]"
