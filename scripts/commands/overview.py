"""The page of ``stainless --help``."""

from scripts.commands.table import COMMANDS, GROUPS

_HEAD = """\
stainless: synthetic data and anomaly detection for visual surface inspection

usage: stainless COMMAND ...       run a command
       stainless COMMAND --help    explain it: its examples, its settings
       stainless completion SHELL  print completion for bash, zsh or fish
       stainless --version

First steps, from a folder of images in MVTec AD's layout to a report:
  stainless train dataset=mvtec dataset.root=FOLDER name=mine
  stainless evaluate model=runs/mine
  stainless report runs/mine
  stainless predict model=runs/mine input=NEW_IMAGES
"""


def overview() -> str:
    """Return the help page: first steps, then every command by group, with its summary."""
    width = max(map(len, COMMANDS)) + 2
    lines = [_HEAD.rstrip()]
    for title, group in GROUPS.items():
        lines += ["", f"{title}:", *(f"  {command.name:{width}}{command.summary}" for command in group)]
    lines += ["", "Every command is also a module: stainless train is python -m training.train."]
    return "\n".join(lines)
