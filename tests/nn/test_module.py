"""Module: what it finds in itself, state dicts, modes, moves, hooks, its picture, and the mistakes it catches."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
import optim
from autograd.errors import DeviceError, DtypeError, GlassgradError


class Block(nn.Module):
    """Parameters, buffers and children in an order that differs from the order of the state dict."""

    def __init__(self, width: int = 3):
        super().__init__()
        self.inner = nn.Linear(width, width)
        self.scale = nn.Parameter(ag.ones(width))
        self.register_buffer("count", ag.tensor(0))
        self.register_buffer("scratch", ag.zeros(2), persistent=False)
        self.shift = nn.Parameter(ag.zeros(width))
        self.absent = None

    def forward(self, x: ag.Tensor) -> ag.Tensor:
        return self.inner(x) * self.scale + self.shift


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 3)
        self.second = nn.Linear(3, 3, bias=False)
        self.second.weight = self.first.weight
        self.again = self.first

    def forward(self, x: ag.Tensor) -> ag.Tensor:
        return self.again(self.second(self.first(x)))


def values(module: nn.Module) -> dict[str, Any]:
    return {name: tensor.to("cpu").numpy().copy() for name, tensor in module.state_dict().items()}


# ------------------------------------------------------------------------------------------------ what it finds


def test_names_come_in_pytorchs_order() -> None:
    model = nn.Sequential(Block(), nn.ReLU())
    assert [n for n, _ in model.named_parameters()] == ["0.scale", "0.shift", "0.inner.weight", "0.inner.bias"]
    assert [n for n, _ in model.named_buffers()] == ["0.count", "0.scratch"]
    assert [n for n, _ in model.named_modules()] == ["", "0", "0.inner", "1"]
    assert [n for n, _ in model.named_children()] == ["0", "1"]
    assert list(model.state_dict()) == ["0.scale", "0.shift", "0.count", "0.inner.weight", "0.inner.bias"]
    assert [n for n, _ in model.named_parameters("net", recurse=False)] == []
    assert [n for n, _ in model[0].named_parameters("net", recurse=False)] == ["net.scale", "net.shift"]


def test_names_equal_pytorchs(torch: Any) -> None:
    class TorchBlock(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = torch.nn.Linear(3, 3)
            self.scale = torch.nn.Parameter(torch.ones(3))
            self.register_buffer("count", torch.tensor(0))
            self.register_buffer("scratch", torch.zeros(2), persistent=False)
            self.shift = torch.nn.Parameter(torch.zeros(3))

    shared = torch.nn.ReLU()
    theirs = torch.nn.Sequential(TorchBlock(), shared, torch.nn.ModuleList([TorchBlock()]), shared)
    activation = nn.ReLU()
    ours = nn.Sequential(Block(), activation, nn.ModuleList([Block()]), activation)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for method in ("named_parameters", "named_buffers", "named_modules", "named_children"):
        assert [n for n, _ in getattr(ours, method)()] == [n for n, _ in getattr(theirs, method)()], method
    assert len(ours) == len(theirs) == 4


def test_shared_parameters_are_listed_once_and_saved_under_each_name() -> None:
    model = Tied()
    assert [n for n, _ in model.named_parameters()] == ["first.weight", "first.bias"]
    assert list(model.state_dict()) == ["first.weight", "first.bias", "second.weight", "again.weight", "again.bias"]
    assert [n for n, _ in model.named_modules()] == ["", "first", "second"]


def test_an_attribute_that_changes_its_kind_is_counted_once() -> None:
    model = Block()
    model.count = nn.Parameter(ag.ones(1))
    assert "count" in dict(model.named_parameters())
    assert "count" not in dict(model.named_buffers())
    del model.scale
    assert "scale" not in model.state_dict()
    del model.scratch
    assert list(model.named_buffers()) == []


def test_a_list_of_modules_can_be_used_as_a_list() -> None:
    a, b, c = nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 3)
    layers = nn.ModuleList([a, b])
    layers.append(c)
    assert [*layers] == [a, b, c]
    assert len(layers) == 3
    assert layers[-1] is c
    assert [*layers[1:]] == [b, c]
    layers.insert(1, nn.Tanh())
    assert list(layers.state_dict()) == ["0.weight", "0.bias", "3.weight", "3.bias"]
    del layers[1]
    layers[1] = nn.Sigmoid()
    assert [type(m).__name__ for m in layers] == ["Linear", "Sigmoid", "Linear"]
    assert list(layers.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    with pytest.raises(IndexError, match="index 3 is out of range for 3 modules"):
        layers[3]
    with pytest.raises(NotImplementedError, match="ModuleList computes nothing; loop over it"):
        layers(1)


def test_sequential_by_names_and_slices() -> None:
    net = nn.Sequential({"fc": nn.Linear(2, 3), "act": nn.ReLU(), "out": nn.Linear(3, 1)})
    assert list(net[1:].state_dict()) == ["out.weight", "out.bias"]
    x = ag.ones(4, 2)
    np.testing.assert_array_equal(net[1:](net[:1](x)).detach().numpy(), net(x).detach().numpy())
    assert net[0] is net.fc


# -------------------------------------------------------------------------------------------------- state dicts


def test_loading_writes_in_place_and_round_trips(device: str) -> None:
    model, other = Block().to(device), Block().to(device)
    tensors = dict([*model.named_parameters(), *model.named_buffers()])
    other.count = ag.tensor(5, device=device)
    assert tuple(model.load_state_dict(other.state_dict())) == ([], [])
    for name, value in values(other).items():
        np.testing.assert_array_equal(values(model)[name], value)
        assert tensors[name] is dict([*model.named_parameters(), *model.named_buffers()])[name]
    model.inner.weight.data[...] = 0  # nothing of the two models is shared
    assert values(other)["inner.weight"].any()


def test_loading_marks_memory_as_written() -> None:
    layer = nn.Linear(2, 2)
    loss = (layer(ag.ones(1, 2, requires_grad=True)) ** 2).sum()
    layer.load_state_dict(nn.Linear(2, 2).state_dict())
    with pytest.raises(GlassgradError, match="memory was written in place"):
        loss.backward()


def test_loading_takes_arrays_and_converts_dtypes() -> None:
    layer = nn.Linear(2, 1)
    layer.load_state_dict({"weight": np.array([[1.5, 2.5]]), "bias": np.array([1], dtype=np.int64)})
    assert layer.weight.dtype == np.float32
    assert layer.weight.tolist() == [[1.5, 2.5]]
    assert layer.bias.tolist() == [1.0]


def test_what_does_not_fit_is_listed_and_nothing_is_loaded() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    before = values(model)
    wrong = {**nn.Sequential(nn.Linear(4, 3), nn.ReLU()).state_dict(), "head.bias": ag.zeros(1)}
    with pytest.raises(nn.StateDictError) as caught:
        model.load_state_dict(wrong)
    message = str(caught.value)
    assert "does not fit Sequential" in message
    assert "missing: 2.weight, 2.bias" in message
    assert "unexpected: head.bias" in message
    assert "0.weight: (3, 4) given, (3, 2) in the module" in message
    assert isinstance(caught.value, RuntimeError)  # what PyTorch raises
    for name, value in values(model).items():
        np.testing.assert_array_equal(value, before[name])
    with pytest.raises(nn.StateDictError, match="0.weight"):  # a wrong shape is not a matter of strictness
        model.load_state_dict(wrong, strict=False)


def test_without_strict_the_rest_is_loaded_and_reported() -> None:
    layer = nn.Linear(2, 2)
    result = layer.load_state_dict({"bias": ag.ones(2), "gain": ag.ones(1)}, strict=False)
    assert result.missing_keys == ["weight"]
    assert result.unexpected_keys == ["gain"]
    assert layer.bias.tolist() == [1.0, 1.0]


def test_a_prefix_is_recognised() -> None:
    layer = nn.Linear(2, 2)
    saved = {f"module.{name}": value for name, value in layer.state_dict().items()}
    with pytest.raises(nn.StateDictError, match=r"Take the prefix off: \{name.removeprefix\('module.'\)"):
        layer.load_state_dict(saved)


def test_a_value_that_would_lose_information_is_refused() -> None:
    model = Block()
    state = {**model.state_dict(), "count": ag.tensor(1.5)}
    with pytest.raises(nn.StateDictError, match="count: float32 given, int64 in the module"):
        model.load_state_dict(state)
    with pytest.raises(DtypeError, match="load_state_dict: wants a dict.*not a str"):
        model.load_state_dict("model.safetensors")


# --------------------------------------------------------------------------------------- modes, gradients, moves


def test_train_and_eval_reach_every_module() -> None:
    class Frozen(nn.Dropout):
        def train(self, mode: bool = True) -> Any:
            return super().train(False)

    model = nn.Sequential(nn.Dropout(), nn.Sequential(nn.Dropout(), Frozen()))
    assert model.eval() is model
    assert [m.training for m in model.modules()] == [False] * 5
    assert model.train() is model
    assert [m.training for m in model.modules()] == [True, True, True, True, False]  # an override is respected
    with pytest.raises(DtypeError, match="Sequential.train: mode must be True or False, not a list"):
        model.train([1])


def test_zero_grad_and_requires_grad(device: str) -> None:
    model = nn.Linear(2, 2, device=device)
    model(ag.ones(1, 2, device=device)).sum().backward()
    model.zero_grad(set_to_none=False)
    assert all(not p.grad.to("cpu").numpy().any() for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())
    assert not any(p.requires_grad for p in model.requires_grad_(False).parameters())
    assert not model(ag.ones(1, 2, device=device)).requires_grad


def test_apply_goes_from_the_inside_out() -> None:
    seen: list[str] = []
    nn.Sequential(nn.ReLU(), nn.Sequential(nn.Tanh())).apply(lambda m: seen.append(type(m).__name__))
    assert seen == ["ReLU", "Tanh", "Sequential", "Sequential"]


def test_to_converts_floats_in_place_and_leaves_integers(device: str) -> None:
    model = Block()
    model(ag.ones(1, 3)).sum().backward()
    parameters, buffer = list(model.parameters()), model.scratch
    assert model.to(device, "float64") is model
    assert all(a is b for a, b in zip(parameters, model.parameters(), strict=True))
    assert model.scratch is buffer
    for p in model.parameters():
        assert p.dtype == p.grad.dtype == np.float64
        assert p.device == p.grad.device == model.count.device == device
        assert p.requires_grad
    assert model.scratch.dtype == np.float64
    assert model.count.dtype == np.int64
    assert model(ag.ones(1, 3, dtype="float64", device=device)).dtype == np.float64


def test_to_refuses_before_it_moves_anything() -> None:
    model = Block()
    with pytest.raises(DtypeError, match=r"Block.to: dtype must be floating point, not int64"):
        model.to("int64")
    with pytest.raises(DeviceError):
        model.to("cuda:99")
    assert all(p.dtype == np.float32 and p.device == "cpu" for p in model.parameters())


def test_copies_and_pickles_are_whole_and_independent() -> None:
    model = Tied()
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert twin.second.weight is twin.first.weight
        assert twin.first.weight is not model.first.weight
        assert isinstance(twin.first.weight, nn.Parameter)
        for name, value in values(model).items():
            np.testing.assert_array_equal(values(twin)[name], value)
        twin.first.weight.data[...] = 0
        assert values(model)["first.weight"].any()


# ----------------------------------------------------------------------------------------------------------- hooks


def test_hooks_see_and_replace_and_can_be_removed() -> None:
    layer = nn.Identity()
    seen: list[Any] = []
    before = layer.register_forward_pre_hook(lambda module, args: (args[0] + 1,))
    double = layer.register_forward_hook(lambda module, args, out: out * 2)
    look = layer.register_forward_hook(lambda module, args, out: seen.append((module, args[0].item(), out.item())))
    assert layer(ag.tensor(3.0)).item() == 8.0
    assert seen == [(layer, 4.0, 8.0)]
    for handle in (before, double, look):
        handle.remove()
        handle.remove()  # again is harmless
    assert layer(ag.tensor(3.0)).item() == 3.0
    assert len(seen) == 1
    with pytest.raises(DtypeError, match="register_forward_hook: the hook is a int"):
        layer.register_forward_hook(3)


def test_a_hook_may_remove_itself_and_store_things_on_a_container() -> None:
    net = nn.Sequential(nn.Identity(), nn.Identity())

    def once(module: nn.Module, args: Any, out: Any) -> None:
        handle.remove()
        net.last_output = out

    handle = net[0].register_forward_hook(once)
    assert net(ag.tensor(1.0)).item() == 1.0
    assert net.last_output.item() == 1.0


# -------------------------------------------------------------------------------------------------- picture, mistakes


def test_the_repr_shows_the_tree_with_parameter_counts() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1, bias=False))
    assert repr(model).splitlines() == [
        "Sequential()  # 20 parameters in total",
        "  (0): Linear(3, 4)  # 16 parameters",
        "  (1): ReLU()",
        "  (2): Linear(4, 1, bias=False)  # 4 parameters",
    ]
    model[0].requires_grad_(False)
    assert repr(model).splitlines()[0] == "Sequential()  # 20 parameters in total, 4 of them trained"
    assert repr(Tied()).splitlines()[0] == "Tied()  # 12 parameters in total"  # shared ones count once
    assert repr(nn.ReLU()) == "ReLU()"


def test_a_parameter_keeps_its_memory_and_wants_gradients() -> None:
    array = np.ones(2)
    p = nn.Parameter(array)
    assert p.array is array
    assert p.requires_grad
    assert p.is_leaf
    assert not nn.Parameter(array, requires_grad=False).requires_grad
    assert nn.Parameter([1.0]).dtype == np.float32
    assert repr(nn.Parameter([1.0])) == "Parameter(tensor([1.], requires_grad=True))"
    with pytest.raises(DtypeError, match="int64 has no gradient"):
        nn.Parameter(np.array([1, 2]))


def unset_up(action: Any) -> nn.Module:
    class Forgetful(nn.Module):
        def __init__(self) -> None:
            action(self)

    return Forgetful()


MISTAKES: list[tuple[Any, type[Exception], str]] = [
    (lambda: setattr(Block(), "scale", ag.ones(3)), DtypeError, "Block.scale is a Parameter; a Tensor.*nn.Param"),
    (lambda: setattr(Block(), "scale", 1.0), DtypeError, "Block.scale is a Parameter; a float"),
    (lambda: setattr(Block(), "inner", np.tanh), DtypeError, "Block.inner is a module; a ufunc"),
    (lambda: setattr(Block(), "count", 3), DtypeError, "Block.count is a buffer; a int.*Assign a Tensor"),
    (lambda: unset_up(lambda m: setattr(m, "w", nn.Parameter([1.0]))), DtypeError, r"cannot assign 'w'.*super"),
    (lambda: unset_up(lambda m: setattr(m, "a", nn.ReLU())), DtypeError, r"'a' before the module is set up.*super"),
    (lambda: unset_up(lambda m: m.register_buffer("b", ag.ones(1))), DtypeError, "buffer 'b'.*super"),
    (lambda: unset_up(lambda m: m.register_forward_hook(print)), DtypeError, "add a hook.*super"),
    (lambda: Block().register_buffer("a.b", ag.ones(1)), nn.ArgumentError, "'a.b' is no name for a buffer"),
    (lambda: Block().register_buffer("train", ag.ones(1)), nn.ArgumentError, "buffer named 'train' would hide"),
    (lambda: Block().register_buffer("b", nn.Parameter([1.0])), DtypeError, "'b' must be a Tensor.*not a Parameter"),
    (lambda: Block().register_parameter("p", ag.ones(1)), DtypeError, "'p' must be a Parameter.*not a Tensor"),
    (lambda: nn.Sequential(nn.ReLU), DtypeError, r"Sequential: '0' must be a Module.*Give an instance: ReLU\(\)"),
    (lambda: nn.Sequential([nn.ReLU()]), nn.ArgumentError, r"Unpack it: Sequential\(\*modules\)"),
    (lambda: nn.ModuleList([3]), DtypeError, "ModuleList: '0' must be a Module or None, not a int"),
    (lambda: nn.Sequential({"a.b": nn.ReLU()}), nn.ArgumentError, "'a.b' is no name for a module"),
    (lambda: nn.Module()(1), NotImplementedError, r"Module has no forward. Define forward\(self, x\)"),
]  # fmt: skip


@pytest.mark.parametrize(("mistake", "error", "message"), MISTAKES, ids=range(len(MISTAKES)))
def test_mistakes_are_named(mistake: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"(?s){message}"):
        mistake()


def test_an_optimizer_keeps_its_references_through_loading_and_moving() -> None:
    layer = nn.Linear(1, 1)
    optimizer = optim.SGD(layer.parameters(), lr=1.0)
    layer.load_state_dict({"weight": ag.ones(1, 1), "bias": ag.zeros(1)})
    layer.to("float64")
    layer(ag.ones(1, 1, dtype="float64")).sum().backward()
    optimizer.step()
    assert layer.weight.item() == 0.0
    assert layer.bias.item() == -1.0
