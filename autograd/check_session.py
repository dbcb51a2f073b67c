"""What all gradient checks of a process share: their seed, and which ops each kind of check has reached.

The pytest plugin (:mod:`autograd.pytest_plugin`) sets it; without the plugin nothing is collected, at no cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from autograd import levels

__all__ = ["Session", "covering", "saw", "session"]


@dataclass
class Session:
    """The settings of a run.

    ``seed``      of the drawn inputs and directions; None leaves it to Hypothesis's settings
    ``examples``  how many inputs each test draws; None for what the test says
    ``reached``   op, kind of check: how often the op was evaluated under it; None where that is not collected
    """

    seed: int | None = None
    examples: int | None = None
    reached: dict[str, dict[str, int]] | None = None
    current: str | None = None

    def add(self, op: str, check: str, count: int = 1) -> None:
        """Note that an op was evaluated under a check."""
        if self.reached is not None:
            row = self.reached.setdefault(op, {})
            row[check] = row.get(check, 0) + count


session = Session()


@contextmanager
def covering(check: str) -> Iterator[None]:
    """The ops inside the block are under a check of this kind; of nested blocks, the outer one names it."""
    if session.reached is None or session.current is not None:
        yield
        return

    def note(op: Any, args: tuple[Any, ...], params: dict[str, Any], run: Callable[..., Any]) -> Any:
        session.add(op.name, check)
        return run(op, args, params)

    session.current = check
    try:
        with levels.observe(note):
            yield
    finally:
        session.current = None


def saw(op: str) -> None:
    """A composite op was evaluated: it is no primitive, so dispatch does not see it."""
    if session.current is not None:
        session.add(op, session.current)
