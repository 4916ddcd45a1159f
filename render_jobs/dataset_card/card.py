"""The card of a dataset folder: croissant.json, README.md with a strip of pictures, and metadata.jsonl.

The files depend on the folder's tables and pictures and on the licence, on nothing else: equal datasets have equal
cards.
"""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from blender_addon.pictures.png import rgb_png
from blender_addon.pictures.whole_file import json_bytes

from .contact_strip import Readers, contact_strip
from .contents import read_contents
from .croissant import croissant
from .image_folder import METADATA, image_folder_lines
from .readme import readme, summary_of

CROISSANT, README, STRIP = "croissant.json", "README.md", "contact_strip.png"


def card_files(
    folder: Path,
    description: Mapping[str, Any],
    read: Readers,
    shown: Mapping[str, Collection[str]] | None = None,
    licence: str | None = None,
) -> dict[str, bytes]:
    """Return the card's files by name, for a folder whose tables and pictures are written.

    ``description`` is the content of dataset.json, which need not be written yet. ``shown``: see `read_contents`.
    Without ``licence``, the one that an earlier card states is kept. Raises OSError or ValueError if a file of the
    folder cannot be read.
    """
    contents = read_contents(folder, description, shown)
    licence = licence or stated_licence(folder)
    summary = summary_of(contents)
    files = {METADATA: image_folder_lines(contents), CROISSANT: json_bytes(croissant(contents, summary, licence))}
    if contents.samples:
        files[STRIP] = rgb_png(contact_strip(contents, read))
    files[README] = readme(contents, summary, licence, STRIP if contents.samples else "").encode()
    return files


def stated_licence(folder: Path) -> str | None:
    """Return the licence that the folder's croissant.json states; None if there is none or it cannot be read."""
    try:
        document = json.loads((folder / CROISSANT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    licence = document.get("license") if isinstance(document, dict) else None
    return licence if isinstance(licence, str) and licence else None
