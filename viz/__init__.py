"""Drawings of what the engine did: computation graphs, the flow of gradients, and how training went.

>>> import viz
>>> viz.graph(loss, model).save("graph.svg")  # doctest: +SKIP

Graphs are laid out by Graphviz and charts are drawn by matplotlib; both come with ``pip install 'glassgrad[viz]'`` and
load when they are first needed.
"""

from viz.confusion import confusion_counts, confusion_matrix
from viz.figure import figure_svg
from viz.gradient_flow import GradientStatistics, gradient_flow, gradient_statistics
from viz.graph import graph
from viz.images import image_grid
from viz.render import DrawingError
from viz.theme import DARK, LIGHT, THEMEABLE, Theme
from viz.training import (
    TEST_SURFACES,
    Histogram,
    Landscape,
    ModelHistory,
    Observation,
    Spectrum,
    TestSurface,
    Trajectory,
    UnitActivity,
    attention_maps,
    attention_weights,
    convolution_filters,
    dead_units,
    feature_maps,
    gradient_flow_over_time,
    gradient_table,
    histograms_over_steps,
    landscape_losses,
    loss_landscape,
    observations_from_json,
    optimizer_trajectories,
    ridges,
    spectra,
    trajectories,
    unit_activity,
    update_ratio_table,
    update_ratios,
    weight_matrices,
    weight_spectra,
)
from viz.training_curves import training_curves
from viz.transforms import one_node_per_use
from viz.view import EdgeView, GraphView, NodeView

__all__ = [
    "DARK",
    "LIGHT",
    "TEST_SURFACES",
    "THEMEABLE",
    "DrawingError",
    "EdgeView",
    "GradientStatistics",
    "GraphView",
    "Histogram",
    "Landscape",
    "ModelHistory",
    "NodeView",
    "Observation",
    "Spectrum",
    "TestSurface",
    "Theme",
    "Trajectory",
    "UnitActivity",
    "attention_maps",
    "attention_weights",
    "confusion_counts",
    "confusion_matrix",
    "convolution_filters",
    "dead_units",
    "feature_maps",
    "figure_svg",
    "gradient_flow",
    "gradient_flow_over_time",
    "gradient_statistics",
    "gradient_table",
    "graph",
    "histograms_over_steps",
    "image_grid",
    "landscape_losses",
    "loss_landscape",
    "observations_from_json",
    "one_node_per_use",
    "optimizer_trajectories",
    "ridges",
    "spectra",
    "training_curves",
    "trajectories",
    "unit_activity",
    "update_ratio_table",
    "update_ratios",
    "weight_matrices",
    "weight_spectra",
]
