"""The choice of shader nodes or OSL for a job, made once when its dataset is begun.

The choice changes the last bit of some values, so every process that continues a dataset uses the recorded one.
"""

import bpy

from blender_addon.job.definition import Job
from blender_addon.job.job_error import JobError
from blender_addon.nodes.osl_script import OslUnavailableError, require_osl_on
from blender_addon.plate.groups import AUTO, NODES, OSL
from blender_addon.water_stain.osl_group import water_stain_osl_group

from .device import Device

# Samples of all pixels of a picture from which OSL is cheaper: it compiles its scripts for every picture.
OSL_PAYS = 1_000_000


def choose_renderer(job: Job, device: Device) -> str:
    """Return NODES or OSL for a new dataset: the job's own choice, or the cheaper one for its pictures.

    Raises JobError if the job demands OSL and it is not available.
    """
    if job.stain_renderer != AUTO:
        require_renderer(job.stain_renderer, device)
        return job.stain_renderer
    image = job.image
    if device.backend != "CPU" or image.width * image.height * image.samples < OSL_PAYS:
        return NODES
    return OSL if _osl_problem(device) is None else NODES


def require_renderer(renderer: str, device: Device, where: str = "stain_renderer") -> None:
    """Raise JobError, which begins with `where`, unless `renderer` is available on the device."""
    if renderer == OSL and (problem := _osl_problem(device)):
        raise JobError(f"{where}: {problem}")


def _osl_problem(device: Device) -> str | None:
    """Compile the OSL script of the stains in an empty scene; return the reason why it cannot be used, or None."""
    try:
        require_osl_on(device.backend)
        bpy.ops.wm.read_factory_settings(use_empty=True)
        bpy.context.scene.render.engine = "CYCLES"
        device.use(bpy.context.scene)
        water_stain_osl_group(bpy.context.scene)
    except OslUnavailableError as error:
        return str(error)
    return None
