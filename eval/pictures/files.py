"""Picture files of an evaluation, written image by image; only the chosen ones are kept."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from eval.pictures.choice import PictureBudget, Reason, choose, evenly_spaced
from eval.pictures.image_result import ImageResult, found_caption
from eval.pictures.overlay import FALSE_NEGATIVE_COLOUR, FALSE_POSITIVE_COLOUR, TRUE_POSITIVE_COLOUR, Picture
from eval.pictures.panel import INK, Tile, panel
from training.support.picture_encoding import encode_png

PARTS = "parts"
PART_NAMES = ("picture", "truth", "overlay", "decision")


@dataclass(frozen=True)
class Views:
    """Five views of one image, uint8 RGB (H, W, 3).

    decision is RGBA (H, W, 4) and transparent at true negatives.
    """

    picture: Picture
    truth: Picture
    heat: Picture
    overlay: Picture
    decision: Picture


@dataclass(frozen=True)
class PictureEntry:
    """One kept picture, as listed in results.json; file paths are relative to the evaluation folder."""

    sample_id: str
    reasons: list[Reason]
    """Ranks among the worst and the best; empty for evenly spaced pictures."""
    panel: str
    picture: str
    truth: str
    overlay: str
    decision: str
    instances_found: int
    instances: int


def file_stem(sample_id: str) -> str:
    """Turn a sample id into a unique file name of ASCII letters, digits, dashes, dots and underscores."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", sample_id).strip(".")
    return plain if plain == sample_id else f"_{plain}_{hashlib.sha256(sample_id.encode()).hexdigest()[:8]}"


class PictureFiles:
    """Writer of the chosen pictures into a folder; pictures displaced by a later image are deleted."""

    def __init__(self, folder: Path, images: int, budget: PictureBudget, tile_width: int) -> None:
        self._folder = folder
        self._budget = budget
        self._tile_width = tile_width
        keep_all = images <= budget.all_up_to
        self._common_positions = frozenset(range(images)) if keep_all else evenly_spaced(images, budget.common)
        self._images_so_far = 0
        self._common_ids: set[str] = set()
        self._kept: dict[str, ImageResult] = {}
        (folder / "pictures" / PARTS).mkdir(parents=True)

    def register(self, result: ImageResult) -> bool:
        """Register the next image of the split; return True if the caller must write its pictures now."""
        if self._images_so_far in self._common_positions:
            self._common_ids.add(result.sample_id)
        self._images_so_far += 1
        chosen = self._common_ids | set(choose([*self._kept.values(), result], self._budget))
        for sample_id in set(self._kept) - chosen:
            del self._kept[sample_id]
            for path in self._paths(sample_id).values():
                (self._folder / path).unlink()
        if result.sample_id not in chosen:
            return False
        self._kept[result.sample_id] = result
        return True

    def write(self, result: ImageResult, views: Views) -> None:
        """Write the panel of an image, and its parts at full size.

        The files are not written atomically: the caller renames the complete folder. Raises OSError.
        """
        legend = (("TP", TRUE_POSITIVE_COLOUR), ("FP", FALSE_POSITIVE_COLOUR), ("FN", FALSE_NEGATIVE_COLOUR))
        tiles = (
            Tile(views.picture, ((result.sample_id, INK),)),
            Tile(views.truth, ((f"ground truth: {result.classes}", INK),)),
            Tile(views.heat, ((f"anomaly map, score {result.score:.3g}", INK),)),
            Tile(views.overlay, (*legend, (found_caption(result.instances_found, result.instances), INK))),
        )
        paths = self._paths(result.sample_id)
        (self._folder / paths["panel"]).write_bytes(encode_png(panel(tiles, self._tile_width)))
        for part in PART_NAMES:
            (self._folder / paths[part]).write_bytes(encode_png(getattr(views, part)))

    def entries(self) -> list[PictureEntry]:
        """Return the kept pictures with their reasons, sorted by sample id."""
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
