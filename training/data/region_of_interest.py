"""The region of interest: the part of an image that is inspected. Outside it nothing counts and nothing is learned.

``RegionOfInterest.inside`` gives the mask of an image. It depends on the image's path and size only.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path, PurePath

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.decoding import decoded, read_content
from training.data.region_file import RegionRule, read_rules
from training.support.user_error import UserError

_KEPT_MASKS = 8


class RegionOfInterest:
    """The rules of a region file. The first rule whose pattern matches an image's path gives its mask."""

    def __init__(self, file: Path, rules: Sequence[RegionRule], sha256: str) -> None:
        self.file, self.rules, self.sha256 = file, tuple(rules), sha256
        self._drawn = lru_cache(_KEPT_MASKS)(self._draw)

    @property
    def name(self) -> str:
        """The name of the region's file."""
        return self.file.name

    def inside(self, image: str | PurePath, height: int, width: int) -> NDArray[np.bool_]:
        """Return which pixels of an image count: bool (height, width), read-only.

        ``image`` is its path or its name, which the patterns see. Raises UserError if no pattern matches, and if the
        image has another size than the mask or the polygons of the rule.
        """
        rule = self._rule(image)
        if rule.size is not None and rule.size != (width, height):
            source = f"the polygons for {rule.pattern}" if rule.mask is None else rule.mask
            raise UserError(
                f"{image} has {width} x {height} pixels, but the region of interest ({source}) "
                f"{rule.size[0]} x {rule.size[1]}; draw the region on an image of this size"
            )
        return self._drawn(rule, height, width)

    def check_name(self, image: str | PurePath) -> None:
        """Raise UserError if no pattern matches an image's path."""
        self._rule(image)

    def common_mask(self) -> NDArray[np.bool_] | None:
        """Return which pixels count in every image: bool (height, width), read-only; None: all, at any size.

        Raises UserError if rules for several patterns give several masks.
        """
        rule = self.rules[0]
        if len(self.rules) > 1 and rule.pattern != "*":
            patterns = ", ".join(other.pattern for other in self.rules)
            raise UserError(f"the region of interest {self.file} depends on the names of the images ({patterns})")
        return None if rule.size is None else self._drawn(rule, rule.size[1], rule.size[0])

    def document(self) -> dict[str, str]:
        """Return what a model's provenance records: name, file and hash."""
        return {"name": self.name, "file": str(self.file.resolve()), "sha256": self.sha256}

    def _rule(self, image: str | PurePath) -> RegionRule:
        for rule in self.rules:
            if rule.matches(image):
                return rule
        patterns = ", ".join(rule.pattern for rule in self.rules)
        raise UserError(
            f"{self.file} has no region of interest for {image}: none of its patterns matches ({patterns}); add one, "
            'or a last rule for all others: {"pattern": "*", "whole": true}'
        )

    def _draw(self, rule: RegionRule, height: int, width: int) -> NDArray[np.bool_]:
        if rule.mask is not None:
            inside = np.asarray(decoded_mask(rule.mask) > 0)
        elif rule.whole:
            inside = np.ones((height, width), dtype=np.bool_)
        else:
            inside = rule.drawn()
        if not inside.any():
            raise UserError(f"{self.file}: the region of interest for {rule.pattern} is empty: no pixel lies inside")
        inside.setflags(write=False)
        return inside


def open_region(file: Path) -> RegionOfInterest:
    """Open a region file: a mask picture for all images, or a JSON file (``RegionRule``).

    Raises UserError, naming the file, for one that is missing or malformed and for a mask that does not decode.
    """
    content = _bytes_of(file)
    digest = hashlib.sha256(content)
    rules = read_rules(file, content) if file.suffix.lower() == ".json" else (RegionRule(mask=file),)
    sized = []
    for rule in rules:
        if rule.mask is None:
            sized.append(rule)
            continue
        height, width = decoded_mask(rule.mask).shape
        digest.update(_bytes_of(rule.mask))
        sized.append(rule.of_size((width, height)))
    region = RegionOfInterest(file, sized, digest.hexdigest())
    for rule in region.rules:
        if rule.size is not None:
            region._drawn(rule, rule.size[1], rule.size[0])
    return region


def decoded_mask(path: Path) -> NDArray[np.uint8]:
    """Return a mask picture (H, W) that is above 0 inside. Raises UserError if it does not decode."""
    pixels = decoded(read_content(path), cv2.IMREAD_UNCHANGED, path)
    colours = pixels if pixels.ndim == 2 else pixels[..., :3].max(axis=2)
    return np.where(colours > 0, np.uint8(255), np.uint8(0))


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"region.file: cannot read {path}: {error.strerror}") from error
