"""The size of an artist's object, and the size that its stains get from it."""

import bpy

PLATE = 0.12  # metres; width of the plate for which the stains' default sizes are made
LARGE = 5.0  # plates; on larger objects drops of real size are hardly visible
DOUBTFUL = 10.0  # metres; a larger part was probably made in another unit


def size_of(obj: bpy.types.Object) -> float:
    """Return the longest side of an object in metres."""
    return float(max(obj.dimensions)) * bpy.context.scene.unit_settings.scale_length


def enlargement(obj: bpy.types.Object) -> float:
    """Return the factor that makes a plate's stains visible on an object: 1 up to `LARGE` plates."""
    plates = size_of(obj) / PLATE
    return plates if plates > LARGE else 1.0


def is_doubtful(obj: bpy.types.Object) -> bool:
    """Return whether an object with a surface is so large that its unit is probably wrong."""
    return hasattr(obj.data, "materials") and size_of(obj) > DOUBTFUL


def size_words(metres: float) -> str:
    """Return a length as a person would say it: "80 m", "80 mm"."""
    return f"{metres:.3g} m" if metres >= 1 else f"{1000 * metres:.3g} mm"
