from __future__ import annotations

import numpy as np
import pytest

import autograd as ag


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_first_bad_value_forward_is_named_with_its_history():
    x = ag.tensor([0.0, 2.0], requires_grad=True)
    with pytest.raises(ag.AnomalyError) as caught, ag.detect_anomaly(), ag.scope("model"), ag.scope("head"):
        ag.log(x * 3.0).sum()
    text = str(caught.value)
    for part in (
        "log made a value that is not finite",
        "test_anomaly.py",
        "in model.head",
        "multiply (2,)",
        "leaf (2,)",
    ):
        assert part in text


def test_the_first_bad_gradient_is_named():
    x = ag.tensor([0.0, 2.0], requires_grad=True)
    with pytest.raises(ag.AnomalyError) as caught, ag.detect_anomaly():
        ag.sqrt(x * 1.0).sum().backward()
    text = str(caught.value)
    for part in ("the backward pass of sqrt", "recorded at", "incoming gradient", "output: (2,)", "multiply (2,)"):
        assert part in text


def test_what_was_infinite_before_is_let_through():
    with ag.detect_anomaly():
        masked = ag.where(np.array([True, False]), ag.tensor([1.0, 2.0], requires_grad=True), -np.inf)
        ag.softmax(masked).sum().backward()


def test_custom_ops_are_checked_on_first_use():
    @ag.custom_op(vjp=[lambda g, x: g * 2 * x * x], jvp="from_vjp")
    def cube(x):
        return x * x * x

    x = ag.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ag.GradcheckError, match="custom op"), ag.detect_anomaly():
        cube(x)
    with ag.detect_anomaly(check_custom=False):
        cube(x)  # a rule may differ on purpose

    @ag.custom_op(vjp=[lambda g, x: g * 3 * x * x], jvp="from_vjp")
    def right(x):
        """The cube."""
        return x * x * x

    with ag.detect_anomaly():
        right(x).sum().backward()
    assert x.grad.tolist() == [3.0, 12.0]
    assert ag.gradgradcheck(right, [np.array([0.5, 2.0])])
    assert ag.jvp(right, (2.0,), (1.0,))[1].item() == 12.0
    assert ag.vmap(right)(np.arange(3.0)).tolist() == [0.0, 1.0, 8.0]
    assert "cube" not in ag.OPS


def test_the_jvp_of_custom_ops_is_checked_too():
    op = ag.custom_op(lambda x: x * x, vjp=[lambda g, x: g * 2 * x], jvp=[lambda t, x: t * x], name="half")
    with pytest.raises(ag.GradcheckError, match=r"(?s)not adjoint.*custom op"), ag.detect_anomaly():
        op(ag.tensor([1.0, 2.0], requires_grad=True))
    alone = ag.custom_op(lambda x: x * x, vjp=[lambda g, x: g * 2 * x], name="alone")
    with ag.detect_anomaly():
        alone(ag.tensor([1.0, 2.0], requires_grad=True)).sum().backward()
    constant = ag.custom_op(
        lambda x, c: x * c, vjp=[lambda g, c: g * c, None], jvp=[lambda t, c: t * c, None], name="scaled"
    )
    with ag.detect_anomaly():
        constant(
            ag.tensor([1.0, 2.0], requires_grad=True), ag.ones(2)
        )  # an argument without a rule is not asked for one
    with pytest.raises(ag.GradientError, match="alone: the op has no jvp rule"):
        ag.jvp(alone, (1.0,), (1.0,))


INFINITE = ag.tensor([np.inf, 1.0])


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("subtract", lambda: INFINITE - INFINITE),
        ("multiply", lambda: INFINITE * 0.0),
        ("sum", lambda: ag.sum(ag.concat([INFINITE, -INFINITE]))),
        ("divide", lambda: ag.tensor([1.0]) / 0),
    ],
)
def test_a_nan_out_of_infinities_is_new(name, program):
    with ag.detect_anomaly(), pytest.raises(ag.AnomalyError, match=f"^{name} made a value that is not finite"):
        program()


def test_a_nan_of_the_backward_pass_out_of_infinities():
    x = ag.tensor([1.0], requires_grad=True)
    with ag.detect_anomaly(), pytest.raises(ag.AnomalyError, match="the backward pass of multiply"):
        (x * 0.0).backward(ag.tensor([np.inf]))


