"""The report of a training run: one page that needs nothing but a browser."""

from glassgrad.report.evaluation import Evaluation
from glassgrad.report.page import write_report

__all__ = ["Evaluation", "write_report"]
