"""Overrides on the command line as they are typed: paths and names are text, whatever characters they contain.

Hydra's grammar reads ``name=2024_01_02`` as a number and refuses ``input=a=b``. Values of the settings below are quoted
for it before it sees them.
"""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

TEXTS = frozenset(
    {
        "name",
        "out",
        "output",
        "check",
        "images",
        "model",
        "input",
        "source",
        "coco",
        "coco_category",
        "device",
        "blender",
        "job_file",
        "job.name",
        "paths.runs",
        "paths.real",
        "paths.synth",
        "paths.features",
        "dataset.root",
        "dataset.evaluation_root",
        "dataset.good",
        "extractor.weights",
        "region.file",
        "hydra.run.dir",
        "hydra.sweep.dir",
    }
)
"""Settings that are a path or a name."""
LISTS = frozenset({"dataset.root", "dataset.evaluation_root", "sources", "images"})
"""Settings that may be a list of paths: [a,b]."""
_OVERRIDE = re.compile(r"(\+{0,2}[^=\s'\"]+)=(.*)", re.DOTALL)
_SWEEP = re.compile(r"(choice|range|interval|glob|shuffle|sort|tag)\(")
_AS_THEY_ARE = ("", "null", "???")


def as_typed(arguments: Sequence[str]) -> list[str]:
    """Return command-line arguments whose paths and names are quoted for Hydra's grammar.

    Values in quotes, lists of paths and, with -m, sweeps (a,b) keep their meaning; their elements are quoted.
    """
    sweeps = any(argument in ("-m", "--multirun") for argument in arguments)
    return [_as_typed(argument, sweeps) for argument in arguments]


def quoted(value: object) -> str:
    """Return a text as a value in Hydra's grammar, with all special characters escaped."""
    text = re.sub(r"(\\*)'", r"\1\1\\'", str(value))
    return "'" + re.sub(r"(\\+)$", r"\1\1", text) + "'"


def correctly_quoted(override: str) -> str | None:
    """Return a refused override with its value as text, quoted for Hydra and for a shell; None without a value."""
    found = _OVERRIDE.fullmatch(override)
    return None if found is None else shlex.quote(f"{found[1]}={quoted(_without_quotes(found[2]))}")


def _as_typed(argument: str, sweeps: bool) -> str:
    found = _OVERRIDE.fullmatch(argument)
    if found is None or argument.startswith("-"):
        return argument
    key, value = found[1], found[2]
    name = key.lstrip("+")
    if name not in TEXTS | LISTS or value in _AS_THEY_ARE or _is_quoted(value):
        return argument
    is_list = name in LISTS and value.startswith("[") and value.endswith("]") and not Path(value).exists()
    if is_list and not sweeps:
        return f"{key}=[{_each(value[1:-1])}]" if value != "[]" else argument
    if name not in TEXTS or (sweeps and (is_list or _SWEEP.match(value))):
        return argument
    return f"{key}={_each(value) if sweeps else quoted(value)}"


def _each(values: str) -> str:
    """Return a list's elements, each quoted; a comma within quotes or brackets belongs to an element."""
    elements = re.findall(r"""(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^,])+""", values)
    return ",".join(text if _is_quoted(text := element.strip()) else quoted(text) for element in elements)


def _is_quoted(value: str) -> bool:
    return len(value) > 1 and value[0] == value[-1] and value[0] in "'\""


def _without_quotes(value: str) -> str:
    return value[1:-1] if _is_quoted(value) else value
