"""Linear algebra under the names of ``numpy.linalg`` and the array API's ``linalg`` extension."""

from autograd.ops import decomposition
from autograd.ops.decomposition import *
from autograd.ops.linalg import cross, kron, matmul, matvec, multi_dot, outer, tensordot, vecdot
from autograd.ops.rearrange import diagonal, trace
from autograd.ops.reduce import vector_norm
from autograd.ops.shape import matrix_transpose

__all__ = [
    "cross", "diagonal", "kron", "matmul", "matrix_transpose", "matvec", "multi_dot", "outer", "tensordot", "trace",
    "vecdot", "vector_norm",
]  # fmt: skip
__all__ += decomposition.__all__
