"""Frames and node positions in the water stain's node trees, so that artists can read them."""

from collections.abc import Iterator
from contextlib import contextmanager

import bpy

COLUMN, GAP = 230.0, 120.0


@contextmanager
def framed(tree: bpy.types.NodeTree, label: str) -> Iterator[None]:
    """Put the nodes created within the `with` block into a frame with this label."""
    before = len(tree.nodes)
    yield
    created = list(tree.nodes)[before:]
    frame = tree.nodes.new("NodeFrame")
    frame.label = label
    for node in created:
        node.parent = frame


def arrange(tree: bpy.types.NodeTree) -> None:
    """Place frames from left to right and nodes inside them by dependency; give each frame its own group input."""
    frames = [node for node in tree.nodes if node.type == "FRAME"]
    for frame in frames:
        _own_group_input(tree, frame)
    for node in [n for n in tree.nodes if n.type == "GROUP_INPUT" and not any(s.is_linked for s in n.outputs)]:
        tree.nodes.remove(node)
    x = 0.0
    for frame in [*frames, None]:
        nodes = [node for node in tree.nodes if node.parent == frame and node.type != "FRAME"]
        columns = _columns(tree, nodes)
        rows: dict[int, float] = {}
        for node in nodes:
            column = columns[node.name]
            y = rows.get(column, 0.0)
            node.location = (x + column * COLUMN, y)
            rows[column] = y - _height(node)
        x += (max(columns.values(), default=0) + 1) * COLUMN + GAP


def _height(node: bpy.types.Node) -> float:
    """Return the height of a node in its column; a collapsed node also grows with its sockets."""
    sockets = [sum(not socket.hide for socket in side) for side in (node.inputs, node.outputs)]
    if node.hide:
        return 46.0 + 10.0 * max(max(sockets) - 4, 0)
    fields = sum(not socket.is_linked for socket in node.inputs)
    return 50.0 + 22.0 * (sum(sockets) + fields) + 60.0 * (node.type == "TEX_NOISE")


def _own_group_input(tree: bpy.types.NodeTree, frame: bpy.types.Node) -> None:
    links = [k for k in tree.links if k.from_node.type == "GROUP_INPUT" and k.to_node.parent == frame]
    if not links:
        return
    own = tree.nodes.new("NodeGroupInput")
    own.parent = frame
    for link in links:
        tree.links.new(own.outputs[link.from_socket.name], link.to_socket)
    for socket in own.outputs:
        socket.hide = not socket.is_linked


def _columns(tree: bpy.types.NodeTree, nodes: list[bpy.types.Node]) -> dict[str, int]:
    """Return each node's column by name: one to the right of its last dependency inside the frame."""
    inside = {node.name for node in nodes}
    sources: dict[str, set[str]] = {name: set() for name in inside}
    for link in tree.links:
        if link.from_node.name in inside and link.to_node.name in inside:
            sources[link.to_node.name].add(link.from_node.name)
    columns: dict[str, int] = {}
    while len(columns) < len(inside):
        for name in inside - columns.keys():
            if sources[name] <= columns.keys():
                columns[name] = max((columns[source] + 1 for source in sources[name]), default=0)
    return columns
