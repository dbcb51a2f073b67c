"""Linear algebra under the names of ``numpy.linalg`` and the array API's ``linalg`` extension."""

from autograd.ops import decomposition, matrix_functions, solving, spectrum
from autograd.ops.decomposition import *
from autograd.ops.linalg import cross, kron, matmul, matvec, multi_dot, outer, tensordot, vecdot
from autograd.ops.matrix_functions import *
from autograd.ops.rearrange import diagonal, trace
from autograd.ops.reduce import vector_norm
from autograd.ops.shape import matrix_transpose
from autograd.ops.solving import *
from autograd.ops.spectrum import *

OWN = [*solving.__all__, *decomposition.__all__, *spectrum.__all__, *matrix_functions.__all__]
"""What stands here alone, and not in ``autograd`` itself."""

__all__ = [
    "cross", "diagonal", "kron", "matmul", "matrix_transpose", "matvec", "multi_dot", "outer", "tensordot", "trace",
    "vecdot", "vector_norm",
]  # fmt: skip
__all__ += OWN
