"""What test_torch_hypothesis does not draw: every order of norm, the convention for complex numbers, derivatives at 0,
and the ops whose oracle is NumPy, case by case."""

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


AXES: list[tuple[Any, tuple[Any, ...]]] = [
    ((0, 1), (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)),
    (1, (None, 1, 2, 3, 0.5, np.inf, -np.inf, -1)),
]
REAL: dict[str, tuple[Any, Any, list[tuple[int, ...]]]] = {
    f"norm {order} {axes}": (lambda x, o=order, a=axes: L.norm(x, o, a), lambda x, o=order, a=axes: T.norm(x, o, a), [(3, 4)])
    for axes, orders in AXES for order in orders
}  # fmt: skip
REAL |= {
    "fftshift": (lambda x: ag.fft.fftshift(x, 1), lambda x: torch.fft.fftshift(x, 1), [(2, 5)]),
    "ifftshift": (ag.fft.ifftshift, torch.fft.ifftshift, [(2, 5)]),
    "upsample": (
        lambda x: ag.upsample(x, scale_factor=2, mode="bilinear"),
        lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"), [(1, 2, 3, 2)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("seed", [0, 1])
def test_real(name: str, seed: int) -> None:
    ours, theirs, shapes = REAL[name]
    agree(ours, theirs, [draw(shape, seed + i) for i, shape in enumerate(shapes)])


COMPLEX: dict[str, tuple[Any, Any, list[tuple[int, ...]]]] = {
    "real": (ag.real, torch.real, [(2, 3)]),
    "imag": (ag.imag, torch.imag, [(2, 3)]),
    "conj": (ag.conj, torch.conj, [(2, 3)]),
    "abs": (ag.abs, torch.abs, [(2, 3)]),
    "angle": (ag.angle, torch.angle, [(2, 3)]),
    "sgn": (ag.sgn, torch.sgn, [(2, 3)]),
    "norm fro": (lambda x: L.norm(x, "fro"), lambda x: T.norm(x, "fro"), [(3, 4)]),
    "norm nuc": (lambda x: L.norm(x, "nuc"), lambda x: T.norm(x, "nuc"), [(3, 4)]),
    "fftshift": (ag.fft.fftshift, torch.fft.fftshift, [(2, 5)]),
}


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


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("absolute", "abs"), ("around", "round"), ("cat", "concat"), ("clamp", "clip"), ("concatenate", "concat"),
        ("conjugate", "conj"), ("degrees", "rad2deg"), ("left_shift", "bitwise_left_shift"), ("log_sigmoid", "logsigmoid"),
        ("psi", "digamma"), ("radians", "deg2rad"), ("repeat_interleave", "repeat"), ("row_stack", "vstack"),
        ("sgn", "sign"), ("swapdims", "swapaxes"), ("true_divide", "divide"), ("unsqueeze", "expand_dims"),
        ("upsample", "interpolate"),
    ],
)  # fmt: skip
def test_a_second_name_is_the_same_function(alias: str, name: str) -> None:
    assert getattr(ag, alias) is getattr(ag, name)
    assert alias in ag.__all__
