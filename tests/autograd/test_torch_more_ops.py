"""PyTorch as the oracle of the ops that complete the table: values, first and second gradients, real and complex."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd as ag

torch = pytest.importorskip("torch", reason="PyTorch is the oracle of these tests")
F = torch.nn.functional
L, T = ag.linalg, torch.linalg


def parts(y: Any) -> list[Any]:
    return list(y) if isinstance(y, (tuple, list)) else [y]


def plain(u: Any) -> np.ndarray:
    return u.detach().resolve_conj().resolve_neg().numpy()


def close(got: Any, want: Any, like: Any, tolerance: float) -> None:
    zero = np.zeros(tuple(like.shape))
    np.testing.assert_allclose(
        zero if got is None else got.detach().array,
        zero if want is None else plain(want),
        rtol=tolerance,
        atol=tolerance,
    )


def agree(ours: Any, theirs: Any, inputs: list[np.ndarray], second: bool = True) -> None:
    xs = [ag.tensor(a, requires_grad=a.dtype.kind in "fc") for a in inputs]
    ts = [torch.tensor(a, requires_grad=a.dtype.kind in "fc") for a in inputs]
    total, want = ag.tensor(0.0), torch.tensor(0.0)
    rng = np.random.default_rng(1)
    for y, u in zip(parts(ours(*xs)), parts(theirs(*ts)), strict=True):
        np.testing.assert_allclose(y.detach().array, plain(u), rtol=1e-8, atol=1e-9)
        if u.requires_grad:
            w = rng.uniform(0.5, 1.5, u.shape) + (1j * rng.uniform(0.5, 1.5, u.shape) if u.is_complex() else 0)
            total = total + ag.real(y * y * ag.tensor(w)).sum()
            product = u * u * torch.tensor(w)
            want = want + (product.real if u.is_complex() else product).sum()
    x_in, t_in = [x for x in xs if x.requires_grad], [t for t in ts if t.requires_grad]
    first = ag.gradients(total, x_in, create_graph=second, allow_unused=True)
    first_t = torch.autograd.grad(want, t_in, create_graph=second, allow_unused=True)
    for g, h, t in zip(first, first_t, t_in, strict=True):
        close(g, h, t, 1e-8)
    if not second:
        return
    square = sum((ag.abs(g) ** 2).sum() for g in first if g is not None)
    square_t = sum((h.abs() ** 2).sum() for h in first_t if h is not None)
    if square.requires_grad and square_t.requires_grad:
        again = ag.gradients(square, x_in, allow_unused=True)
        for g, h, t in zip(again, torch.autograd.grad(square_t, t_in, allow_unused=True), t_in, strict=True):
            close(g, h, t, 1e-6)


def draw(shape: tuple[int, ...], seed: int, kind: str = "d", low: float = -2.0, high: float = 2.0) -> np.ndarray:
    rng = np.random.default_rng([seed, *shape])
    x = rng.uniform(low, high, shape)
    return x + 1j * rng.uniform(low, high, shape) if kind == "c" else x


places = np.array([[0, 1], [3, 2]])
rows, columns = np.array([0, 2, 0]), np.array([1, 1, 1])
labels, weight = np.array([1, 3, 0]), np.array([0.5, 1.0, 2.0, 0.7])
spot = torch.tensor

REAL: dict[str, tuple[Any, Any, list[tuple[int, ...]]]] = {
    "addmm": (lambda x, a, b: ag.addmm(x, a, b, beta=0.5, alpha=2), lambda x, a, b: torch.addmm(x, a, b, beta=0.5, alpha=2), [(2, 4), (2, 3), (3, 4)]),
    "baddbmm": (lambda x, a, b: ag.baddbmm(x, a, b, beta=0.5), lambda x, a, b: torch.baddbmm(x, a, b, beta=0.5), [(2, 2, 4), (2, 2, 3), (2, 3, 4)]),
    "mm": (ag.mm, torch.mm, [(2, 3), (3, 4)]), "mv": (ag.mv, torch.mv, [(2, 3), (3,)]), "bmm": (ag.bmm, torch.bmm, [(2, 2, 3), (2, 3, 4)]),
    "vander": (lambda x: ag.vander(x, 4, True), lambda x: T.vander(x, N=4), [(3,)]),
    "cartesian_prod": (ag.cartesian_prod, torch.cartesian_prod, [(2,), (3,), (2,)]),
    "combinations": (lambda x: ag.combinations(x, 3), lambda x: torch.combinations(x, 3), [(5,)]),
    "combinations with replacement": (lambda x: ag.combinations(x, 2, True), lambda x: torch.combinations(x, 2, True), [(4,)]),
    "hsplit": (lambda x: ag.hsplit(x, 2), lambda x: torch.hsplit(x, 2), [(2, 4)]), "vsplit": (lambda x: ag.vsplit(x, [1, 3]), lambda x: torch.vsplit(x, [1, 3]), [(4, 2)]),
    "dsplit": (lambda x: ag.dsplit(x, 2), lambda x: torch.dsplit(x, 2), [(2, 2, 4)]),
    "cat": (lambda a, b: ag.cat([a, b], 1), lambda a, b: torch.cat([a, b], 1), [(2, 3), (2, 1)]), "unsqueeze": (lambda x: ag.unsqueeze(x, 1), lambda x: x.unsqueeze(1), [(2, 3)]),
    "repeat_interleave": (lambda x: ag.repeat_interleave(x, 3, 1), lambda x: x.repeat_interleave(3, 1), [(2, 3)]),
    "clamp": (lambda x: ag.clamp(x, min=-0.5, max=0.7), lambda x: x.clamp(-0.5, 0.7), [(3, 4)]),
    "select_scatter": (lambda x, s: ag.select_scatter(x, s, 1, -1), lambda x, s: torch.select_scatter(x, s, 1, -1), [(3, 4), (3,)]),
    "slice_scatter": (lambda x, s: ag.slice_scatter(x, s, 1, 1, None, 2), lambda x, s: torch.slice_scatter(x, s, 1, 1, None, 2), [(3, 4), (3, 2)]),
    "diagonal_scatter": (lambda x, s: ag.diagonal_scatter(x, s, 1), lambda x, s: torch.diagonal_scatter(x, s, 1), [(3, 4), (3,)]),
    "diagonal_scatter below": (lambda x, s: ag.diagonal_scatter(x, s, -1, 2, 0), lambda x, s: torch.diagonal_scatter(x, s, -1, 2, 0), [(3, 2, 4), (2, 3)]),
    "index_put": (lambda x, v: ag.index_put(x, (rows[:2], columns[:2]), v), lambda x, v: x.index_put((spot(rows[:2]), spot(columns[:2])), v), [(3, 4), (2,)]),
    "index_put accumulate": (lambda x, v: ag.index_put(x, (rows, columns), v, True), lambda x, v: x.index_put((spot(rows), spot(columns)), v, True), [(3, 4), (3,)]),
    "index_put rows": (lambda x, v: ag.index_put(x, (rows,), v, True), lambda x, v: x.index_put((spot(rows),), v, True), [(3, 4), (4,)]),
    "gradient": (lambda x: ag.gradient(x), lambda x: torch.gradient(x), [(3, 4)]), "gradient edge 2": (lambda x: ag.gradient(x, 0.5, axis=1, edge_order=2), lambda x: torch.gradient(x, spacing=0.5, dim=1, edge_order=2)[0], [(3, 4)]),
    "softmin": (lambda x: ag.softmin(x, 1), lambda x: F.softmin(x, 1), [(3, 4)]), "log_sigmoid": (ag.log_sigmoid, F.logsigmoid, [(3, 4)]),
    "var_mean": (lambda x: ag.var_mean(x, 1), lambda x: torch.var_mean(x, 1), [(3, 4)]), "std_mean": (lambda x: ag.std_mean(x, 1), lambda x: torch.std_mean(x, 1), [(3, 4)]),
    "aminmax": (lambda x: ag.aminmax(x, 1), lambda x: tuple(torch.aminmax(x, dim=1)), [(3, 4)]),
    "triplet with distance": (
        lambda a, p, n: ag.triplet_margin_with_distance_loss(a, p, n, ag.cosine_similarity, 2.0, True),
        lambda a, p, n: F.triplet_margin_with_distance_loss(a, p, n, distance_function=F.cosine_similarity, margin=2.0, swap=True), [(4, 3)] * 3),
    "instance_norm": (ag.instance_norm, lambda x, w, b: F.instance_norm(x, weight=w, bias=b), [(2, 3, 4, 2), (3,), (3,)]),
    "lp_pool3d": (lambda x: ag.lp_pool3d(x * x + 0.1, 2.0, 2), lambda x: F.lp_pool3d(x * x + 0.1, 2.0, 2), [(1, 2, 4, 4, 2)]),
    "adaptive_avg_pool1d": (lambda x: ag.adaptive_avg_pool1d(x, 3), lambda x: F.adaptive_avg_pool1d(x, 3), [(1, 2, 7)]),
    "adaptive_avg_pool3d": (lambda x: ag.adaptive_avg_pool3d(x, (2, 3, 1)), lambda x: F.adaptive_avg_pool3d(x, (2, 3, 1)), [(1, 2, 3, 4, 2)]),
    "adaptive_max_pool3d": (lambda x: ag.adaptive_max_pool3d(x, (2, 3, 1)), lambda x: F.adaptive_max_pool3d(x, (2, 3, 1)), [(1, 2, 3, 4, 2)]),
    "max_unpool1d": (lambda x: ag.max_unpool1d(x, np.array([[[1, 2], [0, 3]]]), 2), lambda x: F.max_unpool1d(x, spot([[[1, 2], [0, 3]]]), 2), [(1, 2, 2)]),
    "max_unpool3d": (lambda x: ag.max_unpool3d(x, np.array([[[[[0, 3], [9, 30]]]]]), 2), lambda x: F.max_unpool3d(x, spot([[[[[0, 3], [9, 30]]]]]), 2), [(1, 1, 1, 2, 2)]),
    "upsample": (lambda x: ag.upsample(x, scale_factor=2, mode="bilinear"), lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"), [(1, 2, 3, 2)]),
    "cross_entropy": (lambda x: ag.cross_entropy(x, labels, weight, label_smoothing=0.2), lambda x: F.cross_entropy(x, spot(labels), spot(weight), label_smoothing=0.2), [(3, 4)]),
    "nll_loss": (lambda x: ag.nll_loss(x, labels, weight), lambda x: F.nll_loss(x, spot(labels), spot(weight)), [(3, 4)]),
    "einsum": (lambda *xs: ag.einsum("ij,jk,kl,l->i", *xs), lambda *xs: torch.einsum("ij,jk,kl,l->i", *xs), [(2, 3), (3, 4), (4, 2), (2,)]),
    "polar": (lambda r, a: ag.polar(ag.exp(r), a), lambda r, a: torch.polar(torch.exp(r), a), [(2, 3), (2, 3)]), "complex": (ag.complex, torch.complex, [(2, 3), (2, 3)]),
    "view_as_complex": (ag.view_as_complex, torch.view_as_complex, [(3, 2)]),
    "angle": (ag.angle, torch.angle, [(2, 3)]),
    "i0": (ag.i0, torch.i0, [(2, 3)]), "i1": (ag.i1, torch.special.i1, [(2, 3)]),
    "matrix_power": (lambda x: L.matrix_power(x, 3), lambda x: T.matrix_power(x, 3), [(2, 3, 3)]),
    "matrix_power inverse": (lambda x: L.matrix_power(x + 3 * np.eye(3), -2), lambda x: T.matrix_power(x + 3 * torch.eye(3), -2), [(3, 3)]),
    "fftshift": (lambda x: ag.fft.fftshift(x, 1), lambda x: torch.fft.fftshift(x, 1), [(2, 5)]), "ifftshift": (ag.fft.ifftshift, torch.fft.ifftshift, [(2, 5)]),
    "put_along_axis": (lambda x, v: ag.put_along_axis(x, places, v, 0), lambda x, v: x.scatter(0, spot(places), v), [(4, 2), (2, 2)]),
}  # fmt: skip
REAL |= {
    f"norm {order} {axes}": (
        lambda x, o=order, a=axes: L.norm(x, o, a), lambda x, o=order, a=axes: T.norm(x, o, a), [(3, 4)],
    )
    for axes, orders in (((0, 1), (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)), (1, (None, 1, 2, 3, 0.5, np.inf, -np.inf, -1)))
    for order in orders
}  # fmt: skip


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("seed", [0, 1])
def test_real(name: str, seed: int) -> None:
    ours, theirs, shapes = REAL[name]
    agree(ours, theirs, [draw(shape, seed + i) for i, shape in enumerate(shapes)])


COMPLEX: dict[str, tuple[Any, Any, list[tuple[int, ...]]]] = {
    "real": (ag.real, torch.real, [(2, 3)]), "imag": (ag.imag, torch.imag, [(2, 3)]), "conj": (ag.conj, torch.conj, [(2, 3)]),
    "abs": (ag.abs, torch.abs, [(2, 3)]), "angle": (ag.angle, torch.angle, [(2, 3)]), "sgn": (ag.sgn, torch.sgn, [(2, 3)]),
    "view_as_real": (ag.view_as_real, torch.view_as_real, [(2, 3)]),
    "bmm": (ag.bmm, torch.bmm, [(2, 2, 3), (2, 3, 4)]), "addmm": (ag.addmm, torch.addmm, [(2, 4), (2, 3), (3, 4)]),
    "einsum": (lambda *xs: ag.einsum("ij,jk,k->i", *xs), lambda *xs: torch.einsum("ij,jk,k->i", *xs), [(2, 3), (3, 4), (4,)]),
    "vander": (lambda x: ag.vander(x, 4, True), lambda x: T.vander(x, N=4), [(3,)]),
    "vecdot": (ag.vecdot, T.vecdot, [(2, 3), (2, 3)]),
    "index_put": (lambda x, v: ag.index_put(x, (rows, columns), v, True), lambda x, v: x.index_put((spot(rows), spot(columns)), v, True), [(3, 4), (3,)]),
    "diagonal_scatter": (lambda x, s: ag.diagonal_scatter(x, s, 1), lambda x, s: torch.diagonal_scatter(x, s, 1), [(3, 4), (3,)]),
    "matrix_power": (lambda x: L.matrix_power(x, 3), lambda x: T.matrix_power(x, 3), [(3, 3)]),
    "norm fro": (lambda x: L.norm(x, "fro"), lambda x: T.norm(x, "fro"), [(3, 4)]), "norm nuc": (lambda x: L.norm(x, "nuc"), lambda x: T.norm(x, "nuc"), [(3, 4)]),
    "fftshift": (ag.fft.fftshift, torch.fft.fftshift, [(2, 5)]),
}  # fmt: skip


@pytest.mark.parametrize("name", COMPLEX)
@pytest.mark.parametrize("seed", [0, 1])
def test_complex(name: str, seed: int) -> None:
    ours, theirs, shapes = COMPLEX[name]
    agree(ours, theirs, [draw(shape, seed + i, "c") for i, shape in enumerate(shapes)])


def test_the_negative_gradient_of_a_real_loss_descends() -> None:
    """The convention in one line: a small step against the gradient lowers every part's loss."""
    z = draw((5,), 3, "c")
    for part in (ag.real, ag.imag, ag.abs, ag.angle, lambda x: ag.real(ag.conj(x) * (1 + 2j))):
        x = ag.tensor(z, requires_grad=True)
        loss = (part(x) ** 2).sum()
        (g,) = ag.gradients(loss, [x])
        assert (part(ag.tensor(z - 1e-3 * g.array)) ** 2).sum().item() < loss.item()


