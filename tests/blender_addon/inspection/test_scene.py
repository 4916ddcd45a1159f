"""Geometry and shading of the scene against optics written down by hand."""

import dataclasses

import cv2
import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from blender_addon.annotation.plate_pass import labels
from blender_addon.blemishes.bump import BumpParams, bump_bounds, bump_group
from blender_addon.blemishes.dent import DentParams, dent_bounds, dent_group
from blender_addon.blemishes.fingerprint import FingerprintParams, fingerprint_group
from blender_addon.blemishes.scratch import ScratchParams, scratch_bounds, scratch_group
from blender_addon.blemishes.sticker import StickerParams
from blender_addon.blemishes.sticker_number import number_ribbons
from blender_addon.inspection.camera import CameraParams
from blender_addon.inspection.ring_light import RingLightParams
from blender_addon.inspection.scene import InspectionScene, PictureParams, apply
from blender_addon.metals.brushed import BrushedMetalParams
from blender_addon.metals.milled import MilledMetalParams
from blender_addon.metals.sandblasted import SandblastedMetalParams
from blender_addon.nodes.group_interface import set_group_inputs
from blender_addon.plate.mesh import PlateParams
from blender_addon.plate.surface import InspectedSurface
from blender_addon.water_stain.params import WaterStainParams
from tests.blender_addon import surface_truth

pytestmark = pytest.mark.blender

MIRROR = BrushedMetalParams(
    base_reflectance=1.0, roughness=0.0, roughness_variation=0.0, groove_depth=0.0, anisotropy=0.0
)


AS_BUILT, PLATE = RingLightParams(), PlateParams()


def scene(surface, *, light=AS_BUILT, width=204, height=170, samples=1, plate=PLATE) -> InspectionScene:
    picture = PictureParams(width=width, height=height, samples=samples, denoise=False)
    return InspectionScene(picture, plate, CameraParams(), light, surface)


def in_hexagon(x, y, radius, rotation):
    """At most 1 inside a hexagon with corners at `rotation` + 60 k degrees: the reach along the sides' normals."""
    normals = rotation + np.deg2rad(30 + 60 * np.arange(6))
    reach = np.max([x * np.cos(a) + y * np.sin(a) for a in normals], axis=0)
    return reach / (radius * np.cos(np.pi / 6))


@pytest.mark.parametrize(
    "light", [RingLightParams(), RingLightParams(rotation=np.pi / 2), RingLightParams(scale=2.0, distance=0.2)]
)
def test_a_mirror_shows_the_ring_where_the_law_of_reflection_puts_it(bpy, render_float, light):
    description = scene(InspectedSurface(MIRROR), light=light, plate=PlateParams(bevel=0.0))
    main, _ = apply(description)
    main.cycles.filter_width = 0.01
    bright = render_float(main)[..., 0]
    points = surface_truth.pixel_centres(204, 170, description.camera.field_width)
    magnified = points * (
        1 + light.distance / description.camera.distance
    )  # where the reflected ray meets the ring's plane
    x, y = magnified[..., 0], magnified[..., 1]
    outer = in_hexagon(x, y, light.outer_radius * light.scale, light.rotation)
    inner = in_hexagon(x, y, light.inner_radius * light.scale, light.rotation)
    on_plate = (np.abs(points[..., 0]) < 0.0599) & (np.abs(points[..., 1]) < 0.0499)
    expected = (outer <= 1) & (inner >= 1) & on_plate
    sure = (np.abs(outer - 1) > 1e-3) & (np.abs(inner - 1) > 1e-3) & (np.abs(np.abs(points[..., 0]) - 0.06) > 2e-4)
    sure &= np.abs(np.abs(points[..., 1]) - 0.05) > 2e-4
    assert expected.sum() > 1000
    assert np.array_equal((bright > 0.01)[sure], expected[sure])
    assert bright[expected & sure] == pytest.approx(light.emission, rel=2e-3)


METALS = [
    BrushedMetalParams(texture_offset=5.5),
    MilledMetalParams(texture_offset=5.5),
    SandblastedMetalParams(texture_offset=5.5),
]


@pytest.mark.parametrize("metal", METALS)
def test_stains_change_nothing_but_themselves(bpy, render_float, metal):
    clean, _ = apply(scene(InspectedSurface(metal), samples=2))
    without = render_float(clean)[..., :3]
    bpy.ops.wm.read_factory_settings(use_empty=True)
    stained, annotation = apply(scene(InspectedSurface(metal, WaterStainParams()), samples=2))
    with_stains = render_float(stained)[..., :3]
    mask, _, _ = labels(render_float(annotation))
    stain = (mask == 6).astype(np.uint8)
    far = (cv2.dilate(stain, np.ones((7, 7), np.uint8)) == 0) & (mask == 0)  # the border's stains are not annotated
    assert 0.05 < stain.mean() < 0.5
    assert far.mean() > 0.3
    assert np.array_equal(without[far], with_stains[far])
    inside = cv2.erode(stain, np.ones((5, 5), np.uint8)) == 1
    assert with_stains[inside].mean() < 0.97 * without[inside].mean()


