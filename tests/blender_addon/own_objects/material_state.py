"""Everything that makes a material, as plain data, to compare before and after."""


def material_state(material) -> dict:
    """Return every property, node, socket value and link of a material."""
    tree = material.node_tree
    state = {"material": properties(material, skip={"users"})}
    if tree is not None:
        state["nodes"] = {node.name: node_state(node) for node in tree.nodes}
        state["links"] = sorted(
            (link.from_node.name, link.from_socket.identifier, link.to_node.name, link.to_socket.identifier)
            for link in tree.links
        )
        state["active"] = tree.nodes.active.name if tree.nodes.active else None
    return state


def node_state(node) -> dict:
    """Return a node's properties and the values of its inputs."""
    values = {entry.identifier: plain(entry.default_value) for entry in node.inputs if hasattr(entry, "default_value")}
    return {**properties(node, skip={"dimensions"}), "values": values, "kind": node.bl_idname}


def properties(item, skip: set) -> dict:
    """Return the values of an item's own properties."""
    kept = {}
    for prop in item.bl_rna.properties:
        if prop.identifier in skip or prop.type in {"POINTER", "COLLECTION"} or prop.identifier.startswith("bl_"):
            continue
        kept[prop.identifier] = plain(getattr(item, prop.identifier))
    return kept


def plain(value):
    """A Blender value as numbers, text or tuples of them."""
    return tuple(value) if hasattr(value, "__len__") and not isinstance(value, (str, set)) else value
