"""Formulas as MathML with slots, over the whole op table."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from typing import Any

import pytest

import autograd as ag
import viz
from autograd.composite import COMPOSITES
from autograd.formulas import letters_in, letters_of
from autograd.primitive import OPS
from viz.derivations import mathml as mathml_module
from viz.derivations.mathml import mathml

NAMES = [*OPS, *(name for name in COMPOSITES if name not in OPS)]
# What MathML Core has, and browsers draw; https://www.w3.org/TR/mathml-core/
CORE = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mstyle", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup",
    "mover", "munder", "munderover", "mpadded",
}  # fmt: skip


def elements(text: str) -> list[ET.Element]:
    return list(ET.fromstring(text).iter())


def slots(text: str) -> set[str]:
    return {value for element in elements(text) if (value := element.get("data-slot"))}


@pytest.mark.parametrize("initial", sorted({name[0] for name in NAMES}))
def test_every_formula_of_the_table_is_mathml_with_its_slots(initial: str) -> None:
    for name in NAMES:
        if name.startswith(initial):
            check_slots(name)


def check_slots(name: str) -> None:
    found = viz.formula(name)
    op: Any = OPS.get(name) or COMPOSITES[name]
    made = [(found.forward, found.forward_mathml), *zip(found.vjp, found.vjp_mathml, strict=True)]
    for place, (latex, text) in enumerate(made):
        if latex is None:
            assert text is None, name
            continue
        assert text is not None, name
        for element in elements(text):
            assert element.tag.rpartition("}")[2] in CORE, element.tag
            content = element.text or ""
            assert "\\" not in content, f"{latex}: {content}"
            assert not any(ord(c) >= 0xE000 and ord(c) < 0xF900 for c in content), f"{latex}: a mark is left"
        if place == 0:
            marks = [f"{{{i}}}" in op.latex for i in range(len(found.letters))]
            expected = {str(i) for i, used in enumerate(marks) if used}
            assert expected <= slots(text) <= expected | {"y"}, latex
        else:
            named = letters_in(op.vjp_latex[place - 1] if op.arguments else op.vjp_latex[0])
            defined = {d.partition("=")[0].strip().partition("_")[0] for d in latex.split(r", \quad ")[1:]}
            expected = {str(i) for i, letter in enumerate(found.letters) if letter in named - defined}
            expected |= {slot for slot, letter in (("g", r"\bar y"), ("y", "y")) if letter in named}
            assert slots(text) == expected, latex


def test_a_slot_is_one_element_that_a_script_can_replace() -> None:
    text = viz.template_mathml("tanh", 0)
    (gradient,) = (e for e in elements(text) if e.get("data-slot") == "g")
    assert gradient.tag.endswith("}mover")  # the y with its bar
    (output,) = (e for e in elements(text) if e.get("data-slot") == "y")
    assert output.text == "y"
    with_numbers = re.sub(r'<mover data-slot="g">.*?</mover>', "<mn>0.5</mn>", text)
    with_numbers = re.sub(r'<mi data-slot="y">y</mi>', "<mn>0.25</mn>", with_numbers)
    content = "".join(ET.fromstring(with_numbers).itertext())
    assert content == "x¯=0.5⊙(1−0.252)"  # the 2 stands above


def test_products_of_numbers_are_dots_and_an_equation_is_optional() -> None:
    plain = "".join(ET.fromstring(viz.template_mathml("multiply", 0, scalar=True)).itertext())
    assert plain == "a¯=y¯⋅b"
    assert "".join(ET.fromstring(viz.template_mathml("multiply", 1, equation=False)).itertext()) == "y¯⊙a"
    assert "".join(ET.fromstring(viz.template_mathml("multiply", "forward")).itertext()) == "y=a⊙b"
    assert (
        "".join(ET.fromstring(viz.template_mathml("qr", "forward")).itertext()) == "x=QR"
    )  # it has its own equals sign


def test_static_parameters_are_marked() -> None:
    marked = {e.get("data-param"): e.text for e in elements(viz.template_mathml("clip", 0)) if e.get("data-param")}
    assert marked == {"low": "l", "high": "h"}
    assert {e.get("data-param") for e in elements(viz.template_mathml("mean", "forward"))} >= {"A", "N"}


def test_greek_letters_and_any_number_of_arguments() -> None:
    text = viz.template_mathml("standard_gamma", 0)
    assert {e.text for e in elements(text) if e.get("data-slot") == "0"} == {"α"}
    assert letters_of(OPS["concat"]) == ("x",)
    assert slots(viz.template_mathml("concat", 0)) == {"g"}


def test_what_has_no_formula_is_refused() -> None:
    with pytest.raises(ag.ArgumentError, match="there is no op 'tahn'"):
        viz.formula("tahn")
    with pytest.raises(ag.ArgumentError, match="where has no formula for the gradient of argument 0"):
        viz.template_mathml("where", 0)
    with pytest.raises(ag.ArgumentError, match="numbered 0 to 0"):
        viz.template_mathml("tanh", 1)
    assert viz.formula("sign").vjp == (None,)


def test_without_latex2mathml_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "latex2mathml.converter", None)
    mathml_module.mathml.cache_clear()
    with pytest.raises(ag.MissingExtraError, match=r"glassgrad\[viz\]"):
        mathml("x^2")


def test_names_of_functions_are_upright_and_spaced() -> None:
    text = mathml(r"\tanh z + \operatorname{overlap-add}(x) - \lvert x \rvert")
    assert '<mi>tanh</mi><mspace width="0.167em" />' in text.replace("ns0:", "")
    assert "overlap-add" in text
    assert 'form="prefix"' in mathml("y = -x")
    assert 'form="prefix"' not in mathml("y - x")
