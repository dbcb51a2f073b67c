"""The training loop, from top to bottom: epochs, steps, evaluation, metrics, checkpoints, and stopping on request."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from signal import Signals
from typing import Any

from autograd import Generator, Tensor, default_generator, no_grad, zeros
from autograd.errors import ArgumentError, GlassgradError
from nn.data import DataLoader
from nn.module import Module
from nn.training.checkpoint import Checkpoint, CheckpointError, load_checkpoint, save_checkpoint
from nn.training.display import Display, choose_display, summary_of
from nn.training.interruption import StopRequest
from nn.training.metrics import Averages, Metric, MetricsLog, accuracy
from nn.training.telemetry import Telemetry

__all__ = ["NonFiniteLossError", "Outcome", "Progress", "Trainer"]


class NonFiniteLossError(GlassgradError, ArithmeticError):
    """The loss became NaN or infinite, so that no further step makes sense."""


@dataclass
class Progress:
    """Where a run is. A checkpoint keeps all of it, so that a resumed run goes on as if it had never stopped."""

    epoch: int = 0  # epochs that are finished
    batch: int = 0  # batches done in the epoch under way
    step: int = 0  # batches done in all
    seconds: float = 0.0  # time spent in training, without the pauses between runs
    window: Averages = field(default_factory=Averages)  # what was measured since the last record
    latest: dict[str, dict[str, Any]] = field(default_factory=dict)  # the last record of each split

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Progress:
        """What ``dataclasses.asdict`` took apart."""
        return cls(**{**state, "window": Averages(**state["window"])})


@dataclass(frozen=True)
class Outcome:
    """How :meth:`Trainer.fit` ended: the last record of each split, and the signal that stopped it, if one did."""

    epoch: int
    step: int
    records: Mapping[str, Mapping[str, Any]]
    stopped_by: Signals | None = None


class Trainer:
    """Trains a model on a data loader, and leaves behind what is needed to look at the run and to go on with it.

    ``model``         called with a batch of inputs
    ``optimizer``     with ``zero_grad``, ``step``, ``param_groups`` and a state dict
    ``loss``          ``loss(output, target)``: the mean over a batch, a Tensor without dimensions
    ``train_loader``  batches to train on; its state is part of a checkpoint
    ``test_loader``   batches to evaluate on after each epoch; None for no evaluation
    ``metrics``       what to measure besides the loss; the accuracy of a classifier by default, ``{}`` for nothing
    ``folder``        where ``metrics.jsonl`` and ``checkpoint/`` go; None to keep nothing
    ``device``        where the model is put and each batch is copied to
    ``schedule``      from the epochs that are done (2.5 is the middle of the third) to a factor on every learning rate.
                      It does not see how many are planned: so a run that is stopped and given more equals one that was
                      given them at once
    ``rows_per_epoch``  how many records of the training metrics an epoch leaves, evenly spaced; each is the mean since
                      the one before
    ``on_epoch_end``  functions called with the trainer after each evaluation, before the checkpoint
    ``telemetry``     leave ``telemetry.jsonl`` in the folder too: gradients, weights and updates of each parameter, for
                      ``glassgrad watch``. It costs less than 3 % of the time, and changes no bit of the result
    ``display``       what shows the progress; chosen by the terminal if None

    Random numbers: seed with ``autograd.manual_seed`` before building the model. The states of the default generators
    are part of a checkpoint, and so a stopped and resumed run gives the same bits as an uninterrupted one.
    """

    def __init__(
        self,
        model: Module,
        optimizer: Any,
        loss: Callable[[Tensor, Tensor], Tensor],
        train_loader: DataLoader,
        test_loader: DataLoader | None = None,
        *,
        metrics: Mapping[str, Metric] | None = None,
        folder: str | os.PathLike[str] | None = None,
        device: str = "cpu",
        schedule: Callable[[float], float] | None = None,
        rows_per_epoch: int = 1,
        on_epoch_end: Sequence[Callable[[Trainer], None]] = (),
        telemetry: bool = False,
        display: Display | None = None,
    ):
        if rows_per_epoch < 1:
            raise ArgumentError(f"Trainer: rows_per_epoch is {rows_per_epoch}; an epoch leaves one record at least.")
        if telemetry and folder is None:
            raise ArgumentError(
                'Trainer: telemetry needs a folder to write to. Give one: Trainer(..., folder="runs/a").'
            )
        # "cuda" becomes the name of the device that arrays report, which is what generators go by
        self.device = zeros((), device=device).device
        self.model = model.to(self.device)
        self.optimizer = optimizer
        self.loss = loss
        self.train_loader = train_loader
        self.test_loader = test_loader
        self.metrics: dict[str, Metric] = {"accuracy": accuracy} if metrics is None else dict(metrics)
        self.folder = None if folder is None else Path(folder)
        self.schedule = schedule
        self.rows_per_epoch = rows_per_epoch
        self.on_epoch_end = list(on_epoch_end)
        self.display = display
        self.progress = Progress()
        self._initial_rates = [group["lr"] for group in optimizer.param_groups]
        self._log = None if self.folder is None else MetricsLog(self.folder / "metrics.jsonl")
        self._telemetry: Telemetry | None = None
        if telemetry and self.folder is not None:
            self._telemetry = Telemetry(self.folder / "telemetry.jsonl", self.model, optimizer)
        self._last_tick = 0.0
        self._has_begun = False

    # ------------------------------------------------------------------------------------------------ the loop

    def fit(self, epochs: int) -> Outcome:
        """Train until ``epochs`` epochs are finished, those of an earlier call and of a resumed run included.

        SIGINT (Ctrl-C) and SIGTERM end it after the step under way, with a checkpoint; the outcome then says so, and
        another call goes on from there. Raises ``NonFiniteLossError``, and ``CheckpointError`` if the disk refuses.
        """
        self._prepare_folder()
        progress, display = self.progress, self.display or choose_display()
        self._last_tick = time.monotonic()
        try:
            with StopRequest() as stop, self._told(stop, epochs):
                while progress.epoch < epochs and not stop:
                    display.begin_epoch(progress.epoch + 1, epochs, len(self.train_loader), progress.batch)
                    began = time.monotonic()
                    self._train_epoch(stop, display)
                    if not stop:
                        self._evaluate_epoch(stop)
                    if not stop or progress.batch == 0:
                        names = ["loss", *self.metrics]
                        display.end_epoch(summary_of(progress.latest, names, time.monotonic() - began))
                    self._tick()
                    self.save()
        finally:
            display.close()
        return Outcome(progress.epoch, progress.step, progress.latest, stop.signal)

    @contextmanager
    def _told(self, stop: StopRequest, epochs: int) -> Iterator[None]:
        """Telemetry says when training begins, and how it ends."""
        telemetry, progress = self._telemetry, self.progress
        if telemetry is None:
            yield
            return
        telemetry.begin(progress.step, progress.seconds, epochs, len(self.train_loader))
        try:
            yield
        except BaseException as error:
            stopped = isinstance(error, KeyboardInterrupt)
            detail = type(error).__name__ + f": {str(error).splitlines()[0]}" * bool(str(error))
            telemetry.end(progress.step, "stopped" if stopped else "failed", detail)
            raise
        telemetry.end(progress.step, *(("finished",) if stop.signal is None else ("stopped", f"by {stop.signal.name}")))

    def _train_epoch(self, stop: StopRequest, display: Display) -> None:
        """The batches of this epoch that are still to do."""
        progress, batches = self.progress, len(self.train_loader)
        if progress.batch == batches:
            return  # stopped in the evaluation: the loader is at the next epoch already
        self.model.train()
        if self._telemetry is not None:
            self._telemetry.rest()
        for inputs, targets in self.train_loader:
            self._set_learning_rates()
            loss = self._step(inputs.to(self.device), targets.to(self.device))
            display.advance(loss)
            done, rows = progress.batch, self.rows_per_epoch
            if done * rows // batches > (done - 1) * rows // batches:
                self._record("train", progress.window.means())
                progress.window = Averages()
            # The last batch does not leave the loop: the loader is to see the end of its epoch.
            if stop and done < batches:
                # A pass that is left starts anew; its own state makes it go on where it was.
                self.train_loader.load_state_dict(self.train_loader.state_dict())
                return

    def _step(self, inputs: Tensor, targets: Tensor) -> float:
        outputs = self.model(inputs)
        loss = self.loss(outputs, targets)
        value = float(loss.item())
        if not math.isfinite(value):
            raise NonFiniteLossError(self._divergence(value))
        self.optimizer.zero_grad()
        loss.backward()
        if self._telemetry is not None:
            self._telemetry.before_update()
        self.optimizer.step()
        progress, examples = self.progress, targets.shape[0]
        progress.batch += 1
        progress.step += 1
        progress.window.add(self._measure(value, outputs, targets), examples)
        if self._telemetry is not None:
            epoch = progress.epoch + progress.batch / len(self.train_loader)
            self._telemetry.after_update(progress.step, epoch, value, examples)
        return value

    def _evaluate_epoch(self, stop: StopRequest) -> None:
        """Evaluate and close the epoch; a request to stop leaves it open, and the next run evaluates again."""
        if self.test_loader is not None:
            means = self.evaluate(self.test_loader, stop)
            if stop:
                return
            self._record("test", means)
        self.progress.epoch += 1
        self.progress.batch = 0
        for hook in self.on_epoch_end:
            hook(self)

    def evaluate(self, loader: DataLoader, stop: StopRequest | None = None) -> dict[str, float]:
        """The mean loss and metrics over ``loader``, with the model in evaluation mode and nothing recorded."""
        was_training = self.model.training
        self.model.eval()
        averages = Averages()
        try:
            with no_grad():
                for inputs, targets in loader:
                    inputs, targets = inputs.to(self.device), targets.to(self.device)
                    outputs = self.model(inputs)
                    value = float(self.loss(outputs, targets).item())
                    averages.add(self._measure(value, outputs, targets), targets.shape[0])
                    if stop:
                        break
        finally:
            self.model.train(was_training)
        return averages.means()

    def _measure(self, loss: float, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        with no_grad():
            return {"loss": loss, **{name: metric(outputs, targets) for name, metric in self.metrics.items()}}

    def _set_learning_rates(self) -> None:
        if self.schedule is not None:
            factor = self.schedule(self.progress.epoch + self.progress.batch / len(self.train_loader))
            for group, rate in zip(self.optimizer.param_groups, self._initial_rates, strict=True):
                group["lr"] = rate * factor

    # --------------------------------------------------------------------------------------- what the run leaves

    @property
    def checkpoint_folder(self) -> Path:
        """Where the checkpoints are. Raises ``CheckpointError`` if the trainer was given no folder."""
        if self.folder is None:
            raise CheckpointError('this Trainer keeps no checkpoints. Give it a folder: Trainer(..., folder="runs/a").')
        return self.folder / "checkpoint"

    def save(self) -> Path | None:
        """Write a checkpoint, from which :meth:`resume` goes on; None if the trainer was given no folder."""
        if self._log is None:
            return None
        return save_checkpoint(
            self.checkpoint_folder,
            self.model,
            self.optimizer,
            loader=self.train_loader,
            generators=self._generators(),
            extra={"progress": asdict(self.progress), "metrics_bytes": self._log.sync()},
        )

    def resume(self) -> Checkpoint:
        """Go to where the newest whole checkpoint in the folder was saved, records of metrics included.

        The trainer must be built as it was for the first run. Raises ``CheckpointError`` if there is none to read.
        """
        checkpoint = load_checkpoint(
            self.checkpoint_folder,
            self.model,
            self.optimizer,
            loader=self.train_loader,
            generators=self._generators(),
        )
        self.progress = Progress.from_dict(checkpoint.extra["progress"])
        if self._log is not None:
            self._log.truncate(checkpoint.extra["metrics_bytes"])
        self._has_begun = True
        return checkpoint

    def _prepare_folder(self) -> None:
        """A run that starts anew saves at once, so that there is something to resume from in its first epoch too."""
        if self._log is None or self._has_begun:
            return
        if self.checkpoint_folder.exists() and any(self.checkpoint_folder.iterdir()):
            raise CheckpointError(
                f"{self.checkpoint_folder} holds the checkpoints of another run, which training would replace.\n"
                "  Call trainer.resume() before fit() to go on with that run, or give the Trainer another folder."
            )
        self._log.path.parent.mkdir(parents=True, exist_ok=True)
        self._log.truncate(0)
        if self._telemetry is not None:
            self._telemetry.clear()
        self.save()
        self._has_begun = True

    def _record(self, split: str, means: Mapping[str, float]) -> None:
        """Add a record to ``metrics.jsonl``; only ``seconds`` differs between two runs of the same seed."""
        progress = self.progress
        self._tick()
        progress.latest[split] = record = {
            "epoch": progress.epoch + 1,
            "step": progress.step,
            "split": split,
            **means,
            "learning_rate": self.optimizer.param_groups[0]["lr"],
            "seconds": round(progress.seconds, 3),
        }
        if self._log is not None:
            self._log.append(record)

    def _generators(self) -> dict[str, Generator]:
        return {name: default_generator(name) for name in dict.fromkeys(["cpu", self.device])}

    def _tick(self) -> None:
        """Count the time since the last tick."""
        now = time.monotonic()
        self.progress.seconds += now - self._last_tick
        self._last_tick = now

    def _divergence(self, loss: float) -> str:
        progress = self.progress
        rate = self.optimizer.param_groups[0]["lr"]
        lines = [
            f"the loss became {loss} at step {progress.step + 1} (epoch {progress.epoch + 1}, "
            f"batch {progress.batch + 1} of {len(self.train_loader)}), with the learning rate {rate:g}.",
            "  Lower the learning rate, or look for NaN and infinite values in the inputs and targets.",
        ]
        if self.folder is not None:
            lines.append(f"  The last checkpoint, from before, is in {self.checkpoint_folder}.")
        return "\n".join(lines)
