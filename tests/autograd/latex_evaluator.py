r"""Evaluates the LaTeX that the op table prints, with NumPy: a formula that is wrong gives wrong numbers.

It reads what is on the page and knows nothing of the engine: ``\odot`` and ``\cdot`` multiply elementwise, two factors
side by side are a matrix product, ``\sum_{A}`` adds up over the axes that the caller names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Function = Callable[..., Any]

_TOKEN = re.compile(r"\\operatorname\{[^}]*\}|\\mathrm\{[^}]*\}|\\text\{[^}]*\}|\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\S")
_SKIP = {r"\,", r"\;", r"\ ", r"\left", r"\right", r"\textstyle", r"\displaystyle"}
_COMPARE: dict[str, Function] = {
    "=": np.equal, "<": np.less, ">": np.greater, r"\le": np.less_equal, r"\ge": np.greater_equal,
    r"\ne": np.not_equal,
}  # fmt: skip
_NUMPY: dict[str, Function] = {
    r"\sin": np.sin, r"\cos": np.cos, r"\tan": np.tan, r"\arcsin": np.arcsin, r"\arccos": np.arccos,
    r"\arctan": np.arctan, r"\sinh": np.sinh, r"\cosh": np.cosh, r"\tanh": np.tanh, r"\ln": np.log,
    "arsinh": np.arcsinh, "arcosh": np.arccosh, "artanh": np.arctanh, "atan2": np.arctan2, "sign": np.sign,
    "trunc": np.trunc, "round": np.rint, r"\max": np.maximum, r"\min": np.minimum, "Re": np.real, "Im": np.imag,
    "fmax": np.fmax, "fmin": np.fmin, "fmod": np.fmod,
}  # fmt: skip
_OPEN = {"(": ")", "{": "}", "[": "]", r"\lvert": r"\rvert", r"\lfloor": r"\rfloor", r"\lceil": r"\rceil"}
_AROUND: dict[str, Function] = {r"\lvert": np.abs, r"\lfloor": np.floor, r"\lceil": np.ceil}


class Evaluator:
    """The value of formulas in which ``values`` gives each letter its array and ``functions`` what is not NumPy's.

    ``total``  what ``\\sum_{A}`` does
    A function with an index or an order in its name (``J_{n}``, ``\\psi^{(n)}``) takes that first.
    """

    def __init__(
        self, values: Mapping[str, Any], functions: Mapping[str, Function] | None = None, total: Function = np.sum
    ):
        self.values = dict(values)
        self.functions = {**_NUMPY, **(functions or {})}
        self.total = total
        self.tokens: list[str] = []
        self.at = 0

    def __call__(self, formula: str) -> Any:
        expression, *definitions = re.split(r",\s*\\quad\s*", formula)
        for definition in reversed(definitions):  # later ones define what earlier ones use
            name, _, body = definition.partition("=")
            name = name.strip()
            if name.endswith("_{ij}"):
                name = name.removesuffix("_{ij}")
                self.values |= {"i": np.arange(self.values["n"])[:, None], "j": np.arange(self.values["n"])}
            self.values[name] = self._whole(body)
        return self._whole(expression)

    def _whole(self, text: str) -> Any:
        self.tokens, self.at = [t for t in _TOKEN.findall(text) if t not in _SKIP], 0
        value = self._branches()
        assert self.at == len(self.tokens), f"{text!r}: stopped before {self.tokens[self.at :]}"
        return value

    # --------------------------------------------------------------------------------------------------- reading

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _take(self, wanted: str | None = None) -> str:
        token = self.next
        assert token, "the formula ended too early"
        assert wanted in (None, token), f"expected {wanted!r}, found {token!r} in {' '.join(self.tokens)}"
        self.at += 1
        return token

    def _braced(self) -> Any:
        if self.next != "{":
            return self._atom()
        self._take("{")
        value = self._sum()
        self._take("}")
        return value

    # -------------------------------------------------------------------------------------------------- grammar

    def _branches(self) -> Any:
        value = self._sum()
        if self.next == r"\text{ if }":
            self._take()
            condition = self._sum()
            self._take(r"\text{ else }")
            value = np.where(condition, value, self._sum())
        return value

    def _sum(self) -> Any:
        negative = self.next == "-" and self._take() == "-"
        value = -self._product() if negative else self._product()
        while self.next in ("+", "-"):
            value = value + self._product() if self._take() == "+" else value - self._product()
        return value

    def _product(self) -> Any:
        value = self._factor()
        while True:
            if self.next in (r"\odot", r"\cdot"):
                self._take()
                value = value * self._factor()
            elif self.next == "/":
                self._take()
                value = value / self._factor()
            elif self.next == r"\bmod":
                self._take()
                value = np.remainder(value, self._factor())
            elif self._starts_a_factor():
                right = self._factor()
                value = np.matmul(value, right)
            else:
                return value

    def _starts_a_factor(self) -> bool:
        stops = {"", ")", "}", "]", ",", "+", "-", *_COMPARE, r"\rvert", r"\rfloor", r"\rceil"}
        return self.next not in stops and not self.next.startswith(r"\text{")

    def _factor(self) -> Any:
        is_e = self.next == "e" and "e" not in self.values
        value = self._atom()
        while self.next == "^":
            self._take("^")
            value = self._power(value, is_e)
        return value

    def _power(self, base: Any, is_e: bool) -> Any:
        text = "".join(self.tokens[self.at : self.at + 4])
        for written, meaning in (
            (r"{-\top}", lambda a: np.swapaxes(np.linalg.inv(a), -1, -2)),
            (r"{-H}", lambda a: np.conj(np.swapaxes(np.linalg.inv(a), -1, -2))),
            (r"{H}", lambda a: np.conj(np.swapaxes(a, -1, -2))), (r"\top", lambda a: np.swapaxes(a, -1, -2)),
        ):  # fmt: skip
            if text.startswith(written):
                self.at += len(_TOKEN.findall(written))
                return meaning(base) if np.ndim(base) > 1 else base
        exponent = self._braced()
        if is_e:
            return np.exp(exponent)
        if np.ndim(base) > 1 and self.values.get("matrices") and np.ndim(exponent) == 0 and exponent == -1:
            return np.linalg.inv(base)
        return base**exponent

    def _atom(self) -> Any:
        token = self._take()
        if token in _AROUND or token in ("(", "{"):
            value = self._branches()
            self._take(_OPEN[token])
            return _AROUND.get(token, lambda v: v)(value)
        if token == "[":
            return self._iverson()
        if token[0].isdigit():
            return float(token)
        if token in (r"\frac", r"\tfrac"):
            above, below = self._braced(), self._braced()
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.where(np.equal(above, 0), above / np.where(np.equal(below, 0), 1, below), above / below)[()]
        if token == r"\sqrt":
            if self.next == "[":
                assert [self._take() for _ in range(3)] == ["[", "3", "]"]
                return np.cbrt(self._braced())
            return np.sqrt(self._braced())
        if token == r"\overline":
            return np.conj(self._braced())
        if token == r"\bar":
            inner = self._take()
            if inner == "{":
                inner = self._name("}")
            return self._indexed(rf"\bar {inner}")
        if token == r"\sum":
            self._take("_")
            axes = self._name("}") if self.next == "{" and self._take() else self._take()
            return self.total(self._factor(), axes) if axes != "A" else self.total(self._factor())
        if token == r"\partial":
            self._take("_")
            return self._partial(int(self._take()))
        constants = {r"\pi": np.pi, r"\infty": np.inf, "e": np.e, r"\mathrm{i}": 1j}
        name = token.removeprefix(r"\operatorname{").removesuffix("}") if token.startswith(r"\operatorname") else token
        if self._is_value(token) and not (token in self.functions and self.next in ("_", "(")):
            return self._indexed(token)
        if name in self.functions or token == r"\log":
            return self._call(name)
        assert token in constants, f"{token!r} has no meaning in {' '.join(self.tokens)}"
        return constants[token]

    def _name(self, end: str) -> str:
        taken = []
        while self.next != end:
            taken.append(self._take())
        self._take(end)
        return "".join(taken)

    def _is_value(self, token: str) -> bool:
        """Whether it is a letter with a value, or the letter of symbols such as ``z_1``."""
        return token in self.values or any(name.startswith(f"{token}_") for name in self.values)

    def _indexed(self, letter: str) -> Any:
        """A letter, or a symbol such as ``z_1`` or ``W_{12}``."""
        if self.next != "_":
            return self.values[letter]
        self._take("_")
        index = self._take()
        index = self._name("}") if index == "{" else index
        if index in ("i", "j"):  # of a vector, in the definition of the elements of a matrix
            return self.values[letter][..., :, None] if index == "i" else self.values[letter][..., None, :]
        return self.values[f"{letter}_{index}"]

    def _iverson(self) -> Any:
        if self.next == r"\neg":
            self._take()
            holds = np.logical_not(self._sum())
        else:
            left = self._sum()
            holds = np.asarray(left, bool) if self.next == "]" else np.bool_(True)
            while self.next in _COMPARE:
                compare = _COMPARE[self._take()]
                right = self._sum()
                holds = holds & compare(left, right)
                left = right
        self._take("]")
        return np.asarray(holds, np.float64)

    def _call(self, name: str) -> Any:
        function, orders, power = self.functions.get(name), [], None
        if name == r"\log":
            self._take("_")
            base = self._braced()
            return np.log(self._argument()[0]) / np.log(base)
        while self.next in ("_", "^"):
            kind = self._take()
            if kind == "^" and self.tokens[self.at : self.at + 4] == ["{", "-", "1", "}"]:
                self.at += 4
                function = self.functions[f"{name}^-1"]
            elif self.next == "{":
                self._take("{")
                orders.append(self._sum())
                while self.next == ",":
                    self._take(",")
                    orders.append(self._sum())
                self._take("}")
            else:
                power = self._atom()
        assert function is not None, name
        value = function(*orders, *self._argument())
        if name == "softmax" and self.next == "_":  # the probability of each row's label
            self._take("_")
            return np.take_along_axis(value, np.asarray(self._braced())[:, None], 1)[:, 0]
        return value if power is None else value**power

    def _argument(self) -> list[Any]:
        if self.next != "(":
            return [self._factor()]
        self._take("(")
        values = [self._sum()]
        while self.next == ",":
            self._take(",")
            values.append(self._sum())
        self._take(")")
        return values

    def _partial(self, place: int) -> Any:
        """The derivative of the function that follows in its argument number ``place`` (from 1), by differences."""
        start, name = self.at, self._take()
        name = name.removeprefix(r"\operatorname{").removesuffix("}")
        function, step = self.functions[name], 1e-4

        def shifted(by: float) -> Any:
            self.at = start + 1
            orders = []
            if self.next == "_":
                self._take("_")
                orders = [self._braced()]
            arguments = self._argument()
            arguments[place - 1] = arguments[place - 1] + by
            return function(*orders, *arguments)

        steps = {2: -1, 1: 8, -1: -8, -2: 1}
        return sum(weight * shifted(k * step) for k, weight in steps.items()) / (12 * step)
