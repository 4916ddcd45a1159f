"""Baked stains: the images hold what the stain's definition gives at every texel, and leave Blender as glTF."""

import dataclasses
import json
import struct

import cv2
import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from blender_addon.nodes.object_seed import object_seed
from blender_addon.settings.properties import params_of
from blender_addon.water_stain.params import WaterStainParams
from blender_addon.water_stain.reference import evaluate_water_stain

pytestmark = [pytest.mark.blender, pytest.mark.slow]

SIZE = 128


@pytest.fixture
def ball(addon, tmp_path):
    """A stained metal ball whose pictures go into the test's folder."""
    addon.ops.mesh.primitive_uv_sphere_add(radius=0.03, segments=24, ring_count=12)
    obj = addon.context.object
    material = addon.data.materials.new("Metal")
    if not material.node_tree:
        material.use_nodes = True
    obj.data.materials.append(material)
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (0.8, 0.6, 0.4, 1.0)
    shader.inputs["Metallic"].default_value = 1.0
    shader.inputs["Roughness"].default_value = 0.25
    addon.context.scene.stainless.dataset.folder = str(tmp_path)
    assert addon.ops.stainless.add_stains() == {"FINISHED"}
    return obj


def texels(obj, uv_map: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return row and column (N, 2) of the texels whose middle lies well inside a triangle, and their places (N, 3)."""
    mesh = obj.data
    mesh.calc_loop_triangles()
    uvs = np.array([loop.uv[:] for loop in mesh.uv_layers[uv_map].data]) * size - 0.5
    where, places = [], []
    for triangle in mesh.loop_triangles:
        corners = uvs[list(triangle.loops)]
        points = np.array([mesh.vertices[index].co for index in triangle.vertices])
        low, high = np.ceil(corners.min(axis=0)).astype(int), np.floor(corners.max(axis=0)).astype(int)
        x, y = (part.ravel() for part in np.meshgrid(np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1)))
        edges = np.column_stack([corners[1] - corners[0], corners[2] - corners[0]])
        if len(x) == 0 or abs(np.linalg.det(edges)) < 1e-6:
            continue
        weights = np.linalg.solve(edges, np.stack([x, y]) - corners[0][:, None])
        weights = np.vstack([1 - weights.sum(axis=0), weights]).T
        inside = (weights > 0.02).all(axis=1)
        where.append(np.column_stack([size - 1 - y, x])[inside])
        places.append(weights[inside] @ points)
    return np.concatenate(where), np.concatenate(places)


@pytest.mark.parametrize("new_map", [False, True])
def test_the_baked_mask_is_the_definition_at_the_texels(addon, ball, tmp_path, new_map):
    assert addon.ops.stainless.bake_stains(size=SIZE, new_map=new_map, samples=1) == {"FINISHED"}
    uv_map = "Stainless Bake" if new_map else "UVMap"
    where, places = texels(ball, uv_map, SIZE)
    assert len(where) > SIZE * SIZE / 5
    params = params_of(ball.active_material.stainless.stain, WaterStainParams)
    own = dataclasses.replace(params, seed_offset=params.seed_offset + object_seed(ball))
    stain = evaluate_water_stain(places, own)
    name = tmp_path / "baked" / ball.name
    mask, colour, roughness, metallic = (
        cv2.imread(f"{name}_{channel}.png", cv2.IMREAD_UNCHANGED)
        for channel in ("mask", "colour", "roughness", "metallic")
    )
    rows, columns = where.T
    assert set(np.unique(mask)) == {0, 255}
    agree = (mask[rows, columns] == 255) == stain.inside
    assert 0.05 < stain.inside.mean() < 0.9
    assert agree.mean() > 0.998  # Blender shifts texels by a five-hundredth, which may cross an outline

    expected = np.clip(np.array([0.8, 0.6, 0.4]) + stain.reflectance[:, None], 0, 1)
    encoded = np.where(expected <= 0.0031308, 12.92 * expected, 1.055 * expected ** (1 / 2.4) - 0.055)
    apart = np.abs(colour[rows, columns, ::-1] / 255 - encoded).max(axis=1)
    assert np.quantile(apart[agree], 0.99) < 0.02
    assert (metallic[rows, columns] == 255).all()
    assert (np.abs(roughness[rows, columns] - 0.25 * 255) < 1.5).mean() > 0.99


def test_the_copy_leaves_as_gltf(addon, ball, tmp_path):
    objects, scenes = set(addon.data.objects), len(addon.data.scenes)
    assert addon.ops.stainless.bake_stains(size=SIZE, new_map=True) == {"FINISHED"}
    (copy,) = set(addon.data.objects) - objects
    assert copy.name == "Sphere Baked"
    assert addon.context.view_layer.objects.active == copy
    assert len(addon.data.scenes) == scenes
    assert [layer.name for layer in copy.data.uv_layers] == ["Stainless Bake"]
    assert [layer.name for layer in ball.data.uv_layers] == ["UVMap", "Stainless Bake"]
    assert ball.data.uv_layers.active.name == "UVMap"

    pytest.importorskip("io_scene_gltf2", reason="this Blender has no glTF exporter")
    target = tmp_path / "ball.glb"
    addon.ops.export_scene.gltf(filepath=str(target), use_selection=True)
    content = target.read_bytes()
    (length,) = struct.unpack_from("<I", content, 12)
    document = json.loads(content[20 : 20 + length])
    (material,) = document["materials"]
    assert set(material["pbrMetallicRoughness"]) >= {"baseColorTexture", "metallicRoughnessTexture"}
    assert len(document["images"]) == 2


def test_a_refused_bake_leaves_nothing(addon, ball, tmp_path):
    uvs = ball.data.uv_layers.active.data
    uvs[0].uv = (1.5, 0.5)
    with pytest.raises(RuntimeError, match=r"reaches beyond the picture.*New UV Map"):
        addon.ops.stainless.bake_stains(size=SIZE)
    assert not (tmp_path / "baked").exists()
    (tmp_path / "baked").write_text("a file where the folder would be")
    with pytest.raises(RuntimeError):
        addon.ops.stainless.bake_stains(size=16, new_map=True)
    assert [layer.name for layer in ball.data.uv_layers] == ["UVMap"]
    assert len(addon.data.images) == 0


def test_unstained_parts_and_plain_materials_are_baked_too(addon, ball, tmp_path):
    plain = addon.data.materials.new("Plain")
    plain.use_nodes = False
    plain.diffuse_color, plain.roughness = (0.2, 0.3, 0.4, 1.0), 0.9
    ball.data.materials.append(plain)
    for number, face in enumerate(ball.data.polygons):
        face.material_index = number % 2
    assert addon.ops.stainless.bake_stains(size=SIZE, copy=False) == {"FINISHED"}
    roughness = cv2.imread(str(tmp_path / "baked" / f"{ball.name}_roughness.png"), cv2.IMREAD_UNCHANGED)
    assert {64, 230} <= set(np.unique(roughness)) or addon.app.version >= (5, 0, 0)
