"""The errors of glassgrad. Each message names the op and the argument, what was seen, what was wanted, and the remedy.

Every class also derives from the error that a NumPy user would expect, so ``except ValueError`` keeps working.
"""

import numpy as np

__all__ = [
    "ArgumentError",
    "DeviceError",
    "DtypeError",
    "GlassgradError",
    "GradientError",
    "LinAlgError",
    "MissingExtraError",
    "RangeError",
    "ShapeError",
]


class GlassgradError(Exception):
    """Base class of every error that glassgrad raises on purpose."""


class ArgumentError(GlassgradError, ValueError):
    """A value of an argument lies outside of what makes sense: a probability of 2, an unknown reduction."""


class ShapeError(GlassgradError, ValueError):
    """Shapes, axes or indices do not fit the op."""


class RangeError(GlassgradError, IndexError):
    """An index or a label lies outside the range that it addresses."""


class LinAlgError(GlassgradError, np.linalg.LinAlgError):
    """A matrix does not allow what was asked: it is singular, not positive definite, or holds what is no number."""


class DtypeError(GlassgradError, TypeError):
    """A dtype (or the type of an argument) does not fit the op."""


class DeviceError(GlassgradError, RuntimeError):
    """A device is unknown, missing, or mixed with another one."""


class GradientError(GlassgradError, RuntimeError):
    """A gradient was asked for that the recorded graph cannot give."""


class MissingExtraError(GlassgradError, ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""
