"""A single grey picture of an inspection scene, and its class mask, rendered in this process."""

from pathlib import Path

import bpy
import cv2
import numpy as np

from blender_addon.annotation.plate_pass import labels
from blender_addon.inspection.scene import InspectionScene, apply
from blender_addon.nodes.osl_script import OslUnavailableError, require_osl_on
from blender_addon.pictures.render import render_file, render_floats
from blender_addon.plate.groups import NODES, OSL
from scripts.rendering.discarded_output import discarded_output

Border = tuple[float, float, float, float]  # left, right, bottom, top of the part to render, 0..1 of the picture


def cheaper_renderer() -> str:
    """Return OSL, which is cheaper for pictures of stains, or NODES if this Blender has no OSL."""
    try:
        require_osl_on("CPU")
    except OslUnavailableError:
        return NODES
    return OSL


def render_still(
    description: InspectionScene, folder: Path, seed: int = 0, border: Border | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Render a description; return the picture, grey uint8 (H, W), and the class ids, uint8 (H, W).

    `seed` selects the noise of the samples. `border` renders only this part, at the full picture's scale. `folder` is
    scratch space. The open Blender file is emptied.
    """
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene, annotation = apply(description)
    scene.cycles.seed = seed
    if border:
        for each in (scene, annotation):
            each.render.use_border = each.render.use_crop_to_border = True
            each.render.border_min_x, each.render.border_max_x = border[:2]
            each.render.border_min_y, each.render.border_max_y = border[2:]
    with discarded_output():
        render_file(scene, folder / "picture.png")
        classes, _, _ = labels(render_floats(annotation, folder / "annotation.exr"))
    picture = cv2.imread(str(folder / "picture.png"), cv2.IMREAD_GRAYSCALE)
    return picture, classes
