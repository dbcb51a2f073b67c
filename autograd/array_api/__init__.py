"""The namespace of the array API standard (2024.12): what ``x.__array_namespace__()`` gives.

Libraries that are written against the standard, such as einops, take Tensors through it. Most functions are those of
:mod:`autograd` as they are. A family has its file here where the standard asks for other arguments or defaults than
the engine's own functions have, or for a name that would hide one of Python's there (``bool``).

Source: https://data-apis.org/array-api/2024.12
"""

from __future__ import annotations

import importlib

import numpy as np

from autograd import *
from autograd import fft as fft
from autograd.array_api.creation import *
from autograd.array_api.dtypes import *
from autograd.array_api.inspection import *
from autograd.array_api.manipulation import *
from autograd.array_api.statistics import *

__array_api_version__ = "2024.12"

linalg = importlib.import_module("autograd.array_api.linalg")  # in the place of the engine's, which has its name
bool = np.dtype(np.bool_)
e, inf, nan, pi, newaxis = np.e, np.inf, np.nan, np.pi, None
