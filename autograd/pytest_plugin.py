"""The pytest plugin: ``--gradcheck-seed``, ``--gradcheck-examples`` and ``--gradcheck-coverage``.

pytest finds it where glassgrad is installed. It sets what gradient checks share (:mod:`autograd.check_session`), and
after the run shows which ops were reached by which kind of check. Under pytest-xdist the workers' tables are added up.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from autograd.check_session import session
from autograd.checks import MODES
from autograd.composite import COMPOSITES
from autograd.dispatch import OPS

__all__ = ["coverage_table"]

# The columns of the table: the second derivative of the reverse mode is counted for itself.
_COLUMNS = [check for mode in MODES for check in (("reverse", "second") if mode == "reverse" else (mode,))]


def pytest_addoption(parser: Any) -> None:
    """Enter the options."""
    group = parser.getgroup("gradcheck", "gradient checks (glassgrad)")
    group.addoption(
        "--gradcheck-seed", type=int, metavar="N",
        help="seed of the inputs that @check_gradients draws, and of the directions in which it differentiates",
    )  # fmt: skip
    group.addoption(
        "--gradcheck-examples", type=int, metavar="N", help="how many inputs each @check_gradients test draws"
    )
    group.addoption(
        "--gradcheck-coverage", nargs="?", const="-", metavar="FILE",
        help="show which ops were reached by which kind of check, or write it as a Markdown table to FILE",
    )  # fmt: skip


def pytest_configure(config: Any) -> None:
    """Take over the options."""
    if (examples := config.getoption("--gradcheck-examples")) is not None and examples < 1:
        raise pytest.UsageError(f"--gradcheck-examples must be at least 1, not {examples}.")
    if (seed := config.getoption("--gradcheck-seed")) is not None and seed < 0:
        raise pytest.UsageError(f"--gradcheck-seed must be at least 0, not {seed}.")
    target = config.getoption("--gradcheck-coverage")
    if target not in (None, "-") and not Path(target).absolute().parent.is_dir():
        raise pytest.UsageError(
            f"--gradcheck-coverage={target}: there is no folder {Path(target).parent}. Make it first."
        )
    if target not in (None, "-") and Path(target).suffix not in (".md", ".txt"):
        # `--gradcheck-coverage test_a.py` would write over the test that it was meant to run
        raise pytest.UsageError(
            f"--gradcheck-coverage={target}: the table goes to a .md or .txt file; without one, to the screen."
        )
    session.seed = seed
    session.examples = examples
    session.reached = {} if config.getoption("--gradcheck-coverage") else None
    if config.pluginmanager.hasplugin("xdist"):
        config.pluginmanager.register(_Gather())


def pytest_report_header(config: Any) -> list[str]:
    """Show the seed."""
    return [] if session.seed is None else [f"gradcheck: seed {session.seed}"]


def pytest_sessionfinish(session: Any) -> None:
    """A worker of pytest-xdist hands over its table."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["gradcheck_reached"] = _reached()


class _Gather:
    """Adds up the tables of the workers of pytest-xdist."""

    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        """Take over the table of a worker that has ended."""
        for op, row in (getattr(node, "workeroutput", {}).get("gradcheck_reached") or {}).items():
            for check, count in row.items():
                session.add(op, check, count)


def pytest_terminal_summary(terminalreporter: Any, config: Any) -> None:
    """Show or write the table."""
    target = config.getoption("--gradcheck-coverage")
    if not target:
        return
    lines = coverage_table(_reached())
    if target == "-":
        terminalreporter.section("gradient checks by op")
        for line in lines:
            terminalreporter.write_line(line)
    else:
        Path(target).write_text("\n".join(lines) + "\n", encoding="utf-8")
        terminalreporter.write_line(f"gradient checks by op: {target}")


def _reached() -> dict[str, dict[str, int]]:
    return session.reached or {}


def coverage_table(reached: dict[str, dict[str, int]]) -> list[str]:
    """A Markdown table: for each op, how often each kind of check evaluated it; then the ops that none reached."""
    columns = [check for check in _COLUMNS if any(check in row for row in reached.values())]
    width = max((len(op) for op in reached), default=2)
    lines = [
        "| " + " | ".join(["op".ljust(width), *columns]) + " |",
        "|" + "|".join(["-" * (width + 2), *("-" * (len(c) + 1) + ":" for c in columns)]) + "|",
    ]
    for op in sorted(reached):
        counts = [(str(reached[op].get(c, "")) or "").rjust(len(c)) for c in columns]
        lines.append("| " + " | ".join([op.ljust(width), *counts]) + " |")
    table: dict[str, Any] = {**OPS, **COMPOSITES}
    differentiable = [name for name, op in table.items() if op.differentiable and name != "item"]
    missed = sorted(set(differentiable) - set(reached))
    lines += ["", f"{len(differentiable) - len(missed)} of {len(differentiable)} differentiable ops were reached."]
    if missed and len(missed) < len(differentiable):
        lines.append(f"Not reached: {', '.join(missed)}.")
    return lines
