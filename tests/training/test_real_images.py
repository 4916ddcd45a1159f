"""Trained backbones and real images, if they lie beside the checkout."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tests.training.configured import build_extractor, load_anomaly_model, open_dataset, train_run
from tests.training.small_plates import compose_config
from training.data.dataset import read_image, read_mask

SHARED = Path(__file__).resolve().parents[3] / "shared"
WEIGHTS = {
    "resnet18": ("resnet18_int8deq_to_layer3_tvlayout.pth", []),
    "mobilenet_v2": ("mobilenet_v2_keras_int8deq_tvlayout.pth", []),
    "squeezenet1_1": ("squeezenet1_1_onnxzoo_tvlayout.pth", []),
    "mobilenet_v3_large": (
        "mobilenetv3_large_minimalistic_as_tv_mobilenet_v3_large.pth",
        ["extractor.activation=relu"],
    ),
}
pytestmark = [pytest.mark.shared, pytest.mark.skipif(not SHARED.is_dir(), reason="no real images beside the checkout")]


def overrides(extractor):
    file, more = WEIGHTS[extractor]
    data = ["dataset=mvtec", f"dataset.root={SHARED / 'data' / 'magnetic_tile'}"]
    return [*data, f"extractor={extractor}", f"extractor.weights={SHARED / 'weights' / file}", *more]


@pytest.mark.parametrize("extractor", WEIGHTS)
def test_each_trained_backbone_loads_and_sees_the_image(extractor):
    cfg = compose_config("train", overrides(extractor))
    image = read_image(open_dataset(cfg.dataset).split("train")[0].image)
    built = build_extractor(cfg.extractor, "cpu")
    patches = built.patches(image)
    assert built.warnings == []
    assert np.isfinite(patches).all()
    assert (patches.std(axis=(0, 1)) > 0).mean() > 0.5  # some channels of SqueezeNet are zero on a grey tile


def test_a_short_training_tells_blowholes_from_tiles(tmp_path):
    short = ["dataset.max_images=12", "coreset.size=512", "coreset.epochs=1", "dataset.validation_fraction=0.04"]
    cfg = compose_config("train", [*overrides("resnet18"), *short, "device=cpu"])
    train_run(cfg, tmp_path)
    model = load_anomaly_model(tmp_path, cfg)
    blowholes = [s for s in open_dataset(cfg.dataset).split("test") if "blowhole" in s.sample_id][:8]
    scores, labels = [], []
    for sample in blowholes:
        image = read_image(sample.image)
        scores.append(model.anomaly_map(image).ravel())
        labels.append((read_mask(sample, image.shape) > 0).ravel())
    assert roc_auc_score(np.concatenate(labels), np.concatenate(scores)) > 0.85
