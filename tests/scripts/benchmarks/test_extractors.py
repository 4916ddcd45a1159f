import argparse
import json
import math
import subprocess
import sys

import pytest
import torchvision
from safetensors.torch import save_file

from scripts.benchmarks.extractors import KEYS, RANDOM, SPREAD, backbones, measured_on
from scripts.benchmarks.images import write_nominal_folder
from training.support.user_error import UserError


@pytest.fixture(scope="module")
def measurements(tmp_path_factory):
    """Measurements on a small folder: the same seeded network twice, once drawn and once from a file."""
    folder = tmp_path_factory.mktemp("extractors")
    write_nominal_folder(folder / "plates", 3, (128, 128), 0)
    from training.features.backbone_weights import seeded_weights

    network = torchvision.models.mobilenet_v3_large(weights=None)
    save_file(seeded_weights(network, 0), folder / "same.safetensors")
    save_file(seeded_weights(network, 1), folder / "other.safetensors")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "scripts.benchmark_extractors", "--quick", "--data", folder / "plates"),
            *("--pixels", "128", "--json", folder / "figures.json", "--training", "coreset.size=64"),
            *("--extractor", f"mobilenet_v3_large={folder / 'same.safetensors'}"),
            f"mobilenet_v3_large={folder / 'other.safetensors'}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "figures.json").read_text())["plates"]


def test_every_extractor_gets_every_figure(measurements):
    own = ["random", "stainless_texture", "stainless_texture_three_scales+adapted"]
    assert list(measurements) == [*own, "mobilenet_v3_large=same", "mobilenet_v3_large=other"]
    for row in measurements.values():
        assert tuple(row) == (*KEYS, SPREAD)
        assert row[SPREAD] == 0  # one order
        assert all(math.isfinite(value) for value in row.values())
        assert all(0 <= row[key] <= 1 for key in KEYS if key != "ms_per_megapixel")


def test_the_pipeline_is_the_same_for_all(measurements):
    """Equal weights give equal measurements from a draw or a file; other weights give others."""
    scores = {name: [row[key] for key in KEYS if key != "ms_per_megapixel"] for name, row in measurements.items()}
    assert scores["random"] == scores["mobilenet_v3_large=same"]
    assert scores["random"] != scores["mobilenet_v3_large=other"]


def test_orders_are_averaged_and_their_spread_is_told(tmp_path):
    write_nominal_folder(tmp_path / "plates", 3, (128, 128), 0)

    def row(orders, *training):
        options = argparse.Namespace(
            quick=True, pixels=128, orders=orders, training=["coreset.size=64", "device=cpu", *training]
        )
        return measured_on(tmp_path / "plates", RANDOM, options, tmp_path / "run")

    rows = [row(1), *(row(1, "coreset.shuffle=true", f"coreset.seed={seed}") for seed in (1, 2))]
    together = row(3)
    assert len({one["aupro"] for one in rows}) > 1  # the order matters
    for key in KEYS[:-1]:
        assert together[key] == pytest.approx(sum(one[key] for one in rows) / 3)
    scores = [one["aupro"] for one in rows]
    assert together[SPREAD] == pytest.approx(max(scores) - min(scores))


def test_extractors_are_config_and_file():
    minimal = backbones(["mobilenet_v3_large+relu=minimal.pth"])[-1]
    assert minimal.name == "mobilenet_v3_large+relu=minimal"
    assert minimal.overrides[0] == "extractor=mobilenet_v3_large"
    assert minimal.overrides[2] == "extractor.activation=relu"
    assert not minimal.adapted
    both = backbones(["mobilenet_v3_large+relu+adapted=minimal.pth"])[-1]
    assert both.adapted
    assert both.overrides == minimal.overrides
    with pytest.raises(UserError, match="give CONFIG=FILE"):
        backbones(["resnet18"])