def test_light_from_the_plate_that_the_ring_sends_back_changes_little(bpy, render_float):
    """Only then does a stain dim what lies beside it: by less than 0.0005 of white on average, even where the ring's
    face is as bright as white paint."""
    pictures = {}
    for reflectance in (0.0, 0.8):
        light = RingLightParams(reflectance=reflectance)
        for name, stain in (("clean", None), ("stained", WaterStainParams())):
            bpy.ops.wm.read_factory_settings(use_empty=True)
            main, annotation = apply(scene(InspectedSurface(METALS[0], stain), light=light, samples=16))
            pictures[name, reflectance] = render_float(main)[..., 0]
    mask, _, _ = labels(render_float(annotation))
    far = (cv2.dilate((mask == 6).astype(np.uint8), np.ones((7, 7), np.uint8)) == 0) & (mask == 0)
    assert np.array_equal(pictures["clean", 0.0][far], pictures["stained", 0.0][far])
    sent_back = pictures["clean", 0.8][far].astype(float) - pictures["clean", 0.0][far]
    assert 0.002 < sent_back.mean() < 0.05
    difference = pictures["stained", 0.8][far].astype(float) - pictures["clean", 0.8][far]
    assert -5e-4 < difference.mean() < 0
    assert np.abs(difference).max() < 0.1  # one path in 16, or two, that found a stain


@pytest.mark.parametrize("metal", METALS)
def test_another_plate_is_another_picture(bpy, render_float, metal):
    pictures = []
    for offset in (1.0, 2.0):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        main, _ = apply(scene(InspectedSurface(dataclasses.replace(metal, texture_offset=offset))))
        pictures.append(render_float(main)[..., 0])
    assert np.abs(pictures[0] - pictures[1]).mean() > 0.02


def test_a_bevel_through_the_plate_is_refused():
    with pytest.raises(ValueError, match=r"bevel = 0\.003 must be below thickness = 0\.002"):
        PlateParams(bevel=0.003)


def test_a_bevel_shows_the_ring_nowhere(bpy, render_float):
    plate = PlateParams(bevel=0.004, thickness=0.01)
    main, _ = apply(scene(InspectedSurface(MIRROR), plate=plate, light=RingLightParams(scale=2.0)))
    bright = render_float(main)[..., 0] > 0.01
    points = np.abs(surface_truth.pixel_centres(204, 170, CameraParams().field_width))
    face = (points[..., 0] < 0.0553) & (points[..., 1] < 0.0453)
    chamfer = ((points[..., 0] > 0.0567) | (points[..., 1] > 0.0467)) & (points[..., 0] < 0.0593)
    assert bright[face].sum() > 5000
    assert not bright[chamfer].any()


DENT_WITH_ALL = DentParams(
    angle=0.3,
    radius=0.01,
    aspect=0.6,
    ripple=0.1,
    pattern=7.4,
    tilt=0.5,
    tilt_angle=1.0,
    off_centre=0.6,
    lip=0.4,
    lip_width=0.2,
    crease=0.7,
    crease_angle=0.9,
    impacts=4,
)


@pytest.mark.parametrize(
    ("group", "params", "formula", "bounds"),
    [
        (dent_group, DentParams(angle=1.1, radius=0.02, lobes=0.2, ripple=0.15), surface_truth.dent, dent_bounds),
        (dent_group, DENT_WITH_ALL, surface_truth.dent, dent_bounds),
        (bump_group, BumpParams(angle=2.0, radius=0.02, lobes=0.3), surface_truth.bump, bump_bounds),
        (
            bump_group,
            BumpParams(radius=0.02, ridge=0.4, ridge_angle=0.7, ridge_offset=0.2),
            surface_truth.bump,
            bump_bounds,
        ),
    ],
)
def test_a_defects_height_is_its_profile(bpy, render_float, group, params, formula, bounds):
    description = scene(InspectedSurface(MIRROR))
    micrometres = group_output(bpy, render_float, description, group, params, "Height", 1e6)
    points = surface_truth.pixel_centres(204, 170, description.camera.field_width)
    height, inside = formula(points, params)
    assert inside.sum() > 300
    assert np.abs(height * 1e6 - micrometres).max() < 0.02
    x0, x1, y0, y1 = bounds(params)
    x, y = points[..., 0][inside], points[..., 1][inside]
    assert x.min() >= x0
    assert x.max() <= x1
    assert y.min() >= y0
    assert y.max() <= y1


