"""The arithmetic of a page against the engine: every elementwise op with scalar code, its value and its derivatives."""

from __future__ import annotations

import json
import math
import shutil
import subprocess

import numpy as np
import pytest

import autograd as ag
from autograd.dispatch import OPS
from autograd.errors import ArgumentError
from viz.explorer.document import _asset
from viz.explorer.javascript import expression, kernels_script
from viz.programs.scalar_code import has_code, kernel_of

_POSITIVE = {"log", "log2", "log10", "sqrt", "rsqrt", "power", "gammaln", "cbrt"}
_WITHIN_ONE = {"arcsin", "arccos", "arctanh", "logit"}
CODED = [
    name for name, op in OPS.items() if op.kind == "elementwise" and op.code and name not in ("real", "imag", "conj")
]
BESIDES = ["erfc", "ndtr", "fmod", "logical_not", "isnan", "floor_divide", "remainder"]


def points(name: str, count: int) -> np.ndarray:
    draw = np.random.default_rng(len(name))
    low, high = (0.05, 0.95) if name in _WITHIN_ONE else (1.05, 4.0) if name == "arccosh" else (-3.0, 3.0)
    x = draw.uniform(low, high, size=(40, count))
    if name in _POSITIVE or name == "log1p":
        x = np.abs(x) + 0.02
    if name == "gammaln":
        x *= 4
    return x


def engine(name: str, x: np.ndarray) -> tuple[np.ndarray, list[np.ndarray | None]]:
    """The value, and the gradient by each argument for a cotangent of 0.7."""
    op = OPS[name]
    columns = [x[:, i] for i in range(x.shape[1])]
    if name == "where":
        columns[0] = columns[0] > 0
    tensors = [ag.tensor(c, requires_grad=c.dtype.kind == "f") for c in columns]
    y = op(*tensors)
    if not y.requires_grad:
        return np.asarray(y.data, np.float64), [None] * len(tensors)
    wanted = [t for t in tensors if t.requires_grad]
    found = iter(ag.gradients(y, wanted, ag.full_like(y, 0.7), allow_unused=True))
    each = [next(found) if t.requires_grad else None for t in tensors]
    return np.asarray(y.data, np.float64), [None if g is None else g.data for g in each]


SCRIPT = """
const lesson = {}, glass = {};
%s
const run = (input) => input.map(([kernel, rows]) => rows.map((row) => {
  const { f, pulls } = KERNELS[kernel];
  const y = Number(f(...row));
  return [y, ...pulls.map((rule) => (rule ? Number(rule(0.7, y, ...row)) : 0))].map(String);
}));
"""


@pytest.fixture(scope="module")
def run_script(request):
    """Runs the page's arithmetic on rows of numbers: in node where there is one, else in Chromium."""
    names = CODED + BESIDES
    text = SCRIPT % (kernels_script(kernel_of(OPS[name], {}) for name in names) + _asset("js/evaluator.js"))

    def run(rows: list[list[list[float]]]) -> list:
        given = json.dumps([[i, r] for i, r in enumerate(rows)])
        if node := shutil.which("node"):
            source = f"{text}\nconsole.log(JSON.stringify(run({given})));"
            done = subprocess.run([node, "-"], input=source, capture_output=True, text=True, check=True)
            return json.loads(done.stdout)
        chromium = request.getfixturevalue("chromium")
        page = chromium.new_page()
        try:
            return page.evaluate(f"() => {{ {text}\nreturn run({given}); }}")
        finally:
            page.close()

    return names, run


def test_the_arithmetic_of_the_page_is_that_of_the_engine(run_script):
    names, run = run_script
    rows = [points(name, len(OPS[name].arguments)) for name in names]
    given = [
        [[float(v > 0) if name == "where" and i == 0 else v for i, v in enumerate(row)] for row in x.tolist()]
        for name, x in zip(names, rows, strict=True)
    ]
    found = run(given)
    assert len(CODED) > 55
    for name, x, made in zip(names, rows, found, strict=True):
        y, gradients = engine(name, x)
        made = np.array([[float(v) for v in row] for row in made])
        np.testing.assert_allclose(made[:, 0], y, rtol=1e-12, atol=1e-14, err_msg=name)
        for i, g in enumerate(gradients):
            expected = np.zeros(len(x)) if g is None else g
            np.testing.assert_allclose(
                made[:, 1 + i], expected, rtol=1e-12, atol=1e-14, err_msg=f"{name}, argument {i}"
            )


def test_special_functions_far_out():
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node")
    x = [-30.0, -6.5, -2.5, -1e-9, 0.0, 1e-12, 0.5, 1.999, 2.001, 5.0, 26.0, 40.0]
    source = f"const lesson={{}}, glass={{}}, KERNELS=[];{_asset('js/evaluator.js')}\nconsole.log(JSON.stringify([{x}.map(special.erf), {x}.map(special.erfc), {x}.map(special.rint), [0.5,1.5,2.5,-0.5].map(special.rint)]))"
    done = subprocess.run([node, "-"], input=source, capture_output=True, text=True, check=True)
    erf, erfc, rint, halves = json.loads(done.stdout)
    np.testing.assert_allclose(erf, [math.erf(v) for v in x], rtol=1e-14)
    np.testing.assert_allclose(erfc, [math.erfc(v) for v in x], rtol=2e-13, atol=1e-300)
    np.testing.assert_array_equal(rint, np.rint(x))
    np.testing.assert_array_equal(halves, [0, 2, 2, 0])


def test_derivatives_come_from_the_rules():
    def wrong(g, x):
        return g * 5

    op = ag.custom_op(lambda x: x * x, vjp=[wrong], jvp="from_vjp", kind="elementwise", name="odd", code="({0} * {0})")
    assert kernel_of(op, {}).pulls == ((("t0", "(g * 5)"),),)


def test_a_rule_that_decides_by_numbers_is_refused():
    def rule(g, x):
        return g * 2 if float(x.data) > 0 else g * 3

    op = ag.custom_op(lambda x: x * x, vjp=[rule], jvp="from_vjp", kind="elementwise", name="odd", code="({0} * {0})")
    with pytest.raises(ArgumentError, match="odd: its backward rule decides by the numbers"):
        kernel_of(op, {})
    with pytest.raises(ArgumentError, match="bessel_j has no scalar code"):
        kernel_of(OPS["bessel_j"], {})
    assert not has_code(OPS["matmul"], {})


@pytest.mark.parametrize(
    ("code", "made"),
    [
        ("(a0 * -a1)", "(a0 *  -a1)"), ("fmax(a0, 0)", "Math.max(a0, 0)"), ("(a0 ? a1 : NAN)", "(a0 ?  a1 :  NaN)"),
        ("(-(-a0))", "( -( -a0))"), ("pow(a0, 1e-05)", "Math.pow(a0, 1e-05)"), ("(a0 <= INFINITY)", "(a0 <=  Infinity)"),
        ("erf(t3)", "special.erf(t3)"),
    ],
)  # fmt: skip
def test_expressions_are_translated_token_by_token(code, made):
    assert expression(code).replace(" ", "") == made.replace(" ", "")


@pytest.mark.parametrize(
    "code", ["alert(a0)", "a0; a1", "a0[0]", "`x`", "window", "a0 = 1", "constructor(a0)", "{0}", "</script>"]
)
def test_nothing_but_arithmetic_comes_into_the_page(code):
    with pytest.raises(ArgumentError, match="scalar code"):
        expression(code)
