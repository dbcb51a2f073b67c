"""Scalar graphs lifted to programs of tensor ops: values, derivatives, what is recognised, and what is refused."""

from __future__ import annotations

import copy
import pickle
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.lifting import layout
from autograd.scalar import Value, vectorize

# ------------------------------------------------------------------------------------------------- random graphs

UNARY = {
    "neg": lambda a: -a,
    "exp": lambda a: ag.exp(ag.tanh(a)),
    "log": lambda a: ag.log(a * a + 0.5),
    "tanh": ag.tanh,
    "relu": ag.relu,
    "sigmoid": lambda a: a.sigmoid(),
    "sin": ag.sin,
    "cos": ag.cos,
    "square": lambda a: a**2.0,
    "cube": lambda a: ag.tanh(a) ** 3.0,
}
BINARY = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / (b * b + 1.0),
    "**": lambda a, b: (a * a + 0.5) ** ag.tanh(b),
    "max": ag.maximum,
    "left": lambda a, b: ag.where(True, a, b),
    "right": lambda a, b: ag.where(False, a, b),
}
CONSTANT = {
    "c+": lambda a, c: c + a,
    "c-": lambda a, c: c - a,
    "-c": lambda a, c: a - c,
    "c*": lambda a, c: c * a,
    "c/": lambda a, c: c / (a * a + 1.0),
    "/c": lambda a, c: a / c,
}
index = st.integers(0, 10**6)
instruction = st.one_of(
    st.tuples(st.sampled_from(sorted(UNARY)), index, st.none()),
    st.tuples(st.sampled_from(sorted(BINARY)), index, index),
    st.tuples(st.sampled_from(sorted(CONSTANT)), index, st.sampled_from([0.5, 1.5, -1.25, 2.0])),
    # layers, whole or with holes, and long sums: what a program makes matrix products and reductions of
    st.tuples(st.just("layer"), index, index),
    st.tuples(st.just("sum"), index, index),
    st.tuples(st.just("dot"), index, index),
)


def layer(pool, a, b):
    rng = random.Random(a * 1000003 + b)
    width = rng.randint(1, 5)
    rows = [[rng.choice(pool) for _ in range(width)] for _ in range(rng.randint(1, 5))]
    weights = [[rng.choice(pool) for _ in range(width + 1)] for _ in range(rng.randint(1, 5))]
    squash = rng.choice([ag.tanh, ag.sin])
    return [
        squash(sum((w * x for w, x in zip(ws, row, strict=False)), ws[-1]))
        for row in rows
        for ws in weights
        if rng.random() < 0.9
    ]


def evaluated(instructions, leaves):
    """The numbers that a drawn program makes of its leaves, be they Values or Tensors."""
    pool = list(leaves)
    for name, i, j in instructions:
        a = pool[i % len(pool)]
        if name in UNARY:
            y = UNARY[name](a)
        elif name in CONSTANT:
            y = CONSTANT[name](a, j)
        elif name in BINARY:
            y = BINARY[name](a, pool[j % len(pool)])
        elif name == "layer":
            pool += layer(pool, i, j)
            continue
        else:
            rng = random.Random(i * 1000003 + j)
            some = [rng.choice(pool) for _ in range(rng.randint(2, 9))]
            others = [rng.choice(pool) for _ in some]
            y = sum(some) if name == "sum" else sum(u * v for u, v in zip(some, others, strict=True)) - some[0]
        value = y.data if isinstance(y, Value) else y.item()
        pool.append(ag.tanh(y) if abs(value) > 8 else y)  # keep numbers, and slopes, of moderate size
    return pool


graphs = st.tuples(
    st.lists(st.floats(0.5, 2.0), min_size=1, max_size=6),
    st.lists(instruction, min_size=1, max_size=25),
    st.lists(index, min_size=1, max_size=4),
)


def roots_of(pool, places):
    return [pool[-1 - place % min(len(pool), 12)] for place in places]


@settings(max_examples=120, deadline=None)
@given(graphs)
def test_a_lifted_graph_has_the_values_and_the_gradients_of_the_graph(graph):
    numbers, instructions, places = graph
    leaves = [Value(x) for x in numbers]
    roots = roots_of(evaluated(instructions, leaves), places)
    program = vectorize(roots, leaves)
    p = ag.tensor(numbers, dtype="float64", requires_grad=True)
    y = program(p)
    np.testing.assert_allclose(y.array, [root.data for root in roots], rtol=1e-9, atol=1e-9)
    if y.node is None:  # no root depends on a leaf: where(...) may drop them all
        return
    weights = np.linspace(-1.0, 1.5, len(roots))
    (y * weights).sum().backward()
    tensors = [ag.tensor(x, dtype="float64", requires_grad=True) for x in numbers]
    total = sum(r * w for r, w in zip(roots_of(evaluated(instructions, tensors), places), weights, strict=True))
    wanted = ag.gradients(total, tensors, allow_unused=True)
    np.testing.assert_allclose(p.grad.array, [0.0 if g is None else g.item() for g in wanted], rtol=1e-7, atol=1e-7)


