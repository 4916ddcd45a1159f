"""COCO files of a dataset: one per split, or one for all."""

from pathlib import Path

from training.support.listed_names import listed
from training.support.user_error import UserError

_WORDS = {"train": "train", "validation": "validation", "valid": "validation", "val": "validation", "test": "test"}


def find_coco_files(source: Path, images: Path | None) -> list[tuple[Path, str | None, Path]]:
    """Return (COCO file, its split or None, folder of its images) for a file or a folder.

    A folder holds annotations/*<split>*.json with images/ (or images/<split>/, or <split>/), or <split>/*.json with the
    images beside it. Raises UserError if there is none, or two for one split.
    """
    if source.is_file():
        return [(source, _split_of(source), images or _images_beside(source))]
    if not source.is_dir():
        raise UserError(f"there is no file or folder {source}")
    found = (
        sorted((source / "annotations").glob("*.json"))
        or sorted(source.glob("*/*.json"))
        or sorted(source.glob("*.json"))
    )
    if not found:
        raise UserError(f"{source} holds no COCO file: annotations/instances_<split>.json, or <split>/<name>.json")
    splits = [_split_of(path) for path in found]
    if len(found) > 1 and (None in splits or len(set(splits)) < len(splits)):
        raise UserError(f"{source}: the splits of {listed(found)} are not clear; name one file, and --splits")
    return [(path, split, images or _images_of(source, path, split)) for path, split in zip(found, splits, strict=True)]


def _split_of(path: Path) -> str | None:
    for text in (path.stem, path.parent.name):
        words = text.lower().replace("-", "_").replace(".", "_").split("_")
        found = {_WORDS[word.rstrip("0123456789")] for word in words if word.rstrip("0123456789") in _WORDS}
        if len(found) == 1:
            return found.pop()
    return None


def _images_beside(path: Path) -> Path:
    return next(
        (folder for folder in (path.parent / "images", path.parent.parent / "images") if folder.is_dir()), path.parent
    )


def _images_of(source: Path, path: Path, split: str | None) -> Path:
    if path.parent.name != "annotations":
        return path.parent
    names = [word for word, meant in _WORDS.items() if meant == split]
    names = [path.stem.removeprefix("instances_"), *names]
    places = [source / "images" / name for name in names] + [source / "images"] + [source / name for name in names]
    return next((place for place in places if place.is_dir()), source)
