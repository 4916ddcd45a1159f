"""Parts of an artist's own: presets that show on bodies, one look for several objects, and files in another unit."""

import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from blender_addon.own_objects.stain_layer import STAIN, is_stained, layer_nodes
from blender_addon.settings.properties import params_of, values_of
from blender_addon.water_stain.params import WaterStainParams
from blender_addon.water_stain.preset import fitted_to_body, read_preset, shipped_presets
from blender_addon.water_stain.reference import evaluate_water_stain
from blender_addon.water_stain.shading import StainShadingParams
from tests.blender_addon.own_objects.test_stain_layer import node_material, plane

pytestmark = pytest.mark.blender

FIELDS = set(WaterStainParams.__dataclass_fields__)


def covered(params: WaterStainParams, depth: float) -> float:
    """Return the share of a square of 0.2 m that is stained, cut at a depth."""
    steps = np.linspace(-0.1, 0.1, 150, dtype=np.float32)
    x, y = np.meshgrid(steps, steps)
    points = np.stack([x, y, np.full_like(x, depth)], axis=-1).reshape(-1, 3)
    return float(evaluate_water_stain(points, params).inside.mean())


@pytest.mark.parametrize("name", shipped_presets())
def test_a_preset_covers_a_body_like_a_plate(name):
    looks = read_preset(shipped_presets()[name])
    own = {key: value for key, value in looks.items() if key in FIELDS}
    on_plate = covered(WaterStainParams(**own), 0.0)
    fitted = {key: value for key, value in fitted_to_body(looks).items() if key in FIELDS}
    body = WaterStainParams(**{**fitted, "depth_jitter": 1.0})
    on_body = np.mean([covered(body, depth) for depth in (0.013, 0.042, 0.077, 0.093)])
    least = 0.25 if own.get("run_off") else 0.6  # a cell must hold the whole run-off, so it cannot shrink enough
    assert least * on_plate < on_body < 1.5 * on_plate


def test_a_preset_goes_to_all_selected_objects(addon):
    objects = [plane(addon, name, material=node_material(addon, name)) for name in ("a", "b", "c")]
    addon.ops.stainless.add_stains()
    objects[0].select_set(False)
    addon.context.view_layer.objects.active = objects[1]
    preset = shipped_presets()["Fresh_Drops"]
    before = objects[0].active_material.stainless.stain.radius
    assert addon.ops.stainless.load_preset(filepath=str(preset)) == {"FINISHED"}
    stains = [obj.active_material.stainless.stain for obj in objects]
    looks = read_preset(preset)
    assert [stain.radius for stain in stains] == pytest.approx([before, looks["radius"], looks["radius"]])
    assert stains[1].cell_size == pytest.approx(fitted_to_body(looks)["cell_size"])
    assert stains[1].depth_jitter == 1.0
    node = layer_nodes(objects[2].active_material.node_tree, STAIN)[0]
    assert node.inputs["Cell Size"].default_value == pytest.approx(stains[2].cell_size)


def test_stains_are_copied_to_the_selected_objects(addon):
    source, stained, clean = (plane(addon, name, material=node_material(addon, name)) for name in "abc")
    clean.select_set(False)
    addon.ops.stainless.add_stains()
    clean.select_set(True)
    addon.context.view_layer.objects.active = source
    stain = source.active_material.stainless.stain
    stain.radius, stain.seed_offset, stain.multiplied, stain.run_off = 0.003, 7, True, 1.0
    assert addon.ops.stainless.copy_stains() == {"FINISHED"}
    assert is_stained(clean.active_material)
    for obj in (stained, clean):
        other = obj.active_material.stainless.stain
        assert params_of(other, WaterStainParams) == params_of(stain, WaterStainParams)
        assert values_of(other, StainShadingParams) == values_of(stain, StainShadingParams)
        node = layer_nodes(obj.active_material.node_tree, STAIN)[0]
        assert node.inputs["Radius"].default_value == pytest.approx(0.003)
    stained.select_set(False)
    clean.select_set(False)
    assert not addon.ops.stainless.copy_stains.poll()


def test_a_part_in_millimetres_gets_its_size_and_its_stains(addon, capfd):
    part, child = plane(addon, "part", 80.0, node_material(addon, "m")), plane(addon, "child", 10.0)
    child.parent, child.location.x = part, 50.0
    part.location = (200.0, 0.0, 0.0)
    part.select_set(True)
    addon.context.view_layer.objects.active = part
    addon.context.view_layer.update()
    assert addon.ops.stainless.add_stains() == {"FINISHED"}
    assert "'part' is 80 m large: wrong unit?" in capfd.readouterr().out
    assert part.active_material.stainless.stain.radius > 1.0
    assert addon.ops.stainless.correct_unit(unit="MILLIMETRE") == {"FINISHED"}
    assert max(part.dimensions) == pytest.approx(0.08)
    assert max(child.dimensions) == pytest.approx(0.01)
    assert tuple(part.matrix_world.translation) == pytest.approx((0.2, 0.0, 0.0))
    assert tuple(child.matrix_world.translation) == pytest.approx((0.25, 0.0, 0.0))
    assert part.active_material.stainless.stain.radius == pytest.approx(0.004, rel=0.01)
