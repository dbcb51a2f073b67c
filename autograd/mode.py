"""Gradient mode: whether ops on this thread record themselves. One thread-local read for each op."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import ContextDecorator
from functools import wraps
from types import TracebackType
from typing import Any

from autograd.errors import ArgumentError

__all__ = ["enable_grad", "inference_mode", "is_grad_enabled", "no_grad", "set_grad_enabled"]


class _Mode(threading.local):
    """The switches that dispatch reads; every thread starts with its own copy."""

    def __init__(self) -> None:
        self.grad = True
        self.before: list[bool] = []  # what the open blocks put back, the innermost last


mode = _Mode()


def is_grad_enabled() -> bool:
    """Whether ops on this thread record themselves for differentiation."""
    return mode.grad


class _GradMode(ContextDecorator):
    """Sets the gradient mode inside a ``with`` block or a decorated function, and puts the old one back after it.

    The mode belongs to the thread. Tasks of one event loop share it, so a block must not ``await``.
    """

    def __init__(self, enabled: bool):
        self._enabled = enabled

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:  # type: ignore[override]
        """The function, run in this mode; a generator function runs each of its steps in it."""
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            raise ArgumentError(
                f"{type(self).__name__}: {function.__qualname__} is async, and other tasks would run in its mode while "
                "it waits. Put `with` blocks around the parts of it that do not await."
            )
        if not inspect.isgeneratorfunction(function):
            return super().__call__(function)

        @wraps(function)
        def stepwise(*args: Any, **options: Any) -> Iterator[Any]:
            steps = function(*args, **options)
            resume, reply = steps.send, None
            try:
                while True:
                    with self._recreate_cm():
                        try:
                            value = resume(reply)
                        except StopIteration as end:
                            return end.value
                    try:
                        resume, reply = steps.send, (yield value)
                    except Exception as error:
                        resume, reply = steps.throw, error
            finally:
                steps.close()

        return stepwise

    def _recreate_cm(self) -> _GradMode:
        return _GradMode(self._enabled)

    def __enter__(self) -> None:
        mode.before.append(mode.grad)
        mode.grad = self._enabled

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        mode.grad = mode.before.pop()


class no_grad(_GradMode):
    """Within it nothing is recorded, and in-place writes change memory: ``with no_grad(): w -= 0.1 * w.grad``."""

    def __init__(self) -> None:
        super().__init__(False)


class inference_mode(no_grad):
    """:class:`no_grad` under PyTorch's name for the evaluation of a model; nothing in this engine makes them differ."""


class enable_grad(_GradMode):
    """Switches recording on again inside a :class:`no_grad` block."""

    def __init__(self) -> None:
        super().__init__(True)


class set_grad_enabled(_GradMode):
    """Sets the mode by a flag, at once; as a context manager it also puts the old mode back.

    ``set_grad_enabled(training)`` alone stays in force; ``with set_grad_enabled(training):`` ends with the block.
    """

    def __init__(self, enabled: bool):
        super().__init__(bool(enabled))
        self._before = mode.grad
        mode.grad = self._enabled

    def __enter__(self) -> None:
        mode.before.append(self._before)
        mode.grad = self._enabled

    def __call__(self, function: Any) -> Any:
        mode.grad = self._before  # as a decorator it acts inside the function only
        return _GradMode(self._enabled)(function)
