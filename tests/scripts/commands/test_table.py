"""The table of subcommands against the doors that exist."""

import ast
from pathlib import Path

import pytest

from scripts.commands.completion import OWN
from scripts.commands.overview import overview
from scripts.commands.table import COMMANDS, GROUPS

ROOT = Path(__file__).resolve().parents[3]
OUTSIDE = {
    "scripts.stainless": "the command itself",
    "scripts.write_job_schema": "for the project's developers: it writes into the checkout",
    "scripts.continual_plot": "runs in a Python with matplotlib, which is not installed here",
    "scripts.performance_plots": "runs in a Python with matplotlib, which is not installed here",
    "scripts.pretraining_curve": "runs in a Python with matplotlib, which is not installed here",
}


def doors() -> set[str]:
    """Return the modules at the door of a room that run as programs."""
    found = set()
    for room in ("scripts", "training", "eval"):
        for file in (ROOT / room).glob("*.py"):
            tests = [node.test for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, ast.If)]
            if any("__main__" in ast.unparse(test) for test in tests):
                found.add(f"{room}.{file.stem}")
    return found


def test_every_door_is_in_the_table_and_every_row_is_a_door():
    found = doors()
    assert "training.train" in found
    assert OUTSIDE.keys() <= found
    rows = [command.module for group in GROUPS.values() for command in group]
    assert sorted(rows) == sorted(found - OUTSIDE.keys())
    assert len(COMMANDS) == len(rows), "two doors have one name"
    assert not COMMANDS.keys() & OWN.keys()


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_a_summary_fits_on_a_line_of_the_overview(command):
    line = next(line for line in overview().splitlines() if line.startswith(f"  {command.name} "))
    assert line.endswith(command.summary)
    assert len(line) <= 120
