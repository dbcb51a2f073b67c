"""Training: the loop, its metrics, and checkpoints that survive a kill."""

from nn.training.checkpoint import Checkpoint, CheckpointError, load_checkpoint, save_checkpoint
from nn.training.metrics import Average, MetricsLog
from nn.training.trainer import Trainer, TrainingError, evaluate

__all__ = [
    "Average", "Checkpoint", "CheckpointError", "MetricsLog", "Trainer", "TrainingError", "evaluate",
    "load_checkpoint", "save_checkpoint",
]  # fmt: skip