AT_ZERO = {
    "i0": torch.i0,
    "i1": torch.special.i1,
    "i0e": torch.special.i0e,
    "i1e": torch.special.i1e,
    "sinc": torch.sinc,
}


@pytest.mark.parametrize("name", AT_ZERO)
def test_first_and_second_derivatives_at_zero(name: str) -> None:
    agree(getattr(ag, name), AT_ZERO[name], [np.zeros(2)], second=name in ("i0", "i1"))


@pytest.mark.parametrize("name", ["gammainc", "gammaincc", "zeta"])
def test_functions_of_an_order(name: str) -> None:
    order = np.array([2.0, 3.0, 4.5])
    theirs = {"gammainc": torch.special.gammainc, "gammaincc": torch.special.gammaincc, "zeta": torch.special.zeta}[
        name
    ]
    fixed = torch.tensor(order)
    agree(
        lambda x: getattr(ag, name)(order, x),
        lambda x: theirs(fixed, x),
        [draw((3,), 1, low=0.5)],
        second=name != "zeta",
    )


@pytest.mark.parametrize("mode", ["raise", "wrap", "clip"])
def test_choose_and_select_as_numpy(mode: str) -> None:
    arrays = [draw((2, 3), i) for i in range(3)]
    index = np.array([[0, 1, 2], [2, 0, 1]]) + (0 if mode == "raise" else 2)
    y = ag.choose(index, [ag.tensor(a) for a in arrays], mode)
    np.testing.assert_array_equal(y.array, np.choose(index, arrays, mode=mode))
    conditions = [arrays[0] > 0, arrays[1] > 0]
    np.testing.assert_array_equal(
        ag.select(conditions, [ag.tensor(a) for a in arrays[:2]], 7.0).array, np.select(conditions, arrays[:2], 7.0)
    )


