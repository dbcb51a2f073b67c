"""LeNet-5."""

from __future__ import annotations

import autograd as ag
from autograd import Tensor
from autograd.errors import ShapeError
from nn.convolution import Conv2d
from nn.linear import Linear
from nn.module import Module
from nn.pooling import MaxPool2d

__all__ = ["LeNet5"]


class LeNet5(Module):
    """LeNet-5 with relu and max pooling in place of the original's tanh and trainable subsampling.

    Two convolutions, each followed by a pooling that halves the image, then three linear layers. Small images (under
    20 pixels) are taken with 3x3 kernels and padding, others with the original's 5x5.

    Shape: input ``(N, in_channels, input_size, input_size)``, output logits ``(N, num_classes)``.
    Source: LeCun, Bottou, Bengio and Haffner, 1998, Proceedings of the IEEE 86(11).
    """

    def __init__(self, num_classes: int = 10, in_channels: int = 1, input_size: int = 28):
        super().__init__()
        if input_size < 8:
            raise ShapeError(
                f"LeNet5: an image of {input_size}x{input_size} is too small for two poolings. Give 8 pixels at least."
            )
        kernel = 5 if input_size >= 20 else 3
        self.conv1 = Conv2d(in_channels, 6, kernel, padding=kernel // 2)
        self.conv2 = Conv2d(6, 16, kernel, padding=0 if kernel == 5 else 1)
        self.pool = MaxPool2d(2)
        side = (input_size // 2 - (4 if kernel == 5 else 0)) // 2
        self.fc1 = Linear(16 * side * side, 120)
        self.fc2 = Linear(120, 84)
        self.fc3 = Linear(84, num_classes)
        self.in_channels = in_channels
        self.input_size = input_size

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1:] != (self.in_channels, self.input_size, self.input_size):
            wanted = f"(N, {self.in_channels}, {self.input_size}, {self.input_size})"
            raise ShapeError(f"LeNet5: the input is {x.shape}; {wanted} is wanted.")
        x = self.pool(ag.relu(self.conv1(x)))
        x = self.pool(ag.relu(self.conv2(x)))
        x = x.flatten(1)
        x = ag.relu(self.fc1(x))
        x = ag.relu(self.fc2(x))
        return self.fc3(x)
