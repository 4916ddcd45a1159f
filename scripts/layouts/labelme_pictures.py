"""The picture that a LabelMe file belongs to, among the pictures of a folder."""

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PureWindowsPath

from training.data.file_identity import check_link, identity, is_image
from training.support.listed_names import listed
from training.support.user_error import UserError


class Pictures:
    """The pictures of a folder, found by the names that LabelMe files give them."""

    def __init__(self, root: Path, pictures: Sequence[Path], labels: Sequence[Path]) -> None:
        """Index pictures and LabelMe files below ``root``."""
        self._root = root
        self._by_identity = {identity(path): path for path in pictures}
        self._by_place = {_key(path): path for path in pictures}
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        self._by_stem: dict[str, list[Path]] = defaultdict(list)
        for path in pictures:
            self._by_name[path.name.casefold()].append(path)
            self._by_stem[path.stem.casefold()].append(path)
        self._picture_folders = {folder for path in pictures for folder in path.relative_to(root).parents}
        self._label_folders = {folder for path in labels for folder in path.relative_to(root).parents}

    def named(self, label: Path, image_path: str) -> Path | None:
        """Return the picture that the LabelMe file ``label`` names with ``image_path``, or None if it is not there.

        It is searched at that path, whatever its slashes and its case, then beside the LabelMe file under that name and
        under the file's own stem.
        """
        named = PureWindowsPath(image_path)  # understands / and \
        if not named.drive and not named.root:
            place = label.parent.joinpath(*named.parts)
            found = self._by_identity.get(identity(place)) or self._by_place.get(_key(place))
            if found is not None:
                return found
            if place.is_symlink() and is_image(place):
                check_link(place, self._root)
        for candidates in (self._by_name[named.name.casefold()], self._by_stem[label.stem.casefold()]):
            beside = [path for path in candidates if path.parent == label.parent]
            if len(beside) > 1:
                raise UserError(f"{label}: its image {image_path} could be any of {listed(beside)}; correct imagePath")
            if beside:
                return beside[0]
        return None

    def mirrored(self, label: Path, image_path: str) -> list[Path]:
        """Return the pictures in a tree beside a tree of LabelMe files: images/p05/v0.png for labels/p05/v0.json.

        They have the name of ``image_path``, or the LabelMe file's own stem.
        """
        name = PureWindowsPath(image_path).name.casefold()
        for candidates in (self._by_name[name], self._by_stem[label.stem.casefold()]):
            found = [path for path in candidates if self._mirrors(label, path)]
            if found:
                return found
        return []

    def _mirrors(self, label: Path, picture: Path) -> bool:
        """Return whether two paths differ in one folder only: one of LabelMe files against one of pictures."""
        mine, its = (list(path.parent.relative_to(self._root).parts) for path in (label, picture))
        common: list[str] = []
        while mine and its and mine[0] == its[0]:
            common.append(mine.pop(0))
            its.pop(0)
        while mine and its and mine[-1] == its[-1]:
            mine.pop()
            its.pop()
        of_labels, of_pictures = Path(*common, *mine), Path(*common, *its)
        if len(mine) > 1 or len(its) > 1 or (mine and its and _without_digits(mine[0]) == _without_digits(its[0])):
            return False  # folders that differ in a number are plates of one series
        apart = not mine or of_labels not in self._picture_folders
        return apart and (not its or of_pictures not in self._label_folders)


def _without_digits(name: str) -> str:
    return re.sub(r"\d+", "", name)


def _key(path: Path) -> str:
    return str(path.resolve()).casefold()
