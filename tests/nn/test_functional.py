"""nn.functional has what torch.nn.functional has, as far as autograd has it, under the same names and in the same order."""

from __future__ import annotations

import inspect
import pickle
import re
from typing import Any

import numpy as np
import pytest

import autograd as ag
from nn import functional as F

WANTING = {"instance_norm"}  # takes running statistics there
OURS = {"flatten"}  # torch.flatten there
OBSOLETE = {"size_average", "reduce", "_stacklevel"}  # PyTorch still lists them, in the middle

# Parameters of PyTorch that are not here. Nobody has `inplace`: values do not change.
UNSUPPORTED = {
    **dict.fromkeys(("l1_loss", "mse_loss", "huber_loss"), "weight"),  # whose mean differs from loss to loss
    "normalize": "out",  # values do not change
    "gumbel_softmax": "eps",  # without effect there
    "embedding": "max_norm norm_type scale_grad_by_freq sparse",
    "embedding_bag": "max_norm norm_type scale_grad_by_freq sparse include_last_offset",
    **dict.fromkeys(("fractional_max_pool2d", "fractional_max_pool3d"), "_random_samples"),
}
# Parameters that PyTorch has not; what draws numbers takes a generator.
EXTRA = {"avg_pool1d": "divisor_override", "upsample": "recompute_scale_factor antialias"}


def test_every_op_of_torch_nn_functional_that_autograd_has_is_here(torch: Any) -> None:
    theirs = {name for name in dir(torch.nn.functional) if name[0].islower()}
    both = {name for name in theirs if callable(getattr(torch.nn.functional, name)) and name in ag.__all__}
    assert both - set(F.__all__) == WANTING
    assert set(F.__all__) - theirs == OURS
    assert len(F.__all__) == len(set(F.__all__))


def parameters_in_torch(function: Any) -> list[str]:
    """The names of its parameters; a builtin's stand in the first line of its docstring."""
    try:
        names = list(inspect.signature(function).parameters)
    except ValueError:
        names = ["args"]
    if "args" in names:
        inside = re.search(r"\((.*?)\)", function.__doc__ or "", re.DOTALL)
        names = [part.split("=")[0].strip(" *\n") for part in inside.group(1).split(",")] if inside else []
    return [name for name in names if name]


def test_parameters_have_pytorchs_names_and_order(torch: Any) -> None:
    compared = 0
    for name in sorted(set(F.__all__) - OURS):
        ours = list(inspect.signature(getattr(F, name)).parameters.values())
        theirs = [p for p in parameters_in_torch(getattr(torch.nn.functional, name)) if p not in OBSOLETE]
        wanting = set(UNSUPPORTED.get(name, "").split()) | {"inplace"}
        shared = [p for p in theirs if p not in wanting]
        assert [p.name for p in ours if p.name not in EXTRA.get(name, "generator").split()] == shared, name
        assert [p.name for p in ours if p.kind is not p.KEYWORD_ONLY and p.name in shared] == [
            p for p in shared if p not in {q.name for q in ours if q.kind is q.KEYWORD_ONLY}
        ], name
        compared += 1
    assert compared > 100


def test_required_arguments_are_pytorchs(torch: Any) -> None:
    for name in sorted(set(F.__all__) - OURS):
        try:
            wanted = inspect.signature(getattr(torch.nn.functional, name)).parameters
        except ValueError:
            continue  # a builtin of PyTorch
        if "args" not in wanted:
            ours = inspect.signature(getattr(F, name)).parameters
            required = [p.name for p in list(wanted.values())[1:] if p.default is p.empty]
            assert [p.name for p in list(ours.values())[1:] if p.default is p.empty] == required, name


def test_arguments_by_name_are_those_by_position(torch: Any) -> None:
    x, y = ag.tensor([[0.2, 0.7], [0.4, 0.1]], requires_grad=True), ag.tensor([[1.0, 0.0], [0.0, 1.0]])
    for name in sorted(F.__all__):
        f = getattr(F, name)
        given = [p.name for p in inspect.signature(f).parameters.values() if p.default is p.empty]
        if given == ["input"] and "dropout" not in name and name not in ("interpolate", "upsample"):
            np.testing.assert_array_equal(f(input=x).array, f(x).array, err_msg=name)
        if given == ["input", "target"] and name not in ("cross_entropy", "nll_loss", "multi_margin_loss"):
            t = y.array.astype(int) if name == "multilabel_margin_loss" else y
            np.testing.assert_array_equal(f(target=t, input=x).array, f(x, t).array, err_msg=name)
    image = ag.tensor(np.random.default_rng(0).normal(size=(1, 2, 5, 5)))
    assert F.avg_pool2d(kernel_size=2, input=image).tolist() == ag.avg_pool2d(image, 2).tolist()
    assert F.embedding(input=np.array([1]), weight=x).tolist() == [x.array[1].tolist()]
    assert F.margin_ranking_loss(input1=x, input2=y, target=y).item() == ag.margin_ranking_loss(x, y, y).item()
    with pytest.raises(TypeError, match="multiple values"):
        F.elu(x, input=x)
    with pytest.raises(TypeError, match="unexpected keyword argument 'inplace'"):
        F.elu(x, inplace=True)
    assert pickle.loads(pickle.dumps(F.elu)) is F.elu


