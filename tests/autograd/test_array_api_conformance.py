"""Our namespace against the array API standard 2024.12: where we differ, and the page that publishes the check.

The reference is ``array-api-strict``, which implements the standard and nothing else. A row of ``CASES`` in
array_api_calls says what a function takes by the standard; Hypothesis draws calls, and value, shape, dtype and the type
of the result must agree: test_array_api_functions. ``python -m tests.autograd.test_array_api_conformance`` prints
docs/array-api.md.

Source: https://data-apis.org/array-api/2024.12
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import autograd as ag
from autograd import array_api as xp
from tests.autograd.array_api_calls import CASES, FAMILIES
from tests.autograd.array_api_draws import ALL
from tests.autograd.array_api_reference import AGAINST_THE_REFERENCE, ATTRIBUTES, FUNCTIONS, METHODS, STANDARD
from tests.autograd.conftest import VERSION
from tests.autograd.test_array_api_operators import OPERATORS
from tests.autograd.test_array_api_special_cases import SPECIAL_CASES

PAGE = Path(__file__).parents[2] / "docs" / "array-api.md"
COMMAND = "python -m tests.autograd.test_array_api_conformance > docs/array-api.md"
pytestmark = AGAINST_THE_REFERENCE

# ---------------------------------------------------------------------- where we differ on purpose, and what is open


class Note(NamedTuple):
    """A line of the page: what happens, why, and the test that it is exactly so."""

    what: str
    why: str
    check: Callable[[], None]


def _leaf() -> None:
    x = ag.ones(2, requires_grad=True)
    for write in (lambda: operator.iadd(x, 1), lambda: operator.setitem(x, 0, 1.0), lambda: operator.imatmul(x, x)):
        with pytest.raises(ag.GradientError, match="leaf"):
            write()
    with ag.no_grad():
        x += 1
    assert x.tolist() == [2.0, 2.0]


def _rebound() -> None:
    x = ag.ones(2, requires_grad=True) * 1
    view = x[:]
    x += 1
    x[0] = 5.0
    assert (x.tolist(), view.tolist()) == ([5.0, 2.0], [1.0, 1.0])


def _out_of_a_graph() -> None:
    x = ag.ones(2, requires_grad=True)
    for leave in (lambda: np.from_dlpack(x), lambda: np.asarray(x)):
        with pytest.raises(ag.GradientError, match="detach"):
            leave()


def _no_derivative() -> None:
    x = ag.ones((3, 2), requires_grad=True)
    for call in (lambda: xp.linalg.svd(x), lambda: xp.linalg.qr(x, mode="complete")):
        with pytest.raises(ag.GradientError, match="no derivative"):
            call()


DEVIATIONS = [
    Note("`x += y` and `x[i] = v` on a leaf that wants gradients are an error",
         "it would no longer be the leaf whose gradient was asked for; inside `with no_grad():` they write", _leaf),
    Note("`x += y` and `x[i] = v` on a Tensor computed from such a leaf let `x` stand for a new value: views taken "
         "before keep the old one", "a write to memory that the backward pass needs would give wrong gradients", _rebound),
    Note("`x.__dlpack__()` and `np.asarray(x)` are an error within a graph",
         "another library's writes would go unseen; `x.detach()` goes out", _out_of_a_graph),
    Note("`linalg.svd(x)` with square factors and `linalg.qr(x, mode=\"complete\")` of a matrix that is not square are "
         "an error where `x` wants gradients", "the added columns are arbitrary and have no derivative", _no_derivative),
]  # fmt: skip


def _default_float() -> None:
    assert xp.__array_namespace_info__().default_dtypes()["real floating"] == xp.asarray(1.0).dtype == xp.float32


def _mixed_kinds() -> None:
    assert (xp.ones(2, dtype=xp.int64) + xp.ones(2, dtype=xp.float32)).dtype == xp.float64
    assert xp.can_cast(xp.int64, xp.float64)
    assert not xp.can_cast(xp.float64, xp.int64)
    assert xp.result_type(xp.int8, xp.uint64) == xp.float64


def _no_extreme() -> None:
    for function in (xp.max, xp.min, xp.argmax, xp.argmin):
        with pytest.raises(ValueError, match="no element"):
            function(xp.zeros((0,)))


def _one_element() -> None:
    assert bool(xp.ones((1, 1)))
    assert (float(xp.ones((1,))), int(xp.ones((1,))), complex(xp.ones((1,)))) == (1.0, 1, 1 + 0j)
    with pytest.raises(ValueError, match="any"):
        bool(xp.ones(2))
    with pytest.raises(TypeError, match="."):
        operator.index(xp.ones(()))
    assert [10, 11][xp.asarray(1)] == 11


def _reversed_axes() -> None:
    assert xp.zeros((2, 3, 4)).T.shape == (4, 3, 2)


def _itself() -> None:
    x = xp.ones(2)
    assert +x is x


def _python_division() -> None:
    assert xp.isnan(xp.floor_divide(xp.asarray(math.inf), 2.0)).item()
    assert xp.floor_divide(xp.asarray(1.0), -math.inf).item() == -1


def _read_only() -> None:
    frozen = np.arange(3.0)
    frozen.flags.writeable = False
    x = xp.from_dlpack(frozen)
    x += 1
    assert (frozen.tolist(), x.tolist()) == ([0, 1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="read-only"):
        xp.from_dlpack(frozen, copy=False)


OPEN = [
    Note("Python floats become float32", "as in PyTorch; `default_dtypes()` says so", _default_float),
    Note("Integers and floats mix, and promote as in NumPy", "`can_cast` and `result_type` follow it", _mixed_kinds),
    Note("`max`, `min`, `argmax` and `argmin` over no element are an error", "there is no such element", _no_extreme),
    Note("`bool`, `float`, `int` and `complex` take any Tensor of one element", "losses may be `(1,)`", _one_element),
    Note("`x.T` reverses the axes of any Tensor", "as in NumPy", _reversed_axes),
    Note("`+x` is `x` itself", "as in PyTorch", _itself),
    Note("`floor_divide` with infinities gives what Python's `//` gives", "as in NumPy", _python_division),
    Note("`from_dlpack` copies memory that is read-only", "Tensors can be written", _read_only),
]  # fmt: skip


@pytest.mark.parametrize("note", [*DEVIATIONS, *OPEN], ids=lambda note: note.check.__name__.strip("_"))
def test_what_the_page_says_of_the_standard_is_so(note):
    note.check()


# ---------------------------------------------------------------------------------------------------------- the page


def as_markdown() -> str:
    """docs/array-api.md, counted from the tables above."""
    names = len(STANDARD)
    special = sum(map(len, SPECIAL_CASES.values()))
    lines = [
        "# The array API standard",
        "",
        f"`x.__array_namespace__()` gives `autograd.array_api`, the namespace of the Python array API standard {VERSION}",
        "(<https://data-apis.org/array-api/2024.12>), with the extensions `linalg` and `fft`. Code written against the",
        "standard runs on Tensors, and gradients flow through it.",
        "",
        "## What conforms",
        "",
        f"All {names} names of the namespace are there: {len(FUNCTIONS)} functions, {len(ALL)} dtypes, the constants. All of "
        f"the {len(FUNCTIONS)} signatures allow",
        f"every call that the standard allows, and so do {len(METHODS)} methods of a Tensor; its {len(ATTRIBUTES)} attributes are there.",
        f"{len(CASES)} functions and {len(OPERATORS)} operators are compared with `array-api-strict`, the standard's reference",
        "implementation, on calls that Hypothesis draws: every dtype that the standard says the function takes, shapes with",
        "no axis and no element, broadcasting, Python numbers on either side. Value, shape, dtype and type must be the same.",
        f"So must {special} special cases (NaN, infinities, signed zeros) of {len(SPECIAL_CASES)} functions, which are written out from the",
        "standard's text, in float32 and in float64.",
        "",
        "| family | functions compared | agree |",
        "|---|---|---|",
    ]
    lines += [f"| {family} | {len(cases)} | {len(cases)} |" for family, cases in FAMILIES.items()]
    lines += [f"| Operators | {len(OPERATORS)} | {len(OPERATORS)} |", "| Indexing and assignment | 2 | 2 |", ""]
    lines += ["## Where we differ", "", "| what happens | why |", "|---|---|"]
    lines += [f"| {note.what} | {note.why} |" for note in DEVIATIONS]
    lines += ["", "Each of these concerns Tensors that want gradients, of which the standard does not speak.", ""]
    lines += ["## What the standard leaves open", "", "| what happens | why |", "|---|---|"]
    lines += [f"| {note.what} | {note.why} |" for note in OPEN]
    lines += [
        "",
        "## Other libraries",
        "",
        "| what | how |",
        "|---|---|",
        "| DLPack | `np.from_dlpack(x)`, `torch.from_dlpack(x)` and `ag.from_dlpack(a)` share memory; on a GPU "
        "`__cuda_array_interface__` does too |",
        "| NumPy and SciPy | functions of constants are NumPy's own and give Tensors; of Tensors that want gradients they "
        "are the op of that name, and an error where there is none |",
        "| einops | `import autograd.einops_backend`, and `einops` takes Tensors; `einops.array_api` does without it |",
        "| pickle, deepcopy | leaves, parameters and modules, with gradients and shared parameters, without hooks |",
        "",
        "Each line is tested in `tests/autograd/test_interoperability.py`.",
        "",
        "## Run the check",
        "",
        "```console",
        "pytest tests/autograd/test_array_api_functions.py            # 12 calls of each function",
        "pytest tests/autograd/test_array_api_functions.py -m slow    # 100 calls of each function",
        f"{COMMAND}    # this page",
        "```",
        "",
        "`array-api-strict` comes with the extra `dev`.",
    ]
    return "\n".join(lines) + "\n"


def test_the_page_is_what_the_tables_say():
    assert PAGE.read_text(encoding="utf-8") == as_markdown(), f"run: {COMMAND}"


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
