"""Tests that the op table generates: every op with samples is checked for values, both modes, and two orders."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd.backend import to_numpy
from autograd.checks import assert_gradients
from autograd.composite import COMPOSITES
from autograd.primitive import OPS, Primitive
from autograd.samples import Sample

TABLE: list[Any] = [*OPS.values(), *COMPOSITES.values()]
CASES = [pytest.param(op, sample, id=f"{op.name}({sample})") for op in TABLE for sample in op.samples]
# The phases of complex vectors are arbitrary (tested through eigh_invariant and svd_invariant); SciPy's polygamma and iv
# are real where derivatives need them.
REAL_ONLY = {"eigh", "svd", "digamma", "bessel_i", "bessel_ie", "i0", "i1", "i0e", "i1e", "mse_loss"}
REAL_IS_SPECIAL = {"stft"}  # of a real signal half of the spectrum says it all
DIFFERENTIABLE = [case for case in CASES if case.values[0].differentiable]


def drawn(op: Primitive, sample: Sample, seed: int = 0, dtype: Any = np.float64) -> list[Any]:
    return sample.draw(np.random.default_rng([seed, len(op.name)]), dtype)


def tensors(arrays: list[Any], device: str = "cpu", grad: bool = True) -> list[Any]:
    made = []
    for a in arrays:
        if a is None:
            made.append(None)
            continue
        t = ag.tensor(a, device=device)
        made.append(t.requires_grad_() if grad and a.dtype.kind in "fc" else t)
    return made


def parts(y: Any) -> tuple[Any, ...]:
    return y if isinstance(y, tuple) else (y,)


def call(op: Primitive, params: dict[str, Any]) -> Any:
    def function(*arguments: Any) -> Any:
        return op(*arguments, **params)

    function.__name__ = op.name
    return function


def test_every_differentiable_op_has_samples_formulas_and_forward_mode() -> None:
    for op in OPS.values():
        if op.differentiable and op.name != "item":
            # the phases of eigenvectors are arbitrary: eig is tested through eig_invariant
            assert op.samples or f"{op.name}_invariant" in COMPOSITES, f"{op.name} has no samples"
            assert op.jvp is not None, f"{op.name} has no jvp"
            assert op.vjp_latex, f"{op.name} has no LaTeX for its vjp"
        if op.kind == "elementwise" and op.code is not None:
            op.code.format("x", "y", "z")  # a valid template


@pytest.mark.parametrize(("op", "sample"), CASES)
def test_values_on_arrays_tensors_and_against_the_reference(op: Primitive, sample: Sample, device: str) -> None:
    arrays = drawn(op, sample)
    plain = parts(op(*arrays, **sample.params))
    recorded = parts(op(*tensors(arrays, device), **sample.params))
    for p, r in zip(plain, recorded, strict=True):
        assert isinstance(r, ag.Tensor)
        assert r.requires_grad == (
            op.differentiable and r.dtype.kind in "fc" and any(a is not None and a.dtype.kind == "f" for a in arrays)
        )
        np.testing.assert_allclose(to_numpy(r.array), p, rtol=1e-12)
    if op.reference is not None:
        np.testing.assert_allclose(plain[0], op.reference(*arrays, **sample.params), rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize(("op", "sample"), DIFFERENTIABLE)
def test_first_and_second_derivatives(op: Primitive, sample: Sample, device: str) -> None:
    inputs = tensors(drawn(op, sample), device)
    assert ag.gradcheck(call(op, sample.params), inputs)
    assert ag.gradgradcheck(call(op, sample.params), inputs)


@pytest.mark.filterwarnings(
    "ignore:Casting complex values"
)  # astype of complex numbers to real ones warns, as in NumPy
@pytest.mark.parametrize(("op", "sample"), DIFFERENTIABLE)
def test_complex_derivatives(op: Any, sample: Sample) -> None:
    arrays = drawn(op, sample, dtype=np.complex128)
    if not supports_complex(op, sample, arrays):
        return
    inputs = tensors(arrays)
    assert ag.gradcheck(call(op, sample.params), inputs)
    assert ag.gradgradcheck(call(op, sample.params), inputs)


def supports_complex(op: Any, sample: Sample, arrays: list[Any]) -> bool:
    """Whether the op takes these complex arrays, and its derivatives are claimed for them."""
    try:
        with np.errstate(all="ignore"):
            y = parts(op(*arrays, **sample.params))
    except (TypeError, ag.GlassgradError):
        return False
    return op.name not in REAL_ONLY and any(
        np.asarray(part).dtype.kind == "c" for part in (*y, *arrays) if part is not None
    )


@pytest.mark.filterwarnings("ignore:Casting complex values")
@pytest.mark.parametrize(("op", "sample"), DIFFERENTIABLE)
def test_modes_agree_with_one_another(op: Any, sample: Sample, device: str) -> None:
    """Forward and reverse mode are linear and adjoint, give one Hessian, and checkpoint changes nothing."""
    arrays, complexes = drawn(op, sample), drawn(op, sample, dtype=np.complex128)
    modes = ("forward", "linear", "checkpoint")
    with_complex = supports_complex(op, sample, complexes)
    both = (*modes, "complex") if with_complex and op.name not in REAL_IS_SPECIAL else modes
    assert_gradients(call(op, sample.params), *arrays, order=2, modes=both, device=device)
    if with_complex:
        assert_gradients(call(op, sample.params), *complexes, order=2, modes=(*modes, "complex"), device=device)


@pytest.mark.parametrize(("op", "sample"), DIFFERENTIABLE)
def test_non_contiguous_arguments(op: Primitive, sample: Sample, device: str) -> None:
    arrays = drawn(op, sample)
    spread = [None if a is None else np.repeat(np.asarray(a)[..., None], 2, axis=-1)[..., 0] for a in arrays]
    results = []
    for version in (arrays, spread):
        inputs = [None if a is None else ag.asarray(a, device=device) for a in version]
        wanting = [x.requires_grad_() for x in inputs if x is not None and x.dtype.kind == "f"]
        outputs = [y for y in parts(op(*inputs, **sample.params)) if y.dtype.kind == "f"]
        g = ag.gradients(outputs, wanting, grad_outputs=[ag.ones_like(y) for y in outputs], allow_unused=True)
        results.append([to_numpy(x.array) for x in (*outputs, *(h for h in g if h is not None))])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize(("op", "sample"), [p for p in DIFFERENTIABLE if not p.values[1].params.get("dtype")])
def test_float32_follows_float64(op: Primitive, sample: Sample, device: str) -> None:
    """As float16 and bfloat16 do in test_halves."""
    dtype = np.dtype(np.float32)
    low = tensors(drawn(op, sample, dtype=dtype), device)
    high = [None if x is None else ag.tensor(x.array.astype(np.float64) if x.dtype == dtype else x.array) for x in low]
    y_low = parts(op(*low, **sample.params))
    y_high = parts(
        op(*[x.requires_grad_() if x is not None and x.dtype.kind == "f" else x for x in high], **sample.params)
    )
    wanting = [i for i, x in enumerate(low) if x is not None and x.requires_grad]
    y_low, y_high = ([y for y in ys if y.dtype.kind == "f"] for ys in (y_low, y_high))
    g_low = ag.gradients(y_low, [low[i] for i in wanting], [ag.ones_like(y) for y in y_low], allow_unused=True)
    g_high = ag.gradients(y_high, [high[i] for i in wanting], [ag.ones_like(y) for y in y_high], allow_unused=True)
    for a, b in zip((*y_low, *g_low), (*y_high, *g_high), strict=True):
        if a is not None:
            assert a.dtype == dtype or op.name == "float_power"  # it computes in float64 whatever it gets
            np.testing.assert_allclose(to_numpy(a.array).astype(np.float64), b.array, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize(
    ("op", "case"),
    [pytest.param(op, case, id=f"{op.name}-{i}") for op in TABLE for i, case in enumerate(op.errors)],
)
def test_error_inputs_name_the_op_and_the_argument(op: Primitive, case: Any, device: str) -> None:
    arguments = [ag.tensor(a, device=device) if isinstance(a, np.ndarray) else a for a in case.args]
    with pytest.raises(case.error, match=case.match) as caught:
        op(*arguments, **case.params)
    assert op.name in str(caught.value)


def test_mixed_arguments_record_only_what_wants_gradients(device: str) -> None:
    for op in OPS.values():
        for sample in op.samples[:1]:
            if not op.differentiable or len(op.arguments) < 2:
                continue
            arrays = drawn(op, sample)
            for wanting in itertools.product([False, True], repeat=len(arrays)):
                inputs = [
                    None if a is None else t.requires_grad_() if w and a.dtype.kind == "f" else t
                    for a, w, t in zip(arrays, wanting, tensors(arrays, device, grad=False), strict=True)
                ]
                asked = [x for x in inputs if x is not None and x.requires_grad]
                y = op(*inputs, **sample.params)
                assert y.requires_grad == bool(asked)
                if asked:
                    full = ag.gradients(y, asked, grad_outputs=ag.ones_like(y))
                    assert [g.shape for g in full] == [x.shape for x in asked]
