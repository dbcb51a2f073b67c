r"""Letters for the values of a graph: W_1 and b_1 for a layer's parameters, z_1 and h_1 for what is computed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.tensor import Tensor

__all__ = ["Symbols", "space_of"]

_GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "lambda", "mu", "nu", "xi", "rho",
    "sigma", "tau", "phi", "chi", "psi", "omega",
}  # fmt: skip
_ACTIVATIONS = {
    "relu", "tanh", "sigmoid", "softplus", "gelu", "gelu_tanh", "silu", "logsigmoid", "max_pool1d", "max_pool2d",
}  # fmt: skip
_LETTER_OF_OP = {"softmax": "p", "softmax_cross_entropy": r"\ell", **dict.fromkeys(_ACTIVATIONS, "h")}
_LETTER_OF_CONSTANT = {"labels": "t", "target": "t", "indices": "i", "condition": "m", "mask": "m"}
_FIELDS = {"f": r"\mathbb{R}", "V": r"\mathbb{R}", "c": r"\mathbb{C}", "i": r"\mathbb{Z}", "u": r"\mathbb{Z}"}


def space_of(shape: Any, dtype: Any) -> str:
    r"""Where a value lives: ``\mathbb{R}^{5 \times 8}``; integers in Z, truth values in {0, 1}."""
    field = _FIELDS.get(np.dtype(dtype).kind, r"\{0, 1\}")
    if not shape:
        return field
    sizes = r" \times ".join(map(str, shape))
    return f"{field}^{{{sizes}}}"


class Symbols:
    """Hands out symbols, each once. ``leaves`` are the names and nodes of the leaves, in the order of the tape."""

    def __init__(self, leaves: Sequence[tuple[str | None, Any]]):
        # L is the loss; letters of formulas stay free
        self.taken = {"L", "e", "A", "N", "I"}
        self.numbers: dict[str, int] = {}
        self.constants: dict[int, tuple[Any, str]] = {}
        names = [name for name, _ in leaves if name]
        self.normalisations = {n.rpartition(".")[0] for n, node in leaves if n and _is_vector_weight(n, node)}
        self.layers: dict[str, int] = {}
        layers, normalisations = 0, 0
        for name in names:
            prefix, dot, _ = name.rpartition(".")
            if (not dot and name not in ("weight", "bias")) or prefix in self.layers:
                continue
            if prefix in self.normalisations:
                normalisations += 1
                self.layers[prefix] = normalisations
            else:
                layers += 1
                self.layers[prefix] = layers

    def leaf(self, node: Any, name: str | None) -> tuple[str, Any, str]:
        """The symbol of a leaf, what it is, and its name."""
        tensor = node.tensor() if hasattr(node, "tensor") else None
        name = name or getattr(node, "label", "") or ""
        is_parameter = "." in name or (isinstance(tensor, Tensor) and type(tensor) is not Tensor)
        kind = "parameter" if is_parameter or name in ("weight", "bias") else "input"
        return self._unused(self._of_name(name) or ("x" if kind == "input" else r"\theta")), kind, name

    def _of_name(self, name: str) -> str | None:
        prefix, _, last = name.rpartition(".")
        if prefix in self.layers and last in ("weight", "bias"):
            pair = (r"\gamma", r"\beta") if prefix in self.normalisations else ("W", "b")
            return f"{pair[last == 'bias']}_{_index(self.layers[prefix])}"
        match = re.fullmatch(rf"([A-Za-z]|{'|'.join(_GREEK)})_?(\d*)", last)
        if match is None:
            return None
        letter, digits = match.groups()
        letter = rf"\{letter}" if letter in _GREEK else letter
        number = digits or (str(self.layers[prefix]) if prefix in self.layers and prefix else "")
        return f"{letter}_{_index(number)}" if number else letter

    def value(self, op: Any) -> str:
        """A symbol for what an op computed."""
        letter = _LETTER_OF_OP.get(op.name, "z")
        while True:
            self.numbers[letter] = self.numbers.get(letter, 0) + 1
            symbol = f"{letter}_{_index(self.numbers[letter])}"
            if symbol not in self.taken:
                self.taken.add(symbol)
                return symbol

    def constant(self, argument: str, value: Any) -> tuple[str, bool]:
        """The symbol of an array without gradient, and whether it is seen for the first time. None: not kept."""
        if value is not None and (known := self.constants.get(id(value))) is not None:
            return known[1], False
        letter = _LETTER_OF_CONSTANT.get(
            argument, "x" if argument in ("x", "a", "query") and value is not None else "c"
        )
        symbol = self._unused(letter if letter != "c" else "c_1")
        if value is not None:
            self.constants[id(value)] = (value, symbol)
        return symbol, True

    def _unused(self, wish: str) -> str:
        """The wish, or the next number of its letter."""
        symbol, letter, number = wish, wish.partition("_")[0], 2
        while symbol in self.taken:
            symbol = f"{letter}_{_index(number)}"
            number += 1
        self.taken.add(symbol)
        return symbol


def _is_vector_weight(name: str, node: Any) -> bool:
    """Whether it is the scale of a normalisation."""
    return name.rpartition(".")[2] == "weight" and len(node.shape) == 1


def _index(number: int | str) -> str:
    text = str(number)
    return text if len(text) == 1 else f"{{{text}}}"
