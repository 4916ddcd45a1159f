import re
from pathlib import Path

import pytest
from omegaconf import OmegaConf

CONF = Path(__file__).resolve().parents[1] / "conf"
OWN_CHOICE = {"paths", "hydra"}  # folders of settings that have one choice for good
ABSTRACT = {f"{group}/base" for group in ("extractor", "experiment/row")}  # what the others are made from


@pytest.mark.parametrize("program", ["adapt", "evaluate", "finetune", "meld", "predict", "render", "train", "update"])
def test_help_lists_the_program_s_groups_and_all_their_choices(program):
    config = OmegaConf.load(CONF / f"{program}.yaml")
    groups = [next(iter(default)) for default in config.defaults if not isinstance(default, str)]
    expected = {
        group: sorted(file.stem for file in (CONF / group).glob("*.yaml") if f"{group}/{file.stem}" not in ABSTRACT)
        for group in groups
        if group not in OWN_CHOICE and not group.startswith("override")
    }
    template = OmegaConf.to_container(config.hydra.help, resolve=False)["template"]
    listed = template.split("Groups, chosen with group=option:\n")[1].split("\n\n")[0]
    entries = re.split(r"\n(?=  \w)", listed)
    found = {
        name.strip(): [choice.strip() for choice in choices.split(",")]
        for name, choices in (entry.split(":") for entry in entries)
    }
    assert found == expected
