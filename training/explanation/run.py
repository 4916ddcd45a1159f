"""Explanation of an image: the members nearest to its patches, where they come from, and what dropping each costs."""

import logging

import numpy as np

from training.data.dataset import Dataset, read_image
from training.explanation.dropping_cost import NominalValidation, each_alone
from training.explanation.explanation import Explanation
from training.explanation.nearest_patches import checked_box, see, worst_patches
from training.explanation.page import explanation_page
from training.explanation.settings import ExplanationSettings
from training.model.anomaly_model import load_anomaly_model
from training.model.file import load_model
from training.model.members import MemberRecord
from training.support.user_error import UserError
from training.support.whole_file import write_json, write_whole

log = logging.getLogger(__name__)

PAGE, DOCUMENT = "explanation.html", "explanation.json"


def explain_run(settings: ExplanationSettings, dataset: Dataset) -> Explanation:
    """Explain an image, write a page and a JSON file into ``output``, and return the explanation.

    ``dataset`` gives the validation images of the costs. Raises UserError.
    """
    model = load_anomaly_model(settings.model, settings.overrides)
    features, record = load_model(settings.model)
    if not dataset.split("validation"):
        raise UserError(f"{dataset.root} has no validation images to find the cost of dropping members on")
    white = record.provenance.white_level
    picture = read_image(settings.image, white)
    box = checked_box(settings.box, picture.shape)
    shape = (picture.shape[0], picture.shape[1])
    inside = None if dataset.region is None else dataset.region.inside(settings.image, *shape)
    seen = see(model, picture, inside)
    scores = model.map_from(seen.grid, shape)
    patches = worst_patches(seen, features, box, settings.patches, settings.members)
    nearest = list(dict.fromkeys(member for patch in patches for member in patch.members))
    validation = NominalValidation(model, features, dataset)
    explanation = Explanation(
        model=settings.model,
        image=settings.image,
        picture=picture,
        anomaly_map=scores if inside is None else np.where(inside, scores, np.float32(0)),
        box=box,
        threshold=model.threshold,
        patches=patches,
        members=MemberRecord.unknown(len(features)) if record.members is None else record.members,
        costs=each_alone(validation, nearest, model.threshold),
        white_level=white,
        validation_images=validation.nominal_images,
    )
    write_json(settings.output / DOCUMENT, explanation.document())
    write_whole(settings.output / PAGE, explanation_page(explanation))
    _log_summary(explanation)
    log.info("Written: %s and %s", settings.output / PAGE, DOCUMENT)
    return explanation


def _log_summary(explanation: Explanation) -> None:
    for patch in explanation.patches:
        origin = explanation.members.image_of(patch.members[0])
        log.info(
            "Patch at (%.0f, %.0f): distance %.4g, threshold %.4g; nearest member %d, support %d, from %s",
            *patch.place,
            patch.distances[0],
            explanation.threshold,
            patch.members[0],
            explanation.members.support[patch.members[0]],
            "an unknown image" if origin is None else origin.path,
        )
