"""LeNet-5."""

from __future__ import annotations

import autograd as ag
from autograd import Tensor
from autograd.errors import ShapeError
from nn.convolution import Conv2d
from nn.linear import Linear
from nn.module import ArgumentError, Module
from nn.pooling import MaxPool2d

__all__ = ["LeNet5"]


class LeNet5(Module):
    """LeNet-5 with relu and max pooling in place of the original's tanh and trainable subsampling.

    Two convolutions, each followed by a pooling that halves the image, then three linear layers. Images from 20 pixels
    on are taken with the original's 5x5 kernels (the first padded, so that 28 pixels act as its 32); smaller ones, from
    8 pixels on, with padded 3x3 kernels.

    ``num_classes``  outputs: one logit for each class
    ``in_channels``  1 for grey images, 3 for colour
    ``input_size``   height and width of an image

    Shape: input ``(N, in_channels, input_size, input_size)``, output ``(N, num_classes)``.
    Source: LeCun, Bottou, Bengio and Haffner, 1998, Proceedings of the IEEE 86(11).
    """

    def __init__(self, num_classes: int = 10, in_channels: int = 1, input_size: int = 28):
        super().__init__()
        if input_size < 8:
            raise ArgumentError(
                f"LeNet5: input_size={input_size} is too small for two convolutions and two poolings. "
                "Give images of 8x8 pixels at least, or use an MLP."
            )
        self.in_channels = in_channels
        self.input_size = input_size
        kernel, padding = (5, 0) if input_size >= 20 else (3, 1)
        self.conv1 = Conv2d(in_channels, 6, kernel, padding=kernel // 2)
        self.conv2 = Conv2d(6, 16, kernel, padding=padding)
        self.pool = MaxPool2d(2)

        side = input_size // 2  # after the first convolution, which keeps the size, and a pooling
        side = (side + 2 * padding - kernel + 1) // 2  # after the second convolution and a pooling
        self.fc1 = Linear(16 * side * side, 120)
        self.fc2 = Linear(120, 84)
        self.fc3 = Linear(84, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1:] != (self.in_channels, self.input_size, self.input_size):
            raise ShapeError(
                f"LeNet5: the input is {tuple(x.shape)}; (N, {self.in_channels}, {self.input_size}, {self.input_size}) "
                "is wanted. Build the model with the in_channels and input_size of the images."
            )
        x = self.pool(ag.relu(self.conv1(x)))
        x = self.pool(ag.relu(self.conv2(x)))
        x = x.flatten(1)
        x = ag.relu(self.fc1(x))
        x = ag.relu(self.fc2(x))
        return self.fc3(x)
