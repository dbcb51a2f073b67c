"""Makes the gallery: ``python docs/gallery.py`` draws eight graphs into docs/gallery/, as pictures and as pages.

The pictures (SVG) are shown by docs/gallery.md. The pages (HTML) are the same graphs to explore, to open from disk.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import autograd as ag
import nn
import viz
from autograd.scalar import Value
from nn import functional as F
from nn.models import MLP, LeNet5

rng = np.random.default_rng(0)


def images(*shape: int) -> Any:
    return rng.normal(size=shape).astype(np.float32)


def scalar_neuron() -> viz.GraphView:
    """micrograd's neuron: two inputs, two weights, a bias and a tanh."""
    x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
    w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
    b = Value(6.8813735870195432, label="b")
    out = (x1 * w1 + x2 * w2 + b).tanh()
    out.backward()
    return viz.graph(out, title="a scalar neuron")


def mlp() -> viz.GraphView:
    """A step of an MLP on digits, with the loss."""
    model = MLP(64, [128, 64], 10)
    with ag.record(names=model, histograms=True) as tape:
        loss = F.cross_entropy(model(ag.tensor(images(32, 64))), rng.integers(0, 10, 32))
        loss.backward()
    return viz.graph(tape, loss, title="an MLP and its loss")


def mlp_backward() -> viz.GraphView:
    """The same, with each op beside its backward pass."""
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    with ag.record(names=model, histograms=True) as tape:
        F.cross_entropy(model(ag.tensor(images(5, 4))), np.array([0, 1, 2, 1, 0])).backward()
    return viz.graph(tape, backward=True, title="forward and backward")


def lenet() -> viz.GraphView:
    """LeNet-5, coloured by where the time goes."""
    view = viz.graph(LeNet5(10, 1, 28), images(16, 1, 28, 28), backward=True, title="LeNet-5: forward time")
    return viz.overlay(viz.subview(view, [n.id for n in view.nodes if n.kind not in ("backward", "gradient")]), "time")


class BatchNorm2d(nn.Module):
    """Normalisation over the batch, by the op of the table."""

    def __init__(self, channels: int):
        super().__init__()
        self.weight = nn.Parameter(np.ones(channels, np.float32))
        self.bias = nn.Parameter(np.zeros(channels, np.float32))

    def forward(self, x: Any) -> Any:
        return F.batch_norm(x, None, None, self.weight, self.bias, training=True)


class ResidualBlock(nn.Module):
    """He et al., 2015, arXiv:1512.03385, figure 2, with a projection where the width changes."""

    def __init__(self, inside: int, outside: int):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, padding=1)
        self.bn1 = BatchNorm2d(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, padding=1)
        self.bn2 = BatchNorm2d(outside)
        self.shortcut = nn.Identity() if inside == outside else nn.Conv2d(inside, outside, 1)

    def forward(self, x: Any) -> Any:
        y = ag.relu(self.bn1(self.conv1(x)))
        return ag.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


def residual_block() -> viz.GraphView:
    """The skip connection passes by the closed groups."""
    return viz.graph(ResidualBlock(16, 16), images(8, 16, 8, 8), depth=1, title="a residual block")


class Cell(nn.Module):
    """Elman, 1990: h' = tanh(W x + U h)."""

    def __init__(self, inputs: int, width: int):
        super().__init__()
        self.ih = nn.Linear(inputs, width)
        self.hh = nn.Linear(width, width)

    def forward(self, x: Any, h: Any) -> Any:
        return ag.tanh(self.ih(x) + self.hh(h))


class RNN(nn.Module):
    """Fifty steps of one cell."""

    def __init__(self, inputs: int = 8, width: int = 16):
        super().__init__()
        self.cell = Cell(inputs, width)
        self.head = nn.Linear(width, 2)
        self.width = width

    def forward(self, x: Any) -> Any:
        h = ag.zeros((x.shape[1], self.width))
        for t in range(x.shape[0]):
            h = self.cell(x[t], h)
        return self.head(h)


def rnn() -> viz.GraphView:
    """Fifty steps are drawn as one, with what goes from step to step."""
    return viz.graph(RNN(), images(50, 4, 8), title="an RNN of 50 steps")


class LayerNorm(nn.Module):
    """Ba et al., 2016, arXiv:1607.06450."""

    def __init__(self, width: int):
        super().__init__()
        self.weight = nn.Parameter(np.ones(width, np.float32))
        self.bias = nn.Parameter(np.zeros(width, np.float32))

    def forward(self, x: Any) -> Any:
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias)


class Attention(nn.Module):
    """Causal self-attention in several heads (Vaswani et al., 2017, arXiv:1706.03762)."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.heads = heads

    def forward(self, x: Any) -> Any:
        batch, length, width = x.shape
        qkv = self.qkv(x).reshape(batch, length, 3, self.heads, width // self.heads)
        q, k, v = (ag.permute_dims(qkv[:, :, i], (0, 2, 1, 3)) for i in range(3))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.proj(ag.permute_dims(y, (0, 2, 1, 3)).reshape(batch, length, width))


class Block(nn.Module):
    """A pre-norm transformer block, as in GPT-2."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.ln_1, self.attn = LayerNorm(width), Attention(width, heads)
        self.ln_2 = LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Any) -> Any:
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    """Twelve blocks between an embedding and a head that shares its weight."""

    def __init__(self, words: int = 65, length: int = 32, width: int = 48, heads: int = 4, blocks: int = 12):
        super().__init__()
        self.wte = nn.Parameter(0.02 * images(words, width))
        self.wpe = nn.Parameter(0.02 * images(length, width))
        self.h = nn.ModuleList([Block(width, heads) for _ in range(blocks)])
        self.ln_f = LayerNorm(width)

    def forward(self, tokens: Any) -> Any:
        x = F.embedding(tokens, self.wte) + self.wpe[: tokens.shape[1]]
        for block in self.h:
            x = block(x)
        return self.ln_f(x) @ self.wte.mT


def transformer() -> viz.GraphView:
    """Twelve identical blocks are drawn once."""
    return viz.graph(GPT(), rng.integers(0, 65, (2, 32)), depth=2, title="a transformer of 12 blocks")


def second_order() -> viz.GraphView:
    """A gradient that was differentiated again: the ops that the rules recorded stand in a group of their own."""
    x = ag.tensor([0.5, -0.3], requires_grad=True)
    w = ag.tensor([0.8, 1.5], requires_grad=True)
    with ag.record(names={"x": x, "w": w}) as tape:
        (g,) = ag.gradients(ag.tanh(w * x).sum(), x, create_graph=True)
        penalty = (g * g).sum()
        penalty.backward()
    return viz.graph(tape, penalty, title="a gradient penalty")


GALLERY: dict[str, Callable[[], viz.GraphView]] = {
    "scalar-neuron": scalar_neuron, "mlp": mlp, "mlp-backward": mlp_backward, "lenet": lenet,
    "residual-block": residual_block, "rnn": rnn, "transformer": transformer, "second-order": second_order,
}  # fmt: skip


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in GALLERY.items():
        ag.manual_seed(0)
        view = make()
        view.save(folder / f"{name}.svg")
        view.save(folder / f"{name}.html")
        print(f"{name}: {view}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "gallery")
