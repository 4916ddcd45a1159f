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


def phase(number, step):
    """Fraction of a product as 32-bit floats have it: of large patterns they keep few digits."""
    product = np.float32(number) * np.float32(step)
    return float(product - np.floor(product))


def waves(u, pattern, number):
    """Three sines of u with drawn phases, summing to at most 1."""
    place = np.float32(pattern) + np.float32(number)
    sines = ((87, 0.45, 0.7548776662466927), (231, 0.33, 0.5698402909980532), (613, 0.22, 0.4301597090019468))
    return sum(a * np.sin(2 * np.pi * (u * f + phase(place, step))) for f, a, step in sines)


def scratch_line(u, from_path, s, index):
    """Height and mask of one line of a scratch, in the cell `index` across."""
    pattern = np.float32(s.pattern) + np.float32(index) * np.float32(7.31)
    if index == 0:
        move = length_loss = narrowing = shift = 0.0
    else:
        draws = [phase(pattern, step) for step in (0.6180339887, 0.8191725134, 0.2887877113)]
        move, length_loss, narrowing = 0.3 * (draws[0] - 0.5), 0.5 * draws[1], 0.5 * draws[2]
        shift = (draws[2] - 0.5) * length_loss
    t = (u / (s.length / 2) - shift) / (1 - length_loss)
    pressure = (waves(u, pattern, 1) * 0.5 + 0.5 - 1.16 * s.breaks + 0.16) / 0.16
    pressure = np.clip(pressure, 0, 1)
    turn = 2 * np.pi * (u / s.chatter_period + 0.8 * waves(u, pattern, 2))
    held = 1 - s.chatter * (1 - np.cos(turn)) / 2
    half = s.width / 2 * np.sqrt(np.clip(1 - t**4, 0, None)) * (1 - narrowing)
    half = half * (1 + s.variation * waves(u, pattern, 3)) * np.sqrt(pressure * held)
    depth = min(s.depth, s.depth_limit * s.width) * (1 - narrowing) * pressure * held
    depth = depth * (1 + s.variation * waves(u, pattern, 4))
    v = from_path - (index + 0.5 - s.parallels / 2 + move) * s.gap
    cell = np.clip(np.floor(from_path / s.gap + s.parallels / 2), 0, s.parallels - 1)
    inside = (cell == index) & (np.abs(t) <= 1) & (np.abs(v) <= half) & (half > 0)
    q = np.abs(v) / np.where(half > 0, half, 1)
    along_wall = (q - 0.6) / 0.4
    profile = np.where(q <= 0.6, (q / 0.6) ** 2 - 1, 4 * s.pile_up * along_wall * (1 - along_wall))
    return np.where(inside, depth * profile, 0), inside


def scratch(points, s):
    """Height and mask of a scratch."""
    u, v = own_frame(points, s)
    path = s.waviness * np.sin(np.pi * (s.turns * u / (s.length / 2) + s.phase)) + s.jitter * waves(u, s.pattern, 0)
    lines = [scratch_line(u, v - path, s, index) for index in range(s.parallels)]
    return sum(height for height, _ in lines), np.any([inside for _, inside in lines], axis=0)


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
