"""The parts of complex numbers, and the conjugate.

Gradients of complex values follow PyTorch's conjugate Wirtinger convention: dL/dRe + i dL/dIm, so that the negative
gradient of a real loss is the direction of descent.
"""

from __future__ import annotations

import numpy as np

from autograd.primitive import primitive
from autograd.samples import elementwise_samples

__all__ = ["conj", "conjugate", "imag", "real"]

real = primitive(
    "real", lambda x: np.real(x) if x.dtype.kind == "c" else x, kind="elementwise", holomorphic=False,
    vjp=[lambda g: g], jvp=lambda primals, tangents: real(tangents[0]), code="creal({0})",
    latex=r"\operatorname{{Re}} {0}", vjp_latex=[r"\bar y"], samples=elementwise_samples(),
    doc="""The real part.

    Its gradient with respect to x is the cotangent itself, a real number: the conjugate Wirtinger convention.
    """,
)  # fmt: skip
imag = primitive(
    "imag", lambda x: np.imag(x), kind="elementwise", holomorphic=False,
    vjp=[lambda g, x_dtype: g * 1j if x_dtype.kind == "c" else None], jvp=lambda primals, tangents: imag(tangents[0]),
    code="cimag({0})", latex=r"\operatorname{{Im}} {0}",
    vjp_latex=[r"\mathrm{i} \cdot \bar y"], samples=elementwise_samples(),
    doc="""The imaginary part; of real numbers 0.

    Its gradient with respect to x is i times the cotangent, the direction in which Im x grows: the conjugate
    Wirtinger convention.
    """,
)  # fmt: skip
conj = primitive(
    "conj", np.conjugate, kind="elementwise", holomorphic=False, vjp=[lambda g: g.conj()], jvp="linear",
    code="{0}", latex=r"\overline{{{0}}}", vjp_latex=[r"\overline{\bar y}"], samples=elementwise_samples(),
    doc="""The complex conjugate.

    Its gradient is the conjugate of the cotangent (conjugate Wirtinger convention): conj is not holomorphic, and what
    descends in the result descends, mirrored, in x.
    """,
)  # fmt: skip

conjugate = conj
