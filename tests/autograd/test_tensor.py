"""What a Tensor is: making one, dtypes, leaves, errors for bad input, modes, copies, NumPy's protocols."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

import autograd as ag
from autograd.errors import ArgumentError, DeviceError, DtypeError, GradientError, RangeError, ShapeError


def test_dtypes_of_new_tensors():
    assert ag.tensor([1.0, 2.0]).dtype == np.float32
    assert ag.tensor(3).dtype == np.int64
    assert ag.tensor([True, False]).dtype == np.bool_
    assert ag.tensor(1j).dtype == np.complex64
    assert ag.tensor(np.ones(2)).dtype == np.float64
    assert ag.tensor(np.float64(1)).dtype == np.float64
    assert ag.tensor([1, 2], dtype="float16").dtype == np.float16
    assert ag.tensor([ag.tensor(1.0), 2.0]).tolist() == [1.0, 2.0]
    assert ag.zeros(2, 3).shape == ag.ones((2, 3)).shape == ag.empty([2, 3]).shape == (2, 3)
    assert ag.full((2,), 7).dtype == np.int64
    assert ag.arange(3).tolist() == [0, 1, 2]
    assert ag.arange(0.0, 1.0, 0.5).dtype == np.float32
    assert ag.eye(2).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert ag.linspace(0, 1, 3).tolist() == [0.0, 0.5, 1.0]
    assert ag.full_like(ag.ones(2), 3).tolist() == [3.0, 3.0]


def test_bfloat16_computes_and_sums_in_float32(device):
    pytest.importorskip("ml_dtypes", reason="bfloat16 comes from ml_dtypes")
    if device != "cpu":
        pytest.skip("CuPy has no bfloat16 arrays of ml_dtypes")
    x = ag.ones(1000, dtype="bfloat16", requires_grad=True)
    y = (x * 3).sum()
    y.backward()
    assert y.dtype == x.grad.dtype == x.dtype
    assert float(y) == 3008.0  # 3000 rounded to 8 bits; summing in bfloat16 would stop at 768
    assert x.grad.astype("float32").tolist() == [3.0] * 1000


def test_half_sums_are_accumulated_in_float32(device):
    x = ag.full((4096,), 0.5, dtype="float16", device=device)
    assert float(x.sum()) == 2048.0
    assert float(x.mean()) == 0.5


def test_python_scalars_are_weak(device):
    for dtype in ("float16", "float32", "float64"):
        x = ag.ones(2, dtype=dtype, device=device, requires_grad=True)
        y = 2.0 - x * 3 + x / 7 - 1.5 * x**2
        assert y.dtype == x.dtype
        y.sum().backward()
        assert x.grad.dtype == x.dtype


def test_mixed_dtypes_promote_and_gradients_come_back_in_their_own():
    a = ag.ones(3, dtype="float32", requires_grad=True)
    b = ag.ones(3, dtype="float64", requires_grad=True)
    (a * b).sum().backward()
    assert (a * b).dtype == np.float64
    assert a.grad.dtype == np.float32
    assert b.grad.dtype == np.float64


def test_tensor_copies_and_asarray_shares():
    data = np.ones(3)
    made, shared = ag.tensor(data), ag.asarray(data)
    data[0] = 5
    assert made.tolist() == [1.0, 1.0, 1.0]
    assert shared.tolist() == [5.0, 1.0, 1.0]
    assert ag.asarray(made) is made


@pytest.mark.parametrize("data", [3, [1, 2], [True], np.arange(3)])
def test_integers_never_become_differentiable(data):
    with pytest.raises(DtypeError, match=r"(int64|bool) has no gradient.*astype\('float32'\)"):
        ag.tensor(data, requires_grad=True)


def test_results_without_gradient_are_not_recorded():
    x = ag.tensor([1.0, 3.0, 2.0], requires_grad=True)
    for y in (x > 1, x.argmax(), x == x, ag.sign(x), x.astype("int64"), ag.isnan(x), x // 1):
        assert not y.requires_grad


def test_ragged_and_foreign_data():
    with pytest.raises(ShapeError, match="ragged"):
        ag.tensor([[1.0, 2.0], [3.0]])
    for wrong in ("text", [object()], {"a": 1}):
        with pytest.raises(DtypeError, match="give numbers"):
            ag.tensor(wrong)
    with pytest.raises(DtypeError, match="unknown dtype"):
        ag.tensor(1.0, dtype="float31")
    with pytest.raises(ShapeError, match="from 0, not -1"):
        ag.zeros(2, -1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ag.ones(2, 3) + ag.ones(4), ShapeError, r"add: shapes do not broadcast: a is \(2, 3\).*b is \(4,\)"),
        (lambda: ag.ones(32, 784) @ ag.ones(10, 784), ShapeError, r"(?s)matmul: inner.*784 against 10.*a @ b\.mT"),
        (lambda: ag.ones(2, 2) @ 3.0, ShapeError, r"matmul.*Use a \* b"),
        (lambda: ag.ones(2) + "x", DtypeError, "add: a is .* b is a str"),
        (lambda: ag.ones(2, 3).reshape(4), ShapeError, r"reshape: cannot arrange 6 elements as \(4,\)"),
        (lambda: ag.ones(2, 3).reshape(-1, 4), ShapeError, "6 is not a multiple of 4"),
        (lambda: ag.ones(2, 3).reshape(-1, -1), ShapeError, "one -1 at most"),
        (lambda: ag.ones(2, 3).sum(2), ShapeError, r"sum: axis 2 is out of range.*\(2, 3\)"),
        (lambda: ag.ones(2, 3).sum((0, 0)), ShapeError, "stands twice"),
        (lambda: ag.ones(2, 3).sum(1.5), DtypeError, "axis must be an integer"),
        (lambda: ag.ones(0).max(), ShapeError, "max: there is no element"),
        (lambda: ag.ones(0).mean(), ShapeError, "mean: there is no element"),
        (lambda: ag.ones(1).var(correction=1), ShapeError, "nothing to divide by"),
        (lambda: ag.ones(3)[5], RangeError, "getitem.*out of bounds"),
        (lambda: ag.ones(3)[ag.tensor([0.5])], DtypeError, "integers or booleans, not float32"),
        (lambda: ag.concat([]), ShapeError, "concat: got no arrays"),
        (lambda: ag.concat([ag.ones(2, 3), ag.ones(2, 4)]), ShapeError, r"concat: xs\[1\] is \(2, 4\)"),
        (lambda: ag.stack([ag.ones(2), ag.ones(3)]), ShapeError, r"stack: xs\[1\] is \(3,\)"),
        (lambda: ag.split(ag.ones(5), 2), ShapeError, "does not divide into 2 equal parts"),
        (lambda: ag.pad(ag.ones(2), -3), ShapeError, "cut more than"),
        (lambda: ag.broadcast_to(ag.ones(3), (2, 4)), ShapeError, r"does not stretch to \(2, 4\)"),
        (lambda: ag.squeeze(ag.ones(2, 3), 0), ShapeError, "has length 2, not 1"),
        (lambda: ag.permute_dims(ag.ones(2, 3), (0,)), ShapeError, "must name each of the 2 axes"),
        (lambda: ag.einsum("ij,jk->ik", ag.ones(2, 3), ag.ones(4, 5)), ShapeError, "label 'j' is 3 .* and 4"),
        (lambda: ag.einsum("ij", ag.ones(2)), ShapeError, "does not fit operand 0"),
        (lambda: ag.linear(ag.ones(2, 28, 28), ag.ones(10, 784)), ShapeError, r"Flatten.*x\.reshape\(len\(x\), -1\)"),
        (lambda: ag.conv2d(ag.ones(28, 28), ag.ones(4, 1, 3, 3)), ShapeError, r"\(N, C, H, W\) or, for one image, \(C, H, W\), not .*x\[None\]"),
        (lambda: ag.conv2d(ag.ones(1, 3, 8, 8), ag.ones(4, 1, 3, 3)), ShapeError, "has 3 channels.*takes 1"),
        (lambda: ag.conv2d(ag.ones(1, 1, 2, 2), ag.ones(4, 1, 3, 3)), ShapeError, "does not fit into the 2x2"),
        (lambda: ag.conv2d(ag.ones(1, 1, 5, 5, dtype="int64"), ag.ones(4, 1, 3, 3)), DtypeError, "not int64"),
        (lambda: ag.max_pool2d(ag.ones(1, 1, 4, 4), 2, padding=2), ShapeError, "at most half"),
        (lambda: ag.cross_entropy(ag.ones(2, 3), ag.tensor([0, 3])), RangeError, r"target\[1\] is 3.*labelled 0 to 2"),
        (lambda: ag.cross_entropy(ag.ones(2, 3), ag.tensor([0, -1])), RangeError, r"target\[1\] is -1"),
        (lambda: ag.cross_entropy(ag.ones(2, 3), ag.tensor([0])), ShapeError, r"labels must be \(2,\), not \(1,\)"),
        (lambda: ag.cross_entropy(ag.ones(2, 3), ag.tensor([True, False])), DtypeError, "labels are integers"),
        (lambda: ag.cross_entropy(ag.ones(2, 3), ag.tensor([0, 1]), reduction="avg"), ArgumentError, '"mean", "sum"'),
        (lambda: ag.mse_loss(ag.ones(3, 1), ag.ones(3)), ShapeError, r"\(3, 1\) and target is \(3,\)"),
        (lambda: ag.dropout(ag.ones(2), 1.5), ArgumentError, "probability"),
        (lambda: ag.take_along_axis(ag.ones(2), ag.ones(2)), DtypeError, "integers, not float32"),
        (lambda: ag.ones(5).__setitem__(slice(0, 2), [1, 2, 3]), ShapeError, r"x\[index\] is \(2,\), of x \(5,\); value is \(3,\)"),
        (lambda: ag.ones(5).__setitem__(slice(0, 2), np.ones((2, 2))), ShapeError, r"is \(2,\), of x \(5,\); value is \(2, 2\)"),
        (lambda: ag.ones(5).__setitem__(7, 1.0), RangeError, r"setitem: x is \(5,\): index 7 is out of bounds"),
        (lambda: ag.ones(5).__setitem__(0, 1j), DtypeError, "setitem: x is float32, and value does not fit"),
        (lambda: ag.ones(5).__setitem__(slice(0, 2), [1, [2]]), DtypeError, "setitem: x is float32, and value does not fit"),
        (lambda: ag.arange(0, 5, 0), ArgumentError, "arange: step is 0"),
        (lambda: ag.linspace(0, 1, -1), ArgumentError, "linspace: num must be an integer from 0, not -1"),
        (lambda: ag.eye(2, -1), ArgumentError, "eye: m must be an integer from 0, not -1"),
        (lambda: bool(ag.ones(2)), ShapeError, r"x\.any\(\)"),
        (lambda: ag.ones(2).item(), ShapeError, "2 elements, not 1"),
        (lambda: len(ag.tensor(1.0)), DtypeError, "no length"),
        (lambda: ag.ones(2).to("gpu:0"), DtypeError, "unknown dtype 'gpu:0'"),
        (lambda: ag.ones(2).to(device="tpu"), DeviceError, 'Known devices: "cpu", "cuda"'),
        (lambda: ag.ones(2, requires_grad=True).numpy(), GradientError, r"x\.detach\(\)\.numpy\(\)"),
        (lambda: (ag.ones(2, requires_grad=True) * 2).requires_grad_(False), GradientError, "only a leaf"),
        (lambda: copy.deepcopy(ag.ones(2, requires_grad=True) * 2), GradientError, "detach"),
        (lambda: ag.manual_seed(-1), DtypeError, "integer from 0"),
    ],
)  # fmt: skip
def test_bad_input_gets_an_error_that_names_it(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_cuda_without_cupy_says_what_to_install(monkeypatch):
    if "cuda:0" in ag.available_devices():
        pytest.skip("this machine has CUDA")
    for call in (
        lambda: ag.ones(2).to("cuda"),
        lambda: ag.zeros(2, device="cuda:1"),
        lambda: ag.Generator(0, "cuda").normal(2),
    ):
        with pytest.raises(DeviceError, match=r"glassgrad\[cuda\]|no CUDA device"):
            call()


def test_grad_modes_nest_and_come_back_after_errors():
    x = ag.ones(2, requires_grad=True)
    assert ag.is_grad_enabled()
    with ag.no_grad():
        assert not (x * 2).requires_grad
        with ag.enable_grad():
            assert (x * 2).requires_grad
        assert not ag.is_grad_enabled()
    with pytest.raises(ZeroDivisionError), ag.no_grad():
        _ = 1 / 0
    assert ag.is_grad_enabled()

    @ag.no_grad()
    def evaluate(t):
        return t * 2

    assert not evaluate(x).requires_grad
    with ag.set_grad_enabled(False):
        assert not ag.is_grad_enabled()
    assert ag.is_grad_enabled()
    ag.set_grad_enabled(False)
    assert not ag.is_grad_enabled()
    ag.set_grad_enabled(True)

    @ag.set_grad_enabled(False)
    def quiet(t):
        return t * 2

    assert ag.is_grad_enabled()
    assert not quiet(x).requires_grad
    assert ag.is_grad_enabled()
    once = ag.no_grad()
    with once, once:
        assert not ag.is_grad_enabled()
    assert ag.is_grad_enabled()


def test_detach_and_data_share_memory_and_cut_the_graph():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    d = x.detach()
    assert not d.requires_grad
    assert np.shares_memory(d.array, x.array)
    (x * x.detach()).sum().backward()
    assert x.grad.tolist() == [1.0, 2.0]
    x.data = ag.tensor([5.0, 6.0])
    assert x.tolist() == [5.0, 6.0]
    assert x.requires_grad
    x.data -= 1.0
    assert x.tolist() == [4.0, 5.0]
    x.data = np.ones((2, 2), np.float32)
    x.sum().backward()
    assert x.grad.shape == (2, 2)


def test_freezing_and_thawing_a_leaf():
    x = ag.tensor([1.0], requires_grad=True)
    x.requires_grad_(False)
    assert not (x * 2).requires_grad
    x.requires_grad = True
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2.0]


def test_copies_pickles_and_hashes():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    twin = copy.deepcopy({"a": x, "b": x})
    assert twin["a"] is twin["b"]
    assert twin["a"].requires_grad
    assert twin["a"].grad.tolist() == [2.0, 4.0]
    assert not np.shares_memory(twin["a"].array, x.array)
    again = pickle.loads(pickle.dumps(x))
    assert again.requires_grad
    assert again.tolist() == x.tolist()
    assert len({x, x, again}) == 2
    (x.clone() * 3).sum().backward()
    assert x.grad.tolist() == [5.0, 7.0]


def test_numpy_functions_and_operators_with_arrays_give_tensors(device):
    x = ag.tensor([[1.0, 2.0], [3.0, 4.0]], device=device, requires_grad=True)
    for y in (np.exp(x), np.sum(x, axis=0), np.concatenate([x, x]), np.tanh(x) + 1, np.matmul(x, x), np.mean(x)):
        assert isinstance(y, ag.Tensor)
        assert y.requires_grad
    constant = ag.ones(2, 2, dtype="float64", device=device).array
    for y in (constant * x, constant + x, constant @ x, constant / x, constant - x, constant**x):
        assert isinstance(y, ag.Tensor)
        assert y.requires_grad
    (constant * x).sum().backward()
    assert x.grad.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_repr_shows_what_matters():
    assert repr(ag.tensor([1.0, 2.0])) == "tensor([1., 2.])"
    assert repr(ag.tensor([1.0], requires_grad=True)) == "tensor([1.], requires_grad=True)"
    assert "op=add" in repr(ag.tensor([1.0], requires_grad=True) + 1)
    assert "dtype=float64" in repr(ag.tensor(np.ones(1)))
    assert f"{ag.tensor(1.234567):.2f}" == "1.23"


def test_iteration_and_conversion():
    x = ag.arange(6).reshape(2, 3)
    assert [row.tolist() for row in x] == [[0, 1, 2], [3, 4, 5]]
    assert [10, 20, 30][ag.tensor(1)] == 20
    assert float(ag.tensor(2.5)) == 2.5
    assert int(ag.tensor(2)) == 2
    assert np.asarray(x).shape == (2, 3)
    for look in (len, iter):
        with pytest.raises(TypeError, match="no length"):
            look(ag.tensor(1.0))


def test_random_streams_are_seeded_and_resumable(device):
    ag.manual_seed(7)
    first = [ag.randn(3, device=device).to("cpu").tolist(), ag.rand(2, device=device).to("cpu").tolist()]
    ag.manual_seed(7)
    again = [ag.randn(3, device=device).to("cpu").tolist(), ag.rand(2, device=device).to("cpu").tolist()]
    assert first == again
    generator = ag.Generator(1, device)
    generator.uniform(5)
    state = generator.get_state()
    ahead = ag.asarray(generator.normal((4,))).to("cpu").tolist()
    generator.set_state(state)
    assert ag.asarray(generator.normal((4,))).to("cpu").tolist() == ahead
    with pytest.raises(ag.errors.GlassgradError, match="kind"):
        generator.set_state({"kind": "other"})
    draws = ag.asarray(generator.uniform(20_000, -1, 3)).to("cpu").array
    assert draws.min() >= -1
    assert draws.max() < 3
    assert abs(draws.mean() - 1) < 0.05


def test_dropout_keeps_the_mean_and_scales_its_gradient(device):
    x = ag.ones(20_000, device=device, requires_grad=True)
    y = ag.dropout(x, 0.25)
    y.sum().backward()
    kept = y.to("cpu").detach().array
    assert set(np.unique(kept)) == {np.float32(0), np.float32(1 / 0.75)}
    assert abs(kept.mean() - 1) < 0.02
    np.testing.assert_array_equal(x.grad.to("cpu").array, kept)
    assert ag.dropout(x, 0.5, training=False) is x
    assert ag.dropout(x, 1.0).sum().item() == 0


def test_a_mixed_install_is_refused(tmp_path):
    copytree(Path(ag.__file__).parent, tmp_path / "autograd", ignore=lambda *_: ["__pycache__"])
    (tmp_path / "autograd" / "tracer.py").write_text("")
    run = subprocess.run([sys.executable, "-c", "import autograd"], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 1
    assert "pip uninstall -y autograd glassgrad" in run.stderr


def test_operators_of_remainders_and_bits(device):
    x = ag.tensor([5.5, -2.5], device=device, requires_grad=True)
    assert (x % 2).tolist() == [1.5, 1.5]
    assert (7 % x).tolist() == [1.5, -0.5]
    whole, rest = divmod(x, 2)
    assert (whole * 2 + rest).tolist() == [5.5, -2.5]
    (x % 2).sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]
    bits = ag.tensor([1, 4], device=device)
    assert (bits << 1).tolist() == [2, 8]
    assert (1 << bits).tolist() == [2, 16]
    assert (bits >> 1).tolist() == [0, 2]
    assert (8 >> bits).tolist() == [4, 0]
