"""The public strategies keep their promises, and find planted errors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
import nn
from autograd.testing import (
    arrays,
    assert_gradients,
    axes,
    broadcastable_arrays,
    check_gradients,
    index_expressions,
    kinked,
    matmul_arrays,
    matrices,
    shapes,
)  # fmt: skip

ROOT = str(Path(__file__).parents[2])


@given(x=arrays(shapes(1, 2, 0, 3), low=-1.0, high=3.0, avoid=(0.0,), margin=0.1))
def test_values_stay_in_their_domain(x):
    assert x.dtype == np.float64
    assert 1 <= x.ndim <= 2
    assert ((x >= -1) & (x <= 3) & (np.abs(x) >= 0.1)).all()


@given(x=arrays((2, 3), distinct=True))
def test_distinct_values_are_distinct(x):
    assert np.unique(x).size == 6


@given(xs=broadcastable_arrays(3))
def test_shapes_broadcast(xs):
    np.broadcast_shapes(*(x.shape for x in xs))


@given(pair=matmul_arrays())
def test_matrices_multiply(pair):
    np.matmul(*pair)


@given(data=st.data(), x=arrays())
def test_axes_are_valid(data, x):
    np.sum(x, axis=data.draw(axes(x.ndim)))


@given(x=arrays(low=0.1))
def test_right_gradients_pass(x):
    assert_gradients(lambda t: ag.log(t) * ag.sqrt(t), x)


def test_a_wrong_gradient_does_not_pass():
    @given(x=arrays(shapes(min_dims=1)))
    def check(x):
        assert_gradients(lambda t: t * t.detach(), x)

    with pytest.raises(ag.GradcheckError, match="argument 0"):
        check()


@given(x=matrices("positive", batched=True))
def test_positive_matrices_are_positive(x):
    assert (np.linalg.eigvalsh(x) > 0.9).all()


@given(x=matrices("singular"))
def test_singular_matrices_are_singular(x):
    assert np.linalg.matrix_rank(x) == x.shape[-1] - 1


@given(x=matrices(square=False, dtype=np.complex128))
def test_regular_matrices_are_well_conditioned(x):
    assert np.linalg.cond(x) < 3.1


@given(x=kinked([0.0, 1.0], (50,)))
def test_kinks_are_hit(x):
    assert np.isin(x, [0.0, 1.0]).any()


@given(index=index_expressions((3, 4)))
def test_indices_are_valid_and_gradients_come_back(index):
    x = np.arange(12.0).reshape(3, 4)
    assert ag.tensor(x)[index].shape == x[index].shape
    if x[index].size:
        assert_gradients(lambda t: t[index] ** 2, x)


@given(x=matrices("degenerate", gap=1e-9))
def test_degenerate_matrices_have_two_equal_eigenvalues(x):
    assert np.diff(np.linalg.eigvalsh(x)).min() < 1e-8


@given(x=arrays((3,), low=-1.0, high=1.0, avoid=(0.0,), margin=0.02))
def test_rounding_keeps_to_the_domain(x):
    assert ((np.abs(x) >= 0.02) & (np.abs(x) <= 1)).all()


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


square = lambda x: x * x  # noqa: E731


def bad(vjp, jvp="from_vjp", **facets):
    options = {"kind": "elementwise", "name": "bad", **facets}
    return ag.custom_op(square, vjp=vjp, jvp=jvp, **options)


def right():
    return [lambda g, x: g * 2 * x]


PLANTED = {
    "a sign": (bad([lambda g, x: -g * 2 * x]), ("reverse",), "gradcheck of fails"),
    "a factor": (bad([lambda g, x: g * x]), ("reverse",), "gradcheck of fails"),
    "the second order alone": (bad([lambda g, x: g * 2 * getattr(x, "array", x)]), ("reverse",), "the gradient of"),
    "forward mode alone": (bad(right(), [lambda t, x: t * x]), ("forward",), "not adjoint"),
    "forward mode is not linear": (bad(right(), [lambda t, x: t * t * 2 * x]), ("forward",), "not linear"),
    "reverse mode is not linear": (bad([lambda g, x: ag.abs(g) * 2 * x]), ("linear",), "vjp.2a - 3b"),
    "a batch is mixed up": (
        bad(right(), batch=lambda op, args, params, level: (op(args[0].value[::-1]), 0)), ("vmap",), "vmap against a loop",
    ),
    "float64 inside": (lambda x: x * np.ones((), np.float64) * np.float64(1.5), ("float32",), "does not stay float32"),
    "imprecise in float32": (lambda x: (x + 1e4) - 1e4, ("float32",), "values in float32 against float64"),
    "a conjugate too many": (bad([lambda g, x: g * 2 * ag.conj(x)]), ("reverse",), "gradcheck of fails"),
    "a conjugate in one mode": (
        bad([lambda g, x: g * 2 * ag.conj(x)], [lambda t, x: t * 2 * x]), ("complex",), "complex gradient",
    ),
    "looks at the shape": (lambda x, y: x * y * (1 if x.ndim == y.ndim else 2), ("broadcast",), "tiling by hand"),
}  # fmt: skip


@pytest.mark.parametrize("bug", PLANTED)
def test_planted_bugs_are_found_by_the_check_for_them(bug):
    function, modes, message = PLANTED[bug]
    dtype = np.complex128 if "conjugate" in bug else np.float64
    strategies = (
        [broadcastable_arrays(2)]
        if modes == ("broadcast",)
        else [arrays((1,) if "batch" in bug else None, dtype, low=0.5)]
    )

    @check_gradients(*strategies, modes=modes)
    def fails(*xs):
        return function(*xs)

    with pytest.raises(ag.GradcheckError, match=message):
        fails()
    if modes != ("broadcast",):

        @check_gradients(*strategies, modes=modes)
        def passes(x):
            return x * x

        passes()


def test_a_function_that_writes_into_its_argument_is_told_so():
    def doubled(x):
        x[...] = 2 * x
        return x

    writing = ag.custom_op(doubled, vjp=[lambda g: 2 * g], jvp="linear", kind="elementwise", name="writing")

    @check_gradients(arrays())
    def fails(x):
        return writing(x)

    with pytest.raises(ag.GradcheckError, match="fails: the function writes into its floating argument 0"):
        fails()


@check_gradients(arrays(low=1e6, high=1e7))
def test_large_numbers_are_no_failure(x):
    return x * x


def test_random_numbers_make_checkpoint_differ_only_if_they_are_not_replayed():
    drawn = iter(np.random.default_rng(0).normal(size=10_000))

    @check_gradients(arrays((2,)), modes="checkpoint")
    def replayed(x):
        return ag.dropout(x, 0.5) * x

    replayed()

    @check_gradients(arrays((2,)), modes="checkpoint")
    def changing(x):
        return x * x * next(drawn)

    with pytest.raises(ag.GradientError, match="op 1, multiply .* gives other numbers now"):
        changing()


PLANTED_IN_A_FILE = """
import autograd as ag
from autograd.testing import arrays, check_gradients

