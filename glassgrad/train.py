"""The main job: train a model on a data set, and leave a run folder that tells everything about it.

The folder holds ``config.json``, ``metrics.jsonl``, ``telemetry.jsonl``, ``checkpoint/`` and the report ``index.html``.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import autograd as ag
import optim
import viz
from autograd.errors import GlassgradError
from glassgrad.report import Evaluation, write_report
from nn import Sequential, Standardize, data, functional
from nn.models import MLP, LeNet5
from nn.module import Module
from nn.training import MetricsLog, Trainer
from viz.drawing.export import write_whole

__all__ = ["DATA", "MODELS", "OPTIMIZERS", "Config", "UsageError", "run_training"]


class UsageError(GlassgradError, ValueError):
    """The command was asked for something that it does not know; the message lists what it knows."""


MODELS: dict[str, Callable[[data.DataSplit], Module]] = {
    "mlp": lambda split: MLP(math.prod(split.input_shape), [256, 128], len(split.classes)),
    "lenet": lambda split: LeNet5(len(split.classes), split.input_shape[0], split.input_shape[1]),
}
DATA: dict[str, Callable[[str | None], data.DataSplit]] = {
    "digits": lambda folder: data.load_digits(),
    "mnist": lambda folder: data.load_mnist(folder),
    "fashion-mnist": lambda folder: data.load_fashion_mnist(folder),
}
OPTIMIZERS: dict[str, Callable[..., Any]] = {
    "sgd": lambda params, lr, weight_decay: optim.SGD(params, lr, 0.9, weight_decay=weight_decay, nesterov=True),
    "adam": lambda params, lr, weight_decay: optim.Adam(params, lr, weight_decay=weight_decay),
    "adamw": lambda params, lr, weight_decay: optim.AdamW(params, lr, weight_decay=weight_decay),
}
LEARNING_RATES = {"sgd": 0.04, "adam": 3e-3, "adamw": 3e-3}
EPOCHS = {"digits": 40, "mnist": 3, "fashion-mnist": 3}
BATCH_SIZES = {"digits": 32, "mnist": 32, "fashion-mnist": 32}
DECAYS = {"digits": 0.93, "mnist": 0.4, "fashion-mnist": 0.4}  # of the learning rate in an epoch, little by little
SMALLEST_FACTOR = 0.03  # on the learning rate, so that a long run does not come to a standstill


def build_model(name: str, split: data.DataSplit) -> Module:
    """The model for a data set; it takes raw pixels, and brings them to mean 0 and standard deviation 1 itself."""
    pixels = split.train.inputs
    return Sequential({"standardize": Standardize(pixels.mean(), pixels.std()), name: MODELS[name](split)})


@dataclass(frozen=True)
class Config:
    """What a run was asked to do; written to ``config.json``, and read from there when the run is resumed."""

    model: str
    data: str
    epochs: int
    batch_size: int
    optimizer: str
    lr: float
    lr_decay: float
    weight_decay: float
    seed: int
    device: str
    data_dir: str | None

    def __post_init__(self) -> None:
        _check_known("model", self.model, MODELS)
        _check_known("data", self.data, DATA)
        _check_known("optimizer", self.optimizer, OPTIMIZERS)
        for name in ("epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise UsageError(f"--{name.replace('_', '-')} must be at least 1, not {getattr(self, name)}.")
        if not 0 < self.lr_decay <= 1:
            raise UsageError(f"--lr-decay must be above 0 and at most 1 (no decay), not {self.lr_decay}.")

    @classmethod
    def make(
        cls, model: str, data: str, optimizer: str = "adam", *, epochs: int | None = None,
        batch_size: int | None = None, lr: float | None = None, lr_decay: float | None = None,
        weight_decay: float = 0.0, seed: int = 0,
        device: str = "cpu", data_dir: str | None = None,
    ) -> Config:  # fmt: skip
        """Fill in what was not given with what is good for the data and the optimizer; refuse what is unknown."""
        _check_known("data", data, DATA)
        _check_known("optimizer", optimizer, OPTIMIZERS)
        return cls(
            model, data, EPOCHS[data] if epochs is None else epochs,
            BATCH_SIZES[data] if batch_size is None else batch_size, optimizer,
            LEARNING_RATES[optimizer] if lr is None else lr,
            DECAYS[data] if lr_decay is None else lr_decay, weight_decay, seed, device, data_dir,
        )  # fmt: skip

    @classmethod
    def load(cls, folder: Path) -> Config:
        """The configuration of an earlier run."""
        path = folder / "config.json"
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise UsageError(
                f"{folder} is not the folder of a run: it has no config.json. Give --resume the folder that the run "
                "printed when it started."
            ) from None
        except (ValueError, TypeError) as error:
            raise UsageError(
                f"{path} is damaged: {str(error).rstrip('.')}. Copy it back, or start a new run."
            ) from error


def _check_known(option: str, value: str, known: dict[str, Any]) -> None:
    if value not in known:
        close = difflib.get_close_matches(value, known, 1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise UsageError(f"unknown --{option} {value!r}.{hint} Known: {', '.join(known)}.")


def run_training(
    config: Config,
    folder: Path | None = None,
    *,
    resume: bool = False,
    report: bool = True,
    telemetry: bool = True,
    say: Callable[[str], None] = print,
) -> bool:
    """Train, evaluate and report; True if the run got to its end, False if it was interrupted (and can be resumed).

    ``folder`` is made if need be (``runs/<data>-<model>-<n>`` by default). With ``resume`` it is the folder of an
    earlier run, and ``config`` that run's, perhaps with more epochs.
    ``telemetry`` is what ``glassgrad watch`` shows of the layers.
    """
    split = DATA[config.data](config.data_dir)
    ag.manual_seed(config.seed)
    model = build_model(config.model, split).to(device=config.device)
    optimizer = OPTIMIZERS[config.optimizer](model.parameters(), lr=config.lr, weight_decay=config.weight_decay)
    loader = data.DataLoader(split.train, batch_size=config.batch_size, shuffle=True, seed=config.seed)

    folder = _new_folder(config) if folder is None else folder
    if not resume and (folder / "checkpoint").exists():
        raise UsageError(
            f"{folder} holds a run already. Go on with it: glassgrad train --resume {folder}; or give another --out."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {folder}: cannot make this folder ({error.strerror}). Give another --out.") from error
    write_whole(folder / "config.json", json.dumps(asdict(config), indent=2) + "\n")
    test_loader = data.DataLoader(split.test, batch_size=500)
    trainer = Trainer(
        model,
        optimizer,
        functional.cross_entropy,
        loader,
        test_loader,
        folder=folder,
        device=config.device,
        schedule=lambda epochs: max(config.lr_decay**epochs, SMALLEST_FACTOR),
        telemetry=telemetry,
    )
    count = sum(p.size for p in model.parameters())
    say(
        f"{config.model} ({count:,} parameters) on {split.name}: {len(split.train):,} images to train on, "
        f"{len(split.test):,} to test on; run folder {folder}"
    )
    if resume:
        if trainer.checkpoint_folder.exists():
            trainer.resume()
            say(f"going on after step {trainer.progress.step}, in epoch {trainer.progress.epoch + 1}")
        else:
            say("the run ended before its first checkpoint: starting from the beginning")
    outcome = trainer.fit(config.epochs)
    if outcome.stopped_by is not None:
        say(
            f"stopped by {outcome.stopped_by.name} after step {outcome.step}; everything is saved. Go on with:\n"
            f"  glassgrad train --resume {folder}"
        )
        return False
    test = outcome.records["test"]
    say(
        f"done in {trainer.progress.seconds:.1f} s: test accuracy {100 * test['accuracy']:.2f} %, "
        f"test loss {test['loss']:.4f}"
    )
    if report:
        _write_report(folder / "index.html", config, trainer, split, records_of(folder), count)
        say(f"report: {folder / 'index.html'}")
    return True


def records_of(folder: Path) -> list[dict[str, Any]]:
    """The records of a run: the lines of its ``metrics.jsonl``."""
    return MetricsLog(folder / "metrics.jsonl").read()


def _new_folder(config: Config) -> Path:
    number = 1
    while (folder := Path("runs") / f"{config.data}-{config.model}-{number}").exists():
        number += 1
    return folder


def _write_report(
    path: Path, config: Config, trainer: Trainer, split: data.DataSplit, records: list[dict[str, Any]], count: int
) -> None:
    """The report of a run. Its graph and gradients are those of one more step's loss, which changes nothing."""
    model = trainer.model.train()
    images, labels = next(iter(data.DataLoader(split.train, batch_size=config.batch_size)))
    images = images.to(trainer.device).requires_grad_()  # a leaf, so that the graph shows where the images go in
    model.zero_grad()
    loss = functional.cross_entropy(model(images), labels.to(trainer.device))
    loss.backward()
    write_report(
        path,
        title=f"{config.model} on {split.name}",
        config=asdict(config),
        records=records,
        graph=viz.graph(loss, {"images": images, **dict(model.named_parameters())}),
        gradients=model,
        evaluation=Evaluation(split.test.targets, _probabilities(trainer, split), split.classes, split.test.inputs),
        figures={"parameters": f"{count:,}", "training time": f"{trainer.progress.seconds:.1f} s"},
    )
    model.zero_grad()


def _probabilities(trainer: Trainer, split: data.DataSplit) -> np.ndarray:
    """The class probabilities of the test images, ``(N, C)``."""
    trainer.model.eval()
    with ag.no_grad():
        parts = [
            ag.softmax(trainer.model(images.to(trainer.device)), 1).to("cpu").numpy()
            for images, _ in data.DataLoader(split.test, batch_size=500)
        ]
    return np.concatenate(parts)
