"""The ladder from scalars to tensors: one network written four times, raced, and told on one page."""

from glassgrad.ladder.page import write_page
from glassgrad.ladder.race import DisagreementError, Outcome, Race, Settings, run_race

__all__ = ["DisagreementError", "Outcome", "Race", "Settings", "run_race", "write_page"]
