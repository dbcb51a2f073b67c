"""Drawings of what the engine did: computation graphs, the flow of gradients, and how training went.

>>> import viz
>>> viz.graph(loss, model).save("graph.svg")  # doctest: +SKIP

Small graphs are laid out by Graphviz where there is one, and charts are drawn by matplotlib; both come with
``pip install 'glassgrad[viz]'`` and load when they are first needed. Large graphs have a layout of our own.
"""

from viz.confusion import confusion_counts, confusion_matrix
from viz.figure import figure_svg
from viz.gradient_flow import GradientStatistics, gradient_flow, gradient_statistics
from viz.graph import graph
from viz.graph_json import graph_schema
from viz.images import image_grid
from viz.layout import Layout, layout
from viz.render import DrawingError
from viz.scene import Box, Card, Scene, Wire, scene
from viz.theme import DARK, LIGHT, THEMEABLE, Theme
from viz.training_curves import training_curves
from viz.transforms import collapse, expand, one_node_per_use
from viz.view import Check, Contribution, EdgeView, GraphView, GroupView, NodeView, Overlay, Step

__all__ = [
    "DARK",
    "LIGHT",
    "THEMEABLE",
    "Box",
    "Card",
    "Check",
    "Contribution",
    "DrawingError",
    "EdgeView",
    "GradientStatistics",
    "GraphView",
    "GroupView",
    "Layout",
    "NodeView",
    "Overlay",
    "Scene",
    "Step",
    "Theme",
    "Wire",
    "collapse",
    "confusion_counts",
    "confusion_matrix",
    "expand",
    "figure_svg",
    "gradient_flow",
    "gradient_statistics",
    "graph",
    "graph_schema",
    "image_grid",
    "layout",
    "one_node_per_use",
    "scene",
    "training_curves",
]
