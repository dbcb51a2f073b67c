"""Random numbers: a seedable generator for each device. The same seed gives the same run."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd import special
from autograd.backend import Array, array_module, as_array, load_cupy, parse_device, parse_dtype
from autograd.errors import ArgumentError, DtypeError, GlassgradError, ShapeError
from autograd.parameters import (
    as_integer,
    as_parameter,
    as_weights,
    differs,
    full_shape,
    location_scale,
    real_dtypes,
    require,
    vector_shape,
)

__all__ = ["Generator", "default_generator", "manual_seed"]


class Generator:
    """A stream of random numbers on one device, whose state can be saved as JSON and set again.

    On the CPU it is NumPy's PCG64. On CUDA every draw has its own Philox stream, keyed by the seed and the number of
    the draw, so that the state is two numbers.
    """

    def __init__(self, seed: int | None = None, device: str = "cpu"):
        self.device = device
        self._kind, self._index = parse_device(device)
        self._lock = threading.Lock()
        self._start(seed)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.Lock())

    def manual_seed(self, seed: int | None) -> Generator:
        """Start the stream anew; None takes entropy from the system."""
        if _watching.again is None:
            self._start(seed)
        return self

    def _start(self, seed: int | None) -> None:
        if seed is not None and (not isinstance(seed, (int, np.integer)) or seed < 0):
            raise DtypeError(f"manual_seed: the seed must be an integer from 0, not {seed!r}.")
        self.seed = int(seed) if seed is not None else int(np.random.SeedSequence().generate_state(1)[0])
        self._draws = 0
        self._rng = np.random.Generator(np.random.PCG64(self.seed)) if self._kind == "cpu" else None

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
        if _watching.again is None:
            with self._lock:
                self._restore(state)

    def _restore(self, state: dict[str, Any]) -> None:
        self.seed = state["seed"]
        if self._rng is None:
            self._draws = state["draws"]
        else:
            self._rng.bit_generator.state = state["state"]

    def _draw(self, method: str, *args: Any, **options: Any) -> Any:
        """One draw, by this method of the array library's generator: a single step, whatever other threads draw."""
        if _watching.again is not None:
            state = _watching.again(self)
            source = Generator(0, self.device)
            source._restore(state)
            for note in _watching.notes:
                note(self, state)
            return getattr(source._next(), method)(*args, **options)
        with self._lock:
            if _watching.notes:
                state = self.get_state()
                for note in _watching.notes:
                    note(self, state)
            return getattr(self._next(), method)(*args, **options)

    def _next(self) -> Any:
        """The generator of the array library to draw from."""
        if self._rng is not None:
            return self._rng
        cupy = load_cupy(self.device)
        key = int(np.random.SeedSequence((self.seed, self._draws)).generate_state(1, np.uint64)[0])
        self._draws += 1
        with cupy.cuda.Device(self._index):
            return cupy.random.Generator(cupy.random.Philox4x3210(key))

    # A parameter is a number or an array that broadcasts to the shape. Half types are drawn in float32.

    def uniform(self, shape: Any, low: Any = 0.0, high: Any = 1.0, dtype: Any = np.float32) -> Array:
        """Numbers from ``[low, high)``."""
        if not np.all(low <= high):
            raise ArgumentError(f"uniform: low must not exceed high; they are {low} and {high}.")
        dtype, draw = real_dtypes("uniform", dtype)
        x = self._draw("random", full_shape("uniform", shape, low=low, high=high), dtype=draw)
        if differs(low, 0.0) or differs(high, 1.0):
            x = x * as_parameter(high - low, draw) + as_parameter(low, draw)
        return x.astype(dtype, copy=False)

    def normal(self, shape: Any, mean: Any = 0.0, std: Any = 1.0, dtype: Any = np.float32) -> Array:
        """Numbers from the normal distribution; ``std`` is 0 or more."""
        require("normal", "nonnegative", std=std)
        dtype, draw = real_dtypes("normal", dtype)
        x = self._draw("standard_normal", full_shape("normal", shape, mean=mean, std=std), dtype=draw)
        if differs(mean, 0.0) or differs(std, 1.0):
            x = x * as_parameter(std, draw) + as_parameter(mean, draw)
        return x.astype(dtype, copy=False)

    def truncated_normal(
        self, shape: Any, mean: Any = 0.0, std: Any = 1.0, low: Any = -2.0, high: Any = 2.0, dtype: Any = np.float32
    ) -> Array:
        """Numbers from the normal distribution between ``low`` and ``high`` (values, not multiples of ``std``).

        By the inverse distribution function, from SciPy or cupyx. Raises ``ArgumentError`` where an interval lies more
        than 37 ``std`` from the mean: its probability is 0 in float64.
        """
        require("truncated_normal", "positive", std=std)
        dtype, draw = real_dtypes("truncated_normal", dtype)
        shape = full_shape("truncated_normal", shape, mean=mean, std=std, low=low, high=high)
        u = self._draw("random", shape, dtype=np.dtype(np.float64))
        a, b = (
            (as_parameter(v, u.dtype) - as_parameter(mean, u.dtype)) / as_parameter(std, u.dtype) for v in (low, high)
        )
        if not np.all(a < b):
            raise ArgumentError("truncated_normal: low must be below high, and is not everywhere.")
        if not np.all((a < 37) & (b > -37)):
            raise ArgumentError(
                "truncated_normal: an interval [low, high] lies more than 37 std from the mean, where the normal "
                "distribution is 0. Move the mean or widen the interval."
            )
        flipped = np.where(a > 0, -1.0, 1.0) + 0 * u  # the lower tail has all its digits, the upper one has not
        a, b = np.where(flipped < 0, -b, a + 0 * u), np.where(flipped < 0, -a, b + 0 * u)
        below, above = special.call("ndtr", a), special.call("ndtr", b)
        z = flipped * np.clip(special.call("ndtri", below + u * (above - below)), a, b)
        x = (z * as_parameter(std, u.dtype) + as_parameter(mean, u.dtype)).astype(draw)
        return np.clip(x, as_parameter(low, draw), as_parameter(high, draw)).astype(dtype, copy=False)

    def bernoulli(self, shape: Any, p: Any = 0.5, dtype: Any = np.float32) -> Array:
        """Ones with probability ``p``, else zeros."""
        require("bernoulli", "probability", p=p)
        return (self._draw("random", full_shape("bernoulli", shape, p=p), dtype=np.float32) < p).astype(
            parse_dtype(dtype)
        )

    def exponential(self, shape: Any, rate: Any = 1.0, dtype: Any = np.float32) -> Array:
        """Numbers with density ``rate * exp(-rate * x)``; always above 0."""
        require("exponential", "positive", rate=rate)
        dtype, draw = real_dtypes("exponential", dtype)
        x = self._exponential(full_shape("exponential", shape, rate=rate), draw)
        return (x / as_parameter(rate, draw)).astype(dtype, copy=False)

    def _exponential(self, shape: tuple[int, ...], draw: np.dtype) -> Array:
        """The exponential distribution of rate 1, without the zero that rounding would allow."""
        return np.maximum(self._draw("standard_exponential", shape, dtype=draw), np.finfo(draw).tiny)

    def laplace(self, shape: Any, loc: Any = 0.0, scale: Any = 1.0, dtype: Any = np.float32) -> Array:
        """Numbers with density ``exp(-|x - loc| / scale) / (2 scale)``: the difference of two exponential ones."""
        dtype, draw, shape = location_scale("laplace", shape, loc, scale, dtype)
        x = self._exponential(shape, draw) - self._exponential(shape, draw)
        return (x * as_parameter(scale, draw) + as_parameter(loc, draw)).astype(dtype, copy=False)

    def gumbel(self, shape: Any, loc: Any = 0.0, scale: Any = 1.0, dtype: Any = np.float32) -> Array:
        """Numbers with distribution function ``exp(-exp(-(x - loc) / scale))``."""
        dtype, draw, shape = location_scale("gumbel", shape, loc, scale, dtype)
        x = -np.log(self._exponential(shape, draw))
        return (x * as_parameter(scale, draw) + as_parameter(loc, draw)).astype(dtype, copy=False)

    def logistic(self, shape: Any, loc: Any = 0.0, scale: Any = 1.0, dtype: Any = np.float32) -> Array:
        """Numbers whose distribution function is the sigmoid of ``(x - loc) / scale``."""
        dtype, draw, shape = location_scale("logistic", shape, loc, scale, dtype)
        x = np.log(self._exponential(shape, draw)) - np.log(self._exponential(shape, draw))
        return (x * as_parameter(scale, draw) + as_parameter(loc, draw)).astype(dtype, copy=False)

    def cauchy(self, shape: Any, loc: Any = 0.0, scale: Any = 1.0, dtype: Any = np.float32) -> Array:
        """Numbers with density ``1 / (pi scale (1 + ((x - loc) / scale)^2))``."""
        dtype, draw, shape = location_scale("cauchy", shape, loc, scale, dtype)
        u = self._draw("random", shape, dtype=draw)
        x = np.tan(draw.type(math.pi) * (u - draw.type(0.5)))
        return (x * as_parameter(scale, draw) + as_parameter(loc, draw)).astype(dtype, copy=False)

    def gamma(self, shape: Any, concentration: Any = 1.0, rate: Any = 1.0, dtype: Any = np.float32) -> Array:
        """Numbers with density proportional to ``x^(concentration - 1) exp(-rate * x)``; always above 0.

        For concentrations below about 0.1 float32 cannot hold the smallest; see :meth:`log_gamma`.
        """
        require("gamma", "positive", concentration=concentration, rate=rate)
        dtype, draw = real_dtypes("gamma", dtype)
        shape = full_shape("gamma", shape, concentration=concentration, rate=rate)
        x = as_array(self._draw("standard_gamma", as_parameter(concentration, draw), shape, dtype=draw)) / as_parameter(
            rate, draw
        )
        return np.maximum(x, np.finfo(draw).tiny).astype(dtype, copy=False)

    def log_gamma(self, shape: Any, concentration: Any = 1.0, dtype: Any = np.float32) -> Array:
        """Logarithms of gamma variates of rate 1, which do not underflow for small concentrations.

        Below 1 the concentration is raised by one: ``ln x(a) = ln x(a + 1) - E / a`` with an exponential ``E``
        (Marsaglia and Tsang, 2000, ACM TOMS 26).
        """
        require("log_gamma", "positive", concentration=concentration)
        dtype, draw = real_dtypes("log_gamma", dtype)
        shape = full_shape("log_gamma", shape, concentration=concentration)
        a = as_parameter(concentration, draw)
        small = a < 1
        x = np.log(np.maximum(self._draw("standard_gamma", a + small, shape, dtype=draw), np.finfo(draw).tiny))
        if np.any(small):
            x = x - np.where(small, self._exponential(shape, draw) / np.where(small, a, draw.type(1)), draw.type(0))
        return as_array(x).astype(dtype, copy=False)

    def chi2(self, shape: Any, df: Any = 1.0, dtype: Any = np.float32) -> Array:
        """Sums of ``df`` squared normal numbers; ``df`` need not be an integer."""
        require("chi2", "positive", df=df)
        dtype, draw = real_dtypes("chi2", dtype)
        return (2 * self.gamma(shape, as_parameter(df, draw) / 2, 1.0, draw)).astype(dtype, copy=False)

    def student_t(
        self, shape: Any, df: Any = 1.0, loc: Any = 0.0, scale: Any = 1.0, dtype: Any = np.float32
    ) -> Array:  # fmt: skip
        """Numbers from Student's t distribution with ``df`` degrees of freedom."""
        require("student_t", "positive", df=df, scale=scale)
        dtype, draw = real_dtypes("student_t", dtype)
        shape = full_shape("student_t", shape, df=df, loc=loc, scale=scale)
        half = as_parameter(df, draw) / 2
        x = self.normal(shape, dtype=draw) * np.exp((np.log(half) - self.log_gamma(shape, half, draw)) / 2)
        return (x * as_parameter(scale, draw) + as_parameter(loc, draw)).astype(dtype, copy=False)

    def beta(self, shape: Any, a: Any, b: Any, dtype: Any = np.float32) -> Array:
        """Numbers in [0, 1] with density proportional to ``x^(a - 1) (1 - x)^(b - 1)``."""
        require("beta", "positive", a=a, b=b)
        dtype, draw = real_dtypes("beta", dtype)
        shape = full_shape("beta", shape, a=a, b=b)
        difference = self.log_gamma(shape, b, draw) - self.log_gamma(shape, a, draw)
        return np.exp(-np.logaddexp(draw.type(0), difference)).astype(dtype, copy=False)

    def dirichlet(self, shape: Any, concentration: Any, dtype: Any = np.float32) -> Array:
        """Vectors of probabilities; ``concentration (..., k)`` gives ``(*shape, k)``, whose last axis sums to 1."""
        require("dirichlet", "positive", concentration=concentration)
        dtype, draw = real_dtypes("dirichlet", dtype)
        full = vector_shape("dirichlet", "concentration", shape, concentration)
        x = self.log_gamma(full, concentration, draw)
        x = np.exp(x - np.max(x, axis=-1, keepdims=True))
        return (x / np.sum(x, axis=-1, keepdims=True)).astype(dtype, copy=False)

    def poisson(self, shape: Any, rate: Any = 1.0, dtype: Any = np.int64) -> Array:
        """Numbers of events at a mean of ``rate``; int64."""
        require("poisson", "rate", rate=rate)
        return as_array(self._draw("poisson", rate, full_shape("poisson", shape, rate=rate))).astype(parse_dtype(dtype))

    def binomial(self, shape: Any, n: Any, p: Any, dtype: Any = np.int64) -> Array:
        """Numbers of successes in ``n`` trials that succeed with probability ``p``; int64."""
        require("binomial", "count", n=n)
        require("binomial", "probability", p=p)
        return as_array(self._binomial(full_shape("binomial", shape, n=n, p=p), n, p)).astype(parse_dtype(dtype))

    def _binomial(self, shape: tuple[int, ...], n: Any, p: Any) -> Array:
        return self._draw("binomial", n.astype(np.int64) if hasattr(n, "astype") else int(n), p, shape)

    def multinomial(self, shape: Any, n: Any, p: Any, dtype: Any = np.int64) -> Array:
        """How often each of k outcomes came up in ``n`` trials: ``p (..., k)`` gives ``(*shape, k)``; int64.

        ``p`` are weights: they are divided by their sum.
        """
        require("multinomial", "count", n=n)
        p = as_weights("multinomial", p)
        shape = vector_shape("multinomial", "p", shape, p)
        total = np.cumsum(p[..., ::-1], axis=-1)[..., ::-1]
        left = n + np.zeros_like(p, np.int64, shape=shape[:-1])
        columns = []
        for k in range(shape[-1]):  # each outcome takes its share of the trials that are left
            rest = total[..., k]
            share = np.where(rest > 0, np.minimum(p[..., k] / np.where(rest > 0, rest, 1), 1), 0)
            taken = as_array(self._binomial(shape[:-1], left, share))
            columns.append(taken)
            left = left - taken
        return np.stack(columns, -1).astype(parse_dtype(dtype), copy=False)

    def categorical(self, shape: Any, p: Any, dtype: Any = np.int64) -> Array:
        """Indices of outcomes with weights ``p (..., k)``; the result has the shape given, and ``k`` only as a bound.

        An outcome of weight 0 never comes up.
        """
        p = as_weights("categorical", p)
        shape = vector_shape("categorical", "p", shape, p)[:-1]
        edges = np.cumsum(p, axis=-1)
        edges = edges / edges[..., -1:]
        u = as_array(self._draw("random", shape, dtype=np.dtype(np.float64)))
        if edges.ndim == 1:
            return as_array(array_module(u).searchsorted(edges, u, side="right")).astype(parse_dtype(dtype))
        return np.sum(edges <= u[..., None], axis=-1).astype(parse_dtype(dtype))

    def choice(self, n: Any, shape: Any = (), replace: bool = True, p: Any = None) -> Array:
        """Indices below ``n`` (int64), or elements of ``n`` along its first axis where ``n`` is an array.

        ``replace=False`` draws each at most once. ``p`` are weights, equal ones by default.
        """
        values = n if hasattr(n, "shape") and n.ndim else None
        size = as_integer("choice", "n", n) if values is None else values.shape[0]
        shape = full_shape("choice", shape)
        count = math.prod(shape)
        if p is not None:
            p = as_weights("choice", p)
            if p.shape != (size,):
                raise ShapeError(f"choice: p is {tuple(p.shape)}; {size} element(s) want a vector of as many weights.")
        available = size if p is None else int((p > 0).sum())
        if count and not available:
            raise ArgumentError("choice: there is nothing to choose from: n is 0.")
        if replace:
            index = (
                self.integers(0, size, shape) if p is None and size else self.categorical(shape, p) if size else None
            )
        else:
            if count > available:
                raise ArgumentError(
                    f"choice: {count} element(s) cannot be drawn from {available} without replacement. "
                    "Draw fewer, or pass replace=True."
                )
            if p is None:
                index = self.permutation(size)[:count].reshape(shape)
            else:  # the first arrivals of a race of exponential clocks (Efraimidis and Spirakis, 2006)
                clocks = self._exponential((size,), np.dtype(np.float64)) / np.where(p > 0, p, 1)
                index = np.argsort(np.where(p > 0, clocks, np.inf))[:count].reshape(shape)
        if index is None:
            index = self.integers(0, 1, shape)
        return index if values is None else values[index]

    def permutation(self, n: int) -> Array:
        """The numbers from 0 to ``n - 1`` in random order; int64."""
        n = as_integer("permutation", "n", n)
        if self._rng is None:  # CuPy's generator has no permutation
            return np.argsort(self._draw("random", (n,), dtype=np.dtype(np.float64)))
        return self._draw("permutation", n)

    def integers(self, low: int, high: int, shape: Any = ()) -> Array:
        """Integers from ``[low, high)``; int64."""
        if not low < high:
            raise ArgumentError(f"integers: low must be below high, not low={low!r} and high={high!r}.")
        return self._draw("integers", low, high, full_shape("integers", shape))

    def __repr__(self) -> str:
        return f"Generator(seed={self.seed}, device={self.device!r})"


