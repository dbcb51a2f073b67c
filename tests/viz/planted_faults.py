"""Programs with one mistake each, and what `why` and `diagnose` must say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd as ag
import nn
import optim
from nn import functional as F
from nn.data import load_digits

__all__ = ["FAULTS", "Fault", "digits"]

_train = load_digits().train


def digits(count: int = 64, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels, the same for the same seed."""
    rows = np.random.default_rng(seed).permutation(len(_train))[:count]
    return _train.inputs[rows], _train.targets[rows]


@dataclass(frozen=True)
class Fault:
    """A program with a mistake.

    ``build``     makes the model, the function that computes its loss, and options for `diagnose`
    ``finding``   the kind of finding, and a part of where it is; None where `diagnose` cannot know
    ``suspect``   the parameter to ask `why` about; ``causes`` the kinds of its answer; ``culprit`` the op that did it
    """

    build: Callable[[], tuple[Any, Callable[[], Any], dict[str, Any]]]
    finding: tuple[str, str] | None
    suspect: str = ""
    causes: tuple[str, ...] = ()
    culprit: str = ""


FAULTS: dict[str, Fault] = {}


def fault(finding: tuple[str, str] | None, suspect: str = "", causes: tuple[str, ...] = (), culprit: str = "") -> Any:
    def keep(build: Callable[[], Any]) -> Callable[[], Any]:
        FAULTS[build.__name__] = Fault(build, finding, suspect, causes, culprit)
        return build

    return keep


def classifier(model: Any, **options: Any) -> tuple[Any, Callable[[], Any], dict[str, Any]]:
    """The model with its cross-entropy on 64 digits."""
    images, labels = digits()
    return model, lambda: F.cross_entropy(model(ag.tensor(images)), labels), options


def mlp(*widths: int, activation: Any = nn.ReLU) -> nn.models.MLP:
    ag.manual_seed(0)
    return nn.models.MLP(64, list(widths), 10, activation)


def write(parameter: Any, values: Any) -> None:
    with ag.no_grad():
        parameter[...] = values


# ------------------------------------------------------------------------------------------------------- gradients


@fault(("dead_units", "relu"), "layers.0.weight", ("closed_relu",), "relu")
def dead_relus():
    """A bias so low that no relu of the layer ever opens."""
    model = mlp(32)
    write(model.layers[0].bias, -50.0)
    return classifier(model)


@fault(("zero_gradient", "layers.2.weight"), "layers.2.weight", ("closed_relu",), "linear")
def dead_relus_above():
    """The same, seen from the layer behind: all its inputs are 0."""
    return dead_relus()


@fault(("vanishing_gradient", "layers.0.weight"), "layers.0.weight", ("small_factors",))
def deep_sigmoids():
    """30 layers of sigmoids, each of which takes three quarters of the gradient at least."""
    return classifier(mlp(*[16] * 30, activation=nn.Sigmoid))


@fault(("saturated_units", "tanh"), "layers.0.weight", ("healthy",))
def large_weights():
    """First weights a hundred times too large: every tanh is at its end."""
    model = mlp(32, activation=nn.Tanh)
    write(model.layers[0].weight, model.layers[0].weight.array * 100)
    return classifier(model)


@fault(None, "layers.0.weight", ("saturated",), "sigmoid")
def saturated_output():
    """Logits so large that the sigmoid's slope is 0 in float32."""
    model = mlp(32)
    write(model.layers[2].bias, 200.0)
    images, _ = digits()
    return model, lambda: (ag.sigmoid(model(ag.tensor(images))) ** 2).mean(), {}


class Recurrent(nn.Module):
    """h = W h + V x, step by step."""

    def __init__(self, scale: float, width: int = 16):
        super().__init__()
        draw = np.random.default_rng(0)
        self.recurrent = nn.Parameter(draw.normal(0, scale / np.sqrt(width), (width, width)).astype(np.float32))
        self.input = nn.Linear(1, width)
        self.output = nn.Linear(width, 10)

    def forward(self, x: Any) -> Any:
        x = x.flatten(1)
        state = ag.zeros((x.shape[0], self.recurrent.shape[0]))
        for t in range(x.shape[1]):
            state = state @ self.recurrent.mT + self.input(x[:, t : t + 1])
        return self.output(state)


