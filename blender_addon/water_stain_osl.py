"""The water stain as an OSL script, in a group with the same sockets as the shader-node one.

Needs Cycles with Open Shading Language on the CPU or on OptiX. Everything that can be missing is found out here and
said: Blender itself leaves a script node without sockets, and black, where a script did not compile.
"""

import dataclasses
from pathlib import Path

import bpy

from .group_interface import find_group, new_group, socket_label
from .water_stain import WaterStainParams
from .water_stain_nodes import OUTPUTS

GROUP_NAME = "Stainless Water Stain (OSL)"
GROUP_VERSION = 4
SCRIPT = Path(__file__).with_name("water_stain.osl")
BACKENDS = ("CPU", "OPTIX")  # of Cycles, that run OSL
INSTEAD = "use the shader-node water stain instead"


class OslUnavailableError(RuntimeError):
    """This Blender, or the way it is set up, cannot run OSL; the message says why and what to do instead."""


def require_osl_on(backend: str) -> None:
    """Raise OslUnavailableError unless this Blender can run OSL on devices of `backend` (CPU, OPTIX, CUDA, ...)."""
    try:
        import _cycles
    except ImportError:
        raise OslUnavailableError(f"this Blender is built without Cycles, so it has no OSL; {INSTEAD}") from None
    if not _cycles.with_osl:
        version = bpy.app.version_string
        raise OslUnavailableError(f"this build of Blender {version} has no Open Shading Language; {INSTEAD}")
    if backend not in BACKENDS:
        raise OslUnavailableError(f"OSL runs on the CPU and on OptiX, not on {backend} devices; {INSTEAD}")


def require_osl(scene: bpy.types.Scene) -> None:
    """Raise OslUnavailableError unless `scene` can be rendered with OSL shaders; names the reason."""
    if scene.render.engine != "CYCLES":
        raise OslUnavailableError(f"OSL runs in Cycles only, the scene's engine is {scene.render.engine}; {INSTEAD}")
    backend = "CPU"
    if scene.cycles.device == "GPU":
        cycles = bpy.context.preferences.addons.get("cycles")
        backend = cycles.preferences.compute_device_type if cycles else "NONE"
    require_osl_on(backend)


def water_stain_osl_group(scene: bpy.types.Scene, script: str | None = None) -> bpy.types.ShaderNodeTree:
    """Return the group with the OSL script, and switch OSL on in `scene`.

    Its sockets are those of `water_stain_group`, so `set_water_stain_inputs` serves both. `script` is OSL source to use
    instead of the add-on's own. Raises OslUnavailableError, also where the script does not compile.
    """
    require_osl(scene)
    expose = getattr(bpy.utils, "expose_bundled_modules", None)
    if expose:
        expose()  # the compiler's Python module is bundled from Blender 4.5 on
    scene.cycles.shading_system = True
    existing = find_group(GROUP_NAME, GROUP_VERSION) if script is None else None
    if existing:
        return existing
    tree, position, values, out = new_group(GROUP_NAME, GROUP_VERSION, WaterStainParams, OUTPUTS)
    source = bpy.data.texts.new("water_stain.osl")
    source.write(SCRIPT.read_text(encoding="utf-8") if script is None else script)
    node = tree.nodes.new("ShaderNodeScript")
    node.width = 240
    node.location = (250, 0)
    node.mode = "INTERNAL"
    node.script = source
    out.location = (550, 0)
    labels = ["Position", *(socket_label(field.name) for field in dataclasses.fields(WaterStainParams))]
    missing = [name for name in labels if name not in node.inputs] + [n for n in OUTPUTS if n not in node.outputs]
    if missing:
        bpy.data.node_groups.remove(tree)
        bpy.data.texts.remove(source)
        raise OslUnavailableError(
            f"the OSL script of the water stain did not compile, or lacks {missing[0]!r}: see Blender's console for "
            f"the compiler's words; {INSTEAD}"
        )
    tree.links.new(position, node.inputs["Position"])
    for name, value in values.items():
        tree.links.new(value.socket, node.inputs[socket_label(name)])
    for name in OUTPUTS:
        tree.links.new(node.outputs[name], out.inputs[name])
    return tree
