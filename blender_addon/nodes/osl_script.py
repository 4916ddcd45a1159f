"""Open Shading Language (OSL): its availability, and script nodes that compile or raise an error.

OSL needs Cycles on the CPU or on OptiX. Blender reports no error if a script does not compile: the node has no sockets
and renders black. The functions here raise OslUnavailableError instead.
"""

from collections.abc import Iterable

import bpy

BACKENDS = ("CPU", "OPTIX")  # Cycles back ends that run OSL
INSTEAD = "use the shader-node water stain instead"


class OslUnavailableError(RuntimeError):
    """OSL is not available in this Blender or with its settings; the message gives the reason and an alternative."""


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
    """Raise OslUnavailableError with the reason unless `scene` can be rendered with OSL shaders."""
    if scene.render.engine != "CYCLES":
        raise OslUnavailableError(f"OSL runs in Cycles only, the scene's engine is {scene.render.engine}; {INSTEAD}")
    backend = "CPU"
    if scene.cycles.device == "GPU":
        cycles = bpy.context.preferences.addons.get("cycles")
        backend = cycles.preferences.compute_device_type if cycles else "NONE"
    require_osl_on(backend)


def switch_osl_on(scene: bpy.types.Scene) -> None:
    """Switch `scene` to OSL shading. Raises OslUnavailableError."""
    require_osl(scene)
    expose = getattr(bpy.utils, "expose_bundled_modules", None)
    if expose:
        expose()  # from Blender 4.5, the compiler's Python module is bundled and hidden
    scene.cycles.shading_system = True


def script_node(
    tree: bpy.types.ShaderNodeTree, name: str, source: str, inputs: Iterable[str], outputs: Iterable[str]
) -> bpy.types.ShaderNodeScript:
    """Add a node with the OSL shader `source` to a tree; `switch_osl_on` must have been called.

    Raises OslUnavailableError and removes the node if the script did not compile or lacks one of the sockets.
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
            f"the compiler's message; {INSTEAD}"
        )
    return node