@fault(("exploding_gradient", "recurrent"), "recurrent", ("large_factors",))
def exploding_recurrence():
    """64 steps of a recurrence whose matrix stretches by 1.5."""
    return classifier(Recurrent(1.5))


class Unused(nn.Module):
    """A layer that forward forgets."""

    def __init__(self) -> None:
        super().__init__()
        self.used = nn.Linear(64, 10)
        self.forgotten = nn.Linear(64, 10)

    def forward(self, x: Any) -> Any:
        return self.used(x.flatten(1))


@fault(("unused_parameter", "forgotten.weight"), "forgotten.weight", ("disconnected",))
def unused_layer():
    ag.manual_seed(0)
    return classifier(Unused())


class Detached(nn.Module):
    """An encoder whose output is detached before the head."""

    def __init__(self, cut: str) -> None:
        super().__init__()
        ag.manual_seed(0)
        self.encoder = nn.Linear(64, 16)
        self.head = nn.Linear(16, 10)
        self.cut = cut

    def forward(self, x: Any) -> Any:
        if self.cut == "no_grad":
            with ag.no_grad():
                hidden = self.encoder(x.flatten(1))
        elif self.cut == "int":
            hidden = self.encoder(x.flatten(1)).astype("int32").astype("float32")
        else:
            hidden = self.encoder(x.flatten(1)).detach()
        return self.head(hidden)


@fault(("unused_parameter", "encoder.weight"), "encoder.weight", ("detached",), "linear")
def detached_encoder():
    return classifier(Detached("detach"))


@fault(("unused_parameter", "encoder.weight"), "encoder.weight", ("detached",), "linear")
def encoder_under_no_grad():
    return classifier(Detached("no_grad"))


@fault(("unused_parameter", "encoder.weight"), "encoder.weight", ("integer_path",), "astype")
def rounded_to_integers():
    return classifier(Detached("int"))


@fault(("disconnected_loss", "loss"), "layers.0.weight", ("detached",), "softmax_cross_entropy")
def loss_of_a_detached_output():
    model = mlp(16)
    images, labels = digits()
    return model, lambda: F.cross_entropy(model(ag.tensor(images)).detach(), labels), {}


@fault(("zero_gradient", "layers.0.weight"), "layers.0.weight", ("multiplied_by_zero",), "linear")
def zero_weights():
    """A last layer of zeros keeps the layers before it from learning, in the first step at least."""
    model = mlp(16)
    write(model.layers[2].weight, 0.0)
    return classifier(model)


@fault(("symmetric_weights", "layers.0.weight"))
def alike_units():
    """Every unit of the hidden layer starts as a copy of the others."""
    model = mlp(16, activation=nn.Tanh)
    for layer in (model.layers[0], model.layers[2]):
        write(layer.weight, 0.05)
        write(layer.bias, 0.0)
    return classifier(model)


@fault(("underflow", "layers.0.weight"), "layers.0.weight", ("underflow",))
def half_precision():
    """float16 gradients below 6e-8 are 0."""
    model = mlp(16).to("float16")
    images, labels = digits()
    x = ag.tensor(images.astype(np.float16))
    return model, lambda: F.cross_entropy(model(x), labels) * np.float16(1e-4) * np.float16(1e-3), {}


# ---------------------------------------------------------------------------------------------------- not finite


@fault(("nonfinite_gradient", "layers.0.weight"), "layers.0.weight", ("nonfinite_forward",), "log")
def log_of_zero():
    """The logarithm of a softmax that is 0 in float32."""
    model = mlp(16)
    write(model.layers[2].weight, model.layers[2].weight.array * 1e4)
    images, labels = digits()
    rows = np.arange(len(labels))
    return model, lambda: -ag.log(ag.softmax(model(ag.tensor(images)), 1))[rows, labels].mean(), {}


