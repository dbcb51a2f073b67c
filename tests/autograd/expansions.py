"""What the tests of ``ag.scalar.expand`` share: the leaves of a scalar graph, and how they compare with a Tensor's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import autograd as ag


def nodes_of(value: Any) -> list[Any]:
    """Every Value that this one was computed from, and itself."""
    found: dict[int, Any] = {}
    stack = [value]
    while stack:
        v = stack.pop()
        if id(v) not in found:
            found[id(v)] = v
            stack.extend(parent for parent in v.inputs if parent is not None)
    return list(found.values())


def leaves_of(value: Any) -> dict[str, Any]:
    """The leaves by their labels, which are unique."""
    leaves = [v for v in nodes_of(value) if v.is_leaf]
    labels = [v.label for v in leaves]
    assert len(set(labels)) == len(labels), sorted(labels)
    return dict(zip(labels, leaves, strict=True))


def label_of(name: str, flat: int, shape: tuple[int, ...]) -> str:
    place = ", ".join(map(str, np.unravel_index(flat, shape))) if shape else ""
    return f"{name}[{place}]" if place else name


def random_index(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(rng.integers(-n, n)) for n in shape)


def assert_agrees(
    y: Any, index: tuple[int, ...], value: Any, tensors: Mapping[str, Any], rtol: float = 1e-9, atol: float = 1e-11
) -> None:
    """The Value is the Tensor's element, and the gradient of each leaf is that of the element of ``tensors``.

    An element that has no leaf must have no gradient. The tensors' graph stays, and their ``.grad`` as it was.
    """
    np.testing.assert_allclose(value.data, float(y.array[index]), rtol=rtol, atol=atol)
    unit = np.zeros(y.shape, y.dtype)
    unit[index] = 1
    gradients = ag.gradients(
        y, list(tensors.values()), grad_outputs=ag.tensor(unit), retain_graph=True, allow_unused=True
    )
    value.backward()
    grads = {label: leaf.grad for label, leaf in leaves_of(value).items()}
    for (name, tensor), gradient in zip(tensors.items(), gradients, strict=True):
        wanted = np.zeros(tensor.shape) if gradient is None else np.asarray(gradient.array, np.float64)
        labels = [label_of(name, flat, tensor.shape) for flat in range(tensor.size)]
        found = np.array([grads.get(label, 0.0) for label in labels], np.float64).reshape(tensor.shape)
        np.testing.assert_allclose(found, wanted, rtol=rtol, atol=atol, err_msg=f"gradient of {name}")
