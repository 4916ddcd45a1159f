"""The node groups shared by all materials of a plate: metal and water stain, as shader nodes or as OSL."""

from collections.abc import Mapping
from dataclasses import dataclass

import bpy

from ..metals.group import metal_group
from ..metals.osl_group import metal_osl_group
from ..nodes.osl_script import switch_osl_on
from ..water_stain.group import water_stain_group
from ..water_stain.osl_group import water_stain_osl_group
from .relief_scripts import relief_scripts
from .surface import InspectedSurface

AUTO, NODES, OSL = "auto", "nodes", "osl"
STAIN_RENDERERS = (AUTO, NODES, OSL)


@dataclass(frozen=True)
class SurfaceGroups:
    """The metal's group, the stain's group or None, and the reliefs' scripts by kind; None: reliefs are nodes."""

    metal: bpy.types.ShaderNodeTree
    stain: bpy.types.ShaderNodeTree | None
    reliefs: Mapping[str, bpy.types.ShaderNodeTree] | None = None


def node_groups(surface: InspectedSurface) -> SurfaceGroups:
    """Return the groups as shader nodes."""
    stain = water_stain_group() if surface.water_stain is not None else None
    return SurfaceGroups(metal_group(surface.metal), stain)


def osl_groups(surface: InspectedSurface, scene: bpy.types.Scene) -> SurfaceGroups:
    """Switch OSL on in `scene` and return the groups with OSL scripts. Raises OslUnavailableError.

    OSL applies to the whole scene, so clean and stained plates are shaded alike. Metal and reliefs are scripts, too,
    because a graph of many small nodes is slow in OSL.
    """
    switch_osl_on(scene)
    stain = water_stain_osl_group(scene) if surface.water_stain is not None else None
    return SurfaceGroups(metal_osl_group(surface.metal), stain, relief_scripts(surface))
