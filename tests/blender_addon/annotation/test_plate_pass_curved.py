"""The annotation pass on parts that are not flat, against rays cast at pixel centres: not one pixel may differ."""

import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

import bpy

from blender_addon.annotation.plate_pass import annotation_scene, labels
from blender_addon.blemishes.bump import BumpParams
from blender_addon.blemishes.dent import DentParams
from blender_addon.blemishes.fingerprint import FingerprintParams
from blender_addon.blemishes.scratch import ScratchParams
from blender_addon.inspection.camera import OVER_THE_MIDDLE, CameraParams, inspection_camera
from blender_addon.metals.brushed import BrushedMetalParams
from blender_addon.plate.mesh import PlateParams
from blender_addon.plate.surface import InspectedSurface
from blender_addon.water_stain.params import WaterStainParams
from blender_addon.water_stain.reference import evaluate_water_stain
from tests.blender_addon import surface_truth

pytestmark = pytest.mark.blender

WIDTH, HEIGHT = 408, 340
CAMERA, PLATE = CameraParams(), PlateParams()
FACETS = 64
# Defects over stains and over each other; stains with radii of their own, so that they overlap, too. With
# another seed one pixel of 139,000 lay within 1e-8 m of an outline, and single precision decided it otherwise.
SURFACE = InspectedSurface(
    metal=BrushedMetalParams(),
    water_stain=WaterStainParams(
        seed_offset=22, depth_jitter=1.0, radius=0.008, radius_variation=0.5, cell_size=0.018, run_off=0.3
    ),
    blemishes=(
        ScratchParams(centre_x=0.01, centre_y=0.005, angle=0.7, length=0.05, width=0.002),
        ScratchParams(centre_x=-0.02, centre_y=0.01, angle=2.4, length=0.04, width=0.001, waviness=0.002),
        DentParams(centre_x=0.01, centre_y=0.006, radius=0.004),
        DentParams(centre_x=0.013, centre_y=0.006, radius=0.003),
        BumpParams(centre_x=-0.012, centre_y=0.004, radius=0.012),
        BumpParams(centre_x=0.018, centre_y=-0.015),
        FingerprintParams(centre_x=-0.005, centre_y=-0.012, angle=0.7),
    ),
)


def mesh_part(corners, faces) -> bpy.types.Object:
    mesh = bpy.data.meshes.new("Part")
    mesh.from_pydata(corners, [], faces)
    part = bpy.data.objects.new("Part", mesh)
    bpy.context.scene.collection.objects.link(part)
    return part


def cylinder() -> bpy.types.Object:
    """A lying cylinder of 64 facets, its upper line in z = 0, longer than the plate."""
    turns = np.linspace(0, 2 * np.pi, FACETS, endpoint=False)
    ring = np.stack([np.sin(turns), np.cos(turns) - 1], axis=1) * 0.04
    corners = [(x, y, z) for x in (-0.065, 0.065) for y, z in ring]
    sides = [(k, (k + 1) % FACETS, FACETS + (k + 1) % FACETS, FACETS + k) for k in range(FACETS)]
    return mesh_part(corners, [*sides, tuple(range(FACETS))[::-1], tuple(range(FACETS, 2 * FACETS))])


def ball() -> bpy.types.Object:
    """A ball of 1280 triangles, its pole in z = 0."""
    bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=4, radius=0.04)
    part = bpy.context.object
    for vertex in part.data.vertices:
        vertex.co.z -= 0.04
    return part


def seen_points(part) -> tuple[np.ndarray, np.ndarray]:
    """Return the points where the pixel centres' rays enter the part, (H, W, 3) metres, and whether they do.

    The part is convex: a ray enters it at the last of the face planes that it crosses inwards, if before the first that
    it crosses outwards.
    """
    corners = np.array([vertex.co for vertex in part.data.vertices], np.float64)
    eye = np.array([0.0, 0.0, CAMERA.distance])
    ray = surface_truth.pixel_centres(WIDTH, HEIGHT, CAMERA.field_width) - eye
    inside = corners.mean(axis=0)
    enter, leave = np.full(ray.shape[:2], -np.inf), np.full(ray.shape[:2], np.inf)
    for face in part.data.polygons:
        a, b, c = corners[list(face.vertices)[:3]]
        normal = np.cross(b - a, c - a)
        normal *= np.sign(normal @ (a - inside))
        speed = ray @ normal
        with np.errstate(divide="ignore", invalid="ignore"):
            at = normal @ (a - eye) / speed
        enter = np.where(speed < 0, np.maximum(enter, at), enter)
        leave = np.where(speed > 0, np.minimum(leave, at), leave)
    return eye + ray * enter[..., None], enter < leave


def truth(part) -> tuple[np.ndarray, np.ndarray, list[tuple[int, int]]]:
    """Class ids, instance ids and (class, key) of the instances, by the precedence that InspectedSurface documents."""
    points, seen = seen_points(part)
    points[~seen] = 0.0
    stains = evaluate_water_stain(points.reshape(-1, 3), SURFACE.water_stain)
    key = stains.stain_id.reshape(seen.shape).astype(np.int64)
    classes = np.where(stains.inside.reshape(seen.shape), 6, 0)
    overlaps = 0
    for label, defects, formula in (
        (3, SURFACE.fingerprints, surface_truth.fingerprint),
        (1, SURFACE.bumps, surface_truth.bump),
        (4, SURFACE.scratches, surface_truth.scratch),
        (2, SURFACE.dents, surface_truth.dent),
    ):
        for number, defect in enumerate(defects, start=1):
            _, inside = formula(points, defect)
            overlaps += int((inside & seen & (classes != 0)).sum())
            classes[inside], key[inside] = label, number
    assert overlaps > 1000  # pixels where the precedence decides
    x, y = np.abs(points[..., 0]), np.abs(points[..., 1])
    classes[~seen | (x > PLATE.width / 2 - PLATE.border) | (y > PLATE.height / 2 - PLATE.border)] = 255
    found = sorted({(c, k) for c, k in zip(classes.ravel(), key.ravel(), strict=True) if c not in (0, 255)})
    instances = np.zeros(classes.shape, int)
    for number, (c, k) in enumerate(found, start=1):
        instances[(classes == c) & (key == k)] = number
    return classes, instances, found


@pytest.mark.parametrize("shape", [cylinder, ball])
def test_masks_of_a_curved_part_equal_the_truth_at_every_pixel_centre(shape, bpy, render_float):
    scene = bpy.context.scene
    part = shape()
    inspection_camera(CAMERA, OVER_THE_MIDDLE, WIDTH, HEIGHT)
    mask, instances, found = labels(render_float(annotation_scene(scene, [part], PLATE, SURFACE)))
    true_mask, true_instances, true_found = truth(part)
    assert {c for c, _ in true_found} == {1, 2, 3, 4, 6}
    assert len(true_found) > 15
    assert 0.2 < (true_mask != 255).mean() < 0.9
    assert np.count_nonzero(mask != true_mask) == 0
    assert found == true_found
    assert np.count_nonzero(instances != true_instances) == 0