@fault(("nonfinite_gradient", "layers.0.weight"), "layers.0.weight", ("nonfinite_backward",), "sqrt")
def root_of_zero():
    """The slope of a square root at 0 is infinite: the distance of what lies in the same place."""
    model = mlp(16)
    images, _ = digits()
    images[:] = images[:1]

    def loss():
        y = model(ag.tensor(images))
        return ag.sqrt(((y - y[:1]) ** 2).sum(1)).mean()

    return model, loss, {}


@fault(("nonfinite_value", "exp"), "layers.0.weight", ("nonfinite_forward",), "exp")
def overflowing_exponential():
    model = mlp(16)
    write(model.layers[2].bias, 100.0)
    images, labels = digits()

    def loss():
        e = ag.exp(model(ag.tensor(images)))
        return -ag.log((e / e.sum(1, keepdims=True))[np.arange(len(labels)), labels]).mean()

    return model, loss, {}


@fault(("nonfinite_value", "power"), "layers.0.weight", ("nonfinite_forward",), "power")
def root_of_a_negative_number():
    model = mlp(16)
    images, _ = digits()
    return model, lambda: (model(ag.tensor(images)) ** 0.5).mean(), {}


@fault(("nonfinite_value", "layers.0.weight"), "layers.2.weight", ("nonfinite_leaf",))
def parameter_of_nan():
    model = mlp(16)
    write(model.layers[0].weight, np.nan)
    return classifier(model)


# ------------------------------------------------------------------------------------------------------------ loss


@fault(("broadcast_loss", "subtract"))
def column_against_row():
    """Predictions (n, 1) against targets (n,)."""
    ag.manual_seed(0)
    model = nn.models.MLP(64, [16], 1)
    images, labels = digits()
    target = labels.astype(np.float32) / 10
    return model, lambda: ((model(ag.tensor(images)) - target) ** 2).mean(), {}


@fault(("broadcast_loss", "multiply"))
def targets_that_multiply_a_column():
    """A cross-entropy of a sigmoid by hand, with targets (n,) and scores (n, 1)."""
    ag.manual_seed(0)
    model = nn.models.MLP(64, [16], 1)
    images, labels = digits()
    target = (labels > 4).astype(np.float32)

    def loss():
        scores = model(ag.tensor(images))
        return (ag.softplus(scores) - ag.tensor(target) * scores).mean()

    return model, loss, {}


@fault(("softmax_axis", "softmax"), "layers.0.weight", ("healthy",))
def softmax_over_the_batch():
    model = mlp(16)
    images, labels = digits()
    rows = np.arange(len(labels))
    return model, lambda: -ag.log(ag.softmax(model(ag.tensor(images)), 0))[rows, labels].mean(), {}


@fault(("activation_before_loss", "softmax"), "1.weight", ("healthy",))
def softmax_twice():
    ag.manual_seed(0)
    return classifier(nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10), nn.Softmax(1)))


@fault(("high_loss", "softmax_cross_entropy"))
def sure_of_the_wrong():
    """A last layer a hundred times too large."""
    model = mlp(32)
    write(model.layers[2].weight, model.layers[2].weight.array * 100)
    return classifier(model)


@fault(("initial_loss", "softmax_cross_entropy"))
def labels_among_the_inputs():
    """The untrained model knows the answer: its inputs hold it."""
    _, labels = digits()
    model = nn.Linear(10, 10)
    write(model.weight, 3 * np.eye(10))
    leak = np.eye(10, dtype=np.float32)[labels]
    return model, lambda: F.cross_entropy(model(ag.tensor(leak)), labels), {"initial": True}


@fault(("loss_shape", "loss"))
def loss_of_many_numbers():
    model = mlp(16)
    images, labels = digits()
    return model, lambda: F.cross_entropy(model(ag.tensor(images)), labels, reduction="none"), {}


