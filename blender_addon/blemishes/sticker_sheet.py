"""A sticker's sheet as geometry above the plate, which hides what lies below it and casts a shadow.

The outline is a rounded rectangle (a superellipse) with a wavy edge, as if cut by hand. The sheet lies `thickness`
above the plate and rises by `lift` at its loose corner. `sticker_number` writes the number; `sticker_material` has the
bubbles.
"""

import math

import bpy
import numpy as np

from .sticker import StickerParams
from .sticker_material import ink_material, paper_material
from .sticker_number import number_ribbons

EDGE_POINTS = 192
RINGS = (1.0, 0.97, 0.92, 0.85, 0.75, 0.6, 0.4, 0.2)  # distances from the middle, relative to the edge
EXPONENT = 9.0  # of the superellipse; larger values make sharper corners
WAVES = ((3, 0.45), (7, 0.3), (13, 0.15), (29, 0.1))  # numbers of waves along the outline, and their amplitudes
LIFT_FROM = 0.55  # start of the lift, relative to the distance of the corner
NUMBER_HEIGHT = 0.62  # relative to the sticker's height
NUMBER_WIDTH = 0.72  # greatest width, relative to the sticker's
ABOVE_PAPER = 1e-5  # metres between paper and ink
INK_STEP = 2e-7  # metres; rise per piece of a line, which separates pieces that cross


def sticker_sheet(params: StickerParams, key: int) -> bpy.types.Object:
    """Build the sheet and link it to the scene's collection; `key`, from 1, becomes its object index.

    The mesh is in the plate's coordinates. If two stickers overlap, the one with the greater key lies above.
    """
    outline = np.stack([_edge(params, 2 * math.pi * k / EDGE_POINTS) for k in range(EDGE_POINTS)])
    corners = np.concatenate([*(outline * ring for ring in RINGS), np.zeros((1, 2))])
    faces: list[tuple[int, ...]] = []
    for ring in range(len(RINGS)):
        outer, inner = ring * EDGE_POINTS, (ring + 1) * EDGE_POINTS
        for k in range(EDGE_POINTS):
            after = (k + 1) % EDGE_POINTS
            innermost = (inner,) if ring == len(RINGS) - 1 else (inner + after, inner + k)
            faces.append((outer + k, outer + after, *innermost))
    paper_faces = len(faces)
    sheet = _on_plate(params, corners, params.thickness * key)
    ink, ink_faces = number_ribbons(
        params.number, params.height * NUMBER_HEIGHT, params.width * NUMBER_WIDTH, params.stroke, params.slant
    )
    faces += [tuple(len(sheet) + corner for corner in face) for face in ink_faces]
    mesh = bpy.data.meshes.new("Sticker")
    written = _on_plate(params, ink, params.thickness * key + ABOVE_PAPER)
    written[:, 2] += INK_STEP * np.arange(len(written))
    mesh.from_pydata([*sheet.tolist(), *written.tolist()], [], faces)
    mesh.materials.append(paper_material(params))
    mesh.materials.append(ink_material())
    for face in range(paper_faces, len(faces)):
        mesh.polygons[face].material_index = 1
    mesh.polygons.foreach_set("use_smooth", [face < paper_faces for face in range(len(faces))])
    obj = bpy.data.objects.new("Sticker", mesh)
    obj.pass_index = key
    bpy.context.scene.collection.objects.link(obj)
    return obj


def _edge(params: StickerParams, theta: float) -> tuple[float, float]:
    """Return the outline's point (u, v) in the direction theta of the unit square."""
    cos, sin = math.cos(theta), math.sin(theta)
    rho = (abs(cos) ** EXPONENT + abs(sin) ** EXPONENT) ** (-1 / EXPONENT)
    wave = sum(part * math.sin(waves * theta + params.edge_phase * waves**0.5) for waves, part in WAVES)
    return (
        rho * cos * (params.width / 2 + params.edge_waviness * wave),
        rho * sin * (params.height / 2 + params.edge_waviness * wave),
    )


def _on_plate(params: StickerParams, points: np.ndarray, level: float) -> np.ndarray:
    """Return the sheet's points (N, 2) on the plate (N, 3): lifted at the loose corner, turned and moved."""
    u, v = points[:, 0], points[:, 1]
    to_right, upwards = ((1, 1), (-1, 1), (-1, -1), (1, -1))[params.loose_corner]
    towards = (u * to_right / params.width + v * upwards / params.height).clip(LIFT_FROM, None) - LIFT_FROM
    z = level + params.lift * (towards / (1 - LIFT_FROM)) ** 2
    cos, sin = math.cos(params.angle), math.sin(params.angle)
    return np.stack([params.centre_x + u * cos - v * sin, params.centre_y + u * sin + v * cos, z], axis=1)
