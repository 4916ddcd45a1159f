"""The extension's version, read from its manifest, which Blender needs beside the code."""

import tomllib
from pathlib import Path

MANIFEST = Path(__file__).resolve().parent.parent / "blender_manifest.toml"


def stainless_version() -> str:
    """Return the version, such as "0.1.0"."""
    return str(tomllib.loads(MANIFEST.read_text(encoding="utf-8"))["version"])
