"""The training loop: epochs, metrics, checkpoints, and exact resume."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import numpy as np

import autograd as ag
from autograd import Tensor, default_generator
from autograd.errors import GlassgradError
from nn.data import ArrayDataset, DataLoader
from nn.functional import cross_entropy
from nn.module import Module
from nn.training.checkpoint import load_checkpoint, save_checkpoint
from nn.training.metrics import Average, MetricsLog

__all__ = ["Trainer", "TrainingError", "evaluate"]


class TrainingError(GlassgradError, ArithmeticError):
    """Training cannot go on: the loss is no longer a finite number."""


class Steps(Protocol):
    """What a trainer needs of an optimizer."""

    def zero_grad(self) -> None: ...

    def step(self) -> Any: ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: dict[str, Any], /) -> Any: ...


class Progress(Protocol):
    """What shows a run while it goes on; every method may do nothing."""

    def start_epoch(self, epoch: int, epochs: int, done: int, batches: int) -> None: ...

    def step(self, figures: dict[str, float]) -> None: ...

    def end_epoch(self, records: list[dict[str, Any]]) -> None: ...


def evaluate(
    model: Module,
    data: ArrayDataset,
    *,
    loss: Callable[[Tensor, Tensor], Tensor] = cross_entropy,
    batch_size: int = 500,
    device: str = "cpu",
) -> tuple[dict[str, float], np.ndarray]:
    """Loss and accuracy of a classifier on data, and its class probabilities ``(N, C)`` on the host.

    The model is evaluated in evaluation mode without recording, and is left in the mode that it was in.
    """
    training = model.training
    model.eval()
    average, probabilities = Average(), []
    try:
        with ag.no_grad():
            for x, y in DataLoader(data, batch_size=batch_size):
                x, y = x.to(device), y.to(device)
                logits = model(x)
                average.add(loss(logits, y).item(), _correct(logits, y), len(x))
                probabilities.append(ag.softmax(logits, 1).to("cpu").numpy())
    finally:
        model.train(training)
    return average.figures, np.concatenate(probabilities)


def _correct(logits: Tensor, labels: Tensor) -> int:
    return int((logits.array.argmax(1) == labels.array).sum())


class Trainer:
    """Trains a classifier, and can stop and go on at any step with the same result, bit for bit.

    ``model``, ``optimizer``  what is trained, and by what
    ``loader``                batches of the training data
    ``test``                  data to evaluate on after each epoch, or None
    ``loss``                  a function of logits and labels
    ``device``                where batches are moved to (the model has to be there)
    ``folder``                where ``metrics.jsonl`` and ``checkpoint/`` go, or None to keep nothing
    ``progress``              what shows the run while it goes on

    Two epochs give the same weights as one epoch, a new process, :meth:`resume`, and one more: the weights, the
    optimizer's state, the order of the data and all random generators are in the checkpoint.
    """

    def __init__(
        self,
        model: Module,
        optimizer: Steps,
        loader: DataLoader,
        test: ArrayDataset | None = None,
        *,
        loss: Callable[[Tensor, Tensor], Tensor] = cross_entropy,
        device: str = "cpu",
        folder: str | os.PathLike[str] | None = None,
        progress: Progress | None = None,
    ):
        self.model, self.optimizer, self.loader, self.test = model, optimizer, loader, test
        self.loss, self.device, self.progress = loss, device, progress
        self.folder = None if folder is None else Path(folder)
        self.log = None if self.folder is None else MetricsLog(self.folder / "metrics.jsonl")
        self.average = Average()
        self.epoch = 0  # epochs completed
        self.step = 0  # steps completed
        self.seconds = 0.0  # time spent in training steps
        self.interrupted = False

    def fit(self, epochs: int) -> bool:
        """Train until ``epochs`` epochs are completed in all.

        Ctrl-C (or SIGTERM) ends it after the current step with everything saved. Returns whether it got to the end.
        """
        with self._signals():
            while self.epoch < epochs:
                if not self._train_epoch(epochs):
                    self.save()
                    return False
                self._end_epoch()
        return True

    def _train_epoch(self, epochs: int) -> bool:
        """The rest of the current epoch; False if it was interrupted."""
        self.model.train()
        if self.progress:
            done = math.ceil(self.average.count / self.loader.batch_size)
            self.progress.start_epoch(self.epoch + 1, epochs, done, len(self.loader))
        for x, y in self.loader:
            start = time.perf_counter()
            self.train_step(x.to(self.device), y.to(self.device))
            self.seconds += time.perf_counter() - start
            if self.progress:
                self.progress.step(self.average.figures)
            if self.interrupted:
                self.loader.load_state_dict(self.loader.state_dict())  # fit() again goes on here, not at the start
                return False
        return True

    def train_step(self, x: Tensor, y: Tensor) -> None:
        """Forward, backward and update for one batch."""
        logits = self.model(x)
        loss = self.loss(logits, y)
        value = loss.item()
        if not math.isfinite(value):
            raise TrainingError(
                f"the loss became {value} in epoch {self.epoch + 1}, step {self.step + 1}. The weights before this "
                "step are as they were.\n  Use a smaller learning rate, and check the inputs for NaN and infinity."
            )
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.step += 1
        self.average.add(value, _correct(logits, y), len(x))

    def _end_epoch(self) -> None:
        self.epoch += 1
        common = {"epoch": self.epoch, "step": self.step}
        records = [{**common, "split": "train", **self.average.figures, "seconds": round(self.seconds, 3)}]
        if self.test is not None:
            figures, _ = evaluate(self.model, self.test, loss=self.loss, device=self.device)
            records.append({**common, "split": "test", **figures})
        if self.log:
            for record in records:
                self.log.write(record)
        self.average = Average()
        self.save()
        if self.progress:
            self.progress.end_epoch(records)

    # --------------------------------------------------------------------------------------- checkpoints

    @property
    def checkpoint_folder(self) -> Path:
        """Where the checkpoints of this run are."""
        if self.folder is None:
            raise GlassgradError("this Trainer keeps no checkpoints. Give it a folder: Trainer(..., folder='runs/a').")
        return self.folder / "checkpoint"

    def save(self) -> None:
        """Write a checkpoint, if the run keeps any; the last one stays whole whatever happens meanwhile."""
        if self.folder is None or self.log is None:
            return
        save_checkpoint(
            self.checkpoint_folder, self.model, self.optimizer, loader=self.loader,
            generators={self.device: default_generator(self.device), "cpu": default_generator("cpu")},
            extra={
                "epoch": self.epoch, "step": self.step, "seconds": self.seconds, "metrics": self.log.position,
                "average": self.average.state_dict(),
            },
        )  # fmt: skip

    def resume(self) -> None:
        """Go on from the newest checkpoint in the folder."""
        extra = load_checkpoint(
            self.checkpoint_folder, self.model, self.optimizer, loader=self.loader,
            generators={self.device: default_generator(self.device), "cpu": default_generator("cpu")},
        ).extra  # fmt: skip
        self.epoch, self.step, self.seconds = extra["epoch"], extra["step"], extra["seconds"]
        self.average.load_state_dict(extra["average"])
        if self.log:
            self.log.cut(extra["metrics"])

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Ctrl-C and SIGTERM ask to stop after the current step; a second Ctrl-C stops at once."""
        self.interrupted = False

        def stop(number: int, frame: FrameType | None) -> None:
            if self.interrupted:
                raise KeyboardInterrupt
            self.interrupted = True

        previous = {}
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                previous[number] = signal.signal(number, stop)
        except ValueError:  # only the main thread may set handlers; elsewhere the caller handles signals
            pass
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
