"""``ag.scalar.expand``: values and gradients of the scalar graph, its labels and sharing, and what it refuses."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd.backward import walk
from autograd.dispatch import OPS, bound
from tests.autograd.expansions import assert_agrees, leaves_of, nodes_of, random_index


def tensor(*shape: int, seed: int = 0, dtype: Any = np.float64, grad: bool = True) -> Any:
    rng = np.random.default_rng([seed, *shape])
    return ag.tensor(rng.normal(size=shape).astype(dtype), requires_grad=grad)


def agree(function: Any, depth: int | None = None, rtol: float = 1e-9, atol: float = 1e-11, **named: Any) -> Any:
    """Expand some random elements of ``function(**named)``, compare them with the Tensor's, and return the last."""
    with ag.record():
        y = function(**named)
    rng = np.random.default_rng(3)
    for _ in range(4):
        index = random_index(rng, y.shape)
        value = ag.scalar.expand(y, index, depth, names=named)
        assert_agrees(y, index, value, {n: x for n, x in named.items() if x.requires_grad}, rtol, atol)
    return value


# --------------------------------------------------------------------------------------------------- whole functions

LAYERS = {
    "softmax": lambda x: ag.softmax(x, axis=0),
    "log_softmax": lambda x: ag.log_softmax(x),
    "var": lambda x: ag.var(x, axis=1, correction=1),
    "std": lambda x: ag.std(x, axis=(0, 1)),
    "norm": lambda x: ag.vector_norm(x, axis=1),
    "logsumexp": lambda x: ag.logsumexp(x, axis=(0, 1)),
    "sort": lambda x: ag.sort(x, axis=1),
    "median": lambda x: ag.median(x, axis=1),
    "cumsum of a product": lambda x: ag.cumsum(x * x, axis=1),
    "stack": lambda x: ag.stack([x, x * 2, x.T.reshape(x.shape)], axis=1),
    "roll, flip, pad": lambda x: ag.pad(ag.flip(ag.roll(x, 1, axis=0), axis=1), ((1, 1), (0, 2))) * 3,
    "where": lambda x: ag.where(x.array > 0, x, x.exp()),
    "fancy index": lambda x: x[[1, 0, 1], [2, 2, 0]] * x[1, :3],
    "split": lambda x: ag.split(x, 2, axis=1)[1] ** 2,
    "minus a row": lambda x: x - x[0] - x.mean(),
    "max with ties": lambda x: ag.max(ag.relu(x), axis=1),
    "cross entropy": lambda x: ag.cross_entropy(x, np.array([1, 3, 0])),
    "mse": lambda x: ag.mse_loss(x, np.ones(x.shape)),
    "det": lambda x: ag.linalg.det(x @ x.T),
}


@pytest.mark.parametrize("name", LAYERS)
def test_functions_of_one_matrix(name: str) -> None:
    agree(LAYERS[name], x=tensor(3, 4))


def test_tied_extremes_share_and_what_is_large_does_not_overflow() -> None:
    ties = ag.tensor([[1.0, 3.0, 3.0, 3.0], [0.0, 0.0, 0.0, 2.0]], dtype="float64", requires_grad=True)
    agree(lambda x: ag.max(x, axis=1) - ag.min(x, axis=1), x=ties)
    large = ag.tensor([1000.0, 1001.0, -np.inf, -1000.0], dtype="float64", requires_grad=True)
    for function in (ag.softmax, ag.log_softmax, ag.logsumexp):
        with ag.record():
            y = function(large[[0, 1, 3]])
        index = (1,) * y.ndim
        assert_agrees(y, index, ag.scalar.expand(y, index, None, names={"x": large}), {"x": large})
    masked = ag.scalar.expand(ag.softmax(large), 1)
    assert masked.data == pytest.approx(1 / (1 + np.exp(-1)))


@pytest.mark.filterwarnings("ignore:(invalid value|divide by zero)")
@pytest.mark.parametrize("function", [ag.softmax, ag.log_softmax, ag.logsumexp])
def test_infinities_give_what_the_op_gives_and_no_nan_of_their_own(function: Any) -> None:
    inf = np.inf
    for numbers in ([1.0, -inf, 0.0], [1.0, inf, 0.0], [inf, inf, 0.0], [-inf, inf, inf], [-inf, -inf, -inf]):
        agree(lambda x: function(x), x=ag.tensor(numbers, dtype="float64", requires_grad=True))


