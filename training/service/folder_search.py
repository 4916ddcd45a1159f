"""The search of a watched folder for pictures, and the rule for which of its files count."""

import logging
from pathlib import Path

from training.data.file_identity import is_hidden, is_image, left_out_in_words, list_images
from training.service.arrivals import oldest_first
from training.support.user_error import UserError

log = logging.getLogger(__name__)


class FolderSearch:
    """The pictures of a folder, through all levels, without those below the output."""

    def __init__(self, folder: Path, output: Path) -> None:
        self._folder, self._output = folder, output.resolve()
        self._told: set[str] = set()

    def files(self) -> list[Path]:
        """Return the pictures, the oldest first; a folder that cannot be searched is told once, and empty."""
        try:
            listing = list_images(self._folder)
        except (OSError, UserError) as error:
            self._tell(logging.WARNING, f"Warning: {self._folder} cannot be searched, and is looked at again: {error}")
            return []
        for line in left_out_in_words(listing.left_out, self._folder):
            self._tell(logging.INFO, line)
        return oldest_first(path for path in listing.files if not path.resolve().is_relative_to(self._output))

    def counts(self, path: Path) -> bool:
        """Return True for a picture that a search would find; links wait for the search."""
        if not is_image(path) or not path.is_relative_to(self._folder):
            return False
        inside = path.relative_to(self._folder)
        if any(is_hidden(part) for part in inside.parts):
            return False
        resolved = path.resolve()
        return resolved == self._folder.resolve() / inside and not resolved.is_relative_to(self._output)

    def _tell(self, level: int, line: str) -> None:
        if line not in self._told:
            self._told.add(line)
            log.log(level, "%s", line)
