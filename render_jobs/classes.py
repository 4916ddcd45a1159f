"""The classes of a rendered dataset in the paper's order (appendix C): name, kind and colour in pictures."""

from blender_addon.definitions.classes import (
    BACKGROUND,
    BUMP,
    COLOURS,
    DENT,
    FINGERPRINT,
    SCRATCH,
    STICKER,
    WATER_STAIN,
)

CLASSES = (
    {"id": BACKGROUND, "name": "background", "kind": "background", "colour": list(COLOURS[BACKGROUND])},
    {"id": BUMP, "name": "bump", "kind": "defect", "colour": list(COLOURS[BUMP])},
    {"id": DENT, "name": "dent", "kind": "defect", "colour": list(COLOURS[DENT])},
    {"id": FINGERPRINT, "name": "fingerprint", "kind": "impurity", "colour": list(COLOURS[FINGERPRINT])},
    {"id": SCRATCH, "name": "scratch", "kind": "defect", "colour": list(COLOURS[SCRATCH])},
    {"id": STICKER, "name": "sticker", "kind": "impurity", "colour": list(COLOURS[STICKER])},
    {"id": WATER_STAIN, "name": "water_stain", "kind": "impurity", "colour": list(COLOURS[WATER_STAIN])},
)
