"""A pattern that finds the plate in a picture's path, and a suggestion of one for a flat folder."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from training.support.listed_names import listed
from training.support.user_error import UserError

_CANDIDATES = (
    r"([^/]+)[_-][^/_-]+$",  # plate_view
    r"([^/\d]*\d+)[^/]*$",  # plate12view
    r"([^/]+)$",  # every picture is a plate
)


def read_plate_pattern(text: str) -> re.Pattern[str]:
    """Compile a pattern with a group of the plate, the first or (?P<plate>...). Raises UserError."""
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise UserError(f"--plate {text!r} is not a regular expression: {error}") from error
    if not pattern.groups:
        raise UserError(f"--plate {text!r} has no group (...) for the plate")
    return pattern


def suggestion(names: Sequence[str]) -> str:
    """Return a sentence with a --plate pattern for pictures in one folder and the plates that it would make.

    It is empty if the pictures lie in several folders.
    """
    if len({PurePosixPath(name).parent for name in names}) > 1 or len(names) < 2:
        return ""
    for pattern in _CANDIDATES:
        found = [re.search(pattern, name) for name in names]
        groups = Counter(match[1] for match in found if match)
        if all(found) and 1 < len(groups) < len(names):
            break
    plates = [f"{plate} ({count})" for plate, count in sorted(groups.items())]
    return (
        f"; all {len(names)} pictures lie in one folder: --plate '{pattern}' would make {len(plates)} plates: "
        f"{listed(plates)}"
    )
