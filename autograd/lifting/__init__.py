"""Scalars to tensors: a graph of single numbers becomes a program of a few ops on arrays.

``program``  the public Program and ``vectorize``
``graph``    the scalar graph taken apart into groups that are computed alike
``sums``     sums and dot products, and the matrix products that they make up
``layout``   in which order and shape the members of a group are computed
``steps``    the program as it is written: registers, gathers, ops
"""

from autograd.lifting.program import Program, Step, vectorize

__all__ = ["Program", "Step", "vectorize"]