def test_a_mask_of_minus_infinity_is_let_through():
    x = ag.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    with ag.detect_anomaly():
        (ag.softmax(x + ag.tensor([[0.0, 0.0, -np.inf]]), -1) ** 2).sum().backward()
    assert np.isfinite(x.grad.array).all()


def test_lines_of_a_long_run_do_not_pile_up(monkeypatch):
    monkeypatch.setattr("autograd.anomaly._MOST_LINES", 50)
    x = ag.tensor([1.0], requires_grad=True)
    with ag.detect_anomaly() as watcher:
        for _ in range(100):
            x * 2
        assert len(watcher._lines) == 50


def test_a_new_nan_beside_an_old_one_stops():
    x = ag.tensor([np.nan, -1.0, np.inf], requires_grad=True)
    with ag.detect_anomaly():
        x * 2
        with pytest.raises(ag.AnomalyError, match="^log made a value that is not finite"):
            ag.log(x)


def test_a_custom_op_is_checked_by_the_arguments_that_move():
    wrong = ag.custom_op(lambda a, b: a * b, vjp=[lambda g, b: g * b, lambda g, a: 5 * g * a], name="wrong")
    right = ag.custom_op(lambda x: x * x, vjp=[lambda g, x: 2 * g * x], name="right")
    x, y = ag.tensor([1.0, 2.0], requires_grad=True), ag.tensor([3.0, 4.0])
    with ag.detect_anomaly():
        wrong(y, y)
        wrong(x, y)
        with ag.no_grad():
            right(x)
        with pytest.raises(ag.GradcheckError, match="wrong is a custom op"):
            wrong(y, x)


def test_gradients_that_overflow_when_they_are_added_up_stop():
    x = ag.tensor(np.array([1e-30], np.float32), requires_grad=True)
    with ag.detect_anomaly(), pytest.raises(ag.AnomalyError, match="when two were added up"):
        (x * np.float32(3e38) + x * np.float32(3e38)).sum().backward()


FORWARD = {
    "jvp": lambda op: ag.jvp(op, (np.ones(2),), (np.ones(2),)),
    "jacobian": lambda op: ag.jacobian(op, mode="forward")(np.ones(2)),
    "vmap of jvp": lambda op: ag.vmap(lambda x: ag.jvp(op, (x,), (x,))[1])(np.ones((3, 2))),
    "jvp of vmap": lambda op: ag.jvp(ag.vmap(op), (np.ones((3, 2)),), (np.ones((3, 2)),)),
    "jvp of jvp": lambda op: ag.jvp(lambda x: ag.jvp(op, (x,), (x,))[1], (np.ones(2),), (np.ones(2),)),
    "jvp of grad": lambda op: ag.hvp(lambda x: op(x).sum(), np.ones(2), np.ones(2)),
    "jvp under no_grad": lambda op: ag.no_grad()(ag.jvp)(op, (np.ones(2),), (np.ones(2),)),
}


@pytest.mark.parametrize("program", FORWARD.values(), ids=FORWARD.keys())
def test_custom_ops_are_checked_where_forward_mode_passes_through(program):
    right, wrong = (
        ag.custom_op(lambda x: x * x, vjp=[lambda g, x: g * 2 * x], jvp=[rule], name="square")
        for rule in (lambda t, x: t * 2 * x, lambda t, x: t * x)
    )
    with pytest.raises(ag.GradcheckError, match=r"(?s)not adjoint.*square is a custom op"), ag.detect_anomaly():
        program(wrong)
    with ag.detect_anomaly():
        program(right)
    with ag.detect_anomaly(check_custom=False):
        program(wrong)


def test_forward_mode_checks_the_arguments_that_move_and_no_other():
    wrong = ag.custom_op(
        lambda a, b: a * b,
        vjp=[lambda g, b: g * b, lambda g, a: g * a],
        jvp=[lambda t, b: t * b, lambda t, a: 3 * t * a],
        name="wrong",
    )
    one = np.ones(2)
    with ag.detect_anomaly():
        ag.jvp(wrong, (one, one), (one, None))
        with pytest.raises(ag.GradcheckError, match="wrong is a custom op"):
            ag.jvp(wrong, (one, one), (None, one))


def test_custom_ops_are_checked_inside_vmap_and_each_time_until_they_are_right():
    wrong = ag.custom_op(lambda x: x * x, vjp=[lambda g, x: g * x], name="wrong")
    with ag.detect_anomaly():
        for _ in range(2):
            with pytest.raises(ag.GradcheckError, match="wrong is a custom op"):
                ag.vmap(ag.grad(wrong))(np.ones(3))
