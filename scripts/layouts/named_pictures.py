"""The picture of a folder that an annotation program's export names."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qs, unquote, urlparse

from scripts.layouts.labelme_file import Annotation
from scripts.layouts.labelme_folder import LabelledImage
from training.data.decoding import read_content
from training.data.file_identity import list_images
from training.support.listed_names import listed
from training.support.user_error import UserError

_UPLOADED = re.compile(r"^[0-9a-f]{8}-")  # Label Studio puts this before the name of an uploaded picture


class NamedPictures:
    """The pictures below a folder, found by a path, an address or a name that a program has changed."""

    def __init__(self, root: Path) -> None:
        """List the pictures. Raises UserError for a folder without any."""
        if not root.is_dir():
            raise UserError(f"there is no folder {root}")
        self.root = root
        self.listing = list_images(root)
        if not self.listing.files:
            raise UserError(f"{root} holds no images; name their folder with --images")
        self._by_end: dict[str, list[Path]] = defaultdict(list)
        for path in self.listing.files:
            parts = path.relative_to(root).parts
            for k in range(len(parts)):
                self._by_end["/".join(parts[k:]).casefold()].append(path)

    def find(self, name: str, where: str) -> Path:
        """Return the picture of a name. Raises UserError if there is none, or if there are several."""
        ends = [end for text in _spellings(name) for end in _ends(text)]
        found = next((self._by_end[end] for end in ends if end in self._by_end), [])
        if len(found) != 1:
            cause = (
                f"could be any of {listed(found)}" if found else f"is not in {self.root}; name its folder with --images"
            )
            raise UserError(f"{where}: image {name} {cause}")
        return found[0]

    def labelled(self, annotations: Iterable[tuple[Path, Annotation]]) -> list[LabelledImage]:
        """Return every picture of the folder with its annotation or none. Raises UserError for two of one picture."""
        own: dict[Path, Annotation] = {}
        for path, annotation in annotations:
            read_content(path)
            if path in own:
                raise UserError(f"{annotation.path}: two annotations belong to {path}; keep one of them")
            own[path] = annotation
        return [
            LabelledImage(path.relative_to(self.root).with_suffix("").as_posix(), path, own.get(path))
            for path in self.listing.files
        ]


def _spellings(name: str) -> Sequence[str]:
    """Return a name's path, of an address also the path in its query (?d=), and both without an upload's prefix."""
    address = urlparse(name.replace("\\", "/"))
    texts = [*parse_qs(address.query).get("d", []), unquote(address.path), name.replace("\\", "/")]
    bare = [str(PurePosixPath(text).with_name(_UPLOADED.sub("", PurePosixPath(text).name))) for text in texts if text]
    return [*texts, *bare]


def _ends(text: str) -> Iterable[str]:
    parts = [part for part in PurePosixPath(text).parts if part not in ("/", "..")]
    return ["/".join(parts[k:]).casefold() for k in range(len(parts))]