@settings(max_examples=60, deadline=None)
@given(graphs)
def test_a_lifted_graph_has_the_second_derivatives_of_the_graph(graph):
    numbers, instructions, places = graph
    leaves = [Value(x) for x in numbers]
    program = vectorize(roots_of(evaluated(instructions, leaves), places), leaves)
    p = ag.tensor(numbers, dtype="float64", requires_grad=True)
    tensors = [ag.tensor(x, dtype="float64", requires_grad=True) for x in numbers]
    plain = sum(roots_of(evaluated(instructions, tensors), places))
    direction = np.cos(np.arange(1.0, len(numbers) + 1))
    first = ag.gradients(plain, tensors, create_graph=True, allow_unused=True)
    along = sum(g * c for g, c in zip(first, direction, strict=True) if g is not None)
    lifted = program(p).sum()
    if lifted.node is None or isinstance(along, int) or along.node is None:
        return
    wanted = [0.0 if g is None else g.item() for g in ag.gradients(along, tensors, allow_unused=True)]
    (gradient,) = ag.gradients(lifted, [p], create_graph=True)
    (second,) = ag.gradients((gradient * direction).sum(), [p], allow_unused=True)
    second = np.zeros(len(numbers)) if second is None else second.array
    np.testing.assert_allclose(second, wanted, rtol=1e-6, atol=1e-6)


# ------------------------------------------------------------------------------------------- what is recognised


def values(array):
    """An array as nested lists of leaves."""
    return [values(row) for row in array] if np.ndim(array) else Value(float(array))


def numbers(nested):
    return [numbers(v) for v in nested] if isinstance(nested, list) else nested.data


def flat(nested):
    return [x for row in nested for x in flat(row)] if isinstance(nested, list) else [nested]


def random_array(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def dot(xs, ys, start=0):
    return sum((x * y for x, y in zip(xs, ys, strict=True)), start)


def matmuls(program):
    return [(*step.shapes, *step.output_shapes) for step in program.steps if step.op == "matmul"]


def check(program, roots, *arguments):
    """The value at the numbers that the leaves have, and the gradients by each of them, are the graph's."""
    tensors = [ag.tensor(numbers(a), dtype="float64", requires_grad=True) for a in arguments]
    y = program(*tensors)
    np.testing.assert_allclose(y.array, numbers(roots), rtol=1e-11, atol=1e-11)
    total = sum(r * float(np.cos(i)) for i, r in enumerate(flat(roots)))
    for leaf in flat(list(arguments)):
        leaf.grad = 0.0
    total.backward()
    y.backward(ag.tensor(np.cos(np.arange(y.size)).reshape(y.shape)))
    for tensor, argument in zip(tensors, arguments, strict=True):
        wanted = np.array([leaf.grad for leaf in flat(argument)]).reshape(tensor.shape)
        got = np.zeros(tensor.shape) if tensor.grad is None else tensor.grad.array
        np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-10)


class Neuron:
    def __init__(self, inputs, rng, nonlinear=True):
        self.w = [Value(rng.uniform(-1, 1)) for _ in range(inputs)]
        self.b = Value(0.0)
        self.nonlinear = nonlinear

    def __call__(self, xs):
        y = dot(self.w, xs, self.b)
        return y.relu() if self.nonlinear else y


class MLP:
    def __init__(self, inputs, sizes, seed=1337):
        rng = random.Random(seed)
        self.layers = []
        for depth, size in enumerate(sizes):
            self.layers.append([Neuron(inputs, rng, depth != len(sizes) - 1) for _ in range(size)])
            inputs = size

    def __call__(self, xs):
        for neurons in self.layers:
            xs = [neuron(xs) for neuron in neurons]
        return xs[0] if len(xs) == 1 else xs

    def parameters(self):
        return [p for neurons in self.layers for neuron in neurons for p in (*neuron.w, neuron.b)]


def moons_loss(model, xs, labels):
    scores = [model(row) for row in xs]
    losses = [(1 + -label * score).relu() for label, score in zip(labels, scores, strict=True)]
    return sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())