def test_infinite_rows_of_logsumexp_leave_the_others_alone() -> None:
    rows = [[1.0, np.inf, 0.0], [-np.inf, -np.inf, -np.inf], [0.0, 1.0, 2.0], [np.inf, np.inf, 0.0]]
    x = ag.tensor(rows, dtype="float64", requires_grad=True)
    for row in range(4):
        y = ag.logsumexp(x, axis=1)
        assert_agrees(y, (row,), ag.scalar.expand(y, row), {"x": x})


def test_a_determinant_of_rank_one_has_no_slope() -> None:
    agree(lambda x: ag.linalg.det(x), x=ag.tensor(np.ones((3, 3)), requires_grad=True))


def test_a_zero_pivot_is_exchanged_for_another_row() -> None:
    a = ag.tensor([[0.0, 2.0], [3.0, 1.0]], dtype="float64", requires_grad=True)
    agree(lambda a, b: ag.linalg.solve(a, b), a=a, b=tensor(2, 1))


def test_elements_that_are_averaged_are_not_taken_for_copies() -> None:
    """The mean of four positions may be a position; where elements overlap, they add up."""
    geometry = {"x_size": (4, 4), "kernel": (2, 2), "stride": (1, 1), "padding": (0, 0)}
    with ag.record():
        y = OPS["avg_pool2d_gradient"](d := tensor(1, 1, 3, 3), **geometry)
    for index in ((0, 0, 1, 1), (0, 0, 2, 2), (0, 0, 0, 1)):
        assert_agrees(y, index, ag.scalar.expand(y, index), {"d": d})
    for n in (1, 2, 3):
        agree(lambda v, n=n: OPS["scatter"](v, shape=(1,), index=np.zeros(n, int)), v=tensor(n))


def test_a_common_coefficient_is_multiplied_once_and_1_never() -> None:
    def ops(y: Any) -> list[str]:
        return sorted(v.op.name for v in nodes_of(ag.scalar.expand(y, (0,) * y.ndim)) if not v.is_leaf)

    x = tensor(3)
    assert ops(x.mean()) == ["add", "add", "divide"]
    assert ops(OPS["scatter"](x, shape=(1,), index=np.zeros(3, int))) == ["add", "add"]


def test_layer_norm() -> None:
    agree(lambda x, w, b: ag.layer_norm(x, (4,), w, b), x=tensor(2, 4), w=tensor(4), b=tensor(4, seed=1))


def test_group_and_rms_norm() -> None:
    agree(lambda x, w, b: ag.group_norm(x, 2, w, b), x=tensor(2, 4, 3), w=tensor(4), b=tensor(4, seed=1))
    agree(lambda x, w: ag.rms_norm(x, (4,), w), x=tensor(2, 4), w=tensor(4))


@pytest.mark.parametrize("causal", [False, True])
def test_attention(causal: bool) -> None:
    q, k, v = (tensor(1, 2, 3, 4, seed=i) for i in range(3))
    value = agree(lambda q, k, v: ag.scaled_dot_product_attention(q, k, v, is_causal=causal), q=q, k=k, v=v)
    leaves = leaves_of(value)
    query = next(int(label.split(", ")[2]) for label in leaves if label.startswith("q"))
    used = {int(label.split(", ")[2]) for label, leaf in leaves.items() if label.startswith("v") and leaf.grad}
    assert used == set(range(query + 1 if causal else 3))


