"""Silent mistakes give one precise warning; what only looks like one gives none."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import autograd as ag
import nn
import optim


def caught(program):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        program()
    assert all(w.category is ag.SilentMistakeWarning for w in seen)
    assert all(w.filename == __file__ for w in seen)  # the user's line, not ours
    return [str(w.message) for w in seen]


def training(zero=True, accumulate=1, steps=3):
    w = ag.tensor(np.ones(3), requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)
    with ag.debug_mode():
        for _ in range(steps):
            if zero is True:
                optimizer.zero_grad()
            elif zero == "fill":
                optimizer.zero_grad(set_to_none=False)
            for k in range(accumulate):
                (w * float(k + 1)).sum().backward()
            optimizer.step()


def test_a_forgotten_zero_grad_is_said_once():
    messages = caught(lambda: training(zero=False, steps=5))
    assert len(messages) == 1
    assert "zero_grad" in messages[0]
    assert "(3,)" in messages[0]


@pytest.mark.parametrize("zero", [True, "fill"])
def test_gradient_accumulation_is_no_mistake(zero):
    assert caught(lambda: training(zero=zero, accumulate=3)) == []


def test_two_optimizers_in_turn_are_no_mistake():
    generator, critic = nn.Linear(2, 2), nn.Linear(2, 1)

    def program():
        first, second = optim.Adam(generator.parameters()), optim.Adam(critic.parameters())
        with ag.debug_mode():
            for _ in range(3):
                noise = ag.ones((4, 2))
                second.zero_grad()
                critic(generator(noise).detach()).sum().backward()
                second.step()
                first.zero_grad()
                critic(generator(noise)).sum().backward()  # adds to the critic's gradients too, which nobody uses
                first.step()

    assert caught(program) == []


def test_a_second_pass_through_the_same_value():
    def program():
        with ag.debug_mode():
            x = ag.tensor(2.0, requires_grad=True)
            y = x * x
            y.backward(retain_graph=True)
            y.backward()
            assert x.grad.item() == 8.0

    messages = caught(program)
    assert len(messages) == 1
    assert "doubles" in messages[0]
    assert "multiply" in messages[0]

    def cleared():
        with ag.debug_mode():
            x = ag.tensor(2.0, requires_grad=True)
            y = x * x
            y.backward(retain_graph=True)
            x.grad = None
            y.backward()

    assert caught(cleared) == []


def test_a_column_of_predictions_against_a_vector_of_targets():
    model, x, target = nn.Linear(2, 1), ag.ones((5, 2)), np.arange(5.0, dtype=np.float32)

    def program():
        with ag.debug_mode():
            for _ in range(3):
                ((model(x) - target) ** 2).mean().backward()

    messages = caught(program)
    assert len(messages) == 1
    assert "subtract" in messages[0]
    assert "(5, 1)" in messages[0]
    assert "(5,)" in messages[0]
    assert "(5, 5)" in messages[0]

    def meant():
        with ag.debug_mode():
            prediction = model(x)
            (prediction.squeeze(1) - target).sum()
            (prediction - target[:, None]).sum()
            (prediction - target[None, :]).sum()
            (ag.ones((5, 1)) - target).sum()  # no parameter is involved
            (model(x[:1]) - target[:1]).sum()  # one of each

    assert caught(meant) == []


@pytest.mark.parametrize(
    "column",
    [lambda y: y[:, :1], lambda y: y[:, 1:], lambda y: y.reshape(5, 2, 1)[:, 0], lambda y: y.sum(1, keepdims=True)],
)
def test_a_column_that_is_a_view_of_predictions(column):
    model, x, target = nn.Linear(2, 2), ag.ones((5, 2)), np.arange(5.0, dtype=np.float32)

    def program():
        with ag.debug_mode():
            (column(model(x)) - target).sum().backward()

    messages = caught(program)
    assert len(messages) == 1
    assert "subtract: (5, 1) meets (5,)" in messages[0]


def test_a_column_that_was_made_out_of_a_vector_is_meant():
    x = ag.tensor(np.arange(5.0), requires_grad=True)

    def program():
        with ag.debug_mode():
            y = ag.sin(x)
            (y[:, None] - y).sum()
            (y.reshape(5, 1) - y).sum()

    assert caught(program) == []


@pytest.mark.parametrize(
    "loss", ["mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss", "binary_cross_entropy_with_logits", "kl_div"]
)
def test_the_losses_refuse_a_column_against_a_vector(loss):
    with pytest.raises(ag.ShapeError, match=rf"{loss}.*\(3, 1\).*\(3,\)"):
        getattr(ag, loss)(ag.ones((3, 1)), ag.ones(3))


def test_parameters_without_a_gradient():
    used, unused = nn.Linear(2, 1), nn.Linear(2, 7)

    def program():
        optimizer = optim.SGD([*used.parameters(), *unused.parameters()], lr=0.1)
        for _ in range(12):
            optimizer.zero_grad()
            used(ag.ones((1, 2))).sum().backward()
            optimizer.step()

    messages = caught(program)
    assert len(messages) == 1
    assert "2 of 4 parameters got no gradient in 10 steps" in messages[0]
    assert "2 (7, 2), 3 (7,)" in messages[0]
    unused.requires_grad_(False)
    assert caught(program) == []


def test_a_step_without_any_gradient():
    def program():
        optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1).step()

    messages = caught(program)
    assert len(messages) == 1
    assert "none of the 2 parameters has a gradient" in messages[0]


def test_a_loss_that_depends_on_no_parameter():
    model = nn.Linear(2, 1)

    def wrong(other):
        return model(ag.ones((1, 2))).sum()  # closes over the model instead of taking the one that is differentiated

    def program():
        ag.grad(wrong)(nn.Linear(2, 1))

    messages = caught(program)
    assert len(messages) == 1
    assert "depends on none of the 2 Tensors" in messages[0]
    assert "wrong" in messages[0]
    assert caught(lambda: ag.grad(ag.grad(lambda x: 3 * x))(1.0)) == []  # mathematics, not a mistake
    with pytest.raises(ag.GradientError, match="was not made from a Tensor that wants gradients"):
        model(ag.ones((1, 2))).detach().sum().backward()


def test_written_memory_names_both_lines_in_anomaly_mode():
    x, c = ag.tensor([1.0, 2.0], requires_grad=True), ag.tensor([3.0, 4.0])
    with ag.detect_anomaly():
        y = (x * c).sum()
        c[0] = 5.0
        with pytest.raises(ag.GradientError, match="written in place") as error:
            y.backward()
    text = str(error.value)
    assert text.count("test_mistakes.py") == 2
    assert "recorded at" in text
    assert "written at" in text


def test_what_only_looks_like_a_mistake():
    w = ag.tensor(np.ones(3), requires_grad=True)
    positions, scores = ag.tensor(np.arange(3.0)), nn.Linear(2, 1)(ag.ones((3, 2)))

    def clipped_between_accumulations():
        optimizer = optim.SGD([w], lr=0.1)
        with ag.debug_mode():
            for k in range(3):
                (w * float(k + 1)).sum().backward()
                with ag.no_grad():
                    w[...] = ag.clip(w, -1, 1)
            optimizer.step()

    def two_cotangents():
        with ag.debug_mode():
            x = ag.tensor([1.0, 2.0], requires_grad=True)
            y = x * x
            y.backward(ag.tensor([1.0, 0.0]), retain_graph=True)
            y.backward(ag.tensor([0.0, 1.0]))

    def outer_products_and_pairs():
        with ag.debug_mode():
            scores * positions
            row = scores.squeeze(1)
            row[:, None] - row
            ag.expand_dims(positions, 1) - row[None, :]

    for program in (clipped_between_accumulations, two_cotangents, outer_products_and_pairs):
        assert caught(program) == []


@pytest.mark.parametrize("wanting", [False, True])
def test_a_vector_of_predictions_against_a_column_of_targets(wanting):
    model, target = nn.Linear(2, 1), ag.tensor(np.arange(5.0, dtype="float32")[:, None], requires_grad=wanting)

    def program():
        with ag.debug_mode():
            ((model(ag.ones((5, 2))).squeeze(1) - target) ** 2).mean().backward()

    assert "(5, 1) meets (5,)" in caught(program)[0]


def test_a_step_by_hand_without_zeroing():
    def program():
        w = ag.tensor(np.ones(3), requires_grad=True)
        with ag.debug_mode():
            for _ in range(3):
                (w * w).sum().backward()
                with ag.no_grad():
                    w[...] = w - 0.1 * w.grad

    messages = caught(program)
    assert len(messages) == 1
    assert "step:" in messages[0]


def test_branches_taken_in_turn_are_no_mistake():
    first, second = nn.Linear(2, 1), nn.Linear(2, 1)

    def program():
        optimizer = optim.SGD([*first.parameters(), *second.parameters()], lr=0.1)
        for k in range(12):
            optimizer.zero_grad()
            (first if k % 2 else second)(ag.ones((1, 2))).sum().backward()
            optimizer.step()

    assert caught(program) == []


def test_a_write_to_a_part_of_a_recorded_tensor():
    x = ag.tensor(np.ones((3, 3)), requires_grad=True)

    def adds(y):
        part = y[:2]
        part += 1
        return y + 0

    def sets(y):
        y[0][1] = 5.0

    for lost in (adds, sets):
        with pytest.warns(ag.SilentMistakeWarning, match="y does not change") as seen, ag.debug_mode():
            lost(x * 1)
        assert len(seen) == 1
        assert seen[0].filename == __file__


def test_writes_that_are_not_lost_give_no_warning():
    x = ag.tensor(np.ones((3, 3)), requires_grad=True)
    with warnings.catch_warnings(), ag.debug_mode():
        warnings.simplefilter("error")
        y = x * 1
        y[:2] += 1
        y[0, 1] *= 3
        y[1] = y[0] + 2
        y += 1
        z = y[np.array([0, 1])]
        z += 1  # a copy, recorded or not
        w = y.reshape(9)
        w = w + 1
        n = ag.tensor(np.ones(3))[:2]
        n += 1


def test_a_warning_is_shown_once_for_each_place():
    model = nn.Linear(2, 1)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("default")
        for _ in range(3):
            ag.grad(lambda other: model(ag.ones((1, 2))).sum())(nn.Linear(2, 1))
    assert len(seen) == 1
