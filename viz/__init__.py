"""Drawings of what the engine did: computation graphs, the flow of gradients, and how training went.

>>> import viz
>>> viz.graph(loss, model).save("graph.svg")  # doctest: +SKIP

Graphs are laid out by Graphviz and charts are drawn by matplotlib; both come with ``pip install 'glassgrad[viz]'`` and
load when they are first needed.
"""

from viz.confusion import confusion_counts, confusion_matrix
from viz.derivation import BackwardStep, Derivation, ForwardStep, Symbol
from viz.derive import derive
from viz.figure import figure_svg
from viz.formula import Formula, formula, template_mathml
from viz.gradient_flow import GradientStatistics, gradient_flow, gradient_statistics
from viz.graph import graph
from viz.images import image_grid
from viz.render import DrawingError
from viz.theme import DARK, LIGHT, THEMEABLE, Theme
from viz.training_curves import training_curves
from viz.transforms import one_node_per_use
from viz.view import EdgeView, GraphView, NodeView

__all__ = [
    "DARK",
    "LIGHT",
    "THEMEABLE",
    "BackwardStep",
    "Derivation",
    "DrawingError",
    "EdgeView",
    "Formula",
    "ForwardStep",
    "GradientStatistics",
    "GraphView",
    "NodeView",
    "Symbol",
    "Theme",
    "confusion_counts",
    "confusion_matrix",
    "derive",
    "figure_svg",
    "formula",
    "gradient_flow",
    "gradient_statistics",
    "graph",
    "image_grid",
    "one_node_per_use",
    "template_mathml",
    "training_curves",
]
