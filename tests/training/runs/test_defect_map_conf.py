"""Every file of conf/synthesis and conf/defect_map composes and is read; the networks can be built."""

import pytest
import torch

from tests.training.small_plates import compose_config
from training.defect_map.network import DefectMapNetwork
from training.runs.defect_map_settings import read_defect_map_run_settings
from training.support.entry_point import CONF_FOLDER
from training.support.user_error import UserError

SOURCES = {
    "folder": "synthesis.sources.folder=x",
    "paper": "synthesis.sources.labelled=[x,y]",
    "rendered": "synthesis.sources.rendered=x",
}


def choices(group):
    return sorted(path.stem for path in (CONF_FOLDER / group).glob("*.yaml") if path.stem != "base")


def read(*overrides):
    return read_defect_map_run_settings(compose_config("train_defect_map", ["dataset.root=x", *overrides]))


@pytest.mark.parametrize("choice", choices("synthesis"))
def test_each_synthesis_is_read(choice):
    needed = [SOURCES[choice]] if choice in SOURCES else []
    assert read(f"synthesis={choice}", *needed).synthesis.anomalous == 0.5


@pytest.mark.parametrize("choice", choices("defect_map"))
def test_each_defect_map_is_read_and_built(choice):
    settings = read(f"defect_map={choice}").defect_map
    network = DefectMapNetwork(settings.architecture, torch.Generator().manual_seed(0))
    assert (network.autoencoder is not None) == settings.architecture.reconstruction
    assert settings.optimisation.crop % network.stride == 0


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["defect_map.optimisation.crop=100"], "must be a multiple of 16"),
        (["defect_map.architecture.kernels=[31,29]"], "give one for each of the 4 levels"),
        (["defect_map.architecture.kernels=[31,29,27,12]"], "must be odd"),
        (["defect_map.map.resize={side: middle}"], r"defect_map\.map\.resize must be"),
        (["defect_map.deep_features=copied_twice"], "deep_features"),
        (["synthesis.anomalous=2"], "synthesis.anomalous"),
    ],
)
def test_wrong_settings_are_refused_by_name(overrides, message):
    with pytest.raises(UserError, match=message):
        read(*overrides)
