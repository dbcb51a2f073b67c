"""The command line."""

from __future__ import annotations

import importlib
import sys
import warnings
from typing import Any, NoReturn

from autograd.errors import GlassgradError, MissingExtraError
from autograd.extras import import_extra

__all__ = ["main"]


def main() -> None:
    """Run the command line; a user's mistake ends with one message and exit code 2, never with a traceback."""
    warnings.showwarning = _one_line_warning  # a warning is a message to the user here, without source lines
    try:
        import_extra("typer", extra="all", purpose="run the command line")
        importlib.import_module("glassgrad.commands").app()
    except MissingExtraError as error:
        _fail(error, 1)
    except (GlassgradError, OSError) as error:
        _fail(error, 2)


def _fail(error: Exception, code: int) -> NoReturn:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(code)


def _one_line_warning(message: Warning | str, *details: Any, **options: Any) -> None:
    print(f"warning: {message}", file=sys.stderr)