ROUGH_SCRATCH = ScratchParams(
    angle=0.4,
    length=0.05,
    width=0.006,
    depth=3e-4,
    pattern=88.5,
    jitter=8e-4,
    variation=0.2,
    chatter=0.4,
    chatter_period=0.008,
    parallels=2,
    gap=0.008,
)


@pytest.mark.parametrize("params", [ScratchParams(angle=0.4, length=0.06, width=0.006), ROUGH_SCRATCH])
def test_a_scratchs_slope_is_the_derivative_of_its_profile(bpy, render_float, params):
    description = scene(InspectedSurface(MIRROR))
    points = surface_truth.pixel_centres(204, 170, description.camera.field_width)
    _, inside = surface_truth.scratch(points, params)
    x0, x1, y0, y1 = scratch_bounds(params)
    assert inside.sum() > 300
    assert (points[inside][:, :2] >= (x0, y0)).all()
    assert (points[inside][:, :2] <= (x1, y1)).all()
    step, literal = 1e-7, []
    for axis in (0, 1):
        moved = np.array([step if axis == number else 0.0 for number in range(3)])
        after, also_inside = surface_truth.scratch(points + moved, params)
        before, inside_before = surface_truth.scratch(points - moved, params)
        inside &= also_inside & inside_before
        literal.append((after - before) / (2 * step))
    for output, expected in zip(("Slope X", "Slope Y"), literal, strict=True):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        # A negative colour would be cut off.
        slope = group_output(bpy, render_float, description, scratch_group, params, output, 1.0, 1.0) - 1.0
        assert np.abs(expected[inside]).max() > 0.02
        close = np.abs(slope - expected) < 0.02 * np.abs(literal).max()
        assert close[inside].mean() > 0.97  # not at the tips, where the width falls steeply


def group_output(bpy, render_float, description, group, params, output, factor, offset=0.0):
    """One output of a node group at the pixel centres of the plate, times a factor, plus an offset."""
    _, flat = apply(description)
    material = bpy.data.materials.new("output")
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    node = tree.nodes.new("ShaderNodeGroup")
    node.node_tree = group()
    set_group_inputs(node, params)
    emission, surface = tree.nodes.new("ShaderNodeEmission"), tree.nodes.new("ShaderNodeOutputMaterial")
    scaled = tree.nodes.new("ShaderNodeMath")
    scaled.operation = "MULTIPLY_ADD"
    scaled.inputs[1].default_value, scaled.inputs[2].default_value = factor, offset
    combine = tree.nodes.new("ShaderNodeCombineXYZ")
    tree.links.new(tree.nodes.new("ShaderNodeTexCoord").outputs["Object"], node.inputs["Position"])
    tree.links.new(node.outputs[output], scaled.inputs[0])
    tree.links.new(scaled.outputs[0], combine.inputs["X"])
    tree.links.new(combine.outputs["Vector"], emission.inputs["Color"])
    tree.links.new(emission.outputs["Emission"], surface.inputs["Surface"])
    flat.view_layers[0].material_override = material
    return render_float(flat)[..., 0]


def test_a_fingerprints_grease_lies_in_ridges_of_its_period_within_its_contact(bpy, render_float):
    params = FingerprintParams(width=0.08, height=0.09, ridge_period=0.004, core_length=0.0, coverage=1.0, bend=0.0)
    description = scene(InspectedSurface(MIRROR))
    grease = group_output(bpy, render_float, description, fingerprint_group, params, "Roughness", 1 / params.roughening)
    points = surface_truth.pixel_centres(204, 170, description.camera.field_width)
    contact, _ = surface_truth.fingerprint(points, params)
    assert np.all(grease[contact == 0] == 0)
    assert np.all(grease <= 1.5 * contact + 1e-6)  # the grain is at most 1.5
    # A whorl: above the core, ridges are rings round it, a period apart.
    rho = np.hypot(points[..., 0], points[..., 1])
    ring = np.round(rho / (params.ridge_period / 4)).astype(int)
    upper = (points[..., 1] > 0.004) & (rho < 0.03)
    profile = np.bincount(ring[upper], grease[upper])[4:28] / np.bincount(ring[upper])[4:28]
    spectrum = np.abs(np.fft.rfft(profile - profile.mean()))
    assert np.argmax(spectrum) == 6  # six periods in 24 quarters
    # Drag smears the lower half's ridges and leaves the upper half as it was.
    smeared = dataclasses.replace(params, smear=0.1)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    dragged = group_output(
        bpy, render_float, description, fingerprint_group, smeared, "Roughness", 1 / params.roughening
    )
    above = points[..., 1] > 0
    assert np.array_equal(dragged[above], grease[above])
    assert np.abs(dragged - grease)[~above & (contact > 0.5)].mean() > 0.01


