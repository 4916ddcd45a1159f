"""The rule of the ring light's radii, for settings, jobs and drawn lights."""


def ring_mistake(inner_radius: float, outer_radius: float) -> str | None:
    """Return a message if the hole is not smaller than the ring, else None; radii in metres."""
    if inner_radius < outer_radius:
        return None
    return f"inner_radius = {inner_radius:g} must be below outer_radius = {outer_radius:g}"
