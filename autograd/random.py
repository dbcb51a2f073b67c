"""Random numbers: a seedable generator for each device. The same seed gives the same run."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.backend import Array, load_cupy, parse_device, parse_dtype
from autograd.errors import DtypeError, GlassgradError

__all__ = ["Generator", "default_generator", "manual_seed"]


class Generator:
    """A stream of random numbers on one device, whose state can be saved as JSON and set again.

    On the CPU it is NumPy's PCG64. On CUDA every draw has its own Philox stream, keyed by the seed and the number of
    the draw, so that the state is two numbers.
    """

    def __init__(self, seed: int | None = None, device: str = "cpu"):
        self.device = device
        self._kind, self._index = parse_device(device)
        self.manual_seed(seed)

    def manual_seed(self, seed: int | None) -> Generator:
        """Start the stream anew; None takes entropy from the system."""
        if seed is not None and (not isinstance(seed, (int, np.integer)) or seed < 0):
            raise DtypeError(f"manual_seed: the seed must be an integer from 0, not {seed!r}.")
        self.seed = int(seed) if seed is not None else int(np.random.SeedSequence().generate_state(1)[0])
        self._draws = 0
        self._rng = np.random.Generator(np.random.PCG64(self.seed)) if self._kind == "cpu" else None
        return self

    def get_state(self) -> dict[str, Any]:
        """The state as numbers and strings, ready for JSON."""
        if self._rng is None:
            return {"kind": "philox", "seed": self.seed, "draws": self._draws}
        return {"kind": "pcg64", "seed": self.seed, "state": self._rng.bit_generator.state}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a state that :meth:`get_state` gave."""
        expected = "philox" if self._rng is None else "pcg64"
        if state.get("kind") != expected:
            raise GlassgradError(
                f"set_state: the state is of kind {state.get('kind')!r}, this generator on {self.device!r} wants "
                f"{expected!r}. A state goes back to a generator on the same kind of device."
            )
        self.seed = state["seed"]
        if self._rng is None:
            self._draws = state["draws"]
        else:
            self._rng.bit_generator.state = state["state"]

    def _next(self) -> Any:
        """The generator of the array library to draw from."""
        if self._rng is not None:
            return self._rng
        cupy = load_cupy(self.device)
        key = int(np.random.SeedSequence((self.seed, self._draws)).generate_state(1, np.uint64)[0])
        self._draws += 1
        with cupy.cuda.Device(self._index):
            return cupy.random.Generator(cupy.random.Philox4x3210(key))

    def uniform(self, shape: Any, low: float = 0.0, high: float = 1.0, dtype: Any = np.float32) -> Array:
        """Numbers from ``[low, high)``."""
        dtype = parse_dtype(dtype)
        draw = dtype if dtype.name in ("float32", "float64") else np.dtype(np.float32)
        x = self._next().random(shape, dtype=draw)
        if low != 0.0 or high != 1.0:
            x = x * draw.type(high - low) + draw.type(low)
        return x.astype(dtype, copy=False)

    def normal(self, shape: Any, mean: float = 0.0, std: float = 1.0, dtype: Any = np.float32) -> Array:
        """Numbers from the normal distribution."""
        dtype = parse_dtype(dtype)
        draw = dtype if dtype.name in ("float32", "float64") else np.dtype(np.float32)
        x = self._next().standard_normal(shape, dtype=draw)
        if mean != 0.0 or std != 1.0:
            x = x * draw.type(std) + draw.type(mean)
        return x.astype(dtype, copy=False)

    def bernoulli(self, shape: Any, p: float = 0.5, dtype: Any = np.float32) -> Array:
        """Ones with probability ``p``, else zeros."""
        return (self._next().random(shape, dtype=np.float32) < p).astype(parse_dtype(dtype))

    def permutation(self, n: int) -> Array:
        """The numbers from 0 to ``n - 1`` in random order; int64."""
        return self._next().permutation(n)

    def integers(self, low: int, high: int, shape: Any = ()) -> Array:
        """Integers from ``[low, high)``; int64."""
        return self._next().integers(low, high, shape)

    def __repr__(self) -> str:
        return f"Generator(seed={self.seed}, device={self.device!r})"


_defaults: dict[str, Generator] = {}
_seed: int | None = None


def default_generator(device: str = "cpu") -> Generator:
    """The generator that random ops use when none is given."""
    if device not in _defaults:
        _defaults[device] = Generator(_seed, device)
    return _defaults[device]


def get_states() -> dict[str, Any]:
    """The states of the default generators of all devices in use."""
    return {device: generator.get_state() for device, generator in _defaults.items()} | {"": {"seed": _seed}}


def set_states(states: dict[str, Any]) -> None:
    """Continue from what :func:`get_states` gave; generators that were not in use then start anew from the seed."""
    for device in list(_defaults):
        if device in states:
            _defaults[device].set_state(states[device])
        else:
            del _defaults[device]


def manual_seed(seed: int) -> Generator:
    """Seed the default generator of every device; returns the one of the CPU."""
    global _seed
    generator = Generator(seed)
    _seed = generator.seed
    _defaults.clear()
    _defaults["cpu"] = generator
    return generator
