"""Anomaly maps show planted defects in place for every extractor: whole, tiled, resized and at further scales.

A weightless backbone responds at the place given by its strides and padding; trained ones respond beside it. Both must
be correct.
"""

from pathlib import Path

import numpy as np
import pytest

from scripts.benchmarks.accuracy_runs import map_settings
from scripts.benchmarks.planted import at_borders, contrast, displacements, outer_ring_share, planted, textures
from tests.training.configured import build_extractor
from tests.training.small_plates import compose_config
from training.coreset.sequential import SequentialCoreset
from training.model.anomaly_model import AnomalyModel

SIDE = (256, 256)
SHARED = Path(__file__).resolve().parents[4] / "shared" / "weights"
FILES = {
    "resnet18": ("resnet18_int8deq_to_layer3_tvlayout.pth", []),
    "mobilenet_v2": ("mobilenet_v2_keras_int8deq_tvlayout.pth", ["extractor.padding=same"]),
    "squeezenet1_1": ("squeezenet1_1_onnxzoo_tvlayout.pth", []),
    "mobilenet_v3_large": (
        "mobilenetv3_large_minimalistic_as_tv_mobilenet_v3_large.pth",
        ["extractor.padding=same", "extractor.activation=relu"],
    ),
}
OWN = ["efficientnet_lite0", "stainless_texture", "stainless_texture_three_scales"]
RANDOM = [
    "mobilenet_v3_large",
    "mobilenet_v3_large_deep",
    "mobilenet_v2",
    "resnet18",
    "squeezenet1_1",
    "wide_resnet50_2",
]
VARIANTS = {
    "kernel 1": ["extractor.pooling=1"],
    "kernel 3": ["extractor.pooling=3"],
    "kernels 1 and 3": ["extractor.pooling=[1,3]"],
    "tiled": ["extractor.tiling={above_pixels: 30000, tile_pixels: 150000}"],
    "resized": ["extractor.resize={height: 320, width: 288}"],
    "further scales": ["extractor.further_scales=[{scale: 0.5, weight: 1}]"],
    "nearest": ["anomaly_map.upsampling=nearest"],
}

WAYS = ["tiled", "resized", "further scales"]
"""The ways of looking at an image that each extractor is tested with."""


def model_of(*overrides, members=1024):
    """Return a model with a coreset of nominal textures."""
    cfg = compose_config("train", ["dataset.root=x", *overrides])
    extractor = build_extractor(cfg.extractor, "cpu")
    coreset = None
    for texture in textures(8, SIDE, seed=1):
        patches = extractor.patches(texture)
        coreset = coreset or SequentialCoreset(members, patches.shape[2])
        coreset.update(patches.reshape(-1, patches.shape[2]), patches.shape[1])
    return AnomalyModel(extractor, coreset.features, map_settings(*(o for o in overrides if "anomaly_map" in o)))


def assert_in_place(*overrides, errors=0):
    """Assert a mean displacement of at most a pixel plus ``errors`` times the standard error."""
    offsets = displacements(model_of(*overrides).anomaly_map, planted(60, SIDE, seed=3))
    allowed = 1.0 + errors * offsets.std(axis=0) / np.sqrt(len(offsets))
    assert (np.abs(offsets.mean(axis=0)) <= allowed).all()


def shared_weights(name):
    file, more = FILES[name]
    if not (SHARED / file).is_file():
        pytest.skip("no trained weights beside the checkout")
    return [f"extractor={name}", f"extractor.weights={SHARED / file}", *more]


@pytest.mark.parametrize("name", OWN)
def test_every_extractor_with_weights_of_its_own_puts_defects_in_their_place(name):
    assert_in_place(f"extractor={name}")


@pytest.mark.parametrize("name", RANDOM)
def test_every_architecture_puts_defects_in_their_place(name):
    assert_in_place(f"extractor={name}", "extractor.weights=random", errors=3)  # random features scatter widely


@pytest.mark.shared
@pytest.mark.parametrize("name", FILES)
def test_trained_backbones_put_defects_in_their_place(name):
    assert_in_place(*shared_weights(name))


@pytest.mark.parametrize("variant", VARIANTS)
def test_kernels_tiles_sizes_and_scales_keep_defects_in_their_place(variant):
    assert_in_place("extractor=efficientnet_lite0", *VARIANTS[variant])


@pytest.mark.parametrize("variant", WAYS)
def test_the_own_extractor_keeps_defects_in_their_place_in_every_way(variant):
    assert_in_place("extractor=stainless_texture", *VARIANTS[variant])


@pytest.mark.shared
@pytest.mark.parametrize("variant", WAYS)
@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_large"])
def test_trained_backbones_keep_defects_in_their_place_in_every_way(name, variant):
    assert_in_place(*shared_weights(name), *VARIANTS[variant])


@pytest.mark.shared
@pytest.mark.parametrize("name", ["mobilenet_v2", "mobilenet_v3_large"])
def test_the_wrong_padding_is_measured_and_corrected_too(name):
    """Weights from TensorFlow under torch's padding lie 9 pixels off without the correction."""
    assert_in_place(*shared_weights(name), "extractor.padding=torch")


def assert_borders_like_the_rest(*overrides):
    """Assert that borders are neither more anomalous nor less sensitive than the rest.

    The outer ring of patches holds an image's largest score hardly more often than its area share; defects that touch
    the border keep most of the contrast.
    """
    model = model_of(*overrides)
    maps = [model.anomaly_map(texture) for texture in textures(60, SIDE, seed=2)]
    share, area = outer_ring_share(maps, cell=8)
    assert share <= 1.5 * area
    nominal = float(np.mean([scores.max() for scores in maps]))
    inside = contrast(model.anomaly_map, planted(60, SIDE, seed=3), nominal)
    assert contrast(model.anomaly_map, at_borders(60, SIDE, seed=4), nominal) >= 0.85 * inside


@pytest.mark.parametrize("name", ["efficientnet_lite0", "stainless_texture"])
def test_borders_raise_no_alarm_and_are_not_blind(name):
    assert_borders_like_the_rest(f"extractor={name}")


@pytest.mark.shared
@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2"])
def test_borders_of_trained_backbones_raise_no_alarm_and_are_not_blind(name):
    assert_borders_like_the_rest(*shared_weights(name))