@pytest.mark.parametrize("bound", ["values", "numbers", "leaves that keep their numbers"])
def test_a_network_lifts_to_one_matrix_product_for_each_layer(bound):
    data = random_array(100, 2)
    labels = np.sign(data[:, 0] * data[:, 1]).tolist()
    model = MLP(2, [16, 16, 1])
    xs = data.tolist() if bound == "numbers" else values(data)
    loss = moons_loss(model, xs, labels)
    arguments = [model.parameters(), xs] if bound == "values" else [model.parameters()]
    program = vectorize(loss, *arguments)
    assert program.values > 60_000
    assert len(program) < 40
    shapes = matmuls(program)
    assert shapes == [
        ((100, 2), (2, 16), (100, 16)),
        ((100, 16), (16, 16), (100, 16)),
        ((100, 16), (16, 1), (100, 1)),
    ]
    assert [step.output_shapes for step in program.steps if step.op == "relu"] == [((100, 16),)] * 2 + [((100, 1),)]
    check(program, loss, *arguments)
    assert "matmul (100, 16) @ (16, 16) -> (100, 16)" in str(program)
    assert str(program).startswith(f"{program.values:,} values -> {len(program)} tensor ops\n")


def test_a_layer_is_taken_by_the_next_as_it_lies():
    xs = values(random_array(10, 3))
    model = MLP(3, [7, 5, 4])
    roots = [model(row) for row in xs]
    program = vectorize(roots, model.parameters(), xs)
    assert len(matmuls(program)) == 3
    gathers = [step for step in program.steps if step.op == "getitem"]
    assert len(gathers) == 1, "all weights are taken at once, and nothing else is moved"
    check(program, roots, model.parameters(), xs)


def shuffled(terms, rng):
    rng.shuffle(terms)
    return terms


