"""Identity of files: which files of a folder count, and when two names mean one file.

Folders, glob patterns, datasets and imports all use this module, so one rule holds everywhere:

- a name with a leading dot does not exist, nor does a folder ``__MACOSX``;
- folders are searched through all levels;
- a file is known by its resolved path: a link within the folder is followed, and its file counts once;
- a link that leads out of the folder, or to nothing, is refused by name;
- images are known by their suffix; what is left out is listed with the reason.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from training.support.listed_names import listed
from training.support.user_error import UserError

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".jp2"})
_HIDDEN, _NO_IMAGE, _AGAIN = "names with a leading dot", "no image that is read", "other names of a file that counts"


@dataclass(frozen=True)
class LeftOut:
    """A file or folder that does not count, and the reason in the plural ("names with a leading dot")."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Listing:
    """The files of a folder that count, sorted, and those that do not."""

    files: tuple[Path, ...]
    left_out: tuple[LeftOut, ...]


def identity(path: Path) -> str:
    """Return what two names of one file have in common: the resolved path, without case where the system ignores it."""
    return os.path.normcase(path.resolve())


def is_image(path: PurePath) -> bool:
    """Return whether a file's suffix is that of an image which is read."""
    return path.suffix.lower() in IMAGE_SUFFIXES


def is_hidden(name: str) -> bool:
    """Return whether a file or folder of this name does not exist for this project."""
    return (name.startswith(".") and name not in (".", "..")) or name == "__MACOSX"


def check_link(path: Path, root: Path) -> None:
    """Raise UserError if the path is a link, or lies behind one, that leads out of ``root`` or to nothing."""
    resolved = path.resolve()
    if not resolved.is_relative_to(root.resolve()):
        raise UserError(
            f"{path} is a link that leads out of {root}, to {resolved}; put a copy in its place, or name the folder "
            "that it leads to"
        )
    if not resolved.exists():
        raise UserError(f"{path} is a link to {resolved}, which does not exist; fetch that file or remove the link")


def list_files(root: Path) -> Listing:
    """List the files below a folder, through all levels. Raises UserError for a link that leads out of it."""
    left_out: list[LeftOut] = []
    files = list(_visible(root, root, {identity(root)}, left_out))
    return _each_once(sorted(files), left_out)


def list_images(root: Path) -> Listing:
    """List the images below a folder, through all levels. Raises UserError for a link that leads out of it."""
    return images_of(list_files(root))


def images_of(listing: Listing) -> Listing:
    """Return the images of a listing; its other files are left out."""
    others = [LeftOut(path, _NO_IMAGE) for path in listing.files if not is_image(path)]
    return Listing(tuple(path for path in listing.files if is_image(path)), (*listing.left_out, *others))


def chosen_images(candidates: Iterable[Path], base: Path) -> Listing:
    """List the images among files that a pattern has found below ``base``, by the rule of ``list_images``."""
    left_out: list[LeftOut] = []
    files = []
    for path in sorted(candidates):
        if any(is_hidden(part) for part in path.relative_to(base).parts):
            left_out.append(LeftOut(path, _HIDDEN))
        elif path.is_file() or path.is_symlink():
            check_link(path, base)
            files.append(path)
    return images_of(_each_once(files, left_out))


def left_out_in_words(left_out: Iterable[LeftOut], root: Path) -> list[str]:
    """Return a sentence for every reason, with the number of files and at most ten names."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for entry in left_out:
        inside = entry.path.is_relative_to(root)
        by_reason[entry.reason].append((entry.path.relative_to(root) if inside else entry.path).as_posix())
    return [f"left out: {len(names)} {reason} ({listed(names)})" for reason, names in sorted(by_reason.items())]


def _visible(folder: Path, root: Path, visited: set[str], left_out: list[LeftOut]) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if is_hidden(path.name):
            left_out.append(LeftOut(path, _HIDDEN))
            continue
        if path.is_symlink():
            check_link(path, root)
        if not path.is_dir():
            yield path
        elif identity(path) in visited:  # a link to a folder that is listed already, or a loop
            left_out.append(LeftOut(path, _AGAIN))
        else:
            visited.add(identity(path))
            yield from _visible(path, root, visited, left_out)


def _each_once(files: list[Path], left_out: list[LeftOut]) -> Listing:
    """Keep one name of every file: that of the file itself rather than that of a link."""
    names: dict[str, Path] = {}
    for path in sorted(files, key=lambda path: (path.is_symlink(), path)):
        if names.setdefault(identity(path), path) != path:
            left_out.append(LeftOut(path, _AGAIN))
    return Listing(tuple(sorted(names.values())), tuple(left_out))
