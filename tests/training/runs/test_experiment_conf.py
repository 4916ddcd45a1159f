"""Every scenario of the paper's tables is an experiment, and every launcher of a sweep composes."""

import csv
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.plugins.launcher import Launcher
from hydra.utils import get_class
from omegaconf import OmegaConf

from training.support.entry_point import CONF_FOLDER
from training.support.settings_schema import check_settings

LIGHTS = ("", "_rot90", "_scale2")
TABLES = CONF_FOLDER.parent / "eval" / "paper"
# experiment: kind, parents, train folders, augmented (paper, table II and section V-B)
EXPECTED = {"real": ("train", [], ["R"], False)}
for plates in ("synth", "synth_ws"):
    one, three = [f"S/{plates}"], [f"S/{plates}{light}" for light in LIGHTS]
    for variant, folders, augmented in (
        ("", one, False),
        ("_da", one, True),
        ("_dr", three, False),
        ("_dr_da", three, True),
    ):
        EXPECTED[plates + variant] = ("train", [], folders, augmented)
        EXPECTED[plates + variant + "_ft"] = ("finetune", [plates + variant], ["R"], False)
EXPECTED["melding"] = ("meld", ["real", "synth", "synth_dr", "synth_da"], ["R"], False)
EXPECTED["melding_ws"] = ("meld", ["real", "synth_ws", "synth_ws_dr", "synth_ws_da"], ["R"], False)


def composed(*overrides: str):
    with initialize_config_dir(str(CONF_FOLDER), version_base="1.3"):
        return compose("train", [*overrides], return_hydra_config=True)


def rows_of(number: int) -> list[str]:
    with Path(TABLES / f"table_{number}.csv").open(encoding="utf-8") as file:
        return [row["experiment"] for row in csv.DictReader(file)]


def test_the_experiments_are_the_rows_of_the_tables():
    with initialize_config_dir(str(CONF_FOLDER), version_base="1.3"):
        options = (
            GlobalHydra.instance().config_loader().get_group_options("experiment")
        )  # the experiments that glob(*) selects
    assert len(options) == 19
    assert sorted(options) == sorted(EXPECTED) == sorted(rows_of(2))
    assert len(rows_of(1)) == 5
    assert set(rows_of(1)) < set(rows_of(2))


@pytest.mark.parametrize("name", EXPECTED)
def test_an_experiment_says_what_its_row_does(name):
    cfg = composed(f"experiment={name}", "paths.real=R", "paths.synth=S", "paths.runs=out")
    hydra = cfg.hydra
    assert (hydra.sweep.dir, hydra.sweep.subdir, hydra.run.dir) == ("out", name, f"out/{name}")
    assert hydra.output_subdir is None
    OmegaConf.set_struct(cfg, False)
    del cfg["hydra"]
    OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    check_settings(cfg)
    root = cfg.dataset.root
    folders = [root] if isinstance(root, str) else list(root)
    assert cfg.name == name
    assert (cfg.kind, list(cfg.builds_on), folders, bool(cfg.augment)) == EXPECTED[name]
    assert cfg.dataset.evaluation_root == "R"
    assert ("tree" in cfg) == (cfg.kind == "meld")


def test_an_ordinary_sweep_still_numbers_its_rows():
    hydra = composed("dataset.root=x", "name=s", "hydra.job.num=3").hydra
    assert (hydra.sweep.dir, hydra.sweep.subdir, hydra.output_subdir) == ("runs/s", "3", None)


@pytest.mark.parametrize(
    ("choice", "launcher"),
    [
        ("sequential", "BasicLauncher"),
        ("joblib", "JoblibLauncher"),
        ("submitit", "SlurmLauncher"),
        ("submitit_slurm", "SlurmLauncher"),
        ("submitit_local", "LocalLauncher"),
    ],
)
def test_the_launchers_compose(choice, launcher):
    settings = composed("experiment=real", f"hydra/launcher={choice}").hydra.launcher
    found = get_class(settings["_target_"])
    assert issubclass(found, Launcher)
    assert found.__name__ == launcher


def test_slurm_is_asked_for_what_conf_says():
    settings = composed("experiment=real", "hydra/launcher=submitit", "hydra.launcher.partition=gpu").hydra.launcher
    assert (settings.partition, settings.cpus_per_task, settings.mem_gb, settings.timeout_min) == ("gpu", 4, 16, 1440)


def test_a_budget_makes_every_row_small():
    for name in EXPECTED:
        cfg = composed(f"experiment={name}", "budget=quick_look")
        assert (cfg.dataset.max_images, cfg.coreset.size, cfg.coreset.epochs) == (20, 512, 2)
