"""Graphs as data: views, how they are made from what was computed, and the transforms that rewrite them."""
