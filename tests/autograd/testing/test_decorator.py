"""What @check_gradients takes, refuses, and prints for the reader to run."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st

import autograd as ag
import nn
from autograd.testing import arrays, assert_gradients, check_gradients, index_expressions, matmul_arrays, matrices
from tests.autograd.planted_rules import bad, right


@check_gradients(arrays(low=0.2), arrays((), low=0.5), modes="all", order=3, max_examples=15)
def test_the_decorator_makes_a_test(x, scale):
    return ag.log(x) * scale, x * scale


@check_gradients(matrices("positive"), order=1)
def test_the_decorator_takes_matrices(x):
    return ag.linalg.cholesky(x)


@check_gradients(order=2, modes=("reverse", "forward"))
def test_arguments_without_strategies_broadcast(a, b, c):
    return a * b + ag.sin(c)


@check_gradients(matmul_arrays())
def test_a_strategy_for_several_arguments(a, b):
    return a @ b


@check_gradients(arrays((3, 4)), index_expressions((3, 4)), order=1, max_examples=20)
def test_a_tuple_is_one_argument(x, index):
    return x[index]


@check_gradients(
    st.fixed_dictionaries({"w": arrays((2,)), "parts": st.lists(arrays((2,)), min_size=1, max_size=3)}),
    st.just(3), max_examples=6,
)  # fmt: skip
def test_containers_and_what_is_not_floating(parameters, n):
    return {"y": sum(parameters["parts"][1:], parameters["parts"][0]) * parameters["w"] ** n}


@check_gradients(arrays((2,), dtype=np.complex128), arrays((2,)), modes="all", max_examples=10)
def test_complex_arguments(z, x):
    return z * ag.conj(z) * x + ag.exp(z), ag.abs(z + 3)


@pytest.mark.parametrize("power", [2, 3])
@check_gradients(arrays((2,)), max_examples=5)
def test_parameters_and_fixtures_come_by_keyword(x, *, power, tmp_path):
    assert tmp_path.is_dir()
    return x**power


class TestMethods:
    factor = 2.0

    @check_gradients(arrays(), max_examples=5)
    def test_a_method(self, x):
        return x * self.factor

    @check_gradients(max_examples=5)
    def test_a_method_without_strategies(self, a, b):
        return a * b


test_an_op_of_the_table = check_gradients(modes=("reverse", "forward", "vmap", "broadcast"))(ag.hypot)
test_a_module_and_its_parameters = check_gradients(
    arrays((2, 3)), modes=("reverse", "forward", "linear", "vmap", "checkpoint", "float32"), max_examples=5
)(nn.Sequential(nn.Linear(3, 2), nn.Tanh()))


def test_a_wrong_rule_of_a_parameter_is_found():
    class Wrong(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(ag.ones(3))

        def forward(self, x):
            return x * (self.weight + self.weight.detach())

    with pytest.raises(ag.GradcheckError, match="argument 1"):
        check_gradients(arrays((3,)))(Wrong())()


def test_wrong_use_of_the_decorator():
    with pytest.raises(ag.ArgumentError, match="modes are reverse, .*, or \"all\"; not 'sideways'"):
        check_gradients(arrays(), modes=("sideways",))
    with pytest.raises(ag.ArgumentError, match="order is the highest derivative"):
        check_gradients(arrays(), order=0)
    with pytest.raises(ag.ArgumentError, match="a strategy for each argument"):
        check_gradients()(lambda: 1)
    with pytest.raises(ag.ArgumentError, match="no argument is a floating array"):
        assert_gradients(ag.sin, 3)


def test_what_would_pass_without_a_check_is_refused():
    with pytest.raises(ag.ArgumentError, match="modes is empty"):
        check_gradients(arrays(), modes=())
    with pytest.raises(ag.ArgumentError, match="order is the highest derivative"):
        check_gradients(arrays(), order=True)
    with pytest.raises(ag.ArgumentError, match="returned NoneType.*is a return missing"):
        check_gradients(arrays())(lambda x: None)()

    async def later(x):
        return x

    with pytest.raises(ag.ArgumentError, match="later is async"):
        check_gradients(arrays())(later)


@check_gradients
def test_the_decorator_works_without_a_call(a, b):
    return a * b


def program_of(test):
    """The program that a failing test prints."""
    with pytest.raises(ag.GradcheckError) as caught:
        test()
    (note,) = (text for text in caught.value.__notes__ if "To reproduce it:" in text)
    return "\n".join(line.strip() for line in note.splitlines() if line.startswith("    "))


def test_the_printed_program_says_what_the_reader_must_supply():
    factor = np.array([2.0, 3.0])
    wrong = bad(right(), [lambda t, x: t])

    def closes(x):
        return x * factor * wrong(x)

    printed = program_of(check_gradients(arrays((2,)), modes="forward")(closes))
    assert "factor = np.array([2.0, 3.0], dtype='float64')" in printed
    assert "wrong = ...  # put in what tests/autograd/testing/test_decorator.py" in printed.replace("\\", "/")
    printed = program_of(check_gradients(arrays((2,)), modes="forward")(lambda x: wrong(x)))
    assert "function = ...  # put it in here: the one from tests" in printed

    class Wrong(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter([2.0])

        def forward(self, x):
            return wrong(x) * self.weight

    printed = program_of(check_gradients(arrays((2,)), modes="forward")(Wrong()))
    assert "function = ...  # put it in here: the Wrong, which was decorated" in printed
    assert "function.load_state_dict({'weight': np.array([2.0], dtype='float32')})" in printed


def test_each_example_draws_the_same_random_numbers():
    drawn = []
    own = ag.Generator(3)
    ag.manual_seed(11)
    state = ag.default_generator().get_state(), own.get_state()

    @check_gradients(arrays((2,)), order=1, modes="linear", max_examples=5)
    def noisy(x):
        noise = ag.rand(2, dtype="float64") + ag.rand(2, dtype="float64", generator=own)
        drawn.append(tuple(noise.tolist()))
        return x * noise

    noisy()
    assert len(drawn) > 5
    assert len(set(drawn)) == 1
    assert (ag.default_generator().get_state(), own.get_state()) == state


def test_printed_programs_hold_fixtures_and_seeds():
    @check_gradients(arrays((1,)), order=1)
    def fails(x, *, weights, model):
        return wrong_square(x) * ag.asarray(weights) * ag.rand(1)

    wrong_square = ag.custom_op(lambda x: x * x, vjp=[lambda g, x: g * x], jvp="from_vjp", name="wrong_square")
    with pytest.raises(ag.GradcheckError) as info:
        fails(weights=np.array([2.0]), model=object())
    program = info.value.__notes__[0]
    assert "weights = np.array([2.0], dtype='float64')" in program
    assert "model = ...  # put in what the fixture gives" in program
    assert "functools.partial(function, weights=weights, model=model)" in program
    assert "ag.manual_seed(0)" in program