POOLING: list[dict[str, Any]] = [
    {"kernel_size": 3, "stride": 2, "ceil_mode": True, "count_include_pad": False, "padding": 1},
    {"kernel_size": 2, "stride": 3, "ceil_mode": True, "divisor_override": 3},
    {"kernel_size": 3, "padding": 1, "count_include_pad": False},
    {"kernel_size": 6, "stride": 4, "ceil_mode": True},  # larger than the image: one incomplete window
    {"kernel_size": 2, "stride": 2, "dilation": 2, "padding": 1, "ceil_mode": True, "return_indices": True},
    {"kernel_size": 3, "stride": 3, "ceil_mode": True, "return_indices": True},
    {"kernel_size": 6, "stride": 4, "ceil_mode": True, "return_indices": True},
]  # fmt: skip
# PyTorch's avg_pool1d has no divisor, and its avg_pool3d takes no window larger than the image.
POOLING_BY_RANK = [(n, options) for options in POOLING for n in (1, 2, 3)
                   if not (n == 1 and "divisor_override" in options)
                   and ("return_indices" in options or n < 3 or options["kernel_size"] <= 4)]  # fmt: skip


@pytest.mark.parametrize(("n", "options"), POOLING_BY_RANK, ids=str)
def test_pooling_has_every_option_of_pytorch(n: int, options: dict[str, Any], torch: Any, device: str) -> None:
    name = f"{'max' if 'return_indices' in options else 'avg'}_pool{n}d"
    array = np.random.default_rng(n).normal(size=(2, 2, *(5, 4, 5)[:n]))
    x, y = ag.tensor(array, device=device, requires_grad=True), torch.tensor(array, requires_grad=True)
    wanted, seen = getattr(torch.nn.functional, name)(y, **options), getattr(F, name)(x, **options)
    if "return_indices" in options:
        (seen, places), (wanted, theirs) = seen, wanted
        np.testing.assert_array_equal(places.to("cpu").numpy(), theirs.numpy())
    np.testing.assert_allclose(seen.detach().to("cpu").numpy(), wanted.detach().numpy(), rtol=1e-12)
    (first,) = ag.gradients((seen**3).sum(), [x], create_graph=True)
    (slope,) = torch.autograd.grad((wanted**3).sum(), y, create_graph=True)
    np.testing.assert_allclose(first.detach().to("cpu").numpy(), slope.detach().numpy(), rtol=1e-10, atol=1e-12)
    (second,) = ag.gradients((first**2).sum(), [x])
    (bend,) = torch.autograd.grad((slope**2).sum(), y)
    np.testing.assert_allclose(second.to("cpu").numpy(), bend.numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("shape", "size"), [((5,), 3), ((5, 4), (2, None)), ((3, 3), (None, None)), ((3, 4, 5), (2, 3, 1))]
)
@pytest.mark.parametrize("ties", [False, True])
def test_adaptive_maxima_say_where_they_were(shape: Any, size: Any, ties: bool, torch: Any) -> None:
    name = f"adaptive_max_pool{len(shape)}d"
    array = np.random.default_rng(0).normal(size=(2, 3, *shape))
    array = np.round(array) if ties else array
    x, y = ag.tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
    seen, places = getattr(F, name)(x, size, return_indices=True)
    wanted, theirs = getattr(torch.nn.functional, name)(y, size, return_indices=True)
    np.testing.assert_array_equal(seen.array, wanted.detach().numpy())
    np.testing.assert_array_equal(places.array, theirs.numpy())
    np.testing.assert_array_equal(getattr(F, name)(x, size).array, seen.array)
    (seen**3).sum().backward()
    (wanted**3).sum().backward()
    np.testing.assert_allclose(x.grad.array, y.grad.numpy(), rtol=1e-12)
    batched = ag.vmap(lambda v: getattr(F, name)(v, size, return_indices=True)[1])(x)
    np.testing.assert_array_equal(batched.array, theirs.numpy())


def test_fractional_maxima_say_where_they_were() -> None:
    x = ag.tensor(np.random.default_rng(0).normal(size=(2, 3, 6, 5)))
    y, places = F.fractional_max_pool2d(x, 2, output_size=(4, 3), return_indices=True, generator=ag.Generator(1))
    again = F.fractional_max_pool2d(x, 2, output_size=(4, 3), generator=ag.Generator(1))
    np.testing.assert_array_equal(y.array, again.array)
    found = np.take_along_axis(x.array.reshape(2, 3, 30), places.array.reshape(2, 3, 12), -1)
    np.testing.assert_array_equal(found.reshape(y.shape), y.array)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
def test_softmax_converts_its_input(name: str) -> None:
    y = getattr(F, name)(ag.tensor(np.ones(4, np.float16)), dim=0, dtype="float32")
    assert y.dtype == np.float32


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
        ("pad", [(2, 3, 4)], {"pad": (3, -3), "mode": "reflect"}),  # of the whole axis, and then cut
        ("pad", [(2, 3, 4)], {"pad": (-6, 3), "mode": "reflect"}),
        ("pad", [(2, 3, 4, 5)], {"pad": (-1, 2, 3, -2), "mode": "reflect"}),
        ("pad", [(2, 3, 4, 5)], {"pad": (-7, 9, 2, -5), "mode": "replicate"}),
        ("pad", [(2, 2, 3, 4, 5)], {"pad": (-1, -2, 1, -1, -1, 2), "mode": "replicate"}),
        ("pad", [(2, 3, 4, 6)], {"pad": (-2, 3, 2, -2), "mode": "circular"}),  # cut, and then around
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
    for mode in ("constant", "replicate", "circular"):
        with pytest.raises(ag.ShapeError, match="cut more than"):
            F.pad(x, (-2, -2), mode=mode)
    # here PyTorch returns memory that nobody has written
    with pytest.raises(
        ag.ShapeError, match=r"'circular' takes at most 1 elements from axis 1 of .* as it is cut, not 2"
    ):
        F.pad(x, (-2, 2), mode="circular")
