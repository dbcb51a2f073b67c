from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
import nn
import viz
from autograd.errors import ArgumentError, DtypeError, ShapeError
from viz.training import module_outputs


def drawn(axes):
    return np.asarray(axes.images[0].get_array())


def caption(axes):
    return axes.ravel()[0].figure._supxlabel.get_text()


@pytest.fixture
def lenet():
    ag.manual_seed(0)
    return nn.models.LeNet5(input_size=8)


def test_grey_filters_share_a_scale_about_zero(lenet, well_drawn):
    weight = lenet.conv1.weight.detach().array
    for source in (lenet.conv1, lenet.conv1.weight, weight):
        axes = viz.convolution_filters(source)
        for one, kernel in zip(axes, weight, strict=True):
            np.testing.assert_allclose(drawn(one), kernel[0])
            np.testing.assert_allclose(one.images[0].get_clim(), (-np.abs(weight).max(), np.abs(weight).max()))
    assert "symmetric about 0" in caption(axes)
    well_drawn(axes)


def test_colour_filters_have_grey_for_zero(well_drawn):
    weight = np.zeros((2, 3, 2, 2))
    weight[0, 0, 0, 0], weight[1, 2, 1, 1] = 4.0, -2.0
    for theme in (viz.LIGHT, viz.DARK):
        axes = viz.convolution_filters(weight, theme=theme)
        assert drawn(axes[0])[0, 0].tolist() == [1.0, 0.5, 0.5]
        assert drawn(axes[1])[1, 1].tolist() == [0.5, 0.5, 0.25]
        assert "Grey is 0, full colour ±4" in caption(axes)
    well_drawn(axes)


def test_several_channels_make_a_picture_each_and_whole_filters_only(well_drawn):
    weight = np.random.default_rng(0).normal(size=(16, 6, 3, 3))
    axes = viz.convolution_filters(weight, most=16)
    assert len(axes) == 12
    assert axes[7].get_title() == "1:1"
    np.testing.assert_allclose(drawn(axes[7]), weight[1, 1])
    assert "The first 12 of 96" in caption(axes)
    axes = viz.convolution_filters(weight[:2, :3], rgb=False)
    assert len(axes) == 6
    well_drawn(axes)


@pytest.mark.parametrize("value", [0.0, np.nan])
@pytest.mark.parametrize("channels", [1, 3])
def test_zeros_and_nan_are_drawn(value, channels, well_drawn):
    well_drawn(viz.convolution_filters(np.full((1, channels, 1, 1), value)), arranged=False)


def test_outputs_of_modules_are_those_of_the_modules(lenet):
    images = ag.tensor(np.random.default_rng(0).random((2, 1, 8, 8)).astype(np.float32))
    outputs = module_outputs(lenet, images)
    assert list(outputs) == ["conv1", "conv2", "pool", "fc1", "fc2", "fc3"]
    np.testing.assert_array_equal(outputs["conv1"], lenet.conv1(images).detach().array)
    np.testing.assert_array_equal(outputs["fc3"], lenet(images).detach().array)
    assert not lenet.conv1._hooks


def test_hooks_go_when_the_model_raises(lenet):
    with pytest.raises(ShapeError):
        module_outputs(lenet, ag.tensor(np.zeros((1, 1, 9, 9), np.float32)))
    with pytest.raises(ArgumentError):
        module_outputs(lenet, ag.tensor(np.zeros((1, 1, 8, 8), np.float32)), ["conv1", "conv3"])
    assert not any(module._hooks for module in lenet.modules())


def test_feature_maps_are_those_of_the_convolutions(lenet, well_drawn):
    image = np.random.default_rng(0).random((1, 1, 8, 8)).astype(np.float32)
    outputs = module_outputs(lenet, ag.tensor(image), ["conv1", "conv2"])
    for theme in (viz.LIGHT, viz.DARK):
        axes = viz.feature_maps(lenet, image, theme=theme)
        assert len(axes) == 6 + 16
        np.testing.assert_array_equal(drawn(axes[5]), outputs["conv1"][0, 5])
        np.testing.assert_array_equal(drawn(axes[6 + 9]), outputs["conv2"][0, 9])
        low, high = axes[6].images[0].get_clim()
        assert (low, high) == (outputs["conv2"].min(), outputs["conv2"].max())
        assert (axes[0].get_ylabel(), axes[6].get_ylabel()) == ("conv1", "conv2")
        assert "Each layer from its own smallest output" in caption(axes)
    well_drawn(axes)


def test_layers_and_numbers_of_maps_are_chosen(lenet):
    image = np.zeros((1, 1, 8, 8), np.float32)
    assert len(viz.feature_maps(lenet, image, "pool", most=3)) == 3
    given = viz.figure.new_figure(4, 2).subplots(2, 3)
    assert list(viz.feature_maps(lenet, image, ["conv1"], given)) == list(given.ravel())


def test_bad_arguments_are_refused(lenet):
    with pytest.raises(ShapeError, match=r"weight is \(3, 3\)"):
        viz.convolution_filters(np.ones((3, 3)))
    with pytest.raises(ArgumentError, match="rgb needs 3 input channels"):
        viz.convolution_filters(np.ones((1, 2, 3, 3)), rgb=True)
    with pytest.raises(ShapeError, match=r"image is \(1, 8, 8\).*write image\[None\]"):
        viz.feature_maps(lenet, np.zeros((1, 8, 8), np.float32))
    with pytest.raises(ArgumentError, match=r"none of the layers \['fc1'\]"):
        viz.feature_maps(lenet, np.zeros((1, 1, 8, 8), np.float32), "fc1")
    with pytest.raises(DtypeError, match="the model is a int"):
        viz.feature_maps(3, np.zeros((1, 1, 8, 8), np.float32))
