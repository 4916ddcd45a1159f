"""A stain's roughness and specular tint, read off the material as floats, against the gains applied by hand."""

import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from blender_addon.metals.brushed import BrushedMetalParams
from blender_addon.plate.material import surface_material
from blender_addon.plate.surface import InspectedSurface
from blender_addon.water_stain.params import WaterStainParams
from blender_addon.water_stain.reference import evaluate_water_stain
from blender_addon.water_stain.shading import StainShadingParams
from tests.blender_addon.surface_truth import pixel_centres
from tests.blender_addon.water_stain_pictures import add_camera, add_plate, empty_scene

pytestmark = pytest.mark.blender

STAIN = WaterStainParams(rim_intensity=-0.1)
SMOOTH = BrushedMetalParams(roughness=0.2, roughness_variation=0.0)


def shown(bpy, render_float, socket_name, shading, stain=STAIN):
    """Render what reaches an input of the metal's Principled BSDF, as an emission."""
    scene = empty_scene(122, 102)
    part = add_plate()
    add_camera("PERSP")
    material = surface_material(InspectedSurface(SMOOTH, stain, stain_shading=shading))
    part.data.materials.append(material)
    tree = material.node_tree
    metal = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    output = next(node for node in tree.nodes if node.type == "OUTPUT_MATERIAL")
    emission = tree.nodes.new("ShaderNodeEmission")
    links = metal.inputs[socket_name].links
    if not links:
        return None
    tree.links.new(links[0].from_socket, emission.inputs["Color"])
    tree.links.new(emission.outputs["Emission"], output.inputs["Surface"])
    return render_float(scene)[..., 0]


def test_reflectance_acts_on_roughness_and_specular_tint(bpy, render_float):
    shading = StainShadingParams(roughness_gain=0.8, tint_gain=1.5)
    points = pixel_centres(122, 102, 0.122)
    change = evaluate_water_stain(points.reshape(-1, 3), STAIN).reflectance.reshape(102, 122)
    on_plate = (np.abs(points[..., 0]) < 0.0595) & (np.abs(points[..., 1]) < 0.0495)
    assert change.min() < -0.3
    roughness = shown(bpy, render_float, "Roughness", shading)
    assert np.abs(roughness - (0.2 - 0.8 * change))[on_plate].max() < 1e-4
    tint = shown(bpy, render_float, "Specular Tint", shading)
    assert np.abs(tint - np.clip(1 + 1.5 * change, 0, 1))[on_plate].max() < 1e-4


def test_crust_has_a_roughness_of_its_own_and_a_multiplied_change_scales_the_metal(bpy, render_float):
    stain = WaterStainParams(crust_coverage=0.8, crust_intensity=0.05)
    points = pixel_centres(122, 102, 0.122)
    field = evaluate_water_stain(points.reshape(-1, 3), stain)
    change, crust = (part.reshape(102, 122) for part in (field.reflectance, field.crust))
    on_plate = (np.abs(points[..., 0]) < 0.0595) & (np.abs(points[..., 1]) < 0.0495)
    assert crust.max() == 1
    shading = StainShadingParams(crust_roughness=0.3, multiplied=1)
    roughness = shown(bpy, render_float, "Roughness", shading, stain)
    assert np.abs(roughness - (0.2 + 0.3 * crust))[on_plate].max() < 1e-3
    colour = shown(bpy, render_float, "Base Color", shading, stain)
    assert np.abs(colour - SMOOTH.base_reflectance * (1 + change))[on_plate].max() < 1e-4


def test_neutral_gains_leave_both_alone(bpy, render_float):
    roughness = shown(bpy, render_float, "Roughness", StainShadingParams())
    assert np.ptp(roughness[5:-5, 5:-5]) < 1e-6
    assert shown(bpy, render_float, "Specular Tint", StainShadingParams()) is None
