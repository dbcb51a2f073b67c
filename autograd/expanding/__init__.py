"""Tensors to scalars: one element of a Tensor opens into the graph of the numbers that it was made from.

``expand``        the public function: it plans which elements stand behind which, and builds the Values
``element``       what a rule is given of an op, and what it gives back
``rules``         what stands behind an element, by the kind of op
``contractions``  matrix products, einsum, convolution
``definitions``   ops that are defined by other ops
``linalg``        factorisations and solutions by elimination
``numbers``       where the numbers of arguments come from
"""

from autograd.expanding.expand import expand, expand_op

__all__ = ["expand", "expand_op"]