@pytest.mark.parametrize(
    ("index", "values", "axis"),
    [(1, 5.0, 0), (1, [1.0, 2.0, 3.0], 0), (-1, [[1.0], [2.0]], 1), ([0, 2], [[1.0, 2.0]], 1), (slice(0, 2), 9.0, 1), ([1, 1], 3.0, None)],
)  # fmt: skip
def test_insert_as_numpy(index: Any, values: Any, axis: int | None) -> None:
    x = draw((2, 3), 0)
    y = ag.insert(ag.tensor(x), index, np.asarray(values), axis)
    np.testing.assert_array_equal(y.array, np.insert(x, index, values, axis))


@pytest.mark.parametrize("index", [1, -1, slice(None, None, 2), [0, 2], np.array([True, False, True])])
def test_delete_as_numpy(index: Any) -> None:
    x = draw((2, 3), 0)
    np.testing.assert_array_equal(ag.delete(ag.tensor(x), index, 1).array, np.delete(x, index, 1))


def test_interp_with_a_period_and_gradients_in_the_values() -> None:
    x, places, values = draw((5,), 0, low=-5, high=5), np.array([0.2, 1.0, 2.5]), draw((3,), 1)
    y = ag.interp(ag.tensor(x), ag.tensor(places), ag.tensor(values), period=3.0)
    np.testing.assert_allclose(y.array, np.interp(x, places, values, period=3.0), rtol=1e-12)
    inputs = [ag.tensor(draw((4,), 2), requires_grad=True), ag.tensor(places, requires_grad=True), ag.tensor(values, requires_grad=True)]  # fmt: skip
    assert ag.gradcheck(ag.interp, inputs)
    assert ag.gradgradcheck(ag.interp, inputs)


