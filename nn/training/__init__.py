"""Training: a loop with metrics, checkpoints that survive a kill, and a resume that gives the same bits.

>>> trainer = Trainer(model, optimizer, loss, train_loader, test_loader, folder="runs/first")  # doctest: +SKIP
>>> trainer.fit(epochs=10)  # doctest: +SKIP
"""

from nn.training.checkpoint import Checkpoint, CheckpointError, load_checkpoint, save_checkpoint
from nn.training.display import Display, Silence
from nn.training.metrics import MetricsLog, accuracy
from nn.training.trainer import NonFiniteLossError, Outcome, Progress, Trainer

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "Display",
    "MetricsLog",
    "NonFiniteLossError",
    "Outcome",
    "Progress",
    "Silence",
    "Trainer",
    "accuracy",
    "load_checkpoint",
    "save_checkpoint",
]
