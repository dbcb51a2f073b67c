"""The names and signatures of the array API standard, and what it lets ask of them, are ours."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import array_api as xp
from autograd.primitive import Primitive
from tests.autograd.array_api_draws import ALL
from tests.autograd.array_api_reference import (
    AGAINST_THE_REFERENCE,
    ATTRIBUTES,
    FUNCTIONS,
    METHODS,
    STANDARD,
    member,
    strict,
)
from tests.autograd.conftest import VERSION

pytestmark = AGAINST_THE_REFERENCE


def _signature(function: Any) -> inspect.Signature:
    if isinstance(function, Primitive) and not function.variadic and not function.static:
        # A primitive answers any call; its entry says how many arguments the op has.
        return inspect.Signature(
            [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in function.arguments]
        )
    return inspect.signature(function)


_SAME_DEFAULT = {("norm", "backward"): None, ("correction", 0.0): 0, ("dtype", None): np.float32}


def _misfits(standard: inspect.Signature, ours: inspect.Signature) -> list[str]:
    """Why a call that the standard allows would fail with ours, or mean something else."""
    p = inspect.Parameter
    places = [x for x in ours.parameters.values() if x.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = any(x.kind is p.VAR_POSITIONAL for x in ours.parameters.values())
    wrong, used = [], set()
    for i, (name, wanted) in enumerate(standard.parameters.items()):
        if wanted.kind is p.VAR_POSITIONAL:
            if not rest:
                wrong.append(f"no *{name}")
            continue
        found = None
        if wanted.kind is not p.KEYWORD_ONLY:
            found = places[i] if i < len(places) else None
            if found is None and not rest:
                wrong.append(f"no place for {name}")
        if wanted.kind is not p.POSITIONAL_ONLY:
            found = ours.parameters.get(name)
            if found is None or found.kind not in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY):
                wrong.append(f"no keyword {name}")
                continue
        if found is not None:
            used.add(found.name)
        known = wanted.default is not p.empty and type(wanted.default).__name__ != "Undef"
        if found is not None and wanted.default is not p.empty and found.default is p.empty:
            wrong.append(f"{name} has no default")
        elif known and found is not None and found.default != wanted.default:
            key = (name, wanted.default)
            if key not in _SAME_DEFAULT or found.default != _SAME_DEFAULT[key]:
                wrong.append(f"{name} defaults to {found.default!r}, not {wanted.default!r}")
    for name, extra in ours.parameters.items():
        if name not in used and extra.default is p.empty and extra.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            wrong.append(f"{name} is required")
    return wrong


def test_the_namespace_has_every_name_of_the_standard():
    missing = [name for name in STANDARD if not _has(xp, name)]
    assert missing == []
    assert xp.__array_api_version__ == VERSION
    assert len(FUNCTIONS) > 170


def _has(namespace: Any, dotted: str) -> bool:
    try:
        member(namespace, dotted)
    except AttributeError:
        return False
    return True


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_call_that_the_standard_allows_is_a_call_of_ours(name):
    assert _misfits(inspect.signature(STANDARD[name]), _signature(member(xp, name))) == []


def test_tensors_have_every_attribute_and_method_of_the_standard():
    x = ag.ones((2, 2))
    assert [name for name in ATTRIBUTES if not hasattr(x, name)] == []
    assert [name for name in METHODS if not hasattr(ag.Tensor, name)] == []
    array = type(strict.ones(2))
    for name in METHODS[:-1]:  # the reference takes to_device's stream by place, the standard by keyword only
        standard = inspect.signature(getattr(array, name))
        assert _misfits(standard, inspect.signature(getattr(ag.Tensor, name))) == [], name


def test_constants_and_dtypes():
    assert (xp.e, xp.pi, xp.inf, xp.newaxis) == (math.e, math.pi, math.inf, None)
    assert math.isnan(xp.nan)
    for name in ALL:
        assert xp.ones(1, dtype=getattr(xp, name)).dtype == getattr(xp, name)
        assert getattr(xp, name).name == name


def test_the_inspection_api():
    info, reference = xp.__array_namespace_info__(), strict.__array_namespace_info__()
    assert info.capabilities() == reference.capabilities()
    assert info.default_device() == "cpu" == info.devices()[0]
    assert set(info.default_dtypes()) == set(reference.default_dtypes())
    kinds = [*("bool", "signed integer", "unsigned integer", "integral", "real floating", "complex floating")]
    for kind in [None, *kinds, "numeric", ("bool", "integral")]:
        assert set(info.dtypes(kind=kind)) == set(reference.dtypes(kind=kind)), kind
        assert info.dtypes(kind=kind, device="cpu") == info.dtypes(kind=kind)
    for kind in (*kinds, "numeric"):
        for name in ALL:
            assert xp.isdtype(getattr(xp, name), kind) is strict.isdtype(getattr(strict, name), kind)
    assert xp.isdtype(xp.int8, (xp.int16, xp.int8)) is True
    with pytest.raises(ag.ArgumentError, match="real floating"):
        xp.isdtype(xp.int8, "float")
