"""What a model did at each step of its training: sizes, updates and distributions, as plain numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from autograd.errors import ArgumentError, DtypeError
from autograd.naming import named_tensors
from viz.arrays import host_array
from viz.training.histogram import Histogram, histogram_of

__all__ = [
    "ActivationObservation", "ModelHistory", "Observation", "ParameterObservation", "observations_from_json",
    "observations_of",
]  # fmt: skip

_VERSION = 1
_LARGE = 1 << 12  # elements


@dataclass(frozen=True, slots=True)
class ParameterObservation:
    """One parameter at one step.

    ``weight_norm``, ``gradient_norm``  Euclidean norms; the latter None where there is no gradient
    ``update_ratio``                    norm of the step's update over that of the weights before it; None where those
                                        were all zero
    ``weights``, ``gradient``           their distributions; None where they were not asked for, or there is no gradient
    """

    name: str
    shape: tuple[int, ...]
    weight_norm: float
    gradient_norm: float | None
    update_ratio: float | None
    weights: Histogram | None = None
    gradient: Histogram | None = None


@dataclass(frozen=True, slots=True)
class ActivationObservation:
    """The output of one module in the last forward pass before an observation; ``kind`` is the module's class."""

    name: str
    kind: str
    outputs: Histogram


@dataclass(frozen=True, slots=True)
class Observation:
    """A model at one step."""

    step: int
    parameters: tuple[ParameterObservation, ...]
    activations: tuple[ActivationObservation, ...] = ()


class ModelHistory:
    """Watches a model in training; :meth:`observe` keeps what the charts over time draw.

    >>> history = viz.ModelHistory(model, every=10)  # doctest: +SKIP
    >>> for step, (x, y) in enumerate(batches):  # doctest: +SKIP
    ...     loss = loss_fn(model(x), y)
    ...     optimizer.zero_grad()
    ...     loss.backward()
    ...     optimizer.step()
    ...     history.observe(step)

    ``model``        what has ``named_parameters()``, or a dict from names to Tensors
    ``every``        observe only steps that this number divides; the others cost next to nothing
    ``histograms``   keep the distributions of weights, gradients and activations too
    ``activations``  the names of the modules whose outputs to watch, through forward hooks, while they are in training
                     mode; by default all that contain no other module. An empty list for none

    The weights of one step before an observation are kept to measure its update, so the cost is one copy of the model.
    Arrays on a GPU are copied to the host when they are observed. :meth:`close`, or the end of a ``with`` block,
    removes the hooks. Raises DtypeError for what is no model, ArgumentError for an unknown module or ``every`` below 1.
    """

    def __init__(
        self,
        model: Any,
        *,
        every: int = 1,
        histograms: bool = True,
        activations: Sequence[str] | None = None,
    ):
        if every < 1:
            raise ArgumentError(f"ModelHistory: every is {every}; it must be 1 (each step) or more.")
        if model is None:
            raise DtypeError("ModelHistory: model is None; pass a model, or a dict from names to Tensors.")
        self._model = model
        self._every = every
        self._histograms = histograms
        self._observations: list[Observation] = []
        self._outputs: dict[str, ActivationObservation] = {}
        self._handles: list[Any] = []
        self._before = self._weights()
        self._due = True
        if histograms:
            self._listen(activations)

    @property
    def observations(self) -> tuple[Observation, ...]:
        """What was observed so far, in order."""
        return tuple(self._observations)

    def observe(self, step: int) -> Observation | None:
        """Keep the model as it is after ``optimizer.step()``, before its gradients are forgotten.

        Call it at every step, for the update is measured against the weights at the call before; returns what was kept,
        or None at a step that ``every`` passes over.
        """
        kept = None
        if step % self._every == 0:
            rows = [self._parameter(name, value) for name, value in self._named()]
            kept = Observation(int(step), tuple(rows), tuple(self._outputs.values()))
            self._observations.append(kept)
        self._due = (step + 1) % self._every == 0
        self._before = self._weights() if self._due else {}
        self._outputs = {}
        return kept

    def close(self) -> None:
        """Remove the hooks; the observations stay."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def to_json(self) -> str:
        """All observations as JSON text; NaN and infinities stand as the strings "nan", "inf" and "-inf"."""
        data = {"version": _VERSION, "observations": [asdict(row) for row in self._observations]}
        return json.dumps(_plain(data), allow_nan=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"ModelHistory({type(self._model).__name__}, {len(self._observations)} observations)"

    def _named(self) -> list[tuple[str, Any]]:
        return list(named_tensors(self._model, "ModelHistory: the model"))

    def _weights(self) -> dict[str, NDArray[Any]]:
        return {name: np.array(host_array(value)) for name, value in self._named()}

    def _parameter(self, name: str, value: Any) -> ParameterObservation:
        array = host_array(value)
        gradient = None if value.grad is None else host_array(value.grad)
        before = self._before.get(name)
        return ParameterObservation(
            name,
            tuple(array.shape),
            norm(array),
            None if gradient is None else norm(gradient),
            None if before is None else _ratio(before, array),
            histogram_of(array) if self._histograms else None,
            histogram_of(gradient) if self._histograms and gradient is not None else None,
        )

    def _listen(self, wanted: Sequence[str] | None) -> None:
        if not callable(getattr(self._model, "named_modules", None)):
            if wanted:
                raise DtypeError(
                    f"ModelHistory: activations were asked for, and a {type(self._model).__name__} has no "
                    "named_modules(). Pass a Module, or leave activations out."
                )
            return
        modules = dict(self._model.named_modules())
        if wanted is None:
            wanted = [name for name, module in modules.items() if name and not _has_children(module)]
        for name in wanted:
            if name not in modules:
                raise ArgumentError(
                    f"ModelHistory: the model has no module {name!r}. It has: {', '.join(filter(None, modules))}."
                )
            self._handles.append(modules[name].register_forward_hook(self._listener(name)))

    def _listener(self, name: str) -> Callable[[Any, Any, Any], None]:
        def keep(module: Any, inputs: Any, output: Any) -> None:
            if self._due and getattr(module, "training", True) and hasattr(output, "array"):
                self._outputs[name] = ActivationObservation(name, type(module).__name__, histogram_of(output))

        return keep


def observations_of(source: Any, chart: str) -> tuple[Observation, ...]:
    """The observations in a history, its JSON, or a sequence of them; ``chart`` is whose argument it is."""
    if isinstance(source, ModelHistory):
        return source.observations
    if isinstance(source, str):
        return observations_from_json(source)
    if isinstance(source, Iterable) and not isinstance(source, Mapping):
        rows = tuple(source)
        if all(isinstance(row, Observation) for row in rows):
            return rows
    raise DtypeError(
        f"{chart}: history is a {type(source).__name__}; it must be a viz.ModelHistory, its observations, or its JSON."
    )


def observations_from_json(text: str) -> tuple[Observation, ...]:
    """The observations that :meth:`ModelHistory.to_json` wrote. Raises ArgumentError for another version or text."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ArgumentError(
            f"observations_from_json: {text[:40]!r} is not JSON ({error}). Pass what ModelHistory.to_json() returned; "
            "of a file, pass what it holds: Path(name).read_text()."
        ) from None
    version = data.get("version") if isinstance(data, dict) else None
    if version != _VERSION:
        raise ArgumentError(
            f"observations_from_json: the JSON has version {version!r}; this release reads version {_VERSION}. "
            "Pass what ModelHistory.to_json() returned."
        )
    return tuple(
        Observation(
            row["step"],
            tuple(
                ParameterObservation(
                    p["name"], tuple(p["shape"]),
                    *(_number(p[field]) for field in ("weight_norm", "gradient_norm", "update_ratio")),
                    *map(_histogram, (p["weights"], p["gradient"])),
                )
                for p in row["parameters"]
            ),
            tuple(ActivationObservation(a["name"], a["kind"], _histogram(a["outputs"])) for a in row["activations"]),
        )
        for row in data["observations"]
    )  # fmt: skip


