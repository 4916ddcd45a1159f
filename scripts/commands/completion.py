"""Completion of the subcommands in bash, zsh and fish: scripts that the shell reads at its start."""

from collections.abc import Callable

from scripts.commands.table import COMMANDS

OWN = {"completion": "print completion for bash, zsh or fish"}
"""Subcommands that are no doors: words and summaries."""


def _words() -> dict[str, str]:
    return {name: command.summary for name, command in COMMANDS.items()} | OWN


def _bash() -> str:
    """Return a script for bash: subcommands first, then files, also after the = of a setting."""
    return f"""\
# stainless completion bash: add to ~/.bashrc: eval "$(stainless completion bash)"
_stainless() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{" ".join(_words())} --help --version" -- "$word"))
  elif [ "$COMP_CWORD" -eq 2 ] && [ "${{COMP_WORDS[1]}}" = completion ]; then
    COMPREPLY=($(compgen -W "{" ".join(SHELLS)}" -- "$word"))
  else
    [ "$word" = "=" ] && word=""
    local IFS=$'\\n'
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}}
complete -o filenames -F _stainless stainless
"""


def _zsh() -> str:
    """Return a script for zsh, with summaries."""
    rows = "\n".join("    '{}:{}'".format(name, text.replace(":", r"\:")) for name, text in _escaped().items())
    return f"""\
# stainless completion zsh: add to ~/.zshrc, after compinit: eval "$(stainless completion zsh)"
_stainless() {{
  local -a commands
  commands=(
{rows}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
  elif (( CURRENT == 3 )) && [[ $words[2] == completion ]]; then
    compadd {" ".join(SHELLS)}
  else
    compset -P '*='
    _files
  fi
}}
compdef _stainless stainless
"""


def _fish() -> str:
    """Return a script for fish, with summaries."""
    rows = [
        f"complete -c stainless -n __fish_use_subcommand -f -a {name} -d '{summary}'"
        for name, summary in _escaped().items()
    ]
    shells = f"complete -c stainless -n '__fish_seen_subcommand_from completion' -f -a '{' '.join(SHELLS)}'"
    head = "# stainless completion fish: stainless completion fish > ~/.config/fish/completions/stainless.fish"
    return "\n".join([head, *rows, shells, ""])


def _escaped() -> dict[str, str]:
    """Return the words with summaries that stand between single quotes: an apostrophe becomes a typographic one."""
    return {name: summary.replace("'", "\u2019") for name, summary in _words().items()}


SHELLS: dict[str, Callable[[], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
