"""The pictures of an evaluation: composed while the images pass by, and only the chosen ones kept."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import cv2

from eval.pictures.choice import PictureBudget, Reason, choose, evenly_spaced
from eval.pictures.image_result import ImageResult
from eval.pictures.overlay import FALSE_NEGATIVE, FALSE_POSITIVE, TRUE_POSITIVE, Picture
from eval.pictures.panel import INK, Tile, panel

PARTS = "parts"
PART_NAMES = ("picture", "truth", "overlay", "decision")


@dataclass(frozen=True)
class Views:
    """Five views of one image, uint8 (H, W, 3) RGB; decision is (H, W, 4), transparent where nothing is to be told."""

    picture: Picture
    truth: Picture
    heat: Picture
    overlay: Picture
    decision: Picture


@dataclass(frozen=True)
class PictureEntry:
    """One kept picture, as results.json lists it; the files are relative to the evaluation folder."""

    sample_id: str
    reasons: list[Reason]
    """Why it is among the worst or the best; empty for common pictures."""
    panel: str
    picture: str
    truth: str
    overlay: str
    decision: str
    instances_found: int
    instances: int


def file_stem(sample_id: str) -> str:
    """A sample id as a file name of ASCII letters, digits, dash, dot and underscore; no two ids have the same."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", sample_id).strip(".")
    return plain if plain == sample_id else f"_{plain}_{hashlib.sha256(sample_id.encode()).hexdigest()[:8]}"


def write_picture(path: Path, picture: Picture) -> None:
    """Write an RGB(A) picture as PNG, into a temporary folder that is renamed when it is whole. Raises OSError."""
    encoded, content = cv2.imencode(
        ".png", cv2.cvtColor(picture, cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR)
    )
    if not encoded:
        raise OSError(f"{path} could not be encoded")
    path.write_bytes(content.tobytes())


class PictureFiles:
    """Keeps the pictures worth a look in a folder; what a later image displaces is deleted again."""

    def __init__(self, folder: Path, images: int, budget: PictureBudget, tile_width: int) -> None:
        self._folder = folder
        self._budget = budget
        self._tile_width = tile_width
        everything = images <= budget.all_up_to
        self._common = frozenset(range(images)) if everything else evenly_spaced(images, budget.common)
        self._seen = 0
        self._always: set[str] = set()
        self._kept: dict[str, ImageResult] = {}
        (folder / "pictures" / PARTS).mkdir(parents=True)

    def wants(self, result: ImageResult) -> bool:
        """Take note of the next image of the split, and say whether its pictures are to be written now."""
        if self._seen in self._common:
            self._always.add(result.sample_id)
        self._seen += 1
        chosen = self._always | set(choose([*self._kept.values(), result], self._budget))
        for sample_id in set(self._kept) - chosen:
            del self._kept[sample_id]
            for path in self._paths(sample_id).values():
                (self._folder / path).unlink()
        if result.sample_id not in chosen:
            return False
        self._kept[result.sample_id] = result
        return True

    def write(self, result: ImageResult, views: Views) -> None:
        """Write the panel and its parts at full size."""
        legend = (("TP", TRUE_POSITIVE), ("FP", FALSE_POSITIVE), ("FN", FALSE_NEGATIVE))
        found = f"{result.instances_found} of {result.instances} found" if result.instances else "no defect"
        tiles = (
            Tile(views.picture, ((result.sample_id, INK),)),
            Tile(views.truth, ((f"ground truth: {result.classes}", INK),)),
            Tile(views.heat, ((f"anomaly map, score {result.score:.3g}", INK),)),
            Tile(views.overlay, (*legend, (found, INK))),
        )
        paths = self._paths(result.sample_id)
        write_picture(self._folder / paths["panel"], panel(tiles, self._tile_width))
        for part in PART_NAMES:
            write_picture(self._folder / paths[part], getattr(views, part))

    def entries(self) -> list[PictureEntry]:
        """The kept pictures in the order of their sample ids, each with the reasons why it was kept."""
        reasons = choose(list(self._kept.values()), self._budget)
        return [
            PictureEntry(
                sample_id=sample_id,
                reasons=reasons.get(sample_id, []),
                instances_found=result.instances_found,
                instances=result.instances,
                **self._paths(sample_id),
            )
            for sample_id, result in sorted(self._kept.items())
        ]

    @staticmethod
    def _paths(sample_id: str) -> dict[str, str]:
        stem = file_stem(sample_id)
        parts = {part: f"pictures/{PARTS}/{stem}_{part}.png" for part in PART_NAMES}
        return {"panel": f"pictures/{stem}.png", **parts}
