"""Charts of training: gradients, weights, activations and losses, each drawn from frozen statistics."""

from viz.training.attention import attention_maps, attention_weights
from viz.training.distributions import Ridges, histograms_over_steps, ridges
from viz.training.filters import convolution_filters, feature_maps, module_outputs
from viz.training.histogram import Histogram, histogram_of
from viz.training.history import (
    ActivationObservation,
    ModelHistory,
    Observation,
    ParameterObservation,
    observations_from_json,
)
from viz.training.landscape import Landscape, filter_normalised, landscape_losses, principal_directions
from viz.training.loss_landscape import contour_levels, loss_landscape
from viz.training.over_time import (
    GradientTable,
    gradient_flow_over_time,
    gradient_table,
    update_ratio_table,
    update_ratios,
)
from viz.training.surfaces import TEST_SURFACES, TestSurface
from viz.training.trajectories import OptimizerLike, Trajectory, optimizer_trajectories, trajectories
from viz.training.units import UnitActivity, dead_units, unit_activity
from viz.training.weights import Spectrum, spectra, spectrum, weight_matrices, weight_spectra

__all__ = [
    "TEST_SURFACES",
    "ActivationObservation",
    "GradientTable",
    "Histogram",
    "Landscape",
    "ModelHistory",
    "Observation",
    "OptimizerLike",
    "ParameterObservation",
    "Ridges",
    "Spectrum",
    "TestSurface",
    "Trajectory",
    "UnitActivity",
    "attention_maps",
    "attention_weights",
    "contour_levels",
    "convolution_filters",
    "dead_units",
    "feature_maps",
    "filter_normalised",
    "gradient_flow_over_time",
    "gradient_table",
    "histogram_of",
    "histograms_over_steps",
    "landscape_losses",
    "loss_landscape",
    "module_outputs",
    "observations_from_json",
    "optimizer_trajectories",
    "principal_directions",
    "ridges",
    "spectra",
    "spectrum",
    "trajectories",
    "unit_activity",
    "update_ratio_table",
    "update_ratios",
    "weight_matrices",
    "weight_spectra",
]
