"""The op table, a file for each family. Every op is one entry; importing this package fills the table."""

from autograd.ops import (
    activation,
    adaptive_pooling,
    attention,
    bessel,
    calls,
    casting,
    choosing,
    closeness,
    complex_numbers,
    complex_parts,
    contraction,
    convolution,
    covariance,
    ctc,
    decomposition,
    discrete,
    editing,
    elementwise,
    fourier,
    implicit,
    incomplete_beta,
    indexing,
    joining,
    linalg,
    logic,
    loss,
    matrix_functions,
    missing,
    normalization,
    objective,
    order,
    pooling,
    product,
    random,
    rearrange,
    reduce,
    resample,
    rounding,
    rows,
    sampling,
    scan,
    scattering,
    searching,
    shape,
    short_time,
    signal,
    solving,
    special,
    spectrum,
    trigonometric,
)
from autograd.ops.activation import *
from autograd.ops.adaptive_pooling import *
from autograd.ops.attention import *
from autograd.ops.bessel import *
from autograd.ops.calls import *
from autograd.ops.casting import *
from autograd.ops.choosing import *
from autograd.ops.closeness import *
from autograd.ops.complex_numbers import *
from autograd.ops.complex_parts import *
from autograd.ops.contraction import *
from autograd.ops.convolution import *
from autograd.ops.covariance import *
from autograd.ops.ctc import *
from autograd.ops.decomposition import *
from autograd.ops.discrete import *
from autograd.ops.editing import *
from autograd.ops.elementwise import *
from autograd.ops.fourier import *
from autograd.ops.implicit import *
from autograd.ops.incomplete_beta import *
from autograd.ops.indexing import *
from autograd.ops.joining import *
from autograd.ops.linalg import *
from autograd.ops.logic import *
from autograd.ops.loss import *
from autograd.ops.matrix_functions import *
from autograd.ops.missing import *
from autograd.ops.normalization import *
from autograd.ops.objective import *
from autograd.ops.order import *
from autograd.ops.pooling import *
from autograd.ops.product import *
from autograd.ops.random import *
from autograd.ops.rearrange import *
from autograd.ops.reduce import *
from autograd.ops.resample import *
from autograd.ops.rounding import *
from autograd.ops.rows import *
from autograd.ops.sampling import *
from autograd.ops.scan import *
from autograd.ops.scattering import *
from autograd.ops.searching import *
from autograd.ops.shape import *
from autograd.ops.short_time import *
from autograd.ops.signal import *
from autograd.ops.solving import *
from autograd.ops.special import *
from autograd.ops.spectrum import *
from autograd.ops.trigonometric import *

__all__: list[str] = []
__all__ += activation.__all__
__all__ += adaptive_pooling.__all__
__all__ += attention.__all__
__all__ += bessel.__all__
__all__ += calls.__all__
__all__ += casting.__all__
__all__ += choosing.__all__
__all__ += closeness.__all__
__all__ += complex_numbers.__all__
__all__ += complex_parts.__all__
__all__ += contraction.__all__
__all__ += convolution.__all__
__all__ += covariance.__all__
__all__ += ctc.__all__
__all__ += decomposition.__all__
__all__ += discrete.__all__
__all__ += editing.__all__
__all__ += elementwise.__all__
__all__ += fourier.__all__
__all__ += implicit.__all__
__all__ += incomplete_beta.__all__
__all__ += indexing.__all__
__all__ += joining.__all__
__all__ += linalg.__all__
__all__ += logic.__all__
__all__ += loss.__all__
__all__ += matrix_functions.__all__
__all__ += missing.__all__
__all__ += normalization.__all__
__all__ += objective.__all__
__all__ += order.__all__
__all__ += pooling.__all__
__all__ += product.__all__
__all__ += random.__all__
__all__ += rearrange.__all__
__all__ += reduce.__all__
__all__ += resample.__all__
__all__ += rounding.__all__
__all__ += sampling.__all__
__all__ += rows.__all__
__all__ += scan.__all__
__all__ += scattering.__all__
__all__ += searching.__all__
__all__ += shape.__all__
__all__ += short_time.__all__
__all__ += signal.__all__
__all__ += solving.__all__
__all__ += special.__all__
__all__ += spectrum.__all__
__all__ += trigonometric.__all__
