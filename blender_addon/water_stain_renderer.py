"""Which of its two renderers draws the water stain in a picture: the shader nodes or the OSL script."""

import bpy

from .water_stain_nodes import water_stain_group
from .water_stain_osl import water_stain_osl_group

NODES, OSL = "nodes", "osl"
STAIN_RENDERERS = (NODES, OSL)


def stain_group_of(renderer: str, scene: bpy.types.Scene) -> bpy.types.ShaderNodeTree:
    """Return the node group that draws water stains in `scene`, the same sockets for both.

    With OSL it switches OSL on for the whole scene, also where no stain is seen, so that a clean plate is shaded by the
    same machine as a stained one. The annotation pass has a scene of its own and stays with the nodes. Raises
    OslUnavailableError where OSL cannot be had, ValueError for another renderer.
    """
    if renderer not in STAIN_RENDERERS:
        raise ValueError(f"stain renderer {renderer!r} is none of {', '.join(STAIN_RENDERERS)}")
    return water_stain_osl_group(scene) if renderer == OSL else water_stain_group()
