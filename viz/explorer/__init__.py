"""The explorer: one HTML file that holds a whole graph and everything needed to read it, with no network."""

from viz.explorer.document import page, write

__all__ = ["page", "write"]