class _Watching(threading.local):
    """Who is told of the draws of this thread, and where they come from if they are drawn again."""

    def __init__(self) -> None:
        self.notes: list[Callable[[Generator, dict[str, Any]], None]] = []
        self.again: Callable[[Generator], dict[str, Any]] | None = None


_watching = _Watching()


@contextmanager
def noted_draws(note: Callable[[Generator, dict[str, Any]], None]) -> Iterator[None]:
    """Call ``note(generator, state)`` before each draw of this thread in a block."""
    _watching.notes.append(note)
    try:
        yield
    finally:
        _watching.notes.remove(note)


@contextmanager
def used_generators() -> Iterator[dict[Generator, dict[str, Any]]]:
    """Note each generator that is drawn from in a block, and its state before; to draw the same again."""
    used: dict[Generator, dict[str, Any]] = {}

    def note(generator: Generator, state: dict[str, Any]) -> None:
        used.setdefault(generator, state)

    with noted_draws(note):
        yield used


@contextmanager
def draws_again(state_of: Callable[[Generator], dict[str, Any]]) -> Iterator[None]:
    """Let each draw of this thread start at the state that ``state_of(generator)`` gives; generators stay as they are.

    Within the block seeding a generator that exists, or setting its state, does nothing: that was done the first time.
    """
    before, _watching.again = _watching.again, state_of
    try:
        yield
    finally:
        _watching.again = before


_defaults: dict[str, Generator] = {}
_seed: int | None = None


def default_generator(device: str = "cpu") -> Generator:
    """The generator that random ops use when none is given."""
    if device not in _defaults:
        _defaults[device] = Generator(_seed, device)
    return _defaults[device]


def get_states() -> dict[str, Any]:
    """The states of the default generators of all devices in use."""
    default_generator()  # one that does not exist yet could not be set back
    return {device: generator.get_state() for device, generator in _defaults.items()} | {"": {"seed": _seed}}


def set_states(states: dict[str, Any]) -> None:
    """Continue from what :func:`get_states` gave; generators that were not in use then start anew from the seed."""
    global _seed
    _seed = states[""]["seed"]
    for device in list(_defaults):
        if device in states:
            _defaults[device].set_state(states[device])
        else:
            del _defaults[device]


def manual_seed(seed: int) -> Generator:
    """Seed the default generator of every device; returns the one of the CPU."""
    global _seed
    if _watching.again is None:
        _seed = Generator(seed).seed
        for generator in _defaults.values():
            generator.manual_seed(_seed)
    return default_generator()
