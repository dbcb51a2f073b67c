"""What tests of the engine share: the array API standard's reference at the version compared, and silence at the edges."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

VERSION = "2024.12"
REASON = "the reference implementation comes with the extra 'dev'"

# they compare, too
pytest.register_assert_rewrite(
    "tests.autograd.array_api_reference", "tests.autograd.conventions", "tests.autograd.expansions"
)


@pytest.fixture
def standard() -> Iterator[None]:
    """The reference follows this version of the standard, not the newest that it knows."""
    strict = pytest.importorskip("array_api_strict", reason=REASON)
    with strict.ArrayAPIStrictFlags(api_version=VERSION), np.errstate(all="ignore"):
        yield


@pytest.fixture
def overflow_in_silence() -> Iterator[None]:
    """At the edges of a domain, infinities and NaN are what is tested."""
    with np.errstate(all="ignore"):
        yield