def test_a_sticker_hides_the_plate_and_casts_a_shadow_where_its_corner_is_loose(bpy, render_float):
    metal = dataclasses.replace(MIRROR, roughness=0.3)
    lying = StickerParams(centre_x=0.03, lift=0.0, width=0.02, height=0.02)
    pictures = []
    for stickers in ((), (lying,), (dataclasses.replace(lying, lift=0.004),)):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        main, annotation = apply(scene(InspectedSurface(metal, blemishes=stickers), samples=32))
        pictures.append(render_float(main)[..., 0])
    mask, _, _ = labels(render_float(annotation))
    bare, flat, loose = pictures
    sheet = cv2.erode((mask == 5).astype(np.uint8), np.ones((5, 5), np.uint8)) == 1
    assert sheet.sum() > 400
    assert np.quantile(loose[sheet], 0.99) < 0.2 < bare[sheet].mean()
    points = surface_truth.pixel_centres(204, 170, CameraParams().field_width)
    # Right of the right edge's upper end, next to the loose corner, light from the left no longer comes through.
    beside = cv2.dilate((mask == 5).astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & (mask == 0)
    beside &= points[..., 0] + points[..., 1] > 0.044
    assert beside.sum() > 8
    assert loose[beside].mean() < 0.9 * bare[beside].mean()
    assert flat[beside].mean() > 0.95 * bare[beside].mean()
    far = np.hypot(points[..., 0] - 0.03, points[..., 1]) > 0.03
    assert loose[far].mean() == pytest.approx(bare[far].mean(), rel=2e-3)


@pytest.mark.parametrize("number", range(10))
def test_every_digit_is_written_within_its_place(bpy, number):
    corners, faces = number_ribbons(number, height=1.0, width=9.0, stroke=0.1, slant=0.0)
    assert np.abs(corners).max() < 0.57
    assert corners[:, 1].max() - corners[:, 1].min() > 0.95
    areas = [cv2.contourArea(corners[list(face)].astype(np.float32)) for face in faces]
    assert 0.09 < sum(areas) < 0.5  # a line a tenth wide, one to five heights long


def test_long_numbers_stay_within_the_sticker(bpy):
    corners, _ = number_ribbons(888, height=1.0, width=1.5, stroke=0.05, slant=0.2)
    assert np.ptp(corners[:, 0]) < 1.6


def test_a_tile_keeps_what_one_material_for_all_would_show(bpy, render_float):
    surface = InspectedSurface(
        dataclasses.replace(MIRROR, roughness=0.2),
        blemishes=(
            ScratchParams(angle=0.5, width=0.002),
            DentParams(centre_x=0.02, radius=0.004),
            DentParams(centre_x=0.024, radius=0.004),
        ),
    )
    main, _ = apply(scene(surface, samples=4))
    tiled = render_float(main)[..., 0]
    from blender_addon.plate.material import surface_material

    part = bpy.data.objects["Plate"]
    whole = surface_material(surface)
    for slot in part.material_slots:
        slot.material = whole
    assert len(part.material_slots) > 3
    # Where nothing is, the whole material's Bump node turns a normal by nothing, in float32: not quite nothing.
    difference = np.abs(tiled - render_float(main)[..., 0])
    assert difference.max() < 1e-4
    assert np.count_nonzero(difference) < 0.2 * difference.size


# Mean brightness (linear) of 3 x 4 parts of a plate with all there is, as Blenders 4.5.15 and 5.2.3 render it: defaults
# that differ between versions (the Bump node's filter width) would show here.
LOOK = np.array(
    [[0.27941, 0.62937, 0.63295, 0.29088], [0.56521, 0.35724, 0.37521, 0.55973], [0.2772, 0.63627, 0.65245, 0.21847]]
)


def test_every_blender_renders_the_same_look(bpy, render_float):
    surface = InspectedSurface(
        BrushedMetalParams(texture_offset=3.0),
        WaterStainParams(),
        blemishes=(
            ScratchParams(length=0.06),
            DentParams(centre_x=0.03, ripple=0.15),
            BumpParams(centre_x=-0.03),
            FingerprintParams(centre_y=0.03, smear=0.3, roughening=0.12, darkening=0.12),
            StickerParams(centre_x=0.04, centre_y=-0.03),
        ),
    )
    main, _ = apply(scene(surface, width=80, height=60, samples=16))
    parts = render_float(main)[..., 0].reshape(3, 20, 4, 20).mean(axis=(1, 3))
    assert parts == pytest.approx(LOOK, abs=1e-3)
