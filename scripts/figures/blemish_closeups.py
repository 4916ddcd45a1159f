"""Render every class of blemish at the camera's full resolution: in bright field, in dark field and between them.

Each row is a kind drawn from a job's ranges, at three places of one plate. Only the places are rendered, so a sheet
takes minutes: python scripts/blemish_closeups.py [--out PICTURE] [--kinds KIND ...] [--seed N] [OVERRIDE ...]
"""

import argparse
import dataclasses
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import bpy
import cv2
import numpy as np
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from rich.progress import Progress

from blender_addon.blemishes.kinds import KINDS, BlemishKind, kind_named
from blender_addon.definitions.random_stream import stream
from blender_addon.inspection.camera import metres_per_pixel
from blender_addon.inspection.scene import InspectionScene, apply
from blender_addon.job.definition import Job, job_of
from blender_addon.pictures.render import render_file
from render_jobs.sample_plan import plan_samples
from scripts.render import composed_job
from scripts.rendering.discarded_output import discarded_output
from training.support.entry_point import CONF_FOLDER, one_line
from training.support.user_error import UserError

# Under the default light, the ring's outline is reflected at 24 mm from the middle, and its brightness beyond.
PLACES = {"bright field": (0.039, 0.0), "dark field": (0.0, 0.0), "between": (0.0243, 0.0)}
PER_KIND = 2  # rows of a kind
GAP, LABEL = 4, 20  # pixels
QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 80]


def main() -> int:
    """Parse, render and write; print the picture's path."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).parents[2] / "docs" / "pictures" / "blemishes_full_size.jpg"
    parser.add_argument("--out", type=Path, default=default)
    names = [kind.name for kind in KINDS]
    parser.add_argument("--kinds", nargs="+", choices=names, default=names, metavar="KIND", help=", ".join(names))
    parser.add_argument("--side", type=int, default=170, help="pixels of a close-up (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the blemishes (default: %(default)s)")
    parser.add_argument("overrides", nargs="*", help="overrides of conf/render.yaml, for example job.image.samples=64")
    options = parser.parse_args()
    kinds = [kind_named(name) for name in options.kinds]
    try:
        if not options.out.parent.is_dir():
            raise UserError(f"{options.out} cannot be written: there is no folder {options.out.parent}")
        with initialize_config_dir(str(CONF_FOLDER), version_base="1.3"):
            job = composed_job(compose("render", ["render=synth", *options.overrides]))
        with tempfile.TemporaryDirectory() as folder, Progress() as progress:
            task = progress.add_task("close-ups", total=len(kinds) * PER_KIND)
            rows = []
            for row in range(len(kinds) * PER_KIND):
                kind, number = kinds[row // PER_KIND], row % PER_KIND + 1
                rows.append(closeups(job, kind, (options.seed, number), options.side, Path(folder)))
                progress.advance(task)
        if not cv2.imwrite(str(options.out), sheet(rows, kinds), QUALITY):
            raise UserError(f"{options.out} cannot be written")
    except (UserError, HydraException, OSError, cv2.error) as error:
        print(f"error: {one_line(error)}", file=sys.stderr)
        return 2
    print(f"picture: {options.out}")
    return 0


def closeups(job: dict, kind: BlemishKind, key: tuple[int, int], side: int, folder: Path) -> list[np.ndarray]:
    """Render one blemish of the kind at each place: grey uint8 (side, side).

    `key` is the seed and the number of the blemish, from 1.
    """
    plan, scene = job_of(job), plan_samples(job)[0].scene
    surface = scene.surface.with_blemishes(tuple(_blemish(plan, kind, key, place) for place in PLACES.values()))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    tiles = []
    with discarded_output():
        main_scene, _ = apply(dataclasses.replace(scene, surface=surface))
        for place in PLACES.values():
            show_only(main_scene, scene, place, side)
            render_file(main_scene, folder / "closeup.png")
            tiles.append(cv2.imread(str(folder / "closeup.png"), cv2.IMREAD_GRAYSCALE))
    return tiles


def _blemish(job: Job, kind: BlemishKind, key: tuple[int, int], place: tuple[float, float]) -> object:
    seed, number = key
    drawn = kind.draw(stream(seed, kind.stream, number), job.blemish_ranges(kind.name))
    return dataclasses.replace(drawn, centre_x=place[0], centre_y=place[1])


def show_only(built: bpy.types.Scene, scene: InspectionScene, place: tuple[float, float], side: int) -> None:
    """Restrict a scene's picture to `side` pixels about a place [m] of the plate; the camera stays as it is."""
    width, height = scene.picture.width, scene.picture.height
    pixel = metres_per_pixel(scene.camera, width)
    left, bottom = (
        round(extent / 2 + (at - of_pose) / pixel - side / 2)
        for extent, at, of_pose in zip((width, height), place, (scene.pose.x, scene.pose.y), strict=True)
    )
    render = built.render
    render.use_border = render.use_crop_to_border = True
    # Blender rounds down; half a pixel keeps that from taking one away.
    render.border_min_x, render.border_max_x = (left + 0.5) / width, (left + side + 0.5) / width
    render.border_min_y, render.border_max_y = (bottom + 0.5) / height, (bottom + side + 0.5) / height


def sheet(rows: Sequence[Sequence[np.ndarray]], kinds: Sequence[BlemishKind]) -> np.ndarray:
    """Return the rows below each other with their labels, grey uint8."""
    side = rows[0][0].shape[0]
    width = len(PLACES) * (side + GAP) - GAP
    parts = []
    for number, tiles in enumerate(rows):
        if number % PER_KIND == 0:
            label = np.full((LABEL, width), 255, np.uint8)
            name = kinds[number // PER_KIND].name
            for column, place in enumerate(PLACES):
                words = f"{name}, {place}" if column == 0 else place
                origin = (column * (side + GAP) + 3, LABEL - 6)
                cv2.putText(label, words, origin, cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0,), 1, cv2.LINE_AA)
            parts.append(label)
        gap = np.full((side, GAP), 255, np.uint8)
        parts.append(np.hstack([part for tile in tiles for part in (tile, gap)][:-1]))
        parts.append(np.full((GAP, width), 255, np.uint8))
    return np.vstack(parts[:-1])
