"""A hash of a dataset's files."""

import hashlib
from pathlib import Path

from training.support.progress import with_progress

_COUNTED = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".jp2", ".csv", ".json"}
_CARD = {"README.md", "croissant.json", "metadata.jsonl", "contact_strip.png"}
"""Files that describe a dataset: a licence stated later makes no other dataset."""


def dataset_sha256(root: Path) -> str:
    """Return the SHA-256 over the names and contents of a dataset's pictures and tables, hexadecimal.

    The folder's own place and its card do not count, nor do hidden files. Raises OSError if a file cannot be read.
    """
    files = sorted(
        path
        for path in root.rglob("*")
        if path.suffix.lower() in _COUNTED and path.is_file() and _is_visible(path.relative_to(root))
    )
    total = hashlib.sha256()
    for path in with_progress(files, len(files), "hashing the dataset"):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(f"{path.relative_to(root).as_posix()}\t{content}\n".encode())
    return total.hexdigest()


def _is_visible(relative: Path) -> bool:
    return relative.as_posix() not in _CARD and not any(part.startswith(".") for part in relative.parts)
