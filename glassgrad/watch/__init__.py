"""The live dashboard: a page on localhost that follows runs while they train, and compares them."""

from glassgrad.watch.runs import Runs, RunsError
from glassgrad.watch.server import Watch, serve

__all__ = ["Runs", "RunsError", "Watch", "serve"]
