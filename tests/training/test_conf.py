"""Every YAML file of the training side composes and matches the program."""

import pytest
from omegaconf import OmegaConf

from tests.training.small_plates import compose_config
from training.support.entry_point import CONF_FOLDER

REQUIRED = {
    "train": ["dataset.root=x"],
    "finetune": ["dataset.root=x", "source=x"],
    "update": ["dataset.root=x", "source=x"],
    "meld": ["dataset.root=x", "sources=[x,y]"],
    "predict": ["model=x", "input=x"],
    "watch": ["model=x", "input=x"],
    "serve": ["model=x"],
}
READ_BY_JUDGING = dict.fromkeys(("predict", "watch", "serve"), ("extractor", "paths"))
READ_BY_LINE = ("drift",)
READ_BY_TRAINING = ("train", "finetune", "update")
READ_BY_MELD = ("tree",)
GROUPS = [
    "dataset",
    "extractor",
    "augment",
    "coreset",
    "checkpoint",
    "anomaly_map",
    "threshold",
    "paths",
    "budget",
    "tree",
    "drift",
]
CHOICES = [(g, path.stem) for g in GROUPS for path in sorted((CONF_FOLDER / g).glob("*.yaml")) if path.stem != "base"]


@pytest.mark.parametrize("config", REQUIRED)
def test_each_entry_point_composes_without_a_gap(config):
    cfg = compose_config(config, REQUIRED[config])
    container = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    assert container["device"] == "auto"
    assert container["name"].startswith(f"{config}_20")


@pytest.mark.parametrize(
    ("config", "group", "choice"),
    [
        (config, *choice)
        for config in REQUIRED
        for choice in CHOICES
        if (config not in READ_BY_JUDGING or choice[0] in (*READ_BY_JUDGING[config], *READ_BY_LINE))
        and (choice[0] not in READ_BY_LINE or config in ("watch", "serve"))
        and (choice[0] not in ("augment", "checkpoint") or config in READ_BY_TRAINING)
        and (choice[0] not in READ_BY_MELD or config == "meld")
    ],
)
def test_each_choice_of_each_group_composes(config, group, choice):
    cfg = compose_config(config, [*REQUIRED[config], f"{group}={choice}"])
    OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)


def test_one_size_serves_the_whole_meld():
    cfg = compose_config("meld", ["sources=[x,y]", "size=77"])
    assert (cfg.size, cfg.coreset.size, cfg.dataset.root) == (77, 77, None)
    assert compose_config("meld", ["sources=[x,y]"]).coreset.size is None


def test_the_defaults_are_the_paper_s():
    cfg = compose_config("train", REQUIRED["train"])
    assert (cfg.coreset.size, cfg.coreset.epochs) == (2048, 5)
    assert (cfg.anomaly_map.chunk_size, cfg.anomaly_map.blur_sigma, cfg.anomaly_map.blur_kernel) == (2048, 2.0, 17)
    assert (cfg.extractor.architecture, cfg.extractor.pooling) == ("mobilenet_v3_large", 2)
    assert cfg.threshold.method == "maximum_f1"
