"""Drawings of what the engine did: computation graphs, the flow of gradients, and how training went.

>>> import viz
>>> viz.graph(loss, model).save("graph.svg")  # doctest: +SKIP

Graphs are laid out by Graphviz and charts are drawn by matplotlib; both come with ``pip install 'glassgrad[viz]'`` and
load when they are first needed.
"""

from viz.backward_graph import only_backward, with_backward
from viz.confusion import confusion_counts, confusion_matrix
from viz.diagnosis import CAUSES, FINDINGS, Diagnosis, Explanation, Finding, PathStep, diagnose, why
from viz.diff import GraphDiff, diff
from viz.figure import figure_svg
from viz.gradient_flow import GradientStatistics, gradient_flow, gradient_statistics
from viz.graph import graph
from viz.images import image_grid
from viz.overlays import OVERLAYS, overlay
from viz.render import DrawingError
from viz.repeats import roll, unroll
from viz.scene import Box, Card, Scene, Wire, scene
from viz.segments import segment
from viz.subview import focus, subview
from viz.theme import DARK, LIGHT, THEMEABLE, Theme
from viz.training_curves import training_curves
from viz.transforms import collapse, expand, one_node_per_use
from viz.view import Check, Contribution, EdgeView, GraphView, GroupView, NodeView, Overlay, Step

__all__ = [
    "CAUSES",
    "DARK",
    "FINDINGS",
    "LIGHT",
    "OVERLAYS",
    "THEMEABLE",
    "Box",
    "Card",
    "Check",
    "Contribution",
    "Diagnosis",
    "DrawingError",
    "EdgeView",
    "Explanation",
    "Finding",
    "GradientStatistics",
    "GraphDiff",
    "GraphView",
    "GroupView",
    "NodeView",
    "Overlay",
    "PathStep",
    "Scene",
    "Step",
    "Theme",
    "Wire",
    "collapse",
    "confusion_counts",
    "confusion_matrix",
    "diagnose",
    "diff",
    "expand",
    "figure_svg",
    "focus",
    "gradient_flow",
    "gradient_statistics",
    "graph",
    "image_grid",
    "one_node_per_use",
    "only_backward",
    "overlay",
    "roll",
    "scene",
    "segment",
    "subview",
    "training_curves",
    "unroll",
    "with_backward",
    "why",
]
