"""Every op of the table in float16 and bfloat16: the dtype is kept, values and gradients are those of float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import ops
from autograd.backend import is_differentiable
from autograd.composite import COMPOSITES
from autograd.primitive import OPS
from autograd.samples import Sample
from autograd.tape import constant

pytest.importorskip("ml_dtypes")

# What there is no 16-bit version of, and why.
NO_HALVES = {
    **dict.fromkeys(("astype", "float_power"), "the result has the dtype that is asked for, or float64"),
    **dict.fromkeys(
        (
            "fft",
            "ifft",
            "rfft",
            "fftn",
            "ifftn",
            "rfftn",
            "irfftn",
            "stft",
            "fft2",
            "ifft2",
            "rfft2",
            "irfft2",
            "ihfft",
            "hfftn",
            "ihfftn",
            "hfft2",
            "ihfft2",
            "hfft",
            "hfft2",
            "hfftn",
            "ihfft2",
            "ihfftn",
            "complex",
            "polar",
            "view_as_complex",
        ),
        "complex numbers of halves do not exist",
    ),
}
# LAPACK has no 16-bit floats, and linear algebra in them loses too much: an error says how to convert.
LINEAR_ALGEBRA = {
    "inv", "solve", "solve_triangular", "pinv", "det", "slogdet", "cholesky", "qr", "eigh", "svd", "matrix_exp",
    "lstsq", "cholesky_solve", "eigh_invariant", "eig_invariant", "svd_invariant", "cond", "eigvals",
    "eigvalsh", "svdvals",
}  # fmt: skip
REFUSED = "16-bit floats are unsupported in linalg"

CASES = [
    pytest.param(op, sample, id=f"{op.name}({sample})")
    for op in [*OPS.values(), *COMPOSITES.values()]
    for sample in op.samples
    if op.differentiable and op.name not in NO_HALVES and op.name not in LINEAR_ALGEBRA and "dtype" not in sample.params
]


def values_and_gradients(op: Any, params: dict[str, Any], arrays: list[Any]) -> list[Any]:
    inputs = [None if a is None else ag.tensor(a) for a in arrays]
    wanting = [x.requires_grad_() for x in inputs if x is not None and is_differentiable(x.dtype)]
    y = op(*inputs, **params)
    outputs = [part for part in (y if isinstance(y, tuple) else (y,)) if is_differentiable(part.dtype)]
    found = ag.gradients(outputs, wanting, [ag.ones_like(part) for part in outputs], allow_unused=True)
    return [*outputs, *(g for g in found if g is not None)]


def in_dtype(a: Any, dtype: Any) -> Any:
    return a.astype(dtype) if isinstance(a, np.ndarray) and is_differentiable(a.dtype) else a


@pytest.mark.parametrize(("op", "sample"), CASES)
@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_halves_keep_their_dtype_and_follow_float64(op: Any, sample: Sample, name: str) -> None:
    dtype = np.dtype(name)
    low = [in_dtype(a, dtype) for a in sample.draw(np.random.default_rng(len(op.name)))]
    params = {key: in_dtype(value, dtype) for key, value in sample.params.items()}
    try:
        results = values_and_gradients(op, params, low)
    except ag.DtypeError as error:
        if REFUSED in str(error):  # norms and powers of matrices: some need a decomposition
            assert op.name.startswith("matrix_") or op.name == "norm"
            return
        raise
    wide = {key: in_dtype(value, np.float64) for key, value in params.items()}
    step = 2.0 ** (-10 if name == "float16" else -7)
    for a, b in zip(results, values_and_gradients(op, wide, [in_dtype(a, np.float64) for a in low]), strict=True):
        assert a.dtype == dtype
        scale = np.abs(b.array).max(initial=1.0)
        np.testing.assert_allclose(a.array.astype(np.float64), b.array, rtol=16 * step, atol=8 * step * scale)


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
@pytest.mark.parametrize("op", ["inv", "det", "slogdet", "cholesky", "qr", "eigh", "eig", "svd", "pinv", "matrix_exp"])
def test_linear_algebra_says_how_to_convert_halves(op: str, name: str) -> None:
    with pytest.raises(ag.DtypeError, match=rf"{op}: x is {name}: {REFUSED}.*astype\('float32'\)"):
        getattr(ops, op)(ag.eye(2, dtype=name))


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_what_is_written_to_one_place_is_added_up_in_float32(name: str) -> None:
    """In halves a sum of ones soon stands still: 2048 + 1 is 2048 in float16, 256 + 1 is 256 in bfloat16."""
    n = 3000
    x, ones = ag.zeros(2, dtype=name, requires_grad=True), ag.ones(n, dtype=name)
    index = np.zeros(n, int)
    for y in (ops.index_add(x, 0, index, ones), ops.scatter_add(x, 0, index, ones)):
        assert y.dtype == x.dtype
        assert abs(float(y.array[0]) - n) <= n * 2.0**-8
    for picked in (x[index], ops.take_along_axis(x, index, 0), ops.gather(x, 0, index)):
        (g,) = ag.gradients(picked.sum(), [x])
        assert g.dtype == x.dtype
        assert abs(float(g.array[0]) - n) <= n * 2.0**-8


@pytest.mark.parametrize("number", [2, 0.5, True])
def test_python_numbers_are_weak_beside_bfloat16(number: Any) -> None:
    x = ag.ones(3, dtype="bfloat16", requires_grad=True)
    for y in (x * number, number * x, x + number, number / x, x**number, ag.where(x > 0, x, number)):
        assert y.dtype == x.dtype
        (g,) = ag.gradients(y.sum(), [x])
        assert g.dtype == x.dtype
    assert (x * 0.5 * ag.ones(3)).dtype == np.float32
    assert ag.where(x > 0, ag.ones(3), 0.5).dtype == np.float32


def test_cross_entropy_of_halves_adds_up_in_float32() -> None:
    logits = ag.zeros((1, 70_000), dtype="float16", requires_grad=True)
    loss = ops.cross_entropy(logits, np.array([0]))
    assert float(loss.array) == pytest.approx(np.log(70_000), rel=1e-3)
    (g,) = ag.gradients(loss, [logits])
    assert float(g.array[0, 0]) == -1
    np.testing.assert_allclose(g.array[0, 1:].astype(float), 1 / 70_000, rtol=1e-2)


# Calls whose value or derivatives a step in 16 bits spoils: powers and partial products leave the range, places lie
# between elements, differences cancel, many steps add their roundings up.
_RNG = np.random.default_rng(0)
_ROWS = [_RNG.normal(size=(4, 512)) for _ in range(3)]
_SCORES = [_RNG.normal(size=(6, 5)), _RNG.uniform(0.1, 0.9, (6, 5))]
_SIGNS = np.array([1, -1, 1, -1, 1, -1])
_FACTORS = _RNG.uniform(0.9, 1.1, 64)
_LARGE_THEN_SMALL = np.repeat([300.0, 1 / 256], 4)
_LOG_PROBS = np.log(_RNG.dirichlet(np.ones(6), (40, 2)))
_TARGETS = _RNG.integers(1, 6, (2, 12))
_IMAGE = _RNG.normal(size=(1, 1, 3, 256))
_WIDE_GRID = _RNG.uniform(-0.99, 0.99, (1, 2, 8, 2))
ROUNDED_ONCE = {
    "lp_pool1d": (lambda x: ops.lp_pool1d(x, 6, 2), [_RNG.uniform(20, 60, (1, 2, 8))]),
    "lp_pool2d": (lambda x: ops.lp_pool2d(x, 6, 2), [_RNG.uniform(20, 60, (1, 2, 4, 4))]),
    "lp_pool3d": (lambda x: ops.lp_pool3d(x, 3, 2), [_RNG.uniform(50, 90, (1, 2, 2, 4, 4))]),
    "lp_pool2d, powers that vanish": (lambda x: ops.lp_pool2d(x, 8, 2), [_RNG.uniform(0.01, 0.1, (1, 1, 4, 4))]),
    "gaussian_nll_loss": (
        lambda x, t, v: ops.gaussian_nll_loss(x, t, v, full=True),
        [_SCORES[0], _SCORES[0] + 0.1, np.geomspace(1e-3, 1, 30).reshape(6, 5)],
    ),
    "gaussian_nll_loss, no variance": (
        lambda x, t: ops.gaussian_nll_loss(x, t, 0 * constant(x), reduction="sum"),
        [np.full(3, 0.5), np.array([0.5, 0.51, 0.49])],
    ),
    "prod": (ops.prod, [_FACTORS]),
    "prod, large then small": (ops.prod, [_LARGE_THEN_SMALL]),
    "cumprod": (ops.cumprod, [_FACTORS]),
    "nanprod": (ops.nanprod, [_FACTORS]),
    "nancumprod": (ops.nancumprod, [_FACTORS]),
    "cumulative_prod": (ops.cumulative_prod, [_FACTORS]),
    "linear_recurrence": (ops.linear_recurrence, [_FACTORS, _RNG.uniform(1, 2, 64)]),
    **{
        f"grid_sample, {mode}": (lambda x, g, mode=mode: ops.grid_sample(x, g, mode), [_IMAGE, _WIDE_GRID])
        for mode in ("bilinear", "bicubic", "nearest")
    },
    "affine_grid": (lambda t: ops.affine_grid(t, (1, 1, 3, 250)), [np.array([[[0.7, -0.7, 0.01], [0.6, 0.8, 0]]])]),
    "interpolate, cubic": (lambda x: ops.interpolate(x, (7, 300), mode="bicubic"), [_IMAGE]),
    "interpolate, antialias": (lambda x: ops.interpolate(x, (2, 70), mode="bilinear", antialias=True), [_IMAGE]),
    "adaptive_avg_pool2d": (lambda x: ops.adaptive_avg_pool2d(x, (2, 100)), [_IMAGE]),
    "ctc_loss": (lambda x: ops.ctc_loss(x, _TARGETS, (40, 38), (12, 9)), [_LOG_PROBS]),
    "triplet_margin_loss": (lambda a, p, n: ops.triplet_margin_loss(a, p, n, reduction="sum"), _ROWS),
    "triplet_margin_loss, swap": (lambda a, p, n: ops.triplet_margin_loss(a, p, n, 9, swap=True), _ROWS),
    "triplet_margin_with_distance_loss": (ops.triplet_margin_with_distance_loss, _ROWS),
    "pdist": (ops.pdist, [_SCORES[0]]),
    "cosine_embedding_loss": (lambda a, b: ops.cosine_embedding_loss(a, b, _SIGNS[:4], reduction="none"), _ROWS[:2]),
    "cosine_embedding_loss, long": (
        lambda a, b: ops.cosine_embedding_loss(a, b, _SIGNS[:4], reduction="none"), [50 * x for x in _ROWS[:2]],
    ),
    "margin_ranking_loss": (lambda a, b: ops.margin_ranking_loss(a, b, _SIGNS[:, None], 0.3), _SCORES),
    "soft_margin_loss": (ops.soft_margin_loss, _SCORES),
    "multi_margin_loss": (lambda x: ops.multi_margin_loss(x, np.arange(6) % 5, 2, 1.3), _SCORES[:1]),
    "multilabel_soft_margin_loss": (ops.multilabel_soft_margin_loss, _SCORES),
    "binary_cross_entropy": (ops.binary_cross_entropy, [_SCORES[1], 1 - _SCORES[1]]),
    "binary_cross_entropy_with_logits": (ops.binary_cross_entropy_with_logits, _SCORES),
    "kl_div": (ops.kl_div, [np.log(_SCORES[1]), 1 - _SCORES[1]]),
    "poisson_nll_loss": (ops.poisson_nll_loss, [_SCORES[0], 3 * _SCORES[1]]),
    "mse_loss, far": (ops.mse_loss, [np.array([400.0, 1, 2, 3, 4, 5]), np.zeros(6)]),
    "cross_entropy, weighted": (lambda x, w: ops.cross_entropy(x, np.arange(6) % 5, w), [_SCORES[0], _SCORES[1][0]]),
    "cross_entropy, smooth": (lambda x: ops.cross_entropy(x, np.arange(6) % 5, label_smoothing=0.1), _SCORES[:1]),
    "cross_entropy, soft": (ops.cross_entropy, _SCORES),
    "nll_loss": (lambda x, w: ops.nll_loss(x, np.arange(6) % 5, w), [_SCORES[0], _SCORES[1][0]]),
    "corrcoef": (ops.corrcoef, [_ROWS[0][:, :32]]),
    "bilinear": (ops.bilinear, [_ROWS[0][:, :12], _ROWS[1][:, :12], _RNG.normal(size=(3, 12, 12))]),
    "trapezoid": (ops.trapezoid, [_ROWS[0][0], np.sort(_RNG.uniform(0, 4, 512))]),
    "cumulative_trapezoid": (ops.cumulative_trapezoid, [_ROWS[0][0], np.sort(_RNG.uniform(0, 4, 512))]),
    "gradient": (
        lambda x, at: ops.gradient(x, at, edge_order=2), [_ROWS[0][0, :20], np.cumsum(_RNG.uniform(0.1, 0.9, 20))],
    ),
    "polyval": (ops.polyval, [_ROWS[0][0, :12], _SCORES[1]]),
    "scaled_dot_product_attention": (
        ops.scaled_dot_product_attention, [2 * _ROWS[0][:, :12], 2 * _ROWS[1][:, :12], _ROWS[2][:, :3]],
    ),
}  # fmt: skip


def to_second_order(function: Any, arrays: list[Any]) -> dict[str, list[np.ndarray]]:
    """The value, its gradients, its derivative along a direction, and the gradients of the gradients."""
    inputs = [ag.tensor(a, requires_grad=True) for a in arrays]
    y = function(*inputs)

    def direction(x: Any) -> Any:
        return ag.tensor((1 + np.arange(x.size).reshape(x.shape) % 8).astype(x.dtype) / 8)

    gradients = ag.gradients(y, inputs, direction(y), create_graph=True)
    moving = [g for g in gradients if g.requires_grad]
    second = ag.gradients(moving, inputs, [*map(direction, moving)], allow_unused=True) if moving else []
    _, tangent = ag.jvp(function, tuple(x.detach() for x in inputs), tuple(map(direction, inputs)))
    found = {"value": [y], "vjp": gradients, "jvp": [tangent], "second order": [h for h in second if h is not None]}
    return {what: [x.array for x in parts] for what, parts in found.items()}


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
@pytest.mark.parametrize("call", ROUNDED_ONCE)
def test_what_takes_several_steps_rounds_once(call: str, name: str) -> None:
    """Within three roundings of float32 on the same input, to second order, and finite where that is."""
    function, arrays = ROUNDED_ONCE[call]
    low = [a.astype(name) for a in arrays]
    results, wanted = to_second_order(function, low), to_second_order(function, [a.astype(np.float32) for a in low])
    rounding = 2.0 ** (-11 if name == "float16" else -8)
    for what, parts in results.items():
        for a, b in zip(parts, wanted[what], strict=True):
            assert a.dtype == np.dtype(name)
            scale = np.abs(b, where=np.isfinite(b), out=np.zeros_like(b)).max(initial=2.0**-14)
            with np.errstate(over="ignore"):
                b = b.astype(name).astype(float)  # what is too large for the dtype is infinite in it
            atol = 3 * rounding * 0.1 * float(scale)
            np.testing.assert_allclose(a.astype(float), b, rtol=3 * rounding, atol=atol, err_msg=what)


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_beside_wider_arguments_the_result_is_wide_but_weights_have_no_say(name: str) -> None:
    x, wide = ag.full((2, 3), 0.5, dtype=name), ag.ones((2, 3))
    for y in (
        ops.l1_loss(x, wide), ops.l1_loss(wide, x), ops.gaussian_nll_loss(x, x, var=wide), ops.linear_recurrence(x, wide),
        ops.cosine_similarity(x, wide), ops.grid_sample(x[None, None], ag.zeros((1, 2, 2, 2))),
    ):  # fmt: skip
        assert y.dtype == np.float32
    one = ag.ones(3)
    for y in (
        ops.layer_norm(x, 3, one, bias=one), ops.rms_norm(x, 3, one), ops.batch_norm(x, one, one, one),
        ops.instance_norm(x[None], one[:2], running_mean=ag.zeros(2), use_input_stats=True), ops.cov(x, aweights=one),
        ops.vector_norm(x, np.float64(3)),
    ):  # fmt: skip
        assert y.dtype == np.dtype(name)


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_a_whole_number_in_where_keeps_the_tangent_of_halves(name: str) -> None:
    x = ag.ones(3, dtype=name)
    for function in (lambda x: ops.where(x > 0, x, 0), lambda x: ops.where(x < 0, 1, x), ops.nansum):
        y, t = ag.jvp(function, (x,), (x,))
        assert y.dtype == t.dtype == x.dtype
        np.testing.assert_array_equal(t.array.astype(float), y.array.astype(float))


def test_numbers_of_numpy_are_options_and_have_no_say_in_the_dtype():
    x, half = ag.tensor(np.ones((3, 4), "float32")), ag.tensor(np.ones((3, 4), "float16"))
    for result in (
        ag.logcumsumexp(x, np.int64(1)), ag.group_norm(x, np.int64(2)), ag.layer_norm(x, np.int64(4)),
        ag.rms_norm(x, np.int64(4)), ag.cosine_similarity(x, x, axis=np.int64(1)), ag.trapezoid(x, axis=np.int64(1)),
    ):  # fmt: skip
        assert result.dtype == np.float32
    for result in (ag.layer_norm(half, 4, eps=np.float64(1e-5)), ag.rms_norm(half, 4, eps=np.float32(1e-5))):
        assert result.dtype == np.float16
