"""Drawings of what the engine did: computation graphs, the flow of gradients, and how training went.

>>> import viz
>>> viz.graph(loss, model).save("graph.svg")  # doctest: +SKIP

Small graphs are laid out by Graphviz where there is one, and charts are drawn by matplotlib; both come with
``pip install 'glassgrad[viz]'`` and load when they are first needed. Large graphs have a layout of our own.
"""

from viz.derivations.derivation import BackwardStep, Derivation, ForwardStep, Symbol
from viz.derivations.derive import derive
from viz.derivations.formula import Formula, formula, template_mathml
from viz.diagnosis import CAUSES, FINDINGS, Diagnosis, Explanation, Finding, PathStep, diagnose, why
from viz.drawing.graph_json import graph_schema
from viz.drawing.layout import Layout, layout
from viz.drawing.render import DrawingError
from viz.figure import figure_svg
from viz.graphs.backward_graph import only_backward, with_backward
from viz.graphs.checking import check
from viz.graphs.diff import GraphDiff, diff
from viz.graphs.graph import graph
from viz.graphs.marking import mark
from viz.graphs.overlays import OVERLAYS, overlay
from viz.graphs.repeats import roll, unroll
from viz.graphs.scene import Box, Card, Scene, Wire, scene
from viz.graphs.segments import segment
from viz.graphs.subview import focus, subview
from viz.graphs.transforms import collapse, expand, one_node_per_use
from viz.graphs.view import Check, Contribution, EdgeView, GraphView, GroupView, NodeView, Overlay, Step
from viz.profiling.ceilings import Ceilings, measure_ceilings
from viz.profiling.checkpoint_savings import CheckpointSaving
from viz.profiling.memory import Holder, MemoryReport, memory
from viz.profiling.op_time import OpTime
from viz.profiling.profile import Profile, ScopeTime, profile
from viz.programs.program import Program
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
from viz.training.confusion import confusion_counts, confusion_matrix
from viz.training.gradient_flow import GradientStatistics, gradient_flow, gradient_statistics
from viz.training.images import image_grid
from viz.training.training_curves import training_curves

__all__ = [
    "CAUSES",
    "DARK",
    "FINDINGS",
    "LIGHT",
    "OVERLAYS",
    "TEST_SURFACES",
    "THEMEABLE",
    "BackwardStep",
    "Box",
    "Card",
    "Ceilings",
    "Check",
    "CheckpointSaving",
    "Contribution",
    "Derivation",
    "Diagnosis",
    "DrawingError",
    "EdgeView",
    "Explanation",
    "Finding",
    "Formula",
    "ForwardStep",
    "GradientStatistics",
    "GraphDiff",
    "GraphView",
    "GroupView",
    "Histogram",
    "Holder",
    "Landscape",
    "Layout",
    "MemoryReport",
    "ModelHistory",
    "NodeView",
    "Observation",
    "OpTime",
    "Overlay",
    "PathStep",
    "Profile",
    "Program",
    "Scene",
    "ScopeTime",
    "Spectrum",
    "Step",
    "Symbol",
    "TestSurface",
    "Theme",
    "Trajectory",
    "UnitActivity",
    "Wire",
    "attention_maps",
    "attention_weights",
    "check",
    "collapse",
    "confusion_counts",
    "confusion_matrix",
    "convolution_filters",
    "dead_units",
    "derive",
    "diagnose",
    "diff",
    "expand",
    "feature_maps",
    "figure_svg",
    "focus",
    "formula",
    "gradient_flow",
    "gradient_flow_over_time",
    "gradient_statistics",
    "gradient_table",
    "graph",
    "graph_schema",
    "histograms_over_steps",
    "image_grid",
    "landscape_losses",
    "layout",
    "loss_landscape",
    "mark",
    "measure_ceilings",
    "memory",
    "observations_from_json",
    "one_node_per_use",
    "only_backward",
    "optimizer_trajectories",
    "overlay",
    "profile",
    "ridges",
    "roll",
    "scene",
    "segment",
    "spectra",
    "subview",
    "template_mathml",
    "training_curves",
    "trajectories",
    "unit_activity",
    "unroll",
    "update_ratio_table",
    "update_ratios",
    "weight_matrices",
    "weight_spectra",
    "why",
    "with_backward",
]
