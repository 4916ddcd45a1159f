"""The search of the water-stain graph: 4, 8 or 27 cells, as `reference` explains."""

import bpy

from ..nodes.layout import framed
from ..nodes.shader_graph import Value, assign, combine, group_node
from ..nodes.vectors import vector_math
from .cell import NOTHING_NEAR, water_stain_cell_group
from .reference import BALL, FULL, NEIGHBOURS, SLAB

BATCH = 8  # cells

Socket = bpy.types.NodeSocket
Flow = tuple[Socket, Value]  # unit vector downstream; the part by which distances along it shrink


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
    """Return d/r' of the stain that covers `point` best, and the index of its cell; all lengths in cell units."""
    with framed(tree, "How many cells can reach a point?"):
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
                if number >= BALL and number % BATCH == 0:
                    vectors["First Cell"] = _after(tree, first, values["Nearest"])
                _add_cell(tree, NEIGHBOURS[number], vectors, values)
        found[end] = values["Nearest"], vectors["Nearest Cell"]

    with framed(tree, "The search that was needed"):
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
    cell: tuple[int, int, int],
    vectors: dict[str, Socket],
    values: dict[str, Value | float],
) -> None:
    """Chain one more cell; `vectors` and `values` then hold what is nearest so far."""
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
    """Return `first` unchanged, but not before `nearest` is known.

    Cycles computes whatever it can as early as it can. The keys of all 27 cells at once overflow its stack, so the
    cells beyond the first eight take their turns in batches.
    """
    far_below = nearest - 1e3 * NOTHING_NEAR
    return vector_math(tree, "MAXIMUM", first, combine(tree, far_below, far_below, far_below))
