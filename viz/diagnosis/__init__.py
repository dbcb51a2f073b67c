"""What is wrong with a gradient, a model or a loss, and what to do: :func:`viz.why` and :func:`viz.diagnose`."""

from viz.diagnosis.diagnose import diagnose
from viz.diagnosis.explanation import CAUSES, Explanation, PathStep
from viz.diagnosis.findings import FINDINGS, Diagnosis, Finding
from viz.diagnosis.why import why

__all__ = ["FINDINGS", "CAUSES", "Diagnosis", "Explanation", "Finding", "PathStep", "diagnose", "why"]
