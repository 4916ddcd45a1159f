"""Loading of a detector from a model file of any format."""

from pathlib import Path

from training.features.extractor import chosen_device
from training.model import defect_map_file, file, fusion_file
from training.model.anomaly_model import trained_model
from training.model.detector import Detector
from training.model.file_header import ModelContent, model_file, read_content
from training.model.fused_detector import FusedDetector
from training.model.settings import ModelOverrides
from training.model.trained_defect_map import TrainedDefectMap
from training.support.user_error import UserError


def load_detector(run_folder_or_file: str | Path, overrides: ModelOverrides) -> Detector:
    """Load the detector of a run folder or a model file, as the file's format says.

    ``overrides`` replace recorded settings field by field; those of the extractor and the anomaly map are for coresets.
    Raises UserError for a missing or damaged file, an unknown format, and overrides that the format does not have.
    """
    path = model_file(Path(run_folder_or_file))
    return detector_of(str(path), read_content(path), overrides)


def detector_of(name: str, content: ModelContent, overrides: ModelOverrides) -> Detector:
    """Return the detector in the content of a model file; ``name`` is for messages. Raises as ``load_detector``."""
    found = content.document.get("format")
    if found == file.FORMAT:
        return trained_model(name, file.stored_model(name, content), overrides)
    if found == defect_map_file.FORMAT:
        if overrides.extractor or overrides.anomaly_map:
            raise UserError(f"{name} is a defect map; settings of the extractor and of anomaly_map are for coresets")
        return TrainedDefectMap(defect_map_file.stored_defect_map(name, content), chosen_device(overrides.device))
    if found == fusion_file.FORMAT:
        stored = fusion_file.stored_fusion(name, content)
        sources = [
            detector_of(f"{name}, source {number}", source, _for_source(source, overrides))
            for number, source in enumerate(stored.sources, start=1)
        ]
        return FusedDetector(sources, stored)
    known = ", ".join((file.FORMAT, defect_map_file.FORMAT, fusion_file.FORMAT))
    raise UserError(f"{name} is of the format {found}; this program reads {known}")


def _for_source(source: ModelContent, overrides: ModelOverrides) -> ModelOverrides:
    """Return the overrides that a fusion's source has: a defect map has only the device."""
    return ModelOverrides(overrides.device) if source.document["format"] == defect_map_file.FORMAT else overrides
