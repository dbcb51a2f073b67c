"""Tensors among other libraries: NumPy, PyTorch, SciPy, einops, matplotlib; copies and pickles."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import autograd as ag
import nn

# ----------------------------------------------------------------------------------------------------------- DLPack


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float16", "float32", "float64", "complex64", "bool"])
def test_dlpack_shares_memory_with_numpy_both_ways(dtype):
    x = ag.ones((2, 3), dtype=dtype)
    view = np.from_dlpack(x)
    assert (view.shape, view.dtype) == ((2, 3), x.dtype)
    assert np.shares_memory(view, x.array)
    a = np.zeros((3, 2), dtype)[:, ::-1]
    assert np.shares_memory(ag.from_dlpack(a).array, a)
    assert x.__dlpack_device__() == (1, 0)


def test_dlpack_writes_are_seen_on_the_other_side():
    x = ag.tensor([1.0, 2.0])
    view = np.from_dlpack(x)
    x[0] = 7.0
    assert view.tolist() == [7.0, 2.0]
    a = np.arange(3.0)
    back = ag.from_dlpack(a)
    back += 1
    assert a.tolist() == [1.0, 2.0, 3.0]


def test_dlpack_copies_on_demand_and_what_is_read_only():
    a = np.arange(3.0)
    assert not np.shares_memory(ag.from_dlpack(a, copy=True).array, a)
    assert np.shares_memory(ag.from_dlpack(a, copy=False, device="cpu").array, a)
    a.flags.writeable = False
    assert not np.shares_memory(ag.from_dlpack(a).array, a)
    with pytest.raises(ag.ArgumentError, match="read-only"):
        ag.from_dlpack(a, copy=False)
    assert not np.shares_memory(np.from_dlpack(ag.ones(2), copy=True), np.ones(2))


def test_dlpack_errors_say_what_to_do():
    with pytest.raises(ag.GradientError, match="detach"):
        np.from_dlpack(ag.tensor([1.0], requires_grad=True))
    with pytest.raises(ag.GradientError, match="detach"):
        ag.from_dlpack(ag.tensor([1.0], requires_grad=True) * 2)
    with pytest.raises(ag.DtypeError, match="no __dlpack__"):
        ag.from_dlpack([1.0])
    with pytest.raises(AttributeError, match="CPU"):
        _ = ag.ones(2).__cuda_array_interface__


def test_dlpack_with_pytorch():
    torch = pytest.importorskip("torch", reason="the other side of the exchange")
    x = ag.tensor([1.0, 2.0])
    t = torch.from_dlpack(x)
    t += 1
    assert x.tolist() == [2.0, 3.0]
    assert t.data_ptr() == x.array.ctypes.data
    source = torch.arange(4.0).reshape(2, 2).T
    back = ag.from_dlpack(source)
    assert back.array.ctypes.data == source.data_ptr()
    assert back.tolist() == [[0.0, 2.0], [1.0, 3.0]]
    with pytest.raises(ag.GradientError, match="detach"):
        torch.from_dlpack(ag.ones(2, requires_grad=True))
    with pytest.raises((RuntimeError, BufferError), match="grad"):
        ag.from_dlpack(torch.ones(2, requires_grad=True))
    assert ag.tensor(torch.ones(2)).tolist() == [1.0, 1.0]


@pytest.mark.gpu
def test_a_gpu_shares_memory_too():
    if "cuda:0" not in ag.available_devices():
        pytest.skip("needs a CUDA device and CuPy")
    cupy = pytest.importorskip("cupy")
    x = ag.ones(3, device="cuda")
    assert x.__dlpack_device__()[0] == 2
    assert cupy.from_dlpack(x).data.ptr == x.array.data.ptr == cupy.asarray(x).data.ptr
    assert ag.from_dlpack(cupy.arange(3)).device == "cuda:0"
    with pytest.raises(ag.DeviceError, match="cpu"):
        np.asarray(x)


# ------------------------------------------------------------------------------------------------------------ NumPy


def test_array_shares_memory_unless_asked_otherwise():
    x = ag.tensor([1.0, 2.0])
    assert np.shares_memory(np.asarray(x), x.array)
    assert np.asarray(x, dtype="float64").dtype == np.float64
    assert np.array(x, dtype="int32").tolist() == [1, 2]
    assert not np.shares_memory(np.array(x), x.array)
    assert not np.shares_memory(np.array(x, copy=True), x.array)
    assert np.shares_memory(np.asarray(x, copy=False), x.array)
    with pytest.raises(ValueError, match="copy=False"):
        np.asarray(x, dtype="float64", copy=False)
    with pytest.raises(ag.GradientError, match="detach"):
        np.asarray(ag.ones(2, requires_grad=True))


def test_ufuncs_record_what_the_table_knows():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    y = np.add.reduce(np.exp(x)) + np.multiply.reduce(x, keepdims=True).sum() + np.fft.rfft(x).real.sum()
    y.backward()
    np.testing.assert_allclose(x.grad.array, np.exp([1.0, 2.0]) + [2.0, 1.0] + [2.0, 0.0], rtol=1e-6)
    for call in (
        lambda: np.add.outer(x, x),
        lambda: np.add(x, 1, where=[True, False]),
        lambda: np.unwrap(x),
    ):
        with pytest.raises(ag.GradientError, match=r"detach\(\)|autograd\.where"):
            call()


def test_numpy_functions_within_a_transform_are_ops_or_errors():
    x = ag.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert ag.vmap(lambda row: np.sum(np.exp(row) * 0 + row))(x).tolist() == [3.0, 7.0]
    assert ag.jvp(lambda t: np.sum(t), (x,), (ag.ones((2, 2)),))[1].item() == 4
    for function in (np.unwrap, np.logaddexp.reduce):
        with pytest.raises(ag.GradientError, match="not an op"):
            ag.vmap(function)(x)


def test_numpy_functions_outside_of_the_table_take_constants():
    x, out = ag.tensor([1.0, 4.0]), ag.zeros(2)
    assert np.add(x, 1, out=out) is out
    assert out.tolist() == [2.0, 5.0]
    assert isinstance(np.spacing(x), ag.Tensor)
    assert np.add.accumulate(x).tolist() == [1.0, 5.0]
    assert np.interp(x, [0.0, 4.0], [0.0, 8.0]).tolist() == [2.0, 8.0]
    assert np.std(x, ddof=1).item() == pytest.approx(np.std([1.0, 4.0], ddof=1))
    assert np.sum(x, dtype="float64", where=np.array([False, True])).item() == 4
    assert isinstance(np.linalg.qr(ag.ones((2, 2))).R, ag.Tensor)
    assert np.broadcast_arrays(x, 1.0)[1].tolist() == [1.0, 1.0]
    plain = np.zeros(2)
    plain += x
    assert plain.tolist() == [1.0, 4.0]
    assert [np.shape(x), np.ndim(x), np.size(x)] == [(2,), 1, 2]


def test_a_ufunc_that_writes_is_seen_by_the_backward_pass():
    w = ag.tensor([1.0, 2.0])
    x = ag.ones(2, requires_grad=True)
    y = (x * w).sum()
    np.multiply(w, 2, out=w)
    with pytest.raises(ag.GradientError, match="multiply"):
        y.backward()


def test_numpy_compares_tensors():
    x = ag.tensor([1.0, 2.0])
    np.testing.assert_allclose(x, np.array([1.0, 2.0]))
    np.testing.assert_array_equal(x, [1.0, 2.0])
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(x, np.array([1.0, 2.5]))
    assert np.allclose(x, np.array([1.0, 2.0]))


# ------------------------------------------------------------------------------------------------ SciPy, matplotlib


def test_scipy_takes_constants():
    special = pytest.importorskip("scipy.special", reason="the extra 'fast'")
    x = ag.tensor([0.0, 1.0])
    np.testing.assert_allclose(special.expit(x), 1 / (1 + np.exp([0.0, -1.0])), rtol=1e-6)
    linalg, stats = pytest.importorskip("scipy.linalg"), pytest.importorskip("scipy.stats")
    a = ag.tensor([[2.0, 0.0], [1.0, 1.0]])
    np.testing.assert_allclose(linalg.solve(a, ag.ones(2)), [0.5, 0.5])
    assert stats.spearmanr(ag.tensor([1.0, 2.0, 3.0]), ag.tensor([1.0, 4.0, 9.0])).statistic == pytest.approx(1)
    y = ag.ones(2, requires_grad=True)
    special.expit(y).sum().backward()  # a namesake in the table is the op
    np.testing.assert_allclose(y.grad.array, special.expit(1.0) * (1 - special.expit(1.0)), rtol=1e-6)
    with pytest.raises(ag.GradientError, match="detach"):
        special.ellipk(0.5 * y)


def test_a_ufunc_of_a_user_is_never_an_op_by_its_name():
    def normalize(x):
        return x

    with pytest.raises(ag.GradientError, match="detach"):
        np.frompyfunc(normalize, 1, 1)(ag.ones(2, requires_grad=True))


def test_matplotlib_plots_tensors():
    matplotlib = pytest.importorskip("matplotlib", reason="the extra 'viz'")
    matplotlib.use("Agg")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    figure, (left, right, names) = pyplot.subplots(1, 3)
    (line,) = left.plot(ag.arange(3), ag.tensor([1.0, 4.0, 9.0]))
    assert np.asarray(line.get_ydata()).tolist() == [1.0, 4.0, 9.0]
    names.bar(["a", "b"], ag.tensor([1.0, 2.0]))
    left.scatter(ag.ones(2), ag.ones(2), c=ag.arange(2))
    assert right.imshow(ag.ones((2, 3))).get_array().shape == (2, 3)
    figure.canvas.draw()
    with pytest.raises(ag.GradientError, match="detach"):
        left.plot(ag.ones(2, requires_grad=True))
    pyplot.close(figure)


# ---------------------------------------------------------------------------------------------------------- pickles


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_are_whole(protocol):
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    p = nn.Parameter(ag.ones((2, 2)), requires_grad=False)
    constant = ag.arange(6).reshape(2, 3)[:, ::2]
    again, q, c = pickle.loads(pickle.dumps((x, p, constant), protocol))
    assert (again.tolist(), again.requires_grad, again.is_leaf) == ([1.0, 2.0], True, True)
    assert again.grad.tolist() == [2.0, 4.0]
    (again * 3).sum().backward()
    assert (again.grad.tolist(), x.grad.tolist()) == ([5.0, 7.0], [2.0, 4.0])
    assert type(q) is nn.Parameter
    assert not q.requires_grad
    assert (c.tolist(), c.dtype, c.grad) == ([[0, 2], [3, 5]], np.int64, None)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_module_survives_a_pickle(protocol):
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    model[2].tied = model[0].weight
    x = ag.tensor([[1.0, 2.0], [3.0, -1.0]])
    model(x).sum().backward()
    model.eval()
    again = pickle.loads(pickle.dumps(model, protocol))
    assert again[2].tied is again[0].weight
    assert again(x).tolist() == model(x).tolist()
    assert not again.training
    for twin, parameter in zip(again.parameters(), model.parameters(), strict=True):
        assert twin is not parameter
        assert twin.grad.tolist() == parameter.grad.tolist()


def test_a_gradient_that_has_a_graph_is_pickled_as_a_value():
    x = ag.tensor(3.0, requires_grad=True)
    (x**3).backward(create_graph=True)
    again = pickle.loads(pickle.dumps(x))
    assert (again.grad.item(), again.grad.requires_grad) == (27.0, False)


def test_what_was_computed_cannot_be_pickled_or_deeply_copied():
    y = ag.ones(2, requires_grad=True) * 2
    for move in (pickle.dumps, copy.deepcopy):
        with pytest.raises(ag.GradientError, match="detach"):
            move(y)
    assert copy.deepcopy(y.detach()).tolist() == [2.0, 2.0]


# ----------------------------------------------------------------------------------------------------------- copies


def test_a_shallow_copy_of_a_constant_shares_memory_and_of_a_graph_is_recorded():
    x = ag.tensor([1.0, 2.0])
    twin = copy.copy(x)
    assert twin is not x
    assert np.shares_memory(twin.array, x.array)
    leaf = ag.tensor([1.0, 2.0], requires_grad=True)
    (copy.copy(leaf) * copy.copy(leaf * 2)).sum().backward()
    assert leaf.grad.tolist() == [4.0, 8.0]


def test_a_deep_copy_owns_its_memory_and_keeps_its_gradient_but_no_hooks():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    calls = []
    x.register_hook(lambda g: calls.append(g.tolist()))
    (x * x).sum().backward()
    twin = copy.deepcopy({"a": x, "b": [x]})
    y = twin["a"]
    assert twin["b"][0] is y
    assert not np.shares_memory(y.array, x.array)
    assert not np.shares_memory(y.grad.array, x.grad.array)
    (y * 3).sum().backward()
    assert (y.grad.tolist(), x.grad.tolist()) == ([5.0, 7.0], [2.0, 4.0])
    assert calls == [[2.0, 4.0]]


def test_views_are_copied_for_themselves():
    base = ag.arange(6.0).reshape(2, 3)
    twin, view = copy.deepcopy((base, base[:, 1:]))
    twin[0, 1] = 9.0
    assert view.tolist() == [[1.0, 2.0], [4.0, 5.0]]
    assert base[0, 1].item() == 1.0


def test_a_module_is_copied_with_its_shared_parameters():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight = model[0].weight
    seen = []
    model[0].register_forward_hook(lambda module, args, out: seen.append(module))
    twin = copy.deepcopy(model)
    assert twin[1].weight is twin[0].weight is not model[0].weight
    assert len(list(twin.parameters())) == len(list(model.parameters()))
    twin[0].weight.data[...] = 0
    assert model[0].weight.array.any()
    x = ag.ones((1, 2))
    twin(x).sum().backward()
    assert model[0].weight.grad is None
    assert twin[0].weight.grad is not None


# ----------------------------------------------------------------------------------------------------------- einops


@pytest.fixture(scope="module")
def einops():
    """einops, which has learned what a Tensor is."""
    module = pytest.importorskip("einops", reason="einops comes with the extra 'dev'")
    pytest.importorskip("autograd.einops_backend")
    return module


@pytest.fixture
def x():
    return ag.tensor(np.arange(24.0).reshape(2, 3, 4) / 10, requires_grad=True)


EINOPS = {
    "rearrange": (lambda e, x: e.rearrange(x, "a b c -> c (a b)"), lambda x: x.transpose(2, 0, 1).reshape(4, 6)),
    "rearrange a list": (
        lambda e, x: e.rearrange([x, x * 2], "n a b c -> a (n b) c"),
        lambda x: np.concatenate([x, x * 2], 1),
    ),
    "split an axis": (
        lambda e, x: e.rearrange(x, "a b (c d) -> d a b c", d=2),
        lambda x: x.reshape(2, 3, 2, 2).transpose(3, 0, 1, 2),
    ),
    "mean": (lambda e, x: e.reduce(x, "a b c -> b", "mean"), lambda x: x.mean((0, 2))),
    "max": (lambda e, x: e.reduce(x, "a b (c 2) -> a c", "max"), lambda x: x.reshape(2, 3, 2, 2).max((1, 3))),
    "prod": (lambda e, x: e.reduce(x + 1, "a b c -> () b ()", "prod"), lambda x: (x + 1).prod((0, 2), keepdims=True)),
    "repeat": (
        lambda e, x: e.repeat(x, "a b c -> a (b r) c n", r=2, n=3),
        lambda x: np.broadcast_to(np.repeat(x, 2, 1)[..., None], (2, 6, 4, 3)),
    ),
    "einsum": (lambda e, x: e.einsum(x, x, "i j k, m j k -> i m"), lambda x: np.einsum("ijk,mjk->im", x, x)),
    "pack": (lambda e, x: e.pack([x, x[0]], "* b c")[0], lambda x: np.concatenate([x, x[:1]])),
    "unpack": (lambda e, x: e.unpack(x, [(1,), (3,)], "a b *")[1], lambda x: x[..., 1:]),
}


@pytest.mark.parametrize("name", EINOPS)
def test_einops_takes_tensors_and_gradients_flow(einops, x, name):
    ours, reference = EINOPS[name]
    y = ours(einops, x)
    assert isinstance(y, ag.Tensor)
    np.testing.assert_allclose(y.array, reference(x.array))
    assert ag.gradcheck(lambda t: ours(einops, t), [x])


def test_einops_knows_shapes_and_refuses_means_of_integers(einops):
    assert einops.parse_shape(ag.ones((2, 3)), "a b") == {"a": 2, "b": 3}
    assert einops.asnumpy(ag.ones(2)).tolist() == [1.0, 1.0]
    with pytest.raises(NotImplementedError, match="floating"):
        einops.reduce(ag.ones((2, 3), dtype="int64"), "a b -> a", "mean")


def test_einops_takes_tensors_through_the_array_api_too(x):
    einops = pytest.importorskip("einops.array_api", reason="einops comes with the extra 'dev'")
    y = einops.rearrange(x, "a b c -> c (a b)")
    (einops.reduce(y, "c d -> c", "sum") ** 2).sum().backward()
    np.testing.assert_allclose(x.grad.array[0, 0], 2 * x.array.sum((0, 1)))
    packed, shapes = einops.pack([x, x[0]], "* b c")
    assert [part.shape for part in einops.unpack(packed, shapes, "* b c")] == [(2, 3, 4), (3, 4)]
    assert einops.repeat(x, "a b c -> a b c n", n=2).shape == (2, 3, 4, 2)


def test_array_api_compat_finds_our_namespace():
    compat = pytest.importorskip("array_api_compat", reason="optional: pip install array-api-compat")
    t = ag.ones((2, 2))
    assert compat.array_namespace(t, ag.zeros(1)) is t.__array_namespace__()
    assert compat.is_array_api_obj(t)
    assert compat.device(t) == "cpu"
    assert compat.size(t) == 4
