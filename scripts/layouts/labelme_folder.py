"""A folder of pictures with LabelMe files: each picture once, with its annotation."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.layouts.dataset_tables import SIDECAR
from scripts.layouts.label_map import LabelMap, spelling
from scripts.layouts.labelme_file import (
    Annotation,
    annotation_of,
    embedded_image,
    read_document,
    recorded_size,
)
from scripts.layouts.labelme_pictures import Pictures
from training.data.decoding import decoded, read_content
from training.data.file_identity import LeftOut, Listing, identity, images_of, is_image, list_files
from training.support.listed_names import listed
from training.support.user_error import UserError

_SMALL, _SAME, _CORRELATED = 128, 8, 0.8  # pixels, grey levels, and the least correlation of details of one picture


@dataclass(frozen=True)
class LabelledImage:
    """A picture and its annotation; annotation is None if there is no LabelMe file."""

    name: str
    """The picture's path below the folder, without suffix."""
    image: Path | None
    """None if the only copy is embedded in the LabelMe file."""
    annotation: Annotation | None

    def content(self) -> tuple[bytes, str]:
        """Return the picture file's content and its suffix. Raises UserError."""
        if self.image is not None:
            return read_content(self.image), self.image.suffix
        assert self.annotation is not None  # find_images makes no image without both
        content = embedded_image(self.annotation.path, read_document(self.annotation.path))
        return content, next((suffix for magic, suffix in _MAGIC.items() if content.startswith(magic)), ".png")


@dataclass(frozen=True)
class LabelledFolder:
    """The pictures of a folder, sorted by name; what is left out; and what a user should know."""

    images: tuple[LabelledImage, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]


_MAGIC = {
    b"\x89PNG": ".png",
    b"\xff\xd8\xff": ".jpg",
    b"BM": ".bmp",
    b"II*\x00": ".tif",
    b"MM\x00*": ".tif",
    b"RIFF": ".webp",
}


def find_images(root: Path, known: LabelMap) -> LabelledFolder:
    """List a folder's pictures and check their annotations.

    Raises UserError if an annotation is malformed or has an unknown label, and if two belong to one picture.
    """
    if not root.is_dir():
        raise UserError(f"there is no folder {root}")
    listing = list_files(root)
    own = {path for path in listing.files if _is_labelme_s_own(path, root)}
    left_out = [LeftOut(path, "files in LabelMe's own _json folders") for path in sorted(own)]
    files = [path for path in listing.files if path not in own and not path.is_relative_to(root / SIDECAR)]
    labels = [path for path in files if path.suffix.lower() == ".json"]
    pictures = [path for path in files if is_image(path)]
    others = [path for path in files if path not in {*labels, *pictures}]
    left_out += images_of(Listing(tuple(others), listing.left_out)).left_out
    documents = {label: read_document(label) for label in labels}
    owners, matched = _owners(root, pictures, documents)
    labelled = [_labelled(root, label, image, documents[label], known) for label, image in owners.items()]
    taken = {identity(image) for image in owners.values() if image is not None}
    bare = [LabelledImage(_name(path, root), path, None) for path in pictures if identity(path) not in taken]
    images = sorted([*labelled, *bare], key=lambda entry: entry.name)
    if not images:
        raise UserError(f"{root} holds neither images nor LabelMe files")
    _check_names(images)
    return LabelledFolder(tuple(images), tuple(left_out), (*matched, *_notes(images)))


def _is_labelme_s_own(path: Path, root: Path) -> bool:
    """Return whether a file lies in a folder that LabelMe's labelme_json_to_dataset has made."""
    return any(
        folder.name.endswith("_json") and (folder / "label.png").is_file()
        for folder in path.parents
        if folder != root and folder.is_relative_to(root)
    )


def _owners(
    root: Path, pictures: list[Path], documents: dict[Path, dict[str, Any]]
) -> tuple[dict[Path, Path | None], list[str]]:
    """Return the picture of every LabelMe file, and notes. Raises UserError if two files have one picture."""
    index = Pictures(root, pictures, list(documents))
    found: dict[Path, Path | None] = {}
    guessed: list[Path] = []
    for label, document in documents.items():
        found[label] = index.named(label, document["imagePath"])
        if found[label] is None:
            found[label] = _mirrored(index, label, document)
            guessed += [label] if found[label] else []
    by_picture: dict[str, Path] = {}
    for label, image in found.items():
        if image is not None:
            other = by_picture.setdefault(identity(image), label)
            if other != label:
                raise UserError(f"{other} and {label} both annotate {image}; keep one of them")
    pairs = [f"{label.relative_to(root)}: {image.relative_to(root)}" for label in guessed if (image := found[label])]
    notes = [f"{len(pairs)} LabelMe files were matched with pictures of another folder: {listed(pairs)}"]
    return found, notes if pairs else []


