"""MNIST and Fashion-MNIST: tiny stand-ins for the files everywhere, the real ones where GLASSGRAD_DATA has them."""

from __future__ import annotations

import dataclasses
import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from autograd.errors import RangeError, ShapeError
from nn.data import CorruptFileError, DataNotFoundError, load_fashion_mnist, load_mnist, mnist
from tests.nn.data.conftest import idx_bytes, sha256

LOADERS = {"mnist": load_mnist, "fashion-mnist": load_fashion_mnist}
REGISTRIES = {"mnist": "MNIST", "fashion-mnist": "FASHION_MNIST"}


@pytest.fixture(params=sorted(LOADERS))
def name(request):
    return request.param


@pytest.fixture
def tiny(web, tmp_path, monkeypatch, name):
    """Write a tiny data set of that name into a folder, and have the loader expect it. Returns the maker."""

    def make(counts=(5, 3), label=None) -> dict[str, np.ndarray]:
        arrays = {}
        for part, n in zip(("train", "test"), counts, strict=True):
            arrays[f"{part} images"] = np.random.default_rng(n).integers(0, 256, (n, 28, 28), dtype=np.uint8)
            arrays[f"{part} images"].flat[:2] = 0, 255
            arrays[f"{part} labels"] = np.arange(n, dtype=np.uint8)
        if label is not None:
            arrays["test labels"][-1] = label
        files = {}
        for role, file in getattr(mnist, REGISTRIES[name]).items():
            content = idx_bytes(arrays[role])
            path = tmp_path / name / file.name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(gzip.compress(content))
            files[role] = dataclasses.replace(file, shape=arrays[role].shape, sha256=sha256(content))
        monkeypatch.setattr(mnist, REGISTRIES[name], files)
        return arrays

    return make


@pytest.mark.parametrize("nested", [True, False])
def test_images_and_labels(tiny, tmp_path, name, nested):
    arrays = tiny()
    data = LOADERS[name](tmp_path if nested else tmp_path / name)
    assert (data.name, data.input_shape, len(data.classes)) == (name, (1, 28, 28), 10)
    for part in ("train", "test"):
        dataset, images = getattr(data, part), arrays[f"{part} images"]
        assert dataset.inputs.dtype == np.float32
        assert dataset.inputs.shape == (len(images), 1, 28, 28)
        assert dataset.targets.dtype == np.int64
        assert (dataset.inputs.min(), dataset.inputs.max()) == (0, 1)
        np.testing.assert_array_equal(np.rint(dataset.inputs[:, 0] * 255), images)
        np.testing.assert_array_equal(dataset.targets, arrays[f"{part} labels"])


def test_the_variable_is_enough(tiny, tmp_path, name, monkeypatch):
    tiny()
    monkeypatch.setenv("GLASSGRAD_DATA", str(tmp_path))
    assert len(LOADERS[name]().train) == 5


def test_a_label_out_of_range_is_refused(tiny, tmp_path, name):
    tiny(label=10)
    with pytest.raises(RangeError, match=f"{name}: target 2 of the test part is 10"):
        LOADERS[name](tmp_path)


def test_images_without_labels_are_refused(tiny, tmp_path, name, monkeypatch):
    tiny()
    files = getattr(mnist, REGISTRIES[name])
    monkeypatch.setitem(files, "train labels", files["test labels"])
    with pytest.raises(ShapeError, match="5 items against 3"):
        LOADERS[name](tmp_path)


def test_each_file_is_checked(tiny, tmp_path, name):
    tiny()
    for file in getattr(mnist, REGISTRIES[name]).values():
        path = tmp_path / name / file.name
        good = path.read_bytes()
        path.write_bytes(good[:-12])
        with pytest.raises(CorruptFileError, match=file.name):
            LOADERS[name](tmp_path)
        path.write_bytes(good)
    assert len(LOADERS[name](tmp_path).test) == 3


def test_nothing_there_and_no_network(web, tmp_path, name):
    with pytest.raises(DataNotFoundError) as caught:
        LOADERS[name](tmp_path)
    message = str(caught.value)
    for part in (
        f"{name}: train-images-idx3-ubyte.gz",
        str(tmp_path / name),
        "--data-dir",
        "GLASSGRAD_DATA",
        "network",
    ):
        assert part in message
    assert web.asked
    assert all(url.endswith("/train-images-idx3-ubyte.gz") for url in web.asked)


def real(name: str) -> Path:
    """The folder with the real files of a data set; skips the test where there is none."""
    root = os.environ.get("GLASSGRAD_DATA")
    if not root:
        pytest.skip("GLASSGRAD_DATA is not set: no real data files to read")
    folder = Path(root).expanduser() / name
    if not folder.is_dir():
        pytest.skip(f"GLASSGRAD_DATA has no folder {name}")
    return folder


def has_real(name: str) -> bool:
    root = os.environ.get("GLASSGRAD_DATA")
    return bool(root) and (Path(root).expanduser() / name).is_dir()


@pytest.mark.parametrize("name", [name for name in LOADERS if has_real(name)] or sorted(LOADERS))
def test_the_real_files(name):
    data = LOADERS[name](real(name), download=False)
    assert (data.train.inputs.shape, data.test.inputs.shape) == ((60_000, 1, 28, 28), (10_000, 1, 28, 28))
    # the published means of the training pixels
    assert data.train.inputs.mean(dtype=np.float64) == pytest.approx(
        {"mnist": 0.1307, "fashion-mnist": 0.2860}[name], abs=5e-5
    )
    if name == "fashion-mnist":
        assert np.bincount(data.train.targets).tolist() == [6000] * 10
        assert data.classes[data.train.targets[0]] == "Ankle boot"
    else:
        assert data.train.targets[:5].tolist() == [5, 0, 4, 1, 9]


def test_the_other_data_sets_real_files_are_told_apart():
    folder = real("fashion-mnist")
    with pytest.raises(CorruptFileError, match="another data set's file of the same name"):
        load_mnist(folder, download=False)
