"""The reliefs of a plate as OSL scripts: one for each kind, which computes the pieces that can cover the point.

As shader nodes, every relief of a material is computed at every point of the material, and every node is a function of
its own. Cycles compiles each of them for each picture, which takes seconds for a plate with many blemishes. A script
skips the pieces whose bounds do not contain the point, and stops at a piece as soon as one of its gates is 0.
"""

import dataclasses
from collections.abc import Sequence

import bpy
import numpy as np

from ..blemishes import kinds
from ..blemishes.kinds import BlemishKind, Relief
from ..nodes.group_interface import socket_label
from ..nodes.osl_script import script_node
from ..nodes.osl_translation import FUNCTIONS, osl_number, osl_statements
from .surface import InspectedSurface

PADDING = 0.0005  # metres around a relief's bounds; the Bump node evaluates points up to a fraction of a pixel away
PRODUCTS = {"Bare"}  # outputs of several pieces that are multiplied, and 1 without a piece; the others are added
_SIDES = ("left", "right", "front", "back")


def relief_scripts(surface: InspectedSurface) -> dict[str, bpy.types.ShaderNodeTree]:
    """Build a group with the input Position for each kind of relief that the surface has; by the kind's name.

    The group has the outputs of the kind's own group, except the mask and the gates, over all its pieces.
    `switch_osl_on` must have been called for the scene. Raises OslUnavailableError, or ValueError for a node that has
    no translation.
    """
    return {
        kind.name: _script_group(kind, relief, surface.of_kind(kind))
        for kind, relief in kinds.reliefs()
        if surface.of_kind(kind)
    }


def _script_group(kind: BlemishKind, relief: Relief, pieces: tuple[object, ...]) -> bpy.types.ShaderNodeTree:
    outputs = relief_outputs(relief)
    tree = bpy.data.node_groups.new(f"Stainless {kind.plural.title()}", "ShaderNodeTree")
    tree.interface.new_socket("Position", in_out="INPUT", socket_type="NodeSocketVector")
    for output in outputs:
        tree.interface.new_socket(output, in_out="OUTPUT", socket_type="NodeSocketFloat")
    given, out = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
    name = f"stainless_{kind.plural}"
    script = script_node(tree, name, relief_source(name, relief, pieces), ("Position",), outputs)
    tree.links.new(given.outputs["Position"], script.inputs["Position"])
    for output in outputs:
        tree.links.new(script.outputs[output], out.inputs[output])
    return tree


def relief_outputs(relief: Relief) -> tuple[str, ...]:
    """Return the outputs of a kind's group that its material uses."""
    items = relief.group().interface.items_tree
    unused = {"Mask", *relief.gates}
    return tuple(item.name for item in items if item.in_out == "OUTPUT" and item.name not in unused)


def relief_source(name: str, relief: Relief, pieces: tuple[object, ...]) -> str:
    """Return the source of a script for the pieces of a kind; numbers are rounded to float32, as in sockets."""
    outputs = relief_outputs(relief)
    variables = {output: output.replace(" ", "") for output in outputs}
    bounds = np.array([relief.bounds(piece) for piece in pieces]) + PADDING * np.array([-1, 1, -1, 1])
    columns = dict(zip(_SIDES, bounds.T.tolist(), strict=True))
    fields = [field.name for field in dataclasses.fields(pieces[0])]  # type: ignore[arg-type]
    columns |= {f"p_{field}": [getattr(piece, field) for piece in pieces] for field in fields}
    inputs = {socket_label(field): f"p_{field}[piece]" for field in fields}
    lines, results = osl_statements(relief.group(), outputs, inputs, relief.gates)
    arguments = ["point Position = P"]
    for output, variable in variables.items():
        start = int(output in PRODUCTS)
        arguments.append(f'output float {variable} = {start} [[ string label = "{output}" ]]')
    # Parameters: OSL would fill variables again at every point. Tables of at least two rows are no sockets of the node.
    arguments += [
        f"float {column}[{max(len(pieces), 2)}] = {{{_numbers(values)}}}" for column, values in columns.items()
    ]
    sums = [
        f"        {variables[output]} {'*=' if output in PRODUCTS else '+='} {expression};"
        for output, expression in results.items()
    ]
    body = [
        f"    for (int piece = 0; piece < {len(pieces)}; piece++) {{",
        "        if (Position[0] < left[piece] || Position[0] > right[piece])",
        "            continue;",
        "        if (Position[1] < front[piece] || Position[1] > back[piece])",
        "            continue;",
        *(f"    {line}" for line in lines),
        *sums,
        "    }",
    ]
    text = "\n".join(body)
    return f"{FUNCTIONS}\nshader {name}({', '.join(arguments)})\n{{\n{text}\n}}\n"


def _numbers(values: Sequence[float]) -> str:
    """Return the numbers of a table of at least two rows; a second row is not used if there is one piece."""
    rows = [*values, *values] if len(values) == 1 else values
    return ", ".join(osl_number(float(np.float32(value))) for value in rows)
