"""Settings of the training of a defect map, read from a composed ``conf/train_defect_map.yaml``."""

from dataclasses import dataclass

from omegaconf import DictConfig

from training.anomaly_synthesis.settings import SynthesisSettings, read_synthesis_settings
from training.coreset.settings import CheckpointSettings, read_checkpoint_settings
from training.data.settings import DatasetSettings, read_dataset_settings, read_region
from training.defect_map.settings import DefectMapSettings, read_defect_map_settings
from training.features.extractor_settings import ExtractorSettings, read_extractor_settings
from training.model.settings import ThresholdSettings, read_threshold_settings
from training.support.settings_schema import check_settings


@dataclass(frozen=True)
class DefectMapRunSettings:
    """Settings of the training of a defect map."""

    dataset: DatasetSettings
    synthesis: SynthesisSettings
    defect_map: DefectMapSettings
    extractor: ExtractorSettings | None
    """The frozen extractor of ``deep_features: own``; None for other modes."""
    checkpoint: CheckpointSettings
    threshold: ThresholdSettings
    device: str


def read_defect_map_run_settings(cfg: DictConfig) -> DefectMapRunSettings:
    """Read a composed ``conf/train_defect_map.yaml``. Raises UserError for a wrong setting."""
    check_settings(cfg)
    defect_map = read_defect_map_settings(cfg.defect_map)
    uses_extractor = defect_map.architecture.reconstruction and defect_map.deep_features == "own"
    return DefectMapRunSettings(
        dataset=read_dataset_settings(cfg.dataset, read_region(cfg)),
        synthesis=read_synthesis_settings(cfg.synthesis),
        defect_map=defect_map,
        extractor=read_extractor_settings(cfg.extractor) if uses_extractor else None,
        checkpoint=read_checkpoint_settings(cfg.checkpoint),
        threshold=read_threshold_settings(cfg.threshold),
        device=cfg.device,
    )
