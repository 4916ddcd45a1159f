"""Shader nodes and OSL, rendered by Cycles, against the NumPy specification at the same surface points."""

import itertools

import numpy as np
import pytest

pytest.importorskip("bpy")

import bpy

from blender_addon.nodes.object_position import object_position_group
from blender_addon.nodes.osl_script import OslUnavailableError, require_osl
from blender_addon.water_stain.cell import water_stain_cell_group
from blender_addon.water_stain.group import GROUP_NAME, set_water_stain_inputs, water_stain_group
from blender_addon.water_stain.osl_group import water_stain_osl_group
from blender_addon.water_stain.params import WaterStainParams
from blender_addon.water_stain.reference import evaluate_water_stain
from tests.blender_addon.water_stain_pictures import (
    add_camera,
    add_plate,
    add_sphere,
    empty_scene,
    render_group,
    render_positions,
)

pytestmark = pytest.mark.blender

WIDTH, HEIGHT = 306, 256
OUTLINE = 1e-5  # metres within which a mask's pixel may differ
STAINS = {
    "4 cells": WaterStainParams(),
    "8 cells": WaterStainParams(depth_jitter=1.0, seed_offset=10000),
    "27 cells": WaterStainParams(radius=0.012, amplitude=0.003, seed_offset=-4321),
    "low decay": WaterStainParams(decay=0.6, seed_offset=9999),
    "varied": WaterStainParams(
        seed_offset=77, radius=0.005, radius_variation=0.3, presence=0.8, intensity_variation=0.4, decay_variation=0.3,
        depth_jitter=0.3,
    ),
    "heterogeneous": WaterStainParams(
        seed_offset=5, rim_intensity=-0.2, ring_intensity=0.1, speckle_intensity=0.15, intensity=-0.2,
    ),
    "everything": WaterStainParams(
        seed_offset=123, radius=0.007, radius_variation=0.4, presence=0.9, intensity_variation=0.4, decay_variation=0.3,
        depth_jitter=1.0, rim_intensity=-0.2, ring_intensity=0.1, speckle_intensity=0.1, run_off=0.5,
        octaves=2, rim_width_variation=0.5, contour_intensity=0.1, contour_variation=0.5, crust_coverage=0.8,
        crust_intensity=0.1,
    ),
    "octaves and crust": WaterStainParams(
        frequency=70.0, amplitude=0.003, octaves=3, octave_gain=0.7, crust_coverage=0.5, crust_intensity=0.2,
        crust_frequency=900.0, seed_offset=9999,
    ),
    "dried in stages": WaterStainParams(
        rim_intensity=-0.2, rim_width_variation=0.9, rim_intensity_variation=1.0, contour_intensity=-0.15, contours=4,
        contour_spacing=0.11, contour_width=0.08, contour_variation=0.9, seed_offset=-10000, radius_variation=0.2,
    ),
    "explicit": WaterStainParams(
        explicit_centre=1, centre_x=0.01, centre_y=-0.02, centre_z=0.002, radius=0.03, contour_intensity=0.1,
        contour_variation=0.8,
    ),
}  # fmt: skip
VIEWS = {
    "perspective": lambda: (add_plate(), add_camera("PERSP", tilt=0.3)),
    "orthographic": lambda: (add_plate(), add_camera("ORTHO")),
    "sphere": lambda: (add_sphere(), add_camera("PERSP", tilt=0.5)),
}


def distance_to_outline(points, params):
    """Return the points' distance to r' [metres]; 0 where the single- and the double-precision mask differ."""
    field = evaluate_water_stain(points.astype(np.float64), params)
    moved = [
        evaluate_water_stain(points + step, params).inside for step in OUTLINE * np.vstack([np.eye(3), -np.eye(3)])
    ]
    return np.any([m != field.inside for m in moved], axis=0)


def check_agreement(pictures, points, seen, params, gravity=None):
    reflectance, mask, stain_id, distance, crust = (picture[seen] for picture in pictures)
    truth = evaluate_water_stain(points[seen], params, gravity=None if gravity is None else gravity[seen])
    assert set(np.unique(mask)) <= {0.0, 1.0}
    same = (mask > 0) == truth.inside
    assert 0.01 < truth.inside.mean() < 0.95
    union = ((mask > 0) | truth.inside).sum()
    assert ((mask > 0) & truth.inside).sum() / union >= 0.9999
    if not same.all():
        assert distance_to_outline(points[seen][~same].astype(np.float64), params).all()
    np.testing.assert_array_equal(stain_id[same], truth.stain_id[same])
    tolerance = 1e-5 if params.decay * (1 - params.decay_variation) >= 1 else 1e-4
    np.testing.assert_allclose(reflectance[same], truth.reflectance[same], atol=tolerance)
    np.testing.assert_allclose(distance[same], truth.normalised_distance[same], atol=1e-5)
    np.testing.assert_allclose(crust[same], truth.crust[same], atol=1e-4)
    assert (truth.crust.max() > 0.9) == (params.crust_coverage > 0)


