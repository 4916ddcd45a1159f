"""Picked stains of a material: the explicit centre of its stain, and further centres in a list."""

import bpy

from ..own_objects.picked_centres import MOST
from ..own_objects.stain_layer import Centre
from .changes import Owner, apply_material, one_change
from .properties import set_values

CENTRE = ("centre_x", "centre_y", "centre_z")


def picked_number(settings: bpy.types.PropertyGroup) -> int:
    """Return the number of a material's picked stains; 0 if its stains lie in the grid."""
    return 1 + len(settings.further) if settings.stain.explicit_centre else 0


def full_words(owner: Owner) -> str | None:
    """Return why no more stains can be picked, or None if they can."""
    if not isinstance(owner, bpy.types.Material) or picked_number(owner.stainless) < MOST:
        return None
    return (
        f"material {owner.name!r} has {MOST} picked stains, the most; remove one under Picked Stains before you pick "
        "another"
    )


def add_centre(material: bpy.types.Material, centre: Centre) -> None:
    """Add a picked stain; the first one takes the place of the grid. Raises ValueError if there are `MOST`."""
    if words := full_words(material):
        raise ValueError(words)
    settings = material.stainless
    with one_change(material, apply_material):
        if settings.stain.explicit_centre:
            settings.further.add().centre = centre
        else:
            settings.further.clear()
            set_values(settings.stain, {"explicit_centre": True, **dict(zip(CENTRE, centre, strict=True))})


def remove_centres(material: bpy.types.Material, number: int) -> None:
    """Remove the last picked stains; without any, the grid is back. Raises ValueError if its stains do not fit it."""
    settings = material.stainless
    with one_change(material, apply_material):
        for _ in range(number):
            if settings.further:
                settings.further.remove(len(settings.further) - 1)
            else:
                settings.stain.explicit_centre = False


def copy_further(source: bpy.types.PropertyGroup, target: bpy.types.PropertyGroup) -> None:
    """Give a material the further centres of another."""
    target.further.clear()
    for each in source.further:
        target.further.add().centre = each.centre
