"""Examples: what is labelled, what changes, what stays; from real sources."""

from dataclasses import replace

import numpy as np
import pytest

from tests.training.small_plates import compose_config
from training.anomaly_synthesis.content import RenderedChange
from training.anomaly_synthesis.formula_source import FormulaSource
from training.anomaly_synthesis.image_pool import ImagePool
from training.anomaly_synthesis.image_sources import OwnImagesSource
from training.anomaly_synthesis.settings import SynthesisSettings, read_synthesis_settings
from training.anomaly_synthesis.synthesis import draw_params, synthesise
from training.anomaly_synthesis.view import Nominal, draw_view_params, viewed


def settings(*overrides: str) -> SynthesisSettings:
    return read_synthesis_settings(compose_config("train_defect_map", ["dataset.root=x", *overrides]).synthesis)


def surface(seed=0, size=64, grey=False):
    rng = np.random.default_rng(seed)
    image = rng.normal([90, 110, 150], 5, (size, size, 3)).clip(0, 255).astype(np.uint8)
    if grey:
        image[:] = image[..., :1]
    return Nominal(image, np.ones((size, size), bool), np.zeros((size, size), bool))


@pytest.fixture
def sources(tmp_path):
    pool = ImagePool([tmp_path / "0", tmp_path / "1"], lambda path: surface(int(path.name) + 5).image)
    return {"formula": FormulaSource(), "own_images": OwnImagesSource(pool)}


class Fixed:
    def __init__(self, content):
        self.content = content

    def picture(self, seed, shape, excluded):  # noqa: ARG002 - Source
        return self.content


def examples(nominal, sources, chosen, count=60, progress=0.0):
    found = []
    for number in range(count):
        params = draw_params(np.random.default_rng(number), chosen, progress)
        found.append((params, synthesise(nominal, 0, params, sources, chosen)))
    return found


@pytest.mark.parametrize("synthesis", ["procedural", "mixed"])
def test_labels_mark_the_changed_pixels_exactly(sources, synthesis):
    nominal = surface()
    labelled = 0
    for _, example in examples(nominal, sources, settings(f"synthesis={synthesis}")):
        differs = (example.image != example.target).any(axis=2)
        assert np.array_equal(example.target, nominal.image)
        assert not (differs & (example.label != 1)).any()  # what cannot be seen was taken back
        assert (example.label == 1).sum() == differs.sum()
        labelled += differs.any()
    assert labelled >= 8


def test_the_share_of_changed_images_is_as_set(sources):
    drawn = [draw_params(np.random.default_rng(n), settings("synthesis.anomalous=0.3"), 0.0) for n in range(400)]
    assert 0.23 < np.mean([params is not None for params in drawn]) < 0.37


def test_an_example_depends_on_its_draw_only(sources):
    chosen = settings("synthesis=mixed")
    first, again = (examples(surface(), sources, chosen, count=12) for _ in range(2))
    for (params, example), (same_params, same) in zip(first, again, strict=True):
        assert params == same_params
        assert all(np.array_equal(a, b) for a, b in zip(example, same, strict=True))


def test_anomalies_lie_on_the_product_and_not_on_ignored_pixels(sources):
    nominal = surface()
    nominal.foreground[:, :30] = False
    nominal.ignored[40:] = True
    for _, example in examples(nominal, sources, settings("synthesis=mixed", "synthesis.anomalous=1")):
        assert not (example.label[:, :30] == 1).any()
        assert (example.label[40:] == 255).all()
        assert np.array_equal(example.image[40:], nominal.image[40:])


def test_strength_falls_during_the_training(sources):
    chosen = settings("synthesis.anomalous=1")
    strong, faint = (
        np.mean([params.strength for params, _ in examples(surface(), sources, chosen, progress=p)]) for p in (0.0, 1.0)
    )
    assert strong > faint + 0.05


def test_anomalies_of_a_grey_image_are_grey(sources):
    for _, example in examples(surface(grey=True), sources, settings("synthesis=mixed"), count=20):
        assert (example.image[..., 0] == example.image[..., 1]).all()
        assert (example.image[..., 1] == example.image[..., 2]).all()


def rendered_change():
    logarithm = np.zeros((64, 64, 3), np.float32)
    defect, impurity = np.zeros((64, 64), bool), np.zeros((64, 64), bool)
    defect[5:20, 5:20], impurity[30:50, 30:50] = True, True
    logarithm[defect], logarithm[impurity] = np.log(0.4), np.log(1.5)
    return RenderedChange(logarithm, defect, impurity)


RENDERED = ("synthesis=rendered", "synthesis.sources.rendered=x", "synthesis.anomalous=1")
ONLY_RENDERED = "synthesis.sources.kinds={formula: 0, own_images: 0, folder: 0, labelled: 0, rendered: 1}"


def test_rendered_impurities_are_sound_and_stay_in_the_target():
    nominal, change = surface(), rendered_change()
    for params, example in examples(nominal, {"rendered": Fixed(change)}, settings(*RENDERED, ONLY_RENDERED), count=5):
        stain = change.impurity
        assert (example.label[stain] == 0).all()
        assert np.array_equal(example.target[stain], example.image[stain])
        brighter = example.image[stain].astype(float).mean() / nominal.image[stain].astype(float).mean()
        assert brighter == pytest.approx(1.5**params.strength, abs=0.02)
        assert (example.label[change.defect] == 1).all()
        assert np.array_equal(example.target[change.defect], nominal.image[change.defect])
        elsewhere = ~(stain | change.defect)
        assert np.array_equal(example.image[elsewhere], nominal.image[elsewhere])


def test_impurities_can_be_left_out():
    nominal, change = surface(), rendered_change()
    chosen = settings(*RENDERED, ONLY_RENDERED, "synthesis.sources.impurities=false")
    for _, example in examples(nominal, {"rendered": Fixed(change)}, chosen, count=3):
        assert np.array_equal(example.image[change.impurity], nominal.image[change.impurity])


def test_a_view_moves_image_and_masks_together():
    nominal = surface(size=80)
    nominal.image[10:30, 20:50] = 0
    nominal.foreground[:] = (nominal.image != 0).any(axis=2)
    chosen = replace(settings().sound, turn=(0.0, 0.0), gain=(1.0, 1.0))
    for seed in range(10):
        view = viewed(nominal, draw_view_params(np.random.default_rng(seed), chosen), (48, 48))
        assert view.image.shape == (48, 48, 3)
        assert np.array_equal(view.foreground, (view.image != 0).any(axis=2))


def test_a_view_of_a_small_image_is_reflected():
    params = draw_view_params(np.random.default_rng(0), settings().sound)
    assert viewed(surface(size=40), params, (64, 64)).image.shape == (64, 64, 3)
