"""The classes of a rendered dataset in the paper's order (appendix C): name, kind and colour in pictures."""

from blender_addon.annotation_classes import (
    BACKGROUND,
    BUMP,
    DENT,
    FINGERPRINT,
    SCRATCH,
    STICKER,
    WATER_STAIN,
)

CLASSES = (
    {"id": BACKGROUND, "name": "background", "kind": "background", "colour": [0, 0, 0]},
    {"id": BUMP, "name": "bump", "kind": "defect", "colour": [230, 159, 0]},
    {"id": DENT, "name": "dent", "kind": "defect", "colour": [0, 158, 115]},
    {"id": FINGERPRINT, "name": "fingerprint", "kind": "impurity", "colour": [204, 121, 167]},
    {"id": SCRATCH, "name": "scratch", "kind": "defect", "colour": [240, 228, 66]},
    {"id": STICKER, "name": "sticker", "kind": "impurity", "colour": [86, 180, 233]},
    {"id": WATER_STAIN, "name": "water_stain", "kind": "impurity", "colour": [213, 50, 40]},
)
