"""optim: optimizers with torch.optim's calling conventions."""

from optim.adam import Adam, AdamW
from optim.optimizer import Optimizer, OptimizerError
from optim.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "OptimizerError"]
