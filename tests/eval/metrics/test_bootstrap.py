import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from eval.metrics.bootstrap import draw_plates
from eval.metrics.settings import BootstrapSettings
from eval.metrics.split_tally import SplitTally
from tests.eval.metrics.aupro_oracle import literal_aupro
from tests.eval.metrics.test_split_tally import CLASSES, DEFECTS, IGNORE, LIMIT, draw_image, stack
from tests.eval.small_plates import tally_settings

SETTINGS = BootstrapSettings(resamples=40, confidence=0.8, seed=5)
THRESHOLD = 0.75


def plates_of_images(seed: int, plates: int = 5) -> dict[str, list]:
    """Draw plates with different numbers of images; scores are multiples of 1/256, the bin edges of the histogram."""
    rng = np.random.default_rng(seed)
    drawn = {}
    for number in range(plates):
        images = []
        for view in range(1 + number % 3):
            scores, mask, instances = draw_image(rng, True)
            if view == 1:
                mask[np.isin(mask, DEFECTS)], instances[np.isin(mask, (0, 3))] = 3, 0
                instances[mask == 3] = 1
                scores = scores * np.float32(0.75 + 0.05 * number)
                scores = (np.round(scores * 128) / 128).astype(np.float32)
            images.append((scores, mask, instances))
        drawn[f"plate {number}"] = images
    return drawn


def tally_of(plates: dict[str, list]) -> SplitTally:
    tally = SplitTally(CLASSES, IGNORE, THRESHOLD, tally_settings(aupro_limit=LIMIT, bootstrap=SETTINGS))
    for plate, images in plates.items():
        for scores, mask, instances in images:
            tally.add(scores, float(scores[mask != IGNORE].max()), mask, instances, plate)
    return tally


def literal_metrics(images: list) -> dict[str, float]:
    """Compute all metrics from the pixels of all images at once."""
    scores, mask, instances = stack(images)
    counted, predicted = mask != IGNORE, scores >= THRESHOLD
    truth = np.isin(mask, DEFECTS)
    tp, fp, fn = ((a & b & counted).sum() for a, b in ((predicted, truth), (predicted, ~truth), (~predicted, truth)))
    recalls = {}
    for class_id in (1, 2, 3, 4):
        ids = np.unique(instances[(mask == class_id) & (instances > 0)])
        found = [predicted[(instances == i) & (mask == class_id)].any() for i in ids]
        recalls[class_id] = float(np.mean(found)) if found else None
    defects = [recalls[i] for i in DEFECTS if recalls[i] is not None]
    labels = [bool(np.isin(m, DEFECTS).any()) for _, m, _ in images]
    image_scores = [float(s[m != IGNORE].max()) for s, m, _ in images]
    regions = np.where(truth, instances, 0)
    _, dense = np.unique(regions, return_inverse=True)
    both = len(set(labels)) == 2
    return {
        "pixel_precision": tp / (tp + fp),
        "pixel_recall": tp / (tp + fn),
        "pixel_f1": 2 * tp / (2 * tp + fp + fn),
        "mean_defect_wise_recall": np.mean(defects),
        "image_auroc": roc_auc_score(labels, image_scores) if both else None,
        "image_average_precision": average_precision_score(labels, image_scores) if any(labels) else None,
        "pixel_auroc": roc_auc_score(truth[counted], scores[counted]),
        "pixel_average_precision": average_precision_score(truth[counted], scores[counted]),
        "aupro": literal_aupro(scores, dense.reshape(regions.shape), counted, LIMIT),
        "stain pixels": (predicted & (mask == 3)).sum() / (mask == 3).sum() if (mask == 3).any() else None,
        "stain instances": recalls[3],
    }


def test_the_intervals_are_those_of_a_literal_bootstrap():
    plates = plates_of_images(3)
    metrics = tally_of(plates).compute()
    names = list(plates)
    rows = []
    for counts in draw_plates(len(plates), SETTINGS.resamples, SETTINGS.seed):
        drawn = [image for name, times in zip(names, counts, strict=True) for image in plates[name] * int(times)]
        rows.append(literal_metrics(drawn))
    stains = next(entry for entry in metrics.classes if entry.name == "fingerprint").intervals
    found = {
        **metrics.intervals.values,
        "stain pixels": stains["pixel_recall"],
        "stain instances": stains["defect_wise_recall"],
    }
    for key, interval in found.items():
        measured = [row[key] for row in rows if row[key] is not None]
        low, high = np.quantile(measured, [0.1, 0.9])
        assert interval == pytest.approx((low, high), abs=1e-9), key
    assert metrics.intervals.plates == 5
    assert found["pixel_f1"][0] < metrics.pixel_f1 < found["pixel_f1"][1]


def test_every_resample_draws_as_many_plates_as_there_are_and_the_seed_decides():
    drawn = draw_plates(7, 500, 1)
    assert (drawn.sum(axis=1) == 7).all()
    assert drawn.mean(axis=0) == pytest.approx(np.ones(7), abs=0.15)
    np.testing.assert_array_equal(drawn, draw_plates(7, 500, 1))
    assert (drawn != draw_plates(7, 500, 2)).any()


def test_plates_are_drawn_not_images():
    """The same images give narrower intervals as separate plates than as plates of three equal images."""
    rng = np.random.default_rng(0)
    images = [draw_image(rng, True) for _ in range(6)]
    alike = tally_of({f"plate {k}": [image] * 3 for k, image in enumerate(images)}).compute()
    apart = tally_of({f"plate {k}.{j}": [image] for k, image in enumerate(images) for j in range(3)}).compute()
    assert alike.pixel_f1 == apart.pixel_f1
    (low, high), (inner_low, inner_high) = (m.intervals.values["pixel_f1"] for m in (alike, apart))
    assert high - low > 1.3 * (inner_high - inner_low)


def test_one_plate_and_an_absent_class_have_no_interval():
    metrics = tally_of({"only": plates_of_images(1)["plate 0"]}).compute()
    assert set(metrics.intervals.values.values()) == {None}
    bump_only = np.array([[1, 0, 0]], np.uint8)
    images = {
        f"{k}": [(np.array([[1, k, 0]], np.float32) / 2, bump_only, bump_only.astype(np.int32))] for k in range(4)
    }
    metrics = tally_of(images).compute()
    by_name = {entry.name: entry for entry in metrics.classes}
    assert by_name["bump"].intervals["pixel_recall"] == (0.0, 0.0)
    assert by_name["dent"].intervals == {"pixel_recall": None, "defect_wise_recall": None}
    assert by_name["dent"].defect_wise_recall is None
    assert metrics.intervals.values["image_auroc"] is None
