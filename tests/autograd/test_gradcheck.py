"""gradcheck finds planted errors and says where."""

from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
from autograd.errors import DtypeError, GradientError


@pytest.fixture
def planted():
    """Ops with a wrong rule each; taken out of the table afterwards."""
    names = []

    def make(name, forward, **facets):
        names.append(name)
        return ag.primitive(name, forward, kind="elementwise", **facets)

    yield make
    for name in names:
        ag.OPS.pop(name)


def test_a_wrong_sign_is_found_with_op_argument_index_and_values(planted):
    op = planted("planted_sign", np.subtract, vjp=[lambda g: g, lambda g: g])
    x = np.array([1.0, 2.0])
    with pytest.raises(
        ag.GradcheckError, match=r"gradcheck of planted_sign: output 0, argument 1 of shape \(2,\), index \(0,\)"
    ) as e:
        ag.gradcheck(op, [x, x])
    assert "2 of 2 elements" in str(e.value)
    assert not ag.gradcheck(op, [x, x], raise_exception=False)


def test_a_missing_factor_in_one_element_is_found(planted):
    op = planted("planted_factor", np.square, vjp=[lambda g, x: g * ag.where(x > 1, x, 2 * x)])
    assert ag.gradcheck(op, [np.array([0.3, 0.8])])
    with pytest.raises(ag.GradcheckError, match=r"index \(1,\).*1 of 2 elements"):
        ag.gradcheck(op, [np.array([0.3, 1.8])])


def test_a_rule_that_is_right_at_first_order_only_is_found_by_gradgradcheck(planted):
    op = planted("planted_constant", np.exp, vjp=[lambda g, y: g * getattr(y, "array", y)])
    x = [np.array([0.1, 0.2])]
    assert ag.gradcheck(op, x)
    with pytest.raises(ag.GradcheckError, match="the gradient of planted_constant"):
        ag.gradgradcheck(op, x)


def test_a_missing_gradient_is_found(planted):
    op = planted("planted_none", np.multiply, vjp=[lambda g, b: g * b, lambda g: None])
    with pytest.raises(ag.GradcheckError, match=r"argument 1.*no gradient \(None\)"):
        ag.gradcheck(op, [np.ones(2), np.ones(2)])


def test_a_forgotten_conjugate_is_found(planted):
    op = planted("planted_conjugate", np.multiply, vjp=[lambda g, b: g * b, lambda g, a: g * a], holomorphic=False)
    z = np.array([1 + 2j, 0.5 - 1j])
    assert ag.gradcheck(op, [np.array([1.0, 2.0]), np.array([3.0, 1.0])])
    with pytest.raises(ag.GradcheckError, match="argument 0"):
        ag.gradcheck(op, [z, z])
    assert ag.gradcheck(ag.multiply, [z, z])


def test_what_can_be_checked():
    assert ag.gradcheck(lambda a, b: (a * 2, ag.sin(b)), [np.ones(2), np.ones((2, 2))])
    assert ag.gradgradcheck(ag.tanh, np.array([0.3]))
    assert ag.gradcheck(ag.where, [np.array([True, False]), np.ones(2), np.zeros(2)])
    with pytest.raises(DtypeError, match="input 0 is float32"):
        ag.gradcheck(ag.exp, ag.ones(2, requires_grad=True))
    with pytest.raises(GradientError, match="no input wants gradients"):
        ag.gradcheck(ag.exp, ag.ones(2))


def test_a_primitive_with_an_inconsistent_entry_is_refused():
    with pytest.raises(TypeError, match="1 vjp rules for 2 arguments"):
        ag.primitive("planted_count", np.add, kind="elementwise", vjp=[lambda g: g])
    with pytest.raises(TypeError, match=r"a rule asks for 'z'\. A rule can name g, x, y"):
        ag.primitive("planted_name", np.exp, kind="elementwise", vjp=[lambda g, z: g])
    with pytest.raises(TypeError, match="in the table already"):
        ag.primitive("exp", np.exp, kind="elementwise")
    assert not any(name.startswith("planted") for name in ag.OPS)


@pytest.mark.parametrize("result", [None, [], "text", ag.tensor([1, 2]), {}])
def test_results_without_derivatives_are_refused(result):
    for check in (ag.gradcheck, ag.gradgradcheck):
        with pytest.raises(ag.ArgumentError, match="which has no derivative"):
            check(lambda x: result, [np.ones(2)])
    with pytest.raises(ag.GradientError, match="no result depends on an input that wants gradients"):
        ag.gradgradcheck(lambda x: (x * x).detach(), [np.ones(2)])
    assert ag.gradgradcheck(lambda x: 2 * x, [np.ones(2)])


@pytest.mark.parametrize(("offset", "factor"), [(1e6, 0.999), (1e8, 0.9), (1e8, 0.99)])
def test_a_large_offset_does_not_hide_a_wrong_rule(planted, offset, factor):
    right = planted("planted_right", np.sin, vjp=[lambda g, x: g * ag.cos(x)])
    wrong = planted("planted_offset", np.sin, vjp=[lambda g, x: factor * g * ag.cos(x)])
    assert ag.gradcheck(lambda x: offset + right(x), [np.array([0.3, 0.4])])
    with pytest.raises(ag.GradcheckError):
        ag.gradcheck(lambda x: offset + wrong(x), [np.array([0.3, 0.4])])


@pytest.mark.parametrize("scales", [1e6, np.array([1e6, 1.0]), 1e9])
def test_steep_functions_at_zero_are_no_failure(scales):
    x = np.array([0.0, 1.0 if np.ndim(scales) else 1e-9])
    assert ag.gradcheck(lambda x: ag.sin(scales * x), [x])
    with pytest.raises(ag.GradcheckError):
        ag.gradcheck(lambda x: ag.sin(scales * x.detach()) + ag.sin(scales * x) * 0.5, [x])


@pytest.mark.parametrize("x", [[0.0], [0.0, 1e-160], [0.0, 1.0], [1e-9, 1.0]])
@pytest.mark.parametrize("power", [2, 3, 5])
def test_powers_at_zero_are_no_failure(power, x):
    assert ag.gradcheck(lambda x: x**power, [np.array(x)])
    assert ag.gradgradcheck(lambda x: x**power, [np.array(x)])


@pytest.mark.parametrize("x", [[0.5, 3e4], [1e-3, 1.0, 1e5], [1e-8, 1.0, 1e6]])
@pytest.mark.parametrize("factor", [0.0, -1.0, 2.0, 1.01])
def test_a_wrong_rule_is_found_where_arguments_differ_in_size(planted, factor, x):
    op = planted("planted_decay", lambda x: np.exp(-x), vjp=[lambda g, x: -factor * g * ag.exp(-x)])
    with pytest.raises(ag.GradcheckError):
        ag.gradcheck(op, [np.array(x)])


@pytest.mark.parametrize(
    ("function", "x"),
    [
        (ag.relu, [1e-8, 1.0]),
        (ag.relu, [-1e-7, 100.0]),
        (ag.abs, [1e-8, 1e-4, 30.0]),
        (ag.tanh, [1e-8, 1.0, 1e6]),
        (lambda x: ag.exp(-x * x), [1e-3, 1.0, 1e5]),
    ],
)
def test_right_rules_pass_where_arguments_differ_in_size(function, x):
    assert ag.gradcheck(function, [np.array(x)])
