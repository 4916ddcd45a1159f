"""The render device, selected by preference or by name.

It is an option of the execution, not a part of the job: a job can be rendered on any device.
"""

from dataclasses import dataclass

import _cycles  # Cycles' own module, available after bpy
import bpy

from blender_addon.job.job_error import JobError

BACKENDS = ("OPTIX", "CUDA", "HIP", "ONEAPI", "METAL", "CPU")  # in the order of preference of `auto`
AUTO = "auto"


@dataclass(frozen=True)
class Device:
    """A back end of Cycles and its devices that render together."""

    backend: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.backend}: {' + '.join(self.names)}"

    def use(self, scene: bpy.types.Scene) -> None:
        """Set `scene` to render on this device; loading Blender's factory settings resets this."""
        scene.cycles.device = "CPU" if self.backend == "CPU" else "GPU"
        if self.backend == "CPU":
            return
        preferences = bpy.context.preferences.addons["cycles"].preferences
        preferences.compute_device_type = self.backend
        for entry in preferences.get_devices_for_type(self.backend):
            entry.use = entry.type == self.backend and entry.name in self.names


def find_device(wish: str) -> Device:
    """Return the device for `wish`: auto, back ends in order of preference (optix,cuda,cpu), or a device's name.

    Raises JobError with the available devices if there is no match.
    """
    wishes = [part.strip() for part in wish.split(",")]
    backends = BACKENDS if wish.lower() == AUTO else [part.upper() for part in wishes]
    if set(backends) <= set(BACKENDS):
        for backend in backends:
            if names := _present(backend):
                return Device(backend, names)
    else:
        for backend in BACKENDS:
            if names := tuple(name for name in _present(backend) if wish.lower() in name.lower()):
                return Device(backend, names)
    there = "; ".join(str(Device(backend, names)) for backend in BACKENDS if (names := _present(backend)))
    raise JobError(f"--device {wish}: not on this machine or not in this Blender; there is {there}")


def _present(backend: str) -> tuple[str, ...]:
    """Return the names of a back end's devices; two equal cards give the same name twice."""
    try:
        found = _cycles.available_devices(backend)
    except ValueError:  # a back end that this Blender does not know
        return ()
    return tuple(device[0] for device in found if device[1] == backend)
