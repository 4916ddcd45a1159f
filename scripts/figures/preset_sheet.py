"""Render every stain preset at full size in the bright field, at its border and in the dark field of the plate.

    python scripts/preset_sheet.py [--out FILE] [--samples N]

Each tile is a part of the paper's picture of 2448 x 2050 pixels, with the mask's outline beside it. The clean plate
comes first. The seed of the stains is the first whose stains cover about a third of the tile.
"""

import argparse
import dataclasses
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.progress import Progress

from blender_addon.definitions.classes import WATER_STAIN
from blender_addon.inspection.camera import CameraParams
from blender_addon.inspection.ring_light import RingLightParams
from blender_addon.inspection.scene import InspectionScene, PictureParams
from blender_addon.metals.brushed import BrushedMetalParams
from blender_addon.plate.mesh import PlateParams
from blender_addon.plate.surface import InspectedSurface
from blender_addon.water_stain.params import WaterStainParams
from blender_addon.water_stain.preset import read_preset, shipped_presets
from blender_addon.water_stain.reference import evaluate_water_stain
from blender_addon.water_stain.shading import StainShadingParams
from scripts.rendering.still import Border, cheaper_renderer, render_still

WIDTH, HEIGHT = 2448, 2050
TILE, LABEL, GAP = 360, 20, 4  # pixels; a tile is 18 mm across
COVERED = (0.25, 0.45)  # part of a tile that stains should cover
SEEDS = 400
# Middles of the tiles in pixels of the picture: in the ring's reflection, across its inner border, in its hole.
FIELDS = {"bright field": (1224, 1744), "border": (1224, 1474), "dark field": (1224, 1025)}
FIELD_WIDTH = CameraParams().field_width


def border_of(middle: tuple[int, int]) -> Border:
    """Return the part of the picture that a tile shows; y counts from the bottom, as in Blender."""
    x, y = middle[0] - TILE // 2, HEIGHT - middle[1] - TILE // 2
    return x / WIDTH, (x + TILE) / WIDTH, y / HEIGHT, (y + TILE) / HEIGHT


def points_of(middle: tuple[int, int]) -> np.ndarray:
    """Return a sparse grid of the plate's points in a tile, float32 (N, 3), metres."""
    steps = np.linspace(-TILE / 2, TILE / 2, 40)
    x, y = np.meshgrid(middle[0] + steps - WIDTH / 2, HEIGHT / 2 - middle[1] - steps)
    return (np.stack([x, y, np.zeros_like(x)], axis=-1).reshape(-1, 3) * FIELD_WIDTH / WIDTH).astype(np.float32)


def placed(values: dict[str, Any], middle: tuple[int, int]) -> WaterStainParams:
    """Return a preset's stains with the first seed that covers the tile as COVERED demands, or the nearest to it."""
    fields = {field.name for field in dataclasses.fields(WaterStainParams)}
    looks = {name: value for name, value in values.items() if name in fields}
    points = points_of(middle)
    best, nearest = WaterStainParams(**looks), np.inf
    for seed in range(1, SEEDS):
        params = WaterStainParams(**looks, seed_offset=seed)
        covered = evaluate_water_stain(points, params).inside.mean()
        apart = max(COVERED[0] - covered, covered - COVERED[1], 0.0)
        if apart < nearest:
            best, nearest = params, apart
        if nearest == 0:
            break
    return best


def surface_of(values: dict[str, Any] | None, middle: tuple[int, int]) -> InspectedSurface:
    """Return the plate with a preset's stains; None: without stains."""
    metal = BrushedMetalParams(groove_depth=2.3e-6)
    if values is None:
        return InspectedSurface(metal)
    fields = {field.name for field in dataclasses.fields(StainShadingParams)}
    shading: dict[str, Any] = {name: value for name, value in values.items() if name in fields}
    return InspectedSurface(metal, placed(values, middle), stain_shading=StainShadingParams(**shading))


def row(name: str, values: dict[str, Any] | None, samples: int, folder: Path, progress: Progress) -> np.ndarray:
    """Render a preset's tiles and masks side by side: grey uint8, its name above."""
    tiles = []
    picture = PictureParams(WIDTH, HEIGHT, samples, denoise=False)
    for field, middle in FIELDS.items():
        surface = surface_of(values, middle)
        equipment = (PlateParams(), CameraParams(), RingLightParams())
        scene = InspectionScene(picture, *equipment, surface, stain_renderer=cheaper_renderer())
        grey, classes = render_still(scene, folder, border=border_of(middle))
        mask = np.where(classes == WATER_STAIN.id, 255, 0).astype(np.uint8)
        small = cv2.resize(mask, (TILE // 3, TILE // 3), interpolation=cv2.INTER_NEAREST)
        beside = np.full((TILE, TILE // 3), 255, np.uint8)
        beside[: TILE // 3] = small
        label = np.full((LABEL, TILE + TILE // 3), 255, np.uint8)
        cv2.putText(label, f"{name}, {field}", (3, LABEL - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0,), 1, cv2.LINE_AA)
        gap = np.full((TILE + LABEL, GAP), 255, np.uint8)
        tiles += [np.vstack([label, np.hstack([grey, beside])]), gap]
        progress.advance(progress.task_ids[0])
    return np.hstack(tiles[:-1])


def main() -> int:
    """Parse, render and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).parents[2] / "docs" / "pictures" / "stain_presets.jpg"
    parser.add_argument("--out", type=Path, default=default)
    parser.add_argument("--samples", type=int, default=32, help="samples of the pictures (default: %(default)s)")
    parser.add_argument(
        "--only", nargs="+", choices=list(shipped_presets()), metavar="PRESET", help="these presets only"
    )
    options = parser.parse_args()
    if not options.out.parent.is_dir():
        parser.error(f"there is no folder {options.out.parent} to write {options.out.name} into")
    looks: dict[str, dict[str, Any] | None] = {} if options.only else {"clean": None}
    chosen = {name: path for name, path in shipped_presets().items() if not options.only or name in options.only}
    looks |= {name.replace("_", " "): read_preset(path) for name, path in chosen.items()}
    with tempfile.TemporaryDirectory() as folder, Progress() as progress:
        progress.add_task("tiles", total=len(looks) * len(FIELDS))
        rows = [row(name, values, options.samples, Path(folder), progress) for name, values in looks.items()]
    cv2.imwrite(str(options.out), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 80])
    print(f"presets: {options.out}")
    return 0