def norm(array: NDArray[Any]) -> float:
    """The Euclidean norm, scaled where squares would leave the range of floats; NaN where an element is NaN."""
    flat = array.reshape(-1)
    if flat.size > _LARGE and flat.dtype in (np.float32, np.float64):  # one pass, if its squares stay within the range
        with np.errstate(over="ignore", invalid="ignore"):
            squares = float(flat @ flat)
        if 1e-20 < squares < 1e30:
            return math.sqrt(squares)
    sizes = np.abs(flat).astype(np.float64)
    largest = float(sizes.max(initial=0.0))
    if largest == 0 or not math.isfinite(largest):
        return largest
    if 1e-150 < largest < 1e150:
        return math.sqrt(float(sizes @ sizes))
    scaled = sizes / largest
    return largest * math.sqrt(float(scaled @ scaled))


def _ratio(before: NDArray[Any], after: NDArray[Any]) -> float | None:
    if before.shape != after.shape:
        return None
    size = norm(before)
    if after.dtype.itemsize < 4:  # a small update of 16-bit numbers would round to nothing
        after, before = after.astype(np.float64), before.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):  # infinity less infinity is NaN, and is kept as such
        update = after - before
    if not math.isfinite(size):
        return math.nan
    return None if size == 0 else norm(update) / size


def _has_children(module: Any) -> bool:
    return any(True for name, _ in module.named_modules() if name)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if not isinstance(value, float) or math.isfinite(value) else str(value)


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, str) else value


def _histogram(data: Any) -> Any:
    return data if data is None else Histogram(**{**data, "counts": tuple(data["counts"])})
