"""The search of the water-stain graph over 4, 8 or 27 cells; see `reference`."""

from typing import TypeAlias

import bpy

from ..nodes.layout import framed
from ..nodes.shader_graph import Value, assign, combine, group_node
from ..nodes.vectors import vector_math
from .cell import NOTHING_NEAR, water_stain_cell_group
from .reference import BALL, FULL, NEIGHBOURS, SLAB

BATCH = 8  # cells

Socket: TypeAlias = bpy.types.NodeSocket
Flow: TypeAlias = tuple[Socket, Value]  # unit vector downstream; compression of distances along it


def nearest_in_grid(
    tree: bpy.types.ShaderNodeTree,
    point: Socket,
    radius: Value,
    amplitude: Value,
    perturbation: Value,
    outline: Value,
    flow: Flow,
    p: dict[str, Value],
) -> tuple[Value, Socket]:
    """Return d/r' of the stain that covers `point` best, and the index of its cell; lengths are in cell units."""
    with framed(tree, "Number of cells that can reach a point"):
        spread = radius * p["radius_variation"]
        reach = (radius + spread + amplitude) * (p["run_off"] + 1.0)
        slab = (p["depth_jitter"] + reach * 2.0).at_most(1.0)
        not_full = reach.at_most(0.5)
        ball, full = not_full * (1.0 - slab), (1.0 - not_full) * (1.0 - slab)
        across = 1.0 - (slab + ball) * 0.5
        shift = combine(tree, across, across, across * (1.0 - slab) - reach * slab)
        first = vector_math(tree, "FLOOR", vector_math(tree, "SUBTRACT", point, shift))
        jitter = combine(tree, 1.0, 1.0, p["depth_jitter"])

    vectors = {"Point": point, "First Cell": first, "Jitter": jitter, "Downstream": flow[0]}
    values: dict[str, Value | float] = {
        "Seed Offset": p["seed_offset"],
        "Run-off Compression": flow[1],
        "Radius": radius,
        "Radius Spread": spread,
        "Perturbation": perturbation,
        "Presence": p["presence"],
        "Nearest": NOTHING_NEAR,
    }
    found = {}
    searches = (
        (0, SLAB, "4 cells: one layer"),
        (SLAB, BALL, "8 cells: a ball"),
        (BALL, FULL, "27 cells: all neighbours"),
    )
    for begin, end, label in searches:
        with framed(tree, label):
            for number in range(begin, end):
                nearest = values["Nearest"]
                if number >= BALL and number % BATCH == 0 and isinstance(nearest, Value):
                    vectors["First Cell"] = _after(tree, first, nearest)
                _add_cell(tree, NEIGHBOURS[number], vectors, values)
        found[end] = values["Nearest"], vectors["Nearest Cell"]

    with framed(tree, "Selected search"):
        switches = dict(zip((SLAB, BALL, FULL), (slab, ball, full), strict=True))
        measure = sum((found[n][0] * switches[n] for n in (BALL, FULL)), found[SLAB][0] * slab)
        cell = first
        for number, switch in switches.items():
            cell = vector_math(tree, "ADD", cell, vector_math(tree, "SCALE", found[number][1], scale=switch))
        own_radii = spread.math("GREATER_THAN", 0.0)
        ratio = measure / (outline * (1.0 - own_radii) + own_radii)
    return ratio, cell


def _add_cell(
    tree: bpy.types.ShaderNodeTree,
    cell: tuple[int, ...],
    vectors: dict[str, Socket],
    values: dict[str, Value | float],
) -> None:
    """Add one more cell to the chain; update the nearest distance and cell in `values` and `vectors`."""
    node = group_node(tree, water_stain_cell_group(), f"Cell {cell}")
    node.hide = True
    node.inputs["Cell"].default_value = cell
    for name, vector in vectors.items():
        tree.links.new(vector, node.inputs[name])
    for name, value in values.items():
        assign(tree, node.inputs[name], value)
    values["Nearest"] = Value(tree, node.outputs["Nearest"])
    vectors["Nearest Cell"] = node.outputs["Nearest Cell"]


def _after(tree: bpy.types.ShaderNodeTree, first: Socket, nearest: Value) -> Socket:
    """Return the value of `first`, made to depend on `nearest`.

    Cycles evaluates every node as early as possible, and the keys of all 27 cells at once overflow its stack. The
    dependency makes it evaluate the cells beyond the first eight in batches.
    """
    far_below = nearest - 1e3 * NOTHING_NEAR
    return vector_math(tree, "MAXIMUM", first, combine(tree, far_below, far_below, far_below))
