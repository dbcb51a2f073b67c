"""autograd: the engine of glassgrad. Tensors over NumPy or CuPy, a table of primitives, and their derivatives.

>>> import autograd as ag
>>> x = ag.tensor([1.0, 2.0], requires_grad=True)
>>> (x * x).sum().backward()
>>> x.grad
tensor([2., 4.])
"""

import importlib.util as _importlib_util
from pathlib import Path as _Path

# Another project on PyPI installs a package of this name too. Its files beside ours would be imported instead of ours
# here and there, so a mixed install must not start.
if any((_Path(__file__).parent / _name).exists() for _name in ("numpy", "tracer.py", "differential_operators.py")):
    raise ImportError(
        f"the folder {_Path(__file__).parent} mixes two projects: glassgrad's autograd and the package 'autograd' "
        "from PyPI (HIPS). They cannot share an environment.\n"
        "  Run: pip uninstall -y autograd glassgrad && pip install glassgrad"
    )
if _importlib_util.find_spec("autograd.tape") is None:
    raise ImportError(
        "autograd is imported from a mixed install: files of glassgrad are missing. "
        "Run: pip uninstall -y autograd glassgrad && pip install glassgrad"
    )

from autograd import creation, errors, fft, linalg, ops, scalar
from autograd.anomaly import AnomalyError, detect_anomaly
from autograd.backend import available_devices
from autograd.checkpointing import checkpoint
from autograd.composite import COMPOSITES, Composite, composite
from autograd.creation import *
from autograd.custom import custom_op
from autograd.errors import *
from autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from autograd.mistakes import SilentMistakeWarning, debug_mode, warn_of_mistake
from autograd.mode import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from autograd.ops.activation import *
from autograd.ops.adaptive_pooling import *
from autograd.ops.attention import *
from autograd.ops.bessel import *
from autograd.ops.casting import *
from autograd.ops.choosing import *
from autograd.ops.closeness import *
from autograd.ops.complex_numbers import *
from autograd.ops.complex_parts import *
from autograd.ops.contraction import *
from autograd.ops.convolution import *
from autograd.ops.covariance import *
from autograd.ops.ctc import *
from autograd.ops.discrete import *
from autograd.ops.editing import *
from autograd.ops.elementwise import *
from autograd.ops.implicit import *
from autograd.ops.incomplete_beta import *
from autograd.ops.indexing import *
from autograd.ops.joining import *
from autograd.ops.linalg import *
from autograd.ops.logic import *
from autograd.ops.loss import *
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
from autograd.ops.sampling import *
from autograd.ops.scan import *
from autograd.ops.scattering import *
from autograd.ops.searching import *
from autograd.ops.shape import *
from autograd.ops.signal import *
from autograd.ops.special import *
from autograd.ops.trigonometric import *
from autograd.primitive import OPS, Primitive, primitive
from autograd.random import Generator, default_generator, manual_seed
from autograd.recorder import record
from autograd.recording import Recording
from autograd.saving import save_on_cpu, saved_tensor_hooks
from autograd.schema import recording_schema
from autograd.tape import Leaf, Node, mark_written
from autograd.tensor import Tensor
from autograd.transforms import grad, gradients, hvp, jvp, linearize, value_and_grad, vjp
from autograd.tree import tree_flatten, tree_leaves, tree_map, tree_unflatten
from autograd.vectorize import hessian, jacobian, vmap
from autograd.watching import scope

__all__ = [
    "COMPOSITES",
    "OPS",
    "Composite",
    "Generator",
    "GradcheckError",
    "Leaf",
    "Node",
    "Primitive",
    "Recording",
    "record",
    "recording_schema",
    "Tensor",
    "available_devices",
    "composite",
    "default_generator",
    "enable_grad",
    "errors",
    "fft",
    "linalg",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "gradients",
    "is_grad_enabled",
    "manual_seed",
    "mark_written",
    "no_grad",
    "ops",
    "primitive",
    "scalar",
    "set_grad_enabled",
    "value_and_grad",
    "AnomalyError",
    "checkpoint",
    "custom_op",
    "debug_mode",
    "detect_anomaly",
    "inference_mode",
    "save_on_cpu",
    "saved_tensor_hooks",
    "SilentMistakeWarning",
    "warn_of_mistake",
    "scope",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "linearize",
    "tree_flatten",
    "tree_leaves",
    "tree_map",
    "tree_unflatten",
    "vjp",
    "vmap",
]
__all__ += creation.__all__
__all__ += errors.__all__
__all__ += [name for name in ops.__all__ if name not in (*fft.__all__, *linalg.OWN, *ops.rows.__all__)]
