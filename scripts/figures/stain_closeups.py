"""Render water-stain close-ups over each parameter, beside their masks: the pictures of docs/water_stain.md.

python scripts/stain_closeups.py [--out FOLDER] [--only SHEET ...] [--samples N]
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.progress import Progress

from blender_addon.definitions.classes import WATER_STAIN
from blender_addon.inspection.camera import CameraParams, camera_for_field
from blender_addon.inspection.ring_light import RingLightParams
from blender_addon.inspection.scene import InspectionScene, PictureParams
from blender_addon.metals.brushed import BrushedMetalParams
from blender_addon.plate.mesh import PlateParams
from blender_addon.plate.surface import InspectedSurface
from blender_addon.water_stain.params import WaterStainParams
from scripts.rendering.still import render_still

TILE, LABEL, GAP = 190, 18, 4  # pixels
CLOSE, PLATE = 0.045, 0.118  # metres across a tile
# A light without a hole: the close-ups show the stains, not the hexagon.
LIGHT = RingLightParams(inner_radius=0.001, outer_radius=0.25, emission=1.05)
Value = dict[str, float]

# Sheet: (field of view, parameters of all its tiles, one dict of parameters per tile).
SHEETS: dict[str, tuple[float, Value, list[Value]]] = {
    "radius": (CLOSE, {}, [{"radius": r} for r in (0.002, 0.004, 0.006, 0.008, 0.01)]),
    "frequency": (CLOSE, {}, [{"frequency": f} for f in (40.0, 80.0, 160.0, 300.0, 600.0)]),
    "amplitude": (CLOSE, {}, [{"amplitude": a} for a in (0.0, 0.0008, 0.0015, 0.0025, 0.004)]),
    "decay": (CLOSE, {}, [{"decay": g} for g in (0.5, 1.0, 2.0, 5.0, 12.0)]),
    "intensity": (CLOSE, {}, [{"intensity": a} for a in (-0.6, -0.35, -0.15, 0.1, 0.2)]),
    "cell_size": (PLATE, {"depth_jitter": 0.0}, [{"cell_size": g} for g in (0.016, 0.02, 0.026, 0.035, 0.05)]),
    "depth_jitter": (PLATE, {"decay": 2.0}, [{"depth_jitter": t} for t in (0.0, 0.2, 0.4, 0.7, 1.0)]),
    "presence": (PLATE, {}, [{"presence": p} for p in (1.0, 0.75, 0.5, 0.25, 0.1)]),
    "radius_variation": (PLATE, {"radius": 0.005}, [{"radius_variation": v} for v in (0.0, 0.2, 0.4, 0.6, 0.9)]),
    "intensity_variation": (
        PLATE,
        {},
        [{"intensity_variation": v, "decay_variation": v * 0.6} for v in (0.0, 0.25, 0.5, 0.75, 1.0)],
    ),
    "rim": (
        CLOSE,
        {"intensity": -0.2},
        [{}, *({"rim_intensity": i, "rim_width": w} for i, w in ((-0.2, 0.1), (-0.4, 0.1), (-0.2, 0.3), (0.2, 0.1)))],
    ),
    "ring": (
        CLOSE,
        {"intensity": -0.25},
        [
            {},
            *(
                {"ring_intensity": i, "ring_position": s}
                for i, s in ((-0.1, 0.6), (-0.2, 0.6), (-0.1, 0.4), (0.1, 0.7))
            ),
        ],
    ),
    "speckle": (
        CLOSE,
        {"intensity": -0.25},
        [
            {},
            *({"speckle_intensity": i, "speckle_frequency": f} for i, f in ((0.15, 1500.0), (-0.2, 1500.0))),
            *({"speckle_intensity": -0.2, "speckle_frequency": f} for f in (700.0, 3000.0)),
        ],
    ),
    "octaves": (
        CLOSE,
        {"frequency": 90.0, "amplitude": 0.0035, "octave_gain": 0.65},
        [{"octaves": n, "octave_gain": g} for n, g in ((1, 0.65), (2, 0.65), (3, 0.4), (3, 0.65), (3, 0.9))],
    ),
    "rim_variation": (
        CLOSE,
        {"intensity": -0.08, "rim_intensity": -0.3, "rim_width": 0.15, "octaves": 2},
        [
            {"rim_width_variation": w, "rim_intensity_variation": i}
            for w, i in ((0.0, 0.0), (0.5, 0.0), (0.9, 0.0), (0.0, 1.0), (0.9, 1.0))
        ],
    ),
    "contours": (
        CLOSE,
        {"intensity": -0.1, "rim_intensity": -0.2, "contour_intensity": -0.25, "octaves": 2},
        [
            {"contours": n, "contour_spacing": s, "contour_variation": v}
            for n, s, v in ((1, 0.14, 0.0), (3, 0.14, 0.0), (5, 0.1, 0.0), (3, 0.14, 0.6), (3, 0.14, 1.0))
        ],
    ),
    "crust": (
        CLOSE,
        {"intensity": -0.1, "crust_intensity": -0.25, "octaves": 2},
        [
            {"crust_coverage": c, "crust_frequency": f}
            for c, f in ((0.0, 600.0), (0.3, 600.0), (0.6, 600.0), (1.0, 600.0), (0.6, 1500.0))
        ],
    ),
    "run_off": (CLOSE, {"radius": 0.0045}, [{"run_off": v} for v in (0.0, 0.5, 1.0, 1.5, 2.0)]),
}


def sheet(name: str, samples: int, folder: Path, advance: Any) -> np.ndarray:
    """Render one sheet: grey uint8, pictures above, masks below, their parameters on top."""
    field, common, tiles = SHEETS[name]
    columns = []
    for number, tile in enumerate(tiles):
        values: dict[str, Any] = {**common, **tile}
        params = WaterStainParams(**values)
        picture, mask = render(params, field, samples, folder)
        words = ", ".join(f"{key} {getattr(params, key):g}" for key in tiles[-1 if number else 1 if not tile else 0])
        label = np.full((LABEL, TILE), 255, np.uint8)
        scale = min(0.4, 0.4 * (TILE - 6) / cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, 0.4, 1)[0][0])
        cv2.putText(label, words, (3, LABEL - 5), cv2.FONT_HERSHEY_SIMPLEX, scale, (0,), 1, cv2.LINE_AA)
        gap = np.full((GAP, TILE), 255, np.uint8)
        columns += [np.vstack([label, picture, gap, mask]), np.full((2 * TILE + LABEL + GAP, GAP), 255, np.uint8)]
        advance()
    return np.hstack(columns[:-1])


def render(params: WaterStainParams, field: float, samples: int, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Render the plate's middle, ``field`` metres across: the picture and its mask, grey uint8 (TILE, TILE)."""
    picture = PictureParams(width=TILE, height=TILE, samples=samples, denoise=False)
    surface = InspectedSurface(BrushedMetalParams(), params)
    plate = PlateParams(width=0.13, height=0.13, border=0.0)
    camera = camera_for_field(CameraParams(), field)
    grey, classes = render_still(InspectionScene(picture, plate, camera, LIGHT, surface), folder)
    return grey, np.where(classes == WATER_STAIN.id, 255, 0).astype(np.uint8)


def main() -> None:
    """Parse, render and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "docs" / "pictures")
    parser.add_argument("--only", nargs="+", choices=sorted(SHEETS), metavar="SHEET", help=", ".join(SHEETS))
    parser.add_argument("--samples", type=int, default=32)
    arguments = parser.parse_args()
    names = arguments.only or list(SHEETS)
    try:
        arguments.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"the folder {arguments.out} cannot be made: {error.strerror}")
    with tempfile.TemporaryDirectory() as folder, Progress() as progress:
        task = progress.add_task("close-ups", total=sum(len(SHEETS[name][2]) for name in names))
        for name in names:
            picture = sheet(name, arguments.samples, Path(folder), lambda: progress.advance(task))
            cv2.imwrite(str(arguments.out / f"stain_{name}.png"), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(f"{len(names)} sheets in {arguments.out}")
