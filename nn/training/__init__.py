"""Training: a loop with metrics, checkpoints that survive a kill, and a resume that gives the same bits.

>>> trainer = Trainer(model, optimizer, loss, train_loader, test_loader, folder="runs/first")  # doctest: +SKIP
>>> trainer.fit(epochs=10)  # doctest: +SKIP
"""

from nn.training.checkpoint import Checkpoint, CheckpointError, load_checkpoint, save_checkpoint
from nn.training.display import Display, Silence
from nn.training.following import Chunk, read_records
from nn.training.metrics import MetricsLog, accuracy
from nn.training.telemetry import Telemetry
from nn.training.trainer import NonFiniteLossError, Outcome, Progress, Trainer

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "Chunk",
    "Display",
    "MetricsLog",
    "NonFiniteLossError",
    "Outcome",
    "Progress",
    "Silence",
    "Telemetry",
    "Trainer",
    "accuracy",
    "load_checkpoint",
    "read_records",
    "save_checkpoint",
]
