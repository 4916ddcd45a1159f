"""A defect map after a training of seconds on textures of 64 px: formulas that it never saw are found."""

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from tests.training.anomaly_synthesis.test_synthesis import settings as synthesis_settings
from tests.training.defect_map.configured import defect_map as map_settings
from training.anomaly_synthesis.formula_source import FormulaSource
from training.anomaly_synthesis.synthesis import draw_change, synthesise
from training.anomaly_synthesis.view import Nominal
from training.defect_map.defect_map_model import DefectMapModel
from training.defect_map.examples import batch_of
from training.defect_map.learner import Learner

STEPS = 400
SYNTHESIS = synthesis_settings("synthesis.masks.perlin_cells=[1,8]")


def surface(seed):
    """Return a nominal view: grooves and noise."""
    rng = np.random.default_rng(seed)
    grooves = 10 * np.sin(np.arange(64) * rng.uniform(0.8, 1.2))[None, :, None]
    image = rng.normal(110, 6, (64, 64, 3)) + grooves
    everything = np.ones((64, 64), bool)
    return Nominal(np.clip(image, 0, 255).astype(np.uint8), everything, ~everything)


def example(seed, sources):
    """Return a surface that is changed with probability 0.7."""
    rng = np.random.default_rng(seed)
    params = draw_change(rng, SYNTHESIS, 0.0) if rng.random() < 0.7 else None
    return synthesise(surface(seed), 0, params, sources, SYNTHESIS)


def test_the_loss_halves_and_formulas_that_training_never_saw_are_found():
    course = f"defect_map.optimisation={{steps: {STEPS}, crop: 64, batch: 4, learning_rate: 3.0e-3, warmup_steps: 5}}"
    learner = Learner(map_settings("defect_map=tiny", "defect_map.map.resize=null", course), None, torch.device("cpu"))
    seen, unseen = {"formula": FormulaSource(0)}, {"formula": FormulaSource(1)}
    batches = (batch_of([example(4 * step + place, seen) for place in range(4)]) for step in range(STEPS))
    focal = [learner.step(step, batch)["focal"] for step, batch in enumerate(batches)]
    assert np.mean(focal[-10:]) <= 0.5 * np.mean(focal[:10])
    model = DefectMapModel(learner.network, learner.settings.map, torch.device("cpu"))
    tests = [example(100_000 + number, unseen) for number in range(30)]
    scores = np.concatenate([model.anomaly_map(found.image).ravel() for found in tests])
    assert roc_auc_score(np.concatenate([found.label.ravel() for found in tests]), scores) >= 0.9
