"""Class ids of the annotation: alphabetical, as in the paper's appendix C; 255 marks what nobody should judge."""

BACKGROUND, BUMP, DENT, FINGERPRINT, SCRATCH, STICKER, WATER_STAIN = range(7)
IGNORE = 255

# sRGB, 0..255, for pictures of masks; told apart with any colour vision.
COLOURS = {
    BACKGROUND: (0, 0, 0),
    BUMP: (230, 159, 0),
    DENT: (0, 158, 115),
    FINGERPRINT: (204, 121, 167),
    SCRATCH: (240, 228, 66),
    STICKER: (86, 180, 233),
    WATER_STAIN: (213, 50, 40),
}
