"""Every equation of a derivation is evaluated as it is printed; what comes out must be the engine's gradients."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd as ag
import viz
from autograd.errors import ArgumentError
from autograd.primitive import primitive
from autograd.scalar import Value
from tests.autograd.latex_evaluator import Evaluator

RNG = np.random.default_rng(5)


def leaf(*shape: int, low: float = -1.5, high: float = 1.5) -> ag.Tensor:
    return ag.tensor(RNG.uniform(low, high, shape), requires_grad=True)


def shape_of(space: str) -> tuple[int, ...] | None:
    """The shape that ``\\mathbb{R}^{5 \\times 8}`` says."""
    if r"\times \mathbb" in space:
        return None  # of several values
    match = re.search(r"\^\{([\d \\times]+)\}", space)
    return tuple(int(n) for n in re.findall(r"\d+", match[1])) if match else ()


def fit(value: Any, shape: tuple[int, ...] | None) -> Any:
    if shape is None:
        return value
    value = np.asarray(value)
    return value.reshape(shape) if value.size == int(np.prod(shape)) else np.broadcast_to(value, shape)


def numbers(derivation: viz.Derivation, leaves: dict[str, Any]) -> dict[str, Any]:
    """All values of a derivation, from its own equations and the values of its leaves alone."""
    here: dict[str, Any] = {"shape": ()}

    def broadcast(*args: Any) -> Any:
        axes, value = tuple(int(a) for a in args[:-1]), np.asarray(args[-1])
        if value.ndim < len(here["shape"]):
            value = np.expand_dims(value, axes)
        return np.broadcast_to(value, here["shape"])

    def permute(*args: Any) -> Any:
        return np.transpose(args[-1], [int(a) for a in args[:-1]])

    def inverse_permute(*args: Any) -> Any:
        return np.transpose(args[-1], np.argsort([int(a) for a in args[:-1]]))

    def softmax(x: Any) -> Any:
        exponentials = np.exp(x - x.max(-1, keepdims=True))
        return exponentials / exponentials.sum(-1, keepdims=True)

    def einsum(*args: Any) -> Any:
        raise AssertionError

    functions: dict[str, Callable[..., Any]] = {
        "broadcast": broadcast, "permute": permute, "permute^-1": inverse_permute, "softmax": softmax,
        "reshape": lambda x: np.reshape(x, here["shape"]), "onehot": lambda t: np.eye(here["shape"][-1])[t],
        "relu": lambda x: np.maximum(x, 0), "einsum": einsum, r"\sigma": lambda x: 1 / (1 + np.exp(-x)),
        "split": lambda *a: a, "concat": lambda *a: np.concatenate(a[1:], int(a[0])),
        "max": lambda *a: a[-1].max(tuple(int(i) for i in a[:-1])),
    }  # fmt: skip

    def total(value: Any, axes: str) -> Any:
        return np.sum(value, tuple(int(a) for a in axes.split(",")))

    evaluate = Evaluator(leaves, functions, total)
    for step in derivation.forward:
        here["shape"] = shape_of(step.space) or ()
        value = fit(evaluate(step.formula), shape_of(step.space))
        evaluate.values[without_braces(step.symbol)] = value
    for gradient in derivation.backward:
        here["shape"] = shape_of(gradient.space) or ()
        letters = [re.split("[_ =]", clause)[0] for clause in gradient.where]
        assert len(set(letters)) == len(letters), gradient.where
        clauses = "".join(rf", \quad {clause}" for clause in gradient.where)
        values = [fit(evaluate(term + clauses), here["shape"]) for term in gradient.terms]
        evaluate.values[without_braces(gradient.symbol)] = sum(values[1:], values[0])
    return evaluate.values


def without_braces(symbol: str) -> str:
    """``z_{10}`` and ``\\bar{z}_1`` as the evaluator knows them: ``z_10``, ``\\bar z_1``."""
    return symbol.replace(r"\bar{", r"\bar ").replace("{", "").replace("}", "")


def check(loss: ag.Tensor, named: dict[str, ag.Tensor], **constants: Any) -> viz.Derivation:
    derivation = viz.derive(loss, named)
    symbols = {s.name: s.latex for s in derivation.symbols if s.name}
    values = numbers(derivation, {symbols[n]: t.array for n, t in named.items() if n in symbols} | constants)
    np.testing.assert_allclose(values["L"], loss.array, rtol=1e-9)
    gradients = ag.gradients(loss, list(named.values()), allow_unused=True, retain_graph=True)
    results = {step.of for step in derivation.backward if step.result}
    assert results == {symbols[n] for n, g in zip(named, gradients, strict=True) if g is not None}
    for name, expected in zip(named, gradients, strict=True):
        if expected is not None:
            printed = values[rf"\bar {symbols[name]}"]
            np.testing.assert_allclose(printed, expected.array, rtol=1e-8, atol=1e-12, err_msg=name)
    return derivation


def mlp(activation: Any = ag.tanh) -> tuple[ag.Tensor, dict[str, ag.Tensor], dict[str, Any]]:
    named = {
        "0.weight": leaf(8, 4), "0.bias": leaf(8), "2.weight": leaf(3, 8), "2.bias": leaf(3),
    }  # fmt: skip
    x, t = RNG.normal(size=(5, 4)), np.array([0, 2, 1, 0, 2])
    hidden = activation(ag.linear(ag.tensor(x), named["0.weight"], named["0.bias"]))
    logits = ag.linear(hidden, named["2.weight"], named["2.bias"])
    return ag.cross_entropy(logits, ag.tensor(t)), named, {"x": x, "t": t}


# ------------------------------------------------------------------------------------------------- right, as printed


@pytest.mark.parametrize("activation", [ag.tanh, ag.relu, ag.sigmoid, ag.silu, ag.logsigmoid], ids=lambda f: f.__name__)
def test_the_derivation_of_an_mlp_with_softmax_cross_entropy_is_right(activation: Any) -> None:
    loss, named, data = mlp(activation)
    derivation = check(loss, named, **data)
    assert [s.op for s in derivation.forward] == [
        "linear",
        activation.__name__,
        "linear",
        "softmax_cross_entropy",
        "mean",
    ]


def test_the_equations_of_an_mlp_read_as_in_a_textbook() -> None:
    loss, named, _ = mlp()
    derivation = viz.derive(loss, named)
    assert [(s.symbol, s.formula) for s in derivation.forward][:3] == [
        ("z_1", r"x \, W_1^\top + b_1"), ("h_1", r"\tanh z_1"), ("z_2", r"h_1 \, W_2^\top + b_2"),
    ]  # fmt: skip
    back = {s.symbol: s.formula for s in derivation.backward}
    assert back[r"\bar{W}_2"] == r"\bar{z}_2^\top \, h_1"
    assert back[r"\bar{h}_1"] == r"\bar{z}_2 \, W_2"
    assert back[r"\bar{z}_1"] == r"\bar{h}_1 \odot (1 - h_1^2)"
    assert back[r"\bar{b}_1"] == r"\textstyle\sum_{0} \bar{z}_1"
    assert [s.latex for s in derivation.symbols if s.kind == "parameter"] == ["W_1", "b_1", "W_2", "b_2"]


@pytest.mark.parametrize("shape", [(5, 4), (2, 3, 4)])
def test_the_derivation_of_layer_norm_is_right(shape: tuple[int, ...]) -> None:
    x, weight, bias = leaf(*shape), leaf(4), leaf(4)
    with ag.record():  # keeps the epsilon
        loss = (ag.layer_norm(x, (4,), weight, bias) ** 2).sum()
    derivation = check(loss, {"x": x, "norm.weight": weight, "norm.bias": bias})
    assert {s.latex for s in derivation.symbols} == {"x", r"\gamma_1", r"\beta_1"}
    fan_out = [s for s in derivation.backward if len(s.terms) == 2]
    assert {s.of for s in fan_out} >= {"x", "z_2"}  # the input, and what is squared and scaled


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("heads", [(), (3,)])
def test_the_derivation_of_attention_is_right(causal: bool, heads: tuple[int, ...]) -> None:
    q, k, v = (leaf(2, *heads, 5, 4) for _ in range(3))
    with ag.record():  # keeps the -inf of the mask
        loss = ag.scaled_dot_product_attention(q, k, v, is_causal=causal).square().mean()
    derivation = check(loss, {"q": q, "k": k, "v": v}, m=np.tril(np.ones((5, 5), bool)))
    assert r"k^\top" in derivation.latex()


def test_a_transformer_block_of_one_head_is_right() -> None:
    named = {f"{n}.weight": leaf(4, 4) for n in ("query", "key", "value", "out")}
    named |= {"norm.weight": leaf(4), "norm.bias": leaf(4), "up.weight": leaf(6, 4), "up.bias": leaf(6)}
    x = ag.tensor(RNG.normal(size=(2, 5, 4)))
    with ag.record():
        n = ag.layer_norm(x, (4,), named["norm.weight"], named["norm.bias"])
        q, k, v = (ag.linear(n, named[f"{part}.weight"]) for part in ("query", "key", "value"))
        attended = ag.linear(ag.scaled_dot_product_attention(q, k, v), named["out.weight"])
        hidden = ag.relu(ag.linear(x + attended, named["up.weight"], named["up.bias"]))
        loss = hidden.sum()
    # what of the norm needs no gradient is not on the tape: a constant
    derivation = viz.derive(loss, named)
    normalised = ag.layer_norm(x, (4,)).array
    constants = {s.latex for s in derivation.symbols if s.kind == "constant"}
    assert constants == {"x", "x_2"}
    check(loss, named, x=normalised, x_2=x.array)


def test_broadcasting_is_undone_by_a_sum_over_its_axes() -> None:
    a, b, c, d = leaf(3, 4), leaf(4), leaf(3, 1), leaf()
    with ag.record():
        loss = ((a - b) * c / (2 + d**2)).sum()
    derivation = check(loss, {"a": a, "b": b, "c": c, "d": d})
    back = {s.symbol: s.formula for s in derivation.backward}
    assert back[r"\bar{b}"] == r"-\textstyle\sum_{0} \bar{z}_1"
    assert back[r"\bar{c}"].startswith(r"\textstyle\sum_{1} (")


def test_products_of_stacks_of_matrices_are_summed_over_the_stack() -> None:
    a, b = leaf(2, 3, 4), leaf(4, 5)
    derivation = check((a @ b).square().mean(), {"a": a, "b": b})
    assert r"\textstyle\sum_{0} (a^\top \, \bar{z}_1)" in derivation.latex()


def test_the_weight_of_a_linear_layer_on_sequences_is_summed_over_the_batch() -> None:
    x, w, b = leaf(2, 3, 4), leaf(5, 4), leaf(5)
    check(ag.linear(x, w, b).square().sum(), {"x": x, "weight": w, "bias": b})


def test_fan_out_adds_up_and_reductions_name_their_axes() -> None:
    x = leaf(3, 4)
    loss = (x * x + x.exp().sum(1, keepdims=True) - ag.logsumexp(x, 0)).mean() + ag.log_softmax(x, 1).square().sum()
    derivation = check(loss, {"x": x})
    (gradient,) = (s for s in derivation.backward if s.result)
    assert len(gradient.terms) == 5  # x * x uses it twice
    assert gradient.ops.count("multiply") == 2


def test_extremes_products_and_losses_are_right() -> None:
    x, y, t = leaf(3, 4), leaf(3, 4), leaf(3, 4)
    loss = ag.mse_loss(ag.maximum(x, y), t) + x.max(1).sum() + ag.mse_loss(x * 2, t, reduction="sum")
    check(loss, {"x": x, "y": y, "t": t})


def test_reshapes_and_permutations_are_undone() -> None:
    x, w = leaf(2, 3, 4), leaf(12, 2)
    loss = (x.permute_dims((1, 2, 0)).reshape(6, 4).mT.reshape(2, 12) @ w).sin().sum()
    derivation = check(loss, {"x": x, "w": w})
    assert r"\operatorname{permute}_{1,2,0}^{-1}" in derivation.latex()


def test_a_scalar_neuron_is_written_with_plain_products() -> None:
    w, x = Value(0.5, "w"), Value(-2.0, "x")
    loss = (w * x + w**2).tanh() * 3.0
    derivation = viz.derive(loss, {"w": w, "x": x})
    assert r"\odot" not in derivation.latex()
    values = numbers(derivation, {"w": 0.5, "x": -2.0})
    loss.backward()
    assert values[r"\bar w"] == pytest.approx(w.grad)
    assert values[r"\bar x"] == pytest.approx(x.grad)


def test_several_outputs_and_any_number_of_inputs() -> None:
    a, b = leaf(3, 3), leaf(3, 3)
    parts = ag.split(ag.concat([a, b], 1), 2, 1)
    q, r = ag.linalg.qr(parts[0])
    loss = (ag.einsum("ij,jk->ik", q, parts[1]) * r).sum()
    derivation = viz.derive(loss, {"a": a, "b": b})
    text = derivation.latex()
    assert r"\operatorname{concat}_{1}(a, b)" in text
    assert r"\operatorname{einsum}_{\text{ij,jk} \to \text{ik}}(z_4, z_3)" in text
    assert r"\operatorname{einsum}_{\text{ik,jk} \to \text{ij}}(\bar{z}_6, z_3)" in text
    assert "Q" not in text  # the letters of the table are replaced by those of the graph
    assert re.search(r"\\operatorname\{concat\}_\{1\}\(\(\\bar\{z\}_2, \\bar\{z\}_3\)\)", text)


def test_an_output_that_is_not_used_has_gradient_zero() -> None:
    x = leaf(3, 3)
    values, _ = ag.linalg.eigh(x @ x.mT)
    text = viz.derive(values.sum(), {"x": x}).latex()
    assert r"\operatorname{diag}(\bar{" in text
    assert r"z_3^{H} \, 0" in text or r"z_4^{H} \, 0" in text


# ---------------------------------------------------------------------------------------------------- a planted fault


def test_a_formula_that_is_wrong_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    loss, named, data = mlp()
    tanh: Any = ag.tanh
    monkeypatch.setattr(tanh, "vjp_latex", (r"\bar y \odot (1 - y)",))
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        check(loss, named, **data)


# ------------------------------------------------------------------------------------------------------- it compiles


def everything() -> viz.Derivation:
    named = {"layers.0_a.weight": leaf(4, 4), "layers.0_a.bias": leaf(4), "norm.weight": leaf(4), "odd name%": leaf(4)}
    x = ag.tensor(RNG.normal(size=(3, 4)))
    h = ag.gelu(ag.linear(x, named["layers.0_a.weight"], named["layers.0_a.bias"]), approximate="tanh")
    h = ag.where(h > 0, h, h * 0.1) + ag.clip(h, -1.0, None) ** -2.0 + h[:, 0:1] * 1e-7
    u, s, vh = ag.linalg.svd(h)
    loss = ag.softmax(h @ h.mT, 1).max() + ag.log(s).sum() + u[0].sum() + vh[0].sum()
    loss = loss + ag.prod(ag.rms_norm(h, (4,), named["norm.weight"]) * named["odd name%"], 0).mean()
    return viz.derive(loss, named, title="Everything & more_")


DOCUMENTS = [
    pytest.param(lambda: viz.derive(*mlp()[:2], title="An MLP"), id="mlp"), pytest.param(everything, id="everything"),
]  # fmt: skip


@pytest.mark.parametrize("make", DOCUMENTS)
def test_braces_and_environments_balance(make: Any) -> None:
    document = make().document()
    depth = 0
    for token in re.findall(r"\\.|[{}]", document, re.DOTALL):
        depth += (token == "{") - (token == "}")
        assert depth >= 0
    assert depth == 0
    opened = []
    for what, name in re.findall(r"\\(begin|end)\{([a-z*]+)\}", document):
        if what == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert not opened


@pytest.mark.parametrize("make", DOCUMENTS)
def test_every_line_converts_to_mathml(make: Any) -> None:
    root = ET.fromstring(make().html())
    maths = list(root.iter("{http://www.w3.org/1998/Math/MathML}math"))
    assert len(maths) > 20
    for element in maths:
        text = "".join(element.itertext())
        assert "\\" not in text, text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex; apt-get install texlive-latex-base has it")
def test_pdflatex_compiles_it(tmp_path: Path) -> None:
    path = everything().save(tmp_path / "derivation.tex")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", path.name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=120)
    assert done.returncode == 0, done.stdout[-3000:]
    assert (tmp_path / "derivation.pdf").stat().st_size > 1000


def test_the_suffix_says_how_it_is_saved(tmp_path: Path) -> None:
    loss, named, _ = mlp()
    derivation = viz.derive(loss, named, title="W < b")
    assert derivation.save(tmp_path / "d.tex").read_text(encoding="utf-8") == derivation.document()
    page = derivation.save(str(tmp_path / "d.html")).read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "<title>W &lt; b</title>" in page
    assert derivation.html() in page
    for name in ("d.svg", "d"):
        with pytest.raises(ArgumentError, match=r"Derivation\.save: .* written as \.tex or \.html\. Try '.*d\.tex'"):
            derivation.save(tmp_path / name)
        assert not (tmp_path / name).exists()


def test_a_notebook_shows_it() -> None:
    loss, named, _ = mlp()
    derivation = viz.derive(loss, named, title="An MLP")
    assert derivation._repr_latex_() == derivation.latex()
    markdown = derivation._repr_markdown_()
    assert markdown.startswith("### An MLP\n\n$$\n\\begin{array}")
    assert markdown.count("$$") == 6
    assert "align*" not in markdown


def test_the_terminal_shows_it_in_columns() -> None:
    loss, named, _ = mlp()
    text = str(viz.derive(loss, named))
    assert "W̄_1 = z̄_1ᵀ x" in text
    assert "\\" not in text
    assert repr(viz.derive(loss, named)) == "<Derivation: 5 forward and 9 backward steps>"


# ------------------------------------------------------------------------------------------------------------ refusals


def test_a_graph_that_is_too_large_is_refused_with_the_remedy() -> None:
    x = leaf()
    for _ in range(61):
        x = x * 0.5
    with pytest.raises(ag.ArgumentError, match=r"61 ops.*max_ops=60.*give max_ops=61"):
        viz.derive(x)
    assert len(viz.derive(x, max_ops=61).forward) == 61


def test_what_has_no_graph_is_refused() -> None:
    with pytest.raises(ag.DtypeError, match="loss is a float"):
        viz.derive(1.0)
    with pytest.raises(ag.GradientError, match="nothing that requires"):
        viz.derive(ag.ones(()))
    with pytest.raises(ag.GradientError, match="nothing that requires"):
        viz.derive(leaf())
    with pytest.raises(ag.ArgumentError, match=r"loss has shape \(2,\)"):
        viz.derive(leaf(2) * 2)
    with pytest.raises(ag.DtypeError, match="names is a int"):
        viz.derive(leaf() * 2, 3)  # type: ignore[arg-type]


def test_complex_graphs_are_refused() -> None:
    x = ag.tensor(np.array([1 + 2j]), requires_grad=True)
    with pytest.raises(ag.ArgumentError, match="complex"):
        viz.derive(abs(x * x).sum())


def test_an_op_without_a_formula_is_named_with_the_remedy() -> None:
    halve = primitive(
        "halve", lambda x: x / 2, kind="elementwise", vjp=[lambda g: g / 2], jvp="from_vjp", register=False
    )
    with pytest.raises(ag.ArgumentError, match=r"halve: the op has no formula.*vjp_latex="):
        viz.derive(halve(leaf()))


def test_a_letter_that_two_terms_define_has_two_names() -> None:
    x = leaf(3, 4)
    (gradient,) = (
        s for s in viz.derive(x.max(1).sum() + x.min(0).sum() + x.max(1).sum(), {"x": x}).backward if s.result
    )
    assert len(gradient.where) == 3
    for term, clause in zip(gradient.terms, gradient.where, strict=True):
        letter = clause.partition(" =")[0]
        assert rf"\frac{{{letter}}}" in term
        assert clause.startswith(f"{letter} = [x = ")


def test_the_parts_of_a_concatenation_are_told_apart() -> None:
    a, b, constant = leaf(2, 3), leaf(2, 1), ag.ones((2, 2))
    with ag.record():
        loss = (ag.concat([a, constant, b], 1) ** 2).sum()
    back = {s.of: s.formula for s in viz.derive(loss, {"a": a, "b": b}).backward}
    assert back["a"] == r"\operatorname{slice}_{:, 0:3}(\bar{z}_1)"
    assert back["b"] == r"\operatorname{slice}_{:, 5:6}(\bar{z}_1)"
    loss = (ag.concat([a, constant, b], 1) ** 2).sum()  # one length that nobody kept follows from the others
    assert back == {s.of: s.formula for s in viz.derive(loss, {"a": a, "b": b}).backward}


def test_an_assignment_in_a_sum_stands_in_parentheses_and_has_its_arrow() -> None:
    x = leaf(2, 4)
    y = x * 2
    y[:, 1:3] *= 3
    derivation = viz.derive((y**2).sum(), {"x": x})
    (both,) = (s.formula for s in derivation.backward if s.of == "z_1")
    assert both.startswith(r"(\bar{z}_4 \text{ with } \bar{z}_4[:, 1:3] \leftarrow 0) + ")
    assert "z_1 with z_1[:, 1:3] ← z_3" in str(derivation)


def test_a_softmax_names_an_axis_that_is_not_the_last_and_a_new_axis_is_written() -> None:
    x = leaf(2, 4)
    loss = ag.softmax(x, 0)[0].sum() + ag.log_softmax(x, -1)[:, None, 0].sum()
    formulas = [s.formula for s in viz.derive(loss, {"x": x}).forward]
    assert r"\operatorname{softmax}_{0}(x)" in formulas
    assert r"\ln \operatorname{softmax}(x)" in formulas
    assert any(f.endswith(r"[:, \text{new}, 0]") for f in formulas)


def test_symbols_do_not_collide() -> None:
    named = {"x": leaf(2), "a.x": leaf(2), "L": leaf(2), "theta": leaf(2), "z_1": leaf(2), "strange": leaf(2)}
    total: Any = 0
    for tensor in named.values():
        total = total + tensor * 2
    derivation = viz.derive(total.sum(), named)
    symbols = [s.latex for s in derivation.symbols] + [s.symbol for s in derivation.forward]
    assert len(set(symbols)) == len(symbols)


def test_the_same_constant_has_one_symbol() -> None:
    x = ag.tensor(RNG.normal(size=(3, 4)))
    v, w = leaf(5, 4), leaf(5, 4)
    derivation = viz.derive((ag.linear(x, w) * ag.linear(x, v)).sum(), {"w": w, "v": v})
    assert [s.latex for s in derivation.symbols if s.kind == "constant"] == ["x"]


def test_indices_are_written_out_or_have_a_symbol_each() -> None:
    table = leaf(5, 4)
    first, second = np.array([1, 2, 2]), np.array([0, 4])
    loss = table[first].sum() + table[second].sum() + table[-1, 0:2].sum()
    derivation = viz.derive(loss, {"w": table})
    formulas = [s.formula for s in derivation.forward]
    assert {"w[i]", "w[i_2]", "w[-1, 0:2]"} <= set(formulas)
    assert [s.latex for s in derivation.symbols] == ["w", "i", "i_2"]
    (gradient,) = (s for s in derivation.backward if s.result)
    assert r"\operatorname{scatter}_{i_2}(\bar{z}" in gradient.formula


def test_a_condition_is_a_symbol_not_a_number() -> None:
    x = leaf(3)
    derivation = viz.derive(ag.where(np.bool_(True), x, 2.0 * x).sum(), {"x": x})
    assert r"\text{ if } m \text{ else }" in derivation.latex()
    assert [s.space for s in derivation.symbols if s.latex == "m"] == [r"\{0, 1\}"]
