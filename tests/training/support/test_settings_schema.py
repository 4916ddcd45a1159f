"""Settings of a wrong type or out of their range end in one line before anything is loaded."""

import json

import jsonschema
import pytest

from tests.training.small_plates import compose_config
from training.support.settings_schema import SCHEMA, check_settings
from training.support.user_error import UserError

TRAIN = ["dataset.root=x"]


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("coreset.size=abc", r"coreset\.size: 'abc' is not of type 'integer'"),
        ("coreset.size=40.5", r"coreset\.size: 40\.5 is not of type 'integer'"),
        ("coreset.epochs=0", r"coreset\.epochs: 0 is less than the minimum of 1"),
        ("extractor.pooling=x", r"extractor\.pooling"),
        ("extractor.further_scales=[0.5]", r"extractor\.further_scales\.0: 0\.5 is not of type 'object'"),
        ("dataset.root=2024", r"2024 is not of type 'string'"),
        ("dataset.layout=coco", r"dataset\.(evaluation_)?layout: 'coco' is not one of"),
        ("device=tpu", r"device: 'tpu' is not one of"),
        ("anomaly_map.blur_sigma=-1", r"anomaly_map\.blur_sigma: -1"),
    ],
)
def test_a_wrong_setting_is_named(override, words):
    with pytest.raises(UserError, match=words):
        check_settings(compose_config("train", [*TRAIN, override]))


@pytest.mark.parametrize("override", ["pretrain.size=100", "pretrain.episodes.count=1", "pretrain.task.flaw=-1"])
def test_a_wrong_setting_of_pretraining_is_named(override):
    with pytest.raises(UserError, match=rf"^{override.split('=')[0]}: "):
        check_settings(compose_config("pretrain", [override]))


def test_settings_that_are_not_given_yet_are_left_to_the_program():
    check_settings(compose_config("train", []))


@pytest.mark.parametrize("config", ["train", "finetune", "meld", "update", "predict", "evaluate", "pretrain", "adapt"])
def test_what_conf_says_is_valid(config):
    check_settings(compose_config(config, []))


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMA.read_text(encoding="utf-8")))
