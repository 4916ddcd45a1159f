"""The pictures without a label that a user has named as clean: absence of a label is no statement."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.layouts.labelme_folder import LabelledImage
from training.data.file_identity import identity
from training.support.listed_names import counted, listed
from training.support.user_error import UserError

REFUSE, CLEAN, LEAVE_OUT = "refuse", "clean", "leave-out"
UNLABELLED = (REFUSE, CLEAN, LEAVE_OUT)
"""Treatment of unlabelled pictures that nobody has named."""


def stated_images(
    images: Sequence[LabelledImage],
    plates: Mapping[str, str],
    defective: Sequence[LabelledImage],
    root: Path,
    clean: Sequence[str],
    unlabelled: str,
) -> tuple[list[LabelledImage], list[str]]:
    """Return the pictures that have a label or are clean by statement, and notes about the others.

    ``plates`` gives the plate of every picture's name; ``defective`` are the pictures that show a defect; ``clean`` are
    folders, plates, pictures, or text files that list such. Raises UserError for an entry that names nothing, for one
    that names a picture with a defect, and for pictures without a statement if ``unlabelled`` is "refuse".
    """
    entries = [entry for text in clean for entry in _entries(text)]
    named: set[str] = set()
    for entry in entries:
        names = _named_by(entry, images, plates, root)
        if not names:
            raise UserError(f"--clean {entry}: {root} has no such folder, plate or picture")
        named |= names
    wrong = [labelled.name for labelled in defective if labelled.name in named]
    if wrong:
        raise UserError(f"--clean names pictures whose label shows a defect: {listed(wrong)}")
    silent = [entry.name for entry in images if entry.annotation is None and entry.name not in named]
    stated = [entry for entry in images if entry.annotation is not None or entry.name in named]
    clean_bare = sum(entry.annotation is None for entry in stated)
    notes = [f"{counted(clean_bare, 'picture')} without a label are clean by --clean"] if clean_bare else []
    if not silent:
        return stated, notes
    if unlabelled == CLEAN:
        return list(images), [*notes, f"{counted(len(silent), 'picture')} without a label count as clean"]
    if unlabelled == LEAVE_OUT:
        return stated, [*notes, f"{len(silent)} pictures without a label are left out: {listed(silent)}"]
    raise UserError(
        f"{counted(len(silent), 'picture has', 'pictures have')} no label, which does not say that they are "
        f"clean: {listed(silent)}; name the clean ones with --clean (folders, plates, or a text file of names), or "
        f"all of them with --unlabelled {CLEAN}, or take none with --unlabelled {LEAVE_OUT}"
    )


def _entries(text: str) -> list[str]:
    """Return the lines of a text file, or the text itself."""
    path = Path(text)
    if not path.is_file() or path.suffix.lower() not in (".txt", ".csv", ".lst"):
        return [text]
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: {error}") from error
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _named_by(entry: str, images: Sequence[LabelledImage], plates: Mapping[str, str], root: Path) -> set[str]:
    """Return the names of the pictures below a folder, of a plate, or of the one picture that an entry names."""
    found = {name for name, plate in plates.items() if plate == entry}
    for place in (root / entry, Path(entry)):
        if place.is_dir() and place.resolve().is_relative_to(root.resolve()):
            folder = place.resolve()
            found |= {e.name for e in images if (root / e.name).resolve().is_relative_to(folder)}
        for labelled in images:
            if labelled.image is not None and identity(place) == identity(labelled.image):
                found.add(labelled.name)
    return found | {labelled.name for labelled in images if labelled.name == entry.replace("\\", "/")}