def test_points_that_are_equal_are_rows_of_their_own():
    xs = [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    w, b = values(random_array(3, 2)), values(random_array(3, seed=1))
    roots = [[dot(ws, row, bias).tanh() for ws, bias in zip(w, b, strict=True)] for row in xs]
    program = vectorize(roots, w, b)
    assert matmuls(program) == [((5, 2), (2, 3), (5, 3))]
    assert [step.op for step in program.steps] == ["permute_dims", "matmul", "add", "tanh"]
    check(program, roots, w, b)


@pytest.mark.parametrize("variant", ["bias first", "bias last", "shuffled", "turned", "subtracted", "left to right"])
def test_a_layer_is_recognised_however_it_is_written(variant):
    rng = random.Random(3)
    x, w, b = values(random_array(6, 5)), values(random_array(4, 5, seed=1)), values(random_array(4, seed=2))

    def neuron(xs, ws, bias):
        if variant == "bias last":
            return dot(ws, xs) + bias
        if variant == "shuffled":
            return sum(shuffled([p * q for p, q in zip(ws, xs, strict=True)] + [bias], rng))
        if variant == "turned":
            return sum(p * q if rng.random() < 0.5 else q * p for p, q in zip(ws, xs, strict=True)) + bias
        if variant == "subtracted":
            y = bias
            for p, q in zip(ws, xs, strict=True):
                y = y - p * q
            return y
        if variant == "left to right":
            return (ws[0] * xs[0] + ws[1] * xs[1]) + ((ws[2] * xs[2] + ws[3] * xs[3]) + (ws[4] * xs[4] + bias))
        return dot(ws, xs, bias)

    roots = [[neuron(xs, ws, bias) for ws, bias in zip(w, b, strict=True)] for xs in x]
    program = vectorize(roots, x, w, b)
    assert [shapes[-1] for shapes in matmuls(program)] == [(6, 4)]
    assert len(program) <= 5
    check(program, roots, x, w, b)


def test_weights_that_two_layers_share_are_one_argument():
    x, w = values(random_array(8, 4)), values(random_array(4, 4, seed=1))
    hidden = [[dot(ws, xs).tanh() for ws in w] for xs in x]
    roots = [[dot(ws, xs).tanh() for ws in w] for xs in hidden]
    program = vectorize(roots, x, w)
    assert [shapes[-1] for shapes in matmuls(program)] == [(8, 4)] * 2
    check(program, roots, x, w)


def test_missing_terms_leave_matrix_products_of_what_is_there():
    x, w = values(random_array(9, 6)), values(random_array(5, 6, seed=1))
    roots = [[dot(ws[: 6 - k % 2], xs[: 6 - k % 2]) for k, ws in enumerate(w)] for xs in x]
    program = vectorize(roots, x, w)
    assert sorted(shapes[-1] for shapes in matmuls(program)) == [(9, 2), (9, 3)]
    check(program, roots, x, w)


def test_attention_is_three_projections_and_two_products():
    x = values(random_array(7, 4))
    w = values(random_array(3, 4, 4, seed=1))
    q, k, v = ([[dot(ws, xs) for ws in m] for xs in x] for m in w)
    roots = []
    for i in range(7):
        weights = [(dot(q[i], k[j]) / 2.0).exp() for j in range(7)]
        total = sum(weights)
        shares = [a / total for a in weights]
        roots.append([dot(shares, [v[j][c] for j in range(7)]) for c in range(4)])
    program = vectorize(roots, x, w)
    assert [shapes[-1] for shapes in matmuls(program)] == [(7, 12), (7, 7), (7, 4)]
    assert len(program) < 20
    check(program, roots, x, w)


def test_causal_attention_is_part_of_a_product():
    q, k = values(random_array(8, 5)), values(random_array(8, 5, seed=1))
    roots = [dot(q[i], k[j]).exp() for i in range(8) for j in range(i + 1)]
    program = vectorize(roots, q, k)
    assert [shapes[-1] for shapes in matmuls(program)] == [(8, 8)]
    check(program, roots, q, k)


def test_several_heads_are_a_stack_of_products():
    q, k = values(random_array(5, 6, 3)), values(random_array(5, 6, 3, seed=1))
    roots = [[[dot(a, b) for b in ks] for a in qs] for qs, ks in zip(q, k, strict=True)]
    program = vectorize(roots, q, k)
    assert [shapes[-1] for shapes in matmuls(program)] == [(5, 6, 6)]
    check(program, roots, q, k)


def test_a_convolution_is_a_product_of_patches_and_kernels():
    image, kernels = values(random_array(6, 6)), values(random_array(4, 3, 3, seed=1))
    roots = [
        [
            [dot(flat(kernel), [image[r + a][c + b] for a in range(3) for b in range(3)]) for c in range(4)]
            for r in range(4)
        ]
        for kernel in kernels
    ]
    program = vectorize(roots, image, kernels)
    assert [shapes[-1] for shapes in matmuls(program)] == [(4, 16)]
    assert len(program) < 8
    check(program, roots, image, kernels)


@pytest.mark.parametrize("count", [2, 4, 30])
def test_products_without_a_grid_are_multiplied_and_summed(count):
    x, y = values(random_array(count, 5)), values(random_array(count, 5, seed=1))
    roots = [dot(a, b) for a, b in zip(x, y, strict=True)]
    program = vectorize(roots, x, y)
    assert [step.op for step in program.steps] == ["multiply", "sum"]
    check(program, roots, x, y)


def test_a_sum_of_squares_and_a_long_dot_product_are_a_few_ops():
    x, y = values(random_array(500)), values(random_array(500, seed=1))
    root = sum(a * a for a in x) + dot(x, y).exp()
    program = vectorize(root, x, y)
    assert len(program) <= 8
    assert matmuls(program) == [((500,), (500,), ())]
    check(program, root, x, y)


def test_numbers_that_are_equal_throughout_become_one_and_others_an_array():
    x = values(random_array(20) ** 2 + 0.5)
    same, differing = vectorize([a**3.0 / 2.0 for a in x], x), vectorize([a ** float(i) for i, a in enumerate(x)], x)
    assert [step.inputs[1] for step in same.steps] == [3.0, 2.0]
    assert [step.inputs for step in differing.steps] == [("x0", "constant")]
    check(same, [a**3.0 / 2.0 for a in x], x)
    check(differing, [a ** float(i) for i, a in enumerate(x)], x)


def test_static_parameters_keep_ops_apart():
    x = values(random_array(6))
    roots = [ag.nan_to_num(a, nan=1.0) if i % 2 else ag.nan_to_num(a, nan=2.0) for i, a in enumerate(x)]
    program = vectorize(roots, x)
    assert program([np.nan, np.nan, 3.0, 4.0, np.nan, 5.0]).tolist() == [2.0, 1.0, 3.0, 4.0, 2.0, 5.0]


def test_rows_that_are_a_rectangle_of_a_matrix_are_sliced():
    x, w = values(random_array(6, 5)), values(random_array(4, 3, seed=1))
    roots = [[dot(ws, xs[1:4]) for ws in w] for xs in x[2:]]
    program = vectorize(roots, x, w)
    (step,) = (step for step in program.steps if step.op == "getitem")
    assert step.params["index"] == (slice(2, 6), slice(1, 4))
    check(program, roots, x, w)


def test_what_is_computed_from_a_rectangle_of_a_matrix_is_sliced():
    x, w = values(random_array(5, 4)), values(random_array(4, 4, seed=1))
    grid = [[dot(ws, xs) for ws in w] for xs in x]
    roots = flat([[a.sin() for a in row] for row in grid] + [[a.tanh() for a in row[1:3]] for row in grid[2:]])
    program = vectorize(roots, x, w)
    assert (slice(2, 5), slice(1, 3)) in [step.params.get("index") for step in program.steps]
    check(program, roots, x, w)


def test_rows_of_two_arrays_side_by_side_are_joined_as_they_lie():
    x, h, w = values(random_array(5, 3)), values(random_array(5, 4, seed=1)), values(random_array(6, 7, seed=2))
    roots = [[dot(ws, a + b) for ws in w] for a, b in zip(x, h, strict=True)]
    program = vectorize(roots, x, h, w)
    assert [step.op for step in program.steps] == ["concat", "permute_dims", "matmul"]
    check(program, roots, x, h, w)


def test_operands_from_very_many_places_are_collected_for_one_op():
    x = values([0.5])
    chain = [x[0].sin()]
    for _ in range(20):
        chain.append(chain[-1].sin())
    roots = [a.max(chain[-1]) for a in chain[:-1]]
    program = vectorize(roots, x)
    assert [step.output_shapes for step in program.steps if step.op == "maximum"] == [((20,),)]
    check(program, roots, x)


def test_very_many_small_products_of_different_sizes_are_one_multiplication():
    blocks = [(values(random_array(h, 4, seed=h)), values(random_array(2, 4, seed=-h % 99))) for h in range(2, 14)]
    roots = [dot(a, b) for left, right in blocks for a in left for b in right]
    arguments = [argument for block in blocks for argument in block]
    program = vectorize(roots, *arguments)
    assert [step.output_shapes for step in program.steps if step.op in {"multiply", "matmul"}] == [((180, 4),)]
    check(program, roots, *arguments)


def test_rows_whose_hashes_are_equal_are_told_apart(monkeypatch):
    monkeypatch.setattr(layout, "_weights", lambda count: np.zeros(count, dtype=np.int64))
    x, w = values(random_array(4, 5)), values(random_array(3, 5, seed=1))
    roots = [[dot(ws, xs) for ws in w] for xs in x]
    program = vectorize(roots, x, w)
    assert [shapes[-1] for shapes in matmuls(program)] == [(4, 3)]
    check(program, roots, x, w)


# ------------------------------------------------------------------------------------------------- calling it


def small_program():
    x, w = values(random_array(4, 3)), values(random_array(2, 3, seed=1))
    roots = [[dot(ws, xs).tanh() for ws in w] for xs in x]
    return vectorize(roots, w, x), w, x


def formula(w, x):
    return ag.tanh(ag.matmul(x, w.mT))


def test_other_arguments_give_other_values():
    program, _, _ = small_program()
    w, x = random_array(2, 3, seed=5), random_array(4, 3, seed=6)
    wanted = np.tanh(x @ w.T)
    for arguments in [(w, x), (ag.tensor(w), ag.tensor(x)), (w.tolist(), x.tolist())]:
        y = program(*arguments)
        assert isinstance(y, ag.Tensor)
        assert y.dtype == np.float64
        np.testing.assert_allclose(y.array, wanted, rtol=1e-13)
    assert program(ag.tensor(w.astype("float32")), ag.tensor(np.ones((4, 3), "int64"))).dtype == np.float64


def test_without_arguments_it_takes_the_numbers_that_the_leaves_have():
    program, w, x = small_program()
    before = program().array
    np.testing.assert_allclose(before, np.tanh(np.array(numbers(x)) @ np.array(numbers(w)).T), rtol=1e-13)
    w[0][0].data = 3.0
    np.testing.assert_allclose(program().array, np.tanh(np.array(numbers(x)) @ np.array(numbers(w)).T), rtol=1e-13)
    assert abs(program().array - before)[:, 0].min() > 1e-3


def test_leaves_that_are_in_no_argument_keep_their_numbers():
    a, b = Value(2.0), Value(3.0)
    program = vectorize(a * b, a)
    b.data = 100.0
    assert program(5.0).item() == 15.0
    assert program.shapes == ((),)


def test_without_groups_the_argument_is_all_leaves_in_order():
    a, b = Value(2.0), Value(3.0)
    program = vectorize(b / a)
    assert [leaf is v for leaf, v in zip(program.leaves, (a, b), strict=True)] == [True, True]
    assert program([4.0, 1.0]).item() == 0.25


def test_transforms_take_a_program_as_a_function():
    program, w, x = small_program()
    w, x = ag.tensor(numbers(w), dtype="float64"), ag.tensor(numbers(x), dtype="float64")
    t = ag.tensor(random_array(2, 3, seed=7))

    def lifted(w):
        return (program(w, x) ** 2).sum()

    def plain(w):
        return (formula(w, x) ** 2).sum()

    close = {"rtol": 1e-10, "atol": 1e-12}
    np.testing.assert_allclose(ag.grad(lifted)(w).array, ag.grad(plain)(w).array, **close)
    np.testing.assert_allclose(ag.hessian(lifted)(w).array, ag.hessian(plain)(w).array, **close)
    np.testing.assert_allclose(ag.jvp(lifted, (w,), (t,))[1].array, ag.jvp(plain, (w,), (t,))[1].array, **close)
    many = ag.tensor(random_array(5, 2, 3, seed=8))
    np.testing.assert_allclose(ag.vmap(lifted)(many).array, ag.vmap(plain)(many).array, **close)
    np.testing.assert_allclose(ag.vmap(ag.grad(lifted))(many).array, ag.vmap(ag.grad(plain))(many).array, **close)
    jacobian = ag.jacobian(program)(w, x)
    np.testing.assert_allclose(jacobian.array, ag.jacobian(formula)(w, x).array, **close)


def test_transforms_pass_through_what_is_fetched_from_many_places():
    leaves = values(np.linspace(0.5, 1.5, 9))
    root = leaves[0]
    for a, b in zip(leaves[1:], leaves[::-1], strict=False):
        root = (root * a).tanh() + b
    program = vectorize(root, leaves)
    assert "split" in [step.op for step in program.steps]
    p = ag.tensor(numbers(leaves), dtype="float64")
    tensors = np.linspace(0.5, 1.5, 9)

    def plain(p):
        y = p[0]
        for i in range(1, 9):
            y = (y * p[i]).tanh() + p[9 - i]
        return y

    np.testing.assert_allclose(ag.hessian(program)(p).array, ag.hessian(plain)(p).array, rtol=1e-9, atol=1e-12)
    batch = ag.tensor(np.stack([tensors, tensors + 0.1]))
    np.testing.assert_allclose(ag.vmap(program)(batch).array, [plain(row).item() for row in batch], rtol=1e-12)
    np.testing.assert_allclose(ag.jvp(program, (p,), (p,))[1].array, ag.jvp(plain, (p,), (p,))[1].array, rtol=1e-10)


def test_an_argument_that_the_root_does_not_depend_on_has_gradient_zero():
    a, b, c = Value(2.0), Value(3.0), Value(4.0)
    program = vectorize(a * a, [a, b], [c])
    p, q = (ag.tensor(x, dtype="float64", requires_grad=True) for x in ([2.0, 3.0], [4.0]))
    gp, gq = ag.gradients(program(p, q), [p, q], allow_unused=True)
    assert gp.tolist() == [4.0, 0.0]
    assert gq is None


def test_roots_may_be_leaves_constants_and_repeated():
    a, b = Value(2.0), Value(3.0)
    y = a * 2.0
    program = vectorize([[a, y], [y, b]], [a])
    assert program([5.0]).tolist() == [[5.0, 10.0], [10.0, 3.0]]
    assert vectorize(b * 2.0, a)(1.0).item() == 6.0
    assert vectorize([0.0 - (0.0 - a), a + 0.0], a)(7.0).tolist() == [7.0, 7.0]


def test_graphs_of_programs_can_be_recorded():
    program, w, x = small_program()
    with ag.record() as tape:
        program(ag.tensor(numbers(w), dtype="float64", requires_grad=True), numbers(x))
    assert [op.op for op in tape.recording.ops] == [step.op for step in program.steps]


def test_what_a_program_gives_is_no_memory_of_its_own_or_of_its_arguments():
    a, b, c = Value(1.0), Value(2.0), Value(3.0)
    program = vectorize([b * 2.0, c], a)
    y = program(1.0)
    with ag.no_grad():
        y += 1.0
    assert program(1.0).tolist() == [4.0, 3.0]
    numbers = np.array([5.0, 6.0])
    y = vectorize([a, b], [a, b])(numbers)
    numbers[0] = 0.0
    assert y.tolist() == [5.0, 6.0]


def test_programs_can_be_pickled_and_copied():
    program, w, x = small_program()
    wanted = program(numbers(w), numbers(x)).array
    for again in (pickle.loads(pickle.dumps(program)), copy.deepcopy(program)):
        w, x = (ag.tensor(random_array(*shape), dtype="float64", requires_grad=True) for shape in program.shapes)
        np.testing.assert_array_equal(again(w, x).array, program(w, x).array)
        np.testing.assert_array_equal(again().array, wanted)
        assert again.steps == program.steps
        again(w, x).sum().backward()
        assert w.grad is not None


@pytest.mark.parametrize("name", ["cube of the tests", "square"])
def test_an_elementwise_op_of_ones_own_is_lifted_as_it_is_whatever_its_name(name):
    cube = ag.custom_op(lambda x: x**3, vjp=[lambda g, x: 3 * g * x**2], name=name, kind="elementwise")
    x = values(random_array(4))
    roots = [cube(a) + ag.square(a) for a in x]
    program = vectorize(roots, x)
    check(program, roots, x)
    (copied,) = pickle.loads(pickle.dumps(vectorize(ag.square(x[0]), x[0]))).steps
    assert copied.op == "square"


@pytest.mark.parametrize("both", [False, True])
def test_what_was_fetched_is_fetched_from_often(both):
    x = values(random_array(12))
    copies = [0.0 + a for a in x[2:9]]
    root = Value(0.3)
    for a in copies:
        root = (root * a).tanh() + a
    for a in x if both else []:
        root = (root * a).sin()
    root = root + sum(a * a for a in copies) + sum(x)
    check(vectorize(root, x), root, x)


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_zeros_keep_their_signs():
    a = Value(1.0)
    assert vectorize([a / 0.0, a / -0.0], a)(1.0).tolist() == [np.inf, -np.inf]
    assert vectorize([a / 0.0, a.sin() / -0.0], a)(1.0).tolist() == [np.inf, -np.inf]


def test_roots_may_be_nested_deeply():
    x = values(random_array(2, 3))
    roots = [[[x[j][i] * x[j][i] for j in (0, 1)]] for i in (2, 0, 1)]
    for _ in range(20):  # NumPy has at most 64 axes; a search through their orders would not end
        roots = [roots]
    program = vectorize(roots, x)
    assert len(program) <= 4
    check(program, roots, x)


def test_a_layer_that_is_asked_for_turned_is_turned_and_not_fetched():
    x, w = values(random_array(4, 3)), values(random_array(2, 3, seed=1))
    roots = [[[dot(ws, xs)] for xs in x] for ws in w]
    program = vectorize(roots, x, w)
    assert not {"getitem", "split"} & {step.op for step in program.steps}
    check(program, roots, x, w)


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_numbers_that_terms_are_subtracted_from_come_first():
    x = values(np.zeros(3))
    roots = [1.0 / (0.0 - a) for a in x]
    program = vectorize(roots, x)
    assert [step.op for step in program.steps] == ["subtract", "divide"]
    assert program().tolist() == [root.data for root in roots] == [np.inf] * 3
    assert vectorize(roots[0], x[0])().item() == np.inf


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_no_gradient_gets_to_a_branch_that_was_not_taken():
    x = values([0.0, 1.5, 2.0, 0.5, 3.0])
    for count in (1, 2):
        roots = [ag.where(False, dot([a.log() for a in x], x[::-1]), a.tanh()) for a in x[1 : 1 + count]]
        program = vectorize(roots, x)
        assert [step.op for step in program.steps if step.op in {"where", "matmul", "log"}] == []
        check(program, roots, x)


# ---------------------------------------------------------------------------------------------------- large graphs


def test_a_deep_chain_lifts_without_recursion():
    x = Value(0.5)
    y = x
    for _ in range(20_000):
        y = y.sin()
    program = vectorize(y, x)
    assert len(program) == 20_000
    p = ag.tensor(0.5, dtype="float64", requires_grad=True)
    out = program(p)
    out.backward()
    y.backward()
    assert out.item() == pytest.approx(y.data, rel=1e-12)
    assert p.grad.item() == pytest.approx(x.grad, rel=1e-10)
    assert len(str(program)) < 10_000


def chain_of_leaves(count):
    leaves = [Value(1.0 + 1e-3 * i) for i in range(count)]
    y = Value(1.0)
    for leaf in leaves:
        y = (y * leaf).tanh()
    return y, leaves


def work(program):
    """How many numbers the steps of a program read and write, forward: their gradients are as large."""
    return sum(sum(int(np.prod(shape)) for shape in (*step.shapes, *step.output_shapes)) for step in program.steps)


def test_work_grows_as_the_graph_where_each_step_needs_one_leaf():
    small, large = (vectorize(*chain_of_leaves(count)) for count in (500, 5000))
    assert work(large) < 11 * work(small)
    assert work(large) < 20 * 5000
    assert [step.op for step in large.steps].count("split") == 1


def test_work_grows_as_the_graph_of_a_hundred_thousand_nodes():
    def program(count):
        model = MLP(2, [8, 8, 1])
        data = random_array(count, 2)
        return vectorize(moons_loss(model, data.tolist(), np.sign(data[:, 0]).tolist()), model.parameters())

    small, large = program(40), program(400)
    assert large.values > 100_000 / 2
    assert len(large) == len(small)
    assert work(large) < 11 * work(small)


def test_a_running_sum_whose_every_value_is_used_stays_linear():
    def program(count):
        leaves = values(random_array(count))
        total, squares = leaves[0], []
        for leaf in leaves[1:]:
            total = total + leaf
            squares.append(total * total)
        root = sum(squares)
        return vectorize(root, leaves), root, leaves

    small, large = program(300), program(3000)
    assert work(large[0]) < 11 * work(small[0])
    check(*small)


@pytest.mark.parametrize("shape", [(2, 2), (1, 1)])
def test_what_is_one_number_for_all_of_a_group_is_broadcast(shape):
    x, y = values(random_array(*shape)), values(random_array(3, seed=1))
    first, *others = [a.tanh() for a in (x[0][0], *y)]  # of two registers
    roots = [first.sin(), first.sin(), *others]
    program = vectorize(roots, x, y)
    check(program, roots, x, y)


# ---------------------------------------------------------------------------------------------------------- errors


def test_roots_and_arguments_that_are_no_leaves_are_refused():
    a, b = Value(2.0, label="a"), Value(3.0)
    y = a * b
    with pytest.raises(ArgumentError, match=r"the root is or holds 2.0, a float; it must be a Value"):
        vectorize(2.0, a)
    with pytest.raises(ArgumentError, match=r"the root is or holds .*a Tensor"):
        vectorize([y, ag.tensor(1.0)], a)
    with pytest.raises(ArgumentError, match=r"argument 1 is or holds 'b', a str"):
        vectorize(y, a, ["b"])
    with pytest.raises(ArgumentError, match=r"argument 0 holds .*which multiply computed; only leaves"):
        vectorize(y + 1, [y])
    with pytest.raises(ArgumentError, match=r"a: .*is in argument 0 and again in argument 1"):
        vectorize(y, [a, b], a)


def test_ragged_and_empty_nestings_are_refused():
    a, b, c = Value(2.0), Value(3.0), Value(4.0)
    with pytest.raises(ArgumentError, match=r"argument 0 is ragged: at depth 1 there are lists of 1 and lists of 2"):
        vectorize(a * b * c, [[a], [b, c]])
    with pytest.raises(ArgumentError, match=r"the root is ragged: at depth 1 there are single Values and lists of 1"):
        vectorize([a * b, [c * a]], a)
    with pytest.raises(ArgumentError, match="argument 0 holds an empty list"):
        vectorize(a * b, [])


def test_calls_with_the_wrong_arguments_say_what_is_wanted():
    program, w, x = small_program()
    with pytest.raises(ArgumentError, match=r"got 1 arguments, but it was lifted with 2, of shapes \(2, 3\), \(4, 3\)"):
        program(numbers(w))
    with pytest.raises(ShapeError, match=r"argument 1 is \(2, 3\), but the Values that it stands for are \(4, 3\)"):
        program(numbers(w), numbers(w))
    with pytest.raises(DtypeError, match="argument 1 is no array of numbers"):
        program(numbers(w), [[1.0], [2.0, 3.0]])
    with pytest.raises(DtypeError, match="argument 0 is complex128"):
        program(np.ones((2, 3), complex), numbers(x))
    with pytest.raises(DtypeError, match=r"argument 0 holds .*Values.*joined by ag.stack, so that they get gradients"):
        program(w, numbers(x))
    with pytest.raises(DtypeError, match=r"argument 0 holds Tensors or .*joined by ag.stack"):
        program([[ag.tensor(1.0, requires_grad=True)] * 3] * 2, numbers(x))
    with pytest.raises(DtypeError, match="argument 0 holds None, which is no plain number"):
        program(None, numbers(x))
    with pytest.raises(DtypeError, match="argument 0 is <U3"):
        program([["2.0"] * 3] * 2, numbers(x))
