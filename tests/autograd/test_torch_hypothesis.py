"""PyTorch as the oracle of every differentiable op, over shapes, axes and parameters that Hypothesis draws.

The files test_torch_* are one table; torch_oracle draws and compares, and this file holds the table against the ops:
none is without a row, or a reason. A row is: the op (after a colon, which variant of it), ours, PyTorch's, and how to
draw the arguments, which both sides get in the same order. Floating arrays among them become leaves that want
gradients, other arrays plain Tensors; what stands in ``Fixed`` wants no gradient; everything else is handed on as it is.

One test in each file runs its rows: values, first gradients along a random cotangent, and the gradients of a random projection of
those. ``-m slow`` draws many more examples. Where PyTorch has no function the right-hand side composes one.
"""

from __future__ import annotations

from autograd.composite import COMPOSITES
from autograd.primitive import OPS
from tests.autograd import (
    test_torch_elementwise,
    test_torch_indexing,
    test_torch_linalg,
    test_torch_networks,
    test_torch_reductions,
    test_torch_shape,
    test_torch_signals,
)

TABLES = (
    test_torch_elementwise,
    test_torch_indexing,
    test_torch_linalg,
    test_torch_networks,
    test_torch_reductions,
    test_torch_shape,
    test_torch_signals,
)

WITHOUT_ORACLE = {
    **dict.fromkeys(
        ("bessel_j", "bessel_k", "bessel_ke", "bessel_y", "betainc", "exp1", "expn", "j0", "j1", "jv", "k0", "k0e", "k1", "k1e",
         "y0", "y1", "yv"),
        "PyTorch lacks it or its derivative; SciPy is the oracle, in test_special.py",
    ),
    **dict.fromkeys(
        ("array_split", "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays", "chunk", "column_stack", "diag", "diagflat",
         "dstack", "expand", "expand_dims", "flatten", "hstack", "matrix_transpose", "meshgrid", "moveaxis", "narrow", "ravel",
         "squeeze", "stack", "swapaxes", "transpose", "unstack", "vstack"),
        "a spelling of reshape, permute_dims, concat, split, diagonal or getitem, which have rows; NumPy is its reference",
    ),
    **dict.fromkeys(("cummin", "eigvals", "eigvalsh", "svdvals"), "in the row of cummax, eig, eigh or svd"),
    **dict.fromkeys(("fft2", "ifft2", "rfft2", "irfft2"), "the fftn family along two axes, which has rows"),
    "ctc_loss": "in the row of ctc",
    **dict.fromkeys(
        ("alpha_dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout", "rrelu", "fractional_max_pool1d",
         "fractional_max_pool2d", "fractional_max_pool3d"),
        "random: the samples of the table leave chance no room",
    ),
    "istft": "in the row of stft",
    "nanpercentile": "nanquantile in percent; NumPy is its reference",
    **dict.fromkeys(("put", "take"), "in the row of setitem or getitem; NumPy is the reference"),
    "scatter": "the transpose of getitem: its second gradients run it",
    "put_along_axis_add": "the transpose of take_along_axis, under scatter_add and index_add",
    "dropout": "random: the mask is the test's own, in test_op_table",
    "gamma_order_derivative": "PyTorch has none; against quadrature of 40 digits in test_random_gradients",
    "beta_order_derivative": "PyTorch has none; against quadrature of 30 digits in test_special",
    "truncated_normal_quantile": "PyTorch has none; under truncated_normal in test_random",
    **dict.fromkeys(("standard_gamma", "log_standard_gamma"), "against torch._standard_gamma_grad in test_random_gradients"),
    **dict.fromkeys(("add_rows", "put_rows", "take_rows"), "what indices that differ by example become inside vmap"),
    "order_statistic": "under quantile and median",
    "bessel_ie": "under i0e and i1e",
    "bessel_i": "under i0 and i1, whose derivatives reach every order",
    **{f"conv{n}d_{part}_gradient": "conv's own gradients and conv_transpose" for n in (1, 2, 3) for part in ("input", "weight")},
    **{f"avg_pool{n}d_gradient": "the gradient of avg_pool" for n in (1, 2, 3)},
}  # fmt: skip


def test_every_differentiable_op_has_an_oracle_or_a_reason() -> None:
    differentiable = {name for table in (OPS, COMPOSITES) for name, op in table.items() if op.differentiable}
    compared = {r.name.split(":")[0] for table in TABLES for r in table.row}
    missing = differentiable - compared - set(WITHOUT_ORACLE)
    assert not missing, f"add a row to a table, or a reason to WITHOUT_ORACLE: {sorted(missing)}"
    assert not set(WITHOUT_ORACLE) & compared, "these have a row, and need no reason"
    assert set(WITHOUT_ORACLE) <= differentiable, "these are not in the op table any more"
