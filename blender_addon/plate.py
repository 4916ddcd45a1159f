"""The inspected part: a flat plate whose upper face lies in z = 0, centred on the origin."""

from dataclasses import dataclass

import bpy

from .parameter import parameter


@dataclass(frozen=True)
class PlateParams:
    """A rectangular plate (paper, section V-A: 10 cm x 12 cm aluminium)."""

    width: float = parameter(0.12, unit="m", low=1e-3, high=10.0, description="Extent along x")
    height: float = parameter(0.10, unit="m", low=1e-3, high=10.0, description="Extent along y")
    thickness: float = parameter(0.002, unit="m", low=1e-5, high=1.0, description="Extent along z")
    border: float = parameter(
        0.002, unit="m", low=0.0, high=1.0, description="Rim along the edges that annotations mark as ignored"
    )


def plate(params: PlateParams, columns: int = 1, rows: int = 1) -> bpy.types.Object:
    """Build the plate as a box mesh and link it to the scene's collection.

    Faces 0 .. columns * rows - 1 are the tiles of the upper face, row by row from (-x, -y); the other five follow.
    """
    x, y, z = params.width / 2, params.height / 2, params.thickness
    corners = [
        (params.width * (i / columns - 0.5), params.height * (j / rows - 0.5), 0.0)
        for j in range(rows + 1)
        for i in range(columns + 1)
    ]
    step = columns + 1
    faces = [
        (j * step + i, j * step + i + 1, (j + 1) * step + i + 1, (j + 1) * step + i)
        for j in range(rows)
        for i in range(columns)
    ]
    first = len(corners)
    corners += [(sx * x, sy * y, sz) for sz in (-z, 0.0) for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    below_and_sides = [(3, 2, 1, 0), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]
    faces += [tuple(first + corner for corner in face) for face in below_and_sides]
    mesh = bpy.data.meshes.new("Plate")
    mesh.from_pydata(corners, [], faces)
    obj = bpy.data.objects.new("Plate", mesh)
    bpy.context.scene.collection.objects.link(obj)
    return obj