@fault(("constant_labels", "softmax_cross_entropy"))
def sorted_data():
    model = mlp(16)
    images, _ = digits()
    return model, lambda: F.cross_entropy(model(ag.tensor(images)), np.full(len(images), 3)), {}


@fault(("unused_classes", "softmax_cross_entropy"))
def too_many_outputs():
    """100 outputs for 10 classes."""
    ag.manual_seed(0)
    return classifier(nn.models.MLP(64, [16], 100), classes=10)


@fault(None, "weight", ("constant",), "softmax")
def softmax_of_one_class():
    ag.manual_seed(0)
    model = nn.Linear(64, 1)
    images, _ = digits()
    return model, lambda: (ag.softmax(model(ag.tensor(images).flatten(1)), 1) ** 2).mean(), {}


# ------------------------------------------------------------------------------------------------------- training


@fault(("input_scale", "input"))
def raw_pixels():
    """Pixels from 0 to 255."""
    model = mlp(16)
    images, labels = digits()
    write(model.layers[0].weight, model.layers[0].weight.array / 255)
    return model, lambda: F.cross_entropy(model(ag.tensor(images * np.float32(255))), labels), {}


@fault(("constant_input", "input"))
def one_image_again_and_again():
    model = mlp(16)
    images, labels = digits()
    images[:] = images[:1]
    return model, lambda: F.cross_entropy(model(ag.tensor(images)), labels), {}


@fault(("update_too_large", "weight"))
def learning_rate_too_high():
    return classifier(mlp(16), lr=100.0)


@fault(("update_too_small", "all weights"))
def learning_rate_too_low():
    model = mlp(16)
    return classifier(model, optimizer=optim.Adam(model.parameters(), lr=1e-9))


@fault(("not_optimized", "layers.2.weight"))
def optimizer_of_the_old_layer():
    """The last layer was replaced after the optimizer was made."""
    model = mlp(16)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    model.layers[2] = nn.Linear(16, 10)
    return classifier(model, optimizer=optimizer)


@fault(("accumulated_gradient", "all parameters"))
def forgotten_zero_grad():
    model, loss, _ = classifier(mlp(16))
    for _ in range(20):
        loss().backward()
    return model, loss, {}


@fault(("eval_mode", "2"))
def training_in_evaluation():
    ag.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.Dropout(0.5), nn.Linear(16, 10))
    return classifier(model.eval(), lr=0.1)


@fault(("dropout_rate", "2"))
def kept_for_dropped():
    """The share to keep, given for the share to drop."""
    ag.manual_seed(0)
    return classifier(nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.Dropout(0.9), nn.Linear(64, 10)))


@fault(None, "1.weight", ("dropped",), "dropout")
def everything_dropped():
    ag.manual_seed(0)
    return classifier(nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.Dropout(1.0), nn.Linear(64, 10)))


@fault(("zero_gradient", "layers.0.weight"), "layers.0.weight", ("clipped",), "clip")
def clipped_output():
    """Outputs far outside the bounds that they are clipped to."""
    model = mlp(16)
    write(model.layers[2].bias, 50.0)
    images, _ = digits()
    return model, lambda: (ag.clip(model(ag.tensor(images)), -1, 1) ** 2).mean(), {}


@fault(("zero_gradient", "layers.0.weight"), "layers.0.weight", ("branch_not_taken",), "where")
def condition_that_never_holds():
    model = mlp(16)
    images, _ = digits()
    x = ag.tensor(images)
    return model, lambda: ag.where(np.zeros((64, 1), bool), model(x), 1.0 * model.layers[2].bias).mean(), {}


@fault(("zero_gradient", "layers.0.weight"), "layers.0.weight", ("step_function",), "rint")
def rounded_output():
    model = mlp(16)
    images, _ = digits()
    return model, lambda: (ag.round(model(ag.tensor(images)) * 10) ** 2).mean(), {}
