"""What tests of the engine share: the array API standard's reference, set to the version that is compared."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

VERSION = "2024.12"
REASON = "the reference implementation comes with the extra 'dev'"

pytest.register_assert_rewrite("tests.autograd.array_api_reference")  # it compares for several files of tests


@pytest.fixture
def standard() -> Iterator[None]:
    """The reference follows this version of the standard, not the newest that it knows."""
    strict = pytest.importorskip("array_api_strict", reason=REASON)
    with strict.ArrayAPIStrictFlags(api_version=VERSION), np.errstate(all="ignore"):
        yield
