"""An exported coreset on real images, if they lie beside the checkout."""

from pathlib import Path

import pytest

from scripts.benchmarks.export import comparison, exported, trained
from training.data.file_identity import list_images

PLATES = Path(__file__).resolve().parents[4] / "shared" / "data" / "mpdd_metal_plate"
pytestmark = [pytest.mark.shared, pytest.mark.skipif(not PLATES.is_dir(), reason="no real images beside the checkout")]


def test_an_export_decides_on_real_plates_as_our_own_model_does(tmp_path):
    short = ["dataset.max_images=6", "coreset.size=256", "coreset.epochs=1", "extractor=efficientnet_lite0"]
    run = trained(tmp_path / "run", PLATES, [*short, "extractor.resize={height: 160, width: 160}"])
    images = list_images(PLATES / "test").files[::8]
    found = comparison(run, exported(run), images, 1, 1e-3)
    assert found.decided_differently == []
    assert found.largest_difference <= 1e-3
    assert found.agrees
    assert {entry.own_anomalous for entry in found.images} == {False, True}
