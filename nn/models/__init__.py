"""Models, each in a file that reads from top to bottom."""

from nn.models.lenet import LeNet5
from nn.models.mlp import MLP

__all__ = ["MLP", "LeNet5"]
