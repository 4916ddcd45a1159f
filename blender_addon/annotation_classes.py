"""Class ids of the annotation: alphabetical, as in the paper's appendix C; 255 marks what nobody should judge."""

BACKGROUND, BUMP, DENT, FINGERPRINT, SCRATCH, STICKER, WATER_STAIN = range(7)
IGNORE = 255
