"""Lists of names in messages: at most ten, and the number of the others."""

from collections.abc import Iterable

MOST = 10


def listed(names: Iterable[object], most: int = MOST) -> str:
    """Return the first names, separated by commas, and how many more there are."""
    texts = [str(name) for name in names]
    more = len(texts) - most
    return ", ".join(texts[:most]) + (f" and {more} more" if more > 0 else "")


def counted(number: int, one: str, several: str | None = None) -> str:
    """Return a number with its noun: "1 image", "3 images"."""
    return f"{number} {one if number == 1 else several or one + 's'}"
