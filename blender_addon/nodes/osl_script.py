"""Open Shading Language: whether it can be had here, and script nodes that are never silently empty.

It needs Cycles on the CPU or on OptiX. Everything that can be missing is found out here and said: Blender itself leaves
a script node without sockets, and black, where a script did not compile.
"""

from collections.abc import Iterable

import bpy

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


def switch_osl_on(scene: bpy.types.Scene) -> None:
    """Let `scene` be shaded by OSL. Raises OslUnavailableError."""
    require_osl(scene)
    expose = getattr(bpy.utils, "expose_bundled_modules", None)
    if expose:
        expose()  # the compiler's Python module is bundled from Blender 4.5 on
    scene.cycles.shading_system = True


def script_node(
    tree: bpy.types.ShaderNodeTree, name: str, source: str, inputs: Iterable[str], outputs: Iterable[str]
) -> bpy.types.ShaderNodeScript:
    """Add a node with the OSL shader `source` to a tree; OSL must be on (`switch_osl_on`).

    Raises OslUnavailableError, and takes the node away again, if it did not compile or lacks one of the sockets.
    """
    text = bpy.data.texts.new(f"{name}.osl")
    text.write(source)
    node = tree.nodes.new("ShaderNodeScript")
    node.mode = "INTERNAL"
    node.script = text
    missing = [n for n in inputs if n not in node.inputs] + [n for n in outputs if n not in node.outputs]
    if missing:
        tree.nodes.remove(node)
        bpy.data.texts.remove(text)
        raise OslUnavailableError(
            f"the OSL script {name} did not compile, or lacks {missing[0]!r}: see Blender's console for "
            f"the compiler's words; {INSTEAD}"
        )
    return node
