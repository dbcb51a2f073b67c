"""What all optimizers share: groups, gradients, closures, written memory, state dicts, and errors."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
import optim
from autograd.errors import DtypeError, GlassgradError

MAKERS = {
    "sgd": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "sgd plain": lambda p: optim.SGD(p, lr=0.05),
    "adam": lambda p: optim.Adam(p, lr=0.01, amsgrad=True),
    "adamw": lambda p: optim.AdamW(p, lr=0.01),
}


def network(device: str = "cpu", seed: int = 0) -> nn.Module:
    ag.manual_seed(seed)
    return nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1)).to(device)


def train(model: nn.Module, optimizer: optim.Optimizer, steps: int, device: str = "cpu") -> None:
    x = ag.asarray(np.linspace(-1, 1, 16, dtype=np.float32).reshape(8, 2), device=device)
    for _ in range(steps):
        optimizer.zero_grad()
        (model(x) ** 2).mean().backward()
        optimizer.step()


def values(model: nn.Module) -> list[np.ndarray]:
    return [p.detach().to("cpu").numpy().copy() for p in model.parameters()]


def leaf(*numbers: float) -> ag.Tensor:
    return ag.tensor(list(numbers), requires_grad=True)


# ------------------------------------------------------------------------------------------------------ steps, groups


def test_groups_have_options_of_their_own() -> None:
    a, b, c = leaf(1.0), leaf(1.0), leaf(1.0)
    optimizer = optim.SGD([{"params": [a]}, {"params": b, "lr": 0.5}], lr=0.1)
    optimizer.add_param_group({"params": [c], "lr": 1.0, "weight_decay": 1.0})
    for p in (a, b, c):
        p.grad = ag.ones(1)
    optimizer.step()
    np.testing.assert_allclose([a.item(), b.item(), c.item()], [0.9, 0.5, -1.0], rtol=1e-6)
    optimizer.param_groups[0]["lr"] = 0.2
    optimizer.step()
    assert a.item() == pytest.approx(0.7)
    assert "3" not in repr(optimizer).splitlines()[0]
    assert "1 parameters: lr=0.5" in repr(optimizer)


def test_parameters_without_a_gradient_stay_as_they_are() -> None:
    a, b, frozen = leaf(1.0), leaf(1.0), ag.ones(1)
    optimizer = optim.AdamW([a, b, frozen], lr=0.1, weight_decay=0.5)
    a.grad = ag.ones(1)
    for _ in range(9):
        optimizer.step()
    with pytest.warns(ag.SilentMistakeWarning, match="1 of 3 parameters got no gradient in 10 steps"):
        optimizer.step()
    assert a.item() != 1.0
    assert b.item() == frozen.item() == 1.0
    assert list(optimizer.state) == [a]


def test_zero_grad() -> None:
    a = leaf(1.0)
    optimizer = optim.SGD([a])
    a.grad = ag.ones(1)
    held = a.grad
    optimizer.zero_grad(set_to_none=False)
    assert a.grad.tolist() == [0.0]
    assert held.tolist() == [1.0]  # who looked at the old gradient keeps it
    optimizer.zero_grad()
    assert a.grad is None


def test_a_closure_is_evaluated_with_gradients_on_and_its_loss_returned() -> None:
    a = leaf(3.0)
    optimizer = optim.SGD([a], lr=0.5)

    def closure() -> ag.Tensor:
        optimizer.zero_grad()
        loss = (a * a).sum()
        loss.backward()
        return loss

    with ag.no_grad():
        loss = optimizer.step(closure)
    assert loss.item() == 9.0
    assert a.item() == 0.0


def test_a_step_marks_memory_as_written() -> None:
    a = leaf(3.0)
    optimizer = optim.SGD([a], lr=0.1)
    loss = (a * a).sum()
    loss.backward(retain_graph=True)
    optimizer.step()
    with pytest.raises(GlassgradError, match="memory was written in place"):
        loss.backward()


def test_a_base_class_says_what_is_missing() -> None:
    a = leaf(1.0)
    a.grad = ag.ones(1)
    with pytest.raises(NotImplementedError, match="Optimizer does not define update"):
        optim.Optimizer([a], {"lr": 1.0}).step()


# -------------------------------------------------------------------------------------------------------- state dicts


@pytest.mark.parametrize("name", MAKERS)
def test_saved_and_loaded_half_way_continues_bit_for_bit(name: str, device: str) -> None:
    model = network(device)
    optimizer = MAKERS[name](model.parameters())
    train(model, optimizer, 7, device)
    saved_model = {k: v.clone() for k, v in model.state_dict().items()}
    saved = optimizer.state_dict()
    train(model, optimizer, 7, device)

    resumed = network(device, seed=1)
    resumed.load_state_dict(saved_model)
    other = MAKERS[name](resumed.parameters())
    other.load_state_dict(saved)
    train(resumed, other, 7, device)
    for a, b in zip(values(model), values(resumed), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_state_dict_is_plain_numbered_and_a_snapshot() -> None:
    model = network()
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    train(model, optimizer, 3)
    saved = optimizer.state_dict()
    assert saved["param_groups"][0]["params"] == [0, 1, 2, 3]
    assert saved["param_groups"][0]["betas"] == (0.9, 0.999)
    assert set(saved["state"]) == {0, 1, 2, 3}
    assert saved["state"][0]["step"] == 3
    assert isinstance(saved["state"][0]["exp_avg"], ag.Tensor)
    json.dumps(saved["param_groups"])
    before = saved["state"][0]["exp_avg"].numpy().copy()
    train(model, optimizer, 1)
    np.testing.assert_array_equal(saved["state"][0]["exp_avg"].numpy(), before)


def test_loading_does_not_share_memory_and_keeps_dtypes() -> None:
    a, b = leaf(1.0), leaf(1.0)
    first, second = optim.SGD([a], momentum=0.9), optim.SGD([b], momentum=0.9)
    a.grad = ag.ones(1)
    first.step()
    saved = first.state_dict()
    saved["state"][0]["momentum_buffer"] = saved["state"][0]["momentum_buffer"].astype("float64")
    second.load_state_dict(saved)
    assert second.state[b]["momentum_buffer"].dtype == np.float32
    b.grad = ag.ones(1)
    second.step()
    assert saved["state"][0]["momentum_buffer"].tolist() == [1.0]


TORCH_NAMES = {"sgd": "SGD", "sgd plain": "SGD", "adam": "Adam", "adamw": "AdamW"}


@pytest.mark.parametrize("name", MAKERS)
def test_pytorchs_state_is_taken_over(torch: Any, name: str) -> None:
    """Train in PyTorch, load the model and the optimizer here, and go on: the same numbers as PyTorch going on."""
    theirs = torch.nn.Sequential(torch.nn.Linear(2, 5), torch.nn.Tanh(), torch.nn.Linear(5, 1)).double()
    ours = network().to("float64")
    optimizer = MAKERS[name](ours.parameters())
    options = {k: v for k, v in optimizer.param_groups[0].items() if k != "params"}
    reference = getattr(torch.optim, TORCH_NAMES[name])(theirs.parameters(), **options)
    x = np.linspace(-1, 1, 16).reshape(8, 2)

    def train_theirs() -> None:
        for _ in range(5):
            reference.zero_grad()
            (theirs(torch.tensor(x)) ** 2).mean().backward()
            reference.step()

    train_theirs()
    ours.load_state_dict(theirs.state_dict())
    optimizer.load_state_dict(reference.state_dict())
    train_theirs()
    for _ in range(5):
        optimizer.zero_grad()
        (ours(ag.tensor(x)) ** 2).mean().backward()
        optimizer.step()
    assert "foreach" not in optimizer.param_groups[0]
    for a, b in zip(values(ours), theirs.parameters(), strict=True):
        np.testing.assert_allclose(a, b.detach().numpy(), rtol=1e-9)


def test_nothing_is_loaded_if_something_does_not_fit() -> None:
    a, b = leaf(1.0, 2.0), leaf(1.0)
    source = optim.Adam([a])
    a.grad = ag.ones(2)
    source.step()
    saved = source.state_dict()
    target = optim.Adam([b], lr=0.5)
    with pytest.raises(optim.OptimizerError, match=r"exp_avg of parameter 0 is \(2,\), the parameter \(1,\)"):
        target.load_state_dict(saved)
    assert target.param_groups[0]["lr"] == 0.5
    assert not target.state
    with pytest.raises(optim.OptimizerError, match=r"hold \[1\] parameters, the optimizer's hold \[1, 1\]"):
        optim.Adam([{"params": a}, {"params": b}]).load_state_dict(saved)
    with pytest.raises(optim.OptimizerError, match=r"SGD.load_state_dict: the saved group has no momentum.*another"):
        optim.SGD([a]).load_state_dict(saved)
    with pytest.raises(optim.OptimizerError, match="state of parameter 3, but no group"):
        source.load_state_dict({**saved, "state": {3: saved["state"][0]}})
    bad = {"state": {}, "param_groups": [{**saved["param_groups"][0], "lr": -1.0}]}
    with pytest.raises(optim.OptimizerError, match=r"Adam: lr must be .* not -1\.0"):
        source.load_state_dict(bad)
    assert source.param_groups[0]["lr"] == 1e-3


# -------------------------------------------------------------------------------------------------------------- errors


def computed() -> ag.Tensor:
    return leaf(1.0) * 2


ERRORS: list[tuple[Any, type[Exception], str]] = [
    (lambda: optim.SGD([], lr=0.1), optim.OptimizerError, "SGD: got no parameters.*model.parameters"),
    (lambda: optim.SGD(leaf(1.0)), DtypeError, r"SGD: params must be a list of Tensors, not one Tensor.*\[tensor\]"),
    (lambda: optim.SGD({leaf(1.0)}), DtypeError, "SGD: params is a set.*list"),
    (lambda: optim.SGD(nn.Linear(1, 1)), DtypeError, r"not a Linear. Pass model.parameters\(\)"),
    (lambda: optim.SGD(nn.Linear(1, 1).state_dict()), DtypeError, r"not a dict.*list\(d.values\(\)\)"),
    (lambda: optim.Adam(nn.Linear(1, 1).state_dict().values()), optim.OptimizerError, "none of the parameters wants"),
    (lambda: optim.SGD(nn.Linear(1, 1).named_parameters()), DtypeError, "parameter 0 is a tuple.*named_parameters"),
    (lambda: optim.SGD([leaf(1.0), 3.0]), DtypeError, "SGD: parameter 1 is a float, not a Tensor"),
    (lambda: optim.SGD([leaf(1.0), ag.tensor([1])]), DtypeError, "parameter 1 of shape .* is int64.*float32"),
    (lambda: optim.SGD([computed()]), optim.OptimizerError, r"parameter 0 of shape \(1,\) was computed by <multiply"),
    (lambda: optim.SGD([leaf(1.0)] * 2), optim.OptimizerError, "parameter 1 of shape .* stands twice"),
    (lambda: optim.SGD([leaf(1.0)], lr=-0.1), optim.OptimizerError, r"SGD: lr must be .* not -0\.1"),
    (lambda: optim.SGD([leaf(1.0)], lr="fast"), optim.OptimizerError, "SGD: lr must be .* not 'fast'"),
    (lambda: optim.SGD([leaf(1.0)], lr=float("nan")), optim.OptimizerError, "SGD: lr must be .* not nan"),
    (lambda: optim.SGD([leaf(1.0)], momentum=-1), optim.OptimizerError, "SGD: momentum must be .* not -1"),
    (lambda: optim.SGD([leaf(1.0)], weight_decay=-1), optim.OptimizerError, "SGD: weight_decay must be .* not -1"),
    (lambda: optim.SGD([leaf(1.0)], nesterov=True), optim.OptimizerError, "nesterov needs.*not momentum=0"),
    (lambda: optim.Adam([leaf(1.0)], betas=(0.9, 1.0)), optim.OptimizerError, r"Adam: betas\[1\] must be .*\[0, 1\)"),
    (lambda: optim.Adam([leaf(1.0)], betas=0.9), optim.OptimizerError, "Adam: betas must be two numbers"),
    (lambda: optim.AdamW([leaf(1.0)], eps=-1e-8), optim.OptimizerError, "AdamW: eps must be .* not -1e-08"),
    (lambda: optim.Adam([ag.tensor([1j], requires_grad=True)]), DtypeError, "Adam: parameter 0 .* is complex64"),
    (lambda: optim.SGD([{"params": [leaf(1.0)], "rl": 1}]), optim.OptimizerError, "unknown option rl.*Known: lr, mom"),
    (lambda: optim.SGD([{"param": [leaf(1.0)]}]), DtypeError, 'SGD: a parameter group is a dict with the key "params"'),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS, ids=range(len(ERRORS)))
def test_errors_name_the_argument(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"(?s){message}"):
        call()


def test_a_parameter_of_another_group_is_not_taken_twice() -> None:
    a = leaf(1.0)
    optimizer = optim.SGD([a])
    with pytest.raises(optim.OptimizerError, match="stands twice"):
        optimizer.add_param_group({"params": [a]})
    assert len(optimizer.param_groups) == 1
