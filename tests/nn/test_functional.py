"""nn.functional has what torch.nn.functional has, as far as autograd has it, under the same names and in the same order."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import autograd as ag
from nn import functional as F

WANTING = {"instance_norm"}  # takes running statistics there
OURS = {"flatten"}  # torch.flatten there
OBSOLETE = {"size_average", "reduce"}  # PyTorch's losses still list them, in the middle


def test_every_op_of_torch_nn_functional_that_autograd_has_is_here(torch: Any) -> None:
    theirs = {name for name in dir(torch.nn.functional) if name[0].islower()}
    both = {name for name in theirs if callable(getattr(torch.nn.functional, name)) and name in ag.__all__}
    assert both - set(F.__all__) == WANTING
    assert set(F.__all__) - theirs == OURS
    assert len(F.__all__) == len(set(F.__all__))


def test_arguments_stand_in_pytorchs_order(torch: Any) -> None:
    compared = 0
    for name in sorted(set(F.__all__) - OURS):
        ours, theirs = inspect.signature(getattr(F, name)).parameters, getattr(torch.nn.functional, name)
        try:
            wanted = inspect.signature(theirs).parameters
        except ValueError:
            continue  # a builtin of PyTorch
        if "args" in wanted or "args" in ours:
            continue  # without named arguments
        compared += 1
        given = list(ours.values())
        positional = [p.name for p in given[1:] if p.kind is not p.KEYWORD_ONLY]
        order = [p for p in list(wanted)[1:] if p not in OBSOLETE]
        shared = [p for p in positional if p in order]
        assert shared == [p for p in order if p in shared], name
        required = [p.name for p in list(wanted.values())[1:] if p.default is p.empty and p.kind is not p.KEYWORD_ONLY]
        assert len(required) == sum(p.default is p.empty for p in given[1:]), name
    assert compared > 60


@pytest.mark.parametrize(
    ("name", "shapes", "options"),
    [
        ("softmin", [(3, 4)], {"dim": 0}),
        ("glu", [(3, 4, 2)], {"dim": 1}),
        ("normalize", [(3, 4, 2)], {"p": 3.0, "dim": -1}),
        ("cosine_similarity", [(3, 4), (3, 4)], {"dim": 0, "eps": 1e-3}),
        ("pairwise_distance", [(3, 4), (3, 4)], {"p": 1.0, "keepdim": True}),
        ("pad", [(2, 3, 4)], {"pad": (1, 2)}),
        ("pad", [(2, 3, 4)], {"pad": (1, 0, 0, 2), "value": 0.5}),
        ("pad", [(2, 3, 4)], {"pad": (-1, 2, 3, -2)}),
        ("pad", [(2, 3, 4)], {"pad": (-3, -1)}),
        ("pad", [(2, 3, 4)], {"pad": ()}),
        ("pad", [(0, 3, 4)], {"pad": (1, 1, 0, -1)}),
        ("pad", [(2, 3, 4)], {"pad": (2, 1), "mode": "reflect"}),
        ("pad", [(2, 3, 4, 4)], {"pad": (2, 1, 0, 3), "mode": "replicate"}),
        ("pad", [(2, 3, 4, 4)], {"pad": (2, 1, 4, 3), "mode": "circular"}),
    ],
)
def test_what_names_an_axis_equals_pytorch(name: str, shapes: Any, options: Any, torch: Any, device: str) -> None:
    arrays = [np.random.default_rng(i).normal(size=shape) for i, shape in enumerate(shapes)]
    ours = [ag.tensor(a, device=device, requires_grad=True) for a in arrays]
    theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
    y, wanted = getattr(F, name)(*ours, **options), getattr(torch.nn.functional, name)(*theirs, **options)
    np.testing.assert_allclose(y.detach().to("cpu").numpy(), wanted.detach().numpy(), rtol=1e-12)
    (y * y).sum().backward()
    (wanted * wanted).sum().backward()
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.grad.to("cpu").numpy(), b.grad.numpy(), rtol=1e-10, atol=1e-12)


def test_paddings_that_do_not_fit_are_refused() -> None:
    x = ag.ones((2, 3))
    for wrong in ((1,), (1, 1, 1), (0,) * 6):
        with pytest.raises(ag.ShapeError, match=r"pad: .*input \(2, 3\) takes an even number"):
            F.pad(x, wrong)
    with pytest.raises(ag.ShapeError, match="cuts more than"):
        F.pad(x, (-2, -2))
