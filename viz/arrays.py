"""What is drawn lies in host memory: any Tensor, array or list as a NumPy array."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.backend import to_numpy

__all__ = ["host_array"]


def host_array(value: Any) -> NDArray[Any]:
    """``value`` (a Tensor on any device, in a graph or not; an array; nested lists) as a NumPy array to read."""
    return np.asarray(to_numpy(getattr(value, "array", value)))
