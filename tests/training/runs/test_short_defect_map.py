"""A defect map after a training of seconds on textures of 64 px: unseen formulas are found, and borders stay quiet."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from tests.training.anomaly_synthesis.test_synthesis import settings as synthesis_settings
from tests.training.defect_map.configured import defect_map as map_settings
from training.anomaly_synthesis.formula_source import FormulaSource
from training.anomaly_synthesis.synthesis import draw_change, synthesise
from training.anomaly_synthesis.view import Nominal, draw_view_params, viewed
from training.defect_map.defect_map_model import DefectMapModel
from training.defect_map.examples import batch_of
from training.defect_map.learner import Learner

STEPS = 400
SYNTHESIS = synthesis_settings("synthesis.masks.perlin_cells=[1,8]")


def surface(seed):
    """Return a nominal picture of 64 px: grooves and noise."""
    rng = np.random.default_rng(seed)
    grooves = 10 * np.sin(np.arange(64) * rng.uniform(0.8, 1.2))[None, :, None]
    image = rng.normal(110, 6, (64, 64, 3)) + grooves
    everything = np.ones((64, 64), bool)
    return Nominal(np.clip(image, 0, 255).astype(np.uint8), everything, ~everything)


def example(seed, sources, border=0):
    """Return a view of a surface that is changed with probability 0.7."""
    rng = np.random.default_rng(seed)
    params = draw_change(rng, SYNTHESIS, 0.0) if rng.random() < 0.7 else None
    view = viewed(surface(seed), draw_view_params(rng, SYNTHESIS.sound), (64, 64), border)
    return synthesise(view, 0, params, sources, SYNTHESIS)


@pytest.fixture(scope="module")
def trained():
    """Return the model after a short training, and the focal loss of each step."""
    course = f"defect_map.optimisation={{steps: {STEPS}, crop: 64, batch: 4, learning_rate: 3.0e-3, warmup_steps: 5}}"
    learner = Learner(map_settings("defect_map=tiny", "defect_map.map.resize=null", course), None, torch.device("cpu"))
    seen, border = {"formula": FormulaSource(0)}, learner.settings.map.border
    batches = (batch_of([example(4 * step + place, seen, border) for place in range(4)]) for step in range(STEPS))
    focal = [learner.step(step, batch)["focal"] for step, batch in enumerate(batches)]
    return DefectMapModel(learner.network, learner.settings.map, torch.device("cpu")), focal


@pytest.fixture(scope="module")
def judged(trained):
    """Return examples whose formulas the training never saw, and the scores of their pixels."""
    unseen = {"formula": FormulaSource(1)}
    tests = [example(100_000 + number, unseen) for number in range(30)]
    labels = np.concatenate([found.label.ravel() for found in tests])
    return labels, np.concatenate([trained[0].anomaly_map(found.image).ravel() for found in tests])


def test_the_loss_halves(trained):
    focal = trained[1]
    assert np.mean(focal[-10:]) <= 0.5 * np.mean(focal[:10])


def test_formulas_that_training_never_saw_are_found(judged):
    assert roc_auc_score(*judged) >= 0.9


def test_nominal_images_raise_no_more_alarms_at_the_border_than_inside(trained, judged):
    labels, scores = judged
    threshold = np.percentile(scores[labels == 1], 5)  # finds 95 % of the changed pixels
    alarms = np.stack([trained[0].anomaly_map(surface(200_000 + number).image) >= threshold for number in range(60)])
    inside = np.zeros((64, 64), bool)
    inside[16:-16, 16:-16] = True
    assert alarms[:, ~inside].mean() <= alarms[:, inside].mean() + 0.001
