"""Completion in a real bash: what the Tab key offers."""

import shutil
import subprocess

import pytest

from scripts.commands.completion import SHELLS
from scripts.commands.table import COMMANDS

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")


def offered(folder, *words) -> list[str]:
    """Return what bash offers for the last of the words that stand on the command line."""
    line = " ".join(["stainless", *words])
    quoted = " ".join(f"'{word}'" for word in ["stainless", *words])
    script = f"""{SHELLS["bash"]()}
        COMP_LINE='{line}' COMP_POINT={len(line)} COMP_WORDS=({quoted}) COMP_CWORD={len(words)}
        $(complete -p stainless | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=True)
    assert not done.stderr
    return done.stdout.split("\n")[:-1]


def test_bash_offers_subcommands(tmp_path):
    assert {*COMMANDS, "completion", "--help", "--version"} == set(offered(tmp_path, ""))
    assert offered(tmp_path, "train-") == ["train-defect-map"]
    assert offered(tmp_path, "completion", "") == ["bash", "zsh", "fish"]


def test_bash_offers_files_after_a_subcommand_and_after_a_setting(tmp_path):
    (tmp_path / "my plates").mkdir()
    (tmp_path / "other").write_text("")
    assert offered(tmp_path, "check-dataset", "my") == ["my plates"]
    assert offered(tmp_path, "train", "dataset.root", "=") == ["my plates", "other"]  # bash splits words at =
    assert offered(tmp_path, "train", "dataset.root", "=", "o") == ["other"]


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_every_subcommand_and_parses_where_it_is_installed(shell, tmp_path):
    script = SHELLS[shell]()
    assert all(name in script for name in COMMANDS)
    if shutil.which(shell):
        file = tmp_path / f"completion.{shell}"
        file.write_text(script)
        assert subprocess.run([shell, "-n", file], check=False).returncode == 0
