"""nn: modules, losses, models and what trains them. Names and arguments are PyTorch's."""

from nn import data, functional, init, models, scalar
from nn.activation import GELU, LeakyReLU, LogSoftmax, ReLU, Sigmoid, SiLU, Softmax, Softplus, Tanh
from nn.containers import Flatten, ModuleList, Sequential
from nn.convolution import Conv2d
from nn.dropout import AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout
from nn.linear import Identity, Linear
from nn.loss import CrossEntropyLoss, MSELoss, NLLLoss
from nn.module import ArgumentError, Module, StateDictError
from nn.normalization import Standardize
from nn.parameter import Parameter
from nn.pooling import AvgPool2d, MaxPool2d

__all__ = [
    "AlphaDropout", "ArgumentError", "AvgPool2d", "Conv2d", "CrossEntropyLoss", "Dropout", "Dropout1d", "Dropout2d",
    "Dropout3d", "FeatureAlphaDropout", "Flatten", "GELU", "Identity", "LeakyReLU", "Linear", "LogSoftmax", "MaxPool2d",
    "Module", "ModuleList", "MSELoss", "NLLLoss", "Parameter", "ReLU", "Sequential", "Sigmoid", "SiLU", "Softmax",
    "Softplus", "Standardize", "StateDictError", "Tanh", "data", "functional", "init", "models", "scalar",
]  # fmt: skip
