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


def lobed_place(u, v, d):
    """Distance from the centre over the outline's, in the outline that dents and bumps share."""
    v = v / d.aspect
    theta = np.angle(u + 1j * v)
    outline = d.radius * (
        1 + d.lobes * np.cos(2 * theta + d.lobe_phase) + d.lobes / 2 * np.cos(3 * theta - d.lobe_phase)
    )
    return np.hypot(u, v) / outline


def impact(u, v, d):
    """Height and distance of one impact of a dent, without the others."""
    q = lobed_place(u, v, d)
    direction = np.exp(1j * d.tilt_angle)
    side = np.real((u + 1j * v) * direction.conj()) / np.maximum(np.hypot(u, v), 1e-9)
    inner = 1 - d.lip_width
    fall = np.clip((inner - q) / (d.edge * (1 - d.off_centre * side)), 0, 1)
    floor = (3 * fall**2 - 2 * fall**3) * (1 + d.ripple * np.cos(2 * np.pi * d.rings * q)) * (1 + d.tilt * side * q)
    from_crease = np.abs(v * np.cos(d.crease_angle) - u * np.sin(d.crease_angle)) / d.radius
    floor = floor * (1 + d.crease * np.clip(1 - from_crease / 0.2, 0, None))
    on_lip = np.clip((q - inner) / max(d.lip_width, 1e-6), 0, 1)
    return np.where(q <= 1, d.depth * (4 * d.lip * on_lip * (1 - on_lip) - floor), 0), q


def dent(points, d):
    """Height and mask of a dent: of its impacts, the nearest counts."""
    u, v = own_frame(points, d)
    height, least = impact(u, v, d)
    for number in range(1, d.impacts):
        draws = [
            phase(np.float32(d.pattern) + np.float32(number), s) for s in (0.6180339887, 0.8191725134, 0.2887877113)
        ]
        away = (0.7 + 0.6 * draws[0]) * d.spread * d.radius * np.exp(2j * np.pi * draws[1])
        size = 0.4 + 0.4 * draws[2]
        other, q = impact((u - away.real) / size, (v - away.imag) / size, d)
        height, least = np.where(q < least, other, height), np.minimum(q, least)
    return height, least <= 1


def bump(points, b):
    """Height, without unevenness, and mask of a bump: the mask ends where the height falls to a part of the peak's."""
    u, v = own_frame(points, b)
    q = lobed_place(u, v, b)
    profile = np.where(q <= 1, (1 - q**2) ** 3, 0)
    from_ridge = np.abs((v * np.cos(b.ridge_angle) - u * np.sin(b.ridge_angle)) / b.radius - b.ridge_offset)
    ridge = 1 + b.ridge * np.clip(1 - from_ridge / 0.35, 0, None)
    return b.height * profile * ridge, (profile >= b.edge_height) & (q <= 1)


def fingerprint(points, f):
    """Contact (0 to 1) and mask of a sequence of fingerprints: of the nearest in its cell."""
    u, v = own_frame(points, f)
    number = np.clip(np.floor(u / f.step + f.prints / 2), 0, f.prints - 1)
    pressure = np.clip(1 - number * f.fading, 0, None)
    for later in range(1, f.prints):
        draw = phase(np.float32(f.pattern) + np.float32(later) * np.float32(17.3), 0.7548776662466927)
        v = np.where(number == later, v - (2 * draw - 1) * 0.35 * f.height, v)
    u = u - (number - (f.prints - 1) / 2) * f.step
    across = u / (f.width / 2)
    along = v / (f.height / 2) / np.where(v <= 0, 1 + f.smear, 1)
    fade = np.clip((1 - np.hypot(across, along)) / f.softness, 0, 1)
    towards = across * np.cos(f.coverage_angle) + along * np.sin(f.coverage_angle)
    contact = fade * np.clip(2 * (towards - 1 + 2.5 * f.coverage), 0, 1) * pressure
    return contact, contact >= f.edge_contact