def _mirrored(index: Pictures, label: Path, document: dict[str, Any]) -> Path | None:
    """Return the picture of a tree beside the LabelMe files' tree; one unlike the embedded copy does not count."""
    candidates = index.mirrored(label, document["imagePath"])
    if candidates and document.get("imageData"):
        copy = decoded(embedded_image(label, document), cv2.IMREAD_GRAYSCALE, label)
        candidates = [
            path for path in candidates if _alike(copy, decoded(read_content(path), cv2.IMREAD_GRAYSCALE, path))
        ]
    if len(candidates) > 1:
        raise UserError(
            f"{label}: its image {document['imagePath']} could be any of {listed(candidates)}; keep one of them, or "
            "correct imagePath"
        )
    return candidates[0] if candidates else None


def _alike(first: NDArray[Any], second: NDArray[Any]) -> bool:
    """Return whether two grey pictures (H, W) may be one, compressed more and less."""
    if first.shape != second.shape:
        return False
    side = min(_SMALL, *first.shape)
    small = [
        cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA).astype(np.float64)
        for picture in (first, second)
    ]
    if np.abs(small[0] - small[1]).max() <= _SAME:
        return True
    fine = [(picture - cv2.GaussianBlur(picture, (0, 0), 4)).ravel() for picture in small]
    norm = float(np.linalg.norm(fine[0]) * np.linalg.norm(fine[1]))
    return norm > 0 and float(fine[0] @ fine[1]) > _CORRELATED * norm


def _labelled(root: Path, label: Path, image: Path | None, document: dict[str, Any], known: LabelMap) -> LabelledImage:
    size = recorded_size(document)
    if size is None:
        content = read_content(image) if image is not None else embedded_image(label, document)
        height, width = decoded(content, cv2.IMREAD_GRAYSCALE, image or label).shape[:2]
        size = (height, width)
    elif image is None:
        embedded_image(label, document)  # refuses a file without
    annotation = annotation_of(label, document, size)
    check_labels(annotation, known)
    return LabelledImage(_name(image or label, root), image, annotation)


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).with_suffix("").as_posix()


def _check_names(images: list[LabelledImage]) -> None:
    """Raise UserError if two pictures differ in their suffix only, or a label's only copy has another one's name."""
    seen: dict[str, LabelledImage] = {}
    for labelled in images:
        other = seen.setdefault(labelled.name.casefold(), labelled)
        if other is not labelled:
            first, second = (entry.image or (entry.annotation and entry.annotation.path) for entry in (other, labelled))
            raise UserError(
                f"{first} and {second} have one name but for the suffix or case; keep one of them, or rename"
            )


def _notes(images: list[LabelledImage]) -> list[str]:
    copies = [labelled.name for labelled in images if labelled.image is None]
    notes = [note for labelled in images if labelled.annotation for note in labelled.annotation.notes]
    if copies:
        notes.append(
            f"{len(copies)} pictures are there only as the copy in their LabelMe file, which may be compressed again: "
            f"{listed(copies)}"
        )
    return notes


def check_labels(annotation: Annotation, known: LabelMap) -> None:
    """Raise UserError for a label that belongs to no class, the plate or ignored pixels."""
    for number, shape in enumerate(annotation.shapes, start=1):
        if not known.knows(shape.label):
            names = ", ".join(entry.name for entry in known.classes[1:])
            raise UserError(
                f"{annotation.path}: shape {number} has the unknown label {shape.label!r}; classes are {names}: "
                f"add the spelling to {known.file}"
            )


def shows_defect(labelled: LabelledImage, known: LabelMap) -> bool:
    """Return whether any shape of the image belongs to a defect class."""
    kinds = {entry.id: entry.kind for entry in known.classes}
    shapes = labelled.annotation.shapes if labelled.annotation else ()
    return any(kinds.get(known.ids.get(spelling(shape.label), 0)) == "defect" for shape in shapes)
