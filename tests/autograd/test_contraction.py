"""einsum of several operands: values and gradients in every order of contraction, with opt_einsum and without."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd.errors import MissingExtraError
from autograd.ops import contraction

CASES = [
    ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 2)]),
    ("ab,bc,cd,de->ae", [(2, 5), (5, 2), (2, 5), (5, 3)]),
    ("ij,j,i->ij", [(2, 3), (3,), (2,)]),
    ("bij,bjk,bk,b->bi", [(2, 3, 4), (2, 4, 2), (2, 2), (2,)]),
    ("...i,ij,...j->...", [(4, 2), (2, 3), (4, 3)]),
    ("ii,ij,j->", [(3, 3), (3, 2), (2,)]),
    ("ij,kl,m->ijm", [(2, 2), (3, 2), (2,)]),
    ("ij,jk,ik", [(2, 3), (3, 2), (2, 2)]),
    ("ij,jk,k->i", [(2, 1), (3, 4), (4,)]),
]


@pytest.fixture(params=["greedy", "opt_einsum"])
def planner(request: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "opt_einsum":
        pytest.importorskip("opt_einsum")
    else:

        def missing(*args: Any, **options: Any) -> Any:
            raise MissingExtraError("opt_einsum is not installed")

        monkeypatch.setattr(contraction, "import_extra", missing)
    return request.param


@pytest.mark.parametrize(("subscripts", "shapes"), CASES)
def test_values_and_gradients(planner: str, subscripts: str, shapes: list[tuple[int, ...]]) -> None:
    rng = np.random.default_rng(3)
    arrays = [rng.normal(size=shape) for shape in shapes]
    tensors = [ag.tensor(a, requires_grad=True) for a in arrays]
    y = ag.einsum(subscripts, *tensors)
    np.testing.assert_allclose(y.detach().array, np.einsum(subscripts, *arrays), rtol=1e-12, atol=1e-12)
    assert ag.gradcheck(lambda *xs: ag.einsum(subscripts, *xs), tensors)
    assert ag.gradgradcheck(lambda *xs: ag.einsum(subscripts, *xs), tensors)


def test_what_lies_between_stays_small(planner: str) -> None:
    """(A B) v would make a matrix of a million elements; A (B v) makes a vector of a thousand."""
    a, b, v = ag.ones((1000, 2)), ag.ones((2, 1000)), ag.ones(1000)
    with ag.record() as tape:
        y = ag.einsum("ij,jk,k->i", a, b, v)
    assert y.shape == (1000,)
    made = {i for event in tape.recording.ops if event.op == "einsum" for i in event.outputs}
    assert made
    assert max(value.summary.nbytes for value in tape.recording.values if value.id in made) <= 8000


def test_a_step_names_two_places_and_its_result_goes_to_the_end() -> None:
    sizes = {"a": 1000, "b": 2, "c": 1000}
    assert contraction._greedy_path(["ab", "bc", "c"], "a", sizes) == [(1, 2)]
    assert contraction._greedy_path(["ab", "bc"], "ac", sizes) == []


def test_the_extra_that_brings_the_planner_is_named() -> None:
    try:
        contraction.import_extra("opt_einsum_that_is_missing", extra="fast", purpose="plan contractions")
    except MissingExtraError as error:
        text = str(error)
    assert "glassgrad[fast]" in text