def osl_group(scene):
    try:
        return water_stain_osl_group(scene)
    except OslUnavailableError as error:
        if "no Open Shading Language" in str(error):
            pytest.skip(str(error))
        raise


@pytest.mark.parametrize("renderer", ["nodes", "osl"])
@pytest.mark.parametrize("view", VIEWS)
def test_equals_the_specification(view, renderer, tmp_path, capfd):
    scene = empty_scene(WIDTH, HEIGHT)
    part, _ = VIEWS[view]()
    points, seen = render_positions(part, tmp_path)
    group = water_stain_group() if renderer == "nodes" else osl_group(scene)
    for name, params in STAINS.items():
        if name == "explicit" and view == "sphere":
            continue
        pictures = render_group(part, group, params, set_water_stain_inputs, tmp_path)
        check_agreement(pictures, points, seen, params)
    assert "out of SVM stack" not in capfd.readouterr().err


@pytest.mark.parametrize("renderer", ["nodes", "osl"])
def test_run_off_follows_gravity_on_a_turned_and_stretched_ball(renderer, tmp_path):
    scene = empty_scene(WIDTH // 2, HEIGHT // 2)
    part, _ = VIEWS["sphere"]()
    part.rotation_euler, part.scale = (0.7, -0.4, 0.3), (1.0, 0.8, 1.2)
    points, seen = render_positions(part, tmp_path)

    def gravity(tree):
        node = tree.nodes.new("ShaderNodeGroup")
        node.node_tree = object_position_group()
        return node.outputs["Gravity on Surface"]

    slope, _ = render_positions(part, tmp_path, gravity)
    turned = np.array(part.matrix_world.to_3x3())
    rotation = turned / np.linalg.norm(turned, axis=0)
    normals = points[seen] @ np.linalg.inv(turned)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    down = np.array([0.0, 0.0, -1.0])
    truth = (down - normals * (normals @ down)[:, None]) @ rotation
    assert np.abs(slope[seen] - truth).mean() < 0.02  # the ball is made of flat faces
    params = WaterStainParams(
        seed_offset=8, radius=0.006, run_off=1.0, follow_gravity=1, depth_jitter=1.0, run_off_azimuth=1.0
    )
    group = water_stain_group() if renderer == "nodes" else osl_group(scene)
    pictures = render_group(part, group, params, set_water_stain_inputs, tmp_path, gravity)
    check_agreement(pictures, points, seen, params, slope)
    level = render_group(part, group, params, set_water_stain_inputs, tmp_path)
    check_agreement(level, points, seen, params)
    assert pictures[1].sum() > 1.2 * level[1].sum()  # the run-off enlarges the stains


@pytest.mark.parametrize("renderer", ["nodes", "osl"])
def test_neutral_values_change_no_bit(renderer, tmp_path):
    scene = empty_scene(WIDTH // 2, HEIGHT // 2)
    part = add_plate()
    add_camera("ORTHO")
    group = water_stain_group() if renderer == "nodes" else osl_group(scene)
    odd = WaterStainParams(
        rim_width=0.5, ring_position=0.2, ring_width=0.4, speckle_frequency=9e3, run_off_azimuth=1.0, centre_x=0.01,
        octave_gain=0.9, rim_width_variation=0.5, rim_intensity_variation=0.5, rim_variation_frequency=90.0, contours=6,
        contour_spacing=0.3, contour_width=0.2, contour_variation=0.7, crust_frequency=90.0, crust_intensity=0.4,
        follow_gravity=1,
    )  # fmt: skip
    plain, neutral = (
        render_group(part, group, params, set_water_stain_inputs, tmp_path) for params in (WaterStainParams(), odd)
    )
    for a, b in zip(plain, neutral, strict=True):
        np.testing.assert_array_equal(a.view(np.uint32), b.view(np.uint32))


def test_pixel_centres_of_the_plate_are_the_truth(tmp_path):
    """Independent of what the renderer says its points are: pixel centres by arithmetic, mask by NumPy."""
    empty_scene(WIDTH, HEIGHT)
    part = add_plate()
    add_camera("ORTHO", field=0.122)
    pixel = 0.122 / WIDTH
    x = (np.arange(WIDTH) + 0.5 - WIDTH / 2) * pixel
    y = (HEIGHT / 2 - np.arange(HEIGHT) - 0.5) * pixel
    points = np.stack([*np.meshgrid(x, y), np.zeros((HEIGHT, WIDTH))], axis=-1)
    on_plate = (np.abs(points[..., 0]) < 0.06) & (np.abs(points[..., 1]) < 0.05)
    params = WaterStainParams(seed_offset=3)
    _, mask, stain_id, *_ = render_group(part, water_stain_group(), params, set_water_stain_inputs, tmp_path)
    truth = evaluate_water_stain(points[on_plate], params)
    np.testing.assert_array_equal(mask[on_plate] > 0, truth.inside)
    np.testing.assert_array_equal(stain_id[on_plate], truth.stain_id)


def test_a_script_that_does_not_compile_is_an_error_not_an_empty_node():
    scene = empty_scene(8, 8)
    osl_group(scene)
    before = len(bpy.data.node_groups), len(bpy.data.texts)
    with pytest.raises(OslUnavailableError, match="did not compile"):
        water_stain_osl_group(scene, script="shader water_stain( output float Mask = 0 ) { Mask = ; }")
    with pytest.raises(OslUnavailableError, match="lacks 'Cell Size'"):
        water_stain_osl_group(
            scene, script="shader water_stain( point Position = P, output float Mask = 0 ) { Mask = 1; }"
        )
    assert (len(bpy.data.node_groups), len(bpy.data.texts)) == before


def test_osl_says_where_it_is_not_available():
    scene = empty_scene(8, 8)
    scene.cycles.device = "GPU"
    with pytest.raises(OslUnavailableError, match="CPU and on OptiX, not on NONE"):
        require_osl(scene)
    scene.render.engine = "BLENDER_WORKBENCH"
    with pytest.raises(OslUnavailableError, match="engine is BLENDER_WORKBENCH"):
        require_osl(scene)


def test_both_groups_have_the_same_sockets():
    scene = empty_scene(8, 8)
    interfaces = [
        sorted((item.name, item.in_out, item.socket_type) for item in sockets_of(group))
        for group in (water_stain_group(), osl_group(scene))
    ]
    assert interfaces[0] == interfaces[1]


def sockets_of(group):
    """Return the sockets of a group's interface, also those in panels."""
    return [item for item in group.interface.items_tree if item.item_type == "SOCKET"]


def drawn_height(node):
    """Return the least height of a node in the node editor."""
    sockets = [sum(not s.hide and s.enabled for s in side) for side in (node.inputs, node.outputs)]
    return 30 + 10 * max(max(sockets) - 4, 0) if node.hide else 30 + 20 * sum(sockets)


@pytest.mark.parametrize(("make", "frames"), [(water_stain_group, 14), (water_stain_cell_group, 5)])
def test_a_reader_of_the_graph_finds_every_node_in_a_frame_and_none_over_another(make, frames):
    empty_scene(8, 8)
    tree = make()
    loose = [n for n in tree.nodes if n.type not in ("FRAME", "GROUP_OUTPUT") and n.parent is None]
    assert loose == []
    labels = [n.label for n in tree.nodes if n.type == "FRAME"]
    assert len(labels) == len(set(labels)) >= frames
    boxes = []
    for frame in (n for n in tree.nodes if n.type == "FRAME"):
        inside = [n for n in tree.nodes if n.parent == frame]
        for n in inside:
            for other in inside:
                below = 0 <= n.location.y - other.location.y < drawn_height(n)
                beside = abs(n.location.x - other.location.x) < min(n.width, other.width)
                assert n == other or not (below and beside), (frame.label, n.name, other.name)
        x, y = ([n.location[axis] for n in inside] for axis in (0, 1))
        bottom = min(n.location.y - drawn_height(n) for n in inside)
        boxes.append((min(x), max(n.location.x + n.width for n in inside), bottom, max(y)))
    for a, b in itertools.combinations(boxes, 2):
        assert a[1] < b[0] or b[1] < a[0] or a[3] < b[2] or b[3] < a[2]


def test_every_number_in_a_collapsed_node_is_in_its_label():
    empty_scene(8, 8)
    for tree in (water_stain_group(), water_stain_cell_group()):
        for node in tree.nodes:
            if node.type == "MATH" and node.hide:
                wanted = [s.default_value for s in node.inputs if s.enabled and not s.is_linked]
                shown = [float(word) for word in node.label.split() if word[-1].isdigit()]
                assert shown == pytest.approx(wanted, rel=1e-3)


def test_group_is_reused_and_its_interface_explains_itself():
    empty_scene(8, 8)
    group = water_stain_group()
    assert water_stain_group() == group
    assert [tree.name for tree in bpy.data.node_groups].count(GROUP_NAME) == 1
    sockets = {item.name: item for item in sockets_of(group) if item.in_out == "INPUT"}
    assert sockets["Radius"].default_value == pytest.approx(0.006)
    assert sockets["Seed Offset"].min_value == -10000
    assert all(item.description for item in sockets.values())
    outputs = [item.name for item in sockets_of(group) if item.in_out == "OUTPUT"]
    assert outputs == ["Reflectance", "Mask", "Stain ID", "Normalised Distance", "Crust"]
