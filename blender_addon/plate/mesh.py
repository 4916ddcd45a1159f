"""The inspected part: a flat plate with chamfered edges, its upper face in z = 0, centred on the origin."""

from dataclasses import dataclass

import bpy

from ..definitions.parameter import parameter


@dataclass(frozen=True)
class PlateParams:
    """A rectangular plate (paper, section V-A: 10 cm x 12 cm aluminium).

    Raises ValueError if the bevel would cut through it.
    """

    width: float = parameter(
        0.12,
        unit="m",
        low=1e-3,
        high=10.0,
        label="Width",
        description="The plate measures this much from left to right, along x",
    )
    height: float = parameter(
        0.10,
        unit="m",
        low=1e-3,
        high=10.0,
        label="Height",
        description="The plate measures this much from bottom to top, along y",
    )
    thickness: float = parameter(
        0.002, unit="m", low=1e-5, high=1.0, label="Thickness", description="The plate is this thick"
    )
    bevel: float = parameter(
        3e-4,
        unit="m",
        low=0.0,
        high=0.1,
        label="Bevel",
        description="The chamfer along the upper edges is this wide and deep",
    )
    border: float = parameter(
        0.002,
        unit="m",
        low=0.0,
        high=1.0,
        label="Border",
        description="Annotations ignore a rim of this width along the plate's edges",
    )

    def __post_init__(self) -> None:
        if self.bevel >= min(self.thickness, self.width / 2, self.height / 2):
            raise ValueError(
                f"plate: bevel = {self.bevel:g} must be below thickness = {self.thickness:g} and half its sides"
            )


def plate(params: PlateParams, columns: int = 1, rows: int = 1) -> bpy.types.Object:
    """Build the plate as a mesh and link it to the scene's collection.

    Faces 0 to columns * rows - 1 are the tiles of the upper face, row by row from (-x, -y). The other faces follow.
    """
    x, y, b = params.width / 2, params.height / 2, params.bevel
    corners = [
        (2 * (x - b) * (i / columns - 0.5), 2 * (y - b) * (j / rows - 0.5), 0.0)
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
    for inwards, z in ((0.0, -params.thickness), (0.0, -b), (b, 0.0)):
        corners += [(sx * (x - inwards), sy * (y - inwards), z) for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    faces.append((first + 3, first + 2, first + 1, first))
    for lower in (first, first + 4):  # sides, then chamfers
        faces += [(lower + k, lower + (k + 1) % 4, lower + 4 + (k + 1) % 4, lower + 4 + k) for k in range(4)]
    mesh = bpy.data.meshes.new("Plate")
    mesh.from_pydata(corners, [], faces)
    obj = bpy.data.objects.new("Plate", mesh)
    bpy.context.scene.collection.objects.link(obj)
    return obj