def test_counts_have_no_gradient_and_the_values_of_pytorch() -> None:
    x = draw((50,), 0)
    np.testing.assert_array_equal(
        ag.histc(ag.tensor(x), 7, -1, 1).array, torch.histc(torch.tensor(x), 7, -1, 1).numpy()
    )
    for ours, theirs in zip(ag.tril_indices(3, -1, 4), torch.tril_indices(3, 4, -1), strict=True):
        np.testing.assert_array_equal(ours.array, theirs.numpy())
    mask = ag.tensor(x.reshape(5, 10)) > 0
    np.testing.assert_array_equal(ag.argwhere(mask).array, torch.argwhere(torch.tensor(mask.array)).numpy())
    np.testing.assert_array_equal(ag.flatnonzero(mask).array, np.flatnonzero(mask.array))


def test_each_example_may_have_an_index_and_points_of_its_own() -> None:
    index, arrays = np.array([[0, 1], [1, 0]]), [draw((2, 2), i) for i in range(2)]
    y = ag.vmap(lambda i, a, b: ag.choose(i, [a, b]))(*map(ag.tensor, (index, *arrays)))
    np.testing.assert_array_equal(y.array, np.choose(index, arrays))
    x, places, values = draw((2, 3), 0), np.sort(draw((2, 4), 1)), draw((2, 4), 2)
    z = ag.vmap(ag.interp)(*map(ag.tensor, (x, places, values)))
    np.testing.assert_allclose(z.array, [np.interp(*row) for row in zip(x, places, values, strict=True)], rtol=1e-12)