wrong = ag.custom_op(lambda x: x * x, vjp=[lambda g, x: g * x], jvp="from_vjp", kind="elementwise", name="wrong")


@check_gradients(arrays(low=-3.0, high=3.0, avoid=(0.0,)), modes=("reverse",), atol=1e-6)
def test_wrong(x):
    return ag.sin(x) + wrong(x)


@check_gradients(arrays((2,), low=0.2), modes="forward")
def test_right(x):
    return ag.log(x).mean()
"""


def run(*command, cwd):
    # The plugin is named, for the tests may run in an environment that knows it from its entry point or does not.
    environment = os.environ | {"PYTHONPATH": ROOT}
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, env=environment)


def test_the_printed_program_runs_and_fails_likewise(tmp_path):
    (tmp_path / "test_planted.py").write_text(PLANTED_IN_A_FILE)
    shown = run(
        sys.executable, "-m", "pytest", "-q", "--color=no", "--gradcheck-seed=7", "test_planted.py", cwd=tmp_path
    )
    assert "1 failed, 1 passed" in shown.stdout, shown.stdout + shown.stderr
    assert "--gradcheck-seed=7" in shown.stdout
    lines = [line.removeprefix("E").strip() for line in shown.stdout.splitlines() if line.startswith("E")]
    start = lines.index("To reproduce it:") + 2
    program = lines[start : next(i for i in range(start, len(lines)) if lines[i].startswith("assert_gradients")) + 1]
    assert "np.array(" in "\n".join(program)
    assert "\n".join(program).count(",") < 20  # it has shrunk to one short number
    (tmp_path / "again.py").write_text("\n".join(program))
    again = run(sys.executable, "again.py", cwd=tmp_path)
    assert again.returncode != 0
    assert "GradcheckError: gradcheck of test_wrong" in again.stderr


def test_the_plugin_shows_coverage_and_the_seed_fixes_the_inputs(tmp_path):
    pytest.importorskip("xdist", reason="pytest-xdist runs workers")
    (tmp_path / "test_planted.py").write_text(PLANTED_IN_A_FILE)
    options = ("--color=no", "-p", "no:cacheprovider", "--gradcheck-examples=3", "--gradcheck-seed=3")
    command = (sys.executable, "-m", "pytest", *options)
    printed = run(*command, "--gradcheck-coverage", cwd=tmp_path).stdout
    assert "gradcheck: seed 3" in printed
    assert "gradient checks by op" in printed
    assert "| wrong" in printed
    written = run(*command, "-n", "2", "--gradcheck-coverage=table.md", cwd=tmp_path).stdout
    failing = [[line for line in text.splitlines() if "= np.array(" in line] for text in (printed, written)]
    assert failing[0] == failing[1] != []
    table = (tmp_path / "table.md").read_text()
    rows = {line.split("|")[1].strip(): line.split("|")[2:-1] for line in table.splitlines() if line.startswith("| ")}
    assert [name.strip() for name in rows["op"]] == ["reverse", "forward"]  # no second order where the first is wrong
    assert int(rows["wrong"][0]) > 0
    assert rows["log"][0].strip() == ""
    assert int(rows["log"][1]) > 0
    assert "Not reached: abs" in table
    assert all(line in table for line in printed.splitlines() if line.startswith("| log"))  # the workers' counts add up


def test_wrong_use_of_the_decorator():
    with pytest.raises(ag.ArgumentError, match="modes are reverse, .*, or \"all\"; not 'sideways'"):
        check_gradients(arrays(), modes=("sideways",))
    with pytest.raises(ag.ArgumentError, match="order is the highest derivative"):
        check_gradients(arrays(), order=0)
    with pytest.raises(ag.ArgumentError, match="a strategy for each argument"):
        check_gradients()(lambda: 1)
    with pytest.raises(ag.ArgumentError, match="no argument is a floating array"):
        assert_gradients(ag.sin, 3)


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("bug", [-1.0, 1.01, 2.0, 0.0])
def test_wrong_factors_are_found_at_every_scale_of_argument_and_result(bug, scale, size):
    def op(factor):
        slope = lambda g, x: g * factor * scale / size * ag.cos(x / size)  # noqa: E731
        return ag.custom_op(lambda x: scale * np.sin(x / size), vjp=[slope], kind="elementwise", name="scaled")

    x = size * np.array([0.3, -0.7])
    assert_gradients(op(1.0), x)
    with pytest.raises(ag.GradcheckError, match="gradcheck of scaled"):
        assert_gradients(op(bug), x)
    tangent = lambda t, x: t * bug * scale / size * ag.cos(x / size)  # noqa: E731
    one_mode = ag.custom_op(
        lambda x: scale * np.sin(x / size), vjp=[lambda g, x: g * scale / size * ag.cos(x / size)], jvp=[tangent],
        kind="elementwise", name="scaled",
    )  # fmt: skip
    with pytest.raises(ag.GradcheckError, match="not adjoint"):
        assert_gradients(one_mode, x, order=1, modes="forward")


def test_a_missing_tangent_is_found():
    nan = bad(right(), [lambda t, x: t * x * np.nan])
    with pytest.raises(ag.GradcheckError, match="forward mode gives NaN"):
        assert_gradients(nan, np.ones(2), order=1, modes="forward")


def test_a_batching_rule_that_takes_every_argument_for_batched_is_found():
    added = ag.custom_op(
        lambda x, y: x + y, vjp=[lambda g: g, lambda g: g], jvp="linear", kind="elementwise", name="added",
        batch=lambda op, args, params, level: (op(*(getattr(a, "value", a) for a in args)), 0),
    )  # fmt: skip
    with pytest.raises(ag.GradcheckError, match="vmap along axes of their own against a loop"):
        assert_gradients(added, np.ones(3), np.ones(3), modes="vmap")


def test_dropout_and_a_generator_of_ones_own_draw_the_same_in_every_evaluation():
    own = ag.Generator(0)
    x = np.ones((4, 3))
    assert_gradients(lambda x: ag.dropout(x, 0.5) * x, x, modes=("reverse", "forward", "vmap", "checkpoint"))
    assert_gradients(lambda x: ag.asarray(own.uniform(x.shape, dtype=np.float64)) * x * x, x)


def test_broadcast_takes_modules_and_unused_arguments():
    class Scale(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(ag.ones(3))

        def forward(self, x):
            return ag.sin(x) * self.weight.sum()

    assert_gradients(Scale(), np.ones((2, 2)), modes="broadcast")
    assert_gradients(lambda x, y: x * 2, np.ones(3), np.ones((2, 3)), modes="broadcast")


def test_large_curvature_next_to_small_numbers_is_no_failure():
    assert_gradients(lambda x: ag.exp(x).sum(), np.array([20.0, 0.1]))
    assert ag.gradcheck(lambda p: ag.tanh(p["w"] @ p["x"][0]), [{"w": np.ones((2, 2)), "x": [np.array([0.1, 0.2])]}])
    assert ag.gradcheck(nn.Linear(3, 2), np.ones((2, 3)))


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
    assert "wrong = ...  # put in what tests/autograd/test_testing.py" in printed.replace("\\", "/")
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


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--gradcheck-seed=-1", "--gradcheck-seed must be at least 0, not -1"),
        ("--gradcheck-examples=0", "--gradcheck-examples must be at least 1, not 0"),
        ("--gradcheck-coverage=nowhere/table.md", "there is no folder nowhere"),
        ("--gradcheck-coverage=test_a.py", "the table goes to a .md or .txt file"),
    ],
)
def test_wrong_options_of_the_plugin_are_named(tmp_path, option, message):
    shown = run(sys.executable, "-m", "pytest", "-q", option, cwd=tmp_path)
    assert shown.returncode == 4  # a usage error, not an internal one
    assert message in shown.stderr


def test_a_derivative_of_nan_in_both_modes_is_found():
    nan = bad([lambda g, x: g * x * np.nan], [lambda t, x: t * x * np.nan])
    with pytest.raises(ag.GradcheckError, match="the derivative is NaN in both modes"):
        assert_gradients(nan, np.ones(2), order=1, modes="forward")


def test_arguments_of_very_different_sizes_do_not_hide_each_others_errors():
    wrong = ag.custom_op(
        lambda x, y: x + y * y, vjp=[lambda g: g, lambda g, y: g * 2 * y], kind="elementwise", name="wrong",
        jvp=[lambda t: t, lambda t, y: t * 2 * y], batch=lambda op, args, params, level: (
            op(*(a.value if hasattr(a, "level") else a for a in args)) * 1.01, 0
        ),
    )  # fmt: skip
    with pytest.raises(ag.GradcheckError, match="vmap"):
        assert_gradients(wrong, np.full(2, 1e-8), np.full(2, 1e3), modes="vmap")


def test_results_that_are_zero_are_no_failure():
    assert_gradients(lambda x: ag.layer_norm(x, (4,)).mean(), np.random.default_rng(0).normal(size=(3, 4)))
    assert_gradients(lambda x: (ag.sin(x) ** 2 + ag.cos(x) ** 2 - 1).sum(), np.array([0.3, 1.2, -2.0]))


@pytest.mark.parametrize("factor", [1.5, 0.7, -1.0])
@pytest.mark.parametrize("size", [1e-7, 1e-5, 1.0, 1e5])
def test_wrong_factors_are_found_where_results_are_next_to_nothing(size, factor):
    def op(vjp, jvp):
        slope = lambda k: lambda g, x: g * k * 3 * x * x  # noqa: E731
        return ag.custom_op(lambda x: x * x * x, vjp=[slope(vjp)], jvp=[slope(jvp)], kind="elementwise", name="cubed")

    x = size * np.array([0.3, -0.7])
    assert_gradients(op(1.0, 1.0), x, modes=("reverse", "forward", "linear", "vmap", "checkpoint", "float32"))
    with pytest.raises(ag.GradcheckError, match="gradcheck of cubed"):
        assert_gradients(op(factor, factor), x, order=1)
    with pytest.raises(ag.GradcheckError, match="not adjoint"):
        assert_gradients(op(1.0, factor), x, order=1, modes="forward")
    mixed = ag.custom_op(
        lambda x: x * x * x, vjp=[lambda g, x: g * 3 * x * x], kind="elementwise", name="mixed",
        batch=lambda op, args, params, level: (factor * op(args[0].value), args[0].axis),
    )  # fmt: skip
    with pytest.raises(ag.GradcheckError, match="vmap against a loop"):
        assert_gradients(mixed, x, modes="vmap")


CANCELLING = {
    "a saturated class": (lambda x: ag.log_softmax(x)[0], np.array([50.0, 1.0, 2.0])),
    "a small number beside a large one": (lambda x: (1 + x) - 1, np.array([1e-5, -3e-6])),
    "deviations of equal numbers": (lambda x: ag.var(x), np.full(3, 0.1)),
    "a sum that is always one": (lambda x: ag.softmax(x).sum(), np.array([1.0, 2.0, 3.0])),
    "the norm less itself": (lambda x: ag.linalg.norm(x) - ag.sqrt((x * x).sum()), np.array([0.3, 0.4])),
}


@pytest.mark.parametrize("name", CANCELLING)
def test_what_rounding_leaves_over_is_no_failure(name):
    function, x = CANCELLING[name]
    assert_gradients(function, x, modes=("reverse", "forward", "linear", "vmap", "checkpoint"))


def test_python_numbers_are_points():
    wrong = ag.custom_op(
        lambda x, k: x * k, vjp=[lambda g, x, k: g * k, lambda g, x, k: 2 * g * x], jvp="from_vjp", name="scaled"
    )
    for factor in (0.7, np.float64(0.7), np.array(0.7)):
        with pytest.raises(ag.GradcheckError, match="gradcheck of scaled: output 0, argument 1 of shape ()"):
            assert_gradients(wrong, np.array(2.0), factor)
    assert_gradients(lambda x, k, n: x**k * n, np.array([1.0, 2.0]), 0.7, 3)


def test_a_rule_that_takes_one_cotangent_for_all_is_found():
    tripled = ag.custom_op(
        lambda x: 3 * x, vjp=[lambda g: 3 * (g if g.ndim == 1 else ag.broadcast_to(g[:1], g.shape))],
        kind="elementwise", name="tripled",
    )  # fmt: skip
    with pytest.raises(ag.GradcheckError, match="vmap over cotangents against a loop"):
        assert_gradients(tripled, np.ones(3), order=1, modes="vmap")


def test_broadcast_of_shapes_that_do_not_says_so():
    with pytest.raises(ag.ArgumentError, match=r"broadcast is for elementwise .* \(2, 3\), \(3, 2\) do not broadcast"):
        assert_gradients(lambda x, y: x @ y, np.ones((2, 3)), np.ones((3, 2)), modes="broadcast")


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
