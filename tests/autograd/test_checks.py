"""Each check of gradients finds the errors that are planted for it, at every scale, and no others."""

from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
import nn
from autograd.testing import arrays, assert_gradients, broadcastable_arrays, check_gradients
from tests.autograd.planted_rules import bad, right

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


def test_all_checks_leave_out_those_that_are_not_meant_for_a_function():
    x, y = np.array([[0.3, 0.7]]), np.array([[1.0, 0.2]])
    assert_gradients(ag.softplus, x, modes="all")
    assert_gradients(lambda x, y: ag.hypot(x, y), x, y, modes="all", order=1)
    assert_gradients(lambda x, y: x @ y.T, np.ones((3, 2)), np.ones((4, 2)), modes="all", order=1)
    with pytest.raises(ag.ArgumentError, match="complex is for functions of complex numbers, and this takes none"):
        assert_gradients(ag.softplus, x, modes="complex")
