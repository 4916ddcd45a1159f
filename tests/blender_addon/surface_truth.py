"""The pixel-centre truth of a plate's annotation, written apart from the add-on: float64, one formula after another."""

import numpy as np


def pixel_centres(width: int, height: int, field_width: float) -> np.ndarray:
    """Points (H, W, 3) on z = 0 that a perpendicular pinhole's pixel centres see, metres."""
    pixel = field_width / width
    x = (np.arange(width) + 0.5 - width / 2) * pixel
    y = (height / 2 - np.arange(height) - 0.5) * pixel
    return np.stack([*np.meshgrid(x, y), np.zeros((height, width))], axis=-1)


def own_frame(points, defect):
    dx, dy = points[..., 0] - defect.centre_x, points[..., 1] - defect.centre_y
    turned = (dx + 1j * dy) * np.exp(-1j * defect.angle)
    return turned.real, turned.imag


def scratch(points, s):
    """Height and mask of a scratch."""
    u, v = own_frame(points, s)
    t = u / (s.length / 2)
    path = s.waviness * np.sin(np.pi * (s.turns * t + s.phase))
    half = s.width / 2 * np.sqrt(np.clip(1 - t**4, 0, None))
    inside = (np.abs(t) <= 1) & (np.abs(v - path) <= half)
    q = np.abs(v - path) / np.where(half > 0, half, 1)
    along_wall = (q - 0.6) / 0.4
    profile = np.where(q <= 0.6, (q / 0.6) ** 2 - 1, 4 * s.pile_up * along_wall * (1 - along_wall))
    return np.where(inside, s.depth * profile, 0), inside


def lobed(points, d):
    """Distance from the centre over the outline's, in the outline that dents and bumps share."""
    u, v = own_frame(points, d)
    v = v / d.aspect
    theta = np.angle(u + 1j * v)
    outline = d.radius * (
        1 + d.lobes * np.cos(2 * theta + d.lobe_phase) + d.lobes / 2 * np.cos(3 * theta - d.lobe_phase)
    )
    return np.hypot(u, v) / outline


def dent(points, d):
    """Height and mask of a dent."""
    q = lobed(points, d)
    fall = np.clip((1 - q) / d.edge, 0, 1)
    floor = 3 * fall**2 - 2 * fall**3
    return np.where(q <= 1, -d.depth * floor * (1 + d.ripple * np.cos(2 * np.pi * d.rings * q)), 0), q <= 1


def bump(points, b):
    """Height and mask of a bump: the mask ends where the height falls to a part of the peak's."""
    q = lobed(points, b)
    profile = np.where(q <= 1, (1 - q**2) ** 3, 0)
    return b.height * profile, (profile >= b.edge_height) & (q <= 1)


def fingerprint(points, f):
    """Contact (0 to 1) and mask of a fingerprint."""
    u, v = own_frame(points, f)
    across = u / (f.width / 2)
    along = v / (f.height / 2) / np.where(v <= 0, 1 + f.smear, 1)
    fade = np.clip((1 - np.hypot(across, along)) / f.softness, 0, 1)
    towards = across * np.cos(f.coverage_angle) + along * np.sin(f.coverage_angle)
    contact = fade * np.clip(2 * (towards - 1 + 2.5 * f.coverage), 0, 1)
    return contact, contact >= f.edge_contact