@pytest.mark.parametrize(
    "options",
    [{}, {"stride": 2}, {"padding": (1, 2)}, {"dilation": 2}, {"groups": 2}, {"stride": (2, 1), "padding": 1}],
)
def test_convolution(options: dict[str, Any]) -> None:
    channels = 4 // options.get("groups", 1)
    x, w, b = tensor(2, 4, 5, 6), tensor(2, channels, 2, 3), tensor(2)
    agree(lambda x, w, b: ag.conv2d(x, w, b, **options), depth=1, x=x, w=w, b=b)
    w = tensor(4, 2 // options.get("groups", 1), 2, 3)
    agree(lambda x, w: ag.conv_transpose2d(x, w, **options), x=x, w=w)


def test_an_mlp_after_backward_and_its_parameters_by_name() -> None:
    w1, b1, w2 = tensor(4, 3), tensor(4), tensor(2, 4)
    x = tensor(5, 3, grad=False)
    with ag.record():
        hidden = ag.tanh(x @ w1.T + b1)
        loss = ag.cross_entropy(hidden @ w2.T, np.array([0, 1, 1, 0, 1])).mean()
        loss.backward()
    named = {"w1": w1, "b1": b1, "w2": w2, "x": x}
    value = ag.scalar.expand(loss, (), None, names=named)
    assert value.data == pytest.approx(loss.item(), rel=1e-12)
    value.backward()
    leaves = leaves_of(value)
    assert set(leaves) == {f"{n}[{i}, {j}]" for n in ("w1", "w2", "x") for i, j in np.ndindex(*named[n].shape)} | {
        f"b1[{i}]" for i in range(4)
    }
    for name, parameter in (("w1", w1), ("w2", w2)):
        for i, j in np.ndindex(*parameter.shape):
            assert leaves[f"{name}[{i}, {j}]"].grad == pytest.approx(parameter.grad.array[i, j], rel=1e-9, abs=1e-14)


def test_a_module_gives_the_names() -> None:
    class Model:
        weight = tensor(2, 3)

        def named_parameters(self) -> Any:
            return [("layer.weight", self.weight)]

    model = Model()
    y = tensor(3) * model.weight
    assert set(leaves_of(ag.scalar.expand(y, (1, 2), names=model))) == {"layer.weight[1, 2]", "a[2]"}


# -------------------------------------------------------------------------------------------------- depth and labels


def test_depth_counts_ops_from_the_tensor_upwards() -> None:
    x = tensor(3)
    with ag.record():
        y = ag.exp(ag.sin(x) * 2.0)
    assert set(leaves_of(ag.scalar.expand(y, 1))) == {"x[1]"}
    assert [v.op.name for v in nodes_of(ag.scalar.expand(y, 1)) if not v.is_leaf] == ["exp"]
    assert [v.op.name for v in nodes_of(ag.scalar.expand(y, 1, 2)) if not v.is_leaf] == ["exp", "multiply"]
    assert [v.op.name for v in nodes_of(ag.scalar.expand(y, 1, 9)) if not v.is_leaf] == ["exp", "multiply", "sin"]
    assert ag.scalar.expand(y, 1, 0).is_leaf
    product = ag.scalar.expand(y, 1, depth=1)
    product.backward()
    assert leaves_of(product)["x[1]"].grad == pytest.approx(np.exp(np.sin(x.array[1]) * 2))


def test_ops_that_only_move_elements_are_opened_for_nothing() -> None:
    image, weight = tensor(1, 3, 3), tensor(2, 1, 2, 2)
    y = ag.conv2d(image, weight, bias := tensor(2)).T
    leaves = set(leaves_of(ag.scalar.expand(y, (1, 0, 1), names={"image": image, "weight": weight, "bias": bias})))
    assert leaves == {
        *(f"image[0, {i}, {j}]" for i in (0, 1) for j in (1, 2)),
        *(f"weight[1, 0, {i}, {j}]" for i in (0, 1) for j in (0, 1)),
        "bias[1]",
    }
    z = ag.exp(image)[0].T
    closed = ag.scalar.expand(z, (1, 2), depth=0)
    assert (closed.is_leaf, closed.label, closed.data) == (True, "exp[0, 2, 1]", z.array[1, 2])
    half = ag.exp(ag.sin(image).astype("float32")).astype("float64")
    assert [v.op.name for v in nodes_of(ag.scalar.expand(half, (0, 0, 0), 2)) if not v.is_leaf] == ["exp", "sin"]


def test_what_is_moved_goes_by_the_name_of_the_argument_that_it_becomes() -> None:
    x, w = tensor(2, 3), tensor(4, 3)
    assert set(leaves_of(ag.scalar.expand(x @ w.T, (0, 2)))) == {
        f"{n}[{i}, {j}]" for n, i in ("a0", "b2") for j in range(3)
    }
    first, second = ag.split(ag.exp(tensor(4)), 2)
    assert set(leaves_of(ag.scalar.expand(first * second, 1))) == {"a[1]", "a[3]"}


def test_the_nearest_way_counts() -> None:
    """An op that stands near and far: it is opened if the near way is within the depth."""
    x = tensor(3)
    near = ag.sin(x)
    with ag.record():
        y = ag.exp(ag.cos(near)) * near[::-1][::-1][::-1][::-1]
    opened = [v.op.name for v in nodes_of(ag.scalar.expand(y, 0, 3)) if not v.is_leaf]
    assert sorted(opened) == ["cos", "exp", "multiply", "sin"]


def test_what_a_definition_gives_has_the_label_of_its_op() -> None:
    x = tensor(3)
    with ag.record():
        y = ag.softmax(x)
        z = ag.logsumexp(y) + 1.0
    assert ag.scalar.expand(y, 2).label == "softmax[2]"
    labels = {v.label for v in nodes_of(ag.scalar.expand(z, (), None))}
    assert {"add", "logsumexp", "softmax[0]", "softmax[1]", "softmax[2]"} < labels
    with ag.record():
        q, r = ag.linalg.qr(tensor(2, 2))
        product = q @ r
    assert ag.scalar.expand(r, (0, 1)).label == "qr[0, 1]"
    labels = {v.label for v in nodes_of(ag.scalar.expand(product, (0, 0), 2))}
    assert {"qr·1[0, 0]", "qr·2[0, 0]", "matmul[0, 0]"} < labels


def test_a_composite_op_counts_as_one() -> None:
    x = tensor(4)
    with ag.record():
        y = ag.log_softmax(ag.sin(x))
    value = ag.scalar.expand(y, 0)
    assert set(leaves_of(value)) == {f"x[{i}]" for i in range(4)}
    assert "sin" not in {v.op.name for v in nodes_of(value) if v.op is not None}


def test_an_element_that_is_used_again_is_one_value() -> None:
    x = tensor(2, 2)
    with ag.record():
        square = x @ x
        y = square * square.T
    value = ag.scalar.expand(y, (0, 1), None)
    assert len(leaves_of(value)) == 4
    labels = [v.label for v in nodes_of(value) if v.label.startswith("matmul")]
    assert sorted(labels) == ["matmul[0, 1]", "matmul[1, 0]"]
    agree(lambda x: (x @ x) * (x @ x).T, x=x)


def test_names_that_would_be_equal_are_numbered_and_the_rest_are_the_arguments() -> None:
    x, w = tensor(2, 3), tensor(4, 3)
    bias = tensor(4)
    y = ag.linear(x, w, bias)
    value = ag.scalar.expand(y, (1, 3))
    assert set(leaves_of(value)) == {"bias[3]"} | {
        f"{n}[{i}, {j}]" for n, i in (("x", 1), ("weight", 3)) for j in range(3)
    }
    assert value.label == "linear[1, 3]"
    both = ag.scalar.expand(ag.sin(x[0]) + ag.sin(w[0]), (0,), None)
    assert set(leaves_of(both)) == {"x·1[0, 0]", "x·2[0, 0]"}


def test_names_are_kept_where_an_argument_is_called_the_same() -> None:
    """``b`` is what subtract calls its second argument, and the caller's name for another Tensor."""
    x, b = tensor(3), tensor(3, seed=1)
    with ag.record():
        y = (x - np.arange(3.0)) * 2.0 + b
    assert set(leaves_of(ag.scalar.expand(y, 2, None, names={"x": x, "b": b}))) == {"x[2]", "b[2]", "b·1[2]"}
    assert set(leaves_of(ag.scalar.expand(y, 2, None, names={"b·1": x, "b": b}))) == {"b·1[2]", "b[2]", "b·2[2]"}


def test_a_view_of_a_constant_that_has_a_name_goes_by_it() -> None:
    image, weight = tensor(1, 4, 4, grad=False), tensor(2, 1, 2, 2)
    with ag.record():
        y = ag.conv2d(image, weight)
        z = (image.T[1] * weight[0, 0, 0, 0]).sum() + (image * weight[0, 0, 0, 0]).sum()
    names = {"picture": image, "weight": weight}
    leaves = set(leaves_of(ag.scalar.expand(y, (1, 2, 0), 2, names=names)))
    assert {label for label in leaves if "picture" in label} == {
        f"picture[0, {i}, {j}]" for i in (2, 3) for j in (0, 1)
    }
    assert len(leaves) == 8
    assert len(leaves_of(ag.scalar.expand(z, (), None, names=names))) == 17  # both uses have the same pixels
    wide = tensor(3, grad=False)
    with ag.record():
        y = tensor(3) * wide.array.view(np.float32)[::2]
    assert ag.scalar.expand(y, 1, names={"wide": wide}).data == y.array[1]  # other numbers, though at the same place
    cropped = tensor(6, grad=False)
    with ag.record():
        y = cropped * tensor(6)
    # what a name stands for only in part goes by the argument's name
    assert "a[5]" in leaves_of(ag.scalar.expand(y, 5, names={"part": ag.asarray(cropped.array[:4])}))


def test_moving_an_element_adds_no_value() -> None:
    x = tensor(2, 3)
    value = ag.scalar.expand(x.T, (2, 1))
    assert value.is_leaf
    assert value.label == "x[1, 2]"
    assert ag.scalar.expand(x.T.reshape(6) * 2.0, 3, None).inputs[0].label == "a[1, 1]"
    assert ag.scalar.expand(ag.exp(x).T, (2, 1), None).label == "exp[1, 2]"


def test_plain_numbers_are_no_leaves_and_constant_arrays_are() -> None:
    x, c = tensor(3), np.arange(3.0)
    with ag.record():
        y = x * 2.0 + c
    assert set(leaves_of(ag.scalar.expand(y, 2, None))) == {"a[2]", "b[2]"}


# ------------------------------------------------------------------------------------------------ dtypes and layouts


def test_float32_to_its_rounding() -> None:
    x, w = tensor(3, 8, dtype=np.float32), tensor(8, 2, dtype=np.float32)
    agree(lambda x, w: ag.softmax(ag.tanh(x @ w)), x=x, w=w, rtol=1e-4, atol=1e-6)


def test_non_contiguous_and_broadcast_arguments() -> None:
    x = ag.asarray(np.random.default_rng(0).normal(size=(4, 6))[::2, ::-2]).requires_grad_()
    agree(lambda x, b: (x.T * b).sum(axis=0) + x[:, 0], x=x, b=tensor(3, 1))


def test_nothing_to_sum_is_the_constant_0_and_a_0d_tensor_takes_no_index() -> None:
    value = ag.scalar.expand(tensor(0, 3).sum(axis=0), 1)
    assert (value.data, value.is_leaf) == (0.0, True)
    x = ag.tensor(2.0, requires_grad=True)
    value = ag.scalar.expand(x * x, ())
    value.backward()
    assert leaves_of(value)["a"].grad == 4.0


def test_second_derivatives() -> None:
    x = tensor(4)
    with ag.record():
        y = ag.softmax(x) * ag.exp(x)
    value = ag.scalar.expand(y, 1, None)
    value.backward(create_graph=True)
    leaves = leaves_of_x(value)
    first = leaves[2].grad
    for leaf in leaves:
        leaf.grad = 0.0
    first.backward()
    wanted = ag.hessian(lambda x: (ag.softmax(x) * ag.exp(x))[1])(x).array
    np.testing.assert_allclose([leaf.grad for leaf in leaves], wanted[2], rtol=1e-9)


def leaves_of_x(value: Any) -> list[Any]:
    found = leaves_of(value)
    return [found[f"x[{i}]"] for i in range(4)]


def test_a_recorder_that_is_on_sees_nothing_of_it() -> None:
    x = tensor(3)
    with ag.record() as tape:
        y = ag.softmax(x)
        ag.scalar.expand(y, 0)
    assert [event.op for event in tape.recording.ops] == ["softmax"]


def test_gradients_are_off_outside() -> None:
    x = tensor(3)
    with ag.record():
        y = ag.softmax(x)
    with ag.no_grad():
        value = ag.scalar.expand(y, 0)
    assert not value.is_leaf
    assert y.node.op.name == "softmax"
    assert x.grad is None


# ------------------------------------------------------------------------------------------ where the numbers are from


def test_saved_numbers_and_leaves_are_enough_where_nothing_recorded() -> None:
    x, w = tensor(2, 3), tensor(3, 2)
    y = ag.tanh(-(x @ w))
    assert_agrees(y, (0, 1), ag.scalar.expand(y, (0, 1), None, names={"x": x, "w": w}), {"x": x, "w": w})
    assert_agrees(y, (0, 1), ag.scalar.expand(y, (0, 1), 2, names={"x": x, "w": w}), {})


def test_an_argument_that_was_left_out_is_told_from_a_constant_by_the_result() -> None:
    x, w, kernel = tensor(2, 3), tensor(4, 3), tensor(2, 1, 2, 2)
    for y in (ag.linear(x, w), ag.linear(x, w) * w[0, 0], ag.linear(x.astype("float32"), w.astype("float32"))):
        assert_agrees(y, (1, 2), ag.scalar.expand(y, (1, 2), None, names={"x": x, "w": w}), {"x": x, "w": w}, 1e-6)
    y = ag.conv2d(image := tensor(1, 3, 3), kernel)  # without its first axis
    assert_agrees(y, (0, 1, 0), ag.scalar.expand(y, (0, 1, 0), None, names={"i": image}), {"i": image})
    for missing in (
        ag.linear(x, w, np.ones(4)),
        ag.linear(x, w, np.full(4, 1e-9)),
        ag.relu(ag.linear(x, w)),  # the result tells nothing of it where it is 0
        ag.linear(x, w, np.array([0.0, 0.0, 0.0, 1.0]))[:, [0, 1, 2, 2]],
        ag.linear(x, w, np.array([0.0, 0.0, 0.0, 1.0]))[:, :3],  # a view that loses the last
    ):
        with pytest.raises(
            ag.GradientError, match=r"linear: the numbers of argument bias were not kept.*(?s:.*)record"
        ):
            ag.scalar.expand(missing, (missing.shape[0] - 1, 2), None)


def test_a_number_that_nobody_kept_is_missed_by_name() -> None:
    y = tensor(3) + 3.0
    with pytest.raises(ag.GradientError, match=r"expand: add: the numbers of argument b .*(?s:.*)with ag\.record\(\)"):
        ag.scalar.expand(y, 0)
    z = ag.exp(tensor(3) * 2.0)
    z.sum().backward()
    with pytest.raises(ag.GradientError, match=r"expand: multiply: the numbers of argument b"):
        ag.scalar.expand(z, 0, None)


def test_a_leaf_that_is_gone() -> None:
    y = -tensor(3)
    gc.collect()
    with pytest.raises(ag.GradientError, match="leaf Tensor of shape"):
        ag.scalar.expand(y, 0)
    with ag.record():
        y = -tensor(3)
    assert ag.scalar.expand(y, 0).data == y.array[0]


def test_numbers_that_were_written_over_are_not_used() -> None:
    w = tensor(3)
    with ag.record():
        y = ag.exp(w) * 2.0
    with ag.no_grad():
        w -= 0.1
    with pytest.raises(ag.GradientError, match="written in place after the op was recorded"):
        ag.scalar.expand(y, 0, None)
    assert ag.scalar.expand(y, 0, 1).data == y.array[0]  # exp(w) is as it was
    with ag.record():
        z = ag.exp(w) * 2.0
    assert ag.scalar.expand(z, 0, None).data == z.array[0]


def test_an_index_that_was_written_over_is_not_used() -> None:
    x, places = tensor(3), ag.tensor([2, 1])
    with ag.record():
        y = x[places] * 2.0
    assert ag.scalar.expand(y, 0, None).data == y.array[0]
    places[0] = 0
    with pytest.raises(ag.GradientError, match="getitem.* its argument index, .*written in place"):
        ag.scalar.expand(y, 0, None)


def test_writes_that_the_graph_knows_of() -> None:
    def function(x: Any) -> Any:
        y = x * 2.0
        y[0] = x[1] * 3.0
        y += 1.0
        return y * y

    for index in range(3):
        x = tensor(3)
        with ag.record():
            z = function(x)
        assert_agrees(z, (index,), ag.scalar.expand(z, index, None, names={"x": x}), {"x": x})


def test_the_recorder_keeps_operands_of_tensors_only_as_long_as_the_graph() -> None:
    x = tensor(3)
    with ag.record():
        y = x + 3.0
    assert y.node.operands[1] == 3.0
    assert y.node.operands[0] is x.array
    assert not hasattr((x + 3.0).node, "operands")


def test_through_a_checkpoint() -> None:
    agree(lambda x: ag.checkpoint(lambda x: ag.sin(x) * x + 1.0, x).sum(), x=tensor(3))


def test_a_chain_of_any_length() -> None:
    y = x = tensor(2)
    with ag.record():
        for _ in range(3000):
            y = y + 0.001
    assert len(nodes_of(ag.scalar.expand(y, 0, None))) == 3001
    z = x
    for _ in range(3000):
        z = -z  # nothing is saved: each is evaluated again, from the leaf on
    assert ag.scalar.expand(z, 0, 1).inputs[0].data == -x.array[0]


# ------------------------------------------------------------------------------------------------------------ errors


def test_what_is_not_a_recorded_real_tensor() -> None:
    with pytest.raises(ag.DtypeError, match="tensor is a ndarray"):
        ag.scalar.expand(np.ones(3), 0)
    with pytest.raises(ag.DtypeError, match="tensor is a Value"):
        ag.scalar.expand(ag.scalar.Value(1.0), ())
    with pytest.raises(ag.DtypeError, match="tensor is int64"):
        ag.scalar.expand(ag.tensor([1, 2]), 0)
    with pytest.raises(ag.DtypeError, match="tensor is complex128"):
        ag.scalar.expand(tensor(3) * 1j, 0)
    with pytest.raises(ag.DtypeError, match=r"expand: real: argument x is complex128.*With depth=1 its output stays"):
        ag.scalar.expand(ag.real(tensor(3) * 1j) * 2.0, 0, None)
    with pytest.raises(ag.GradientError, match="nothing was recorded"):
        ag.scalar.expand(ag.tensor([1.0]) * 2.0, 0)
    with pytest.raises(ag.DtypeError, match="names is a int"):
        ag.scalar.expand(tensor(2) * 2.0, 0, names=3)
    with pytest.raises(ag.DtypeError, match="names: 'w' stands for a ndarray"):
        ag.scalar.expand(tensor(2) * 2.0, 0, names={"w": np.ones(2)})


def test_indices_that_do_not_fit() -> None:
    x = tensor(2, 3)
    y = ag.exp(x)
    with pytest.raises(ag.ShapeError, match=r"index 1 has 1 number\(s\), but the tensor is \(2, 3\)"):
        ag.scalar.expand(y, 1)
    with pytest.raises(ag.ShapeError, match=r"takes 0, that is \(\)"):
        ag.scalar.expand(y.sum(), 0)
    with pytest.raises(ag.RangeError, match=r"index -4 is out of range for axis 1 of the tensor \(2, 3\)"):
        ag.scalar.expand(y, (0, -4))
    with pytest.raises(ag.DtypeError, match="must be integers"):
        ag.scalar.expand(y, (0, 1.5))  # type: ignore[arg-type]
    assert ag.scalar.expand(y, (-1, -3)).label == "exp[1, 0]"
    depths: list[Any] = [-1, 1.5, True]
    for depth in depths:
        with pytest.raises(ag.ArgumentError, match="depth must be"):
            ag.scalar.expand(y, (0, 0), depth)
        with pytest.raises(ag.ArgumentError, match="limit must be"):
            ag.scalar.expand(y, (0, 0), limit=depth)


def test_too_many_values() -> None:
    x = tensor(20, 20)
    with ag.record():
        y = ((x @ x) @ x).sum()
    with pytest.raises(ag.ArgumentError, match=r"would make [\d,]+ Values or more; the limit is 1,000.*\n.*depth=1"):
        ag.scalar.expand(y, (), None, limit=1000)
    assert len(nodes_of(ag.scalar.expand(y, (), 1, limit=1000))) == 799
    with pytest.raises(ag.ArgumentError, match="fewer terms"):
        ag.scalar.expand(y, (), 1, limit=798)


def test_an_op_without_a_formula_says_which_depth_leaves_it_closed() -> None:
    x = tensor(3, 3)
    with ag.record():
        y = ag.linalg.eigvalsh(x + x.T) * 2.0
    with pytest.raises(ag.ArgumentError, match=r"expand: eigh has no scalar definition. With depth=1 its output"):
        ag.scalar.expand(y, 0, None)
    assert ag.scalar.expand(y, 0, 1).data == y.array[0]


# ------------------------------------------------------------------------------------------------ random compositions

STEPS: list[Any] = [
    lambda x, y: x + y,
    lambda x, y: x * y,
    lambda x, y: x - ag.tanh(y),
    lambda x, y: ag.maximum(x, y),
    lambda x, y: ag.softmax(x, axis=-1) * y,
    lambda x, y: ag.concat([x, x * 2.0], axis=0)[: x.shape[0]],
    lambda x, y: x - x.mean(axis=0, keepdims=True),
    lambda x, y: x.max(axis=-1, keepdims=True) * x,
    lambda x, y: ag.cumsum(x, axis=0),
    lambda x, y: x @ ag.ones((x.shape[1], x.shape[1]), dtype="float64") * 0.3,
    lambda x, y: x @ x.T @ x * 0.1,
    lambda x, y: ag.flip(x, axis=0) + 0.5,
    lambda x, y: ag.roll(x, 1, axis=1) / (1.0 + y * y),
    lambda x, y: ag.where(x.array > 0, x, 0.1 * x),
    lambda x, y: x.T.reshape(x.shape),
    lambda x, y: x - ag.logsumexp(x, axis=-1, keepdims=True),
]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_random_compositions(data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
    small = (data.draw(st.sampled_from([1, rows])), data.draw(st.sampled_from([1, columns])))
    x, y = tensor(rows, columns, seed=data.draw(st.integers(0, 9))), tensor(*small, seed=11)
    steps = data.draw(st.lists(st.sampled_from(STEPS), min_size=2, max_size=5))
    with ag.record():
        z = x
        stages = []
        for step in steps:
            z = step(z, y)
            stages.append(z)
    index = tuple(data.draw(st.integers(-n, n - 1)) for n in z.shape)
    named = {"x": x, "y": y}
    assert_agrees(z, index, ag.scalar.expand(z, index, None, names=named), named, rtol=1e-7, atol=1e-10)

    depth = data.draw(st.integers(0, 8))
    assert_agrees_by_the_chain_rule(z, index, depth, list(named.values()))


def assert_agrees_by_the_chain_rule(z: Any, index: tuple[int, ...], depth: int, wanted: list[Any]) -> None:
    """The leaves at a depth stand for elements of the graph: their gradients, walked on from there, give those of z."""
    nodes: dict[str, Any] = {}
    waiting = [z.node]
    while waiting:
        node = waiting.pop()
        if f"n{node.seq}" not in nodes:
            nodes[f"n{node.seq}"] = node
            waiting += [source for source in node.inputs if source is not None]
    stand_ins = {name: bound(np.zeros(0), node) for name, node in nodes.items()}
    value = ag.scalar.expand(z, index, depth, names=stand_ins)
    np.testing.assert_allclose(value.data, z.array[index], rtol=1e-9, atol=1e-11)
    value.backward()
    cotangents: dict[str, Any] = {}
    for label, leaf in leaves_of(value).items():
        name, _, place = label.partition("[")
        if name in nodes:
            g = cotangents.setdefault(name, np.zeros(nodes[name].shape))
            g[tuple(map(int, place[:-1].split(", ")))] = leaf.grad
    found = walk([(nodes[name], g) for name, g in cotangents.items()], retain_graph=True, create_graph=False)
    unit = np.zeros(z.shape)
    unit[index] = 1.0
    for x, g in zip(
        wanted, ag.gradients(z, wanted, ag.tensor(unit), retain_graph=True, allow_unused=True), strict=True
    ):
        full = np.zeros(x.shape) if g is None else g.array
        np.testing.assert_allclose(found.get(x.node, np.zeros(x.shape)), full, rtol=1e-7, atol=1e-10)
