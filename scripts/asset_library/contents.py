"""The assets of the library: stained materials, bare metals, and the node groups of stain and blemishes."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bpy

from blender_addon.blemishes.kinds import reliefs
from blender_addon.metals.group import FINISHES
from blender_addon.nodes.object_position import object_position_group
from blender_addon.own_objects.stain_layer import add_layer
from blender_addon.own_objects.stained_surface import stained_surface_group
from blender_addon.plate.material import surface_material
from blender_addon.plate.surface import InspectedSurface
from blender_addon.settings.changes import apply_material
from blender_addon.settings.groups import VERSION
from blender_addon.settings.properties import set_values
from blender_addon.water_stain.group import water_stain_group
from blender_addon.water_stain.preset import fitted_to_body, read_preset, shipped_presets

AUTHOR, LICENSE = "The Stainless authors", "GPL-3.0-or-later"
STAINED, METALS, NODES = "Stainless/Stained Metal", "Stainless/Metals", "Stainless/Node Groups"
CATALOGS = (STAINED, METALS, NODES)
CATALOG_FILE = "blender_assets.cats.txt"
SPACE = uuid.UUID("6f1d3a52-54a3-4f0e-9c59-0a4a7f0d7e11")  # of the catalogs' identifiers, which never change
NODE_WORDS = {
    "Stainless Water Stain": "Water stains: a solid texture that needs no UV map. Join Position to Object Position",
    "Stainless Object Position": "The place on an object in metres, under any scale, and gravity on its surface",
    "Stainless Stained Surface": "The effect of stains on colour, roughness and specular tint",
}


@dataclass(frozen=True)
class Asset:
    """A data-block of the library with its words and its picture's subject."""

    data: bpy.types.ID
    catalog: str
    description: str
    tags: tuple[str, ...]
    subject: bpy.types.Material | InspectedSurface | None  # shown on a ball, or a plate; None: no picture


def catalog_id(catalog: str) -> str:
    """Return a catalog's identifier."""
    return str(uuid.uuid5(SPACE, catalog))


def write_catalogs(folder: Path) -> None:
    """Write Blender's catalog file."""
    rows = [f"{catalog_id(name)}:{name}:{name.replace('/', '-')}" for name in CATALOGS]
    (folder / CATALOG_FILE).write_text("\n".join(["VERSION 1", "", *rows, ""]), encoding="utf-8")


def all_assets() -> Iterator[Asset]:
    """Build every asset; the extension must be registered."""
    for name, path in shipped_presets().items():
        words = name.replace("_", " ")
        material = stained_metal(f"{words} on Metal", path)
        yield Asset(material, STAINED, f"Metal with water stains: {words}", ("water stain", "metal", words), material)
    for name, finish in FINISHES.items():
        surface = InspectedSurface(metal=finish.params())
        material = surface_material(surface)
        material.name = f"{name.title()} Metal"
        yield Asset(material, METALS, f"{name.title()} aluminium, clean", ("metal", "aluminium", name), surface)
    plain = FINISHES["sandblasted"].params()
    for kind, relief in reliefs():
        group = relief.group()
        words = f"A {kind.name} as a node group: mask, and what it does to the surface"
        surface = InspectedSurface(metal=plain, blemishes=(kind.params(**CLOSE.get(kind.name, {})),))
        yield Asset(group, NODES, words, (kind.name, kind.label.kind), surface)
    stain = next(iter(shipped_presets().values()))
    shown = stained_metal("Shown Stain", stain)
    for group in (water_stain_group(), object_position_group(), stained_surface_group()):
        subject = shown if group == water_stain_group() else None
        yield Asset(group, NODES, NODE_WORDS[group.name], ("water stain", "texture"), subject)


CLOSE: dict[str, dict[str, float]] = {  # pieces for the pictures, at the bright part of the plate
    "scratch": {"centre_x": 0.036, "angle": 0.7, "length": 0.018},
    "dent": {"centre_x": 0.036, "radius": 0.005},
    "bump": {"centre_x": 0.036},
    "fingerprint": {"centre_x": 0.036},
}


def stained_metal(name: str, preset: Path) -> bpy.types.Material:
    """Return a metal with the layer of stains that the extension's panels edit, in the look of a preset."""
    material = bpy.data.materials.new(name)
    if material.node_tree is None:
        material.use_nodes = True
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (0.8, 0.8, 0.8, 1.0)
    shader.inputs["Metallic"].default_value = 1.0
    shader.inputs["Roughness"].default_value = 0.25
    add_layer(material)
    settings = material.stainless
    settings.version, settings.differ = VERSION, True
    looks = fitted_to_body(read_preset(preset)) | {"depth_jitter": 1.0, "follow_gravity": True}
    settings.hold = True
    set_values(settings.stain, looks)
    settings.hold = False
    apply_material(material)
    return material
