"""Settings of small defect maps, composed like by the entry point."""

from tests.training.small_plates import compose_config
from training.defect_map.settings import DefectMapSettings, read_defect_map_settings

SMALL = (
    "defect_map.architecture.prediction_channels=[4,8,8]",
    "defect_map.architecture.reconstruction_channels=[4,8,8]",
    "defect_map.optimisation.crop=32",
    "defect_map.optimisation.batch=3",
)


def defect_map(*overrides: str) -> DefectMapSettings:
    return read_defect_map_settings(
        compose_config("train_defect_map", ["dataset.root=x", *SMALL, *overrides]).defect_map
    )
