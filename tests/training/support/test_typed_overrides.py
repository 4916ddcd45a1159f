import shlex

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from training.support.typed_overrides import as_typed, correctly_quoted, quoted

ODD = [
    "2024_01_02",
    "20240104",
    "1e5",
    "true",
    "a=b",
    "lab [3], {x}",
    "it's",
    'say "hi"',
    "#1",
    "~/photos",
    "größe",
    "a,b",
    "a b",
    "C:\\data\\new",
    "ends\\",
    "back\\'slash",
    "(x)",
    "a:b",
    "@",
    "%",
    "+",
    "-x",
    "!",
    "*.png",
    "null.png",
]


def parsed(argument: str) -> object:
    return OverridesParser.create().parse_override(argument).value()


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("key", ["name", "input", "dataset.root", "out", "+extractor.weights", "++paths.runs"])
def test_paths_and_names_are_text_as_they_are_typed(key, value):
    (argument,) = as_typed([f"{key}={value}"])
    assert parsed(argument) == value


@pytest.mark.parametrize("value", ODD)
def test_a_quoted_text_comes_back(value):
    assert parsed(f"job.name={quoted(value)}") == value


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("name='2024'", "2024"),
        ('input="photos/*.png"', "photos/*.png"),
        ("model=null", None),
        ("dataset.root=[2024_01,b=c,'d,e', f g]", ["2024_01", "b=c", "d,e", "f g"]),
        ("sources=[runs/1,2]", ["runs/1", "2"]),
        ("coreset.size=20", 20),
        ("dataset.split_seed=3", 3),
    ],
)
def test_quotes_lists_and_other_settings_keep_their_meaning(argument, value):
    (typed,) = as_typed([argument])
    assert parsed(typed) == value


def test_a_sweep_stays_a_sweep():
    assert as_typed(["-m", "name=2024_01,b", "dataset.root=[a],[b]", "coreset.size=1,2", "model=glob(*)"]) == [
        "-m",
        "name='2024_01','b'",
        "dataset.root=[a],[b]",
        "coreset.size=1,2",
        "model=glob(*)",
    ]


def test_a_folder_of_brackets_is_a_folder(tmp_path, monkeypatch):
    (tmp_path / "[a]").mkdir()
    monkeypatch.chdir(tmp_path)
    assert parsed(as_typed(["dataset.root=[a]"])[0]) == "[a]"


@pytest.mark.parametrize("override", ["job.name=a=b", "coreset.size=[", "+x=it's"])
def test_a_refused_override_is_shown_as_a_shell_takes_it(override):
    (word,) = shlex.split(correctly_quoted(override))
    assert parsed(word) == override.partition("=")[2]
